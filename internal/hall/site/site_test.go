package site_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	catalogdata "yichuang/catalog"
	"yichuang/internal/catalog"
	"yichuang/internal/hall/site"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
)

type hall struct {
	*webtest.Site
	cat   *catalog.Catalog
	todo  int
	halls []site.Hall
}

func newHall(t *testing.T) *hall {
	t.Helper()
	cat, err := catalog.Load(catalogdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{cat: cat}
	pool := pgtest.New(t, pgtest.Set{FS: web.Migrations, Table: web.MigrationTable})
	rt := web.NewRouter(web.Options{Zone: "hall", DB: pool, Keys: sm.NewTestKeyring(t), Failure: ui.Failure,
		Decorate: ui.Use(site.Frame(func(context.Context) int { return 3 }))})
	site.New(site.Options{
		Catalog: func() *catalog.Catalog { return cat },
		Clock:   clock.NewFake(time.Date(2026, 11, 24, 10, 32, 0, 0, clock.Shanghai())),
		Todo:    func(context.Context, uuid.UUID) (int, error) { return h.todo, nil },
		Halls:   func(context.Context) ([]site.Hall, error) { return h.halls, nil },
	}).Routes(rt)
	h.Site = webtest.Serve(t, rt)
	return h
}

func wang() web.Identity {
	return web.Identity{ID: uuid.Must(uuid.NewV7()), Kind: "citizen", Name: "王晓明", Shown: "王*明"}
}

func TestPagesKeepTheRules(t *testing.T) {
	h := newHall(t)
	h.todo, h.halls = 2, []site.Hall{{Name: "市政务服务中心", Href: "/halls/1", Waiting: 31, Minutes: 70, Open: true}}
	stranger, citizen := h.Browser(), h.Browser()
	citizen.SignIn(wang())
	paths := []string{"/", "/items", "/items?q=没有这样的事", "/a11y", "/help", "/privacy", "/nothing"}
	for _, i := range h.cat.Items() {
		paths = append(paths, "/items/"+i.Code, "/items/"+i.Code+"/materials")
	}
	for _, path := range paths {
		for who, b := range map[string]*webtest.Browser{"stranger": stranger, "citizen": citizen} {
			p := b.Get(path)
			if f := p.Faults(); len(f) > 0 {
				t.Errorf("%s as %s: %q", path, who, f)
			}
			if strings.Contains(p.Body, "王晓明") {
				t.Errorf("%s shows the full name", path)
			}
			if len(p.Body) > 60<<10 {
				t.Errorf("%s is %d bytes, limit 60 KB", path, len(p.Body))
			}
		}
	}
}

func TestHomeSaysWhatWaitsForWhom(t *testing.T) {
	h := newHall(t)
	h.todo = 2
	b := h.Browser()
	p := b.Get("/")
	if !p.Has("买卖房屋，一次办好") || p.Has("件事要处理") || !p.Has("登录") || !p.Has("各大厅工作日 9:00 至 17:00 开放") {
		t.Errorf("for a stranger: %s", p.Text())
	}
	b.SignIn(wang())
	if p = b.Get("/"); !p.Has("您有 2 件事要处理") || !p.Has("王*明") || !p.Has("消息 3") {
		t.Errorf("with things to do: %s", p.Text())
	}
	h.todo = 0
	if p = b.Get("/"); !p.Has("买卖房屋，一次办好") {
		t.Errorf("with nothing to do: %s", p.Text())
	}
	h.halls = []site.Hall{
		{Name: "市政务服务中心", Href: "/halls/1", Waiting: 31, Minutes: 70, Left: 5, Open: true},
		{Name: "高港区不动产大厅", Href: "/halls/2", Note: "明天 9:00 开门"},
	}
	if p = b.Get("/"); !p.Has("等候 31 人，约 1 小时 10 分 · 今天余号 5") || !p.Has("明天 9:00 开门") || !p.Has("10:32 更新") {
		t.Errorf("halls: %s", p.Text())
	}
}

func TestSearchFindsByWordsAndSaysWhereElse(t *testing.T) {
	h := newHall(t)
	for _, tt := range []struct {
		query string
		found bool
	}{
		{"二手房过户", true}, {"过户", true}, {"贷款买二手房", true}, {"存量房", true}, {"离婚", false}, {"x", false}, {strings.Repeat("过", 500), false},
	} {
		p := h.Browser().Get("/items?q=" + url.QueryEscape(tt.query))
		if found := !p.Has("网上还没有"); found != tt.found || p.Status != 200 {
			t.Errorf("%q: found %v, want %v", tt.query, found, tt.found)
		}
		if !tt.found && !p.Has("12345") {
			t.Errorf("%q: no other way", tt.query)
		}
	}
	if p := h.Browser().Get("/items?q=" + url.QueryEscape(`<script>alert(1)</script>`)); strings.Contains(p.Body, "<script>alert") {
		t.Error("the query is not escaped")
	}
}

// Every answer to every question leads to exactly what the catalog says, so that the guide and the application ask for the same.
func TestGuideShowsMaterialsOfTheAnswers(t *testing.T) {
	h := newHall(t)
	b := h.Browser()
	for _, item := range h.cat.Items() {
		for _, q := range item.Questions {
			for _, o := range q.Options {
				facts, err := item.StartFacts("2026-11-24").With(o.Set)
				if err != nil {
					t.Fatal(err)
				}
				p := b.Get("/items/" + item.Code + "?" + url.Values{q.Code: {o.Value}}.Encode())
				needed := map[string]bool{}
				for _, m := range item.RequiredMaterials(facts) {
					needed[m.Name] = true
				}
				shown := p.Text()[strings.Index(p.Text(), "要准备的材料"):]
				for _, m := range item.Materials {
					if needed[m.Name] && !strings.Contains(shown, m.Name) {
						t.Errorf("%s, %s=%s: %s is needed but not shown", item.Code, q.Code, o.Value, m.Name)
					}
				}
				for _, f := range h.cat.Fees(item, facts) {
					if !p.Has(f.Amount.String() + " 元") {
						t.Errorf("%s, %s=%s: fee %s of %s not shown", item.Code, q.Code, o.Value, f.Name, f.Amount)
					}
				}
			}
		}
	}
}

func TestGuideCarriesAnswersOn(t *testing.T) {
	h := newHall(t)
	item := h.cat.Items()[0]
	q := item.Questions[0]
	last := q.Options[len(q.Options)-1]
	query := url.Values{q.Code: {last.Value}}.Encode()
	p := h.Browser().Get("/items/" + item.Code + "?" + query + "&other=%3Cx%3E")
	if p.Value(q.Code) != last.Value {
		t.Errorf("the answer is not kept: %q", p.Value(q.Code))
	}
	for _, to := range []string{"/items/" + item.Code + "/materials?" + query, "/apply/" + item.Code + "?" + query} {
		if !strings.Contains(p.Body, to+`"`) {
			t.Errorf("no link to %s", to)
		}
	}
	if list := p.Click("打印这份清单"); !list.Has(last.Label) || !list.Has("2026 年 11 月 24 日") {
		t.Errorf("the list forgot the answer: %s", list.Text())
	}
	if p := h.Browser().Get("/items/no-such-item"); p.Status != http.StatusNotFound {
		t.Errorf("unknown item: %d", p.Status)
	}
	if p := h.Browser().Get("/items/" + item.Code + "?" + q.Code + "=nonsense"); p.Status != 200 || p.Value(q.Code) != "" {
		t.Errorf("unknown answer: %d, %q", p.Status, p.Value(q.Code))
	}
}

func TestModesStayAndLeadBack(t *testing.T) {
	h := newHall(t)
	b := h.Browser()
	p := b.Get("/help")
	b.Header = http.Header{"Referer": {h.Server.URL + "/help"}}
	p = p.Click("长辈版")
	b.Header = nil
	if p.URL.Path != "/help" || !strings.Contains(p.Body, `class="elder"`) || !p.Has("已换成长辈版") {
		t.Fatalf("at %s: %.200s", p.URL, p.Body)
	}
	if p = b.Get("/"); !p.Has("请家人帮办") || !p.Has("打电话 12345") || p.Has("核验证书") {
		t.Errorf("elder home: %s", p.Text())
	}
	p = b.Get("/a11y").Click("高对比度")
	if p.URL.Path != "/" || !strings.Contains(p.Body, `class="contrast"`) {
		t.Errorf("contrast: at %s", p.URL)
	}
	if p = b.Get("/a11y?mode="); strings.Contains(p.Body, `class="contrast"`) {
		t.Error("the usual mode did not come back")
	}
	if p = b.Get("/a11y?mode=" + url.QueryEscape(`"><script>`)); p.Status != 404 {
		t.Errorf("unknown mode: %d", p.Status)
	}
	b.Header = http.Header{"Referer": {"https://evil.example/x"}}
	if p = b.Get("/a11y?mode=elder"); p.URL.Path != "/" {
		t.Errorf("a stranger's page led to %s", p.URL)
	}
}
