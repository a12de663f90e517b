-- +goose Up
-- Applications of the public: drafts until all parties have confirmed them, then the copy of what went to the office. The form itself
-- is sealed; a draft that lapses loses it.
CREATE TABLE applications (
    id           uuid PRIMARY KEY,
    no           text NOT NULL CONSTRAINT applications_no UNIQUE, -- CG-261124-00384-7, told to people until there is a case number
    item         text NOT NULL,
    item_version int NOT NULL,
    owner        uuid NOT NULL REFERENCES citizen_account (id),
    state        text NOT NULL CHECK (state IN ('draft', 'confirming', 'submitted', 'refused', 'withdrawn', 'expired')),
    body         bytea,
    version      int NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    warned_at    timestamptz, -- the owner was told that the draft lapses soon
    sent_at      timestamptz,
    confirm_by   timestamptz,
    submitted_at timestamptz,
    CHECK (body IS NOT NULL OR state IN ('withdrawn', 'expired')),
    CHECK (state <> 'confirming' OR sent_at IS NOT NULL AND confirm_by IS NOT NULL),
    CHECK ((submitted_at IS NULL) = (state IN ('draft', 'confirming', 'refused', 'expired')) OR state = 'withdrawn')
);
CREATE INDEX applications_owner ON applications (owner, updated_at DESC);
CREATE INDEX applications_idle ON applications (updated_at) WHERE state IN ('draft', 'refused');
CREATE INDEX applications_confirming ON applications (confirm_by) WHERE state = 'confirming';

-- Who has to confirm what was sent: each party, or who acts for it. Found by account, or by a keyed digest of name and document
-- for who has no account yet.
CREATE TABLE application_parties (
    app         uuid NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    ref         text NOT NULL, -- of the party in the form: s1, b2; a spouse who consents: s1.spouse
    role        text NOT NULL CHECK (role IN ('seller', 'buyer', 'spouse')),
    person      bytea NOT NULL CHECK (length(person) = 32),
    account     uuid REFERENCES citizen_account (id),
    state       text NOT NULL CHECK (state IN ('pending', 'confirmed', 'refused')),
    asked_at    timestamptz NOT NULL,
    reminded_at timestamptz,
    at          timestamptz, -- of the confirmation or refusal
    seal        bytea,       -- SM2 signature of the hall over the digest of what was confirmed
    face        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (app, ref),
    CHECK ((state = 'pending') = (at IS NULL)),
    CHECK ((state = 'confirmed') = (seal IS NOT NULL))
);
CREATE INDEX application_parties_person ON application_parties (person);
CREATE INDEX application_parties_account ON application_parties (account);

-- Files that people bring for an application. The bytes are in the file store under their digest, and leave it for the office.
CREATE TABLE application_files (
    id      uuid PRIMARY KEY,
    app     uuid NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    slot    text NOT NULL, -- what it is evidence of: M-04-s1
    digest  text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    name    bytea NOT NULL, -- sealed
    mime    text NOT NULL,
    size    bigint NOT NULL CHECK (size > 0),
    pages   int NOT NULL CHECK (pages > 0),
    thumb   bytea NOT NULL, -- sealed small picture
    by      uuid NOT NULL,
    at      timestamptz NOT NULL,
    CONSTRAINT application_files_once UNIQUE (app, slot, digest)
);
CREATE INDEX application_files_digest ON application_files (digest);

-- Questions for a home that did not find one, by account and by source: guessing is slowed. A question counts until it is answered.
CREATE TABLE application_guesses (
    query   uuid PRIMARY KEY,
    account uuid NOT NULL,
    source  bytea NOT NULL, -- keyed digest of the address
    at      timestamptz NOT NULL
);
CREATE INDEX application_guesses_account ON application_guesses (account, at);
CREATE INDEX application_guesses_source ON application_guesses (source, at);

-- A way for a phone to bring files for one slot, without signing in on it.
CREATE TABLE application_handovers (
    token   bytea PRIMARY KEY CHECK (length(token) = 32), -- SHA-256 of the secret
    app     uuid NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    slot    text NOT NULL,
    account uuid NOT NULL,
    expires timestamptz NOT NULL
);

CREATE TABLE application_serials (
    day  date PRIMARY KEY,
    last int NOT NULL CHECK (last >= 0)
);

-- +goose Down
DROP TABLE application_serials;
DROP TABLE application_handovers;
DROP TABLE application_guesses;
DROP TABLE application_files;
DROP TABLE application_parties;
DROP TABLE applications;
