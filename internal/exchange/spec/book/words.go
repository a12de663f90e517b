package book

import (
	"fmt"
	"slices"
	"strings"

	"yichuang/internal/exchange/spec"
)

// IDs of what texts lead to.
func operationID(op spec.Operation) string { return "op-" + strings.ReplaceAll(string(op), ".", "-") }
func codesID(name string) string           { return "code-" + name }
func typeID(name string) string            { return "type-" + name }

// OperationOf is the operation that a Ref leads to.
func OperationOf(ref string) (spec.Operation, bool) {
	name, ok := strings.CutPrefix(ref, "op-")
	return spec.Operation(strings.ReplaceAll(name, "-", ".")), ok
}

// Facts are the short facts of an operation.
func (op *Operation) Facts() [][2]Text {
	from, to := op.Sides()
	facts := [][2]Text{
		{say("操作"), code(string(op.Operation))}, {say("方向"), say(from + "调用" + to)}, {say("路径"), code("POST " + op.Path)}, {say("应答方式"), say(op.Manner())},
		{say("时限"), say(fmt.Sprintf("%d 秒内应答", int(op.Timeout.Seconds())))}, {say("最多发送"), say(fmt.Sprintf("%d 次，首次在内", op.Attempts))},
		{say("大小"), say("请求至多 " + sizeWord(op.MaxRequest) + "，应答至多 " + sizeWord(op.MaxResponse))},
		{say("重复与重发"), say(op.repetition())},
		{say("版本"), say(op.Version + "，自 " + op.Since + " 起")},
	}
	if op.Result != "" {
		facts = append(facts, [2]Text{say("结果"), {{Text: "由 "}, {Text: string(op.Result), Code: true, Ref: operationID(op.Result)}, {Text: " 回送，workId 与本次相同"}}})
	}
	if op.Starts != "" {
		facts = append(facts, [2]Text{say("所答"), {{Text: "是 "}, {Text: string(op.Starts), Code: true, Ref: operationID(op.Starts)}, {Text: " 的结果，X-Relates-To 为委托的 workId"}}})
	}
	return facts
}

func (op *Operation) repetition() string {
	if op.ReadOnly {
		return "查询不改变状态，同一报文再来照常办理；没有应答、429、5xx 时以同一 X-Message-Id 重发"
	}
	return "同一 X-Message-Id 再来，返回第一次的应答，不再办理；没有应答、429、5xx、in-progress 时以同一 X-Message-Id、新的时间戳和随机数重发；其他 4xx 不重发"
}

func sizeWord(n int64) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d KB", n>>10)
}

// FieldTable lists the fields of a body, those of an object below the object.
func (b Body) FieldTable(caption string) Table {
	t := Table{Caption: caption, Head: []string{"字段", "说明", "类型与格式", "国家标准字段", "必填"}, Widths: []float64{25, 29, 28, 11, 7}}
	for depth, f := range b.Walk() {
		t.Rows = append(t.Rows, Row{Depth: depth, Cells: []Text{code(f.Name + brackets(f)), f.meaning(), f.kind(), code(f.National), say(yes(f.Required))}})
	}
	return t
}

// brackets shows at a field's name what it holds.
func brackets(f Field) string {
	switch {
	case f.List:
		return "[]"
	case f.Fields != nil:
		return "{}"
	}
	return ""
}

func (f Field) meaning() Text {
	t := say(f.Text)
	if f.Personal != "" {
		t = append(t, Span{Text: "（个人信息：" + f.Personal + "）"})
	}
	return t
}

// shortList is how many codes are told beside a field; longer lists stand in their own table only.
const shortList = 8

func (f Field) kind() Text {
	t := say(f.Type + suffix("，", f.Form))
	if f.Pattern != "" {
		t = append(t, Span{Text: "，格式 "}, Span{Text: f.Pattern, Code: true})
	}
	switch {
	case f.Codes != nil:
		t = append(t, Span{Text: "，代码表 "}, Span{Text: f.TypeName, Code: true, Ref: codesID(f.TypeName)})
		if len(f.Codes) <= shortList {
			words := make([]string, len(f.Codes))
			for i, c := range f.Codes {
				words[i] = c.Code + " " + c.Meaning
			}
			t = append(t, Span{Text: "：" + strings.Join(words, "、")})
		}
	case f.TypeName != "":
		t = append(t, Span{Text: "，类型 "}, Span{Text: f.TypeName, Code: true, Ref: typeID(f.TypeName)})
	}
	return t
}

func yes(b bool) string {
	if b {
		return "是"
	}
	return "否"
}

// About is what the specification says of the body, unless it is the operation's title again.
func (b Body) About(op *Operation) string {
	if strings.HasPrefix(b.Text, op.Title) {
		return ""
	}
	return b.Text
}

// Choice says which sets of fields must be there; "" where there is no such rule.
func (b Body) Choice() string {
	if len(b.Choices) == 0 {
		return ""
	}
	sets := make([]string, len(b.Choices))
	for i, c := range b.Choices {
		sets[i] = strings.Join(c, "、")
	}
	return "下列各组字段，至少给出一组：" + strings.Join(sets, "；或 ") + "。"
}

// RefusalTable lists what an operation refuses with besides the codes that all have; without rows where there is nothing.
func (op *Operation) RefusalTable() Table {
	t := Table{Caption: "业务上的拒绝", Head: []string{"代码", "含义"}, Widths: []float64{25, 75}}
	for _, r := range op.Refusals {
		t.Rows = append(t.Rows, Row{Cells: []Text{code(r.Code), say(r.Meaning)}})
	}
	return t
}

// Blocks are the codes, below what is said of them all.
func (l CodeList) Blocks() []Block {
	if l.Text == "" {
		return []Block{l.table()}
	}
	return []Block{Para{say(l.Text)}, l.table()}
}

func (l CodeList) table() Table {
	t := Table{Caption: l.Title, Head: []string{"代码", "含义"}, Widths: []float64{30, 70}}
	for _, c := range l.Codes {
		t.Rows = append(t.Rows, Row{Cells: []Text{code(c.Code), say(c.Meaning)}})
	}
	return t
}

// ErrorTable lists the error codes that any operation may answer with.
func (b *Book) ErrorTable() Table {
	t := Table{Caption: "错误代码", Head: []string{"状态", "代码", "含义", "可否重发", "怎么办"}, Widths: []float64{8, 20, 26, 14, 32}}
	for _, e := range b.Errors {
		t.Rows = append(t.Rows, Row{Cells: []Text{say(e.Status), code(e.Code), say(e.Meaning), say(e.Again), say(e.Advice)}})
	}
	return t
}

// RefusalsTable lists the codes of business of several operations.
func RefusalsTable(all []*Operation) Table {
	t := Table{Caption: "业务上的拒绝", Head: []string{"操作", "代码", "含义"}, Widths: []float64{32, 22, 46}}
	for _, op := range all {
		for _, r := range op.Refusals {
			t.Rows = append(t.Rows, Row{Cells: []Text{{{Text: string(op.Operation), Code: true, Ref: operationID(op.Operation)}}, code(r.Code), say(r.Meaning)}})
		}
	}
	return t
}

// TypeTable lists common types.
func TypeTable(all []TypeName) Table {
	t := Table{Caption: "公共类型", Head: []string{"类型", "说明", "格式", "样例"}, Widths: []float64{16, 34, 28, 22}}
	for _, n := range all {
		words := say(n.Text)
		if n.Personal != "" {
			words = append(words, Span{Text: "个人信息：" + n.Personal + "。"})
		}
		kind := say(n.Form)
		if n.Pattern != "" {
			kind = append(kind, Span{Text: "，格式 "}, Span{Text: n.Pattern, Code: true})
		}
		t.Rows = append(t.Rows, Row{ID: typeID(n.Name), Cells: []Text{code(n.Name), words, kind, code(n.Example)}})
	}
	return t
}

// used are the code lists and types that operations refer to, in the book's order.
func (b *Book) used(all []*Operation) ([]CodeList, []TypeName) {
	names := map[string]bool{}
	for _, op := range all {
		for _, body := range []Body{op.Request, op.Answer} {
			for _, f := range body.Walk() {
				names[f.TypeName] = true
			}
		}
	}
	codes := slices.DeleteFunc(slices.Clone(b.Codes), func(l CodeList) bool { return !names[l.Name] })
	types := slices.DeleteFunc(slices.Clone(b.Types), func(t TypeName) bool { return !names[t.Name] })
	return codes, types
}
