package spec_test

import (
	"encoding/json"
	"errors"
	"testing"

	"yichuang/internal/exchange/spec"
)

// Every operation has an example of either side, and it fits.
func TestExamplesOfOperations(t *testing.T) {
	d := specification(t)
	for _, info := range spec.Operations() {
		for _, side := range []spec.Side{spec.Request, spec.Response} {
			body, err := d.Example(info.Operation, side)
			if err == nil {
				err = d.Check(info.Operation, side, body)
			}
			if err != nil {
				t.Errorf("%s, side %d: %v", info.Operation, side, err)
			}
		}
	}
	if _, err := d.Example("registry.none", spec.Request); err == nil {
		t.Error("an example of nothing")
	}
}

func specification(t *testing.T) *spec.Document {
	t.Helper()
	d, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// An unknown field is named, at whatever depth; one that is asked for and missing, too.
func TestProblemsNameTheField(t *testing.T) {
	const head = `{"scope":"city","purpose":"p","persons":[{"name":"王建国","documentKind":"1","documentNumber":"32120219700512301X"`
	d := specification(t)
	for body, want := range map[string]string{
		head + `}],"guess":1}`: "/guess",
		head + `,"age":1}]}`:   "/persons/0/age",
		`{"scope":"city"}`:     "/persons",
	} {
		var fault *spec.Fault
		if !errors.As(d.Check(spec.RegistryHousesCount, spec.Request, []byte(body)), &fault) || len(fault.Fields) == 0 || fault.Fields[0].Pointer != want {
			t.Errorf("%s: %v, want %s", body, fault, want)
		}
	}
}

func TestCheckProblem(t *testing.T) {
	d := specification(t)
	write := func(code spec.Code) []byte {
		body, err := json.Marshal(spec.NewFault(code, "").Problem("t"))
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	if p, err := d.CheckProblem(spec.RegistryApplicationPush, write("case-open")); err != nil || p.Code != "case-open" {
		t.Errorf("a refusal of its own: %+v, %v", p, err)
	}
	for name, body := range map[string][]byte{
		"another operation's": write("tax-unknown"),
		"nobody's":            write("no-idea"),
		"no problem":          []byte(`{"error":"x"}`),
		"no JSON":             []byte(`<html>`),
	} {
		if _, err := d.CheckProblem(spec.RegistryApplicationPush, body); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if got := d.Refusals(spec.RegistryApplicationPush); len(got) != 4 || got["case-open"] == "" {
		t.Errorf("refusals %v", got)
	}
	for _, code := range []spec.Code{spec.CodeNotFound, spec.CodeWrongState, spec.CodeSchema} {
		if !d.Knows(spec.SystemPing, code) {
			t.Errorf("%s is not known", code)
		}
	}
}
