package payment_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// ask has the office ask for a day of the paper channel.
func (h *hall) ask(day land.Date) {
	h.t.Helper()
	h.jobs, h.told = nil, nil
	h.send(message.StatementAsked, message.StatementAsk{Channel: "paper", Day: day})
}

// TestStatementReachesTheOffice in parts, once for each question.
func TestStatementReachesTheOffice(t *testing.T) {
	p := newPaper()
	h := newHall(t, p)
	order := uuid.Must(uuid.NewV7())
	at := h.clock.Now().Add(-24 * time.Hour)
	day := land.DateOf(at)
	for n := range 2_500 {
		p.book = append(p.book, statement.Line{Order: hex.EncodeToString(order[:]), Number: fmt.Sprint(n), Reference: fmt.Sprint("T", n), Amount: 100, At: at, Refund: n == 2_499})
	}
	p.book[7].Order = "SHOP-7"
	h.ask(day)
	jobs := h.jobs
	if h.run() != 0 {
		t.Fatal("the job waits")
	}
	h.jobs = jobs
	h.run() // River lost sight of what the job did
	h.heard()
	var lines []message.StatementLine
	for n, m := range h.told {
		if m.Channel != "paper" || m.Day != day || m.Part != n+1 || m.Parts != 3 {
			t.Fatalf("part %d is %d of %d, %s %s", n+1, m.Part, m.Parts, m.Channel, m.Day)
		}
		lines = append(lines, m.Lines...)
	}
	if len(h.told) != 3 || len(lines) != 2_500 || len(h.told[0].Lines) != message.StatementPart {
		t.Fatalf("%d parts, %d lines", len(h.told), len(lines))
	}
	if l := lines[2_499]; l.Order != order || !l.Refund || l.Amount != 100 || l.Reference != "T2499" || !l.At.Equal(at) {
		t.Errorf("%+v", l)
	}
	if l := lines[7]; l.Order != uuid.Nil || l.Reference != "T7" {
		t.Errorf("another shop's order: %+v", l)
	}
	p.book = p.book[:1]
	h.ask(day)
	h.run()
	if h.heard(); len(h.told) != 1 || len(h.told[0].Lines) != 1 {
		t.Errorf("asked again: %+v", h.told)
	}
}

// TestStatementIsWaitedFor while the channel makes it, and nothing is sent of one that cannot be used.
func TestStatementIsWaitedFor(t *testing.T) {
	p := newPaper()
	h := newHall(t, p)
	day := land.DateOf(h.clock.Now())
	morning := day.AddDays(1).Time().In(clock.Shanghai()).Add(6 * time.Hour)
	h.ask(day)
	for _, tt := range []struct {
		name string
		late error
		at   time.Time
	}{{"being made", statement.ErrNotReady, morning}, {"no file in the evening", statement.ErrNone, h.clock.Now()}, {"no file in the morning", statement.ErrNone, morning},
		{"being made for long", statement.ErrNotReady, morning.Add(48 * time.Hour)}} {
		t.Run(tt.name, func(t *testing.T) {
			p.late = tt.late
			h.clock.Set(tt.at)
			if h.run() != 1 {
				t.Error("the job does not wait")
			}
			if h.heard(); len(h.told) != 0 {
				t.Errorf("told %+v", h.told)
			}
		})
	}
	for _, broken := range []error{statement.Bad("altered"), errors.New("the channel is away")} {
		p.late = broken
		a := h.jobs[0].(payment.StatementArgs)
		err := (&payment.Teller{Room: h.room}).Work(t.Context(), &river.Job[payment.StatementArgs]{JobRow: &rivertype.JobRow{Attempt: 1}, Args: a})
		if h.heard(); !errors.Is(err, broken) || len(h.told) != 0 {
			t.Errorf("%v: %v, told %+v", broken, err, h.told)
		}
	}
	p.late = statement.ErrNone
	h.clock.Set(morning.Add(6 * time.Hour))
	if h.run() != 0 {
		t.Error("at noon the job still waits")
	}
	if h.heard(); len(h.told) != 1 || h.told[0].Parts != 1 || len(h.told[0].Lines) != 0 {
		t.Errorf("a day without payments: %+v", h.told)
	}
}

// TestStatementNobodyCanRead is a question that is set aside.
func TestStatementNobodyCanRead(t *testing.T) {
	h := newHall(t, newPaper())
	today := land.DateOf(h.clock.Now())
	for _, m := range []message.StatementAsk{{Channel: "bitcoin", Day: today}, {Channel: "paper", Day: "2026-02-30"}, {Channel: "paper", Day: today.AddDays(1)}, {Channel: "paper"}} {
		h.jobs = nil
		h.send(message.StatementAsked, m)
		if len(h.jobs) != 0 {
			t.Errorf("%+v: %v", m, h.jobs)
		}
	}
}
