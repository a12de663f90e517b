-- +goose Up
CREATE TABLE inquiries (
    query       uuid PRIMARY KEY,
    account     uuid NOT NULL,
    type        text NOT NULL,
    asked_at    timestamptz NOT NULL,
    answer      bytea,
    answered_at timestamptz
);
CREATE INDEX inquiries_asked ON inquiries (asked_at);

-- +goose Down
DROP TABLE inquiries;
