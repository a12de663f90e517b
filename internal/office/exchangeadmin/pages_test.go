package exchangeadmin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/exchangeadmin"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/staff"
)

const unitCode = "321202001003GB00012F00030504"

// city is the pages, an administrator at them, and a registry outside.
type city struct {
	*exchange.Exchange
	client   *exchange.Client
	clock    *clock.Fake
	browser  *webtest.Browser
	site     *webtest.Site
	registry *httptest.Server
	key      *sm.Signer
	us       *sm.PublicKey
	answer   func(w http.ResponseWriter, r *http.Request, head spec.Head)
	entries  []audit.Entry
	office   *officetest.Office
	room     *exchangeadmin.Room
}

func (c *city) Record(_ context.Context, _ pg.DB, e audit.Entry) error {
	c.entries = append(c.entries, e)
	return nil
}

func newCity(t *testing.T) *city {
	t.Helper()
	o := officetest.New(t)
	c := &city{office: o, clock: o.Clock}
	c.clock.Set(time.Date(2026, 11, 24, 10, 15, 0, 0, clock.Shanghai()))
	pool, keys := o.Pool, sm.NewTestKeyring(t)
	var err error
	if c.Exchange, err = exchange.New(exchange.Options{Pool: pool, Keyring: keys, Clock: c.clock, Audit: c}); err != nil {
		t.Fatal(err)
	}
	c.client = exchange.NewClient(c.Exchange)
	rt := web.NewRouter(web.Options{
		Zone: "office", DB: pool, Keys: keys, Clock: c.clock, Failure: ui.Failure, Decorate: ui.Use(ui.Site{Class: "staff", Name: "泰州市不动产", Sub: "一窗平台", Title: "一窗平台"}),
		Authorizer: web.AuthorizerFunc(func(_ context.Context, who web.Identity, right web.Right) error {
			if staff.RightsOf(who.Roles)[right] {
				return nil
			}
			return web.Forbidden("这一页由系统管理员使用。")
		}),
	})
	c.room = exchangeadmin.New(exchangeadmin.Parts{Pool: pool, Exchange: c.Exchange, Client: c.client, Clock: c.clock, Audit: c, Staff: o.Staff, Calendar: o.Catalog.Calendar(), Door: o.Door,
		Outbox: casework.NewOutbox(o.Cases)})
	c.room.Routes(rt)
	c.site = webtest.Serve(t, rt)
	c.browser = c.person("admin")
	c.outside(t)
	return c
}

// person opens a browser for somebody with a role.
func (c *city) person(role string) *webtest.Browser {
	b := c.site.Browser()
	b.SignIn(web.Identity{ID: uuid.New(), Kind: "staff", Name: "周运维", Shown: "周*维", Roles: []string{role}, Since: c.clock.Now()})
	return b
}

// outside starts the registry.
func (c *city) outside(t *testing.T) {
	t.Helper()
	var err error
	if c.key, err = sm.NewSigner(); err != nil {
		t.Fatal(err)
	}
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head) {
		body := fmt.Sprintf(`{"unitCode":%q,"transferable":true,"changed":false,"restrictions":[],"openCase":false,"version":"v","asOf":"2026-11-24T10:15:00+08:00"}`, unitCode)
		if strings.HasSuffix(r.URL.Path, "/ping") {
			body = fmt.Sprintf(`{"echo":"x","system":"海陵登记","version":"3.2","now":%q}`, c.clock.Now().Format(time.RFC3339))
		}
		_ = spec.Answer(w, c.identity(), r.URL.Path, head, 200, []byte(body), c.clock.Now())
	}
	c.registry = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head, err := spec.CheckRequest(r, func(string) (spec.Verifier, error) { return spec.SM2Verifier(c.us), nil }, c.clock.Now())
		var fault *spec.Fault
		if errors.As(err, &fault) {
			_ = spec.Refuse(w, c.identity(), r.URL.Path, head, fault, "", c.clock.Now())
			return
		}
		c.answer(w, r, head)
	}))
	t.Cleanup(c.registry.Close)
}

func (c *city) identity() spec.Identity {
	return spec.Identity{App: "registry-321202", Key: spec.SM2Key(c.key)}
}

// good fills in the form of a new endpoint.
func (c *city) good() url.Values {
	return url.Values{
		"name": {"海陵区不动产登记系统"}, "counterpart": {"registry"}, "district": {"321202"}, "dialect": {"unified"}, "grade": {"4"}, "enabled": {"yes"}, "baseURL": {c.registry.URL},
		"app": {"taizhou-yichuang"}, "peerApp": {"registry-321202"}, "scheme": {"SM2"}, "peerKey": {string(c.key.Public().PEM())}, "retryDelay": {"0.01"}, "attempts": {"1"}, "reason": {"联调"},
	}
}

// add makes the endpoint on the pages and lets the registry know our key.
func (c *city) add(t *testing.T) (*webtest.Page, exchange.Endpoint) {
	t.Helper()
	p := c.browser.Get("/admin/endpoints/new").Submit("新增", c.good())
	all, err := c.Endpoints(t.Context())
	if err != nil || len(all) != 1 || p.Status != http.StatusOK {
		t.Fatalf("%d %s, endpoints %v, %v", p.Status, p.Text(), all, err)
	}
	if c.us, err = sm.ParsePublicKey([]byte(all[0].OwnKey)); err != nil {
		t.Fatal(err)
	}
	return p, all[0]
}

// ask calls the registry once.
func (c *city) ask(t *testing.T, key string) error {
	t.Helper()
	route := exchange.Route{District: "321202", Case: "TZ-261124-00412-6"}
	return c.client.Call(t.Context(), spec.RegistryUnitStatus, route, key, spec.RegistryUnitStatusRequest{UnitCode: unitCode}, nil)
}

func clean(t *testing.T, p *webtest.Page) {
	t.Helper()
	for _, fault := range p.Faults() {
		t.Errorf("%s: %s", p.URL.Path, fault)
	}
}

func says(t *testing.T, p *webtest.Page, words ...string) {
	t.Helper()
	for _, w := range words {
		if !p.Has(w) {
			t.Errorf("%s (%d) does not say %s:\n%s", p.URL.Path, p.Status, w, p.Text())
		}
	}
}

func TestEndpointIsAddedTestedAndChanged(t *testing.T) {
	c := newCity(t)
	empty := c.browser.Get("/admin/endpoints")
	clean(t, empty)
	says(t, empty, "还没有接入点")
	clean(t, c.browser.Get("/admin/endpoints/new"))

	p, e := c.add(t)
	clean(t, p)
	says(t, p, "已新增", "海陵区不动产登记系统", "正常", "我方公钥", "BEGIN PUBLIC KEY")
	if strings.Contains(p.Body, "PRIVATE KEY") {
		t.Error("the page shows the private key")
	}
	if len(c.entries) != 1 || c.entries[0].ActorName != "周运维" || c.entries[0].Source == "" || c.entries[0].Detail["原因"] != "联调" {
		t.Errorf("audit %+v", c.entries)
	}

	says(t, p.Submit("测试", nil), "连通：海陵登记 3.2", "双方密钥与时钟无误")

	p = c.browser.Get("/admin/endpoints/"+e.ID.String()).Submit("保存", url.Values{"enabled": {"no"}, "rate": {"２０"}, "reason": {"停机维护"}})
	says(t, p, "已保存，立即生效", "已停用")
	now, err := c.Endpoint(t.Context(), e.ID)
	if err != nil || now.Enabled || now.Limits.Rate != 20 || now.OwnKey != e.OwnKey || now.PeerKey != e.PeerKey {
		t.Errorf("saved %+v, %v", now, err)
	}
	if err := c.ask(t, "off"); !errors.Is(err, exchange.ErrUnavailable) {
		t.Errorf("switched off: %v", err)
	}
	says(t, c.browser.Get("/admin/endpoints"), "海陵区", "已停用", "1 次，异常 0 次")
}

func TestWrongSettingsStandBesideTheirFields(t *testing.T) {
	c := newCity(t)
	for _, tt := range []struct {
		field, value, words string
	}{
		{"name", "", "名称"},
		{"counterpart", "", "对方系统"},
		{"dialect", "carrier-pigeon", "没有这种对接方式"},
		{"baseURL", "ftp://x", "应为 http 或 https 地址"},
		{"app", "一窗", "应用号为 3 至 64 个小写字母"},
		{"peerKey", "not a key", "应为 PEM 格式的 SM2 公钥"},
		{"attempts", "2.5", "请填写整数"},
		{"attempts", "99", "应在 1 与 20 次之间"},
		{"rate", "many", "请填写数字"},
		{"burst", "", "应在 1 与 10000 次之间"},
		{"reason", "", "修改原因"},
	} {
		values := c.good()
		values.Set(tt.field, tt.value)
		p := c.browser.Get("/admin/endpoints/new").Submit("新增", values)
		if p.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s=%q: status %d", tt.field, tt.value, p.Status)
		}
		clean(t, p)
		says(t, p, "需要修改", tt.words)
		if tt.field != "name" && p.Value("name") != "海陵区不动产登记系统" {
			t.Errorf("%s=%q: what was typed is lost", tt.field, tt.value)
		}
	}
	if all, err := c.Endpoints(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("saved %v, %v", all, err)
	}
}

func TestTwoAdministratorsAtOnePage(t *testing.T) {
	c := newCity(t)
	_, e := c.add(t)
	mine, theirs := c.browser.Get("/admin/endpoints/"+e.ID.String()), c.person("admin").Get("/admin/endpoints/"+e.ID.String())
	theirs.Submit("保存", url.Values{"concurrency": {"5"}, "reason": {"限流"}})
	p := mine.Submit("保存", url.Values{"concurrency": {"9"}, "reason": {"放开"}})
	says(t, p, "别人改过这个接入点")
	if now, err := c.Endpoint(t.Context(), e.ID); err != nil || now.Limits.Concurrency != 5 {
		t.Errorf("saved %+v, %v", now.Limits, err)
	}
}

func TestKeysAreRenewed(t *testing.T) {
	c := newCity(t)
	_, e := c.add(t)
	c.browser.Get("/admin/endpoints/"+e.ID.String()).Submit("保存", url.Values{"renew": {"yes"}, "reason": {"换钥"}})
	now, err := c.Endpoint(t.Context(), e.ID)
	if err != nil || now.OwnKey == e.OwnKey || now.PeerKey != e.PeerKey {
		t.Errorf("keys %+v, %v", now, err)
	}
	p := c.browser.Get("/admin/endpoints/"+e.ID.String()).Submit("测试", nil)
	says(t, p, "对方拒收：验签不通过")

	p = c.browser.Get("/admin/endpoints/"+e.ID.String()).Submit("保存", url.Values{"scheme": {"HMAC-SM3"}, "secret": {"short"}, "reason": {"换算法"}})
	says(t, p, "共享密钥至少 16 个字符")
	if p.Value("secret") != "" {
		t.Error("the secret came back")
	}
	p.Submit("保存", url.Values{"scheme": {"HMAC-SM3"}, "secret": {"0123456789abcdef"}, "reason": {"换算法"}})
	if now, err = c.Endpoint(t.Context(), e.ID); err != nil || now.Scheme != spec.SchemeHMAC || now.OwnKey != "" {
		t.Errorf("keys %+v, %v", now, err)
	}
}

func TestTestCallInWords(t *testing.T) {
	c := newCity(t)
	_, e := c.add(t)
	page := func() *webtest.Page { return c.browser.Get("/admin/endpoints/" + e.ID.String()) }
	for _, tt := range []struct {
		words  string
		answer func(w http.ResponseWriter, r *http.Request, head spec.Head)
	}{
		{"还没有实现连通测试操作", func(w http.ResponseWriter, r *http.Request, head spec.Head) {
			_ = spec.Refuse(w, c.identity(), r.URL.Path, head, spec.NewFault(spec.CodeUnknownOperation, ""), "", c.clock.Now())
		}},
		{"对方时钟相差 119 秒", func(w http.ResponseWriter, r *http.Request, head spec.Head) {
			body := fmt.Sprintf(`{"echo":"x","system":"海陵登记","now":%q}`, c.clock.Now().Add(2*time.Minute).Format(time.RFC3339))
			_ = spec.Answer(w, c.identity(), r.URL.Path, head, 200, []byte(body), c.clock.Now())
		}},
		{"对方的应答不可信：报文头缺失或格式不对", func(w http.ResponseWriter, r *http.Request, head spec.Head) { fmt.Fprint(w, "hello") }},
		{"没有连通：对方忙或在维护", func(w http.ResponseWriter, r *http.Request, head spec.Head) { w.WriteHeader(http.StatusBadGateway) }},
	} {
		c.answer = tt.answer
		says(t, page().Submit("测试", nil), tt.words)
	}
	c.registry.Close()
	says(t, page().Submit("测试", nil), "没有连通：网络不通")
}

func TestDeskEndpointNeedsNoAddress(t *testing.T) {
	c := newCity(t)
	p := c.browser.Get("/admin/endpoints/new").Submit("新增", url.Values{"name": {"泰兴市不动产登记"}, "counterpart": {"registry"}, "district": {"321283"}, "dialect": {"desk"}, "reason": {"没有系统"}})
	clean(t, p)
	says(t, p, "泰兴市不动产登记", "由人办理")
	if strings.Contains(p.Body, "/test") {
		t.Error("a desk can be tested")
	}
}

func TestCallsAreFoundAndShown(t *testing.T) {
	c := newCity(t)
	_, e := c.add(t)
	for i := range 55 {
		c.clock.Advance(time.Second)
		if err := c.ask(t, fmt.Sprintf("key-%02d", i)); err != nil {
			t.Fatal(err)
		}
	}
	c.clock.Advance(time.Second)
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head) {
		_ = spec.Refuse(w, c.identity(), r.URL.Path, head, spec.NewFault(spec.CodeInternal, ""), "", c.clock.Now())
	}
	if err := c.ask(t, "broken"); !errors.Is(err, exchange.ErrUnavailable) {
		t.Fatal(err)
	}

	p := c.browser.Get("/admin/calls")
	clean(t, p)
	says(t, p, "房源状态核验", "无应答或故障", "TZ-261124-00412-6", "新的在前")
	older := p.Click("下一页")
	clean(t, older)
	if got := strings.Count(older.Body, "/admin/calls/0"); got != 6 {
		t.Errorf("%d calls on the second page", got)
	}
	says(t, older.Click("上一页"), "无应答或故障")

	trouble := c.browser.Get("/admin/calls?outcome=trouble&endpoint=" + e.ID.String() + "&case=TZ-261124-00412-6&from=2026-11-24&to=20261124")
	if got := strings.Count(trouble.Body, "/admin/calls/0"); got != 1 {
		t.Errorf("%d calls in trouble:\n%s", got, trouble.Text())
	}
	says(t, c.browser.Get("/admin/calls?message=registry.unit.status:key-07"), "成功")
	says(t, c.browser.Get("/admin/calls?operation=tax.assessment.push"), "没有符合条件的调用")
	wrong := c.browser.Get("/admin/calls?case=TZ-261124-00412-7&from=gestern")
	clean(t, wrong)
	says(t, wrong, "办件编号不对", "日期应形如 2026-11-24")
	if p := c.browser.Get("/admin/calls?after=nonsense"); p.Status != http.StatusNotFound {
		t.Errorf("forged cursor: %d", p.Status)
	}

	one := trouble.Click("11-24")
	clean(t, one)
	says(t, one, "海陵区不动产登记系统", "registry.unit.status:broken", "对方忙或在维护", unitCode, "个人信息已遮盖")
	if strings.Contains(one.Body, "/admin/outbox/") {
		t.Error("a call behind which nothing waits can be sent again")
	}
	if err := c.RollUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	charts := c.browser.Get("/admin/endpoints/" + e.ID.String())
	clean(t, charts)
	says(t, charts, "56 次：成功 55，不予办理 0，失败 1（1.8%）", "房源状态核验", "2.3 次/时")
	table := charts.Click("查看数据表")
	clean(t, table)
	says(t, table, "每小时的调用", "10 时")
	says(t, charts.Click("30 天"), "每天", "56 次")
}

func TestOnlyAdministratorsMayEnter(t *testing.T) {
	c := newCity(t)
	for _, role := range []string{"window", "leader", "security", "auditor"} {
		b := c.person(role)
		for _, path := range []string{"/admin/endpoints", "/admin/endpoints/new", "/admin/endpoints/" + uuid.NewString(), "/admin/calls", "/admin/calls/" + uuid.NewString(), "/admin/outbox", "/admin/outbox/confirm?do=park&job=1", "/admin/alarms/rules/silence"} {
			if p := b.Get(path); p.Status != http.StatusForbidden {
				t.Errorf("%s at %s: %d", role, path, p.Status)
			}
		}
	}
	for _, path := range []string{"/admin/endpoints/" + uuid.NewString(), "/admin/endpoints/1", "/admin/calls/" + uuid.NewString(), "/admin/calls/x"} {
		if p := c.browser.Get(path); p.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
}
