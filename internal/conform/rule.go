package conform

import (
	"context"
	"fmt"
	"time"

	"yichuang/internal/exchange/spec"
)

// Verdict is the result of a rule for an operation.
type Verdict string

// The three verdicts.
const (
	Pass Verdict = "pass"
	Fail Verdict = "fail"
	Skip Verdict = "skip" // could not be checked, and why
)

// Title is the verdict in Chinese.
func (v Verdict) Title() string {
	return map[Verdict]string{Pass: "通过", Fail: "不符合", Skip: "未检"}[v]
}

// Finding is what a rule found. Want and Got are Chinese, short, and free of personal data.
type Finding struct {
	Verdict Verdict
	Want    string
	Got     string
}

// Rule is one demand of the specification.
type Rule struct {
	ID      string                                      // stable, for programs and for talking about it
	Title   string                                      // Chinese, what must be true
	Why     string                                      // Chinese, what goes wrong otherwise, and what to do
	Section string                                      // where docs/interface/README.md says it
	When    When                                        // at which moment of a run it can be checked
	For     func(spec.Info) bool                        // operations it holds for; nil: all
	Check   func(ctx context.Context, t *Trial) Finding // looks, or sends more
}

// When is the moment at which a rule is checked.
type When int

const (
	// Always: for every operation.
	Always When = iota
	// Each: for every operation that is in order, whatever its first call came to. One that is silent or broken is not tried further.
	Each
	// Once: likewise, with the ping, for the system as a whole.
	Once
	// Done: for every operation whose first call was done.
	Done
	// Later: for works, once their results are in or the time is up.
	Later
)

// Rules lists all rules in the order in which they are checked.
func Rules() []Rule {
	var all []Rule
	for _, some := range [][]Rule{answerRules(), signatureRules(), bodyRules(), limitRules(), systemRules(), repeatRules(), resultRules()} {
		all = append(all, some...)
	}
	return all
}

// refusalRule is the demand behind the samples that a vendor gives for x-refusals; it has a line per code, hence no Check.
var refusalRule = Rule{
	ID: "refusal-business", Title: "业务上不能办理的，以规范列出的代码拒绝", Section: "三、六",
	Why: "平台按代码决定下一步：补正、转人工或终止。状态应为 422，code 取自该操作的 x-refusals，detail 写给办事人员看。",
}

func readOnly(i spec.Info) bool { return i.ReadOnly }

func changing(i spec.Info) bool { return !i.ReadOnly }

func async(i spec.Info) bool { return i.Async }

func pass(want, got string) Finding { return Finding{Pass, want, got} }

func fail(want, got string) Finding { return Finding{Fail, want, got} }

func skip(why string) Finding { return Finding{Skip, "", why} }

// judge passes when err is nil.
func judge(want string, err error) Finding {
	if err != nil {
		return fail(want, err.Error())
	}
	return pass(want, "符合")
}

// Trial is one operation under test.
type Trial struct {
	*kit
	Info   spec.Info
	Body   []byte    // of the first call: valid, and meant to be done
	Sent   Envelope  // the first call
	First  Answer    // and what came back
	NoneAs error     // why nothing came back
	Work   string    // workId of the first call, empty unless the operation is asynchronous
	Case   string    // its caseNo
	at     time.Time // of the first call
}

// send seals and sends a body in the form of a letter.
func (t *Trial) send(ctx context.Context, body []byte, l letter) (Envelope, Answer, error) {
	e, err := t.seal(t.Info, body, l)
	if err != nil {
		return e, Answer{}, err
	}
	a, err := t.Client.Send(ctx, e)
	return e, a, err
}

// refused tells whether an envelope is refused with one of the codes.
func (t *Trial) refused(ctx context.Context, e Envelope, codes ...spec.Code) Finding {
	want := wanted(codes)
	a, err := t.Client.Send(ctx, e)
	if err != nil {
		return fail(want, noAnswer(err))
	}
	for _, code := range codes {
		if a.Status == spec.NewFault(code, "").Status && a.Code() == code {
			return pass(want, a.String())
		}
	}
	return fail(want, a.String())
}

// refusedBody is refused for a body that is signed as it should be.
func (t *Trial) refusedBody(ctx context.Context, body []byte, codes ...spec.Code) Finding {
	e, err := t.seal(t.Info, body, letter{})
	if err != nil {
		return fail(wanted(codes), err.Error())
	}
	return t.refused(ctx, e, codes...)
}

func wanted(codes []spec.Code) string {
	text := ""
	for i, code := range codes {
		if i > 0 {
			text += " 或 "
		}
		text += fmt.Sprintf("%d %s", spec.NewFault(code, "").Status, code)
	}
	return text
}

func noAnswer(err error) string { return "没有应答：" + err.Error() }

// first returns the first finding that is no pass, or the last one.
func first(checks ...func() Finding) Finding {
	var f Finding
	for _, check := range checks {
		if f = check(); f.Verdict != Pass {
			return f
		}
	}
	return f
}
