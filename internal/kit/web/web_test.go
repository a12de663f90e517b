package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"
	"golang.org/x/net/html"

	"yichuang/internal/kit/log"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
)

// zone is a small zone with one form, to try the kit on.
type zone struct {
	db     pg.DB
	rt     *web.Router
	site   *webtest.Site
	saved  atomic.Int32
	fail   atomic.Bool
	drafts atomic.Int32
	price  atomic.Value
	gate   chan struct{} // a POST waits for it where not nil
	log    *bytes.Buffer
}

func newZone(t *testing.T, change ...func(*web.Options)) *zone {
	t.Helper()
	z := &zone{log: &bytes.Buffer{}}
	pool := pgtest.New(t, pgtest.Set{FS: web.Migrations, Table: web.MigrationTable})
	z.db = pool
	o := web.Options{Zone: "hall", DB: pool, Keys: sm.NewTestKeyring(t), Log: log.New(z.log, "json"), Failure: ui.Failure,
		Decorate: ui.Use(ui.Site{Class: "hall", Name: "泰州市不动产", Sub: "网上办事大厅", Title: "网上办事大厅", SignIn: "/login", Mine: "/me"}),
		Authorizer: web.AuthorizerFunc(func(_ context.Context, who web.Identity, right web.Right) error {
			if who.Is(string(right)) {
				return nil
			}
			return web.Forbidden("这一页要有“" + string(right) + "”权限。")
		})}
	for _, c := range change {
		c(&o)
	}
	z.rt = web.NewRouter(o)
	z.rt.Get("/{$}", web.Public, func(w http.ResponseWriter, r *http.Request) error {
		return web.Render(w, r, 200, page("首页", ui.Form(ui.FormProps{Action: "/price"})))
	})
	z.rt.Get("/login", web.Public, func(w http.ResponseWriter, r *http.Request) error {
		return web.Render(w, r, 200, page("请登录 "+r.FormValue("back"), templ.NopComponent))
	})
	z.rt.Get("/price", web.SignedIn, func(w http.ResponseWriter, r *http.Request) error {
		f := web.NewForm(r)
		f.Default("price", "")
		return web.Render(w, r, 200, pricing(f))
	})
	z.rt.Post("/price", web.SignedIn, z.save)
	z.rt.Get("/review", "review", func(w http.ResponseWriter, r *http.Request) error {
		return web.Render(w, r, 200, page("审核", templ.NopComponent))
	})
	z.rt.Get("/panic", web.Public, func(http.ResponseWriter, *http.Request) error { panic("boom") })
	z.rt.Get("/broken", web.Public, func(http.ResponseWriter, *http.Request) error {
		return fmt.Errorf("read %s: %w", "table", errors.New("disk"))
	})
	z.rt.Get("/api/x", web.Public, func(http.ResponseWriter, *http.Request) error { return web.Conflict("变了") }, web.Machine())
	z.site = webtest.Serve(t, z.rt)
	return z
}

func (z *zone) save(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	if f.Draft() {
		z.drafts.Add(1)
		return web.Saved(w)
	}
	f.Require("price", "成交价")
	if f.Value("price") == "0" {
		f.Fail("price", "成交价不能是 0")
	}
	if !f.OK() {
		return web.Again(w, r, f, pricing(f))
	}
	if z.fail.Load() {
		return errors.New("disk")
	}
	if z.gate != nil {
		<-z.gate
	}
	z.saved.Add(1)
	z.price.Store(f.Value("price"))
	web.Flash(r.Context(), "green", "成交价已保存。")
	return web.Redirect(w, r, "/price")
}

func page(heading string, inner templ.Component) templ.Component {
	return inside(ui.Page(ui.Props{Title: heading}), templ.Join(templ.Raw("<h1>"+templ.EscapeString(heading)+"</h1>"), inner))
}

func inside(outer, inner templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, inner), w)
	})
}

func pricing(f *web.Form) templ.Component {
	fields := templ.Join(ui.Money(ui.Field{Form: f, Name: "price", Label: "成交价", Hint: "可以写 128万"}), ui.Submit("保存"))
	form := inside(ui.Form(ui.FormProps{Action: "/price", Autosave: true}), fields)
	return inside(ui.Page(ui.Props{Title: "成交价", Form: f}), templ.Join(templ.Raw("<h1>成交价</h1>"), form))
}

func citizen() web.Identity {
	return web.Identity{ID: uuid.Must(uuid.NewV7()), Kind: "citizen", Name: "王晓明", Shown: "王*明"}
}

func TestFormGoesRoundWithErrorsAndComesBackSaved(t *testing.T) {
	z := newZone(t)
	b := z.site.Browser()
	b.SignIn(citizen())
	p := b.Get("/price")
	if f := p.Faults(); len(f) > 0 {
		t.Errorf("page rules: %q", f)
	}
	p = p.Submit("保存", url.Values{"price": {"0"}})
	if p.Status != 422 || !p.Has("有 1 处需要修改") || !p.Has("成交价不能是 0") || p.Value("price") != "0" {
		t.Fatalf("status %d: %s", p.Status, p.Text())
	}
	if !strings.Contains(p.Body, "<title>错误：成交价") {
		t.Error("the title does not say that there is an error")
	}
	if f := p.Faults(); len(f) > 0 {
		t.Errorf("page rules with errors: %q", f)
	}
	p = p.Submit("保存", url.Values{"price": {" 128万 "}})
	if p.Status != 200 || z.price.Load() != "128万" || !p.Has("成交价已保存") {
		t.Fatalf("status %d, price %v: %s", p.Status, z.price.Load(), p.Text())
	}
	if b.Get("/price").Has("成交价已保存") {
		t.Error("the note is shown twice")
	}
}

func TestSecondPostShowsResultOfFirst(t *testing.T) {
	z := newZone(t)
	z.gate = make(chan struct{})
	b := z.site.Browser()
	b.SignIn(citizen())
	p := b.Get("/price")
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if got := p.Submit("保存", url.Values{"price": {"100"}}); got.Status != 200 || got.URL.Path != "/price" {
				t.Errorf("status %d at %s", got.Status, got.URL)
			}
		})
	}
	z.gate <- struct{}{}
	both.Wait()
	p.Submit("保存", url.Values{"price": {"200"}}) // back button, then again
	if n := z.saved.Load(); n != 1 {
		t.Errorf("saved %d times, want once", n)
	}
	if z.price.Load() != "100" {
		t.Errorf("price %v, want that of the first", z.price.Load())
	}
}

func TestAutosaveUsesNoKey(t *testing.T) {
	z := newZone(t)
	b := z.site.Browser()
	b.SignIn(citizen())
	p := b.Get("/price")
	for n := range 3 {
		v := webtest.Fields(formOf(p))
		v.Set("price", fmt.Sprint(n))
		if got := b.Post("/price?draft=1", v); got.Status != http.StatusNoContent {
			t.Fatalf("draft %d: status %d", n, got.Status)
		}
	}
	p.Submit("保存", url.Values{"price": {"7"}})
	if z.drafts.Load() != 3 || z.saved.Load() != 1 {
		t.Errorf("%d drafts, %d saved", z.drafts.Load(), z.saved.Load())
	}
}

func TestExpiredSessionLosesNothingTyped(t *testing.T) {
	z := newZone(t)
	me, other := citizen(), citizen()
	for _, tt := range []struct {
		name string
		who  web.Identity
		want string
	}{
		{"same person", me, "1280000"},
		{"somebody else at the same browser", other, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := z.site.Browser()
			b.SignIn(me)
			p := b.Get("/price")
			b.ForgetSession()
			p = p.Submit("保存", url.Values{"price": {"1280000"}})
			if p.URL.Path != "/login" || p.URL.Query().Get("back") != "/price" {
				t.Fatalf("led to %s", p.URL)
			}
			b.SignIn(tt.who)
			p = b.Get("/price")
			if got := p.Value("price"); got != tt.want {
				t.Errorf("price %q, want %q", got, tt.want)
			}
			if p.Has("您刚才填的内容还在") != (tt.want != "") {
				t.Errorf("note: %s", p.Text())
			}
			if again := b.Get("/price").Value("price"); again != "" {
				t.Errorf("given out twice: %q", again)
			}
		})
	}
	var n int
	if err := z.db.QueryRow(t.Context(), `SELECT count(*) FROM web_kept WHERE position('1280000'::bytea in sealed) > 0`).Scan(&n); err != nil || n > 0 {
		t.Errorf("kept forms readable in the database: %d, %v", n, err)
	}
}

func TestFailureOfOursLosesNothingTyped(t *testing.T) {
	z := newZone(t)
	z.fail.Store(true)
	b := z.site.Browser()
	b.SignIn(citizen())
	p := b.Get("/price").Submit("保存", url.Values{"price": {"1280000"}})
	if p.Status != 500 || !p.Has("您填的内容已保存") {
		t.Fatalf("status %d: %s", p.Status, p.Text())
	}
	z.fail.Store(false)
	p = p.Click("返回刚才那一页")
	if p.Value("price") != "1280000" || !p.Has("您刚才填的内容还在") {
		t.Fatalf("at %s: %q", p.URL, p.Value("price"))
	}
	if p = p.Submit("保存", nil); p.Status != 200 || z.saved.Load() != 1 {
		t.Errorf("then: status %d, %d saved", p.Status, z.saved.Load())
	}
}

func TestForgedAndStaleFormsAreRefused(t *testing.T) {
	z := newZone(t)
	me := citizen()
	b := z.site.Browser()
	b.SignIn(me)
	fields := webtest.Fields(formOf(b.Get("/price")))
	with := func(k, v string) url.Values {
		c := url.Values{"price": {"5"}}
		for n, x := range fields {
			c[n] = x
		}
		c.Set(k, v)
		return c
	}
	for _, tt := range []struct {
		name   string
		header http.Header
		values url.Values
		status int
	}{
		{"from another site", http.Header{"Sec-Fetch-Site": {"cross-site"}}, with("price", "5"), 403},
		{"other origin", http.Header{"Origin": {"https://evil.example"}}, with("price", "5"), 403},
		{"no token", nil, with("csrf_token", ""), 403},
		{"wrong token", nil, with("csrf_token", "AAAA"), 403},
		{"no key", nil, with("_key", ""), 409},
		{"made-up key", nil, with("_key", "abcdefghijklmnopqrst.AAAAAAAAAAAAAAAA"), 409},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.Header = tt.header
			if p := b.Post("/price", tt.values); p.Status != tt.status {
				t.Errorf("status %d, want %d: %s", p.Status, tt.status, p.Text())
			}
		})
	}
	if z.saved.Load() != 0 {
		t.Error("a refused form changed something")
	}
	b.Header = nil
	b.SignIn(citizen()) // another person signs in; the form of the first is still open in a tab
	if p := b.Post("/price", with("price", "5")); p.Status != 409 || z.saved.Load() != 0 {
		t.Errorf("form of another account: status %d", p.Status)
	}
}

func TestRightsAreDeniedUnlessGranted(t *testing.T) {
	z := newZone(t)
	staff := citizen()
	staff.Roles = []string{"review"}
	for _, tt := range []struct {
		name, path string
		who        *web.Identity
		status     int
		at         string
	}{
		{"stranger on a public page", "/", nil, 200, "/"},
		{"stranger on a personal page", "/price", nil, 200, "/login"},
		{"stranger on a page with a right", "/review", nil, 200, "/login"},
		{"citizen without the right", "/review", ptr(citizen()), 403, "/review"},
		{"staff with the right", "/review", &staff, 200, "/review"},
		{"no such page", "/nothing", &staff, 404, "/nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := z.site.Browser()
			if tt.who != nil {
				b.SignIn(*tt.who)
			}
			if p := b.Get(tt.path); p.Status != tt.status || p.URL.Path != tt.at {
				t.Errorf("status %d at %s, want %d at %s", p.Status, p.URL.Path, tt.status, tt.at)
			}
		})
	}
	for _, r := range z.rt.Routes() {
		if r.Right == "" {
			t.Errorf("%s %s has no right", r.Method, r.Pattern)
		}
	}
}

func TestFailuresAreDrawnInOnePlace(t *testing.T) {
	z := newZone(t)
	b := z.site.Browser()
	for _, tt := range []struct {
		path   string
		status int
		words  string
	}{
		{"/panic", 500, "页面没有打开"},
		{"/broken", 500, "页面没有打开"},
		{"/none", 404, "没有找到这一页"},
	} {
		p := b.Get(tt.path)
		if p.Status != tt.status || !p.Has(tt.words) || !p.Has("反馈时请报："+p.Header.Get("X-Trace-Id")) {
			t.Errorf("%s: status %d: %s", tt.path, p.Status, p.Text())
		}
		if strings.Contains(p.Body, "boom") || strings.Contains(p.Body, "disk") {
			t.Errorf("%s tells its inside", tt.path)
		}
	}
	p := b.Get("/api/x")
	var doc web.Problem
	if err := json.Unmarshal([]byte(p.Body), &doc); err != nil || p.Status != 409 || doc.Code != "conflict" || doc.Trace == "" {
		t.Errorf("problem document: %d %s %v", p.Status, p.Body, err)
	}
	if got := p.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/problem+json") {
		t.Errorf("content type %q", got)
	}
	b.SignIn(citizen())
	if p := b.Post("/review", url.Values{}); p.Status != 403 {
		t.Errorf("POST without a form: %d", p.Status)
	}
}

func TestHeadersCloseTheUsualDoors(t *testing.T) {
	z := newZone(t, func(o *web.Options) { o.Targets = []string{"https://pay.example"} })
	p := z.site.Browser().Get("/")
	for k, want := range map[string]string{
		"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		"Cache-Control": "no-store", "X-Ua-Compatible": "IE=edge",
	} {
		if got := p.Header.Get(k); got != want {
			t.Errorf("%s: %q, want %q", k, got, want)
		}
	}
	csp := p.Header.Get("Content-Security-Policy")
	if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "form-action 'self' https://pay.example") {
		t.Errorf("policy %q", csp)
	}
	for _, c := range p.Header.Values("Set-Cookie") {
		if !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") {
			t.Errorf("cookie %q", c)
		}
	}
}

func TestSignInChangesTheSessionAndSignOutEndsIt(t *testing.T) {
	z := newZone(t)
	b := z.site.Browser()
	b.SignIn(citizen())
	u, _ := url.Parse(z.site.Server.URL)
	session := func() string {
		for _, c := range b.Client.Jar.Cookies(u) {
			if c.Name == "hall_session" {
				return c.Value
			}
		}
		return ""
	}
	first := session()
	me := citizen()
	b.SignIn(me)
	if second := session(); second == first || second == "" {
		t.Errorf("session id not changed: %q, %q", first, second)
	}
	if b.Get("/price").Status != 200 {
		t.Fatal("not signed in")
	}
	if err := web.EndSessions(t.Context(), z.db, me.ID); err != nil {
		t.Fatal(err)
	}
	if p := b.Get("/price"); p.URL.Path != "/login" {
		t.Errorf("a session ended at the server still opens %s", p.URL.Path)
	}
	var plain int
	err := z.db.QueryRow(t.Context(), `SELECT count(*) FROM web_session WHERE position(convert_to('王晓明','UTF8') in data) > 0`).Scan(&plain)
	if err != nil || plain > 0 {
		t.Errorf("names readable in sessions: %d, %v", plain, err)
	}
}

func TestEndedSessionIsNotRevivedByARequestUnderWay(t *testing.T) {
	z := newZone(t)
	me := citizen()
	z.rt.Get("/slow", web.SignedIn, func(w http.ResponseWriter, r *http.Request) error {
		if err := web.EndSessions(r.Context(), z.db, me.ID); err != nil { // as if signed out in another tab
			return err
		}
		web.Flash(r.Context(), "green", "慢")
		return web.Render(w, r, 200, page("慢", templ.NopComponent))
	})
	b := z.site.Browser()
	b.SignIn(me)
	if p := b.Get("/slow"); p.Status != 200 {
		t.Fatalf("status %d", p.Status)
	}
	if p := b.Get("/price"); p.URL.Path != "/login" {
		t.Errorf("the session lives again, at %s", p.URL)
	}
}

func TestRatesAreLimited(t *testing.T) {
	z := newZone(t, func(o *web.Options) { o.Limits = map[web.Class]web.Limit{web.ClassPage: {Every: time.Hour, Burst: 3}} })
	b := z.site.Browser()
	var p *webtest.Page
	for range 4 {
		p = b.Get("/")
	}
	if p.Status != 429 || p.Header.Get("Retry-After") == "" || !p.Has("秒后再试") {
		t.Errorf("status %d: %s", p.Status, p.Text())
	}
}

func TestBodyTooBig(t *testing.T) {
	z := newZone(t)
	b := z.site.Browser()
	b.SignIn(citizen())
	p := b.Get("/price").Submit("保存", url.Values{"price": {strings.Repeat("9", 300<<10)}})
	if p.Status != 413 || !p.Has("内容太大") {
		t.Errorf("status %d: %s", p.Status, p.Text())
	}
}

func TestLogHoldsNoAddressesAndNoWords(t *testing.T) {
	z := newZone(t)
	b := z.site.Browser()
	b.SignIn(citizen())
	b.Get("/login?back=/secret-place")
	b.Get("/price").Submit("保存", url.Values{"price": {"4242"}})
	out := z.log.String()
	for _, w := range []string{"secret-place", "4242", "王", "127.0.0.1"} {
		if strings.Contains(out, w) {
			t.Errorf("the log holds %q:\n%s", w, out)
		}
	}
	if !strings.Contains(out, `"route":"/price"`) {
		t.Errorf("no access line:\n%s", out)
	}
}

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{
		"/me": "/me", "/app/1?return=check": "/app/1?return=check", "": "/", "//evil.example": "/", "https://evil.example": "/",
		"/\\evil.example": "/", "javascript:alert(1)": "/", "/a\nb": "/", "me": "/",
	} {
		if got := web.LocalPath(in); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSourceBehindProxies(t *testing.T) {
	for _, tt := range []struct{ name, remote, forwarded, want string }{
		{"direct", "8.8.8.8:1", "1.1.1.1", "8.8.8.8"},
		{"through a proxy of ours", "10.0.0.1:1", "9.9.9.9", "9.9.9.9"},
		{"forged before our proxy", "10.0.0.1:1", "1.1.1.1, 9.9.9.9", "9.9.9.9"},
		{"two proxies of ours", "10.0.0.1:1", "9.9.9.9, 10.0.0.2", "9.9.9.9"},
		{"nonsense", "10.0.0.1:1", "abc", "10.0.0.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := sourceThrough(t, tt.remote, tt.forwarded); got != tt.want {
				t.Errorf("source %q, want %q", got, tt.want)
			}
		})
	}
}

func TestStaticFiles(t *testing.T) {
	z := newZone(t)
	b := z.site.Browser()
	p := b.Get("/")
	at := strings.Index(p.Body, "/s/yc.css?v=")
	if at < 0 {
		t.Fatal("no style sheet")
	}
	href := p.Body[at : at+strings.IndexByte(p.Body[at:], '"')]
	css := b.Get(href)
	if css.Status != 200 || !strings.Contains(css.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(css.Header.Get("Content-Type"), "text/css") {
		t.Errorf("style sheet: %d %v", css.Status, css.Header)
	}
	if old := b.Get("/s/yc.css?v=000000000000"); strings.Contains(old.Header.Get("Cache-Control"), "immutable") {
		t.Error("a wrong version is kept for ever")
	}
	if b.Get("/s/none.js").Status != 404 {
		t.Error("a missing file is not 404")
	}
}

func TestFirstLoadStaysWithinBudget(t *testing.T) {
	z := newZone(t)
	total := 0
	for _, path := range []string{"/", "/s/yc.css", "/s/yc.js", "/s/keys.js", "/s/vendor/htmx.js", "/s/seal.svg"} {
		req, err := http.NewRequest(http.MethodGet, z.site.Server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip") // set by hand, so that the client counts packed bytes
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		_, _ = b.ReadFrom(res.Body)
		res.Body.Close()
		total += b.Len()
		if path == "/s/yc.js" {
			if whole := z.site.Browser().Get(path).Body; len(whole) > 8<<10 {
				t.Errorf("%s is %d bytes, limit 8 KB", path, len(whole))
			}
		}
		limit := map[string]int{"/s/yc.css": 12 << 10, "/s/yc.js": 4 << 10}[path]
		if limit > 0 && b.Len() > limit {
			t.Errorf("%s is %d bytes packed, limit %d", path, b.Len(), limit)
		}
	}
	if total > 60<<10 {
		t.Errorf("first load %d bytes, goal 60 KB", total)
	}
}

func TestStreamSendsFragmentsAndContinues(t *testing.T) {
	z := newZone(t)
	z.rt.Get("/live", web.Public, func(w http.ResponseWriter, r *http.Request) error {
		return web.Stream(w, r, func(_ context.Context, last string, send func(string, templ.Component) error) error {
			return send("after-"+last, templ.Raw("<p>一</p>\n<p>二</p>"))
		})
	}, web.Live())
	b := z.site.Browser()
	b.Header = http.Header{"Last-Event-ID": {"7"}}
	p := b.Get("/live")
	if want := "id: after-7\ndata: <p>一</p>\ndata: <p>二</p>\n\n"; !strings.Contains(p.Body, want) {
		t.Errorf("stream %q lacks %q", p.Body, want)
	}
}

func TestFormValues(t *testing.T) {
	f := web.FormOf(url.Values{"name": {"　王·晓明 "}, "e": {"e\u0301"}, "do": {"later"}})
	if f.Value("name") != "王·晓明" || f.Value("e") != "é" || f.Do() != "later" {
		t.Errorf("values %q %q %q", f.Value("name"), f.Value("e"), f.Do())
	}
	f.Fail("name", "一")
	f.Fail("name", "二")
	f.Fail("price", "100%")
	if f.Err("name") != "一" || f.Err("price") != "100%" || len(f.Errors()) != 2 || f.OK() {
		t.Errorf("errors %v", f.Errors())
	}
	var none *web.Form
	if none.Value("x") != "" || !none.OK() || none.Has("x") {
		t.Error("a nil form is not empty and fine")
	}
}

type tooLong struct{ n int }

func (tooLong) Error() string                        { return "too long" }
func (e tooLong) Sentence() (string, map[string]any) { return "err.long", map[string]any{"n": e.n} }

func TestFaultsAreSaidInTheZonesWords(t *testing.T) {
	z := newZone(t, func(o *web.Options) {
		o.Sentence = func(id string, slots map[string]any) string { return fmt.Sprintf("%s 多了 %v 位", id, slots["n"]) }
	})
	z.rt.Post("/check", web.Public, func(w http.ResponseWriter, r *http.Request) error {
		f, err := web.ParseForm(r)
		if err != nil {
			return err
		}
		f.Check("price", fmt.Errorf("read price: %w", tooLong{3}))
		f.Check("other", errors.New("secret inside"))
		return web.Again(w, r, f, pricing(f))
	}, web.Repeatable())
	b := z.site.Browser()
	v := webtest.Fields(formOf(b.Get("/")))
	p := b.Post("/check", v)
	if p.Status != 422 || !p.Has("err.long 多了 3 位") || strings.Contains(p.Body, "secret") {
		t.Errorf("page: %d %s", p.Status, p.Text())
	}
	b.Header = http.Header{"Accept": {"application/problem+json"}}
	var doc web.Problem
	if p := b.Post("/check", v); json.Unmarshal([]byte(p.Body), &doc) != nil || doc.Errors["price"] != "err.long 多了 3 位" || doc.Detail != doc.Errors["price"] {
		t.Errorf("problem: %+v", doc)
	}
}

func TestSweepRemovesOnlyWhatLapsed(t *testing.T) {
	z := newZone(t)
	ctx := t.Context()
	for _, q := range []string{
		`INSERT INTO web_session VALUES (decode(repeat('aa',32),'hex'), null, 'x', now() - interval '1 minute'), (decode(repeat('bb',32),'hex'), null, 'x', now() + interval '1 minute')`,
		`INSERT INTO web_form VALUES ('oldoldoldoldoldold', gen_random_uuid(), now() - interval '3 days', '/'), ('newnewnewnewnewnew', gen_random_uuid(), now(), null)`,
	} {
		if _, err := z.db.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	if err := web.Sweep(ctx, z.db); err != nil {
		t.Fatal(err)
	}
	var sessions, forms int
	if err := z.db.QueryRow(ctx, `SELECT (SELECT count(*) FROM web_session), (SELECT count(*) FROM web_form)`).Scan(&sessions, &forms); err != nil {
		t.Fatal(err)
	}
	if sessions != 1 || forms != 1 {
		t.Errorf("%d sessions, %d forms left, want one each", sessions, forms)
	}
}

func ptr[T any](v T) *T { return &v }

func formOf(p *webtest.Page) *html.Node {
	for n := range p.Root.Descendants() {
		if n.Data == "form" && strings.HasPrefix(webtest.Attr(n, "action"), "/price") {
			return n
		}
	}
	return &html.Node{}
}

func sourceThrough(t *testing.T, remote, forwarded string) string {
	t.Helper()
	rt := web.NewRouter(web.Options{Zone: "hall", Keys: sm.NewTestKeyring(t), Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	var got string
	rt.Get("/who", web.Public, func(_ http.ResponseWriter, r *http.Request) error { got = web.Source(r.Context()); return nil }, web.Machine())
	req := httptest.NewRequest(http.MethodGet, "/who", nil)
	req.RemoteAddr = remote
	req.Header.Set("X-Forwarded-For", forwarded)
	rt.ServeHTTP(httptest.NewRecorder(), req)
	return got
}
