package account_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/hall/account"
	"yichuang/internal/hall/migrations"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/log"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
)

// hall is the sign-in and the face check on a real database, with an identity provider and a face service of the test's own.
type hall struct {
	pool      *pgxpool.Pool
	directory *account.Directory
	audit     *audit.Log
	site      *webtest.Site
	idp       *idp
	clock     *clock.Fake
	face      *faces
}

// faces is a face service: it answers what the test says.
type faces struct {
	result account.FaceResult
	down   bool
	asked  []question
}

type question struct {
	citizen account.Citizen
	photo   []byte
}

func (f *faces) Check(_ context.Context, c account.Citizen, photo []byte) (account.FaceResult, error) {
	f.asked = append(f.asked, question{c, photo})
	if f.down {
		return account.FaceResult{}, account.ErrFaceDown
	}
	return f.result, nil
}

func wang() map[string]any {
	return map[string]any{"sub": "u-1", "name": "王晓明", "id_number": "321202199003073517", "phone_number": "13812345678", "doc_kind": "1", "real_name_level": 3}
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{clock: clock.NewFake(clock.System().Now()), face: &faces{}}
	id, err := land.MakeIDNumber("321202", "1990-03-07", 351)
	if err != nil {
		t.Fatal(err)
	}
	h.pool = pgtest.New(t, pgtest.Set{FS: web.Migrations, Table: web.MigrationTable}, pgtest.Set{FS: migrations.FS, Table: "goose_hall"}, pgtest.Set{FS: audit.Migrations(), Table: audit.Table})
	keys := sm.NewTestKeyring(t)
	h.directory = account.NewDirectory(keys)
	h.audit = audit.New(h.pool, keys, h.clock)
	h.idp = newIDP(t, h.clock)
	h.idp.person = wang()
	h.idp.person["id_number"] = string(id)

	rt := web.NewRouter(web.Options{Zone: "hall", DB: h.pool, Keys: keys, Failure: ui.Failure,
		Decorate: ui.Use(ui.Site{Class: "hall", Name: "泰州市不动产", Title: "网上办事大厅", SignIn: "/login", Mine: "/me"}), Clock: h.clock})
	h.site = webtest.Serve(t, rt)
	account.NewSignIn(account.SignInOptions{Pool: h.pool, Directory: h.directory, Audit: h.audit, Clock: h.clock, Log: log.Discard(),
		Provider: account.ProviderConfig{Issuer: h.idp.URL, ClientID: "yichuang-hall", Secret: "s3cret", Redirect: h.site.Server.URL + "/login/callback", MinLevel: 2},
	}).Routes(rt)
	account.NewFace(account.FaceOptions{Pool: h.pool, Directory: h.directory, Service: h.face, Audit: h.audit, Clock: h.clock, Log: log.Discard(),
		Purposes: []account.Purpose{{Code: "confirm", Title: "确认买卖申请", Why: "网上确认要本人办理。"}, {Code: "archive", Title: "查询档案", Why: "档案只给本人看。"}}}).Routes(rt)
	me := func(w http.ResponseWriter, r *http.Request) error {
		return web.Render(w, r, 200, ui.Str("我是 "+web.Who(r.Context()).Shown))
	}
	rt.Get("/me", web.SignedIn, me)
	rt.Get("/app/{id}", web.SignedIn, me)
	return h
}

// come signs the provider's person in and returns the browser and the page it ended on.
func (h *hall) come() (*webtest.Browser, *webtest.Page) {
	b := h.site.Browser()
	return b, b.Get("/login").Click("用江苏政务服务账号登录")
}

func (h *hall) accounts(t *testing.T) (n int) {
	t.Helper()
	if err := h.pool.QueryRow(t.Context(), `SELECT count(*) FROM citizen_account`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSignInLeadsBackToWhereOneWanted(t *testing.T) {
	h := newHall(t)
	b := h.site.Browser()
	p := b.Get("/app/7?return=check")
	if f := p.Faults(); len(f) > 0 || p.URL.Path != "/login" {
		t.Fatalf("sign-in page at %s: %q", p.URL, f)
	}
	p = p.Click("用江苏政务服务账号登录")
	if p.URL.Path != "/app/7" || p.URL.Query().Get("return") != "check" || !p.Has("我是 王*明") {
		t.Fatalf("ended at %s: %s", p.URL, p.Text())
	}
	if p := b.Get("/login"); p.URL.Path != "/me" {
		t.Errorf("signed in, the sign-in page leads to %s", p.URL)
	}
	h.come() // again from another device
	if n := h.accounts(t); n != 1 {
		t.Errorf("%d accounts of one person", n)
	}
}

func TestNothingPersonalIsReadableAtRest(t *testing.T) {
	h := newHall(t)
	h.come()
	var row string
	if err := h.pool.QueryRow(t.Context(), `SELECT encode(name || number || phone || document || person, 'escape') FROM citizen_account`).Scan(&row); err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"王晓明", "32120219900307", "13812345678"} {
		if strings.Contains(row, w) {
			t.Errorf("row holds %q", w)
		}
	}
}

func TestLookupNeedsNameAndNumberExactly(t *testing.T) {
	h := newHall(t)
	h.come()
	number := h.idp.person["id_number"].(string)
	for _, tt := range []struct {
		name  string
		who   string
		doc   land.Document
		found bool
	}{
		{"both right", "王晓明", land.Document{Kind: land.DocIDCard, Number: number}, true},
		{"name wrong", "王晓", land.Document{Kind: land.DocIDCard, Number: number}, false},
		{"number wrong", "王晓明", land.Document{Kind: land.DocIDCard, Number: number[:17] + "0"}, false},
		{"kind wrong", "王晓明", land.Document{Kind: land.DocPassport, Number: number}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := h.directory.Lookup(t.Context(), h.pool, tt.who, tt.doc)
			if tt.found && (err != nil || c.Name != "王晓明" || c.Document.Number != number || c.Phone != "13812345678" || c.Level != 3) {
				t.Errorf("got %+v, %v", c, err)
			}
			if !tt.found && err != account.ErrNone {
				t.Errorf("error %v, want ErrNone", err)
			}
		})
	}
}

func TestNameAndPhoneFollowTheProvider(t *testing.T) {
	h := newHall(t)
	h.come()
	h.idp.person["name"], h.idp.person["phone_number"] = "王明", "13900001111"
	h.come()
	doc := land.Document{Kind: land.DocIDCard, Number: h.idp.person["id_number"].(string)}
	c, err := h.directory.Lookup(t.Context(), h.pool, "王明", doc)
	if err != nil || c.Phone != "13900001111" || h.accounts(t) != 1 {
		t.Errorf("got %+v, %v, %d accounts", c, err, h.accounts(t))
	}
	if _, err := h.directory.Lookup(t.Context(), h.pool, "王晓明", doc); err != account.ErrNone {
		t.Errorf("the old name still finds: %v", err)
	}
}

func TestSignInRefusesWhatIsNotProven(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*idp)
		status int
		words  string
	}{
		{"wrong nonce", func(p *idp) { p.lie = func(c map[string]any) { c["nonce"] = "other" } }, 403, "没有通过核对"},
		{"other audience", func(p *idp) { p.lie = func(c map[string]any) { c["aud"] = "somebody" } }, 403, "没有通过核对"},
		{"other issuer", func(p *idp) { p.lie = func(c map[string]any) { c["iss"] = "https://evil.example" } }, 403, "没有通过核对"},
		{"expired", func(p *idp) { p.lie = func(c map[string]any) { c["exp"] = c["iat"].(int64) - 60 } }, 403, "没有通过核对"},
		{"signed by another key", func(p *idp) { p.forge = true }, 403, "没有通过核对"},
		{"number with a wrong check digit", func(p *idp) { p.person["id_number"] = "321202199003073510" }, 403, "没有通过核对"},
		{"no name", func(p *idp) { p.person["name"] = "" }, 403, "没有通过核对"},
		{"weakly checked person", func(p *idp) { p.person["real_name_level"] = "1" }, 403, "实名等级不够"},
		{"no level", func(p *idp) { delete(p.person, "real_name_level") }, 403, "实名等级不够"},
		{"cancelled", func(p *idp) { p.deny = true }, 400, "您在登录页面选择了取消"},
		{"provider down", func(p *idp) { p.down = true }, 503, "怎么继续"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHall(t)
			tt.change(h.idp)
			b, p := h.come()
			if p.Status != tt.status || !p.Has(tt.words) {
				t.Errorf("status %d: %s", p.Status, p.Text())
			}
			if f := p.Faults(); len(f) > 0 {
				t.Errorf("page rules: %q", f)
			}
			if n := h.accounts(t); n != 0 {
				t.Errorf("%d accounts made", n)
			}
			if p := b.Get("/me"); p.URL.Path != "/login" {
				t.Errorf("signed in all the same, at %s", p.URL)
			}
		})
	}
}

func TestProviderThatComesBackWorksWithoutRestart(t *testing.T) {
	h := newHall(t)
	h.idp.down = true
	b, p := h.come()
	h.idp.down = false
	if p = p.Click("再试一次登录"); p.URL.Path != "/me" || !b.Get("/me").Has("王*明") {
		t.Errorf("ended at %s", p.URL)
	}
}

func TestCallbackBelongsToTheBrowserThatAsked(t *testing.T) {
	h := newHall(t)
	for _, tt := range []struct{ name, query string }{
		{"nobody asked", "code=x&state=y"},
		{"nothing given", ""},
	} {
		if p := h.site.Browser().Get("/login/callback?" + tt.query); p.Status != 400 || !p.Has("登录用的时间太长") {
			t.Errorf("%s: %d %s", tt.name, p.Status, p.Text())
		}
	}
	// A code that was meant for an attacker's browser is offered to a victim's.
	b := h.site.Browser()
	b.Client.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(req.URL.Path, "/login/callback") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	stolen := b.Get("/login/start").Header.Get("Location")
	if p := h.site.Browser().Get(stolen[strings.Index(stolen, "/login/callback"):]); p.Status != 400 {
		t.Errorf("another browser's code: %d", p.Status)
	}
	// An attempt of an hour ago is void.
	h.clock.Advance(time.Hour)
	if p := b.Get(stolen[strings.Index(stolen, "/login/callback"):]); p.Status != 400 {
		t.Errorf("late code: %d", p.Status)
	}
}

func TestSignOutEndsTheSessionAndOffersToLeaveTheProvider(t *testing.T) {
	h := newHall(t)
	b, _ := h.come()
	p := b.Get("/face/confirm").Submit("退出", nil)
	if p.URL.Path != "/logout" || !p.Has("已退出") || !strings.Contains(p.Body, h.idp.URL+"/end") {
		t.Fatalf("at %s: %s", p.URL, p.Text())
	}
	if p := b.Get("/me"); p.URL.Path != "/login" {
		t.Errorf("still signed in at %s", p.URL)
	}
}

func photo(t *testing.T) webtest.File {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 200, 200)), nil); err != nil {
		t.Fatal(err)
	}
	return webtest.File{Name: "me.jpg", Data: b.Bytes()}
}

func TestFacePassesForOnePurposeAndTenMinutes(t *testing.T) {
	h := newHall(t)
	h.face.result = account.FaceResult{Pass: true, Score: 96}
	b, _ := h.come()
	p := b.Get("/face/confirm?back=/app/7")
	if f := p.Faults(); len(f) > 0 {
		t.Errorf("page rules: %q", f)
	}
	p = p.Upload("开始核验", photo(t))
	if p.URL.Path != "/app/7" {
		t.Fatalf("at %s, %d: %s", p.URL, p.Status, p.Text())
	}
	if q := h.face.asked[0]; q.citizen.Name != "王晓明" || q.citizen.Document.Number != h.idp.person["id_number"] || len(q.photo) == 0 {
		t.Errorf("asked %v", q)
	}
	if !b.Get("/face/confirm").Has("刚才已经核验通过") {
		t.Error("not remembered")
	}
	if b.Get("/face/archive").Has("刚才已经核验通过") {
		t.Error("good for another purpose")
	}
	h.clock.Advance(11 * time.Minute)
	if b.Get("/face/confirm").Has("刚才已经核验通过") {
		t.Error("good after eleven minutes")
	}
	if p := b.Get("/face/other"); p.Status != 404 {
		t.Errorf("unknown purpose: %d", p.Status)
	}
}

func TestFaceFailsThreeTimesAndThenTheCounter(t *testing.T) {
	h := newHall(t)
	h.face.result = account.FaceResult{Pass: false, Score: 40, Reason: "different"}
	b, _ := h.come()
	for left := 2; left >= 1; left-- {
		p := b.Get("/face/confirm").Upload("开始核验", photo(t))
		if p.Status != 422 || !p.Has("还可以试 "+string(rune('0'+left))+" 次") {
			t.Fatalf("with %d left: %d %s", left, p.Status, p.Text())
		}
	}
	p := b.Get("/face/confirm").Upload("开始核验", photo(t))
	if !p.Has("今天已经试了 3 次") || !p.Has("预约到大厅") {
		t.Fatalf("after three: %d %s", p.Status, p.Text())
	}
	h.face.result.Pass = true
	if p := b.Get("/face/confirm"); strings.Contains(p.Body, "开始核验") {
		t.Error("a fourth try is offered")
	}
	h.clock.Advance(25 * time.Hour)
	h.come() // the session has ended meanwhile
	b, _ = h.come()
	if p := b.Get("/face/confirm?back=/me").Upload("开始核验", photo(t)); p.URL.Path != "/me" {
		t.Errorf("next day: %d %s", p.Status, p.Text())
	}
}

func TestFaceServiceDownCountsNoTry(t *testing.T) {
	h := newHall(t)
	h.face.down = true
	b, _ := h.come()
	p := b.Get("/face/confirm?back=/app/7").Upload("开始核验", photo(t))
	if p.Status != 503 || !p.Has("这一次不算次数") || !p.Has("大厅窗口") {
		t.Fatalf("status %d: %s", p.Status, p.Text())
	}
	if p = p.Click("过几分钟再试"); !p.Has("3 次") || p.URL.Query().Get("back") != "/app/7" {
		t.Errorf("back at %s: %s", p.URL, p.Text())
	}
}

func TestFaceNeedsAPicture(t *testing.T) {
	h := newHall(t)
	b, _ := h.come()
	for _, tt := range []struct {
		name string
		file webtest.File
	}{
		{"nothing", webtest.File{Name: ""}},
		{"a program", webtest.File{Name: "me.jpg", Data: []byte("MZ\x90\x00this is a program")}},
		{"a cut picture", webtest.File{Name: "me.jpg", Data: photo(t).Data[:100]}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := b.Get("/face/confirm").Upload("开始核验", tt.file)
			if p.Status != 422 || !p.Has("有 1 处需要修改") || len(h.face.asked) > 0 {
				t.Errorf("status %d: %s", p.Status, p.Text())
			}
		})
	}
}

func TestBackNeverLeadsElsewhere(t *testing.T) {
	h := newHall(t)
	for _, evil := range []string{"https://evil.example/", "//evil.example", "/\\evil.example"} {
		b := h.site.Browser()
		if p := b.Get("/login?back=" + url.QueryEscape(evil)).Click("用江苏政务服务账号登录"); p.URL.Path != "/me" || strings.Contains(p.URL.Host, "evil") {
			t.Errorf("%s led to %s", evil, p.URL)
		}
	}
}

func TestComingGoingAndRefusalsAreRecorded(t *testing.T) {
	h := newHall(t)
	h.face.result.Pass = true
	b, _ := h.come()
	b.Get("/face/confirm").Upload("开始核验", photo(t))
	b.Get("/face/confirm").Submit("退出", nil)
	h.idp.forge = true
	h.come()
	rows, err := h.pool.Query(t.Context(), `SELECT action || ' ' || outcome FROM audit_record ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if want := []string{"登录 ok", "人脸核验 ok", "退出 ok", "登录 refused"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("recorded %q, %v, want %q", got, err, want)
	}
}
