package conform_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"yichuang/internal/conform"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
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
		if atClerk(r.ID) {
			continue
		}
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
		if line := "| `" + r.ID + "` | " + r.Title + " | " + r.Section + " | " + r.Scope() + " |"; !strings.Contains(string(guide), line) {
			t.Errorf("the guide lacks %s", line)
		}
	}
}

// What a run cannot do is an error; what it cannot see is a line.
func TestRunsThatCannotBe(t *testing.T) {
	if _, err := conform.Run(t.Context(), conform.Options{Role: "moon"}); err == nil || !strings.Contains(err.Error(), "registry") {
		t.Errorf("an unknown role: %v", err)
	}
	b := newBureau(t, "", false)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := conform.Run(ended, b.options); err == nil {
		t.Error("a run that was broken off has a report")
	}
	foreign := b.options
	foreign.Credentials.Operations = []spec.Operation{spec.TaxSlipIssue}
	if _, err := conform.Run(t.Context(), foreign); err == nil {
		t.Error("a run of nothing but the ping has a report")
	}
	var told []string
	b.options.Receiver, b.options.Tell = nil, func(text string) { told = append(told, text) }
	b.options.Credentials.Samples = append(b.options.Credentials.Samples, conform.Sample{Operation: spec.FundLoanEvaluate, Body: []byte(`{"caseNo":"x"}`)})
	r, err := conform.Run(t.Context(), b.options)
	if err != nil {
		t.Fatal(err)
	}
	if len(told) < 3 || !strings.Contains(told[0], "system.ping") {
		t.Errorf("told %q", told)
	}
	unchecked := map[string]int{}
	for _, d := range r.Unchecked() {
		unchecked[d.Rule.ID] = len(d.Lines)
	}
	if !r.OK() || len(unchecked) != 2 || unchecked["result-arrives"] != 1 || unchecked["answered"] != 1 {
		t.Errorf("unchecked %v; %s", unchecked, r.Conclusion())
	}
}

// The two sides may share a secret in place of keys.
func TestSecretInPlaceOfKeys(t *testing.T) {
	b := newBureau(t, "", true)
	r, err := conform.Run(t.Context(), b.options)
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() || r.Count(conform.Skip) > 0 {
		t.Errorf("%s: %+v", r.Conclusion(), r.Defects())
	}
}

// A counterpart may fetch the file of the samples, and no other.
func TestMaterialIsFetched(t *testing.T) {
	b := newBureau(t, "", false)
	ask := func(digest string) (int, []byte) {
		body, err := spec.Encode(spec.PlatformMaterialFetchRequest{CaseNo: "TZ-261124-00412-6", Digest: digest})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/v1/platform/material/fetch", bytes.NewReader(body))
		if _, err := spec.SignRequest(b.self, r, "material-1", "", body, time.Now()); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		b.options.Receiver.ServeHTTP(w, r)
		return w.Code, w.Body.Bytes()
	}
	guide, err := os.ReadFile("../../docs/interface/README.md")
	if err != nil {
		t.Fatal(err)
	}
	digest := regexp.MustCompile("摘要 `([0-9a-f]{64})`").FindSubmatch(guide)
	if digest == nil {
		t.Fatal("the guide names no digest")
	}
	status, body := ask(string(digest[1]))
	var file spec.PlatformMaterialFetchResponse
	if err := json.Unmarshal(body, &file); err != nil || status != http.StatusOK || sm.SM3Hex(file.Content) != file.Digest {
		t.Errorf("%d, %v", status, err)
	}
	if status, _ := ask(strings.Repeat("0", 64)); status != http.StatusUnprocessableEntity {
		t.Errorf("another file: %d", status)
	}
}
