-- +goose Up
-- What people owe, as the office billed it. The lines say what for, so they rest sealed.
CREATE TABLE bills (
    id        uuid PRIMARY KEY,
    app       uuid NOT NULL,
    case_no   text NOT NULL,
    kind      text NOT NULL,
    payer     text NOT NULL,                     -- party ref of the application
    total     bigint NOT NULL CHECK (total > 0), -- fen
    lines     bytea NOT NULL,                    -- sealed
    until     timestamptz NOT NULL,
    state     text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'expired', 'cancelled', 'refunded')),
    issued_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE INDEX bills_app ON bills (app, issued_at, id);

-- What a channel was asked to collect. A bill may have several: other channels, other tries. Written before the channel is asked.
CREATE TABLE payment_orders (
    id         uuid PRIMARY KEY,
    bill       uuid NOT NULL REFERENCES bills (id),
    channel    text NOT NULL,
    phone      boolean NOT NULL,
    account    uuid NOT NULL,                    -- who pays
    amount     bigint NOT NULL CHECK (amount > 0),
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'closed')),
    code       text NOT NULL DEFAULT '',         -- text of the QR code, where the channel gave one
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX payment_orders_bill ON payment_orders (bill, created_at);

-- Money that a channel says has come; each transaction of a channel once.
CREATE TABLE payments (
    id        uuid PRIMARY KEY,
    order_id  uuid NOT NULL REFERENCES payment_orders (id),
    bill      uuid NOT NULL REFERENCES bills (id),
    channel   text NOT NULL,
    reference text NOT NULL CHECK (reference <> ''),
    amount    bigint NOT NULL CHECK (amount > 0),
    fit       text NOT NULL CHECK (fit IN ('good', 'double', 'late', 'amount', 'cancelled')), -- how it fits the bill; the office decides
    paid_at   timestamptz NOT NULL,
    heard_at  timestamptz NOT NULL,
    CONSTRAINT payments_once UNIQUE (channel, reference)
);
CREATE INDEX payments_bill ON payments (bill, paid_at);
CREATE INDEX payments_order ON payments (order_id);

-- Money that the office wants to go back the way it came.
CREATE TABLE payment_refunds (
    id         uuid PRIMARY KEY,
    payment    uuid NOT NULL REFERENCES payments (id),
    bill       uuid NOT NULL REFERENCES bills (id),
    amount     bigint NOT NULL CHECK (amount > 0),
    reason     text NOT NULL,
    state      text NOT NULL DEFAULT 'ordered' CHECK (state IN ('ordered', 'done')),
    reference  text NOT NULL DEFAULT '',
    ordered_at timestamptz NOT NULL,
    done_at    timestamptz,
    CHECK ((state = 'done') = (done_at IS NOT NULL))
);
CREATE INDEX payment_refunds_bill ON payment_refunds (bill);

-- +goose Down
DROP TABLE payment_refunds, payments, payment_orders, bills;
