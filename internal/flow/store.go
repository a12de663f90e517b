package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// The statements of a step. The benchmark runs the same ones without the engine.
const (
	sqlLoad = `SELECT digest, state, timers, steps FROM flow_instance WHERE id = $1 FOR UPDATE`

	sqlLoadByWork = `SELECT i.id, w.local, i.digest, i.state, i.timers, i.steps FROM flow_work w JOIN flow_instance i ON i.id = w.instance
		WHERE w.id = $1 FOR UPDATE OF i`

	sqlInsert = `INSERT INTO flow_instance (id, process, digest, state, timers, next_due, steps, started, changed, ended, end_node)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)`

	sqlUpdate = `UPDATE flow_instance SET state = $2, timers = $3, next_due = $4, steps = $5, changed = $6, ended = $7, end_node = $8 WHERE id = $1`

	sqlRecord = `INSERT INTO flow_history (instance, seq, at, event, passed) VALUES ($1, $2, $3, $4, $5)`

	sqlOpenWork = `INSERT INTO flow_work (id, instance, local, node, opened) VALUES ($1, $2, $3, $4, $5)`
)

// findWork gives the instance of a work and its id inside. Index: primary key.
func findWork(ctx context.Context, db pg.DB, work uuid.UUID) (instance uuid.UUID, local ID, err error) {
	err = db.QueryRow(ctx, `SELECT instance, local FROM flow_work WHERE id = $1`, work).Scan(&instance, &local)
	if errors.Is(err, pgx.ErrNoRows) {
		return instance, local, ErrNoSuchWork
	}
	if err != nil {
		return instance, local, fmt.Errorf("flow: find work: %w", err)
	}
	return instance, local, nil
}

// load locks an instance until the end of the transaction, and reads it. Index: primary key.
func (e *Engine) load(ctx context.Context, tx pgx.Tx, id uuid.UUID) (*run, error) {
	r := e.newRun(tx, id, nil)
	var s stored
	err := tx.QueryRow(ctx, sqlLoad, id).Scan(&s.digest, &s.state, &s.timers, &r.steps)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("%w: %s", ErrNoSuchInstance, id)
	}
	if err != nil {
		return nil, fmt.Errorf("flow: lock instance: %w", err)
	}
	return r, r.read(ctx, s)
}

// loadByWork is load for the instance of a work, whose id inside it comes with it. Whether the work is still open only
// the state can tell: the row of the work is not locked. Indexes: primary keys.
func (e *Engine) loadByWork(ctx context.Context, tx pgx.Tx, work uuid.UUID) (*run, ID, error) {
	r := e.newRun(tx, uuid.Nil, nil)
	var (
		s     stored
		local ID
	)
	err := tx.QueryRow(ctx, sqlLoadByWork, work).Scan(&r.id, &local, &s.digest, &s.state, &s.timers, &r.steps)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, 0, ErrNoSuchWork
	}
	if err != nil {
		return nil, 0, fmt.Errorf("flow: lock instance of work: %w", err)
	}
	return r, local, r.read(ctx, s)
}

// stored is what an instance's row holds in JSON.
type stored struct {
	digest        string
	state, timers []byte
}

func (r *run) read(ctx context.Context, s stored) (err error) {
	if err := errors.Join(json.Unmarshal(s.state, &r.state), json.Unmarshal(s.timers, &r.timers)); err != nil {
		return fmt.Errorf("flow: read state of %s: %w", r.id, err)
	}
	r.def, err = r.engine.lib.find(ctx, r.tx, s.digest)
	return err
}

// save writes the instance once, its history, and the works that came. Only a new instance is written at once, since there
// the database may refuse it; a step goes out with whatever its transaction says next.
func (r *run) save(ctx context.Context) error {
	state, err := json.Marshal(r.state)
	if err != nil {
		return fmt.Errorf("flow: write state: %w", err)
	}
	timers, err := json.Marshal(r.timers)
	if err != nil {
		return fmt.Errorf("flow: write timers: %w", err)
	}
	var ended *time.Time
	if r.state.Status == Ended {
		ended = &r.now
	}
	batch := &pgx.Batch{}
	steps := r.steps + int64(len(r.record))
	if r.fresh {
		batch.Queue(sqlInsert,
			r.id, r.def.ID, r.def.Digest, state, timers, r.nextDue(), steps, r.now, ended, r.state.End)
	} else {
		batch.Queue(sqlUpdate,
			r.id, state, timers, r.nextDue(), steps, r.now, ended, r.state.End)
	}
	if err := r.saveHistory(batch); err != nil {
		return err
	}
	r.saveWorks(batch)
	if !r.fresh {
		if err := pg.Later(ctx, r.tx, batch); err != nil {
			return fmt.Errorf("flow: write instance: %w", err)
		}
		return nil
	}
	err = r.tx.SendBatch(ctx, batch).Close()
	switch {
	case pg.IsUnique(err, "flow_instance_pkey"):
		return fmt.Errorf("%w: %s", ErrStarted, r.id)
	case pg.IsForeignKey(err, "flow_instance_digest_fkey"):
		return fmt.Errorf("%w: %s is not installed", ErrNoSuchProcess, r.def.ID)
	case err != nil:
		return fmt.Errorf("flow: write instance: %w", err)
	}
	return nil
}

func (r *run) saveHistory(batch *pgx.Batch) error {
	for _, h := range r.record {
		event, err := json.Marshal(h.Event)
		if err != nil {
			return fmt.Errorf("flow: write event: %w", err)
		}
		passed, err := json.Marshal(h.Passed)
		if err != nil {
			return fmt.Errorf("flow: write history: %w", err)
		}
		batch.Queue(sqlRecord, r.id, h.Seq, h.At, event, passed)
	}
	return nil
}

// saveWorks writes the works that were opened and are open still.
func (r *run) saveWorks(batch *pgx.Batch) {
	for id, local := range r.opened {
		if w := r.state.work(local); w != nil {
			batch.Queue(sqlOpenWork, id, r.id, local, w.Node, r.now)
		}
	}
}

// dueTimer is a timer whose time has come.
type dueTimer struct {
	Instance uuid.UUID
	Timer    ID
}

// dueTimers lists up to limit timers that are due, earliest first. Index: flow_instance_due.
func dueTimers(ctx context.Context, db pg.DB, now time.Time, limit int) ([]dueTimer, error) {
	rows, err := db.Query(ctx, `SELECT i.id AS instance, t.key::bigint AS timer FROM flow_instance i, json_each_text(i.timers) t
		WHERE i.next_due <= $1 AND t.value::timestamptz <= $1 ORDER BY t.value::timestamptz, i.id LIMIT $2`, now, limit)
	if err != nil {
		return nil, fmt.Errorf("flow: find due timers: %w", err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByName[dueTimer])
	if err != nil {
		return nil, fmt.Errorf("flow: find due timers: %w", err)
	}
	return due, nil
}
