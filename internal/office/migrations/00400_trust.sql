-- +goose Up
-- Money in trust (资金托管), double entry: each move has entries that sum to zero, and what a trust account holds is never
-- below zero. Both are constraints, so that no code can break them.
CREATE TABLE trust_agreements (
    case_id   uuid PRIMARY KEY,
    district  text NOT NULL,
    number    text NOT NULL UNIQUE,
    bank      text NOT NULL,
    account   bytea NOT NULL,                    -- sealed account number
    state     text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'frozen', 'closed')),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);

CREATE TABLE trust_moves (
    id        uuid PRIMARY KEY,
    case_id   uuid NOT NULL REFERENCES trust_agreements,
    kind      text NOT NULL CHECK (kind IN ('down-payment', 'loan', 'payout', 'refund')),
    reference text NOT NULL,                     -- the bank's or channel's own number: a voucher counts once
    at        timestamptz NOT NULL,
    UNIQUE (case_id, reference)
);
CREATE INDEX trust_moves_case ON trust_moves (case_id, at);

CREATE TABLE trust_entries (
    move    uuid NOT NULL REFERENCES trust_moves,
    account text NOT NULL CHECK (account IN ('buyer', 'lender', 'trust', 'seller')),
    amount  bigint NOT NULL CHECK (amount <> 0), -- fen; into the account above zero, out of it below
    PRIMARY KEY (move, account)
);

-- +goose StatementBegin
CREATE FUNCTION trust_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount) FROM trust_entries WHERE move = NEW.move) <> 0 THEN
        RAISE EXCEPTION 'movement % is not balanced', NEW.move USING ERRCODE = 'check_violation', CONSTRAINT = 'trust_balanced';
    END IF;
    IF (SELECT coalesce(sum(e.amount), 0) FROM trust_entries e JOIN trust_moves m ON m.id = e.move
        WHERE e.account = 'trust' AND m.case_id = (SELECT case_id FROM trust_moves WHERE id = NEW.move)) < 0 THEN
        RAISE EXCEPTION 'trust account would go below zero' USING ERRCODE = 'check_violation', CONSTRAINT = 'trust_covered';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER trust_balanced AFTER INSERT ON trust_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trust_balanced();

-- +goose StatementBegin
CREATE FUNCTION trust_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a movement of money is never changed or removed' USING ERRCODE = 'check_violation', CONSTRAINT = 'trust_kept';
END $$;
-- +goose StatementEnd
CREATE TRIGGER trust_moves_kept BEFORE UPDATE OR DELETE ON trust_moves FOR EACH ROW EXECUTE FUNCTION trust_kept();
CREATE TRIGGER trust_entries_kept BEFORE UPDATE OR DELETE ON trust_entries FOR EACH ROW EXECUTE FUNCTION trust_kept();

-- +goose Down
DROP TABLE trust_entries, trust_moves, trust_agreements;
DROP FUNCTION trust_balanced, trust_kept;
