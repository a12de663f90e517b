package conform

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"yichuang/internal/exchange/spec"
)

// codeForm is what a code may look like. What does not is not shown: it is the counterpart's text, and may be anything.
var codeForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

// Code is the code of the error that the answer carries, empty when there is none.
func (a Answer) Code() spec.Code {
	if a.code != "" {
		return a.code
	}
	var p spec.Problem
	if json.Unmarshal(a.Body, &p) != nil || !codeForm.MatchString(p.Code) {
		return ""
	}
	return spec.Code(p.Code)
}

// pointers lists the fields that the error names.
func (a Answer) pointers() []string {
	var p spec.Problem
	if json.Unmarshal(a.Body, &p) != nil {
		return nil
	}
	var out []string
	for _, f := range p.Errors {
		out = append(out, f.Pointer)
	}
	return out
}

// isProblem says what keeps an answer from being an error as published.
func (t *Trial) isProblem(a Answer) error {
	if a.Form != nil {
		return a.Form
	}
	p, err := t.Document.CheckProblem(t.Info.Operation, a.Body)
	if err == nil && p.Status != a.Status {
		err = fmt.Errorf("status 写 %d，应答的状态是 %d", p.Status, a.Status)
	}
	return err
}

// wrong sends a body that fits no schema under a good head, to see an error.
func (t *Trial) wrong(ctx context.Context) (Envelope, Answer, error) {
	var e Envelope
	written, err := t.Carrier.write(t.Info, []byte("{}"))
	if err == nil {
		e, err = t.sign(t.Info, t.Carrier.unknown(written), letter{})
	}
	if err != nil {
		return e, Answer{}, err
	}
	a, err := t.Carrier.Send(ctx, e)
	return e, a, err
}
