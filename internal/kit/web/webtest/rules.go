package webtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Faults lists what on the page breaks the rules that all pages keep: nothing inline, nothing that old browsers lack,
// a label for each control, token and key in each form, size and words for each picture, Chinese punctuation,
// a budget of bytes.
func (p *Page) Faults() []string {
	var out []string
	fault := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if len(p.Body) > 120<<10 {
		fault("page of %d bytes", len(p.Body))
	}
	ids, labels := map[string]bool{}, map[string]bool{}
	for n := range p.Root.Descendants() {
		if id := Attr(n, "id"); id != "" {
			if ids[id] {
				fault("id %q twice", id)
			}
			ids[id] = true
		}
		if n.Data == "label" {
			labels[Attr(n, "for")] = true
		}
	}
	h1 := 0
	for n := range p.Root.Descendants() {
		if n.Type == html.TextNode {
			if m := halfWidth(n); m != "" {
				fault("half-width punctuation in %q", m)
			}
			continue
		}
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || a.Key == "form" || a.Key == "formaction" {
				fault("<%s %s>", n.Data, a.Key)
			}
			if a.Key == "href" && strings.HasPrefix(a.Val, "#") && len(a.Val) > 1 && !ids[a.Val[1:]] {
				fault("link to missing %s", a.Val)
			}
		}
		switch n.Data {
		case "script":
			if n.FirstChild != nil {
				fault("inline script")
			}
		case "style", "dialog", "details":
			fault("<%s>", n.Data)
		case "h1":
			h1++
		case "img":
			if !has(n, "alt") || !has(n, "width") || !has(n, "height") {
				fault("img without alt, width or height: %s", Attr(n, "src"))
			}
		case "input", "select", "textarea":
			kind := Attr(n, "type")
			if kind != "hidden" && !labels[Attr(n, "id")] && Attr(n, "aria-label") == "" && !inLabel(n) {
				fault("no label: %s", Attr(n, "name"))
			}
		case "form":
			v := Fields(n)
			if strings.EqualFold(Attr(n, "method"), "post") && (v.Get("csrf_token") == "" || v.Get("_key") == "") {
				fault("form without token or key: %s", Attr(n, "action"))
			}
		}
	}
	if h1 != 1 && p.Status < 300 {
		fault("%d <h1>", h1)
	}
	for _, w := range []string{"点击这里", "系统错误", "温馨提示", "敬请谅解"} {
		if strings.Contains(p.Text(), w) {
			fault("word %q", w)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func halfWidth(n *html.Node) string {
	if n.Parent != nil && (n.Parent.Data == "script" || n.Parent.Data == "style" || n.Parent.Data == "pre" || n.Parent.Data == "textarea") {
		return ""
	}
	return regexp.MustCompile(`\p{Han}[,:;?!]`).FindString(n.Data)
}

func inLabel(n *html.Node) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == "label" {
			return true
		}
	}
	return false
}
