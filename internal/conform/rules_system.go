package conform

import (
	"context"
	"fmt"
	"strconv"

	"yichuang/internal/exchange/spec"
)

// limitRules are about sizes.
func limitRules() []Rule {
	return []Rule{
		{ID: "size-over", Title: "超过规定字节数的请求被拒绝", Section: "二", When: Each, Check: sizeOver,
			Why: "不设上限，一份报文就能占满内存。"},
		{ID: "size-full", Title: "正好到上限的请求照常办理", Section: "二", For: readOnly, When: Done, Check: sizeFull,
			Why: "网关的缺省上限常常更小（如 1 MB 以内），材料多的办件会被拦下。"},
	}
}

func sizeOver(ctx context.Context, t *Trial) Finding {
	_, over := t.Carrier.sizes(t.Info)
	f := t.refusedWritten(ctx, t.Carrier.padded(t.fresh(), over), spec.CodeTooBig)
	f.Got = fmt.Sprintf("%d 字节：%s", over, f.Got)
	return f
}

func sizeFull(ctx context.Context, t *Trial) Finding {
	most, _ := t.Carrier.sizes(t.Info)
	e, err := t.seal(t.Info, t.Body, letter{})
	if err == nil {
		e, err = t.sign(t.Info, t.Carrier.padded(e.Body, most), letter{})
	}
	if err != nil {
		return fail(strconv.Itoa(wantStatus(t.Info)), err.Error())
	}
	return t.carried(ctx, e)
}

// systemRules hold for the whole system and are tried with the ping.
func systemRules() []Rule {
	return []Rule{
		{ID: "operation-unknown", Title: "没有的操作以 unknown-operation 回答", Section: "二", When: Once, Check: operationUnknown,
			Why: "平台据此知道对方还没有实现，而不是出了故障。"},
		{ID: "media-other", Title: "其他媒体类型被拒绝", Section: "二、十二", When: Once, Dialects: inHTTP, Check: mediaOther,
			Why: "只接受本对接方式的媒体类型：application/json、application/xml 或 text/xml。"},
		{ID: "query-string", Title: "带查询串的请求被拒绝", Section: "一", When: Once, Dialects: inHTTP, Check: queryString,
			Why: "查询串不在签名里，谁都能加。"},
		{ID: "ping-echo", Title: "连通测试原样返回", Section: "七", When: Once, Check: pingEcho,
			Why: "平台用它确认应答来自本次调用，而不是缓存。"},
		{ID: "clock", Title: "时钟与平台相差不超过 1 秒", Section: "七", When: Once, Check: clockClose,
			Why: "相差超过 300 秒时双方互拒。请用 NTP 校时。"},
	}
}

func operationUnknown(ctx context.Context, t *Trial) Finding {
	return t.spoiled(ctx, letter{path: "/v1/conform/none"}, asItIs, spec.CodeUnknownOperation)
}

func mediaOther(ctx context.Context, t *Trial) Finding {
	return t.spoiled(ctx, letter{}, func(e Envelope) Envelope { e.Media = "text/plain"; return e }, spec.CodeNotJSON)
}

func queryString(ctx context.Context, t *Trial) Finding {
	return t.spoiled(ctx, letter{}, func(e Envelope) Envelope { e.Query = "debug=1"; return e }, spec.CodeHeader)
}

// pong reads the answer to the first ping. Where there is none to read, other rules have said so.
func pong(t *Trial) (p spec.SystemPingResponse, ok bool) {
	return p, t.done() && t.Document.Read(spec.SystemPing, spec.Response, t.First.Body, &p) == nil
}

const noPong = "连通测试没有办成"

func pingEcho(_ context.Context, t *Trial) Finding {
	const want = "echo 与请求相同"
	p, ok := pong(t)
	switch {
	case !ok:
		return skip(noPong)
	case p.Echo != text(t.Body, "echo"):
		return fail(want, "不同")
	}
	return pass(want, "相同")
}

func clockClose(_ context.Context, t *Trial) Finding {
	want := clockTolerance.String() + " 以内"
	p, ok := pong(t)
	if !ok {
		return skip(noPong)
	}
	half := t.First.Took / 2 // when it was stamped, about
	off := p.Now.Sub(t.at.Add(half)).Abs()
	if off > clockTolerance+half {
		return fail(want, off.String())
	}
	return pass(want, off.String())
}
