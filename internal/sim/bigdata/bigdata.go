// Package bigdata simulates the city's big-data platform, all from the invented city: identity and household of the police,
// marriages and place names of civil affairs, births and deaths of health, notaries' certificates, courts' judgments, licences, transfers
// of state assets, parcels. The departments behind it ask the platform by it, too, one by one and in batches.
package bigdata

import (
	"context"
	"errors"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/batch"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// Platform is the big-data platform.
type Platform struct {
	*wire.System
	city      *democity.City
	deaths    *board.Table[Death] // by document
	batches   *batch.Book
	acts      []Act
	transfers []transfer
	addresses map[string]*democity.Unit
}

// ErrNobody says that an operator named a citizen whom the city does not have.
var ErrNobody = errors.New("the city has no such person")

// New puts the platform on the hub.
func New(h *wire.Hub, c *democity.City) (*Platform, error) {
	s, err := h.New(wire.About{Name: "bigdata", Title: "泰州市大数据平台", App: "taizhou-bigdata", Counterpart: "bigdata", Zone: wire.Office})
	if err != nil {
		return nil, err
	}
	p := &Platform{System: s, city: c, acts: actsOf(c), transfers: transfersOf(c), addresses: byAddress(c)}
	if p.deaths, err = board.OpenTable[Death](h.Board(), "bigdata-deaths"); err != nil {
		return nil, err
	}
	if p.batches, err = batch.Open(h.Board(), "bigdata-batches"); err != nil {
		return nil, err
	}
	wire.Handle(s, spec.BigdataIdentityVerify, p.identity)
	wire.Handle(s, spec.BigdataHouseholdQuery, p.household)
	wire.Handle(s, spec.BigdataMarriageQuery, p.marriage)
	wire.Handle(s, spec.BigdataLicenseQuery, p.licence)
	wire.Handle(s, spec.BigdataDeathQuery, p.death)
	wire.Handle(s, spec.BigdataBirthQuery, p.birth)
	wire.Handle(s, spec.BigdataNotaryQuery, p.notary)
	wire.Handle(s, spec.BigdataJudgmentQuery, p.judgments)
	wire.Handle(s, spec.BigdataAssetQuery, p.asset)
	wire.Handle(s, spec.BigdataLandQuery, p.land)
	wire.Handle(s, spec.BigdataPlaceQuery, p.place)
	wire.Handle(s, spec.BigdataBatchResult, func(_ context.Context, _ wire.Call, in spec.BigdataBatchResultRequest) (spec.Ack, error) {
		return spec.Ack{Received: true}, p.batches.Take(in.BatchNo, in.Page, in.Pages, in.Rows)
	})
	return p, nil
}

func (p *Platform) identity(_ context.Context, c wire.Call, in spec.BigdataIdentityVerifyRequest) (spec.BigdataIdentityVerifyResponse, error) {
	out := spec.BigdataIdentityVerifyResponse{CheckedAt: c.At, Result: spec.IdentityResultMatch}
	if d, ok := p.Board().Faults.Take(p.Name, string(c.Operation), in.CaseNo); ok {
		out.Result = spec.IdentityResult(d.Outcome)
		return out, nil
	}
	if in.Person.DocumentKind != spec.DocumentKindIDCard {
		out.Result = spec.IdentityResultNotFound
		return out, nil
	}
	switch who, ok := p.city.Person(land.IDNumber(in.Person.DocumentNumber)); {
	case !ok:
		out.Result = spec.IdentityResultNotFound
	case who.Name != in.Person.Name:
		out.Result = spec.IdentityResultMismatch
	default:
		if _, dead := p.dead(who); dead {
			out.Result = spec.IdentityResultDeceased
		}
	}
	return out, nil
}

// household shows the household book with each member's relation to the person asked about.
func (p *Platform) household(_ context.Context, _ wire.Call, in spec.BigdataHouseholdQueryRequest) (spec.BigdataHouseholdQueryResponse, error) {
	who, ok := town.Find(p.city, in.Person)
	if !ok {
		return spec.BigdataHouseholdQueryResponse{}, nil
	}
	book, ok := p.city.Household(who.Household)
	if !ok {
		return spec.BigdataHouseholdQueryResponse{}, nil
	}
	out := spec.BigdataHouseholdQueryResponse{Found: true, HouseholdNo: book.Number, Address: book.Address}
	for _, m := range book.Members {
		member, ok := p.city.Person(m.ID)
		if !ok {
			continue
		}
		out.Members = append(out.Members, spec.Member{Person: town.Citizen(member), Birthday: string(member.Birth), Relation: relation(book, who, member)})
	}
	return out, nil
}

// relation is what a member of a household is to the one who was asked about. The book has couples and their children.
func relation(book *democity.Household, asked, member *democity.Person) spec.Relation {
	child := func(id land.IDNumber) bool {
		for _, m := range book.Members {
			if m.ID == id {
				return m.Relation == "子" || m.Relation == "女"
			}
		}
		return false
	}
	switch {
	case member.ID == asked.ID:
		return spec.RelationSelf
	case member.ID == asked.Spouse:
		return spec.RelationSpouse
	case child(member.ID) && child(asked.ID):
		return spec.RelationSibling
	case child(member.ID):
		return spec.RelationChild
	case child(asked.ID):
		return spec.RelationParent
	}
	return spec.RelationOther
}

func (p *Platform) marriage(_ context.Context, c wire.Call, in spec.BigdataMarriageQueryRequest) (spec.BigdataMarriageQueryResponse, error) {
	who, ok := town.Find(p.city, in.Person)
	if _, told := p.Board().Faults.Take(p.Name, string(c.Operation), in.CaseNo); told || !ok {
		return spec.BigdataMarriageQueryResponse{State: spec.MarriageStateUnknown}, nil
	}
	m, recorded := p.city.MarriageOf(who.ID)
	if recorded && !m.OnFile {
		return spec.BigdataMarriageQueryResponse{State: spec.MarriageStateUnknown}, nil
	}
	out := spec.BigdataMarriageQueryResponse{State: stateOf(who.Marriage)}
	if !recorded {
		return out, nil
	}
	out.RegisteredOn, out.CertificateNo = string(m.On), m.Number
	switch out.State {
	case spec.MarriageStateMarried:
		if spouse, ok := p.city.Person(who.Spouse); ok {
			out.Spouse = town.Citizen(spouse)
		}
	case spec.MarriageStateDivorced:
		out.RegisteredOn, out.CertificateNo = string(m.Ended), m.Divorce
	}
	return out, nil
}

func stateOf(marriage string) spec.MarriageState {
	switch marriage {
	case democity.Single:
		return spec.MarriageStateUnmarried
	case democity.Married:
		return spec.MarriageStateMarried
	case democity.Divorced:
		return spec.MarriageStateDivorced
	case democity.Widowed:
		return spec.MarriageStateWidowed
	}
	return spec.MarriageStateUnknown
}

// licence looks an organisation up: companies, and banks by their financial licence.
func (p *Platform) licence(_ context.Context, c wire.Call, in spec.BigdataLicenseQueryRequest) (spec.BigdataLicenseQueryResponse, error) {
	name, legal := "", ""
	if firm, ok := p.city.Company(land.CreditCode(in.CreditCode)); ok && holds(firm.Kind, in.Kind) {
		name = firm.Name
		if boss, ok := p.city.Person(firm.Legal); ok {
			legal = boss.Name
		}
	}
	for _, b := range p.city.Banks {
		if string(b.Credit) == in.CreditCode && (in.Kind == spec.LicenceKindFinancial || in.Kind == spec.LicenceKindBusiness) {
			name = b.Name
		}
	}
	if name == "" || in.Name != "" && in.Name != name {
		return spec.BigdataLicenseQueryResponse{}, nil
	}
	return spec.BigdataLicenseQueryResponse{Found: true, Name: name, LegalPerson: legal, State: spec.LicenceStateActive,
		ValidUntil: c.At.AddDate(3, 0, 0).Format(time.DateOnly)}, nil
}

// holds tells which licences an organisation of a kind has.
func holds(kind string, licence spec.LicenceKind) bool {
	switch licence {
	case spec.LicenceKindAgency:
		return kind == "agency"
	case spec.LicenceKindInstitution:
		return kind == "fund"
	case spec.LicenceKindBusiness:
		return kind != "fund"
	}
	return false
}
