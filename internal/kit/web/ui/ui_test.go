package ui_test

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
)

func draw(t *testing.T, c templ.Component) *html.Node {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	n, err := html.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// find returns the first element with this name and, where given, this id.
func find(root *html.Node, element, id string) *html.Node {
	for n := range root.Descendants() {
		if n.Data == element && (id == "" || webtest.Attr(n, "id") == id) {
			return n
		}
	}
	return &html.Node{}
}

func words(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(strings.TrimSpace(c.Data))
		}
	}
	return b.String()
}

func TestEveryFieldTiesLabelHintAndErrorToItsControl(t *testing.T) {
	list := []ui.Choice{{Value: "1", Text: "一"}, {Value: "2", Text: "二"}}
	for _, tt := range []struct {
		name, element string
		draw          func(ui.Field) templ.Component
	}{
		{"text", "input", ui.Text}, {"name", "input", ui.Name}, {"document number", "input", ui.IDNumber}, {"phone", "input", ui.Phone},
		{"money", "input", ui.Money}, {"area", "input", ui.Area}, {"number", "input", ui.Number}, {"date", "input", ui.Date}, {"code", "input", ui.Code},
		{"password", "input", ui.Password}, {"text area", "textarea", ui.TextArea},
		{"select", "select", func(f ui.Field) templ.Component { return ui.Select(f, list) }},
		{"file", "input", func(f ui.Field) templ.Component { return ui.File(f, ".pdf") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form := web.FormOf(url.Values{"x": {"2"}})
			form.Fail("x", "请再看一遍")
			root := draw(t, tt.draw(ui.Field{Form: form, Name: "x", Label: "标签", Hint: "提示", Optional: true}))
			control := find(root, tt.element, "x")
			if webtest.Attr(control, "aria-invalid") != "true" || webtest.Attr(control, "aria-describedby") != "x-h x-e" || webtest.Attr(control, "name") != "x" {
				t.Errorf("control: %v", control.Attr)
			}
			if l := find(root, "label", ""); webtest.Attr(l, "for") != "x" || words(l) != "标签（选填）" {
				t.Errorf("label %v %q", l.Attr, words(l))
			}
			if words(find(root, "span", "x-h")) != "提示" || words(find(root, "span", "x-e")) != "错误：请再看一遍" {
				t.Error("hint or error is missing")
			}
			if !strings.Contains(webtest.Attr(find(root, "div", "f-x"), "class"), "field--err") {
				t.Error("the field does not look wrong")
			}
		})
	}
}

func TestChoicesKeepTheAnswerAndAreReachedFromTheSummary(t *testing.T) {
	form := web.FormOf(url.Values{"x": {"2", "3"}})
	form.Fail("x", "请选择")
	list := []ui.Choice{{Value: "1", Text: "一"}, {Value: "2", Text: "二", Hint: "双"}, {Value: "3", Text: "三"}}
	for name, c := range map[string]templ.Component{
		"radio":    ui.Radios(ui.Field{Form: form, Name: "x", Label: "选"}, list),
		"checkbox": ui.Checkboxes(ui.Field{Form: form, Name: "x", Label: "选"}, list),
	} {
		root := draw(t, c)
		if find(root, "input", "x").Data == "" {
			t.Errorf("%s: the link #x of the summary leads nowhere", name)
		}
		if got := webtest.Fields(find(root, "fieldset", ""))["x"]; len(got) != 2 || got[0] != "2" {
			t.Errorf("%s: sends %q", name, got)
		}
		if words(find(root, "legend", "")) != "选" || webtest.Attr(find(root, "fieldset", ""), "aria-describedby") != "x-e" {
			t.Errorf("%s: group is not named or described", name)
		}
	}
}

func TestErrorSummaryCountsAndLinks(t *testing.T) {
	form := web.FormOf(nil)
	if root := draw(t, ui.ErrorSummary(form)); words(root) != "" {
		t.Errorf("without errors: %q", words(root))
	}
	form.Fail("a", "甲")
	form.Fail("b", "乙")
	box := find(draw(t, ui.ErrorSummary(form)), "div", "errors")
	if words(box) != "有 2 处需要修改甲乙" || webtest.Attr(box, "role") != "alert" || webtest.Attr(find(box, "a", ""), "href") != "#a" {
		t.Errorf("summary: %q %v", words(box), box.Attr)
	}
}

func TestWhatPeopleTypeIsNeverMarkup(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	form := web.FormOf(url.Values{"x": {evil}})
	form.Fail("x", evil)
	f := ui.Field{Form: form, Name: "x", Label: evil, Hint: evil}
	for name, c := range map[string]templ.Component{
		"text": ui.Text(f), "text area": ui.TextArea(f), "summary": ui.ErrorSummary(form),
		"task":     ui.Tasks([]ui.TaskGroup{{Title: evil, Tasks: []ui.Task{{Title: evil, Href: "javascript:alert(1)", Note: evil, State: evil}}}}),
		"locked":   ui.Locked(ui.LockedProps{Label: evil, Value: evil, Source: evil, Name: "y"}),
		"table":    ui.Table(ui.TableProps{Caption: evil, Columns: []ui.Column{{Title: evil}}, Rows: []ui.TableRow{{Cells: []templ.Component{ui.Str(evil)}}}}),
		"upload":   ui.Upload(ui.UploadProps{ID: "m", Name: evil, Why: evil, Error: evil, Action: "/a"}),
		"mark":     ui.Watermark(evil),
		"timeline": ui.Timeline([]ui.Event{{Title: evil, Body: ui.Str(evil)}}),
	} {
		if find(draw(t, c), "script", "").Data != "" {
			t.Errorf("%s lets markup through", name)
		}
		if strings.HasPrefix(webtest.Attr(find(draw(t, c), "a", ""), "href"), "javascript:") {
			t.Errorf("%s lets a script be an address", name)
		}
	}
}

func TestTaskThatWaitsIsNoLink(t *testing.T) {
	root := draw(t, ui.Tasks([]ui.TaskGroup{{Title: "提交", State: "wait", Tasks: []ui.Task{{Title: "检查", Note: "填完上面各项后可以检查", State: "暂不能开始"}}}}))
	if find(root, "a", "").Data != "" || !strings.Contains(words(root), "填完上面各项后可以检查") {
		t.Errorf("tasks: %q", words(root))
	}
}

func TestNodesAndTimelineSayWhereOneIs(t *testing.T) {
	for name, c := range map[string]templ.Component{
		"nodes":    ui.Nodes([]ui.Node{{Title: "申请", State: "done"}, {Title: "审核", State: "now"}, {Title: "领证"}}),
		"timeline": ui.Timeline([]ui.Event{{Title: "申请", State: "done"}, {Title: "审核", State: "now"}, {Title: "领证"}}),
	} {
		var now []string
		for n := range draw(t, c).Descendants() {
			if webtest.Attr(n, "aria-current") == "step" {
				now = append(now, words(n))
			}
		}
		if len(now) != 1 || now[0] != "审核" {
			t.Errorf("%s: current %q", name, now)
		}
	}
	if s := words(draw(t, ui.Nodes([]ui.Node{{Title: "申请", State: "done"}}))); !strings.Contains(s, "已完成") {
		t.Errorf("done is said by colour alone: %q", s)
	}
}

func TestTableIsACardOnPhonesAndSaysWhenEmpty(t *testing.T) {
	p := ui.TableProps{Caption: "待办", Columns: []ui.Column{{Title: "编号"}, {Title: "时限", Sort: "?sort=-due", Order: "ascending"}},
		Rows: []ui.TableRow{{Cells: []templ.Component{ui.Str("1"), ui.Str("剩 1 天")}}}}
	root := draw(t, ui.Table(p))
	var labels, sorted []string
	for n := range root.Descendants() {
		if n.Data == "td" {
			labels = append(labels, webtest.Attr(n, "data-l"))
		}
		if s := webtest.Attr(n, "aria-sort"); s != "" {
			sorted = append(sorted, s)
		}
	}
	if len(labels) != 2 || labels[1] != "时限" || len(sorted) != 1 || words(find(root, "caption", "")) != "待办" {
		t.Errorf("labels %q, sorted %q", labels, sorted)
	}
	p.Rows, p.Empty = nil, ui.Empty("没有待办。", ui.Link{Text: "去领取", Href: "/pool"})
	if root = draw(t, ui.Table(p)); find(root, "table", "").Data != "" || words(root) != "没有待办。去领取" {
		t.Errorf("empty: %q", words(root))
	}
}

func TestWithChangesOneQueryValue(t *testing.T) {
	for _, tt := range []struct{ address, want string }{
		{"/w/queue", "/w/queue?after=9"}, {"/w/queue?item=a&after=1", "/w/queue?after=9&item=a"}, {"?item=a", "?after=9&item=a"},
	} {
		if got := ui.With(tt.address, "after", "9"); got != tt.want {
			t.Errorf("With(%q) = %q, want %q", tt.address, got, tt.want)
		}
	}
}
