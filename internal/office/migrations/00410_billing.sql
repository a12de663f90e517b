-- +goose Up
CREATE TABLE bills (
    id        uuid PRIMARY KEY,
    case_id   uuid NOT NULL,
    case_no   text NOT NULL,
    district  text NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('tax', 'fee', 'trust')),
    payer     text NOT NULL,                     -- party ref
    lines     jsonb NOT NULL,
    total     bigint NOT NULL CHECK (total > 0), -- fen
    state     text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'expired', 'cancelled', 'refunding', 'refunded')),
    issued_at timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    paid_at   timestamptz,
    paid_by   uuid                               -- the payment that settled it
);
CREATE INDEX bills_case ON bills (case_id, issued_at);
CREATE UNIQUE INDEX bills_one_open ON bills (case_id, kind, payer) WHERE state = 'open';

CREATE TABLE payments (
    id        uuid PRIMARY KEY,                  -- the hall's payment order
    bill      uuid NOT NULL REFERENCES bills,
    channel   text NOT NULL,
    reference text NOT NULL,                     -- the channel's transaction number
    amount    bigint NOT NULL,
    paid_at   timestamptz NOT NULL,
    verdict   text NOT NULL CHECK (verdict IN ('settled', 'double', 'late', 'amount')),
    UNIQUE (channel, reference)
);

CREATE TABLE refunds (
    id         uuid PRIMARY KEY,
    payment    uuid NOT NULL UNIQUE REFERENCES payments, -- one payment goes back once
    amount     bigint NOT NULL,
    reason     text NOT NULL,
    ordered_at timestamptz NOT NULL,
    reference  text NOT NULL DEFAULT '',
    done_at    timestamptz
);
CREATE INDEX refunds_open ON refunds (ordered_at) WHERE done_at IS NULL;

-- +goose Down
DROP TABLE refunds, payments, bills;
