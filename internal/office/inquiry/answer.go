package inquiry

import (
	"strings"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// partyOf reads a person as the book has parties: numbers in capitals.
func partyOf(p spec.Person) register.Party {
	return register.Party{Name: strings.TrimSpace(p.Name), Document: land.Document{Kind: land.DocKind(p.DocumentKind), Number: strings.ToUpper(p.DocumentNumber)}}
}

// holdings writes what somebody has, as far as the asker serves the districts.
func holdings(from exchange.Caller, list []register.Holding) []spec.TitleHolding {
	var out []spec.TitleHolding
	for _, h := range list {
		if !from.Serves(h.Unit.District()) || len(out) == mostHoldings {
			continue
		}
		x := spec.TitleHolding{UnitCode: string(h.Unit), CertificateNo: string(h.Certificate), District: h.Unit.District(), Address: h.Address, Area: h.Area.String(),
			Use: spec.HouseUse(h.Use), CoOwnership: spec.CoOwnership(h.CoOwn), Share: h.Share.String(), RegisteredAt: h.EnteredAt.In(clock.Shanghai())}
		for _, k := range []struct {
			is   bool
			kind spec.RestrictionKind
		}{{h.Mortgaged, spec.RestrictionKindMortgage}, {h.Seized, spec.RestrictionKindSeizure}, {h.Queued, spec.RestrictionKindQueuedSeizure},
			{h.Objected, spec.RestrictionKindObjection}, {h.Noticed, spec.RestrictionKindAdvanceNotice}} {
			if k.is {
				x.Restrictions = append(x.Restrictions, k.kind)
			}
		}
		out = append(out, x)
	}
	return out
}

// mostHoldings bounds the list of one person in an answer; nobody in the city comes near.
const mostHoldings = 200
