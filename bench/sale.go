package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/democity"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
)

// tooLong is when a case is given up: something is broken then. A busy machine with many cases at a time takes a minute.
const tooLong = 6 * time.Minute

// casesAtOnce measures whole sales, from the application at the hall to the archive: ferry, flow, jobs, papers and all.
func casesAtOnce(some, n int) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		t, err := openTown(ctx, b, fmt.Sprintf("case%d", some))
		if err != nil {
			return err
		}
		apps := t.applications(n)
		var took time.Duration
		err = t.run(ctx, func(ctx context.Context) (err error) {
			took, err = b.atOnce(ctx, n, some, func(ctx context.Context, i int) error { return t.sell(ctx, apps[i]) })
			return err
		})
		if err != nil {
			return err
		}
		return b.report(line{Name: fmt.Sprintf("case.%d", some), Value: rate(n, took), Unit: "1/s", Better: higher,
			Of: "whole sales from application to archive, " + at(some) + ", departments answering at once, both zones and PostgreSQL on one machine", N: n})
	}
}

// applications makes one for each home that is for sale, up to n; those of the district where people do the registry's work
// come last and are not needed.
func (t *town) applications(n int) []message.Application {
	var out []message.Application
	for i, k := range t.city.Contracts {
		if k.District == democity.DeskDistrict || len(out) == n {
			continue
		}
		app := officetest.ApplicationOf(t.city, i, t.b.clock.Now())
		app.Delivery = message.Delivery{Mode: "ems", Name: app.PartiesOf(message.Buyer)[0].Name, Phone: "13900001111", Address: app.Home.Address}
		out = append(out, app)
	}
	return out
}

// sell submits an application and does what people do, until the case is archived.
func (t *town) sell(ctx context.Context, app message.Application) error {
	ctx, cancel := context.WithTimeout(ctx, tooLong)
	defer cancel()
	news := make(chan message.Progress, 256)
	t.mu.Lock()
	t.cases[app.ID] = news
	t.mu.Unlock()
	err := pg.InTx(ctx, t.hall.Pool(), func(tx pgx.Tx) error {
		return t.hall.Send(ctx, tx, ferry.Message{Type: message.ApplicationSubmitted, Case: app.ID.String(), Body: message.Submitted{Application: app, At: t.b.clock.Now()}})
	})
	for err == nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("case of %s is stuck: %w", app.Home.UnitCode, ctx.Err())
		case p := <-news:
			switch {
			case p.State == casework.Done:
				return nil
			case p.State != casework.Running:
				return fmt.Errorf("case %s ended as %s", p.Case, p.State)
			case needsPeople(p):
				err = t.attend(ctx, app.ID)
			}
		}
	}
	return err
}

// needsPeople tells whether a snapshot may mean work for a person or for a lender.
func needsPeople(p message.Progress) bool {
	return p.NeedsVisit || slices.ContainsFunc(p.Now, func(w message.Waiting) bool { return w.Holder == "不动产登记中心" || w.Holder == "银行" })
}

// attend does the open orders of people, and pays in the loans when the case waits for them.
func (t *town) attend(ctx context.Context, id uuid.UUID) error {
	rows, err := t.pool.Query(ctx, `SELECT id, node FROM work_orders WHERE case_id = $1 AND state = 'open' AND kind <> 'system'`, id)
	if err != nil {
		return err
	}
	open, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		ID   uuid.UUID
		Node string
	}])
	if err != nil {
		return err
	}
	for _, o := range open {
		switch person, ok := t.desk[o.Node]; {
		case ok:
			if _, err = t.Cases.Claim(ctx, person, o.ID); err == nil {
				err = t.Cases.Decide(ctx, person, o.ID, casework.Decision{Outcome: "pass", Opinion: "同意", Values: map[string]string{"compared": "yes"}})
			}
		case o.Node == "loan-arrival":
			err = t.lend(ctx, id)
		}
		if err != nil && !errors.Is(err, casework.ErrNotOpen) { // an older snapshot told of what is done by now
			return err
		}
	}
	return nil
}

// lend is the lenders' word that the loans are in trust.
func (t *town) lend(ctx context.Context, id uuid.UUID) error {
	c, err := t.Cases.ByID(ctx, t.pool, id)
	if err != nil {
		return err
	}
	for _, l := range c.Facts.Loans {
		d := casework.Deposit{Case: c.No, Agreement: c.Facts.Agreement, Voucher: id.String() + l.Kind, Amount: l.Amount, Loan: true, Payer: l.Lender, At: t.b.clock.Now()}
		if err := pg.InTx(ctx, t.pool, func(tx pgx.Tx) error { return t.Cases.Deposited(ctx, tx, d) }); err != nil {
			return err
		}
	}
	return nil
}

// measureSubmissions opens cases: number, reservation, agreement, notices, and the first jobs of the flow in the queue.
func measureSubmissions(ctx context.Context, b *bench) error {
	const n, some = 400, 8
	t, err := openTown(ctx, b, "submission")
	if err != nil {
		return err
	}
	homes := t.applications(len(t.city.Contracts))
	took, err := b.atOnce(ctx, n, some, func(ctx context.Context, i int) error {
		app := homes[i%len(homes)]
		app.ID = uuid.Must(uuid.NewV7())
		return pg.InTx(ctx, t.pool, func(tx pgx.Tx) error {
			return t.Cases.Open(ctx, tx, message.Submitted{Application: app, At: b.clock.Now()})
		})
	})
	if err != nil {
		return err
	}
	return b.report(line{Name: "submission.8", Value: rate(n, took), Unit: "1/s", Better: higher, Of: "applications that became cases, " + at(some), N: n})
}
