package connect

import (
	"fmt"
	"strconv"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// ReportOf is a registry's answer about a unit as our mirror of its book takes it in. What the answer does not tell of a mortgage,
// its debtor and scope, stays empty; of an advance notice it tells too little, so that those we have stay while it has any.
func ReportOf(a spec.RegistryUnitQueryResponse, registry string) (register.Report, error) {
	rep := register.Report{Unit: land.UnitCode(a.Unit.UnitCode), Number: string(a.Version), At: a.AsOf, By: registry,
		Mortgages: []register.Mortgage{}, Seizures: []register.Seizure{}, Objections: []register.Objection{}, Advances: []register.Advance{}}
	target := ""
	for _, r := range a.Rights {
		if r.State != spec.RightStateCurrent {
			continue
		}
		t, err := titleOf(r)
		if err != nil {
			return rep, fmt.Errorf("connect: title of %s: %w", a.Unit.UnitCode, err)
		}
		rep.Title, target = t, t.Holders[0].Name
	}
	for _, x := range a.Restrictions {
		switch x.Kind {
		case spec.RestrictionKindMortgage:
			rep.Mortgages = append(rep.Mortgages, mortgageOf(x))
		case spec.RestrictionKindObjection:
			rep.Objections = append(rep.Objections, objectionOf(x))
		case spec.RestrictionKindAdvanceNotice:
			rep.Advances = nil
		case spec.RestrictionKindSeizure, spec.RestrictionKindQueuedSeizure, spec.RestrictionKindPreSeizure, spec.RestrictionKindQueuedPreSeizure:
			rep.Seizures = append(rep.Seizures, seizureOf(x, target))
		}
	}
	return rep, nil
}

func titleOf(r spec.Right) (*register.Title, error) {
	way, err := land.ParseCoOwn(string(r.CoOwnership))
	if err != nil {
		return nil, err
	}
	kind, err := strconv.Atoi(string(r.RegistrationType))
	if err != nil {
		return nil, fmt.Errorf("registration type %q: %w", r.RegistrationType, err)
	}
	t := &register.Title{RegType: land.RegType(kind), Reason: r.Reason, CoOwn: way, Price: land.Fen(r.Price), TaxedOn: land.Date(r.DeedTaxPaidOn), EnteredAt: r.RegisteredAt}
	for _, h := range r.Holders {
		share, err := land.ParseShare(string(h.Share))
		if err != nil {
			return nil, err
		}
		certificate := h.CertificateNo
		if certificate == "" {
			certificate = r.CertificateNo
		}
		number, err := land.ParseCertNumber(certificate)
		if err != nil {
			return nil, err
		}
		t.Holders = append(t.Holders, register.Holder{Party: register.Party{Name: h.Name, Document: land.Document{Kind: land.DocKind(h.DocumentKind), Number: h.DocumentNumber}},
			Share: share, Certificate: number, Phone: string(h.Phone)})
	}
	if len(t.Holders) == 0 {
		return nil, fmt.Errorf("right %s has no holder", r.CertificateNo)
	}
	return t, nil
}

func mortgageOf(x spec.Restriction) register.Mortgage {
	m := register.Mortgage{Kind: land.MortgageOrdinary, Mortgagee: register.Party{Name: x.Holder}, Claim: land.Fen(x.Claim), From: land.Date(x.From), To: land.Date(x.Until),
		Restricted: x.RestrictsTransfer, Certificate: land.CertNumber(x.Number), EnteredAt: x.RegisteredAt}
	if x.MortgageWay == spec.MortgageWayMaximum {
		m.Kind = land.MortgageMaximum
	}
	return m
}

func objectionOf(x spec.Restriction) register.Objection {
	return register.Objection{Applicant: register.Party{Name: x.Holder}, Reason: x.Note, Certificate: land.CertNumber(x.Number), EnteredAt: x.RegisteredAt, State: "active"}
}

// seizureOf is a seizure of the unit of target. Registries do not tell its term in months; it is the longest that the law allows.
func seizureOf(x spec.Restriction, target string) register.Seizure {
	s := register.Seizure{Kind: land.SeizureActive, Court: x.Holder, OrderNo: x.DocumentNo, NoticeNo: x.Number, Served: x.RegisteredAt, Months: 36,
		State: register.SeizureActive, From: land.Date(x.From), To: land.Date(x.Until), Target: target}
	if s.OrderNo == "" {
		s.OrderNo = x.Number
	}
	switch x.Kind {
	case spec.RestrictionKindQueuedSeizure, spec.RestrictionKindQueuedPreSeizure:
		s.State, s.Kind, s.From, s.To = register.SeizureQueued, land.SeizureQueued, "", ""
	case spec.RestrictionKindPreSeizure:
		s.Kind = land.SeizurePresale
	}
	return s
}
