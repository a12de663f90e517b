package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// ProviderConfig says where the provincial identity provider is and who we are to it.
type ProviderConfig struct {
	Issuer   string // its address, under which discovery answers
	ClientID string
	Secret   string
	Redirect string // our /login/callback as the browser sees it
	MinLevel int    // claims with a lower real-name level are refused
}

// ErrProvider says that the identity provider does not answer, or not as it should.
type ErrProvider struct{ Err error }

func (e *ErrProvider) Error() string { return "identity provider: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *ErrProvider) Unwrap() error { return e.Err }

// ErrUnproven says that the provider's answer does not prove who the person is.
var ErrUnproven = errors.New("account: sign-in not proven")

// provider is the relying party's side of OpenID Connect: code flow with PKCE, state and nonce. Discovery is done at the first
// sign-in and again until it succeeds, so that the hall starts, and serves all else, while the provider is down.
type provider struct {
	cfg    ProviderConfig
	client *http.Client
	clock  clock.Clock

	mu   sync.Mutex
	oidc *oidc.Provider
	end  string // end_session_endpoint
}

const providerTimeout = 8 * time.Second

func newProvider(cfg ProviderConfig, client *http.Client, clk clock.Clock) *provider {
	if client == nil {
		client = &http.Client{Timeout: providerTimeout}
	}
	return &provider{cfg: cfg, client: client, clock: clk}
}

// discover finds the provider's endpoints and keys.
func (p *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.oidc != nil {
		return p.oidc, nil
	}
	// The key set outlives this request and fetches keys later with the client of this context.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.cfg.Issuer)
	if err != nil {
		return nil, &ErrProvider{err}
	}
	var more struct {
		End string `json:"end_session_endpoint"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, &ErrProvider{err}
	}
	p.oidc, p.end = found, more.End
	return found, nil
}

func (p *provider) oauth(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.Secret, Endpoint: found.Endpoint(), RedirectURL: p.cfg.Redirect,
		Scopes: []string{oidc.ScopeOpenID, "profile", "phone"}}
}

// attempt is a sign-in under way; it stands in the session between leaving for the provider and coming back.
type attempt struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Back     string    `json:"back"`
	At       time.Time `json:"at"`
}

// begin makes an attempt and the address to send the browser to.
func (p *provider) begin(ctx context.Context, back string) (attempt, string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return attempt{}, "", err
	}
	a := attempt{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Back: back, At: p.clock.Now()}
	to := p.oauth(found).AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier))
	return a, to, nil
}

// claims are what the provider says of a person. Numbers may come as numbers or as text.
type claims struct {
	Name    string      `json:"name"`
	Number  string      `json:"id_number"`
	Kind    string      `json:"doc_kind"`
	Phone   string      `json:"phone_number"`
	Level   json.Number `json:"real_name_level"`
	Subject string      `json:"sub"`
}

// finish turns the code into a person: exchanges it, verifies the token's signature, issuer, audience, time and nonce, and
// checks the claims as strictly as anything typed.
func (p *provider) finish(ctx context.Context, a attempt, code string) (Citizen, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return Citizen{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.oauth(found).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response.StatusCode < 500 {
		return Citizen{}, fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	if err != nil {
		return Citizen{}, &ErrProvider{err}
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Citizen{}, fmt.Errorf("%w: no id_token", ErrUnproven)
	}
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.cfg.ClientID, Now: p.clock.Now}).Verify(ctx, raw)
	if err != nil {
		return Citizen{}, fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	if id.Nonce != a.Nonce {
		return Citizen{}, fmt.Errorf("%w: wrong nonce", ErrUnproven)
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		return Citizen{}, fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	if c.Number == "" { // some providers give personal claims by the userinfo endpoint only
		if err := p.userinfo(ctx, found, token, id.Subject, &c); err != nil {
			return Citizen{}, err
		}
	}
	return p.citizen(c)
}

func (p *provider) userinfo(ctx context.Context, found *oidc.Provider, token *oauth2.Token, subject string, c *claims) error {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return &ErrProvider{err}
	}
	if info.Subject != subject {
		return fmt.Errorf("%w: userinfo of another subject", ErrUnproven)
	}
	if err := info.Claims(c); err != nil {
		return fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	return nil
}

// ErrLevel says that the provider has not checked the person strongly enough.
type ErrLevel struct{ Has, Wants int }

func (e ErrLevel) Error() string { return fmt.Sprintf("real-name level %d, want %d", e.Has, e.Wants) }

func (p *provider) citizen(c claims) (Citizen, error) {
	level, _ := strconv.Atoi(c.Level.String()) // none counts as 0
	if level < p.cfg.MinLevel {
		return Citizen{}, ErrLevel{level, p.cfg.MinLevel}
	}
	kind := land.DocKind(c.Kind)
	if kind == "" {
		kind = land.DocIDCard
	}
	name, err := land.ParseName(c.Name)
	if kind.Organisation() {
		name, err = land.ParseOrgName(c.Name)
	}
	if err != nil {
		return Citizen{}, fmt.Errorf("%w: name claim: %w", ErrUnproven, err)
	}
	doc, err := land.ParseDocument(kind, c.Number, land.DateOf(p.clock.Now()))
	if err != nil {
		return Citizen{}, fmt.Errorf("%w: document claim: %w", ErrUnproven, err)
	}
	phone, err := land.ParsePhone(strings.TrimSpace(c.Phone))
	if err != nil {
		phone = "" // a landline or none: messages go to the inbox alone
	}
	return Citizen{Name: name, Document: doc, Phone: phone, Level: level}, nil
}
