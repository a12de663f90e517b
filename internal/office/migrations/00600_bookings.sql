-- +goose Up
-- Visits that people booked in the hall, as the counters see them.
CREATE TABLE bookings (
    id        uuid PRIMARY KEY,
    hall      text NOT NULL,
    day       date NOT NULL,
    slot      text NOT NULL,
    code      text NOT NULL,
    app       uuid,                              -- the case that it is for; none where somebody only asks
    name      bytea NOT NULL,                    -- sealed
    doc_index bytea NOT NULL,                    -- of the identity card that is read at the counter
    state     text NOT NULL DEFAULT 'booked' CHECK (state IN ('booked', 'cancelled'))
);
CREATE INDEX bookings_day ON bookings (hall, day, slot) WHERE state = 'booked';

-- +goose Down
DROP TABLE bookings;
