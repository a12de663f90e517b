package alipay

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

func (g *Gateway) refund(c call) (any, error) {
	o, in, err := g.find(c)
	if err != nil {
		return nil, err
	}
	amount, err := land.ParseYuan(in.RefundAmount)
	if err != nil {
		return nil, invalid("isv.invalid-parameter", "退款金额 refund_amount 有误")
	}
	if in.OutRequestNo == "" {
		if amount != o.Amount {
			return nil, invalid("isv.missing-parameter", "部分退款时 out_request_no 不能为空")
		}
		in.OutRequestNo = o.Number // a whole refund may go without a number of its own
	}
	o, _, fresh, err := g.desk.Refund(o.Number, pay.Refund{
		Number: in.OutRequestNo, Reference: o.Reference, Amount: amount, Reason: in.RefundReason, NotifyURL: o.NotifyURL,
	}, 0)
	if err != nil {
		return nil, err
	}
	change := "N" // whether this very call moved money
	if fresh {
		change = "Y"
	}
	return struct {
		head
		TradeNo      string `json:"trade_no"`
		OutTradeNo   string `json:"out_trade_no"`
		BuyerLogonID string `json:"buyer_logon_id"`
		BuyerUserID  string `json:"buyer_user_id"`
		FundChange   string `json:"fund_change"`
		RefundFee    string `json:"refund_fee"` // all that went back so far
	}{success, o.Reference, o.Number, buyerLogon, buyerID, change, o.RefundedSum().Plain()}, nil
}

func (g *Gateway) queryRefund(c call) (any, error) {
	o, in, err := g.find(c)
	if err != nil {
		return nil, err
	}
	out := struct {
		head
		TradeNo      string `json:"trade_no"`
		OutTradeNo   string `json:"out_trade_no"`
		OutRequestNo string `json:"out_request_no,omitempty"`
		TotalAmount  string `json:"total_amount,omitempty"`
		RefundAmount string `json:"refund_amount,omitempty"`
		RefundStatus string `json:"refund_status,omitempty"`
	}{head: success, TradeNo: o.Reference, OutTradeNo: o.Number}
	// An unknown refund is no error: the answer then has no refund_status.
	if r, err := o.FindRefund(in.OutRequestNo); err == nil {
		out.OutRequestNo, out.TotalAmount, out.RefundAmount, out.RefundStatus = r.Number, o.Amount.Plain(), r.Amount.Plain(), "REFUND_SUCCESS"
	}
	return out, nil
}

// Deliver sends a trade_status_sync notice of a payment.
func (g *Gateway) Deliver(ctx context.Context, o pay.Order, n pay.Notice) error {
	values := g.noticeFields(o, o.PaidAt)
	values.Set("trade_status", "TRADE_SUCCESS")
	if n.Amount != 0 {
		for _, field := range []string{"total_amount", "receipt_amount", "buyer_pay_amount"} {
			values.Set(field, n.Amount.Plain())
		}
	}
	return g.notify(ctx, o.NotifyURL, values, n.Forge)
}

// DeliverRefund tells of a refund on the payment's own address, as the real platform does.
func (g *Gateway) DeliverRefund(ctx context.Context, o pay.Order, r pay.Refund) error {
	values := g.noticeFields(o, r.At)
	values.Set("trade_status", g.status(o))
	values.Set("out_biz_no", r.Number)
	values.Set("refund_fee", o.RefundedSum().Plain())
	values.Set("gmt_refund", r.At.Format(timeLayout+".000"))
	return g.notify(ctx, o.NotifyURL, values, false)
}

func (g *Gateway) noticeFields(o pay.Order, at time.Time) url.Values {
	values := url.Values{
		"notify_time": {g.board.Now().Format(timeLayout)}, "notify_type": {"trade_status_sync"},
		"notify_id": {at.Format("20060102") + "00222" + o.Reference},
		"app_id":    {g.appID}, "auth_app_id": {g.appID}, "charset": {"utf-8"}, "version": {"1.0"},
		"trade_no": {o.Reference}, "out_trade_no": {o.Number}, "subject": {o.Subject},
		"total_amount": {o.Amount.Plain()}, "receipt_amount": {o.Amount.Plain()}, "buyer_pay_amount": {o.Amount.Plain()},
		"invoice_amount": {o.Amount.Plain()}, "point_amount": {"0.00"},
		"fund_bill_list": {`[{"amount":"` + o.Amount.Plain() + `","fundChannel":"ALIPAYACCOUNT"}]`},
		"seller_id":      {g.sellerID}, "buyer_id": {buyerID}, "buyer_logon_id": {buyerLogon},
		"gmt_create": {o.Created.Format(timeLayout)}, "gmt_payment": {o.PaidAt.Format(timeLayout)},
	}
	if p := o.Echo["passback_params"]; p != "" {
		values.Set("passback_params", p)
	}
	return values
}

// notify posts the signed form; the merchant accepts it by the seven letters "success".
func (g *Gateway) notify(ctx context.Context, address string, values url.Values, forge bool) error {
	if err := g.signForm(values, forge); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(values.Encode()))
	if err != nil {
		return fmt.Errorf("%w: %w", board.ErrRejected, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	req.Header.Set("X-Request-Id", rand.Text())
	res, err := g.board.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || string(body) != "success" {
		return fmt.Errorf("the merchant answered %s %.20q", res.Status, body)
	}
	return nil
}
