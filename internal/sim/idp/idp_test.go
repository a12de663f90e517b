package idp_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"yichuang/internal/sim/board"
	"yichuang/internal/sim/board/boardtest"
	"yichuang/internal/sim/idp"
)

const hall = "http://hall.example"

var wang = idp.Account{Login: "13800001234", Password: "Wang#2026", Name: "王建国", IDNumber: "32120219700512301X", DocKind: "1", Phone: "13800001234", Level: 3}

// visitor is a browser that stops before it leaves the provider, with the client's side of the protocol.
type visitor struct {
	t        *testing.T
	browser  *http.Client
	provider *oidc.Provider
	config   oauth2.Config
	issuer   string
}

func arrive(t *testing.T, dir string) *visitor {
	t.Helper()
	var p *idp.Provider
	boardtest.StartIn(t, dir, nil, "idp", func(b *board.Board) http.Handler {
		var err error
		if p, err = idp.New(b, "client-secret", []idp.Account{wang}, hall); err != nil {
			t.Fatal(err)
		}
		return p.Handler()
	})
	v := &visitor{t: t, issuer: p.Issuer(), browser: &http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), hall) {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
	var err error
	if v.provider, err = oidc.NewProvider(t.Context(), p.Issuer()); err != nil {
		t.Fatal(err)
	}
	v.config = oauth2.Config{ClientID: idp.ClientID, ClientSecret: "client-secret", Endpoint: v.provider.Endpoint(),
		RedirectURL: hall + "/sign-in/back", Scopes: []string{oidc.ScopeOpenID, "profile", "phone"}}
	return v
}

// signIn opens the login page, posts login and password, and returns what the browser then has.
func (v *visitor) signIn(verifier, login, password string) (*http.Response, string) {
	v.t.Helper()
	page := v.fetch(v.config.AuthCodeURL("state-1", oidc.Nonce("nonce-1"), oauth2.S256ChallengeOption(verifier)))
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(page)
	if id == nil {
		v.t.Fatalf("no login page: %s", page)
	}
	resp, err := v.browser.PostForm(v.issuer+"/login", url.Values{"id": {id[1]}, "login": {login}, "password": {password}})
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp, string(body)
}

func (v *visitor) fetch(address string) string {
	v.t.Helper()
	resp, err := v.browser.Get(address)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(body)
}

// back reads the code and state with which the browser returns to the hall.
func (v *visitor) back(resp *http.Response) url.Values {
	v.t.Helper()
	to, err := resp.Location()
	if err != nil || !strings.HasPrefix(to.String(), hall+"/sign-in/back?") {
		v.t.Fatalf("browser goes to %v, %v", to, err)
	}
	return to.Query()
}

func TestSignIn(t *testing.T) {
	for name, login := range map[string]string{"phone": wang.Login, "identity number": "32120219700512301x"} {
		t.Run(name, func(t *testing.T) {
			v := arrive(t, t.TempDir())
			verifier := oauth2.GenerateVerifier()
			resp, _ := v.signIn(verifier, login, wang.Password)
			got := v.back(resp)
			if got.Get("state") != "state-1" {
				t.Fatalf("state %q", got.Get("state"))
			}
			tok, err := v.config.Exchange(t.Context(), got.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			idToken, err := v.provider.Verifier(&oidc.Config{ClientID: idp.ClientID}).Verify(t.Context(), tok.Extra("id_token").(string))
			if err != nil {
				t.Fatal(err)
			}
			checkClaims(t, idToken.Claims, idToken.Nonce)
			info, err := v.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tok))
			if err != nil {
				t.Fatal(err)
			}
			checkClaims(t, info.Claims, "nonce-1")
			if _, err := v.config.Exchange(t.Context(), got.Get("code"), oauth2.VerifierOption(verifier)); err == nil {
				t.Error("a code was taken twice")
			}
			v.signOut(tok)
		})
	}
}

func checkClaims(t *testing.T, read func(any) error, nonce string) {
	t.Helper()
	var c struct {
		Sub, Name string
		ID        string `json:"id_number"`
		Kind      string `json:"doc_kind"`
		Phone     string `json:"phone_number"`
		Level     int    `json:"real_name_level"`
	}
	if err := read(&c); err != nil {
		t.Fatal(err)
	}
	if c.Sub != wang.Subject() || c.Name != wang.Name || c.ID != wang.IDNumber || c.Kind != "1" || c.Phone != wang.Phone || c.Level != 3 || nonce != "nonce-1" {
		t.Fatalf("claims %+v, nonce %s", c, nonce)
	}
}

// signOut ends the session at the provider, which sends the browser home and takes the tokens back.
func (v *visitor) signOut(tok *oauth2.Token) {
	v.t.Helper()
	var meta struct {
		End string `json:"end_session_endpoint"`
	}
	if err := v.provider.Claims(&meta); err != nil {
		v.t.Fatal(err)
	}
	q := url.Values{"id_token_hint": {tok.Extra("id_token").(string)}, "post_logout_redirect_uri": {hall + "/bye"}}
	resp, err := v.browser.Get(meta.End + "?" + q.Encode())
	if err != nil {
		v.t.Fatal(err)
	}
	resp.Body.Close()
	if to, err := resp.Location(); err != nil || to.String() != hall+"/bye" {
		v.t.Fatalf("signed out to %v, %v", to, err)
	}
	if _, err := v.provider.UserInfo(v.t.Context(), oauth2.StaticTokenSource(tok)); err == nil {
		v.t.Error("the token lives on after the sign-out")
	}
}

func TestWrongPassword(t *testing.T) {
	v := arrive(t, t.TempDir())
	for _, try := range []struct{ login, password string }{{wang.Login, "wrong"}, {"13900000000", wang.Password}, {wang.Subject(), wang.Password}, {"", ""}} {
		resp, page := v.signIn(oauth2.GenerateVerifier(), try.login, try.password)
		if resp.StatusCode != http.StatusUnauthorized || !strings.Contains(page, "账号或密码不对") {
			t.Errorf("%q %q: %s %s", try.login, try.password, resp.Status, page)
		}
	}
}

func TestProtocolRefusals(t *testing.T) {
	v := arrive(t, t.TempDir())
	if page := v.fetch(v.config.AuthCodeURL("s")); strings.Contains(page, "<form") {
		t.Error("a sign-in without PKCE was let in")
	}
	elsewhere := v.config
	elsewhere.RedirectURL = "http://evil.example/back"
	if page := v.fetch(elsewhere.AuthCodeURL("s", oauth2.S256ChallengeOption("v"))); strings.Contains(page, "<form") {
		t.Error("a foreign redirect address was let in")
	}
	verifier := oauth2.GenerateVerifier()
	resp, _ := v.signIn(verifier, wang.Login, wang.Password)
	code := v.back(resp).Get("code")
	if _, err := v.config.Exchange(t.Context(), code, oauth2.VerifierOption(oauth2.GenerateVerifier())); err == nil {
		t.Error("another verifier was taken")
	}
	bad := v.config
	bad.ClientSecret = "guess"
	if _, err := bad.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err == nil {
		t.Error("a wrong secret was taken")
	}
}

// TestRestart: keys and tokens outlive the process.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	v := arrive(t, dir)
	verifier := oauth2.GenerateVerifier()
	resp, _ := v.signIn(verifier, wang.Login, wang.Password)
	tok, err := v.config.Exchange(t.Context(), v.back(resp).Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	again := arrive(t, dir)
	if _, err := again.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tok)); err != nil {
		t.Fatalf("token after a restart: %v", err)
	}
	keys := oidc.NewRemoteKeySet(t.Context(), again.issuer+"/keys")
	if _, err := keys.VerifySignature(t.Context(), tok.Extra("id_token").(string)); err != nil {
		t.Fatalf("ID token after a restart: %v", err)
	}
}
