package account

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// SignIn are the pages by which the public come in and leave.
type SignIn struct {
	pool      *pgxpool.Pool
	directory *Directory
	provider  *provider
	audit     *audit.Log
	clock     clock.Clock
	log       *slog.Logger
	home      string
}

// SignInOptions are what the pages need.
type SignInOptions struct {
	Pool      *pgxpool.Pool
	Directory *Directory
	Audit     *audit.Log
	Provider  ProviderConfig
	Client    *http.Client // to the provider; one with a timeout where nil
	Clock     clock.Clock
	Log       *slog.Logger
	Home      string // where a sign-in without a page to go back to leads; "/me" where empty
}

// NewSignIn makes the pages; it does not talk to the provider yet.
func NewSignIn(o SignInOptions) *SignIn {
	if o.Home == "" {
		o.Home = "/me"
	}
	return &SignIn{pool: o.Pool, directory: o.Directory, audit: o.Audit, provider: newProvider(o.Provider, o.Client, o.Clock), clock: o.Clock, log: o.Log, home: o.Home}
}

// Routes adds the pages.
func (s *SignIn) Routes(rt *web.Router) {
	rt.Get("/login", web.Public, s.door)
	rt.Get("/login/start", web.Public, s.start, web.In(web.ClassSignIn))
	rt.Get("/login/callback", web.Public, s.callback, web.In(web.ClassSignIn))
	rt.Post("/logout", web.Public, s.leave, web.Repeatable())
	rt.Get("/logout", web.Public, s.left)
}

const (
	sessionAttempt = "oidc"
	attemptFor     = 10 * time.Minute
)

func (s *SignIn) door(w http.ResponseWriter, r *http.Request) error {
	back := s.back(r.URL.Query().Get("back"))
	if web.Who(r.Context()).SignedIn() {
		return web.Redirect(w, r, back)
	}
	return web.Render(w, r, http.StatusOK, doorPage(startURL(back), back != s.home))
}

func startURL(back string) string { return "/login/start?back=" + url.QueryEscape(back) }

func (s *SignIn) back(p string) string {
	if p = web.LocalPath(p); p == "/" {
		return s.home
	}
	return p
}

func (s *SignIn) start(w http.ResponseWriter, r *http.Request) error {
	a, to, err := s.provider.begin(r.Context(), s.back(r.URL.Query().Get("back")))
	if err != nil {
		return s.failed(w, r, err, startURL(s.back(r.URL.Query().Get("back"))))
	}
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	web.Put(r.Context(), sessionAttempt, string(data))
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (s *SignIn) callback(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q := r.URL.Query()
	var a attempt
	if err := json.Unmarshal([]byte(web.Take(ctx, sessionAttempt)), &a); err != nil {
		return s.failed(w, r, errLapsed, startURL(s.home))
	}
	again := startURL(a.Back)
	if subtle.ConstantTimeCompare([]byte(a.State), []byte(q.Get("state"))) != 1 || s.clock.Now().Sub(a.At) > attemptFor {
		return s.failed(w, r, errLapsed, again)
	}
	if q.Get("error") != "" {
		return s.failed(w, r, errCancelled, again)
	}
	person, err := s.provider.finish(ctx, a, q.Get("code"))
	if err != nil {
		return s.failed(w, r, err, again)
	}
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		person, err = s.directory.Arrive(ctx, tx, person, s.clock.Now())
		if err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, entry(ctx, person.ID.String(), person.Name, "登录", audit.OK, nil))
	})
	if err != nil {
		return s.failed(w, r, err, again)
	}
	if err := web.SignIn(ctx, IdentityOf(person)); err != nil {
		return err
	}
	http.Redirect(w, r, a.Back+"#main", http.StatusSeeOther)
	return nil
}

// entry is a line of the audit record about a sign-in.
func entry(ctx context.Context, actor, name, action string, how audit.Outcome, detail map[string]any) audit.Entry {
	return audit.Entry{Actor: actor, ActorName: name, Kind: audit.KindSignIn, Action: action, Source: web.Source(ctx), Outcome: how, Detail: detail}
}

// IdentityOf is the citizen as the person of a session.
func IdentityOf(c Citizen) web.Identity {
	return web.Identity{ID: c.ID, Kind: "citizen", Name: c.Name, Shown: land.MaskName(c.Name)}
}

var (
	errLapsed    = errors.New("account: sign-in lapsed")
	errCancelled = errors.New("account: sign-in cancelled")
)

// failed shows why nobody is signed in, and how to go on.
func (s *SignIn) failed(w http.ResponseWriter, r *http.Request, err error, again string) error {
	var down *ErrProvider
	var level ErrLevel
	var words trouble
	switch {
	case errors.As(err, &down):
		words = trouble{503, "现在登录不了", "江苏政务服务的登录暂时没有回应。您的办件和草稿都不受影响。"}
	case errors.As(err, &level):
		words = trouble{403, "账号的实名等级不够", "办理不动产业务，要先在江苏政务服务完成高级实名认证。"}
	case errors.Is(err, errLapsed):
		words = trouble{400, "登录用的时间太长", "为了安全，这次登录已经失效。"}
	case errors.Is(err, errCancelled):
		words = trouble{400, "没有登录", "您在登录页面选择了取消，或者没有同意提供姓名和证件号码。"}
	case errors.Is(err, ErrNone):
		words = trouble{403, "这个账号已经注销", "已注销的账号不能再登录。"}
	case errors.Is(err, ErrUnproven):
		words = trouble{403, "没有登录", "登录的结果没有通过核对，没有进入您的账号。"}
	default:
		return err
	}
	s.log.WarnContext(r.Context(), "sign-in failed", "status", words.status, "err", err)
	if words.status == http.StatusForbidden {
		// Nobody is known yet, so the record is of an attempt on the hall.
		refusal := entry(r.Context(), "hall", "", "登录", audit.Refused, map[string]any{"reason": words.title})
		if err := s.audit.Record(r.Context(), s.pool, refusal); err != nil {
			return err
		}
	}
	return web.Render(w, r, words.status, troublePage(words, again))
}

// trouble is why a sign-in failed, in words.
type trouble struct {
	status       int
	title, words string
}

func (s *SignIn) leave(w http.ResponseWriter, r *http.Request) error {
	if who := web.Who(r.Context()); who.SignedIn() {
		if err := s.audit.Record(r.Context(), s.pool, entry(r.Context(), who.ID.String(), who.Name, "退出", audit.OK, nil)); err != nil {
			return err
		}
	}
	if err := web.SignOut(r.Context()); err != nil {
		return err
	}
	return web.Redirect(w, r, "/logout")
}

// left offers to leave the provider too, which matters where several people use one machine.
func (s *SignIn) left(w http.ResponseWriter, r *http.Request) error {
	if web.Who(r.Context()).SignedIn() {
		return web.Redirect(w, r, s.home)
	}
	return web.Render(w, r, http.StatusOK, leftPage(s.provider.endURL()))
}

// endURL is where the provider ends its own session; "" where it offers none or has not been reached yet.
func (p *provider) endURL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end == "" {
		return ""
	}
	home, err := url.Parse(p.cfg.Redirect)
	if err != nil {
		return ""
	}
	q := url.Values{"client_id": {p.cfg.ClientID}, "post_logout_redirect_uri": {home.Scheme + "://" + home.Host + "/"}}
	return p.end + "?" + q.Encode()
}
