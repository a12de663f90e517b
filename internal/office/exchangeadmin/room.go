// Package exchangeadmin is the administrators' pages about other systems: endpoints (/admin/endpoints) and the log of
// calls (/admin/calls).
//
// In: the zone's exchange. Out: pages that show how each line is, change its setting with a reason, test it with one press, and
// find a call by case, message or trace. Nothing personal is shown: the log is masked before it is written.
package exchangeadmin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web"
	"yichuang/internal/office/staff"
)

// Parts is what the room stands on.
type Parts struct {
	Exchange *exchange.Exchange
	Client   *exchange.Client
	Clock    clock.Clock
	// Retry has the work behind a failed call out done again; nil where no room of the zone can.
	Retry func(ctx context.Context, c exchange.Call, by exchange.Actor, reason string) error
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
	if room.Retry != nil {
		rt.Post("/admin/calls/{id}/retry", staff.Operate, room.retryCall)
	}
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
