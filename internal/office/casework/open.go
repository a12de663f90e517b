package casework

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// beijing is the time zone of everything that people read.
var beijing = time.FixedZone("CST", 8*60*60)

// Open makes a case of a submitted application, reserves the unit for it, and starts the flow of its item. An
// application that is already a case changes nothing: the hall may send it twice. Granted are the loans of an application that its
// lender makes.
func (s *Service) Open(ctx context.Context, tx pgx.Tx, sub message.Submitted, granted ...LoanFact) error {
	app := sub.Application
	if _, err := s.ByID(ctx, tx, app.ID); !errors.Is(err, ErrNoCase) {
		return err
	}
	item, ok := s.catalog.Item(app.Item)
	if !ok {
		return ferry.Park(fmt.Errorf("casework: no item %q", app.Item))
	}
	now := s.clock.Now()
	no, err := s.nextNumber(ctx, tx, now)
	if err != nil {
		return err
	}
	promised := s.catalog.Calendar().AddWorkingDays(now, item.Days)
	c := &Case{ID: app.ID, No: no, Item: item.Code, ItemVersion: item.Version, ItemName: item.Name, District: app.Home.District,
		Unit: app.Home.UnitCode, Address: app.Home.Address, People: people(app), Channel: app.Channel, State: Running,
		StageAt: []time.Time{sub.At}, OpenedAt: now, PromisedBy: &promised, App: app, Facts: Facts{Loans: granted}}
	if err := s.insertCase(ctx, tx, c); err != nil {
		return err
	}
	if err := s.SaveFacts(ctx, tx, c); err != nil {
		return err
	}
	if err := s.note(ctx, tx, c.ID, Event{Text: "已收到申请，办件编号 " + string(no), Public: true}); err != nil {
		return err
	}
	if err := s.toHall(ctx, tx, c, ferry.Message{Type: message.CaseOpened, Body: message.CaseOpenedBody{App: c.ID, Case: no, At: now}}); err != nil {
		return err
	}
	if err := s.audit.Record(ctx, tx, audit.Entry{Actor: applicant(&app), Kind: audit.KindChange, Action: "立案", Object: c.ID.String(), Case: string(no), Outcome: audit.OK}); err != nil {
		return err
	}
	if err := s.reserve(ctx, tx, c); err != nil {
		return err
	}
	if err := s.agree(ctx, tx, c); err != nil {
		return err
	}
	if err := s.announce(ctx, tx, c, "submitted", map[string]any{"date": day(promised)}, ""); err != nil {
		return err
	}
	data, err := s.engine.Declared(item.Flow, s.startData(c))
	if err != nil {
		return fmt.Errorf("casework: start flow: %w", err)
	}
	if err := s.engine.Start(ctx, tx, c.ID, item.Flow, data); err != nil {
		return fmt.Errorf("casework: start flow: %w", err)
	}
	return s.publish(ctx, tx, c.ID)
}

// reservation is for how many working days the first disposing case keeps others from the unit (domain: life of a case).
const reservation = 10

// reserve takes the unit; when another case was faster the automatic title check refuses the case with that reason, and
// the book would.
func (s *Service) reserve(ctx context.Context, tx pgx.Tx, c *Case) error {
	until := s.catalog.Calendar().AddWorkingDays(s.clock.Now(), reservation)
	err := s.register.Reserve(ctx, tx, c.Unit, c.ID, until)
	if errors.Is(err, register.ErrReserved) {
		return nil
	}
	return err
}

// applicant is who applied, for the audit record: the hall for its users, or the lender.
func applicant(app *message.Application) string {
	if app.Channel == message.Lender {
		return app.Loan.Parts[0].Lender
	}
	return "hall"
}

// people is the masked line of a case: takers ← givers. The name of an organisation is no secret.
func people(app message.Application) string {
	names := func(parties []message.Party) string {
		var out []string
		for _, p := range parties {
			name := p.Name
			if !p.Document.Kind.Organisation() {
				name = land.MaskName(name)
			}
			out = append(out, name)
		}
		if len(out) > 3 {
			out = append(out[:2], fmt.Sprintf("等 %d 人", len(out)))
		}
		return strings.Join(out, "、")
	}
	return names(app.Takers()) + " ← " + names(app.Givers())
}
