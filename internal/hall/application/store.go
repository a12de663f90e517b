package application

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// ErrNone says that there is no such application, or that it is somebody else's: nobody learns which.
var ErrNone = errors.New("application: no such application")

const columns = `id, no, item, item_version, owner, state, version, body, created_at, updated_at, sent_at, confirm_by, submitted_at`

func (rm *Room) scan(row pgx.Row) (*App, error) {
	a := &App{}
	var sealed []byte
	err := row.Scan(&a.ID, &a.No, &a.Item, &a.ItemVersion, &a.Owner, &a.State, &a.Version, &sealed, &a.CreatedAt, &a.UpdatedAt, &a.SentAt, &a.ConfirmBy, &a.SubmittedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("application: read: %w", err)
	}
	if sealed == nil { // erased
		return a, nil
	}
	plain, err := rm.Keys.Open(sealed, place(a.ID))
	if err != nil {
		return nil, fmt.Errorf("application: open %s: %w", a.ID, err)
	}
	if err := json.Unmarshal(plain, &a.Draft); err != nil {
		return nil, fmt.Errorf("application: decode %s: %w", a.ID, err)
	}
	return a, nil
}

// place binds a sealed form to its row.
func place(id uuid.UUID) []byte { return []byte("applications/" + id.String()) }

func (rm *Room) load(ctx context.Context, db pg.DB, id uuid.UUID) (*App, error) {
	return rm.scan(db.QueryRow(ctx, `SELECT `+columns+` FROM applications WHERE id = $1`, id))
}

// lock reads the application for a change in tx.
func (rm *Room) lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (*App, error) {
	return rm.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM applications WHERE id = $1 FOR UPDATE`, id))
}

func (rm *Room) seal(a *App) ([]byte, error) {
	plain, err := json.Marshal(a.Draft)
	if err != nil {
		return nil, fmt.Errorf("application: encode %s: %w", a.ID, err)
	}
	return rm.Keys.Seal(plain, place(a.ID)), nil
}

func (rm *Room) insert(ctx context.Context, tx pgx.Tx, a *App) error {
	body, err := rm.seal(a)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO applications (id, no, item, item_version, owner, state, body, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
		a.ID, a.No, a.Item, a.ItemVersion, a.Owner, a.State, body, a.CreatedAt)
	if err != nil {
		return fmt.Errorf("application: insert: %w", err)
	}
	return nil
}

// save writes a back, which the transaction holds locked.
func (rm *Room) save(ctx context.Context, tx pgx.Tx, a *App) error {
	body, err := rm.seal(a)
	if err != nil {
		return err
	}
	a.Version++
	a.UpdatedAt = rm.Clock.Now()
	_, err = tx.Exec(ctx, `UPDATE applications SET body = $2, version = $3, state = $4, updated_at = $5, sent_at = $6, confirm_by = $7, submitted_at = $8, warned_at = NULL
		WHERE id = $1`, a.ID, body, a.Version, a.State, a.UpdatedAt, a.SentAt, a.ConfirmBy, a.SubmittedAt)
	if err != nil {
		return fmt.Errorf("application: save: %w", err)
	}
	return nil
}

// change runs f on the locked application and saves what it did. f's error undoes everything.
func (rm *Room) change(ctx context.Context, id uuid.UUID, f func(ctx context.Context, tx pgx.Tx, a *App) error) error {
	return pg.InTx(ctx, rm.Pool, func(tx pgx.Tx) error {
		a, err := rm.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := f(ctx, tx, a); err != nil {
			return err
		}
		return rm.save(ctx, tx, a)
	})
}

// nextNumber gives the draft number of the day.
func (rm *Room) nextNumber(ctx context.Context, tx pgx.Tx, now time.Time) (string, error) {
	day := land.DateOf(now)
	var n int
	err := tx.QueryRow(ctx, `INSERT INTO application_serials (day, last) VALUES ($1, 1) ON CONFLICT (day) DO UPDATE SET last = application_serials.last + 1 RETURNING last`, string(day)).Scan(&n)
	if err != nil {
		return "", fmt.Errorf("application: number: %w", err)
	}
	no, err := land.MakeCaseNumber("CG", day, n)
	return string(no), err
}

// Party is somebody who has to confirm, and whether they have.
type Party struct {
	Ref        string
	Role       string // seller | buyer | spouse
	Account    uuid.NullUUID
	State      string // pending | confirmed | refused
	AskedAt    time.Time
	RemindedAt *time.Time
	At         *time.Time
	Seal       []byte
	Face       bool
	Name       string // of who acts, from the form
	Phone      string
	For        string // name of the party that is acted for; "" for oneself
}

// Parties lists who has to confirm an application that was sent, in the order of the form.
func (rm *Room) Parties(ctx context.Context, db pg.DB, a *App) ([]Party, error) {
	rows, err := db.Query(ctx, `SELECT ref, role, account, state, asked_at, reminded_at, at, seal, face FROM application_parties WHERE app = $1`, a.ID)
	if err != nil {
		return nil, fmt.Errorf("application: parties: %w", err)
	}
	stored, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Party, err error) {
		err = row.Scan(&p.Ref, &p.Role, &p.Account, &p.State, &p.AskedAt, &p.RemindedAt, &p.At, &p.Seal, &p.Face)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("application: parties: %w", err)
	}
	var out []Party
	for _, s := range everybody(&a.Form) {
		for _, p := range stored {
			if p.Ref == s.Ref {
				p.Name, p.Phone, p.For = s.Name, s.Phone, s.For
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// person is the blind index by which who acts is found.
func (rm *Room) person(name string, doc land.Document) []byte {
	return rm.Keys.Index("application party", name+"|"+string(doc.Kind)+"|"+doc.Number)
}

// refsOf lists the refs of a sent application that an account acts for: those that are its own, and those that wait for its person.
func (rm *Room) refsOf(ctx context.Context, db pg.DB, app, acc uuid.UUID) ([]string, error) {
	who, err := rm.Directory.Get(ctx, db, acc)
	if err != nil {
		return nil, ErrNone
	}
	// index: the primary key
	rows, err := db.Query(ctx, `SELECT ref FROM application_parties WHERE app = $1 AND (account = $2 OR account IS NULL AND person = $3) ORDER BY ref`,
		app, acc, rm.person(who.Name, who.Document))
	if err != nil {
		return nil, fmt.Errorf("application: refs: %w", err)
	}
	refs, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("application: refs: %w", err)
	}
	return refs, nil
}

// PartyOf tells which party of an application an account is, or acts for: the first where there are several. The owner of a form
// that has not been sent yet is its applicant. Error: ErrNone, for unknown and foreign applications alike.
func (rm *Room) PartyOf(ctx context.Context, db pg.DB, app, account uuid.UUID) (string, error) {
	a, err := rm.load(ctx, db, app)
	if err != nil {
		return "", err
	}
	if a.State == Expired {
		return "", ErrNone
	}
	refs, err := rm.refsOf(ctx, db, app, account)
	switch {
	case err != nil:
		return "", err
	case len(refs) > 0 && a.State != Drafting:
		return refs[0], nil
	case a.Owner == account:
		return a.Form.Applicant, nil
	}
	return "", ErrNone
}

// ByID reads an application. Error: ErrNone.
func (rm *Room) ByID(ctx context.Context, db pg.DB, id uuid.UUID) (*App, error) {
	return rm.load(ctx, db, id)
}

// PhoneOf tells how to reach who acts for a party: name, phone (may be "") and account (zero where there is none yet).
func (rm *Room) PhoneOf(ctx context.Context, db pg.DB, app uuid.UUID, ref string) (name, phone string, account uuid.UUID, err error) {
	a, err := rm.load(ctx, db, app)
	if err != nil {
		return "", "", uuid.Nil, err
	}
	for _, s := range everybody(&a.Form) {
		if s.Ref != ref {
			continue
		}
		if who, err := rm.Directory.Lookup(ctx, db, s.Name, s.Document); err == nil {
			account = who.ID
			if s.Phone == "" {
				s.Phone = who.Phone
			}
		}
		return s.Name, s.Phone, account, nil
	}
	return "", "", uuid.Nil, ErrNone
}

// Withdraw ends an application in the hall. What the office has of it is taken back by message.ApplicationWithdrawn, which is the
// caller's to send. Error: ErrNone.
func (rm *Room) Withdraw(ctx context.Context, tx pgx.Tx, app uuid.UUID) error {
	tag, err := tx.Exec(ctx, `UPDATE applications SET state = 'withdrawn', version = version + 1, updated_at = $2
		WHERE id = $1 AND state IN ('draft', 'confirming', 'refused', 'submitted')`, app, rm.Clock.Now())
	if err != nil {
		return fmt.Errorf("application: withdraw: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNone
	}
	return nil
}

// confirmations lists what the parties confirmed, for the office.
func confirmations(parties []Party) []message.Confirmation {
	var out []message.Confirmation
	for _, p := range parties {
		if p.State == "confirmed" {
			out = append(out, message.Confirmation{Party: p.Ref, At: *p.At, Seal: fmt.Sprintf("%x", p.Seal), Face: p.Face})
		}
	}
	return out
}
