package play

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// Browser goes through pages as a person with a browser without script would: it follows links and redirects, keeps
// cookies, and sends the forms that a page shows with what stands in them.
type Browser struct {
	Page   *Page // that it shows; nil before the first
	client *http.Client
}

// NewBrowser has no cookies and shows nothing.
func NewBrowser() *Browser { return browserAt(nil) }

// browserAt is a browser at an address of its own; nil: whatever this machine takes.
func browserAt(address net.IP) *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // cookiejar.New without options cannot fail
	}
	b := &Browser{client: &http.Client{Jar: jar, Timeout: 60 * time.Second}}
	if address != nil {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: address}}
		b.client.Transport = &http.Transport{DialContext: dialer.DialContext, IdleConnTimeout: 10 * time.Second}
	}
	return b
}

// Page is what the last request brought.
type Page struct {
	URL    *url.URL
	Status int
	Root   *html.Node // nil where it is no page
	Raw    []byte
}

// StatusError says that a page was refused or failed.
type StatusError struct {
	Path   string
	Status int
	Says   string // what the page says is wrong
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answered %d: %s", e.Path, e.Status, e.Says)
}

// Open goes to an address, absolute or relative to where the browser is.
func (b *Browser) Open(address string) error {
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

func (b *Browser) resolve(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if b.Page != nil {
		u = b.Page.URL.ResolveReference(u)
	}
	u.Fragment = ""
	return u, nil
}

func (b *Browser) take(res *http.Response) error {
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 32<<20))
	if err != nil {
		return err
	}
	b.Page = &Page{URL: res.Request.URL, Status: res.StatusCode, Raw: raw}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		if b.Page.Root, err = html.Parse(bytes.NewReader(raw)); err != nil {
			return err
		}
	}
	if res.StatusCode >= 400 {
		return &StatusError{res.Request.URL.Path, res.StatusCode, b.Page.Complaint()}
	}
	return nil
}

// Complaint is what a page says is wrong.
func (p *Page) Complaint() string {
	if p.Root == nil {
		return clip(string(p.Raw), 300)
	}
	for _, id := range []string{"errors", "main"} {
		if n := find(p.Root, func(n *html.Node) bool { return attr(n, "id") == id }); n != nil {
			return clip(text(n), 400)
		}
	}
	return clip(text(p.Root), 300)
}

// Says tells whether the page shows the words.
func (p *Page) Says(words string) bool { return p.Root != nil && strings.Contains(text(p.Root), words) }

// Match finds the first submatch of a pattern in the text of the page.
func (p *Page) Match(pattern string) string {
	m := regexp.MustCompile(pattern).FindStringSubmatch(text(p.Root))
	if len(m) < 2 {
		return ""
	}
	return m[1]
}

// Form is a form of a page with what stands in it.
type Form struct {
	Action  string
	Values  url.Values
	upload  bool
	file    string // field of the file
	content []byte
	name    string
}

// Form finds the POST form of the page that has the field, or a button with that text when the field begins with "#".
func (b *Browser) Form(field string) (*Form, error) {
	for _, n := range all(b.Page.Root, func(n *html.Node) bool {
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
	return nil, fmt.Errorf("%s shows no form with %q: %s", b.Page.URL.Path, field, b.Page.Complaint())
}

// uploads are the forms of the page that take a file.
func (b *Browser) uploads() []*Form {
	var out []*Form
	for _, n := range all(b.Page.Root, func(n *html.Node) bool { return n.Data == "form" && strings.EqualFold(attr(n, "method"), "post") }) {
		if f := read(n); f.upload && f.file != "" {
			out = append(out, f)
		}
	}
	return out
}

// read collects what a browser would send of an untouched form.
func read(n *html.Node) *Form {
	f := &Form{Action: attr(n, "action"), Values: url.Values{}, upload: strings.Contains(attr(n, "enctype"), "multipart")}
	for _, x := range all(n, func(x *html.Node) bool { return attr(x, "name") != "" }) {
		name, kind := attr(x, "name"), attr(x, "type")
		switch {
		case x.Data == "button" || kind == "submit":
		case kind == "file":
			f.file = name
		case x.Data == "select":
			for _, o := range all(x, func(o *html.Node) bool { return o.Data == "option" && has(o, "selected") }) {
				f.Values.Add(name, attr(o, "value"))
			}
		case x.Data == "textarea":
			f.Values.Add(name, text(x))
		case kind == "radio" || kind == "checkbox":
			if has(x, "checked") {
				f.Values.Add(name, attr(x, "value"))
			}
		default:
			f.Values.Add(name, attr(x, "value"))
		}
	}
	return f
}

// Submit fills fields of the page's form that has anchor, and sends it. An empty list leaves a field as it is.
func (b *Browser) Submit(anchor string, fill url.Values) error {
	f, err := b.Form(anchor)
	if err != nil {
		return err
	}
	for name, values := range fill {
		f.Values[name] = values
	}
	return b.Send(f)
}

// Attach sends a file with the form that has anchor.
func (b *Browser) Attach(anchor, name string, content []byte) error {
	f, err := b.Form(anchor)
	if err != nil {
		return err
	}
	f.name, f.content = name, content
	return b.Send(f)
}

func (b *Browser) Send(f *Form) error {
	action := f.Action
	if action == "" {
		action = b.Page.URL.String()
	}
	u, err := b.resolve(action)
	if err != nil {
		return err
	}
	kind, body := "application/x-www-form-urlencoded", []byte(f.Values.Encode())
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
	req.Header.Set("Referer", b.Page.URL.String())
	res, err := b.client.Do(req)
	if err != nil {
		return err
	}
	return b.take(res)
}

func (f *Form) multipart() (kind string, body []byte, err error) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for name, values := range f.Values {
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

// Link finds the address of the first link that contains the words.
func (p *Page) Link(words string) (string, bool) {
	n := find(p.Root, func(n *html.Node) bool { return n.Data == "a" && strings.Contains(text(n), words) })
	if n == nil {
		return "", false
	}
	return attr(n, "href"), true
}

// Follow follows that link.
func (b *Browser) Follow(words string) error {
	href, ok := b.Page.Link(words)
	if !ok {
		return fmt.Errorf("%s has no link %q: %s", b.Page.URL.Path, words, b.Page.Complaint())
	}
	return b.Open(href)
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

// clip keeps the first n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// Boxes are the values that can be ticked for a field.
func (b *Browser) Boxes(field string) []string {
	var out []string
	for _, n := range all(b.Page.Root, func(n *html.Node) bool { return attr(n, "name") == field && attr(n, "type") == "checkbox" }) {
		out = append(out, attr(n, "value"))
	}
	return out
}

// Option is the n-th choice of a select; empty where there is none.
func (b *Browser) Option(field string, n int) string {
	list := find(b.Page.Root, func(x *html.Node) bool { return x.Data == "select" && attr(x, "name") == field })
	if o := all(list, func(x *html.Node) bool { return x.Data == "option" }); n < len(o) {
		return attr(o[n], "value")
	}
	return ""
}

// Below is the first link with the words in the smallest block that contains the heading.
func (p *Page) Below(heading, words string) (string, bool) {
	block := find(p.Root, func(n *html.Node) bool {
		t := text(n)
		return n.Data != "html" && n.Data != "body" && n.Data != "main" && strings.HasPrefix(t, heading) && strings.Contains(t, words)
	})
	if block == nil {
		return "", false
	}
	return (&Page{Root: block}).Link(words)
}
