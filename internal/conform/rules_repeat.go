package conform

import (
	"bytes"
	"context"
	"fmt"

	"yichuang/internal/exchange/spec"
)

// repeatRules send a message again.
func repeatRules() []Rule {
	return []Rule{
		{ID: "repeat-same", Title: "同一报文再来，返回第一次的应答", Section: "三", For: changing, When: Done, Check: repeatSame,
			Why: "应答会在路上丢失，平台就以同一报文号重发。再办一次就是重复登记、重复付款。"},
		{ID: "repeat-other", Title: "同一报文号用于不同内容被拒绝", Section: "三", For: changing, When: Done, Check: repeatOther,
			Why: "报文号相同而内容不同，说明有一方出错，不能当作重发。"},
		{ID: "repeat-read", Title: "查询重发照常办理", Section: "三", For: readOnly, When: Done, Check: repeatRead,
			Why: "查询不改变状态，以同一报文号重发时不得拒绝。"},
	}
}

func repeatSame(ctx context.Context, t *Trial) Finding {
	want := fmt.Sprintf("%d，报文体与第一次相同", t.First.Status)
	_, a, err := t.send(ctx, t.Body, letter{messageID: t.Sent.head.MessageID})
	switch {
	case err != nil:
		return fail(want, noAnswer(err))
	case a.Status != t.First.Status:
		return fail(want, a.String())
	case !sameJSON(a.Body, t.First.Body):
		return fail(want, fmt.Sprintf("%d，报文体不同", a.Status))
	}
	return pass(want, "相同")
}

// sameJSON compares by meaning: the order of fields may differ.
func sameJSON(a, b []byte) bool { return bytes.Equal(encode(fields(a)), encode(fields(b))) }

func repeatOther(ctx context.Context, t *Trial) Finding {
	for _, body := range changes(t.Body) {
		if t.Document.Check(t.Info.Operation, spec.Request, body) != nil || sameJSON(body, t.Body) {
			continue
		}
		e, err := t.seal(t.Info, body, letter{messageID: t.Sent.head.MessageID})
		if err != nil {
			return fail(wanted(spec.CodeMessageReused), err.Error())
		}
		return t.refused(ctx, e, spec.CodeMessageReused)
	}
	return skip("样例改不出另一份有效的内容")
}

func repeatRead(ctx context.Context, t *Trial) Finding {
	return t.served(ctx, t.Body, letter{messageID: t.Sent.head.MessageID})
}
