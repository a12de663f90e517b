// Package idp simulates the province's identity provider: OpenID Connect with the authorization code flow, PKCE (S256)
// and RS256, for one client, the city's hall.
//
// In come the accounts of the citizens. A person signs in on our page with a phone or identity number and a password; the
// client gets an ID token with the real-name data: name, id_number, doc_kind, phone_number, real_name_level. There is no
// single sign-on: every sign-in asks for the password, so that two people can use one browser after each other.
package idp

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"

	"yichuang/internal/sim/board"
)

// ClientID is the hall at this provider.
const ClientID = "yichuang-hall"

// Account is a citizen who can sign in.
type Account struct {
	Login    string // phone
	Password string
	Name     string
	IDNumber string
	DocKind  string // code of land.DocKind
	Phone    string
	Level    int // real-name level: 3 is a face check against the police's picture
}

// Subject is the account's stable name in tokens: it tells nothing of the person.
func (a Account) Subject() string {
	sum := sha256.Sum256([]byte("idp " + a.IDNumber))
	return fmt.Sprintf("u%x", sum[:12])
}

// Provider is the identity provider.
type Provider struct {
	board   *board.Board
	op      *op.Provider
	store   *store
	hall    atomic.Pointer[[]string]
	secret  string
	logins  map[string]Account // by phone and by identity number
	persons map[string]Account // by subject
}

// New opens the provider. Vault gives it the client's secret; hall is where the client lives, as in SetHall.
func New(b *board.Board, secret string, accounts []Account, hall ...string) (*Provider, error) {
	p := &Provider{board: b, secret: secret, logins: map[string]Account{}, persons: map[string]Account{}}
	p.SetHall(hall...)
	for _, a := range accounts {
		p.logins[a.Login], p.logins[a.IDNumber], p.persons[a.Subject()] = a, a, a
	}
	var err error
	if p.store, err = openStore(p); err != nil {
		return nil, err
	}
	p.op, err = op.NewProvider(&op.Config{
		CryptoKey:                sha256.Sum256([]byte("idp tokens " + secret)),
		CryptoKeyId:              "1",
		DefaultLogoutRedirectURI: p.Issuer() + "/bye",
		CodeMethodS256:           true,
		AuthMethodPost:           true,
	}, p.store, op.StaticIssuer(p.Issuer()), op.WithAllowInsecure()) // http: the simulated province has loopback addresses only
	if err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}
	return p, nil
}

// Issuer is the provider's name and address.
func (p *Provider) Issuer() string { return p.board.Base + "/idp" }

// SetHall registers the addresses under which the client lives; sign-ins may return to any path below them.
func (p *Provider) SetHall(hall ...string) {
	var clean []string
	for _, h := range hall {
		if h != "" {
			clean = append(clean, strings.TrimSuffix(h, "/"))
		}
	}
	p.hall.Store(&clean)
}

// Keys is what the client is given when it registers.
func (p *Provider) Keys() map[string]string {
	return map[string]string{"issuer": p.Issuer(), "clientId": ClientID, "clientSecret": p.secret}
}

// Handler serves the protocol and the pages, below the issuer's path.
func (p *Provider) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", p.showLogin)
	mux.HandleFunc("POST /login", p.signIn)
	mux.HandleFunc("GET /bye", func(w http.ResponseWriter, r *http.Request) {
		board.Show(w, r, http.StatusOK, byePage())
	})
	mux.Handle("/", p.board.Faults.Strikes("idp", board.Any, p.op))
	return mux
}

// showLogin is where the protocol sends a person's browser.
func (p *Provider) showLogin(w http.ResponseWriter, r *http.Request) {
	id := r.FormValue("id")
	if _, ok := p.store.requests.Get(id); !ok {
		board.Show(w, r, http.StatusNotFound, stalePage())
		return
	}
	board.Show(w, r, http.StatusOK, loginPage(id, "", ""))
}

func (p *Provider) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	id, login := r.PostFormValue("id"), strings.ToUpper(strings.TrimSpace(r.PostFormValue("login")))
	a, known := p.logins[login]
	if !known || a.Password != r.PostFormValue("password") {
		board.Show(w, r, http.StatusUnauthorized, loginPage(id, login, "账号或密码不对，请再试一次"))
		return
	}
	_, err := p.store.requests.Update(id, func(q *request) error {
		q.Subject, q.SignedIn = a.Subject(), p.board.Now()
		return nil
	})
	if err != nil {
		board.Show(w, r, http.StatusNotFound, stalePage())
		return
	}
	http.Redirect(w, r, op.AuthCallbackURL(p.op)(op.ContextWithIssuer(r.Context(), p.Issuer()), id), http.StatusSeeOther)
}

// lifetimes of what the provider hands out.
const (
	requestLife = 30 * time.Minute
	tokenLife   = 2 * time.Hour
	idTokenLife = 30 * time.Minute
)
