-- +goose Up
-- One outbox and one inbox in each zone. Bodies are sealed with the zone's own keys while they rest here. The inbox empties them
-- when they are applied, the outbox a week after they were acknowledged: a zone that is restored from a backup asks again.
CREATE TABLE ferry_out (
    pos        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seq        bigint UNIQUE,                    -- given by the pump, in order of commit
    prev       bigint NOT NULL DEFAULT 0,        -- number of the message of the same case before it; 0: none
    lane       smallint NOT NULL DEFAULT 1,      -- 0 express, 1 ordinary
    id         uuid NOT NULL UNIQUE,
    type       text NOT NULL,
    case_key   text NOT NULL,
    body       bytea,
    size       int NOT NULL DEFAULT 0,           -- bytes of the body, kept when it is gone
    blobs      text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    -- aside: a file of it is missing here, a person decides. void: discarded after it had a number, which travels on without content.
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'aside', 'void', 'discarded')),
    error      text NOT NULL DEFAULT '',
    closed_by  text NOT NULL DEFAULT '',
    closed_why text NOT NULL DEFAULT '',
    sent_at    timestamptz,                      -- last time that it was laid down for a transport that answers later
    sends      int NOT NULL DEFAULT 0,
    stored_at  timestamptz,                      -- the other zone has the message
    acked_at   timestamptz,                      -- ... and all of its files: done with here
    again      boolean NOT NULL DEFAULT false    -- stored before; the other zone was restored from a backup
);
CREATE INDEX ferry_out_unnumbered ON ferry_out (pos) WHERE seq IS NULL AND state = 'open';
CREATE INDEX ferry_out_due ON ferry_out (lane, seq) WHERE stored_at IS NULL AND seq IS NOT NULL;
CREATE INDEX ferry_out_unacked ON ferry_out (created_at) WHERE acked_at IS NULL;
CREATE INDEX ferry_out_halfway ON ferry_out (pos) WHERE acked_at IS NULL AND stored_at IS NOT NULL;
CREATE INDEX ferry_out_case ON ferry_out (case_key, seq) WHERE seq IS NOT NULL;
CREATE INDEX ferry_out_aside ON ferry_out (case_key) WHERE state = 'aside';
CREATE INDEX ferry_out_kept ON ferry_out (acked_at) WHERE body IS NOT NULL AND acked_at IS NOT NULL;

-- Files that the other zone does not have whole yet.
CREATE TABLE ferry_cargo (
    digest text PRIMARY KEY,
    size   bigint NOT NULL DEFAULT 0,            -- 0: not looked at yet
    have   int[] NOT NULL DEFAULT '{}',          -- slices that the other zone has
    cursor int NOT NULL DEFAULT 0,               -- slices before it were laid down in this round
    sent_at timestamptz,
    sends  int NOT NULL DEFAULT 0,               -- rounds
    since  timestamptz NOT NULL,
    error  text NOT NULL DEFAULT ''              -- why it cannot be carried; its messages are aside
);

CREATE TABLE ferry_in (
    stream      text NOT NULL,
    seq         bigint NOT NULL,
    prev        bigint NOT NULL,
    lane        smallint NOT NULL,
    id          uuid NOT NULL UNIQUE,
    type        text NOT NULL,
    case_key    text NOT NULL,
    body        bytea,
    blobs       text[] NOT NULL DEFAULT '{}',
    sent_at     timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    -- waiting: for its files
    state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'waiting', 'applied', 'parked', 'discarded')),
    attempts    int NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL,
    error       text NOT NULL DEFAULT '',
    closed_by   text NOT NULL DEFAULT '',
    closed_why  text NOT NULL DEFAULT '',
    applied_at  timestamptz,
    PRIMARY KEY (stream, seq)
);
-- Open messages of a case, oldest first: what store and the page of parked messages read.
CREATE INDEX ferry_in_open ON ferry_in (case_key, stream, seq) WHERE state IN ('pending', 'waiting', 'parked');
CREATE INDEX ferry_in_due ON ferry_in (lane, not_before, seq) WHERE state = 'pending';
CREATE INDEX ferry_in_waiting ON ferry_in (received_at) WHERE state = 'waiting';

-- Slices of files that are not whole here yet, sealed with the zone's own keys.
CREATE TABLE ferry_slice (
    digest      text NOT NULL,
    n           int NOT NULL,
    size        bigint NOT NULL,                 -- of the whole file
    data        bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (digest, n)
);

-- What is known of the other zone's stream, and of the other zone.
CREATE TABLE ferry_stream (
    stream   text PRIMARY KEY,                   -- the other zone
    upto     bigint NOT NULL DEFAULT 0,          -- no gap before it
    top      bigint NOT NULL DEFAULT 0,          -- the highest number that has arrived
    ack_at   timestamptz,                        -- when the newest acknowledgement of ours was written there
    hold     boolean NOT NULL DEFAULT false,     -- it said that it has no room
    heard_at timestamptz,
    report   jsonb                               -- how it said it stands
);

-- +goose Down
DROP TABLE ferry_stream;
DROP TABLE ferry_slice;
DROP TABLE ferry_in;
DROP TABLE ferry_cargo;
DROP TABLE ferry_out;
