-- +goose Up
-- Bills: what one payer owes for a case, the payments that came for it, and what goes back.
CREATE SCHEMA billing;

CREATE TABLE billing.bill (
    id        uuid PRIMARY KEY,
    district  text NOT NULL,
    case_id   uuid NOT NULL,
    case_no   text NOT NULL,
    kind      text NOT NULL,                        -- tax, fee, trust …
    payer     text NOT NULL,                        -- party of the case
    key       text NOT NULL,                        -- of who asks for it: the same is billed once
    total     bigint NOT NULL CHECK (total > 0),    -- fen
    state     text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'expired', 'cancelled', 'refunded')),
    issued_at timestamptz NOT NULL,
    until     timestamptz NOT NULL CHECK (until > issued_at),
    closed_at timestamptz,
    CHECK ((state = 'open') = (closed_at IS NULL)),
    UNIQUE (case_id, key),
    UNIQUE (id, total)
);
CREATE INDEX bill_case ON billing.bill (case_id, issued_at);
CREATE INDEX bill_due ON billing.bill (until) WHERE state = 'open';

CREATE TABLE billing.line (
    bill   uuid NOT NULL REFERENCES billing.bill,
    seq    int NOT NULL,
    code   text NOT NULL,
    name   text NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    why    text NOT NULL DEFAULT '',
    goes_to text NOT NULL CHECK (goes_to IN ('treasury', 'registry', 'trust')),
    PRIMARY KEY (bill, seq)
);

CREATE TABLE billing.payment (
    id          uuid PRIMARY KEY,
    district    text NOT NULL,
    bill        uuid NOT NULL REFERENCES billing.bill,
    pay_order   uuid NOT NULL,                      -- the hall's order: a refund goes back through it
    channel     text NOT NULL,
    reference   text NOT NULL CHECK (reference <> ''),
    amount      bigint NOT NULL CHECK (amount > 0),
    paid_at     timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('accepted', 'wrong-amount', 'late', 'duplicate', 'cancelled')),
    -- What is accepted is exactly what was billed, and once.
    accepted    bigint GENERATED ALWAYS AS (CASE WHEN outcome = 'accepted' THEN amount END) STORED,
    CONSTRAINT payment_once UNIQUE (channel, reference),
    CONSTRAINT payment_whole FOREIGN KEY (bill, accepted) REFERENCES billing.bill (id, total),
    UNIQUE (id, amount)
);
CREATE UNIQUE INDEX payment_one_accepted ON billing.payment (bill) WHERE outcome = 'accepted';
CREATE INDEX payment_bill ON billing.payment (bill);
CREATE INDEX payment_paid ON billing.payment (channel, paid_at);

-- A payment goes back once and whole.
CREATE TABLE billing.refund (
    id         uuid PRIMARY KEY,
    district   text NOT NULL,
    payment    uuid NOT NULL UNIQUE REFERENCES billing.payment,
    amount     bigint NOT NULL,
    reason     text NOT NULL,
    state      text NOT NULL DEFAULT 'ordered' CHECK (state IN ('ordered', 'done')),
    reference  text NOT NULL DEFAULT '',
    ordered_at timestamptz NOT NULL,
    done_at    timestamptz,
    CHECK ((state = 'done') = (done_at IS NOT NULL)),
    CONSTRAINT refund_whole FOREIGN KEY (payment, amount) REFERENCES billing.payment (id, amount)
);
CREATE INDEX refund_done ON billing.refund (done_at) WHERE done_at IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION billing.check_total() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of  uuid;
    due bigint;
    sum bigint;
BEGIN
    IF TG_TABLE_NAME = 'bill' THEN
        of := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        of := OLD.bill;
    ELSE
        of := NEW.bill;
    END IF;
    SELECT total INTO due FROM billing.bill WHERE id = of;
    SELECT coalesce(sum(amount), 0) INTO sum FROM billing.line WHERE bill = of;
    IF due <> sum THEN
        RAISE EXCEPTION 'lines of bill % sum to %, not %', of, sum, due USING ERRCODE = 'check_violation', CONSTRAINT = 'bill_total';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER bill_total AFTER INSERT OR UPDATE OF total ON billing.bill DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing.check_total();
CREATE CONSTRAINT TRIGGER line_total AFTER INSERT OR UPDATE OR DELETE ON billing.line DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing.check_total();

-- +goose Down
DROP SCHEMA billing CASCADE;
