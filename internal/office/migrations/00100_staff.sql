-- +goose Up
CREATE TABLE staff (
    id            uuid PRIMARY KEY,
    login         text NOT NULL UNIQUE,
    password      text NOT NULL,                 -- argon2id, PHC format
    must_change   boolean NOT NULL DEFAULT true,
    name          bytea NOT NULL,                -- sealed
    phone         bytea NOT NULL,                -- sealed
    doc_index     bytea NOT NULL,
    district      text NOT NULL DEFAULT '',      -- empty: the whole city
    department    text NOT NULL,
    org           text NOT NULL DEFAULT '',
    hall          text NOT NULL DEFAULT '',
    window_no     int NOT NULL DEFAULT 0,
    roles         text[] NOT NULL,
    superior      uuid REFERENCES staff,
    disabled_at   timestamptz,
    failures      int NOT NULL DEFAULT 0,
    first_failure timestamptz,
    locked_until  timestamptz,
    last_seen     timestamptz,
    created_at    timestamptz NOT NULL,
    CHECK (cardinality(roles) > 0)
);
CREATE INDEX staff_place ON staff (district, department);

-- +goose Down
DROP TABLE staff;
