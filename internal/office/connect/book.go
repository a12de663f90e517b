package connect

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// follow brings our page of the unit to what its registry reported of one restriction.
func (r *Room) follow(ctx context.Context, tx pgx.Tx, in spec.RegistryRestrictionNotifyRequest) error {
	page, err := r.Register.Unit(ctx, tx, land.UnitCode(in.UnitCode))
	if err != nil {
		return err
	}
	x := in.Restriction
	report := register.Report{Unit: page.Unit.Code, Number: x.Number, At: r.Clock.Now(), By: "登记系统"}
	ended := in.Action == spec.RestrictionActionReleased || in.Action == spec.RestrictionActionLapsed
	switch x.Kind {
	case spec.RestrictionKindSeizure, spec.RestrictionKindQueuedSeizure, spec.RestrictionKindPreSeizure, spec.RestrictionKindQueuedPreSeizure:
		report.Seizures = seizures(page, x, ended)
	case spec.RestrictionKindObjection:
		report.Objections = objections(page, x, ended)
	default:
		return nil // mortgages and notices come with the entries that make them
	}
	if _, err := r.Register.Mirror(ctx, tx, report); err != nil {
		return fmt.Errorf("connect: mirror restriction: %w", err)
	}
	return nil
}

// seizures is the list of live ones after the report: the reported one added, replaced or gone.
func seizures(page *register.Page, x spec.Restriction, ended bool) []register.Seizure {
	out := []register.Seizure{}
	for _, s := range page.Seizures {
		if s.Live() && !(s.Court == x.Holder && s.NoticeNo == x.Number) {
			out = append(out, s)
		}
	}
	if ended {
		return out
	}
	target := ""
	if page.Title != nil && len(page.Title.Holders) > 0 {
		target = page.Title.Holders[0].Name
	}
	return append(out, seizureOf(x, target))
}

func objections(page *register.Page, x spec.Restriction, ended bool) []register.Objection {
	out := []register.Objection{}
	for _, o := range page.Objections {
		if o.State == "active" && string(o.Certificate) != x.Number {
			out = append(out, o)
		}
	}
	if ended {
		return out
	}
	return append(out, objectionOf(x))
}

// ownCount counts homes in our own book, where it is the book of the district.
func (r *Room) ownCount(ctx context.Context, family []spec.Person, district string, out *message.ShareReply) error {
	n, err := r.countOwn(ctx, family, district)
	out.Homes = n
	return err
}

func (r *Room) countOwn(ctx context.Context, family []spec.Person, district string) (int, error) {
	docs := make([]land.Document, 0, len(family))
	for _, p := range family {
		docs = append(docs, land.Document{Kind: land.DocKind(p.DocumentKind), Number: p.DocumentNumber})
	}
	return r.Register.HousesCount(ctx, r.Pool, docs, district)
}
