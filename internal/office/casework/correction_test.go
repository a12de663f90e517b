package casework_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/papers"
)

// asked are the corrections that the hall was asked for, oldest first.
func (s *sale) asked() []message.CorrectionAsk {
	return sentOf[message.CorrectionAsk](s, message.CorrectionAsked, func(a message.CorrectionAsk) uuid.UUID { return a.App })
}

// answer brings a new material for a correction.
func (s *sale) answer(ask message.CorrectionAsk, code, digest string) {
	s.t.Helper()
	s.FromHall(message.CorrectionSubmitted, s.id, message.CorrectionReply{App: s.id, Correction: ask.Correction, At: s.Clock.Now(),
		Materials: []message.Material{{Code: code, Party: "s1", Source: "upload", Files: []message.File{{Digest: digest, Name: "新的.pdf"}}, At: s.Clock.Now()}}})
}

func (s *sale) promised() land.Date { return land.DateOf(*s.now().PromisedBy) }

// Corrected twice by one department: only what it asked for is asked, the others go on, the clock stops meanwhile.
func TestCorrectedTwice(t *testing.T) {
	s, app := newSale(t, "none")
	ask := says("correct", casework.Request{Code: "M-02", Reason: "看不清"})
	s.Cases.On("registry.survey.push", inTurn(ask, ask, casework.Result{Pending: true}))
	s.Submit(app)
	s.Work()
	if got := s.promised(); got != "2026-11-27" {
		t.Fatalf("promised for %s", got)
	}
	if got := s.open(); !slices.Equal(got, []string{"survey-correction"}) {
		t.Fatalf("open: %v; the other departments should be done", got)
	}
	first := s.asked()[0]
	if len(first.Requests) != 1 || first.Requests[0].Code != "M-02" || first.Requests[0].Reason != "看不清" || first.Requests[0].Law == "" || first.Department != "不动产登记中心" {
		t.Errorf("asked for %+v by %s", first.Requests, first.Department)
	}
	if s.now().PausedAt == nil {
		t.Error("the clock runs while the parties correct")
	}
	s.paper(papers.CorrectionKind)
	s.Clock.Advance(2 * day) // to Thursday
	s.answer(first, "M-02", "d1")
	if got := s.promised(); got != "2026-12-01" {
		t.Errorf("two working days later promised for %s", got)
	}
	if all := s.asked(); len(all) != 2 || s.now().PausedAt == nil {
		t.Fatalf("asked %d times, clock stopped at %v", len(all), s.now().PausedAt)
	}
	s.Clock.Advance(4 * day) // over a weekend to Monday
	s.answer(s.asked()[1], "M-02", "d2")
	c := s.now()
	if got := s.promised(); got != "2026-12-03" || c.PausedAt != nil {
		t.Errorf("promised for %s, clock stopped at %v", got, c.PausedAt)
	}
	if len(c.App.Materials) != 1 || c.App.Materials[0].Files[0].Digest != "d2" {
		t.Errorf("materials %+v", c.App.Materials)
	}
	s.Need(s.id, "survey-push")
}

// Two departments may ask at once; each gets its own answer, and the clock runs when the last is given.
func TestTwoDepartmentsAskAtOnce(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("registry.survey.push", inTurn(says("correct", casework.Request{Code: "M-02", Reason: "看不清"}), casework.Result{Pending: true}))
	s.Cases.On("housing.contract.push", officetest.Answer(casework.Result{Pending: true}))
	s.Submit(app)
	s.Work()
	s.Clock.Advance(time.Hour)
	if err := s.settle(s.Need(s.id, "filing-push").ID, says("correct", casework.Request{Code: "M-05", Reason: "缺页"})); err != nil {
		t.Fatal(err)
	}
	all := s.asked()
	if len(all) != 2 || all[0].Requests[0].Code != "M-02" || all[1].Requests[0].Code != "M-05" {
		t.Fatalf("asked: %+v", all)
	}
	s.answer(all[1], "M-05", "d1")
	if got := s.open(); !slices.Equal(got, []string{"filing-push", "survey-correction"}) || s.now().PausedAt == nil {
		t.Errorf("open %v, clock stopped at %v", got, s.now().PausedAt)
	}
	s.answer(all[0], "M-02", "d2")
	if got := s.open(); !slices.Equal(got, []string{"filing-push", "survey-push"}) || s.now().PausedAt != nil {
		t.Errorf("open %v, clock stopped at %v", got, s.now().PausedAt)
	}
}

// Not corrected in 15 days the case lapses; what comes later changes nothing.
func TestCorrectionLapses(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("registry.survey.push", officetest.Answer(says("correct", casework.Request{Code: "M-02", Reason: "看不清"})))
	s.Submit(app)
	s.Work()
	ask := s.asked()[0]
	if want := land.Date("2026-12-10").Time(); !ask.Until.Equal(want) {
		t.Errorf("until %s, want the end of the 15th day", ask.Until)
	}
	s.Clock.Advance(13 * day)
	if n, err := s.Cases.WatchLimits(t.Context()); err != nil || n == 0 || len(s.told("sms.soon")) != len(s.now().App.Parties) {
		t.Errorf("%d marks passed, the parties were reminded %d times, %v", n, len(s.told("sms.soon")), err)
	}
	s.Later(2*day + 13*time.Hour)
	s.Need(s.id, "survey-correction")
	s.Later(time.Hour)
	s.wantEnd(casework.Lapsed)
	closed := officetest.Sent[message.CorrectionClosedBody](s.Office, message.CorrectionClosed)
	if len(closed) != 1 || closed[0].Why != "lapsed" {
		t.Errorf("the hall was told %+v", closed)
	}
	if got := s.now().Facts.WhyClosed; got != "逾期没有补正" || len(s.told("sms.lapsed")) == 0 {
		t.Errorf("reason %q", got)
	}
	s.answer(ask, "M-02", "late")
	s.wantEnd(casework.Lapsed)
	if got := s.now().App.Materials[0].Files; len(got) > 0 {
		t.Errorf("a late material was taken: %+v", got)
	}
}

// An answer that comes twice is taken once, also when the department asks again meanwhile.
func TestCorrectionAnsweredTwice(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("registry.survey.push", officetest.Answer(says("correct", casework.Request{Code: "M-02", Reason: "看不清"})))
	s.Submit(app)
	s.Work()
	first := s.asked()[0]
	s.answer(first, "M-02", "d1")
	s.answer(first, "M-02", "d2")
	if all := s.asked(); len(all) != 2 {
		t.Errorf("asked %d times", len(all))
	}
	if got := s.now().App.Materials[0].Files[0].Digest; got != "d1" {
		t.Errorf("the repeated answer replaced the material with %s", got)
	}
	// An order that is no correction cannot be answered as one.
	accept := casework.Order{ID: uuid.New()}
	s.answer(message.CorrectionAsk{Correction: accept.ID}, "M-02", "d3")
	if got := s.now().App.Materials[0].Files[0].Digest; got != "d1" {
		t.Errorf("a material for no correction was taken: %s", got)
	}
}

// A reviewer's correction goes through the counter's words to the parties, and back to the first review.
func TestCorrectionAtReview(t *testing.T) {
	s := inReview(t, "none")
	before := s.promised()
	s.decide("first", "first-review", casework.Decision{Outcome: "correct", Opinion: "两处", Requests: []casework.Request{
		{Code: "M-02", Reason: "过期"}, {Code: "M-05", Reason: "缺页"}}})
	ask := s.asked()[0]
	if len(ask.Requests) != 2 || ask.Opinion != "两处" {
		t.Errorf("asked %+v", ask)
	}
	if s.now().PausedAt == nil || s.progress().Now[0].Action != "fix" {
		t.Errorf("clock stopped at %v, the parties see %+v", s.now().PausedAt, s.progress().Now)
	}
	s.Clock.Advance(day)
	s.answer(ask, "M-02", "d1")
	s.Need(s.id, "first-review")
	if after := s.promised(); after <= before {
		t.Errorf("promised for %s, before for %s", after, before)
	}
}

// The clock stops for every wait of the parties and runs while the office works (flow: stopsClock).
func TestClockStopsForEveryWaitOfTheParties(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("registry.survey.push", officetest.Silent(exchange.ErrUnavailable))
	s.Submit(app)
	s.Work()
	if s.now().PausedAt != nil {
		t.Error("the clock is stopped while the office works")
	}
	s.Cases.On("registry.survey.push", officetest.Pass)
	s.Retry()
	if s.now().PausedAt == nil {
		t.Error("the clock runs while the parties have to pay")
	}
	s.Clock.Advance(2 * day)
	s.accept()
	if got := s.promised(); got != "2026-12-01" {
		t.Errorf("accepted on Thursday, promised for %s", got)
	}
	s.Clock.Advance(day)
	s.payAll()
	if c, got := s.now(), s.promised(); c.PausedAt != nil || got != "2026-12-02" {
		t.Errorf("paid a working day later, promised for %s, clock stopped at %v", got, c.PausedAt)
	}
}
