-- +goose Up
-- Daily reconciliation: what we booked of a day beside what the counterpart booked.
CREATE SCHEMA reconcile;

CREATE TABLE reconcile.run (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('trust', 'channel', 'register')),
    subject    text NOT NULL CHECK (subject <> ''),         -- a bank's code, a channel, a district
    name       text NOT NULL,
    day        date NOT NULL,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'failed')),
    ours       int NOT NULL DEFAULT 0,                      -- lines
    theirs     int NOT NULL DEFAULT 0,
    ours_sum   bigint NOT NULL DEFAULT 0,                   -- fen, in less out
    theirs_sum bigint NOT NULL DEFAULT 0,
    trouble    text NOT NULL DEFAULT '',                    -- why it could not be done
    made_at    timestamptz NOT NULL,
    done_at    timestamptz,
    CHECK ((state = 'done') = (done_at IS NOT NULL)),
    CONSTRAINT run_once UNIQUE (kind, subject, day)
);
CREATE INDEX run_day ON reconcile.run (day DESC, kind, subject);

-- A difference stays once it was found; a later comparison of the same day may find that it is gone.
CREATE TABLE reconcile.difference (
    id       uuid PRIMARY KEY,
    run      uuid NOT NULL REFERENCES reconcile.run,
    key      text NOT NULL CHECK (key <> ''),               -- voucher, transaction, unit
    ours     text NOT NULL DEFAULT '',                      -- what our side says; empty: nothing
    theirs   text NOT NULL DEFAULT '',
    case_no  text NOT NULL DEFAULT '',
    state    text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'explained', 'settled', 'gone')),
    words    text NOT NULL DEFAULT '',                      -- explanation
    found_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by uuid,
    by_name  text NOT NULL DEFAULT '',
    version  int NOT NULL DEFAULT 1,
    CHECK (ours <> '' OR theirs <> ''),
    CHECK ((state = 'open') = (ended_at IS NULL)),
    CONSTRAINT difference_once UNIQUE (run, key)
);
CREATE INDEX difference_open ON reconcile.difference (run) WHERE state = 'open';

-- The statement of a channel as the hall brings it, part by part; gone once it is compared.
CREATE TABLE reconcile.statement (
    channel text NOT NULL,
    day     date NOT NULL,
    part    int NOT NULL CHECK (part BETWEEN 1 AND parts),
    parts   int NOT NULL CHECK (parts > 0),
    lines   jsonb NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (channel, day, part)
);

-- +goose Down
DROP SCHEMA reconcile CASCADE;
