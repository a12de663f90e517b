package trust_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"yichuang/internal/land"
	"yichuang/internal/office/trust"
)

// Whatever banks and cases do in whatever order: what came in equals what went out plus what is held, nobody gets more than is
// his, and what was told twice counts once.
func TestEveryFenIsAccountedFor(t *testing.T) {
	d := newDesk(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := &deals{d: d, rt: rt, a: deal()}
		m.a.Case = uuid.Must(uuid.NewV7())
		d.opened(m.a)
		for range rapid.IntRange(3, 14).Draw(rt, "acts") {
			rapid.SampledFrom([]func(){m.deposit, m.deposit, m.deposit, m.again, m.pay, m.pay, m.handOver, m.refund, m.answer, m.answer, m.answerAgain}).Draw(rt, "act")()
			m.check()
		}
	})
}

// deals follows the money of one agreement beside the ledger.
type deals struct {
	d        *desk
	rt       *rapid.T
	a        trust.Agreement
	in, out  land.Fen
	vouchers []trust.Deposit
	sent     *trust.Instruction
	answered string
	n        int
}

func (m *deals) allowed(err error, refusals ...error) bool {
	m.rt.Helper()
	if err == nil {
		return true
	}
	for _, r := range refusals {
		if errors.Is(err, r) {
			return false
		}
	}
	m.rt.Fatal(err)
	return false
}

func (m *deals) deposit() {
	m.n++
	in := trust.Deposit{Case: m.a.Case, Kind: trust.DownPayment, Reference: fmt.Sprintf("V%d", m.n), At: today}
	whole := []land.Fen{m.a.Down}
	if rapid.Bool().Draw(m.rt, "a loan") {
		lender := m.a.Loans[rapid.IntRange(0, 1).Draw(m.rt, "lender")]
		in.Kind, in.Lender = trust.Loan, lender.Name
		whole[0] = lender.Amount
	}
	in.Amount = rapid.SampledFrom([]land.Fen{whole[0], whole[0], whole[0] / 3, 1}).Draw(m.rt, "amount")
	m.book(in)
	m.in += in.Amount
	m.vouchers = append(m.vouchers, in)
}

func (m *deals) book(in trust.Deposit) (rec *trust.Receipt) {
	m.rt.Helper()
	m.allowed(m.d.tx(func(tx pgx.Tx) (err error) { rec, err = m.d.Deposit(m.d.t.Context(), tx, in); return err }))
	return rec
}

func (m *deals) again() {
	if len(m.vouchers) > 0 && !m.book(rapid.SampledFrom(m.vouchers).Draw(m.rt, "voucher")).Again {
		m.rt.Fatal("a voucher counted twice")
	}
}

func (m *deals) pay()      { m.instruct(m.d.pay(m.a.Case, trust.WhenEntered)) }
func (m *deals) handOver() { m.instruct(m.d.pay(m.a.Case, trust.WhenHandedOver)) }
func (m *deals) refund()   { m.instruct(m.d.refund(m.a.Case)) }

func (m *deals) instruct(i *trust.Instruction, err error) {
	m.rt.Helper()
	if !m.allowed(err, trust.ErrNotArrived, trust.ErrEnded, trust.ErrPaidOut) || i == nil {
		return
	}
	switch {
	case i.Total() > m.in-m.out:
		m.rt.Fatalf("told to pay %s of %s", i.Total(), m.in-m.out)
	case m.sent != nil && m.sent.Number != i.Number:
		m.rt.Fatal("two instructions at once")
	}
	m.sent = i
}

func (m *deals) answer() {
	if m.sent == nil {
		return
	}
	var results []trust.Result
	var paid land.Fen
	for n, p := range m.sent.Payments {
		ok := rapid.IntRange(0, 3).Draw(m.rt, "goes through") > 0
		results = append(results, trust.Result{Paid: ok, Reference: fmt.Sprintf("%s/%d", m.sent.Number, n), Reason: "户名不符"})
		if ok {
			paid += p.Amount
		}
	}
	s, err := m.d.done(m.sent.Number, results...)
	m.allowed(err)
	m.out += paid
	if s.Held != m.in-m.out {
		m.rt.Fatalf("%s held after the answer, want %s", s.Held, m.in-m.out)
	}
	m.answered, m.sent = m.sent.Number, nil
}

func (m *deals) answerAgain() {
	if m.answered == "" {
		return
	}
	if s, err := m.d.done(m.answered, trust.Result{Paid: true, Reference: "again"}); err != nil || !s.Again {
		m.rt.Fatalf("an answer counted twice: %+v, %v", s, err)
	}
}

func (m *deals) check() {
	m.rt.Helper()
	s := m.d.statement(m.a.Case)
	var in, out land.Fen
	for _, move := range s.Moves {
		in, out = in+move.In, out+move.Out
		if move.Held != in-out || move.Held < 0 {
			m.rt.Fatalf("%s held after %+v", move.Held, move)
		}
	}
	if in != m.in || out != m.out || s.Held != in-out {
		m.rt.Fatalf("ledger: %s in, %s out, %s held; banks: %s in, %s out", in, out, s.Held, m.in, m.out)
	}
	if (s.State == trust.Closed || s.State == trust.Cancelled) && s.Held != 0 {
		m.rt.Fatalf("%s with %s held", s.State, s.Held)
	}
	var sum land.Fen
	if err := m.d.pool.QueryRow(m.d.t.Context(), `SELECT sum(balance) FROM trust.account a JOIN trust.agreement g ON g.id = a.agreement WHERE g.case_id = $1`, m.a.Case).Scan(&sum); err != nil || sum != 0 {
		m.rt.Fatalf("balances sum to %s (%v)", sum, err)
	}
}
