-- +goose Up
-- Counts of calls per endpoint and operation by the minute, hour and day of Beijing, made from exchange_calls by a job. Its last
-- quarter of an hour is counted anew each time, so that calls which end late find their minute.
CREATE TABLE exchange_rollups (
    grain     text NOT NULL CHECK (grain IN ('minute', 'hour', 'day')),
    at        timestamptz NOT NULL,                     -- its beginning
    endpoint  uuid NOT NULL,
    direction text NOT NULL CHECK (direction IN ('out', 'in')),
    operation text NOT NULL,
    ok        integer NOT NULL,                         -- duplicates among them
    refused   integer NOT NULL,                         -- decided on the content: the line works
    failed    integer NOT NULL,
    slowest   bigint NOT NULL,                          -- microseconds
    histogram integer[] NOT NULL CHECK (cardinality(histogram) = 16),
    PRIMARY KEY (grain, endpoint, at, direction, operation),
    CHECK (ok >= 0 AND refused >= 0 AND failed >= 0)
);
CREATE INDEX exchange_rollups_age ON exchange_rollups (grain, at);

CREATE TABLE exchange_rollup_mark (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    upto timestamptz                                    -- counted until here; NULL: never
);
INSERT INTO exchange_rollup_mark DEFAULT VALUES;

-- What raises an alarm. The unit of raise_above is percent for shares, minutes for times.
CREATE TABLE exchange_alarm_rules (
    kind        text PRIMARY KEY CHECK (kind IN ('error-share', 'latency', 'silence', 'queue-age', 'circuit')),
    enabled     boolean NOT NULL DEFAULT true,
    raise_above double precision NOT NULL CHECK (raise_above >= 0),
    min_calls   integer NOT NULL DEFAULT 0 CHECK (min_calls BETWEEN 0 AND 100000),
    window_s    integer NOT NULL DEFAULT 300 CHECK (window_s BETWEEN 60 AND 86400),
    quiet_from  integer NOT NULL DEFAULT 0 CHECK (quiet_from BETWEEN 0 AND 1439),  -- minutes of the day in Beijing; equal: never quiet
    quiet_to    integer NOT NULL DEFAULT 0 CHECK (quiet_to BETWEEN 0 AND 1439),
    sms         boolean NOT NULL DEFAULT true,
    version     bigint NOT NULL DEFAULT 1,
    updated_at  timestamptz,
    updated_by  text NOT NULL DEFAULT ''
);
INSERT INTO exchange_alarm_rules (kind, raise_above, min_calls, window_s) VALUES
    ('error-share', 20, 10, 300),
    ('latency', 80, 10, 300),
    ('silence', 30, 0, 300),
    ('queue-age', 15, 0, 300),
    ('circuit', 0, 0, 300);

CREATE TABLE exchange_alarms (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL REFERENCES exchange_alarm_rules,
    subject     text NOT NULL CHECK (subject <> ''),    -- an endpoint's id, or the name of a queue
    endpoint    uuid,
    name        text NOT NULL,
    counterpart text NOT NULL DEFAULT '',
    district    text NOT NULL DEFAULT '',
    value       double precision NOT NULL,              -- newest
    peak        double precision NOT NULL,
    words       text NOT NULL,                          -- newest, free of personal data
    since       timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,                   -- last time above the limit
    until       timestamptz,
    told_at     timestamptz,
    acked_at    timestamptz,
    acked_by    text NOT NULL DEFAULT '',
    acked_name  text NOT NULL DEFAULT '',
    note        text NOT NULL DEFAULT '',
    CHECK (until IS NULL OR until >= since)
);
CREATE UNIQUE INDEX exchange_alarms_active ON exchange_alarms (kind, subject) WHERE until IS NULL;
CREATE INDEX exchange_alarms_history ON exchange_alarms (since DESC, id DESC);

-- +goose Down
DROP TABLE exchange_alarms;
DROP TABLE exchange_alarm_rules;
DROP TABLE exchange_rollup_mark;
DROP TABLE exchange_rollups;
