package conform_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"yichuang/internal/conform"
)

// A counterpart that keeps all rules passes them all, and none is left unchecked.
func TestConformingCounterpartPasses(t *testing.T) {
	r := runBureau(t, "")
	var out strings.Builder
	if err := r.WriteTable(&out, false); err != nil {
		t.Fatal(err)
	}
	if !r.OK() || r.Count(conform.Skip) > 0 {
		t.Fatalf("\n%s", &out)
	}
}

// Each rule finds the defect that it is about, and the others do not mistake it for theirs, except where one cannot be without the other.
func TestEachRuleFindsItsDefect(t *testing.T) {
	also := map[string][]string{
		"answered":        {"time-within", "repeat-read", "size-full"}, // nothing is done as it should be
		"signature-wrong": {"signature-head", "signature-path", "signature-first"},
		"result-retried":  {"result-once"}, // a second number is a second result
		"result-schema":   {"result-arrives"},
	}
	rules := append(conform.Rules(), conform.Rule{ID: "refusal-business"})
	for _, r := range rules {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			found(t, runBureau(t, r.ID), r.ID, also[r.ID]...)
		})
	}
}

// What a rule says to people is complete, and its name is one.
func TestRulesAreWritten(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range conform.Rules() {
		if seen[r.ID] || r.ID == "" || r.Title == "" || r.Why == "" || r.Section == "" || r.Check == nil {
			t.Errorf("rule %q: %+v", r.ID, r)
		}
		seen[r.ID] = true
	}
}

// The report is one page that needs nothing else and names what to mend.
func TestReport(t *testing.T) {
	r := runBureau(t, "repeat-same")
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for _, want := range []string{"不符合规范：1 处", "同一报文再来，返回第一次的应答", "推送公积金贷款或担保评估", "报文体不同", "fund.loan.evaluate"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, never := range []string{"http-equiv", "src=", "href=", "王建国"} {
		if strings.Contains(page, never) {
			t.Errorf("the report has %q", never)
		}
	}
}

// The guide for vendors lists the rules as they are, and the file that samples may attach.
func TestGuideListsTheRules(t *testing.T) {
	guide, err := os.ReadFile("../../docs/interface/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range conform.Rules() {
		if line := "| `" + r.ID + "` | " + r.Title + " | " + r.Section + " |"; !strings.Contains(string(guide), line) {
			t.Errorf("the guide lacks %s", line)
		}
	}
}
