package application_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

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

// stream opens a stream of events; read gives the data of the first one.
func stream(t *testing.T, p *person, path string) (read func() string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(stop)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.h.site.Server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := p.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	return func() string {
		var data strings.Builder
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				data.WriteString(rest)
			} else if data.Len() > 0 {
				break
			}
		}
		return data.String()
	}
}
