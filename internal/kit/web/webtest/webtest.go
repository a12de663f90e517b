// Package webtest is a browser without a screen, for tests of pages: it keeps cookies, follows redirects, fills in forms as
// a person does, with their hidden fields, and knows the rules that every page must keep.
//
// In: a router. Out: pages that a test can read, click and submit.
package webtest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"yichuang/internal/kit/web"
)

// Site is a router being served.
type Site struct {
	t      testing.TB
	Server *httptest.Server
}

const signInPath = "/webtest/sign-in"

// Serve serves the router until the test ends. It adds a route of its own, by which Browser.SignIn enters.
func Serve(t testing.TB, rt *web.Router) *Site {
	t.Helper()
	rt.Get(signInPath, web.Public, func(w http.ResponseWriter, r *http.Request) error {
		var who web.Identity
		if err := json.Unmarshal([]byte(r.Header.Get("X-Who")), &who); err != nil {
			return err
		}
		if err := web.SignIn(r.Context(), who); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	srv := httptest.NewServer(rt)
	t.Cleanup(srv.Close)
	return &Site{t, srv}
}

// At is a site that is served already, such as a whole program behind a balancer. Its people sign in by its own pages.
func At(t testing.TB, srv *httptest.Server) *Site { return &Site{t, srv} }

// Browser is one person's browser.
type Browser struct {
	t      testing.TB
	site   *Site
	Client *http.Client
	Header http.Header // sent with each request
}

// Browser opens a fresh browser without cookies.
func (s *Site) Browser() *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &Browser{s.t, s, &http.Client{Jar: jar, Transport: s.Server.Client().Transport}, http.Header{}}
}

// SignIn makes who the person of this browser.
func (b *Browser) SignIn(who web.Identity) {
	b.t.Helper()
	data, err := json.Marshal(who)
	if err != nil {
		b.t.Fatal(err)
	}
	req := b.request(http.MethodGet, signInPath, nil, "")
	req.Header.Set("X-Who", string(data))
	if p := b.do(req); p.Status != http.StatusNoContent {
		b.t.Fatalf("sign in: %d", p.Status)
	}
}

// ForgetSession drops the session cookie, as happens when it has ended at the server.
func (b *Browser) ForgetSession() {
	u, _ := url.Parse(b.site.Server.URL)
	for _, c := range b.Client.Jar.Cookies(u) {
		if strings.HasSuffix(c.Name, "_session") {
			b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: c.Name, Value: "", Path: "/", MaxAge: -1}})
		}
	}
}

// Get opens a page.
func (b *Browser) Get(path string) *Page {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, nil, ""))
}

// Post sends values without a form of ours: what a forger or a script would do.
func (b *Browser) Post(path string, values url.Values) *Page {
	b.t.Helper()
	return b.do(b.request(http.MethodPost, path, strings.NewReader(values.Encode()), "application/x-www-form-urlencoded"))
}

func (b *Browser) request(method, path string, body io.Reader, kind string) *http.Request {
	b.t.Helper()
	to := path
	if strings.HasPrefix(path, "/") {
		to = b.site.Server.URL + path
	}
	req, err := http.NewRequest(method, to, body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,*/*")
	if method == http.MethodPost {
		req.Header.Set("Origin", b.site.Server.URL)
		req.Header.Set("Content-Type", kind)
	}
	for k, v := range b.Header {
		req.Header[k] = v
	}
	return req
}

func (b *Browser) do(req *http.Request) *Page {
	b.t.Helper()
	res, err := b.Client.Do(req)
	if err != nil {
		b.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		b.t.Fatal(err)
	}
	return &Page{b: b, Status: res.StatusCode, URL: res.Request.URL, Header: res.Header, Body: string(data), Root: root}
}

// Page is what came back.
type Page struct {
	b      *Browser
	Status int
	URL    *url.URL // after redirects
	Header http.Header
	Body   string
	Root   *html.Node
}

// Text is the words of the page without markup, space squeezed.
func (p *Page) Text() string {
	var b strings.Builder
	for n := range p.Root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Has says whether the page says the words.
func (p *Page) Has(words string) bool {
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	return strings.Contains(squeeze(p.Text()), squeeze(words))
}

// Value is what stands in the field.
func (p *Page) Value(name string) string {
	for n := range p.Root.Descendants() {
		if n.Type != html.ElementNode || Attr(n, "name") != name {
			continue
		}
		switch n.Data {
		case "textarea":
			if n.FirstChild != nil {
				return n.FirstChild.Data
			}
		case "select":
			return selected(n)
		case "input":
			if k := Attr(n, "type"); (k != "radio" && k != "checkbox") || has(n, "checked") {
				return Attr(n, "value")
			}
		}
	}
	return ""
}

// Click follows the first link with these words.
func (p *Page) Click(words string) *Page {
	p.b.t.Helper()
	for n := range p.Root.Descendants() {
		if n.Data == "a" && strings.Contains(inner(n), words) {
			return p.b.Get(p.resolve(Attr(n, "href")))
		}
	}
	p.b.t.Fatalf("no link %q on %s:\n%s", words, p.URL.Path, p.Text())
	return nil
}

// Submit presses the button with these words, after changing the named fields of its form. Values given for boxes replace
// what is ticked.
func (p *Page) Submit(button string, change url.Values) *Page {
	p.b.t.Helper()
	form, v := p.form(button)
	for k, list := range change {
		v[k] = list
	}
	return p.b.Post(p.resolve(Attr(form, "action")), v)
}

// File is a file for Upload.
type File struct {
	Name string
	Data []byte
}

// Upload presses the button with these words, sending the file in the form's file field.
func (p *Page) Upload(button string, f File) *Page {
	p.b.t.Helper()
	form, v := p.form(button)
	field := ""
	for n := range form.Descendants() {
		if n.Data == "input" && Attr(n, "type") == "file" {
			field = Attr(n, "name")
		}
	}
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for k, list := range v {
		for _, x := range list {
			if err := m.WriteField(k, x); err != nil {
				p.b.t.Fatal(err)
			}
		}
	}
	part, err := m.CreateFormFile(field, f.Name)
	if err != nil {
		p.b.t.Fatal(err)
	}
	if _, err := part.Write(f.Data); err != nil {
		p.b.t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		p.b.t.Fatal(err)
	}
	return p.b.do(p.b.request(http.MethodPost, p.resolve(Attr(form, "action")), &body, m.FormDataContentType()))
}

func (p *Page) resolve(ref string) string {
	u, err := p.URL.Parse(ref)
	if err != nil {
		p.b.t.Fatal(err)
	}
	u.Fragment = ""
	return u.String()
}

// form is the form around the button, and what a browser would send with it.
func (p *Page) form(button string) (*html.Node, url.Values) {
	p.b.t.Helper()
	for n := range p.Root.Descendants() {
		if n.Data != "button" || !strings.Contains(inner(n), button) {
			continue
		}
		form := n.Parent
		for form != nil && form.Data != "form" {
			form = form.Parent
		}
		if form == nil {
			continue
		}
		v := Fields(form)
		if Attr(n, "name") != "" {
			v.Set(Attr(n, "name"), Attr(n, "value"))
		}
		return form, v
	}
	p.b.t.Fatalf("no button %q on %s:\n%s", button, p.URL.Path, p.Text())
	return nil, nil
}

// Fields is what a browser sends of a form when nothing is changed.
func Fields(form *html.Node) url.Values {
	v := url.Values{}
	for n := range form.Descendants() {
		name := Attr(n, "name")
		if n.Type != html.ElementNode || name == "" {
			continue
		}
		switch n.Data {
		case "textarea":
			v.Add(name, inner(n))
		case "select":
			v.Add(name, selected(n))
		case "input":
			switch Attr(n, "type") {
			case "file", "submit", "button":
			case "radio", "checkbox":
				if has(n, "checked") {
					v.Add(name, Attr(n, "value"))
				}
			default:
				v.Add(name, Attr(n, "value"))
			}
		}
	}
	return v
}

// Attr is the attribute's value; "" where there is none.
func Attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func inner(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func selected(n *html.Node) string {
	first, found := "", false
	for c := range n.Descendants() {
		if c.Data != "option" {
			continue
		}
		if has(c, "selected") {
			return Attr(c, "value")
		}
		if !found {
			first, found = Attr(c, "value"), true
		}
	}
	return first
}
