package wire

import (
	"encoding/json"
	"fmt"

	"yichuang/internal/exchange/spec"
)

// asked is what a decision's detail may say of a correction.
type asked struct {
	Materials []spec.MaterialRequest `json:"materials"`
}

// Review is the conclusion of a work: pass, or what the operator decided with the outcome "correct" (detail: materials) or
// "refuse". Any other outcome is the department's own, and passes here.
func (s *System) Review(w Work, reviewer string) (spec.Review, error) {
	r := spec.Review{Outcome: spec.OutcomePass, Opinion: "审核通过", Reviewer: reviewer, ReviewedAt: s.Now()}
	if w.Decision == nil {
		return r, nil
	}
	switch spec.Outcome(w.Decision.Outcome) {
	case spec.OutcomeCorrect:
		var detail asked
		if len(w.Decision.Detail) > 0 {
			if err := json.Unmarshal(w.Decision.Detail, &detail); err != nil {
				return r, fmt.Errorf("decision %s: %w", w.Decision.ID, err)
			}
		}
		if len(detail.Materials) == 0 {
			detail.Materials = []spec.MaterialRequest{{MaterialCode: "M-05", Reason: "合同影像不清晰，请重新上传"}}
		}
		r.Outcome, r.Requests, r.Opinion = spec.OutcomeCorrect, detail.Materials, or(w.Decision.Reason, "材料需要补正")
	case spec.OutcomeRefuse:
		r.Outcome, r.Opinion = spec.OutcomeRefuse, or(w.Decision.Reason, "不符合办理条件")
	}
	return r, nil
}

// Passed tells whether the conclusion lets the case go on.
func Passed(r spec.Review) bool { return r.Outcome == spec.OutcomePass }

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
