package register_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

const (
	hailing = "泰州市海陵区人民法院"
	gulou   = "南京市鼓楼区人民法院"
	middle  = "泰州市中级人民法院"
)

func (b *book) lift(unit land.UnitCode, seizure uuid.UUID, court string, superior bool) (c *register.Change, err error) {
	err = b.tx(func(tx pgx.Tx) error {
		c, err = b.Lift(b.t.Context(), tx, register.Lifting{Unit: unit, Seizure: seizure, Court: court, Superior: superior, NoticeNo: "解封"})
		return err
	})
	return c, err
}

func TestSeizuresQueueByTimeOfService(t *testing.T) {
	b := newBook(t)
	unit := b.withLoan(0).Unit
	order := func(court, notice string, minutesAgo int) *register.Seized {
		o := b.order(unit, court, notice)
		o.Served = today.Add(-time.Duration(minutesAgo) * time.Minute)
		s, err := b.seize(o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	second := order(hailing, "N2", 20)
	if second.State != register.SeizureActive || second.From != "2026-11-24" || second.To != "2027-11-23" {
		t.Errorf("first recorded: %+v", second)
	}
	third := order(gulou, "N3", 10)
	if third.State != register.SeizureQueued || third.Position != 1 || third.From != "" {
		t.Errorf("later served: %+v", third)
	}
	sameMinute := order(middle, "N4", 10)
	if sameMinute.Position != 2 {
		t.Errorf("served in the same minute, recorded later: %+v", sameMinute)
	}
	// Served before the one in force, recorded after it.
	first := order(middle, "N1", 30)
	if first.State != register.SeizureActive || first.Displaced != second.ID || first.Position != 0 {
		t.Errorf("served first: %+v", first)
	}
	if again := order(middle, "N1", 30); !again.Again || again.ID != first.ID {
		t.Errorf("the same notice again: %+v", again)
	}
	var queue []string
	for _, s := range b.page(unit).Seizures {
		queue = append(queue, s.NoticeNo+strconv.Itoa(s.Position)+string(s.Kind))
	}
	if !slices.Equal(queue, []string{"N101", "N212", "N322", "N432"}) {
		t.Errorf("queue %v", queue)
	}
	// One that waits is lifted: nothing takes force. Then they follow each other, each with a term of its own.
	if c, err := b.lift(unit, third.ID, gulou, false); err != nil || c.Activated != uuid.Nil || c.Free {
		t.Errorf("lifting one that waits: %+v, %v", c, err)
	}
	b.clk.Advance(48 * time.Hour)
	if c, err := b.lift(unit, first.ID, middle, false); err != nil || c.Activated != second.ID || c.Free {
		t.Errorf("lifting the one in force: %+v, %v", c, err)
	}
	if s := b.page(unit).Seizure(); s.ID != second.ID || s.From != "2026-11-26" || s.To != "2027-11-25" {
		t.Errorf("term of the next: %+v", s)
	}
	for _, s := range []struct {
		id    uuid.UUID
		court string
		free  bool
	}{{second.ID, hailing, false}, {sameMinute.ID, middle, true}} {
		if c, err := b.lift(unit, s.id, s.court, false); err != nil || c.Free != s.free {
			t.Errorf("lifting: %+v, %v", c, err)
		}
	}
	if _, err := b.lift(unit, second.ID, hailing, false); !errors.Is(err, register.ErrNoSeizure) {
		t.Errorf("lifting what has ended: %v", err)
	}
}

func TestOrdersThatAreNotTaken(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	for _, c := range []struct {
		name   string
		change func(*register.Order)
		want   error
	}{
		{"no term", func(o *register.Order) { o.Months = 0 }, register.ErrTerm},
		{"more than three years", func(o *register.Order) { o.Months = 37 }, register.ErrTerm},
		{"served in a minute from now", func(o *register.Order) { o.Served = today.Add(time.Minute) }, register.ErrServedLater},
		{"against another's home", func(o *register.Order) { o.Target = "无此人" }, register.ErrNotHolder},
		{"a unit that is not", func(o *register.Order) { o.Unit = "321202001001GB99999F00010101" }, register.ErrNoUnit},
	} {
		o := b.order(k.Unit, hailing, "N")
		c.change(&o)
		if _, err := b.seize(o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	o := b.order(k.Unit, hailing, "N")
	o.Target, o.Months = k.Sellers[0].Name, 36
	s, err := b.seize(o)
	if err != nil || s.To != "2029-11-23" {
		t.Errorf("three years against the owner: %+v, %v", s, err)
	}
	if _, err := b.lift(k.Unit, s.ID, gulou, false); !errors.Is(err, register.ErrOtherCourt) {
		t.Errorf("lifted by another court: %v", err)
	}
	if _, err := b.lift(k.Unit, s.ID, middle, true); err != nil {
		t.Errorf("lifted by the court above: %v", err)
	}
}

func TestSeizureLapsesAndTheNextTakesForce(t *testing.T) {
	b := newBook(t)
	unit := b.withLoan(0).Unit
	o := b.order(unit, hailing, "N1")
	o.Months = 1
	first, err := b.seize(o)
	if err != nil {
		t.Fatal(err)
	}
	b.clk.Advance(time.Minute)
	second, err := b.seize(b.order(unit, gulou, "N2"))
	if err != nil {
		t.Fatal(err)
	}
	b.clk.Set(first.To.Time().Add(23 * time.Hour))
	if due, err := b.Due(t.Context(), b.pool); err != nil || slices.Contains(due, unit) {
		t.Errorf("due on the last day: %v, %v", due, err)
	}
	b.clk.Advance(2 * time.Hour)
	if due, err := b.Due(t.Context(), b.pool); err != nil || !slices.Contains(due, unit) {
		t.Errorf("due on the day after: %v, %v", due, err)
	}
	var c *register.Change
	if err := b.tx(func(tx pgx.Tx) (err error) { c, err = b.Expire(t.Context(), tx, unit); return err }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Ended, []uuid.UUID{first.ID}) || c.Activated != second.ID || c.Free {
		t.Errorf("change %+v", c)
	}
	p := b.page(unit)
	if s := p.Seizure(); s.ID != second.ID || s.From != first.To.AddDays(1) || s.Kind != land.SeizureActive {
		t.Errorf("in force %+v", s)
	}
	if p.Seizures[0].State != register.SeizureLapsed {
		t.Errorf("the first is %s", p.Seizures[0].State)
	}
	// Two years on all is over, though no job ran: an entry sees the unit as the law does.
	b.clk.Advance(2 * 365 * 24 * time.Hour)
	if _, err := b.enter(b.sale(b.withLoan(0))); err != nil {
		t.Errorf("sale after the end of all seizures: %v", err)
	}
	if p := b.page(unit); p.Seizure() != nil || p.Seizures[1].State != register.SeizureLapsed {
		t.Errorf("seizures %+v", p.Seizures)
	}
}

func TestRenewal(t *testing.T) {
	b := newBook(t)
	unit := b.withLoan(0).Unit
	s, err := b.seize(b.order(unit, hailing, "N1"))
	if err != nil {
		t.Fatal(err)
	}
	renew := func(served time.Time, court string, months int) (to land.Date, err error) {
		err = b.tx(func(tx pgx.Tx) error {
			to, err = b.Renew(t.Context(), tx, register.Renewal{Unit: unit, Seizure: s.ID, Court: court, NoticeNo: "续", Served: served, Months: months})
			return err
		})
		return to, err
	}
	lastEvening := s.To.Time().Add(17 * time.Hour)
	b.clk.Set(lastEvening.Add(16 * time.Hour)) // recorded the next morning
	if _, err := renew(lastEvening, gulou, 12); !errors.Is(err, register.ErrOtherCourt) {
		t.Errorf("renewed by another court: %v", err)
	}
	if _, err := renew(lastEvening, hailing, 37); !errors.Is(err, register.ErrTerm) {
		t.Errorf("renewed for more than three years: %v", err)
	}
	if _, err := renew(b.clk.Now(), hailing, 12); !errors.Is(err, register.ErrTermOver) {
		t.Errorf("renewed after the end: %v", err)
	}
	if to, err := renew(lastEvening, hailing, 36); err != nil || to != "2030-11-23" {
		t.Errorf("renewed on the last day until %s: %v", to, err)
	}
	if due, _ := b.Due(t.Context(), b.pool); slices.Contains(due, unit) {
		t.Error("a renewed seizure is due")
	}
}

// A court's order arrives between acceptance and entry: in the same minute it wins, after the entry it finds the new owner.
func TestSeizureInTheLastMinute(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	e := b.sale(k)
	if err := b.tx(func(tx pgx.Tx) error { return b.Reserve(t.Context(), tx, k.Unit, e.CaseID, today.Add(time.Hour)) }); err != nil {
		t.Fatal(err)
	}
	b.clk.Advance(10 * time.Minute)
	s, err := b.seize(b.order(k.Unit, hailing, "N1"))
	if err != nil || s.Reserved != e.CaseID || len(s.Late) != 0 {
		t.Fatalf("a case does not keep a court away, and must be told: %+v, %v", s, err)
	}
	if _, err := b.enter(e); !errors.Is(err, register.ErrSeized) {
		t.Fatalf("entered in the minute of service: %v", err)
	}
	if p := b.page(k.Unit); p.Title.Certificate() != k.Cert || len(p.Running()) != 0 {
		t.Error("the refused entry left something")
	}
	c, err := b.lift(k.Unit, s.ID, hailing, false)
	if err != nil || !c.Free || c.Reserved != e.CaseID {
		t.Fatalf("lifted: %+v, %v", c, err)
	}
	if _, err := b.enter(e); err != nil {
		t.Fatalf("after the release: %v", err)
	}
}

func TestOrderServedBeforeTheEntryButRecordedAfter(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	served := today
	b.clk.Advance(5 * time.Minute)
	if _, err := b.enter(b.sale(k)); err != nil {
		t.Fatal(err)
	}
	b.clk.Advance(5 * time.Minute)
	o := b.order(k.Unit, hailing, "N1")
	o.Target, o.Served = k.Sellers[0].Name, served
	s, err := b.seize(o)
	if err != nil || len(s.Late) != 2 || s.Late[0].Act != "transfer" || s.Late[1].Act != "mortgage" {
		t.Errorf("order against the former owner: %+v, %v", s, err)
	}
	o = b.order(k.Unit, hailing, "N2")
	o.Target = k.Sellers[0].Name
	if _, err := b.seize(o); !errors.Is(err, register.ErrNotHolder) {
		t.Errorf("order against who no longer owned: %v", err)
	}
}

func TestObjectionWarnsAndLapses(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	object := func(reason string) (o *register.Objection, err error) {
		err = b.tx(func(tx pgx.Tx) error {
			o, _, err = b.Object(t.Context(), tx, register.NewObjection{Unit: k.Unit, Applicant: register.Party{Name: "周平", Document: li}, Reason: reason, By: "李建华"})
			return err
		})
		return o, err
	}
	o, err := object("出资")
	if err != nil || o.LapsesOn != "2026-12-09" || !o.Certificate.IsProof() {
		t.Fatalf("objection %+v, %v", o, err)
	}
	if _, err := b.enter(b.sale(k)); !errors.Is(err, register.ErrObjected) {
		t.Errorf("sold without the warning acknowledged: %v", err)
	}
	if err := b.tx(func(tx pgx.Tx) error {
		return b.Sue(t.Context(), tx, k.Unit, o.ID, "(2026)苏1202民初9号", "李建华")
	}); err != nil {
		t.Fatal(err)
	}
	b.clk.Set(o.LapsesOn.AddDays(1).Time().Add(time.Hour))
	if _, err := b.enter(b.sale(k)); !errors.Is(err, register.ErrObjected) {
		t.Errorf("an objection that was sued on lapsed: %v", err)
	}
	if err := b.tx(func(tx pgx.Tx) error {
		return b.WithdrawObjection(t.Context(), tx, k.Unit, o.ID, "撤诉裁定", "李建华")
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := object("出资"); !errors.Is(err, register.ErrObjectedBefore) {
		t.Errorf("the same objection again (Rules 84): %v", err)
	}
	second, err := object("借名")
	if err != nil {
		t.Fatal(err)
	}
	b.clk.Set(second.LapsesOn.AddDays(1).Time())
	if _, err := b.enter(b.sale(k)); err != nil {
		t.Errorf("sale after the objection lapsed: %v", err)
	}
	if got := b.page(k.Unit).Objections; got[0].State != "withdrawn" || got[1].State != "lapsed" {
		t.Errorf("objections %+v", got)
	}
}
