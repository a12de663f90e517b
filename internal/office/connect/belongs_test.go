package connect

import (
	"errors"
	"testing"
	"time"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
)

// A result must be of the order's case, and later than its question.
func TestResultMustFitItsOrder(t *testing.T) {
	asked := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	const no = land.CaseNumber("TZ-261124-00412-6")
	result := func(of string, at time.Time) spec.RegistrySurveyResultRequest {
		return spec.RegistrySurveyResultRequest{CaseNo: of, Review: spec.Review{Outcome: spec.OutcomePass, ReviewedAt: at}}
	}
	for _, tt := range []struct {
		name string
		in   any
		want spec.Code
	}{
		{"good", result(string(no), asked.Add(time.Minute)), ""},
		{"a clock that is behind", result(string(no), asked.Add(-time.Minute)), ""},
		{"of another case", result("TZ-200101-00001-4", asked.Add(time.Minute)), spec.CodeNotFound},
		{"of last year", result(string(no), asked.AddDate(-1, 0, 0)), spec.CodeWrongState},
		{"without a review", spec.BankTrustRefundedRequest{CaseNo: string(no)}, ""},
	} {
		err := fits(no, asked, tt.in)
		var r *exchange.Refusal
		if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &r) || r.Code != tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
