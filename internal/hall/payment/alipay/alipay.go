// Package alipay collects by Alipay (支付宝) through its open platform: page payment on a computer, wap payment on a phone.
//
// In: what an application of the open platform is given. Out: a payment.Channel. Orders come into being when the payer opens
// the signed address; all answers and notifications are checked with Alipay's key (RSA2).
package alipay

import (
	"context"
	"fmt"
	"net/http"
	"time"

	sdk "github.com/smartwalle/alipay/v3"

	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// Config is what an application is given. Keys are PEM.
type Config struct {
	Gateway         string `json:"gateway"` // the SDK's own where empty
	AppID           string `json:"appId"`
	SellerID        string `json:"sellerId"`
	AppPrivateKey   string `json:"appPrivateKey"`
	AlipayPublicKey string `json:"alipayPublicKey"`
}

const layout = "2006-01-02 15:04:05"

// Channel is Alipay.
type Channel struct {
	c      Config
	client *sdk.Client
	http   *http.Client // for statements, which lie beside the gateway
	origin string
}

// New opens the channel. The client brings its time limit.
func New(c Config, client *http.Client) (*Channel, error) {
	client = statement.Bounded(client)
	opts := []sdk.OptionFunc{sdk.WithTimeLocation(clock.Shanghai()), sdk.WithHTTPClient(client)}
	origin := "https://*.alipay.com"
	if c.Gateway != "" {
		opts = append(opts, sdk.WithProductionGateway(c.Gateway))
		origin = payment.OriginOf(c.Gateway)
	}
	s, err := sdk.New(c.AppID, c.AppPrivateKey, true, opts...)
	if err != nil {
		return nil, fmt.Errorf("alipay: application's key: %w", err)
	}
	if err := s.LoadAliPayPublicKey(c.AlipayPublicKey); err != nil {
		return nil, fmt.Errorf("alipay: Alipay's key: %w", err)
	}
	return &Channel{c: c, client: s, http: client, origin: origin}, nil
}

// Code is the channel's name.
func (*Channel) Code() string { return "alipay" }

// Title is what people call it.
func (*Channel) Title() string { return "支付宝" }

// Origin is where the signed address leads: the gateway redirects to cashiers beside it.
func (c *Channel) Origin() string { return c.origin }

// Create signs the address that the payer's browser opens. It asks nobody.
func (c *Channel) Create(_ context.Context, o payment.Order, by payment.Payer) (payment.Way, error) {
	t := sdk.Trade{Subject: o.Subject, OutTradeNo: o.Number(), TotalAmount: o.Amount.Plain(), SellerId: c.c.SellerID,
		TimeExpire: o.Expires.In(clock.Shanghai()).Format(layout), NotifyURL: o.Notify, ReturnURL: o.Return}
	var err error
	way := payment.Way{}
	if by.Phone {
		t.ProductCode = "QUICK_WAP_WAY"
		u, e := c.client.TradeWapPay(sdk.TradeWapPay{Trade: t, QuitURL: o.Return, TimeExpire: t.TimeExpire})
		if err = e; err == nil {
			way.URL = u.String()
		}
	} else {
		t.ProductCode = "FAST_INSTANT_TRADE_PAY"
		u, e := c.client.TradePagePay(sdk.TradePagePay{Trade: t})
		if err = e; err == nil {
			way.URL = u.String()
		}
	}
	if err != nil {
		return way, fmt.Errorf("alipay: sign order: %w", err)
	}
	return way, nil
}

// refusal is an answer that refuses; sub code and words are Alipay's.
func refusal(what string, e sdk.Error) error {
	return fmt.Errorf("alipay: %s: %s %s", what, e.SubCode, e.SubMsg)
}

const notExist = "ACQ.TRADE_NOT_EXIST"

// Query asks for the trade by our number. One that Alipay does not know is unpaid: the payer has not opened the page.
func (c *Channel) Query(ctx context.Context, o payment.Order) (payment.Status, error) {
	t, err := c.client.TradeQuery(ctx, sdk.TradeQuery{OutTradeNo: o.Number()})
	switch {
	case err != nil:
		return payment.Status{}, fmt.Errorf("alipay: query: %w", err)
	case t.SubCode == notExist:
		return payment.Status{}, nil
	case !t.IsSuccess():
		return payment.Status{}, refusal("query", t.Error)
	case t.OutTradeNo != o.Number():
		return payment.Status{}, fmt.Errorf("alipay: query: answer of another order")
	}
	return status(t.TradeStatus, t.TradeNo, t.TotalAmount, t.SendPayDate)
}

// status reads a trade. A trade that was paid and wholly given back is closed, too, but has a time of payment.
func status(s sdk.TradeStatus, no, amount, at string) (payment.Status, error) {
	switch {
	case s == sdk.TradeStatusSuccess, s == sdk.TradeStatusFinished, s == sdk.TradeStatusClosed && at != "":
	case s == sdk.TradeStatusClosed:
		return payment.Status{State: payment.Ended}, nil
	default:
		return payment.Status{State: payment.Unpaid}, nil
	}
	fen, err := land.ParseYuan(amount)
	if err != nil || no == "" {
		return payment.Status{}, fmt.Errorf("alipay: paid trade without amount or number")
	}
	when, err := time.ParseInLocation(layout, at, clock.Shanghai())
	if err != nil {
		return payment.Status{}, fmt.Errorf("alipay: time of payment: %w", err)
	}
	return payment.Status{State: payment.Paid, Reference: no, Amount: fen, At: when}, nil
}

// Close ends the trade, if the payer ever opened the page; the address itself is worthless after its time.
func (c *Channel) Close(ctx context.Context, o payment.Order) error {
	t, err := c.client.TradeClose(ctx, sdk.TradeClose{OutTradeNo: o.Number()})
	switch {
	case err != nil:
		return fmt.Errorf("alipay: close: %w", err)
	case t.IsSuccess(), t.SubCode == notExist, t.SubCode == "ACQ.TRADE_HAS_CLOSE":
		return nil
	case t.SubCode == "ACQ.TRADE_STATUS_ERROR":
		return payment.ErrPaid
	}
	return refusal("close", t.Error)
}

// Refund asks for the refund, then whether it is done: Alipay answers the same number as before.
func (c *Channel) Refund(ctx context.Context, r payment.Refund) (payment.Refunded, error) {
	out, err := c.client.TradeRefund(ctx, sdk.TradeRefund{OutTradeNo: r.Order.Number(), OutRequestNo: r.Number(), RefundAmount: r.Amount.Plain(), RefundReason: r.Reason})
	if err != nil {
		return payment.Refunded{}, fmt.Errorf("alipay: refund: %w", err)
	}
	if !out.IsSuccess() {
		return payment.Refunded{}, refusal("refund", out.Error)
	}
	q, err := c.client.TradeFastPayRefundQuery(ctx, sdk.TradeFastPayRefundQuery{OutTradeNo: r.Order.Number(), OutRequestNo: r.Number()})
	if err != nil {
		return payment.Refunded{}, fmt.Errorf("alipay: refund query: %w", err)
	}
	if !q.IsSuccess() {
		return payment.Refunded{}, refusal("refund query", q.Error)
	}
	// Alipay has no number of its own for a refund: trade and request number name it.
	return payment.Refunded{Done: q.RefundStatus == "REFUND_SUCCESS", Reference: q.TradeNo + "-" + r.Number()}, nil
}

// Notification checks signature, application and seller. What tells of a refund needs nothing: the refund's own job asks.
func (c *Channel) Notification(r *http.Request) (payment.Notification, error) {
	if err := r.ParseForm(); err != nil {
		return payment.Notification{}, fmt.Errorf("%w: form: %w", payment.ErrForged, err)
	}
	n, err := c.client.DecodeNotification(r.PostForm)
	if err != nil {
		return payment.Notification{}, fmt.Errorf("%w: signature", payment.ErrForged)
	}
	if n.AppId != c.c.AppID || n.SellerId != c.c.SellerID {
		return payment.Notification{}, fmt.Errorf("%w: notification for another application", payment.ErrForged)
	}
	if n.RefundFee != "" || n.OutBizNo != "" || n.TradeStatus != sdk.TradeStatusSuccess && n.TradeStatus != sdk.TradeStatusFinished {
		return payment.Notification{}, nil
	}
	st, err := status(n.TradeStatus, n.TradeNo, n.TotalAmount, n.GmtPayment)
	return payment.Notification{Payment: true, Number: n.OutTradeNo, Status: st}, err
}

// Acknowledge answers with the seven letters that end the sending.
func (*Channel) Acknowledge(w http.ResponseWriter, taken bool) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if taken {
		sdk.ACKNotification(w)
		return
	}
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write([]byte("fail")) // a caller that has gone away sends again anyway
}
