// Package town shows the invented city in the types of the published interface, for the systems that answer from it.
package town

import (
	"strconv"
	"strings"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// Person writes a party as the interface has it.
func Person(name string, doc land.Document) spec.Person {
	return spec.Person{Name: name, DocumentKind: spec.DocumentKind(doc.Kind), DocumentNumber: doc.Number}
}

// Citizen writes a person of the city.
func Citizen(p *democity.Person) spec.Person { return Person(p.Name, p.Document()) }

// Find returns the citizen that the interface's person names; name and identity number must both be right.
func Find(c *democity.City, p spec.Person) (*democity.Person, bool) {
	found, ok := c.Person(land.IDNumber(strings.ToUpper(p.DocumentNumber)))
	return found, ok && found.Name == p.Name
}

// noCertificate stands in a developer's first registration, which has no certificate per unit; the interface wants one.
const noCertificate = "未单独发证"

// Unit writes a unit of the city.
func Unit(c *democity.City, u *democity.Unit) spec.Unit {
	out := spec.Unit{
		UnitCode: string(u.Code), HouseCode: string(u.House), District: u.District, Address: u.Address,
		Area: u.Area.String(), InnerArea: u.Inner.String(), SharedArea: u.Shared.String(),
		Use: spec.HouseUse(u.Use), Kind: spec.HouseKindHome, Structure: spec.Structure(u.Structure),
		Floor: strconv.Itoa(u.Floor), Floors: u.Floors, Room: u.Room, CompletedOn: string(u.Built),
		ParcelCode: u.Parcel, BuildingNo: u.Building,
	}
	if !Home(u.Use) {
		out.Kind = spec.HouseKindCommercial
	}
	for i := range c.Parcels {
		if c.Parcels[i].Code == u.Parcel {
			out.LandUseUntil = string(c.Parcels[i].To)
		}
	}
	return out
}

// Home tells whether a use counts as a home for fees, taxes and counts of homes.
func Home(use land.HouseUse) bool { return strings.HasPrefix(string(use), "1") }

// Title writes a title as a right of the book.
func Title(t *democity.Title) spec.Right {
	r := spec.Right{
		Kind: spec.RightKindLandUseHouse, RegistrationType: spec.RegistrationTypeTransfer, State: spec.RightStateCurrent,
		CertificateNo: certificate(t.Cert()), Reason: t.Reason, CoOwnership: spec.CoOwnership(t.CoOwn), Price: int64(t.Price),
		AcquiredOn: string(t.On), DeedTaxPaidOn: string(t.DeedTax), RegisteredAt: Noon(t.On), Registry: Registry(t.Unit.District()),
	}
	if t.Reason == democity.FirstRegistration {
		r.RegistrationType = spec.RegistrationTypeFirst
	}
	if !t.Present() {
		r.State = spec.RightStatePast
	}
	for _, h := range t.Holders {
		r.Holders = append(r.Holders, spec.Holder{
			Name: h.Name, DocumentKind: spec.DocumentKind(h.Document.Kind), DocumentNumber: h.Document.Number,
			Share: Share(h.Share), CertificateNo: string(h.Cert), Phone: h.Phone,
		})
	}
	return r
}

func certificate(c land.CertNumber) string {
	if c == "" {
		return noCertificate
	}
	return string(c)
}

// Share writes a share as the interface has it; holders in common have the whole each.
func Share(s land.Share) string {
	if s.IsZero() {
		s = land.Whole()
	}
	return strconv.FormatInt(s.Num, 10) + "/" + strconv.FormatInt(s.Den, 10)
}

// Restrictions lists what stood against a unit when the city was built.
func Restrictions(c *democity.City, code land.UnitCode) []spec.Restriction {
	var out []spec.Restriction
	for _, m := range c.Mortgages {
		if m.Unit == code {
			out = append(out, spec.Restriction{
				Kind: spec.RestrictionKindMortgage, Number: string(m.Proof), Holder: m.Mortgagee.Name, RegisteredAt: Noon(m.On),
				From: string(m.From), Until: string(m.To), Claim: int64(m.Claim), MortgageWay: spec.MortgageWay(m.Kind), RestrictsTransfer: m.Restricted,
			})
		}
	}
	for _, s := range c.Seizures {
		if s.Unit == code {
			kind := spec.RestrictionKindSeizure
			if s.Queue > 0 {
				kind = spec.RestrictionKindQueuedSeizure
			}
			out = append(out, spec.Restriction{
				Kind: kind, Number: s.Notice, Holder: s.Court, RegisteredAt: s.Served, From: string(s.From), Until: string(s.To),
				QueueOrder: s.Queue, DocumentNo: s.Order, Note: term(s.Months),
			})
		}
	}
	for _, o := range c.Objections {
		if o.Unit == code {
			out = append(out, spec.Restriction{
				Kind: spec.RestrictionKindObjection, Number: string(o.Proof), Holder: o.Applicant.Name, RegisteredAt: Noon(o.On),
				From: string(o.On), Until: string(o.Until), Note: o.Reason,
			})
		}
	}
	for _, a := range c.Advances {
		if a.Unit == code {
			out = append(out, spec.Restriction{
				Kind: spec.RestrictionKindAdvanceNotice, Number: string(a.Proof), Holder: a.Holder.Name, RegisteredAt: Noon(a.On), From: string(a.On),
			})
		}
	}
	return out
}

func term(months int) string { return "查封期限" + strconv.Itoa(months) + "个月" }

// Noon is the time of an entry of which only the day is known.
func Noon(d land.Date) time.Time { return d.Time().Add(12 * time.Hour).In(clock.Shanghai()) }

// Registry is the name of a district's registry.
func Registry(district string) string { return place(district) + "不动产登记中心" }

// Housing is the name of a district's housing bureau.
func Housing(district string) string { return place(district) + "住房和城乡建设局" }

func place(district string) string {
	d, ok := land.FindDistrict(district)
	if !ok {
		return "泰州市"
	}
	return strings.TrimPrefix(d.Place, "江苏省")
}
