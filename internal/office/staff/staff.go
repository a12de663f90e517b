// Package staff is who works in the office: accounts, sign-in, roles, rights and the rows that each may see.
//
// In come a login and a password; out go a web.Identity with its rights, and a Scope that every query of cases and work
// orders takes. rights.go is the one table of role × right; scope.go the one rule of rows.
package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// Person is an account of the office.
type Person struct {
	ID         uuid.UUID
	Login      string
	Name       string
	Phone      string
	District   string // empty: the whole city
	Department string
	Org        string
	Hall       string
	WindowNo   int
	Roles      []string
	Superior   uuid.UUID // zero at the top
	MustChange bool
}

// Has tells whether the person has a role.
func (p Person) Has(role string) bool {
	for _, r := range p.Roles {
		if r == role {
			return true
		}
	}
	return false
}

// Room keeps the accounts.
type Room struct {
	pool  *pgxpool.Pool
	keys  *sm.Keyring
	audit *audit.Log
	clock clock.Clock
}

// New makes the room.
func New(pool *pgxpool.Pool, keys *sm.Keyring, log *audit.Log, clk clock.Clock) *Room {
	return &Room{pool: pool, keys: keys, audit: log, clock: clk}
}

// Sign-in limits of S-02: five failures within ten minutes lock the account for half an hour.
const (
	failuresAllowed = 5
	failureWindow   = 10 * time.Minute
	lockFor         = 30 * time.Minute
)

// ErrSignIn covers an unknown login, a wrong password and a disabled account alike, so that none can be told apart.
var ErrSignIn = errors.New("staff: sign-in refused")

// ErrLocked says until when sign-in is refused; it is shown for unknown logins as well once their source is slowed.
type ErrLocked struct{ Until time.Time }

func (e ErrLocked) Error() string { return "staff: account is locked" }

// decoy has the cost of a real comparison for a login that does not exist.
const decoy = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// SignIn checks login and password. The attempt is recorded whatever comes of it (S-11).
func (r *Room) SignIn(ctx context.Context, login, password, source string) (p Person, err error) {
	outcome := error(nil)
	err = pg.InTx(ctx, r.pool, func(tx pgx.Tx) error {
		p, outcome, err = r.attempt(ctx, tx, login, password)
		if err != nil {
			return err
		}
		result := audit.OK
		if outcome != nil {
			result = audit.Refused
		}
		return r.audit.Record(ctx, tx, audit.Entry{Actor: p.ID.String(), ActorName: p.Name, Kind: audit.KindSignIn, Action: "登录",
			Source: source, Outcome: result})
	})
	if err != nil {
		return Person{}, fmt.Errorf("staff: sign in: %w", err)
	}
	return p, outcome
}

func (r *Room) attempt(ctx context.Context, tx pgx.Tx, login, password string) (p Person, outcome, err error) {
	now := r.clock.Now()
	row := tx.QueryRow(ctx, `SELECT `+columns+`, password, disabled_at, failures, first_failure, locked_until
		FROM staff WHERE login = $1 FOR UPDATE`, login)
	var hash string
	var disabled, first, locked *time.Time
	var failures int
	p, err = r.scan(row, &hash, &disabled, &failures, &first, &locked)
	if errors.Is(err, pgx.ErrNoRows) {
		passwordMatches(decoy, password)
		return Person{}, ErrSignIn, nil
	}
	if err != nil {
		return Person{}, nil, err
	}
	if locked != nil && now.Before(*locked) {
		return p, ErrLocked{*locked}, nil
	}
	if passwordMatches(hash, password) && disabled == nil {
		_, err = tx.Exec(ctx, `UPDATE staff SET failures = 0, first_failure = NULL, locked_until = NULL, last_seen = $2 WHERE id = $1`, p.ID, now)
		return p, nil, err
	}
	if first == nil || now.Sub(*first) > failureWindow {
		failures, first = 0, &now
	}
	failures++
	var until *time.Time
	outcome = ErrSignIn
	if failures >= failuresAllowed {
		t := now.Add(lockFor)
		until, outcome = &t, ErrLocked{t}
		failures, first = 0, nil
	}
	_, err = tx.Exec(ctx, `UPDATE staff SET failures = $2, first_failure = $3, locked_until = $4 WHERE id = $1`, p.ID, failures, first, until)
	return p, outcome, err
}

const columns = `id, login, name, phone, district, department, org, hall, window_no, roles, coalesce(superior, '00000000-0000-0000-0000-000000000000'), must_change`

func (r *Room) scan(row pgx.Row, more ...any) (p Person, err error) {
	var name, phone []byte
	dest := append([]any{&p.ID, &p.Login, &name, &phone, &p.District, &p.Department, &p.Org, &p.Hall, &p.WindowNo, &p.Roles, &p.Superior, &p.MustChange}, more...)
	if err = row.Scan(dest...); err != nil {
		return p, err
	}
	plain, err := r.keys.Open(name, []byte("staff.name"))
	if err != nil {
		return p, fmt.Errorf("staff: open name: %w", err)
	}
	p.Name = string(plain)
	if plain, err = r.keys.Open(phone, []byte("staff.phone")); err != nil {
		return p, fmt.Errorf("staff: open phone: %w", err)
	}
	p.Phone = string(plain)
	return p, nil
}

// ErrNobody says that there is no such account, or that it is disabled.
var ErrNobody = errors.New("staff: no such person")

// ByID returns an account that may work.
func (r *Room) ByID(ctx context.Context, db pg.DB, id uuid.UUID) (Person, error) {
	p, err := r.scan(db.QueryRow(ctx, `SELECT `+columns+` FROM staff WHERE id = $1 AND disabled_at IS NULL`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return p, ErrNobody
	}
	return p, err
}

// BySignIn returns an account that may work by its login.
func (r *Room) BySignIn(ctx context.Context, db pg.DB, login string) (Person, error) {
	p, err := r.scan(db.QueryRow(ctx, `SELECT `+columns+` FROM staff WHERE login = $1 AND disabled_at IS NULL`, login))
	if errors.Is(err, pgx.ErrNoRows) {
		return p, ErrNobody
	}
	return p, err
}

// Colleagues lists who may do the work of a role in a department and district, by login; index staff_place.
func (r *Room) Colleagues(ctx context.Context, db pg.DB, district, department, role string) ([]Person, error) {
	rows, err := db.Query(ctx, `SELECT `+columns+` FROM staff
		WHERE department = $2 AND (district = $1 OR district = '') AND $3 = ANY(roles) AND disabled_at IS NULL ORDER BY login`,
		district, department, role)
	if err != nil {
		return nil, fmt.Errorf("staff: colleagues: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Person, error) { return r.scan(row) })
}

// ChangePassword sets a new one after the old was given again.
func (r *Room) ChangePassword(ctx context.Context, id uuid.UUID, old, fresh string) error {
	if err := CheckPassword(fresh); err != nil {
		return err
	}
	return pg.InTx(ctx, r.pool, func(tx pgx.Tx) error {
		var hash string
		if err := tx.QueryRow(ctx, `SELECT password FROM staff WHERE id = $1 FOR UPDATE`, id).Scan(&hash); err != nil {
			return fmt.Errorf("staff: change password: %w", err)
		}
		if !passwordMatches(hash, old) {
			return ErrSignIn
		}
		if old == fresh {
			return ErrPassword{"新密码和原密码一样，请换一个"}
		}
		if _, err := tx.Exec(ctx, `UPDATE staff SET password = $2, must_change = false WHERE id = $1`, id, hashPassword(fresh)); err != nil {
			return fmt.Errorf("staff: change password: %w", err)
		}
		return r.audit.Record(ctx, tx, audit.Entry{Actor: id.String(), Kind: audit.KindChange, Action: "修改密码", Object: id.String(), Outcome: audit.OK})
	})
}
