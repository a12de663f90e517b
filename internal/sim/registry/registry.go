package registry

import (
	"context"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// How long the registry's people need.
const (
	surveyTakes = 2 * time.Hour
	visitTakes  = 6 * time.Hour
	entryTakes  = 30 * time.Minute
	acceptTakes = 10 * time.Minute
	reviewTakes = time.Hour
)

// Registries are the registries of the city that have a system.
type Registries struct {
	books   *books
	systems map[string]*wire.System // by district
}

// New puts a registry of each district but the desk one on the hub.
func New(h *wire.Hub, c *democity.City) (*Registries, error) {
	b, err := openBooks(h, c)
	if err != nil {
		return nil, err
	}
	r := &Registries{books: b, systems: map[string]*wire.System{}}
	for _, d := range c.Districts {
		if d.Code == democity.DeskDistrict {
			continue
		}
		s, err := h.New(wire.About{Name: "registry/" + d.Code, Title: town.Registry(d.Code), App: "taizhou-registry-" + d.Code,
			Counterpart: "registry", District: d.Code, Zone: wire.Office, Dialect: town.Dialect("registry", d.Code)})
		if err != nil {
			return nil, err
		}
		r.systems[d.Code] = s
		(&office{s, b, d.Code}).serve()
	}
	r.handleStages()
	return r, nil
}

// office is one district's registry at work.
type office struct {
	*wire.System
	books    *books
	district string
}

func (o *office) serve() {
	wire.Handle(o.System, spec.RegistryUnitQuery, o.query)
	wire.Handle(o.System, spec.RegistryUnitStatus, o.status)
	wire.Handle(o.System, spec.RegistryHousesCount, o.housesCount)
	wire.Handle(o.System, spec.RegistryApplicationPush, o.apply)
	wire.Handle(o.System, spec.RegistryEntryCancel, o.cancel)
	wire.Handle(o.System, spec.RegistryArchiveQuery, o.archive)
	wire.Handle(o.System, spec.RegistryProcessQuery, o.process)
	wire.Handle(o.System, spec.RegistryDayQuery, o.day)
	wire.Async(o.System, spec.RegistryContractPush, wire.After[spec.RegistryContractPushRequest](signingTakes), nil, o.sign)
	wire.Async(o.System, spec.RegistrySurveyPush, surveySpan, nil, o.survey)
	wire.Async(o.System, spec.RegistryEntryPush, wire.After[spec.RegistryEntryPushRequest](entryTakes), nil, o.enter)
	wire.Async(o.System, spec.RegistryControlPush, wire.After[spec.RegistryControlPushRequest](controlTakes), o.servesUnit, o.control)
}

// mine returns the page of a unit of this district.
func (o *office) mine(code string) (page, bool) {
	unit := land.UnitCode(code)
	if unit.District() != o.district {
		return page{}, false
	}
	return o.books.page(unit)
}

func (o *office) query(_ context.Context, c wire.Call, in spec.RegistryUnitQueryRequest) (spec.RegistryUnitQueryResponse, error) {
	var p page
	var found bool
	if in.UnitCode != "" {
		p, found = o.mine(in.UnitCode)
	} else {
		p, found = o.books.find(in.CertificateNo, in.OwnerName, in.DocumentNumber)
		found = found && p.Unit.District() == o.district
	}
	if !found {
		return spec.RegistryUnitQueryResponse{AsOf: c.At}, nil
	}
	u, _ := o.books.city.Unit(p.Unit) // a page is of a unit
	return spec.RegistryUnitQueryResponse{
		Matched: true, Unit: town.Unit(o.books.city, u), Rights: p.Rights, Restrictions: p.Restrictions,
		OpenCase: p.Case != "", Version: p.version(), AsOf: c.At,
	}, nil
}

func (o *office) status(_ context.Context, c wire.Call, in spec.RegistryUnitStatusRequest) (spec.RegistryUnitStatusResponse, error) {
	p, ok := o.mine(in.UnitCode)
	if !ok {
		return spec.RegistryUnitStatusResponse{}, spec.NewFault(spec.CodeNotFound, "没有这个单元")
	}
	_, why := p.blocks(nil)
	current := in.CertificateNo == "" || p.has(in.CertificateNo)
	return spec.RegistryUnitStatusResponse{
		UnitCode: in.UnitCode, Transferable: why == "" && current && len(p.Rights) > 0,
		Changed:      in.Version != "" && in.Version != p.version() || !current,
		Restrictions: p.Restrictions, OpenCase: p.Case != "", Version: p.version(), AsOf: c.At,
	}, nil
}

// has tells whether a certificate is of a present title.
func (p page) has(certificate string) bool {
	for _, r := range p.Rights {
		for _, h := range r.Holders {
			if h.CertificateNo == canonical(certificate) {
				return true
			}
		}
	}
	return false
}

func (o *office) housesCount(_ context.Context, c wire.Call, in spec.RegistryHousesCountRequest) (spec.RegistryHousesCountResponse, error) {
	district := o.district
	if in.Scope == spec.CountScopeCity {
		district = ""
	}
	out := spec.RegistryHousesCountResponse{AsOf: c.At}
	all := map[string]bool{}
	for _, p := range in.Persons {
		homes := o.books.homesOf(district, p)
		for _, h := range homes {
			all[h.UnitCode] = true
		}
		out.Persons = append(out.Persons, spec.HousesOfPerson{Person: p, Count: len(homes), Homes: homes})
	}
	out.Total = len(all)
	return out, nil
}

// archive lists what the registry keeps of a unit's past.
func (o *office) archive(_ context.Context, _ wire.Call, in spec.RegistryArchiveQueryRequest) (spec.RegistryArchiveQueryResponse, error) {
	unit := land.UnitCode(in.UnitCode)
	if unit == "" {
		o.books.mu.Lock()
		unit = o.books.byCert[canonical(in.CertificateNo)]
		o.books.mu.Unlock()
	}
	p, ok := o.mine(string(unit))
	if !ok {
		return spec.RegistryArchiveQueryResponse{}, spec.NewFault(spec.CodeNotFound, "没有查到档案")
	}
	var rights []spec.Right
	for i := range o.books.city.Titles {
		if t := &o.books.city.Titles[i]; t.Unit == unit && !t.Present() {
			rights = append(rights, town.Title(t))
		}
	}
	var out spec.RegistryArchiveQueryResponse
	for i, r := range append(append(rights, p.Past...), p.Rights...) {
		no := string(unit)[:19] + "-" + string(unit)[20:] + "-" + string(rune('A'+i))
		out.Files = append(out.Files, spec.ArchiveFile{ArchiveNo: no, RegistryCaseNo: caseOr(r.RegistryCaseNo, no), Title: r.Reason,
			RegistrationType: r.RegistrationType, ArchivedOn: r.RegisteredAt.Format(time.DateOnly), Pages: 24})
	}
	return out, nil
}

func caseOr(number, otherwise string) string {
	if number == "" {
		return otherwise
	}
	return number
}

func surveySpan(in spec.RegistrySurveyPushRequest) time.Duration {
	if in.FieldVisit {
		return visitTakes
	}
	return surveyTakes
}

// survey compares the application with the cadastre; what is not of this district or says another area cannot pass.
func (o *office) survey(_ context.Context, w wire.Work, in spec.RegistrySurveyPushRequest) (spec.RegistrySurveyResultRequest, error) {
	review, err := o.Review(w, "周勘")
	if err != nil {
		return spec.RegistrySurveyResultRequest{}, err
	}
	out := spec.RegistrySurveyResultRequest{WorkID: w.ID, CaseNo: in.CaseNo, Review: review}
	p, ok := o.mine(in.UnitCode)
	if !wire.Passed(review) {
		return out, nil
	}
	if !ok {
		out.Review.Outcome, out.Review.Opinion = spec.OutcomeRefuse, "本辖区没有这个不动产单元"
		return out, nil
	}
	u, _ := o.books.city.Unit(p.Unit) // a page is of a unit
	if in.Area != "" && in.Area != u.Area.String() {
		out.Review.Outcome, out.Review.Opinion = spec.OutcomeRefuse, "申请面积与权籍调查成果不一致，调查成果为 "+u.Area.String()+" 平方米"
		return out, nil
	}
	out.SurveyNo, out.Unit = "DC"+w.ID.String()[24:], town.Unit(o.books.city, u)
	out.Surveyor, out.SurveyedAt = "周勘", review.ReviewedAt
	return out, nil
}
