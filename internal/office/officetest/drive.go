package officetest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/exchange"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/staff"
)

// InsertTx keeps the jobs of casework until Work; it makes Office a casework.Jobs.
func (o *Office) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch x := args.(type) {
	case casework.DoArgs:
		o.jobs = append(o.jobs, x)
	case casework.TidingsArgs:
		o.Spread = append(o.Spread, x.Tidings)
	}
	return nil
}

// Work does the queued system orders until none is left. Those whose department did not answer wait for Retry.
func (o *Office) Work() {
	o.T.Helper()
	for {
		next, ok := o.nextJob()
		if !ok {
			return
		}
		err := o.Cases.Do(o.T.Context(), next.Order)
		switch {
		case errors.Is(err, exchange.ErrUnavailable):
			o.failed = append(o.failed, next)
		case err != nil && !errors.Is(err, casework.ErrNoOrder):
			o.T.Fatalf("order %s: %v", next.Order, err)
		}
	}
}

func (o *Office) nextJob() (next casework.DoArgs, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.jobs) == 0 {
		return next, false
	}
	next, o.jobs = o.jobs[0], o.jobs[1:]
	return next, true
}

// Retry tries once more what no department has answered, as the queue does after its pause.
func (o *Office) Retry() {
	o.T.Helper()
	o.mu.Lock()
	o.jobs, o.failed = append(o.jobs, o.failed...), nil
	o.mu.Unlock()
	o.Work()
}

// Forget loses the queued jobs, as a process does that is killed before it began them. It lists the orders.
func (o *Office) Forget() []uuid.UUID {
	o.mu.Lock()
	defer o.mu.Unlock()
	var lost []uuid.UUID
	for _, j := range append(o.jobs, o.failed...) {
		lost = append(lost, j.Order)
	}
	o.jobs, o.failed = nil, nil
	return lost
}

// Later lets time pass, fires the timers of the flows that are due, and does what follows.
func (o *Office) Later(d time.Duration) {
	o.T.Helper()
	o.Clock.Advance(d)
	_, err := o.Engine.FireAllDue(o.T.Context(), o.Pool)
	o.must(err)
	o.Work()
}

// Submit opens a case of an application and returns it.
func (o *Office) Submit(app message.Application) *casework.Case {
	o.T.Helper()
	o.Do(func(ctx context.Context, tx pgx.Tx) error {
		return o.Cases.Open(ctx, tx, message.Submitted{Application: app, At: o.Clock.Now()})
	})
	return o.Case(app.ID)
}

// Do runs f in a transaction.
func (o *Office) Do(f func(ctx context.Context, tx pgx.Tx) error) {
	o.T.Helper()
	o.must(pg.InTx(o.T.Context(), o.Pool, func(tx pgx.Tx) error { return f(o.T.Context(), tx) }))
}

// Case reads a case.
func (o *Office) Case(id uuid.UUID) *casework.Case {
	o.T.Helper()
	c, err := o.Cases.ByID(o.T.Context(), o.Pool, id)
	o.must(err)
	return c
}

// Open lists the nodes of the open work orders of a case.
func (o *Office) Open(id uuid.UUID) map[string]casework.Order {
	o.T.Helper()
	all, err := o.Cases.Orders(o.T.Context(), o.Pool, id)
	o.must(err)
	out := map[string]casework.Order{}
	for _, x := range all {
		if x.State == "open" {
			out[x.Node] = x
		}
	}
	return out
}

// Need fails unless the case waits at the node, and returns its order.
func (o *Office) Need(id uuid.UUID, node string) casework.Order {
	o.T.Helper()
	open := o.Open(id)
	x, ok := open[node]
	if !ok {
		var names []string
		for n, w := range open {
			names = append(names, n+"("+w.Kind+")")
		}
		c := o.Case(id)
		o.T.Fatalf("case is %s (%s), waits at %s, not at %s", c.State, c.Facts.WhyClosed, strings.Join(names, " "), node)
	}
	return x
}

// Person is the member of staff with a login of this office: see people.
func (o *Office) Person(login string) staff.Person {
	o.T.Helper()
	p, err := o.Staff.BySignIn(o.T.Context(), o.Pool, login)
	o.must(err)
	return p
}

// Decide claims and decides an order.
func (o *Office) Decide(by staff.Person, order casework.Order, d casework.Decision) {
	o.T.Helper()
	_, err := o.Cases.Claim(o.T.Context(), by, order.ID)
	o.must(err)
	o.must(o.Cases.Decide(o.T.Context(), by, order.ID, d))
	o.Work()
}

// Pay pays the open bills of a kind as the hall reports it.
func (o *Office) Pay(id uuid.UUID, kind string) {
	o.T.Helper()
	bills, err := o.Billing.Bills(o.T.Context(), o.Pool, id)
	o.must(err)
	for _, b := range bills {
		if b.Kind == kind && b.State == billing.Open {
			o.FromHall(message.PaymentReceived, id, message.Payment{App: id, Bill: b.ID, Order: uuid.Must(uuid.NewV7()), Channel: "wechat", Reference: uuid.NewString(), Amount: b.Total, PaidAt: o.Clock.Now()})
		}
	}
}
