package connect

import (
	"slices"
	"testing"

	catalogdata "yichuang/catalog"
	"yichuang/internal/catalog"
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
	r := sharing(t)
	c := &casework.Case{App: message.Application{Materials: []message.Material{{Code: "M-05", Files: []message.File{{Digest: "aa"}, {Digest: "bb"}}}, {Code: "M-06"}}}}
	if f, ok := r.fileOf(c, "registry", "bb"); !ok || f.Digest != "bb" {
		t.Errorf("second file of a material: %+v %v", f, ok)
	}
	for _, digest := range []string{"", "cc"} {
		if _, ok := r.fileOf(c, "registry", digest); ok {
			t.Errorf("%q is no file of the case", digest)
		}
	}
}

func sharing(t *testing.T) *Room {
	t.Helper()
	c, err := catalog.Load(catalogdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	return &Room{Parts{Catalog: c}}
}

// A department is sent, and may fetch, what its task needs: housing sees no marriage, tax no agreement, a utility nothing.
func TestWhatDepartmentsSee(t *testing.T) {
	r := sharing(t)
	c := &casework.Case{}
	for _, code := range []string{"M-02", "M-04", "M-05", "M-08", "M-26", "M-34"} {
		c.App.Materials = append(c.App.Materials, message.Material{Code: code, Files: []message.File{{Digest: "d" + code}}})
	}
	for department, want := range map[string][]string{
		"registry": {"M-02", "M-04", "M-05", "M-08", "M-26", "M-34"}, "housing": {"M-02", "M-05", "M-08"}, "tax": {"M-02", "M-04", "M-05", "M-26"},
		"bank": {"M-02", "M-04", "M-05", "M-08", "M-34"}, "fund": {"M-02", "M-04", "M-05", "M-34"}, "utility": nil, "portal": nil, "": nil,
	} {
		var got []string
		for _, a := range r.attachments(c, department) {
			got = append(got, a.MaterialCode)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is sent %v, want %v", department, got, want)
		}
		for _, m := range c.App.Materials {
			if _, ok := r.fileOf(c, department, "d"+m.Code); ok != slices.Contains(want, m.Code) {
				t.Errorf("%s may fetch %s: %v", department, m.Code, ok)
			}
		}
	}
}
