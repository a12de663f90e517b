package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/office/register"
)

// books are the databases of both zones, opened beside the program as an auditor would. People of the drill act over HTTP; the books
// are for looking, and for what takes days in life.
type books struct {
	hall, office *pgxpool.Pool
	register     *register.Register
	audits       map[string]*audit.Log
}

func openBooks(ctx context.Context, data string, clk clock.Clock) (*books, error) {
	b := &books{audits: map[string]*audit.Log{}}
	for zone, pool := range map[string]**pgxpool.Pool{"hall": &b.hall, "office": &b.office} {
		u := url.URL{Scheme: "postgres", User: url.User(zone), Path: "/" + zone,
			RawQuery: "sslmode=disable&host=" + url.PathEscape(filepath.Join(data, "postgres", "socket"))}
		var err error
		if *pool, err = pg.Open(ctx, u.String()); err != nil {
			return nil, err
		}
		ring, err := sm.LoadOrCreateKeyring(filepath.Join(data, "keys", zone+".ring"))
		if err != nil {
			return nil, err
		}
		b.audits[zone] = audit.New(*pool, ring, clk)
		if zone == "office" {
			b.register = register.New(ring, clk)
		}
	}
	return b, nil
}

func (b *books) close() {
	b.hall.Close()
	b.office.Close()
}

func (b *books) of(zone string) *pgxpool.Pool {
	if zone == "hall" {
		return b.hall
	}
	return b.office
}

// holdFerry takes the lock of who pumps a zone's messages; free gives it back.
func (b *books) holdFerry(ctx context.Context, zone string) (free func(), err error) {
	conn, err := b.of(zone).Acquire(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext('ferry_out'))`); err != nil {
		conn.Release()
		return nil, err
	}
	return func() {
		_ = conn.Conn().Close(context.WithoutCancel(ctx)) // the lock ends with the connection
		conn.Release()
	}, nil
}

// openOrders is the state of a case, and what is open in it.
func (b *books) openOrders(ctx context.Context, app string) (state string, orders []open, err error) {
	if err := b.office.QueryRow(ctx, `SELECT state FROM cases WHERE id = $1`, app).Scan(&state); err != nil {
		return "", nil, err
	}
	rows, err := b.office.Query(ctx, `SELECT id::text, node, name, kind, form, department, role, org, district, coalesce(attr->>'message', ''),
		coalesce(attr->>'bill', ''), coalesce(attr->>'outcomes', '') FROM work_orders WHERE case_id = $1 AND state = 'open' ORDER BY n`, app)
	if err != nil {
		return "", nil, err
	}
	orders, err = pgx.CollectRows(rows, pgx.RowToStructByPos[open])
	return state, orders, err
}

// expire lets the last moment of a case's open bills come at once, in both zones: nobody waits for days here. The clerk of
// bills finds them within a minute.
func (b *books) expire(ctx context.Context, app string) error {
	rows, err := b.office.Query(ctx, `UPDATE billing.bill SET until = issued_at + interval '1 second' WHERE case_id = $1 AND state = 'open' RETURNING id`, app)
	if err != nil {
		return fmt.Errorf("expire bills: %w", err)
	}
	bills, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("expire bills: %w", err)
	}
	if _, err := b.hall.Exec(ctx, `UPDATE bills SET until = issued_at + interval '1 second' WHERE id = ANY($1) AND state = 'open'`, bills); err != nil {
		return fmt.Errorf("expire bills: %w", err)
	}
	return nil
}

// hasten lets jobs that wait for another try be tried at once: the storm is over, and some would wait for five minutes.
func (b *books) hasten(ctx context.Context) error {
	for _, pool := range []*pgxpool.Pool{b.hall, b.office} {
		if _, err := pool.Exec(ctx, `UPDATE river_job SET scheduled_at = now() WHERE state = 'retryable' AND scheduled_at > now() + interval '2 seconds'`); err != nil {
			return err
		}
	}
	return nil
}
