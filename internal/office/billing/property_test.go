package billing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/billing"
)

// Whatever channels tell, in whatever order and how often: each fen that came is kept against a bill that is paid, or is on
// its way back, and never both.
func TestEveryFenIsAccountedFor(t *testing.T) {
	c := newCashier(t)
	rapid.Check(t, func(rt *rapid.T) {
		c.clk.Set(today)
		m := &money{c: c, rt: rt, id: uuid.Must(uuid.NewV7())}
		for range rapid.IntRange(3, 15).Draw(rt, "acts") {
			rapid.SampledFrom([]func(){m.issue, m.issue, m.pay, m.pay, m.pay, m.again, m.wait, m.cancel, m.refund}).Draw(rt, "act")()
			m.check()
		}
	})
}

// money follows one case beside the office.
type money struct {
	c     *cashier
	rt    *rapid.T
	id    uuid.UUID
	n     int
	bills []*billing.Bill
	told  []message.Payment
}

func (m *money) do(fn func(tx pgx.Tx) error) {
	m.rt.Helper()
	if err := m.c.tx(fn); err != nil {
		m.rt.Fatal(err)
	}
}

func (m *money) issue() {
	m.n++
	n := asked()
	n.Case, n.Key = m.id, fmt.Sprintf("k%d", m.n)
	n.Lines[0].Amount = land.Fen(rapid.Int64Range(0, 1e9).Draw(m.rt, "amount"))
	n.Until = m.c.clk.Now().Add(time.Duration(rapid.IntRange(1, 48).Draw(m.rt, "hours")) * time.Hour)
	m.do(func(tx pgx.Tx) error {
		b, err := m.c.Issue(m.c.t.Context(), tx, n)
		m.bills = append(m.bills, b)
		return err
	})
}

func (m *money) pay() {
	if len(m.bills) == 0 {
		return
	}
	m.n++
	b := rapid.SampledFrom(m.bills).Draw(m.rt, "bill")
	p := paymentOf(b, fmt.Sprintf("%s/%d", m.id, m.n))
	p.PaidAt = m.c.clk.Now().Add(-time.Duration(rapid.IntRange(0, 10).Draw(m.rt, "hours ago")) * time.Hour)
	p.Amount += land.Fen(rapid.SampledFrom([]int64{0, 0, 0, 1, -1}).Draw(m.rt, "off by"))
	m.told = append(m.told, p)
	m.tell(p, false)
}

func (m *money) again() {
	if len(m.told) > 0 {
		m.tell(rapid.SampledFrom(m.told).Draw(m.rt, "payment"), true)
	}
}

func (m *money) tell(p message.Payment, again bool) {
	m.rt.Helper()
	rec, err := m.c.paid(p)
	if err != nil || rec.Again != again {
		m.rt.Fatalf("receipt %+v, %v", rec, err)
	}
	if !again && (rec.Outcome == billing.Accepted) == (rec.Refund != nil) {
		m.rt.Fatalf("%s with refund %+v", rec.Outcome, rec.Refund)
	}
}

func (m *money) wait() {
	m.c.clk.Advance(time.Duration(rapid.IntRange(1, 30).Draw(m.rt, "hours")) * time.Hour)
	m.do(func(tx pgx.Tx) error { _, err := m.c.Expire(m.c.t.Context(), tx, m.id); return err })
}

func (m *money) cancel() {
	m.do(func(tx pgx.Tx) error { _, err := m.c.Cancel(m.c.t.Context(), tx, m.id); return err })
}

func (m *money) refund() {
	m.do(func(tx pgx.Tx) error { _, err := m.c.Refund(m.c.t.Context(), tx, m.id, "终止"); return err })
}

func (m *money) check() {
	m.rt.Helper()
	var came, kept, back land.Fen
	for _, p := range m.told {
		came += p.Amount
	}
	bills, err := m.c.Bills(m.c.t.Context(), m.c.pool, m.id)
	if err != nil {
		m.rt.Fatal(err)
	}
	for _, b := range bills {
		if b.State == billing.Paid {
			kept += b.Total
		}
		if b.State == billing.Open && b.Until.Before(m.c.clk.Now()) {
			due, err := m.c.Due(m.c.t.Context(), m.c.pool)
			if err != nil || len(due) == 0 {
				m.rt.Fatalf("nothing is due: %v", err)
			}
		}
	}
	waiting, err := m.c.Waiting(m.c.t.Context(), m.c.pool, m.id)
	if err != nil {
		m.rt.Fatal(err)
	}
	for _, r := range waiting {
		back += r.Amount
	}
	if came != kept+back {
		m.rt.Fatalf("%s came, %s is kept, %s goes back", came, kept, back)
	}
}
