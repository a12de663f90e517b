-- +goose Up
-- One outbox and one inbox in each zone. Bodies are sealed with the zone's own keys while they rest here. The inbox empties them
-- when they are applied, the outbox a week after they were acknowledged: a zone that is restored from a backup asks again.
CREATE TABLE ferry_out (
    pos        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seq        bigint UNIQUE,                    -- given by the pump, in order of commit
    id         uuid NOT NULL UNIQUE,
    type       text NOT NULL,
    case_key   text NOT NULL,
    body       bytea,
    blobs      text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    acked_at   timestamptz,
    again      boolean NOT NULL DEFAULT false    -- acknowledged before; the other zone was restored from a backup
);
CREATE INDEX ferry_out_unnumbered ON ferry_out (pos) WHERE seq IS NULL;
CREATE INDEX ferry_out_unacked ON ferry_out (seq) WHERE acked_at IS NULL;
CREATE INDEX ferry_out_kept ON ferry_out (acked_at) WHERE body IS NOT NULL AND acked_at IS NOT NULL;

CREATE TABLE ferry_in (
    stream      text NOT NULL,
    seq         bigint NOT NULL,
    id          uuid NOT NULL UNIQUE,
    type        text NOT NULL,
    case_key    text NOT NULL,
    body        bytea,
    blobs       text[] NOT NULL DEFAULT '{}',
    sent_at     timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'applied', 'parked', 'discarded')),
    attempts    int NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL,
    error       text NOT NULL DEFAULT '',
    closed_by   text NOT NULL DEFAULT '',
    closed_why  text NOT NULL DEFAULT '',
    applied_at  timestamptz,
    PRIMARY KEY (stream, seq)
);
-- Open messages of a case, oldest first: what apply and the page of parked messages read.
CREATE INDEX ferry_in_open ON ferry_in (case_key, stream, seq) WHERE state IN ('pending', 'parked');
CREATE INDEX ferry_in_due ON ferry_in (not_before, seq) WHERE state = 'pending';

-- +goose Down
DROP TABLE ferry_in;
DROP TABLE ferry_out;
