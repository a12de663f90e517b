package register

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Houses lists the homes that any of the persons has, alone or with others, in one district or, with "", in the whole city.
// A purchase noted in advance counts; a home that was sold counts until the transfer is entered. By indexes party_once,
// holder_party and advance_holder.
func (r *Register) Houses(ctx context.Context, db pg.DB, persons []land.Document, district string) ([]land.UnitCode, error) {
	indexes := make([][]byte, len(persons))
	for i, p := range persons {
		indexes[i] = r.docIndex(p.Number)
	}
	rows, err := db.Query(ctx, `
		SELECT u.code FROM register.party y
			JOIN register.holder h ON h.party = y.id
			JOIN register.title t ON t.id = h.title AND t.state = '1'
			JOIN register.unit u ON u.code = t.unit AND u.home
		WHERE y.doc_index = ANY($1) AND ($2 = '' OR u.district = $2)
		UNION
		SELECT u.code FROM register.party y
			JOIN register.advance a ON a.holder = y.id AND a.state = 'active' AND a.kind IN ('1', '2')
			JOIN register.unit u ON u.code = a.unit AND u.home
		WHERE y.doc_index = ANY($1) AND ($2 = '' OR u.district = $2)
		ORDER BY 1`, indexes, district)
	if err != nil {
		return nil, fmt.Errorf("register: houses: %w", err)
	}
	units, err := pgx.CollectRows(rows, pgx.RowTo[land.UnitCode])
	if err != nil {
		return nil, fmt.Errorf("register: houses: %w", err)
	}
	return units, nil
}

// HousesCount is how many homes the persons have together; each home counts once.
func (r *Register) HousesCount(ctx context.Context, db pg.DB, persons []land.Document, district string) (int, error) {
	units, err := r.Houses(ctx, db, persons, district)
	return len(units), err
}
