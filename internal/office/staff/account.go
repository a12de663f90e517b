package staff

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/audit"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// Account is what an administrator gives to make an account.
type Account struct {
	Person
	Password string
	Document string
	Superior string // login
}

// Add makes the accounts of a set-up in one transaction; an account whose login exists is left as it is.
func (r *Room) Add(ctx context.Context, accounts []Account) error {
	known, err := logins(ctx, r.pool)
	if err != nil {
		return err
	}
	fresh := slices.DeleteFunc(slices.Clone(accounts), func(a Account) bool { return known[a.Login] })
	hashes, err := hashAll(ctx, fresh)
	if err != nil {
		return err
	}
	return pg.InTx(ctx, r.pool, func(tx pgx.Tx) error {
		for i, a := range fresh {
			if _, err := r.insert(ctx, tx, a, hashes[i]); err != nil {
				return err
			}
		}
		for _, a := range accounts { // a superior may come after his people in the list
			if err := setSuperior(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// hashAll derives the passwords of many accounts, as many at a time as there are cores: each takes tens of milliseconds and 19 MiB.
func hashAll(ctx context.Context, accounts []Account) ([]string, error) {
	hashes := make([]string, len(accounts))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, a := range accounts {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			hashes[i] = hashPassword(a.Password)
			return nil
		})
	}
	return hashes, g.Wait()
}

// insert tells whether the login was free.
func (r *Room) insert(ctx context.Context, tx pgx.Tx, a Account, hash string) (bool, error) {
	if a.ID == uuid.Nil {
		a.ID = uuid.Must(uuid.NewV7())
	}
	tag, err := tx.Exec(ctx, `INSERT INTO staff (id, login, password, must_change, name, phone, doc_index, district,
		department, org, hall, window_no, roles, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (login) DO NOTHING`,
		a.ID, a.Login, hash, a.MustChange, r.keys.Seal([]byte(a.Name), []byte("staff.name")),
		r.keys.Seal([]byte(a.Phone), []byte("staff.phone")), r.keys.Index("document", a.Document), a.District, a.Department,
		a.Org, a.Hall, a.WindowNo, a.Roles, r.clock.Now())
	if err != nil {
		return false, fmt.Errorf("staff: add %s: %w", a.Login, err)
	}
	return tag.RowsAffected() == 1, nil
}

func setSuperior(ctx context.Context, tx pgx.Tx, a Account) error {
	if a.Superior == "" {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE staff SET superior = (SELECT id FROM staff WHERE login = $2) WHERE login = $1`, a.Login, a.Superior); err != nil {
		return fmt.Errorf("staff: superior of %s: %w", a.Login, err)
	}
	return nil
}

func logins(ctx context.Context, db pg.DB) (map[string]bool, error) {
	rows, err := db.Query(ctx, `SELECT login FROM staff`)
	if err != nil {
		return nil, fmt.Errorf("staff: logins: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	out := make(map[string]bool, len(all))
	for _, l := range all {
		out[l] = true
	}
	return out, err
}

// Operator is who makes or mends accounts from outside of the office's pages.
type Operator struct {
	Name   string // account on the machine
	Source string
	Reason string
}

// ErrAccount says what is wrong with an account that is to be made.
type ErrAccount struct{ Text string }

func (e ErrAccount) Error() string { return "account: " + e.Text }

// Create makes one account that must change its password at the first sign-in, and records it.
// Errors: ErrAccount, ErrPassword.
func (r *Room) Create(ctx context.Context, a Account, by Operator) error {
	if err := a.check(); err != nil {
		return err
	}
	if err := CheckPassword(a.Password); err != nil {
		return err
	}
	a.MustChange = true
	a.ID = uuid.Must(uuid.NewV7())
	hash := hashPassword(a.Password)
	return pg.InTx(ctx, r.pool, func(tx pgx.Tx) error {
		if a.Superior != "" {
			if _, err := r.BySignIn(ctx, tx, a.Superior); err != nil {
				return fmt.Errorf("superior %s: %w", a.Superior, err)
			}
		}
		free, err := r.insert(ctx, tx, a, hash)
		if err != nil {
			return err
		}
		if !free {
			return ErrAccount{"the login " + a.Login + " is taken"}
		}
		if err := setSuperior(ctx, tx, a); err != nil {
			return err
		}
		return r.audit.Record(ctx, tx, by.entry("新建账号", a.ID, map[string]any{"login": a.Login, "roles": a.Roles, "department": a.Department, "district": a.District}))
	})
}

// Reset gives an account a first password again, unlocks it and ends its sessions. Errors: ErrNobody, ErrPassword.
func (r *Room) Reset(ctx context.Context, login, password string, by Operator) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	hash := hashPassword(password)
	return pg.InTx(ctx, r.pool, func(tx pgx.Tx) error {
		p, err := r.BySignIn(ctx, tx, login)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE staff SET password = $2, must_change = true, failures = 0, first_failure = NULL, locked_until = NULL
			WHERE id = $1`, p.ID, hash); err != nil {
			return fmt.Errorf("staff: reset %s: %w", login, err)
		}
		if err := web.EndSessions(ctx, tx, p.ID); err != nil {
			return err
		}
		return r.audit.Record(ctx, tx, by.entry("重置密码", p.ID, map[string]any{"login": login}))
	})
}

func (o Operator) entry(action string, object uuid.UUID, detail map[string]any) audit.Entry {
	detail["reason"] = o.Reason
	return audit.Entry{Actor: "operator:" + o.Name, Kind: audit.KindConfig, Action: action, Object: object.String(), Source: o.Source, Outcome: audit.OK, Detail: detail}
}

var loginRule = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{2,39}$`)

// check refuses what the office could not work with.
func (a Account) check() error {
	if !loginRule.MatchString(a.Login) {
		return ErrAccount{"a login has 3 to 40 characters a-z, 0-9, dot and hyphen"}
	}
	if _, err := land.ParseName(a.Name); err != nil {
		return ErrAccount{"the name " + a.Name + " is none: " + err.Error()}
	}
	if DepartmentNames[a.Department] == "" {
		return ErrAccount{"department is one of " + strings.Join(slices.Sorted(maps.Keys(DepartmentNames)), ", ")}
	}
	if _, ok := land.FindDistrict(a.District); a.District != "" && !ok {
		return ErrAccount{a.District + " is no district of ours"}
	}
	if a.Department == "bank" && a.Org == "" {
		return ErrAccount{"who works for a bank needs its code: without one no case is seen"}
	}
	if slices.Contains(a.Roles, Kiosk) && a.Hall == "" {
		return ErrAccount{"a ticket machine stands in a hall: it needs its code"}
	}
	return checkRoles(a.Roles)
}

// checkRoles keeps system, security and audit administrators three people, none of them at work on cases (S-08), and machines no people.
func checkRoles(roles []string) error {
	if len(roles) == 0 {
		return ErrAccount{"an account needs a role"}
	}
	for _, role := range roles {
		if RoleNames[role] == "" {
			return ErrAccount{"there is no role " + role}
		}
		if slices.Contains([]string{Admin, Security, Auditor, Kiosk}, role) && len(roles) > 1 {
			return ErrAccount{"the role " + role + " is not held together with another one"}
		}
	}
	return nil
}

// NewPassword makes a first password: 16 characters of three kinds, without those that look alike.
func NewPassword() string {
	const lower, upper, digits = "abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789"
	for {
		var b strings.Builder
		for i := range 16 {
			if i > 0 && i%4 == 0 {
				b.WriteByte('-')
			}
			all := lower + upper + digits
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
			if err != nil {
				panic(err) // crypto/rand ends the process before it fails
			}
			b.WriteByte(all[n.Int64()])
		}
		if p := b.String(); strings.ContainsAny(p, lower) && strings.ContainsAny(p, upper) && strings.ContainsAny(p, digits) {
			return p
		}
	}
}
