-- +goose Up
-- Money in trust (资金托管): one agreement a deal, a ledger of its own in double entry. Balances are kept by the database alone, from
-- postings that cannot be changed; the sum of the balances of an agreement is always zero.
CREATE SCHEMA trust;

CREATE TABLE trust.agreement (
    id         uuid PRIMARY KEY,
    number     text NOT NULL UNIQUE,
    case_id    uuid NOT NULL UNIQUE,
    case_no    text NOT NULL,
    district   text NOT NULL,
    unit       text NOT NULL,
    bank       text NOT NULL,
    account    bytea,                               -- sealed; the bank gives it
    expected   bigint NOT NULL CHECK (expected > 0), -- fen, of all payers
    state      text NOT NULL DEFAULT 'agreed' CHECK (state IN ('agreed', 'opened', 'paying', 'closed', 'refunding', 'cancelled')),
    frozen_by  text NOT NULL DEFAULT '',            -- court and notice; only it lifts the freeze
    agreed_at  timestamptz NOT NULL,
    opened_at  timestamptz,
    ended_at   timestamptz,
    CHECK ((state IN ('closed', 'cancelled')) = (ended_at IS NOT NULL))
);

-- What is held is never below zero; nobody gets back more than he paid in; nobody is paid less than nothing.
CREATE TABLE trust.account (
    id        uuid PRIMARY KEY,
    district  text NOT NULL,
    agreement uuid NOT NULL REFERENCES trust.agreement,
    side      text NOT NULL CHECK (side IN ('held', 'source', 'sink')),
    kind      text NOT NULL CHECK (kind IN ('held', 'down', 'loan', 'fee', 'lender', 'seller', 'retained')),
    seq       int NOT NULL,                         -- of the sinks the order of payout
    name      bytea,                                -- sealed: payer or payee
    bank      text NOT NULL DEFAULT '',
    number    bytea,                                -- sealed account number
    condition text NOT NULL DEFAULT '',             -- of a sink: entered, handed-over
    agreed    bigint NOT NULL CHECK (agreed >= 0),  -- to pay in, or to be paid
    balance   bigint NOT NULL DEFAULT 0,
    UNIQUE (agreement, seq),
    CONSTRAINT account_limits CHECK (side = 'held' AND balance >= 0 OR side = 'source' AND balance <= 0 OR side = 'sink' AND balance BETWEEN 0 AND agreed)
);
CREATE UNIQUE INDEX account_one_held ON trust.account (agreement) WHERE side = 'held';

CREATE TABLE trust.movement (
    id        uuid PRIMARY KEY,
    no        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    district  text NOT NULL,
    agreement uuid NOT NULL REFERENCES trust.agreement,
    kind      text NOT NULL CHECK (kind IN ('down', 'loan', 'payout', 'refund')),
    reference text NOT NULL CHECK (reference <> ''), -- the bank's voucher: each counts once
    at        timestamptz NOT NULL,
    CONSTRAINT movement_once UNIQUE (agreement, reference)
);
CREATE INDEX movement_at ON trust.movement (at);
CREATE INDEX movement_agreement ON trust.movement (agreement, no);

CREATE TABLE trust.posting (
    movement uuid NOT NULL REFERENCES trust.movement,
    account  uuid NOT NULL REFERENCES trust.account,
    amount   bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (movement, account)
);
CREATE INDEX posting_account ON trust.posting (account);

-- An instruction tells the bank to pay; a payment that failed is told again under a new number.
CREATE TABLE trust.instruction (
    id        uuid PRIMARY KEY,
    number    text NOT NULL UNIQUE,
    district  text NOT NULL,
    agreement uuid NOT NULL REFERENCES trust.agreement,
    kind      text NOT NULL CHECK (kind IN ('payout', 'refund')),
    reason    text NOT NULL DEFAULT '',
    state     text NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'done')),
    made_at   timestamptz NOT NULL,
    done_at   timestamptz,
    CHECK ((state = 'done') = (done_at IS NOT NULL))
);
CREATE UNIQUE INDEX instruction_one_sent ON trust.instruction (agreement) WHERE state = 'sent';

CREATE TABLE trust.payment (
    instruction uuid NOT NULL REFERENCES trust.instruction,
    seq         int NOT NULL,
    account     uuid NOT NULL REFERENCES trust.account,
    amount      bigint NOT NULL CHECK (amount > 0),
    state       text NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'paid', 'failed')),
    movement    uuid REFERENCES trust.movement,
    reason      text NOT NULL DEFAULT '',
    PRIMARY KEY (instruction, seq),
    CHECK ((state = 'paid') = (movement IS NOT NULL))
);
CREATE INDEX payment_account ON trust.payment (account);

CREATE TABLE trust.serial (
    prefix text NOT NULL,
    day    date NOT NULL,
    last   int NOT NULL,
    PRIMARY KEY (prefix, day)
);

-- +goose StatementBegin
CREATE FUNCTION trust.post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM trust.account a JOIN trust.movement m ON m.agreement = a.agreement WHERE a.id = NEW.account AND m.id = NEW.movement) THEN
        RAISE EXCEPTION 'posting to an account of another agreement' USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_agreement';
    END IF;
    UPDATE trust.account SET balance = balance + NEW.amount WHERE id = NEW.account;
    RETURN NEW;
END $$;

CREATE FUNCTION trust.check_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of  uuid;
    n   int;
    sum bigint;
BEGIN
    IF TG_TABLE_NAME = 'movement' THEN
        of := NEW.id;
    ELSE
        of := NEW.movement;
    END IF;
    SELECT count(*), coalesce(sum(amount), 0) INTO n, sum FROM trust.posting WHERE movement = of;
    IF n < 2 OR sum <> 0 THEN
        RAISE EXCEPTION 'movement % has % postings that sum to %', of, n, sum USING ERRCODE = 'check_violation', CONSTRAINT = 'movement_balanced';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION trust.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only';
END $$;

-- A balance changes by postings only, which change it from inside a trigger.
CREATE FUNCTION trust.keep_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.balance <> OLD.balance AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'a balance changes by postings' USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_by_postings';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER posting_post BEFORE INSERT ON trust.posting FOR EACH ROW EXECUTE FUNCTION trust.post();
CREATE TRIGGER posting_append BEFORE UPDATE OR DELETE ON trust.posting FOR EACH ROW EXECUTE FUNCTION trust.append_only();
CREATE TRIGGER movement_append BEFORE UPDATE OR DELETE ON trust.movement FOR EACH ROW EXECUTE FUNCTION trust.append_only();
CREATE TRIGGER account_balance BEFORE UPDATE ON trust.account FOR EACH ROW EXECUTE FUNCTION trust.keep_balance();
CREATE CONSTRAINT TRIGGER movement_balanced AFTER INSERT ON trust.movement DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION trust.check_balanced();
CREATE CONSTRAINT TRIGGER posting_balanced AFTER INSERT ON trust.posting DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION trust.check_balanced();

-- +goose Down
DROP SCHEMA trust CASCADE;
