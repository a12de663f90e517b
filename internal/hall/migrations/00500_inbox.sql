-- +goose Up
-- Notices to the people of the hall. Their words name cases and amounts, so they rest sealed.
CREATE TABLE notices (
    id      uuid PRIMARY KEY,
    account uuid NOT NULL,
    app     uuid,
    kind    text NOT NULL,                       -- message id of the catalog
    text    bytea NOT NULL,                      -- sealed
    link    text NOT NULL DEFAULT '',
    at      timestamptz NOT NULL,
    read_at timestamptz
);
CREATE INDEX notices_account ON notices (account, at DESC, id DESC);
CREATE INDEX notices_unread ON notices (account) WHERE read_at IS NULL;

-- What was asked of EMS, and how far the parcel is.
CREATE TABLE parcels (
    order_id   uuid PRIMARY KEY,
    app        uuid NOT NULL,
    case_no    text NOT NULL,
    address    bytea,                            -- sealed; emptied when the parcel is posted
    waybill    text UNIQUE,
    state      text NOT NULL DEFAULT 'ordered' CHECK (state IN ('ordered', 'posted', 'moving', 'signed', 'returned')),
    ordered_at timestamptz NOT NULL,
    moved_at   timestamptz
);

-- +goose Down
DROP TABLE parcels, notices;
