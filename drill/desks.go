package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"yichuang/e2e/play"
	"yichuang/internal/democity"
)

// desks are the members of staff who work in the drill, one browser each, signed in when they are first needed.
type desks struct {
	city  *play.City
	staff []democity.Staff

	mu sync.Mutex
	at map[string]*desk
}

// desk is one of them. Whoever works at it locks it.
type desk struct {
	mu     sync.Mutex
	who    play.Account
	person *play.Person // nil: not signed in
}

// for finds somebody whose work an order is.
func (s *desks) forOrder(o open) (*desk, error) {
	i := slices.IndexFunc(s.staff, func(m democity.Staff) bool {
		return m.Department == o.Department && (m.District == "" || m.District == o.District) && (m.Org == "" || o.Org == "" || m.Org == o.Org) &&
			(o.Role == "" && !slices.Contains(m.Roles, democity.RoleLeader) || slices.Contains(m.Roles, o.Role))
	})
	if i < 0 {
		return nil, fmt.Errorf("nobody works for %s/%s of %s", o.Department, o.Role, o.District)
	}
	m := s.staff[i]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at[m.Login] == nil {
		s.at[m.Login] = &desk{who: play.Account{Login: m.Login, Password: m.Password, Name: m.Name}}
	}
	return s.at[m.Login], nil
}

// decide lets the person of a desk take an order and decide it in the first of the ways that it offers and that goes on.
func (s *desks) decide(o open, caseNo string) error {
	at, err := s.forOrder(o)
	if err != nil {
		return err
	}
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.person == nil {
		if at.person, err = s.city.StaffIn(at.who); err != nil {
			at.person = nil
			return err
		}
	}
	if err = at.work(s.city, o, caseNo); err != nil {
		at.person = nil // signs in again
	}
	return err
}

func (d *desk) work(city *play.City, o open, caseNo string) error {
	p := d.person
	if o.Form == "accept" {
		return city.Decides(p, play.AtCounter(caseNo), caseNo, play.Fields("compared", "yes"))
	}
	address := city.Office + "/w/order/" + o.ID
	if err := p.Open(address); err != nil {
		return err
	}
	if _, err := p.Form("#领取"); err == nil {
		if err := p.Submit("#领取", nil); err != nil {
			return err
		}
	}
	if err := p.Open(address + "?do=" + o.way()); err != nil {
		return err
	}
	return p.Submit("outcome", play.Fields("opinion", "材料齐全，情况属实"))
}

// open is an order that somebody or something has to finish.
type open struct {
	ID, Node, Name, Kind, Form, Department, Role, Org, District, Message, Bill, Outcomes string
}

// way is the outcome that lets the case go on.
func (o open) way() string {
	for _, w := range []string{"pass", "clear", "retry", "confirmed", "entered"} {
		if slices.Contains(strings.Fields(o.Outcomes), w) {
			return w
		}
	}
	return "done"
}
