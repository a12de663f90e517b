package wechat

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

// amount in fen.
type amount struct {
	Total         int64  `json:"total"`
	PayerTotal    int64  `json:"payer_total,omitempty"`
	Currency      string `json:"currency,omitempty"`
	PayerCurrency string `json:"payer_currency,omitempty"`
}

type orderRequest struct {
	AppID       string    `json:"appid"`
	MchID       string    `json:"mchid"`
	Description string    `json:"description"`
	OutTradeNo  string    `json:"out_trade_no"`
	TimeExpire  time.Time `json:"time_expire"`
	Attach      string    `json:"attach"`
	NotifyURL   string    `json:"notify_url"`
	Amount      amount    `json:"amount"`
	SceneInfo   struct {
		PayerClientIP string `json:"payer_client_ip"`
		H5Info        struct {
			Type string `json:"type"`
		} `json:"h5_info"`
	} `json:"scene_info"`
}

var outTradeNo = regexp.MustCompile(`^[0-9A-Za-z_\-|*]{6,32}$`)

func badParam(message string) error {
	return &apiError{Status: http.StatusBadRequest, Code: "PARAM_ERROR", Message: message}
}

func (g *Gateway) checkOrder(o orderRequest) error {
	link, err := url.Parse(o.NotifyURL)
	switch {
	case o.AppID != g.appID || o.MchID != g.mchID:
		return &apiError{Status: http.StatusBadRequest, Code: "APPID_MCHID_NOT_MATCH", Message: "appid和mch_id不匹配"}
	case !outTradeNo.MatchString(o.OutTradeNo):
		return badParam("输入源“/body/out_trade_no”映射到字段“商户订单号”字符串规则校验失败")
	case o.Description == "" || len(o.Description) > 127:
		return badParam("输入源“/body/description”映射到字段“商品描述”字符串规则校验失败")
	case len(o.Attach) > 128:
		return badParam("输入源“/body/attach”映射到字段“附加数据”字符串规则校验失败")
	case err != nil || link.Host == "" || link.RawQuery != "":
		return badParam("输入源“/body/notify_url”映射到字段“通知地址”字符串规则校验失败")
	case o.Amount.Total <= 0:
		return badParam("输入源“/body/amount/total”映射到数值字段“总金额”规则校验失败，值低于最小值 1")
	case o.Amount.Currency != "" && o.Amount.Currency != "CNY":
		return badParam("输入源“/body/amount/currency”映射到字段“货币类型”枚举值校验失败")
	case !o.TimeExpire.IsZero() && o.TimeExpire.Before(g.board.Now().Add(time.Minute)):
		return badParam("time_expire时间过短，刷卡至少1分钟，其他5分钟")
	}
	return nil
}

func (g *Gateway) open(r *http.Request, body []byte, scene string) (pay.Order, error) {
	var in orderRequest
	if err := json.Unmarshal(body, &in); err != nil {
		return pay.Order{}, badParam("请求体不是有效的JSON")
	}
	if err := g.checkOrder(in); err != nil {
		return pay.Order{}, err
	}
	if scene == "MWEB" && (in.SceneInfo.PayerClientIP == "" || in.SceneInfo.H5Info.Type == "") {
		return pay.Order{}, badParam("输入源“/body/scene_info”映射到字段“场景信息”必填性规则校验失败")
	}
	return g.desk.Ledger.Open(pay.Order{
		Number: in.OutTradeNo, Scene: scene, Subject: in.Description, Amount: land.Fen(in.Amount.Total),
		NotifyURL: in.NotifyURL, Expires: in.TimeExpire,
		Echo: map[string]string{"attach": in.Attach, "serial": r.Header.Get("Wechatpay-Serial")},
	})
}

func (g *Gateway) orderNative(r *http.Request, body []byte) (any, error) {
	o, err := g.open(r, body, "NATIVE")
	return map[string]string{"code_url": "weixin://wxpay/bizpayurl?pr=" + o.Token}, err
}

func (g *Gateway) orderH5(r *http.Request, body []byte) (any, error) {
	o, err := g.open(r, body, "MWEB")
	return map[string]string{"h5_url": g.board.Base + "/wechat/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx" + o.Token + "&package=" + board.Digits(10)}, err
}

// openH5 is the middle page that a phone's browser opens; the merchant may have added where to return to.
func (g *Gateway) openH5(w http.ResponseWriter, r *http.Request) {
	o, err := g.desk.Ledger.FindToken(g.Code("prepay_id=" + r.FormValue("prepay_id")))
	if err == nil && r.FormValue("redirect_url") != "" {
		o, err = g.desk.Ledger.SetReturn(o.Number, r.FormValue("redirect_url"))
	}
	if err != nil {
		board.Refuse(w, http.StatusNotFound, "ORDER_NOT_EXIST", err)
		return
	}
	http.Redirect(w, r, g.desk.CashierURL(o), http.StatusSeeOther)
}

// transaction is an order as queries and notices show it.
type transaction struct {
	AppID          string  `json:"appid"`
	MchID          string  `json:"mchid"`
	OutTradeNo     string  `json:"out_trade_no"`
	TransactionID  string  `json:"transaction_id,omitempty"`
	TradeType      string  `json:"trade_type,omitempty"`
	TradeState     string  `json:"trade_state"`
	TradeStateDesc string  `json:"trade_state_desc"`
	BankType       string  `json:"bank_type,omitempty"`
	Attach         string  `json:"attach,omitempty"`
	SuccessTime    string  `json:"success_time,omitempty"`
	Payer          *payer  `json:"payer,omitempty"`
	Amount         *amount `json:"amount,omitempty"`
}

type payer struct {
	OpenID string `json:"openid"`
}

func (g *Gateway) transaction(o pay.Order) transaction {
	t := transaction{AppID: g.appID, MchID: g.mchID, OutTradeNo: o.Number, Attach: o.Echo["attach"]}
	switch o.StateAt(g.board.Now()) {
	case pay.Waiting:
		t.TradeState, t.TradeStateDesc = "NOTPAY", "订单未支付"
		return t
	case pay.Closed:
		t.TradeState, t.TradeStateDesc = "CLOSED", "订单已关闭"
		return t
	case pay.Paid:
		t.TradeState, t.TradeStateDesc = "SUCCESS", "支付成功"
	default:
		t.TradeState, t.TradeStateDesc = "REFUND", "订单发生过退款，退款详情请查询退款单"
	}
	t.TransactionID, t.TradeType, t.BankType = o.Reference, o.Scene, "OTHERS"
	t.SuccessTime = o.PaidAt.Format(time.RFC3339)
	t.Payer = &payer{OpenID: "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}
	t.Amount = &amount{Total: int64(o.Amount), PayerTotal: int64(o.Amount), Currency: "CNY", PayerCurrency: "CNY"}
	return t
}

func (g *Gateway) query(r *http.Request, _ []byte) (any, error) {
	o, err := g.desk.Ledger.Find(r.PathValue("out_trade_no"))
	if err != nil {
		return nil, err
	}
	return g.transaction(o), nil
}

func (g *Gateway) queryID(r *http.Request, _ []byte) (any, error) {
	o, err := g.desk.Ledger.FindReference(r.PathValue("transaction_id"))
	if err != nil {
		return nil, err
	}
	return g.transaction(o), nil
}

func (g *Gateway) close(r *http.Request, _ []byte) (any, error) {
	_, err := g.desk.Ledger.Close(r.PathValue("out_trade_no"))
	return nil, err
}

// certificates hands the platform's certificates out, sealed for this merchant.
func (g *Gateway) certificates(*http.Request, []byte) (any, error) {
	sealed, err := g.seal([]byte(g.platform.CertPEM()), "certificate")
	if err != nil {
		return nil, err
	}
	return map[string]any{"data": []any{map[string]any{
		"serial_no":           serial(g.platform),
		"effective_time":      g.platform.Cert.NotBefore.Format(time.RFC3339),
		"expire_time":         g.platform.Cert.NotAfter.Format(time.RFC3339),
		"encrypt_certificate": sealed,
	}}}, nil
}
