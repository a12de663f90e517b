package connect

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
)

func (r *Room) survey(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	h := c.App.Home
	return r.push(ctx, "registry.survey.push", c, o, spec.RegistrySurveyPushRequest{WorkID: workID(o), CaseNo: string(c.No),
		UnitCode: string(h.UnitCode), CertificateNo: string(h.Certificate), Address: h.Address, Area: h.Area.String(),
		Applicants: persons(c.App.Parties)})
}

func (r *Room) surveyed(in spec.RegistrySurveyResultRequest) casework.Result {
	out := reviewed(in.Review)
	out.Effect = r.effect(func(ctx context.Context, tx pgx.Tx, c *casework.Case) error {
		c.Facts.SurveyNo = in.SurveyNo
		if in.Review.Outcome != spec.OutcomePass {
			return nil
		}
		return r.Cases.Spread(ctx, tx, casework.Tidings{Case: c.ID, What: casework.Surveyed, Ref: in.SurveyNo})
	})
	if in.Review.Outcome == spec.OutcomePass {
		out.Public = "登记中心已完成权籍调查"
	}
	return out
}

// enter asks the registry to enter transfer and mortgage one after the other. What must be true first is checked
// here once more, because nothing after this can be undone.
func (r *Room) enter(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	orders, err := r.Cases.Orders(ctx, r.Pool, c.ID)
	if err != nil {
		return casework.Result{}, err
	}
	return r.push(ctx, "registry.entry.push", c, o, spec.RegistryEntryPushRequest{WorkID: workID(o), CaseNo: string(c.No),
		UnitCode: string(c.Unit), AcceptedAt: optionalTime(c.AcceptedAt), ExpectedVersion: c.Facts.BookVersion,
		FilingNo: c.Facts.FilingNo, TaxNo: c.Facts.TaxNo, Reviews: reviews(orders), Entries: entries(c)})
}

// entries lists the rights to enter in their order.
func entries(c *casework.Case) []spec.EntryOrder {
	var out []spec.EntryOrder
	reason := "抵押"
	if c.App.Transfers() {
		out, reason = append(out, transfer(c)), "购房抵押"
	}
	if len(c.Facts.Loans) == 0 {
		return out
	}
	terms := mortgageTerms(c)
	return append(out, spec.EntryOrder{Seq: len(out) + 1, RegistrationType: spec.RegistrationTypeFirst, RightKind: spec.RightKindMortgage,
		Reason: reason, CoOwnership: spec.CoOwnershipSole, Mortgage: terms, Obligors: persons(c.App.Mortgagors()),
		Holders: []spec.Holder{{Name: terms.Mortgagee.Name, DocumentKind: terms.Mortgagee.DocumentKind,
			DocumentNumber: terms.Mortgagee.DocumentNumber, Share: "1/1"}}})
}

func transfer(c *casework.Case) spec.EntryOrder {
	buyers := c.App.PartiesOf(message.Buyer)
	out := spec.EntryOrder{Seq: 1, RegistrationType: spec.RegistrationTypeTransfer, RightKind: spec.RightKindLandUseHouse,
		Reason: "买卖", Price: int64(c.App.Contract.Price), CoOwnership: coOwnership(buyers), Cancels: string(c.App.Home.Certificate),
		Obligors: persons(c.App.PartiesOf(message.Seller))}
	for _, b := range buyers {
		out.Holders = append(out.Holders, spec.Holder{Name: b.Name, DocumentKind: spec.DocumentKind(b.Document.Kind),
			DocumentNumber: b.Document.Number, Phone: b.Phone, Share: b.Share.String()})
	}
	return out
}

// mortgageTerms joins the granted loans into one mortgage in favour of the first lender: in a combined loan the bank holds
// it for the fund as well, whose contract is named in the scope.
func mortgageTerms(c *casework.Case) spec.MortgageTerms {
	first := c.Facts.Loans[0]
	terms := spec.MortgageTerms{Way: spec.MortgageWayGeneral, Claim: int64(c.Facts.Granted()), From: string(first.From), Until: string(first.Until),
		LoanContractNo: first.Contract, MortgageContractNo: first.MortgageContract, LoanKind: spec.LoanKind(first.Kind),
		Scope: "主债权及利息、违约金、实现抵押权的费用"}
	for _, d := range c.App.Debtors() {
		terms.Debtors = append(terms.Debtors, personOf(d.Name, d.Document))
	}
	for _, p := range c.App.Loan.Parts {
		if p.Kind == first.Kind {
			terms.Mortgagee = spec.Person{Name: p.LenderName, DocumentKind: spec.DocumentKindBusinessLicence, DocumentNumber: p.LenderDoc}
		}
	}
	for _, l := range c.Facts.Loans[1:] {
		terms.Scope += fmt.Sprintf("；含借款合同 %s 项下债权 %s 元", l.Contract, l.Amount)
		terms.Until = max(terms.Until, string(l.Until))
	}
	return terms
}

func coOwnership(holders []message.Party) spec.CoOwnership {
	if len(holders) < 2 {
		return spec.CoOwnershipSole
	}
	for _, h := range holders {
		if h.Share != (land.Share{}) && !h.Share.IsWhole() {
			return spec.CoOwnershipByShares
		}
	}
	return spec.CoOwnershipJoint
}

// reviews lists who reviewed, for the registry's file: first and second review (初审、复审); the registrar's own approval
// (核定) is the registry's.
func reviews(orders []casework.Order) []spec.ReviewRecord {
	stages := map[string]spec.ReviewStage{"first-review": spec.ReviewStageFirst, "second-review": spec.ReviewStageSecond}
	var out []spec.ReviewRecord
	for _, o := range orders {
		stage, ok := stages[o.Node]
		if !ok || o.Outcome != "pass" {
			continue
		}
		opinion := o.Opinion
		if opinion == "" {
			opinion = "同意"
		}
		out = append(out, spec.ReviewRecord{Stage: stage, Reviewer: o.ClosedBy, At: optionalTime(o.ClosedAt), Opinion: opinion})
	}
	return out
}

// certificates are the numbers of the present owners' certificates by the number of the owner's paper.
func certificates(rights []spec.Right) map[string]land.CertNumber {
	out := map[string]land.CertNumber{}
	for _, r := range rights {
		for _, h := range r.Holders {
			if r.Kind == spec.RightKindLandUseHouse && r.State == spec.RightStateCurrent && h.CertificateNo != "" {
				out[h.DocumentNumber] = land.CertNumber(h.CertificateNo)
			}
		}
	}
	return out
}

// entered takes the registry's word: entered, refused by the book, or suspended.
func (r *Room) entered(in spec.RegistryEntryResultRequest) casework.Result {
	switch in.Outcome {
	case spec.EntryOutcomeEntered:
		return r.Cases.EntryDone(casework.Entry{Title: land.CertNumber(in.TitleCertificateNo), Certificates: certificates(in.Rights), Mortgage: land.CertNumber(in.MortgageCertificateNo),
			At: in.EnteredAt, Registrar: in.Registrar, Mirror: true})
	case spec.EntryOutcomeSuspended:
		return casework.Result{Data: map[string]any{"outcome": "suspended"}, Against: in.Reason, Opinion: in.Reason, Public: "登记中心暂缓登簿，正在核实"}
	}
	return casework.Result{Data: map[string]any{"outcome": "seized", "refusedBy": "registry"}, Against: in.Reason, Opinion: in.Reason,
		Public: "登记簿上有新的限制，不能登簿"}
}
