-- +goose Up
-- Where each counterpart of each district is, and how it is spoken to. The most specific row wins: party before district before
-- item. Private keys and secrets are sealed with the zone's keyring.
CREATE TABLE exchange_endpoints (
    id               uuid PRIMARY KEY,
    name             text NOT NULL CHECK (name <> ''),
    counterpart      text NOT NULL CHECK (counterpart <> ''),
    district         text NOT NULL DEFAULT '' CHECK (district ~ '^([0-9]{6})?$'),
    item             text NOT NULL DEFAULT '',
    party            text NOT NULL DEFAULT '',          -- which of several of a kind: a bank's code, water, power …
    dialect          text NOT NULL CHECK (dialect <> ''),
    base_url         text NOT NULL DEFAULT '',
    app              text NOT NULL DEFAULT '',          -- we, as the counterpart knows us
    peer_app         text NOT NULL DEFAULT '',          -- the counterpart, as it signs
    signer           bytea,                             -- our SM2 private key, sealed
    peer_key         text NOT NULL DEFAULT '',          -- the counterpart's SM2 public key, PEM
    secret           bytea,                             -- shared secret of HMAC-SM3 instead, sealed
    timeout_ms       integer NOT NULL DEFAULT 0 CHECK (timeout_ms BETWEEN 0 AND 600000),          -- 0: as the specification says
    attempts         integer NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 20),                -- 0: likewise
    retry_delay_ms   integer NOT NULL DEFAULT 1000 CHECK (retry_delay_ms BETWEEN 1 AND 600000),
    rate             double precision NOT NULL DEFAULT 0 CHECK (rate >= 0),                       -- calls a second; 0: no limit
    burst            integer NOT NULL DEFAULT 1 CHECK (burst BETWEEN 1 AND 10000),
    concurrency      integer NOT NULL DEFAULT 32 CHECK (concurrency BETWEEN 1 AND 1000),
    breaker_failures integer NOT NULL DEFAULT 5 CHECK (breaker_failures BETWEEN 0 AND 1000),      -- in a row; 0: never opens
    breaker_delay_ms integer NOT NULL DEFAULT 30000 CHECK (breaker_delay_ms BETWEEN 1 AND 3600000),
    enabled          boolean NOT NULL DEFAULT true,
    certificate      text NOT NULL DEFAULT '' CHECK (certificate ~ '^([0-9a-f]{64})?$'),          -- TLS, SHA-256: the only one they may show
    folder           text NOT NULL DEFAULT '',          -- of files: file:///… or sftp://user@host/…
    folder_key       text NOT NULL DEFAULT '',          -- the SFTP server's public key
    folder_password  bytea,                             -- of the SFTP account, sealed
    grade            integer NOT NULL DEFAULT 0 CHECK (grade BETWEEN 0 AND 4),                    -- of the data it may be sent; 0: a desk
    quiet_from       integer NOT NULL DEFAULT 0 CHECK (quiet_from BETWEEN 0 AND 1439),            -- minutes of the day in Beijing; equal: never quiet
    quiet_to         integer NOT NULL DEFAULT 0 CHECK (quiet_to BETWEEN 0 AND 1439),
    open_since       timestamptz,                       -- of the circuit, for the page; NULL: closed
    version          bigint NOT NULL DEFAULT 1,
    updated_at       timestamptz NOT NULL,
    updated_by       text NOT NULL,
    CONSTRAINT exchange_endpoints_route UNIQUE (counterpart, party, district, item)
);
CREATE INDEX exchange_endpoints_peer ON exchange_endpoints (peer_app) WHERE peer_app <> '';

-- One row that changes with every change of endpoints: processes compare it with what they have in memory.
CREATE TABLE exchange_config (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO exchange_config (version) VALUES (1);

-- Messages received, each once. The answer is kept sealed, so that the same message gets the same answer.
CREATE TABLE exchange_inbox (
    app        text NOT NULL,
    message_id text NOT NULL,
    operation  text NOT NULL,
    digest     text NOT NULL,
    status     integer,
    answer     bytea,
    at         timestamptz NOT NULL,
    PRIMARY KEY (app, message_id)
);
CREATE INDEX exchange_inbox_age ON exchange_inbox (at);

CREATE TABLE exchange_nonces (
    app         text NOT NULL,
    nonce       text NOT NULL,
    fresh_until timestamptz NOT NULL, -- past that the message is refused as late, nonce or not
    PRIMARY KEY (app, nonce)
);
CREATE INDEX exchange_nonces_age ON exchange_nonces (fresh_until);

-- Every call, out and in, personal data masked. Partitions by month are made by the writer.
CREATE TABLE exchange_calls (
    id             uuid NOT NULL,
    at             timestamptz NOT NULL,
    direction      text NOT NULL CHECK (direction IN ('out', 'in')),
    endpoint       uuid,
    counterpart    text NOT NULL DEFAULT '',
    district       text NOT NULL DEFAULT '',
    app            text NOT NULL DEFAULT '',
    operation      text NOT NULL,
    case_no        text NOT NULL DEFAULT '',
    message_id     text NOT NULL DEFAULT '',
    attempts       integer NOT NULL,
    status         integer NOT NULL,
    outcome        text NOT NULL CHECK (outcome IN ('ok', 'duplicate', 'refused', 'rejected', 'unavailable', 'bad-answer')),
    code           text NOT NULL DEFAULT '',
    detail         text NOT NULL DEFAULT '',
    micros         bigint NOT NULL,
    request_bytes  bigint NOT NULL,
    response_bytes bigint NOT NULL,
    request        jsonb,
    response       jsonb,
    trace          text NOT NULL DEFAULT '',
    source         text NOT NULL DEFAULT '',
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX exchange_calls_operation ON exchange_calls (operation, at DESC, id DESC);
CREATE INDEX exchange_calls_endpoint ON exchange_calls (endpoint, at DESC, id DESC);
CREATE INDEX exchange_calls_case ON exchange_calls (case_no, at DESC, id DESC) WHERE case_no <> '';
CREATE INDEX exchange_calls_message ON exchange_calls (message_id);
CREATE INDEX exchange_calls_trouble ON exchange_calls (at DESC, id DESC) WHERE outcome NOT IN ('ok', 'duplicate');

-- +goose Down
DROP TABLE exchange_calls;
DROP TABLE exchange_nonces;
DROP TABLE exchange_inbox;
DROP TABLE exchange_config;
DROP TABLE exchange_endpoints;
