package interfacebook_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/book"
	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/office/interfacebook"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/staff"
)

// desk is the pages with an administrator at them.
type desk struct {
	*exchange.Exchange
	browser *webtest.Browser
	book    *book.Book
}

// Record takes what the exchange says of its settings.
func (desk) Record(context.Context, pg.DB, audit.Entry) error { return nil }

func newDesk(t *testing.T) desk {
	t.Helper()
	o := officetest.New(t)
	var d desk
	keys := sm.NewTestKeyring(t)
	fonts, err := doc.OpenFonts()
	if err != nil {
		t.Fatal(err)
	}
	if d.book, err = book.Open(); err != nil {
		t.Fatal(err)
	}
	if d.Exchange, err = exchange.New(exchange.Options{Pool: o.Pool, Keyring: keys, Clock: o.Clock, Audit: d}); err != nil {
		t.Fatal(err)
	}
	rt := web.NewRouter(web.Options{Zone: "office", DB: o.Pool, Keys: keys, Clock: o.Clock, Failure: ui.Failure, Decorate: ui.Use(ui.Site{Class: "staff", Name: "一窗受理", Sub: "内网工作台", Title: "一窗受理"}),
		Authorizer: web.AuthorizerFunc(func(context.Context, web.Identity, web.Right) error { return nil })})
	room, err := interfacebook.New(interfacebook.Parts{Exchange: d.Exchange, Fonts: fonts, Clock: o.Clock})
	if err != nil {
		t.Fatal(err)
	}
	room.Routes(rt)
	d.browser = webtest.Serve(t, rt).Browser()
	d.browser.SignIn(web.Identity{ID: uuid.New(), Kind: "staff", Name: "周运维", Shown: "周*维", Roles: []string{staff.Admin}, Since: o.Clock.Now()})
	return d
}

// clean tells what of a page breaks the rules of all pages. A guide is read in one piece, as long as it is.
func clean(t *testing.T, p *webtest.Page) {
	t.Helper()
	for _, fault := range p.Faults() {
		if strings.HasPrefix(fault, "page of ") && strings.Contains(p.URL.Path, "/guide/") {
			continue
		}
		t.Errorf("%s: %s", p.URL.Path, fault)
	}
}

// The catalogue has every operation with its counterpart, its direction, its endpoints and how much it was used.
func TestCatalogueListsEveryInterface(t *testing.T) {
	d := newDesk(t)
	_, err := d.SetEndpoint(t.Context(), exchange.Actor{ID: "1", Name: "周运维"}, exchange.Endpoint{Name: "泰兴市不动产登记中心", Counterpart: "registry", District: "321283", Dialect: "desk", Enabled: true,
		Limits: exchange.DefaultLimits()}, nil, "联调")
	if err != nil {
		t.Fatal(err)
	}
	p := d.browser.Get("/admin/interface")
	clean(t, p)
	for _, info := range spec.Operations() {
		if !p.Has(info.Title) || !strings.Contains(p.Body, "/admin/calls?operation="+string(info.Operation)) {
			t.Errorf("%s is not listed", info.Operation)
		}
	}
	for _, words := range []string{"泰兴市不动产登记中心", "泰兴市，由人办理", "未接入", "平台 → 对方", "对方 → 平台", "接入指南（PDF）", "registry.yaml"} {
		if !p.Has(words) {
			t.Errorf("the catalogue does not say %s", words)
		}
	}
	for query, found := range map[string]struct{ in, out string }{
		"?counterpart=tax":                   {"tax.assessment.push", "registry.unit.query"},
		"?direction=to-platform":             {"registry.survey.result", "registry.survey.push"},
		"?word=%E6%A5%BC%E7%9B%98%E8%A1%A8":  {"housing.building.query", "tax.assessment.push"},
		"?word=REGISTRY.UNIT&counterpart=":   {"registry.unit.status", "registry.survey.push"},
		"?word=%3Cscript%3Ealert%281%29&x=y": {"没有符合条件的操作", "<script>alert"},
	} {
		p := d.browser.Get("/admin/interface" + query)
		clean(t, p)
		if !strings.Contains(p.Body, found.in) || strings.Contains(p.Body, found.out) {
			t.Errorf("%s: %s missing or %s there", query, found.in, found.out)
		}
	}
}

// Every operation has a page, and no word of it is missing.
func TestEveryOperationHasAPage(t *testing.T) {
	d := newDesk(t)
	for _, info := range spec.Operations() {
		op, _ := d.book.Operation(info.Operation)
		p := d.browser.Get("/admin/interface/" + string(info.Operation))
		if p.Status != http.StatusOK {
			t.Errorf("%s: %d", info.Operation, p.Status)
			continue
		}
		clean(t, p)
		want := []string{info.Title, info.Path, "规范串", "请求样例", "应答样例", string(info.Result)}
		for _, body := range []book.Body{op.Request, op.Answer} {
			for _, f := range body.Walk() {
				want = append(want, f.Name, f.National)
			}
		}
		for _, r := range op.Refusals {
			want = append(want, r.Code)
		}
		for _, words := range want {
			if !strings.Contains(p.Body, words) {
				t.Errorf("%s does not say %q", info.Operation, words)
			}
		}
		if strings.Contains(p.Body, "<nil>") || strings.Contains(p.Body, "%!") {
			t.Errorf("%s: a word is missing", info.Operation)
		}
	}
}

func TestCodesAndChanges(t *testing.T) {
	d := newDesk(t)
	p := d.browser.Get("/admin/interface/codes")
	clean(t, p)
	for _, l := range d.book.Codes {
		if !strings.Contains(p.Body, `id="code-`+l.Name+`"`) {
			t.Errorf("no code list %s", l.Name)
		}
	}
	for _, e := range d.book.Errors {
		if !p.Has(e.Meaning) || !p.Has(e.Advice) {
			t.Errorf("%s is not explained", e.Code)
		}
	}
	p = d.browser.Get("/admin/interface/changes")
	clean(t, p)
	if !p.Has(d.book.Changes[0].Version) || !p.Has(d.book.Changes[0].Date) {
		t.Error("the newest version is not on the page of changes")
	}
}

// Guides come as page and paper; a browser that has the paper is not sent it again.
func TestGuidesAreServed(t *testing.T) {
	d := newDesk(t)
	for _, name := range d.book.Guides() {
		p := d.browser.Get("/admin/interface/guide/" + name)
		if p.Status != http.StatusOK {
			t.Fatalf("%s: %d", name, p.Status)
		}
		clean(t, p)
	}
	p := d.browser.Get("/admin/interface/guide/queue.pdf")
	if p.Status != http.StatusOK || !bytes.HasPrefix([]byte(p.Body), []byte("%PDF-")) || p.Header.Get("Content-Type") != "application/pdf" || p.Header.Get("ETag") == "" {
		t.Errorf("the paper: %d %v", p.Status, p.Header)
	}
	if again := d.browser.Get("/admin/interface/guide/queue.pdf"); again.Body != p.Body {
		t.Error("the paper changes from one minute to the next")
	}
	d.browser.Header.Set("If-None-Match", p.Header.Get("ETag"))
	if again := d.browser.Get("/admin/interface/guide/queue.pdf"); again.Status != http.StatusNotModified || again.Body != "" {
		t.Errorf("sent again: %d, %d bytes", again.Status, len(again.Body))
	}
}

func TestDocumentsAreSentAsTheyAre(t *testing.T) {
	d := newDesk(t)
	p := d.browser.Get("/admin/interface/openapi/registry.yaml")
	raw, _ := d.book.Document("registry.yaml")
	if p.Status != http.StatusOK || p.Body != string(raw) || !strings.Contains(p.Header.Get("Content-Disposition"), `filename="registry.yaml"`) {
		t.Errorf("%d, %d bytes of %d, %v", p.Status, len(p.Body), len(raw), p.Header)
	}
}

// What is not there is not there, however it is asked for.
func TestUnknownAndHostileAddresses(t *testing.T) {
	d := newDesk(t)
	tails := []string{"nobody", "platform", "..%2f..%2fembed.go", "%2e%2e%2fregistry", "registry.yaml%00", "embed.go", "README.md", "vectors.json", "registry.pdf.pdf", ".pdf", "%3Cscript%3E"}
	for _, under := range []string{"/admin/interface/", "/admin/interface/guide/", "/admin/interface/openapi/"} {
		for _, tail := range tails {
			p := d.browser.Get(under + tail)
			if p.Status != http.StatusNotFound && p.Status != http.StatusBadRequest {
				t.Errorf("%s%s: %d", under, tail, p.Status)
			}
			if slices.ContainsFunc([]string{"package interfaces", "PRIVATE KEY", "<script>al"}, func(s string) bool { return strings.Contains(p.Body, s) }) {
				t.Errorf("%s%s: tells what it should not", under, tail)
			}
		}
	}
}
