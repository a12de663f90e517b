package casework_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/democity"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/trust"
)

// reviewed takes a case through both reviews and the entry.
func (s *sale) reviewed() {
	s.t.Helper()
	s.pass("first", "first-review")
	s.pass("second", "second-review")
}

// lend has the lenders pay their parts into trust.
func (s *sale) lend() {
	s.t.Helper()
	c := s.now()
	for _, l := range c.Facts.Loans {
		d := casework.Deposit{Case: c.No, Agreement: c.Facts.Agreement, Voucher: uuid.NewString(), Amount: l.Amount, Loan: true, Payer: l.Lender, At: s.Clock.Now()}
		s.Do(func(ctx context.Context, tx pgx.Tx) error { return s.Cases.Deposited(ctx, tx, d) })
	}
	s.Work()
}

func TestSaleWithLoanFromSubmissionToArchive(t *testing.T) {
	s := inReview(t, "commercial")
	s.reviewed()
	if got := s.open(); len(got) != 2 || got[0] != "loan-arrival" || got[1] != "pickup" {
		t.Fatalf("after the entry the case waits at %v", got)
	}
	s.lend()
	s.decide("window", "pickup", casework.Decision{Values: map[string]string{"receiver": s.now().App.PartiesOf(message.Buyer)[0].Name}})
	s.wantEnd(casework.Done)
	c := s.now()
	if c.Facts.Title == "" || c.Facts.Mortgage == "" {
		t.Errorf("certificates %q and %q", c.Facts.Title, c.Facts.Mortgage)
	}
	if st := s.statement(); st.State != trust.Closed {
		t.Errorf("trust account is %s", st.State)
	}
	if len(s.refunds()) > 0 {
		t.Error("a sale that succeeded has refunds")
	}
	page, err := s.Register.Unit(t.Context(), s.Pool, c.Unit)
	if err != nil || page.Title.Holders[0].Name != c.App.PartiesOf(message.Buyer)[0].Name {
		t.Errorf("the book has %+v, %v", page.Title, err)
	}
	for _, kind := range []string{"sms.submitted", "sms.sheet", "sms.paid", "sms.accepted", "sms.deposit", "progress.entered", "sms.cert", "progress.closed"} {
		if len(s.told(kind)) == 0 {
			t.Errorf("nobody was told %s", kind)
		}
	}
}

// Loan parts are evaluated each by its lender, and joined in one mortgage (domain: the sale as a flow, 2).
func TestLoans(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		loan        string
		evaluations []string
	}{
		{"none", nil},
		{"commercial", []string{"bank.loan.evaluate"}},
		{"fund", []string{"fund.loan.evaluate"}},
		{"mixed", []string{"bank.loan.evaluate", "fund.loan.evaluate"}},
	} {
		t.Run(tt.loan, func(t *testing.T) {
			s := inReview(t, tt.loan)
			s.reviewed()
			evaluated := map[string]int{}
			orders, err := s.Cases.Orders(t.Context(), s.Pool, s.id)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range orders {
				if o.Node == "loan-bank" || o.Node == "loan-fund" {
					evaluated[o.Operation]++
				}
			}
			for _, op := range tt.evaluations {
				if evaluated[op] != 1 {
					t.Errorf("%s was asked %d times", op, evaluated[op])
				}
			}
			c := s.now()
			if len(evaluated) != len(tt.evaluations) || (c.Facts.Mortgage != "") != (len(tt.evaluations) > 0) {
				t.Errorf("evaluations %v, mortgage %q", evaluated, c.Facts.Mortgage)
			}
			s.wantMortgage(c)
		})
	}
}

// wantMortgage fails unless the book has one mortgage over all that was granted, or none.
func (s *sale) wantMortgage(c *casework.Case) {
	s.t.Helper()
	page, err := s.Register.Unit(s.t.Context(), s.Pool, c.Unit)
	if err != nil {
		s.t.Fatal(err)
	}
	granted := c.Facts.Granted()
	var claims []land.Fen
	for _, m := range page.Mortgages {
		if m.Certificate == c.Facts.Mortgage {
			claims = append(claims, m.Claim)
		}
	}
	switch {
	case granted == 0 && len(claims) > 0, granted > 0 && (len(claims) != 1 || claims[0] != granted):
		s.t.Errorf("mortgages over %v for a loan of %s", claims, granted)
	}
}

// Buyers by shares may each have a certificate of their own: the book keeps each number, and each holder gets their paper.
func TestCertificateForEachHolder(t *testing.T) {
	t.Parallel()
	o := officetest.New(t)
	i := slices.IndexFunc(o.City.Contracts, func(k democity.Contract) bool { return len(k.Buyers) == 2 && k.District != desk })
	if i < 0 {
		t.Fatal("the city has no contract with two buyers")
	}
	app := o.Application(i)
	s := &sale{o, t, app.ID}
	for n := range app.Parties {
		if app.Parties[n].Role == message.Buyer {
			app.Parties[n].Share = land.Share{Num: 1, Den: 2}
		}
	}
	buyers := app.PartiesOf(message.Buyer)
	district, _ := land.FindDistrict(app.Home.District)
	numbers := map[string]land.CertNumber{}
	for n, b := range buyers {
		no, err := land.MakeCertNumber(2026, district.Issuing, false, 770_001+n)
		if err != nil {
			t.Fatal(err)
		}
		numbers[b.Document.Number] = no
	}
	s.Cases.On("registry.entry.push", func(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
		e := casework.Entry{Title: numbers[buyers[0].Document.Number], Certificates: numbers, At: s.Clock.Now(), Registrar: "登簿人", Mirror: true}
		if len(app.Loan.Parts) > 0 {
			var err error
			if e.Mortgage, err = land.MakeCertNumber(2026, district.Issuing, true, 770_009); err != nil {
				return casework.Result{}, err
			}
		}
		return s.Cases.EntryDone(e), nil
	})
	s.Submit(app)
	s.Work()
	s.payAll()
	s.accept()
	s.reviewed()
	page, err := s.Register.Unit(t.Context(), s.Pool, app.Home.UnitCode)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range page.Title.Holders {
		if h.Certificate != numbers[h.Document.Number] {
			t.Errorf("%s has %s in the book, want %s", h.Name, h.Certificate, numbers[h.Document.Number])
		}
	}
	certificates, err := s.Cases.Certificates(t.Context(), s.Pool, s.now())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, c := range certificates {
		got[c.Number]++
	}
	for _, no := range numbers {
		if got[string(no)] != 1 {
			t.Errorf("%s was issued %d times", no, got[string(no)])
		}
	}
}

// The certificates go by EMS: ordered once, even when the process was killed after it had ordered; signed for, it is done.
func TestDeliveryByEMS(t *testing.T) {
	s, app := newSale(t, "none")
	app.Delivery = message.Delivery{Mode: "ems", Name: "王明", Phone: "13900001111", Address: "鼓楼路 1 号"}
	s.Submit(app)
	s.Work()
	s.payAll()
	s.accept()
	s.reviewed()
	order := s.Need(s.id, "delivery-ems")
	if order.SentAt == nil {
		t.Error("the order is not marked as taken")
	}
	if _, err := s.Pool.Exec(t.Context(), `UPDATE work_orders SET sent_at = NULL WHERE id = $1`, order.ID); err != nil {
		t.Fatal(err) // as if the process had been killed before it noted so
	}
	if err := s.Cases.Do(t.Context(), order.ID); err != nil {
		t.Fatal(err)
	}
	ordered := sentOf[message.ParcelOrder](s, message.ParcelOrdered, func(p message.ParcelOrder) uuid.UUID { return p.App })
	if len(ordered) != 1 || ordered[0].Order != order.ID || ordered[0].Address != app.Delivery.Address {
		t.Fatalf("parcels ordered: %+v", ordered)
	}
	parcel := message.Parcel{App: s.id, Order: order.ID, Label: "EA123456789CN", State: "posted", Text: "已收寄", At: s.Clock.Now()}
	s.FromHall(message.ParcelPosted, s.id, parcel)
	if got := s.told("sms.parcel"); len(got) == 0 {
		t.Error("nobody was told the number of the parcel")
	}
	parcel.State, parcel.Text = "signed", "已签收"
	s.FromHall(message.ParcelMoved, s.id, parcel)
	s.wantEnd(casework.Done)
	if c := s.now(); c.Facts.Waybill != parcel.Label {
		t.Errorf("waybill %q", c.Facts.Waybill)
	}
}

// The post brings the certificates back: the buyer is told, and a counter hands them over, to a buyer or with a reason.
func TestParcelComesBack(t *testing.T) {
	s, app := newSale(t, "none")
	app.Delivery = message.Delivery{Mode: "ems", Name: "王明", Phone: "13900001111", Address: "鼓楼路 1 号"}
	s.Submit(app)
	s.Work()
	s.payAll()
	s.accept()
	s.reviewed()
	parcel := message.Parcel{App: s.id, Order: s.Need(s.id, "delivery-ems").ID, Label: "EA123456789CN", State: "returned", Text: "已退回", At: s.Clock.Now()}
	for range 2 {
		s.FromHall(message.ParcelMoved, s.id, parcel)
	}
	if n := len(s.told("sms.returned")); n != len(app.PartiesOf(message.Buyer)) {
		t.Errorf("%d buyers were told", n)
	}
	o := s.Need(s.id, "delivery-ems")
	if _, err := s.Cases.Claim(t.Context(), s.Person("window"), o.ID); err != nil {
		t.Fatal(err)
	}
	give := func(receiver, opinion string) error {
		return s.Cases.Decide(t.Context(), s.Person("window"), o.ID, casework.Decision{Opinion: opinion, Values: map[string]string{"receiver": receiver}})
	}
	for _, receiver := range []string{"", "路人甲"} {
		var fields casework.FieldErrors
		if err := give(receiver, ""); !errors.As(err, &fields) || fields["receiver"] == "" {
			t.Errorf("given to %q: %v", receiver, err)
		}
	}
	if err := give("路人甲", "公证委托书（2026）泰证字第 1 号，身份证已核对"); err != nil {
		t.Fatal(err)
	}
	s.Work()
	s.wantEnd(casework.Done)
}

// A case that is done stays done, whatever comes later.
func TestNothingMovesADoneCase(t *testing.T) {
	s, app := newSale(t, "none")
	app.Delivery.Mode = "none"
	s.Submit(app)
	s.Work()
	s.payAll()
	s.accept()
	s.reviewed()
	s.wantEnd(casework.Done)
	seq := s.progress().Seq
	s.withdraw()
	s.Later(60 * day)
	s.Do(func(ctx context.Context, tx pgx.Tx) error {
		return s.Cases.UnitRestricted(ctx, tx, app.Home.UnitCode, "seizure", "查封", "", false)
	})
	s.wantEnd(casework.Done)
	if p := s.progress(); p.Seq > seq+1 { // the withdrawal is answered with how the case stands
		t.Errorf("%d snapshots were sent of a case that is over", p.Seq-seq)
	}
	if at := s.now().ClosedAt; at == nil || s.Clock.Now().Sub(*at) < 59*day-time.Hour {
		t.Errorf("closed at %v", at)
	}
}
