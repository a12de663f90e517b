package wechat

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

// The two headings of a trade bill of the kind ALL.
const (
	billHeading = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
	sumHeading  = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)

// production is how WeChat names its files, whatever gateway it was asked through.
const production = "https://api.mch.weixin.qq.com"

// tradeBill tells where the bill of a day lies, and the hash of the file before it is packed.
func (g *Gateway) tradeBill(r *http.Request, _ []byte) (any, error) {
	day, err := land.ParseDate(r.FormValue("bill_date"))
	if err != nil || string(day) != r.FormValue("bill_date") {
		return nil, badParam("输入源“/query/bill_date”映射到字段“账单日期”字符串规则校验失败")
	}
	if kind := r.FormValue("bill_type"); kind != "" && kind != "ALL" {
		return nil, badParam("输入源“/query/bill_type”映射到字段“账单类型”枚举值校验失败")
	}
	if r.FormValue("tar_type") != "GZIP" {
		return nil, badParam("输入源“/query/tar_type”映射到字段“压缩类型”枚举值校验失败")
	}
	lines, err := g.desk.Ledger.Statement(day)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum(g.billText(lines))
	return map[string]string{"hash_type": "SHA1", "hash_value": hex.EncodeToString(sum[:]),
		"download_url": production + "/v3/billdownload/file?token=" + g.desk.Ledger.Ticket(day) + "&tartype=gzip"}, nil
}

// billFile hands the file out: the request is signed, the answer is not.
func (g *Gateway) billFile(w http.ResponseWriter, r *http.Request) {
	if err := g.checkRequest(r, nil); err != nil {
		e := refusal(err)
		g.answer(w, r, e.Status, e)
		return
	}
	day, ok := g.desk.Ledger.Redeem(r.FormValue("token"))
	if !ok {
		board.Refuse(w, http.StatusNotFound, "INVALID_REQUEST", fmt.Errorf("the address of the file has expired"))
		return
	}
	lines, err := g.desk.Ledger.Statement(day)
	if err != nil {
		e := refusal(err)
		g.answer(w, r, e.Status, e)
		return
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = z.Write(g.billText(lines))
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		board.Refuse(w, http.StatusInternalServerError, "SYSTEM_ERROR", err)
		return
	}
	w.Header().Set("Content-Type", "application/x-gzip")
	_, _ = w.Write(packed.Bytes()) // the caller hung up: nobody is left to tell
}

// billText is the bill: every cell begins with a backtick, the last two rows hold the sum.
func (g *Gateway) billText(lines []pay.Entry) []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff" + billHeading + "\r\n")
	var paid, back land.Fen
	for _, e := range lines {
		row := g.billRow(e)
		b.WriteString("`" + strings.Join(row, ",`") + "\r\n")
		if e.Refund {
			back += e.Amount
		} else {
			paid += e.Amount
		}
	}
	b.WriteString(sumHeading + "\r\n")
	sum := []string{strconv.Itoa(len(lines)), paid.Plain(), back.Plain(), "0.00", "0.00000", paid.Plain(), back.Plain()}
	b.WriteString("`" + strings.Join(sum, ",`") + "\r\n")
	return b.Bytes()
}

func (g *Gateway) billRow(e pay.Entry) []string {
	o := e.Order
	row := []string{e.At.In(clock.Shanghai()).Format(time.DateTime), g.appID, g.mchID, "0", "", o.Reference, o.Number, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", o.Scene}
	if !e.Refund {
		return append(row, "SUCCESS", "OTHERS", "CNY", e.Amount.Plain(), "0.00", "0", "0", "0.00", "0.00", "", "", o.Subject, o.Echo["attach"], "0.00000", "0.60%", e.Amount.Plain(), "0.00", "")
	}
	state := "PROCESSING"
	if g.board.Now().After(e.At.Add(g.board.Shorten(refundTakes))) {
		state = "SUCCESS"
	}
	return append(row, "REFUND", "OTHERS", "CNY", "0.00", "0.00", e.Reference, e.Number, e.Amount.Plain(), "0.00", "ORIGINAL", state, o.Subject, o.Echo["attach"], "0.00000", "0.60%", "0.00", e.Amount.Plain(), "")
}
