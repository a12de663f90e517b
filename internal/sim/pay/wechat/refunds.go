package wechat

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

// refundTakes is how long money needs to be back in the payer's purse.
const refundTakes = 30 * time.Second

type refundRequest struct {
	TransactionID string `json:"transaction_id"`
	OutTradeNo    string `json:"out_trade_no"`
	OutRefundNo   string `json:"out_refund_no"`
	Reason        string `json:"reason"`
	NotifyURL     string `json:"notify_url"`
	Amount        struct {
		Refund   int64  `json:"refund"`
		Total    int64  `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`
}

func (g *Gateway) refund(_ *http.Request, body []byte) (any, error) {
	var in refundRequest
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, badParam("请求体不是有效的JSON")
	}
	if in.OutRefundNo == "" || len(in.OutRefundNo) > 64 {
		return nil, badParam("输入源“/body/out_refund_no”映射到字段“商户退款单号”字符串规则校验失败")
	}
	o, err := g.desk.Ledger.Find(in.OutTradeNo)
	if in.TransactionID != "" {
		o, err = g.desk.Ledger.FindReference(in.TransactionID)
	}
	if err != nil {
		return nil, err
	}
	if in.Amount.Total != int64(o.Amount) || in.Amount.Currency != "CNY" {
		return nil, badParam("订单金额或退款金额与之前请求不一致，请核实后再试")
	}
	o, r, _, err := g.desk.Refund(o.Number, pay.Refund{
		Number: in.OutRefundNo, Reference: "503000" + board.Digits(22), Amount: land.Fen(in.Amount.Refund),
		Reason: in.Reason, NotifyURL: in.NotifyURL,
	}, refundTakes)
	if err != nil {
		return nil, err
	}
	return g.refundView(o, r), nil
}

func (g *Gateway) queryRefund(r *http.Request, _ []byte) (any, error) {
	for _, o := range g.desk.Ledger.List() {
		if ref, err := o.FindRefund(r.PathValue("out_refund_no")); err == nil {
			return g.refundView(o, ref), nil
		}
	}
	return nil, pay.ErrNoRefund
}

func (g *Gateway) refundView(o pay.Order, r pay.Refund) map[string]any {
	view := map[string]any{
		"refund_id": r.Reference, "out_refund_no": r.Number, "transaction_id": o.Reference, "out_trade_no": o.Number,
		"channel": "ORIGINAL", "user_received_account": "支付用户零钱", "create_time": r.At.Format(time.RFC3339),
		"status": "PROCESSING", "funds_account": "AVAILABLE",
		"amount": map[string]any{
			"total": int64(o.Amount), "refund": int64(r.Amount), "payer_total": int64(o.Amount), "payer_refund": int64(r.Amount),
			"settlement_refund": int64(r.Amount), "settlement_total": int64(o.Amount), "discount_refund": 0, "currency": "CNY",
		},
	}
	if back := r.At.Add(g.board.Shorten(refundTakes)); !g.board.Now().Before(back) {
		view["status"], view["success_time"] = "SUCCESS", back.Format(time.RFC3339)
	}
	return view
}

// DeliverRefund sends a REFUND.SUCCESS notice.
func (g *Gateway) DeliverRefund(ctx context.Context, o pay.Order, r pay.Refund) error {
	back := r.At.Add(g.board.Shorten(refundTakes))
	return g.notify(ctx, r.NotifyURL, o.Echo["serial"], false, event{
		ID: "EV-" + r.Reference, Type: "REFUND.SUCCESS", Summary: "退款成功", Original: "refund", At: back,
		Content: map[string]any{
			"mchid": g.mchID, "out_trade_no": o.Number, "transaction_id": o.Reference, "out_refund_no": r.Number,
			"refund_id": r.Reference, "refund_status": "SUCCESS", "success_time": back.Format(time.RFC3339),
			"user_received_account": "支付用户零钱",
			"amount": map[string]any{"total": int64(o.Amount), "refund": int64(r.Amount),
				"payer_total": int64(o.Amount), "payer_refund": int64(r.Amount)},
		},
	})
}
