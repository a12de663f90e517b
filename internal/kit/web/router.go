package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/justinas/nosurf"

	"yichuang/internal/kit/log"
)

// Handler is a screen or an action. An error that it returns is drawn by the router; it must not have written
// anything then.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one line of the table of everything the zone answers to.
type Route struct {
	Method, Pattern string
	Right           Right
	Class           Class
	API             bool // for programs: no session, no form token; errors are problem documents

	maxBody    int64
	timeout    time.Duration
	repeatable bool
}

// RouteOption adjusts a route.
type RouteOption func(*Route)

// In puts the route in a class of the rate limits.
func In(c Class) RouteOption { return func(r *Route) { r.Class = c } }

// MaxBody allows a bigger body, in bytes: uploads.
func MaxBody(n int64) RouteOption { return func(r *Route) { r.maxBody = n } }

// Timeout allows a longer or shorter time than the options; below zero, none (streams).
func Timeout(d time.Duration) RouteOption { return func(r *Route) { r.timeout = d } }

// Repeatable lets the same form be sent several times with effect: uploads, autosave, a search.
func Repeatable() RouteOption { return func(r *Route) { r.repeatable = true } }

// Machine marks a route for programs, which prove who they are by a signature in the request: the handler checks it.
func Machine() RouteOption { return func(r *Route) { r.API, r.Class = true, ClassAPI } }

// Live marks a stream of events.
func Live() RouteOption { return func(r *Route) { r.Class, r.timeout = ClassLive, -1 } }

// Router answers the requests of a zone.
type Router struct {
	opt      Options
	mux      *http.ServeMux
	routes   []Route
	sessions *scs.SessionManager
	limiter  *limiter
	assets   map[string]*asset
	origin   *http.CrossOriginProtection
	policy   string
}

// NewRouter makes a router with no routes yet. It panics on broken embedded files, which no test lets pass.
func NewRouter(o Options) *Router {
	o = o.withDefaults()
	assets, err := loadAssets(o.Assets)
	if err != nil {
		panic(err)
	}
	rt := &Router{opt: o, mux: http.NewServeMux(), sessions: newSessions(o), limiter: newLimiter(o.Limits), assets: assets,
		origin: http.NewCrossOriginProtection(), policy: policy(o.Targets)}
	rt.sessions.ErrorFunc = rt.sessionFailed
	rt.mux.HandleFunc("GET /s/{name...}", rt.serveAsset)
	rt.mux.Handle("/", rt.page(&Route{Pattern: "/", Right: Public, Class: ClassPage, repeatable: true}, rt.noRoute))
	return rt
}

// Get adds a page.
func (rt *Router) Get(pattern string, right Right, h Handler, opts ...RouteOption) {
	rt.add(http.MethodGet, pattern, right, h, opts)
}

// Post adds an action. It comes from a form with a token and a one-time key (ui.Form draws both).
func (rt *Router) Post(pattern string, right Right, h Handler, opts ...RouteOption) {
	rt.add(http.MethodPost, pattern, right, h, opts)
}

// Routes lists everything that was added, for the test of rights and the administrators' page.
func (rt *Router) Routes() []Route {
	return slices.SortedFunc(slices.Values(rt.routes), func(a, b Route) int {
		return cmp.Or(strings.Compare(a.Pattern, b.Pattern), strings.Compare(a.Method, b.Method))
	})
}

func (rt *Router) add(method, pattern string, right Right, h Handler, opts []RouteOption) {
	r := Route{Method: method, Pattern: pattern, Right: right, Class: ClassPage, maxBody: rt.opt.MaxBody, timeout: rt.opt.Timeout}
	for _, o := range opts {
		o(&r)
	}
	rt.routes = append(rt.routes, r)
	if r.API {
		rt.mux.Handle(method+" "+pattern, rt.machine(&r, h))
		return
	}
	rt.mux.Handle(method+" "+pattern, rt.page(&r, h))
}

// ServeHTTP is the outermost layer: trace, headers, the limit of the source, the access log, and panics.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := &state{router: rt, source: rt.sourceOf(r), path: r.URL.Path, mode: rt.modeOf(r)}
	ctx := log.WithTrace(withState(r.Context(), s), r.Header.Get("X-Trace-Id"))
	if rt.opt.Decorate != nil {
		ctx = rt.opt.Decorate(ctx)
	}
	r = r.WithContext(ctx)
	start := rt.opt.Clock.Now()
	rec := &recorder{ResponseWriter: w}
	s.sent = rec
	rt.headers(w.Header())
	w.Header().Set("X-Trace-Id", Trace(ctx))
	defer rt.access(rec, r, s, start)
	defer rt.recover(rec, r)
	if wait := rt.limiter.allow(classSource, s.source, start); wait > 0 {
		rt.fail(rec, r, TooMany(wait))
		return
	}
	rt.mux.ServeHTTP(rec, r)
}

// sessionFailed answers where a session cannot be read, or cannot be stored at the first byte of a page: then the error page
// is the whole answer, and what the page itself goes on to write goes nowhere. It's an ordinary end where the reader left.
func (rt *Router) sessionFailed(w http.ResponseWriter, r *http.Request, err error) {
	s := stateOf(r.Context())
	s.session = false
	rt.fail(w, r, err)
	s.sent.closed = true
}

func (rt *Router) modeOf(r *http.Request) string {
	c, err := r.Cookie(cookieName(rt.opt, "mode"))
	if err != nil {
		return ""
	}
	return knownMode(c.Value)
}

// page is the chain for people: size and time, session, form token, right, rate, one-time key.
func (rt *Router) page(route *Route, h Handler) http.Handler {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := stateOf(r.Context())
		s.csrf = nosurf.Token(r)
		s.who = rt.identify(r.Context())
		if err := rt.enter(w, r, s, h); err != nil {
			rt.release(r.Context(), s)
			rt.fail(w, r, err)
			return
		}
	})
	forged := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { rt.fail(w, r, stale(nosurf.Reason(r))) })
	guard := nosurf.New(inner)
	guard.SetFailureHandler(forged)
	guard.SetIsTLSFunc(func(r *http.Request) bool { return r.TLS != nil || rt.opt.Secure })
	guard.SetBaseCookie(http.Cookie{Name: cookieName(rt.opt, "csrf"), Path: "/", HttpOnly: true, Secure: rt.opt.Secure,
		SameSite: http.SameSiteLaxMode, MaxAge: nosurf.MaxAge})
	return rt.bounded(route, rt.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stateOf(r.Context()).session = true
		guard.ServeHTTP(w, r)
	})))
}

// stale is the answer to a form without our token: it comes from another site, or from a page older than its cookie.
func stale(cause error) *Error {
	return &Error{Status: http.StatusForbidden, Code: "form-token", Title: "这一页放得太久了", Message: "为了安全，没有提交。",
		Next: "请重新打开这一页再填。浏览器需要允许本站的 Cookie。", Err: cause}
}

func (rt *Router) enter(w http.ResponseWriter, r *http.Request, s *state, h Handler) error {
	if c, err := r.Cookie(cookieName(rt.opt, "kept")); err == nil {
		s.kept = c
	}
	if err := rt.authorize(r.Context(), s.who, s.route.Right); err != nil {
		if rt.opt.Refused != nil && s.who.SignedIn() {
			rt.opt.Refused(r.Context(), *s.route, rt.asError(err))
		}
		return err
	}
	if wait := rt.limiter.allow(s.route.Class, s.bucket(), rt.opt.Clock.Now()); wait > 0 {
		return TooMany(wait)
	}
	if r.Method == http.MethodPost && !s.route.repeatable && r.URL.Query().Get("draft") != "1" {
		first, err := rt.once(w, r, s)
		if err != nil || !first {
			return err
		}
	}
	if err := run(h, w, r); err != nil {
		return err
	}
	rt.release(r.Context(), s) // keeps nothing where a redirect has finished the key
	return nil
}

// machine is the chain for programs.
func (rt *Router) machine(route *Route, h Handler) http.Handler {
	return rt.bounded(route, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := stateOf(r.Context())
		if wait := rt.limiter.allow(route.Class, s.bucket(), rt.opt.Clock.Now()); wait > 0 {
			rt.fail(w, r, TooMany(wait))
			return
		}
		if err := run(h, w, r); err != nil {
			rt.fail(w, r, err)
		}
	}))
}

// bounded limits size and time, and reads a form whole so that its errors are drawn as ours.
func (rt *Router) bounded(route *Route, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := stateOf(r.Context())
		s.route = route
		if route.timeout > 0 {
			ctx, stop := context.WithTimeout(r.Context(), route.timeout)
			defer stop()
			r = r.WithContext(ctx)
		}
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, cmp.Or(route.maxBody, rt.opt.MaxBody))
			if !route.API {
				if err := rt.admit(r); err != nil {
					rt.fail(w, r, err)
					return
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (rt *Router) admit(r *http.Request) error {
	if err := rt.origin.Check(r); err != nil {
		return stale(err)
	}
	return parseBody(r)
}

// noRoute answers what no pattern matches: 405 where another method would, else 404.
func (rt *Router) noRoute(w http.ResponseWriter, r *http.Request) error {
	for _, m := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, p := rt.mux.Handler(other); p != "/" && p != "" && m != r.Method {
			w.Header().Set("Allow", m)
			return &Error{Status: http.StatusMethodNotAllowed, Code: "method", Title: "这一页不能这样打开", Message: "请从页面上的链接或按钮进入。"}
		}
	}
	return NotFound()
}

// run calls the handler and turns a panic in it into an error, while session and form key are still at hand.
func run(h Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		p := recover()
		if e, ok := p.(error); ok && errors.Is(e, http.ErrAbortHandler) {
			panic(p)
		}
		if p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h(w, r)
}

// recover is the last net, for a panic in the layers themselves.
func (rt *Router) recover(w *recorder, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if e, ok := p.(error); ok && errors.Is(e, http.ErrAbortHandler) {
		panic(p)
	}
	if s := stateOf(r.Context()); w.status == 0 {
		s.session = false
		rt.fail(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
}

// access writes one line for each request: what was asked by its pattern, never the address itself with its ids and words.
func (rt *Router) access(w *recorder, r *http.Request, s *state, start time.Time) {
	took := rt.opt.Clock.Now().Sub(start)
	rt.opt.Log.InfoContext(r.Context(), "request", "method", r.Method, "route", s.pattern(), "status", w.status, "bytes", w.bytes, "ms", took.Milliseconds())
	if rt.opt.Observe != nil && s.route != nil {
		rt.opt.Observe(*s.route, w.status, took)
	}
}

func (s *state) pattern() string {
	if s.route == nil {
		return "static"
	}
	return s.route.Pattern
}

// bucket is whose tokens the request takes.
func (s *state) bucket() string {
	if s.who.SignedIn() {
		return s.who.ID.String()
	}
	return s.source
}

// recorder remembers what was sent.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	closed bool // the answer is complete: what else is written belongs to a page that failed
}

// errClosed stops a page that goes on after its error has been sent.
var errClosed = errors.New("web: the answer is complete")

func (w *recorder) WriteHeader(status int) {
	if w.status != 0 { // the first answer counts
		return
	}
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.closed {
		return 0, errClosed
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
