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

// advanceDays is how long an advance notice lives after registration could have been sought (Civil Code 221).
const advanceDays = 90

// Due lists units on which something has come to its end and is still shown as running: work for a nightly job, which calls
// Expire for each. Indexes seizure_term, objection_term, advance_term.
func (r *Register) Due(ctx context.Context, db pg.DB) ([]land.UnitCode, error) {
	rows, err := db.Query(ctx, `SELECT unit FROM register.seizure WHERE state = 'active' AND to_on < $1
		UNION SELECT unit FROM register.objection WHERE state = 'active' AND suit = '' AND lapses_on < $1
		UNION SELECT unit FROM register.advance WHERE state = 'active' AND due_from < $2 ORDER BY 1`,
		land.DateOf(r.clock.Now()), land.DateOf(r.clock.Now()).AddDays(-advanceDays))
	if err != nil {
		return nil, fmt.Errorf("register: due: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[land.UnitCode])
}

// Expire ends what has lapsed on a unit: a seizure after its last day, with the next one taking effect from that day on; an
// objection without a suit after 15 days; an advance notice 90 days after registration could be sought.
func (r *Register) Expire(ctx context.Context, tx pgx.Tx, unit land.UnitCode) (*Change, error) {
	now, err := r.lockOnly(ctx, tx, unit)
	if err != nil {
		return nil, fmt.Errorf("register: expire: %w", err)
	}
	c, err := r.settle(ctx, tx, unit, now)
	if err != nil {
		return nil, fmt.Errorf("register: expire: %w", err)
	}
	return c, r.aftermath(ctx, tx, unit, now, c)
}

// lockOnly is lock without ending what has lapsed.
func (r *Register) lockOnly(ctx context.Context, tx pgx.Tx, unit land.UnitCode) (time.Time, error) {
	tag, err := tx.Exec(ctx, `SELECT FROM register.unit WHERE code = $1 FOR UPDATE`, unit)
	if err != nil {
		return time.Time{}, fmt.Errorf("lock unit: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return time.Time{}, ErrNoUnit
	}
	return r.clock.Now(), nil
}

// settle brings a locked unit up to date. A queue may run through several terms that are over by now.
func (r *Register) settle(ctx context.Context, tx pgx.Tx, unit land.UnitCode, now time.Time) (*Change, error) {
	c := &Change{}
	today := land.DateOf(now)
	for {
		var id uuid.UUID
		var to land.Date
		err := tx.QueryRow(ctx, `SELECT id, to_on::text FROM register.seizure WHERE unit = $1 AND state = 'active' AND to_on < $2`, unit, today).Scan(&id, &to)
		if err == pgx.ErrNoRows {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("settle seizures: %w", err)
		}
		if err := r.endSeizure(ctx, tx, unit, id, "lapse", SeizureLapsed, "", "期限届满", now); err != nil {
			return nil, err
		}
		c.Ended = append(c.Ended, id)
		if err := r.promote(ctx, tx, unit, now, to.AddDays(1), c); err != nil {
			return nil, err
		}
	}
	return c, r.settleNotices(ctx, tx, unit, now, c)
}

// settleNotices ends objections and advance notices that have lapsed; their proofs are cancelled.
func (r *Register) settleNotices(ctx context.Context, tx pgx.Tx, unit land.UnitCode, now time.Time, c *Change) error {
	today := land.DateOf(now)
	for _, kind := range []struct {
		query, update string
		regType       land.RegType
		before        land.Date
	}{
		{`SELECT id, certificate FROM register.objection WHERE unit = $1 AND state = 'active' AND suit = '' AND lapses_on < $2`,
			`UPDATE register.objection SET state = 'lapsed', ended = $2, ended_at = $3 WHERE id = $1`, land.RegObjection, today},
		{`SELECT id, certificate FROM register.advance WHERE unit = $1 AND state = 'active' AND due_from < $2`,
			`UPDATE register.advance SET state = 'lapsed', ended = $2, ended_at = $3 WHERE id = $1`, land.RegAdvance, today.AddDays(-advanceDays)},
	} {
		rows, err := tx.Query(ctx, kind.query, unit, kind.before)
		if err != nil {
			return fmt.Errorf("settle notices: %w", err)
		}
		lapsed, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
			ID          uuid.UUID
			Certificate land.CertNumber
		}])
		if err != nil {
			return fmt.Errorf("settle notices: %w", err)
		}
		for _, l := range lapsed {
			e, _, err := r.write(ctx, tx, entry{unit: unit, act: "lapse", regType: kind.regType, source: string(l.Certificate), at: now, by: "期限届满"})
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, kind.update, l.ID, e, now); err != nil {
				return fmt.Errorf("settle notices: %w", err)
			}
			if err := endCertificates(ctx, tx, CertCancelled, l.Certificate); err != nil {
				return err
			}
			c.Ended = append(c.Ended, l.ID)
		}
	}
	return nil
}
