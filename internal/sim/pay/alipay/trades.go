package alipay

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

// head begins every good answer.
type head struct {
	Code string `json:"code"`
	Msg  string `json:"msg"`
}

var success = head{Code: "10000", Msg: "Success"}

type tradeRequest struct {
	OutTradeNo     string `json:"out_trade_no"`
	TradeNo        string `json:"trade_no"`
	Subject        string `json:"subject"`
	TotalAmount    string `json:"total_amount"`
	ProductCode    string `json:"product_code"`
	SellerID       string `json:"seller_id"`
	TimeExpire     string `json:"time_expire"`
	TimeoutExpress string `json:"timeout_express"`
	PassbackParams string `json:"passback_params"`
	RefundAmount   string `json:"refund_amount"`
	RefundReason   string `json:"refund_reason"`
	OutRequestNo   string `json:"out_request_no"`
	AlipayCertSN   string `json:"alipay_cert_sn"`
}

// open takes an order in, whichever way it is to be paid.
func (g *Gateway) open(c call) (pay.Order, error) {
	var in tradeRequest
	if err := c.biz(&in); err != nil {
		return pay.Order{}, err
	}
	amount, err := land.ParseYuan(in.TotalAmount)
	switch {
	case in.OutTradeNo == "" || len(in.OutTradeNo) > 64:
		return pay.Order{}, invalid("isv.missing-parameter", "商户订单号 out_trade_no 有误")
	case in.Subject == "":
		return pay.Order{}, invalid("isv.missing-parameter", "订单标题 subject 不能为空")
	case err != nil || amount < 1 || amount > 10_000_000_000 || amount.Plain() != in.TotalAmount:
		return pay.Order{}, invalid("isv.invalid-parameter", "订单总金额 total_amount 有误")
	case in.SellerID != "" && in.SellerID != g.sellerID:
		return pay.Order{}, invalid("ACQ.SELLER_NOT_EXIST", "卖家不匹配")
	}
	expires, err := g.expiry(in)
	if err != nil {
		return pay.Order{}, err
	}
	return g.desk.Ledger.Open(pay.Order{
		Number: in.OutTradeNo, Scene: c.method, Subject: in.Subject, Amount: amount, Expires: expires,
		NotifyURL: c.form.Get("notify_url"), ReturnURL: c.form.Get("return_url"),
		Echo: map[string]string{"method": c.method, "passback_params": in.PassbackParams},
	})
}

// expiry reads time_expire or timeout_express; neither means the channel's own default.
func (g *Gateway) expiry(in tradeRequest) (time.Time, error) {
	if in.TimeExpire != "" {
		at, err := time.ParseInLocation(timeLayout, in.TimeExpire, clock.Shanghai())
		if err != nil || !at.After(g.board.Now()) {
			return at, invalid("isv.invalid-parameter", "绝对超时时间 time_expire 有误")
		}
		return at, nil
	}
	if in.TimeoutExpress == "" {
		return time.Time{}, nil
	}
	last := len(in.TimeoutExpress) - 1
	unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[in.TimeoutExpress[last]]
	n, err := strconv.Atoi(in.TimeoutExpress[:last])
	if err != nil || unit == 0 || n < 1 || time.Duration(n)*unit > 15*24*time.Hour {
		return time.Time{}, invalid("isv.invalid-parameter", "订单允许的最晚付款时间 timeout_express 有误")
	}
	return g.board.Now().Add(time.Duration(n) * unit), nil
}

// openCashier is page.pay and wap.pay: a person's browser comes with the signed order.
func (g *Gateway) openCashier(w http.ResponseWriter, r *http.Request, c call, err error) {
	var o pay.Order
	if err == nil {
		o, err = g.open(c)
	}
	if err != nil && err != pay.ErrPaid && err != pay.ErrClosed {
		e := refusal(err)
		board.Show(w, r, http.StatusOK, errorPage(e.SubMsg, e.Sub))
		return
	}
	http.Redirect(w, r, g.desk.CashierURL(o), http.StatusSeeOther)
}

func (g *Gateway) precreate(c call) (any, error) {
	o, err := g.open(c)
	return struct {
		head
		OutTradeNo string `json:"out_trade_no"`
		QRCode     string `json:"qr_code"`
	}{success, o.Number, qrPrefix + o.Token}, err
}

// find reads which trade a call means: trade_no wins over out_trade_no.
func (g *Gateway) find(c call) (pay.Order, tradeRequest, error) {
	var in tradeRequest
	if err := c.biz(&in); err != nil {
		return pay.Order{}, in, err
	}
	if in.TradeNo != "" {
		o, err := g.desk.Ledger.FindReference(in.TradeNo)
		return o, in, err
	}
	if in.OutTradeNo == "" {
		return pay.Order{}, in, invalid("isv.missing-parameter", "trade_no 和 out_trade_no 不能同时为空")
	}
	o, err := g.desk.Ledger.Find(in.OutTradeNo)
	return o, in, err
}

// status is an order's trade_status: a wholly refunded one is closed.
func (g *Gateway) status(o pay.Order) string {
	switch o.StateAt(g.board.Now()) {
	case pay.Waiting:
		return "WAIT_BUYER_PAY"
	case pay.Paid:
		return "TRADE_SUCCESS"
	case pay.Refunded:
		if o.RefundedSum() < o.Amount {
			return "TRADE_SUCCESS"
		}
	}
	return "TRADE_CLOSED"
}

const (
	buyerID    = "2088722012345678"
	buyerLogon = "138****0001"
)

func (g *Gateway) query(c call) (any, error) {
	o, _, err := g.find(c)
	if err != nil {
		return nil, err
	}
	out := struct {
		head
		TradeNo        string `json:"trade_no"`
		OutTradeNo     string `json:"out_trade_no"`
		BuyerLogonID   string `json:"buyer_logon_id"`
		BuyerUserID    string `json:"buyer_user_id"`
		TradeStatus    string `json:"trade_status"`
		TotalAmount    string `json:"total_amount"`
		ReceiptAmount  string `json:"receipt_amount,omitempty"`
		BuyerPayAmount string `json:"buyer_pay_amount,omitempty"`
		SendPayDate    string `json:"send_pay_date,omitempty"`
	}{head: success, TradeNo: o.Reference, OutTradeNo: o.Number, BuyerLogonID: buyerLogon, BuyerUserID: buyerID,
		TradeStatus: g.status(o), TotalAmount: o.Amount.Plain()}
	if o.Reference != "" {
		out.ReceiptAmount, out.BuyerPayAmount, out.SendPayDate = o.Amount.Plain(), o.Amount.Plain(), o.PaidAt.Format(timeLayout)
	}
	return out, nil
}

func (g *Gateway) close(c call) (any, error) {
	o, _, err := g.find(c)
	if err != nil {
		return nil, err
	}
	if o, err = g.desk.Ledger.Close(o.Number); err == pay.ErrPaid {
		err = pay.ErrUnpaid // here too: the state does not allow it
	}
	return struct {
		head
		TradeNo    string `json:"trade_no"`
		OutTradeNo string `json:"out_trade_no"`
	}{success, o.Reference, o.Number}, err
}

// certificate hands out Alipay's certificate of a serial number.
func (g *Gateway) certificate(c call) (any, error) {
	var in tradeRequest
	if err := c.biz(&in); err != nil {
		return nil, err
	}
	if in.AlipayCertSN != certSN(g.alipay) {
		return nil, invalid("isv.alipay-cert-not-exist", "支付宝公钥证书不存在")
	}
	return struct {
		head
		Content string `json:"alipay_cert_content"`
	}{success, base64.StdEncoding.EncodeToString([]byte(g.alipay.CertPEM()))}, nil
}
