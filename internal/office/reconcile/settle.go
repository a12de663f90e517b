package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/pg"
	"yichuang/internal/office/connect"
	"yichuang/internal/office/staff"
)

// ErrMoved says that somebody else, or a new comparison, has dealt with the difference meanwhile.
var ErrMoved = errors.New("reconcile: the difference has changed meanwhile")

// Explain closes a difference with words. Errors: ErrUnknown, ErrMoved.
func (r *Room) Explain(ctx context.Context, by staff.Person, source string, id uuid.UUID, version int, words string) error {
	d, run, err := r.theirs(ctx, by, id)
	if err != nil {
		return err
	}
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		return r.end(ctx, tx, by, source, d, run, version, Explained, words)
	})
}

// theirs finds a difference that is the person's business.
func (r *Room) theirs(ctx context.Context, by staff.Person, id uuid.UUID) (Difference, Run, error) {
	d, run, err := r.Difference(ctx, id)
	if err == nil && !concerns(by, run.Subject) {
		err = ErrUnknown
	}
	return d, run, err
}

func (r *Room) end(ctx context.Context, tx pgx.Tx, by staff.Person, source string, d Difference, run Run, version int, state, words string) error {
	tag, err := tx.Exec(ctx, `UPDATE reconcile.difference SET state = $3, words = $4, ended_at = $5, ended_by = $6, by_name = $7, version = version + 1
		WHERE id = $1 AND version = $2 AND state = 'open'`, d.ID, version, state, words, r.Clock.Now(), by.ID, by.Name)
	if err != nil {
		return fmt.Errorf("reconcile: end difference: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrMoved
	}
	action := map[string]string{Explained: "解释对账差异", Settled: "按登记簿更新"}[state]
	return r.Audit.Record(ctx, tx, audit.Entry{Actor: by.ID.String(), ActorName: by.Name, Kind: audit.KindChange, Action: action, Object: run.title(), Case: d.Case,
		Source: source, Outcome: audit.OK, Detail: map[string]any{"对象": d.Key, "我方": d.Ours, "对方": d.Theirs, "说明": words}})
}

// Adopt brings our page of the unit to what its registry has now: the registry's is the book, ours its mirror. Errors: ErrUnknown,
// ErrMoved, register.ErrStale, exchange.ErrUnavailable.
func (r *Room) Adopt(ctx context.Context, by staff.Person, source string, id uuid.UUID, version int, words string) error {
	d, run, err := r.theirs(ctx, by, id)
	if err != nil {
		return err
	}
	if run.Kind != Register {
		return ErrUnknown
	}
	var theirs spec.RegistryUnitQueryResponse
	ask := spec.RegistryUnitQueryRequest{UnitCode: d.Key, Purpose: "对账"}
	if err := r.Out.Call(ctx, spec.RegistryUnitQuery, exchange.Route{District: run.Code, Case: d.Case}, "", ask, &theirs); err != nil {
		return err
	}
	if !theirs.Matched {
		return ErrMoved
	}
	report, err := connect.ReportOf(theirs, run.Name)
	if err != nil {
		return err
	}
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		if _, err := r.Register.Mirror(ctx, tx, report); err != nil {
			return err
		}
		return r.end(ctx, tx, by, source, d, run, version, Settled, words)
	})
}
