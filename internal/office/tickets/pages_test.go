package tickets_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/tickets"
)

const password = "Zhengque-2026"

// pages is the whole office with a machine and counters at its hall.
type pages struct {
	*queue
	site *webtest.Site
}

func newPages(t *testing.T) *pages {
	t.Helper()
	q := newQueue(t)
	add := func(login, where string, window int, role string) staff.Account {
		return staff.Account{Person: staff.Person{Login: login, Name: "试用员", Department: "window", District: "321202", Hall: where, WindowNo: window, Roles: []string{role}}, Password: password, Document: login}
	}
	if err := q.Staff.Add(t.Context(), []staff.Account{add("machine", hall, 0, staff.Kiosk), add("clerk", hall, 6, staff.Clerk), add("clerk2", hall, 7, staff.Clerk),
		add("homeless", "", 0, staff.Clerk)}); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(q.Zone().Pages())
	t.Cleanup(srv.Close)
	return &pages{q, webtest.At(t, srv)}
}

func (p *pages) enter(login string) *webtest.Browser {
	p.T.Helper()
	b := p.site.Browser()
	if page := b.Get("/login").Submit("登录", url.Values{"login": {login}, "password": {password}}); page.URL.Path == "/login" {
		p.T.Fatalf("%s cannot sign in: %s", login, page.Text())
	}
	return b
}

// A card at the machine becomes a ticket; the call of the ticket opens the case, claimed, ready to accept.
func TestBookingBecomesTicketAndOpensItsCase(t *testing.T) {
	p := newPages(t)
	c := p.Submit(p.Application(0))
	p.Work()
	p.Need(c.ID, "accept")
	who := c.App.Parties[0]
	p.at("10:00")
	p.book(1, hall, "10:00-10:30", c.ID)
	machine := p.enter("machine")
	if page := machine.Get("/kiosk"); !page.Has(tickets.HallName(hall)) {
		t.Fatal(page.Text())
	}
	page := machine.Get("/kiosk/"+hall).Submit("取号", url.Values{"card": {string(person(1))}})
	if page.Status != 200 || !page.Has("A001") || !page.Has("前面还有 0 人") || !page.Has("网上预约 10:00") || strings.Contains(page.Body, "王小明") || strings.Contains(page.Body, string(person(1))) {
		t.Fatalf("%d %s", page.Status, page.Text())
	}
	if again := machine.Get("/kiosk/"+hall).Submit("取号", url.Values{"card": {who.Document.Number}}); !again.Has("A001") || !again.Has("您已经取过号") {
		t.Errorf("the party beside: %s", again.Text())
	}
	clerk := p.enter("clerk")
	page = clerk.Get("/w")
	if page.Value("number") != "6" {
		t.Fatalf("offers counter %q", page.Value("number"))
	}
	page = page.Submit("开窗叫号", nil)
	page = page.Submit("叫下一位", url.Values{"do": {"next"}})
	if !strings.HasPrefix(page.URL.Path, "/w/order/") || !page.Has("受理并打印") || !page.Has("A001") || !page.Has("叫了 1 次") {
		t.Fatalf("%s: %s", page.URL, page.Text())
	}
	if page = page.Submit("重呼", url.Values{"do": {"again"}}); !page.Has("叫了 2 次") || !page.Has("受理并打印") {
		t.Errorf("recalled: %s", page.Text())
	}
	board := machine.Get("/board/" + hall)
	if !board.Has("A001") || !board.Has("6 号窗口") || !board.Has(land.MaskName("王小明")) || strings.Contains(board.Body, "王小明") || strings.Contains(board.Body, "<button") {
		t.Errorf("board: %s", board.Text())
	}
	if page = page.Submit("办完", url.Values{"do": {"done"}}); page.URL.Path != "/w/counter" || !page.Has("现在没有人等候") {
		t.Errorf("done: %s %s", page.URL, page.Text())
	}
}

// Nobody came, and the wrong counter: F9.
func TestAside(t *testing.T) {
	p := newPages(t)
	p.take(1)
	p.Clock.Advance(time.Second)
	p.take(2)
	clerk, other := p.enter("clerk"), p.enter("clerk2")
	if page := clerk.Get("/w/counter/ticket"); page.URL.Path != "/w/counter" || !page.Has("今天在几号窗口") {
		t.Fatalf("nobody at the counter: %s", page.Text())
	}
	clerk.Get("/w/counter").Submit("开窗叫号", nil)
	page := clerk.Get("/w/counter").Submit("叫下一位", url.Values{"do": {"next"}})
	if !page.Has("B001") || page.URL.Path != "/w/counter" {
		t.Fatal(page.Text())
	}
	if page = page.Click("过号、转窗"); !page.Has("今天没有别的窗口开着") {
		t.Error(page.Text())
	}
	if page = page.Submit("过号", url.Values{"do": {"missed"}}); !page.Has("已过号") {
		t.Error(page.Text())
	}
	other.Get("/w/counter").Submit("开窗叫号", nil)
	page = clerk.Get("/w/counter").Submit("叫下一位", url.Values{"do": {"next"}}).Click("过号、转窗")
	if page = page.Submit("转窗", url.Values{"do": {"transfer"}}); page.Status != 422 || !page.Has("请选一个今天开着的窗口") {
		t.Errorf("%d %s", page.Status, page.Text())
	}
	if page = page.Submit("转窗", url.Values{"do": {"transfer"}, "to": {"7"}}); !page.Has("已转到 7 号窗口") {
		t.Error(page.Text())
	}
	if page = other.Get("/w/counter").Submit("叫下一位", url.Values{"do": {"next"}}); !page.Has("B002") {
		t.Error(page.Text())
	}
	if page = p.enter("homeless").Get("/w/counter"); !page.Has("没有登记所在的大厅") {
		t.Error(page.Text())
	}
}

// The machine takes anything, says what is wrong, and shows no number again.
func TestMachineTakesAnything(t *testing.T) {
	p := newPages(t)
	p.at("09:00")
	p.book(1, hall, "10:00-10:30", uuid.Nil)
	machine := p.enter("machine")
	id := string(person(1))
	for _, tt := range []struct{ in, want string }{
		{"", "请刷身份证，或输入短信里的预约码"},
		{id[:17], "身份证号码应为 18 位，您填了 17 位"},
		{id[:17] + "#", "身份证号码里有“#”"},
		{"<script>alert(1)</script>", "身份证号码里有"},
		{"Y12", "预约码是 Y 和 5 位数字"},
		{"Y99999", "今天在本大厅没有这个预约码"},
		{strings.Repeat("9", 100_000), "没有读出号码"},
	} {
		page := machine.Get("/kiosk/"+hall).Submit("取号", url.Values{"card": {tt.in}})
		if page.Status != 422 || !page.Has(tt.want) || page.Value("card") != "" || strings.Contains(page.Body, "<script>alert") {
			t.Errorf("%.30q: %d %s", tt.in, page.Status, page.Text())
		}
	}
	page := machine.Get("/kiosk/"+hall).Submit("取号", url.Values{"card": {id}})
	if page.Status != 422 || !page.Has("您约的是 10:00-10:30，09:30 起可以取号") || strings.Contains(page.Body, id) {
		t.Fatalf("%d %s", page.Status, page.Text())
	}
	if forged := page.Submit("现在取现场号", url.Values{"again": {"AAAA"}}); forged.Status != 422 || !forged.Has("再刷一次身份证") {
		t.Errorf("forged: %d %s", forged.Status, forged.Text())
	}
	if page = page.Submit("现在取现场号", nil); !page.Has("B001") {
		t.Errorf("walk-in: %d %s", page.Status, page.Text())
	}
	for _, path := range []string{"/kiosk/" + other, "/board/" + other, "/kiosk/" + hall + "/x", "/kiosk/" + hall + "/" + uuid.NewString(), "/board/" + other + "/events"} {
		if page := machine.Get(path); page.Status != 404 {
			t.Errorf("%s: %d", path, page.Status)
		}
	}
}

// Codes are short, so guessing them ends; cards go on being read.
func TestGuessingOfCodesEnds(t *testing.T) {
	p := newPages(t)
	machine := p.enter("machine")
	b := p.book(1, hall, "10:00-10:30", uuid.Nil)
	last := ""
	for range 25 {
		last = machine.Get("/kiosk/"+hall).Submit("取号", url.Values{"card": {"Y99999"}}).Text()
	}
	if !strings.Contains(last, "错了太多次") {
		t.Errorf("after 25: %s", last)
	}
	if page := machine.Get("/kiosk/"+hall).Submit("取号", url.Values{"card": {b.Code}}); page.Has("A001") {
		t.Error("a right code passes in between")
	}
	if page := machine.Get("/kiosk/"+hall).Submit("取号", url.Values{"card": {string(person(2))}}); !page.Has("B001") {
		t.Errorf("a card: %s", page.Text())
	}
	p.Clock.Advance(time.Minute)
	if page := machine.Get("/kiosk/"+hall).Submit("取号", url.Values{"card": {b.Code}}); !page.Has("A001") {
		t.Errorf("a minute later: %s", page.Text())
	}
}
