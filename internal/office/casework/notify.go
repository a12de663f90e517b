package casework

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
)

// announce sends the notices that the item has for an event, to those it names, on the ways it names.
func (s *Service) announce(ctx context.Context, tx pgx.Tx, c *Case, event string, args map[string]any, action string) error {
	item, ok := s.catalog.Item(c.Item)
	if !ok {
		return fmt.Errorf("casework: no item %q", c.Item)
	}
	for _, n := range item.NoticesOf(event) {
		for _, ref := range recipients(&c.App, n.To) {
			if p, ok := c.App.Party(ref); ok && p.Role == message.Mortgagee {
				if err := s.tellLender(ctx, tx, c, event); err != nil {
					return err
				}
				continue
			}
			if err := s.notify(ctx, tx, c, ref, n.Message, args, n.SMS(), action); err != nil {
				return err
			}
		}
	}
	return nil
}

// announceTo is announce for an event that concerns one party.
func (s *Service) announceTo(ctx context.Context, tx pgx.Tx, c *Case, event, ref string, args map[string]any, action string) error {
	item, ok := s.catalog.Item(c.Item)
	if !ok {
		return fmt.Errorf("casework: no item %q", c.Item)
	}
	for _, n := range item.NoticesOf(event) {
		if err := s.notify(ctx, tx, c, ref, n.Message, args, n.SMS(), action); err != nil {
			return err
		}
	}
	return nil
}

// recipients resolves the words of a notice to party refs, each once.
func recipients(app *message.Application, to []string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(ref string) {
		if !seen[ref] {
			seen[ref] = true
			out = append(out, ref)
		}
	}
	for _, word := range to {
		for _, p := range app.Parties {
			switch {
			case word == "parties", word == string(p.Role), word == "applicant" && p.Ref == app.Applicant, word == "others" && p.Ref != app.Applicant:
				add(p.Ref)
			}
		}
	}
	return out
}

// tellLender has an event told to the lender that applied, by its own system.
func (s *Service) tellLender(ctx context.Context, tx pgx.Tx, c *Case, event string) error {
	now := s.clock.Now()
	return s.Spread(ctx, tx, Tidings{Case: c.ID, What: LenderTold, Ref: fmt.Sprintf("%s/%d", event, now.UnixMilli()), At: now, Detail: map[string]string{"event": event}})
}

// toHall sends what the hall shows of a case. One that a lender applied for has nobody there who could look at it.
func (s *Service) toHall(ctx context.Context, tx pgx.Tx, c *Case, m ferry.Message) error {
	if c.App.Channel == message.Lender {
		return nil
	}
	m.Case = c.ID.String()
	return s.door.Send(ctx, tx, m)
}

// notify sends one notice to one party through the hall. Where the hall does not know the party, its phone goes along.
func (s *Service) notify(ctx context.Context, tx pgx.Tx, c *Case, ref, kind string, args map[string]any, sms bool, action string) error {
	words := map[string]string{"no": string(c.No)}
	for k, v := range args {
		words[k] = fmt.Sprint(v)
	}
	n := message.Notice{ID: uuid.Must(uuid.NewV7()), App: c.ID, Party: ref, Kind: kind, Args: words, SMS: sms, Action: action}
	if c.App.Channel == message.Lender {
		p, ok := c.App.Party(ref)
		if !ok || p.Phone == "" {
			return nil
		}
		n.Phone = p.Phone
	}
	return s.door.Send(ctx, tx, ferry.Message{Type: message.NoticeSent, Case: c.ID.String(), Body: n})
}
