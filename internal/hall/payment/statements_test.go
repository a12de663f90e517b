package payment_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"yichuang/internal/hall/payment/statement"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

// buy has an order opened and paid at a channel, past its cashier.
func (c *town) buy(t *testing.T, channel, number, subject string, amount land.Fen) pay.Order {
	t.Helper()
	desk := c.gateways[channel].Desk()
	if _, err := desk.Ledger.Open(pay.Order{Number: number, Subject: subject, Amount: amount, Scene: "NATIVE", Echo: map[string]string{"txnTime": "20261124101500"}}); err != nil {
		t.Fatal(err)
	}
	o, err := desk.Pay(number, pay.Notice{Skip: true})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (c *town) giveBack(t *testing.T, channel string, o pay.Order, number string, amount land.Fen) {
	t.Helper()
	desk, ref := c.gateways[channel].Desk(), o.Reference
	if channel != "alipay" { // where a refund has no number of the channel's own
		ref = c.gateways[channel].Reference(time.Now())
	}
	if _, _, _, err := desk.Refund(o.Number, pay.Refund{Number: number, Reference: ref, Amount: amount}, 0); err != nil {
		t.Fatal(err)
	}
}

// short makes a number as our orders have it: 32 letters and digits.
func short(n int) string { return fmt.Sprintf("%032x", n+0xabc000) }

// TestStatements is what the statement of every channel has to pass, over the wire of its simulated gateway.
func TestStatements(t *testing.T) {
	c := newTown(t)
	for _, ch := range c.channels {
		ledger, desk := c.gateways[ch.Code()].Desk().Ledger, c.gateways[ch.Code()].Desk()
		today := land.DateOf(time.Now())
		read := func(t *testing.T, day land.Date) []statement.Line {
			t.Helper()
			lines, err := ch.Statement(t.Context(), day)
			if err != nil {
				t.Fatal(err)
			}
			return lines
		}
		t.Run(ch.Code(), func(t *testing.T) {
			defer func() { c.alter = nil }()
			t.Run("a day that is not over", func(t *testing.T) {
				c.buy(t, ch.Code(), short(0), "登记费", 8_000)
				if lines, err := ch.Statement(t.Context(), today); !errors.Is(err, statement.ErrNotReady) && !errors.Is(err, statement.ErrNone) || len(lines) > 0 {
					t.Fatalf("%v, %v", lines, err)
				}
			})
			t.Run("a day on which nobody paid", func(t *testing.T) {
				if lines, err := ch.Statement(t.Context(), today.AddDays(-1)); !errors.Is(err, statement.ErrNone) || len(lines) > 0 {
					t.Fatalf("%v, %v", lines, err)
				}
				if err := ledger.CloseDay(today.AddDays(-2)); err != nil {
					t.Fatal(err)
				}
				if lines := read(t, today.AddDays(-2)); len(lines) != 0 {
					t.Fatalf("%v", lines)
				}
			})
			t.Run("payments and refunds of part of a day", func(t *testing.T) {
				o := c.buy(t, ch.Code(), short(1), `税费,"一窗"; 'A' |`, 1_280_050)
				c.giveBack(t, ch.Code(), o, short(2), 50)
				c.giveBack(t, ch.Code(), o, short(3), 1_000_000)
				if err := ledger.CloseDay(today); err != nil {
					t.Fatal(err)
				}
				lines := read(t, today)
				if len(lines) != 4 {
					t.Fatalf("%d lines: %+v", len(lines), lines)
				}
				first, back := lines[1], lines[3]
				if first.Refund || first.Order != short(1) || first.Number != short(1) || first.Reference != o.Reference || first.Amount != 1_280_050 || time.Since(first.At).Abs() > time.Minute {
					t.Errorf("payment %+v", first)
				}
				if !back.Refund || back.Order != short(1) || back.Number != short(3) || back.Amount != 1_000_000 || back.Reference == "" || back.Reference == lines[2].Reference {
					t.Errorf("refund %+v", back)
				}
			})
			t.Run("falsified", func(t *testing.T) {
				for _, x := range []pay.Twist{{Do: "drop", Number: short(0)}, {Do: "amount", Number: short(1), Amount: 1}, {Do: "add", Number: short(9), Amount: 77}} {
					x.Day = today
					if _, err := desk.Falsify(x); err != nil {
						t.Fatal(err)
					}
				}
				lines := read(t, today)
				if len(lines) != 4 || lines[0].Order != short(1) || lines[0].Amount != 1 || lines[3].Order != short(9) || lines[3].Amount != 77 {
					t.Errorf("%+v", lines)
				}
				if again := read(t, today); again[3] != lines[3] {
					t.Errorf("what is invented changes: %+v, %+v", lines[3], again[3])
				}
				if err := ledger.Restore(today); err != nil {
					t.Fatal(err)
				}
				if lines := read(t, today); len(lines) != 4 || lines[0].Order != short(0) {
					t.Errorf("after it was made true: %+v", lines)
				}
			})
			t.Run("altered on its way", func(t *testing.T) {
				for name, alter := range alterations {
					touched := false
					c.alter = func(r *http.Request, body []byte) []byte {
						out := alter(ch.Code(), r, body)
						touched = touched || !bytes.Equal(out, body)
						return out
					}
					lines, err := ch.Statement(t.Context(), today)
					c.alter = nil
					if err == nil || len(lines) > 0 || errors.Is(err, statement.ErrNone) || errors.Is(err, statement.ErrNotReady) {
						t.Errorf("%s: %d lines, %v", name, len(lines), err)
					}
					if !touched {
						t.Errorf("%s: nothing was altered", name)
					}
				}
			})
			t.Run("signed by a stranger", func(t *testing.T) {
				if _, err := c.board.Faults.Set(board.Fault{System: ch.Code(), Operation: "statement", Defects: []board.Defect{board.WrongSignature}, Times: 1}); err != nil {
					t.Fatal(err)
				}
				if lines, err := ch.Statement(t.Context(), today); err == nil {
					t.Errorf("taken: %v", lines)
				}
			})
			t.Run("not answered", func(t *testing.T) {
				if _, err := c.board.Faults.Set(board.Fault{System: ch.Code(), Operation: "statement", Defects: []board.Defect{board.Fails}, Times: 1}); err != nil {
					t.Fatal(err)
				}
				if _, err := ch.Statement(t.Context(), today); err == nil || errors.Is(err, statement.ErrNone) || errors.Is(err, statement.ErrBad) {
					t.Errorf("%v", err)
				}
			})
			t.Run("2,500 lines", func(t *testing.T) {
				for n := 100; n < 2_596; n++ {
					c.buy(t, ch.Code(), short(n), "登记费", land.Fen(n))
				}
				lines := read(t, today)
				_, _, paid, _ := statement.Sum(lines)
				if len(lines) != 2_500 || paid != 8_000+1_280_050+2_496*(100+2_595)/2 {
					t.Errorf("%d lines of %s", len(lines), paid)
				}
			})
		})
	}
}

// alterations of a statement's files, or of the signed answer that holds them. What packs a file anew cannot sign it anew.
var alterations = map[string]func(channel string, r *http.Request, body []byte) []byte{
	"a bit is turned": func(channel string, r *http.Request, body []byte) []byte {
		if !ofFile(channel, r) {
			return body
		}
		at := len(body) / 2
		if channel == "unionpay" {
			at = bytes.Index(body, []byte("fileContent=")) + 200
		}
		return append(append(bytes.Clone(body[:at]), body[at]^1), body[at+1:]...)
	},
	"cut off": func(channel string, r *http.Request, body []byte) []byte {
		if !ofFile(channel, r) {
			return body
		}
		return body[:len(body)*2/3]
	},
	"a bomb": func(channel string, r *http.Request, body []byte) []byte {
		if !ofFile(channel, r) {
			return body
		}
		if channel == "alipay" {
			return bombZip()
		}
		return bombGzip()
	},
	"endless": func(channel string, r *http.Request, body []byte) []byte {
		if !ofFile(channel, r) {
			return body
		}
		noise := make([]byte, statement.MaxPacked*4/3+2)
		_, _ = rand.Read(noise)
		return noise
	},
	"something else": func(channel string, r *http.Request, body []byte) []byte {
		if !ofFile(channel, r) {
			return body
		}
		return []byte("<html>502 Bad Gateway</html>")
	},
	"a file elsewhere": func(channel string, r *http.Request, body []byte) []byte {
		return []byte(strings.NewReplacer("api.mch.weixin.qq.com", "mch.example", "127.0.0.1", "127.0.0.9", "settleDate=", "settleDate=9").Replace(string(body)))
	},
}

func ofFile(channel string, r *http.Request) bool {
	return channel == "unionpay" || strings.Contains(r.URL.Path, "downloadBillFile") || strings.Contains(r.URL.Path, "billdownload")
}

func bombGzip() []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(make([]byte, statement.MaxPlain+1)) // into memory
	_ = w.Close()
	return b.Bytes()
}

func bombZip() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for range 3 {
		w, _ := z.Create("lines.csv") // into memory
		_, _ = w.Write(make([]byte, statement.MaxPlain/2))
	}
	_ = z.Close()
	return b.Bytes()
}
