-- +goose Up
-- What the hall shows of the office's cases: snapshots, requests and papers, each as the ferry brought it. Everything that
-- names people rests sealed; the office keeps the truth.
CREATE TABLE case_views (
    app        uuid PRIMARY KEY,
    case_no    text NOT NULL UNIQUE,
    state      text NOT NULL DEFAULT 'running',
    seq        bigint NOT NULL DEFAULT 0,
    progress   bytea,                            -- sealed message.Progress
    opened_at  timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE case_corrections (
    id          uuid PRIMARY KEY,
    app         uuid NOT NULL,
    body        bytea NOT NULL,                  -- sealed message.CorrectionAsk
    until       timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'received', 'lapsed', 'ended')),
    answered_at timestamptz
);
CREATE INDEX case_corrections_app ON case_corrections (app) WHERE state = 'open';

CREATE TABLE case_assessments (
    app     uuid NOT NULL,
    round   int NOT NULL,
    number  text NOT NULL,
    body    bytea NOT NULL,                      -- sealed message.Assessment
    decided text[] NOT NULL DEFAULT '{}',        -- refs of the parties who have confirmed
    state   text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'disputed')),
    PRIMARY KEY (app, round)
);

CREATE TABLE case_documents (
    code      text PRIMARY KEY,
    app       uuid NOT NULL,
    kind      text NOT NULL,
    title     text NOT NULL,
    number    text NOT NULL,
    parties   text[] NOT NULL,                   -- empty: all parties
    digest    text NOT NULL,
    size      bigint NOT NULL,
    issued_at timestamptz NOT NULL,
    state     text NOT NULL
);
CREATE INDEX case_documents_app ON case_documents (app, issued_at);

-- +goose Down
DROP TABLE case_documents, case_assessments, case_corrections, case_views;
