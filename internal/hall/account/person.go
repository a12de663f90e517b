package account

import (
	"context"

	"github.com/google/uuid"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// PersonOf is the name and document of an account, for rooms that need no more of it.
func (d *Directory) PersonOf(ctx context.Context, db pg.DB, account uuid.UUID) (name string, doc land.Document, err error) {
	c, err := d.Get(ctx, db, account)
	return c.Name, c.Document, err
}

// PhoneOf is the phone of an account, empty where the provider knows none.
func (d *Directory) PhoneOf(ctx context.Context, db pg.DB, account uuid.UUID) (string, error) {
	c, err := d.Get(ctx, db, account)
	return c.Phone, err
}
