-- +goose Up
-- Tickets of the halls: who came, who was called to which counter, and what became of it.
ALTER TABLE bookings DROP CONSTRAINT bookings_state_check;
ALTER TABLE bookings ADD CONSTRAINT bookings_state_check CHECK (state IN ('booked', 'kept', 'missed', 'cancelled'));
CREATE INDEX bookings_open ON bookings (day) WHERE state = 'booked';   -- which of them nobody kept
CREATE INDEX bookings_expected ON bookings (day, doc_index) WHERE state IN ('booked', 'kept');

CREATE TABLE tickets (
    id        uuid PRIMARY KEY,
    hall      text NOT NULL,
    day       date NOT NULL,
    series    text NOT NULL CHECK (series IN ('A', 'B')),              -- A booked, B walked in
    number    int NOT NULL CHECK (number > 0),
    booking   uuid REFERENCES bookings,
    slot_at   timestamptz,                                             -- when the booked time begins; only of A
    app       uuid,                                                    -- the case; none where nobody knows one
    doc_index bytea NOT NULL,
    name      bytea,                                                   -- sealed; none where the card alone was read
    state     text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'transferred', 'called', 'serving', 'done', 'missed')),
    counter   int,                                                     -- where it was called to, or is to be called by
    calls     int NOT NULL DEFAULT 0,
    taken_at  timestamptz NOT NULL,
    queue_at  timestamptz NOT NULL,                                    -- its place in the queue; later than taken_at after a missed call
    called_at timestamptz,
    ended_at  timestamptz,
    by_id     uuid,                                                    -- who called it last
    CONSTRAINT tickets_number UNIQUE (hall, day, series, number),
    CHECK ((series = 'A') = (slot_at IS NOT NULL)),
    CHECK ((state IN ('done', 'missed')) = (ended_at IS NOT NULL)),
    CHECK (state IN ('waiting', 'done', 'missed') OR counter IS NOT NULL)
);
CREATE INDEX tickets_queue ON tickets (hall, day, queue_at) WHERE state IN ('waiting', 'transferred');
CREATE INDEX tickets_called ON tickets (hall, day, called_at) WHERE called_at IS NOT NULL;
CREATE INDEX tickets_person ON tickets (hall, day, doc_index);
CREATE UNIQUE INDEX tickets_card ON tickets (hall, day, doc_index) WHERE state NOT IN ('done', 'missed');
CREATE UNIQUE INDEX tickets_booking ON tickets (booking) WHERE state NOT IN ('done', 'missed');
CREATE UNIQUE INDEX tickets_counter ON tickets (hall, day, counter) WHERE state IN ('called', 'serving');
CREATE INDEX tickets_open ON tickets (day) WHERE state NOT IN ('done', 'missed');

CREATE TABLE ticket_serials (hall text, day date, series text, last int NOT NULL, PRIMARY KEY (hall, day, series));

-- Who sits where on a day.
CREATE TABLE ticket_counters (
    hall   text NOT NULL,
    day    date NOT NULL,
    number int NOT NULL CHECK (number BETWEEN 1 AND 99),
    staff  uuid NOT NULL,
    PRIMARY KEY (hall, day, number),
    CONSTRAINT ticket_counters_staff UNIQUE (staff, day)
);

-- +goose Down
DROP TABLE ticket_counters, ticket_serials, tickets;
DROP INDEX bookings_open, bookings_expected;
UPDATE bookings SET state = 'booked' WHERE state IN ('kept', 'missed');
ALTER TABLE bookings DROP CONSTRAINT bookings_state_check;
ALTER TABLE bookings ADD CONSTRAINT bookings_state_check CHECK (state IN ('booked', 'cancelled'));
