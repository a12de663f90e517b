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

// HistoryEntry is one event of an instance and what it moved.
type HistoryEntry struct {
	Seq    int64
	At     time.Time
	Event  Event
	Passed []Passage
}

// Passage is a node that a token has left, by these flows.
type Passage struct {
	Node  string   `json:"node"`
	Flows []string `json:"flows,omitempty"`
}

// Instance is one run of a process, for those who look at it.
type Instance struct {
	ID         uuid.UUID
	Definition *Definition
	State      State
	Timers     map[ID]time.Time // when armed timers are due
	Started    time.Time
	Ended      time.Time // zero while it runs
}

// Instance reads an instance without locking it.
func (e *Engine) Instance(ctx context.Context, db pg.DB, id uuid.UUID) (*Instance, error) {
	var (
		digest        string
		state, timers []byte
		ended         *time.Time
	)
	i := &Instance{ID: id}
	err := db.QueryRow(ctx, `SELECT digest, state, timers, started, ended FROM flow_instance WHERE id = $1`, id).
		Scan(&digest, &state, &timers, &i.Started, &ended)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("%w: %s", ErrNoSuchInstance, id)
	}
	if err != nil {
		return nil, fmt.Errorf("flow: read instance: %w", err)
	}
	if ended != nil {
		i.Ended = *ended
	}
	if err := errors.Join(json.Unmarshal(state, &i.State), json.Unmarshal(timers, &i.Timers)); err != nil {
		return nil, fmt.Errorf("flow: read state of %s: %w", id, err)
	}
	i.Definition, err = e.lib.find(ctx, db, digest)
	return i, err
}

// History lists the events of an instance, oldest first. Index: primary key.
func (e *Engine) History(ctx context.Context, db pg.DB, id uuid.UUID) ([]HistoryEntry, error) {
	rows, err := db.Query(ctx, `SELECT seq, at, event, passed FROM flow_history WHERE instance = $1 ORDER BY seq`, id)
	if err != nil {
		return nil, fmt.Errorf("flow: read history: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h HistoryEntry, err error) {
		var event, passed []byte
		if err := row.Scan(&h.Seq, &h.At, &event, &passed); err != nil {
			return h, err
		}
		return h, errors.Join(json.Unmarshal(event, &h.Event), json.Unmarshal(passed, &h.Passed))
	})
	if err != nil {
		return nil, fmt.Errorf("flow: read history: %w", err)
	}
	return list, nil
}

// Marks are what the drawing shows of an instance: where its tokens are, and where they have been.
func (i *Instance) Marks(history []HistoryEntry) Marks {
	m := MarksOf(i.State)
	for _, h := range history {
		for _, p := range h.Passed {
			m.Done[p.Node] = true
			for _, f := range p.Flows {
				m.Done[f] = true
			}
		}
	}
	return m
}

// Replay steps through events from the beginning: what a history gives is the state that the instance is in.
func Replay(d *Definition, events []Event) (State, error) {
	var s State
	for i, e := range events {
		var err error
		if s, _, err = Step(d, s, e); err != nil {
			return s, fmt.Errorf("flow: event %d: %w", i, err)
		}
	}
	return s, nil
}
