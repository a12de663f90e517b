package casework

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/trust"
)

// LoanFact is what a lender granted.
type LoanFact struct {
	Kind             string    `json:"kind"` // commercial | fund
	Lender           string    `json:"lender"`
	Amount           land.Fen  `json:"amount"`
	Contract         string    `json:"contract"`
	MortgageContract string    `json:"mortgageContract"`
	From             land.Date `json:"from"`
	Until            land.Date `json:"until"`
}

// Granted is the sum of all loans.
func (f *Facts) Granted() land.Fen {
	var sum land.Fen
	for _, l := range f.Loans {
		sum += l.Amount
	}
	return sum
}

// LoanContract is the number of the loan contract with the lender of a kind; empty before it is granted.
func (f *Facts) LoanContract(kind string) string {
	for _, l := range f.Loans {
		if l.Kind == kind {
			return l.Contract
		}
	}
	return ""
}

// setLoan replaces the lender's earlier grant, so that a second evaluation does not count twice. A bank's loan stands before the
// fund's, whichever answered first: in a combined loan the bank holds the mortgage for both.
func (f *Facts) setLoan(l LoanFact) {
	f.Loans = slices.DeleteFunc(f.Loans, func(old LoanFact) bool { return old.Kind == l.Kind })
	f.Loans = append(f.Loans, l)
	slices.SortFunc(f.Loans, func(a, b LoanFact) int { return cmp.Compare(a.Kind, b.Kind) })
}

// loanPart finds the part of the loan that was applied for from lenders of a kind.
func (c *Case) loanPart(kind string) (message.LoanPart, bool) {
	i := slices.IndexFunc(c.App.Loan.Parts, func(p message.LoanPart) bool { return p.Kind == kind })
	if i < 0 {
		return message.LoanPart{}, false
	}
	return c.App.Loan.Parts[i], true
}

// LoanOf finds the part of the loan that an order of the multi-instance evaluation is about.
func (c *Case) LoanOf(o Order) (message.LoanPart, error) {
	var e struct{ Kind string }
	if err := json.Unmarshal(o.Element, &e); err != nil {
		return message.LoanPart{}, fmt.Errorf("casework: loan of %s: %w", o.Node, err)
	}
	part, ok := c.loanPart(e.Kind)
	if !ok {
		return part, fmt.Errorf("casework: case %s has no loan of kind %q", c.No, e.Kind)
	}
	return part, nil
}

// DownPayment is what the buyer pays into trust: what was agreed, and what the lenders granted less than was applied for
// (contract, article 4).
func (c *Case) DownPayment() land.Fen {
	down := c.App.Trust.DownPayment
	for _, l := range c.Facts.Loans {
		if p, ok := c.loanPart(l.Kind); ok {
			down += p.Amount - l.Amount
		}
	}
	return down
}

// ErrGrant says that a lender cannot have granted that much: more than was applied for, or nothing.
var ErrGrant = errors.New("casework: impossible grant")

// LoanGranted is the result of the consent of the lender of l.Kind. A smaller sum than was applied for moves the difference to
// the buyer, and the parties are told. The effect gives ErrGrant.
func (s *Service) LoanGranted(l LoanFact) Result {
	return Result{Data: map[string]any{"outcome": "pass"}, Public: "贷款评估已通过，批准 " + l.Amount.String() + " 元",
		Effect: func(ctx context.Context, tx pgx.Tx, c *Case) error {
			part, ok := c.loanPart(l.Kind)
			if !ok || l.Amount <= 0 || l.Amount > part.Amount {
				return ErrGrant
			}
			l.Lender = part.LenderName
			c.Facts.setLoan(l)
			if err := s.SaveFacts(ctx, tx, c); err != nil {
				return err
			}
			if c.Facts.Agreement != "" {
				if err := s.trust.Regrant(ctx, tx, c.ID, part.LenderName, l.Amount); errors.Is(err, trust.ErrAmounts) {
					return ErrGrant
				} else if err != nil {
					return err
				}
			}
			if l.Amount == part.Amount {
				return nil
			}
			less := part.Amount - l.Amount
			return s.told(ctx, tx, c, "loan-reduced", "贷款比申请的少 "+less.String()+" 元，差额由买方和首付款一起存入托管账户",
				map[string]any{"amt": l.Amount.String(), "less": less.String()})
		}}
}
