package appointment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	catalogdata "yichuang/catalog"
	"yichuang/internal/catalog"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/inbox"
	"yichuang/internal/hall/migrations"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
)

// city is the room with what it asks.
type city struct {
	*Room
	t       *testing.T
	clock   *clock.Fake
	office  *ferry.Door
	site    *webtest.Site
	app     uuid.UUID
	wang    web.Identity
	ready   bool
	notices []inbox.Notice
	letters []inbox.Letter
	heard   []string
}

// The 24th of November 2026 is a Tuesday.
func newCity(t *testing.T) *city {
	t.Helper()
	cat, err := catalog.Load(catalogdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	const file = "00400_appointment.sql"
	sql, err := migrations.FS.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &city{t: t, clock: clock.NewFake(time.Date(2026, 11, 24, 10, 5, 0, 0, clock.Shanghai())), app: uuid.Must(uuid.NewV7()), ready: true,
		wang: web.Identity{ID: uuid.Must(uuid.NewV7()), Kind: "citizen", Name: "王晓明", Shown: "王*明"}}
	pool := pgtest.New(t, pgtest.Set{FS: web.Migrations, Table: web.MigrationTable}, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"},
		pgtest.Set{FS: fstest.MapFS{file: {Data: sql}}, Table: "goose_appointment"})
	keys, shared, log := sm.NewTestKeyring(t), sm.NewTestKeyring(t), slog.New(slog.DiscardHandler)
	mine, theirs := signer(t), signer(t)
	door := ferry.New(ferry.Options{Zone: "hall", Peer: "office", Pool: pool, Clock: c.clock, Keys: keys, Shared: shared, Signer: mine, PeerKey: theirs.Public(), Log: log})
	c.office = ferry.New(ferry.Options{Zone: "office", Peer: "hall", Pool: pgtest.New(t, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"}), Clock: c.clock,
		Keys: sm.NewTestKeyring(t), Shared: shared, Signer: theirs, PeerKey: mine.Public(), Log: log})
	door.Connect(ferry.Loop{To: c.office})
	for _, typ := range []message.Type{message.BookingMade, message.BookingCancelled} {
		ferry.Handle(c.office, typ, func(_ context.Context, _ pgx.Tx, in ferry.Inbound, b message.Booking) error {
			c.heard = append(c.heard, fmt.Sprint(in.Type, " ", b.Hall, " ", b.Day, " ", b.Slot, " ", b.Name))
			return nil
		})
	}
	c.Room = New(Parts{Pool: pool, Keys: keys, Clock: c.clock, Log: log, Catalog: cat, Door: door, People: c, Parties: c, Visits: c, Notify: c, Halls: []Hall{
		{Code: "321202-1", Name: "海陵不动产登记大厅", District: "321202", Address: "海陵区凤凰东路 58 号", Phone: "0523-86880100", Windows: 2, PerSlot: 5},
		{Code: "321203-1", Name: "高港不动产登记大厅", District: "321203", Address: "高港区港城路 16 号", Windows: 1, PerSlot: 1, Lat: 32.32, Lon: 119.88},
	}})
	rt := web.NewRouter(web.Options{Zone: "hall", DB: pool, Keys: keys, Failure: ui.Failure, Decorate: ui.Use(ui.Site{Class: "hall", Name: "泰州市不动产"})})
	c.Routes(rt)
	c.site = webtest.Serve(t, rt)
	return c
}

func signer(t *testing.T) *sm.Signer {
	t.Helper()
	s, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// PersonOf makes a person of each account.
func (c *city) PersonOf(_ context.Context, _ pg.DB, account uuid.UUID) (string, land.Document, error) {
	return "王晓明", land.Document{Kind: land.DocIDCard, Number: account.String()}, nil
}

// PartyOf knows one.
func (c *city) PhoneOf(context.Context, pg.DB, uuid.UUID) (string, error) { return "19900000001", nil }

func (c *city) PartyOf(_ context.Context, _ pg.DB, app, account uuid.UUID) (string, error) {
	if app == c.app && account == c.wang.ID {
		return "b1", nil
	}
	return "", errors.New("no party")
}

// Visit is of the one case.
func (c *city) Visit(context.Context, pg.DB, uuid.UUID) (Visit, error) {
	return Visit{Case: "TZ-261124-00412-6", Ready: c.ready, Bring: []string{"不动产权证书原件", "结婚证原件"}}, nil
}

// Send keeps the notice.
func (c *city) Send(_ context.Context, _ pgx.Tx, n inbox.Notice) error {
	c.notices = append(c.notices, n)
	return nil
}

func (c *city) Tell(_ context.Context, _ pgx.Tx, l inbox.Letter) error {
	c.letters = append(c.letters, l)
	return nil
}

func (c *city) Recall(_ context.Context, _ pgx.Tx, id uuid.UUID) error {
	c.letters = slices.DeleteFunc(c.letters, func(l inbox.Letter) bool { return l.ID == id })
	return nil
}

func (c *city) browser(who web.Identity) *webtest.Browser {
	c.t.Helper()
	b := c.site.Browser()
	b.SignIn(who)
	return b
}

func (c *city) get(path string) *webtest.Page {
	c.t.Helper()
	p := c.browser(c.wang).Get(path)
	if f := p.Faults(); p.Status == http.StatusOK && len(f) > 0 {
		c.t.Errorf("%s: %s", path, strings.Join(f, "; "))
	}
	return p
}

// told are the messages that the office has heard since it was last asked.
func (c *city) told() []string {
	c.t.Helper()
	for more := true; more; {
		var err error
		if more, err = c.Door.Pump(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
	}
	for more := true; more; {
		var err error
		if more, err = c.office.Apply(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
	}
	h := c.heard
	c.heard = nil
	return h
}

func stranger() web.Identity {
	return web.Identity{ID: uuid.Must(uuid.NewV7()), Kind: "citizen", Name: "张三", Shown: "张*"}
}

func (c *city) left(hall, day, slot string) int {
	c.t.Helper()
	h, _ := c.hall(hall)
	week, err := c.week(c.t.Context(), c.Pool, h)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, d := range week {
		for _, s := range d.Slots {
			if string(d.Date) == day && s.Name == slot {
				return s.Left
			}
		}
	}
	return -1
}

func TestSlots(t *testing.T) {
	c := newCity(t)
	h := c.Halls[0]
	if all := c.slotsOf(h, "2026-11-25"); len(all) != 14 || all[0].Name != "09:00-09:30" || all[5].Name != "11:30-12:00" || all[6].Name != "13:30-14:00" ||
		all[13].Name != "17:00-17:30" || all[13].Left != 10 {
		t.Errorf("%+v", all)
	}
	if all := c.slotsOf(h, "2026-11-28"); all != nil {
		t.Errorf("Saturday: %+v", all)
	}
	days := c.days()
	if len(days) != ahead || days[0] != "2026-11-24" || slices.Contains(days, "2026-11-28") || days[ahead-1] != "2026-12-07" {
		t.Errorf("%v", days)
	}
	for slot, want := range map[string]bool{"10:00-10:30": false, "10:30-11:00": true, "12:00-12:30": false, "": false, "x": false} {
		if c.offered(h, "2026-11-24", slot) != want {
			t.Errorf("%q offered: %v", slot, !want)
		}
	}
	for _, day := range []land.Date{"2026-11-23", "2026-11-28", "2027-11-24"} {
		if c.offered(h, day, "10:30-11:00") {
			t.Errorf("%s is offered", day)
		}
	}
}

func TestBookChangeCancel(t *testing.T) {
	c := newCity(t)
	p := c.get("/book?app=" + c.app.String())
	if !p.Has("TZ-261124-00412-6") {
		t.Fatalf("%s", p.Text())
	}
	p = p.Click("选择时间").Submit("确认预约", url.Values{"slot": {"15:00-15:30"}})
	if !strings.HasPrefix(p.URL.Path, "/bookings/") || !p.Has("11 月 24 日（周二） 15:00–15:30") || !p.Has("结婚证原件") || !p.Has("本人身份证原件") {
		t.Fatalf("%s: %s", p.URL.Path, p.Text())
	}
	code := regexp.MustCompile(`Y\d{5}`).FindString(p.Text())
	if len(c.notices) != 1 || c.notices[0].Kind != "sms.book" || c.notices[0].Party != "b1" || c.notices[0].Args["code"] != code || c.notices[0].Args["list"] == "" {
		t.Errorf("told: %+v", c.notices)
	}
	if got := c.told(); !slices.Equal(got, []string{"booking.made 321202-1 2026-11-24 15:00-15:30 王晓明"}) {
		t.Errorf("the office heard %q", got)
	}
	if n := c.left("321202-1", "2026-11-24", "15:00-15:30"); n != 9 {
		t.Errorf("%d places left", n)
	}
	booking := p.URL.Path
	c.get(booking)
	p = c.get(booking).Click("改期")
	if !p.Has("正在改期") {
		t.Fatalf("%s", p.Text())
	}
	p = p.Submit("确认预约", url.Values{"slot": {"16:00-16:30"}})
	if p.URL.Path != booking || !p.Has("16:00–16:30") {
		t.Fatalf("%s: %s", p.URL.Path, p.Text())
	}
	if got := c.told(); !slices.Equal(got, []string{"booking.cancelled 321202-1 2026-11-24 15:00-15:30 王晓明", "booking.made 321202-1 2026-11-24 16:00-16:30 王晓明"}) {
		t.Errorf("the office heard %q", got)
	}
	if a, b := c.left("321202-1", "2026-11-24", "15:00-15:30"), c.left("321202-1", "2026-11-24", "16:00-16:30"); a != 10 || b != 9 {
		t.Errorf("left %d, %d", a, b)
	}
	if p := c.get("/bookings"); !p.Has("16:00–16:30") {
		t.Errorf("%s", p.Text())
	}
	cancel := c.get(booking + "/cancel")
	if p = cancel.Submit("取消预约", nil); !p.Has("预约已取消") || !p.Has("您还没有预约") {
		t.Errorf("%s", p.Text())
	}
	cancel.Submit("取消预约", nil) // a second click
	if got := c.told(); !slices.Equal(got, []string{"booking.cancelled 321202-1 2026-11-24 16:00-16:30 王晓明"}) {
		t.Errorf("the office heard %q", got)
	}
	if n := c.left("321202-1", "2026-11-24", "16:00-16:30"); n != 10 {
		t.Errorf("%d places left", n)
	}
}

// TestFiftyForTen is a rush: half an hour takes ten, fifty want it.
func TestVisitWithoutACaseIsToldAndRemindedOf(t *testing.T) {
	c := newCity(t)
	p := c.get("/book/321202-1/2026-11-26").Submit("确认预约", url.Values{"slot": {"09:00-09:30"}})
	booking := p.URL.Path
	kinds := func() (out []string) {
		for _, l := range c.letters {
			at := "at once"
			if !l.At.IsZero() {
				at = l.At.In(clock.Shanghai()).Format("01-02 15:04")
			}
			out = append(out, fmt.Sprint(l.Kind, " ", at, " ", l.Phone))
		}
		slices.Sort(out)
		return out
	}
	if got, want := kinds(), []string{"sms.book at once 19900000001", "sms.book.remind 11-25 17:00 19900000001"}; !slices.Equal(got, want) {
		t.Fatalf("told %q, want %q", got, want)
	}
	for _, l := range c.letters {
		for slot, v := range l.Args {
			if v == "" {
				t.Errorf("%s says nothing of %s", l.Kind, slot)
			}
		}
	}
	c.letters = nil
	c.get("/book/321202-1/2026-11-27?change="+strings.TrimPrefix(booking, "/bookings/")).Submit("确认预约", url.Values{"slot": {"10:00-10:30"}})
	if got, want := kinds(), []string{"sms.book at once 19900000001", "sms.book.remind 11-26 17:00 19900000001"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	c.get(booking+"/cancel").Submit("取消预约", nil)
	if got := kinds(); !slices.Equal(got, []string{"sms.book at once 19900000001"}) {
		t.Errorf("a visit that was given back is still reminded of: %q", got)
	}
}

func TestFiftyForTen(t *testing.T) {
	c := newCity(t)
	var mu sync.Mutex
	var got, full int
	codes := map[string]bool{}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			b, err := c.reserve(t.Context(), wish{Account: uuid.Must(uuid.NewV7()), Hall: c.Halls[0], Day: "2026-11-25", Slot: "09:00-09:30"})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				got++
				codes[b.Code] = true
			case errors.Is(err, errFull):
				full++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got != 10 || full != 40 || len(codes) != 10 {
		t.Errorf("%d booked with %d codes, %d were told that it is full", got, len(codes), full)
	}
	var rows int
	if err := c.Pool.QueryRow(t.Context(), `SELECT count(*) FROM bookings`).Scan(&rows); err != nil || rows != 10 || c.left("321202-1", "2026-11-25", "09:00-09:30") != 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// TestOneForMany is one person pressing at many devices at once.
func TestOneForMany(t *testing.T) {
	c := newCity(t)
	var mu sync.Mutex
	n := 0
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			_, err := c.reserve(t.Context(), wish{Account: c.wang.ID, Hall: c.Halls[i%2], Day: "2026-11-25", Slot: "09:00-09:30"})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				n++
			} else if !errors.Is(err, errTwice) && !errors.Is(err, errFull) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n != 1 {
		t.Errorf("booked %d times", n)
	}
	if a, b := c.left("321202-1", "2026-11-25", "09:00-09:30"), c.left("321203-1", "2026-11-25", "09:00-09:30"); a+b != 10 {
		t.Errorf("left %d and %d: places were lost", a, b)
	}
}

func TestGone(t *testing.T) {
	c := newCity(t)
	page := c.get("/book/321203-1/2026-11-25")
	if _, err := c.reserve(t.Context(), wish{Account: uuid.Must(uuid.NewV7()), Hall: c.Halls[1], Day: "2026-11-25", Slot: "10:00-10:30"}); err != nil {
		t.Fatal(err)
	}
	p := page.Submit("确认预约", url.Values{"slot": {"10:00-10:30"}})
	if p.Status != http.StatusUnprocessableEntity || !p.Has("这个时段刚被约满。最近还有：11 月 25 日（周三） 10:30–11:00、") || strings.Contains(p.Body, `value="10:00-10:30"`) {
		t.Errorf("%d: %s", p.Status, p.Text())
	}
	if p = p.Submit("确认预约", url.Values{"slot": {"10:30-11:00"}}); !strings.HasPrefix(p.URL.Path, "/bookings/") {
		t.Errorf("%d: %s", p.Status, p.Text())
	}
	if p := c.get("/book/321202-1/2026-11-25").Submit("确认预约", url.Values{"slot": {"10:30-11:00"}}); p.Status != http.StatusUnprocessableEntity || !p.Has("您在这个时段已经有预约") {
		t.Errorf("twice at the same time: %d %s", p.Status, p.Text())
	}
}

func TestBadInput(t *testing.T) {
	c := newCity(t)
	for _, slot := range []string{"", "08:00-08:30", "9:00-9:30", "０９：００", "'; DELETE FROM bookings", strings.Repeat("九", 5000)} {
		p := c.get("/book/321202-1/2026-11-25").Submit("确认预约", url.Values{"slot": {slot}})
		if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, `id="errors"`) {
			t.Errorf("slot %.20q: %d", slot, p.Status)
		}
	}
	for _, path := range []string{"/book/nowhere", "/book/nowhere/2026-11-25", "/book/321202-1/2026-11-28", "/book/321202-1/2026-11-23", "/book/321202-1/tomorrow",
		"/book?app=1", "/book?app=" + uuid.NewString(), "/book?change=" + uuid.NewString(), "/bookings/1", "/bookings/" + uuid.NewString(), "/halls/x"} {
		if p := c.get(path); p.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
	page := c.get("/book/321202-1/2026-11-25")
	a, b := page.Submit("确认预约", url.Values{"slot": {"09:00-09:30"}}), page.Submit("确认预约", url.Values{"slot": {"09:00-09:30"}})
	if a.URL.Path != b.URL.Path || c.left("321202-1", "2026-11-25", "09:00-09:30") != 9 {
		t.Errorf("a repeated POST: %s, %s", a.URL.Path, b.URL.Path)
	}
}

func TestForeignBooking(t *testing.T) {
	c := newCity(t)
	b, err := c.reserve(t.Context(), wish{Account: c.wang.ID, Hall: c.Halls[0], Day: "2026-11-25", Slot: "09:00-09:30"})
	if err != nil {
		t.Fatal(err)
	}
	other := c.browser(stranger())
	for _, path := range []string{"/bookings/" + b.ID.String(), "/bookings/" + b.ID.String() + "/cancel", "/book?change=" + b.ID.String(), "/book?app=" + c.app.String()} {
		if p := other.Get(path); p.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
	if err := c.give(t.Context(), b.ID, uuid.Must(uuid.NewV7())); !errors.Is(err, errNone) {
		t.Errorf("cancelled by a stranger: %v", err)
	}
	c.clock.Set(b.From())
	if err := c.give(t.Context(), b.ID, c.wang.ID); !errors.Is(err, errNone) {
		t.Errorf("cancelled when it had begun: %v", err)
	}
}

func TestTooEarlyAndTooMany(t *testing.T) {
	c := newCity(t)
	c.ready = false
	if p := c.get("/book/321202-1/2026-11-25?app=" + c.app.String()); !p.Has("现在还不能预约") || strings.Contains(p.Body, `name="slot"`) {
		t.Errorf("%s", p.Text())
	}
	for i := range maxOpen {
		if _, err := c.reserve(t.Context(), wish{Account: c.wang.ID, Hall: c.Halls[0], Day: "2026-11-25", Slot: c.slotsOf(c.Halls[0], "2026-11-25")[i].Name}); err != nil {
			t.Fatal(err)
		}
	}
	if p := c.get("/book/321202-1/2026-11-26").Submit("确认预约", url.Values{"slot": {"09:00-09:30"}}); p.Status != http.StatusUnprocessableEntity || !p.Has("您已有 5 个预约") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
}

func TestNothingPersonalIsReadable(t *testing.T) {
	c := newCity(t)
	if _, err := c.reserve(t.Context(), wish{Account: c.wang.ID, Hall: c.Halls[0], Day: "2026-11-25", Slot: "09:00-09:30"}); err != nil {
		t.Fatal(err)
	}
	var row string
	var visitor []byte
	if err := c.Pool.QueryRow(t.Context(), `SELECT b::text, visitor FROM bookings b`).Scan(&row, &visitor); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"王晓明", c.wang.ID.String()[:8] + "\""} {
		if strings.Contains(row, secret) || bytes.Contains(visitor, []byte(secret)) {
			t.Errorf("%q is readable in %s", secret, row)
		}
	}
	if len(visitor) < 40 {
		t.Errorf("the visitor is not kept: %x", visitor)
	}
}

func TestHallsAreListed(t *testing.T) {
	c := newCity(t)
	if p := c.get("/halls"); !p.Has("海陵不动产登记大厅") || !p.Has("高港不动产登记大厅") {
		t.Errorf("%s", p.Text())
	}
	if p := c.get("/halls?district=321203"); p.Has("海陵不动产登记大厅") || !p.Has("高港不动产登记大厅") {
		t.Errorf("%s", p.Text())
	}
	if p := c.get("/halls/321203-1"); !strings.Contains(p.Body, "position=119.880000%2C32.320000") || !p.Has("上午 3 个，下午 8 个") {
		t.Errorf("%s", p.Text())
	}
	b := c.browser(c.wang)
	b.Header.Set("Cookie", "hall_mode=elder")
	if p := b.Get("/halls"); p.Status != http.StatusOK || !strings.Contains(p.Body, `class="elder"`) {
		t.Errorf("elder: %d %.200s", p.Status, p.Body)
	}
}
