package conform

import (
	"context"
	"fmt"
	"net/http"

	"yichuang/internal/exchange/spec"
)

// answerRules look at the first call of an operation: a valid request that the counterpart is meant to do.
func answerRules() []Rule {
	return []Rule{
		{ID: "answered", Title: "规范的请求得到办理", Section: "一", When: Always, Check: answered,
			Why: "本操作没有实现，或所给样例不能办理。样例不能办理的，请在凭据文件的 samples 里换一个。"},
		{ID: "answer-media", Title: "应答的媒体类型符合规范", Section: "一、十二", When: Done, Dialects: inHTTP, Check: answerMedia,
			Why: "平台按媒体类型区分应答与错误。"},
		{ID: "answer-signed", Title: "应答有签名，随机数、报文号照抄请求", Section: "二", When: Done, Check: answerSigned,
			Why: "验不过签、对不上请求的应答平台一律不采用，等于没有应答。"},
		{ID: "answer-schema", Title: "应答符合规范", Section: "一", When: Done, Check: answerSchema,
			Why: "字段缺失、多余或格式不对的应答不采用，转人处理。"},
		{ID: "answer-size", Title: "应答不超过规定的字节数", Section: "一", When: Done, Check: answerSize,
			Why: "平台最多读 x-limits.responseBytes 个字节。"},
		{ID: "answer-time", Title: "在时限内应答", Section: "三", When: Always, Check: answerTime,
			Why: "过时平台即断开并重发；多次过时后暂停调用。"},
	}
}

func wantStatus(i spec.Info) int {
	if i.Async {
		return http.StatusAccepted
	}
	return http.StatusOK
}

func answered(_ context.Context, t *Trial) Finding {
	want := fmt.Sprintf("%d", wantStatus(t.Info))
	switch code := t.First.Code(); {
	case t.Err != nil:
		return fail(want, noAnswer(t.Err))
	case t.First.Status == wantStatus(t.Info):
		return pass(want, t.First.String())
	case t.First.Status == http.StatusUnprocessableEntity && t.Document.Knows(t.Info.Operation, code):
		return skip("样例被以 " + string(code) + " 拒绝；请在凭据文件的 samples 里给出能办理的样例")
	}
	return fail(want, t.First.String())
}

func answerMedia(_ context.Context, t *Trial) Finding {
	got := t.First.Media()
	want, ok := t.Carrier.media(got, false)
	if !ok {
		return fail(want, or(got, "没有"))
	}
	return pass(want, got)
}

func answerSigned(_ context.Context, t *Trial) Finding {
	if t.First.tooLong {
		return skip("应答过长，没有读完")
	}
	want := t.Carrier.called(spec.HeaderNonce) + "、" + t.Carrier.called(spec.HeaderMessage) + " 与请求相同，验签通过"
	return judge(want, t.First.Proof)
}

func answerSchema(_ context.Context, t *Trial) Finding {
	switch a := t.First; {
	case a.tooLong:
		return skip("应答过长，没有读完")
	case a.Form != nil:
		return fail(t.Info.Response, reason(a.Form))
	case a.unread():
		return skip("验签不过，没有读")
	}
	return judge(t.Info.Response, t.Document.Check(t.Info.Operation, spec.Response, t.First.Body))
}

func answerSize(_ context.Context, t *Trial) Finding {
	want := fmt.Sprintf("至多 %d 字节", t.Info.MaxResponse)
	if t.First.tooLong {
		return fail(want, "更多")
	}
	return pass(want, fmt.Sprintf("%d 字节", len(t.First.Body)))
}

func answerTime(_ context.Context, t *Trial) Finding {
	limit := t.timeout(t.Info)
	want := limit.String() + " 以内"
	switch {
	case t.Err != nil:
		return fail(want, noAnswer(t.Err))
	case t.First.Took > limit:
		return fail(want, t.First.Took.String())
	}
	return pass(want, t.First.Took.String())
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
