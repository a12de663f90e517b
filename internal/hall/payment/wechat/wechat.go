// Package wechat collects by WeChat Pay (微信支付, APIv3) through its official SDK: a QR code (Native) on a computer, WeChat's
// own page (H5) on a phone.
//
// In: what a merchant is given when it signs up. Out: a payment.Channel. Requests are signed with the merchant's key; answers
// and notifications are checked with WeChat's public key, and the content of notifications is opened with the APIv3 key.
package wechat

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/notify"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/h5"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/native"
	"github.com/wechatpay-apiv3/wechatpay-go/services/refunddomestic"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"

	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/land"
)

// Production is the address of WeChat's own gateway.
const Production = "https://api.mch.weixin.qq.com"

// Config is what a merchant is given when it signs up. Keys are PEM.
type Config struct {
	Gateway            string `json:"gateway"` // Production where empty; another one may have a path of its own
	AppID              string `json:"appid"`
	MchID              string `json:"mchid"`
	APIv3Key           string `json:"apiV3Key"`
	MerchantSerial     string `json:"merchantSerial"`
	MerchantPrivateKey string `json:"merchantPrivateKey"`
	PublicKeyID        string `json:"publicKeyId"`
	PublicKey          string `json:"publicKey"`
}

// Channel is WeChat Pay.
type Channel struct {
	c      Config
	client *core.Client
	files  *core.Client // for statements, which come without a signature
	notes  *notify.Handler
	origin string
}

// New opens the channel. HTTP brings its time limit; its transport may be nil.
func New(ctx context.Context, c Config, client *http.Client) (*Channel, error) {
	key, err := utils.LoadPrivateKey(c.MerchantPrivateKey)
	if err != nil {
		return nil, fmt.Errorf("wechat: merchant's key: %w", err)
	}
	public, err := utils.LoadPublicKey(c.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("wechat: WeChat's key: %w", err)
	}
	ch := &Channel{c: c}
	if client, err = redirected(client, c.Gateway); err != nil {
		return nil, err
	}
	client = statement.Bounded(client)
	if ch.client, err = dial(ctx, c, key, public, client); err != nil {
		return nil, fmt.Errorf("wechat: client: %w", err)
	}
	if ch.files, err = core.NewClient(ctx, option.WithMerchantCredential(c.MchID, c.MerchantSerial, key), option.WithoutValidator(), option.WithHTTPClient(client)); err != nil {
		return nil, fmt.Errorf("wechat: client for files: %w", err)
	}
	if ch.notes, err = notify.NewRSANotifyHandler(c.APIv3Key, verifiers.NewSHA256WithRSAPubkeyVerifier(c.PublicKeyID, *public)); err != nil {
		return nil, fmt.Errorf("wechat: APIv3 key: %w", err)
	}
	ch.origin = "https://wx.tenpay.com" // where H5 pages of the production gateway are
	if c.Gateway != "" && c.Gateway != Production {
		ch.origin = payment.OriginOf(c.Gateway)
	}
	return ch, nil
}

func dial(ctx context.Context, c Config, key *rsa.PrivateKey, public *rsa.PublicKey, client *http.Client) (*core.Client, error) {
	return core.NewClient(ctx, option.WithWechatPayPublicKeyAuthCipher(c.MchID, c.MerchantSerial, key, c.PublicKeyID, public), option.WithHTTPClient(client))
}

// gateway leads what the SDK addresses to production to another address. The signature covers the path without its prefix.
type gateway struct {
	to   *url.URL
	next http.RoundTripper
}

func (g gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.URL.Path, r.Host = g.to.Scheme, g.to.Host, g.to.Path+r.URL.Path, g.to.Host
	return g.next.RoundTrip(r)
}

func redirected(client *http.Client, to string) (*http.Client, error) {
	if to == "" || to == Production {
		return client, nil
	}
	u, err := url.Parse(to)
	if err != nil {
		return nil, fmt.Errorf("wechat: gateway: %w", err)
	}
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	return &http.Client{Transport: gateway{u, next}, Timeout: client.Timeout}, nil
}

// Code is the channel's name.
func (*Channel) Code() string { return "wechat" }

// Title is what people call it.
func (*Channel) Title() string { return "微信支付" }

// Origin is where the H5 pages are.
func (c *Channel) Origin() string { return c.origin }

// Create makes a Native order for a computer and an H5 order for a phone.
func (c *Channel) Create(ctx context.Context, o payment.Order, by payment.Payer) (payment.Way, error) {
	if by.Phone {
		return c.createH5(ctx, o, by)
	}
	svc := native.NativeApiService{Client: c.client}
	out, _, err := svc.Prepay(ctx, native.PrepayRequest{Appid: &c.c.AppID, Mchid: &c.c.MchID, Description: &o.Subject, OutTradeNo: core.String(o.Number()),
		TimeExpire: &o.Expires, NotifyUrl: &o.Notify, Amount: &native.Amount{Total: core.Int64(int64(o.Amount)), Currency: core.String("CNY")}})
	if err != nil {
		return payment.Way{}, gone(err)
	}
	return payment.Way{Code: *out.CodeUrl}, nil
}

func (c *Channel) createH5(ctx context.Context, o payment.Order, by payment.Payer) (payment.Way, error) {
	svc := h5.H5ApiService{Client: c.client}
	out, _, err := svc.Prepay(ctx, h5.PrepayRequest{Appid: &c.c.AppID, Mchid: &c.c.MchID, Description: &o.Subject, OutTradeNo: core.String(o.Number()),
		TimeExpire: &o.Expires, NotifyUrl: &o.Notify, Amount: &h5.Amount{Total: core.Int64(int64(o.Amount)), Currency: core.String("CNY")},
		SceneInfo: &h5.SceneInfo{PayerClientIp: &by.Address, H5Info: &h5.H5Info{Type: core.String("Wap")}}})
	if err != nil {
		return payment.Way{}, gone(err)
	}
	return payment.Way{URL: *out.H5Url + "&redirect_url=" + url.QueryEscape(o.Return)}, nil
}

func gone(err error) error {
	if is(err, "ORDERPAID", "ORDER_CLOSED", "ORDERCLOSED") {
		return payment.ErrGone
	}
	return fmt.Errorf("wechat: create order: %w", err)
}

// is tells whether WeChat refused with one of the codes.
func is(err error, codes ...string) bool {
	var api *core.APIError
	if !errors.As(err, &api) {
		return false
	}
	for _, c := range codes {
		if api.Code == c {
			return true
		}
	}
	return false
}

// Query asks for the order by our number. An order that WeChat does not know is unpaid: it has not reached the gateway.
func (c *Channel) Query(ctx context.Context, o payment.Order) (payment.Status, error) {
	svc := native.NativeApiService{Client: c.client}
	t, _, err := svc.QueryOrderByOutTradeNo(ctx, native.QueryOrderByOutTradeNoRequest{OutTradeNo: core.String(o.Number()), Mchid: &c.c.MchID})
	if is(err, "ORDER_NOT_EXIST") {
		return payment.Status{}, nil
	}
	if err != nil {
		return payment.Status{}, fmt.Errorf("wechat: query: %w", err)
	}
	if text(t.OutTradeNo) != o.Number() {
		return payment.Status{}, fmt.Errorf("wechat: query: answer of another order")
	}
	return c.status(t)
}

// status reads a transaction of ours, whoever brought it.
func (c *Channel) status(t *payments.Transaction) (payment.Status, error) {
	if text(t.Mchid) != c.c.MchID || text(t.Appid) != c.c.AppID {
		return payment.Status{}, fmt.Errorf("%w: transaction of another merchant", payment.ErrForged)
	}
	switch text(t.TradeState) {
	case "SUCCESS", "REFUND":
		if t.Amount == nil || t.Amount.Total == nil || text(t.TransactionId) == "" {
			return payment.Status{}, fmt.Errorf("wechat: paid transaction without amount or number")
		}
		at, err := time.Parse(time.RFC3339, text(t.SuccessTime))
		if err != nil {
			return payment.Status{}, fmt.Errorf("wechat: time of payment: %w", err)
		}
		return payment.Status{State: payment.Paid, Reference: *t.TransactionId, Amount: land.Fen(*t.Amount.Total), At: at}, nil
	case "CLOSED", "REVOKED", "PAYERROR":
		return payment.Status{State: payment.Ended}, nil
	}
	return payment.Status{State: payment.Unpaid}, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Close ends the order.
func (c *Channel) Close(ctx context.Context, o payment.Order) error {
	svc := native.NativeApiService{Client: c.client}
	_, err := svc.CloseOrder(ctx, native.CloseOrderRequest{OutTradeNo: core.String(o.Number()), Mchid: &c.c.MchID})
	switch {
	case err == nil, is(err, "ORDER_NOT_EXIST", "ORDER_CLOSED", "ORDERCLOSED"):
		return nil
	case is(err, "ORDERPAID"):
		return payment.ErrPaid
	}
	return fmt.Errorf("wechat: close: %w", err)
}

// Refund asks for the refund; WeChat answers the same number with how far it is.
func (c *Channel) Refund(ctx context.Context, r payment.Refund) (payment.Refunded, error) {
	svc := refunddomestic.RefundsApiService{Client: c.client}
	out, _, err := svc.Create(ctx, refunddomestic.CreateRequest{OutTradeNo: core.String(r.Order.Number()), OutRefundNo: core.String(r.Number()), Reason: &r.Reason,
		Amount: &refunddomestic.AmountReq{Refund: core.Int64(int64(r.Amount)), Total: core.Int64(int64(r.Paid)), Currency: core.String("CNY")}})
	if err != nil {
		return payment.Refunded{}, fmt.Errorf("wechat: refund: %w", err)
	}
	if out.Status != nil && (*out.Status == refunddomestic.STATUS_CLOSED || *out.Status == refunddomestic.STATUS_ABNORMAL) {
		return payment.Refunded{}, fmt.Errorf("wechat: refund is %s: it has to be made by hand on the merchant platform", *out.Status)
	}
	done := payment.Refunded{Done: out.Status != nil && *out.Status == refunddomestic.STATUS_SUCCESS, Reference: text(out.RefundId)}
	if out.SuccessTime != nil {
		done.At = *out.SuccessTime
	}
	return done, nil
}

// Notification checks the signature and opens the content.
func (c *Channel) Notification(r *http.Request) (payment.Notification, error) {
	var t payments.Transaction
	note, err := c.notes.ParseNotifyRequest(r.Context(), r, &t)
	if err != nil {
		// The SDK's error repeats the whole request: it does not belong into a log.
		return payment.Notification{}, fmt.Errorf("%w: signature or content", payment.ErrForged)
	}
	if note.EventType != "TRANSACTION.SUCCESS" {
		return payment.Notification{}, nil
	}
	st, err := c.status(&t)
	return payment.Notification{Payment: true, Number: text(t.OutTradeNo), Status: st}, err
}

// Acknowledge answers 204, or a code that makes WeChat send again.
func (*Channel) Acknowledge(w http.ResponseWriter, taken bool) {
	if taken {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write([]byte(`{"code":"FAIL","message":"失败"}`)) // a caller that has gone away sends again anyway
}
