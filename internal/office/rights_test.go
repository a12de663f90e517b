package office_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/staff"
)

const password = "Zhengque-2026"

// desks is the office's pages with people who knock at them.
type desks struct {
	*officetest.Office
	site   *webtest.Site
	routes []web.Route
}

func newDesks(t *testing.T, more ...staff.Account) *desks {
	t.Helper()
	o := officetest.New(t)
	for i := range more {
		more[i].Name, more[i].Password, more[i].Document = "试用员", password, more[i].Login
	}
	if err := o.Staff.Add(t.Context(), more); err != nil {
		t.Fatal(err)
	}
	z := o.Zone()
	srv := httptest.NewServer(z.Pages())
	t.Cleanup(srv.Close)
	return &desks{o, webtest.At(t, srv), z.Routes()}
}

// caller is somebody with a browser, signed in or not.
type caller struct {
	d     *desks
	b     *webtest.Browser
	login string
}

func (d *desks) caller(login string) *caller {
	d.T.Helper()
	c := &caller{d, d.site.Browser(), login}
	c.enter()
	return c
}

func (c *caller) enter() {
	c.d.T.Helper()
	if c.login == "" {
		return
	}
	if p := c.b.Get("/login").Submit("登录", url.Values{"login": {c.login}, "password": {password}}); p.URL.Path == "/login" {
		c.d.T.Fatalf("%s cannot sign in: %s", c.login, p.Text())
	}
}

// ask sends a request as the forms of the office do, token and one-time key included. A minute passes before, so that no
// limit of rates is met.
func (c *caller) ask(method, path string) *webtest.Page {
	c.d.T.Helper()
	c.d.Clock.Advance(time.Minute)
	if method == http.MethodGet {
		return c.b.Get(path)
	}
	from := "/password"
	if c.login == "" {
		from = "/login"
	}
	values := url.Values{}
	for n := range c.b.Get(from).Root.Descendants() {
		if name := webtest.Attr(n, "name"); name == "_key" || name == "csrf_token" {
			values.Set(name, webtest.Attr(n, "value"))
		}
	}
	return c.b.Post(path, values)
}

var slot = regexp.MustCompile(`\{[a-z]+\}`)

// unknown puts something into the slots of a pattern that is well-formed and that nothing has.
func unknown(pattern string) string {
	pattern = strings.TrimSuffix(pattern, "{$}")
	return slot.ReplaceAllStringFunc(pattern, func(s string) string {
		switch s {
		case "{no}":
			return "TZ-261124-99999-0"
		case "{view}":
			return "pool"
		case "{unit}":
			return "321202001001GB00000F00000001"
		case "{digest}":
			return strings.Repeat("0", 64)
		case "{code}":
			return "ABCDEFGHJKLM"
		}
		return "01890000-0000-7000-8000-000000000000"
	})
}

// Every route × every role: the answer is the one of the table, and no route is missing from it.
func TestRights(t *testing.T) {
	var accounts []staff.Account
	for role := range staff.RoleNames {
		accounts = append(accounts, staff.Account{Person: staff.Person{Login: "role." + role, Department: "registry", Roles: []string{role}}})
	}
	d := newDesks(t, accounts...)
	known := map[string]bool{}
	for _, r := range d.routes {
		known[r.Method+" "+r.Pattern] = true
		if routes[r.Method+" "+r.Pattern] == "" {
			t.Errorf("%s %s is not in the table of rights", r.Method, r.Pattern)
		}
	}
	for r, right := range routes {
		if !known[r] {
			t.Errorf("the table has %s, which is no route", r)
		}
		if right != anybody && right != signedIn && holders[right] == nil {
			t.Errorf("%s: nobody has the right %s", r, right)
		}
	}
	roles := append([]string{""}, slices.Sorted(func(yield func(string) bool) {
		for role := range staff.RoleNames {
			if !yield(role) {
				return
			}
		}
	})...)
	for _, role := range roles {
		t.Run("role "+role, func(t *testing.T) {
			login := ""
			if role != "" {
				login = "role." + role
			}
			c := d.caller(login)
			for _, r := range d.routes {
				right := routes[r.Method+" "+r.Pattern]
				if role == "" && r.Pattern == "/logout" { // leads to the sign-in page either way
					continue
				}
				want := "in"
				switch {
				case right == anybody:
				case role == "":
					want = "sign in"
				case right != signedIn && !slices.Contains(holders[right], role):
					want = "refused"
				}
				if got := let(c.ask(r.Method, unknown(r.Pattern)), unknown(r.Pattern)); got != want {
					t.Errorf("%s %s: %s, want %s", r.Method, r.Pattern, got, want)
				}
				if r.Pattern == "/logout" && role != "" {
					c.enter()
				}
			}
		})
	}
}

// let says what became of a request: refused for want of a right, sent to sign in, or let in, whatever it found there.
func let(p *webtest.Page, asked string) string {
	switch {
	case p.Status == http.StatusForbidden && p.Has("您的岗位没有这一页的权限"):
		return "refused"
	case p.Status == http.StatusForbidden, p.Status >= 500, p.Status == http.StatusTooManyRequests:
		return fmt.Sprintf("%d %s", p.Status, p.Text())
	case p.URL.Path == "/login" && asked != "/login" && asked != "/" && asked != "/logout", p.Status == http.StatusUnauthorized:
		return "sign in"
	}
	return "in"
}

// A refusal is recorded, with who and what (S-11).
func TestRefusalIsRecorded(t *testing.T) {
	d := newDesks(t)
	c := d.caller("window")
	if p := c.ask(http.MethodGet, "/admin/calls"); let(p, "/admin/calls") != "refused" {
		t.Fatalf("a clerk at the administrator's page: %d", p.Status)
	}
	var object, outcome string
	if err := d.Pool.QueryRow(context.WithoutCancel(t.Context()), `SELECT object, outcome FROM audit_record WHERE action = '越权访问' AND actor = $1`,
		d.Person("window").ID.String()).Scan(&object, &outcome); err != nil || object != "GET /admin/calls" || outcome != "refused" {
		t.Errorf("recorded %q %q (%v)", object, outcome, err)
	}
}

// things are what a case has addresses of.
type things struct {
	no, unit, order, digest, code string
}

func (x things) at(pattern string) string {
	return strings.NewReplacer("{no}", x.no, "{unit}", x.unit, "{id}", x.order, "{digest}", x.digest, "{code}", x.code).Replace(pattern)
}

// rowed are the routes whose address names a case, a unit or an order. Those of administrators name messages and lines,
// which belong to no district; those of the reconciliation are tried where it is (TestRunsOfOthersAreNotThere).
func (d *desks) rowed() []web.Route {
	var out []web.Route
	for _, r := range d.routes {
		if strings.HasPrefix(r.Pattern, "/w/") && !strings.HasPrefix(r.Pattern, "/w/reconcile/") && slot.MatchString(r.Pattern) && !strings.Contains(r.Pattern, "{view}") {
			out = append(out, r)
		}
	}
	return out
}

// What is not one's own looks like what is not there: the clerk of another district, another department, another bank.
func TestRowsOfOthersAreNotThere(t *testing.T) {
	leader := func(login, district, department string, more ...string) staff.Account {
		return staff.Account{Person: staff.Person{Login: login, District: district, Department: department, Roles: append(more, staff.Leader)}}
	}
	everything := []string{staff.Clerk, staff.Dispatcher, staff.First, staff.Second, staff.Registrar}
	d := newDesks(t,
		leader("elsewhere.window", "321281", "window", everything...),
		leader("elsewhere.registry", "321281", "registry", everything...),
		leader("here.window", "321202", "window", everything...),
		leader("here.tax", "321202", "tax", staff.TaxClerk, staff.Clerk, staff.First),
		staff.Account{Person: staff.Person{Login: "here.bank", District: "321202", Department: "bank", Org: "another-bank", Roles: []string{staff.BankClerk, staff.Clerk, staff.Leader}}},
	)
	app := d.Application(0)
	scan, err := d.Blobs.Put(t.Context(), strings.NewReader(scanned), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	app.Materials = append(app.Materials, message.Material{Code: "M-02", Party: "s1", Source: "upload", At: d.Clock.Now(),
		Files: []message.File{{Digest: scan.Digest, Name: "证件.pdf", Mime: scan.Mime, Size: scan.Size, Pages: 1}}})
	c := d.Submit(app)
	d.Work()
	var order casework.Order
	for _, o := range d.Open(c.ID) {
		if o.Department == "window" && o.Kind == "person" {
			order = o
		}
	}
	if order.ID == uuid.Nil || c.District != "321202" {
		t.Fatalf("the case of %s has no order of the window: %v", c.District, d.Open(c.ID))
	}
	real := things{no: string(c.No), unit: string(c.Unit), order: order.ID.String(), digest: scan.Digest, code: "ABCDEFGHJKLM"}
	for _, x := range []struct {
		login string
		sees  []string // beginnings of patterns that this one may open
	}{
		{"elsewhere.window", nil},
		{"elsewhere.registry", nil},
		{"here.tax", []string{"/w/book/", "/w/case/{no}", "/w/accept/{no}"}}, // a department with an order of the case reads it, and decides its own orders only
		{"here.bank", []string{"/w/book/"}},
	} {
		t.Run(x.login, func(t *testing.T) {
			who := d.caller(x.login)
			for _, r := range d.rowed() {
				if slices.ContainsFunc(x.sees, func(p string) bool { return strings.HasPrefix(r.Pattern, p) }) {
					continue
				}
				before := d.Case(c.ID)
				theirs, none := who.ask(r.Method, real.at(r.Pattern)), who.ask(r.Method, unknown(r.Pattern))
				if none.Status == http.StatusForbidden { // the role lacks the right: TestRights
					if theirs.Status != http.StatusForbidden {
						t.Errorf("%s %s: %d", r.Method, r.Pattern, theirs.Status)
					}
					continue
				}
				if theirs.Status != http.StatusNotFound || none.Status != http.StatusNotFound || words(theirs) != words(none) {
					t.Errorf("%s %s: of others %d %q, unknown %d %q", r.Method, r.Pattern, theirs.Status, words(theirs), none.Status, words(none))
				}
				if after := d.Case(c.ID); after.State != before.State {
					t.Errorf("%s %s changed the case", r.Method, r.Pattern)
				}
			}
			if now := d.Open(c.ID)[order.Node]; now.Assignee != nil {
				t.Errorf("the order was given to %s", now.AssigneeName)
			}
		})
	}
	// The addresses are real: whom they concern, they open.
	mine := d.caller("here.window")
	for _, r := range d.rowed() {
		if r.Method == http.MethodGet && !strings.Contains(r.Pattern, "{code}") {
			if p := mine.ask(r.Method, real.at(r.Pattern)); p.Status != http.StatusOK {
				t.Errorf("%s %s of one's own: %d %s", r.Method, r.Pattern, p.Status, p.Text())
			}
		}
	}
}

// scanned is the smallest file that the store takes.
const scanned = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

var trace = regexp.MustCompile(`反馈时请报：\s*\S+`)

// words are what a page says, its trace aside.
func words(p *webtest.Page) string { return trace.ReplaceAllString(p.Text(), "") }
