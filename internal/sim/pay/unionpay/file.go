package unionpay

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/sim/pay"
)

// fileType is the txnType that asks for files.
const fileType = "76"

// file is txnType 76: the files of a day's settlement, zipped, packed by zlib and in base64.
func (g *Gateway) file(f url.Values) (url.Values, error) {
	if f.Get("txnType") != fileType || f.Get("txnSubType") != "01" || f.Get("fileType") != "00" {
		return nil, malformed("txnType")
	}
	day, ok := g.settled(f.Get("settleDate"))
	if !ok {
		return nil, malformed("settleDate")
	}
	lines, err := g.desk.Ledger.Statement(day)
	if err != nil {
		return nil, err
	}
	packed, err := g.archive(day, lines)
	if err != nil {
		return nil, err
	}
	return url.Values{"respCode": {"00"}, "respMsg": {"成功[0000000]"}, "fileName": {g.merID + "_" + day.Time().Format("20060102") + ".zip"},
		"fileContent": {base64.StdEncoding.EncodeToString(packed)}}, nil
}

// settled completes a settlement's date, which has no year, by the latest one that is not to come.
func (g *Gateway) settled(date string) (land.Date, bool) {
	today := land.DateOf(g.board.Now())
	for year := today.Year(); year > today.Year()-5; year-- {
		at, err := time.ParseInLocation("20060102", fmt.Sprintf("%04d%s", year, date), clock.Shanghai())
		if day := land.DateOf(at); err == nil && day <= today {
			return day, true
		}
	}
	return "", false
}

func (g *Gateway) archive(day land.Date, lines []pay.Entry) ([]byte, error) {
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	prefix := "INN" + day.Time().Format("060102") + "88"
	for _, f := range [][2]string{{"ZM_", g.zm(lines)}, {"ZME_", ""}} { // the second is of errors, and empty
		w, err := z.Create(prefix + f[0] + g.merID)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	p := zlib.NewWriter(&packed)
	if _, err := p.Write(zipped.Bytes()); err != nil {
		return nil, err
	}
	err := p.Close()
	return packed.Bytes(), err
}

// zmWidths are those of the fields of a line of transactions; a blank stands between two.
var zmWidths = []int{3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98}

func (g *Gateway) zm(lines []pay.Entry) string {
	var b strings.Builder
	for _, e := range lines {
		row := make([]string, len(zmWidths))
		row[0], row[19], row[16] = "S22", "01", fmt.Sprintf("C%012d", e.Amount)
		row[11] = e.Number
		if e.Refund {
			row[0], row[19], row[16] = "S30", "04", fmt.Sprintf("D%012d", e.Amount)
			row[26], row[40] = e.Order.Reference, e.Order.Number
		}
		row[1], row[2], row[3] = "00010000", "00010000", e.Reference[len(e.Reference)-6:]
		row[4], row[5], row[6] = e.At.In(clock.Shanghai()).Format("0102150405"), "6216***********0018", fmt.Sprintf("%012d", e.Amount)
		row[7], row[8], row[9], row[12], row[15] = "9311", "07", e.Reference, "01", "D000000000000"
		row[21], row[25], row[27], row[32] = "000201", "0", g.merID, row[16]
		for i, w := range zmWidths {
			if i > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%-*s", w, row[i])
		}
		b.WriteString("\r\n")
	}
	return b.String()
}
