package web

import (
	"context"
	"net/http"
	"time"

	"yichuang/internal/kit/log"
)

// state is what the layers of one request tell each other. It lives as long as the request.
type state struct {
	router  *Router
	route   *Route
	who     Identity
	source  string
	path    string
	csrf    string
	mode    string
	formKey string                // key of the form being handled, once it is claimed
	finish  func(location string) // records where the claimed form led
	token   string                // session id that the request came with, once found
	session bool                  // whether session data is loaded
	kept    *http.Cookie
	sent    *recorder // what has been answered
}

type stateKey struct{}

func withState(ctx context.Context, s *state) context.Context {
	return context.WithValue(ctx, stateKey{}, s)
}

func stateOf(ctx context.Context) *state {
	s, _ := ctx.Value(stateKey{}).(*state)
	return s
}

// Trace is the number that joins a page, its log lines and what a user reads out to the help desk.
func Trace(ctx context.Context) string { return log.Trace(ctx) }

// Source is the address that the request came from, for the audit record and the rate limits. Behind
// a trusted proxy it is the address that the proxy saw.
func Source(ctx context.Context) string {
	if s := stateOf(ctx); s != nil {
		return s.source
	}
	return ""
}

// Path is the path of the request, without its query.
func Path(ctx context.Context) string {
	if s := stateOf(ctx); s != nil {
		return s.path
	}
	return ""
}

// CSRFToken is the token that a form of this page must carry.
func CSRFToken(ctx context.Context) string {
	if s := stateOf(ctx); s != nil {
		return s.csrf
	}
	return ""
}

// FormKey is the one-time key of the form being handled: a key for idempotency that also holds where the process
// dies between the business change and the answer. It is empty outside a POST.
func FormKey(ctx context.Context) string {
	if s := stateOf(ctx); s != nil {
		return s.formKey
	}
	return ""
}

// IdleLimit is how long a session lasts without a request; 0 for a stranger. Pages warn before.
func IdleLimit(ctx context.Context) time.Duration {
	if s := stateOf(ctx); s != nil && s.who.SignedIn() {
		return s.router.opt.Idle
	}
	return 0
}
