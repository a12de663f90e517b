package conform

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/kit/sm"
)

// xmlRules hold where messages are XML.
func xmlRules() []Rule {
	return []Rule{
		{ID: "xml-dtd", Title: "带 DTD、外部实体的报文被拒绝", Section: "十二", When: Once, Dialects: inXML, Check: xmlDTD,
			Why: "外部实体能读出服务器上的文件，实体能展开到占满内存。请在 XML 解析器里关掉 DTD，以 schema 拒绝。"},
		{ID: "xml-plain", Title: "注释、属性、前缀、不完整的 XML 被拒绝", Section: "十二", When: Once, Dialects: inXML, Check: xmlPlain,
			Why: "报文只有本命名空间的元素和文字。多出来的写法，两个环节可能各有理解。"},
		{ID: "xml-type", Title: "报文体与业务类型代码不符的被拒绝", Section: "十二", When: Each, Dialects: inXML, Check: xmlType,
			Why: "RecType 说是一件事，Data 里是另一件，不能猜。"},
		{ID: "http-status", Title: "HTTP 状态码就是 Status", Section: "十二", When: Each, Dialects: []Dialect{BizXML}, Check: httpStatus,
			Why: "中间的网关只看 HTTP 状态码。"},
		{ID: "soap-fault", Title: "拒绝是 500 和 soap:Fault", Section: "十二", When: Each, Dialects: inSOAP, Check: soapFault,
			Why: "SOAP 1.1 的客户端据此知道没有办成。faultcode 是 Client 或 Server；detail 里的 refusal 有状态、代码和整份签名的报文。"},
		{ID: "attachment-missing", Title: "文件夹里没有所列材料的请求被拒绝", Section: "五、十二", When: Done, Dialects: inXML, Check: attachmentMissing,
			Why: "收下缺材料的办件，到审核时才发现。以 schema 拒绝，指出是哪一份。"},
		{ID: "attachment-altered", Title: "材料与摘要不符的请求被拒绝", Section: "五、十二", When: Done, Dialects: inXML, Check: attachmentAltered,
			Why: "收到后要逐份核对 SM3 摘要，不符的以 altered 拒绝。"},
	}
}

func xmlDTD(ctx context.Context, t *Trial) Finding {
	return t.spoiled(ctx, letter{}, func(e Envelope) Envelope {
		e.Prolog = `<!DOCTYPE Message [<!ENTITY x SYSTEM "file:///etc/hostname">]>`
		return e
	}, spec.CodeSchema)
}

func xmlPlain(ctx context.Context, t *Trial) Finding {
	body := t.fresh()
	inner, _ := find(body, func(e element) bool { return e.depth == 2 })
	return t.refusedAll(ctx, []flaw{
		{"注释", insert(body, inner.begins, []byte("<!-- x -->"))},
		{"属性", insert(body, inner.inner-1, []byte(` conform="x"`))},
		{"前缀", insert(body, inner.ends, []byte(`<c:x xmlns:c="urn:conform"/>`))},
		{"没有写完", bytes.Replace(body, []byte("</Data>"), nil, 1)},
	})
}

func xmlType(ctx context.Context, t *Trial) Finding {
	body := t.fresh()
	inner, _ := find(body, func(e element) bool { return e.depth == 2 })
	const other = "ConformRequest"
	written := fmt.Appendf(nil, "%s<%s>%s</%s></Data>", body[:inner.begins], other, body[inner.inner:inner.ends], other)
	return t.refusedWritten(ctx, written, spec.CodeSchema)
}

func httpStatus(ctx context.Context, t *Trial) Finding {
	_, a, err := t.wrong(ctx)
	want := "请求有错时 HTTP 状态码等于 Status"
	switch {
	case err != nil:
		return fail(want, noAnswer(err))
	case a.code == "":
		return skip("应答里没有 Status")
	case a.outside != a.Status:
		return fail(want, fmt.Sprintf("HTTP %d，Status %d", a.outside, a.Status))
	}
	return pass(want, fmt.Sprintf("都是 %d", a.Status))
}

func soapFault(ctx context.Context, t *Trial) Finding {
	const want = "HTTP 500，soap:Fault，faultcode 为 Client，refusal 的代码与报文相同"
	_, a, err := t.wrong(ctx)
	_, blame, _ := strings.Cut(a.fault, ":")
	switch {
	case err != nil:
		return fail(want, noAnswer(err))
	case a.OK():
		return skip("错误的请求没有被拒绝")
	case a.outside != http.StatusInternalServerError:
		return fail(want, fmt.Sprintf("HTTP %d", a.outside))
	case a.fault == "":
		return fail(want, "没有 soap:Fault")
	case blame != "Client":
		return fail(want, "faultcode 是别的")
	case a.text != string(a.code):
		return fail(want, "refusal 的代码与报文不同")
	}
	return pass(want, "符合")
}

// attached is the trial's request sealed anew, with the first of its files; false where it has none.
func (t *Trial) attached(body []byte) (Envelope, bizxml.File, bool) {
	e, err := t.seal(t.Info, body, letter{})
	if err != nil || len(e.files) == 0 {
		return e, bizxml.File{}, false
	}
	return e, e.files[0], true
}

func attachmentMissing(ctx context.Context, t *Trial) Finding {
	_, file, ok := t.attached(renewed(t.Body))
	if !ok {
		return Finding{} // nothing is attached here
	}
	nowhere := sm.SM3Hex([]byte(newMessageID(t.Info.Operation)))
	e, _, ok := t.attached(bytes.ReplaceAll(renewed(t.Body), []byte(file.Digest), []byte(nowhere)))
	if !ok {
		return skip(noField)
	}
	e.files = nil // nobody leaves it
	return t.refused(ctx, e, spec.CodeSchema)
}

// attachmentAltered leaves another content in the place of a file, for as long as the request takes.
func attachmentAltered(ctx context.Context, t *Trial) Finding {
	carrier, isXML := t.Carrier.(*xmlCarrier)
	e, file, ok := t.attached(renewed(t.Body))
	if !isXML || !ok {
		return Finding{} // nothing is attached here
	}
	other := bytes.Replace(material, []byte("PDF-1.4"), []byte("PDF-1.5"), 1)
	if err := carrier.put(ctx, file, other); err != nil {
		return skip(err.Error())
	}
	f := t.refused(ctx, e, spec.CodeAltered)
	if err := carrier.put(ctx, file, material); err != nil {
		return skip(err.Error())
	}
	return f
}
