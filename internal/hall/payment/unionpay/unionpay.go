// Package unionpay collects by UnionPay's online gateway (银联在线支付), message version 5.1.0.
//
// In: what a merchant is given when it signs up. Out: a payment.Channel. The payer's browser posts a signed form to the
// gateway; refunds and queries go from machine to machine. There is no SDK for Go: the few rules of the format stand in sign.go.
package unionpay

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// Config is what a merchant is given. Keys and certificates are PEM.
type Config struct {
	FrontURL           string `json:"frontUrl"`
	BackURL            string `json:"backUrl"`
	QueryURL           string `json:"queryUrl"`
	FileURL            string `json:"fileUrl"`
	MerID              string `json:"merId"`
	CertID             string `json:"certId"`
	MerchantPrivateKey string `json:"merchantPrivateKey"`
	RootCert           string `json:"rootCert"`
	MiddleCert         string `json:"middleCert"`
	SignerName         string `json:"signerName"` // third part of the common name in UnionPay's certificate
}

const layout = "20060102150405"

// maxAnswer is that of a statement, packed and in base64.
const maxAnswer = statement.MaxPacked / 3 * 4

// Channel is UnionPay.
type Channel struct {
	c    Config
	seal *sealer
	http *http.Client
}

// New opens the channel. The client brings its time limit.
func New(c Config, clk clock.Clock, client *http.Client) (*Channel, error) {
	s, err := newSealer(c, clk)
	if err != nil {
		return nil, err
	}
	return &Channel{c: c, seal: s, http: client}, nil
}

// Code is the channel's name.
func (*Channel) Code() string { return "unionpay" }

// Title is what people call it.
func (*Channel) Title() string { return "银联" }

// Origin is where the payer's form goes: the production gateway redirects to cashiers beside it.
func (c *Channel) Origin() string {
	if o := payment.OriginOf(c.c.FrontURL); !strings.HasSuffix(o, ".95516.com") {
		return o
	}
	return "https://*.95516.com"
}

func stamp(t time.Time) string { return t.In(clock.Shanghai()).Format(layout) }

// fields are what every message carries. The same order has the same txnTime always: number and time together name it.
func (c *Channel) fields(kind, sub, number string, at time.Time) url.Values {
	return url.Values{"version": {"5.1.0"}, "encoding": {"UTF-8"}, "signMethod": {"01"}, "txnType": {kind}, "txnSubType": {sub}, "bizType": {"000201"},
		"accessType": {"0"}, "channelType": {"07"}, "merId": {c.c.MerID}, "certId": {c.c.CertID}, "orderId": {number}, "txnTime": {stamp(at)}}
}

func fen(f land.Fen) string { return strconv.FormatInt(int64(f), 10) }

// Create signs the form that the payer's browser posts. It asks nobody.
func (c *Channel) Create(_ context.Context, o payment.Order, by payment.Payer) (payment.Way, error) {
	f := c.fields("01", "01", o.Number(), o.Created)
	if by.Phone {
		f.Set("channelType", "08")
	}
	f.Set("currencyCode", "156")
	f.Set("txnAmt", fen(o.Amount))
	f.Set("orderDesc", o.Subject)
	f.Set("payTimeout", stamp(o.Expires))
	f.Set("backUrl", o.Notify)
	f.Set("frontUrl", o.Back)
	if err := c.seal.sign(f); err != nil {
		return payment.Way{}, err
	}
	return payment.Way{Form: f, Action: c.c.FrontURL}, nil
}

// ask sends a machine's message and checks the answer.
func (c *Channel) ask(ctx context.Context, to string, f url.Values) (url.Values, error) {
	if err := c.seal.sign(f); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(f.Encode()))
	if err != nil {
		return nil, fmt.Errorf("unionpay: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("unionpay: ask: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("unionpay: read answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("unionpay: the gateway answered %d", res.StatusCode)
	}
	out := parse(string(body))
	if err := c.seal.verify(out); err != nil {
		return nil, err
	}
	if out.Get("orderId") != f.Get("orderId") || out.Get("merId") != c.c.MerID {
		return nil, fmt.Errorf("%w: answer to another question", payment.ErrForged)
	}
	return out, nil
}

// parse reads an answer, which is not URL-encoded: values may hold = and +.
func parse(body string) url.Values {
	out := url.Values{}
	for _, pair := range strings.Split(strings.TrimSpace(body), "&") {
		if k, v, ok := strings.Cut(pair, "="); ok {
			out.Set(k, v)
		}
	}
	return out
}

// Answers of the gateway: respCode is about the question, origRespCode about the payment or refund asked for.
const (
	good      = "00"
	partly    = "A6" // done, but the gateway knows not everything
	unknown   = "34"
	duplicate = "12"
)

func refusal(what string, f url.Values) error {
	return fmt.Errorf("unionpay: %s: %s %s", what, f.Get("respCode"), f.Get("respMsg"))
}

// Query asks for the payment. The gateway knows none before the payer's form arrives, and none after an order lapsed.
func (c *Channel) Query(ctx context.Context, o payment.Order) (payment.Status, error) {
	out, err := c.ask(ctx, c.c.QueryURL, c.fields("00", "00", o.Number(), o.Created))
	switch {
	case err != nil:
		return payment.Status{}, err
	case out.Get("respCode") == unknown:
		return payment.Status{}, nil
	case out.Get("respCode") != good:
		return payment.Status{}, refusal("query", out)
	}
	switch out.Get("origRespCode") {
	case good, partly:
		return status(out)
	case "03", "04", "05": // under way
		return payment.Status{State: payment.Unpaid}, nil
	}
	return payment.Status{State: payment.Ended}, nil
}

func status(f url.Values) (payment.Status, error) {
	n, err := strconv.ParseInt(f.Get("txnAmt"), 10, 64)
	if err != nil || n <= 0 || f.Get("queryId") == "" || f.Get("currencyCode") != "156" {
		return payment.Status{}, fmt.Errorf("unionpay: paid transaction without amount, currency or number")
	}
	at, err := paidAt(f.Get("txnTime"), f.Get("traceTime"))
	if err != nil {
		return payment.Status{}, err
	}
	return payment.Status{State: payment.Paid, Reference: f.Get("queryId"), Amount: land.Fen(n), At: at}, nil
}

// paidAt completes traceTime, which has no year, by the year of the order; a payment just after New Year is of the next one.
func paidAt(order, trace string) (time.Time, error) {
	from, err := time.ParseInLocation(layout, order, clock.Shanghai())
	if err != nil {
		return from, fmt.Errorf("unionpay: time of order: %w", err)
	}
	if trace == "" {
		return from, nil
	}
	at, err := time.ParseInLocation(layout, order[:4]+trace, clock.Shanghai())
	if err != nil {
		return at, fmt.Errorf("unionpay: time of payment: %w", err)
	}
	if at.Before(from.AddDate(0, 0, -1)) {
		at = at.AddDate(1, 0, 0)
	}
	return at, nil
}

// Close cannot be asked for: the gateway ends an order by its payTimeout. Error: payment.ErrStays before that.
func (c *Channel) Close(_ context.Context, o payment.Order) error {
	if c.seal.clock.Now().Before(o.Expires) {
		return payment.ErrStays
	}
	return nil
}

// Refund asks whether the refund is done, and for the refund when the gateway does not know it. The gateway refuses a number
// that it has seen, so asking comes first.
func (c *Channel) Refund(ctx context.Context, r payment.Refund) (payment.Refunded, error) {
	out, err := c.ask(ctx, c.c.QueryURL, c.fields("00", "00", r.Number(), r.Ordered))
	if err != nil {
		return payment.Refunded{}, err
	}
	if out.Get("respCode") == good {
		done := out.Get("origRespCode") == good || out.Get("origRespCode") == partly
		return payment.Refunded{Done: done, Reference: out.Get("queryId")}, nil
	}
	if out.Get("respCode") != unknown {
		return payment.Refunded{}, refusal("refund query", out)
	}
	f := c.fields("04", "00", r.Number(), r.Ordered)
	f.Set("currencyCode", "156")
	f.Set("txnAmt", fen(r.Amount))
	f.Set("origQryId", r.Reference)
	f.Set("backUrl", r.Order.Notify)
	if out, err = c.ask(ctx, c.c.BackURL, f); err != nil {
		return payment.Refunded{}, err
	}
	if code := out.Get("respCode"); code != good && code != duplicate {
		return payment.Refunded{}, refusal("refund", out)
	}
	return payment.Refunded{Reference: out.Get("queryId")}, nil // taken; the next question tells whether it is done
}

// Notification checks certificate, signature and merchant. What tells of a refund needs nothing: the refund's own job asks.
func (c *Channel) Notification(r *http.Request) (payment.Notification, error) {
	if err := r.ParseForm(); err != nil {
		return payment.Notification{}, fmt.Errorf("%w: form: %w", payment.ErrForged, err)
	}
	f := r.PostForm
	if err := c.seal.verify(f); err != nil {
		return payment.Notification{}, err
	}
	if f.Get("merId") != c.c.MerID {
		return payment.Notification{}, fmt.Errorf("%w: notification for another merchant", payment.ErrForged)
	}
	if code := f.Get("respCode"); f.Get("txnType") != "01" || code != good && code != partly {
		return payment.Notification{}, nil
	}
	st, err := status(f)
	return payment.Notification{Payment: true, Number: f.Get("orderId"), Status: st}, err
}

// Acknowledge answers 200, or a code that makes UnionPay send again.
func (*Channel) Acknowledge(w http.ResponseWriter, taken bool) {
	if !taken {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte("ok")) // a caller that has gone away sends again anyway
}
