package casework

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/staff"
)

// deskAssessment takes the lines that a tax officer typed.
func (s *Service) deskAssessment(_ context.Context, _ pgx.Tx, c *Case, _ Order, _ staff.Person, d Decision) (Result, error) {
	if d.Outcome != "" && d.Outcome != "pass" {
		return Result{Data: map[string]any{"outcome": d.Outcome}, Opinion: d.Opinion, Requests: d.Requests}, nil
	}
	a, err := typedTax(c, d.Values)
	if err != nil {
		return Result{}, err
	}
	r := s.Assessed(a)
	r.Opinion = d.Opinion
	return r, nil
}

func typedTax(c *Case, values map[string]string) (AssessedTax, error) {
	errs := FieldErrors{}
	a := AssessedTax{Number: values["number"]}
	if a.Number == "" {
		errs["number"] = "请填写核税编号"
	}
	for _, f := range []struct {
		field, tax string
		payer      message.Role
	}{{"deed", "契税", message.Buyer}, {"vat", "增值税", message.Seller}, {"income", "个人所得税", message.Seller}} {
		amount, err := land.ParseYuan(values[f.field])
		if err != nil {
			errs[f.field] = "请填写金额，没有就填 0"
			continue
		}
		a.Lines = append(a.Lines, message.TaxLine{Tax: f.tax, Payer: f.payer, Base: c.App.Contract.Price, Amount: amount, Why: "窗口核定"})
		a.Total += amount
	}
	if len(errs) > 0 {
		return a, errs
	}
	return a, nil
}

// deskTaxCounter ends a dispute at the counter: with new amounts, or with the last ones where the officer types none.
// Either is final: nobody is asked to confirm again.
func (s *Service) deskTaxCounter(_ context.Context, _ pgx.Tx, c *Case, _ Order, _ staff.Person, d Decision) (Result, error) {
	r := Result{Data: map[string]any{"outcome": d.Outcome}, Opinion: d.Opinion, Public: "税款已在窗口核定"}
	if d.Outcome != "confirmed" {
		r.Public = "税款核定不成"
		return r, nil
	}
	if d.Values["number"] != "" {
		a, err := typedTax(c, d.Values)
		if err != nil {
			return r, err
		}
		assessed := s.Assessed(a)
		r.Effect, r.Data["taxDue"] = assessed.Effect, assessed.Data["taxDue"]
	}
	assess := r.Effect
	r.Effect = func(ctx context.Context, tx pgx.Tx, c *Case) error {
		if assess != nil {
			if err := assess(ctx, tx, c); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE assessments SET state = 'confirmed' WHERE case_id = $1 AND state IN ('proposed', 'disputed')`, c.ID)
		if err != nil {
			return fmt.Errorf("casework: confirm tax: %w", err)
		}
		return s.Spread(ctx, tx, Tidings{Case: c.ID, What: TaxAgreed, Ref: c.Facts.TaxNo})
	}
	return r, nil
}
