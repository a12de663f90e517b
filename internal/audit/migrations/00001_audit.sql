-- +goose Up
-- The audit record: who did what to whom, from where, with what result. Nothing in it is ever changed or removed: the
-- privileges are revoked, a trigger refuses, and a chain of digests shows it where both were got round.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE SEQUENCE audit_pos;

CREATE TABLE audit_record (
    id          uuid        NOT NULL,
    pos         bigint      NOT NULL DEFAULT nextval('audit_pos'),  -- order of writing, with gaps
    at          timestamptz NOT NULL,
    kind        text        NOT NULL,
    action      text        NOT NULL,
    outcome     text        NOT NULL CHECK (outcome IN ('ok', 'refused', 'failed')),
    actor       text        NOT NULL,   -- account, service or system
    actor_name  bytea       NOT NULL,   -- sealed
    actor_index bytea       NOT NULL,   -- blind index of the name
    object      text        NOT NULL,
    case_no     text        NOT NULL,
    source      text        NOT NULL,   -- address or system the act came from
    detail      json        NOT NULL,   -- json, not jsonb: the digest is over its exact text
    words       text        NOT NULL,   -- all of it in lower case, for the search
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);              -- by month of Asia/Shanghai: audit_record_2026_11

CREATE INDEX audit_record_newest ON audit_record (at DESC, pos DESC);
CREATE INDEX audit_record_actor  ON audit_record (actor, at DESC);
CREATE INDEX audit_record_name   ON audit_record (actor_index, at DESC);
CREATE INDEX audit_record_case   ON audit_record (case_no, at DESC) WHERE case_no <> '';
CREATE INDEX audit_record_words  ON audit_record USING gin (words gin_trgm_ops);

-- What is written and committed but not yet on the chain.
CREATE TABLE audit_pending (
    pos  bigint      PRIMARY KEY,
    id   uuid        NOT NULL,
    at   timestamptz NOT NULL,
    hash bytea       NOT NULL
);

-- The chain: link n is the digest of link n-1, n and the digest of the record.
CREATE TABLE audit_link (
    seq  bigint      PRIMARY KEY,
    id   uuid        NOT NULL UNIQUE,
    at   timestamptz NOT NULL,
    hash bytea       NOT NULL CHECK (octet_length(hash) = 32),
    link bytea       NOT NULL CHECK (octet_length(link) = 32)
);

-- +goose StatementBegin
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit record is append-only: % on % refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd

CREATE TRIGGER audit_record_keep BEFORE UPDATE OR DELETE ON audit_record FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_record_keep_all BEFORE TRUNCATE ON audit_record FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_link_keep BEFORE UPDATE OR DELETE ON audit_link FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_link_keep_all BEFORE TRUNCATE ON audit_link FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_record, audit_link FROM PUBLIC, CURRENT_USER;

-- audit_month makes the partition of the month that day lies in, unless it's there. ATTACH, unlike CREATE … PARTITION OF, does not
-- wait for transactions that are writing records.
-- +goose StatementBegin
CREATE FUNCTION audit_month(day timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first timestamp := date_trunc('month', day AT TIME ZONE 'Asia/Shanghai');
    name  text      := 'audit_record_' || to_char(first, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('audit_month', 0));
    IF to_regclass(name) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE audit_record INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    EXECUTE format('ALTER TABLE audit_record ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name,
        first AT TIME ZONE 'Asia/Shanghai', (first + interval '1 month') AT TIME ZONE 'Asia/Shanghai');
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()',
        name || '_keep_all', name);
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM PUBLIC, CURRENT_USER', name);
END $$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE audit_link, audit_pending, audit_record;
DROP FUNCTION audit_month(timestamptz);
DROP FUNCTION audit_refuse();
DROP SEQUENCE audit_pos;
