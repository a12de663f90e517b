package alipay_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	sdk "github.com/smartwalle/alipay/v3"

	"yichuang/internal/kit/clock"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/board/boardtest"
	"yichuang/internal/sim/pay"
	"yichuang/internal/sim/pay/alipay"
	"yichuang/internal/sim/pay/paytest"
)

// shop is a merchant with a real SDK and an address for notices.
type shop struct {
	board    *board.Board
	gateway  *alipay.Gateway
	client   *sdk.Client
	keys     map[string]string
	notifyTo string
	heard    []*sdk.Notification
	forged   int
}

// open starts a gateway; certificates says which of the platform's two ways the merchant uses.
func open(t *testing.T, certificates bool) *shop {
	t.Helper()
	s := &shop{}
	s.board = boardtest.Start(t, "alipay", func(b *board.Board) http.Handler {
		var err error
		if s.gateway, err = alipay.New(b, paytest.Vault(t)); err != nil {
			t.Fatal(err)
		}
		return s.gateway.Handler()
	})
	s.keys = s.gateway.Keys()
	client, err := sdk.New(s.keys["appId"], s.keys["appPrivateKey"], true, sdk.WithProductionGateway(s.keys["gateway"]),
		sdk.WithTimeLocation(clock.Shanghai()))
	if err == nil && certificates {
		err = errors.Join(client.LoadAppCertPublicKey(s.keys["appCert"]), client.LoadAliPayRootCert(s.keys["alipayRootCert"]),
			client.LoadAlipayCertPublicKey(s.keys["alipayCert"]))
	} else if err == nil {
		err = client.LoadAliPayPublicKey(s.keys["alipayPublicKey"])
	}
	if err != nil {
		t.Fatal(err)
	}
	s.client = client
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		n, err := client.DecodeNotification(r.Form)
		if err != nil {
			s.forged++
			return
		}
		s.heard = append(s.heard, n)
		sdk.ACKNotification(w)
	}))
	t.Cleanup(srv.Close)
	s.notifyTo = srv.URL
	return s
}

// openPage sends the payer's browser to page.pay and returns the address of the cashier.
func (s *shop) openPage(t *testing.T, number, yuan string) string {
	t.Helper()
	p := sdk.TradePagePay{Trade: sdk.Trade{Subject: "契税", OutTradeNo: number, TotalAmount: yuan, ProductCode: "FAST_INSTANT_TRADE_PAY",
		NotifyURL: s.notifyTo, ReturnURL: "http://hall.example/back?bill=1", TimeoutExpress: "30m"}}
	to, err := s.client.TradePagePay(p)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(to.String())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !strings.Contains(resp.Request.URL.Path, "/cashier/") {
		t.Fatalf("browser is at %s", resp.Request.URL)
	}
	return resp.Request.URL.String()
}

func (s *shop) status(t *testing.T, number string) sdk.TradeStatus {
	t.Helper()
	rsp, err := s.client.TradeQuery(t.Context(), sdk.TradeQuery{OutTradeNo: number})
	if err != nil {
		t.Fatal(err)
	}
	if !rsp.IsSuccess() {
		t.Fatalf("query: %s %s", rsp.SubCode, rsp.SubMsg)
	}
	return rsp.TradeStatus
}

func TestPagePay(t *testing.T) {
	for _, certificates := range []bool{false, true} {
		t.Run(map[bool]string{false: "public key", true: "certificates"}[certificates], func(t *testing.T) {
			s := open(t, certificates)
			cashier := s.openPage(t, "BILL1", "12800.50")
			if got := s.status(t, "BILL1"); got != sdk.TradeStatusWaitBuyerPay {
				t.Fatalf("status %s before payment", got)
			}
			resp, err := http.PostForm(cashier, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			page, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			s.checkReturn(t, string(page))
			s.board.Courier.Tick(t.Context())
			if len(s.heard) != 1 || s.heard[0].TotalAmount != "12800.50" || s.heard[0].TradeStatus != sdk.TradeStatusSuccess ||
				s.heard[0].AppId != s.keys["appId"] || s.heard[0].SellerId != s.keys["sellerId"] {
				t.Fatalf("heard %+v", s.heard)
			}
			if got := s.status(t, "BILL1"); got != sdk.TradeStatusSuccess {
				t.Fatalf("status %s after payment", got)
			}
		})
	}
}

// checkReturn verifies the signature behind the return address that the paid page offers.
func (s *shop) checkReturn(t *testing.T, page string) {
	t.Helper()
	m := regexp.MustCompile(`id="back" href="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no way back in %s", page)
	}
	back, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
	if err != nil {
		t.Fatal(err)
	}
	values := back.Query()
	values.Del("bill") // the merchant's own parameter stands outside the signature
	if err := s.client.VerifySign(values); err != nil {
		t.Fatalf("return address: %v", err)
	}
}

func TestPrecreateCloseAndRefusals(t *testing.T) {
	s := open(t, false)
	pre, err := s.client.TradePreCreate(t.Context(), sdk.TradePreCreate{Trade: sdk.Trade{Subject: "登记费", OutTradeNo: "BILL2", TotalAmount: "80.00", NotifyURL: s.notifyTo}})
	if err != nil || !strings.HasPrefix(pre.QRCode, "https://qr.alipay.com/") {
		t.Fatalf("precreate: %+v, %v", pre, err)
	}
	resp, err := http.Get(s.board.Base + "/alipay/scan?code=" + url.QueryEscape(pre.QRCode))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !strings.Contains(resp.Request.URL.Path, "/cashier/") {
		t.Fatalf("the scanned code leads to %s", resp.Request.URL)
	}
	if rsp, err := s.client.TradeClose(t.Context(), sdk.TradeClose{OutTradeNo: "BILL2"}); err != nil || !rsp.IsSuccess() {
		t.Fatalf("close: %+v, %v", rsp, err)
	}
	if got := s.status(t, "BILL2"); got != sdk.TradeStatusClosed {
		t.Fatalf("status %s", got)
	}
	if rsp, err := s.client.TradeQuery(t.Context(), sdk.TradeQuery{OutTradeNo: "NONE"}); err != nil || rsp.SubCode != "ACQ.TRADE_NOT_EXIST" {
		t.Fatalf("unknown order: %+v, %v", rsp, err)
	}
	if _, err := s.board.Faults.Set(board.Fault{System: "alipay", Operation: "query", Defects: []board.Defect{board.WrongSignature}, Times: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.TradeQuery(t.Context(), sdk.TradeQuery{OutTradeNo: "BILL2"}); err == nil {
		t.Fatal("the SDK took an answer with a wrong signature")
	}
	if got := s.status(t, "BILL2"); got != sdk.TradeStatusClosed {
		t.Fatalf("status %s once the fault is used up", got)
	}
}

func TestRequestSignatureIsChecked(t *testing.T) {
	s := open(t, false)
	to, err := s.client.TradePagePay(sdk.TradePagePay{Trade: sdk.Trade{Subject: "契税", OutTradeNo: "BILL3", TotalAmount: "100.00", ProductCode: "FAST_INSTANT_TRADE_PAY"}})
	if err != nil {
		t.Fatal(err)
	}
	q := to.Query()
	q.Set("biz_content", strings.Replace(q.Get("biz_content"), "100.00", "1.00", 1))
	to.RawQuery = q.Encode()
	resp, err := http.Get(to.String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "isv.invalid-signature") {
		t.Fatalf("an altered amount was taken: %s", page)
	}
}

func TestRefund(t *testing.T) {
	s := open(t, false)
	s.openPage(t, "BILL4", "9.00")
	refund := func(number, yuan string) *sdk.TradeRefundRsp {
		rsp, err := s.client.TradeRefund(t.Context(), sdk.TradeRefund{OutTradeNo: "BILL4", OutRequestNo: number, RefundAmount: yuan})
		if err != nil {
			t.Fatal(err)
		}
		return rsp
	}
	if rsp := refund("R1", "4.00"); rsp.SubCode != "ACQ.TRADE_STATUS_ERROR" {
		t.Fatalf("refund of an unpaid order: %+v", rsp)
	}
	if _, err := s.gateway.Desk().Pay("BILL4", pay.Notice{Skip: true}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		number, yuan, change, sum, sub string
		status                         sdk.TradeStatus
	}{
		{"R1", "4.00", "Y", "4.00", "", sdk.TradeStatusSuccess},
		{"R1", "4.00", "N", "4.00", "", sdk.TradeStatusSuccess}, // the same again moves nothing
		{"R2", "5.01", "", "", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", sdk.TradeStatusSuccess},
		{"R2", "5.00", "Y", "9.00", "", sdk.TradeStatusClosed},
	}
	for _, tt := range tests {
		rsp := refund(tt.number, tt.yuan)
		if rsp.FundChange != tt.change || rsp.RefundFee != tt.sum || rsp.SubCode != tt.sub {
			t.Errorf("refund %s of %s: %+v", tt.number, tt.yuan, rsp)
		}
		if got := s.status(t, "BILL4"); got != tt.status {
			t.Errorf("status %s after refund %s of %s", got, tt.number, tt.yuan)
		}
	}
	s.board.Courier.Tick(t.Context())
	if len(s.heard) != 2 || s.heard[1].RefundFee != "9.00" || s.heard[1].OutBizNo != "R2" {
		t.Fatalf("heard %+v", s.heard)
	}
	q, err := s.client.TradeFastPayRefundQuery(t.Context(), sdk.TradeFastPayRefundQuery{OutTradeNo: "BILL4", OutRequestNo: "R2"})
	if err != nil || q.RefundAmount != "5.00" || q.RefundStatus != "REFUND_SUCCESS" {
		t.Fatalf("refund query: %+v, %v", q, err)
	}
}

func TestNoticesMisbehaveOnDemand(t *testing.T) {
	tests := []struct {
		name          string
		notice        pay.Notice
		heard, forged int
		yuan          string
	}{
		{"twice", pay.Notice{Times: 2}, 2, 0, "5.00"},
		{"wrong amount", pay.Notice{Amount: 499}, 1, 0, "4.99"},
		{"forged", pay.Notice{Forge: true}, 0, 1, ""},
		{"never", pay.Notice{Skip: true}, 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, false)
			s.openPage(t, "BILL5", "5.00")
			if _, err := s.gateway.Desk().Pay("BILL5", tt.notice); err != nil {
				t.Fatal(err)
			}
			s.board.Courier.Tick(t.Context())
			if len(s.heard) != tt.heard || s.forged != tt.forged {
				t.Fatalf("heard %d and %d forged", len(s.heard), s.forged)
			}
			if tt.heard > 0 && s.heard[0].TotalAmount != tt.yuan {
				t.Fatalf("notice says %s", s.heard[0].TotalAmount)
			}
		})
	}
}
