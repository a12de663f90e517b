package unionpay

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/land"
)

// noFile answers the request for a file that is not there.
const noFile = "98"

// Statement asks for the files of the day's settlement (txnType 76) and reads the one of transactions (ZM). All of the answer
// is signed, the files inside are zipped and packed once more.
func (c *Channel) Statement(ctx context.Context, day land.Date) ([]statement.Line, error) {
	f := url.Values{"version": {"5.1.0"}, "encoding": {"UTF-8"}, "signMethod": {"01"}, "txnType": {"76"}, "txnSubType": {"01"}, "bizType": {"000000"},
		"accessType": {"0"}, "merId": {c.c.MerID}, "certId": {c.c.CertID}, "fileType": {"00"},
		"settleDate": {day.Time().Format("0102")}, "txnTime": {stamp(c.seal.clock.Now())}}
	out, err := c.ask(ctx, c.c.FileURL, f)
	switch {
	case err != nil:
		return nil, err
	case out.Get("respCode") == noFile:
		return nil, statement.ErrNone
	case out.Get("respCode") != good:
		return nil, refusal("statement", out)
	case out.Get("settleDate") != f.Get("settleDate"):
		return nil, fmt.Errorf("%w: statement of another day", payment.ErrForged)
	}
	packed, err := base64.StdEncoding.DecodeString(out.Get("fileContent"))
	if err != nil {
		return nil, statement.Bad("base64: %w", err)
	}
	archive, err := statement.Inflate(packed)
	if err != nil {
		return nil, err
	}
	files, err := statement.Unzip(archive)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if strings.HasPrefix(file.Name, "INN") && strings.HasSuffix(file.Name, "ZM_"+c.c.MerID) {
			return c.read(string(file.Data), day)
		}
	}
	return nil, statement.Bad("no file of transactions in the archive")
}

// widths are those of the fields of a ZM line, in octets; a blank stands between two.
var widths = []int{3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98}

// Places of the fields that are read.
const (
	zmTime    = 4  // MMDDhhmmss
	zmAmount  = 6  // fen
	zmQuery   = 9  // queryId
	zmOrder   = 11 // orderId; of a refund its own
	zmFee     = 15 // D or C, then fen
	zmSettled = 16 // C: comes to the merchant, D: is taken
	zmKind    = 19 // txnType
	zmOrigin  = 26 // queryId of the payment that a refund is of
	zmMerID   = 27
	zmOrigOrd = 40 // orderId of that payment
)

func (c *Channel) read(text string, day land.Date) ([]statement.Line, error) {
	var lines []statement.Line
	for n, row := range strings.Split(strings.TrimRight(text, "\r\n"), "\n") {
		if row = strings.TrimSuffix(row, "\r"); row == "" && n == 0 {
			break // a settlement without transactions
		}
		f, err := fields(row)
		if err == nil {
			var l statement.Line
			if l, err = c.line(f, day); err == nil {
				lines = append(lines, l)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%w in line %d", err, n+1)
		}
	}
	return lines, statement.Check(lines)
}

func fields(row string) ([]string, error) {
	out := make([]string, len(widths))
	for i, w := range widths {
		last := i == len(widths)-1
		if last && len(row) < w {
			w = len(row) // what is reserved at the end may be cut
		}
		if len(row) < w {
			return nil, statement.Bad("cut off after %d fields", i)
		}
		out[i], row = strings.TrimSpace(row[:w]), row[w:]
		if !last {
			if !strings.HasPrefix(row, " ") {
				return nil, statement.Bad("no blank after field %d", i+1)
			}
			row = row[1:]
		}
	}
	if strings.TrimSpace(row) != "" {
		return nil, statement.Bad("more than the line holds")
	}
	return out, nil
}

func (c *Channel) line(f []string, day land.Date) (l statement.Line, err error) {
	if f[zmMerID] != c.c.MerID {
		return l, fmt.Errorf("%w: %w: merchant %s", statement.ErrBad, payment.ErrForged, f[zmMerID])
	}
	l = statement.Line{Order: f[zmOrder], Number: f[zmOrder], Reference: f[zmQuery]}
	n, err := strconv.ParseInt(f[zmAmount], 10, 64)
	if err != nil || n <= 0 {
		return l, statement.Bad("amount %q", f[zmAmount])
	}
	l.Amount = land.Fen(n)
	fee, err := signed(f[zmFee])
	if err != nil {
		return l, err
	}
	settled, err := signed(f[zmSettled])
	if err != nil {
		return l, err
	}
	flow := l.Amount
	switch f[zmKind] {
	case "01":
	case "04":
		l.Refund, l.Order, flow = true, f[zmOrigOrd], -l.Amount
		if f[zmOrigin] == "" {
			return l, statement.Bad("a refund of nothing")
		}
	default:
		return l, statement.Bad("transaction %q", f[zmKind])
	}
	if settled != flow && settled != flow+fee { // lines add up for themselves, whoever bears the fee: the file has no sum
		return l, statement.Bad("amount and fee do not make what is settled")
	}
	l.At, err = paidAt(day.Time().AddDate(0, 0, -1).Format(layout), f[zmTime]) // a settlement may begin the evening before
	if err != nil {
		return l, statement.Bad("%w", err)
	}
	return l, nil
}

// signed reads C for what comes to the merchant and D for what is taken.
func signed(text string) (land.Fen, error) {
	if text == "" || text[0] != 'C' && text[0] != 'D' {
		return 0, statement.Bad("signed amount %q", text)
	}
	n, err := strconv.ParseInt(text[1:], 10, 64)
	if err != nil || n < 0 {
		return 0, statement.Bad("signed amount %q", text)
	}
	if text[0] == 'D' {
		n = -n
	}
	return land.Fen(n), nil
}
