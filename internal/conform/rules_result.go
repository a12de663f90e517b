package conform

import (
	"context"
	"fmt"
	"slices"

	"yichuang/internal/exchange/spec"
)

// resultRules look at what arrived for a work. The receiver answers the first good sending of each result with 503.
func resultRules() []Rule {
	return []Rule{
		{ID: "result-arrives", Title: "结果按时回送", Section: "四", For: async, When: Later, Check: resultArrives,
			Why: "没有结果，办件就停在这里。请确认贵方系统里平台的地址是本工具的接收地址，并在等待时间内办结。"},
		{ID: "result-signed", Title: "结果的报文头、签名有效", Section: "二、四", For: async, When: Later, Check: resultSigned,
			Why: "平台拒绝验不过签、时间不对或随机数用过的结果。"},
		{ID: "result-schema", Title: "结果符合规范", Section: "一、四", For: async, When: Later, Check: resultSchema,
			Why: "不符合规范的结果不进入办件。"},
		{ID: "result-relates", Title: "X-Relates-To 等于委托的 workId", Section: "四", For: async, When: Later, Check: resultRelates,
			Why: "平台凭它认出是哪一次委托，必须与报文体里的 workId 相同。"},
		{ID: "result-case", Title: "结果的办件编号与委托相同", Section: "四", For: async, When: Later, Check: resultCase,
			Why: "别的办件的结果一律不采用。"},
		{ID: "result-retried", Title: "平台暂不可用时，以同一报文号、新的随机数重发", Section: "三", For: async, When: Later, Check: resultRetried,
			Why: "平台升级或切换时会短暂返回 503；不重发结果就丢了，换报文号重发会被当作另一份结果。"},
		{ID: "result-once", Title: "一次委托只有一份结果", Section: "三、四", For: async, When: Later, Check: resultOnce,
			Why: "第二份结果会被以 wrong-state 拒绝；也可能是同一报文办了两次。"},
	}
}

func resultArrives(_ context.Context, t *Trial) Finding {
	want := fmt.Sprintf("%s，%s 内", t.Info.Result, t.Wait)
	if len(t.good()) == 0 {
		return fail(want, "没有")
	}
	return pass(want, "已到")
}

// arrivals are the sendings for the trial's work; good are those without fault.
func (t *Trial) arrivals() []Arrival { return t.Receiver.of(t.Work) }

func (t *Trial) good() []Arrival {
	return slices.DeleteFunc(t.arrivals(), func(a Arrival) bool { return a.Fault != nil })
}

// arrived checks each sending for the work; without one there is nothing to say.
func (t *Trial) arrived(want string, wrong func(Arrival) string) Finding {
	all := t.arrivals()
	if len(all) == 0 {
		return skip("没有收到结果")
	}
	for _, a := range all {
		if got := wrong(a); got != "" {
			return fail(want, got)
		}
	}
	return pass(want, "符合")
}

func resultSigned(_ context.Context, t *Trial) Finding {
	return t.arrived("报文头完整，验签通过", func(a Arrival) string {
		if a.Fault == nil || a.Fault.Code == spec.CodeSchema {
			return ""
		}
		return reason(a.Fault)
	})
}

func resultSchema(_ context.Context, t *Trial) Finding {
	result, _ := spec.Lookup(t.Info.Result)
	return t.arrived(result.Request, func(a Arrival) string {
		if a.Fault == nil || a.Fault.Code != spec.CodeSchema {
			return ""
		}
		return reason(a.Fault)
	})
}

func resultRelates(_ context.Context, t *Trial) Finding {
	return t.arrived("X-Relates-To 与 workId 相同", func(a Arrival) string {
		if a.RelatesTo == t.Work {
			return ""
		}
		return or(a.RelatesTo, "没有 X-Relates-To")
	})
}

func resultCase(_ context.Context, t *Trial) Finding {
	return t.arrived("caseNo 与委托相同", func(a Arrival) string {
		if a.Case == t.Case {
			return ""
		}
		return "另一个编号"
	})
}

func resultRetried(_ context.Context, t *Trial) Finding {
	const want = "503 之后再来，X-Message-Id 相同，X-Nonce 不同"
	good := t.good()
	i := slices.IndexFunc(good, func(a Arrival) bool { return a.Deferred })
	if i < 0 {
		return skip("没有收到结果")
	}
	for _, again := range good[i+1:] {
		if again.MessageID == good[i].MessageID && again.Nonce != good[i].Nonce {
			return pass(want, fmt.Sprintf("%s 后再来", again.At.Sub(good[i].At).Round(100_000_000)))
		}
	}
	if len(good) > i+1 {
		return fail(want, "换了报文号")
	}
	return fail(want, "没有再来")
}

func resultOnce(_ context.Context, t *Trial) Finding {
	ids := map[string]bool{}
	for _, a := range t.good() {
		ids[a.MessageID] = true
	}
	if len(ids) == 0 {
		return skip("没有收到结果")
	}
	if len(ids) > 1 {
		return fail("1 份", fmt.Sprintf("%d 份", len(ids)))
	}
	return pass("1 份", "1 份")
}
