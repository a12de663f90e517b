package register

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Reserve keeps other disposing cases away from the unit until a time: the first one submitted wins, the others get
// ErrReserved. Reserving again moves the end. Courts and objectors are never kept away.
func (r *Register) Reserve(ctx context.Context, tx pgx.Tx, unit land.UnitCode, caseID uuid.UUID, until time.Time) error {
	now, err := r.lock(ctx, tx, unit)
	if err != nil {
		return fmt.Errorf("register: reserve: %w", err)
	}
	// One that has run out makes room. Index reservation_one_active.
	if _, err := tx.Exec(ctx, `UPDATE register.reservation SET ended_at = $2, why = 'expired' WHERE unit = $1 AND ended_at IS NULL AND until <= $2`,
		unit, now); err != nil {
		return fmt.Errorf("register: reserve: %w", err)
	}
	tag, err := tx.Exec(ctx, `UPDATE register.reservation SET until = $3 WHERE unit = $1 AND ended_at IS NULL AND case_id = $2`, unit, caseID, until)
	if err != nil {
		return fmt.Errorf("register: reserve: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return nil
	}
	tag, err = tx.Exec(ctx, `INSERT INTO register.reservation (id, district, unit, case_id, made_at, until) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (unit) WHERE ended_at IS NULL DO NOTHING`, uuid.Must(uuid.NewV7()), unit.District(), unit, caseID, now, until)
	if err != nil {
		return fmt.Errorf("register: reserve: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrReserved
	}
	return nil
}

// Release ends the reservation of a case. A unit that the case has not reserved stays as it is.
func (r *Register) Release(ctx context.Context, tx pgx.Tx, unit land.UnitCode, caseID uuid.UUID) error {
	return r.endReservation(ctx, tx, unit, caseID, "released")
}

func (r *Register) endReservation(ctx context.Context, tx pgx.Tx, unit land.UnitCode, caseID uuid.UUID, why string) error {
	if _, err := tx.Exec(ctx, `UPDATE register.reservation SET ended_at = $3, why = $4 WHERE unit = $1 AND case_id = $2 AND ended_at IS NULL`,
		unit, caseID, r.clock.Now(), why); err != nil {
		return fmt.Errorf("register: release: %w", err)
	}
	return nil
}

// reservedBy is the case that has the unit now; zero when none has.
func reservedBy(ctx context.Context, db pg.DB, unit land.UnitCode, now time.Time) (id uuid.UUID, err error) {
	rows, err := db.Query(ctx, `SELECT case_id FROM register.reservation WHERE unit = $1 AND ended_at IS NULL AND until > $2`, unit, now)
	if err != nil {
		return id, fmt.Errorf("reservation: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil || len(ids) == 0 {
		return id, err
	}
	return ids[0], nil
}
