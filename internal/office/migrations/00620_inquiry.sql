-- +goose Up
-- What other authorities ask of us: questions in batches, and orders of courts. Names and document numbers stand only in sealed
-- columns, and those of a batch only until its answer has arrived.
CREATE TABLE inquiry_batches (
    id          uuid PRIMARY KEY,
    counterpart text NOT NULL,                   -- court, bigdata
    party       text NOT NULL,                   -- code of the court; empty where there is one only
    districts   text[] NOT NULL,                 -- that the asker may see; an empty one stands for all
    app         text NOT NULL,                   -- that asked
    no          text NOT NULL,                   -- the asker's
    reference   text NOT NULL,                   -- its case
    basis       jsonb NOT NULL,                  -- for the audit record, free of names
    rows        int NOT NULL CHECK (rows BETWEEN 1 AND 10000),
    received_at timestamptz NOT NULL,
    done_at     timestamptz,
    CONSTRAINT inquiry_batches_once UNIQUE (counterpart, party, no)
);

CREATE TABLE inquiry_pages (
    batch   uuid NOT NULL REFERENCES inquiry_batches,
    page    int NOT NULL,
    rows    bytea,                               -- sealed list of rows; gone once it is answered
    sent_at timestamptz,
    PRIMARY KEY (batch, page),
    CHECK ((rows IS NULL) = (sent_at IS NOT NULL))
);

-- Who was asked about, by blind index: whoever has the name and the number can find out who asked.
CREATE TABLE inquiry_persons (
    batch  uuid NOT NULL REFERENCES inquiry_batches,
    seq    int NOT NULL,
    person bytea NOT NULL,
    found  int,                                  -- how many titles were told; null: not answered yet
    PRIMARY KEY (batch, seq)
);
CREATE INDEX inquiry_persons_person ON inquiry_persons (person);

CREATE TABLE court_controls (
    id          uuid PRIMARY KEY,                -- also the work under which it is passed on
    court       text NOT NULL,                   -- code
    court_name  text NOT NULL,
    no          text NOT NULL,                   -- the court's
    app         text NOT NULL,
    action      text NOT NULL CHECK (action IN ('seize', 'renew', 'release')),
    unit        text NOT NULL,
    district    text NOT NULL,
    notice      text NOT NULL,                   -- of the seizure that it makes or is about
    digest      text NOT NULL,                   -- of the order as it came: the same number must be the same order
    content     bytea NOT NULL,                  -- sealed order
    state       text NOT NULL CHECK (state IN ('passed', 'entered', 'queued', 'renewed', 'released', 'refused')),
    entered_at  timestamptz,
    from_on     date,
    to_on       date,
    place       int NOT NULL DEFAULT 0,          -- in the queue
    since       text[] NOT NULL DEFAULT '{}',    -- kinds of registrations between service and entry
    reason      bytea,                           -- sealed: why not
    received_at timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    told_at     timestamptz,                     -- the court knows the state as of then
    CONSTRAINT court_controls_once UNIQUE (court, no),
    CHECK ((state = 'refused') = (reason IS NOT NULL))
);
CREATE INDEX court_controls_untold ON court_controls (court, changed_at) WHERE told_at IS NULL;
CREATE INDEX court_controls_queued ON court_controls (unit) WHERE state = 'queued';

CREATE TABLE court_papers (
    control    uuid NOT NULL REFERENCES court_controls,
    digest     text NOT NULL,
    kind       text NOT NULL,
    name       text NOT NULL,
    mime       text NOT NULL,
    size       int NOT NULL,
    fetched_at timestamptz,
    PRIMARY KEY (control, digest)
);

-- A bank sees the cases that it has or had work in.
CREATE INDEX work_orders_org ON work_orders (org, case_id) WHERE org <> '';

-- +goose Down
DROP INDEX work_orders_org;
DROP TABLE court_papers, court_controls, inquiry_persons, inquiry_pages, inquiry_batches;
