package unionpay

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
)

// zm is a line of transactions with the fields that are read; changes are by place.
func zm(changes map[int]string) string {
	f := make([]string, len(widths))
	for k, v := range map[int]string{zmTime: "1231101500", zmAmount: "000001280050", zmQuery: "Q1", zmOrder: "A1", zmFee: "D000000000050", zmSettled: "C000001280000", zmKind: "01", zmMerID: "777290058110048"} {
		f[k] = v
	}
	for k, v := range changes {
		f[k] = v
	}
	for i, w := range widths {
		f[i] = fmt.Sprintf("%-*s", w, f[i])
	}
	return strings.Join(f, " ") + "\r\n"
}

func TestZM(t *testing.T) {
	c := &Channel{c: Config{MerID: "777290058110048"}}
	refund := zm(map[int]string{zmTime: "0101001500", zmAmount: "000000000050", zmQuery: "Q2", zmOrder: "R1", zmFee: "C000000000000", zmSettled: "D000000000050", zmKind: "04", zmOrigin: "Q1", zmOrigOrd: "A1"})
	evening := zm(map[int]string{zmTime: "1231231500", zmQuery: "Q3", zmOrder: "A3", zmSettled: "C000001280050"})
	lines, err := c.read(zm(nil)+refund+evening, "2027-01-01")
	if err != nil || len(lines) != 3 {
		t.Fatalf("%+v, %v", lines, err)
	}
	if l := lines[0]; l.Refund || l.Order != "A1" || l.Reference != "Q1" || l.Amount != 1_280_050 || l.At.Format(time.DateTime) != "2026-12-31 10:15:00" {
		t.Errorf("%+v", l)
	}
	if l := lines[1]; !l.Refund || l.Order != "A1" || l.Number != "R1" || l.Reference != "Q2" || l.Amount != 50 || l.At.Format(time.DateTime) != "2027-01-01 00:15:00" {
		t.Errorf("%+v", l)
	}
	if lines, err := c.read("", "2027-01-01"); err != nil || len(lines) != 0 {
		t.Errorf("no transactions: %v, %v", lines, err)
	}
	if lines, err := c.read(zm(nil)[:len(zm(nil))-70]+"\n", "2026-12-31"); err != nil || len(lines) != 1 {
		t.Errorf("without all of what is reserved: %v", err)
	}
	for name, text := range map[string]string{
		"another merchant":        zm(map[int]string{zmMerID: "777290058110099"}),
		"no amount":               zm(map[int]string{zmAmount: ""}),
		"an amount below zero":    zm(map[int]string{zmAmount: "-00001280050"}),
		"another amount":          zm(map[int]string{zmAmount: "000001280051"}),
		"another settlement":      zm(map[int]string{zmSettled: "D000001280000"}),
		"a fee without direction": zm(map[int]string{zmFee: "0000000000050"}),
		"a fee in words":          zm(map[int]string{zmFee: "D-00000000050"}),
		"an unknown kind":         zm(map[int]string{zmKind: "31"}),
		"a refund of nothing":     zm(map[int]string{zmKind: "04", zmSettled: "D000001280050", zmFee: "C000000000000"}),
		"no time":                 zm(map[int]string{zmTime: "1331101500"}),
		"twice":                   zm(nil) + zm(nil),
		"cut off":                 zm(nil)[:200],
		"shifted":                 " " + zm(nil),
		"longer":                  strings.TrimRight(zm(nil), "\r\n") + "x",
		"a row without anything":  zm(nil) + "\n" + evening,
	} {
		if lines, err := c.read(text, "2026-12-31"); !errors.Is(err, statement.ErrBad) || (name == "another merchant") != errors.Is(err, payment.ErrForged) {
			t.Errorf("%s: %+v, %v", name, lines, err)
		}
	}
}
