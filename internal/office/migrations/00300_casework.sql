-- +goose Up
-- A case is an application in the office. Names, documents, phones and accounts stand only in the sealed application and
-- in the sealed columns beside a keyed index, and so does what people wrote in their own words; what is plain here is masked
-- or not personal.
CREATE TABLE cases (
    id            uuid PRIMARY KEY,              -- the application's id
    no            text NOT NULL UNIQUE,
    item          text NOT NULL,
    item_version  int NOT NULL,
    item_name     text NOT NULL,
    district      text NOT NULL,
    unit_code     text NOT NULL,
    address       text NOT NULL,
    people        text NOT NULL,                 -- masked: 王*明、陈* ← 李*华
    channel       text NOT NULL,
    application   bytea NOT NULL,                -- sealed message.Application
    facts         bytea,                         -- sealed casework.Facts
    state         text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'withdrawn', 'refused', 'lapsed')),
    stage         int NOT NULL DEFAULT 0,
    stage_at      timestamptz[] NOT NULL,        -- when each of the seven stages was reached
    opened_at     timestamptz NOT NULL,
    accepted_at   timestamptz,
    promised_by   date,
    paused_at     timestamptz,                   -- clock stopped: with the applicant
    closed_at     timestamptz,
    progress_seq  bigint NOT NULL DEFAULT 0,
    version       int NOT NULL DEFAULT 0
);
CREATE INDEX cases_unit ON cases (unit_code, opened_at);
CREATE INDEX cases_open ON cases (district, opened_at) WHERE state = 'running';

CREATE TABLE case_serials (day date PRIMARY KEY, last int NOT NULL);

CREATE TABLE case_parties (
    case_id    uuid NOT NULL REFERENCES cases,
    ref        text NOT NULL,
    role       text NOT NULL,
    name_index bytea NOT NULL,
    doc_index  bytea NOT NULL,
    PRIMARY KEY (case_id, ref)
);
CREATE INDEX case_parties_person ON case_parties (doc_index, name_index);

CREATE TABLE work_orders (
    id            uuid PRIMARY KEY,              -- the flow's work id, which says nothing of time
    n             bigint GENERATED ALWAYS AS IDENTITY, -- in the order opened, where two have one moment
    case_id       uuid NOT NULL REFERENCES cases,
    node          text NOT NULL,
    name          text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('person', 'system', 'wait')),
    department    text NOT NULL DEFAULT '',
    role          text NOT NULL DEFAULT '',
    org           text NOT NULL DEFAULT '',      -- the bank or company it is for
    operation     text NOT NULL DEFAULT '',
    form          text NOT NULL DEFAULT '',
    district      text NOT NULL,
    item          text NOT NULL,
    element       jsonb NOT NULL DEFAULT '{}',   -- of a multi-instance: which loan part, which utility
    attr          jsonb NOT NULL DEFAULT '{}',
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'cancelled')),
    assignee      uuid REFERENCES staff,
    assignee_name text NOT NULL DEFAULT '',
    claimed_at    timestamptz,
    opened_at     timestamptz NOT NULL,
    due_at        timestamptz,
    marks         timestamptz[] NOT NULL DEFAULT '{}', -- when the holder is reminded, then whoever is above
    remind_at     timestamptz,                   -- the next mark that nobody was told of
    escalated     int NOT NULL DEFAULT 0,        -- 0 none, 1 reminded, 2 superior, 3 theirs
    sent_at       timestamptz,                   -- system: the counterpart took it
    attempts      int NOT NULL DEFAULT 0,
    trouble       text NOT NULL DEFAULT '',      -- system: why it is late, in words
    said          bytea,                         -- sealed: what the counterpart gave as its reason
    closed_at     timestamptz,
    closed_by     text NOT NULL DEFAULT '',
    outcome       text NOT NULL DEFAULT '',
    opinion       bytea,                         -- sealed; null: none was written
    requests      bytea,                         -- sealed list of casework.Request: materials asked for when the outcome is correct
    closed_by_id  uuid REFERENCES staff
);
CREATE INDEX work_orders_case ON work_orders (case_id, n);
CREATE INDEX work_orders_queue ON work_orders (district, department, due_at, id) WHERE state = 'open' AND kind = 'person';
CREATE INDEX work_orders_mine ON work_orders (assignee, due_at, id) WHERE state = 'open' AND assignee IS NOT NULL;
CREATE INDEX work_orders_limits ON work_orders (remind_at) WHERE state = 'open' AND remind_at IS NOT NULL;
CREATE INDEX work_orders_done ON work_orders (closed_by_id, closed_at) WHERE state = 'done';
CREATE INDEX work_orders_elsewhere ON work_orders (kind, district, due_at, id) WHERE state = 'open' AND kind <> 'person';

CREATE TABLE reminders (
    id       uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES work_orders,
    person   uuid NOT NULL REFERENCES staff,
    level    int NOT NULL,
    at       timestamptz NOT NULL,
    seen_at  timestamptz
);
CREATE INDEX reminders_unseen ON reminders (person, at) WHERE seen_at IS NULL;

CREATE TABLE case_checks (
    case_id uuid NOT NULL REFERENCES cases,
    code    text NOT NULL,
    name    text NOT NULL,
    result  text NOT NULL CHECK (result IN ('pass', 'warn', 'fail')),
    form    text NOT NULL DEFAULT '',            -- what the form says, masked
    source  text NOT NULL DEFAULT '',            -- what the source says, masked
    origin  text NOT NULL DEFAULT '',            -- which source
    at      timestamptz NOT NULL,
    PRIMARY KEY (case_id, code)
);

CREATE TABLE case_events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES cases,
    at      timestamptz NOT NULL,
    text    bytea NOT NULL,                      -- sealed
    actor   text NOT NULL DEFAULT '',
    public  boolean NOT NULL DEFAULT true        -- shown to the parties
);
CREATE INDEX case_events_case ON case_events (case_id, id);

CREATE TABLE corrections (
    id         uuid PRIMARY KEY,                 -- the waiting work of the flow
    case_id    uuid NOT NULL REFERENCES cases,
    department text NOT NULL,
    requests   bytea NOT NULL,                   -- sealed list of message.CorrectionRequest
    opinion    bytea,                            -- sealed
    asked_by   text NOT NULL DEFAULT '',
    asked_at   timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'received', 'lapsed', 'ended')),
    closed_at  timestamptz
);
CREATE INDEX corrections_case ON corrections (case_id, asked_at);

CREATE TABLE assessments (
    case_id uuid NOT NULL REFERENCES cases,
    round   int NOT NULL,
    number  text NOT NULL,
    lines   jsonb NOT NULL,
    total   bigint NOT NULL,
    at      timestamptz NOT NULL,
    until   timestamptz NOT NULL,
    state   text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'confirmed', 'disputed', 'replaced')),
    confirmed_by text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (case_id, round)
);

-- +goose Down
DROP TABLE reminders, assessments, corrections, case_events, case_checks, work_orders, case_parties, case_serials, cases;
