package payment_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"yichuang/internal/audit"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/alipay"
	"yichuang/internal/hall/payment/unionpay"
	"yichuang/internal/hall/payment/wechat"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
	simalipay "yichuang/internal/sim/pay/alipay"
	simunionpay "yichuang/internal/sim/pay/unionpay"
	simwechat "yichuang/internal/sim/pay/wechat"
)

// gateway is a simulated channel.
type gateway interface {
	pay.Channel
	Desk() *pay.Desk
	Handler() http.Handler
	Keys() map[string]string
}

// town has all simulated channels on one listener; money takes no time there.
type town struct {
	board    *board.Board
	gateways map[string]gateway
	channels []payment.Channel
	alter    func(r *http.Request, body []byte) []byte // what answers and files become on their way; may be nil
}

// RoundTrip carries what the channels ask over the wire, and alters the answer where a test wants that.
func (c *town) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || c.alter == nil {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(c.alter(r, body)))
	return res, nil
}

func newTown(t *testing.T) *town {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	t.Cleanup(srv.Close)
	b, err := board.New(board.Options{Dir: t.TempDir(), Base: "http://" + srv.Listener.Addr().String(), Speed: 1e6, Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	v, err := pay.OpenVault(b)
	if err != nil {
		t.Fatal(err)
	}
	c := &town{board: b, gateways: map[string]gateway{}}
	mux := http.NewServeMux()
	add := func(g gateway, err error) map[string]string {
		if err != nil {
			t.Fatal(err)
		}
		c.gateways[g.Name()] = g
		mux.Handle("/"+g.Name()+"/", http.StripPrefix("/"+g.Name(), g.Handler()))
		return g.Keys()
	}
	w, err := simwechat.New(b, v)
	wk := add(w, err)
	a, err := simalipay.New(b, v)
	ak := add(a, err)
	u, err := simunionpay.New(b, v)
	uk := add(u, err)
	srv.Config.Handler = mux
	srv.Start()
	c.open(t, wk, ak, uk)
	return c
}

func (c *town) open(t *testing.T, w, a, u map[string]string) {
	t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: c}
	wc, err := wechat.New(t.Context(), wechat.Config{Gateway: w["gateway"], AppID: w["appid"], MchID: w["mchid"], APIv3Key: w["apiV3Key"], MerchantSerial: w["merchantSerial"],
		MerchantPrivateKey: w["merchantPrivateKey"], PublicKeyID: w["publicKeyId"], PublicKey: w["publicKey"]}, client)
	if err != nil {
		t.Fatal(err)
	}
	ac, err := alipay.New(alipay.Config{Gateway: a["gateway"], AppID: a["appId"], SellerID: a["sellerId"], AppPrivateKey: a["appPrivateKey"], AlipayPublicKey: a["alipayPublicKey"]}, client)
	if err != nil {
		t.Fatal(err)
	}
	uc, err := unionpay.New(unionpay.Config{FrontURL: u["frontUrl"], BackURL: u["backUrl"], QueryURL: u["queryUrl"], FileURL: u["fileUrl"], MerID: u["merId"], CertID: u["certId"],
		MerchantPrivateKey: u["merchantPrivateKey"], RootCert: u["rootCert"], MiddleCert: u["middleCert"], SignerName: u["signerName"]}, clock.System(), client)
	if err != nil {
		t.Fatal(err)
	}
	c.channels = []payment.Channel{wc, ac, uc}
}

// start goes the payer's way to the channel's cashier, or, where a code has to be scanned, to the page with the code.
func (c *town) start(t *testing.T, b *webtest.Browser, bill message.Bill, channel string) *webtest.Page {
	t.Helper()
	p := b.Get("/pay/"+bill.ID.String()).Submit("去支付", url.Values{"channel": {channel}})
	if strings.Contains(p.URL.Path, "/go/") {
		p = p.Submit("打开付款页", nil)
	}
	if p.Status != http.StatusOK {
		t.Fatalf("%s: %d on %s:\n%s", channel, p.Status, p.URL.Path, p.Text())
	}
	return p
}

// tell delivers the notices that wait.
func (c *town) tell(t *testing.T) { t.Helper(); c.board.Courier.Tick(t.Context()) }

// TestChannels is what every channel has to pass, over the wire of its simulated gateway.
func TestChannels(t *testing.T) {
	c := newTown(t)
	h := newHall(t, c.channels...)
	for _, ch := range c.channels {
		desk := c.gateways[ch.Code()].Desk()
		pay1 := func(t *testing.T, number string, n pay.Notice) {
			t.Helper()
			if _, err := desk.Pay(number, n); err != nil {
				t.Fatalf("pay %s: %v", number, err)
			}
			c.tell(t)
		}
		settled := func(t *testing.T, b message.Bill, sum land.Fen) {
			t.Helper()
			got := h.heard()
			if len(got) != 1 || got[0].Amount != sum || got[0].Bill != b.ID || got[0].Channel != ch.Code() || got[0].Reference == "" || got[0].App != h.app ||
				time.Since(got[0].PaidAt).Abs() > 5*time.Minute {
				t.Fatalf("the office heard %+v", got)
			}
			if p := h.get("/pay/" + b.ID.String() + "/wait"); !p.Has("已收到付款") || !p.Has(sum.String()) {
				t.Fatalf("the payer sees %s", p.Text())
			}
		}
		t.Run(ch.Code(), func(t *testing.T) {
			t.Run("paid and told twice", func(t *testing.T) {
				b := h.bill(1_280_050, 24*time.Hour)
				refused := len(c.board.Courier.Pending()) // what earlier channels were refused is sent again later
				if p := c.start(t, h.browser(), b, ch.Code()); ch.Code() == "wechat" && (!p.Has("付款码") || !strings.Contains(p.Body, `class="qr"`)) {
					t.Fatalf("no code on %s", p.Text())
				}
				pay1(t, h.orders(b.ID)[0], pay.Notice{Times: 2})
				settled(t, b, 1_280_050)
				if _, err := desk.Tell(h.orders(b.ID)[0], pay.Notice{}); err != nil {
					t.Fatal(err)
				}
				c.tell(t)
				settled(t, b, 1_280_050)
				if n := len(c.board.Courier.Pending()); n > refused {
					t.Errorf("%d notices were not taken", n-refused)
				}
			})
			t.Run("on a phone, and back", func(t *testing.T) {
				b := h.bill(8_000, 24*time.Hour)
				phone := h.browser()
				phone.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 14) Mobile")
				p := c.start(t, phone, b, ch.Code())
				if !strings.Contains(p.URL.Path, "/cashier/") {
					t.Fatalf("the phone is at %s: %s", p.URL, p.Text())
				}
				if p = p.Submit("付款", nil); !p.Has("已付款") {
					t.Fatalf("cashier: %s", p.Text())
				}
				c.tell(t)
				settled(t, b, 8_000)
				if !strings.Contains(p.Body, "/pay/"+b.ID.String()+"/wait") && !strings.Contains(p.Body, "/notify/back/"+b.ID.String()) {
					t.Errorf("no way back in %s", p.Body)
				}
			})
			t.Run("notice lost", func(t *testing.T) {
				b := h.bill(500, 24*time.Hour)
				c.start(t, h.browser(), b, ch.Code())
				if n := h.run(); n != 1 || len(h.heard()) != 0 {
					t.Fatalf("%d jobs wait, heard %+v", n, h.paid)
				}
				pay1(t, h.orders(b.ID)[0], pay.Notice{Skip: true})
				if n := h.run(); n != 0 {
					t.Fatalf("%d jobs still wait", n)
				}
				settled(t, b, 500)
			})
			t.Run("asked by the payer", func(t *testing.T) {
				b := h.bill(700, 24*time.Hour)
				c.start(t, h.browser(), b, ch.Code())
				pay1(t, h.orders(b.ID)[0], pay.Notice{Skip: true})
				if p := h.get("/pay/"+b.ID.String()+"/wait").Submit("已付款？刷新", nil); !p.Has("已收到付款") {
					t.Fatalf("the payer sees %s", p.Text())
				}
				settled(t, b, 700)
			})
			t.Run("forged", func(t *testing.T) {
				b := h.bill(900, 24*time.Hour)
				c.start(t, h.browser(), b, ch.Code())
				pay1(t, h.orders(b.ID)[0], pay.Notice{Forge: true})
				if got, rec := h.heard(), h.recordsOf(ch.Code()); len(got) != 0 || len(rec) == 0 || rec[0].Source == "" {
					t.Fatalf("heard %+v, recorded %+v", got, rec)
				}
				if h.run() != 0 { // the channel's own book knows of the payment
					t.Fatal("still open")
				}
				settled(t, b, 900)
			})
			t.Run("notice with another amount", func(t *testing.T) {
				b := h.bill(1_000, 24*time.Hour)
				c.start(t, h.browser(), b, ch.Code())
				pay1(t, h.orders(b.ID)[0], pay.Notice{Amount: 1})
				if !slices.ContainsFunc(h.recordsOf(ch.Code()), func(e audit.Entry) bool {
					return e.Detail["reason"] == "notification names another amount than the channel's book"
				}) {
					t.Errorf("recorded %+v", h.records)
				}
				settled(t, b, 1_000)
			})
			t.Run("paid twice, one goes back", func(t *testing.T) {
				b := h.bill(3_300, 24*time.Hour)
				phone := h.browser()
				phone.Header.Set("User-Agent", "Mozilla/5.0 (iPhone)")
				c.start(t, h.browser(), b, ch.Code())
				c.start(t, phone, b, ch.Code())
				orders := h.orders(b.ID)
				if len(orders) != 2 {
					t.Fatalf("orders %v", orders)
				}
				pay1(t, orders[0], pay.Notice{})
				pay1(t, orders[1], pay.Notice{})
				got := h.heard()
				if len(got) != 2 || got[0].Reference == got[1].Reference {
					t.Fatalf("heard %+v", got)
				}
				if p := h.get("/pay/" + b.ID.String()); !p.Has("您这笔付了两次") || !p.Has("33.00") {
					t.Fatalf("the payer sees %s", p.Text())
				}
				h.jobs = nil
				r := message.Refund{ID: b.ID, App: h.app, Bill: b.ID, Order: got[1].Order, Amount: got[1].Amount, Reason: "重复支付"}
				h.send(message.RefundOrdered, r)
				h.send(message.RefundOrdered, r) // told twice
				for n := 0; h.run() > 0; n++ {
					if n > 5 {
						t.Fatal("the refund does not end")
					}
				}
				h.heard()
				if len(h.done) != 1 || h.done[0].Refund != r.ID || h.done[0].Amount != 3_300 || h.done[0].Reference == "" {
					t.Fatalf("the office heard of refunds %+v", h.done)
				}
				if o, err := desk.Ledger.Find(orders[1]); err != nil || o.RefundedSum() != 3_300 || len(o.Refunds) != 1 {
					t.Fatalf("at the channel: %+v, %v", o, err)
				}
				if p := h.get("/pay/" + b.ID.String()); !p.Has("已退回") || !p.Has("重复支付") {
					t.Fatalf("the payer sees %s", p.Text())
				}
			})
			t.Run("nobody pays", func(t *testing.T) {
				b := h.bill(600, time.Hour)
				c.start(t, h.browser(), b, ch.Code())
				h.clock.Advance(2 * time.Hour)
				defer h.clock.Set(time.Now())
				if ch.Code() == "unionpay" { // ends orders by their own time alone, which the machine's clock has not reached
					if h.run() != 1 {
						t.Fatal("nobody asks any more, and the order can still be paid")
					}
				} else {
					if h.run() != 0 {
						t.Fatal("the order is still open")
					}
					if _, err := desk.Pay(h.orders(b.ID)[0], pay.Notice{Skip: true}); err != pay.ErrClosed {
						t.Fatalf("payment of an ended order: %v", err)
					}
				}
				p := h.get("/pay/" + b.ID.String())
				if !p.Has("这张账单已过期，没有扣款") || strings.Contains(p.Body, `name="channel"`) {
					t.Fatalf("the payer sees %s", p.Text())
				}
			})
		})
	}
}
