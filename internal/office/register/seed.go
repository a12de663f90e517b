package register

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/democity"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Seed loads the demonstration city into an empty book; into one that has units it does nothing and returns false. Rows are
// copied table by table; certificate counters go on where the city's numbers end.
func (r *Register) Seed(ctx context.Context, db pg.Beginner, city *democity.City) (loaded bool, err error) {
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM register.unit)`).Scan(&loaded); err != nil || !loaded {
			return err
		}
		s := &seeding{r: r, city: city, parties: map[string]uuid.UUID{}}
		s.places()
		s.titles()
		s.burdens()
		return s.copy(ctx, tx)
	})
	if err != nil {
		return false, fmt.Errorf("register: seed: %w", err)
	}
	return loaded, nil
}

// seeding gathers rows in the order of the columns below.
type seeding struct {
	r       *Register
	city    *democity.City
	parties map[string]uuid.UUID
	ranks   map[land.UnitCode]int
	issued  map[land.CertNumber]bool
	counter map[counterKey]int
	served  int64
	rows    [len(seedTables)][][]any
}

type counterKey struct {
	issuing string
	year    int
	proof   bool
}

// Tables in the order of their foreign keys.
const (
	tParcel = iota
	tBuilding
	tUnit
	tParty
	tEntry
	tTitle
	tCertificate
	tHolder
	tMortgage
	tSeizure
	tObjection
	tAdvance
	tCounter
)

var seedTables = [...]struct {
	name    string
	columns []string
}{
	tParcel:      {"parcel", []string{"code", "district", "name", "address", "area", "land_use", "nature", "term_from", "term_to"}},
	tBuilding:    {"building", []string{"code", "district", "parcel", "name", "address", "floors", "built", "structure", "area"}},
	tUnit:        {"unit", []string{"code", "district", "parcel", "building", "house", "address", "entrance", "floor", "floors", "room", "layout", "area", "inner_area", "shared_area", "use", "home", "structure", "nature", "built"}},
	tParty:       {"party", []string{"id", "district", "kind", "name", "document", "doc_index", "name_index"}},
	tEntry:       {"entry", []string{"id", "district", "unit", "act", "reg_type", "at", "by_whom", "note"}},
	tTitle:       {"title", []string{"id", "district", "unit", "kind", "reg_type", "reason", "co_own", "price", "taxed_on", "entered", "entered_at", "state", "ended", "ended_at"}},
	tCertificate: {"certificate", []string{"number", "district", "unit", "year", "issuing", "proof", "serial", "state", "issued_at"}},
	tHolder:      {"holder", []string{"id", "district", "title", "seq", "party", "share_num", "share_den", "certificate", "phone", "match_index"}},
	tMortgage:    {"mortgage", []string{"id", "district", "unit", "kind", "mortgagee", "debtor", "claim", "term_from", "term_to", "restricted", "certificate", "entered", "entered_no", "entered_at", "state"}},
	tSeizure:     {"seizure", []string{"id", "district", "unit", "body", "court", "order_no", "notice_no", "target", "served_at", "months", "from_on", "to_on", "state", "entered", "entered_no"}},
	tObjection:   {"objection", []string{"id", "district", "unit", "applicant", "reason", "certificate", "lapses_on", "entered", "entered_at", "state"}},
	tAdvance:     {"advance", []string{"id", "district", "unit", "kind", "holder", "price", "certificate", "entered", "entered_at", "state"}},
	tCounter:     {"certificate_counter", []string{"issuing", "year", "proof", "last"}},
}

// entryAt is the place of the time among the columns of an entry: the total order follows it.
const entryAt = 5

func (s *seeding) add(table int, row ...any) { s.rows[table] = append(s.rows[table], row) }

func (s *seeding) copy(ctx context.Context, tx pgx.Tx) error {
	slices.SortStableFunc(s.rows[tEntry], func(a, b []any) int { return a[entryAt].(time.Time).Compare(b[entryAt].(time.Time)) })
	for key, last := range s.counter {
		s.add(tCounter, key.issuing, key.year, key.proof, last)
	}
	for i, t := range seedTables {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"register", t.name}, t.columns, pgx.CopyFromRows(s.rows[i])); err != nil {
			return fmt.Errorf("load %s: %w", t.name, err)
		}
	}
	return nil
}

func (s *seeding) places() {
	for _, p := range s.city.Parcels {
		s.add(tParcel, p.Code, p.District, p.Name, p.Address, p.Area, p.Use, p.Nature, day(p.From), day(p.To))
	}
	for _, b := range s.city.Buildings {
		s.add(tBuilding, b.Code, b.District, b.Parcel, b.Name, b.Address, b.Floors, day(b.Built), string(b.Structure), b.Area)
	}
	for _, u := range s.city.Units {
		s.add(tUnit, string(u.Code), u.District, u.Parcel, u.Building, string(u.House), u.Address, u.Entrance, u.Floor, u.Floors, u.Room, u.Layout,
			u.Area, u.Inner, u.Shared, string(u.Use), u.Use.Home(), string(u.Structure), u.Nature, day(u.Built))
	}
}

// entry writes the line of history under which a right came or went.
func (s *seeding) entry(unit land.UnitCode, reg land.RegType, at time.Time, note string) uuid.UUID {
	id := uuid.Must(uuid.NewV7())
	s.add(tEntry, id, unit.District(), string(unit), "seed", int(reg), at, "登记簿移交", note)
	return id
}

func (s *seeding) titles() {
	s.issued, s.counter = map[land.CertNumber]bool{}, map[counterKey]int{}
	open := map[land.UnitCode]bool{} // a past title waits for the entry that ended it
	ended := map[land.UnitCode]int{} // its row
	for i := range s.city.Titles {
		t := &s.city.Titles[i]
		at := morning(t.On, i)
		reg := land.RegTransfer
		if t.Reason == democity.FirstRegistration {
			reg = land.RegFirst
		}
		e := s.entry(t.Unit, reg, at, t.Reason)
		if open[t.Unit] { // the city's list has the oldest first
			row := s.rows[tTitle][ended[t.Unit]]
			row[12], row[13] = e, at
		}
		id := uuid.Must(uuid.NewV7())
		state, cert := land.StateCurrent, CertValid
		if !t.Present() {
			state, cert = land.StateHistorical, CertSuperseded
		}
		open[t.Unit], ended[t.Unit] = !t.Present(), len(s.rows[tTitle])
		s.add(tTitle, id, t.Unit.District(), string(t.Unit), string(t.Kind), int(reg), t.Reason, string(t.CoOwn), fen(t.Price), day(t.DeedTax), e, at, string(state), nil, nil)
		for n, h := range t.Holders {
			s.holder(t, id, n, h, at, cert)
		}
	}
}

func (s *seeding) holder(t *democity.Title, title uuid.UUID, n int, h democity.Holder, at time.Time, state string) {
	id := uuid.Must(uuid.NewV7())
	var number *string
	var match []byte
	if h.Cert != "" {
		s.certificate(h.Cert, t.Unit, at, state)
		number, match = new(string), s.r.matchIndex(h.Cert, h.Name, h.Document.Number)
		*number = string(h.Cert)
	}
	s.add(tHolder, id, t.Unit.District(), title, n+1, s.party(t.Unit.District(), h), h.Share.Num, h.Share.Den, number, s.r.seal(h.Phone, "holder.phone", id), match)
}

// certificate notes a number once, though several holders may be named on it.
func (s *seeding) certificate(number land.CertNumber, unit land.UnitCode, at time.Time, state string) {
	if s.issued[number] {
		return
	}
	s.issued[number] = true
	key := counterKey{number.Issuing(), number.Year(), number.IsProof()}
	s.counter[key] = max(s.counter[key], number.Serial())
	s.add(tCertificate, string(number), unit.District(), string(unit), key.year, key.issuing, key.proof, number.Serial(), state, at)
}

func (s *seeding) party(district string, h democity.Holder) uuid.UUID {
	key := district + h.Document.Number + h.Name
	if id, ok := s.parties[key]; ok {
		return id
	}
	p := s.r.sealParty(district, Party{Name: h.Name, Document: h.Document})
	s.parties[key] = p.id
	s.add(tParty, p.id, p.district, p.kind, p.name, p.document, p.docIndex, p.nameIndex)
	return p.id
}

// burdens loads mortgages, seizures, objections and advance notices.
func (s *seeding) burdens() {
	s.ranks = map[land.UnitCode]int{}
	for i, m := range s.city.Mortgages {
		at, id := morning(m.On, i), uuid.Must(uuid.NewV7())
		s.ranks[m.Unit]++
		s.certificate(m.Proof, m.Unit, at, CertValid)
		s.add(tMortgage, id, m.Unit.District(), string(m.Unit), string(m.Kind), s.party(m.Unit.District(), m.Mortgagee), s.r.seal(m.Debtor, "mortgage.debtor", id),
			m.Claim, day(m.From), day(m.To), m.Restricted, string(m.Proof), s.entry(m.Unit, land.RegFirst, at, "抵押权首次登记"), s.ranks[m.Unit], at, string(land.StateCurrent))
	}
	for _, z := range s.city.Seizures {
		id, state := uuid.Must(uuid.NewV7()), SeizureActive
		if z.Queue > 0 {
			state = SeizureQueued
		}
		s.served++
		s.add(tSeizure, id, z.Unit.District(), string(z.Unit), "court", z.Court, z.Order, z.Notice, s.r.keys.SealString(z.Target, placeOf("seizure.target", id)),
			z.Served, z.Months, day(z.From), day(z.To), state, s.entry(z.Unit, land.RegSeizure, z.Served, z.Order), s.served)
	}
	for i, o := range s.city.Objections {
		at, id := morning(o.On, i), uuid.Must(uuid.NewV7())
		s.certificate(o.Proof, o.Unit, at, CertValid)
		s.add(tObjection, id, o.Unit.District(), string(o.Unit), s.party(o.Unit.District(), o.Applicant), o.Reason, string(o.Proof), day(o.Until),
			s.entry(o.Unit, land.RegObjection, at, "异议登记"), at, "active")
	}
	for i, a := range s.city.Advances {
		at, id := morning(a.On, i), uuid.Must(uuid.NewV7())
		s.certificate(a.Proof, a.Unit, at, CertValid)
		s.add(tAdvance, id, a.Unit.District(), string(a.Unit), string(a.Kind), s.party(a.Unit.District(), a.Holder), fen(a.Price), string(a.Proof),
			s.entry(a.Unit, land.RegAdvance, at, a.Kind.Label()), at, "active")
	}
}

// morning is a time on the day, spread over the opening hours.
func morning(d land.Date, n int) time.Time {
	return d.Time().Add(9*time.Hour + time.Duration(n%170)*time.Minute)
}

// day is a date column: none for an empty day.
func day(d land.Date) *time.Time {
	if d == "" {
		return nil
	}
	t := d.Time()
	return &t
}

// fen is a column of money: none for nothing.
func fen(f land.Fen) *int64 {
	if f == 0 {
		return nil
	}
	n := int64(f)
	return &n
}
