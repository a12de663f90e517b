package unionpay

import (
	"net/url"
	"testing"
	"time"

	"yichuang/internal/kit/clock"
)

func TestPaidAt(t *testing.T) {
	tests := []struct{ name, order, trace, want string }{
		{"the same day", "20261124101500", "1124101733", "2026-11-24 10:17:33"},
		{"over New Year", "20261231235900", "0101000112", "2027-01-01 00:01:12"},
		{"a clock that is slow at New Year's day", "20270101000100", "0101000059", "2027-01-01 00:00:59"},
		{"no time of its own", "20261124101500", "", "2026-11-24 10:15:00"},
		{"leap day", "20280229120000", "0229120100", "2028-02-29 12:01:00"},
		{"no time at all", "20261124101500", "1399000000", ""},
		{"no order", "now", "1124101733", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, err := paidAt(tt.order, tt.trace)
			if tt.want == "" {
				if err == nil {
					t.Errorf("taken as %s", at)
				}
				return
			}
			if got := at.In(clock.Shanghai()).Format(time.DateTime); err != nil || got != tt.want {
				t.Errorf("%s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// TestParse reads an answer as the gateway sends it: not URL-encoded, so base64 keeps its + and =.
func TestParse(t *testing.T) {
	f := parse("respCode=00&signature=ab+c/d==&respMsg=成功[0000000]&empty=&broken\n")
	for k, want := range map[string]string{"respCode": "00", "signature": "ab+c/d==", "respMsg": "成功[0000000]", "empty": ""} {
		if f.Get(k) != want {
			t.Errorf("%s = %q", k, f.Get(k))
		}
	}
	if len(f) != 4 {
		t.Errorf("%v", f)
	}
}

// TestDigest does not depend on the order of fields, on empty ones, or on a signature that is there already.
func TestDigest(t *testing.T) {
	a := digest(url.Values{"b": {"2"}, "a": {"1"}})
	b := digest(url.Values{"a": {"1"}, "b": {"2"}, "c": {""}, "signature": {"x"}})
	c := digest(url.Values{"a": {"1"}, "b": {"3"}})
	if string(a) != string(b) || string(a) == string(c) || len(a) != 32 {
		t.Errorf("%x, %x, %x", a, b, c)
	}
}
