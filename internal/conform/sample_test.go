package conform

import (
	"testing"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
)

// References take the value that was said, and its kind.
func TestReferences(t *testing.T) {
	k := &kit{Options: Options{Clock: clock.NewFake(time.Date(2026, 11, 24, 9, 30, 0, 0, clock.Shanghai()))}, run: "R1",
		answers: map[spec.Operation][]byte{spec.TaxSlipIssue: []byte(`{"amount":12800000000000,"list":[{"no":"a"},{"no":"b"}]}`)}}
	for _, tt := range []struct{ in, want string }{
		{`{"x":"TZ-{{run}}-1"}`, `{"x":"TZ-R1-1"}`},
		{`{"x":"{{today}}","y":["{{now}}"]}`, `{"x":"2026-11-24","y":["2026-11-24T09:30:00+08:00"]}`},
		{`{"x":"{{tax.slip.issue#/amount}}"}`, `{"x":12800000000000}`},
		{`{"x":{"y":"no {{tax.slip.issue#/list/1/no}}"}}`, `{"x":{"y":"no b"}}`},
		{`{"x":"{{tax.slip.issue#/list/0}}"}`, `{"x":{"no":"a"}}`},
		{`{"x":"{ {run}}","n":1.50}`, `{"n":1.50,"x":"{ {run}}"}`},
	} {
		got, err := k.filled(t.Context(), []byte(tt.in))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{
		`{"x":"{{tax.slip.issue#/none}}"}`, `{"x":"{{tax.slip.issue#/list/2}}"}`, `{"x":"{{tax.slip.issue#/amount/deep}}"}`,
		`{"x":"{{tax.receipt.query#/paid}}"}`, `{"x":"{{tax.none#/x}}"}`, `{"x":"{{tax.assessment.result#/taxNo}}"}`,
	} {
		if got, err := k.filled(t.Context(), []byte(in)); err == nil {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// Bodies are spoiled in one way each, and stay what they were otherwise.
func TestMutations(t *testing.T) {
	d, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range spec.Operations() {
		if info.Direction != spec.ToCounterpart {
			continue
		}
		body, err := d.Example(info.Operation, spec.Request)
		if err != nil {
			t.Fatal(err)
		}
		var w jsonBodies
		null, _ := replacing(body, nil)
		kind, _ := w.replaced(body)
		twice, _ := w.doubled(body)
		for name, bad := range map[string][]byte{"unknown": w.unknown(body), "null": null, "kind": kind, "twice": twice} {
			if d.Check(info.Operation, spec.Request, bad) == nil {
				t.Errorf("%s, %s: %s passes", info.Operation, name, bad)
			}
		}
		for name, good := range map[string][]byte{"renewed": renewed(body), "padded": w.padded(body, int64(len(body)+10))} {
			if err := d.Check(info.Operation, spec.Request, good); err != nil {
				t.Errorf("%s, %s: %v", info.Operation, name, err)
			}
		}
		if !otherValid(d, info.Operation, body) {
			t.Errorf("%s: no other content", info.Operation)
		}
	}
}

func otherValid(d *spec.Document, op spec.Operation, body []byte) bool {
	for _, c := range changes(body) {
		if d.Check(op, spec.Request, c) == nil && !sameJSON(c, body) {
			return true
		}
	}
	return false
}
