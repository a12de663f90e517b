package conform

import (
	"context"

	"yichuang/internal/exchange/spec"
)

// Rule is one demand of the specification.
type Rule struct {
	ID       string                                      // stable, for programs and for talking about it
	Title    string                                      // Chinese, what must be true
	Why      string                                      // Chinese, what goes wrong otherwise, and what to do
	Section  string                                      // where docs/interface/README.md says it
	When     When                                        // at which moment of a run it can be checked
	For      func(spec.Info) bool                        // operations it holds for; nil: all
	Dialects []Dialect                                   // it holds for; nil: all
	Check    func(ctx context.Context, t *Trial) Finding // looks, or sends more; the zero Finding: the rule does not concern this operation
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
	for _, some := range [][]Rule{answerRules(), signatureRules(), bodyRules(), limitRules(), systemRules(), xmlRules(), fileRules(), repeatRules(), pageRules(), resultRules()} {
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
