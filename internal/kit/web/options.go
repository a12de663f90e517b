package web

import (
	"context"
	"io/fs"
	"log/slog"
	"net/netip"
	"time"

	"github.com/a-h/templ"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
)

// Keys seals what a stranger must not read in the database and marks what they must not forge.
// *sm.Keyring is one.
type Keys interface {
	Seal(plain, aad []byte) []byte
	Open(sealed, aad []byte) ([]byte, error)
	Index(kind, s string) []byte
}

// Options is what a zone gives to its router.
type Options struct {
	Zone string // short name, part of cookie names: two zones on one host keep apart
	DB   pg.DB  // holds the tables of Migrations
	Keys Keys

	Clock      clock.Clock  // the system's clock where nil
	Log        *slog.Logger // silent where nil
	Authorizer Authorizer   // nil grants nothing beyond Public and SignedIn

	Idle     time.Duration // session ends after this long without a request; 30 min where 0
	Lifetime time.Duration // and after this long in any case; 12 h where 0
	SignIn   string        // page to sign in; "/login" where empty
	Secure   bool          // reached over TLS: cookies are Secure and host-bound, HSTS is sent

	Timeout time.Duration   // for a request; 30 s where 0
	MaxBody int64           // bytes of a form; 256 KiB where 0
	Limits  map[Class]Limit // overrides of DefaultLimits
	Proxies []netip.Prefix  // whose X-Forwarded-For is believed
	Targets []string        // other origins that a form may lead to, such as a payment gateway
	Assets  fs.FS           // more static files under /s/, such as a designer's script

	Decorate func(context.Context) context.Context          // adds what the pages of the zone share
	Failure  func(Failure) templ.Component                  // draws an error page
	Sentence func(id string, slots map[string]any) string   // words of a Fault, from the catalog's messages
	Map      func(error) *Error                             // names errors of the zone's packages; nil where it does not know one
	Refused  func(ctx context.Context, r Route, err *Error) // told when somebody signed in lacks a right, for the audit record
	Observe  func(r Route, status int, took time.Duration)  // for metrics
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Idle == 0 {
		o.Idle = 30 * time.Minute
	}
	if o.Lifetime == 0 {
		o.Lifetime = 12 * time.Hour
	}
	if o.SignIn == "" {
		o.SignIn = "/login"
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxBody == 0 {
		o.MaxBody = 256 << 10
	}
	if o.Failure == nil {
		o.Failure = plainFailure
	}
	return o
}
