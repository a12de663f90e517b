package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// apply opens a case in the registry for an application that was accepted at the one window.
func (o *office) apply(_ context.Context, c wire.Call, in spec.RegistryApplicationPushRequest) (spec.RegistryApplicationPushResponse, error) {
	unit := land.UnitCode(in.UnitCode)
	if unit.District() != o.district {
		return spec.RegistryApplicationPushResponse{}, spec.NewFault("unit-unknown", "单元不在本辖区")
	}
	fresh := false
	p, err := o.books.change(unit, func(p *page) error {
		if p.Case == in.CaseNo {
			return nil
		}
		fresh = true
		switch r, why := p.blocks(buyersOf(in.Parties)); {
		case p.Case != "":
			return spec.NewFault("case-open", "单元已有在办业务")
		case !p.has(in.CertificateNo) || in.ExpectedVersion != "" && in.ExpectedVersion != p.version():
			return spec.NewFault("title-changed", "权利与申请时不一致")
		case why != "" && why != spec.EntryReasonObjected:
			return spec.NewFault("restricted", sentence(r, why))
		}
		p.Case, p.CaseNo = in.CaseNo, o.caseNumber(in.CaseNo)
		p.Cancelled = slices.DeleteFunc(p.Cancelled, func(no string) bool { return no == in.CaseNo })
		return nil
	})
	if err != nil {
		return spec.RegistryApplicationPushResponse{}, err
	}
	if fresh {
		if err := o.announce(p, in.CaseNo); err != nil {
			return spec.RegistryApplicationPushResponse{}, err
		}
	}
	return spec.RegistryApplicationPushResponse{RegistryCaseNo: p.CaseNo, CreatedAt: c.At}, nil
}

// caseNumber is the registry's own number of a case of the platform.
func (o *office) caseNumber(platform string) string {
	return o.district + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, platform)
}

func buyersOf(parties []spec.Party) []string {
	var out []string
	for _, p := range parties {
		if p.Role == spec.PartyRoleBuyer {
			out = append(out, p.Name)
		}
	}
	return out
}

// announce queues the notices that the registry gives by itself while a case is with it.
func (o *office) announce(p page, caseNo string) error {
	for stage, after := range map[spec.ProcessStage]time.Duration{spec.ProcessStageAccepted: acceptTakes, spec.ProcessStageApproved: reviewTakes} {
		if err := o.stage(spec.RegistryProcessNotifyRequest{CaseNo: caseNo, RegistryCaseNo: p.CaseNo, UnitCode: string(p.Unit), Stage: stage,
			Operator: "陆登", Opinion: "同意"}, after); err != nil {
			return err
		}
	}
	return nil
}

const stageKind = "registry-stage"

// staged is a process notice that waits for its time; it is stamped when it leaves.
type staged struct {
	District string                            `json:"district"`
	Notice   spec.RegistryProcessNotifyRequest `json:"notice"`
}

func (o *office) stage(n spec.RegistryProcessNotifyRequest, after time.Duration) error {
	return o.Board().Courier.Post(stageKind, "", after, staged{o.district, n})
}

// handleStages lets the notices leave, unless their case was taken back meanwhile.
func (r *Registries) handleStages() {
	r.books.hub.Board().Courier.Handle(stageKind, board.Route{Retry: []time.Duration{time.Minute}, Forever: true, Deliver: func(_ context.Context, payload json.RawMessage) error {
		var s staged
		if err := json.Unmarshal(payload, &s); err != nil {
			return fmt.Errorf("%w: %w", board.ErrRejected, err)
		}
		system, ok := r.systems[s.District]
		if !ok {
			return fmt.Errorf("%w: no registry of %s", board.ErrRejected, s.District)
		}
		if p, _ := r.books.page(land.UnitCode(s.Notice.UnitCode)); slices.Contains(p.Cancelled, s.Notice.CaseNo) {
			return nil
		}
		s.Notice.At = system.Now()
		if err := r.books.reach(s.Notice); err != nil {
			return err
		}
		return system.Tell(wire.Office, spec.RegistryProcessNotify, s.Notice.CaseNo+" process", 0, s.Notice)
	}})
}

// cancel takes a case back, unless it is entered.
func (o *office) cancel(_ context.Context, _ wire.Call, in spec.RegistryEntryCancelRequest) (spec.RegistryEntryCancelResponse, error) {
	for _, p := range o.books.pages.List() {
		if p.Unit.District() != o.district {
			continue
		}
		for _, e := range p.Entered {
			if e.CaseNo == in.CaseNo && e.Outcome == spec.EntryOutcomeEntered {
				return spec.RegistryEntryCancelResponse{EnteredAt: e.EnteredAt}, nil
			}
		}
		if p.Case != in.CaseNo {
			continue
		}
		if _, err := o.books.change(p.Unit, func(p *page) error {
			p.Case, p.CaseNo, p.Cancelled = "", "", append(p.Cancelled, in.CaseNo)
			return nil
		}); err != nil {
			return spec.RegistryEntryCancelResponse{}, err
		}
	}
	return spec.RegistryEntryCancelResponse{Cancelled: true}, nil
}

// enter makes the entries of a work in one step, or none of them.
func (o *office) enter(_ context.Context, w wire.Work, in spec.RegistryEntryPushRequest) (spec.RegistryEntryResultRequest, error) {
	out := spec.RegistryEntryResultRequest{WorkID: w.ID, CaseNo: in.CaseNo, UnitCode: in.UnitCode,
		RegistryCaseNo: caseOr(in.RegistryCaseNo, o.caseNumber(in.CaseNo))}
	if land.UnitCode(in.UnitCode).District() != o.district {
		return refused(out, spec.EntryOutcomeRefused, spec.EntryReasonOther, "单元不在本辖区"), nil
	}
	if w.Decision != nil && w.Decision.Outcome != string(spec.OutcomePass) {
		return o.overruled(w, out)
	}
	p, err := o.books.change(land.UnitCode(in.UnitCode), func(p *page) error {
		if before, done := p.Entered[w.ID.String()]; done {
			out = before
			return nil
		}
		if out = o.check(*p, in, out); out.Outcome == "" {
			if err := o.write(p, in, &out); err != nil {
				return err
			}
		}
		p.Entered[w.ID.String()] = out
		return nil
	})
	if err != nil {
		return out, err
	}
	return out, o.afterEntry(p, out)
}

// overruled is the result that an operator wants: suspended or refused.
func (o *office) overruled(w wire.Work, out spec.RegistryEntryResultRequest) (spec.RegistryEntryResultRequest, error) {
	detail := struct {
		ReasonCode spec.EntryReason `json:"reasonCode"`
	}{spec.EntryReasonOther}
	if len(w.Decision.Detail) > 0 {
		if err := json.Unmarshal(w.Decision.Detail, &detail); err != nil {
			return out, fmt.Errorf("decision %s: %w", w.Decision.ID, err)
		}
	}
	outcome := spec.EntryOutcomeRefused
	if w.Decision.Outcome == "suspend" {
		outcome = spec.EntryOutcomeSuspended
	}
	return refused(out, outcome, detail.ReasonCode, caseOr(w.Decision.Reason, "登记机构认为暂不能登簿")), nil
}

func refused(out spec.RegistryEntryResultRequest, outcome spec.EntryOutcome, why spec.EntryReason, text string) spec.RegistryEntryResultRequest {
	out.Outcome, out.ReasonCode, out.Reason = outcome, why, text
	return out
}

// check holds the entries against the book as it stands now. An empty outcome lets them pass.
func (o *office) check(p page, in spec.RegistryEntryPushRequest, out spec.RegistryEntryResultRequest) spec.RegistryEntryResultRequest {
	var buyers, cancels []string
	transfer := false
	for _, e := range in.Entries {
		cancels = append(cancels, canonical(e.Cancels))
		if e.RegistrationType == spec.RegistrationTypeTransfer {
			transfer = true
			for _, h := range e.Holders {
				buyers = append(buyers, h.Name)
			}
		}
	}
	without := p
	without.Restrictions = slices.DeleteFunc(slices.Clone(p.Restrictions), func(r spec.Restriction) bool { return slices.Contains(cancels, r.Number) })
	switch r, why := without.blocks(buyers); {
	case slices.Contains(p.Cancelled, in.CaseNo):
		return refused(out, spec.EntryOutcomeRefused, spec.EntryReasonOther, "申请已撤回")
	case slices.ContainsFunc(in.Entries, unknown):
		return refused(out, spec.EntryOutcomeRefused, spec.EntryReasonOther, "本登记系统不办理这种登记")
	case why == spec.EntryReasonSeized:
		return refused(out, spec.EntryOutcomeRefused, why, sentence(r, why))
	case p.Case != "" && p.Case != in.CaseNo:
		return refused(out, spec.EntryOutcomeSuspended, spec.EntryReasonDisputed, "单元另有在办业务")
	case in.ExpectedVersion != "" && in.ExpectedVersion != p.version():
		return refused(out, spec.EntryOutcomeSuspended, spec.EntryReasonTitleChanged, "登记簿在复审后有变动，请重新核对")
	case transfer && in.TaxNo == "":
		return refused(out, spec.EntryOutcomeSuspended, spec.EntryReasonTaxUnpaid, "没有完税信息，不能登簿")
	case transfer && why != "":
		return refused(out, spec.EntryOutcomeSuspended, why, sentence(r, why))
	case transfer && !p.ownedBy(in.Entries):
		return refused(out, spec.EntryOutcomeSuspended, spec.EntryReasonTitleChanged, "义务人与登记簿上的权利人不一致")
	}
	return out
}

// ownedBy tells whether the obligors of a transfer, where they are named, are the present holders, all of them.
func (p page) ownedBy(entries []spec.EntryOrder) bool {
	var holders []string
	for _, r := range p.Rights {
		for _, h := range r.Holders {
			holders = append(holders, h.DocumentNumber)
		}
	}
	slices.Sort(holders)
	for _, e := range entries {
		if e.RegistrationType != spec.RegistrationTypeTransfer || len(e.Obligors) == 0 {
			continue
		}
		var named []string
		for _, n := range e.Obligors {
			named = append(named, n.DocumentNumber)
		}
		slices.Sort(named)
		if !slices.Equal(holders, named) {
			return false
		}
	}
	return len(holders) > 0
}

func isTransfer(e spec.EntryOrder) bool { return e.RegistrationType == spec.RegistrationTypeTransfer }

func isMortgage(e spec.EntryOrder) bool {
	return e.RightKind == spec.RightKindMortgage && e.RegistrationType == spec.RegistrationTypeFirst
}

// unknown tells whether an entry is of a kind that this registry does not make; a cancellation is all in its Cancels.
func unknown(e spec.EntryOrder) bool {
	return !isTransfer(e) && !isMortgage(e) && (e.RegistrationType != spec.RegistrationTypeCancellation || e.Cancels == "")
}

// write makes the entries in their order.
func (o *office) write(p *page, in spec.RegistryEntryPushRequest, out *spec.RegistryEntryResultRequest) error {
	now := o.Now()
	orders := slices.Clone(in.Entries)
	slices.SortStableFunc(orders, func(a, b spec.EntryOrder) int { return a.Seq - b.Seq })
	for _, e := range orders {
		if e.Cancels != "" {
			p.Restrictions = slices.DeleteFunc(p.Restrictions, func(r spec.Restriction) bool { return r.Number == canonical(e.Cancels) })
		}
		switch {
		case isTransfer(e):
			if err := o.transfer(p, e, now, out); err != nil {
				return err
			}
		case isMortgage(e):
			if err := o.mortgage(p, e, now, out); err != nil {
				return err
			}
		}
	}
	p.Version++
	p.Case, p.CaseNo = "", ""
	out.Outcome, out.EnteredAt, out.Registrar, out.Version = spec.EntryOutcomeEntered, now, "陆登", p.version()
	out.Rights, out.Restrictions = p.Rights, p.Restrictions
	return nil
}

// transfer ends the present titles and gives the new holders theirs: holders by shares a certificate each, others one in common.
func (o *office) transfer(p *page, e spec.EntryOrder, now time.Time, out *spec.RegistryEntryResultRequest) error {
	for _, r := range p.Rights {
		r.State = spec.RightStatePast
		p.Past = append(p.Past, r)
	}
	right := spec.Right{
		Kind: e.RightKind, RegistrationType: e.RegistrationType, State: spec.RightStateCurrent, RegistryCaseNo: out.RegistryCaseNo,
		Reason: e.Reason, CoOwnership: e.CoOwnership, Price: e.Price, AcquiredOn: now.Format(time.DateOnly), RegisteredAt: now,
		Registrar: "陆登", Registry: town.Registry(o.district), Holders: slices.Clone(e.Holders),
	}
	for i := range right.Holders {
		if i == 0 || e.CoOwnership == spec.CoOwnershipByShares {
			no, err := o.books.number(o.district, now.Year(), false)
			if err != nil {
				return err
			}
			right.Holders[i].CertificateNo = no
			continue
		}
		right.Holders[i].CertificateNo = right.Holders[0].CertificateNo
	}
	right.CertificateNo = right.Holders[0].CertificateNo
	out.TitleCertificateNo = right.CertificateNo
	p.Rights = []spec.Right{right}
	// An advance notice of the buyers has done its work.
	p.Restrictions = slices.DeleteFunc(p.Restrictions, func(r spec.Restriction) bool { return r.Kind == spec.RestrictionKindAdvanceNotice })
	return nil
}

func (o *office) mortgage(p *page, e spec.EntryOrder, now time.Time, out *spec.RegistryEntryResultRequest) error {
	no, err := o.books.number(o.district, now.Year(), true)
	if err != nil {
		return err
	}
	m := e.Mortgage
	p.Restrictions = append(p.Restrictions, spec.Restriction{
		Kind: spec.RestrictionKindMortgage, Number: no, Holder: m.Mortgagee.Name, RegisteredAt: now, From: m.From, Until: m.Until,
		Claim: m.Claim, MortgageWay: m.Way, RestrictsTransfer: m.RestrictsTransfer,
	})
	out.MortgageCertificateNo = no
	return nil
}

// afterEntry queues the notices of a finished case.
func (o *office) afterEntry(p page, out spec.RegistryEntryResultRequest) error {
	if out.Outcome != spec.EntryOutcomeEntered {
		return nil
	}
	n := spec.RegistryProcessNotifyRequest{CaseNo: out.CaseNo, RegistryCaseNo: out.RegistryCaseNo, UnitCode: string(p.Unit),
		Stage: spec.ProcessStageEntered, Operator: "陆登", CertificateNo: out.TitleCertificateNo}
	if err := o.stage(n, 0); err != nil {
		return err
	}
	n.Stage, n.Operator, n.PrintNo = spec.ProcessStageCertified, "单制", o.Serial("D32")
	return o.stage(n, acceptTakes)
}
