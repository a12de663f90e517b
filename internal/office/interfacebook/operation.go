package interfacebook

import (
	"fmt"
	"strconv"
	"strings"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/book"
)

// operationView is what the page of an operation shows.
type operationView struct {
	*book.Operation
	counterpart             book.Counterpart
	use                     use
	signed                  book.Signed
	private, public, secret string // the published test keys
}

// purpose is what the operation is for, a line to each paragraph.
func (v operationView) purpose() []string { return strings.Split(strings.TrimSpace(v.Purpose), "\n") }

func (v operationView) facts() book.Table {
	t := book.Table{Caption: v.Title}
	for _, f := range v.Facts() {
		t.Rows = append(t.Rows, book.Row{Cells: []book.Text{f[0], f[1]}})
	}
	return t
}

// signing shows step by step how the example is signed.
func (v operationView) signing() []book.Block {
	head := book.Table{Caption: "报文头"}
	for _, h := range v.signed.Headers {
		head.Rows = append(head.Rows, book.Row{Cells: []book.Text{{{Text: h[0], Code: true}}, {{Text: h[1], Code: true}}}})
	}
	label := func(s string) book.Block { return book.Para{Text: book.Text{{Text: s, Bold: true}}} }
	return []book.Block{
		label("报文体"), book.Code{Text: v.signed.Body},
		label("报文头，X-Digest 是报文体的 SM3 摘要"), head,
		label("规范串，七行以换行符相连"), book.Code{Text: v.signed.Canonical},
		label(spec.HeaderSignature + "，用 SM2 私钥"), book.Code{Text: v.signed.SM2},
		label(spec.HeaderSignature + "，用共享密钥"), book.Code{Text: v.signed.HMAC},
		label("测试用的 SM2 私钥、公钥"), book.Code{Text: strings.TrimSpace(v.private) + "\n" + strings.TrimSpace(v.public)},
		label("测试用的共享密钥"), book.Code{Text: v.secret},
	}
}

func countWords(v catalogueView) string {
	return fmt.Sprintf("%d 类系统，%d 个操作。", len(v.groups), v.shown)
}

func allOperations(b *book.Book) []*book.Operation {
	var all []*book.Operation
	for _, c := range b.Counterparts {
		all = append(all, c.Operations...)
	}
	return all
}

func itoa(n int) string { return strconv.Itoa(n) }
