package book

import (
	"fmt"
	"slices"
	"strings"

	"yichuang/internal/exchange/spec"
)

// Guide is all that the vendor of a counterpart needs to build its side.
type Guide struct {
	Counterpart
	Title    string // 不动产登记系统接口接入指南
	Subtitle string
	Facts    [][2]Text // at the front
	Date     string    // of the newest change, 2026-11-24
	Blocks   []Block
}

// Guide writes the guide of a counterpart; false where there is none of that name.
func (b *Book) Guide(name string) (*Guide, bool) {
	c, ok := b.Counterpart(name)
	if !ok || name == Common {
		return nil, false
	}
	w := &writer{book: b, counterpart: c, operations: b.inOrder(c)}
	if common, ok := b.Counterpart(Common); ok {
		w.common = common.Operations
	}
	w.write()
	newest := b.Changes[0]
	g := &Guide{Counterpart: c, Title: c.Title + "接入指南", Subtitle: "泰州市不动产交易、登记、纳税一体化服务平台", Date: newest.Date, Blocks: w.out}
	g.Facts = [][2]Text{
		{say("适用"), say(c.About)}, {say("规范文件"), code("docs/interface/" + c.File)}, {say("接口版本"), say(c.Version)}, {say("规范日期"), say(newest.Date)},
		{say("操作"), say(fmt.Sprintf("%d 个，另有各方共用的 %d 个", len(c.Operations), len(w.common)))},
	}
	return g, true
}

// Guides are the names of the counterparts that have a guide.
func (b *Book) Guides() []string {
	var out []string
	for _, c := range b.Counterparts {
		if c.Name != Common {
			out = append(out, c.Name)
		}
	}
	return out
}

// inOrder puts the operations of a counterpart in the order in which a sale meets them; the others follow as their file has them.
func (b *Book) inOrder(c Counterpart) []*Operation {
	order := b.orderOfSale()
	rank := func(op *Operation) int {
		if n := order[op.Operation]; n > 0 {
			return n
		}
		return len(order) + 1
	}
	all := slices.Clone(c.Operations)
	slices.SortStableFunc(all, func(x, y *Operation) int { return rank(x) - rank(y) })
	return resultsNext(all)
}

// writer puts a guide together.
type writer struct {
	book        *Book
	counterpart Counterpart
	operations  []*Operation
	common      []*Operation
	part        int
	out         []Block
}

func (w *writer) write() {
	w.overview()
	w.rules()
	w.dialects()
	w.business()
	w.lists()
	w.changes()
}

func (w *writer) add(blocks ...Block) { w.out = append(w.out, blocks...) }

// begin begins a part.
func (w *writer) begin(title string) {
	w.part++
	w.add(Heading{Level: 1, ID: fmt.Sprintf("part-%d", w.part), Text: fmt.Sprintf("第%s部分　%s", han(w.part), title)})
}

func han(n int) string { return string([]rune("〇一二三四五六七八九")[n]) }

func (w *writer) all() []*Operation { return slices.Concat(w.operations, w.common) }

func (w *writer) overview() {
	w.begin("概述")
	own := strings.NewReplacer("README.md", "第二部分", " common.yaml", "“代码”部分", "common.yaml", "“代码”部分") // what the files are called is nothing to a guide that stands alone
	for _, line := range lines(own.Replace(w.counterpart.Words)) {
		w.add(Para{inline(line)})
	}
	t := Table{Caption: "操作一览", Head: []string{"操作", "名称", "方向", "应答方式"}, Widths: []float64{32, 34, 16, 18}}
	for _, op := range w.all() {
		from, to := op.Sides()
		t.Rows = append(t.Rows, Row{Cells: []Text{{{Text: string(op.Operation), Code: true, Ref: operationID(op.Operation)}}, say(op.Title), say(from + " → " + to), say(op.Manner())}})
	}
	w.add(Heading{Level: 2, ID: "operations", Text: "操作一览"}, t)
}

// rules is the README, its first part excepted, which is about its folder. The published signatures stand in the section that
// explains signing.
func (w *writer) rules() {
	w.begin("接入规范")
	for i, s := range w.book.sections {
		if s.Title == "" {
			continue
		}
		w.add(Heading{Level: 2, ID: fmt.Sprintf("rule-%d", i), Text: s.Title})
		w.add(s.Blocks...)
		if strings.Contains(s.Title, "签名") {
			w.vectors()
		}
	}
}

func (w *writer) vectors() {
	v := w.book.vectors
	w.add(Heading{Level: 3, Text: "签名样例"}, Para{say(v.Note)}, Para{say("SM2 私钥、公钥：")}, Code{strings.TrimSpace(v.PrivateKey) + "\n" + strings.TrimSpace(v.PublicKey)},
		Para{say("HMAC-SM3 的共享密钥：")}, Code{v.Secret})
	for _, m := range v.Messages {
		w.add(Para{Text{{Text: m.Note, Bold: true}, {Text: "。报文体："}}}, Code{m.Body}, Para{say("规范串：")}, Code{m.Canonical},
			Para{Text{{Text: "签名，即 "}, {Text: spec.HeaderSignature, Code: true}, {Text: "："}}}, Code{m.Headers[spec.HeaderSignature]})
	}
}

// dialects are the further ways of carrying messages, as far as they are described.
func (w *writer) dialects() {
	if len(w.book.dialects) == 0 {
		return
	}
	w.begin("其他对接方式")
	for i, blocks := range w.book.dialects {
		for _, block := range blocks {
			if h, ok := block.(Heading); ok {
				if h.Level++; h.Level == 2 {
					h.ID = fmt.Sprintf("dialect-%d", i)
				}
				block = h
			}
			w.add(block)
		}
	}
}

func (w *writer) business() {
	w.begin("操作")
	w.add(Heading{Level: 2, ID: "sequence", Text: "往来次序"}, Para{say("自上而下是一笔业务里报文往来的先后。箭头指向被调用的一方，括号里是当时的应答。查询可以随时进行；没有用到的不发生。")}, w.lanes())
	for _, op := range w.all() {
		w.operation(op)
	}
}

func (w *writer) lanes() Lanes {
	l := Lanes{Left: "平台", Right: strings.TrimSuffix(w.counterpart.Title, "接口")}
	for _, op := range w.all() {
		answer := "当时应答"
		if op.Async {
			answer = "回执"
		}
		l.Steps = append(l.Steps, Step{Operation: op.Operation, Title: op.Title, ToLeft: op.Direction == spec.ToPlatform, Answer: answer})
	}
	return l
}

func (w *writer) operation(op *Operation) {
	w.add(Heading{Level: 2, ID: operationID(op.Operation), Text: op.Title})
	for _, line := range lines(op.Purpose) {
		w.add(Para{inline(line)})
	}
	facts := Table{Caption: op.Title, Widths: []float64{18, 82}}
	for _, f := range op.Facts() {
		facts.Rows = append(facts.Rows, Row{Cells: []Text{f[0], f[1]}})
	}
	w.add(facts)
	w.body(op, "请求", op.Request)
	w.body(op, "应答", op.Answer)
	w.add(Heading{Level: 3, Text: "拒绝"})
	if t := op.RefusalTable(); len(t.Rows) > 0 {
		w.add(t)
	} else {
		w.add(Para{say("没有本操作专有的拒绝代码，错误代码见第" + han(w.part+1) + "部分。")})
	}
}

func (w *writer) body(op *Operation, name string, b Body) {
	w.add(Heading{Level: 3, Text: name})
	if words := b.About(op); words != "" {
		w.add(Para{say(words)})
	}
	if len(b.Fields) > 0 {
		w.add(b.FieldTable(name + "的字段"))
	}
	if words := b.Choice(); words != "" {
		w.add(Para{say(words)})
	}
	w.add(Para{say(name + "样例：")}, Code{b.Pretty()})
}

func (w *writer) lists() {
	w.begin("代码")
	codes, types := w.book.used(w.all())
	w.add(Heading{Level: 2, ID: "errors", Text: "错误代码"}, w.book.ErrorTable())
	if t := RefusalsTable(w.all()); len(t.Rows) > 0 {
		w.add(Heading{Level: 2, ID: "refusals", Text: "业务上的拒绝"}, t)
	}
	w.add(Heading{Level: 2, ID: "types", Text: "公共类型"}, TypeTable(types), Heading{Level: 2, ID: "lists", Text: "代码表"})
	for _, l := range codes {
		w.add(Heading{Level: 3, ID: codesID(l.Name), Text: l.Title + "（" + l.Name + "）"})
		w.add(l.Blocks()...)
	}
}

func (w *writer) changes() {
	w.begin("变更记录")
	for _, c := range w.book.Changes {
		w.add(Heading{Level: 2, ID: "change-" + c.Version, Text: c.Version + "（" + c.Date + "）"})
		w.add(c.Blocks...)
	}
}

func (g *Guide) facts() Table {
	t := Table{Caption: g.Title, Widths: []float64{22, 78}}
	for _, f := range g.Facts {
		t.Rows = append(t.Rows, Row{Cells: []Text{f[0], f[1]}})
	}
	return t
}
