package exchange

import (
	"context"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"golang.org/x/time/rate"

	"yichuang/internal/kit/clock"
)

// gate holds what one process may do to one endpoint: rate, calls at once, and the circuit breaker. The breaker counts in
// failsafe-go; when an open one is tried again is told by our clock, so that a test or a simulated city can turn it.
type gate struct {
	name     string
	delay    time.Duration
	clock    clock.Clock
	changed  func(since time.Time) // the circuit opened (since), or closed (zero)
	slots    chan struct{}
	limiter  *rate.Limiter // of calls out
	incoming *rate.Limiter // of messages in
	mu       sync.Mutex
	breaker  circuitbreaker.CircuitBreaker[any] // nil: never opens
	since    time.Time                          // of the opening
}

// forever is longer than any process lives: failsafe-go's own clock must not close a circuit.
const forever = 100 * 365 * 24 * time.Hour

func newGate(x *Exchange, e Endpoint) *gate {
	limit := rate.Inf
	if e.Limits.Rate > 0 {
		limit = rate.Limit(e.Limits.Rate)
	}
	g := &gate{
		name: e.Name, delay: e.Limits.BreakerDelay, clock: x.clock,
		changed:  func(since time.Time) { x.circuitChanged(e, since) },
		slots:    make(chan struct{}, e.Limits.Concurrency),
		limiter:  rate.NewLimiter(limit, e.Limits.Burst),
		incoming: rate.NewLimiter(limit, e.Limits.Burst),
	}
	if e.Limits.BreakerFailures > 0 {
		g.breaker = circuitbreaker.NewBuilder[any]().
			WithFailureThreshold(uint(e.Limits.BreakerFailures)).
			WithSuccessThreshold(1).
			WithDelay(forever).
			Build()
	}
	if g.breaker != nil && !e.OpenSince.IsZero() { // it was open when the process before this one ended
		g.breaker.Open()
		g.since = e.OpenSince
	}
	return g
}

// enter waits for room and returns the function that leaves again. Its error is an *Unavailable.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	if err := g.limiter.Wait(ctx); err != nil {
		return nil, &Unavailable{Endpoint: g.name, Reason: ReasonLimited, Err: err}
	}
	select {
	case g.slots <- struct{}{}:
		return func() { <-g.slots }, nil
	case <-ctx.Done():
		return nil, &Unavailable{Endpoint: g.name, Reason: ReasonLimited, Err: ctx.Err()}
	}
}

// pass asks the breaker for one sending. After its delay an open circuit lets one trial through at a time.
func (g *gate) pass() error {
	if g.breaker == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.breaker.IsOpen() && g.clock.Now().Sub(g.since) >= g.delay {
		g.breaker.HalfOpen()
	}
	if !g.breaker.TryAcquirePermit() {
		return &Unavailable{Endpoint: g.name, Reason: ReasonCircuitOpen, Since: g.since, Err: ErrUnavailable}
	}
	return nil
}

// report tells the breaker how the sending went that pass let through.
func (g *gate) report(failed bool) {
	if g.breaker == nil {
		return
	}
	g.mu.Lock()
	was := g.breaker.State()
	if failed {
		g.breaker.RecordFailure()
	} else {
		g.breaker.RecordSuccess()
	}
	is := g.breaker.State()
	opened := is == circuitbreaker.OpenState && was != circuitbreaker.OpenState
	if opened {
		g.since = g.clock.Now()
	}
	closed := is == circuitbreaker.ClosedState && was != circuitbreaker.ClosedState
	since := g.since
	g.mu.Unlock()
	switch {
	case opened:
		g.changed(since)
	case closed:
		g.changed(time.Time{})
	}
}
