package casework_test

import (
	"context"
	"testing"

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/casework"
)

// Disputed twice, the assessment is made again; the third time the counter decides, and its word is final.
func TestTaxDisputedUntilTheCounter(t *testing.T) {
	s := prepared(t, "none")
	for round := 1; round <= 3; round++ {
		a := s.assessment()
		if a.Round != round || !a.CanDispute {
			t.Fatalf("round %d: %+v", round, a)
		}
		s.FromHall(message.TaxConfirmed, s.id, message.TaxDecision{App: s.id, Assessment: a.Number, Round: a.Round, By: "s1"})
		s.dispute()
	}
	if d := s.now().Facts.Dispute; d == nil || d.Round != 3 || d.Reason == "" {
		t.Errorf("dispute %+v", d)
	}
	counter := casework.Decision{Outcome: "confirmed", Opinion: "首套房税率", Values: map[string]string{"number": "C-1", "deed": "1234.50", "vat": "0", "income": "0"}}
	s.decide("tax", "tax-counter", counter)
	if got := s.bill("tax").Total; got != 1234_50 {
		t.Errorf("the bill is over %s", got)
	}
	all, err := s.Cases.Assessments(t.Context(), s.Pool, s.id)
	if err != nil || len(all) != 4 || all[3].State != "confirmed" || all[2].State != "replaced" {
		t.Errorf("assessments %+v, %v", all, err)
	}
	s.dispute() // the hall shows the third round still
	if _, pays := s.Open(s.id)["pay-tax"]; !pays {
		t.Error("what the counter decided was disputed")
	}
}

func TestTaxCounterKeepsOrRefuses(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[string]func(s *sale, total land.Fen){
		"confirmed": func(s *sale, total land.Fen) {
			if got := s.bill("tax").Total; got != total {
				s.t.Errorf("the bill is over %s, the last assessment was %s", got, total)
			}
		},
		"refuse": func(s *sale, _ land.Fen) { s.wantEnd(casework.Refused) },
	} {
		t.Run(outcome, func(t *testing.T) {
			s := prepared(t, "none")
			for range 3 {
				s.dispute()
			}
			total := s.assessment().Total
			s.decide("tax", "tax-counter", casework.Decision{Outcome: outcome, Opinion: "当面核定"})
			want(s, total)
		})
	}
}

// Both sides must confirm; one of them twice is one side.
func TestTaxIsConfirmedByBothSides(t *testing.T) {
	s := prepared(t, "none")
	a := s.assessment()
	for _, ref := range []string{"b1", "b1", "nobody"} {
		s.FromHall(message.TaxConfirmed, s.id, message.TaxDecision{App: s.id, Assessment: a.Number, Round: a.Round, By: ref})
		s.Need(s.id, "tax-confirm")
	}
	s.FromHall(message.TaxConfirmed, s.id, message.TaxDecision{App: s.id, Assessment: a.Number, Round: a.Round, By: "s1"})
	s.Need(s.id, "pay-tax")
}

// An assessment that was replaced can be neither confirmed nor disputed any more.
func TestTaxOfAnEarlierRound(t *testing.T) {
	s := prepared(t, "none")
	old := s.assessment()
	s.dispute()
	for _, ref := range []string{"s1", "b1"} {
		s.FromHall(message.TaxConfirmed, s.id, message.TaxDecision{App: s.id, Assessment: old.Number, Round: old.Round, By: ref})
	}
	s.FromHall(message.TaxDisputed, s.id, message.TaxDecision{App: s.id, Assessment: old.Number, Round: old.Round, By: "b1", Reason: "再议"})
	if a := s.assessment(); a.Round != 2 {
		t.Errorf("round %d", a.Round)
	}
	s.Need(s.id, "tax-confirm")
}

// Where nothing is due nobody is asked to pay.
func TestNoTaxIsDue(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("tax.assessment.push", func(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
		return s.Cases.Assessed(casework.AssessedTax{Number: "T0", Lines: []message.TaxLine{{Tax: "契税", Payer: message.Buyer}}}), nil
	})
	s.Submit(app)
	s.Work()
	s.confirmTax()
	if _, waits := s.Open(s.id)["pay-tax"]; waits || len(s.bills("tax", billing.Open)) > 0 {
		t.Error("the case waits for a tax of nothing")
	}
}
