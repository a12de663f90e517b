// Package wechat simulates WeChat Pay APIv3 (微信支付) for one merchant: Native and H5 orders, query, close, refund,
// platform certificates, and signed, encrypted notices. What the official Go SDK says and checks is said and
// checked here: requests carry WECHATPAY2-SHA256-RSA2048 signatures of the merchant, answers and notices are signed with the
// platform's certificate or, for a merchant in public-key mode, with the platform's public key.
package wechat

import (
	"context"
	"crypto/x509/pkix"
	"fmt"
	"net/http"
	"strings"
	"time"

	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

// Gateway is the simulated WeChat Pay.
type Gateway struct {
	board *board.Board
	desk  *pay.Desk

	appID, mchID string
	apiV3Key     string
	publicKeyID  string
	merchant     *pay.Pair // the merchant's API certificate
	platform     *pay.Pair // WeChat's, in certificate mode
	public       *pay.Pair // WeChat's, in public-key mode
	stranger     *pay.Pair // nobody's: signs what is to be forged
}

// New opens the gateway, making its keys on the first start.
func New(b *board.Board, v *pay.Vault) (*Gateway, error) {
	g := &Gateway{board: b, appID: "wx1f2e3d4c5b6a7980", mchID: "1900012345", publicKeyID: "PUB_KEY_ID_0119000123452026112400000001"}
	var err error
	if g.apiV3Key, err = v.Secret("wechat-apiv3"); err != nil {
		return nil, err
	}
	for _, p := range []struct {
		to      **pay.Pair
		name    string
		subject pkix.Name
	}{
		{&g.merchant, "wechat-merchant", pkix.Name{CommonName: g.mchID, Organization: []string{"微信商户系统"}}},
		{&g.platform, "wechat-platform", pkix.Name{CommonName: "Tenpay.com sign", Organization: []string{"Tenpay.com"}}},
		{&g.public, "wechat-public", pkix.Name{CommonName: g.publicKeyID}},
		{&g.stranger, "stranger", pkix.Name{CommonName: "stranger"}},
	} {
		if *p.to, err = v.Pair(p.name, p.subject, nil); err != nil {
			return nil, err
		}
	}
	ledger, err := pay.OpenLedger(b, g.Name())
	if err != nil {
		return nil, err
	}
	g.desk = pay.NewDesk(b, ledger, g)
	return g, nil
}

// Name is the folder of the gateway's address.
func (g *Gateway) Name() string { return "wechat" }

// Title is what people call it.
func (g *Gateway) Title() string { return "微信支付" }

// Desk is where its orders are paid.
func (g *Gateway) Desk() *pay.Desk { return g.desk }

// Keys is what a merchant is given when it signs up.
func (g *Gateway) Keys() map[string]string {
	return map[string]string{
		"gateway":             g.board.Base + "/wechat",
		"appid":               g.appID,
		"mchid":               g.mchID,
		"apiV3Key":            g.apiV3Key,
		"merchantSerial":      serial(g.merchant),
		"merchantPrivateKey":  g.merchant.KeyPEM(),
		"merchantCertificate": g.merchant.CertPEM(),
		"platformSerial":      serial(g.platform),
		"platformCertificate": g.platform.CertPEM(),
		"publicKeyId":         g.publicKeyID,
		"publicKey":           g.public.PublicPEM(),
	}
}

// serial is a certificate's number as WeChat writes it.
func serial(p *pay.Pair) string { return fmt.Sprintf("%X", p.Cert.SerialNumber) }

// Handler serves the API and the pages, with paths as WeChat has them below the gateway's folder.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	g.desk.Routes(mux)
	mux.HandleFunc("GET /cgi-bin/mmpayweb-bin/checkmweb", g.openH5)
	for pattern, op := range map[string]struct {
		name  string
		serve operation
	}{
		"POST /v3/pay/transactions/native":                            {"order", g.orderNative},
		"POST /v3/pay/transactions/h5":                                {"order", g.orderH5},
		"GET /v3/pay/transactions/out-trade-no/{out_trade_no}":        {"query", g.query},
		"GET /v3/pay/transactions/id/{transaction_id}":                {"query", g.queryID},
		"POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close": {"close", g.close},
		"POST /v3/refund/domestic/refunds":                            {"refund", g.refund},
		"GET /v3/refund/domestic/refunds/{out_refund_no}":             {"refundQuery", g.queryRefund},
		"GET /v3/bill/tradebill":                                      {"statement", g.tradeBill},
		"GET /v3/certificates":                                        {"certificates", g.certificates},
	} {
		mux.Handle(pattern, g.board.Faults.Strikes(g.Name(), op.name, g.signed(op.serve)))
	}
	mux.Handle("GET /v3/billdownload/file", g.board.Faults.Strikes(g.Name(), "statementFile", http.HandlerFunc(g.billFile)))
	return mux
}

// Reference is a transaction_id: 28 digits with the day inside.
func (g *Gateway) Reference(at time.Time) string {
	return "4200002" + board.Digits(3) + at.Format("20060102") + board.Digits(10)
}

// Retry is WeChat's published schedule: fifteen times over a day.
func (g *Gateway) Retry() []time.Duration {
	const m, h = time.Minute, time.Hour
	return []time.Duration{15 * time.Second, 15 * time.Second, 30 * time.Second, 3 * m, 10 * m, 20 * m, 30 * m, 30 * m, 30 * m, h, 3 * h, 3 * h, 3 * h, 6 * h, 6 * h}
}

// Code reads the token out of a code_url or an h5_url.
func (g *Gateway) Code(text string) string {
	for _, mark := range []string{"pr=", "prepay_id="} {
		if _, after, ok := strings.Cut(text, mark); ok {
			token, _, _ := strings.Cut(after, "&")
			return strings.TrimPrefix(token, "wx")
		}
	}
	return text
}

// Return is the redirect_url that the merchant put behind the h5_url; a Native order has none.
func (g *Gateway) Return(o pay.Order) (pay.Back, error) { return pay.Back{URL: o.ReturnURL}, nil }

// Deliver sends a TRANSACTION.SUCCESS notice.
func (g *Gateway) Deliver(ctx context.Context, o pay.Order, n pay.Notice) error {
	t := g.transaction(o)
	t.TradeState, t.TradeStateDesc = "SUCCESS", "支付成功"
	if n.Amount != 0 {
		t.Amount = &amount{Total: int64(n.Amount), PayerTotal: int64(n.Amount), Currency: "CNY", PayerCurrency: "CNY"}
	}
	return g.notify(ctx, o.NotifyURL, o.Echo["serial"], n.Forge, event{
		ID: "EV-" + o.Reference, Type: "TRANSACTION.SUCCESS", Summary: "支付成功", Original: "transaction", At: o.PaidAt, Content: t,
	})
}
