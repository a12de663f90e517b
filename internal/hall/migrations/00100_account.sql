-- +goose Up
-- Accounts of the public. The identity provider proves who they are; we keep what the work needs, sealed. A document
-- identifies one person, so there is one account for each document, for ever: a closed account is not given to anybody else.
CREATE TABLE citizen_account (
    id        uuid PRIMARY KEY,
    document  bytea NOT NULL CHECK (length(document) = 32), -- keyed SM3 of kind and number
    person    bytea NOT NULL CHECK (length(person) = 32),   -- keyed SM3 of name, kind and number: for exact search by both
    doc_kind  text NOT NULL,
    name      bytea NOT NULL, -- sealed, as are number and phone
    number    bytea NOT NULL,
    phone     bytea NOT NULL,
    level     smallint NOT NULL CHECK (level >= 0), -- how strongly the provider checked the person
    created   timestamptz NOT NULL,
    seen      timestamptz NOT NULL,
    closed    timestamptz
);
CREATE UNIQUE INDEX citizen_account_document ON citizen_account (document);
CREATE INDEX citizen_account_person ON citizen_account (person);

-- Every try at a face check. A passed one is good for one purpose and ten minutes.
CREATE TABLE face_check (
    id       uuid PRIMARY KEY,
    account  uuid NOT NULL REFERENCES citizen_account (id),
    purpose  text NOT NULL,
    at       timestamptz NOT NULL,
    passed   boolean NOT NULL,
    score    smallint NOT NULL CHECK (score BETWEEN 0 AND 100),
    reason   text NOT NULL DEFAULT ''
);
CREATE INDEX face_check_recent ON face_check (account, purpose, at DESC);

-- +goose Down
DROP TABLE face_check;
DROP TABLE citizen_account;
