package statement

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"yichuang/internal/land"
)

func TestYuan(t *testing.T) {
	for text, want := range map[string]land.Fen{"0.00": 0, "12800.50": 1_280_050, "-0.01": -1, "9999999999999.99": 999_999_999_999_999} {
		if got, err := Yuan(text); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "1.5", "1.234", "1,280.00", "１.00", "+1.00", "1e3.00", "--1.00", "99999999999999.00", " 1.00", "1.00\n"} {
		if got, err := Yuan(text); !errors.Is(err, ErrBad) {
			t.Errorf("%q taken as %d", text, got)
		}
	}
}

func TestColumns(t *testing.T) {
	at, err := Columns([]string{"时间", " 金额 ", "单号"}, "单号", "金额")
	if err != nil || at[0] != 2 || at[1] != 1 {
		t.Errorf("%v, %v", at, err)
	}
	for _, heading := range [][]string{nil, {"时间"}, {"单号", "金额", "单号"}} {
		if _, err := Columns(heading, "单号", "金额"); !errors.Is(err, ErrBad) {
			t.Errorf("%v taken", heading)
		}
	}
}

func TestCheck(t *testing.T) {
	noon := land.Date("2026-11-24").Time().Add(12 * time.Hour)
	good := []Line{{Order: "A", Number: "A", Reference: "T1", Amount: 1, At: noon}, {Order: "A", Number: "R", Reference: "T1", Amount: 1, At: noon, Refund: true}}
	if err := InDay(good, "2026-11-24"); err != nil {
		t.Error(err)
	}
	if err := InDay(good, "2026-11-25"); !errors.Is(err, ErrBad) {
		t.Error("lines of another day")
	}
	for name, change := range map[string]func(*Line){
		"twice":        func(l *Line) { *l = good[0] },
		"nothing":      func(l *Line) { l.Amount = 0 },
		"less":         func(l *Line) { l.Amount = -1 },
		"no order":     func(l *Line) { l.Order = "" },
		"no number":    func(l *Line) { l.Number = "" },
		"no reference": func(l *Line) { l.Reference = "" },
		"no time":      func(l *Line) { l.At = time.Time{} },
	} {
		lines := []Line{good[0], good[1]}
		if change(&lines[1]); !errors.Is(Check(lines), ErrBad) {
			t.Errorf("%s: taken", name)
		}
	}
}

func pack(t *testing.T, to func(io.Writer) io.WriteCloser, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := to(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func archive(t *testing.T, files ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create("folder/"); err != nil {
		t.Fatal(err)
	}
	for _, data := range files {
		w, err := z.Create("lines.csv")
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestUnpack takes what is whole and of a fair size, whatever it says of itself.
func TestUnpack(t *testing.T) {
	gz := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	zl := func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
	unzip := func(b []byte) ([]byte, error) {
		files, err := Unzip(b)
		if err != nil {
			return nil, err
		}
		return files[0].Data, nil
	}
	text := make([]byte, 60_000) // that no packing makes shorter, so that its middle is the file's
	for i, r := 0, rand.New(rand.NewPCG(1, 2)); i < len(text); i++ {
		text[i] = byte(r.UintN(256))
	}
	turned := func(b []byte) []byte { b = bytes.Clone(b); b[len(b)/2] ^= 0x10; return b }
	for _, tt := range []struct {
		name       string
		unpack     func([]byte) ([]byte, error)
		good, bomb []byte
	}{
		{"gzip", Gunzip, pack(t, gz, text), pack(t, gz, make([]byte, MaxPlain+1))},
		{"zlib", Inflate, pack(t, zl, text), pack(t, zl, make([]byte, MaxPacked+1))},
		{"zip", unzip, archive(t, text), archive(t, make([]byte, MaxPlain/2), make([]byte, MaxPlain/2), []byte("x"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := tt.unpack(tt.good); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%d octets, %v", len(got), err)
			}
			for name, data := range map[string][]byte{"bomb": tt.bomb, "nothing": nil, "text": text, "cut": tt.good[:len(tt.good)-9], "turned": turned(tt.good)} {
				if got, err := tt.unpack(data); !errors.Is(err, ErrBad) {
					t.Errorf("%s: %d octets, %v", name, len(got), err)
				}
			}
		})
	}
	many := make([][]byte, maxFiles+1)
	if _, err := Unzip(archive(t, many...)); !errors.Is(err, ErrBad) {
		t.Errorf("too many files: %v", err)
	}
}

func TestBounded(t *testing.T) {
	size := 100
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, size)) }))
	t.Cleanup(srv.Close)
	client := Bounded(&http.Client{Timeout: time.Minute})
	get := func() (int, error) {
		res, err := client.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		return len(b), err
	}
	if n, err := get(); n != 100 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	size = MaxPacked + 1
	if n, err := get(); err == nil || n > MaxPacked {
		t.Errorf("%d octets, %v", n, err)
	}
}
