package catalog_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	catalogdata "yichuang/catalog"
	"yichuang/internal/catalog"
	"yichuang/internal/land"
)

// edited is the shipped catalog with some files replaced; an edit gets the text and returns the new one, "" removes the file.
func edited(t testing.TB, edits map[string]func(string) string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(catalogdata.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(catalogdata.FS, name)
		if edit, ok := edits[name]; ok {
			text := edit(string(data))
			if text == string(data) {
				t.Fatalf("the edit of %s changes nothing", name)
			}
			if data = []byte(text); text == "" {
				return err
			}
		}
		out[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func replace(old, with string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, with, 1) }
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	const sale, joint = "items/existing-home-sale.yaml", "items/existing-home-sale-mortgage.yaml"
	for _, c := range []struct {
		file string
		edit func(string) string
		want string // "line: text"
	}{
		{sale, replace("when: OwnShareSold,", "when: OwnShareSoled,"), `condition "OwnShareSoled": unknown name OwnShareSoled`},
		{sale, replace("when: SellerMinor,", "when: SellerMinor == 1,"), "mismatched types"},
		{sale, replace("material: M-13", "material: M-99"), `there is no material "M-99"`},
		{sale, replace("step: entry", "step: later"), `"later" is none of`},
		{sale, replace("reason: 申请登记要有申请书", "reason: ''"), "the reason for M-01 is missing"},
		{sale, replace(", missing: 民政部门没有查到婚姻登记信息", ""), "M-04 is shared: say in missing why"},
		{sale, replace("message: sms.fix", "message: sms.fx"), `there is no sentence "sms.fx"`},
		{sale, replace("event: closed", "event: finished"), `"finished" is none of`},
		{sale, replace("sections: [home,", "sections: [house,"), `there is no section "house"`},
		{sale, replace("fees: [transfer, copies]", "fees: [transfers]"), `there is no group of fees "transfers"`},
		{sale, replace("flow: existing-home-sale", "flow: no-flow"), `there is no flow "no-flow"`},
		{sale, replace("escalate: [100, 150]", "escalate: [150, 100]"), "superiors are told from 100 percent on, in order"},
		{sale, replace("unit: working-hours", "unit: hours"), `"hours" is none of`},
		{sale, replace("SpouseNotOwner: false", "SpouseNotOwner: 2"), "fact SpouseNotOwner cannot be 2"},
		{sale, replace("regTypes: [200]", "regTypes: [210]"), "there is no registration type 210"},
		{sale, replace("online: true", "onlien: true"), "field onlien not found"},
		{sale, replace("visits: 1", "visits: once"), "cannot unmarshal"},
		{sale, replace("days: 3", "days: 31"), "promised days within the legal ones"},
		{sale, replace("code: existing-home-sale", "code: home-sale"), `coded "home-sale", unlike its file`},
		{joint, replace("extends: existing-home-sale", "extends: home-sale"), `no item "home-sale" that could be extended`},
		{"materials.yaml", replace("code: M-02", "code: M-01"), "material M-01 stands twice"},
		{"materials.yaml", replace("code: M-36", "code: M36"), `"M36" is no material code`},
		{"materials.yaml", replace("source: shared", "source: found"), `"found" is none of`},
		{"sharing.yaml", replace("[M-02, M-03, M-04, M-05, M-06,", "[M-02, M-99, M-04, M-05, M-06,"), `there is no material "M-99"`},
		{"sharing.yaml", replace("department: tax", "department: bank"), `department "bank" needs to be there once`},
		{"sharing.yaml", replace("why: 核定税款和优惠", "why: ''"), "what tax needs the materials for"},
		{"forms.yaml", replace("kind: money", "kind: gold"), `"gold" is none of`},
		{"forms.yaml", replace("codes: doc-kind", "codes: papers"), `there is no code list "papers"`},
		{"forms.yaml", replace("when: HasLoan", "when: HasLoans"), "unknown name HasLoans"},
		{"fees.yaml", replace("times: Certificates - 1", "times: Certificates / 0"), "operator /"},
		{"fees.yaml", replace("from: 2017-01-01", "from: 2017-02-30"), "in force from no day"},
		{"fees.yaml", replace("fen: 8000", "fen: -1"), "an amount of 0 or more"},
		{"tax.yaml", replace("rate: 5%", "rate: 500%"), `"500%" is no percentage`},
		{"tax.yaml", replace("when: HeldYears >= 2", "when: HeldYear >= 2"), "unknown name HeldYear"},
		{"tax.yaml", replace("applies_by: contract", "applies_by: mood"), "applies_by is contract or declaration"},
		{"tax.yaml", replace("kind: inclusive, rate: 5%", "kind: inclusive"), "is no percentage"},
		{"calendar.yaml", replace("to: 2026-01-03", "to: 2025-01-03"), "is no span of days of 2026"},
		{"calendar.yaml", replace("2026-01-04, 2026-02-14", "2026-01-06, 2026-02-14"), "is no free Saturday or Sunday"},
		{"calendar.yaml", replace(`"13:30-17:30"`, `"11:30-17:30"`), "is no span of hours after the one before"},
		{"calendar.yaml", replace("year: 2026", "year: 2025"), "year 2025 stands twice"},
		{"messages.zh.yaml", replace("{n} 处需要修改", "{N} 处需要修改"), "has a slot that is none"},
		{"messages.zh.yaml", replace("err.choose:", "err.required:"), "already defined"},
		{"codes/doc-kind.yaml", replace(`code: "2"`, `code: "1"`), `code "1" needs to be there once`},
		{"codes/doc-kind.yaml", replace("name: doc-kind", "name: doc"), `named "doc", unlike its file`},
		{"calendar.yaml", func(string) string { return "" }, "cannot be read"},
	} {
		_, err := catalog.Load(edited(t, map[string]func(string) string{c.file: c.edit}))
		var invalid *catalog.Invalid
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %q: %v", c.file, c.want, err)
			continue
		}
		found := slices.ContainsFunc(invalid.Problems, func(p catalog.Problem) bool {
			return p.File == c.file && strings.Contains(p.Text, c.want)
		})
		if !found {
			t.Errorf("%s: want %q, got\n%v", c.file, c.want, err)
		}
	}
}

func TestLoadSaysEverythingAtOnceWithLines(t *testing.T) {
	_, err := catalog.Load(edited(t, map[string]func(string) string{
		"fees.yaml":                     replace("when: BuyerSmall", "when: BuyerSmal"),
		"messages.zh.yaml":              replace("填写{label}", "填写{Label}"),
		"items/existing-home-sale.yaml": replace("when: SellerMinor or BuyerMinor", "when: SellerMinor or BuyerMiner"),
	}))
	var invalid *catalog.Invalid
	if !errors.As(err, &invalid) || len(invalid.Problems) != 3 {
		t.Fatal(err)
	}
	for _, p := range invalid.Problems {
		data, err := fs.ReadFile(catalogdata.FS, p.File)
		if err != nil || p.Line == 0 {
			t.Fatal(p, err)
		}
		line := strings.Split(string(data), "\n")[p.Line-1]
		if !strings.Contains(line, "BuyerSmall") && !strings.Contains(line, "{label}") && !strings.Contains(line, "SellerMinor or BuyerMinor") {
			t.Errorf("%s points at %q", p, line)
		}
		if !strings.Contains(invalid.Error(), p.String()) {
			t.Error("the error does not print", p)
		}
	}
}

// Lists that the program knows as types must say the same as the data.
func TestCodeListsAgreeWithTheVocabulary(t *testing.T) {
	c := load(t)
	for name, label := range map[string]func(string) string{
		"doc-kind": func(s string) string { return land.DocKind(s).Label() }, "co-ownership": func(s string) string { return land.CoOwn(s).Label() },
		"mortgage-kind": func(s string) string { return land.MortgageKind(s).Label() }, "advance-kind": func(s string) string { return land.AdvanceKind(s).Label() },
		"seizure-kind": func(s string) string { return land.SeizureKind(s).Label() }, "right-state": func(s string) string { return land.RightState(s).Label() },
		"structure": func(s string) string { return land.Structure(s).Label() }, "house-type": func(s string) string { return land.HouseType(s).Label() },
		"house-use": func(s string) string { return land.HouseUse(s).Label() },
		"reg-type": func(s string) string {
			k, _ := land.ParseRegType(s)
			return k.Label()
		},
	} {
		list, ok := c.Codes(name)
		if !ok {
			t.Errorf("there is no list %s", name)
		}
		for _, row := range list.Rows {
			if label(row.Code) != row.Label {
				t.Errorf("%s %s: %q in the data, %q in the vocabulary", name, row.Code, row.Label, label(row.Code))
			}
			if name == "house-use" && (row.Attrs["class"] == "home") != land.HouseUse(row.Code).Home() {
				t.Errorf("use %s is a home in one place and not in the other", row.Code)
			}
		}
	}
	if uses, _ := c.Codes("house-use"); len(uses.Rows) != len(land.HouseUses()) {
		t.Error("the list of uses is not whole")
	}
	later, _ := c.Codes("rec-type-later")
	if later.Label("2000402") != "房地产权（独幢、层、套、间房屋）转移登记" || later.Label("nothing") != "" {
		t.Error(later.Label("2000402"))
	}
}

func TestCodesOn(t *testing.T) {
	list := catalog.CodeList{Rows: []catalog.Code{{Code: "1", Label: "old", To: "2025-12-31"}, {Code: "1", Label: "new", From: "2026-01-01"}}}
	if old, now := list.On("2025-06-01"), list.On("2026-01-01"); len(old) != 1 || old[0].Label != "old" || len(now) != 1 || now[0].Label != "new" {
		t.Error(old, now)
	}
}

// Whatever line is lost from the data: Load answers with problems or with a catalog that works, and never panics.
func TestLoadOfDamagedData(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	names := []string{"calendar.yaml", "fees.yaml", "forms.yaml", "materials.yaml", "messages.zh.yaml", "tax.yaml", "items/existing-home-sale.yaml", "items/existing-home-sale-mortgage.yaml"}
	refused := 0
	for range 60 {
		name := names[dice.IntN(len(names))]
		lose := func(text string) string {
			lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
			at := dice.IntN(len(lines))
			return strings.Join(slices.Delete(lines, at, at+1), "")
		}
		c, err := catalog.Load(edited(t, map[string]func(string) string{name: lose}))
		if err != nil {
			refused++
			if !errors.As(err, new(*catalog.Invalid)) {
				t.Fatal(err)
			}
			continue
		}
		for _, i := range c.Items() {
			f := i.StartFacts("2026-11-24")
			if len(i.RequiredMaterials(f)) == 0 || len(c.Fees(i, f)) == 0 || !c.Calendar().AddWorkingDays(at(t, "2026-11-24 10:00"), i.Days).After(at(t, "2026-11-24 10:00")) {
				t.Fatalf("%s without a line of %s does not work", i.Code, name)
			}
		}
	}
	if refused < 10 {
		t.Errorf("only %d of 60 damages were noticed", refused)
	}
}
