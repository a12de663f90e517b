package alipay

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

const billMethod = "alipay.data.dataservice.bill.downloadurl.query"

var billHeading = []string{"支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号", "门店名称", "操作员", "终端号", "对方账户", "订单金额（元）",
	"商家实收（元）", "支付宝红包（元）", "集分宝（元）", "支付宝优惠（元）", "商家优惠（元）", "券核销金额（元）", "券名称", "商家红包消费金额（元）", "卡消费金额（元）", "退款批次号/请求号",
	"服务费（元）", "分润（元）", "备注"}

// bill tells where the trade bill of a day lies.
func (g *Gateway) bill(c call) (any, error) {
	var in struct {
		BillType string `json:"bill_type"`
		BillDate string `json:"bill_date"`
	}
	if err := json.Unmarshal([]byte(c.form.Get("biz_content")), &in); err != nil {
		return nil, invalid("isv.invalid-parameter", "biz_content 不是有效的 JSON")
	}
	day, err := land.ParseDate(in.BillDate)
	if in.BillType != "trade" || err != nil || string(day) != in.BillDate {
		return nil, invalid("isp.invalid-arguments", "入参不合法")
	}
	if _, err := g.desk.Ledger.Statement(day); err != nil {
		return nil, err
	}
	q := url.Values{"bizType": {"trade"}, "userId": {g.account()}, "fileType": {"csv.zip"}, "fileId": {g.desk.Ledger.Ticket(day)}}
	return struct {
		head
		URL string `json:"bill_download_url"`
	}{success, g.board.Base + "/alipay/downloadBillFile.resource?" + q.Encode()}, nil
}

// account is the seller's as bills name it.
func (g *Gateway) account() string { return g.sellerID + "0156" }

// billFile hands the archive out: who has the address may.
func (g *Gateway) billFile(w http.ResponseWriter, r *http.Request) {
	day, ok := g.desk.Ledger.Redeem(r.FormValue("fileId"))
	if !ok {
		board.Refuse(w, http.StatusNotFound, "expired", errors.New("the address of the file has expired"))
		return
	}
	lines, err := g.desk.Ledger.Statement(day)
	if err != nil {
		board.Refuse(w, http.StatusNotFound, "gone", err)
		return
	}
	packed, err := g.archive(day, lines)
	if err != nil {
		board.Refuse(w, http.StatusInternalServerError, "zip", err)
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	_, _ = w.Write(packed) // the caller hung up: nobody is left to tell
}

// archive is the zip of the file of lines and the file of sums. Names and texts are in GBK.
func (g *Gateway) archive(day land.Date, lines []pay.Entry) ([]byte, error) {
	text, err := g.billText(day, lines)
	if err != nil {
		return nil, err
	}
	sums := g.remarks("汇总", day) + g.sums(lines)
	name := g.account() + "_" + day.Time().Format("20060102") + "_业务明细"
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range [][2]string{{name + "(汇总).csv", sums}, {name + ".csv", text}} {
		named, err := simplifiedchinese.GBK.NewEncoder().String(f[0])
		if err != nil {
			return nil, err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: named, Method: zip.Deflate, NonUTF8: true})
		if err != nil {
			return nil, err
		}
		if _, err := simplifiedchinese.GBK.NewEncoder().Writer(w).Write([]byte(f[1])); err != nil {
			return nil, err
		}
	}
	err = z.Close()
	return out.Bytes(), err
}

func (g *Gateway) remarks(what string, day land.Date) string {
	const stamp = "2006年01月02日 15:04:05"
	return fmt.Sprintf("#支付宝业务%s查询\r\n#账号：[%s]\r\n#起始日期：[%s]   终止日期：[%s]\r\n#-----------------------------------------业务%s列表----------------------------------------\r\n",
		what, g.account(), day.Time().Format(stamp), day.AddDays(1).Time().Format(stamp), what)
}

func (g *Gateway) billText(day land.Date, lines []pay.Entry) (string, error) {
	var b strings.Builder
	b.WriteString(g.remarks("明细", day))
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	if err := w.Write(billHeading); err != nil {
		return "", err
	}
	for _, e := range lines {
		kind, amount, request := "交易", e.Amount, ""
		if e.Refund {
			kind, amount, request = "退款", -e.Amount, e.Number
		}
		row := []string{e.Order.Reference + "\t", e.Order.Number + "\t", kind, e.Order.Subject, e.Order.Created.In(clock.Shanghai()).Format(timeLayout), e.At.In(clock.Shanghai()).Format(timeLayout),
			"", "", "", "", buyerLogon, amount.Plain(), amount.Plain(), "0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00", "0.00", request, "0.00", "0.00", ""}
		if err := w.Write(row); err != nil {
			return "", err
		}
	}
	w.Flush()
	b.WriteString("#-----------------------------------------业务明细列表结束------------------------------------\r\n" + g.sums(lines))
	return b.String(), w.Error()
}

func (g *Gateway) sums(lines []pay.Entry) string {
	var paid, back land.Fen
	payments, refunds := 0, 0
	for _, e := range lines {
		if e.Refund {
			refunds, back = refunds+1, back-e.Amount
		} else {
			payments, paid = payments+1, paid+e.Amount
		}
	}
	return "#交易合计：" + strconv.Itoa(payments) + "笔，商家实收共" + paid.Plain() + "元，商家优惠共0.00元\r\n" +
		"#退款合计：" + strconv.Itoa(refunds) + "笔，商家实收退款共" + back.Plain() + "元，商家优惠退款共0.00元\r\n" +
		"#导出时间：[" + g.board.Now().In(clock.Shanghai()).Format("2006年01月02日 15:04:05") + "]\r\n"
}
