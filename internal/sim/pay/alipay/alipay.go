// Package alipay simulates Alipay's open platform (支付宝) for one application: page, wap and QR payment, query, close,
// refund, and the asynchronous notices. Requests come to gateway.do as signed forms (RSA2) and are answered in
// signed JSON; both ways of the open platform work: public keys, and certificates with their serial numbers.
package alipay

import (
	"crypto/md5"
	"crypto/x509/pkix"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

const timeLayout = "2006-01-02 15:04:05"

// Gateway is the simulated Alipay.
type Gateway struct {
	board *board.Board
	desk  *pay.Desk

	appID, sellerID string
	root            *pay.Pair // issues the two certificates
	app             *pay.Pair // the merchant's application
	alipay          *pay.Pair
	stranger        *pay.Pair // nobody's: signs what is to be forged
}

// New opens the gateway, making its keys on the first start.
func New(b *board.Board, v *pay.Vault) (*Gateway, error) {
	g := &Gateway{board: b, appID: "2021004112345678", sellerID: "2088102146225135"}
	var err error
	if g.root, err = v.Authority("alipay-root", pkix.Name{CommonName: "Ant Financial Certification Authority R1", Country: []string{"CN"}}, nil); err != nil {
		return nil, err
	}
	if g.app, err = v.Pair("alipay-app", pkix.Name{CommonName: g.sellerID + "-" + g.appID, Country: []string{"CN"}}, g.root); err != nil {
		return nil, err
	}
	if g.alipay, err = v.Pair("alipay", pkix.Name{CommonName: "支付宝(中国)网络技术有限公司-" + g.sellerID, Country: []string{"CN"}}, g.root); err != nil {
		return nil, err
	}
	if g.stranger, err = v.Pair("stranger", pkix.Name{CommonName: "stranger"}, nil); err != nil {
		return nil, err
	}
	ledger, err := pay.OpenLedger(b, g.Name())
	if err != nil {
		return nil, err
	}
	g.desk = pay.NewDesk(b, ledger, g)
	return g, nil
}

// Name is the folder of the gateway's address.
func (g *Gateway) Name() string { return "alipay" }

// Title is what people call it.
func (g *Gateway) Title() string { return "支付宝" }

// Desk is where its orders are paid.
func (g *Gateway) Desk() *pay.Desk { return g.desk }

// Keys is what a merchant is given when it signs up.
func (g *Gateway) Keys() map[string]string {
	return map[string]string{
		"gateway":         g.board.Base + "/alipay/gateway.do",
		"appId":           g.appID,
		"sellerId":        g.sellerID,
		"appPrivateKey":   g.app.KeyPEM(),
		"appCert":         g.app.CertPEM(),
		"alipayPublicKey": g.alipay.PublicPEM(),
		"alipayCert":      g.alipay.CertPEM(),
		"alipayRootCert":  g.root.CertPEM(),
	}
}

// certSN is a certificate's number as Alipay writes it.
func certSN(p *pay.Pair) string {
	sum := md5.Sum([]byte(p.Cert.Issuer.String() + p.Cert.SerialNumber.String()))
	return hex.EncodeToString(sum[:])
}

// Handler serves gateway.do and the pages.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	g.desk.Routes(mux)
	mux.HandleFunc("/gateway.do", g.gateway)
	mux.Handle("GET /downloadBillFile.resource", g.board.Faults.Strikes(g.Name(), "statementFile", http.HandlerFunc(g.billFile)))
	return mux
}

// Reference is a trade_no: 28 digits that begin with the day.
func (g *Gateway) Reference(at time.Time) string {
	return at.Format("20060102") + "22001" + board.Digits(15)
}

// Retry is Alipay's published schedule: eight sends in twenty-five hours.
func (g *Gateway) Retry() []time.Duration {
	const m, h = time.Minute, time.Hour
	return []time.Duration{4 * m, 10 * m, 10 * m, h, 2 * h, 6 * h, 15 * h}
}

const qrPrefix = "https://qr.alipay.com/"

// Code reads the token out of a QR code.
func (g *Gateway) Code(text string) string { return strings.TrimPrefix(text, qrPrefix) }

// Return is the merchant's return_url with the signed result behind it.
func (g *Gateway) Return(o pay.Order) (pay.Back, error) {
	if o.ReturnURL == "" {
		return pay.Back{}, nil
	}
	values := url.Values{
		"app_id": {g.appID}, "auth_app_id": {g.appID}, "charset": {"utf-8"}, "version": {"1.0"}, "method": {o.Echo["method"] + ".return"},
		"out_trade_no": {o.Number}, "trade_no": {o.Reference}, "total_amount": {o.Amount.Plain()}, "seller_id": {g.sellerID},
		"timestamp": {g.board.Now().Format(timeLayout)},
	}
	if err := g.signForm(values, false); err != nil {
		return pay.Back{}, err
	}
	mark := "?"
	if strings.Contains(o.ReturnURL, "?") {
		mark = "&"
	}
	return pay.Back{URL: o.ReturnURL + mark + values.Encode()}, nil
}
