package exchangeadmin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
	"yichuang/internal/office/staff"
)

// alarmsView is what the page of alarms shows.
type alarmsView struct {
	active []exchange.Alarm
	past   []exchange.Alarm
	rules  []exchange.Rule
	next   string // address of the next page of the history
	later  bool   // this is not its first page
	now    time.Time
	may    bool // change rules
}

const alarmsPerPage = 20

func (room *Room) showAlarms(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	me, err := room.Staff.ByID(ctx, room.Pool, web.Who(ctx).ID)
	if err != nil {
		return err
	}
	v := alarmsView{now: room.Clock.Now(), may: me.Has(staff.Admin)}
	after := uuid.Nil
	if text := r.URL.Query().Get("after"); text != "" {
		if after, err = uuid.Parse(text); err != nil {
			return web.NotFound()
		}
		v.later = true
	}
	if v.active, err = room.Exchange.ActiveAlarms(ctx); err != nil {
		return err
	}
	v.active = slices.DeleteFunc(v.active, func(a exchange.Alarm) bool { return !concerns(me, a) })
	var more bool
	if v.past, more, err = room.Exchange.PastAlarms(ctx, after, alarmsPerPage); err != nil {
		return err
	}
	if more {
		v.next = "/admin/alarms?after=" + v.past[len(v.past)-1].ID.String() + "#past"
	}
	v.past = slices.DeleteFunc(v.past, func(a exchange.Alarm) bool { return !concerns(me, a) })
	if v.rules, err = room.Exchange.Rules(ctx); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, alarmsPage(v))
}

// concerns tells whether an alarm is somebody's business: all are the administrators'; a leader's are those of the lines of
// their department in their district, the platform's leaders' all.
func concerns(p staff.Person, a exchange.Alarm) bool {
	switch {
	case p.Has(staff.Admin):
		return true
	case !p.Has(staff.Leader), p.District != "" && a.District != "" && p.District != a.District:
		return false
	}
	return p.Department == "platform" || p.Department == a.Counterpart || p.Department == "window" && a.Counterpart != ""
}

// Unread counts the alarms that concern who asks and that nobody has taken on, for the head of every page.
func (room *Room) Unread(ctx context.Context) int {
	who := web.Who(ctx)
	if !who.Is(staff.Admin) && !who.Is(staff.Leader) {
		return 0
	}
	open, err := room.Exchange.OpenAlarms(ctx)
	if err != nil || open == 0 || who.Is(staff.Admin) {
		return open // a page comes without its number rather than not at all
	}
	all, err := room.Exchange.ActiveAlarms(ctx)
	if err != nil {
		return 0
	}
	me, err := room.Staff.ByID(ctx, room.Pool, who.ID)
	if err != nil {
		return 0
	}
	n := 0
	for _, a := range all {
		if a.AckedAt.IsZero() && concerns(me, a) {
			n++
		}
	}
	return n
}

// alarm finds the alarm of the address, if it concerns who asks.
func (room *Room) alarm(r *http.Request) (exchange.Alarm, error) {
	id, err := idOf(r)
	if err != nil {
		return exchange.Alarm{}, err
	}
	a, err := room.Exchange.Alarm(r.Context(), id)
	if err != nil {
		return a, missing(err)
	}
	me, err := room.Staff.ByID(r.Context(), room.Pool, web.Who(r.Context()).ID)
	if err != nil {
		return a, err
	}
	if !concerns(me, a) {
		return a, web.NotFound()
	}
	return a, nil
}

func (room *Room) showAlarm(w http.ResponseWriter, r *http.Request) error {
	a, err := room.alarm(r)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, alarmPage(a, room.Clock.Now(), web.NewForm(r)))
}

// acknowledge notes that somebody has taken an alarm on, and what they do about it.
func (room *Room) acknowledge(w http.ResponseWriter, r *http.Request) error {
	a, err := room.alarm(r)
	if err != nil {
		return err
	}
	f, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	if !f.Require("note", "处理情况") {
		return web.Again(w, r, f, alarmPage(a, room.Clock.Now(), f))
	}
	err = room.Exchange.Acknowledge(r.Context(), a.ID, actor(r.Context()), f.Value("note"))
	if errors.Is(err, exchange.ErrAcked) {
		return web.Conflict("这条告警已由别人确认。")
	}
	if err != nil {
		return err
	}
	web.Flash(r.Context(), "green", "已确认：“"+a.Name+"”"+kindWord(a.Kind)+"。")
	return web.Redirect(w, r, "/admin/alarms")
}

// rule finds the rule of the address.
func (room *Room) rule(r *http.Request) (exchange.Rule, error) {
	all, err := room.Exchange.Rules(r.Context())
	if err != nil {
		return exchange.Rule{}, err
	}
	for _, rule := range all {
		if string(rule.Kind) == r.PathValue("kind") {
			return rule, nil
		}
	}
	return exchange.Rule{}, web.NotFound()
}

func (room *Room) showRule(w http.ResponseWriter, r *http.Request) error {
	rule, err := room.rule(r)
	if err != nil {
		return err
	}
	f := web.NewForm(r)
	for name, value := range map[string]string{
		"above": strconv.FormatFloat(rule.Above, 'f', -1, 64), "calls": strconv.Itoa(rule.MinCalls), "window": strconv.Itoa(int(rule.Window.Minutes())), "enabled": yes(rule.Enabled), "sms": yes(rule.SMS),
		"quietFrom": quietWord(rule.Quiet, rule.Quiet.From), "quietTo": quietWord(rule.Quiet, rule.Quiet.To), "version": strconv.FormatInt(rule.Version, 10),
	} {
		f.Default(name, value)
	}
	return web.Render(w, r, http.StatusOK, rulePage(rule, f))
}

// quietWord is one end of the quiet hours; "" where there are none.
func quietWord(q exchange.Quiet, minutes int) string {
	if q.From == q.To {
		return ""
	}
	return time.Time{}.Add(time.Duration(minutes) * time.Minute).Format("15:04")
}

func (room *Room) saveRule(w http.ResponseWriter, r *http.Request) error {
	before, err := room.rule(r)
	if err != nil {
		return err
	}
	f, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	rule := readRule(f, before)
	if f.OK() {
		err := room.Exchange.SetRule(r.Context(), actor(r.Context()), rule, f.Value("reason"))
		if err == nil {
			web.Flash(r.Context(), "green", "已保存，一分钟内生效。")
			return web.Redirect(w, r, "/admin/alarms#rules")
		}
		if !toldRule(f, err) {
			return err
		}
	}
	return web.Again(w, r, f, rulePage(before, f))
}

// readRule takes a rule out of the form; before is what it was.
func readRule(f *web.Form, before exchange.Rule) exchange.Rule {
	rule := before
	rule.Enabled, rule.SMS = f.Value("enabled") == "yes", f.Value("sms") == "yes"
	rule.Above = readNumber(f, "above")
	if f.Has("calls") {
		rule.MinCalls, rule.Window = readCount(f, "calls"), time.Duration(readCount(f, "window"))*time.Minute
	}
	rule.Quiet.From, rule.Quiet.To = readMinute(f, "quietFrom"), readMinute(f, "quietTo")
	rule.Version, _ = strconv.ParseInt(f.Value("version"), 10, 64)
	f.Require("reason", "修改原因")
	return rule
}

// readMinute reads a time of the day as minutes after midnight; 0 where it is empty.
func readMinute(f *web.Form, name string) int {
	text := land.Narrow(strings.TrimSpace(f.Value(name)))
	if text == "" {
		return 0
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		f.Fail(name, "时间应形如 22:00")
		return 0
	}
	return t.Hour()*60 + t.Minute()
}

// toldRule puts an error of SetRule beside its field, and says whether it could.
func toldRule(f *web.Form, err error) bool {
	var setting *exchange.ErrSetting
	switch {
	case errors.As(err, &setting) && setting.Field == "quiet":
		f.Fail("quietFrom", setting.Reason)
	case errors.As(err, &setting):
		f.Fail(setting.Field, setting.Reason)
	case errors.Is(err, exchange.ErrStale):
		f.Fail("reason", "您打开这一页之后，别人改过这条规则。请重新打开再改")
	default:
		return false
	}
	return true
}
