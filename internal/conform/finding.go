package conform

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"syscall"

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

func pass(want, got string) Finding { return Finding{Pass, want, got} }

func fail(want, got string) Finding { return Finding{Fail, want, got} }

func skip(why string) Finding { return Finding{Skip, "", why} }

// judge passes when err is nil.
func judge(want string, err error) Finding {
	if err != nil {
		return fail(want, reason(err))
	}
	return pass(want, "符合")
}

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

// noAnswer says why nothing came.
func noAnswer(err error) string {
	var wire *url.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "没有应答：超时"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "没有应答：连接被拒绝"
	case errors.As(err, &wire):
		err = wire.Err
	}
	return "没有应答：" + err.Error()
}

// reason says what we found wrong with something of the counterpart's, without the codes that we would refuse it with: they are not what it
// answered.
func reason(err error) string {
	var fault *spec.Fault
	if !errors.As(err, &fault) {
		return err.Error()
	}
	parts := []string{fault.Title}
	if fault.Detail != "" {
		parts = append(parts, fault.Detail)
	}
	for _, f := range fault.Fields {
		parts = append(parts, f.Pointer+" "+f.Detail)
	}
	return strings.Join(parts, "；")
}
