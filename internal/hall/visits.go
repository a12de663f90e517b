package hall

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/catalog"
	"yichuang/internal/hall/application"
	"yichuang/internal/hall/appointment"
	"yichuang/internal/hall/cases"
	"yichuang/internal/hall/site"
	"yichuang/internal/kit/pg"
)

// visits tells the booking of halls what a case needs at the counter: whether its parties are asked to come, and which
// originals they bring.
type visits struct {
	cases   *cases.Room
	apps    *application.Room
	catalog *catalog.Catalog
}

func (v visits) Visit(ctx context.Context, db pg.DB, app uuid.UUID) (out appointment.Visit, err error) {
	if out.Case, out.Ready, err = v.cases.Asked(ctx, db, app); err != nil {
		return out, err
	}
	a, err := v.apps.ByID(ctx, db, app)
	if err != nil {
		return out, err
	}
	for _, m := range a.Form.Materials {
		if rule, ok := v.catalog.Material(m.Code); ok && m.Source == "upload" && rule.Original {
			out.Bring = append(out.Bring, rule.Name+"原件")
		}
	}
	return out, nil
}

// booked lists an account's visits to come, for its own page.
func booked(room *appointment.Room, pool *pgxpool.Pool) func(context.Context, uuid.UUID) ([]cases.Booked, error) {
	return func(ctx context.Context, acc uuid.UUID) ([]cases.Booked, error) {
		list, err := room.Mine(ctx, pool, acc)
		if err != nil {
			return nil, err
		}
		var out []cases.Booked
		for _, b := range list {
			out = append(out, cases.Booked{App: b.App, Title: room.When(b), Note: room.Where(b), Href: "/bookings/" + b.ID.String()})
		}
		return out, nil
	}
}

// hallsNow tells the home page which halls can be booked how soon.
func hallsNow(room *appointment.Room) func(context.Context) ([]site.Hall, error) {
	return func(ctx context.Context) ([]site.Hall, error) {
		list, err := room.Now(ctx)
		if err != nil {
			return nil, err
		}
		var out []site.Hall
		for _, h := range list {
			out = append(out, site.Hall{Name: h.Name, Href: "/halls/" + h.Code, Note: h.Words})
		}
		return out, nil
	}
}
