// Package admin is the operator's desk of the office: how all parts stand, and the messages of the ferry that wait for a
// person.
//
// In come the lag of the ferry, the queue and the lines to other systems; out go pages and, with a reason each, the retry or
// the discarding of a parked message. No business data are shown here (S-08).
package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/ferry"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
	"yichuang/internal/office/staff"
)

// Parts that the room is made of.
type Parts struct {
	Pool     *pgxpool.Pool
	Clock    clock.Clock
	Audit    *audit.Log
	Door     *ferry.Door
	Exchange *exchange.Exchange
}

// Room serves the pages.
type Room struct{ Parts }

// New makes the room.
func New(p Parts) *Room { return &Room{p} }

// Routes of the room.
func (r *Room) Routes(rt *web.Router) {
	rt.Get("/admin", staff.Operate, r.health)
	rt.Get("/admin/ferry", staff.Operate, r.ferry)
	rt.Get("/admin/ferry/{id}/discard", staff.Operate, r.discardPage)
	rt.Post("/admin/ferry/{id}/discard", staff.Operate, r.discard)
	rt.Post("/admin/ferry/{id}/retry", staff.Operate, r.retry)
}

// healthView is the state of all parts on one page.
type healthView struct {
	Lag       ferry.Lag
	Queue     queueState
	Endpoints []exchange.Endpoint
	Alarms    []exchange.Alarm
	Now       time.Time
}

// queueState is how the job queue stands.
type queueState struct {
	Waiting, Running, Retrying, Failed int
	Oldest                             *time.Time
}

func (r *Room) health(w http.ResponseWriter, req *http.Request) error {
	v := healthView{Now: r.Clock.Now()}
	var err error
	if v.Lag, err = r.Door.Lag(req.Context()); err != nil {
		return err
	}
	if v.Queue, err = r.queue(req.Context()); err != nil {
		return err
	}
	if v.Endpoints, err = r.Exchange.Endpoints(req.Context()); err != nil {
		return err
	}
	if v.Alarms, err = r.Exchange.ActiveAlarms(req.Context()); err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, healthPage(v))
}

func (r *Room) queue(ctx context.Context) (q queueState, err error) {
	err = r.Pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE state = 'available')::int, count(*) FILTER (WHERE state = 'running')::int,
		count(*) FILTER (WHERE state = 'retryable')::int, count(*) FILTER (WHERE state IN ('discarded', 'cancelled'))::int,
		min(scheduled_at) FILTER (WHERE state = 'available') FROM river_job`).Scan(&q.Waiting, &q.Running, &q.Retrying, &q.Failed, &q.Oldest)
	if err != nil {
		return q, fmt.Errorf("admin: queue: %w", err)
	}
	return q, nil
}

func (r *Room) retry(w http.ResponseWriter, req *http.Request) error {
	return r.change(w, req, "重试停放的消息", "", func(ctx context.Context, tx pgx.Tx, id uuid.UUID) error { return r.Door.Retry(ctx, tx, id) })
}

func (r *Room) discardPage(w http.ResponseWriter, req *http.Request) error {
	return web.Render(w, req, http.StatusOK, discardPage(req.PathValue("id"), web.NewForm(req)))
}

func (r *Room) discard(w http.ResponseWriter, req *http.Request) error {
	f, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	if !f.Require("reason", "理由") {
		return web.Render(w, req, http.StatusUnprocessableEntity, discardPage(req.PathValue("id"), f))
	}
	who := web.Who(req.Context())
	return r.change(w, req, "丢弃停放的消息", f.Value("reason"), func(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
		return r.Door.Discard(ctx, tx, id, who.Name, f.Value("reason"))
	})
}

// change does something to a parked message and records who did it and why, in one transaction.
func (r *Room) change(w http.ResponseWriter, req *http.Request, action, reason string, f func(context.Context, pgx.Tx, uuid.UUID) error) error {
	ctx := req.Context()
	id, err := uuid.Parse(req.PathValue("id"))
	if err != nil {
		return web.NotFound()
	}
	who := web.Who(ctx)
	err = pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		if err := f(ctx, tx, id); err != nil {
			return err
		}
		return r.Audit.Record(ctx, tx, audit.Entry{Actor: who.ID.String(), ActorName: who.Name, Kind: audit.KindConfig, Action: action, Object: id.String(),
			Source: web.Source(ctx), Outcome: audit.OK, Detail: map[string]any{"reason": reason}})
	})
	if errors.Is(err, ferry.ErrNotParked) {
		return web.Conflict("这条消息已经不在停放中。")
	}
	if err != nil {
		return err
	}
	web.Flash(ctx, "green", action+"：已完成")
	return web.Redirect(w, req, "/admin/ferry")
}
