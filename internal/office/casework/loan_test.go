package casework_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
)

// grants has the bank grant some percent of what was applied for.
func (s *sale) grants(percent land.Fen) {
	s.Cases.On("bank.loan.evaluate", func(_ context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
		part, err := c.LoanOf(o)
		return s.Cases.LoanGranted(casework.LoanFact{Kind: "commercial", Amount: part.Amount * percent / 100, Contract: "JK-1", MortgageContract: "DY-1",
			From: "2026-12-01", Until: "2046-12-01"}), err
	})
}

// A bank that grants less: the buyer pays the difference with the down payment, is told so, and everything sums up to the price.
func TestLoanGrantedLess(t *testing.T) {
	s, app := newSale(t, "commercial")
	s.grants(90)
	s.Submit(app)
	s.Work()
	less := app.Loan.Total() / 10
	if n := len(s.told("sms.loan")); n != len(app.Parties) || !s.past("差额由买方") {
		t.Errorf("%d of %d parties were told", n, len(app.Parties))
	}
	s.payAll()
	if got := s.bills("trust", "paid"); len(got) != 1 || got[0].Total != app.Trust.DownPayment+less {
		t.Fatalf("bills %+v, want %s", got, app.Trust.DownPayment+less)
	}
	s.accept()
	s.reviewed()
	s.lend()
	if got := s.statement(); got.Held != 0 || got.Expected != app.Contract.Price {
		t.Errorf("held %s of %s", got.Held, got.Expected)
	}
	s.wantMortgage(s.now())
}

// Evaluated again after a correction the bank grants more: the second decision counts, not their sum.
func TestLoanGrantedAnew(t *testing.T) {
	s, app := newSale(t, "commercial")
	s.grants(80)
	s.Submit(app)
	s.Work()
	first := s.now()
	if got, want := first.DownPayment(), app.Trust.DownPayment+app.Loan.Total()/5; got != want {
		t.Fatalf("down payment %s, want %s", got, want)
	}
	again := s.Cases.LoanGranted(casework.LoanFact{Kind: "commercial", Amount: app.Loan.Total()})
	s.Do(func(ctx context.Context, tx pgx.Tx) error { return again.Effect(ctx, tx, first) })
	if got := s.now().DownPayment(); got != app.Trust.DownPayment {
		t.Errorf("down payment %s, want %s", got, app.Trust.DownPayment)
	}
}

// More than was applied for, nothing, or by a lender that nobody asked: refused, and nothing is kept.
func TestImpossibleGrants(t *testing.T) {
	s, app := newSale(t, "commercial")
	s.Cases.On("bank.loan.evaluate", officetest.Answer(casework.Result{Pending: true}))
	s.Submit(app)
	s.Work()
	for _, l := range []casework.LoanFact{{Kind: "commercial", Amount: app.Loan.Total() + 1}, {Kind: "commercial"}, {Kind: "commercial", Amount: -1}, {Kind: "fund", Amount: 1}} {
		if err := s.settle(s.Need(s.id, "loan-bank").ID, s.Cases.LoanGranted(l)); err == nil {
			t.Errorf("%+v was taken", l)
		}
	}
	if got := s.now().Facts.Loans; len(got) > 0 {
		t.Errorf("kept %+v", got)
	}
}

// The bank holds the mortgage for both lenders of a combined loan, whoever answered first.
func TestMortgageeOfACombinedLoan(t *testing.T) {
	s, app := newSale(t, "mixed")
	s.Cases.On("bank.loan.evaluate", officetest.Answer(casework.Result{Pending: true}))
	s.Submit(app)
	s.Work()
	for _, p := range app.Loan.Parts {
		if p.Kind == "commercial" {
			if err := s.settle(s.Need(s.id, "loan-bank").ID, s.Cases.LoanGranted(casework.LoanFact{Kind: p.Kind, Amount: p.Amount, From: "2026-12-01", Until: "2046-12-01"})); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := s.now().Facts.Loans; len(got) != 2 || got[0].Kind != "commercial" || got[1].Kind != "fund" {
		t.Errorf("loans %+v", got)
	}
}
