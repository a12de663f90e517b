package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
)

// Citizen is a person with an account, real-name checked.
type Citizen struct {
	ID       uuid.UUID
	Name     string
	Document land.Document
	Phone    string // 11 digits; "" where the provider knows none
	Level    int    // how strongly the provider checked the person: 1 by data, 2 by face, 3 at a counter
}

// ErrNone says that there is no such account. It never tells whether the name or the number was wrong.
var ErrNone = errors.New("account: no account of this person")

// Directory finds and keeps accounts.
type Directory struct {
	keys *sm.Keyring
}

// NewDirectory makes a directory whose columns are sealed with keys.
func NewDirectory(keys *sm.Keyring) *Directory { return &Directory{keys} }

// Lookup finds the account of a party by full name and document, both exact. Error: ErrNone.
func (d *Directory) Lookup(ctx context.Context, db pg.DB, name string, doc land.Document) (Citizen, error) {
	return d.one(ctx, db, `person = $1 AND closed IS NULL`, d.personKey(name, doc)) // index: citizen_account_person
}

// Get finds an account by its id. Error: ErrNone.
func (d *Directory) Get(ctx context.Context, db pg.DB, id uuid.UUID) (Citizen, error) {
	return d.one(ctx, db, `id = $1 AND closed IS NULL`, id)
}

func (d *Directory) one(ctx context.Context, db pg.DB, where string, arg any) (Citizen, error) {
	var c Citizen
	var name, number, phone []byte
	err := db.QueryRow(ctx, `SELECT id, doc_kind, name, number, phone, level FROM citizen_account WHERE `+where, arg).
		Scan(&c.ID, &c.Document.Kind, &name, &number, &phone, &c.Level)
	if errors.Is(err, pgx.ErrNoRows) {
		return Citizen{}, ErrNone
	}
	if err != nil {
		return Citizen{}, fmt.Errorf("account: find: %w", err)
	}
	for _, col := range []struct {
		sealed []byte
		name   string
		to     *string
	}{{name, "name", &c.Name}, {number, "number", &c.Document.Number}, {phone, "phone", &c.Phone}} {
		if *col.to, err = d.keys.OpenString(col.sealed, sealedAs(c.ID, col.name)); err != nil {
			return Citizen{}, fmt.Errorf("account: open %s of %s: %w", col.name, c.ID, err)
		}
	}
	return c, nil
}

// sealedAs binds a sealed value to its row and column, so that it cannot be moved to another.
func sealedAs(id uuid.UUID, column string) string {
	return "citizen_account/" + id.String() + "/" + column
}

// Arrive records that the provider vouched for c at the given time: a new account, or the known one of this document with
// the name, phone and level of today. It returns the account with its id. Error: ErrNone where the account is closed.
func (d *Directory) Arrive(ctx context.Context, db pg.DB, c Citizen, at time.Time) (Citizen, error) {
	document := d.keys.Index("document", string(c.Document.Kind)+"|"+c.Document.Number)
	var closed bool
	err := db.QueryRow(ctx, `SELECT id, closed IS NOT NULL FROM citizen_account WHERE document = $1`, document).Scan(&c.ID, &closed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		c.ID = uuid.Must(uuid.NewV7())
	case err != nil:
		return Citizen{}, fmt.Errorf("account: arrive: %w", err)
	case closed:
		return Citizen{}, ErrNone
	}
	seal := func(column, v string) []byte { return d.keys.SealString(v, sealedAs(c.ID, column)) }
	tag, err := db.Exec(ctx, `INSERT INTO citizen_account (id, document, person, doc_kind, name, number, phone, level, created, seen)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
		ON CONFLICT (document) DO UPDATE SET person = excluded.person, name = excluded.name, phone = excluded.phone,
			level = excluded.level, seen = excluded.seen WHERE citizen_account.id = excluded.id`,
		c.ID, document, d.personKey(c.Name, c.Document), c.Document.Kind, seal("name", c.Name), seal("number", c.Document.Number),
		seal("phone", c.Phone), c.Level, at)
	if err != nil {
		return Citizen{}, fmt.Errorf("account: arrive: %w", err)
	}
	if tag.RowsAffected() == 0 { // the same person arrived on another device in between, under another id
		return d.Arrive(ctx, db, c, at)
	}
	return c, nil
}

func (d *Directory) personKey(name string, doc land.Document) []byte {
	return d.keys.Index("person", name+"|"+string(doc.Kind)+"|"+doc.Number)
}
