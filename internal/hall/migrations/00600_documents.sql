-- +goose Up
-- What the office has issued, as far as a stranger who holds the paper may check it. Names of holders stand masked, and as a
-- keyed index bound to the number of the paper, so that the same name on two papers cannot be told.
CREATE TABLE issued_documents (
    code       text PRIMARY KEY,
    kind       text NOT NULL,
    title      text NOT NULL,
    number     text NOT NULL,
    number_key text NOT NULL,                    -- one way of writing brackets, digits, blanks
    issuer     text NOT NULL,
    holders    text NOT NULL,                    -- masked
    digest     text NOT NULL,                    -- SM3 of the PDF
    issued_at  timestamptz NOT NULL,
    state      text NOT NULL CHECK (state IN ('valid', 'superseded', 'cancelled')),
    state_at   timestamptz NOT NULL,
    reason     text NOT NULL DEFAULT ''
);
CREATE INDEX issued_documents_number ON issued_documents (number_key);
CREATE INDEX issued_documents_digest ON issued_documents (digest);

CREATE TABLE issued_document_holders (
    code       text NOT NULL REFERENCES issued_documents,
    name_index bytea NOT NULL,
    PRIMARY KEY (code, name_index)
);

-- Wrong names for a number, so that guessing is slowed whoever guesses. Removed after a day.
CREATE TABLE verify_misses (
    number_index bytea NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX verify_misses_number ON verify_misses (number_index, at);

-- +goose Down
DROP TABLE verify_misses, issued_document_holders, issued_documents;
