package bigdata

import (
	"context"
	"fmt"
	"hash/fnv"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// Death is a certificate of death that an operator had issued, beside those of the city as it was built.
type Death struct {
	Document land.IDNumber `json:"document"`
	On       land.Date     `json:"on"`
	Number   string        `json:"number"`
}

// number makes a number of a register that follows from what it is about: six digits, always the same.
func number(of string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(of)) // never fails
	return int(h.Sum32() % 1_000_000)
}

// Die has a doctor certify the death of a citizen; on "" means today. A second certificate changes nothing.
func (p *Platform) Die(document land.IDNumber, on land.Date) (Death, error) {
	if _, ok := p.city.Person(document); !ok {
		return Death{}, ErrNobody
	}
	if on == "" {
		on = land.DateOf(p.Now())
	}
	d, _, err := p.deaths.Add(string(document), Death{Document: document, On: on, Number: certificateOfDeath(document, on)})
	return d, err
}

func certificateOfDeath(document land.IDNumber, on land.Date) string {
	return fmt.Sprintf("SW%s%s%06d", string(document)[:6], string(on)[:4], number(string(document)))
}

// dead finds the certificate of somebody's death: one that was issued since, or that of a spouse who had died before the city was built.
func (p *Platform) dead(who *democity.Person) (Death, bool) {
	if d, ok := p.deaths.Get(string(who.ID)); ok {
		return d, true
	}
	if who.Marriage != democity.Deceased {
		return Death{}, false
	}
	on := p.city.Today
	if m, ok := p.city.MarriageOf(who.ID); ok && m.Ended != "" {
		on = m.Ended
	}
	return Death{Document: who.ID, On: on, Number: certificateOfDeath(who.ID, on)}, true
}

func (p *Platform) death(_ context.Context, c wire.Call, in spec.BigdataDeathQueryRequest) (spec.BigdataDeathQueryResponse, error) {
	out := spec.BigdataDeathQueryResponse{CheckedAt: c.At}
	who, ok := town.Find(p.city, in.Person)
	if !ok {
		return out, nil
	}
	d, ok := p.dead(who)
	if !ok {
		return out, nil
	}
	out.Found, out.CertificateNo, out.DiedOn, out.Issuer = true, d.Number, string(d.On), hospital(who.District, "人民医院")
	if who.Marriage == democity.Deceased {
		out.CancelledOn = string(d.On.AddDays(30)) // the police's register follows, as it does in life
	}
	return out, nil
}

// birth names the parents of a child: the adults of its household book.
func (p *Platform) birth(_ context.Context, _ wire.Call, in spec.BigdataBirthQueryRequest) (spec.BigdataBirthQueryResponse, error) {
	var out spec.BigdataBirthQueryResponse
	who, ok := town.Find(p.city, in.Child)
	if !ok {
		return out, nil
	}
	book, ok := p.city.Household(who.Household)
	if !ok || relation(book, who, who) != spec.RelationSelf {
		return out, nil
	}
	for _, m := range book.Members {
		parent, ok := p.city.Person(m.ID)
		if !ok || relation(book, who, parent) != spec.RelationParent {
			continue
		}
		if parent.Female {
			out.Mother = town.Citizen(parent)
		} else {
			out.Father = town.Citizen(parent)
		}
	}
	if out.Mother.Name == "" && out.Father.Name == "" {
		return out, nil
	}
	out.Found, out.BornOn, out.CertificateNo = true, string(who.Birth), fmt.Sprintf("U32%04d%06d", number(who.Household)%10_000, number(string(who.ID)))
	out.Issuer = hospital(who.District, "妇幼保健院")
	return out, nil
}

// hospital is the name of a house of a district.
func hospital(district, kind string) string {
	d, ok := land.FindDistrict(district)
	if !ok {
		return "泰州市" + kind
	}
	return "泰州市" + d.Name + kind
}
