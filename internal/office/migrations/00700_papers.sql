-- +goose Up
-- A paper is a document that was issued: its PDF lies in the file store under its digest. Names of holders are sealed. A
-- paper outlives the case that it came from, so case_id is no foreign key.
CREATE TABLE papers (
    id         uuid PRIMARY KEY,
    code       text NOT NULL CONSTRAINT papers_code UNIQUE,
    kind       text NOT NULL,
    district   text NOT NULL,
    issuer     text NOT NULL,
    case_id    uuid,
    title      text NOT NULL,
    number     text NOT NULL,
    digest     text NOT NULL,                    -- SM3 of the PDF, hexadecimal
    size       bigint NOT NULL,
    issued_at  timestamptz NOT NULL,
    signature  bytea NOT NULL,                   -- SM2 of the office over what was issued
    signer     text NOT NULL,                    -- SM3 of the public key that verifies it
    once       text,                             -- issued once a case under this name
    state      text NOT NULL DEFAULT 'valid' CHECK (state IN ('valid', 'superseded', 'cancelled')),
    state_at   timestamptz NOT NULL,
    reason     text NOT NULL DEFAULT '',
    CONSTRAINT papers_number UNIQUE (kind, number),
    CONSTRAINT papers_once UNIQUE (case_id, kind, once),
    CHECK (state = 'valid' OR reason <> '')
);
CREATE INDEX papers_case ON papers (case_id, issued_at) WHERE case_id IS NOT NULL;

CREATE TABLE paper_holders (
    paper_id   uuid NOT NULL REFERENCES papers,
    seq        int NOT NULL,
    ref        text NOT NULL,                    -- party of the application; empty: none of them
    name       bytea NOT NULL,                   -- sealed
    PRIMARY KEY (paper_id, seq)
);

-- The last number given, by kind, issuing name and year. Its row is locked from giving until the commit: a number that
-- was given and not used does not exist.
CREATE TABLE paper_serials (
    kind   text NOT NULL,
    issuer text NOT NULL,
    year   int NOT NULL,
    last   int NOT NULL CHECK (last > 0),
    PRIMARY KEY (kind, issuer, year)
);

-- +goose StatementBegin
CREATE FUNCTION papers_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a paper that was issued is not deleted';
    END IF;
    IF (to_jsonb(OLD) - 'state' - 'state_at' - 'reason') IS DISTINCT FROM (to_jsonb(NEW) - 'state' - 'state_at' - 'reason') THEN
        RAISE EXCEPTION 'a paper that was issued is not changed';
    END IF;
    IF OLD.state <> 'valid' THEN
        RAISE EXCEPTION 'a paper that is % stays so', OLD.state;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER papers_keep BEFORE UPDATE OR DELETE ON papers FOR EACH ROW EXECUTE FUNCTION papers_keep();

-- +goose Down
DROP TABLE paper_serials, paper_holders, papers;
DROP FUNCTION papers_keep;
