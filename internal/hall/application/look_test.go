package application_test

import (
	"strings"

	"golang.org/x/net/html"

	"yichuang/internal/kit/web/webtest"
)

// words is the text within a node.
func words(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func byID(p *webtest.Page, id string) *html.Node {
	for n := range p.Root.Descendants() {
		if n.Type == html.ElementNode && webtest.Attr(n, "id") == id {
			return n
		}
	}
	return nil
}

// errorAt is what the page says beside a field; "" where it says nothing.
func errorAt(p *webtest.Page, field string) string {
	if n := byID(p, field+"-e"); n != nil {
		return strings.TrimPrefix(words(n), "错误：")
	}
	n := byID(p, field) // of a part of the page that is no single field
	if n == nil {
		return ""
	}
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && webtest.Attr(c, "class") == "err" {
			return strings.TrimPrefix(words(c), "错误：")
		}
	}
	return ""
}

// errorsOf are the lines of the box on top of the page.
func errorsOf(p *webtest.Page) []string {
	box := byID(p, "errors")
	if box == nil {
		return nil
	}
	var out []string
	for n := range box.Descendants() {
		if n.Data == "li" {
			out = append(out, words(n))
		}
	}
	return out
}
