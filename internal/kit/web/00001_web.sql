-- +goose Up
-- Sessions, one-time form keys and forms kept over a sign-in. Rows are short-lived; nothing in them can be read
-- without the zone's keys, and no row holds a token that a browser could use.
CREATE TABLE web_session (
    token   bytea PRIMARY KEY CHECK (length(token) = 32), -- SHA-256 of the cookie's value
    account uuid,                                          -- who is signed in, so that all sessions of one account can be ended
    data    bytea NOT NULL,                                -- sealed
    expires timestamptz NOT NULL
);
CREATE INDEX web_session_account ON web_session (account) WHERE account IS NOT NULL;
CREATE INDEX web_session_expires ON web_session (expires);

CREATE TABLE web_form (
    key      text PRIMARY KEY CHECK (length(key) BETWEEN 16 AND 64),
    account  uuid NOT NULL,
    started  timestamptz NOT NULL,
    location text -- where the first POST led; null while it runs
);
CREATE INDEX web_form_started ON web_form (started);

CREATE TABLE web_kept (
    id      bytea PRIMARY KEY CHECK (length(id) = 32), -- SHA-256 of the cookie's value
    sealed  bytea NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX web_kept_expires ON web_kept (expires);

-- +goose Down
DROP TABLE web_kept;
DROP TABLE web_form;
DROP TABLE web_session;
