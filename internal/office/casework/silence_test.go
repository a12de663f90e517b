package casework_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"yichuang/internal/exchange"
	"yichuang/internal/ferry/message"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/papers"
)

var errSilent = fmt.Errorf("no route: %w", exchange.ErrUnavailable)

// A department that is silent is asked again and again, the parties see it, after its time a person is told to press; and
// when it answers everything is as if it never had been silent.
func TestSilentDepartment(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("housing.contract.push", officetest.Silent(errSilent))
	s.Submit(app)
	s.Work()
	for n := 2; n <= 4; n++ {
		s.Retry()
		if o := s.Need(s.id, "filing-push"); o.Attempts != n || o.Trouble == "" {
			t.Errorf("after %d attempts %d are counted, trouble %q", n, o.Attempts, o.Trouble)
		}
	}
	if now := s.progress().Now; len(now) != 1 || !strings.HasPrefix(now[0].What, "住建部门暂时没有回应") {
		t.Errorf("the parties see %+v", now)
	}
	s.Later(5 * time.Hour) // 10:00 to 15:00: three and a half hours of work
	if _, pressed := s.Open(s.id)["filing-silent"]; pressed {
		t.Error("a person was told before four hours of work were over")
	}
	s.Later(time.Hour)
	press := s.Need(s.id, "filing-silent")
	if press.Kind != casework.Person || press.Attr["about"] != "filing-push" {
		t.Errorf("order %+v", press)
	}
	s.decide("dispatcher", "filing-silent", casework.Decision{Opinion: "已电话联系"})
	s.Need(s.id, "filing-push")
	s.Cases.On("housing.contract.push", officetest.Pass)
	s.Retry()
	s.Need(s.id, "tax-confirm")
	for _, w := range s.progress().Now {
		if strings.Contains(w.What, "没有回应") {
			t.Errorf("the parties still see %q", w.What)
		}
	}
}

// Taken and then silent: asked once only, and when the line works again the trouble is gone.
func TestTroubleEndsWhenTheOrderIsTaken(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("housing.contract.push", officetest.Silent(errSilent))
	s.Submit(app)
	s.Work()
	s.Cases.On("housing.contract.push", officetest.Answer(casework.Result{Pending: true}))
	s.Retry()
	if now := s.progress().Now; len(now) != 1 || strings.Contains(now[0].What, "没有回应") {
		t.Errorf("the parties see %+v", now)
	}
	asked := s.calls("housing.contract.push")
	if err := s.Cases.Do(t.Context(), s.Need(s.id, "filing-push").ID); err != nil || *asked != 0 {
		t.Errorf("asked %d times more, %v", *asked, err)
	}
}

// The pauses between attempts grow to five minutes and stay there.
func TestPausesBetweenAttempts(t *testing.T) {
	s, _ := newSale(t, "none")
	last := time.Duration(0)
	for attempt := 1; attempt <= 1000; attempt++ {
		job := &river.Job[casework.DoArgs]{JobRow: &rivertype.JobRow{Attempt: attempt}}
		pause := casework.Doer{S: s.Cases}.NextRetry(job).Sub(s.Clock.Now())
		if pause < last || pause < 2*time.Second || pause > 5*time.Minute {
			t.Fatalf("pause %s after attempt %d, before it %s", pause, attempt, last)
		}
		last = pause
	}
	if last < 4*time.Minute {
		t.Errorf("the longest pause is %s", last)
	}
}

// An answer counts once: the second, the late and the one to an ended case change nothing.
func TestAnswersThatComeTwiceOrLate(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("registry.survey.push", officetest.Answer(casework.Result{Pending: true}))
	s.Cases.On("housing.contract.push", officetest.Answer(casework.Result{Pending: true}))
	s.Submit(app)
	s.Work()
	survey, filing := s.Need(s.id, "survey-push").ID, s.Need(s.id, "filing-push").ID
	if err := s.settle(survey, says("pass")); err != nil { // asked second, answered first
		t.Fatal(err)
	}
	s.wantUnmoved(survey, says("refuse"), casework.ErrNotOpen)
	s.wantUnmoved(uuid.Must(uuid.NewV7()), says("pass"), casework.ErrNoOrder)
	if err := s.settle(filing, says("pass")); err != nil {
		t.Fatal(err)
	}
	s.Need(s.id, "tax-confirm")
	s.wantUnmoved(filing, says("pass"), casework.ErrNotOpen)
	s.withdraw()
	s.wantEnd(casework.Withdrawn)
	s.wantUnmoved(filing, says("pass"), casework.ErrNotOpen)
}

// wantUnmoved fails unless an answer gives the error and leaves everything as it is.
func (s *sale) wantUnmoved(order uuid.UUID, r casework.Result, want error) {
	s.t.Helper()
	before, open, effects := s.progress().Seq, s.open(), 0
	r.Effect = func(context.Context, pgx.Tx, *casework.Case) error { effects++; return nil }
	if err := s.settle(order, r); !errors.Is(err, want) || effects > 0 {
		s.t.Errorf("answered with %v, want %v; %d effects", err, want, effects)
	}
	if after := s.progress().Seq; after != before || !slices.Equal(s.open(), open) {
		s.t.Errorf("snapshot %d became %d, open %v became %v", before, after, open, s.open())
	}
}

// What a system refuses for a reason of form is a person's to look at; its answer would be the same again.
func TestRefusalByASystemGoesToAPerson(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("housing.contract.push", officetest.Silent(&exchange.Refusal{Code: "bad-field", Message: "面积格式不对"}))
	s.Submit(app)
	s.Work()
	o := s.Need(s.id, "filing-push")
	if o.Kind != casework.Person || o.Said != "面积格式不对" {
		t.Fatalf("order of kind %s: %s, %q", o.Kind, o.Trouble, o.Said)
	}
	s.decide("housing", "filing-push", casework.Decision{Outcome: "pass", Values: map[string]string{"filing": "BA-2026-7"}})
	if got := s.now().Facts.FilingNo; got != "BA-2026-7" {
		t.Errorf("filing number %q", got)
	}
	s.Need(s.id, "tax-confirm")
}

// errKilled stands for the end of the process before the transaction was committed. The queue tries again.
var errKilled = fmt.Errorf("killed: %w", exchange.ErrUnavailable)

// The process may be killed at any step of a sale: before an answer is committed, after it, and before the job began. What is
// done again changes nothing.
func TestKilledAtEveryStep(t *testing.T) {
	s, app := newSale(t, "mixed")
	acted := map[uuid.UUID]int{}
	officetest.GoodDepartments(s.Cases, s.Clock, func(operation string, act casework.Act) {
		s.Cases.On(operation, func(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
			r, err := act(ctx, c, o)
			if acted[o.ID]++; acted[o.ID] == 1 {
				r.Effect = killedAfter(r.Effect)
			}
			return r, err
		})
	})
	s.Submit(app)
	s.killedOften()
	s.payAll()
	s.accept()
	s.killedOften()
	for _, by := range []string{"first", "second"} {
		s.pass(by, by+"-review")
		s.killedOften()
	}
	s.lend()
	s.killedOften()
	s.decide("window", "pickup", casework.Decision{Values: map[string]string{"receiver": s.now().App.PartiesOf(message.Buyer)[0].Name}})
	s.killedOften()
	s.wantEnd(casework.Done)
	if len(acted) < 15 {
		t.Errorf("only %d orders went to systems", len(acted))
	}
	for id, n := range acted {
		if n != 2 {
			t.Errorf("order %s was acted on %d times, want once before and once after the kill", id, n)
		}
	}
	if st := s.statement(); len(st.Moves) != 4 { // down payment, two loans, one payout
		t.Errorf("moves in trust: %+v", st.Moves)
	}
	s.paper(papers.TitleKind)
	s.wantMortgage(s.now())
}

// killedAfter does the effect and then fails, so that everything is rolled back.
func killedAfter(effect func(context.Context, pgx.Tx, *casework.Case) error) func(context.Context, pgx.Tx, *casework.Case) error {
	return func(ctx context.Context, tx pgx.Tx, c *casework.Case) error {
		if effect != nil {
			if err := effect(ctx, tx, c); err != nil {
				return err
			}
		}
		return errKilled
	}
}

// killedOften does the queued jobs as a process does that is killed all the time: each job until it is committed, and once more.
func (s *sale) killedOften() {
	s.t.Helper()
	for jobs := s.Forget(); len(jobs) > 0; jobs = s.Forget() {
		for _, id := range jobs {
			err := s.Cases.Do(s.t.Context(), id)
			if errors.Is(err, errKilled) {
				err = s.Cases.Do(s.t.Context(), id)
			}
			if err != nil {
				s.t.Fatal(err)
			}
			if err := s.Cases.Do(s.t.Context(), id); err != nil {
				s.t.Errorf("the job of a closed order: %v", err)
			}
		}
	}
}

// The hall may send everything twice, as after a restart from an older copy: each message counts once.
func TestFerryMessagesAppliedTwice(t *testing.T) {
	s := prepared(t, "none")
	a := s.assessment()
	for range 2 {
		for _, ref := range []string{"s1", "b1"} {
			s.FromHall(message.TaxConfirmed, s.id, message.TaxDecision{App: s.id, Assessment: a.Number, Round: a.Round, By: ref})
		}
	}
	if got := len(s.bills("tax", "open")); got != 1 {
		t.Errorf("%d tax bills", got)
	}
	for range 2 {
		s.FromHall(message.TaxDisputed, s.id, message.TaxDecision{App: s.id, Assessment: a.Number, Round: a.Round, By: "b1", Reason: "太多"})
	}
	if all, err := s.Cases.Assessments(t.Context(), s.Pool, s.id); err != nil || len(all) != 1 || all[0].State != "confirmed" {
		t.Errorf("a confirmed assessment was disputed: %+v, %v", all, err)
	}
}
