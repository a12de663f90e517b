package inquiry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/register"
)

// Refusals of a bank's query of titles, beside not-found.
const (
	codeNoBasis spec.Code = "basis-missing"
	codeExpired spec.Code = "authorisation-expired"
)

// bank refuses a code that is not the sender's.
func bank(from exchange.Caller, code string) error {
	if from.Counterpart != "bank" || !from.Is(code) {
		return refused(spec.CodeNotFound, "没有这个银行代码，或不是本行的代码")
	}
	return nil
}

// pageCases is how many cases are in one answer.
const pageCases = 100

// bankCases lists a bank's own mortgage cases with their progress (table 4.1-5, rows 1, 7 and 8).
func (r *Room) bankCases(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankCaseQueryRequest) (out spec.BankCaseQueryResponse, err error) {
	if err := bank(from, in.BankCode); err != nil {
		return out, err
	}
	cases, orders, err := r.Cases.OfOrg(ctx, tx, in.BankCode, casework.OrgFilter{No: land.CaseNumber(in.CaseNo), State: string(in.State), After: land.CaseNumber(in.After), Limit: pageCases + 1})
	if err != nil {
		return out, err
	}
	if out.More = len(cases) > pageCases; out.More {
		cases = cases[:pageCases]
	}
	for _, c := range cases {
		out.Cases = append(out.Cases, caseOf(c, in.BankCode, orders[c.ID]))
	}
	return out, r.noteCases(ctx, tx, from, "银行查询办件", land.CaseNumber(in.CaseNo), len(out.Cases))
}

// stages in the words of the interface, in the order of casework.Nodes.
var stages = []spec.BankCaseStage{spec.BankCaseStageApplied, spec.BankCaseStagePrereview, spec.BankCaseStageTax, spec.BankCaseStageAccepted, spec.BankCaseStageReview,
	spec.BankCaseStageEntry, spec.BankCaseStageDelivery}

func caseOf(c *casework.Case, bank string, orders []casework.Order) spec.BankCase {
	out := spec.BankCase{CaseNo: string(c.No), Item: c.ItemName, State: spec.BankCaseState(c.State), Stage: stages[min(c.Stage, len(stages)-1)], UnitCode: string(c.Unit), Address: c.Address,
		AppliedAt: local(&c.OpenedAt), AcceptedAt: local(c.AcceptedAt), PausedSince: local(c.PausedAt)}
	if c.PromisedBy != nil {
		out.PromisedBy = string(land.DateOf(*c.PromisedBy))
	}
	for _, p := range c.App.Debtors() {
		out.Borrowers = append(out.Borrowers, spec.Person{Name: p.Name, DocumentKind: spec.DocumentKind(p.Document.Kind), DocumentNumber: p.Document.Number})
	}
	for _, p := range c.App.Loan.Parts {
		if p.Lender == bank {
			out.Loan += int64(p.Amount)
			out.LoanContractNo = c.Facts.LoanContract(p.Kind)
			out.MortgageCertificateNo = string(c.Facts.Mortgage)
		}
	}
	for _, o := range orders[:min(len(orders), mostSteps)] {
		out.Steps = append(out.Steps, spec.BankCaseStep{Operation: orElse(o.Operation, o.Node), Name: o.Name, OpenedAt: local(&o.OpenedAt), ClosedAt: local(o.ClosedAt), Outcome: o.Outcome})
	}
	return out
}

// mostSteps bounds a bank's steps in one case, as the interface has it.
const mostSteps = 50

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func local(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.In(clock.Shanghai())
}

// bankTitle tells a bank what somebody has who borrows from it, or who authorised it (row 2). Contract, name and number must
// belong together; whatever does not fit, the answer is the same.
func (r *Room) bankTitle(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankTitleQueryRequest) (out spec.BankTitleQueryResponse, err error) {
	if err := bank(from, in.BankCode); err != nil {
		return out, err
	}
	now := r.Clock.Now()
	out.AsOf = now
	who := partyOf(in.Owner)
	reason := spec.Inquiry{Authority: from.App, Purpose: in.Purpose}
	entitled := true
	switch {
	case in.ContractNo != "":
		reason.LegalBasis, reason.Reference = "本行办件的合同", in.ContractNo
		if entitled, err = r.contracted(ctx, tx, in.BankCode, in.ContractNo, who); err != nil {
			return out, err
		}
	case in.Authorisation.Number == "":
		return out, refused(codeNoBasis, "没有给出合同编号或授权")
	case in.Authorisation.Until < string(land.DateOf(now)) || in.Authorisation.SignedOn > string(land.DateOf(now)):
		return out, refused(codeExpired, "授权已过期")
	default:
		reason.LegalBasis, reason.Reference = "权利人授权 "+in.Authorisation.Digest, in.Authorisation.Number
	}
	if entitled {
		list, err := r.Register.Holdings(ctx, tx, []register.Party{who})
		if err != nil {
			return out, err
		}
		out.Holdings = holdings(from, list[0])
		out.Found = len(out.Holdings) > 0
	}
	return out, r.note(ctx, tx, from, "银行查询产权信息", reason, who, len(out.Holdings))
}

// contracted tells whether a contract of that number belongs to a case of the bank in which that person is a party.
func (r *Room) contracted(ctx context.Context, tx pgx.Tx, bank, number string, who register.Party) (bool, error) {
	cases, _, err := r.Cases.OfOrg(ctx, tx, bank, casework.OrgFilter{Name: who.Name, Paper: who.Document.Number, Limit: pageCases})
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(cases, func(c *casework.Case) bool {
		return number == c.App.Contract.Number || number == c.Facts.ContractNo || number == "YC"+string(c.No) ||
			slices.ContainsFunc(c.Facts.Loans, func(l casework.LoanFact) bool { return number == l.Contract })
	}), nil
}

// bankRestrictions tells a bank what stands against a unit, by the three things that are on its certificate (row 3, R-612).
func (r *Room) bankRestrictions(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankRestrictionQueryRequest) (out spec.BankRestrictionQueryResponse, err error) {
	if err := bank(from, in.BankCode); err != nil {
		return out, err
	}
	out.AsOf = r.Clock.Now()
	who := partyOf(in.Owner)
	number, bad := land.ParseCertNumber(in.CertificateNo)
	page, err := r.Register.Find(ctx, tx, number, who.Name, who.Document.Number)
	switch {
	case bad != nil || errors.Is(err, register.ErrNoMatch) || err == nil && !from.Serves(page.Unit.Code.District()):
		return out, r.note(ctx, tx, from, "银行查询限制信息", spec.Inquiry{Authority: from.App, Purpose: in.Purpose, Reference: in.CertificateNo}, who, 0)
	case err != nil:
		return out, err
	}
	out.Found, out.UnitCode, out.Address, out.Restrictions = true, string(page.Unit.Code), page.Unit.Address, restrictions(page)
	return out, r.note(ctx, tx, from, "银行查询限制信息", spec.Inquiry{Authority: from.App, Purpose: in.Purpose, Reference: in.CertificateNo}, who, 1)
}

// restrictions of a page that have not ended.
func restrictions(p *register.Page) []spec.Restriction {
	var out []spec.Restriction
	for _, m := range p.Running() {
		out = append(out, spec.Restriction{Kind: spec.RestrictionKindMortgage, Number: string(m.Certificate), Holder: m.Mortgagee.Name, RegisteredAt: local(&m.EnteredAt), From: string(m.From),
			Until: string(m.To), Claim: int64(m.Claim), MortgageWay: spec.MortgageWay(m.Kind), RestrictsTransfer: m.Restricted})
	}
	kinds := map[land.SeizureKind]spec.RestrictionKind{land.SeizureActive: spec.RestrictionKindSeizure, land.SeizureQueued: spec.RestrictionKindQueuedSeizure,
		land.SeizurePresale: spec.RestrictionKindPreSeizure, land.SeizureQueuedPresale: spec.RestrictionKindQueuedPreSeizure}
	for _, s := range p.Seizures {
		if s.Live() {
			out = append(out, spec.Restriction{Kind: kinds[s.Kind], Number: s.NoticeNo, Holder: s.Court, RegisteredAt: local(&s.Served), From: string(s.From), Until: string(s.To),
				QueueOrder: s.Position, DocumentNo: s.OrderNo})
		}
	}
	for _, o := range p.Objections {
		if o.State == "active" {
			out = append(out, spec.Restriction{Kind: spec.RestrictionKindObjection, Number: string(o.Certificate), Holder: o.Applicant.Name, RegisteredAt: local(&o.EnteredAt), Until: string(o.LapsesOn)})
		}
	}
	for _, a := range p.Advances {
		if a.State == "active" {
			out = append(out, spec.Restriction{Kind: spec.RestrictionKindAdvanceNotice, Number: string(a.Certificate), Holder: a.Holder.Name, RegisteredAt: local(&a.EnteredAt)})
		}
	}
	return out
}

// bankCertificates gives a bank the electronic certificates of a case of its own (row 4). The certificate of the mortgage is the
// lender's: it gets the file. The owner's is named.
func (r *Room) bankCertificates(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankCertificateQueryRequest) (out spec.BankCertificateQueryResponse, err error) {
	if err := bank(from, in.BankCode); err != nil {
		return out, err
	}
	cases, _, err := r.Cases.OfOrg(ctx, tx, in.BankCode, casework.OrgFilter{No: land.CaseNumber(in.CaseNo), Limit: 1})
	if err != nil {
		return out, err
	}
	if len(cases) == 0 {
		return out, refused(spec.CodeNotFound, "没有这个办件，或不是本行的办件")
	}
	c := cases[0]
	lends := slices.ContainsFunc(c.App.Loan.Parts, func(p message.LoanPart) bool { return p.Lender == in.BankCode })
	all, err := r.Cases.Certificates(ctx, tx, c)
	if err != nil {
		return out, err
	}
	for _, x := range all {
		kind := spec.BankCertificateKindTitle
		if land.CertNumber(x.Number).IsProof() {
			kind = spec.BankCertificateKindProof
		}
		one := spec.BankCertificate{Kind: kind, Number: x.Number, Digest: x.Digest, Size: int(x.Size), IssuedAt: local(&x.IssuedAt)}
		if kind == spec.BankCertificateKindProof && lends {
			if one.Content, err = r.Blobs.Get(ctx, x.Digest); err != nil {
				return out, fmt.Errorf("inquiry: certificate of %s: %w", c.No, err)
			}
		}
		out.Certificates = append(out.Certificates, one)
	}
	return out, r.noteCases(ctx, tx, from, "银行查询电子证照", c.No, len(out.Certificates))
}
