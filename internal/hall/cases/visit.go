package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Asked tells the number of an application's case, and whether its parties are asked to a counter now. No number: no case yet.
func (r *Room) Asked(ctx context.Context, db pg.DB, app uuid.UUID) (no land.CaseNumber, asked bool, err error) {
	var sealed []byte
	err = db.QueryRow(ctx, `SELECT case_no, progress FROM case_views WHERE app = $1`, app).Scan(&no, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("cases: visit: %w", err)
	}
	if sealed == nil {
		return no, false, nil
	}
	var p message.Progress
	if err := r.unseal(sealed, app[:], &p); err != nil {
		return "", false, err
	}
	return no, slices.ContainsFunc(p.Now, func(w message.Waiting) bool { return w.Action == "book" }), nil
}

// Booked is a visit that a party has booked for a case.
type Booked struct {
	App               uuid.UUID // zero for a visit without a case
	Title, Note, Href string
}

// booked finds the visit for a case among those of an account.
func booked(list []Booked, app uuid.UUID) (Booked, bool) {
	i := slices.IndexFunc(list, func(b Booked) bool { return b.App == app })
	if i < 0 {
		return Booked{}, false
	}
	return list[i], true
}
