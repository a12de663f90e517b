package exchangeadmin_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/staff"
)

// desk opens a browser for somebody who has an account.
func (c *city) desk(t *testing.T, login, department, phone string, roles ...string) *webtest.Browser {
	t.Helper()
	a := staff.Account{Person: staff.Person{Login: login, Name: "周运维", Phone: phone, Department: department, Roles: roles}, Password: "Zhengque-2026", Document: login}
	if err := c.office.Staff.Add(t.Context(), []staff.Account{a}); err != nil {
		t.Fatal(err)
	}
	p, err := c.office.Staff.BySignIn(t.Context(), c.office.Pool, login)
	if err != nil {
		t.Fatal(err)
	}
	b := c.site.Browser()
	b.SignIn(web.Identity{ID: p.ID, Kind: "staff", Name: p.Name, Shown: "周*维", Roles: p.Roles, Since: c.clock.Now()})
	return b
}

// open notes that the circuit of an endpoint has been open since a moment; zero closes it.
func (c *city) open(t *testing.T, e exchange.Endpoint, since time.Time) {
	t.Helper()
	var at *time.Time
	if !since.IsZero() {
		at = &since
	}
	if _, err := c.office.Pool.Exec(t.Context(), `UPDATE exchange_endpoints SET open_since = $2 WHERE id = $1`, e.ID, at); err != nil {
		t.Fatal(err)
	}
}

func (c *city) watch(t *testing.T) {
	t.Helper()
	if err := c.room.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// texts are the SMS that were sent to those whom a test put at a desk.
func (c *city) texts() []message.StaffNotice {
	return slices.DeleteFunc(officetest.Sent[message.StaffNotice](c.office, message.StaffTold), func(n message.StaffNotice) bool { return n.Phone == officetest.Phone })
}

func TestAlarmIsSeenTextedTakenOnAndOver(t *testing.T) {
	c := newCity(t)
	_, e := c.add(t)
	admin := c.desk(t, "ops", "platform", "13900000007", staff.Admin)
	registry := c.desk(t, "registry-lead", "registry", "13900000008", staff.Leader)
	housing := c.desk(t, "housing-lead", "housing", "13900000009", staff.Leader)
	empty := admin.Get("/admin/alarms")
	clean(t, empty)
	says(t, empty, "没有告警，一切正常", "还没有过告警", "失败偏多", "5 分钟内至少 10 次调用，失败超过 20%", "一熔断就报")

	c.open(t, e, c.clock.Now())
	c.watch(t)
	c.watch(t)
	texts := c.texts()
	phones := ""
	for _, m := range texts {
		phones += m.Phone + " "
		if m.Kind != "sms.alarm" || m.Args["line"] != "海陵区不动产登记系统" || m.Args["what"] != "熔断，从 11-24 10:15 起熔断，暂停调用" {
			t.Errorf("text %+v", m)
		}
	}
	if phones != "13900000007 13900000008 " {
		t.Errorf("texted %s", phones)
	}

	if p := housing.Get("/admin/alarms"); p.Has("海陵区不动产登记系统") {
		t.Error("the housing bureau's leader sees an alarm of the registry's line")
	}
	says(t, registry.Get("/admin/alarms"), "海陵区不动产登记系统")
	p := admin.Get("/admin/alarms")
	clean(t, p)
	says(t, p, "熔断", "海陵区不动产登记系统", "从 11-24 10:15 起熔断，暂停调用")
	one := p.Click("海陵区不动产登记系统")
	clean(t, one)
	says(t, one, "仍在持续", "11-24 10:15:00")
	blank := one.Submit("确认告警", nil)
	clean(t, blank)
	says(t, blank, "处理情况")
	other := registry.Get("/admin/alarms").Click("海陵区不动产登记系统")
	says(t, one.Submit("确认告警", url.Values{"note": {"已联系登记中心机房"}}), "已确认", "周运维", "已联系登记中心机房")
	if p := other.Submit("确认告警", url.Values{"note": {"又一次"}}); p.Status != http.StatusConflict {
		t.Errorf("acknowledged again: %d", p.Status)
	}
	if last := c.entries[len(c.entries)-1]; last.Action != "确认告警" || last.ActorName != "周运维" || last.Detail["处理"] != "已联系登记中心机房" {
		t.Errorf("audit %+v", last)
	}

	c.open(t, e, time.Time{})
	c.clock.Advance(90 * time.Minute)
	c.watch(t)
	over := admin.Get("/admin/alarms")
	clean(t, over)
	says(t, over, "没有告警，一切正常", "1 小时 30 分", "已联系登记中心机房")
	says(t, over.Click("海陵区不动产登记系统"), "已恢复")
}

func TestRulesAreChangedByAdministratorsOnly(t *testing.T) {
	c := newCity(t)
	admin, leader := c.desk(t, "ops", "platform", "", staff.Admin), c.desk(t, "lead", "platform", "", staff.Leader)
	if p := leader.Get("/admin/alarms"); p.Status != http.StatusOK || strings.Contains(p.Body, "/admin/alarms/rules/") {
		t.Errorf("a leader's page: %d", p.Status)
	}
	if p := leader.Get("/admin/alarms/rules/latency"); p.Status != http.StatusForbidden {
		t.Errorf("a leader at a rule: %d", p.Status)
	}
	if p := admin.Get("/admin/alarms/rules/moods"); p.Status != http.StatusNotFound {
		t.Errorf("a rule that is none: %d", p.Status)
	}
	form := admin.Get("/admin/alarms").Click("修改失败偏多规则")
	clean(t, form)
	older := admin.Get("/admin/alarms/rules/error-share")
	for _, tt := range []struct{ field, value, words string }{
		{"above", "100", "失败占比应小于 100"},
		{"above", "viel", "请填写数字"},
		{"calls", "0", "应在 1 与 100000 次之间"},
		{"window", "1.5", "请填写整数"},
		{"quietFrom", "25:00", "时间应形如 22:00"},
		{"reason", "", "修改原因"},
	} {
		values := url.Values{"reason": {"收紧"}}
		values.Set(tt.field, tt.value)
		p := form.Submit("保存", values)
		clean(t, p)
		if p.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s=%s: %d", tt.field, tt.value, p.Status)
		}
		says(t, p, tt.words)
	}
	says(t, form.Submit("保存", url.Values{"above": {"10"}, "calls": {"5"}, "quietFrom": {"22:00"}, "quietTo": {"07:00"}, "reason": {"收紧"}}),
		"已保存", "5 分钟内至少 5 次调用，失败超过 10%", "22:00 至 07:00 不发短信")
	says(t, older.Submit("保存", url.Values{"above": {"30"}, "reason": {"放宽"}}), "别人改过这条规则")
}

func TestManyAlarmsAtOnceAreOneText(t *testing.T) {
	c := newCity(t)
	_, e := c.add(t)
	second := e
	second.ID, second.Name, second.District, second.Version = uuid.Nil, "兴化市不动产登记系统", "321281", 0
	keys := &exchange.Keys{Signer: c.key, Peer: c.key.Public()}
	second.PeerApp = "registry-321281"
	if _, err := c.SetEndpoint(t.Context(), exchange.Actor{ID: "1", Name: "周运维"}, second, keys, "联调"); err != nil {
		t.Fatal(err)
	}
	c.desk(t, "ops", "platform", "13900000007", staff.Admin)
	if _, err := c.office.Pool.Exec(t.Context(), `UPDATE exchange_endpoints SET open_since = $1`, c.clock.Now()); err != nil {
		t.Fatal(err)
	}
	c.watch(t)
	texts := c.texts()
	if len(texts) != 1 || !strings.HasSuffix(texts[0].Args["line"], "等 2 处") || texts[0].Args["what"] != "熔断" {
		t.Errorf("texts %+v", texts)
	}
	if all, err := c.ActiveAlarms(t.Context()); err != nil || len(all) != 2 || all[0].ToldAt.IsZero() || all[1].ToldAt.IsZero() {
		t.Errorf("alarms %+v, %v", all, err)
	}
}
