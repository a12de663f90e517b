package flow

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// refused parses what must not be accepted, and gives the problems.
func refused(t *testing.T, src string) []Problem {
	t.Helper()
	_, err := Parse(strings.NewReader(src))
	var e *ParseError
	if !errors.As(err, &e) {
		t.Fatalf("accepted, or another error: %v", err)
	}
	return e.Problems
}

// small is a process in which one part is replaced.
func small(part string) string {
	return source(outcomeData + `<bpmn:startEvent id="s"/><bpmn:userTask id="a"/><bpmn:endEvent id="done"/>` + flows("s a", "a done") + part)
}

func TestParseRefuses(t *testing.T) {
	line := strings.Count(source("")[:strings.Index(source(""), "</bpmn:process>")], "\n") + 1
	replaced := func(old, new string) string { return strings.Replace(small(""), old, new, 1) }
	task := func(attrs, inner string) string {
		return replaced(`<bpmn:userTask id="a"/>`, `<bpmn:userTask id="a" `+attrs+`>`+inner+`</bpmn:userTask>`)
	}
	start := `<bpmn:startEvent id="s"/>`
	for name, c := range map[string]struct{ src, element, says string }{
		"script task":               {small(`<bpmn:scriptTask id="x"/>`), "x", "不支持的元素 scriptTask"},
		"manual task":               {small(`<bpmn:task id="x"/>`), "x", "不支持的元素 task"},
		"call activity":             {small(`<bpmn:callActivity id="x"/>`), "x", "不支持的元素 callActivity"},
		"transaction":               {small(`<bpmn:transaction id="x"/>`), "x", "不支持的元素 transaction"},
		"complex gateway":           {small(`<bpmn:complexGateway id="x"/>`), "x", "不支持的元素 complexGateway"},
		"foreign element":           {small(`<z:thing xmlns:z="urn:z" id="x"/>`), "x", "不认识的命名空间"},
		"foreign attribute":         {task(`xmlns:z="urn:z" z:assignee="me"`, ""), "a", "不认识的命名空间"},
		"unknown BPMN attribute":    {task(`implementation="x"`, ""), "a", "不支持的属性 implementation"},
		"our attribute misspelt":    {task(`yc:departement="tax"`, ""), "a", "不认识的属性 yc:departement"},
		"compensation":              {task(`isForCompensation="true"`, ""), "a", `不支持 isForCompensation="true"`},
		"standard loop":             {task("", `<bpmn:standardLoopCharacteristics/>`), "standardLoopCharacteristics", "不支持的元素"},
		"human performer":           {task("", `<bpmn:humanPerformer id="h"/>`), "h", "不支持的元素"},
		"bad limit":                 {task(`yc:limit="soon"`, ""), "a", "时限"},
		"bad percent":               {task(`yc:remind="most"`, ""), "a", "百分数"},
		"unknown watched node":      {task(`yc:about="zz"`, ""), "a", "yc:about"},
		"unknown other node":        {task(`yc:notBy="s"`, ""), "a", "yc:notBy"},
		"outcome not declared":      {task(`yc:outcomes="yes no" yc:outcome="answer"`, ""), "a", "没有声明"},
		"unknown name in attribute": {task(`yc:district="=town"`, ""), "a", "unknown name town"},
		"condition start":           {replaced(start, `<bpmn:startEvent id="s"><bpmn:conditionalEventDefinition/></bpmn:startEvent>`), "conditionalEventDefinition", "不支持的元素"},
		"timer start of a process":  {replaced(start, `<bpmn:startEvent id="s"><bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:startEvent>`), "s", "流程只能由消息开始"},
		"two definitions":           {replaced(start, `<bpmn:startEvent id="s"><bpmn:messageEventDefinition messageRef="msg-m1"/><bpmn:messageEventDefinition messageRef="msg-m2"/></bpmn:startEvent>`), "s", "一个事件只能有一个定义"},
		"unknown message":           {replaced(start, `<bpmn:startEvent id="s"><bpmn:messageEventDefinition messageRef="msg-m9"/></bpmn:startEvent>`), "messageEventDefinition", "不存在"},
		"receive without message":   {small(`<bpmn:receiveTask id="x"/>`), "x", "没有指明消息"},
		"cyclic timer":              {small(`<bpmn:boundaryEvent id="x" attachedToRef="a"><bpmn:timerEventDefinition><bpmn:timeCycle>R/PT1H</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>` + flows("x done")), "timeCycle", "不支持的元素"},
		"months":                    {small(`<bpmn:boundaryEvent id="x" attachedToRef="a"><bpmn:timerEventDefinition><bpmn:timeDuration>P1M</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>` + flows("x done")), "timeDuration", "时长"},
		"boundary on nothing":       {small(`<bpmn:boundaryEvent id="x" attachedToRef="s"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>` + flows("x done")), "x", "不是同一流程里的活动"},
		"boundary on a send task":   {small(`<bpmn:sendTask id="y"/><bpmn:boundaryEvent id="x" attachedToRef="y"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>` + flows("x done")), "x", "立即完成"},
		"soft error event":          {small(`<bpmn:boundaryEvent id="x" attachedToRef="a" cancelActivity="false"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>` + flows("x done")), "x", "错误事件必须中断"},
		"flow to nowhere":           {small(flows("a zz")), "a-zz", "不在同一流程"},
		"flow across scopes":        {small(`<bpmn:subProcess id="x"><bpmn:startEvent id="xs"/><bpmn:endEvent id="xe"/>` + flows("xs xe") + `</bpmn:subProcess>` + flows("a xe", "x done")), "a-xe", "不在同一流程"},
		"same id twice":             {small(`<bpmn:userTask id="a"/>`), "a", "id 与第"},
		"no id":                     {small(`<bpmn:userTask name="无号"/>`), "userTask", "缺少 id"},
		"unreachable":               {small(`<bpmn:userTask id="x"/>` + flows("x done")), "x", "从开始走不到这里"},
		"dead end":                  {small(`<bpmn:exclusiveGateway id="x"/><bpmn:userTask id="y"/>` + flows("x y", "y x")), "x", "从开始走不到这里"},
		"no way out":                {replaced(`targetRef="done"`, `targetRef="a"`), "a", "从这里走不到结束"},
		"nothing after a task":      {small(`<bpmn:boundaryEvent id="x" attachedToRef="a"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>`), "x", "没有出去的连线"},
		"two ways out of a task":    {small(`<bpmn:userTask id="x"/>` + flows("a x", "x done")), "a", "只能有一条出去的连线"},
		"choice without default":    {replaced(flows("a done"), `<bpmn:exclusiveGateway id="x"/><bpmn:endEvent id="e"/>`+flows("a x", "x done n > 1", "x e n < 1")), "x", "没有默认流"},
		"choice without condition":  {replaced(flows("a done"), `<bpmn:exclusiveGateway id="x" default="x-e"/><bpmn:endEvent id="e"/>`+flows("a x", "x done", "x e")), "x-done", "缺少条件"},
		"condition on a task's way": {replaced(flows("a done"), flows("a done n > 1")), "a-done", "这里不能有条件"},
		"default of another":        {replaced(flows("a done"), `<bpmn:exclusiveGateway id="x" default="s-a"/>`+flows("a x", "x done")), "x", "不从这里出发"},
		"unknown name":              {replaced(flows("a done"), `<bpmn:exclusiveGateway id="x" default="x-e"/><bpmn:endEvent id="e"/>`+flows("a x", "x done colour == 1", "x e")), "x-done", "unknown name colour"},
		"type error":                {replaced(flows("a done"), `<bpmn:exclusiveGateway id="x" default="x-e"/><bpmn:endEvent id="e"/>`+flows("a x", `x done n == "one"`, "x e")), "x-done", "mismatched types"},
		"condition is no bool":      {replaced(flows("a done"), `<bpmn:exclusiveGateway id="x" default="x-e"/><bpmn:endEvent id="e"/>`+flows("a x", `x done n + 1`, "x e")), "x-done", "expected bool"},
		"reads the clock":           {replaced(flows("a done"), `<bpmn:exclusiveGateway id="x" default="x-e"/><bpmn:endEvent id="e"/>`+flows("a x", `x done now().Year() > n`, "x e")), "x-done", "now"},
		"rule sets unknown data":    {small(`<bpmn:businessRuleTask id="x"><bpmn:extensionElements><yc:rule when="true"><yc:set name="zz" to="1"/></yc:rule></bpmn:extensionElements></bpmn:businessRuleTask>`), "set", "没有声明"},
		"rule sets a wrong type":    {small(`<bpmn:businessRuleTask id="x"><bpmn:extensionElements><yc:rule when="true"><yc:set name="n" to="'many'"/></yc:rule></bpmn:extensionElements></bpmn:businessRuleTask>`), "set", "expected int64"},
		"rule without rules":        {small(`<bpmn:businessRuleTask id="x"/>`), "x", "没有 yc:rule"},
		"unknown type of data":      {replaced(`type="int"`, `type="date"`), "data", "不认识"},
		"data declared twice":       {replaced(`name="n"`, `name="outcome"`), "data", "声明了两次"},
		"data named as a function":  {replaced(`name="n"`, `name="len"`), "data", "不可用"},
		"bad default":               {replaced(`type="int"`, `type="int" default="x"`), "data", "默认值"},
		"error that nobody catches": {replaced(`<bpmn:endEvent id="done"/>`, `<bpmn:endEvent id="done"><bpmn:errorEventDefinition errorRef="err-e1"/></bpmn:endEvent>`), "done", "没有谁捕获错误"},
		"two processes":             {strings.Replace(small(""), "</bpmn:definitions>", `<bpmn:process id="q"/></bpmn:definitions>`, 1), "q", "只能有一个流程"},
		"document type":             {"<!DOCTYPE x [<!ENTITY e 'boom'>]>" + small(""), "definitions", "DOCTYPE"},
		"entity":                    {replaced(`id="a"`, `id="a" name="&e;"`), "definitions", "不是合格的 XML"},
		"broken XML":                {small("")[:400], "definitions", "不是合格的 XML"},
		"nothing":                   {"", "definitions", "空的"},
		"not BPMN":                  {`<svg xmlns="http://www.w3.org/2000/svg"/>`, "svg", "不是 BPMN"},
		"multi-instance, no item":   {task("", `<bpmn:multiInstanceLoopCharacteristics yc:collection="list"/>`), "a", "yc:item"},
		"multi-instance of a word":  {task("", `<bpmn:multiInstanceLoopCharacteristics yc:collection="outcome" yc:item="it"/>`), "a", "expected slice"},
		"sub-process, two starts":   {small(`<bpmn:subProcess id="x"><bpmn:startEvent id="x1"/><bpmn:startEvent id="x2"/><bpmn:endEvent id="xe"/>` + flows("x1 xe", "x2 xe") + `</bpmn:subProcess>`), "x", "要有一个开始事件"},
		"event sub, plain start":    {small(`<bpmn:subProcess id="x" triggeredByEvent="true"><bpmn:startEvent id="xs"/><bpmn:endEvent id="xe"/>` + flows("xs xe") + `</bpmn:subProcess>`), "xs", "要有定义"},
		"event gateway to a task":   {replaced(flows("a done"), `<bpmn:eventBasedGateway id="x"/><bpmn:userTask id="y"/><bpmn:userTask id="z"/>`+flows("a x", "x y", "x z", "y done", "z done")), "x", "中间捕获事件"},
		"wrong mention":             {task("", `<bpmn:incoming>a-done</bpmn:incoming>`), "a", "不接在这里"},
	} {
		t.Run(name, func(t *testing.T) {
			problems := refused(t, c.src)
			for _, p := range problems {
				if p.Element == c.element && strings.Contains(p.Message, c.says) {
					if p.Line < 1 || p.Line > line+20 {
						t.Errorf("line %d", p.Line)
					}
					return
				}
			}
			t.Errorf("problems %+v, want one at %q that says %q", problems, c.element, c.says)
		})
	}
}

// Rules for the whole are checked beside errors of its parts, where the net has no holes.
func TestParseChecksTheWholeBesideItsParts(t *testing.T) {
	problems := refused(t, source(`<bpmn:startEvent id="s"/><bpmn:userTask id="a" yc:limit="never"/><bpmn:exclusiveGateway id="x"/><bpmn:endEvent id="e1"/><bpmn:endEvent id="e2"/>`+
		flows("s a", "a x", "x e1 zz == 1", "x e2")))
	if len(problems) != 4 {
		t.Errorf("%d problems: %+v", len(problems), problems)
	}
	for _, says := range []string{"时限", "没有默认流", "unknown name zz", "缺少条件"} {
		if !slices.ContainsFunc(problems, func(p Problem) bool { return strings.Contains(p.Message, says) }) {
			t.Errorf("problems %+v do not say %q", problems, says)
		}
	}
}

func TestParseListsEverythingAtOnceWithLines(t *testing.T) {
	src := source(`<bpmn:startEvent id="s"/>
<bpmn:scriptTask id="x"/>
<bpmn:userTask id="a" yc:limit="never" foo="1"/>
<bpmn:endEvent id="done"/>
` + flows("s a", "a done", "a zz"))
	problems := refused(t, src)
	lines := strings.Split(src, "\n")
	if len(problems) != 4 {
		t.Errorf("%d problems: %+v", len(problems), problems)
	}
	for i, p := range problems {
		if !strings.Contains(lines[p.Line-1], `id="`+p.Element+`"`) {
			t.Errorf("%+v is not on its line: %s", p, lines[p.Line-1])
		}
		if i > 0 && p.Line < problems[i-1].Line {
			t.Error("problems are not in the order of lines")
		}
	}
}

func TestParseTakesWhatToolsWrite(t *testing.T) {
	src := `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" exporter="bpmn-js" exporterVersion="18">
  <collaboration id="c"><participant id="pool" name="一窗" processRef="p"/></collaboration>
  <process id="p" isExecutable="true"><documentation>说明</documentation>
    <laneSet id="ls"><lane id="lane" name="窗口"><flowNodeRef>s</flowNodeRef></lane></laneSet>
    <startEvent id="s"><outgoing>f</outgoing></startEvent><sequenceFlow id="f" sourceRef="s" targetRef="e"/><endEvent id="e"><incoming>f</incoming></endEvent>
    <textAnnotation id="n"><text>注</text></textAnnotation><association id="as" sourceRef="s" targetRef="n"/>
  </process>
  <bpmndi:BPMNDiagram id="dia"><bpmndi:BPMNPlane id="pl" bpmnElement="c">
    <bpmndi:BPMNShape id="s1" bpmnElement="pool" isHorizontal="true"><dc:Bounds x="0" y="0" width="400" height="100"/></bpmndi:BPMNShape>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</definitions>`
	d, err := Parse(strings.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	if d.ID != "p" || len(d.Nodes()) != 2 || len(d.drawing.shapes) != 1 {
		t.Errorf("read %s with %d nodes, %d shapes", d.ID, len(d.Nodes()), len(d.drawing.shapes))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small(""))
	f.Add(source(outcomeData + `<bpmn:startEvent id="s"/><bpmn:inclusiveGateway id="f" default="f-b"/><bpmn:userTask id="a"/><bpmn:userTask id="b"/><bpmn:inclusiveGateway id="j"/><bpmn:endEvent id="done"/>` +
		flows("s f", "f a n > 0", "f b", "a j", "b j", "j done")))
	f.Add(source(outcomeData + `<bpmn:startEvent id="s"/><bpmn:subProcess id="x" yc:limit="1d"><bpmn:multiInstanceLoopCharacteristics yc:collection="list" yc:item="it"/><bpmn:startEvent id="xs"/><bpmn:receiveTask id="r" messageRef="msg-m1" yc:form="=it.form"/>
		<bpmn:endEvent id="xe"><bpmn:errorEventDefinition errorRef="err-e1"/></bpmn:endEvent>` + flows("xs r", "r xe") + `</bpmn:subProcess><bpmn:boundaryEvent id="b" attachedToRef="x"><bpmn:errorEventDefinition/></bpmn:boundaryEvent><bpmn:endEvent id="done"/>` +
		flows("s x", "x done", "b done")))
	f.Add(`<a xmlns="urn:x"><b/></a>`)
	f.Fuzz(func(t *testing.T, src string) {
		d, err := Parse(strings.NewReader(src))
		if err != nil {
			var e *ParseError
			if !errors.As(err, &e) || len(e.Problems) == 0 {
				t.Fatalf("refused without a problem: %v", err)
			}
			return
		}
		// What is accepted can be drawn, and started or refused, without a panic.
		if err := Draw(&strings.Builder{}, d, Marks{}); err != nil {
			t.Fatal(err)
		}
		s, _, err := Step(d, State{}, StartEvent(nil))
		if err == nil && s.Status == Running {
			if err := stateProblem(d, s); err != nil {
				t.Fatal(err)
			}
		}
	})
}
