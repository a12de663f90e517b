-- +goose Up
-- Days whose statement the office asked for. Each asking is answered once; the statement itself goes on to the office and is not kept.
CREATE TABLE payment_statements (
    ask      uuid PRIMARY KEY,                   -- the message that asked
    channel  text NOT NULL,
    day      date NOT NULL,
    asked_at timestamptz NOT NULL,
    read_at  timestamptz                         -- when it was read and sent on
);

-- +goose Down
DROP TABLE payment_statements;
