package connect

import (
	"testing"

	"yichuang/internal/exchange"
	"yichuang/internal/ferry/message"
	"yichuang/internal/office/casework"
)

func TestWhoMayFetchMaterials(t *testing.T) {
	c := &casework.Case{App: message.Application{Trust: message.Trust{Bank: "fcyh"},
		Loan: message.Loan{Parts: []message.LoanPart{{Kind: "commercial", Lender: "szyh"}, {Kind: "fund", Lender: "gjj"}}}}}
	for _, x := range []struct {
		counterpart string
		parties     []string
		want        bool
	}{
		{"registry", []string{""}, true},
		{"housing", []string{""}, true},
		{"tax", nil, true},
		{"bank", []string{"fcyh"}, true},
		{"bank", []string{"szyh"}, true},
		{"bank", []string{"lxhy"}, false}, // a bank of another deal
		{"bank", nil, false},
		{"fund", []string{"gjj"}, true},
		{"utility", []string{"water"}, false},
		{"delivery", []string{""}, false},
		{"portal", []string{""}, false},
		{"", []string{""}, false},
	} {
		if got := mayRead(exchange.Caller{Counterpart: x.counterpart, Parties: x.parties}, c); got != x.want {
			t.Errorf("%s %q may read: %v, want %v", x.counterpart, x.parties, got, x.want)
		}
	}
}

func TestFileOfACase(t *testing.T) {
	c := &casework.Case{App: message.Application{Materials: []message.Material{{Code: "M-05", Files: []message.File{{Digest: "aa"}, {Digest: "bb"}}}, {Code: "M-06"}}}}
	if f, ok := fileOf(c, "bb"); !ok || f.Digest != "bb" {
		t.Errorf("second file of a material: %+v %v", f, ok)
	}
	for _, digest := range []string{"", "cc"} {
		if _, ok := fileOf(c, digest); ok {
			t.Errorf("%q is no file of the case", digest)
		}
	}
}
