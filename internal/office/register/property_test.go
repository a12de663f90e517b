package register_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// Random sequences of acts on one unit keep the invariants of the book, and every act is allowed or refused as a simple model
// of the law says.
func TestBookKeepsTheLaw(t *testing.T) {
	b := newBook(t)
	next := 0
	rapid.Check(t, func(rt *rapid.T) {
		b.clk.Set(today)
		k := b.city.Contracts[next%len(b.city.Contracts)]
		if next++; next > len(b.city.Contracts) {
			rt.Skip("every home has been used")
		}
		m := &model{b: b, rt: rt, unit: k.Unit, live: map[uuid.UUID]*served{}}
		m.title = b.page(k.Unit).Title.ID
		for range rapid.IntRange(3, 10).Draw(rt, "acts") {
			b.clk.Advance(time.Duration(rapid.IntRange(0, 3).Draw(rt, "minutes")) * time.Minute)
			if rapid.IntRange(0, 9).Draw(rt, "jump") == 0 {
				b.clk.Advance(time.Duration(rapid.IntRange(1, 400).Draw(rt, "days")) * 24 * time.Hour)
			}
			m.lapse()
			rapid.SampledFrom([]func(){m.sell, m.sell, m.mortgage, m.discharge, m.seize, m.seize, m.seize, m.lift, m.lift, m.reserve, m.release, m.expire}).Draw(rt, "act")()
			m.check()
		}
	})
}

// model knows of a unit what the law makes of it.
type model struct {
	b     *book
	rt    *rapid.T
	unit  land.UnitCode
	title uuid.UUID
	live  map[uuid.UUID]*served
	n     int // of orders
	loans []uuid.UUID
	past  int
	owner uuid.UUID // case of the reservation
	until time.Time
}

// served is a seizure that has not ended.
type served struct {
	at     time.Time
	no     int
	months int
	from   land.Date // of the one in force
	court  string
}

// first is the order in which they come into force.
func (m *model) first() []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(m.live))
	for id := range m.live {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(x, y uuid.UUID) int {
		if c := m.live[x].at.Compare(m.live[y].at); c != 0 {
			return c
		}
		return m.live[x].no - m.live[y].no
	})
	return ids
}

// lastDay is worked out from the calendar, not by the register's own arithmetic.
func lastDay(from land.Date, months int) land.Date {
	year, month, day := from.Time().Date()
	same := time.Date(year, month+time.Month(months), day, 0, 0, 0, 0, time.UTC)
	if same.Day() != day { // carried over: the month has no such day
		return land.DateOf(same.AddDate(0, 0, -same.Day()))
	}
	return land.DateOf(same.AddDate(0, 0, -1))
}

// lapse ends in the model what the law has ended by now.
func (m *model) lapse() {
	for ids := m.first(); len(ids) > 0; ids = ids[1:] {
		s := m.live[ids[0]]
		if end := lastDay(s.from, s.months); end < land.DateOf(m.b.clk.Now()) {
			delete(m.live, ids[0])
			if len(ids) > 1 {
				m.live[ids[1]].from = end.AddDays(1)
			}
			continue
		}
		return
	}
}

// verdict compares what the book said with what the law says.
func (m *model) verdict(what string, err, want error) {
	m.rt.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		m.rt.Fatalf("%s: %v, want %v", what, err, want)
	}
}

// against is the first reason that the law has against a disposal by a case; the book may name more.
func (m *model) against(caseID uuid.UUID) error {
	switch {
	case len(m.live) > 0:
		return register.ErrSeized
	case m.owner != uuid.Nil && m.owner != caseID && m.b.clk.Now().Before(m.until):
		return register.ErrReserved
	}
	return nil
}

func (m *model) someCase() uuid.UUID {
	if m.owner != uuid.Nil && rapid.Bool().Draw(m.rt, "the one that reserved") {
		return m.owner
	}
	return uuid.Must(uuid.NewV7())
}

func (m *model) sell() {
	e := register.Entry{Unit: m.unit, CaseID: m.someCase(), Basis: m.title, Approved: true, TaxPaid: true, Confirmed: true, By: "李建华"}
	e.Transfer = &register.Transfer{Reason: "存量房买卖", CoOwn: land.CoOwnShares, Split: rapid.Bool().Draw(m.rt, "split")}
	parts := rapid.SliceOfN(rapid.Int64Range(1, 9), 2, 5).Draw(m.rt, "parts")
	whole := rapid.IntRange(0, 3).Draw(m.rt, "shares fit") > 0
	e.Transfer.To = takers(parts, whole)
	want := m.against(e.CaseID)
	if !whole {
		want = register.ErrShares
	}
	done, err := m.b.enter(e)
	m.verdict("sell", err, want)
	if err == nil {
		m.title = done.Title
		m.past++
		m.entered(e.CaseID)
	}
}

// takers share a whole in proportion to the parts, or miss it by one part.
func takers(parts []int64, whole bool) []register.Taker {
	var sum int64
	for _, p := range parts {
		sum += p
	}
	if !whole {
		sum++
	}
	var out []register.Taker
	for i, p := range parts {
		number := fmt.Sprintf("32120219900307%03d1", i)
		out = append(out, register.Taker{Name: "买方" + string(rune('甲'+i)), Document: land.Document{Kind: land.DocIDCard, Number: number}, Share: land.Share{Num: p, Den: sum}})
	}
	return out
}

func (m *model) entered(caseID uuid.UUID) {
	if m.owner == caseID {
		m.owner = uuid.Nil
	}
}

func (m *model) mortgage() {
	e := register.Entry{Unit: m.unit, CaseID: m.someCase(), Approved: true, By: "李建华", Mortgages: []register.NewMortgage{{
		Kind: land.MortgageOrdinary, Mortgagee: register.Party{Name: "银行", Document: land.Document{Kind: land.DocLicence, Number: "9132"}}, Debtor: "王明",
		Claim: land.Fen(rapid.Int64Range(1, 1e9).Draw(m.rt, "claim")), From: "2026-12-01", To: "2046-11-30"}}}
	done, err := m.b.enter(e)
	m.verdict("mortgage", err, m.against(e.CaseID))
	if err == nil {
		m.loans = append(m.loans, done.Mortgages[0].ID)
		m.entered(e.CaseID)
	}
}

func (m *model) discharge() {
	e := register.Entry{Unit: m.unit, CaseID: m.someCase(), Approved: true, By: "李建华", Discharges: []uuid.UUID{uuid.Must(uuid.NewV7())}}
	want := register.ErrNoMortgage
	at := -1
	if len(m.loans) > 0 {
		at = rapid.IntRange(0, len(m.loans)-1).Draw(m.rt, "which mortgage")
		e.Discharges[0], want = m.loans[at], nil
	}
	if a := m.against(e.CaseID); a != nil {
		want = a
	}
	_, err := m.b.enter(e)
	m.verdict("discharge", err, want)
	if err == nil {
		m.loans = slices.Delete(m.loans, at, at+1)
		m.entered(e.CaseID)
	}
}

func (m *model) seize() {
	m.n++
	o := m.b.order(m.unit, rapid.SampledFrom([]string{hailing, gulou, middle}).Draw(m.rt, "court"), fmt.Sprintf("N%d", m.n))
	o.Months = rapid.IntRange(1, 36).Draw(m.rt, "months")
	o.Served = o.Served.Add(-time.Duration(rapid.IntRange(0, 5).Draw(m.rt, "minutes ago")) * time.Minute).Truncate(time.Minute)
	s, err := m.b.seize(o)
	m.verdict("seize", err, nil)
	before := m.first()
	m.live[s.ID] = &served{at: o.Served, no: m.n, months: o.Months, court: o.Court}
	after := m.first()
	if after[0] == s.ID {
		m.live[s.ID].from = land.DateOf(o.Served)
		if len(before) > 0 {
			m.live[before[0]].from = ""
		}
	}
	if s.Position != slices.Index(after, s.ID) || (s.State == register.SeizureActive) != (after[0] == s.ID) {
		m.rt.Fatalf("seized as number %d (%s), the law says %d", s.Position, s.State, slices.Index(after, s.ID))
	}
}

func (m *model) lift() {
	ids := m.first()
	if len(ids) == 0 {
		_, err := m.b.lift(m.unit, uuid.Must(uuid.NewV7()), hailing, false)
		m.verdict("lift nothing", err, register.ErrNoSeizure)
		return
	}
	id := rapid.SampledFrom(ids).Draw(m.rt, "which seizure")
	c, err := m.b.lift(m.unit, id, m.live[id].court, false)
	m.verdict("lift", err, nil)
	delete(m.live, id)
	rest := m.first()
	if len(rest) > 0 && id == ids[0] {
		m.live[rest[0]].from = land.DateOf(m.b.clk.Now())
	}
	if c.Free != (len(rest) == 0) || (c.Activated != uuid.Nil) != (len(rest) > 0 && id == ids[0]) {
		m.rt.Fatalf("lifted: %+v with %d left", c, len(rest))
	}
}

func (m *model) reserve() {
	id := m.someCase()
	until := m.b.clk.Now().Add(time.Duration(rapid.IntRange(1, 60).Draw(m.rt, "minutes")) * time.Minute)
	var want error
	if m.owner != uuid.Nil && m.owner != id && m.b.clk.Now().Before(m.until) {
		want = register.ErrReserved
	}
	m.verdict("reserve", m.b.tx(func(tx pgx.Tx) error { return m.b.Reserve(m.b.t.Context(), tx, m.unit, id, until) }), want)
	if want == nil {
		m.owner, m.until = id, until
	}
}

func (m *model) release() {
	id := m.someCase()
	m.verdict("release", m.b.tx(func(tx pgx.Tx) error { return m.b.Release(m.b.t.Context(), tx, m.unit, id) }), nil)
	m.entered(id)
}

func (m *model) expire() {
	var c *register.Change
	m.verdict("expire", m.b.tx(func(tx pgx.Tx) (err error) { c, err = m.b.Expire(m.b.t.Context(), tx, m.unit); return err }), nil)
	if c.Free != (len(m.live) == 0) {
		m.rt.Fatalf("after the night free is %v with %d seizures", c.Free, len(m.live))
	}
}

// check holds the page against the model. What has lapsed since the last act may still be shown as running.
func (m *model) check() {
	m.rt.Helper()
	p := m.b.page(m.unit)
	if p.Title == nil || p.Title.ID != m.title {
		m.rt.Fatalf("title %+v, want %s", p.Title, m.title)
	}
	var shares []land.Share
	for _, h := range p.Title.Holders {
		shares = append(shares, h.Share)
		if _, err := m.b.Find(m.b.t.Context(), m.b.pool, h.Certificate, h.Name, h.Document.Number); err != nil {
			m.rt.Fatalf("holder %s is not found: %v", h.Name, err)
		}
	}
	if err := land.CheckShares(shares...); p.Title.CoOwn == land.CoOwnShares && err != nil {
		m.rt.Fatal(err)
	}
	var running []uuid.UUID
	for i, r := range p.Running() {
		running = append(running, r.ID)
		if r.Rank != i+1 {
			m.rt.Fatalf("mortgage %d has rank %d", i+1, r.Rank)
		}
	}
	if !slices.Equal(running, m.loans) {
		m.rt.Fatalf("mortgages %v, want %v", running, m.loans)
	}
	active := 0
	for _, s := range p.Seizures {
		if s.State == register.SeizureActive {
			active++
		}
		if want, ok := m.live[s.ID]; ok && s.State == register.SeizureActive && (want.from != s.From || s.To != lastDay(s.From, want.months)) {
			m.rt.Fatalf("seizure %s runs from %s to %s, want from %s for %d months", s.NoticeNo, s.From, s.To, want.from, want.months)
		}
	}
	if active > 1 || len(m.live) > 0 && active == 0 {
		m.rt.Fatalf("%d seizures in force, %d live", active, len(m.live))
	}
	for i, l := range p.History[1:] {
		if l.No <= p.History[i].No || l.At.Before(p.History[i].At) {
			m.rt.Fatalf("history goes back at entry %d", l.No)
		}
	}
}
