package casework_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/ferry/message"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/trust"
)

const day = 24 * time.Hour

// desk is the district whose registry has no interface.
const desk = "321283"

// sale is one case in an office of its own.
type sale struct {
	*officetest.Office
	t  *testing.T
	id uuid.UUID
}

// newSale makes an office with an application that is not submitted yet. Loan is none, commercial, fund or mixed.
func newSale(t *testing.T, loan string) (*sale, message.Application) {
	t.Helper()
	t.Parallel()
	o := officetest.New(t)
	app := o.Application(contract(o, loan, false))
	return &sale{o, t, app.ID}, app
}

// contract finds a contract of the city by its loan, in the desk district or elsewhere.
func contract(o *officetest.Office, loan string, atDesk bool) int {
	i := slices.IndexFunc(o.City.Contracts, func(k democity.Contract) bool {
		kind := "none"
		if len(k.Loan) > 0 {
			kind = k.Loan[0].Kind
		}
		if len(k.Loan) > 1 {
			kind = "mixed"
		}
		return kind == loan && (k.District == desk) == atDesk
	})
	if i < 0 {
		o.T.Fatalf("the city has no contract with loan %s", loan)
	}
	return i
}

// prepared is a case that waits for money and the counter: checks and departments are done.
func prepared(t *testing.T, loan string) *sale {
	t.Helper()
	s, app := newSale(t, loan)
	s.Submit(app)
	s.Work()
	return s
}

// inReview is a case that waits for its first review.
func inReview(t *testing.T, loan string) *sale {
	t.Helper()
	s := prepared(t, loan)
	s.payAll()
	s.accept()
	return s
}

func (s *sale) now() *casework.Case { return s.Case(s.id) }

// confirmTax confirms the latest assessment for both sides.
func (s *sale) confirmTax() {
	s.t.Helper()
	a := s.assessment()
	for _, ref := range []string{"s1", "b1"} {
		s.FromHall(message.TaxConfirmed, s.id, message.TaxDecision{App: s.id, Assessment: a.Number, Round: a.Round, By: ref})
	}
}

func (s *sale) dispute() {
	s.t.Helper()
	a := s.assessment()
	s.FromHall(message.TaxDisputed, s.id, message.TaxDecision{App: s.id, Assessment: a.Number, Round: a.Round, By: "b1", Reason: "这是首套房"})
}

// assessment is the latest that the hall has got.
func (s *sale) assessment() message.Assessment {
	s.t.Helper()
	all := sentOf[message.Assessment](s, message.AssessmentReady, func(a message.Assessment) uuid.UUID { return a.App })
	if len(all) == 0 {
		s.t.Fatal("no assessment reached the hall")
	}
	return all[len(all)-1]
}

// sentOf is what the hall has got of this case.
func sentOf[T any](s *sale, typ message.Type, app func(T) uuid.UUID) []T {
	return slices.DeleteFunc(officetest.Sent[T](s.Office, typ), func(x T) bool { return app(x) != s.id })
}

func (s *sale) payAll() {
	s.t.Helper()
	s.confirmTax()
	for _, kind := range []string{"tax", "fee", "trust"} {
		s.Pay(s.id, kind)
	}
}

func (s *sale) accept() {
	s.t.Helper()
	s.decide("window", "accept", casework.Decision{Outcome: "pass", Values: map[string]string{"compared": "yes"}})
}

// decide claims and decides the open order at a node.
func (s *sale) decide(login, node string, d casework.Decision) {
	s.t.Helper()
	s.Decide(s.Person(login), s.Need(s.id, node), d)
}

func (s *sale) pass(login, node string) {
	s.t.Helper()
	s.decide(login, node, casework.Decision{Outcome: "pass", Opinion: "同意"})
}

func (s *sale) withdraw() {
	s.t.Helper()
	s.FromHall(message.ApplicationWithdrawn, s.id, message.Withdrawn{App: s.id, Reason: "不想卖了", By: "s1,b1"})
}

// bill is the open bill of a kind.
func (s *sale) bill(kind string) message.Bill {
	s.t.Helper()
	bills := s.bills(kind, billing.Open)
	if len(bills) != 1 {
		s.t.Fatalf("%d open bills of kind %s", len(bills), kind)
	}
	return bills[0].Message()
}

func (s *sale) bills(kind, state string) []*billing.Bill {
	s.t.Helper()
	all, err := s.Billing.Bills(s.t.Context(), s.Pool, s.id)
	if err != nil {
		s.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(b *billing.Bill) bool { return b.Kind != kind || b.State != state })
}

// payment is the word of a channel that a bill was paid in full just now.
func (s *sale) payment(b message.Bill) message.Payment {
	return message.Payment{App: s.id, Bill: b.ID, Order: uuid.Must(uuid.NewV7()), Channel: "wechat", Reference: uuid.NewString(), Amount: b.Total, PaidAt: s.Clock.Now()}
}

func (s *sale) notify(p message.Payment) {
	s.t.Helper()
	s.FromHall(message.PaymentReceived, s.id, p)
}

// refunds are those that the hall was told to make, by bill.
func (s *sale) refunds() map[uuid.UUID][]message.Refund {
	out := map[uuid.UUID][]message.Refund{}
	for _, r := range sentOf[message.Refund](s, message.RefundOrdered, func(r message.Refund) uuid.UUID { return r.App }) {
		out[r.Bill] = append(out[r.Bill], r)
	}
	return out
}

// wantRefunded fails unless exactly the bills of these kinds that were paid went back, each once and whole.
func (s *sale) wantRefunded(kinds ...string) {
	s.t.Helper()
	got := s.refunds()
	want := 0
	for _, kind := range kinds {
		for _, b := range s.bills(kind, billing.Refunded) {
			want++
			if r := got[b.ID]; len(r) != 1 || r[0].Amount != b.Total {
				s.t.Errorf("refunds of the %s bill over %s: %+v", kind, b.Total, r)
			}
		}
	}
	if want == 0 || len(got) != want {
		s.t.Errorf("%d bills were refunded, want %d of %v", len(got), want, kinds)
	}
}

// statement is the trust account of the case.
func (s *sale) statement() *trust.Statement {
	s.t.Helper()
	st, err := s.Trust.Statement(s.t.Context(), s.Pool, s.id)
	if err != nil || st == nil {
		s.t.Fatalf("trust account: %+v, %v", st, err)
	}
	return st
}

// wantEnd fails unless the case ended so, nothing is open, the unit is free, and no money is held.
func (s *sale) wantEnd(state string) {
	s.t.Helper()
	c := s.now()
	if c.State != state {
		s.t.Fatalf("case is %s (%s), want %s; open: %v", c.State, c.Facts.WhyClosed, state, s.open())
	}
	if open := s.open(); len(open) > 0 {
		s.t.Errorf("an ended case has open orders %v", open)
	}
	page, err := s.Register.Unit(s.t.Context(), s.Pool, c.Unit)
	if err != nil {
		s.t.Fatal(err)
	}
	if page.Reservation != nil && page.Reservation.Case == s.id {
		s.t.Error("the unit is still reserved")
	}
	for _, kind := range []string{"tax", "fee", "trust"} {
		if n := len(s.bills(kind, billing.Open)); n > 0 {
			s.t.Errorf("%d %s bills can still be paid", n, kind)
		}
	}
	if st := s.statement(); st.Held != 0 || state != casework.Done && st.State != trust.Cancelled {
		s.t.Errorf("trust account is %s and holds %s", st.State, st.Held)
	}
	if p := s.progress(); p.State != state || p.CanWithdraw {
		s.t.Errorf("the hall was told %s, can withdraw: %v", p.State, p.CanWithdraw)
	}
}

func (s *sale) open() []string {
	var out []string
	for node := range s.Open(s.id) {
		out = append(out, node)
	}
	slices.Sort(out)
	return out
}

// progress is the latest snapshot that the hall has got.
func (s *sale) progress() message.Progress {
	s.t.Helper()
	all := sentOf[message.Progress](s, message.CaseProgress, func(p message.Progress) uuid.UUID { return p.App })
	return slices.MaxFunc(all, func(a, b message.Progress) int { return int(a.Seq - b.Seq) })
}

// told lists the notices of a kind that were sent, by party.
func (s *sale) told(kind string) []string {
	var out []string
	for _, n := range sentOf[message.Notice](s, message.NoticeSent, func(n message.Notice) uuid.UUID { return n.App }) {
		if n.Kind == kind {
			out = append(out, n.Party)
		}
	}
	return out
}

// past tells whether the history that the parties see has a line with the words.
func (s *sale) past(words string) bool {
	return slices.ContainsFunc(s.progress().Past, func(h message.Happened) bool { return strings.Contains(h.Text, words) })
}

// calls counts how often an operation was called, and answers "done".
func (s *sale) calls(operation string) *int {
	n := new(int)
	s.Cases.On(operation, func(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
		*n++
		return casework.Result{}, nil
	})
	return n
}

// says is an answer with an outcome.
func says(outcome string, more ...casework.Request) casework.Result {
	return casework.Result{Data: map[string]any{"outcome": outcome}, Opinion: "见意见", Requests: more}
}

// inTurn answers with one result after the other; the last one stays.
func inTurn(results ...casework.Result) casework.Act {
	return func(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
		r := results[0]
		if len(results) > 1 {
			results = results[1:]
		}
		return r, nil
	}
}

// atDesk is an act of an operation that people do.
func atDesk(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
	return casework.Result{}, exchange.ErrDesk
}

// tx runs f in a transaction and gives its error.
func (s *sale) tx(f func(ctx context.Context, tx pgx.Tx) error) error {
	s.t.Helper()
	tx, err := s.Pool.Begin(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := f(s.t.Context(), tx); err != nil {
		if rollback := tx.Rollback(s.t.Context()); rollback != nil {
			s.t.Fatal(rollback)
		}
		return err
	}
	return tx.Commit(s.t.Context())
}

func (s *sale) settle(order uuid.UUID, r casework.Result) error {
	s.t.Helper()
	return s.tx(func(ctx context.Context, tx pgx.Tx) error { return s.Cases.Settle(ctx, tx, order, r) })
}
