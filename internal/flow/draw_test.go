package flow

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// picture draws, and reads the drawing again: every text in it, and every attribute by name.
func picture(t *testing.T, d *Definition, m Marks) (texts string, attrs map[string][]string) {
	t.Helper()
	var b strings.Builder
	if err := Draw(&b, d, m); err != nil {
		t.Fatal(err)
	}
	attrs = map[string][]string{}
	dec := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return texts, attrs
		}
		if err != nil {
			t.Fatalf("drawing is no XML: %v", err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			attrs["element"] = append(attrs["element"], tok.Name.Local)
			for _, a := range tok.Attr {
				attrs[a.Name.Local] = append(attrs[a.Name.Local], a.Value)
			}
		case xml.CharData:
			texts += strings.TrimSpace(string(tok))
		}
	}
}

func TestDrawShowsEverythingWithoutStyle(t *testing.T) {
	d := sale(t)
	texts, attrs := picture(t, d, Marks{})
	for _, n := range d.Nodes() {
		if !strings.Contains(texts, n.Name) {
			t.Errorf("drawing lacks %q", n.Name)
		}
	}
	for _, forbidden := range []string{"style", "class", "onclick", "href"} {
		if attrs[forbidden] != nil {
			t.Errorf("drawing has %s", forbidden)
		}
	}
	for _, e := range attrs["element"] {
		if e == "style" || e == "script" || e == "foreignObject" {
			t.Errorf("drawing has <%s>", e)
		}
	}
	if attrs["aria-label"][0] != "存量房买卖（含抵押联办）流程图" {
		t.Errorf("label %q", attrs["aria-label"])
	}
}

func TestDrawMarksTokensAndWhatIsDone(t *testing.T) {
	d := sale(t)
	count := func(m Marks, colour string) int {
		_, attrs := picture(t, d, m)
		n := 0
		for _, c := range attrs["stroke"] {
			if c == colour {
				n++
			}
		}
		return n
	}
	if n := count(Marks{}, inkNow) + count(Marks{}, inkDone); n != 0 {
		t.Errorf("%d marks on a bare drawing", n)
	}
	r := drive(t, d, saleFacts())
	m := MarksOf(r.state)
	if m.Tokens["check-title"] != 1 || m.Tokens["handling"] != 1 {
		t.Errorf("tokens %v", m.Tokens)
	}
	if n := count(m, inkNow); n < 7 {
		t.Errorf("%d marks for %d tokens", n, len(r.state.Tokens))
	}
	if n := count(Marks{Done: map[string]bool{"submitted": true, "flow-submitted-route": true}}, inkDone); n < 2 {
		t.Errorf("%d marks for two things done", n)
	}
}

func TestDrawEscapesNames(t *testing.T) {
	src := strings.Replace(source(`<bpmn:startEvent id="s"/><bpmn:userTask id="a" name="&lt;script&gt;x&amp;"/><bpmn:endEvent id="e"/>`+flows("s a", "a e")),
		"</bpmn:definitions>", `<di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" id="g"><di:BPMNPlane id="pl" bpmnElement="p"><di:BPMNShape id="sh" bpmnElement="a">
		<dc:Bounds xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" x="10" y="10" width="900" height="60"/></di:BPMNShape></di:BPMNPlane></di:BPMNDiagram></bpmn:definitions>`, 1)
	d, err := Parse(strings.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	texts, attrs := picture(t, d, Marks{Tokens: map[string]int{"a": 2}})
	if !strings.Contains(texts, "<script>x&") || !strings.Contains(texts, "2") {
		t.Errorf("texts %q", texts)
	}
	for _, e := range attrs["element"] {
		if e == "script" {
			t.Error("a name became an element")
		}
	}
}
