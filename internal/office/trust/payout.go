package trust

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
)

// Instruction tells the bank to pay, in this order.
type Instruction struct {
	Number    string
	Kind      string // Payout or Refund
	Agreement string
	Bank      string
	Account   string // the trust account
	Reason    string
	Payments  []Payment
}

// Total is the sum of the payments.
func (i *Instruction) Total() land.Fen {
	var sum land.Fen
	for _, p := range i.Payments {
		sum += p.Amount
	}
	return sum
}

// Payment is one of an instruction. A payer's refund has no account number: it goes back by the way it came.
type Payment struct {
	Kind    string // fee, lender, seller, retained; of a refund: down, loan
	Name    string
	Bank    string
	Account string
	Amount  land.Fen

	account uuid.UUID
}

// Pay makes the instruction for all payees whose condition has come true and who are not paid yet; what payers paid in too
// much goes back with it. While the bank works on an instruction the same one comes back; after one that failed in part a new one
// with a new number holds what is left. Nil when there is nothing left to pay. Errors: ErrNotArrived, ErrFrozen, ErrEnded,
// ErrNoAgreement.
func (l *Ledger) Pay(ctx context.Context, tx pgx.Tx, caseID uuid.UUID, condition string) (*Instruction, error) {
	r, err := l.lock(ctx, tx, caseID)
	if err != nil {
		return nil, err
	}
	chart, err := l.chart(ctx, tx, r.id)
	if err != nil {
		return nil, err
	}
	sent, err := l.sent(ctx, tx, r, chart)
	switch {
	case err != nil:
		return nil, err
	case sent != nil && sent.Kind == Payout:
		return sent, nil
	case r.state == Closed:
		return nil, nil
	case r.state == Refunding || r.state == Cancelled:
		return nil, ErrEnded
	case r.frozenBy != "":
		return nil, ErrFrozen
	case r.state != Paying && chart.receipt(r, false).Missing > 0:
		return nil, ErrNotArrived
	}
	return l.instruct(ctx, tx, r, Payout, "", append(chart.due(condition), chart.surplus()...))
}

// due lists the payees of a condition with what they are still to get.
func (c chart) due(condition string) []Payment {
	var out []Payment
	for _, a := range c {
		if rest := a.agreed - a.balance; a.side == "sink" && a.condition == condition && rest > 0 {
			out = append(out, a.payment(rest))
		}
	}
	return out
}

// surplus lists the payers who paid too much.
func (c chart) surplus() []Payment {
	var out []Payment
	for _, a := range c {
		if a.side == "source" && a.surplus() > 0 {
			out = append(out, a.payment(a.surplus()))
		}
	}
	return out
}

func (a *account) payment(amount land.Fen) Payment {
	return Payment{Kind: a.kind, Name: a.name, Bank: a.bank, Account: a.number, Amount: amount, account: a.id}
}

// Refund makes the instruction that gives everything back to those who paid it in. When nothing is held the agreement is
// cancelled at once and there is no instruction. Errors: ErrPaidOut when a payee has been paid, ErrFrozen, ErrNoAgreement.
func (l *Ledger) Refund(ctx context.Context, tx pgx.Tx, caseID uuid.UUID, reason string) (*Instruction, error) {
	r, err := l.lock(ctx, tx, caseID)
	if err != nil {
		return nil, err
	}
	chart, err := l.chart(ctx, tx, r.id)
	if err != nil {
		return nil, err
	}
	sent, err := l.sent(ctx, tx, r, chart)
	switch {
	case err != nil:
		return nil, err
	case sent != nil && sent.Kind == Refund:
		return sent, nil
	case sent != nil || r.state == Paying:
		return nil, ErrPaidOut
	case r.state == Closed || r.state == Cancelled:
		return nil, nil
	case r.frozenBy != "":
		return nil, ErrFrozen
	case chart.held().balance == 0:
		return nil, l.setState(ctx, tx, r, Cancelled)
	}
	if err := l.setState(ctx, tx, r, Refunding); err != nil {
		return nil, err
	}
	return l.instruct(ctx, tx, r, Refund, reason, chart.back())
}

// back lists what goes back: everything that came in, or, when the payees have been paid already, what came too much.
func (c chart) back() []Payment {
	if c.paidOut() {
		return c.surplus()
	}
	var out []Payment
	for _, a := range c {
		if a.side == "source" && a.balance < 0 {
			out = append(out, a.payment(-a.balance))
		}
	}
	return out
}

// instruct writes an instruction. Nothing to pay, nothing to tell.
func (l *Ledger) instruct(ctx context.Context, tx pgx.Tx, r *record, kind, reason string, payments []Payment) (*Instruction, error) {
	if len(payments) == 0 {
		return nil, nil
	}
	now := l.clock.Now()
	no, err := number(ctx, tx, "ZL", now)
	if err != nil {
		return nil, err
	}
	id := uuid.Must(uuid.NewV7())
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO trust.instruction (id, number, district, agreement, kind, reason, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, no, r.district, r.id, kind, reason, now)
	for n, p := range payments {
		b.Queue(`INSERT INTO trust.payment (instruction, seq, account, amount) VALUES ($1, $2, $3, $4)`, id, n+1, p.account, p.Amount)
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("trust: instruct: %w", err)
	}
	i := &Instruction{Number: no, Kind: kind, Agreement: r.number, Bank: r.bank, Reason: reason, Payments: payments}
	i.Account, err = l.open(r.account, "agreement.account", r.id)
	return i, err
}

// sent is the instruction that the bank works on; nil when there is none. Index instruction_one_sent.
func (l *Ledger) sent(ctx context.Context, tx pgx.Tx, r *record, chart chart) (*Instruction, error) {
	i := &Instruction{Agreement: r.number, Bank: r.bank}
	var id uuid.UUID
	err := tx.QueryRow(ctx, `SELECT id, number, kind, reason FROM trust.instruction WHERE agreement = $1 AND state = 'sent'`, r.id).
		Scan(&id, &i.Number, &i.Kind, &i.Reason)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("trust: instruction: %w", err)
	}
	if i.Payments, err = paymentsOf(ctx, tx, id, chart); err != nil {
		return nil, err
	}
	i.Account, err = l.open(r.account, "agreement.account", r.id)
	return i, err
}

func paymentsOf(ctx context.Context, tx pgx.Tx, instruction uuid.UUID, chart chart) ([]Payment, error) {
	rows, err := tx.Query(ctx, `SELECT account, amount FROM trust.payment WHERE instruction = $1 ORDER BY seq`, instruction)
	if err != nil {
		return nil, fmt.Errorf("trust: payments: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Payment, error) {
		var id uuid.UUID
		var amount land.Fen
		if err := row.Scan(&id, &amount); err != nil {
			return Payment{}, err
		}
		return chart.byID(id).payment(amount), nil
	})
}

// Result is what the bank says of one payment.
type Result struct {
	Paid      bool
	Reference string // the bank's voucher of what was paid
	Reason    string // why not
}

// Settled is the state of the agreement after the bank's answer.
type Settled struct {
	Again  bool // the answer was known; nothing was done
	Kind   string
	State  string
	Held   land.Fen
	Failed []Payment // to be told again, by Pay or Refund, under a new number
}

// Done books the bank's answer to an instruction, one result for each payment in its order. Told again it changes nothing.
// Errors: ErrNoInstruction, ErrResults.
func (l *Ledger) Done(ctx context.Context, tx pgx.Tx, instruction string, results []Result, at time.Time) (*Settled, error) {
	var id, caseID uuid.UUID
	var kind, state string
	err := tx.QueryRow(ctx, `SELECT a.case_id FROM trust.instruction i JOIN trust.agreement a ON a.id = i.agreement WHERE i.number = $1`, instruction).Scan(&caseID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNoInstruction
	}
	if err != nil {
		return nil, fmt.Errorf("trust: instruction: %w", err)
	}
	r, err := l.lock(ctx, tx, caseID)
	if err != nil {
		return nil, err
	}
	if err := tx.QueryRow(ctx, `SELECT id, kind, state FROM trust.instruction WHERE number = $1`, instruction).Scan(&id, &kind, &state); err != nil {
		return nil, fmt.Errorf("trust: instruction: %w", err)
	}
	chart, err := l.chart(ctx, tx, r.id)
	if err != nil {
		return nil, err
	}
	s := &Settled{Kind: kind, State: r.state, Held: chart.held().balance, Again: state == "done"}
	if s.Again {
		return s, nil
	}
	payments, err := paymentsOf(ctx, tx, id, chart)
	if err != nil {
		return nil, err
	}
	if len(payments) != len(results) {
		return nil, ErrResults
	}
	for n, p := range payments {
		if err := l.book(ctx, tx, r, chart, id, n+1, p, results[n], kind, at); err != nil {
			return nil, err
		}
		if !results[n].Paid {
			s.Failed = append(s.Failed, p)
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE trust.instruction SET state = 'done', done_at = $2 WHERE id = $1`, id, at); err != nil {
		return nil, fmt.Errorf("trust: done: %w", err)
	}
	if next := chart.after(kind); next != r.state {
		if err := l.setState(ctx, tx, r, next); err != nil {
			return nil, err
		}
	}
	s.State, s.Held = r.state, chart.held().balance
	return s, nil
}

// book writes one result: money that went, or why it did not.
func (l *Ledger) book(ctx context.Context, tx pgx.Tx, r *record, chart chart, instruction uuid.UUID, seq int, p Payment, res Result, kind string, at time.Time) error {
	if !res.Paid {
		if _, err := tx.Exec(ctx, `UPDATE trust.payment SET state = 'failed', reason = $3 WHERE instruction = $1 AND seq = $2`, instruction, seq, res.Reason); err != nil {
			return fmt.Errorf("trust: payment: %w", err)
		}
		return nil
	}
	if res.Reference == "" {
		return ErrResults
	}
	to := chart.byID(p.account)
	if to.side == "source" {
		kind = Refund
	}
	movement, err := l.move(ctx, tx, r, kind, res.Reference, at, chart.held(), to, p.Amount)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE trust.payment SET state = 'paid', movement = $3 WHERE instruction = $1 AND seq = $2`, instruction, seq, movement); err != nil {
		return fmt.Errorf("trust: payment: %w", err)
	}
	return nil
}

// after is the state that the accounts imply when the bank has answered.
func (c chart) after(kind string) string {
	empty := c.held().balance == 0
	switch {
	case kind == Refund && !empty:
		return Refunding
	case empty && c.paidOut():
		return Closed
	case empty:
		return Cancelled
	}
	return Paying
}

// paidOut reports whether every payee has got the whole.
func (c chart) paidOut() bool {
	for _, a := range c {
		if a.side == "sink" && a.balance < a.agreed {
			return false
		}
	}
	return true
}
