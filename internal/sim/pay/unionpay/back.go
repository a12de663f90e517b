package unionpay

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

// back serves a machine's message. The answer is fields joined by & and, as the real gateway has it, not URL-encoded.
func (g *Gateway) back(run func(url.Values) (url.Values, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := r.ParseForm(); err != nil {
			board.Refuse(w, http.StatusBadRequest, "bad-form", err)
			return
		}
		out, err := url.Values{}, g.check(r.PostForm)
		if err == nil {
			out, err = run(r.PostForm)
		}
		if err != nil {
			e := asRefusal(err)
			out = url.Values{"respCode": {e.Code}, "respMsg": {e.Message}}
		}
		for _, k := range []string{"txnType", "txnSubType", "bizType", "accessType", "merId", "orderId", "txnTime", "settleDate"} {
			if v := r.PostForm.Get(k); v != "" && out.Get(k) == "" {
				out.Set(k, v)
			}
		}
		if err := g.sign(out, board.Struck(r.Context()).Has(board.WrongSignature)); err != nil {
			board.Refuse(w, http.StatusInternalServerError, "sign", err)
			return
		}
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
		_, _ = w.Write([]byte(joined(out))) // the caller hung up: nobody is left to tell
	})
}

func joined(f url.Values) string {
	var pairs []string
	for k, v := range f {
		pairs = append(pairs, k+"="+v[0])
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// refund is txnType 04: the money of origQryId goes back under an order number of its own.
func (g *Gateway) refund(f url.Values) (url.Values, error) {
	if f.Get("txnType") != "04" {
		return nil, malformed("txnType")
	}
	amount, err := amountOf(f)
	if err != nil {
		return nil, err
	}
	o, err := g.desk.Ledger.FindReference(f.Get("origQryId"))
	if err != nil {
		return nil, err
	}
	o, r, _, err := g.desk.Refund(o.Number, pay.Refund{
		Number: f.Get("orderId"), Reference: g.Reference(g.board.Now()), Amount: amount, NotifyURL: f.Get("backUrl"), TxnTime: f.Get("txnTime"),
	}, 0)
	if err != nil {
		return nil, err
	}
	return url.Values{
		"respCode": {"00"}, "respMsg": {"成功[0000000]"}, "queryId": {r.Reference}, "origQryId": {o.Reference},
		"txnAmt": {strconv.FormatInt(int64(r.Amount), 10)},
	}, nil
}

// query is txnType 00: respCode is about the question, origRespCode about the payment or refund.
func (g *Gateway) query(f url.Values) (url.Values, error) {
	o, err := g.desk.Ledger.Find(f.Get("orderId"))
	if err != nil {
		return g.queryRefund(f.Get("orderId"))
	}
	if o.Echo["txnTime"] != f.Get("txnTime") {
		return nil, pay.ErrNoOrder
	}
	switch o.StateAt(g.board.Now()) {
	case pay.Closed:
		return nil, pay.ErrNoOrder // nobody paid: there is no transaction, and there will be none
	case pay.Waiting:
		return url.Values{"respCode": {"00"}, "respMsg": {"成功[0000000]"}, "origRespCode": {"05"}, "origRespMsg": {"交易已受理，请稍后查询交易结果"}}, nil
	}
	out := g.paidFields(o)
	out.Set("origRespCode", "00")
	out.Set("origRespMsg", "成功[0000000]")
	return out, nil
}

func (g *Gateway) queryRefund(number string) (url.Values, error) {
	for _, o := range g.desk.Ledger.List() {
		if r, err := o.FindRefund(number); err == nil {
			return url.Values{
				"respCode": {"00"}, "respMsg": {"成功[0000000]"}, "origRespCode": {"00"}, "origRespMsg": {"成功[0000000]"},
				"queryId": {r.Reference}, "origQryId": {o.Reference}, "txnAmt": {strconv.FormatInt(int64(r.Amount), 10)},
			}, nil
		}
	}
	return nil, pay.ErrNoOrder
}

// Deliver sends the notice of a payment to backUrl.
func (g *Gateway) Deliver(ctx context.Context, o pay.Order, n pay.Notice) error {
	f := g.paidFields(o)
	if n.Amount != 0 {
		f.Set("txnAmt", strconv.FormatInt(int64(n.Amount), 10))
		f.Set("settleAmt", f.Get("txnAmt"))
	}
	return g.notify(ctx, o.NotifyURL, f, n.Forge)
}

// DeliverRefund sends the notice of a refund to the refund's own backUrl.
func (g *Gateway) DeliverRefund(ctx context.Context, o pay.Order, r pay.Refund) error {
	return g.notify(ctx, r.NotifyURL, url.Values{
		"txnType": {"04"}, "txnSubType": {"00"}, "bizType": {"000201"}, "accessType": {"0"}, "merId": {g.merID},
		"orderId": {r.Number}, "txnTime": {r.TxnTime}, "txnAmt": {strconv.FormatInt(int64(r.Amount), 10)}, "currencyCode": {"156"},
		"queryId": {r.Reference}, "origQryId": {o.Reference}, "respCode": {"00"}, "respMsg": {"success"},
	}, false)
}

// notify posts signed fields; the merchant accepts them by HTTP 200.
func (g *Gateway) notify(ctx context.Context, address string, f url.Values, forge bool) error {
	if err := g.sign(f, forge); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(f.Encode()))
	if err != nil {
		return fmt.Errorf("%w: %w", board.ErrRejected, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	res, err := g.board.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the merchant answered %s", res.Status)
	}
	return nil
}
