-- +goose Up
-- How much of a half hour is taken. The row is made by the first booking; the limit stands in the statement that takes a place.
CREATE TABLE booking_slots (
    hall  text NOT NULL,
    day   date NOT NULL,
    slot  text NOT NULL CHECK (slot ~ '^\d\d:\d\d-\d\d:\d\d$'),
    taken int  NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (hall, day, slot)
);

-- Visits that people booked. Who comes rests sealed; person is a keyed digest of the document: one booking per person and half hour.
CREATE TABLE bookings (
    id           uuid PRIMARY KEY,
    account      uuid NOT NULL,
    app          uuid,
    party        text NOT NULL DEFAULT '',
    hall         text NOT NULL,
    day          date NOT NULL,
    slot         text NOT NULL,
    code         text NOT NULL,
    person       bytea NOT NULL CHECK (length(person) = 32),
    visitor      bytea NOT NULL,               -- sealed name and document
    state        text NOT NULL DEFAULT 'booked' CHECK (state IN ('booked', 'cancelled')),
    made_at      timestamptz NOT NULL,
    cancelled_at timestamptz,
    CONSTRAINT bookings_code UNIQUE (hall, day, code)
);
CREATE UNIQUE INDEX bookings_once ON bookings (person, day, slot) WHERE state = 'booked';
CREATE INDEX bookings_account ON bookings (account, day, slot);

-- +goose Down
DROP TABLE bookings, booking_slots;
