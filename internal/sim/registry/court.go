package registry

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/sim/wire"
)

// What an operator may get wrong.
var (
	ErrNoUnit    = errors.New("no registry with a system keeps this unit")
	ErrNoSeizure = errors.New("the unit has no seizure by this order")
)

// Order is a court's order on a unit, as its officers serve it at the registry.
type Order struct {
	Unit   land.UnitCode `json:"unit"`
	Court  string        `json:"court"`
	Order  string        `json:"order"`  // number of the ruling
	Notice string        `json:"notice"` // number of the assistance notice
	Months int           `json:"months"` // term, at most 36
}

// fill gives an order what an operator left out.
func (o Order) fill(now time.Time, n int) Order {
	if o.Court == "" {
		o.Court = "泰州市中级人民法院"
	}
	if o.Order == "" {
		o.Order = fmt.Sprintf("（%d）苏12执%d号", now.Year(), 5000+n)
	}
	if o.Notice == "" {
		o.Notice = o.Order + "之一"
	}
	if o.Months <= 0 || o.Months > 36 {
		o.Months = 36
	}
	return o
}

// Seize registers a seizure and tells the platform. It takes effect now or, behind an earlier one, waits its turn.
func (r *Registries) Seize(o Order) (spec.Restriction, error) {
	s, err := r.of(o.Unit)
	if err != nil {
		return spec.Restriction{}, err
	}
	var made spec.Restriction
	p, err := r.books.change(o.Unit, func(p *page) error {
		now, queue := s.Now(), p.seizures()
		o = o.fill(now, p.Version)
		made = spec.Restriction{Kind: spec.RestrictionKindSeizure, Number: o.Notice, Holder: o.Court, RegisteredAt: now, QueueOrder: queue,
			DocumentNo: o.Order, Note: fmt.Sprintf("查封期限%d个月", o.Months)}
		if queue == 0 {
			made.From, made.Until = term(now, o.Months)
		} else {
			made.Kind = spec.RestrictionKindQueuedSeizure
		}
		p.Restrictions = append(p.Restrictions, made)
		p.Version++
		return nil
	})
	if err != nil {
		return made, err
	}
	return made, tell(s, p, spec.RestrictionActionRegistered, made)
}

// seizures counts those in force and waiting.
func (p page) seizures() int {
	n := 0
	for _, r := range p.Restrictions {
		if r.Kind == spec.RestrictionKindSeizure || r.Kind == spec.RestrictionKindQueuedSeizure {
			n++
		}
	}
	return n
}

func term(now time.Time, months int) (from, until string) {
	return now.Format(time.DateOnly), now.AddDate(0, months, -1).Format(time.DateOnly)
}

// Release ends a seizure, named by its ruling or its notice; the next in the queue takes effect by itself.
func (r *Registries) Release(unit land.UnitCode, order string) error {
	s, err := r.of(unit)
	if err != nil {
		return err
	}
	var ended spec.Restriction
	var woken *spec.Restriction
	p, err := r.books.change(unit, func(p *page) error {
		i := slices.IndexFunc(p.Restrictions, func(x spec.Restriction) bool { return x.Number == order || x.DocumentNo == order })
		if i < 0 {
			return ErrNoSeizure
		}
		ended = p.Restrictions[i]
		p.Restrictions = slices.Delete(p.Restrictions, i, i+1)
		woken = p.wake(ended.QueueOrder, s.Now())
		p.Version++
		return nil
	})
	if err != nil {
		return err
	}
	if err := tell(s, p, spec.RestrictionActionReleased, ended); err != nil || woken == nil {
		return err
	}
	return tell(s, p, spec.RestrictionActionActivated, *woken)
}

// wake moves the queue behind a place up; it returns the seizure that thereby takes effect.
func (p *page) wake(behind int, now time.Time) *spec.Restriction {
	var woken *spec.Restriction
	for i := range p.Restrictions {
		x := &p.Restrictions[i]
		if x.Kind != spec.RestrictionKindQueuedSeizure || x.QueueOrder <= behind {
			continue
		}
		if x.QueueOrder--; x.QueueOrder == 0 {
			x.Kind = spec.RestrictionKindSeizure
			months := 36
			if _, err := fmt.Sscanf(x.Note, "查封期限%d个月", &months); err != nil {
				months = 36 // a note in other words: the longest term that the law allows
			}
			x.From, x.Until = term(now, months)
			copied := *x
			woken = &copied
		}
	}
	return woken
}

// Object registers an objection; it lapses in fifteen days without a suit.
func (r *Registries) Object(unit land.UnitCode, applicant, reason string) (spec.Restriction, error) {
	s, err := r.of(unit)
	if err != nil {
		return spec.Restriction{}, err
	}
	var made spec.Restriction
	p, err := r.books.change(unit, func(p *page) error {
		now := s.Now()
		no, err := r.books.number(unit.District(), now.Year(), true)
		if err != nil {
			return err
		}
		made = spec.Restriction{Kind: spec.RestrictionKindObjection, Number: no, Holder: applicant, RegisteredAt: now,
			From: now.Format(time.DateOnly), Until: now.AddDate(0, 0, 15).Format(time.DateOnly), Note: reason}
		p.Restrictions = append(p.Restrictions, made)
		p.Version++
		return nil
	})
	if err != nil {
		return made, err
	}
	return made, tell(s, p, spec.RestrictionActionRegistered, made)
}

func (r *Registries) of(unit land.UnitCode) (*wire.System, error) {
	s, ok := r.systems[unit.District()]
	if _, known := r.books.page(unit); !ok || !known {
		return nil, ErrNoUnit
	}
	return s, nil
}

func tell(s *wire.System, p page, action spec.RestrictionAction, what spec.Restriction) error {
	return s.Tell(wire.Office, spec.RegistryRestrictionNotify, string(p.Unit), 0, spec.RegistryRestrictionNotifyRequest{
		UnitCode: string(p.Unit), Action: action, Restriction: what, At: s.Now().In(clock.Shanghai()), Version: p.version(),
	})
}

// Page is what an operator sees of a unit.
type Page struct {
	Unit         land.UnitCode      `json:"unit"`
	Version      string             `json:"version"`
	Rights       []spec.Right       `json:"rights"`
	Past         []spec.Right       `json:"past"`
	Restrictions []spec.Restriction `json:"restrictions"`
	Case         string             `json:"case,omitempty"`
}

// Page shows the book's page of a unit.
func (r *Registries) Page(unit land.UnitCode) (Page, error) {
	p, ok := r.books.page(unit)
	if _, kept := r.systems[unit.District()]; !ok || !kept {
		return Page{}, ErrNoUnit
	}
	return Page{p.Unit, p.version(), p.Rights, p.Past, p.Restrictions, p.Case}, nil
}

// Changed lists the pages that are no longer as the city was built.
func (r *Registries) Changed() []Page {
	out := []Page{}
	for _, p := range r.books.pages.List() {
		out = append(out, Page{p.Unit, p.version(), p.Rights, p.Past, p.Restrictions, p.Case})
	}
	return out
}
