package register

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Standing is what stands on a page, by the numbers that every registry knows it by.
type Standing struct {
	Unit    land.UnitCode
	CaseNo  string    // of the newest entry
	At      time.Time // of the newest entry
	Numbers []string  // certificates of titles and mortgages, notices of seizures, sorted
}

// Changed lists the units of a district with an entry from one moment until before another. Index entry_at.
func (r *Register) Changed(ctx context.Context, db pg.DB, district string, from, to time.Time) ([]land.UnitCode, error) {
	rows, err := db.Query(ctx, `SELECT DISTINCT unit FROM register.entry WHERE at >= $2 AND at < $3 AND district = $1 AND act <> 'seed' ORDER BY unit`, district, from, to)
	if err != nil {
		return nil, fmt.Errorf("register: changes of a day: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[land.UnitCode])
	if err != nil {
		return nil, fmt.Errorf("register: changes of a day: %w", err)
	}
	return out, nil
}

// Standing reads what stands on many pages, in one statement. A unit that the book does not have is left out.
func (r *Register) Standing(ctx context.Context, db pg.DB, units []land.UnitCode) (map[land.UnitCode]Standing, error) {
	rows, err := db.Query(ctx, `SELECT u.code, coalesce(e.case_no, ''), coalesce(e.at, 'epoch'), ARRAY(
			SELECT h.certificate FROM register.title t JOIN register.holder h ON h.title = t.id WHERE t.unit = u.code AND t.state = '1' AND h.certificate IS NOT NULL
			UNION ALL SELECT certificate FROM register.mortgage WHERE unit = u.code AND state = '1'
			UNION ALL SELECT notice_no FROM register.seizure WHERE unit = u.code AND state IN ('active', 'queued')
			UNION ALL SELECT certificate FROM register.objection WHERE unit = u.code AND state = 'active'
			UNION ALL SELECT certificate FROM register.advance WHERE unit = u.code AND state = 'active')
		FROM register.unit u LEFT JOIN LATERAL (SELECT case_no, at FROM register.entry WHERE unit = u.code ORDER BY no DESC LIMIT 1) e ON true
		WHERE u.code = ANY($1)`, units)
	if err != nil {
		return nil, fmt.Errorf("register: what stands: %w", err)
	}
	out := map[land.UnitCode]Standing{}
	var s Standing
	_, err = pgx.ForEachRow(rows, []any{&s.Unit, &s.CaseNo, &s.At, &s.Numbers}, func() error {
		slices.Sort(s.Numbers)
		out[s.Unit] = s
		s.Numbers = nil
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("register: what stands: %w", err)
	}
	return out, nil
}
