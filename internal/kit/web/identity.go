package web

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Right names what a route demands of the person who calls it. Public and SignedIn mean the same
// everywhere; all others are words of the zone, which its Authorizer understands.
type Right string

const (
	Public   Right = "public"    // anybody, also without an account
	SignedIn Right = "signed-in" // any account of the zone, for what is the person's own
)

// Identity is the person behind a request. The zero value is a stranger.
type Identity struct {
	ID    uuid.UUID         `json:"id"`
	Kind  string            `json:"kind"`  // "citizen", "staff", "org"
	Name  string            `json:"name"`  // full name; never written to a log
	Shown string            `json:"shown"` // name as pages show it, masked
	Roles []string          `json:"roles,omitempty"`
	Attr  map[string]string `json:"attr,omitempty"` // facts of the zone: district, department, window
	Since time.Time         `json:"since"`          // when they signed in
}

// SignedIn says whether there is an account behind the request.
func (i Identity) SignedIn() bool { return i.ID != uuid.Nil }

// Is says whether the person has the role.
func (i Identity) Is(role string) bool { return slices.Contains(i.Roles, role) }

// Authorizer decides who may use a route. It is asked on every request with a right other than
// Public and SignedIn, so a right that was taken away is gone at the next click. It returns nil to
// allow; an *Error (usually from Forbidden) says which right is missing and who grants it.
type Authorizer interface {
	Authorize(ctx context.Context, who Identity, right Right) error
}

// AuthorizerFunc is a function as an Authorizer.
type AuthorizerFunc func(ctx context.Context, who Identity, right Right) error

// Authorize calls f.
func (f AuthorizerFunc) Authorize(ctx context.Context, who Identity, right Right) error {
	return f(ctx, who, right)
}

// Who is the person behind the request; the zero Identity outside of one.
func Who(ctx context.Context) Identity {
	if s := stateOf(ctx); s != nil {
		return s.who
	}
	return Identity{}
}

// WithIdentity returns a context in which Who answers with i, for jobs and tests that act as a person.
func WithIdentity(ctx context.Context, i Identity) context.Context {
	s := &state{}
	if old := stateOf(ctx); old != nil {
		c := *old
		s = &c
	}
	s.who = i
	return withState(ctx, s)
}

const (
	sessionIdentity = "identity"
	sessionStepUp   = "step-up:"
	stepUpFor       = 5 * time.Minute // S-05: one purpose, five minutes
)

// SignIn makes i the person of this session, under a fresh session id.
func SignIn(ctx context.Context, i Identity) error {
	s := stateOf(ctx)
	if err := s.router.sessions.RenewToken(ctx); err != nil {
		return err
	}
	i.Since = s.router.opt.Clock.Now()
	data, err := json.Marshal(i)
	if err != nil {
		return err
	}
	s.router.sessions.Put(ctx, sessionIdentity, data)
	s.who = i
	return nil
}

// SignOut ends the session at the server; the cookie is worthless afterwards.
func SignOut(ctx context.Context) error {
	s := stateOf(ctx)
	s.who = Identity{}
	return s.router.sessions.Destroy(ctx)
}

// StepUp records that the person has just proved again who they are, for one purpose.
func StepUp(ctx context.Context, purpose string) {
	s := stateOf(ctx)
	s.router.sessions.Put(ctx, sessionStepUp+purpose, s.router.opt.Clock.Now())
}

// SteppedUp says whether that proof is less than five minutes old.
func SteppedUp(ctx context.Context, purpose string) bool {
	s := stateOf(ctx)
	at := s.router.sessions.GetTime(ctx, sessionStepUp+purpose)
	return !at.IsZero() && s.router.opt.Clock.Now().Sub(at) < stepUpFor
}

// authorize is the one place where a request is let in or not.
func (rt *Router) authorize(ctx context.Context, who Identity, right Right) error {
	if right == Public {
		return nil
	}
	if !who.SignedIn() {
		return &Error{Status: 401, Code: "sign-in", Title: "请先登录", Message: "这一页要登录后才能看。"}
	}
	if right == SignedIn {
		return nil
	}
	if rt.opt.Authorizer == nil {
		return Forbidden("")
	}
	return rt.opt.Authorizer.Authorize(ctx, who, right)
}
