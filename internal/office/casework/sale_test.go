package casework_test

import (
	"testing"

	"yichuang/internal/ferry/message"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
)

// withLoan finds a contract that is financed by a loan.
func withLoan(o *officetest.Office) int {
	for i, k := range o.City.Contracts {
		if len(k.Loan) == 1 && k.District != "321283" {
			return i
		}
	}
	o.T.Fatal("no contract with a loan")
	return 0
}

func confirmTax(o *officetest.Office, c *casework.Case) {
	o.T.Helper()
	for _, a := range officetest.Sent[message.Assessment](o, message.AssessmentReady) {
		for _, ref := range []string{"s1", "b1"} {
			o.FromHall(message.TaxConfirmed, c.ID, message.TaxDecision{App: c.ID, Assessment: a.Number, Round: a.Round, By: ref})
		}
	}
}

// toReview brings a case to its first review.
func toReview(o *officetest.Office, app message.Application) *casework.Case {
	o.T.Helper()
	c := o.Submit(app)
	o.Work()
	confirmTax(o, c)
	for _, kind := range []string{"tax", "fee", "trust"} {
		o.Pay(c.ID, kind)
	}
	accept := o.Need(c.ID, "accept")
	o.Decide(o.Person("window"), accept, casework.Decision{Outcome: "pass", Values: map[string]string{"compared": "yes"}})
	return c
}

func TestSaleWithLoanFromSubmissionToArchive(t *testing.T) {
	o := officetest.New(t)
	c := toReview(o, o.Application(withLoan(o)))
	first := o.Need(c.ID, "first-review")
	o.Decide(o.Person("first"), first, casework.Decision{Outcome: "pass", Opinion: "同意"})
	second := o.Need(c.ID, "second-review")
	o.Decide(o.Person("second"), second, casework.Decision{Outcome: "pass", Opinion: "同意"})
	loan := o.Need(c.ID, "loan-arrival")
	if loan.Kind != casework.Wait {
		t.Fatalf("loan arrival is of kind %s", loan.Kind)
	}
	now := o.Case(c.ID)
	if now.Facts.Title == "" || now.Facts.Mortgage == "" {
		t.Fatalf("no certificates: %+v", now.Facts)
	}
}
