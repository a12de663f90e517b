package wechat

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// Where statements are asked for, and where WeChat then sends us for the file.
const (
	billPath = "/v3/bill/tradebill"
	filePath = "/v3/billdownload/file"
)

// Statement asks for the trade bill of the day, payments and refunds, and reads its file. The signed answer names the file's
// hash; the file itself comes unsigned.
func (c *Channel) Statement(ctx context.Context, day land.Date) ([]statement.Line, error) {
	ask := url.Values{"bill_date": {string(day)}, "bill_type": {"ALL"}, "tar_type": {"GZIP"}}
	res, err := c.client.Get(ctx, Production+billPath+"?"+ask.Encode())
	switch {
	case is(err, "STATEMENT_CREATING"):
		return nil, statement.ErrNotReady
	case is(err, "NO_STATEMENT_EXIST"):
		return nil, statement.ErrNone
	case err != nil:
		return nil, fmt.Errorf("wechat: statement: %w", err)
	}
	defer res.Response.Body.Close()
	var file struct {
		HashType    string `json:"hash_type"`
		HashValue   string `json:"hash_value"`
		DownloadURL string `json:"download_url"`
	}
	if err := json.NewDecoder(res.Response.Body).Decode(&file); err != nil {
		return nil, fmt.Errorf("wechat: statement: %w", err)
	}
	if file.HashType != "SHA1" || !strings.HasPrefix(file.DownloadURL, Production+filePath+"?") {
		return nil, statement.Bad("the file is at %q with a hash by %q", file.DownloadURL, file.HashType)
	}
	plain, err := c.download(ctx, file.DownloadURL)
	if err != nil {
		return nil, err
	}
	if sum := sha1.Sum(plain); hex.EncodeToString(sum[:]) != strings.ToLower(file.HashValue) {
		return nil, statement.Bad("the file has another hash than announced")
	}
	lines, err := c.read(string(plain))
	if err != nil {
		return nil, err
	}
	return lines, statement.InDay(lines, day)
}

func (c *Channel) download(ctx context.Context, from string) ([]byte, error) {
	res, err := c.files.Get(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("wechat: download statement: %w", err)
	}
	defer res.Response.Body.Close()
	packed, err := statement.Read(res.Response.Body, statement.MaxPacked)
	if err != nil {
		return nil, err
	}
	return statement.Gunzip(packed)
}

// Columns that are read, of the twenty-seven that a trade bill has.
var columns = []string{"交易时间", "商户号", "微信订单号", "商户订单号", "交易状态", "货币种类", "微信退款单号", "商户退款单号", "退款状态", "订单金额", "申请退款金额"}

// read reads the file: a heading, the lines, the heading of the sum, the sum.
func (c *Channel) read(file string) ([]statement.Line, error) {
	rows := strings.Split(strings.TrimRight(strings.TrimPrefix(file, "\ufeff"), "\r\n"), "\n")
	if len(rows) < 3 {
		return nil, statement.Bad("%d rows are no bill", len(rows))
	}
	heading := strings.Split(strings.TrimSuffix(rows[0], "\r"), ",")
	at, err := statement.Columns(heading, columns...)
	if err != nil {
		return nil, err
	}
	var lines []statement.Line
	for n, row := range rows[1 : len(rows)-2] {
		all, err := cells(row, len(heading))
		if err != nil {
			return nil, fmt.Errorf("%w in row %d", err, n+2)
		}
		picked := make([]string, len(at))
		for i, k := range at {
			picked[i] = all[k]
		}
		line, err := c.line(picked)
		if err != nil {
			return nil, fmt.Errorf("%w in row %d", err, n+2)
		}
		lines = append(lines, line)
	}
	return lines, balance(rows[len(rows)-2], rows[len(rows)-1], lines)
}

// cells splits a row. Each cell begins with a backtick, so that commas and quotes may stand inside.
func cells(row string, want int) ([]string, error) {
	row = strings.TrimSuffix(row, "\r")
	if !strings.HasPrefix(row, "`") {
		return nil, statement.Bad("no backtick")
	}
	out := strings.Split(row[1:], ",`")
	if len(out) != want {
		return nil, statement.Bad("%d cells instead of %d", len(out), want)
	}
	return out, nil
}

// line reads the cells of columns.
func (c *Channel) line(f []string) (l statement.Line, err error) {
	if f[1] != c.c.MchID {
		return l, fmt.Errorf("%w: %w: merchant %s", statement.ErrBad, payment.ErrForged, f[1])
	}
	if f[5] != "CNY" {
		return l, statement.Bad("currency %q", f[5])
	}
	l = statement.Line{Order: f[3], Number: f[3], Reference: f[2]}
	amount := f[9]
	switch state := f[4]; {
	case state == "SUCCESS":
	case state == "REFUND" && (f[8] == "SUCCESS" || f[8] == "PROCESSING"):
		l.Refund, l.Reference, l.Number, amount = true, f[6], f[7], f[10]
	default:
		return l, statement.Bad("state %q with refund %q", state, f[8])
	}
	if l.Amount, err = statement.Yuan(amount); err != nil {
		return l, err
	}
	if l.At, err = time.ParseInLocation(time.DateTime, f[0], clock.Shanghai()); err != nil {
		return l, statement.Bad("time %q", f[0])
	}
	return l, nil
}

// balance compares the lines with the bill's own sum.
func balance(heading, sum string, lines []statement.Line) error {
	names := strings.Split(strings.TrimSuffix(heading, "\r"), ",")
	at, err := statement.Columns(names, "总交易单数", "订单总金额", "申请退款总金额")
	if err != nil {
		return err
	}
	all, err := cells(sum, len(names))
	if err != nil {
		return err
	}
	paid, err := statement.Yuan(all[at[1]])
	if err != nil {
		return err
	}
	back, err := statement.Yuan(all[at[2]])
	if err != nil {
		return err
	}
	if _, _, p, b := statement.Sum(lines); all[at[0]] != strconv.Itoa(len(lines)) || p != paid || b != back {
		return statement.Bad("lines do not add up to the bill's sum")
	}
	return nil
}
