package alipay

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

// apiError is how Alipay refuses; Sub says why.
type apiError struct {
	Code   string `json:"code"`
	Msg    string `json:"msg"`
	Sub    string `json:"sub_code"`
	SubMsg string `json:"sub_msg"`
}

func (e *apiError) Error() string { return e.Code + " " + e.Sub }

func invalid(sub, message string) error {
	return &apiError{Code: "40002", Msg: "Invalid Arguments", Sub: sub, SubMsg: message}
}

// call is one request to the gateway, its signature checked.
type call struct {
	method string
	form   url.Values
}

// biz reads the business parameters into v.
func (c call) biz(v any) error {
	if err := json.Unmarshal([]byte(c.form.Get("biz_content")), v); err != nil {
		return invalid("isv.invalid-parameter", "biz_content 不是有效的 JSON")
	}
	return nil
}

func (g *Gateway) gateway(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		board.Refuse(w, http.StatusBadRequest, "bad-form", err)
		return
	}
	c := call{method: r.Form.Get("method"), form: r.Form}
	op := strings.TrimPrefix(c.method, "alipay.trade.")
	if c.method == billMethod {
		op = "statement"
	}
	g.board.Faults.Strikes(g.Name(), op, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := g.check(c)
		if c.method == "alipay.trade.page.pay" || c.method == "alipay.trade.wap.pay" {
			g.openCashier(w, r, c, err)
			return
		}
		g.answer(w, r, c, err)
	})).ServeHTTP(w, r)
}

func (g *Gateway) check(c call) error {
	at, err := time.ParseInLocation(timeLayout, c.form.Get("timestamp"), clock.Shanghai())
	switch {
	case c.form.Get("app_id") != g.appID:
		return invalid("isv.invalid-app-id", "无效的AppID参数")
	case c.form.Get("sign_type") != "RSA2":
		return invalid("isv.invalid-signature-type", "签名类型不支持")
	case err != nil:
		return invalid("isv.invalid-timestamp", "非法的时间戳参数")
	case g.board.Now().Sub(at).Abs() > 15*time.Minute:
		return invalid("isv.invalid-timestamp", "时间戳与当前时间相差过大")
	case c.form.Get("app_cert_sn") != "" && c.form.Get("app_cert_sn") != certSN(g.app):
		return invalid("isv.app-cert-not-exist", "应用公钥证书不存在")
	case g.app.Verify(signText(c.form, "sign"), c.form.Get("sign")) != nil:
		return invalid("isv.invalid-signature", "验签出错，请检查签名字符串")
	}
	return nil
}

// signText is what is signed: the fields that have a value, sorted, joined by &, without the ones named.
func signText(values url.Values, without ...string) string {
	var pairs []string
	for k, v := range values {
		if v[0] != "" && !slices.Contains(without, k) {
			pairs = append(pairs, k+"="+v[0])
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// signForm adds sign and sign_type to what goes to the merchant; here both stay outside the signed text.
func (g *Gateway) signForm(values url.Values, forge bool) error {
	key := g.alipay
	if forge {
		key = g.stranger
	}
	sig, err := key.Sign(signText(values, "sign", "sign_type"))
	if err != nil {
		return err
	}
	values.Set("sign", sig)
	values.Set("sign_type", "RSA2")
	return nil
}

// answer runs a machine's call and writes the signed result.
func (g *Gateway) answer(w http.ResponseWriter, r *http.Request, c call, err error) {
	var out any
	if err == nil {
		out, err = g.run(c)
	}
	if err != nil {
		out = refusal(err)
	}
	body, err := json.Marshal(out)
	if err != nil {
		board.Refuse(w, http.StatusInternalServerError, "marshal", err)
		return
	}
	key := g.alipay
	if board.Struck(r.Context()).Has(board.WrongSignature) {
		key = g.stranger
	}
	sig, err := key.Sign(string(body))
	if err != nil {
		board.Refuse(w, http.StatusInternalServerError, "sign", err)
		return
	}
	name := strings.ReplaceAll(c.method, ".", "_") + "_response"
	envelope := map[string]any{name: json.RawMessage(body), "sign": sig}
	if c.form.Get("app_cert_sn") != "" {
		envelope["alipay_cert_sn"] = certSN(g.alipay)
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // what is signed must arrive byte for byte
	_ = enc.Encode(envelope) // the caller hung up: nobody is left to tell
}

func (g *Gateway) run(c call) (any, error) {
	switch c.method {
	case "alipay.trade.precreate":
		return g.precreate(c)
	case "alipay.trade.query":
		return g.query(c)
	case "alipay.trade.close":
		return g.close(c)
	case "alipay.trade.refund":
		return g.refund(c)
	case "alipay.trade.fastpay.refund.query":
		return g.queryRefund(c)
	case billMethod:
		return g.bill(c)
	case "alipay.open.app.alipaycert.download":
		return g.certificate(c)
	}
	return nil, invalid("isv.invalid-method", "不存在的方法名")
}

// refusal turns the ledger's errors into Alipay's codes.
func refusal(err error) *apiError {
	if e, ok := err.(*apiError); ok {
		return e
	}
	if sub, ok := refusals[err]; ok {
		return &apiError{Code: "40004", Msg: "Business Failed", Sub: sub[0], SubMsg: sub[1]}
	}
	return &apiError{Code: "20000", Msg: "Service Currently Unavailable", Sub: "isp.unknow-error", SubMsg: fmt.Sprint("系统繁忙：", err)}
}

var refusals = map[error][2]string{
	pay.ErrNotReady: {"isp.bill_not_exist", "账单不存在"},
	pay.ErrEmpty:    {"isp.bill_not_exist", "账单不存在"},
	pay.ErrNoOrder:  {"ACQ.TRADE_NOT_EXIST", "交易不存在"},
	pay.ErrNoRefund: {"ACQ.TRADE_NOT_EXIST", "退款不存在"},
	pay.ErrDiffers:  {"ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改"},
	pay.ErrPaid:     {"ACQ.TRADE_HAS_SUCCESS", "交易已被支付"},
	pay.ErrClosed:   {"ACQ.TRADE_HAS_CLOSE", "交易已经关闭"},
	pay.ErrUnpaid:   {"ACQ.TRADE_STATUS_ERROR", "交易状态不合法"},
	pay.ErrTooMuch:  {"ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限"},
}
