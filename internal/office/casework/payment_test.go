package casework_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/trust"
)

// Every payment that does not settle its bill goes back whole, once, however often the channel tells it.
func TestPaymentsThatGoBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(p *message.Payment)
		before func(s *sale, b message.Bill)
		after  string // state of the bill
	}{
		{"a fen short", func(p *message.Payment) { p.Amount-- }, nil, billing.Open},
		{"a fen more", func(p *message.Payment) { p.Amount++ }, nil, billing.Open},
		{"after its last day", func(p *message.Payment) { p.PaidAt = p.PaidAt.Add(11 * day) }, nil, billing.Open},
		{"a second time", nil, func(s *sale, b message.Bill) { s.notify(s.payment(b)) }, billing.Paid},
		{"after the bill was cancelled", nil, func(s *sale, _ message.Bill) { s.withdraw() }, billing.Cancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := prepared(t, "none")
			bill := s.bill("fee")
			if tt.before != nil {
				tt.before(s, bill)
			}
			p := s.payment(bill)
			if tt.change != nil {
				tt.change(&p)
			}
			s.notify(p)
			s.notify(p) // the channel repeats itself
			back := s.refunds()[bill.ID]
			if len(back) != 1 || back[0].Amount != p.Amount || back[0].Order != p.Order || back[0].Reason == "" {
				t.Errorf("refunds %+v", back)
			}
			if got := s.bills("fee", tt.after); len(got) != 1 {
				t.Errorf("the bill is not %s", tt.after)
			}
			s.refundDone(back[0])
		})
	}
}

// refundDone is the hall's word that the money went back; then no refund waits any more.
func (s *sale) refundDone(r message.Refund) {
	s.t.Helper()
	for range 2 {
		s.FromHall(message.RefundDone, s.id, message.RefundResult{Refund: r.ID, Reference: "R1", Amount: r.Amount, At: s.Clock.Now()})
	}
	if waiting, err := s.Billing.Waiting(s.t.Context(), s.Pool, s.id); err != nil || len(waiting) > 0 {
		s.t.Errorf("refunds that wait: %+v, %v", waiting, err)
	}
}

// The same transaction told twice settles the bill once.
func TestPaymentNotifiedTwice(t *testing.T) {
	s := prepared(t, "none")
	p := s.payment(s.bill("fee"))
	s.notify(p)
	s.notify(p)
	if len(s.refunds()) > 0 || len(s.bills("fee", billing.Paid)) != 1 {
		t.Errorf("refunds %+v", s.refunds())
	}
	s.paper(papers.ReceiptKind)
	if _, waits := s.Open(s.id)["pay-fee"]; waits {
		t.Error("the case still waits for the fee")
	}
}

// Paid in time, but word of it comes when the case has lapsed: it goes back by the way it came, whatever it was for.
func TestWordOfAPaymentComesAfterTheEnd(t *testing.T) {
	s := prepared(t, "none")
	s.confirmTax()
	var told []message.Payment
	for _, kind := range []string{"tax", "fee", "trust"} {
		told = append(told, s.payment(s.bill(kind)))
	}
	s.Clock.Advance(11 * day)
	if n, err := s.Cases.ExpireBills(t.Context()); err != nil || n != 3 {
		t.Fatalf("%d bills expired, %v", n, err)
	}
	s.Later(0)
	s.wantEnd(casework.Lapsed)
	for _, p := range told {
		s.notify(p)
		s.notify(p)
		if back := s.refunds()[p.Bill]; len(back) != 1 || back[0].Amount != p.Amount {
			t.Errorf("refunds %+v of a payment of %s", back, p.Amount)
		}
	}
	s.wantEnd(casework.Lapsed)
}

// dueOnSunday is a case whose bills end on a Sunday: the wait for the money goes on to the end of Monday.
func dueOnSunday(t *testing.T) *sale {
	t.Helper()
	s, app := newSale(t, "none")
	s.Clock.Advance(2 * day) // Thursday 26 November; the tenth day is Sunday 6 December
	s.Submit(app)
	s.Work()
	return s
}

func TestBillExpiresAndIsRenewed(t *testing.T) {
	s := dueOnSunday(t)
	old := s.bill("fee")
	s.Later(10*day - time.Hour)
	if n, err := s.Cases.ExpireBills(t.Context()); err != nil || n != 0 {
		t.Fatalf("on the last day %d bills expired, %v", n, err)
	}
	s.Later(day) // Monday morning
	if n, err := s.Cases.ExpireBills(t.Context()); err != nil || n != 2 {
		t.Fatalf("%d bills expired, %v; want those of fee and down payment", n, err)
	}
	if n, err := s.Cases.ExpireBills(t.Context()); err != nil || n != 0 {
		t.Errorf("%d bills expired again, %v", n, err)
	}
	closed := officetest.Sent[message.BillClosedBody](s.Office, message.BillClosed)
	if len(closed) != 2 || closed[0].State != billing.Expired {
		t.Errorf("the hall was told %+v", closed)
	}
	if got := s.told("sms.expired"); len(got) != 2 || got[0] != old.Payer {
		t.Errorf("told of the end of the bill: %v", got)
	}
	fresh := s.bill("fee")
	if fresh.ID == old.ID || fresh.Total != old.Total || !fresh.Until.After(old.Until) || len(fresh.Lines) != len(old.Lines) {
		t.Errorf("the fresh bill is %+v", fresh)
	}
	s.notify(s.payment(old)) // too late for the old one
	if back := s.refunds()[old.ID]; len(back) != 1 {
		t.Errorf("refunds %+v", back)
	}
	s.notify(s.payment(fresh))
	if _, waits := s.Open(s.id)["pay-fee"]; waits || len(s.refunds()) != 1 {
		t.Errorf("waits for the fee: %v, refunds %+v", waits, s.refunds())
	}
}

// Paid on the last day and told on Monday: the payment counts, and nobody can pay the renewal as well.
func TestWordOfAPaymentComesAfterTheRenewal(t *testing.T) {
	s := dueOnSunday(t)
	paid := s.payment(s.bill("fee"))
	s.Clock.Advance(11 * day)
	if _, err := s.Cases.ExpireBills(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh := s.bill("fee")
	s.notify(paid)
	if _, waits := s.Open(s.id)["pay-fee"]; waits || len(s.bills("fee", billing.Open)) > 0 {
		t.Error("the case still waits for the fee")
	}
	s.notify(s.payment(fresh))
	if back := s.refunds(); len(back) != 1 || len(back[fresh.ID]) != 1 {
		t.Errorf("refunds %+v", back)
	}
}

// The renewal was paid before word of the first payment came: the first one goes back.
func TestBothABillAndItsRenewalArePaid(t *testing.T) {
	s := dueOnSunday(t)
	paid := s.payment(s.bill("fee"))
	s.Clock.Advance(11 * day)
	if _, err := s.Cases.ExpireBills(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.notify(s.payment(s.bill("fee")))
	s.notify(paid)
	s.notify(paid)
	if back := s.refunds(); len(back) != 1 || len(back[paid.Bill]) != 1 {
		t.Errorf("refunds %+v", back)
	}
	s.withdraw()
	s.wantEnd(casework.Withdrawn)
	if back := s.refunds(); len(back) != 2 {
		t.Errorf("after the withdrawal %d refunds, want both payments of the fee, each once", len(back))
	}
}

// The bank's word of a deposit counts once by its voucher; too little waits for the rest.
func TestDownPaymentByTheBank(t *testing.T) {
	s := prepared(t, "none")
	c := s.now()
	half := func(voucher string) {
		t.Helper()
		d := casework.Deposit{Case: c.No, Agreement: c.Facts.Agreement, Voucher: voucher, Amount: c.App.Trust.DownPayment / 2, At: s.Clock.Now()}
		s.Do(func(ctx context.Context, tx pgx.Tx) error { return s.Cases.Deposited(ctx, tx, d) })
	}
	half("V1")
	half("V1")
	if s.Need(s.id, "deposit"); s.statement().Held != c.App.Trust.DownPayment/2 {
		t.Errorf("held %s", s.statement().Held)
	}
	half("V2")
	if _, waits := s.Open(s.id)["deposit"]; waits {
		t.Error("the case still waits for the down payment")
	}
	if n := len(s.bills("trust", billing.Open)); n > 0 {
		t.Error("the down payment can be paid again through the hall")
	}
	err := s.tx(func(ctx context.Context, tx pgx.Tx) error {
		return s.Cases.Deposited(ctx, tx, casework.Deposit{Case: c.No, Agreement: "TG-0", Voucher: "V3", Amount: 1, At: s.Clock.Now()})
	})
	if err != casework.ErrNoCase {
		t.Errorf("a deposit under another agreement: %v", err)
	}
}

// The down payment may come before the flow waits for it.
func TestDepositComesEarly(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("registry.survey.push", officetest.Answer(casework.Result{Pending: true}))
	s.Submit(app)
	s.Work()
	c := s.now()
	s.Do(func(ctx context.Context, tx pgx.Tx) error {
		return s.Cases.Deposited(ctx, tx, casework.Deposit{Case: c.No, Agreement: c.Facts.Agreement, Voucher: "V1", Amount: app.Trust.DownPayment, At: s.Clock.Now()})
	})
	if err := s.settle(s.Need(s.id, "survey-push").ID, says("pass")); err != nil {
		t.Fatal(err)
	}
	if _, waits := s.Open(s.id)["deposit"]; waits || len(s.bills("trust", billing.Open)) > 0 {
		t.Error("the case waits for a down payment that is there")
	}
	s.withdraw()
	s.wantEnd(casework.Withdrawn)
	if moves := s.statement().Moves; len(moves) != 2 {
		t.Errorf("moves in trust: %+v", moves)
	}
}

// What a bank could not pay goes to a person; with the voucher of a new payment the case goes on.
func TestBankCannotPay(t *testing.T) {
	s := inReview(t, "none")
	s.Cases.On("bank.trust.payout", func(ctx context.Context, c *casework.Case, _ casework.Order) (casework.Result, error) {
		i, err := s.Cases.PayOut(ctx, c)
		if err != nil {
			return casework.Result{}, err
		}
		return s.Cases.TrustMoved(i.Number, failed(len(i.Payments)), s.Clock.Now(), "已付"), nil
	})
	s.reviewed()
	o := s.Need(s.id, "payout")
	if o.Kind != casework.Person || o.Trouble == "" {
		t.Fatalf("the payout is of kind %s: %s", o.Kind, o.Trouble)
	}
	bank := s.Person("bank")
	if _, err := s.Cases.Claim(t.Context(), bank, o.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Cases.Decide(t.Context(), bank, o.ID, casework.Decision{}); err == nil {
		t.Error("a payout without a voucher was taken")
	}
	s.decide("bank", "payout", casework.Decision{Values: map[string]string{"voucher": "P-20261124-1"}})
	if st := s.statement(); st.Held != 0 {
		t.Errorf("held %s", st.Held)
	}
	s.decide("window", "pickup", casework.Decision{Values: map[string]string{"receiver": s.now().App.PartiesOf(message.Buyer)[0].Name}})
	s.wantEnd(casework.Done)
}

func failed(n int) []trust.Result {
	out := make([]trust.Result, n)
	for i := range out {
		out[i].Reason = "收款账户已注销"
	}
	return out
}

// A payment for a bill that nobody issued is put aside for a person, not lost and not applied.
func TestPaymentForAnUnknownBill(t *testing.T) {
	s := prepared(t, "none")
	p := s.payment(s.bill("fee"))
	p.Bill = uuid.Must(uuid.NewV7())
	s.FromHallOnly(message.PaymentReceived, s.id, p)
	if _, err := s.Door.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if parked, err := s.Door.ListParked(t.Context(), 5); err != nil || len(parked) != 1 {
		t.Errorf("parked %+v, %v", parked, err)
	}
	if len(s.refunds()) > 0 {
		t.Error("a refund was ordered")
	}
}
