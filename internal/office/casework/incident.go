package casework

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/staff"
)

// Incident is something that happened outside of the case and puts its ground in doubt: the second reviewer judges whether
// it can go on, and the entry waits for that.
type Incident struct {
	Kind   string    `json:"kind"` // one of IncidentKinds
	Text   string    `json:"text"` // what is known and from whom
	By     string    `json:"by"`   // who reported it
	At     time.Time `json:"at"`
	Source string    `json:"-"` // address of the terminal, for the audit record
}

// Name of what happened.
func (i Incident) Name() string {
	for _, k := range IncidentKinds {
		if k.Code == i.Kind {
			return k.Name
		}
	}
	return ""
}

// IncidentKinds in their order.
var IncidentKinds = []struct{ Code, Name string }{
	{"death", "当事人死亡"}, {"capacity", "当事人丧失行为能力"}, {"rescission", "合同解除或撤销"}, {"dispute", "权属争议或诉讼"},
}

// maxIncident is how many characters a report may have.
const maxIncident = 300

// ErrTooLate says that a case is entered, being entered, or over: nothing can be held up any more.
var ErrTooLate = errors.New("casework: too late to stop the case")

// Report takes a clerk's report of an incident. Errors: FieldErrors for what is missing, ErrTooLate from the moment on at
// which the book may have changed.
func (s *Service) Report(ctx context.Context, by staff.Person, id uuid.UUID, in Incident) error {
	return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		c, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		return s.incident(ctx, tx, c, in, audit.Entry{Actor: by.ID.String(), ActorName: by.Name, Source: in.Source})
	})
}

// Incident takes the report of another system. A case that is over, or was entered, is left as it is.
func (s *Service) Incident(ctx context.Context, tx pgx.Tx, no land.CaseNumber, in Incident) error {
	c, err := s.lockByNo(ctx, tx, no)
	if err != nil {
		return err
	}
	err = s.incident(ctx, tx, c, in, audit.Entry{Actor: "exchange", ActorName: in.By, Source: in.Source})
	if errors.Is(err, ErrTooLate) {
		return s.note(ctx, tx, c.ID, Event{Text: "登簿后收到情况报告，未处理：" + in.Text})
	}
	return err
}

func (s *Service) incident(ctx context.Context, tx pgx.Tx, c *Case, in Incident, by audit.Entry) error {
	in.Text, in.By, in.At = strings.TrimSpace(in.Text), by.ActorName, s.clock.Now()
	switch {
	case in.Name() == "":
		return FieldErrors{"kind": "请选择发生了什么"}
	case in.Text == "":
		return FieldErrors{"text": "请写明情况和来源"}
	case len([]rune(in.Text)) > maxIncident:
		return FieldErrors{"text": "最多 300 字"}
	}
	entering, err := s.entering(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if c.over() || entering || !c.Facts.EnteredAt.IsZero() {
		return ErrTooLate
	}
	c.Facts.Against = in.Name()
	c.Facts.Incidents = append(c.Facts.Incidents, in)
	if err := s.SaveFacts(ctx, tx, c); err != nil {
		return err
	}
	for _, e := range []Event{{Text: in.Name() + "：" + in.Text, Actor: in.By}, {Text: "收到影响这件申请的情况报告，正在研判", Public: true}} {
		if err := s.note(ctx, tx, c.ID, e); err != nil {
			return err
		}
	}
	by.Kind, by.Action, by.Object, by.Case, by.Outcome, by.Detail = audit.KindChange, "报告情况", c.ID.String(), string(c.No), audit.OK, map[string]any{"kind": in.Kind}
	if err := s.audit.Record(ctx, tx, by); err != nil {
		return err
	}
	heard, err := s.tellFlow(ctx, tx, c.ID, "case.incident", map[string]any{})
	if err != nil {
		return err
	}
	if !heard {
		return ErrTooLate
	}
	return s.publish(ctx, tx, c.ID)
}
