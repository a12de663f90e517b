package casework_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/staff"
)

// atOnce runs n functions at the same time and gives their errors.
func atOnce(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errs
}

// Two clerks open the same order: one has it, the other is told who.
func TestTwoClerksClaimTheSameOrder(t *testing.T) {
	s := prepared(t, "none")
	o := s.Need(s.id, "accept")
	clerks := []staff.Person{s.Person("window"), s.Person("window2")}
	errs := atOnce(2, func(i int) error { _, err := s.Cases.Claim(t.Context(), clerks[i], o.ID); return err })
	won := slices.Index(errs, nil)
	if won < 0 || errs[1-won] == nil {
		t.Fatalf("claims: %v", errs)
	}
	var held casework.ErrHeld
	if !errors.As(errs[1-won], &held) || held.By != clerks[won].Name || held.Since.IsZero() {
		t.Errorf("the other clerk was told %v", errs[1-won])
	}
	if _, err := s.Cases.Claim(t.Context(), clerks[won], o.ID); err != nil {
		t.Errorf("claimed once more by its holder: %v", err)
	}
	pass := casework.Decision{Outcome: "pass", Values: map[string]string{"compared": "yes"}}
	if err := s.Cases.Decide(t.Context(), clerks[1-won], o.ID, pass); !errors.As(err, &held) {
		t.Errorf("decided by who does not hold it: %v", err)
	}
	errs = atOnce(2, func(int) error { return s.Cases.Decide(t.Context(), clerks[won], o.ID, pass) }) // in two windows
	if slices.Index(errs, nil) < 0 || !errors.Is(errors.Join(errs...), casework.ErrNotOpen) {
		t.Errorf("decisions: %v", errs)
	}
	if _, err := s.Cases.Claim(t.Context(), clerks[1-won], o.ID); !errors.Is(err, casework.ErrNotOpen) {
		t.Errorf("claimed after it was decided: %v", err)
	}
	s.paper(papers.AcceptanceKind)
}

// A colleague may take over, and the history says so; the first one's decision then fails.
func TestTakenOver(t *testing.T) {
	s := prepared(t, "none")
	o, first, second := s.Need(s.id, "accept"), s.Person("window"), s.Person("window2")
	if _, err := s.Cases.Claim(t.Context(), first, o.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Cases.TakeOver(t.Context(), second, o.ID); err != nil {
		t.Fatal(err)
	}
	var held casework.ErrHeld
	err := s.Cases.Decide(t.Context(), first, o.ID, casework.Decision{Outcome: "pass", Values: map[string]string{"compared": "yes"}})
	if !errors.As(err, &held) || held.By != second.Name {
		t.Errorf("the first clerk was told %v", err)
	}
	events, err := s.Cases.Events(t.Context(), s.Pool, s.id)
	if err != nil || !slices.ContainsFunc(events, func(e casework.Event) bool { return strings.Contains(e.Text, "窗口乙接手") && !e.Public }) {
		t.Errorf("the history does not tell of it: %+v, %v", events, err)
	}
	if err := s.Cases.Release(t.Context(), first, o.ID); !errors.Is(err, casework.ErrNotYours) {
		t.Errorf("released by who does not hold it: %v", err)
	}
	if err := s.Cases.Release(t.Context(), second, o.ID); err != nil {
		t.Error(err)
	}
	if _, err := s.Cases.Claim(t.Context(), first, o.ID); err != nil {
		t.Errorf("claimed after it was given back: %v", err)
	}
}

// An order lies on the desk of one department, district, role and bank; for anyone else it does not exist.
func TestOrdersOfOtherDesks(t *testing.T) {
	s := prepared(t, "none")
	o := s.Need(s.id, "accept")
	elsewhere := s.Person("window")
	elsewhere.District = desk
	for name, p := range map[string]staff.Person{"another department": s.Person("first"), "another role": s.Person("dispatcher"), "another district": elsewhere} {
		if _, err := s.Cases.Claim(t.Context(), p, o.ID); !errors.Is(err, casework.ErrNoOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Cases.Claim(t.Context(), s.Person("window"), uuid.Must(uuid.NewV7())); !errors.Is(err, casework.ErrNoOrder) {
		t.Errorf("no such order: %v", err)
	}
}

// The second review is another person's, whichever way the order comes to them.
func TestSecondReviewByAnother(t *testing.T) {
	s := inReview(t, "none")
	s.pass("first", "first-review")
	o, first, second, head := s.Need(s.id, "second-review"), s.Person("first"), s.Person("second"), s.Person("head")
	if _, err := s.Cases.Claim(t.Context(), first, o.ID); !errors.Is(err, casework.ErrSamePerson) {
		t.Errorf("claimed by the first reviewer: %v", err)
	}
	if err := s.Cases.Reassign(t.Context(), head, o.ID, first, "休假", ""); !errors.Is(err, casework.ErrSamePerson) {
		t.Errorf("given to the first reviewer: %v", err)
	}
	if _, err := s.Cases.Claim(t.Context(), second, o.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Cases.TakeOver(t.Context(), first, o.ID); !errors.Is(err, casework.ErrSamePerson) {
		t.Errorf("taken over by the first reviewer: %v", err)
	}
	// Sent back and reviewed first by the other, the roles change.
	if err := s.Cases.Decide(t.Context(), second, o.ID, casework.Decision{Outcome: "back", Opinion: "再看"}); err != nil {
		t.Fatal(err)
	}
	s.pass("second", "first-review")
	again := s.Need(s.id, "second-review")
	if _, err := s.Cases.Claim(t.Context(), second, again.ID); !errors.Is(err, casework.ErrSamePerson) {
		t.Errorf("claimed by the latest first reviewer: %v", err)
	}
	if _, err := s.Cases.Claim(t.Context(), first, again.ID); err != nil {
		t.Errorf("claimed by who reviewed first before: %v", err)
	}
}

// The holder is reminded at 75 % of the office hours of a limit, the superior told at 100 % and theirs at 150 %, each once
// (domain: 5).
func TestLimitsOfTheStaff(t *testing.T) {
	s := inReview(t, "none")
	o := s.Need(s.id, "first-review")
	if _, err := s.Cases.Claim(t.Context(), s.Person("first"), o.ID); err != nil {
		t.Fatal(err)
	}
	cal := s.Catalog.Calendar()
	span := cal.WorkingDuration(o.OpenedAt, *o.DueAt)
	for _, step := range []struct {
		percent int64
		told    string
		level   int
	}{{74, "", 0}, {75, "first", 1}, {99, "", 0}, {100, "head", 2}, {149, "", 0}, {150, "chief", 3}, {400, "", 0}} {
		s.Clock.Set(cal.AddWorkingTime(o.OpenedAt, span*time.Duration(step.percent)/100))
		n, err := s.Cases.WatchLimits(t.Context())
		if err != nil || (n > 0) != (step.told != "") {
			t.Fatalf("at %d %%: %d were told, %v", step.percent, n, err)
		}
		if again, err := s.Cases.WatchLimits(t.Context()); err != nil || again > 0 {
			t.Errorf("at %d %%: %d were told again, %v", step.percent, again, err)
		}
		if step.told == "" {
			continue
		}
		got, err := s.Cases.Reminders(t.Context(), s.Pool, s.Person(step.told).ID)
		if err != nil || len(got) != 1 || got[0].Level != step.level {
			t.Errorf("at %d %% %s has %+v, %v", step.percent, step.told, got, err)
		}
	}
	texts := map[string]int{}
	for _, n := range officetest.Sent[message.StaffNotice](s.Office, message.StaffTold) {
		texts[n.Kind]++
	}
	if texts["sms.remind"] != 1 || texts["sms.overdue"] != 2 {
		t.Errorf("texts: %v", texts)
	}
	s.pass("first", "first-review")
	if got, err := s.Cases.Reminders(t.Context(), s.Pool, s.Person("first").ID); err != nil || len(got) > 0 {
		t.Errorf("reminded of what is done: %+v, %v", got, err)
	}
}

// Nobody has claimed it: the whole desk is reminded. A watch that slept tells each step once when it wakes.
func TestLimitsOfAnOrderThatNobodyHas(t *testing.T) {
	s := inReview(t, "none")
	o := s.Need(s.id, "first-review")
	s.Clock.Set(o.DueAt.Add(30 * day))
	if n, err := s.Cases.WatchLimits(t.Context()); err != nil || n != 3 {
		t.Fatalf("%d steps were told, %v", n, err)
	}
	for login, want := range map[string]int{"first": 1, "second": 1, "head": 1, "chief": 1, "window": 0} {
		if got, err := s.Cases.Reminders(t.Context(), s.Pool, s.Person(login).ID); err != nil || len(got) != want {
			t.Errorf("%s has %+v, %v", login, got, err)
		}
	}
}
