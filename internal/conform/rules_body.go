package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"yichuang/internal/exchange/spec"
)

// bodyRules send bodies that are signed as they should be and are not what the specification says, and look at what an error is like.
func bodyRules() []Rule {
	return []Rule{
		{ID: "field-unknown", Title: "规范里没有的字段被拒绝", Section: "一", When: Each, Check: fieldUnknown,
			Why: "悄悄忽略的字段，平台以为对方已经采用。各层对象都要检查。"},
		{ID: "field-missing", Title: "缺少必填字段的请求被拒绝", Section: "一", When: Each, Check: fieldMissing,
			Why: "缺项时按缺省值办理，会办成另一件事。"},
		{ID: "field-null", Title: "值为 null 的字段被拒绝", Section: "一", When: Each, Dialects: inJSON, Check: fieldNull,
			Why: "没有值的字段不写；null 在各种语言里含义不同。"},
		{ID: "field-twice", Title: "重复的字段被拒绝", Section: "一", When: Each, Check: fieldTwice,
			Why: "两个环节可能各取一个值：校验的是前一个，办理的是后一个。多数 JSON 库默认不查，要专门打开；XML 按 XSD 校验。"},
		{ID: "field-type", Title: "类型不对的字段被拒绝", Section: "一", When: Each, Check: fieldType,
			Why: "金额是整数（分），面积是字符串；自动转换会丢精度。"},
		{ID: "body-json", Title: "不是单个 JSON 对象的报文体被拒绝", Section: "一", When: Each, Dialects: inJSON, Check: bodyJSON,
			Why: "对象之后不得有其他内容，须是 UTF-8，不接受数组和空体。"},
		{ID: "error-fields", Title: "校验错误逐个指出字段", Section: "二、六", When: Each, Check: errorFields,
			Why: "errors 里写 JSON 指针（如 /unitCode）或元素的路径（如 /Data/RegistryUnitStatusRequest/BDCDYH），平台才知道改哪里；只写字段，不写值。"},
		{ID: "error-body", Title: "错误的报文体符合规范", Section: "六", When: Each, Check: errorBody,
			Why: "错误是 Problem，status 与应答的状态相同，code 取自规范的代码表；经 HTTP 的 JSON，媒体类型是 application/problem+json。"},
		{ID: "error-signed", Title: "错误应答同样签名", Section: "二", When: Each, Check: errorSigned,
			Why: "不签名的错误，平台只能当作网关的“稍后再来”，会一直重发。"},
	}
}

func fieldUnknown(ctx context.Context, t *Trial) Finding {
	f := t.refusedWritten(ctx, t.Carrier.unknown(t.fresh()), spec.CodeSchema)
	inside, ok := t.Carrier.unknownInside(t.fresh())
	if f.Verdict != Pass || !ok {
		return f
	}
	f = t.refusedWritten(ctx, inside, spec.CodeSchema)
	f.Got = "下层对象中：" + f.Got
	return f
}

func fieldMissing(ctx context.Context, t *Trial) Finding {
	for _, body := range without(renewed(t.Body)) {
		if t.Document.Check(t.Info.Operation, spec.Request, body) != nil {
			return t.refusedBody(ctx, body, spec.CodeSchema)
		}
	}
	return t.refusedBody(ctx, []byte("{}"), spec.CodeSchema)
}

const noField = "本操作的请求没有这样的字段"

// refusedIf sends a spoiled body, where there was something to spoil.
func (t *Trial) refusedIf(ctx context.Context, written []byte, ok bool) Finding {
	if !ok {
		return skip(noField)
	}
	return t.refusedWritten(ctx, written, spec.CodeSchema)
}

func fieldNull(ctx context.Context, t *Trial) Finding {
	body, ok := replacing(renewed(t.Body), nil)
	return t.refusedIf(ctx, body, ok)
}

func fieldType(ctx context.Context, t *Trial) Finding {
	written, ok := t.Carrier.replaced(t.fresh())
	return t.refusedIf(ctx, written, ok)
}

func fieldTwice(ctx context.Context, t *Trial) Finding {
	written, ok := t.Carrier.doubled(t.fresh())
	return t.refusedIf(ctx, written, ok)
}

// flaw is a body that is none, and what is wrong with it.
type flaw struct {
	name    string
	written []byte
}

// refusedAll sends one flaw after the other.
func (t *Trial) refusedAll(ctx context.Context, flaws []flaw) Finding {
	var checks []func() Finding
	for _, wrong := range flaws {
		checks = append(checks, func() Finding {
			f := t.refusedWritten(ctx, wrong.written, spec.CodeSchema)
			f.Got = wrong.name + "：" + f.Got
			return f
		})
	}
	return first(checks...)
}

func bodyJSON(ctx context.Context, t *Trial) Finding {
	good := renewed(t.Body)
	flaws := []flaw{
		{"对象之后还有内容", append(slices.Clone(good), '{', '}')},
		{"数组", slices.Concat([]byte("["), good, []byte("]"))},
		{"没有写完", good[:len(good)-1]},
	}
	if bad := bytes.Replace(good, []byte(`":"`), []byte("\":\"\xff"), 1); json.Valid(good) && !bytes.Equal(bad, good) {
		flaws = append(flaws, flaw{"不是 UTF-8", bad})
	}
	return t.refusedAll(ctx, flaws)
}

func errorFields(ctx context.Context, t *Trial) Finding {
	const want = "errors 里有字段的 pointer"
	written, ok := t.Carrier.replaced(t.fresh())
	if !ok {
		return skip(noField)
	}
	e, err := t.sign(t.Info, written, letter{})
	if err != nil {
		return fail(want, err.Error())
	}
	a, err := t.Carrier.Send(ctx, e)
	switch {
	case err != nil:
		return fail(want, noAnswer(err))
	case a.OK():
		return skip("类型不对的字段没有被拒绝")
	case a.unread():
		return skip("验签不过，没有读")
	}
	if !slices.ContainsFunc(a.pointers(), func(p string) bool { return len(p) > 1 && p[0] == '/' }) {
		return fail(want, "没有")
	}
	return pass(want, "有")
}

func errorBody(ctx context.Context, t *Trial) Finding {
	const want = "符合 Problem，code 在代码表内"
	_, a, err := t.wrong(ctx)
	switch {
	case err != nil:
		return fail(want, noAnswer(err))
	case a.OK():
		return fail(want, a.String())
	case a.unread():
		return skip("验签不过，没有读")
	}
	if media, ok := t.Carrier.media(a.Media(), true); !ok {
		return fail(media, or(a.Media(), "没有媒体类型"))
	}
	return judge(want, t.isProblem(a))
}

func errorSigned(ctx context.Context, t *Trial) Finding {
	const want = "验签通过，随机数、报文号照抄请求"
	_, a, err := t.wrong(ctx)
	if err != nil {
		return fail(want, noAnswer(err))
	}
	return judge(want, a.Proof)
}
