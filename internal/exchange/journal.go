package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
)

// Call is one line of the call log: a call out with all its sendings, or a message in.
type Call struct {
	ID            uuid.UUID
	At            time.Time // when it began
	Direction     string    // Out or In
	Endpoint      uuid.UUID // zero where the sender is unknown
	Counterpart   string
	District      string
	App           string // the other side's application id
	Operation     spec.Operation
	Case          string
	MessageID     string
	Attempts      int // sendings
	Status        int // HTTP status of the last one, 0 for none
	Outcome       Outcome
	Code          string // of a refusal or failure
	Detail        string // for the technician, free of personal data
	Duration      time.Duration
	RequestBytes  int64
	ResponseBytes int64
	Request       json.RawMessage // masked; nil where it may not be shown
	Response      json.RawMessage // masked
	Trace         string
	Source        string // network address, of a message in
}

// The directions of a call.
const (
	Out = "out"
	In  = "in"
)

// Outcome is how a call ended.
type Outcome string

// The outcomes.
const (
	OK           Outcome = "ok"
	Duplicate    Outcome = "duplicate"   // in: answered as before
	Refused      Outcome = "refused"     // a decision on the content
	RejectedCall Outcome = "rejected"    // not taken in: signature, clock, schema …
	Failed       Outcome = "unavailable" // no answer that counts, or (in) our own fault
	Unbelievable Outcome = "bad-answer"  // out: an answer that must not be believed
)

func (c Call) sent() int64 {
	if c.Direction == Out {
		return c.RequestBytes
	}
	return c.ResponseBytes
}

func (c Call) received() int64 { return c.RequestBytes + c.ResponseBytes - c.sent() }

// journal writes the call log. Calls that end at the same time are written together: one of them writes for all that
// came while the one before was writing. Record returns once the line is stored.
type journal struct {
	pool *pgxpool.Pool
	mu   sync.Mutex
	busy bool   // someone is writing
	next *batch // what will be written next
	made map[string]bool
}

// batch is what is written at once.
type batch struct {
	calls []Call
	lead  chan struct{} // one token: whoever takes it writes the batch
	done  chan struct{} // closed when it is stored, or failed with err
	err   error
}

func newJournal(pool *pgxpool.Pool) *journal { return &journal{pool: pool, made: map[string]bool{}} }

// record stores one call.
func (j *journal) record(ctx context.Context, c Call) error {
	b, leader := j.join(c)
	if !leader {
		select {
		case <-b.done:
			return b.err
		case <-b.lead:
		}
	}
	j.close(b)
	// The line must be stored even when the caller has given up: the call has happened.
	write, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	b.err = j.write(write, b.calls)
	close(b.done)
	j.handOver()
	return b.err
}

// join puts the call into the next batch and tells whether the caller is to write it now.
func (j *journal) join(c Call) (b *batch, leader bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.next == nil {
		j.next = &batch{lead: make(chan struct{}, 1), done: make(chan struct{})}
	}
	b = j.next
	b.calls = append(b.calls, c)
	leader = !j.busy
	j.busy = true
	return b, leader
}

// close lets no more calls into the batch.
func (j *journal) close(b *batch) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.next == b {
		j.next = nil
	}
}

// handOver lets one of the calls that came meanwhile write the next batch.
func (j *journal) handOver() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.next == nil {
		j.busy = false
		return
	}
	j.next.lead <- struct{}{}
}

var callColumns = []string{
	"id", "at", "direction", "endpoint", "counterpart", "district", "app", "operation", "case_no", "message_id", "attempts", "status", "outcome", "code", "detail",
	"micros", "request_bytes", "response_bytes", "request", "response", "trace", "source",
}

func (j *journal) write(ctx context.Context, calls []Call) error {
	for _, c := range calls {
		if err := j.partition(ctx, c.At); err != nil {
			return err
		}
	}
	_, err := j.pool.CopyFrom(ctx, pgx.Identifier{"exchange_calls"}, callColumns, pgx.CopyFromSlice(len(calls), func(i int) ([]any, error) {
		c := calls[i]
		var endpoint *uuid.UUID
		if c.Endpoint != uuid.Nil {
			endpoint = &c.Endpoint
		}
		return []any{
			c.ID, c.At, c.Direction, endpoint, c.Counterpart, c.District, c.App, string(c.Operation), c.Case, c.MessageID, c.Attempts, c.Status, string(c.Outcome), c.Code, c.Detail,
			c.Duration.Microseconds(), c.RequestBytes, c.ResponseBytes, c.Request, c.Response, c.Trace, c.Source,
		}, nil
	}))
	if err != nil {
		return fmt.Errorf("write call log: %w", err)
	}
	return nil
}

// partition makes the partition of the month, once per process and month.
func (j *journal) partition(ctx context.Context, at time.Time) error {
	at = at.In(clock.Shanghai())
	first := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, clock.Shanghai())
	name := "exchange_calls_" + first.Format("200601")
	j.mu.Lock()
	made := j.made[name]
	j.mu.Unlock()
	if made {
		return nil
	}
	err := pg.InTx(ctx, j.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('exchange_calls'))`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s PARTITION OF exchange_calls FOR VALUES FROM ('%s') TO ('%s')`,
			pgx.Identifier{name}.Sanitize(), first.Format(time.RFC3339), first.AddDate(0, 1, 0).Format(time.RFC3339)))
		return err
	})
	if err != nil {
		return fmt.Errorf("make call log partition %s: %w", name, err)
	}
	j.mu.Lock()
	j.made[name] = true
	j.mu.Unlock()
	return nil
}
