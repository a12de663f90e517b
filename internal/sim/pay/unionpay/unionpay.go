// Package unionpay simulates UnionPay's online gateway (银联) of message version 5.1.0 for one merchant: the payer's
// form to frontTransReq, the merchant's refund to backTransReq and query to queryTrans, and the notices behind both.
// Fields are signed as version 5.1.0 has it: RSA-SHA256 over the hex SHA-256 of the sorted fields; our side sends
// its certificate in signPubKeyCert, under a root and a middle authority that the merchant checks it against.
package unionpay

import (
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

const timeLayout = "20060102150405"

// Gateway is the simulated UnionPay.
type Gateway struct {
	board *board.Board
	desk  *pay.Desk

	merID        string
	root, middle *pay.Pair
	merchant     *pay.Pair
	unionpay     *pay.Pair
	stranger     *pay.Pair // issued by nobody: signs what is to be forged
}

// New opens the gateway, making its keys on the first start.
func New(b *board.Board, v *pay.Vault) (*Gateway, error) {
	g := &Gateway{board: b, merID: "777290058110048"}
	if err := g.loadKeys(v); err != nil {
		return nil, err
	}
	ledger, err := pay.OpenLedger(b, g.Name())
	if err != nil {
		return nil, err
	}
	g.desk = pay.NewDesk(b, ledger, g)
	return g, nil
}

func (g *Gateway) loadKeys(v *pay.Vault) (err error) {
	if g.root, err = v.Authority("unionpay-root", pkix.Name{CommonName: "CFCA ACS CA", Country: []string{"CN"}}, nil); err != nil {
		return err
	}
	if g.middle, err = v.Authority("unionpay-middle", pkix.Name{CommonName: "CFCA ACS OCA31", Country: []string{"CN"}}, g.root); err != nil {
		return err
	}
	// Merchants compare the third part between the @ with the company's name.
	subject := pkix.Name{CommonName: "041@Z2026@中国银联股份有限公司@00000001", Country: []string{"CN"}}
	if g.unionpay, err = v.Pair("unionpay", subject, g.middle); err != nil {
		return err
	}
	if g.merchant, err = v.Pair("unionpay-merchant", pkix.Name{CommonName: "041@" + g.merID, Country: []string{"CN"}}, g.middle); err != nil {
		return err
	}
	g.stranger, err = v.Pair("stranger", pkix.Name{CommonName: "stranger"}, nil)
	return err
}

// Name is the folder of the gateway's address.
func (g *Gateway) Name() string { return "unionpay" }

// Title is what people call it.
func (g *Gateway) Title() string { return "银联在线支付" }

// Desk is where its orders are paid.
func (g *Gateway) Desk() *pay.Desk { return g.desk }

// Keys is what a merchant is given when it signs up.
func (g *Gateway) Keys() map[string]string {
	base := g.board.Base + "/unionpay/gateway/api/"
	return map[string]string{
		"frontUrl":           base + "frontTransReq.do",
		"backUrl":            base + "backTransReq.do",
		"queryUrl":           base + "queryTrans.do",
		"fileUrl":            g.board.Base + "/unionpay/file/",
		"merId":              g.merID,
		"certId":             g.merchant.Cert.SerialNumber.String(),
		"merchantPrivateKey": g.merchant.KeyPEM(),
		"rootCert":           g.root.CertPEM(),
		"middleCert":         g.middle.CertPEM(),
		"signerName":         "中国银联股份有限公司",
	}
}

// Handler serves the gateway and the pages.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	g.desk.Routes(mux)
	mux.Handle("POST /gateway/api/frontTransReq.do", g.board.Faults.Strikes(g.Name(), "order", http.HandlerFunc(g.front)))
	mux.Handle("POST /gateway/api/backTransReq.do", g.board.Faults.Strikes(g.Name(), "refund", g.back(g.refund)))
	mux.Handle("POST /gateway/api/queryTrans.do", g.board.Faults.Strikes(g.Name(), "query", g.back(g.query)))
	mux.Handle("POST /file/{$}", g.board.Faults.Strikes(g.Name(), "statement", g.back(g.file)))
	return mux
}

// Reference is a queryId: 21 digits that begin with the time.
func (g *Gateway) Reference(at time.Time) string { return at.Format(timeLayout) + board.Digits(7) }

// Retry is how UnionPay repeats a notice: five times within an hour and a bit.
func (g *Gateway) Retry() []time.Duration {
	const m = time.Minute
	return []time.Duration{m, 2 * m, 4 * m, 10 * m, 60 * m}
}

// Code takes what is shown as it is: UnionPay's orders come as forms, not as codes.
func (g *Gateway) Code(text string) string { return text }

// Return is the form that the payer's browser takes back to frontUrl.
func (g *Gateway) Return(o pay.Order) (pay.Back, error) {
	if o.ReturnURL == "" {
		return pay.Back{}, nil
	}
	fields := g.paidFields(o)
	if err := g.sign(fields, false); err != nil {
		return pay.Back{}, err
	}
	return pay.Back{URL: o.ReturnURL, Fields: fields}, nil
}

// signText is what is signed: the fields that have a value, but not the signature itself, sorted and joined by &,
// hashed and written in hex.
func signText(fields url.Values) string {
	var pairs []string
	for k, v := range fields {
		if k != "signature" && v[0] != "" {
			pairs = append(pairs, k+"="+v[0])
		}
	}
	slices.Sort(pairs)
	sum := sha256.Sum256([]byte(strings.Join(pairs, "&")))
	return hex.EncodeToString(sum[:])
}

// sign completes what goes to the merchant.
func (g *Gateway) sign(fields url.Values, forge bool) error {
	key := g.unionpay
	if forge {
		key = g.stranger
	}
	fields.Set("version", "5.1.0")
	fields.Set("encoding", "UTF-8")
	fields.Set("signMethod", "01")
	fields.Set("signPubKeyCert", key.CertPEM())
	sig, err := key.Sign(signText(fields))
	if err != nil {
		return err
	}
	fields.Set("signature", sig)
	return nil
}
