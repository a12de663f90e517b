package application

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// Own lists the applications that the office has and the account is a party of, newest first. Indexes applications_owner,
// application_parties_account, application_parties_person.
func (rm *Room) Own(ctx context.Context, db pg.DB, acc uuid.UUID) ([]uuid.UUID, error) {
	who, err := rm.Directory.Get(ctx, db, acc)
	if err != nil {
		return nil, fmt.Errorf("application: own: %w", err)
	}
	rows, err := db.Query(ctx, `SELECT id FROM applications WHERE submitted_at IS NOT NULL AND (owner = $1 OR id IN
		(SELECT app FROM application_parties WHERE account = $1 OR account IS NULL AND person = $2)) ORDER BY submitted_at DESC LIMIT 100`,
		acc, rm.person(who.Name, who.Document))
	if err != nil {
		return nil, fmt.Errorf("application: own: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// Titles are the plain names of what applications are for.
func (rm *Room) Titles(ctx context.Context, db pg.DB, apps []uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := db.Query(ctx, `SELECT id, item FROM applications WHERE id = ANY($1)`, apps)
	if err != nil {
		return nil, fmt.Errorf("application: titles: %w", err)
	}
	out := map[uuid.UUID]string{}
	var id uuid.UUID
	var code string
	_, err = pgx.ForEachRow(rows, []any{&id, &code}, func() error {
		if item, ok := rm.Catalog().Item(code); ok {
			out[id] = item.PlainName
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("application: titles: %w", err)
	}
	return out, nil
}
