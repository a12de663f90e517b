package tickets_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"yichuang/internal/land"
	"yichuang/internal/office/tickets"
)

// What readers and people type at the machine.
func TestParse(t *testing.T) {
	id := string(person(7))
	x := ""
	for n := range 1000 {
		if strings.HasSuffix(string(person(n)), "X") {
			x = string(person(n))
			break
		}
	}
	wrong := id[:17] + string("0123456789"[(int(id[17]-'0')+1)%10])
	if id[17] == 'X' {
		wrong = id[:17] + "0"
	}
	wide := strings.NewReplacer("0", "０", "1", "１", "2", "２", "3", "３", "8", "８", "9", "９").Replace(id)
	for _, tt := range []struct {
		name, in string
		want     tickets.Read
		err      error // its kind; ErrRead for a sentence of the machine's own
	}{
		{name: "as printed", in: id, want: tickets.Read{Number: land.IDNumber(id)}},
		{name: "with what a reader adds", in: " " + id + "\r\n", want: tickets.Read{Number: land.IDNumber(id)}},
		{name: "full-width", in: wide, want: tickets.Read{Number: land.IDNumber(id)}},
		{name: "small x", in: strings.ToLower(x), want: tickets.Read{Number: land.IDNumber(x)}},
		{name: "full-width x", in: x[:17] + "ｘ", want: tickets.Read{Number: land.IDNumber(x)}},
		{name: "15 digits", in: id[:6] + id[8:17], want: tickets.Read{Number: land.IDNumber(id)}},
		{name: "15 digits, no day", in: "321202801341007", err: land.ErrIDDate{Date: "1980-13-41"}},
		{name: "code", in: "Y12345", want: tickets.Read{Code: "Y12345"}},
		{name: "code, small and wide", in: "ｙ１2345", want: tickets.Read{Code: "Y12345"}},
		{name: "code without its letter", in: "12345", want: tickets.Read{Code: "Y12345"}},
		{name: "wrong check digit", in: wrong, err: land.ErrIDCheck{}},
		{name: "17 digits", in: id[:17], err: land.ErrIDLength{N: 17}},
		{name: "born tomorrow", in: id[:6] + "20261125" + id[14:], err: land.ErrIDDate{Date: "2026-11-25"}},
		{name: "letters", in: "<script>", err: land.ErrIDChars{R: '<'}},
		{name: "nothing", in: " \t", err: tickets.ErrRead{}},
		{name: "a short code", in: "Y123", err: tickets.ErrRead{}},
		{name: "a book", in: strings.Repeat("三", 5000), err: tickets.ErrRead{}},
		{name: "no text", in: "\xff\xfe", err: tickets.ErrRead{}},
		{name: "a zero byte", in: id + "\x00", want: tickets.Read{Number: land.IDNumber(id)}},
		{name: "words of SQL", in: "' OR 1=1 --", err: land.ErrIDChars{R: '\''}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tickets.Parse(tt.in, "2026-11-24")
			var own tickets.ErrRead
			switch {
			case tt.err == tickets.ErrRead{}:
				if !errors.As(err, &own) || own.Text == "" {
					t.Errorf("%+v %v", got, err)
				}
			case !errors.Is(err, tt.err) || got != tt.want:
				t.Errorf("%+v %v, want %+v %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestWait(t *testing.T) {
	for _, tt := range []struct {
		ahead, counters int
		pace            time.Duration
		want            int
	}{
		{0, 3, 12 * time.Minute, 0}, {1, 1, 12 * time.Minute, 15}, {5, 3, 12 * time.Minute, 20}, {1, 0, 5 * time.Minute, 5}, {10, 4, 0, 0},
	} {
		if got := tickets.Wait(tt.ahead, tt.counters, tt.pace); got != tt.want {
			t.Errorf("%d ahead, %d counters, %v each: %d minutes, want %d", tt.ahead, tt.counters, tt.pace, got, tt.want)
		}
	}
}
