package exchangeadmin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
)

// stuck is a case whose orders to other systems get no answer, with their jobs in the queue; the numbers of the jobs.
func (c *city) stuck(t *testing.T) (*casework.Case, []casework.Outgoing) {
	t.Helper()
	o := c.office
	for _, op := range []string{"registry.unit.status", "housing.contract.query"} {
		o.Cases.On(op, officetest.Silent(exchange.ErrUnavailable))
	}
	k := o.Submit(o.Application(0))
	o.Work()
	if _, err := o.Pool.Exec(t.Context(), `INSERT INTO river_job (kind, args, state, queue, priority, max_attempts, attempt, scheduled_at)
		SELECT 'casework.do', jsonb_build_object('order', id), 'retryable', 'default', 1, 10000, 3, $2 FROM work_orders WHERE case_id = $1 AND kind = 'system' AND state = 'open' AND sent_at IS NULL ORDER BY operation`,
		k.ID, o.Clock.Now().Add(5*time.Minute)); err != nil {
		t.Fatal(err)
	}
	list, _, err := casework.NewOutbox(o.Cases).List(t.Context(), o.Pool, false, 0, 50)
	if err != nil || len(list) < 2 {
		t.Fatalf("%d orders wait, %v", len(list), err)
	}
	return k, list
}

// job reads how a job of the queue stands.
func (c *city) job(t *testing.T, id int64) (state string, at time.Time) {
	t.Helper()
	if err := c.office.Pool.QueryRow(t.Context(), `SELECT state::text, scheduled_at FROM river_job WHERE id = $1`, id).Scan(&state, &at); err != nil {
		t.Fatal(err)
	}
	return state, at
}

// confirm is the address at which something is to be done with jobs.
func confirm(do string, list ...casework.Outgoing) string {
	q := url.Values{"do": {do}}
	for _, g := range list {
		q.Add("job", strconv.FormatInt(g.Job, 10))
	}
	return "/admin/outbox/confirm?" + q.Encode()
}

func TestWhatWaitsIsParkedSentAgainAndDiscarded(t *testing.T) {
	c := newCity(t)
	k, list := c.stuck(t)
	c.clock.Advance(20 * time.Minute)
	c.office.Carry()
	c.watch(t)
	if all, err := c.ActiveAlarms(t.Context()); err != nil || len(all) == 0 || all[0].Kind != exchange.QueueAge || !strings.Contains(all[0].Words, "最早的等了 20 分钟") {
		t.Errorf("alarms %+v, %v", all, err)
	}
	p := c.browser.Get("/admin/outbox")
	clean(t, p)
	says(t, p, string(k.No), list[0].Name, "对方系统没有回应，正在自动重试", "3 次", "20 分钟")

	park := c.browser.Get(confirm("park", list...))
	clean(t, park)
	says(t, park, fmt.Sprintf("停放 %d 件", len(list)), list[1].Name)
	blank := park.Submit("停放", nil)
	clean(t, blank)
	says(t, blank, "原因")
	says(t, blank.Submit("停放", url.Values{"reason": {"对方停机检修"}}), fmt.Sprintf("已停放 %d 件", len(list)), "没有待发的报文")
	if state, at := c.job(t, list[0].Job); state != "scheduled" || at.Year() != 9999 {
		t.Errorf("parked: %s until %s", state, at)
	}
	parked := c.browser.Get("/admin/outbox?view=parked")
	clean(t, parked)
	says(t, parked, list[0].Name, "由周运维停放：对方停机检修")
	c.office.Carry() // the alarm's own text among it
	c.watch(t)
	if all, err := c.ActiveAlarms(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("what is parked still alarms: %+v, %v", all, err)
	}
	if last := c.entries[len(c.entries)-1]; last.Action != "停放待发报文" || last.Case != string(k.No) || last.Detail["原因"] != "对方停机检修" {
		t.Errorf("audit %+v", last)
	}

	says(t, c.browser.Get(confirm("resend", list[0])).Submit("重发", url.Values{"reason": {"对方已恢复"}}), "已安排重发 1 件", list[0].Name)
	if state, at := c.job(t, list[0].Job); state != "available" || at.Year() == 9999 {
		t.Errorf("sent again: %s at %s", state, at)
	}

	discard := c.browser.Get(confirm("discard", list[1]))
	says(t, discard, "不能恢复", "改由人工办理")
	says(t, discard.Submit("不再发送", url.Values{"reason": {"对方要求线下办"}}), "已去掉 1 件")
	if state, _ := c.job(t, list[1].Job); state != "cancelled" {
		t.Errorf("discarded: %s", state)
	}
	order, err := c.office.Cases.Order(t.Context(), c.office.Pool, list[1].Order)
	if err != nil || order.Kind != casework.Person || order.State != "open" || order.Trouble != "停止自动发送" {
		t.Errorf("order %+v, %v", order, err)
	}
	says(t, c.browser.Get(confirm("discard", list[1])), "没有选中待发的报文")
}

func TestWhatIsBeingSentIsLeftAlone(t *testing.T) {
	c := newCity(t)
	_, list := c.stuck(t)
	page := c.browser.Get(confirm("park", list[0], list[1]))
	if _, err := c.office.Pool.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempted_at = now() WHERE id = $1`, list[0].Job); err != nil {
		t.Fatal(err)
	}
	says(t, page.Submit("停放", url.Values{"reason": {"检修"}}), "已停放 1 件", "另有 1 件正在发送或已经发出")
	for _, path := range []string{"/admin/outbox/confirm?do=dance&job=1", "/admin/outbox/confirm?do=park&job=x", "/admin/outbox?after=x"} {
		if p := c.browser.Get(path); p.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
}

func TestCallsLeadToWhatWaitsBehindThem(t *testing.T) {
	c := newCity(t)
	_, e := c.add(t)
	_, list := c.stuck(t)
	c.registry.Close()
	if err := c.ask(t, list[0].Order.String()); err == nil {
		t.Fatal("the registry answers")
	}
	p := c.browser.Get("/admin/calls?endpoint=" + e.ID.String())
	clean(t, p)
	if want := fmt.Sprintf(`name="job" value="%d"`, list[0].Job); !strings.Contains(p.Body, want) || !strings.Contains(p.Body, `name="do" value="park"`) {
		t.Errorf("what waits behind the call cannot be chosen: no %s", want)
	}
	one := c.browser.Get("/admin/calls?outcome=trouble").Click("11-24")
	clean(t, one)
	says(t, one, "还没有发成", string(spec.RegistryUnitStatus))
	says(t, one.Click("重发"), "重发 1 件", list[0].Name)
}

func TestMessagesFindTheirJobs(t *testing.T) {
	c := newCity(t)
	_, list := c.stuck(t)
	known, stranger := "registry.unit.status:"+list[0].Order.String()+"/p1", "registry.unit.status:"+uuid.NewString()
	found, err := casework.NewOutbox(c.office.Cases).OfMessages(t.Context(), c.office.Pool, []string{known, stranger, "no id at all"})
	if err != nil || len(found) != 1 || found[known] != list[0].Job {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestTidingsAreNotToldWhenDiscarded(t *testing.T) {
	c := newCity(t)
	k, _ := c.stuck(t)
	if _, err := c.office.Pool.Exec(t.Context(), `INSERT INTO river_job (kind, args, state, queue, priority, max_attempts, scheduled_at)
		VALUES ('casework.tidings', jsonb_build_object('case', $1::uuid, 'what', 'filed', 'at', $2::timestamptz), 'available', 'default', 1, 10, $2)`, k.ID, c.clock.Now()); err != nil {
		t.Fatal(err)
	}
	outbox := casework.NewOutbox(c.office.Cases)
	message := "housing.trust.apply:" + (casework.Tidings{Case: k.ID, What: casework.Filed}).Key()
	found, err := outbox.OfMessages(t.Context(), c.office.Pool, []string{message})
	if err != nil || found[message] == 0 {
		t.Fatalf("found %v, %v", found, err)
	}
	page := c.browser.Get(confirm("discard", casework.Outgoing{Job: found[message]}))
	clean(t, page)
	says(t, page, "资金托管申请", "有关部门", "还没有发过")
	says(t, page.Submit("不再发送", url.Values{"reason": {"对方不收"}}), "已去掉 1 件")
	events, err := c.office.Cases.Events(t.Context(), c.office.Pool, k.ID)
	if err != nil || !slices.ContainsFunc(events, func(e casework.Event) bool { return e.Text == "资金托管申请不再发送：对方不收" }) {
		t.Errorf("events %+v, %v", events, err)
	}
}
