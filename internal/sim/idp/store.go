package idp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"yichuang/internal/sim/board"
)

// ScopeRealName asks for id_number, doc_kind and real_name_level; scope profile brings them too.
const ScopeRealName = "realname"

// token is an access token that was handed out.
type token struct {
	ID      string    `json:"id"`
	Subject string    `json:"subject"`
	Scopes  []string  `json:"scopes"`
	Expires time.Time `json:"expires"`
}

// store keeps sign-ins and tokens for the protocol library.
type store struct {
	p        *Provider
	requests *board.Table[request]
	tokens   *board.Table[token]
	key      *rsa.PrivateKey
}

var (
	_ op.Storage                   = (*store)(nil)
	_ op.CanSetUserinfoFromRequest = (*store)(nil)

	errUnknown = errors.New("unknown")
	errUnused  = errors.New("not offered by this provider")
)

func openStore(p *Provider) (*store, error) {
	s := &store{p: p}
	var err error
	if s.requests, err = board.OpenTable[request](p.board, "idp-requests"); err != nil {
		return nil, err
	}
	if s.tokens, err = board.OpenTable[token](p.board, "idp-tokens"); err != nil {
		return nil, err
	}
	s.key, err = loadKey(p.board.Path("idp-key.pem"))
	return s, err
}

func loadKey(path string) (*rsa.PrivateKey, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("key of the identity provider: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("key of the identity provider: no PEM in " + path)
	}
	return x509.ParsePKCS1PrivateKey(block.Bytes)
}

func makeKey(path string) (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("key of the identity provider: %w", err)
	}
	return key, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600)
}

// forget drops what has run out.
func (s *store) forget() error {
	now := s.p.board.Now()
	for _, q := range s.requests.List() {
		if now.Sub(q.Created) > requestLife {
			if err := s.requests.Delete(q.ID); err != nil {
				return err
			}
		}
	}
	for _, t := range s.tokens.List() {
		if now.After(t.Expires) {
			if err := s.tokens.Delete(t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// CreateAuthRequest keeps a sign-in that the client asks for.
func (s *store) CreateAuthRequest(_ context.Context, in *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if in.CodeChallenge == "" || in.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE with S256 is required")
	}
	if err := s.forget(); err != nil {
		return nil, err
	}
	q := request{
		ID: rand.Text(), Client: in.ClientID, Redirect: in.RedirectURI, State: in.State, Nonce: in.Nonce, Scopes: in.Scopes,
		Type: in.ResponseType, Mode: in.ResponseMode, Created: s.p.board.Now(),
		Challenge: &oidc.CodeChallenge{Challenge: in.CodeChallenge, Method: in.CodeChallengeMethod},
	}
	return &q, s.requests.Put(q.ID, q)
}

// AuthRequestByID finds a sign-in by the id in the login page.
func (s *store) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	q, ok := s.requests.Get(id)
	if !ok {
		return nil, fmt.Errorf("sign-in %s: %w", id, errUnknown)
	}
	return &q, nil
}

// AuthRequestByCode finds the sign-in that a code was given for.
func (s *store) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	q, ok := s.requests.Find(func(q request) bool { return code != "" && q.Code == code })
	if !ok {
		return nil, fmt.Errorf("code: %w", errUnknown)
	}
	return &q, nil
}

// SaveAuthCode notes the code that the client is about to get.
func (s *store) SaveAuthCode(_ context.Context, id, code string) error {
	_, err := s.requests.Update(id, func(q *request) error { q.Code = code; return nil })
	return err
}

// DeleteAuthRequest ends a sign-in: its code was used.
func (s *store) DeleteAuthRequest(_ context.Context, id string) error { return s.requests.Delete(id) }

// CreateAccessToken makes the token that opens userinfo.
func (s *store) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	t := token{ID: rand.Text(), Subject: r.GetSubject(), Scopes: r.GetScopes(), Expires: s.p.board.Now().Add(tokenLife)}
	return t.ID, t.Expires, s.tokens.Put(t.ID, t)
}

// TerminateSession is the sign-out: all tokens of the person end.
func (s *store) TerminateSession(_ context.Context, subject, _ string) error {
	for _, t := range s.tokens.List() {
		if t.Subject == subject {
			if err := s.tokens.Delete(t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// RevokeToken ends one token.
func (s *store) RevokeToken(_ context.Context, id, _, _ string) *oidc.Error {
	if err := s.tokens.Delete(id); err != nil {
		return oidc.ErrServerError().WithParent(err)
	}
	return nil
}

// GetClientByClientID knows one client.
func (s *store) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != ClientID {
		return nil, fmt.Errorf("client %s: %w", id, errUnknown)
	}
	return client{halls: *s.p.hall.Load()}, nil
}

// AuthorizeClientIDSecret checks the client's secret.
func (s *store) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.p.secret)) != 1 {
		return errUnknown
	}
	return nil
}

// SetUserinfoFromRequest fills the ID token.
func (s *store) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, r op.IDTokenRequest, scopes []string) error {
	return s.fill(info, r.GetSubject(), scopes)
}

// SetUserinfoFromToken fills the answer of the userinfo endpoint.
func (s *store) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, id, _, _ string) error {
	t, ok := s.tokens.Get(id)
	if !ok || s.p.board.Now().After(t.Expires) {
		return errUnknown
	}
	return s.fill(info, t.Subject, t.Scopes)
}

func (s *store) fill(info *oidc.UserInfo, subject string, scopes []string) error {
	a, ok := s.p.persons[subject]
	if !ok {
		return errUnknown
	}
	info.Subject = subject
	for _, scope := range scopes {
		switch scope {
		case oidc.ScopeProfile, ScopeRealName:
			info.Name = a.Name
			info.AppendClaims("id_number", a.IDNumber)
			info.AppendClaims("doc_kind", a.DocKind)
			info.AppendClaims("real_name_level", a.Level)
		case oidc.ScopePhone:
			info.PhoneNumber, info.PhoneNumberVerified = a.Phone, true
		}
	}
	return nil
}

// SigningKey, SignatureAlgorithms and KeySet: one RSA key, RS256.
func (s *store) SigningKey(context.Context) (op.SigningKey, error) { return signingKey{s.key}, nil }

// SignatureAlgorithms lists RS256 alone.
func (s *store) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet is what the jwks endpoint shows.
func (s *store) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{s.key}}, nil }

type signingKey struct{ key *rsa.PrivateKey }

func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k signingKey) Key() any                                    { return k.key }
func (k signingKey) ID() string                                  { return "idp-1" }

type publicKey struct{ key *rsa.PrivateKey }

func (k publicKey) ID() string                         { return "idp-1" }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                           { return &k.key.PublicKey }

// Health is always good: there is nothing to lose.
func (s *store) Health(context.Context) error { return nil }

// The rest of the library's interface serves grants that this provider does not offer.

// CreateAccessAndRefreshTokens is not offered.
func (s *store) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errUnused
}

// TokenRequestByRefreshToken is not offered.
func (s *store) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, errUnused
}

// GetRefreshTokenInfo knows no refresh token.
func (s *store) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}

// SetUserinfoFromScopes is the library's old way; SetUserinfoFromRequest does the work.
func (s *store) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetIntrospectionFromToken is not offered.
func (s *store) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errUnused
}

// GetPrivateClaimsFromScopes adds nothing to access tokens.
func (s *store) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

// GetKeyByIDAndClientID is not offered: the client signs nothing.
func (s *store) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errUnused
}

// ValidateJWTProfileScopes is not offered.
func (s *store) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errUnused
}
