package casework

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/trust"
)

// deskLoan grants a loan by the word of the lender's officer: as it was applied for, where the officer gives nothing else.
func (s *Service) deskLoan(_ context.Context, _ pgx.Tx, c *Case, o Order, _ staff.Person, d Decision) (Result, error) {
	r := Result{Data: map[string]any{"outcome": d.Outcome}, Opinion: d.Opinion, Requests: d.Requests}
	if d.Outcome != "pass" {
		return r, nil
	}
	part, err := c.LoanOf(o)
	if err != nil {
		return r, err
	}
	from := land.DateOf(s.clock.Now())
	grant := LoanFact{Kind: part.Kind, Amount: part.Amount, Contract: d.Values["contract"], MortgageContract: d.Values["mortgageContract"],
		From: from, Until: land.DateOf(from.Time().AddDate(0, part.Months, 0))}
	if text := d.Values["amount"]; text != "" {
		if grant.Amount, err = land.ParseYuan(text); err != nil || grant.Amount <= 0 {
			return r, FieldErrors{"amount": "请填写贷款金额，例如 60 万"}
		}
		if grant.Amount > part.Amount {
			return r, FieldErrors{"amount": "不能超过申请的 " + part.Amount.String() + " 元"}
		}
	}
	r = s.LoanGranted(grant)
	r.Opinion = d.Opinion
	return r, nil
}

// deskPayout books what a bank without an interface has paid, out or back, with the number of its voucher.
func (s *Service) deskPayout(ctx context.Context, tx pgx.Tx, c *Case, o Order, _ staff.Person, d Decision) (Result, error) {
	voucher := strings.TrimSpace(d.Values["voucher"])
	if voucher == "" {
		return Result{}, FieldErrors{"voucher": "请填写银行凭证号"}
	}
	instruct := func() (*trust.Instruction, error) { return s.trust.Pay(ctx, tx, c.ID, trust.WhenEntered) }
	if o.Operation == "bank.trust.refund" {
		instruct = func() (*trust.Instruction, error) { return s.trust.Refund(ctx, tx, c.ID, c.Facts.WhyClosed) }
	}
	i, err := instruct()
	if err != nil {
		return Result{}, fmt.Errorf("casework: instruct: %w", err)
	}
	if i == nil {
		return Result{Opinion: d.Opinion}, nil
	}
	var paid []trust.Result
	for n := range i.Payments {
		paid = append(paid, trust.Result{Paid: true, Reference: fmt.Sprintf("%s-%d", voucher, n+1)})
	}
	r := s.TrustMoved(i.Number, paid, s.clock.Now(), "托管资金 "+i.Total().String()+" 元已付")
	r.Opinion = d.Opinion
	return r, nil
}
