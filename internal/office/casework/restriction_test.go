package casework_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/register"
)

// court has the unit of the case seized in the book, for some months, and gives the seizure.
func (s *sale) court(notice string, months int) *register.Seized {
	s.t.Helper()
	var seized *register.Seized
	s.Do(func(ctx context.Context, tx pgx.Tx) (err error) {
		seized, err = s.Register.Seize(ctx, tx, register.Order{Unit: s.now().Unit, Court: "泰州市中级人民法院", OrderNo: "（2026）苏12执1号", NoticeNo: notice,
			Served: s.Clock.Now(), Months: months, By: "登簿员"})
		return err
	})
	return seized
}

// lifts has the court lift a seizure.
func (s *sale) lifts(z *register.Seized) {
	s.t.Helper()
	s.Do(func(ctx context.Context, tx pgx.Tx) error {
		_, err := s.Register.Lift(ctx, tx, register.Lifting{Unit: s.now().Unit, Seizure: z.ID, Court: "泰州市中级人民法院", NoticeNo: "解封", By: "登簿员"})
		return err
	})
}

// restricted tells casework what a registry tells of the unit.
func (s *sale) restricted(released bool) {
	s.t.Helper()
	s.Do(func(ctx context.Context, tx pgx.Tx) error {
		return s.Cases.UnitRestricted(ctx, tx, s.now().Unit, "seizure", "查封", "", released)
	})
	s.Work()
}

// deskSale is a sale in the district whose registry has no interface: people survey and enter, in our own book.
func deskSale(t *testing.T, loan string) *sale {
	t.Helper()
	t.Parallel()
	o := officetest.New(t)
	app := o.Application(contract(o, loan, true))
	s := &sale{o, t, app.ID}
	s.Cases.On("registry.survey.push", atDesk)
	s.Cases.On("registry.entry.push", atDesk)
	s.Submit(app)
	s.Work()
	s.pass("registrar", "survey-push")
	s.payAll()
	s.accept()
	s.reviewed()
	return s
}

// The whole way of a district without an interface ends in our own book, with numbers of its own series.
func TestDeskDistrict(t *testing.T) {
	s := deskSale(t, "commercial")
	o := s.Need(s.id, "entry-push")
	if o.Kind != casework.Person || o.Form != "desk" {
		t.Fatalf("the entry is of kind %s, form %s", o.Kind, o.Form)
	}
	before := s.now()
	s.decide("registrar", "entry-push", casework.Decision{Outcome: "entered"})
	c := s.now()
	page, err := s.Register.Unit(t.Context(), s.Pool, c.Unit)
	if err != nil {
		t.Fatal(err)
	}
	holder := page.Title.Holders[0]
	if holder.Name != c.App.PartiesOf(message.Buyer)[0].Name || holder.Certificate != c.Facts.Title || c.Facts.Title == before.App.Home.Certificate {
		t.Errorf("the book has %+v, the case %q", holder, c.Facts.Title)
	}
	if district, _ := land.FindDistrict(desk); c.Facts.Title.Issuing() != district.Issuing || c.Facts.Registrar != "登簿员" {
		t.Errorf("certificate %s by %s", c.Facts.Title, c.Facts.Registrar)
	}
	s.wantMortgage(c)
	if page.Reservation != nil {
		t.Errorf("the unit is still reserved: %+v", page.Reservation)
	}
	s.lend()
	s.decide("window", "pickup", casework.Decision{Values: map[string]string{"receiver": s.now().App.PartiesOf(message.Buyer)[0].Name}})
	s.wantEnd(casework.Done)
}

// A seizure in the last minute: the book refuses, the case is refused with the reason, all money goes back.
func TestSeizedInTheLastMinute(t *testing.T) {
	s := deskSale(t, "commercial")
	before := s.now()
	s.court("协执 1 号", 12)
	s.decide("registrar", "entry-push", casework.Decision{Outcome: "entered"})
	s.wantEnd(casework.Refused)
	s.wantRefunded("tax", "fee")
	if moves := s.statement().Moves; len(moves) != 2 || moves[1].Out != before.App.Trust.DownPayment {
		t.Errorf("moves in trust: %+v", moves)
	}
	c := s.now()
	if c.Facts.WhyClosed == "" || c.Facts.Title != "" || !s.past("查封") {
		t.Errorf("reason %q, certificate %q", c.Facts.WhyClosed, c.Facts.Title)
	}
	s.paper(papers.RefusalKind)
	page, err := s.Register.Unit(t.Context(), s.Pool, c.Unit)
	if err != nil || page.Title.Holders[0].Certificate != before.App.Home.Certificate || len(page.Running()) > 0 {
		t.Errorf("the book has %+v with mortgages %+v, %v", page.Title.Holders, page.Running(), err)
	}
}

// The registrar and the court at the same moment: the entry was made before the seizure, or it was not made.
func TestSeizureRacesTheEntry(t *testing.T) {
	s := deskSale(t, "none")
	o, registrar := s.Need(s.id, "entry-push"), s.Person("registrar")
	if _, err := s.Cases.Claim(t.Context(), registrar, o.ID); err != nil {
		t.Fatal(err)
	}
	unit := s.now().Unit
	errs := atOnce(2, func(i int) error {
		if i == 0 {
			return s.Cases.Decide(t.Context(), registrar, o.ID, casework.Decision{Outcome: "entered"})
		}
		return s.tx(func(ctx context.Context, tx pgx.Tx) error {
			_, err := s.Register.Seize(ctx, tx, register.Order{Unit: unit, Court: "法院", OrderNo: "1", NoticeNo: "1", Served: s.Clock.Now(), Months: 12})
			return err
		})
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	s.Work()
	page, err := s.Register.Unit(t.Context(), s.Pool, unit)
	if err != nil || page.Seizure() == nil {
		t.Fatalf("the unit is not seized, %v", err)
	}
	var acts []string
	for _, l := range page.History {
		if l.Act == "transfer" || l.Act == "seize" {
			acts = append(acts, l.Act)
		}
	}
	c := s.now()
	if entered := c.Facts.Title != ""; entered && !slices.Equal(acts, []string{"transfer", "seize"}) && !slices.Equal(acts, []string{"seize", "transfer"}) ||
		!entered && (c.State != casework.Refused || slices.Contains(acts, "transfer")) {
		t.Errorf("case is %s, the book says %v", c.State, acts)
	}
}

// Other changes of the book suspend the entry until a person has looked (domain: the sale as a flow, 5).
func TestEntryIsSuspended(t *testing.T) {
	s := deskSale(t, "none")
	for _, d := range []casework.Decision{{Outcome: "suspended"}, {Outcome: "seized"}} {
		o, registrar := s.Need(s.id, "entry-push"), s.Person("registrar")
		if _, err := s.Cases.Claim(t.Context(), registrar, o.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.Cases.Decide(t.Context(), registrar, o.ID, d); err == nil {
			t.Errorf("%s without a reason was taken", d.Outcome)
		}
	}
	s.decide("registrar", "entry-push", casework.Decision{Outcome: "suspended", Opinion: "系统升级"})
	s.decide("registrar", "entry-suspended", casework.Decision{Outcome: "retry"})
	s.decide("registrar", "entry-push", casework.Decision{Outcome: "entered"})
	if s.now().Facts.Title == "" {
		t.Error("not entered after the retry")
	}
}

// A seizure that is notified during the review stops the case before the entry; released, it goes on.
func TestSeizedInReviewAndReleased(t *testing.T) {
	s := inReview(t, "none")
	first := s.court("协执 1 号", 12)
	s.restricted(false)
	if len(s.told("sms.suspended")) == 0 || !s.past("办理暂停") {
		t.Error("the parties were not told")
	}
	second := s.court("协执 2 号", 12)
	s.restricted(false)
	s.reviewed()
	if got := s.open(); !slices.Equal(got, []string{"restriction-decide"}) {
		t.Fatalf("open: %v; the entry must wait", got)
	}
	s.lifts(first)
	s.restricted(true)
	if s.now().Facts.Title != "" || len(s.told("sms.resumed")) > 0 {
		t.Fatal("entered while the second seizure is in force")
	}
	s.lifts(second)
	s.restricted(true)
	if s.now().Facts.Title == "" || len(s.told("sms.resumed")) == 0 {
		t.Errorf("not entered after both were lifted; open: %v", s.open())
	}
}

func TestSeizedInReviewAndDecided(t *testing.T) {
	s := inReview(t, "none")
	s.court("协执 1 号", 12)
	s.restricted(false)
	s.decide("second", "restriction-decide", casework.Decision{Outcome: "refuse", Opinion: "查封在先"})
	s.wantEnd(casework.Refused)
	s.wantRefunded("tax", "fee")
	s.restricted(true)
	s.wantEnd(casework.Refused)
}

// A seizure whose term runs out ends by itself, and the case that waited goes on (domain-detail: seizure).
func TestSeizureRunsOut(t *testing.T) {
	s := inReview(t, "none")
	s.court("协执 1 号", 1) // to 23 December
	s.restricted(false)
	s.reviewed()
	s.Later(land.Date("2026-12-23").Time().Sub(officetest.Now) + 12*time.Hour)
	if n, err := s.Cases.ExpireRestrictions(t.Context()); err != nil || s.now().Facts.Title != "" {
		t.Fatalf("on its last day: %d, %v", n, err)
	}
	s.Clock.Advance(12 * time.Hour)
	if n, err := s.Cases.ExpireRestrictions(t.Context()); err != nil || n == 0 {
		t.Fatalf("restrictions of %d units ended, %v", n, err)
	}
	s.Work()
	if s.now().Facts.Title == "" {
		t.Errorf("not entered after the seizure ran out; open: %v", s.open())
	}
	if n, err := s.Cases.ExpireRestrictions(t.Context()); err != nil || n > 0 {
		t.Errorf("restrictions of %d units ended again, %v", n, err)
	}
}

// Not released in 30 days: refused.
func TestSeizureIsNotReleased(t *testing.T) {
	s := inReview(t, "none")
	s.court("协执 1 号", 12)
	s.restricted(false)
	s.reviewed()
	s.Later(29 * day)
	s.Need(s.id, "restriction-decide")
	s.Later(2 * day)
	s.wantEnd(casework.Refused)
	s.wantRefunded("tax", "fee")
}

// While a registry works on the entry in its own book nobody can withdraw: what it makes of it is not known yet.
func TestWithdrawnWhileTheRegistryEnters(t *testing.T) {
	s := inReview(t, "none")
	s.Cases.On("registry.entry.push", officetest.Answer(casework.Result{Pending: true}))
	s.reviewed()
	if s.progress().CanWithdraw {
		t.Error("the parties are offered to withdraw")
	}
	s.withdraw()
	o := s.Need(s.id, "entry-push")
	if err := s.settle(o.ID, casework.Result{Data: map[string]any{"outcome": "suspended"}, Against: "核对中"}); err != nil {
		t.Fatal(err)
	}
	if !s.progress().CanWithdraw {
		t.Error("the parties cannot withdraw though the registry gave the case back")
	}
	s.withdraw()
	s.wantEnd(casework.Withdrawn)
}

// reserves is a check of the title by our own book, as connect makes it.
func reserves(o *officetest.Office) casework.Act {
	return func(ctx context.Context, c *casework.Case, _ casework.Order) (casework.Result, error) {
		found, err := o.Register.CheckDisposal(ctx, o.Pool, c.Unit, register.Disposal{Case: c.ID, Transfer: true})
		if blocking := register.Blocking(found); err == nil && len(blocking) > 0 {
			return casework.Result{Data: map[string]any{"outcome": "fail"}, Against: blocking[0].Text}, nil
		}
		return casework.Result{Data: map[string]any{"outcome": "pass"}}, err
	}
}

// rival submits a second sale of the same unit.
func (s *sale) rival() *sale {
	s.t.Helper()
	app := s.now().App
	app.ID = s.Application(0).ID
	r := &sale{s.Office, s.t, app.ID}
	s.Submit(app)
	s.Work()
	return r
}

// Of two sales of one unit the first submitted has it; the second is refused by the check of the title.
func TestTwoCasesForOneUnit(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("registry.unit.status", reserves(s.Office))
	s.Submit(app)
	s.Work()
	second := s.rival()
	second.wantEnd(casework.Refused)
	if why := second.now().Facts.WhyClosed; why != "这套房正在办理另一件申请，办结或终止后才能再申请" {
		t.Errorf("reason %q", why)
	}
	s.withdraw()
	third := s.rival()
	third.Need(third.id, "tax-confirm")
	if p := third.paper(papers.ContractKind); p.Number != app.Contract.Number+"-2" { // the first case had a paper of that number
		t.Errorf("the contract has the number %s", p.Number)
	}
}

// Submitted at the same moment: both are cases, one of them has the unit.
func TestTwoCasesAtTheSameMoment(t *testing.T) {
	s, app := newSale(t, "none")
	other := app
	other.ID = s.Application(0).ID
	apps := []message.Application{app, other}
	errs := atOnce(2, func(i int) error {
		return s.tx(func(ctx context.Context, tx pgx.Tx) error {
			return s.Cases.Open(ctx, tx, message.Submitted{Application: apps[i], At: s.Clock.Now()})
		})
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	page, err := s.Register.Unit(t.Context(), s.Pool, app.Home.UnitCode)
	if err != nil || page.Reservation == nil || s.Case(app.ID).No == s.Case(other.ID).No {
		t.Errorf("reservation %+v, %v", page.Reservation, err)
	}
}

// Even if the check let it pass, the book refuses the second: the entry is suspended until the first has ended.
func TestBookKeepsTheUnitForTheFirst(t *testing.T) {
	t.Parallel()
	o := officetest.New(t)
	s := &sale{Office: o, t: t}
	app := o.Application(contract(o, "none", true))
	s.id = app.ID
	s.Cases.On("registry.entry.push", atDesk)
	s.Submit(app)
	s.Work()
	second := s.rival()
	second.payAll()
	second.accept()
	second.reviewed()
	second.decide("registrar", "entry-push", casework.Decision{Outcome: "entered"})
	if got := second.open(); !slices.Equal(got, []string{"entry-suspended"}) || second.now().Facts.Title != "" {
		t.Fatalf("open: %v", got)
	}
	s.withdraw()
	second.decide("registrar", "entry-suspended", casework.Decision{Outcome: "retry"})
	second.decide("registrar", "entry-push", casework.Decision{Outcome: "entered"})
	if second.now().Facts.Title == "" {
		t.Error("not entered after the first was withdrawn")
	}
}
