package officetest

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/trust"
)

// Pass is an act that answers pass.
func Pass(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
	return casework.Result{Data: map[string]any{"outcome": "pass"}}, nil
}

// Answer is an act that gives a fixed result.
func Answer(r casework.Result) casework.Act {
	return func(context.Context, *casework.Case, casework.Order) (casework.Result, error) { return r, nil }
}

// Silent is an act that fails as a department does that does not answer.
func Silent(err error) casework.Act {
	return func(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
		return casework.Result{}, err
	}
}

// departments answer at once, as good departments would.
type departments struct {
	cases *casework.Service
	clock clock.Clock
}

// GoodDepartments gives on, which may be cases.On, an act for every operation: each answers at once what a good department says.
func GoodDepartments(cases *casework.Service, clk clock.Clock, on func(operation string, act casework.Act)) {
	d := departments{cases, clk}
	for _, op := range []string{"bigdata.identity.verify", "bigdata.marriage.query", "registry.unit.status", "registry.houses.count", "housing.contract.query", "registry.survey.push"} {
		on(op, Pass)
	}
	for _, op := range []string{"housing.contract.revoke", "housing.trust.cancel", "housing.registration.complete", "tax.payment.notify", "utility.transfer", "portal.case.report"} {
		on(op, Answer(casework.Result{}))
	}
	on("housing.contract.push", d.file)
	on("tax.assessment.push", d.assess)
	on("bank.trust.open", Answer(cases.TrustOpened("6222000011112222")))
	on("bank.loan.evaluate", d.lend("commercial"))
	on("fund.loan.evaluate", d.lend("fund"))
	on("registry.entry.push", d.enter)
	on("bank.trust.payout", d.move(cases.PayOut))
	on("bank.trust.refund", d.move(func(ctx context.Context, c *casework.Case) (*trust.Instruction, error) {
		return cases.GiveBack(ctx, c, "终止")
	}))
}

func (d departments) file(_ context.Context, c *casework.Case, _ casework.Order) (casework.Result, error) {
	return d.cases.ContractFiled("BA-"+string(c.No), ""), nil
}

// assess asks the buyer for one percent.
func (d departments) assess(_ context.Context, c *casework.Case, _ casework.Order) (casework.Result, error) {
	deed := c.App.Contract.Price / 100
	return d.cases.Assessed(casework.AssessedTax{Number: "T" + uuid.NewString()[:8], Total: deed,
		Lines: []message.TaxLine{{Tax: "契税", Payer: message.Buyer, Base: c.App.Contract.Price, Rate: "1%", Amount: deed}}}), nil
}

func (d departments) lend(kind string) casework.Act {
	return func(_ context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
		part, err := c.LoanOf(o)
		if err != nil {
			return casework.Result{}, err
		}
		return d.cases.LoanGranted(casework.LoanFact{Kind: kind, Amount: part.Amount, Contract: "JK-" + kind, MortgageContract: "DY-" + kind,
			From: "2026-12-01", Until: "2046-12-01"}), nil
	}
}

// enter is a registry that has changed its own book. Its numbers follow the serial of the case.
func (d departments) enter(_ context.Context, c *casework.Case, _ casework.Order) (casework.Result, error) {
	district, _ := land.FindDistrict(c.District)
	serial, err := strconv.Atoi(strings.Split(string(c.No), "-")[2])
	if err != nil {
		return casework.Result{}, err
	}
	serial += 900_000
	e := casework.Entry{At: d.clock.Now(), Registrar: "登簿人", Mirror: true}
	if c.App.Transfers() {
		if e.Title, err = land.MakeCertNumber(2026, district.Issuing, false, serial); err != nil {
			return casework.Result{}, err
		}
	}
	if len(c.Facts.Loans) > 0 {
		if e.Mortgage, err = land.MakeCertNumber(2026, district.Issuing, true, serial); err != nil {
			return casework.Result{}, err
		}
	}
	return d.cases.EntryDone(e), nil
}

// move is a bank that pays whatever it is told.
func (d departments) move(instruct func(context.Context, *casework.Case) (*trust.Instruction, error)) casework.Act {
	return func(ctx context.Context, c *casework.Case, _ casework.Order) (casework.Result, error) {
		i, err := instruct(ctx, c)
		if err != nil || i == nil {
			return casework.Result{}, err
		}
		var results []trust.Result
		for range i.Payments {
			results = append(results, trust.Result{Paid: true, Reference: "V" + uuid.NewString()})
		}
		return d.cases.TrustMoved(i.Number, results, d.clock.Now(), "托管资金已付"), nil
	}
}
