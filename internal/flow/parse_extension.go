package flow

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/builtin"
)

// taskAttributes are our attributes of tasks, sub-processes and the process; doc.go says what each means.
var taskAttributes = strings.Fields(`department role district operation form outcomes outcome limit remind escalate
	notBy about stopsClock stage public notice sms bill message purpose material`)

// ownAttributes are not handed down to what is inside.
var ownAttributes = []string{"outcomes", "outcome", "notBy", "about", "message", "operation", "form", "notice", "bill"}

// eventAttributes are our attributes of events and gateways.
var eventAttributes = []string{"stage", "public"}

// attributes reads our attributes of an element.
func (p *parser) attributes(e *element, activity bool) map[string]string {
	known := eventAttributes
	if activity {
		known = taskAttributes
	}
	m := map[string]string{}
	for _, a := range e.attrs {
		if a.Name.Space != Namespace {
			continue
		}
		if !slices.Contains(known, a.Name.Local) {
			p.problem(e, "不认识的属性 yc:%s", a.Name.Local)
			continue
		}
		m[a.Name.Local] = strings.TrimSpace(a.Value)
	}
	p.attributeValues(e, m)
	return m
}

// attributeValues checks the attributes that have a form of their own.
func (p *parser) attributeValues(e *element, m map[string]string) {
	if s, ok := m["limit"]; ok {
		if _, err := ParseLimit(s); err != nil {
			p.problem(e, "时限 %q 应写作 1d、4h、15d calendar 这样", s)
		}
	}
	for _, name := range []string{"remind", "escalate"} {
		for _, s := range strings.Fields(m[name]) {
			if n, err := strconv.Atoi(s); err != nil || n <= 0 || n > 1000 {
				p.problem(e, "yc:%s 应是百分数", name)
			}
		}
	}
	if s := m["stopsClock"]; s != "" && s != "true" && s != "false" {
		p.problem(e, "yc:stopsClock 只能是 true 或 false")
	}
}

// inherit gives the own attributes and those of the enclosing element that hold for everything inside.
func inherit(outer, own map[string]string) map[string]string {
	m := maps.Clone(outer)
	if m == nil {
		m = map[string]string{}
	}
	for _, name := range ownAttributes {
		delete(m, name)
	}
	maps.Copy(m, own)
	return m
}

// extensions reads rules and assignments of a node.
func (p *parser) extensions(pn *parsedNode, e *element) {
	for _, c := range e.children {
		switch {
		case c.space == Namespace && c.name == "rule" && pn.node.Kind == KindRule:
			pn.rules = append(pn.rules, c)
		case c.space == Namespace && c.name == "set" && !pn.node.Kind.gateway():
			pn.sets = append(pn.sets, c)
		default:
			p.unsupported(c)
		}
	}
}

// loop reads the multi-instance of an activity. Its expressions are compiled once all data is known.
func (p *parser) loop(e *element, n *Node) {
	m := e.childNamed("multiInstanceLoopCharacteristics")
	if m == nil {
		return
	}
	p.allow(m, "id isSequential behavior yc:collection yc:item")
	if b := m.attr("behavior"); b != "" && b != "All" {
		p.problem(e, "不支持 behavior=%q", b)
	}
	n.Loop = &Loop{
		Sequential: m.attr("isSequential") == "true",
		Item:       m.attrNS(Namespace, "item"),
		collection: &expression{source: m.attrNS(Namespace, "collection")},
	}
	if !dataName.MatchString(n.Loop.Item) || reserved(n.Loop.Item) {
		p.problem(e, "多实例要用 yc:item 给每一项取名")
	}
	for _, c := range m.children {
		if !c.is("completionCondition") {
			p.unsupported(c)
			continue
		}
		p.allow(c, "id xsi:type")
		n.Loop.until = &expression{source: c.text}
	}
}

var dataName = regexp.MustCompile(`^[a-z][A-Za-z0-9]{0,39}$`)

// reserved names would hide a word of the expression language or of the engine.
func reserved(name string) bool {
	words := "let if else and or not in matches contains startsWith endsWith true false nil loopIndex loopDone loopTotal"
	return slices.Contains(strings.Fields(words), name) || slices.Contains(builtin.Names, name)
}

// declarations reads the data of a process or sub-process.
func (p *parser) declarations(b *Body, e *element) {
	for _, c := range e.children {
		if c.space != Namespace || c.name != "data" {
			p.unsupported(c)
			continue
		}
		p.allow(c, "name type default")
		d := Data{Name: c.attr("name"), Type: DataType(c.attr("type"))}
		_, twice := b.declared(d.Name)
		switch {
		case !dataName.MatchString(d.Name) || reserved(d.Name):
			p.problem(c, "数据名 %q 不可用", d.Name)
		case twice:
			p.problem(c, "数据 %q 声明了两次", d.Name)
		case d.Type.zero() == nil:
			p.problem(c, "数据 %q 的类型 %q 不认识", d.Name, d.Type)
		default:
			d.Default = p.defaultValue(c, d)
			b.Data = append(b.Data, d)
		}
	}
}

// defaultValue reads the default of a simple type.
func (p *parser) defaultValue(e *element, d Data) any {
	s := e.attr("default")
	if s == "" {
		return d.Type.zero()
	}
	switch d.Type {
	case TypeString:
		return s
	case TypeInt, TypeMoney:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	case TypeBool:
		if v, err := strconv.ParseBool(s); err == nil {
			return v
		}
	}
	p.problem(e, "数据 %q 的默认值 %q 与类型不符", d.Name, s)
	return d.Type.zero()
}
