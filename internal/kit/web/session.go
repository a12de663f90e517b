package web

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// Migrations are the tables that a router needs in the zone's database, for pg.Migrate with MigrationTable.
//
//go:embed *.sql
var Migrations embed.FS

// MigrationTable is the name under which the version of Migrations is kept.
const MigrationTable = "goose_web"

func newSessions(o Options) *scs.SessionManager {
	m := scs.New()
	m.Store = &sessionStore{db: o.DB, keys: o.Keys}
	m.Lifetime = o.Lifetime
	m.IdleTimeout = o.Idle
	m.Cookie.Name = cookieName(o, "session")
	m.Cookie.Secure = o.Secure
	m.Cookie.Persist = false
	m.Cookie.SameSite = http.SameSiteLaxMode // the identity provider leads back here with a GET
	return m
}

// cookieName binds a cookie to this host where TLS allows it.
func cookieName(o Options, name string) string {
	name = o.Zone + "_" + name
	if o.Secure {
		return "__Host-" + name
	}
	return name
}

// sessionStore keeps sessions in PostgreSQL: the token as its hash, the data sealed.
type sessionStore struct {
	db   pg.DB
	keys Keys
}

var errNoContext = errors.New("web: the session store needs a context")

func (st *sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	id := sha256.Sum256([]byte(token))
	var sealed []byte
	err := st.db.QueryRow(ctx, `SELECT data FROM web_session WHERE token = $1 AND expires > now()`, id[:]).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	data, err := st.keys.Open(sealed, id[:])
	if err != nil { // sealed with a key that is gone: the person signs in again
		return nil, false, nil
	}
	if s := stateOf(ctx); s != nil {
		s.token = token
	}
	return data, true, nil
}

// CommitCtx saves a new session, or one that this request began with. The latter may have been ended meanwhile, by signing out
// in another tab or by an administrator: then it stays ended.
func (st *sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	id := sha256.Sum256([]byte(token))
	var account *uuid.UUID
	if who := Who(ctx); who.SignedIn() {
		account = &who.ID
	}
	save := `INSERT INTO web_session (token, account, data, expires) VALUES ($1, $2, $3, $4)`
	if s := stateOf(ctx); s != nil && s.token == token {
		save = `UPDATE web_session SET account = $2, data = $3, expires = $4 WHERE token = $1`
	}
	if _, err := st.db.Exec(ctx, save, id[:], account, st.keys.Seal(data, id[:]), expires); err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	return nil
}

func (st *sessionStore) DeleteCtx(ctx context.Context, token string) error {
	id := sha256.Sum256([]byte(token))
	if _, err := st.db.Exec(ctx, `DELETE FROM web_session WHERE token = $1`, id[:]); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// The forms without a context exist for the interface alone; the session manager prefers those with one.
func (st *sessionStore) Find(string) ([]byte, bool, error)      { return nil, false, errNoContext }
func (st *sessionStore) Commit(string, []byte, time.Time) error { return errNoContext }
func (st *sessionStore) Delete(string) error                    { return errNoContext }

// EndSessions signs an account out everywhere, at once.
func EndSessions(ctx context.Context, db pg.DB, account uuid.UUID) error {
	if _, err := db.Exec(ctx, `DELETE FROM web_session WHERE account = $1`, account); err != nil {
		return fmt.Errorf("end sessions of an account: %w", err)
	}
	return nil
}

// Sweep removes sessions, form keys and kept forms that have lapsed. Wiring runs it every few minutes.
func Sweep(ctx context.Context, db pg.DB) error {
	for _, q := range []string{
		`DELETE FROM web_session WHERE expires < now()`,
		`DELETE FROM web_kept WHERE expires < now()`,
		`DELETE FROM web_form WHERE started < now() - interval '2 days'`,
	} {
		if _, err := db.Exec(ctx, q); err != nil {
			return fmt.Errorf("sweep web tables: %w", err)
		}
	}
	return nil
}

// identify reads who the session belongs to.
func (rt *Router) identify(ctx context.Context) Identity {
	var who Identity
	if data := rt.sessions.GetBytes(ctx, sessionIdentity); data != nil {
		if err := json.Unmarshal(data, &who); err != nil {
			return Identity{}
		}
	}
	return who
}

// Put keeps a short text in the session, such as the state of a sign-in under way.
func Put(ctx context.Context, key, value string) { stateOf(ctx).router.sessions.Put(ctx, key, value) }

// Get reads a text of the session; "" where there is none.
func Get(ctx context.Context, key string) string {
	return stateOf(ctx).router.sessions.GetString(ctx, key)
}

// Take reads a text of the session and removes it.
func Take(ctx context.Context, key string) string {
	return stateOf(ctx).router.sessions.PopString(ctx, key)
}
