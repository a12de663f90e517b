package main

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// browser goes through pages as a person with a browser without script would: it follows links and redirects, keeps
// cookies, and sends the forms that a page shows with what stands in them.
type browser struct {
	client *http.Client
	page   *page
}

func newBrowser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // cookiejar.New without options cannot fail
	}
	return &browser{client: &http.Client{Jar: jar, Timeout: 60 * time.Second}}
}

// page is what the last request brought.
type page struct {
	url    *url.URL
	status int
	root   *html.Node
	raw    []byte
}

// open goes to an address, absolute or relative to where the browser is.
func (b *browser) open(address string) error {
	u, err := b.resolve(address)
	if err != nil {
		return err
	}
	res, err := b.client.Get(u.String())
	if err != nil {
		return err
	}
	return b.take(res)
}

func (b *browser) resolve(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if b.page != nil {
		u = b.page.url.ResolveReference(u)
	}
	u.Fragment = ""
	return u, nil
}

func (b *browser) take(res *http.Response) error {
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 32<<20))
	if err != nil {
		return err
	}
	b.page = &page{url: res.Request.URL, status: res.StatusCode, raw: raw}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		if b.page.root, err = html.Parse(bytes.NewReader(raw)); err != nil {
			return err
		}
	}
	if res.StatusCode >= 400 {
		return fmt.Errorf("%s answered %d: %s", res.Request.URL.Path, res.StatusCode, b.page.complaint())
	}
	return nil
}

// complaint is what a page says is wrong.
func (p *page) complaint() string {
	if p.root == nil {
		return clip(string(p.raw), 300)
	}
	for _, id := range []string{"errors", "main"} {
		if n := find(p.root, func(n *html.Node) bool { return attr(n, "id") == id }); n != nil {
			return clip(text(n), 400)
		}
	}
	return clip(text(p.root), 300)
}

// says tells whether the page shows the words.
func (p *page) says(words string) bool { return p.root != nil && strings.Contains(text(p.root), words) }

// match finds the first submatch of a pattern in the text of the page.
func (p *page) match(pattern string) string {
	m := regexp.MustCompile(pattern).FindStringSubmatch(text(p.root))
	if len(m) < 2 {
		return ""
	}
	return m[1]
}

// form is a form of a page with what stands in it.
type form struct {
	action  string
	values  url.Values
	upload  bool
	file    string // field of the file
	content []byte
	name    string
}

// form finds the POST form of the page that has the field, or a button with that text when the field begins with "#".
func (b *browser) form(field string) (*form, error) {
	for _, n := range all(b.page.root, func(n *html.Node) bool {
		return n.Type == html.ElementNode && n.Data == "form" && strings.EqualFold(attr(n, "method"), "post")
	}) {
		f := read(n)
		words, isButton := strings.CutPrefix(field, "#")
		if isButton && find(n, func(x *html.Node) bool { return x.Data == "button" && strings.Contains(text(x), words) }) != nil {
			return f, nil
		}
		if !isButton && find(n, func(x *html.Node) bool { return attr(x, "name") == field }) != nil {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%s shows no form with %q: %s", b.page.url.Path, field, b.page.complaint())
}

// read collects what a browser would send of an untouched form.
func read(n *html.Node) *form {
	f := &form{action: attr(n, "action"), values: url.Values{}, upload: strings.Contains(attr(n, "enctype"), "multipart")}
	for _, x := range all(n, func(x *html.Node) bool { return attr(x, "name") != "" }) {
		name, kind := attr(x, "name"), attr(x, "type")
		switch {
		case x.Data == "button" || kind == "submit":
		case kind == "file":
			f.file = name
		case x.Data == "select":
			for _, o := range all(x, func(o *html.Node) bool { return o.Data == "option" && has(o, "selected") }) {
				f.values.Add(name, attr(o, "value"))
			}
		case x.Data == "textarea":
			f.values.Add(name, text(x))
		case kind == "radio" || kind == "checkbox":
			if has(x, "checked") {
				f.values.Add(name, attr(x, "value"))
			}
		default:
			f.values.Add(name, attr(x, "value"))
		}
	}
	return f
}

// submit fills fields of the page's form that has anchor, and sends it. An empty list leaves a field as it is.
func (b *browser) submit(anchor string, fill url.Values) error {
	f, err := b.form(anchor)
	if err != nil {
		return err
	}
	for name, values := range fill {
		f.values[name] = values
	}
	return b.send(f)
}

// attach sends a file with the form that has anchor.
func (b *browser) attach(anchor, name string, content []byte) error {
	f, err := b.form(anchor)
	if err != nil {
		return err
	}
	f.name, f.content = name, content
	return b.send(f)
}

func (b *browser) send(f *form) error {
	action := f.action
	if action == "" {
		action = b.page.url.String()
	}
	u, err := b.resolve(action)
	if err != nil {
		return err
	}
	kind, body := "application/x-www-form-urlencoded", []byte(f.values.Encode())
	if f.upload {
		if kind, body, err = f.multipart(); err != nil {
			return err
		}
	}
	req, err := http.NewRequest(http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", u.Scheme+"://"+u.Host)
	req.Header.Set("Referer", b.page.url.String())
	res, err := b.client.Do(req)
	if err != nil {
		return err
	}
	return b.take(res)
}

func (f *form) multipart() (kind string, body []byte, err error) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for name, values := range f.values {
		for _, v := range values {
			if err := w.WriteField(name, v); err != nil {
				return "", nil, err
			}
		}
	}
	if f.file != "" && f.content != nil {
		part, err := w.CreateFormFile(f.file, f.name)
		if err != nil {
			return "", nil, err
		}
		if _, err := part.Write(f.content); err != nil {
			return "", nil, err
		}
	}
	if err := w.Close(); err != nil {
		return "", nil, err
	}
	return w.FormDataContentType(), buf.Bytes(), nil
}

// link finds the address of the first link that contains the words.
func (p *page) link(words string) (string, bool) {
	n := find(p.root, func(n *html.Node) bool { return n.Data == "a" && strings.Contains(text(n), words) })
	if n == nil {
		return "", false
	}
	return attr(n, "href"), true
}

// follow follows that link.
func (b *browser) follow(words string) error {
	href, ok := b.page.link(words)
	if !ok {
		return fmt.Errorf("%s has no link %q: %s", b.page.url.Path, words, b.page.complaint())
	}
	return b.open(href)
}

func find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	if n == nil {
		return nil
	}
	if n.Type == html.ElementNode && ok(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if hit := find(c, ok); hit != nil {
			return hit
		}
	}
	return nil
}

func all(n *html.Node, ok func(*html.Node) bool) []*html.Node {
	var out []*html.Node
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && ok(n) {
			out = append(out, n)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	if n != nil {
		walk(n)
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func text(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
