package wechat_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/downloader"
	"github.com/wechatpay-apiv3/wechatpay-go/core/notify"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/h5"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/native"
	"github.com/wechatpay-apiv3/wechatpay-go/services/refunddomestic"

	"yichuang/internal/kit/clock"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/board/boardtest"
	"yichuang/internal/sim/pay"
	"yichuang/internal/sim/pay/paytest"
	"yichuang/internal/sim/pay/wechat"
)

// shop is a merchant with the official SDK and an address for notices.
type shop struct {
	clock    *clock.Fake
	board    *board.Board
	gateway  *wechat.Gateway
	client   *core.Client
	keys     map[string]string
	notifyTo string
	accept   int // status that notices are answered with
	heard    []*payments.Transaction
	refunds  []map[string]any
	forged   int
}

func open(t *testing.T, dir string) *shop {
	t.Helper()
	// The SDK compares with the machine's clock, and lets five minutes pass either way.
	s := &shop{clock: clock.NewFake(time.Now()), accept: http.StatusOK}
	s.board = boardtest.StartIn(t, dir, s.clock, "wechat", func(b *board.Board) http.Handler {
		var err error
		if s.gateway, err = wechat.New(b, paytest.Vault(t)); err != nil {
			t.Fatal(err)
		}
		return s.gateway.Handler()
	})
	s.keys = s.gateway.Keys()
	key := parse(t, s.keys["merchantPrivateKey"], x509.ParsePKCS8PrivateKey).(*rsa.PrivateKey)
	pub := parse(t, s.keys["publicKey"], x509.ParsePKIXPublicKey).(*rsa.PublicKey)
	client, err := core.NewClient(t.Context(),
		option.WithWechatPayPublicKeyAuthCipher(s.keys["mchid"], s.keys["merchantSerial"], key, s.keys["publicKeyId"], pub),
		option.WithHTTPClient(&http.Client{Transport: paytest.To(s.keys["gateway"])}))
	if err != nil {
		t.Fatal(err)
	}
	s.client = client
	s.listen(t, verifiers.NewSHA256WithRSAPubkeyVerifier(s.keys["publicKeyId"], *pub))
	return s
}

func (s *shop) listen(t *testing.T, v auth.Verifier) {
	t.Helper()
	h, err := notify.NewRSANotifyHandler(s.keys["apiV3Key"], v)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content := map[string]any{}
		req, err := h.ParseNotifyRequest(r.Context(), r, &content)
		switch {
		case err != nil:
			s.forged++
			w.WriteHeader(http.StatusUnauthorized)
			return
		case req.EventType == "REFUND.SUCCESS":
			s.refunds = append(s.refunds, content)
		default:
			amount, _ := content["amount"].(map[string]any)
			s.heard = append(s.heard, &payments.Transaction{
				OutTradeNo: core.String(content["out_trade_no"].(string)), TransactionId: core.String(content["transaction_id"].(string)),
				TradeState: core.String(content["trade_state"].(string)),
				Amount:     &payments.TransactionAmount{Total: core.Int64(int64(amount["total"].(float64)))},
			})
		}
		w.WriteHeader(s.accept)
	}))
	t.Cleanup(srv.Close)
	s.notifyTo = srv.URL + "/notify"
}

func parse[T any](t *testing.T, text string, f func([]byte) (T, error)) any {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatalf("no PEM in %.20q", text)
	}
	v, err := f(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (s *shop) order(t *testing.T, number string, fen int64) string {
	t.Helper()
	svc := native.NativeApiService{Client: s.client}
	resp, _, err := svc.Prepay(t.Context(), native.PrepayRequest{
		Appid: core.String(s.keys["appid"]), Mchid: core.String(s.keys["mchid"]), Description: core.String("契税"),
		OutTradeNo: core.String(number), NotifyUrl: core.String(s.notifyTo), Amount: &native.Amount{Total: core.Int64(fen)},
		TimeExpire: core.Time(time.Now().Add(30 * time.Minute)), Attach: core.String("bill-1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return *resp.CodeUrl
}

func (s *shop) state(t *testing.T, number string) string {
	t.Helper()
	svc := native.NativeApiService{Client: s.client}
	tx, _, err := svc.QueryOrderByOutTradeNo(t.Context(), native.QueryOrderByOutTradeNoRequest{
		OutTradeNo: core.String(number), Mchid: core.String(s.keys["mchid"])})
	if err != nil {
		t.Fatal(err)
	}
	return *tx.TradeState
}

// scanAndPay goes the payer's way: scans the code, opens the cashier, presses the button.
func (s *shop) scanAndPay(t *testing.T, code string) string {
	t.Helper()
	resp, err := http.Get(s.board.Base + "/wechat/scan?code=" + url.QueryEscape(code))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	resp, err = http.PostForm(resp.Request.URL.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestNativeOrderPaidByScanning(t *testing.T) {
	s := open(t, t.TempDir())
	code := s.order(t, "BILL0001", 1_280_000)
	if !strings.HasPrefix(code, "weixin://wxpay/bizpayurl?pr=") {
		t.Fatalf("code_url %q", code)
	}
	if got := s.state(t, "BILL0001"); got != "NOTPAY" {
		t.Fatalf("state %s before payment", got)
	}
	if page := s.scanAndPay(t, code); !strings.Contains(page, "已付款") {
		t.Fatalf("cashier shows %s", page)
	}
	s.board.Courier.Tick(t.Context())
	if len(s.heard) != 1 || *s.heard[0].Amount.Total != 1_280_000 || *s.heard[0].TradeState != "SUCCESS" {
		t.Fatalf("heard %+v", s.heard)
	}
	if got := s.state(t, "BILL0001"); got != "SUCCESS" {
		t.Fatalf("state %s after payment", got)
	}
}

func TestH5OrderComesBackToMerchant(t *testing.T) {
	s := open(t, t.TempDir())
	svc := h5.H5ApiService{Client: s.client}
	resp, _, err := svc.Prepay(t.Context(), h5.PrepayRequest{
		Appid: core.String(s.keys["appid"]), Mchid: core.String(s.keys["mchid"]), Description: core.String("登记费"),
		OutTradeNo: core.String("BILL0002"), NotifyUrl: core.String(s.notifyTo), Amount: &h5.Amount{Total: core.Int64(8000)},
		SceneInfo: &h5.SceneInfo{PayerClientIp: core.String("127.0.0.1"), H5Info: &h5.H5Info{Type: core.String("Wap")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := http.Get(*resp.H5Url + "&redirect_url=" + url.QueryEscape("http://hall.example/paid"))
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	page, err = http.PostForm(page.Request.URL.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	body, err := io.ReadAll(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), `href="http://hall.example/paid"`) {
		t.Fatalf("no way back in %s", body)
	}
}

func TestNoticesMisbehaveOnDemand(t *testing.T) {
	tests := []struct {
		name   string
		notice pay.Notice
		fault  board.Fault
		heard  int
		amount int64
		forged int
	}{
		{"once", pay.Notice{}, board.Fault{}, 1, 500, 0},
		{"twice", pay.Notice{Times: 2}, board.Fault{}, 2, 500, 0},
		{"never", pay.Notice{Skip: true}, board.Fault{}, 0, 0, 0},
		{"wrong amount", pay.Notice{Amount: 499}, board.Fault{}, 1, 499, 0},
		{"forged", pay.Notice{Forge: true}, board.Fault{}, 0, 0, 1},
		{"late", pay.Notice{DelayMS: 3_600_000}, board.Fault{}, 0, 0, 0},
		{"twice by the fault board", pay.Notice{}, board.Fault{System: "wechat", Operation: "notify", Defects: []board.Defect{board.Duplicate}}, 2, 500, 0},
		{"silent by the fault board", pay.Notice{}, board.Fault{System: "wechat", Operation: "notify", Defects: []board.Defect{board.Silent}}, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			if tt.fault.System != "" {
				if _, err := s.board.Faults.Set(tt.fault); err != nil {
					t.Fatal(err)
				}
			}
			s.order(t, "BILL0003", 500)
			if _, err := s.gateway.Desk().Pay("BILL0003", tt.notice); err != nil {
				t.Fatal(err)
			}
			s.board.Courier.Tick(t.Context())
			if len(s.heard) != tt.heard || s.forged != tt.forged {
				t.Fatalf("heard %d and %d forged, want %d and %d", len(s.heard), s.forged, tt.heard, tt.forged)
			}
			if tt.heard > 0 && *s.heard[0].Amount.Total != tt.amount {
				t.Fatalf("notice says %d fen", *s.heard[0].Amount.Total)
			}
		})
	}
}

func TestRefund(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	s.order(t, "BILL0004", 900)
	refund := func(number string, fen int64) (*refunddomestic.Refund, error) {
		svc := refunddomestic.RefundsApiService{Client: s.client}
		r, _, err := svc.Create(t.Context(), refunddomestic.CreateRequest{
			OutTradeNo: core.String("BILL0004"), OutRefundNo: core.String(number), NotifyUrl: core.String(s.notifyTo),
			Amount: &refunddomestic.AmountReq{Refund: core.Int64(fen), Total: core.Int64(900), Currency: core.String("CNY")},
		})
		return r, err
	}
	if _, err := refund("R1", 900); !core.IsAPIError(err, "INVALID_REQUEST") {
		t.Fatalf("refund of an unpaid order: %v", err)
	}
	if _, err := s.gateway.Desk().Pay("BILL0004", pay.Notice{Skip: true}); err != nil {
		t.Fatal(err)
	}
	first, err := refund("R1", 400)
	if err != nil {
		t.Fatal(err)
	}
	again, err := refund("R1", 400)
	if err != nil || *again.RefundId != *first.RefundId {
		t.Fatalf("the same refund again: %v, %v", again, err)
	}
	if _, err := refund("R2", 501); !core.IsAPIError(err, "NOT_ENOUGH") {
		t.Fatalf("refund of more than is left: %v", err)
	}
	if got := s.state(t, "BILL0004"); got != "REFUND" {
		t.Fatalf("state %s", got)
	}
	s.board.Courier.Tick(t.Context())
	if len(s.refunds) != 0 || *first.Status != "PROCESSING" {
		t.Fatalf("the money is back at once: %s, heard %v", *first.Status, s.refunds)
	}
	s.clock.Advance(30 * time.Second)
	s.board.Courier.Tick(t.Context())
	if len(s.refunds) != 1 || s.refunds[0]["refund_status"] != "SUCCESS" || s.refunds[0]["out_refund_no"] != "R1" {
		t.Fatalf("heard %v", s.refunds)
	}
	// The gateway is killed and starts again on the same folder: order and refund are still there.
	s2 := open(t, dir)
	svc := refunddomestic.RefundsApiService{Client: s2.client}
	r, _, err := svc.QueryByOutRefundNo(t.Context(), refunddomestic.QueryByOutRefundNoRequest{OutRefundNo: core.String("R1")})
	if err != nil || *r.RefundId != *first.RefundId {
		t.Fatalf("after the restart: %v, %v", r, err)
	}
}

func TestRefusals(t *testing.T) {
	s := open(t, t.TempDir())
	svc := native.NativeApiService{Client: s.client}
	query := func(number string) error {
		_, _, err := svc.QueryOrderByOutTradeNo(t.Context(), native.QueryOrderByOutTradeNoRequest{
			OutTradeNo: core.String(number), Mchid: core.String(s.keys["mchid"])})
		return err
	}
	if err := query("NOSUCH01"); !core.IsAPIError(err, "ORDER_NOT_EXIST") {
		t.Errorf("unknown order: %v", err)
	}
	s.order(t, "BILL0005", 100)
	if _, err := svc.CloseOrder(t.Context(), native.CloseOrderRequest{OutTradeNo: core.String("BILL0005"), Mchid: core.String(s.keys["mchid"])}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.gateway.Desk().Pay("BILL0005", pay.Notice{}); err != pay.ErrClosed {
		t.Errorf("payment of a closed order: %v", err)
	}
	resp, err := http.Get(s.board.Base + "/wechat/v3/certificates")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("request without signature: %s", resp.Status)
	}
	if _, err := s.board.Faults.Set(board.Fault{System: "wechat", Operation: "query", Defects: []board.Defect{board.WrongSignature}}); err != nil {
		t.Fatal(err)
	}
	if err := query("BILL0005"); err == nil || core.IsAPIError(err, "ORDER_NOT_EXIST") {
		t.Errorf("the SDK took an answer with a wrong signature: %v", err)
	}
}

// TestCertificateMode runs the SDK's own downloader of platform certificates.
func TestCertificateMode(t *testing.T) {
	s := open(t, t.TempDir())
	key := parse(t, s.keys["merchantPrivateKey"], x509.ParsePKCS8PrivateKey).(*rsa.PrivateKey)
	cert := parse(t, s.keys["platformCertificate"], x509.ParseCertificate).(*x509.Certificate)
	client, err := core.NewClient(t.Context(),
		option.WithMerchantCredential(s.keys["mchid"], s.keys["merchantSerial"], key),
		option.WithWechatPayCertificate([]*x509.Certificate{cert}),
		option.WithHTTPClient(&http.Client{Transport: paytest.To(s.keys["gateway"])}))
	if err != nil {
		t.Fatal(err)
	}
	d, err := downloader.NewCertificateDownloaderWithClient(context.Background(), client, s.keys["apiV3Key"])
	if err != nil {
		t.Fatal(err)
	}
	if got := d.GetNewestSerial(t.Context()); got != s.keys["platformSerial"] {
		t.Fatalf("downloaded certificate %s, want %s", got, s.keys["platformSerial"])
	}
}
