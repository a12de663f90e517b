package payment_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// paper is a channel whose book the test writes.
type paper struct {
	status map[string]payment.Status
	closed map[string]bool
	down   error
	note   payment.Notification
	forged bool
	book   []statement.Line // of every day
	late   error            // why there is no statement
}

func newPaper() *paper {
	return &paper{status: map[string]payment.Status{}, closed: map[string]bool{}}
}

func (*paper) Code() string   { return "paper" }
func (*paper) Title() string  { return "纸" }
func (*paper) Origin() string { return "https://paper.example" }

func (p *paper) Create(_ context.Context, o payment.Order, _ payment.Payer) (payment.Way, error) {
	return payment.Way{Code: "paper://pr=" + o.Number()}, p.down
}

func (p *paper) Query(_ context.Context, o payment.Order) (payment.Status, error) {
	return p.status[o.Number()], p.down
}

func (p *paper) Close(_ context.Context, o payment.Order) error {
	if p.status[o.Number()].State == payment.Paid {
		return payment.ErrPaid
	}
	p.closed[o.Number()] = true
	return p.down
}

func (p *paper) Refund(_ context.Context, r payment.Refund) (payment.Refunded, error) {
	return payment.Refunded{Done: true, Reference: "back-" + r.Number()}, p.down
}

func (p *paper) Statement(context.Context, land.Date) ([]statement.Line, error) {
	if p.late != nil {
		return nil, p.late
	}
	return p.book, p.down
}

func (p *paper) Notification(*http.Request) (payment.Notification, error) {
	if p.forged {
		return payment.Notification{}, payment.ErrForged
	}
	return p.note, nil
}

func (*paper) Acknowledge(w http.ResponseWriter, taken bool) {
	if !taken {
		w.WriteHeader(http.StatusBadRequest)
	}
}

// begin starts an order of the bill and returns its number.
func (h *hall) begin(b message.Bill) string {
	h.t.Helper()
	if p := h.get("/pay/"+b.ID.String()).Submit("去支付", url.Values{"channel": {"paper"}}); p.Status != http.StatusOK || !p.Has("付款码") {
		h.t.Fatalf("%d: %s", p.Status, p.Text())
	}
	all := h.orders(b.ID)
	return all[len(all)-1]
}

// TestPaymentsThatDoNotFit are all reported with what was really paid; the office decides.
func TestPaymentsThatDoNotFit(t *testing.T) {
	c := newPaper()
	h := newHall(t, c)
	tests := []struct {
		name   string
		before func(b message.Bill) // what happens between order and payment
		amount land.Fen
		after  time.Duration // of the order
		says   string
	}{
		{"less than asked", nil, 999, 0, "收到 9.99 元，账单是 10.00 元"},
		{"more than asked", nil, 1001, 0, "收到 10.01 元，账单是 10.00 元"},
		{"after the bill's time", nil, 1000, 2 * time.Hour, "账单已经结束"},
		{"after the bill was cancelled", func(b message.Bill) {
			h.send(message.BillClosed, message.BillClosedBody{Bill: b.ID, State: "cancelled"})
		}, 1000, 0, "账单已经结束"},
		{"after the bill was paid elsewhere", func(b message.Bill) {
			h.send(message.BillClosed, message.BillClosedBody{Bill: b.ID, State: "paid"})
		}, 1000, 0, "您这笔付了两次"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := h.bill(1000, time.Hour)
			number := h.begin(b)
			if tt.before != nil {
				tt.before(b)
			}
			c.status[number] = payment.Status{State: payment.Paid, Reference: "T" + number, Amount: tt.amount, At: h.clock.Now().Add(tt.after)}
			h.run()
			got := h.heard()
			if len(got) != 1 || got[0].Amount != tt.amount || !got[0].PaidAt.Equal(c.status[number].At) {
				t.Fatalf("the office heard %+v", got)
			}
			if p := h.get("/pay/" + b.ID.String()); !p.Has(tt.says) {
				t.Errorf("the payer sees %s", p.Text())
			}
		})
	}
}

func TestOrdersEndWithTheirBill(t *testing.T) {
	c := newPaper()
	h := newHall(t, c)
	b := h.bill(1000, time.Hour)
	number := h.begin(b)
	if again := h.begin(b); again != number {
		t.Errorf("the payer came back and got another order: %s, %s", number, again)
	}
	h.send(message.BillClosed, message.BillClosedBody{Bill: b.ID, State: "cancelled"})
	h.run()
	if h.run() != 0 || !c.closed[number] {
		t.Error("the order can still be paid")
	}
	if p := h.get("/pay/" + b.ID.String()); !p.Has("已撤销") || strings.Contains(p.Body, `name="channel"`) {
		t.Errorf("the payer sees %s", p.Text())
	}
}

func TestNotifications(t *testing.T) {
	c := newPaper()
	h := newHall(t, c)
	b := h.bill(1000, time.Hour)
	number := h.begin(b)
	paid := func(ref string, fen land.Fen) payment.Notification {
		return payment.Notification{Payment: true, Number: number, Status: payment.Status{State: payment.Paid, Reference: ref, Amount: fen, At: h.clock.Now()}}
	}
	other := paid("T9", 1000)
	other.Number = strings.Repeat("0", 32)
	nonsense := paid("T9", 1000)
	nonsense.Number = "'; DROP TABLE bills"
	tests := []struct {
		name     string
		note     payment.Notification
		forged   bool
		status   int
		recorded int
		heard    int
	}{
		{"forged", paid("T1", 1000), true, 400, 1, 0},
		{"for an order that is not ours", other, false, 400, 1, 0},
		{"for no number at all", nonsense, false, 400, 1, 0},
		{"with an amount that the book does not know", paid("T1", 1), false, 400, 1, 0},
		{"of something else", payment.Notification{}, false, 200, 0, 0},
		{"true", paid("T1", 1000), false, 200, 0, 1},
		{"true and again", paid("T1", 1000), false, 200, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h.records, c.note, c.forged = nil, tt.note, tt.forged
			p := h.site.Browser().Post("/notify/paper", url.Values{"x": {"1"}})
			if got := h.heard(); p.Status != tt.status || len(h.records) != tt.recorded || len(got) != tt.heard {
				t.Errorf("answered %d, recorded %d, heard %d", p.Status, len(h.records), len(got))
			}
		})
	}
}

func TestAtOnce(t *testing.T) {
	c := newPaper()
	h := newHall(t, c)
	b := h.bill(1000, time.Hour)
	number := h.begin(b)
	c.note = payment.Notification{Payment: true, Number: number, Status: payment.Status{State: payment.Paid, Reference: "T1", Amount: 1000, At: h.clock.Now()}}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			res, err := http.Post(h.site.Server.URL+"/notify/paper", "text/plain", nil)
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("answered %s", res.Status)
			}
		})
	}
	all.Wait()
	if got := h.heard(); len(got) != 1 {
		t.Errorf("the office heard %d times", len(got))
	}
}

func TestChannelIsDown(t *testing.T) {
	c := newPaper()
	h := newHall(t, c)
	b := h.bill(1000, time.Hour)
	c.down = errors.New("no route")
	p := h.get("/pay/"+b.ID.String()).Submit("去支付", url.Values{"channel": {"paper"}})
	if p.Status != http.StatusUnprocessableEntity || !p.Has("这个支付方式暂时不能用") || p.Value("channel") != "paper" {
		t.Errorf("%d: %s", p.Status, p.Text())
	}
	c.down = nil
	h.begin(b)
}

func TestBadInput(t *testing.T) {
	h := newHall(t, newPaper())
	b := h.bill(1000, time.Hour)
	for _, v := range []string{"", "bitcoin", "ｐａｐｅｒ", "paper'--", strings.Repeat("微", 5000)} {
		p := h.get("/pay/"+b.ID.String()).Submit("去支付", url.Values{"channel": {v}})
		if p.Status != http.StatusUnprocessableEntity || !p.Has("请选择支付方式") {
			t.Errorf("channel %.20q: %d %s", v, p.Status, p.Text())
		}
	}
	page := h.get("/pay/" + b.ID.String())
	first := page.Submit("去支付", url.Values{"channel": {"paper"}})
	again := page.Submit("去支付", url.Values{"channel": {"paper"}})
	if first.URL.Path != again.URL.Path || len(h.orders(b.ID)) != 1 {
		t.Errorf("a repeated POST: %s, %s, %d orders", first.URL, again.URL, len(h.orders(b.ID)))
	}
}

func TestOnlyParties(t *testing.T) {
	h := newHall(t, newPaper())
	b := h.bill(1000, time.Hour)
	h.begin(b)
	stranger := h.site.Browser()
	stranger.SignIn(web.Identity{ID: uuid.Must(uuid.NewV7()), Kind: "citizen", Name: "张三", Shown: "张*"})
	nobody := uuid.NewString()
	for _, path := range []string{"", "/wait", "/live", "/go/" + uuid.NewString()} {
		foreign, unknown := stranger.Get("/pay/"+b.ID.String()+path), stranger.Get("/pay/"+nobody+path)
		trace := func(s string) string { before, _, _ := strings.Cut(s, "反馈时请报"); return before }
		if foreign.Status != http.StatusNotFound || unknown.Status != http.StatusNotFound || trace(foreign.Text()) != trace(unknown.Text()) {
			t.Errorf("%s: foreign %d, unknown %d", path, foreign.Status, unknown.Status)
		}
	}
	for _, no := range []string{string(theCase), h.app.String(), "TZ-000000-00000-0", "..%2f"} {
		if p := stranger.Get("/case/" + no + "/pay"); p.Status != http.StatusNotFound {
			t.Errorf("/case/%s/pay: %d", no, p.Status)
		}
	}
	for _, no := range []string{string(theCase), h.app.String()} {
		if p := h.get("/case/" + no + "/pay"); p.Status != http.StatusOK || !p.Has("10.00 元") || !p.Has("去缴费") {
			t.Errorf("/case/%s/pay: %d %s", no, p.Status, p.Text())
		}
	}
	if p := h.site.Browser().Get("/pay/" + b.ID.String()); p.URL.Path == "/pay/"+b.ID.String() && p.Status == http.StatusOK {
		t.Error("a stranger without an account sees the bill")
	}
}

func TestWaitIsLive(t *testing.T) {
	c := newPaper()
	h := newHall(t, c)
	b := h.bill(1000, time.Hour)
	number := h.begin(b)
	browser := h.browser()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.site.Server.URL+"/pay/"+b.ID.String()+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := browser.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	wait := func(words string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), words) {
				return
			}
		}
		t.Fatalf("the stream ended before %q: %v", words, lines.Err())
	}
	wait("付款码")
	c.note = payment.Notification{Payment: true, Number: number, Status: payment.Status{State: payment.Paid, Reference: "T1", Amount: 1000, At: h.clock.Now()}}
	h.site.Browser().Post("/notify/paper", nil)
	wait("已收到付款")
}

func TestTargets(t *testing.T) {
	h := newHall(t, newPaper())
	if csp := h.site.Browser().Get("/pay/x").Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://paper.example") {
		t.Error(csp)
	}
}
