package conform

import (
	"context"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
)

// signatureRules spoil what proves who sent a request, and when.
func signatureRules() []Rule {
	return []Rule{
		{ID: "header-missing", Title: "缺少报文头的请求被拒绝", Section: "一、二", When: Each, Check: headerMissing,
			Why: "六个报文头缺一不可，没有签名的请求更不能办理。"},
		{ID: "signature-wrong", Title: "别人签名的请求被拒绝", Section: "二", When: Each, Check: signatureWrong,
			Why: "任何人都能冒充平台调用贵方系统。请用平台的公钥验签。"},
		{ID: "signature-head", Title: "签名后改动报文头的请求被拒绝", Section: "二", When: Each, Check: signatureHead,
			Why: "规范串的七行都要参加验签，缺一行就能被改。"},
		{ID: "signature-path", Title: "为另一操作签名的请求被拒绝", Section: "二", When: Each, Check: signaturePath,
			Why: "规范串第二行是操作的路径；不核对就能把查询的签名用到办理上。"},
		{ID: "body-altered", Title: "签名后改动报文体的请求被拒绝", Section: "二", When: Each, Check: bodyAltered,
			Why: "验签之后还要核对报文体（XML 是 Data 元素）的 SM3 摘要。"},
		{ID: "app-unknown", Title: "未登记应用的请求被拒绝", Section: "二", When: Each, Check: appUnknown,
			Why: "只有平台可以调用，其他应用即使签名正确也不行。"},
		{ID: "signature-first", Title: "先验签，后校验报文体", Section: "二", When: Each, Check: signatureFirst,
			Why: "不先验签，陌生人就能用报文体试探或拖垮系统。"},
		{ID: "time-late", Title: "时间戳过早、过晚的请求被拒绝", Section: "二", When: Each, Check: timeLate,
			Why: "截获的请求可以以后再放。时间戳与本机时钟相差超过 300 秒即拒绝；文件可以躺 72 小时。"},
		{ID: "time-within", Title: "时间戳相差 200 秒的请求照常办理", Section: "二", For: readOnly, When: Done, Check: timeWithin,
			Why: "时钟和网络总有偏差，300 秒以内不得拒绝。"},
		{ID: "nonce-replayed", Title: "原样重放的请求被拒绝", Section: "二", When: Done, Check: nonceReplayed,
			Why: "X-Nonce 在 10 分钟内只能用一次；多台服务器要共用记录。"},
	}
}

var signedHeaders = []string{spec.HeaderApp, spec.HeaderTime, spec.HeaderNonce, spec.HeaderMessage, spec.HeaderDigest, spec.HeaderSignature}

func headerMissing(ctx context.Context, t *Trial) Finding {
	var checks []func() Finding
	for _, name := range signedHeaders {
		checks = append(checks, func() Finding {
			f := t.spoiled(ctx, letter{}, func(e Envelope) Envelope { return e.with(name, "") }, spec.CodeHeader)
			f.Got = "无 " + t.Carrier.called(name) + "：" + f.Got
			return f
		})
	}
	return first(checks...)
}

func asItIs(e Envelope) Envelope { return e }

func signatureWrong(ctx context.Context, t *Trial) Finding {
	return t.spoiled(ctx, letter{as: &spec.Identity{App: t.self.App, Key: t.stranger}}, asItIs, spec.CodeBadSignature)
}

func signatureHead(ctx context.Context, t *Trial) Finding {
	var checks []func() Finding
	for _, name := range []string{spec.HeaderTime, spec.HeaderNonce, spec.HeaderMessage, spec.HeaderDigest} {
		checks = append(checks, func() Finding {
			f := t.spoiled(ctx, letter{}, func(e Envelope) Envelope { return e.with(name, other(name, e.Header.Get(name))) }, spec.CodeBadSignature)
			f.Got = "改 " + t.Carrier.called(name) + "：" + f.Got
			return f
		})
	}
	return first(checks...)
}

// other is another good value of a header.
func other(name, value string) string {
	switch name {
	case spec.HeaderTime:
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return value
		}
		return strconv.FormatInt(seconds-1, 10)
	case spec.HeaderDigest:
		return sm.SM3Hex([]byte(value))
	}
	if strings.HasSuffix(value, "a") {
		return value[:len(value)-1] + "b"
	}
	return value[:len(value)-1] + "a"
}

func signaturePath(ctx context.Context, t *Trial) Finding {
	elsewhere := "/v1/system/ping"
	if t.Info.Path == elsewhere {
		elsewhere = "/v1/system/pong"
	}
	return t.spoiled(ctx, letter{path: elsewhere}, func(e Envelope) Envelope { e.Path = t.Info.Path; return e }, spec.CodeBadSignature)
}

func bodyAltered(ctx context.Context, t *Trial) Finding {
	return t.spoiled(ctx, letter{}, func(e Envelope) Envelope { e.Body = t.Carrier.padded(e.Body, int64(len(e.Body)+1)); return e }, spec.CodeAltered)
}

func appUnknown(ctx context.Context, t *Trial) Finding {
	return t.spoiled(ctx, letter{as: &spec.Identity{App: "conform-unknown-app", Key: t.stranger}}, asItIs, spec.CodeUnknownApp)
}

func signatureFirst(ctx context.Context, t *Trial) Finding {
	return t.spoiled(ctx, letter{as: &spec.Identity{App: t.self.App, Key: t.stranger}}, func(e Envelope) Envelope { e.Body = t.Carrier.broken(); return e }, spec.CodeBadSignature)
}

func timeLate(ctx context.Context, t *Trial) Finding {
	const off = spec.MaxSkew + 100*time.Second
	return first(
		func() Finding { return t.spoiled(ctx, letter{age: off + t.Carrier.lying()}, asItIs, spec.CodeLate) },
		func() Finding { return t.spoiled(ctx, letter{age: -off}, asItIs, spec.CodeLate) },
	)
}

func timeWithin(ctx context.Context, t *Trial) Finding {
	return t.served(ctx, t.Body, letter{age: 200 * time.Second})
}

func nonceReplayed(ctx context.Context, t *Trial) Finding {
	return t.refused(ctx, t.Sent, spec.CodeReplayed)
}
