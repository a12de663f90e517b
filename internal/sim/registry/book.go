// Package registry simulates the registries of the districts that have a system: 权籍调查, the exact query, counts of homes,
// applications, and the book itself with its rules.
//
// The books begin as the invented city has them, and go on from there by entries, seizures and objections; a page that never
// changed is not stored. Certificates are numbered on from the city's, without gaps, one series per issuing name.
package registry

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// page is the book's page of a unit.
type page struct {
	Unit         land.UnitCode      `json:"unit"`
	Version      int                `json:"version"`
	EnteredAt    time.Time          `json:"enteredAt,omitzero"` // of the newest entry since the founding
	Rights       []spec.Right       `json:"rights"`             // present
	Past         []spec.Right       `json:"past"`
	Restrictions []spec.Restriction `json:"restrictions"`
	Case         string             `json:"case,omitempty"` // the platform's, while one is open
	CaseNo       string             `json:"caseNo,omitempty"`
	// Entered keeps the result of each entry by its work, so that a work decided twice is entered once.
	Entered map[string]spec.RegistryEntryResultRequest `json:"entered,omitempty"`
	// Cancelled lists cases that were taken back.
	Cancelled []string `json:"cancelled,omitempty"`
	// Lifted lists the notices by which courts had seizures lifted.
	Lifted []string `json:"lifted,omitempty"`
}

func (p page) version() string { return "v" + strconv.Itoa(p.Version) }

// books are the books of all districts with a system. They share a lock: entries are rare, and a count of homes looks at all.
type books struct {
	hub    *wire.Hub
	city   *democity.City
	pages  *board.Table[page]
	stages *board.Table[reached]

	mu      sync.Mutex
	serials map[series]int
	byCert  map[string]land.UnitCode          // of present titles
	holds   map[string]map[land.UnitCode]bool // units by document number of a present holder
}

// series is a run of certificate numbers.
type series struct {
	year    int
	issuing string
	proof   bool
}

func openBooks(h *wire.Hub, c *democity.City) (*books, error) {
	pages, err := board.OpenTable[page](h.Board(), "registry-pages")
	if err != nil {
		return nil, err
	}
	stages, err := board.OpenTable[reached](h.Board(), "registry-stages")
	if err != nil {
		return nil, err
	}
	b := &books{hub: h, city: c, pages: pages, stages: stages, serials: map[series]int{}, byCert: map[string]land.UnitCode{},
		holds: map[string]map[land.UnitCode]bool{}}
	for i := range c.Titles {
		t := &c.Titles[i]
		for _, h := range t.Holders {
			b.count(string(h.Cert))
			if t.Present() {
				b.hold(h.Document.Number, string(h.Cert), t.Unit)
			}
		}
	}
	for i := range c.Units {
		for _, r := range town.Restrictions(c, c.Units[i].Code) {
			b.count(r.Number)
		}
	}
	for _, p := range pages.List() {
		b.learn(p)
	}
	return b, nil
}

// learn brings the memory up to a stored page.
func (b *books) learn(p page) {
	for _, past := range p.Past {
		for _, h := range past.Holders {
			delete(b.byCert, h.CertificateNo)
			delete(b.holds[h.DocumentNumber], p.Unit)
		}
	}
	for _, r := range p.Rights {
		for _, h := range r.Holders {
			b.hold(h.DocumentNumber, h.CertificateNo, p.Unit)
			b.count(h.CertificateNo)
		}
	}
	for _, r := range p.Restrictions {
		b.count(r.Number)
	}
	for _, e := range p.Entered {
		b.count(e.MortgageCertificateNo)
	}
}

func (b *books) hold(document, certificate string, unit land.UnitCode) {
	if certificate != "" {
		b.byCert[certificate] = unit
	}
	if b.holds[document] == nil {
		b.holds[document] = map[land.UnitCode]bool{}
	}
	b.holds[document][unit] = true
}

// count keeps the series of a number from being given out again.
func (b *books) count(number string) {
	c, err := land.ParseCertNumber(number)
	if err != nil {
		return // a court's order, or no number at all
	}
	s := series{c.Year(), c.Issuing(), c.IsProof()}
	b.serials[s] = max(b.serials[s], c.Serial())
}

// number takes the next of a district's series.
func (b *books) number(district string, year int, proof bool) (string, error) {
	d, _ := land.FindDistrict(district)
	s := series{year, d.Issuing, proof}
	c, err := land.MakeCertNumber(year, d.Issuing, proof, b.serials[s]+1)
	if err != nil {
		return "", err
	}
	b.serials[s]++
	return string(c), nil
}

// page returns the page of a unit; false means that there is no such unit.
func (b *books) page(code land.UnitCode) (page, bool) {
	if p, ok := b.pages.Get(string(code)); ok {
		return p, true
	}
	if _, ok := b.city.Unit(code); !ok {
		return page{}, false
	}
	p := page{Unit: code, Restrictions: town.Restrictions(b.city, code)}
	if t, ok := b.city.Title(code); ok {
		p.Rights = []spec.Right{town.Title(t)}
	}
	return p, true
}

// change edits the page of a unit in one step. An error of edit leaves it as it was.
func (b *books) change(code land.UnitCode, edit func(*page) error) (page, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.page(code)
	if !ok {
		return p, spec.NewFault("unit-unknown", "单元不存在")
	}
	before := map[series]int{}
	for s, n := range b.serials {
		before[s] = n
	}
	version := p.Version
	p = p.clone()
	err := edit(&p)
	if p.Version != version {
		p.EnteredAt = b.hub.Board().Now()
	}
	if err == nil {
		err = b.pages.Put(string(code), p)
	}
	if err != nil {
		b.serials = before // no gap
		return p, err
	}
	b.learn(p)
	return p, nil
}

// clone lets an edit be abandoned half way.
func (p page) clone() page {
	p.Rights, p.Past, p.Restrictions = slices.Clone(p.Rights), slices.Clone(p.Past), slices.Clone(p.Restrictions)
	p.Cancelled, p.Lifted = slices.Clone(p.Cancelled), slices.Clone(p.Lifted)
	entered := make(map[string]spec.RegistryEntryResultRequest, len(p.Entered)+1)
	for k, v := range p.Entered {
		entered[k] = v
	}
	p.Entered = entered
	return p
}

// find returns the page that certificate number, owner and document name exactly.
func (b *books) find(certificate, owner, document string) (page, bool) {
	b.mu.Lock()
	code, ok := b.byCert[canonical(certificate)]
	b.mu.Unlock()
	if !ok {
		return page{}, false
	}
	p, _ := b.page(code)
	for _, r := range p.Rights {
		for _, h := range r.Holders {
			if h.Name == owner && h.DocumentNumber == document {
				return p, true
			}
		}
	}
	return page{}, false
}

// canonical writes a certificate number as the books have it, whatever brackets it came with.
func canonical(number string) string {
	if c, err := land.ParseCertNumber(number); err == nil {
		return string(c)
	}
	return number
}

// homesOf lists the homes of a person in a district, or with "" in the city.
func (b *books) homesOf(district string, p spec.Person) []spec.OwnedHome {
	b.mu.Lock()
	units := slices.Sorted(maps.Keys(b.holds[p.DocumentNumber]))
	b.mu.Unlock()
	var out []spec.OwnedHome
	for _, code := range units {
		u, ok := b.city.Unit(code)
		if !ok || district != "" && u.District != district || !town.Home(u.Use) {
			continue
		}
		at, _ := b.page(code)
		for _, r := range at.Rights {
			for _, h := range r.Holders {
				if h.DocumentNumber == p.DocumentNumber && h.Name == p.Name {
					out = append(out, spec.OwnedHome{UnitCode: string(code), Address: u.Address, Area: u.Area.String(),
						Share: h.Share, CertificateNo: r.CertificateNo, AcquiredOn: r.AcquiredOn})
				}
			}
		}
	}
	return out
}

// blocks tells which restriction forbids a transfer, and why in a word of the interface; buyers may be the holders of an
// advance notice.
func (p page) blocks(buyers []string) (spec.Restriction, spec.EntryReason) {
	for _, r := range p.Restrictions {
		switch {
		case r.Kind == spec.RestrictionKindSeizure || r.Kind == spec.RestrictionKindPreSeizure:
			return r, spec.EntryReasonSeized
		case r.Kind == spec.RestrictionKindObjection:
			return r, spec.EntryReasonObjected
		case r.Kind == spec.RestrictionKindAdvanceNotice && !slices.Contains(buyers, r.Holder):
			return r, spec.EntryReasonNoticed
		case r.Kind == spec.RestrictionKindMortgage && r.RestrictsTransfer, r.Kind == spec.RestrictionKindResidence, r.Kind == spec.RestrictionKindOther:
			return r, spec.EntryReasonRestricted
		}
	}
	return spec.Restriction{}, ""
}

// sentence says to people what stands in the way.
func sentence(r spec.Restriction, why spec.EntryReason) string {
	switch why {
	case spec.EntryReasonSeized:
		return fmt.Sprintf("单元已被%s查封（%s）", r.Holder, r.Number)
	case spec.EntryReasonObjected:
		return "单元有异议登记，处分前须由当事人书面确认知晓"
	case spec.EntryReasonNoticed:
		return "单元有预告登记，未经预告登记权利人同意不得处分"
	}
	return "单元存在禁止或限制转让的情形（" + r.Number + "）"
}
