package alipay

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	sdk "github.com/smartwalle/alipay/v3"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// Statement asks where the trade bill of the day lies, and reads it: a zip with a file of lines and one of sums, in GBK.
func (c *Channel) Statement(ctx context.Context, day land.Date) ([]statement.Line, error) {
	out, err := c.client.BillDownloadURLQuery(ctx, sdk.BillDownloadURLQuery{BillType: "trade", BillDate: string(day)})
	switch {
	case err != nil:
		return nil, fmt.Errorf("alipay: statement: %w", err)
	case strings.HasSuffix(strings.ToUpper(out.SubCode), "BILL_NOT_EXIST"):
		return nil, statement.ErrNone
	case !out.IsSuccess():
		return nil, refusal("statement", out.Error)
	}
	packed, err := c.download(ctx, out.BillDownloadURL)
	if err != nil {
		return nil, err
	}
	files, err := statement.Unzip(packed)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := simplifiedchinese.GBK.NewDecoder().Bytes(f.Data)
		if err != nil {
			return nil, statement.Bad("encoding: %w", err)
		}
		if !strings.HasPrefix(string(text), "#支付宝业务明细查询") {
			continue // the file of sums by shop
		}
		lines, err := c.read(string(text), day)
		if err != nil {
			return nil, err
		}
		return lines, statement.InDay(lines, day)
	}
	return nil, statement.Bad("no file of lines in the archive")
}

// address is where the file may be fetched: nowhere but beside the gateway, and as safely as that. Alipay still names its
// own store by plain HTTP.
func (c *Channel) address(named string) (string, error) {
	u, err := url.Parse(named)
	if err != nil {
		return "", statement.Bad("address of the file: %w", err)
	}
	if strings.HasSuffix(c.origin, "*.alipay.com") {
		u.Scheme = "https"
		if !strings.HasSuffix(u.Host, ".alipay.com") {
			return "", statement.Bad("the file is at %s", u.Host)
		}
	} else if payment.OriginOf(named) != c.origin {
		return "", statement.Bad("the file is at %s", u.Host)
	}
	return u.String(), nil
}

func (c *Channel) download(ctx context.Context, named string) ([]byte, error) {
	from, err := c.address(named)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, fmt.Errorf("alipay: download statement: %w", err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("alipay: download statement: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("alipay: download statement: answered %d", res.StatusCode)
	}
	return statement.Read(res.Body, statement.MaxPacked)
}

// The remarks of a bill, which stand between #, and what is read in them.
var (
	ofAccount = regexp.MustCompile(`(?m)^#账号：\[([0-9]+)\]`)
	ofDay     = regexp.MustCompile(`(?m)^#起始日期：\[(\d{4})年(\d{2})月(\d{2})日 00:00:00\]`)
	allPaid   = regexp.MustCompile(`(?m)^#交易合计：(\d+)笔，商家实收共(-?[0-9.]+)元`)
	allBack   = regexp.MustCompile(`(?m)^#退款合计：(\d+)笔，商家实收退款共(-?[0-9.]+)元`)
)

// accountTail follows the seller's number in the name of its account.
const accountTail = "0156"

func (c *Channel) read(text string, day land.Date) ([]statement.Line, error) {
	if m := ofAccount.FindStringSubmatch(text); m == nil || m[1] != c.c.SellerID+accountTail {
		return nil, fmt.Errorf("%w: %w: the bill is of another account", statement.ErrBad, payment.ErrForged)
	}
	if m := ofDay.FindStringSubmatch(text); m == nil || strings.Join(m[1:], "-") != string(day) {
		return nil, statement.Bad("the bill is of another day")
	}
	r := csv.NewReader(bytes.NewReader([]byte(text)))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		return nil, statement.Bad("%w", err)
	}
	if len(rows) == 0 {
		return nil, statement.Bad("no heading")
	}
	at, err := statement.Columns(rows[0], "支付宝交易号", "商户订单号", "业务类型", "完成时间", "订单金额（元）", "退款批次号/请求号")
	if err != nil {
		return nil, err
	}
	var lines []statement.Line
	for n, row := range rows[1:] {
		picked := make([]string, len(at))
		for i, k := range at {
			picked[i] = strings.TrimSpace(row[k])
		}
		l, err := line(picked)
		if err != nil {
			return nil, fmt.Errorf("%w in line %d", err, n+1)
		}
		lines = append(lines, l)
	}
	return lines, balance(text, lines)
}

func line(f []string) (l statement.Line, err error) {
	l = statement.Line{Reference: f[0], Order: f[1], Number: f[1]}
	if l.Amount, err = statement.Yuan(f[4]); err != nil {
		return l, err
	}
	switch f[2] {
	case "交易":
	case "退款":
		l.Refund, l.Number, l.Amount = true, f[5], -l.Amount
		l.Reference += "-" + l.Number // as Refund names it: Alipay has no number of its own for a refund
	default:
		return l, statement.Bad("business %q", f[2])
	}
	if l.At, err = time.ParseInLocation(layout, f[3], clock.Shanghai()); err != nil {
		return l, statement.Bad("time %q", f[3])
	}
	return l, nil
}

// balance compares the lines with the sums in the remarks at the end.
func balance(text string, lines []statement.Line) error {
	payments, refunds, paid, back := statement.Sum(lines)
	for _, sum := range []struct {
		remark *regexp.Regexp
		count  int
		fen    land.Fen
	}{{allPaid, payments, paid}, {allBack, refunds, -back}} {
		m := sum.remark.FindStringSubmatch(text)
		if m == nil {
			return statement.Bad("no sum: the file is cut off")
		}
		fen, err := statement.Yuan(m[2])
		if err != nil {
			return err
		}
		if m[1] != strconv.Itoa(sum.count) || fen != sum.fen {
			return statement.Bad("lines do not add up to the bill's sum")
		}
	}
	return nil
}
