package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
)

// ErrRejected ends a job at once: the receiver will never accept it, so that trying again is useless.
var ErrRejected = errors.New("the receiver rejects it for good")

// floor is the shortest wait before another try: a fast clock must not hammer a receiver that is down.
func floor(attempt int) time.Duration {
	return min(250*time.Millisecond<<min(attempt, 6), 15*time.Second)
}

// Job is a message on its way to the platform.
type Job struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"`
	Stream  string          `json:"stream,omitempty"` // jobs of one stream are delivered one at a time, in order of posting
	Due     time.Time       `json:"due"`
	Attempt int             `json:"attempt"` // deliveries that failed so far
	Payload json.RawMessage `json:"payload"`
	Last    string          `json:"last,omitempty"` // why the last one failed
}

// Route says how jobs of one kind are delivered.
type Route struct {
	// Deliver carries one job. Nil means accepted; ErrRejected gives up; any other error is tried again.
	Deliver func(ctx context.Context, payload json.RawMessage) error
	// Retry is how long to wait after the first, second, … failure, in simulated time. After the last one the job is
	// dropped, as real senders do; Forever repeats the last one instead.
	Retry   []time.Duration
	Forever bool
}

// Courier keeps messages until the platform has them, over restarts.
type Courier struct {
	board *Board
	jobs  *Table[Job]
	wake  chan struct{}

	mu      sync.Mutex
	routes  map[string]Route
	busy    map[string]bool // by job id
	streams map[string]bool // streams with a job under way
}

func openCourier(b *Board) (*Courier, error) {
	jobs, err := OpenTable[Job](b, "courier")
	if err != nil {
		return nil, err
	}
	return &Courier{board: b, jobs: jobs, wake: make(chan struct{}, 1),
		routes: map[string]Route{}, busy: map[string]bool{}, streams: map[string]bool{}}, nil
}

// Handle names the route of a kind. Every kind is named before Run.
func (c *Courier) Handle(kind string, r Route) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.routes[kind] = r
}

// Post sends payload after a span of simulated time. It returns once the job is kept.
func (c *Courier) Post(kind, stream string, after time.Duration, payload any) error {
	return c.PostAt(kind, stream, c.board.Now().Add(c.board.Shorten(after)), payload)
}

// PostAt sends payload at a wall-clock time.
func (c *Courier) PostAt(kind, stream string, due time.Time, payload any) error {
	raw, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("post %s: %w", kind, err)
	}
	id := uuid.Must(uuid.NewV7()).String()
	if err := c.jobs.Put(id, Job{ID: id, Kind: kind, Stream: stream, Due: due, Payload: raw}); err != nil {
		return fmt.Errorf("post %s: %w", kind, err)
	}
	c.nudge()
	return nil
}

// Hurry makes the waiting jobs of a kind that match accepts due now, and says how many.
func (c *Courier) Hurry(kind string, match func(payload json.RawMessage) bool) (int, error) {
	n := 0
	for _, j := range c.jobs.List() {
		if j.Kind != kind || !match(j.Payload) {
			continue
		}
		_, err := c.jobs.Update(j.ID, func(j *Job) error { j.Due = c.board.Now(); return nil })
		if errors.Is(err, ErrNone) {
			continue // delivered meanwhile
		}
		if err != nil {
			return n, fmt.Errorf("hurry %s: %w", kind, err)
		}
		n++
	}
	c.nudge()
	return n, nil
}

// Pending lists the jobs that are not delivered yet.
func (c *Courier) Pending() []Job { return c.jobs.List() }

// Tick delivers what is due, one after the other, until nothing is, and returns how many it carried. A test with a
// clock of its own uses it in place of Run.
func (c *Courier) Tick(ctx context.Context) int {
	for n := 0; ; {
		jobs, _ := c.claim()
		if len(jobs) == 0 || ctx.Err() != nil {
			return n
		}
		for _, j := range jobs {
			c.carry(ctx, j)
			n++
		}
	}
}

func (c *Courier) run(ctx context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	hands := make(chan struct{}, 16)
	for {
		jobs, next := c.claim()
		for _, j := range jobs {
			hands <- struct{}{}
			under.Go(func() {
				defer func() { <-hands }()
				c.carry(ctx, j)
				c.nudge()
			})
		}
		if !c.wait(ctx, next) {
			return
		}
	}
}

// wait returns at the next due time or at a nudge; false means that ctx ended.
func (c *Courier) wait(ctx context.Context, next time.Time) bool {
	span := time.Hour
	if !next.IsZero() {
		span = max(next.Sub(c.board.Now()), time.Millisecond)
	}
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-c.wake:
	case <-timer.C:
	}
	return true
}

func (c *Courier) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// claim takes the jobs that may leave now, and says when the next one may. A stream that has a job under way offers
// no other; among its jobs the one posted first goes first, even while it waits for
// another try.
func (c *Courier) claim() (due []Job, next time.Time) {
	now := c.board.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := map[string]bool{}
	var free []Job
	for _, j := range c.jobs.List() {
		switch {
		case c.busy[j.ID] || c.streams[j.Stream]:
		case j.Stream == "":
			free = append(free, j)
		default:
			if !seen[j.Stream] {
				seen[j.Stream] = true
				free = append(free, j)
			}
		}
	}
	for _, j := range free {
		if !j.Due.After(now) {
			c.busy[j.ID] = true
			if j.Stream != "" {
				c.streams[j.Stream] = true
			}
			due = append(due, j)
		} else if next.IsZero() || j.Due.Before(next) {
			next = j.Due
		}
	}
	return due, next
}

func (c *Courier) carry(ctx context.Context, j Job) {
	c.mu.Lock()
	route, known := c.routes[j.Kind]
	c.mu.Unlock()
	err := error(ErrRejected)
	if known {
		err = route.Deliver(ctx, j.Payload)
	}
	if err := c.settle(ctx, j, route, err); err != nil {
		c.board.Log.ErrorContext(ctx, "courier cannot keep its book", "kind", j.Kind, "err", err)
	}
	c.mu.Lock()
	delete(c.busy, j.ID)
	delete(c.streams, j.Stream)
	c.mu.Unlock()
}

// settle writes down how a delivery ended.
func (c *Courier) settle(ctx context.Context, j Job, route Route, err error) error {
	if err == nil {
		return c.jobs.Delete(j.ID)
	}
	if ctx.Err() != nil {
		return nil // we are stopping: not the receiver's fault, the next run starts with it
	}
	last := j.Attempt >= len(route.Retry) && !route.Forever
	if errors.Is(err, ErrRejected) || last || len(route.Retry) == 0 {
		c.board.Log.WarnContext(ctx, "message given up", "kind", j.Kind, "attempts", j.Attempt+1, "err", err)
		return c.jobs.Delete(j.ID)
	}
	wait := c.board.Shorten(route.Retry[min(j.Attempt, len(route.Retry)-1)])
	_, uerr := c.jobs.Update(j.ID, func(j *Job) error {
		j.Due = c.board.Now().Add(max(wait, floor(j.Attempt)))
		j.Attempt++
		j.Last = err.Error()
		return nil
	})
	return uerr
}
