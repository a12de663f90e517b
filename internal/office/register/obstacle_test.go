package register_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

var (
	wang = land.Document{Kind: land.DocIDCard, Number: "321202199003079011"}
	chen = land.Document{Kind: land.DocIDCard, Number: "321202199208169008"}
	li   = land.Document{Kind: land.DocIDCard, Number: "321202198501019013"}
)

func holder(d land.Document, num, den int64) register.Holder {
	return register.Holder{Party: register.Party{Name: d.Number, Document: d}, Share: land.Share{Num: num, Den: den}}
}

// titled is a page with a title and nothing else.
func titled(way land.CoOwn, holders ...register.Holder) *register.Page {
	return &register.Page{Title: &register.Title{ID: uuid.Must(uuid.NewV7()), CoOwn: way, Holders: holders}}
}

// What stands against a disposal: domain.md §2, with the article in each row.
func TestObstacles(t *testing.T) {
	id := uuid.Must(uuid.NewV7())
	sole := func(change func(p *register.Page)) *register.Page {
		p := titled(land.CoOwnSole, holder(wang, 1, 1))
		change(p)
		return p
	}
	seized := func(s register.Seizure) func(*register.Page) {
		return func(p *register.Page) { p.Seizures = append(p.Seizures, s) }
	}
	mortgaged := func(m register.Mortgage) func(*register.Page) {
		m.ID = id
		return func(p *register.Page) { p.Mortgages = append(p.Mortgages, m) }
	}
	objected := func(o register.Objection) func(*register.Page) {
		o.ID, o.State = id, "active"
		return func(p *register.Page) { p.Objections = append(p.Objections, o) }
	}
	noticed := func(p *register.Page) {
		p.Advances = append(p.Advances, register.Advance{ID: id, Kind: land.AdvanceSale, State: "active"})
	}
	reserved := func(p *register.Page) {
		p.Reservation = &register.Reservation{Case: id, Until: today.Add(time.Hour)}
	}
	sell := register.Disposal{Transfer: true}
	for _, c := range []struct {
		name   string
		page   *register.Page
		wish   register.Disposal
		code   register.Code // empty: nothing stands against it
		blocks bool
	}{
		{"a free home", sole(func(*register.Page) {}), sell, "", false},
		{"nobody's home (Civil Code 209)", &register.Page{}, sell, register.CodeNoTitle, true},
		{"another title than the one reviewed", sole(func(*register.Page) {}), register.Disposal{Basis: id}, register.CodeTitleChanged, true},

		{"seized", sole(seized(register.Seizure{State: register.SeizureActive, To: "2029-11-23"})), sell, register.CodeSeized, true},
		{"seized, only to be mortgaged", sole(seized(register.Seizure{State: register.SeizureActive, To: "2029-11-23"})), register.Disposal{}, register.CodeSeized, true},
		{"seized until today", sole(seized(register.Seizure{State: register.SeizureActive, To: "2026-11-24"})), sell, register.CodeSeized, true},
		{"seized until yesterday", sole(seized(register.Seizure{State: register.SeizureActive, To: "2026-11-23"})), sell, "", false},
		{"a seizure waits that takes force as another ends", sole(seized(register.Seizure{State: register.SeizureQueued})), sell, register.CodeSeized, true},
		{"seizure lifted", sole(seized(register.Seizure{State: register.SeizureLifted, To: "2029-11-23"})), sell, "", false},

		{"objected (Rules 84)", sole(objected(register.Objection{LapsesOn: "2026-11-30"})), sell, register.CodeObjected, true},
		{"objected and acknowledged", sole(objected(register.Objection{LapsesOn: "2026-11-30"})), register.Disposal{ObjectionAcknowledged: true}, register.CodeObjected, false},
		{"objection lapsed (Civil Code 220)", sole(objected(register.Objection{LapsesOn: "2026-11-23"})), sell, "", false},
		{"objection sued on", sole(objected(register.Objection{LapsesOn: "2026-11-23", Suit: "(2026)苏1202民初1号"})), sell, register.CodeObjected, true},

		{"advance notice (Civil Code 221)", sole(noticed), sell, register.CodeNoticed, true},
		{"its holder consents", sole(noticed), register.Disposal{NoticeConsent: true}, register.CodeNoticed, false},
		{"it is being fulfilled", sole(noticed), register.Disposal{Fulfils: []uuid.UUID{id}}, "", false},

		{"mortgaged: follows the home (Civil Code 406)", sole(mortgaged(register.Mortgage{})), sell, register.CodeMortgaged, false},
		{"mortgaged, to be mortgaged again (Civil Code 414)", sole(mortgaged(register.Mortgage{})), register.Disposal{}, "", false},
		{"mortgaged with a ban on transfer", sole(mortgaged(register.Mortgage{Restricted: true})), sell, register.CodeRestricted, true},
		{"the mortgagee consents", sole(mortgaged(register.Mortgage{Restricted: true})), register.Disposal{Transfer: true, MortgageesConsent: true}, register.CodeRestricted, false},
		{"discharged in the same entry", sole(mortgaged(register.Mortgage{Restricted: true})), register.Disposal{Transfer: true, Discharges: []uuid.UUID{id}}, "", false},
		{"discharged long ago", sole(mortgaged(register.Mortgage{Restricted: true, EndedAt: today})), sell, "", false},
		{"sold with the mortgage running (带押过户)", sole(mortgaged(register.Mortgage{Restricted: true})), register.Disposal{Transfer: true, Discharged: true}, "", false},

		{"reserved by another case", sole(reserved), sell, register.CodeReserved, true},
		{"reserved by this case", sole(reserved), register.Disposal{Case: id}, "", false},
		{"reserved until now", sole(func(p *register.Page) { p.Reservation = &register.Reservation{Case: id, Until: today} }), sell, "", false},

		{"a stranger applies", sole(func(*register.Page) {}), register.Disposal{Applicants: []land.Document{li}}, register.CodeNotHolder, true},
		{"nobody has been asked yet", sole(func(*register.Page) {}), register.Disposal{}, "", false},
		{"common owners, both", titled(land.CoOwnJoint, holder(wang, 1, 1), holder(chen, 1, 1)), register.Disposal{Applicants: []land.Document{chen, wang}}, "", false},
		{"common owners, one", titled(land.CoOwnJoint, holder(wang, 1, 1), holder(chen, 1, 1)), register.Disposal{Applicants: []land.Document{wang}}, register.CodeCoOwner, true},
		{"two thirds of the shares (Civil Code 301)", titled(land.CoOwnShares, holder(wang, 2, 3), holder(chen, 1, 3)), register.Disposal{Applicants: []land.Document{wang}}, register.CodeCoOwner, false},
		{"less than two thirds", titled(land.CoOwnShares, holder(wang, 3, 5), holder(chen, 2, 5)), register.Disposal{Applicants: []land.Document{wang}}, register.CodeCoOwner, true},
		{"three thirds, two of them", titled(land.CoOwnShares, holder(wang, 1, 3), holder(chen, 1, 3), holder(li, 1, 3)), register.Disposal{Applicants: []land.Document{wang, li}}, register.CodeCoOwner, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := register.Obstacles(c.page, c.wish, today)
			for _, o := range got { // the reservation is a rule of the city's own
				if o.Law == "" && o.Code != register.CodeReserved {
					t.Errorf("%s names no law", o.Code)
				}
			}
			if c.code == "" {
				if len(got) != 0 {
					t.Errorf("obstacles %+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Code != c.code || got[0].Blocks != c.blocks || got[0].Text == "" {
				t.Errorf("obstacles %+v, want %s, blocking %v", got, c.code, c.blocks)
			}
		})
	}
}

func TestRefusalIsEachOfItsCauses(t *testing.T) {
	p := titled(land.CoOwnSole, holder(wang, 1, 1))
	p.Seizures = []register.Seizure{{State: register.SeizureActive, To: "2029-11-23"}}
	p.Mortgages = []register.Mortgage{{Restricted: true}}
	p.Reservation = &register.Reservation{Case: uuid.Must(uuid.NewV7()), Until: today.Add(time.Hour)}
	err := error(&register.Refusal{Obstacles: register.Blocking(register.Obstacles(p, register.Disposal{Transfer: true}, today))})
	for _, cause := range []error{register.ErrSeized, register.ErrRestricted, register.ErrReserved} {
		if !errors.Is(err, cause) {
			t.Errorf("%v is not %v", err, cause)
		}
	}
	if errors.Is(err, register.ErrObjected) {
		t.Errorf("%v is an objection", err)
	}
}
