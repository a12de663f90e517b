package reconcile_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/reconcile"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/trust"
)

const (
	bank    = "fcyh"
	hailing = "321202"
	today   = land.Date("2026-11-24")
)

// counterparts plays banks and registries, and the lines to them.
type counterparts struct {
	movements []spec.TrustMovement
	units     []spec.EnteredUnit
	unit      spec.RegistryUnitQueryResponse
	silent    bool
	asked     int
}

func (c *counterparts) Endpoints(context.Context) ([]exchange.Endpoint, error) {
	return []exchange.Endpoint{
		{Name: "凤城银行", Counterpart: "bank", Party: bank, PeerApp: "bank-fcyh", Enabled: true},
		{Name: "海陵登记", Counterpart: "registry", District: hailing, PeerApp: "registry-321202", Enabled: true},
		{Name: "泰兴（人工）", Counterpart: "registry", District: "321283", Enabled: true},
		{Name: "停用的银行", Counterpart: "bank", Party: "off", PeerApp: "bank-off"},
	}, nil
}

func (c *counterparts) Call(_ context.Context, op spec.Operation, _ exchange.Route, _ string, in, out any) error {
	if c.silent {
		return &exchange.Unavailable{Endpoint: "凤城银行", Reason: "timed-out"}
	}
	c.asked++
	var answer any
	switch op {
	case spec.BankTrustStatement: // two a page
		ask := in.(spec.BankTrustStatementRequest)
		page := spec.BankTrustStatementResponse{Date: ask.Date, Movements: c.movements}
		if ask.After == "" && len(c.movements) > 2 {
			page.Movements, page.Next = c.movements[:2], "2"
		} else if ask.After != "" {
			page.Movements = c.movements[2:]
		}
		answer = page
	case spec.RegistryDayQuery:
		answer = spec.RegistryDayQueryResponse{Date: string(today), Units: c.units}
	case spec.RegistryUnitQuery:
		answer = c.unit
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

// desk is an office that reconciles, with what it gave to the queue.
type desk struct {
	*officetest.Office
	*counterparts
	room *reconcile.Room
	site *webtest.Site
	jobs []river.JobArgs
	sent []ferry.Message
}

func (d *desk) Send(_ context.Context, _ pgx.Tx, m ferry.Message) error {
	d.sent = append(d.sent, m)
	return nil
}

func (d *desk) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) error {
	d.jobs = append(d.jobs, args)
	return nil
}

func newDesk(t *testing.T, channels ...reconcile.Subject) *desk {
	t.Helper()
	o := officetest.New(t)
	d := &desk{Office: o, counterparts: &counterparts{}}
	d.room = reconcile.New(reconcile.Parts{Pool: o.Pool, Clock: o.Clock, Audit: o.Audit, Out: d.counterparts, Lines: d.counterparts, Trust: o.Trust, Billing: o.Billing,
		Register: o.Register, Staff: o.Staff, Door: d, Jobs: d, Channels: channels})
	rt := web.NewRouter(web.Options{Zone: "office", DB: o.Pool, Keys: sm.NewTestKeyring(t), Clock: o.Clock, Failure: ui.Failure,
		Decorate: ui.Use(ui.Site{Class: "staff", Name: "一窗受理", Sub: "内网工作台", Title: "一窗受理"}),
		Authorizer: web.AuthorizerFunc(func(_ context.Context, who web.Identity, right web.Right) error {
			if staff.RightsOf(who.Roles)[right] {
				return nil
			}
			return web.Forbidden("这一页由负责人使用。")
		})})
	d.room.Routes(rt)
	d.site = webtest.Serve(t, rt)
	return d
}

// at opens a browser for a new member of staff.
func (d *desk) at(t *testing.T, login, department, org, district string, roles ...string) *webtest.Browser {
	t.Helper()
	a := staff.Account{Person: staff.Person{Login: login, Name: "周会计", Phone: officetest.Phone, Department: department, Org: org, District: district, Roles: roles},
		Password: "Zhengque-2026", Document: login}
	if err := d.Staff.Add(t.Context(), []staff.Account{a}); err != nil {
		t.Fatal(err)
	}
	p := d.Person(login)
	b := d.site.Browser()
	b.SignIn(web.Identity{ID: p.ID, Kind: "staff", Name: p.Name, Shown: "周*计", Roles: p.Roles, Since: d.Clock.Now()})
	return b
}

// compare opens the day's runs and does their work. It gives the run of a kind.
func (d *desk) compare(t *testing.T, kind string) reconcile.Run {
	t.Helper()
	if err := d.room.Open(t.Context(), today); err != nil {
		t.Fatal(err)
	}
	return d.again(t, kind)
}

func (d *desk) again(t *testing.T, kind string) reconcile.Run {
	t.Helper()
	for _, job := range d.jobs {
		work := reconcile.Comparer{Room: d.room}.Work(t.Context(), &river.Job[reconcile.CompareArgs]{Args: job.(reconcile.CompareArgs)})
		var snooze *river.JobSnoozeError
		if work != nil && !errors.As(work, &snooze) {
			t.Fatal(work)
		}
	}
	runs, _, err := d.room.Days(t.Context(), staff.Person{Department: "platform", Roles: []string{staff.Leader}}, "", 7)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		if r.Kind == kind {
			return r
		}
	}
	t.Fatalf("no run of kind %s among %+v", kind, runs)
	return reconcile.Run{}
}

func (d *desk) differences(t *testing.T, r reconcile.Run) []reconcile.Difference {
	t.Helper()
	all, err := d.room.Differences(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// deposit books money that came in; the bank's own line of it is given.
func (d *desk) deposit(t *testing.T, voucher string, amount land.Fen) spec.TrustMovement {
	t.Helper()
	a := trust.Agreement{Case: uuid.Must(uuid.NewV7()), CaseNo: "TZ-261124-00412-6", District: hailing, Unit: d.City.Units[0].Code, Bank: bank, Down: amount, Buyer: "王明",
		Payees: []trust.Payee{{Kind: "seller", Name: "李华", Account: "6200001", Amount: amount}}}
	var number string
	d.Do(func(ctx context.Context, tx pgx.Tx) (err error) {
		if number, err = d.Trust.Agree(ctx, tx, a); err != nil {
			return err
		}
		if err = d.Trust.Open(ctx, tx, a.Case, "6231000000000001"); err != nil {
			return err
		}
		_, err = d.Trust.Deposit(ctx, tx, trust.Deposit{Case: a.Case, Kind: trust.DownPayment, Amount: amount, Reference: trust.Told("bank", voucher), At: d.Clock.Now()})
		return err
	})
	return spec.TrustMovement{AgreementNo: number, VoucherNo: voucher, Direction: spec.MoneyDirectionIn, Amount: int64(amount), BookedAt: d.Clock.Now()}
}

func TestTrustIsReconciled(t *testing.T) {
	d := newDesk(t)
	d.at(t, "platform-lead", "platform", "", "", staff.Leader)
	for _, voucher := range []string{"P1", "P2", "P3"} {
		d.movements = append(d.movements, d.deposit(t, voucher, 100_000_00))
	}
	if r := d.compare(t, reconcile.Trust); !r.Balanced() || r.Ours != 3 || r.Theirs != 3 || r.OursSum != 300_000_00 || r.TheirsSum != r.OursSum {
		t.Fatalf("%+v", r)
	}
	if d.asked != 3 { // two pages of the bank, one of the registry
		t.Errorf("asked %d times", d.asked)
	}

	// The bank has booked one that we never heard of, and another amount for one.
	d.movements[0].Amount = 99_999_99
	d.movements = append(d.movements, spec.TrustMovement{AgreementNo: "TG-0", VoucherNo: "P9", Direction: spec.MoneyDirectionOut, Amount: 5_00, BookedAt: d.Clock.Now()})
	r := d.again(t, reconcile.Trust)
	found := d.differences(t, r)
	if r.Balanced() || r.OpenOf != 2 || len(found) != 2 || found[0].Ours != "" || found[0].Theirs != "付 5.00 元" || found[1].Ours != "收 100,000.00 元" || found[1].Theirs != "收 99,999.99 元" ||
		found[1].Case != "TZ-261124-00412-6" {
		t.Fatalf("%+v %+v", r, found)
	}
	if len(d.sent) != 1 || d.sent[0].Type != message.StaffTold {
		t.Errorf("the leader of the platform was sent %+v", d.sent)
	}

	// The late notice comes: what is gone closes by itself, the rest stays.
	d.movements = d.movements[:3]
	r = d.again(t, reconcile.Trust)
	if found = d.differences(t, r); r.OpenOf != 1 || r.Differences != 2 || found[1].State != reconcile.Gone {
		t.Errorf("%+v %+v", r, found)
	}
}

func TestWhileTheOtherSideIsSilentTheRunWaits(t *testing.T) {
	d := newDesk(t)
	d.silent = true
	if r := d.compare(t, reconcile.Trust); r.State != reconcile.Failed || r.Trouble != "对方没有应答" {
		t.Fatalf("%+v", r)
	}
	d.silent = false
	if r := d.again(t, reconcile.Trust); !r.Balanced() {
		t.Errorf("%+v", r)
	}
	if err := d.room.Open(t.Context(), today); err != nil || len(d.jobs) != 2 {
		t.Errorf("opened again: %d jobs, %v", len(d.jobs), err)
	}
}

// sold is a unit of the district with a title, and the registry's answer after it was sold to somebody else.
func (d *desk) sold(t *testing.T) (democity.Title, spec.RegistryUnitQueryResponse) {
	t.Helper()
	for _, title := range d.City.Titles {
		page, err := d.Register.Unit(t.Context(), d.Pool, title.Unit)
		if err != nil || title.Unit.District() != hailing || !title.Present() || page.Title == nil || len(page.Mortgages)+len(page.Seizures)+len(page.Objections)+len(page.Advances) > 0 {
			continue
		}
		return title, spec.RegistryUnitQueryResponse{Matched: true, AsOf: d.Clock.Now().Add(time.Minute), Version: "v2", Unit: spec.Unit{UnitCode: string(title.Unit)},
			Rights: []spec.Right{{CertificateNo: "苏(2026)泰州市不动产权第0900001号", CoOwnership: spec.CoOwnershipSole, Kind: spec.RightKindLandUseHouse, RegistrationType: spec.RegistrationTypeTransfer,
				RegisteredAt: d.Clock.Now(), State: spec.RightStateCurrent, Reason: "买卖", Holders: []spec.Holder{{Name: "赵新主", DocumentKind: "1", DocumentNumber: "32120219700512301X", Share: "1/1"}}}}}
	}
	t.Fatal("the city has no free unit in the district")
	return democity.Title{}, spec.RegistryUnitQueryResponse{}
}

func TestBooksAreReconciled(t *testing.T) {
	d := newDesk(t)
	title, answer := d.sold(t)
	d.unit = answer
	var ours []string
	for _, h := range title.Holders {
		ours = append(ours, string(h.Cert))
	}
	d.units = []spec.EnteredUnit{{UnitCode: string(title.Unit), Version: "v1", RegisteredAt: d.Clock.Now(), CertificateNos: ours}}
	if r := d.compare(t, reconcile.Register); !r.Balanced() || r.Theirs != 1 {
		t.Fatalf("%+v %+v", r, d.differences(t, r))
	}
	d.units[0].CertificateNos = []string{"苏（2026）泰州市不动产权第0900001号"} // sold behind our back; brackets do not matter
	r := d.again(t, reconcile.Register)
	if r.OpenOf != 1 {
		t.Fatalf("%+v", r)
	}
	lead := d.at(t, "registry-lead", "registry", "", hailing, staff.Leader)
	page := lead.Get("/w/reconcile")
	if faults := page.Faults(); len(faults) > 0 {
		t.Error(faults)
	}
	if !page.Has("1 处差异") || page.Has("凤城银行") {
		t.Errorf("the registry's leader sees %s", page.Text())
	}
	difference := page.Click("海陵登记").Click(string(title.Unit))
	tab := page.Click("海陵登记").Click(string(title.Unit))
	if faults := difference.Faults(); len(faults) > 0 {
		t.Error(faults)
	}
	if again := difference.Submit("以登记系统为准更新", nil); !again.Has("说明") || d.differences(t, r)[0].State != reconcile.Open {
		t.Errorf("without words: %s", again.Text())
	}
	if done := difference.Submit("以登记系统为准更新", url.Values{"words": {"登记系统补录，已核实"}}); !done.Has("差异已处理") {
		t.Errorf("adopted: %s", done.Text())
	}
	now, err := d.Register.Unit(t.Context(), d.Pool, title.Unit)
	if err != nil || now.Title.Holders[0].Name != "赵新主" {
		t.Errorf("the page has %+v, %v", now.Title, err)
	}
	if late := tab.Submit("只记下说明", url.Values{"words": {"晚了"}}); !late.Has("已由别人处理") {
		t.Errorf("settled twice: %s", late.Text())
	}
	if r = d.again(t, reconcile.Register); !r.Balanced() || d.differences(t, r)[0].State != reconcile.Settled {
		t.Errorf("%+v", r)
	}
}

// A unit that is entered again on the next day is compared with that day only.
func TestLaterEntriesBelongToTheirOwnDay(t *testing.T) {
	d := newDesk(t)
	title, answer := d.sold(t)
	d.units = []spec.EnteredUnit{{UnitCode: string(title.Unit), Version: "v1", RegisteredAt: d.Clock.Now(), CertificateNos: []string{"苏(2026)泰州市不动产权第0900009号"}}}
	d.Clock.Advance(24 * time.Hour)
	d.unit = answer
	lead := d.at(t, "chief2", "platform", "", "", staff.Leader)
	r := d.compare(t, reconcile.Register)
	if r.OpenOf != 1 {
		t.Fatalf("%+v", r)
	}
	d.unit.AsOf = d.Clock.Now()
	lead.Get("/w/reconcile").Click("海陵登记").Click(string(title.Unit)).Submit("以登记系统为准更新", url.Values{"words": {"核实"}})
	if r = d.again(t, reconcile.Register); r.Ours != 0 || r.Theirs != 0 {
		t.Errorf("%+v", r)
	}
}

func TestChannelsAreReconciled(t *testing.T) {
	d := newDesk(t, reconcile.Subject{Kind: reconcile.Channel, Code: "wechat", Name: "微信支付"})
	run := d.compare(t, reconcile.Channel)
	if run.State != reconcile.Failed || run.Trouble != "对方的对账单还没有到" || len(d.sent) != 1 || d.sent[0].Body != (message.StatementAsk{Channel: "wechat", Day: today}) {
		t.Fatalf("%+v", run)
	}
	part := func(n int, lines ...message.StatementLine) {
		d.Do(func(ctx context.Context, tx pgx.Tx) error {
			return d.room.Received(ctx, tx, ferry.Inbound{}, message.Statement{Channel: "wechat", Day: today, Part: n, Parts: 2, Lines: lines})
		})
	}
	part(1, message.StatementLine{Reference: "4200009", Amount: 9_00, At: d.Clock.Now()}) // of a question before
	part(1, message.StatementLine{Reference: "4200001", Amount: 1_00, At: d.Clock.Now()})
	if run = d.again(t, reconcile.Channel); run.State != reconcile.Failed {
		t.Fatalf("half a statement: %+v", run)
	}
	before := len(d.jobs)
	part(2, message.StatementLine{Reference: "4200002", Refund: true, Amount: 1_00, At: d.Clock.Now()})
	if len(d.jobs) != before+1 {
		t.Errorf("the whole statement makes %d jobs", len(d.jobs)-before)
	}
	run = d.again(t, reconcile.Channel)
	if found := d.differences(t, run); run.Theirs != 2 || len(found) != 2 || found[0].Theirs != "收 1.00 元" || found[1].Theirs != "付 1.00 元" {
		t.Errorf("%+v %+v", run, found)
	}
}

// A run is the business of few: others are told that there is none.
func TestRunsOfOthersAreNotThere(t *testing.T) {
	d := newDesk(t)
	d.movements = []spec.TrustMovement{{AgreementNo: "TG-0", VoucherNo: "P9", Direction: spec.MoneyDirectionIn, Amount: 5_00, BookedAt: d.Clock.Now()}}
	r := d.compare(t, reconcile.Trust)
	difference := "/w/reconcile/difference/" + d.differences(t, r)[0].ID.String()
	other := d.at(t, "other-bank", "bank", "szyh", "", staff.BankClerk)
	for _, path := range []string{"/w/reconcile/run/" + r.ID.String(), difference} {
		if page := other.Get(path); page.Status != 404 {
			t.Errorf("%s: %d", path, page.Status)
		}
	}
	if page := other.Post(difference, url.Values{"words": {"x"}, "version": {"1"}}); page.Status == 200 || page.Status == 303 {
		t.Errorf("another bank explains: %d", page.Status)
	}
	if page := other.Get("/w/reconcile"); page.Has("凤城银行") {
		t.Error("another bank sees the run")
	}
	own := d.at(t, "own-bank", "bank", bank, "", staff.BankClerk)
	if page := own.Get(difference).Submit("记下说明", url.Values{"words": {"网点误记，明日冲正"}}); !page.Has("差异已处理") {
		t.Errorf("the bank's own: %s", page.Text())
	}
	if page := d.at(t, "clerk", "window", "", hailing, staff.Clerk).Get("/w/reconcile"); page.Status != 403 {
		t.Errorf("a clerk: %d", page.Status)
	}
}

func TestOnlyDaysThatAreNearAreCompared(t *testing.T) {
	d := newDesk(t)
	lead := d.at(t, "platform-lead", "platform", "", "", staff.Leader)
	page := lead.Get("/w/reconcile")
	if faults := page.Faults(); len(faults) > 0 {
		t.Error(faults)
	}
	for day, want := range map[string]string{"2026-11-25": "还没有到", "2026-07-01": "最近 90 天", "昨天": "应为日期"} {
		if again := page.Submit("开始核对", url.Values{"day": {day}}); !again.Has(want) {
			t.Errorf("%s: %s", day, again.Text())
		}
	}
	if done := page.Submit("开始核对", url.Values{"day": {"2026-11-23"}}); !done.Has("核对已经开始") || len(d.jobs) != 2 {
		t.Errorf("%d jobs: %s", len(d.jobs), strings.TrimSpace(done.Text()))
	}
}
