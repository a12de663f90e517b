package inquiry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// statusOf writes what has become of an order.
func statusOf(no string, action spec.ControlAction, unit, notice string, done outcome) spec.ControlStatus {
	out := spec.ControlStatus{ControlNo: no, Action: action, State: done.state, UnitCode: unit, Number: notice, From: string(done.from), Until: string(done.to), QueueOrder: done.place, Reason: done.reason}
	if !done.at.IsZero() {
		out.EnteredAt = done.at.In(clock.Shanghai())
	}
	for _, k := range done.since {
		out.EnteredSince = append(out.EnteredSince, spec.RegistrationType(k))
	}
	return out
}

const controlColumns = `id, no, action, unit, notice, state, entered_at, coalesce(from_on::text, ''), coalesce(to_on::text, ''), place, since, reason, digest, changed_at`

// row is an order as it is stored.
type row struct {
	id      uuid.UUID
	status  spec.ControlStatus
	digest  string
	changed time.Time
}

func (r *Room) scan(in pgx.CollectableRow) (x row, err error) {
	var done outcome
	var no, unit, notice string
	var action spec.ControlAction
	var from, to string
	var at *time.Time
	var reason []byte
	if err := in.Scan(&x.id, &no, &action, &unit, &notice, &done.state, &at, &from, &to, &done.place, &done.since, &reason, &x.digest, &x.changed); err != nil {
		return x, err
	}
	if at != nil {
		done.at = *at
	}
	done.from, done.to = land.Date(from), land.Date(to)
	if reason != nil {
		if done.reason, err = r.Keys.OpenString(reason, reasonPlace(x.id)); err != nil {
			return x, fmt.Errorf("inquiry: open reason: %w", err)
		}
	}
	x.status = statusOf(no, action, unit, notice, done)
	return x, nil
}

// known finds a court's order by its number; no digest means that there is none.
func (r *Room) known(ctx context.Context, db pg.DB, court, no string) (spec.ControlStatus, string, error) {
	rows, err := db.Query(ctx, `SELECT `+controlColumns+` FROM court_controls WHERE court = $1 AND no = $2`, court, no)
	if err != nil {
		return spec.ControlStatus{}, "", fmt.Errorf("inquiry: read order: %w", err)
	}
	x, err := pgx.CollectExactlyOneRow(rows, r.scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return spec.ControlStatus{}, "", nil
	}
	if err != nil {
		return spec.ControlStatus{}, "", fmt.Errorf("inquiry: read order: %w", err)
	}
	return x.status, x.digest, nil
}

// status answers a court about an order of its own.
func (r *Room) status(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.CourtControlQueryRequest) (out spec.CourtControlQueryResponse, err error) {
	if _, err := r.court(from, in.CourtCode); err != nil {
		return out, err
	}
	status, digest, err := r.known(ctx, tx, in.CourtCode, in.ControlNo)
	if err == nil && digest == "" {
		err = refused(spec.CodeNotFound, "本院没有提交过这个编号的查控")
	}
	out.Status = status
	return out, err
}
