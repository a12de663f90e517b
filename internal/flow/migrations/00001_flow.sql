-- +goose Up
-- The flow engine: definitions by version, instances with their state, the works they have open, and what happened.
-- Data of a flow are codes, amounts and ids, never names or numbers of people: those stay with the case.

CREATE TABLE flow_definition (
    digest    text        PRIMARY KEY,              -- SHA-256 of the source, hex: the version
    process   text        NOT NULL,
    source    text        NOT NULL,                 -- BPMN 2.0 XML
    published timestamptz NOT NULL
);

CREATE TABLE flow_instance (
    id       uuid        PRIMARY KEY,
    process  text        NOT NULL,
    digest   text        NOT NULL REFERENCES flow_definition,
    state    jsonb       NOT NULL,                  -- flow.State
    timers   jsonb       NOT NULL DEFAULT '{}',     -- id of an armed timer → when it is due
    next_due timestamptz,                           -- earliest of them
    steps    bigint      NOT NULL,                  -- events so far
    started  timestamptz NOT NULL,
    changed  timestamptz NOT NULL,
    ended    timestamptz,
    end_node text        NOT NULL DEFAULT '',
    CHECK ((ended IS NULL) = (end_node = ''))
) WITH (fillfactor = 70);                           -- the row is rewritten at each step: room for that on its page

CREATE INDEX flow_instance_due ON flow_instance (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX flow_instance_process ON flow_instance (process, digest) WHERE ended IS NULL;

CREATE TABLE flow_work (
    id       uuid        PRIMARY KEY,
    instance uuid        NOT NULL REFERENCES flow_instance,
    local    bigint      NOT NULL,                  -- id inside the instance
    node     text        NOT NULL,
    opened   timestamptz NOT NULL,
    closed   timestamptz,
    UNIQUE (instance, local)
);

CREATE TABLE flow_history (
    instance uuid        NOT NULL REFERENCES flow_instance,
    seq      bigint      NOT NULL,
    at       timestamptz NOT NULL,
    event    jsonb       NOT NULL,                  -- flow.Event: replaying them gives the state again
    passed   jsonb       NOT NULL,                  -- nodes that tokens left, with the flows they took
    PRIMARY KEY (instance, seq)
);

-- +goose Down
DROP TABLE flow_history;
DROP TABLE flow_work;
DROP TABLE flow_instance;
DROP TABLE flow_definition;
