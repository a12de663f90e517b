package unionpay

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

// refusal is how UnionPay refuses: respCode and respMsg.
type refusal struct{ Code, Message string }

func (e *refusal) Error() string { return e.Code + " " + e.Message }

func malformed(field string) error { return &refusal{"10", "报文格式错误[" + field + "]"} }

var orderID = regexp.MustCompile(`^[0-9A-Za-z]{8,40}$`)

// check is what all of the merchant's messages go through.
func (g *Gateway) check(f url.Values) error {
	_, err := time.ParseInLocation(timeLayout, f.Get("txnTime"), clock.Shanghai())
	switch {
	case f.Get("version") != "5.1.0":
		return malformed("version")
	case f.Get("signMethod") != "01":
		return malformed("signMethod")
	case f.Get("merId") != g.merID:
		return &refusal{"11", "商户号[" + f.Get("merId") + "]不存在"}
	case f.Get("certId") != g.merchant.Cert.SerialNumber.String():
		return &refusal{"11", "验证签名失败，证书序列号未登记"}
	case g.merchant.Verify(signText(f), f.Get("signature")) != nil:
		return &refusal{"11", "验证签名失败"}
	case !orderID.MatchString(f.Get("orderId")) && f.Get("txnType") != fileType:
		return malformed("orderId")
	case err != nil:
		return malformed("txnTime")
	}
	return nil
}

func amountOf(f url.Values) (land.Fen, error) {
	n, err := strconv.ParseInt(f.Get("txnAmt"), 10, 64)
	if err != nil || n <= 0 || len(f.Get("txnAmt")) > 12 {
		return 0, malformed("txnAmt")
	}
	return land.Fen(n), nil
}

// front takes the form that the payer's browser brings from the merchant.
func (g *Gateway) front(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		board.Refuse(w, http.StatusBadRequest, "bad-form", err)
		return
	}
	o, err := g.open(r.PostForm)
	if err != nil && err != pay.ErrPaid && err != pay.ErrClosed {
		e := asRefusal(err)
		board.Show(w, r, http.StatusOK, errorPage(e.Message, e.Code))
		return
	}
	http.Redirect(w, r, g.desk.CashierURL(o), http.StatusSeeOther)
}

func (g *Gateway) open(f url.Values) (pay.Order, error) {
	if err := g.check(f); err != nil {
		return pay.Order{}, err
	}
	amount, err := amountOf(f)
	switch {
	case err != nil:
		return pay.Order{}, err
	case f.Get("txnType") != "01" || f.Get("txnSubType") != "01" || f.Get("bizType") != "000201":
		return pay.Order{}, malformed("txnType")
	case f.Get("currencyCode") != "156":
		return pay.Order{}, malformed("currencyCode")
	case strings.Contains(f.Get("reqReserved"), "&"): // answers are not URL-encoded and would break
		return pay.Order{}, malformed("reqReserved")
	case f.Get("backUrl") == "":
		return pay.Order{}, malformed("backUrl")
	}
	var expires time.Time
	if text := f.Get("payTimeout"); text != "" {
		if expires, err = time.ParseInLocation(timeLayout, text, clock.Shanghai()); err != nil || !expires.After(g.board.Now()) {
			return pay.Order{}, malformed("payTimeout")
		}
	}
	subject := f.Get("orderDesc")
	if subject == "" {
		subject = "网上支付"
	}
	return g.desk.Ledger.Open(pay.Order{
		Number: f.Get("orderId"), Scene: f.Get("channelType"), Subject: subject, Amount: amount,
		NotifyURL: f.Get("backUrl"), ReturnURL: f.Get("frontUrl"), Expires: expires,
		Echo: map[string]string{"txnTime": f.Get("txnTime"), "reqReserved": f.Get("reqReserved")},
	})
}

// paidFields is a successful payment as notices and queries show it.
func (g *Gateway) paidFields(o pay.Order) url.Values {
	f := url.Values{
		"txnType": {"01"}, "txnSubType": {"01"}, "bizType": {"000201"}, "accessType": {"0"},
		"merId": {g.merID}, "orderId": {o.Number}, "txnTime": {o.Echo["txnTime"]},
		"txnAmt": {strconv.FormatInt(int64(o.Amount), 10)}, "currencyCode": {"156"},
		"settleAmt": {strconv.FormatInt(int64(o.Amount), 10)}, "settleCurrencyCode": {"156"}, "settleDate": {o.PaidAt.Format("0102")},
		"queryId": {o.Reference}, "traceNo": {o.Reference[len(o.Reference)-6:]}, "traceTime": {o.PaidAt.Format("0102150405")},
		"respCode": {"00"}, "respMsg": {"success"}, "accNo": {"6216***********0018"}, "payCardType": {"01"},
	}
	if text := o.Echo["reqReserved"]; text != "" {
		f.Set("reqReserved", text)
	}
	return f
}

func asRefusal(err error) *refusal {
	if e, ok := err.(*refusal); ok {
		return e
	}
	if e, ok := refusals[err]; ok {
		return &e
	}
	return &refusal{"01", "交易失败，详情请咨询95516"}
}

var refusals = map[error]refusal{
	pay.ErrNoOrder:  {"34", "查无此交易"},
	pay.ErrNoRefund: {"34", "查无此交易"},
	pay.ErrDiffers:  {"12", "重复交易"},
	pay.ErrPaid:     {"12", "重复交易"},
	pay.ErrClosed:   {"36", "交易已关闭"},
	pay.ErrUnpaid:   {"39", "交易不在受理时间范围内"},
	pay.ErrNotReady: {"98", "文件不存在"},
	pay.ErrEmpty:    {"98", "文件不存在"},
	pay.ErrTooMuch:  {"61", "退货金额超过原交易金额"},
}
