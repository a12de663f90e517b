-- +goose Up
-- State, timers and history are written and read whole, and never searched: as text they cost a step less than as jsonb.
-- Whether a work is open only the state of its instance can tell, and when it ended the history; its id follows from the
-- instance and the number inside it: the row leads from the id to both, is written once, and is found by the id alone.

ALTER TABLE flow_instance
    ALTER COLUMN timers DROP DEFAULT,
    ALTER COLUMN state TYPE json,
    ALTER COLUMN timers TYPE json;

ALTER TABLE flow_history
    ALTER COLUMN event TYPE json,
    ALTER COLUMN passed TYPE json;

ALTER TABLE flow_work
    DROP COLUMN closed,
    DROP CONSTRAINT flow_work_instance_local_key;

-- +goose Down
ALTER TABLE flow_work
    ADD COLUMN closed timestamptz,
    ADD CONSTRAINT flow_work_instance_local_key UNIQUE (instance, local);

ALTER TABLE flow_history
    ALTER COLUMN event TYPE jsonb,
    ALTER COLUMN passed TYPE jsonb;

ALTER TABLE flow_instance
    ALTER COLUMN state TYPE jsonb,
    ALTER COLUMN timers TYPE jsonb,
    ALTER COLUMN timers SET DEFAULT '{}';
