// Package exchangeadmin is the administrators' pages about other systems: endpoints with their charts (/admin/endpoints), the log
// of calls (/admin/calls), what waits to be sent (/admin/outbox), and alarms (/admin/alarms).
//
// In: the zone's exchange and its outbox. Out: pages that show how each line is, change its setting with a reason, test it with
// one press, find a call by case, message or trace, and send again, park or discard what waits; a job that counts calls and
// raises alarms; SMS to whom an alarm concerns. Nothing personal is shown: the log is masked before it is written.
package exchangeadmin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/catalog"
	"yichuang/internal/exchange"
	"yichuang/internal/ferry"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/staff"
)

// Parts is what the room stands on.
type Parts struct {
	Pool     *pgxpool.Pool
	Exchange *exchange.Exchange
	Client   *exchange.Client
	Clock    clock.Clock
	Audit    exchange.Recorder
	Staff    *staff.Room
	Calendar *catalog.Calendar
	Door     *ferry.Door
	Outbox   *casework.Outbox
}

// Room serves the pages.
type Room struct{ Parts }

// New makes the room.
func New(p Parts) *Room { return &Room{p} }

// Routes adds the pages to the zone's router.
func (room *Room) Routes(rt *web.Router) {
	rt.Get("/admin/endpoints", staff.Operate, room.showEndpoints)
	rt.Get("/admin/endpoints/new", staff.Operate, room.newEndpoint)
	rt.Post("/admin/endpoints/new", staff.Operate, room.addEndpoint)
	rt.Get("/admin/endpoints/{id}", staff.Operate, room.showEndpoint)
	rt.Post("/admin/endpoints/{id}", staff.Operate, room.saveEndpoint)
	rt.Post("/admin/endpoints/{id}/test", staff.Operate, room.testEndpoint)
	rt.Get("/admin/calls", staff.Operate, room.showCalls)
	rt.Get("/admin/calls/{id}", staff.Operate, room.showCall)
	rt.Get("/admin/outbox", staff.Operate, room.showOutbox)
	rt.Get("/admin/outbox/confirm", staff.Operate, room.confirmDeed)
	rt.Post("/admin/outbox/{do}", staff.Operate, room.doDeed)
	rt.Get("/admin/alarms", staff.Alarms, room.showAlarms)
	rt.Get("/admin/alarms/{id}", staff.Alarms, room.showAlarm)
	rt.Post("/admin/alarms/{id}", staff.Alarms, room.acknowledge)
	rt.Get("/admin/alarms/rules/{kind}", staff.Operate, room.showRule)
	rt.Post("/admin/alarms/rules/{kind}", staff.Operate, room.saveRule)
}

// actor is who is at the page.
func actor(ctx context.Context) exchange.Actor {
	who := web.Who(ctx)
	return exchange.Actor{ID: who.ID.String(), Name: who.Name, Source: web.Source(ctx)}
}

// idOf reads the id of the address.
func idOf(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return uuid.Nil, web.NotFound()
	}
	return id, nil
}

// missing turns exchange's "no such" into the page's.
func missing(err error) error {
	if errors.Is(err, exchange.ErrNotFound) {
		return web.NotFound()
	}
	return err
}

// day is how far back the pages count.
const day = 24 * time.Hour
