package conform

import (
	"bytes"
	"context"
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
		{ID: "field-null", Title: "值为 null 的字段被拒绝", Section: "一", When: Each, Check: fieldNull,
			Why: "没有值的字段不写；null 在各种语言里含义不同。"},
		{ID: "field-twice", Title: "重复的字段被拒绝", Section: "一", When: Each, Check: fieldTwice,
			Why: "两个环节可能各取一个值：校验的是前一个，办理的是后一个。多数 JSON 库默认不查，要专门打开。"},
		{ID: "field-type", Title: "类型不对的字段被拒绝", Section: "一", When: Each, Check: fieldType,
			Why: "金额是整数（分），面积是字符串；自动转换会丢精度。"},
		{ID: "body-json", Title: "不是单个 JSON 对象的报文体被拒绝", Section: "一", When: Each, Check: bodyJSON,
			Why: "对象之后不得有其他内容，须是 UTF-8，不接受数组和空体。"},
		{ID: "error-fields", Title: "校验错误逐个指出字段", Section: "二、六", When: Each, Check: errorFields,
			Why: "errors 里写 JSON 指针（如 /unitCode），平台才知道改哪里；只写字段，不写值。"},
		{ID: "error-body", Title: "错误的报文体符合规范", Section: "六", When: Each, Check: errorBody,
			Why: "错误是 application/problem+json，status 与 HTTP 状态相同，code 取自规范的代码表。"},
		{ID: "error-signed", Title: "错误应答同样签名", Section: "二", When: Each, Check: errorSigned,
			Why: "不签名的错误，平台只能当作网关的“稍后再来”，会一直重发。"},
	}
}

func fieldUnknown(ctx context.Context, t *Trial) Finding {
	f := t.refusedBody(ctx, withUnknown(renewed(t.Body)), spec.CodeSchema)
	inside, ok := withUnknownInside(renewed(t.Body))
	if f.Verdict != Pass || !ok {
		return f
	}
	f = t.refusedBody(ctx, inside, spec.CodeSchema)
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

func fieldNull(ctx context.Context, t *Trial) Finding { return t.replaced(ctx, nil) }

func fieldType(ctx context.Context, t *Trial) Finding {
	return t.replaced(ctx, wrongKind())
}

// wrongKind is no value of any field.
func wrongKind() any { return map[string]any{"x": []int{1}} }

const noField = "本操作的请求没有字段"

func (t *Trial) replaced(ctx context.Context, value any) Finding {
	body, ok := replacing(renewed(t.Body), value)
	if !ok {
		return skip(noField)
	}
	return t.refusedBody(ctx, body, spec.CodeSchema)
}

func fieldTwice(ctx context.Context, t *Trial) Finding {
	body, ok := doubled(renewed(t.Body))
	if !ok {
		return skip(noField)
	}
	return t.refusedBody(ctx, body, spec.CodeSchema)
}

func bodyJSON(ctx context.Context, t *Trial) Finding {
	good := renewed(t.Body)
	var checks []func() Finding
	for _, wrong := range []struct {
		name string
		body []byte
	}{
		{"对象之后还有内容", append(slices.Clone(good), '{', '}')},
		{"数组", slices.Concat([]byte("["), good, []byte("]"))},
		{"没有写完", good[:len(good)-1]},
		{"不是 UTF-8", bytes.Replace(good, []byte(`":"`), []byte("\":\"\xff"), 1)},
	} {
		checks = append(checks, func() Finding {
			f := t.refusedBody(ctx, wrong.body, spec.CodeSchema)
			f.Got = wrong.name + "：" + f.Got
			return f
		})
	}
	return first(checks...)
}

func errorFields(ctx context.Context, t *Trial) Finding {
	const want = "errors 里有字段的 pointer"
	body, ok := replacing(renewed(t.Body), wrongKind())
	if !ok {
		return skip(noField)
	}
	_, a, err := t.send(ctx, body, letter{})
	switch {
	case err != nil:
		return fail(want, noAnswer(err))
	case a.OK():
		return skip("类型不对的字段没有被拒绝")
	}
	if !slices.ContainsFunc(a.pointers(), func(p string) bool { return len(p) > 1 && p[0] == '/' }) {
		return fail(want, "没有")
	}
	return pass(want, "有")
}

func errorBody(ctx context.Context, t *Trial) Finding {
	const media = "application/problem+json"
	const want = media + "，符合 Problem，code 在代码表内"
	_, a, err := t.wrong(ctx)
	switch {
	case err != nil:
		return fail(want, noAnswer(err))
	case a.OK():
		return fail(want, a.String())
	case a.Media() != media:
		return fail(want, or(a.Media(), "没有媒体类型"))
	}
	return judge(want, t.isProblem(a))
}

func errorSigned(ctx context.Context, t *Trial) Finding {
	const want = "验签通过，随机数、报文号照抄请求"
	e, a, err := t.wrong(ctx)
	if err != nil {
		return fail(want, noAnswer(err))
	}
	return judge(want, a.verify(e, t.peer, t.Clock.Now()))
}
