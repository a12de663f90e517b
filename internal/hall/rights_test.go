package hall_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	catalogdata "yichuang/catalog"
	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/exchange"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall"
	"yichuang/internal/hall/account"
	"yichuang/internal/hall/application"
	"yichuang/internal/hall/appointment"
	"yichuang/internal/hall/migrations"
	"yichuang/internal/hall/payment"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
)

// channel is a payment channel that has a name and nothing else: a test of rights pays nothing.
type channel struct {
	payment.Channel
	code string
}

func (c channel) Code() string                          { return c.code }
func (c channel) Title() string                         { return c.code }
func (c channel) Origin() string                        { return "" }
func (c channel) Acknowledge(http.ResponseWriter, bool) {}
func (c channel) Notification(*http.Request) (payment.Notification, error) {
	return payment.Notification{}, payment.ErrForged
}

// lobby is the whole hall as the program puts it together, on a database of its own.
type lobby struct {
	t      *testing.T
	pool   *pgxpool.Pool
	keys   *sm.Keyring
	clock  *clock.Fake
	signer *sm.Signer // of both zones
	blobs  *blob.Store
	zone   *hall.Zone
	site   *webtest.Site
	routes []web.Route
}

func newLobby(t *testing.T) *lobby {
	t.Helper()
	l := &lobby{t: t, keys: sm.NewTestKeyring(t), clock: clock.NewFake(time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai()))}
	l.pool = pgtest.New(t, pgtest.Set{FS: migrations.FS, Table: "hall_version"}, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"},
		pgtest.Set{FS: exchange.Migrations(), Table: "exchange_version"}, pgtest.Set{FS: audit.Migrations(), Table: "audit_version"},
		pgtest.Set{FS: web.Migrations, Table: "web_version"}, pgtest.River())
	cat, err := catalog.Load(catalogdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(t.Context(), t.TempDir(), l.keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	signer, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	z, err := hall.New(t.Context(), hall.Config{Pool: l.pool, Clock: l.clock, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Keys: l.keys, Signer: signer,
		Blobs: blobs, Catalog: cat, Shared: l.keys, OfficeKey: signer.Public(), URL: "https://hall.test",
		Provider: account.ProviderConfig{Issuer: "http://127.0.0.1:1", ClientID: "x", Redirect: "https://hall.test/login/callback"},
		Channels: []payment.Channel{channel{code: "wechat"}, channel{code: "alipay"}, channel{code: "unionpay"}},
		Halls:    []appointment.Hall{{Code: "321202-1", Name: "海陵分中心", District: "321202", Windows: 2, PerSlot: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	l.signer, l.blobs, l.zone = signer, blobs, z
	l.routes = z.Routes()
	l.site = webtest.Serve(t, z.Pages().(*web.Router))
	return l
}

// citizen is somebody with an account and a browser; nobody has neither.
type citizen struct {
	l  *lobby
	b  *webtest.Browser
	me account.Citizen
}

func (l *lobby) nobody() *citizen {
	b := l.site.Browser()
	b.Client.Timeout = 20 * time.Second // a stream that should not have opened
	return &citizen{l: l, b: b}
}

func (l *lobby) citizen(name string, seq int) *citizen {
	l.t.Helper()
	c := l.nobody()
	number, err := land.MakeIDNumber("321202", "1980-02-03", seq)
	if err != nil {
		l.t.Fatal(err)
	}
	c.me, err = account.NewDirectory(l.keys).Arrive(l.t.Context(), l.pool, account.Citizen{Name: name, Level: 2, Phone: "13800000000",
		Document: land.Document{Kind: land.DocIDCard, Number: string(number)}}, l.clock.Now())
	if err != nil {
		l.t.Fatal(err)
	}
	c.enter()
	return c
}

func (c *citizen) enter() {
	c.b.SignIn(web.Identity{ID: c.me.ID, Kind: "citizen", Name: c.me.Name, Shown: land.MaskName(c.me.Name)})
}

// ask sends a request as the forms of the hall do, token and one-time key included; an hour passes before, so that no limit is met.
func (c *citizen) ask(method, path string) *webtest.Page {
	c.l.t.Helper()
	c.l.clock.Advance(time.Hour)
	if method == http.MethodGet {
		return c.b.Get(path)
	}
	values := url.Values{}
	for n := range c.b.Get("/verify").Root.Descendants() {
		if name := webtest.Attr(n, "name"); name == "_key" || name == "csrf_token" {
			values.Set(name, webtest.Attr(n, "value"))
		}
	}
	return c.b.Post(path, values)
}

var slot = regexp.MustCompile(`\{[a-z]+\}`)

// unknown puts something into the slots of a pattern that is well-formed and that nothing has.
func unknown(pattern string) string {
	return slot.ReplaceAllStringFunc(strings.TrimSuffix(pattern, "{$}"), func(s string) string {
		switch s {
		case "{no}":
			return "TZ-261124-99999-0"
		case "{hall}":
			return "321202-1"
		case "{day}":
			return "2026-11-26"
		case "{ref}":
			return "s1"
		case "{slot}":
			return "M-04-s1"
		case "{kind}":
			return "home"
		case "{code}", "{item}":
			return "existing-home-sale"
		case "{purpose}":
			return application.FacePurpose
		case "{token}":
			return strings.Repeat("A", 43)
		}
		return "01890000-0000-7000-8000-000000000000"
	})
}

// name is the route as the table has it: channels that are added need no new line.
func name(r web.Route) string {
	for _, c := range []string{"wechat", "alipay", "unionpay"} {
		if r.Pattern == "/notify/"+c {
			return r.Method + " /notify/{channel}"
		}
	}
	return r.Method + " " + r.Pattern
}

// Every route, with and without an account: the answer is the one of the table, and no route is missing from it.
func TestRights(t *testing.T) {
	l := newLobby(t)
	known := map[string]bool{}
	for _, r := range l.routes {
		known[name(r)] = true
		switch want := routes[name(r)]; {
		case want == "":
			t.Errorf("%s is not in the table of rights", name(r))
		case r.API != (want == program):
			t.Errorf("%s is for programs: %v, the table says %s", name(r), r.API, want)
		}
	}
	for r := range routes {
		if !known[r] {
			t.Errorf("the table has %s, which is no route", r)
		}
	}
	for who, c := range map[string]*citizen{"nobody": l.nobody(), "citizen": l.citizen("王晓明", 1)} {
		t.Run(who, func(t *testing.T) {
			for _, r := range l.routes {
				if r.API { // asks for a signature, not for an account
					continue
				}
				want := "in"
				if who == "nobody" && routes[name(r)] == signedIn {
					want = "sign in"
				}
				at := unknown(r.Pattern)
				if got := let(c.ask(r.Method, at), at); got != want && !strings.HasPrefix(r.Pattern, "/login/") { // the provider is not there
					t.Errorf("%s: %s, want %s", name(r), got, want)
				}
				if who == "citizen" && r.Pattern == "/logout" {
					c.enter()
				}
			}
		})
	}
}

// let says what became of a request: sent to sign in, or let in, whatever it found there.
func let(p *webtest.Page, asked string) string {
	switch {
	case p.Status == http.StatusUnauthorized, p.URL.Path == "/login" && asked != "/login":
		return "sign in"
	case p.Status >= 500, p.Status == http.StatusTooManyRequests, p.Status == http.StatusForbidden:
		return http.StatusText(p.Status) + ": " + p.Text()
	}
	return "in"
}

// belongings are what somebody has addresses of.
type belongings struct {
	draft, sent, no, bill, order, file, letter, booking string
}

func (x belongings) at(pattern string) string {
	id := map[string]string{"/app/": x.draft, "/confirm/": x.sent, "/inbox/": x.letter, "/bookings/": x.booking}
	for prefix, own := range id {
		if strings.HasPrefix(pattern, prefix) {
			pattern = strings.Replace(pattern, "{id}", own, 1)
		}
	}
	return unknown(strings.NewReplacer("{no}", x.no, "{bill}", x.bill, "{order}", x.order, "{file}", x.file).Replace(pattern))
}

// owned are the routes whose address names something of somebody.
func (l *lobby) owned() []web.Route {
	var out []web.Route
	for _, r := range l.routes {
		for _, prefix := range []string{"/app/{", "/confirm/{", "/case/{", "/pay/{", "/f/{", "/inbox/{", "/bookings/{"} {
			if strings.HasPrefix(r.Pattern, prefix) {
				out = append(out, r)
			}
		}
	}
	return out
}

// belongings gives a citizen one of everything.
func (c *citizen) belongings() belongings {
	l, t := c.l, c.l.t
	t.Helper()
	x := belongings{no: "TZ-261124-00001-3", sent: id(), bill: id(), order: id(), file: id(), letter: id(), booking: id()}
	p := c.b.Get("/apply/existing-home-sale")
	var consents []string
	for n := range p.Root.Descendants() {
		if n.Data == "input" && webtest.Attr(n, "name") == "consent" {
			consents = append(consents, webtest.Attr(n, "value"))
		}
	}
	p = p.Submit("同意并开始", url.Values{"consent": consents})
	if x.draft = strings.TrimPrefix(p.URL.Path, "/app/"); len(x.draft) < 36 {
		t.Fatalf("the start leads to %s", p.URL.Path)
	}
	x.draft = x.draft[:36]
	submitted := id()
	for app, state := range map[string]string{x.sent: "confirming", submitted: "submitted"} {
		d := application.Draft{Form: message.Application{ID: uuid.MustParse(app), Item: "existing-home-sale", Applicant: "s1",
			Parties: []message.Party{{Ref: "s1", Role: message.Seller, Name: c.me.Name, Document: c.me.Document, Phone: c.me.Phone}}}}
		plain, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		body := l.keys.Seal(plain, []byte("applications/"+app))
		l.exec(`INSERT INTO applications (id, no, item, item_version, owner, state, body, created_at, updated_at, sent_at, confirm_by, submitted_at)
			VALUES ($1, $2, 'existing-home-sale', 1, $3, $4, $5, $6, $6, $6, $7, CASE WHEN $4 = 'submitted' THEN $6::timestamptz END)`,
			app, "CG-"+app[:8]+app[24:], c.me.ID, state, body, l.clock.Now(), l.clock.Now().AddDate(1, 0, 0))
		l.exec(`INSERT INTO application_parties (app, ref, role, person, account, state, asked_at) VALUES ($1, 's1', 'seller', $2, $3, 'pending', $4)`,
			app, make([]byte, 32), c.me.ID, l.clock.Now())
	}
	digest := strings.Repeat("a", 64)
	l.exec(`INSERT INTO application_files (id, app, slot, digest, name, mime, size, pages, thumb, by, at) VALUES ($1, $2, 'M-04-s1', $3, $4, 'image/png', 1, 1, $5, $6, $7)`,
		x.file, x.draft, digest, l.keys.SealString("证件.png", "application_files/"+x.file+"/name"), l.keys.SealString("x", "application_files/"+x.file+"/thumb"), c.me.ID, l.clock.Now())
	l.exec(`INSERT INTO case_views (app, case_no, opened_at, updated_at) VALUES ($1, $2, $3, $3)`, submitted, x.no, l.clock.Now())
	l.exec(`INSERT INTO bills (id, app, case_no, kind, payer, total, lines, until, issued_at) VALUES ($1, $2, $3, 'tax-fee', 's1', 100, $4, $5, $5)`, x.bill, submitted, x.no, l.sealed(x.bill, `[]`),
		l.clock.Now().AddDate(1, 0, 0))
	l.exec(`INSERT INTO payment_orders (id, bill, channel, phone, account, amount, created_at, expires_at) VALUES ($1, $2, 'wechat', false, $3, 100, $4, $4)`, x.order, x.bill, c.me.ID, l.clock.Now())
	l.exec(`INSERT INTO notices (id, account, kind, text, at) VALUES ($1, $2, 'case-opened', $3, $4)`, x.letter, c.me.ID, l.sealed(x.letter, "已受理"), l.clock.Now())
	l.exec(`INSERT INTO bookings (id, account, hall, day, slot, code, person, visitor, made_at) VALUES ($1, $2, '321202-1', '2027-11-26', '09:00-09:30', '1', $3, $4, $5)`,
		x.booking, c.me.ID, make([]byte, 32), l.sealed(x.booking, `{}`), l.clock.Now())
	return x
}

// sealed is text as the rooms seal it, bound to the row of an id.
func (l *lobby) sealed(id, text string) []byte {
	row := uuid.MustParse(id)
	return l.keys.Seal([]byte(text), row[:])
}

func id() string { return uuid.Must(uuid.NewV7()).String() }

func (l *lobby) exec(sql string, args ...any) {
	l.t.Helper()
	if _, err := l.pool.Exec(l.t.Context(), sql, args...); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
}

// What is somebody else's looks like what is not there, whatever is asked of it.
func TestBelongingsOfOthersAreNotThere(t *testing.T) {
	l := newLobby(t)
	owner, other := l.citizen("王晓明", 1), l.citizen("李小华", 2)
	x := owner.belongings()
	before := l.everything()
	for _, r := range l.owned() {
		theirs, none := other.ask(r.Method, x.at(r.Pattern)), other.ask(r.Method, unknown(r.Pattern))
		if theirs.Status != http.StatusNotFound || none.Status != http.StatusNotFound || words(theirs) != words(none) {
			t.Errorf("%s: of others %d %q, unknown %d %q", name(r), theirs.Status, words(theirs), none.Status, words(none))
		}
	}
	if after := l.everything(); after != before {
		t.Errorf("another person changed something: %s, was %s", after, before)
	}
	for _, r := range l.owned() { // the addresses are real: for their owner something is there
		if r.Method == http.MethodGet && r.Class != web.ClassLive && !strings.Contains(strings.TrimPrefix(r.Pattern, "/pay"), "}/") {
			if p := owner.ask(r.Method, x.at(r.Pattern)); p.Status == http.StatusNotFound || p.Status >= 500 { // a file whose bytes have left is gone, not unknown
				t.Errorf("%s of one's own: %d %s", name(r), p.Status, p.Text())
			}
		}
	}
}

// everything is a digest of what the owner has.
func (l *lobby) everything() (sum string) {
	l.t.Helper()
	err := l.pool.QueryRow(l.t.Context(), `SELECT md5(string_agg(x, '|' ORDER BY x)) FROM (SELECT applications::text AS x FROM applications UNION ALL
		SELECT application_parties::text FROM application_parties UNION ALL SELECT application_files::text FROM application_files UNION ALL
		SELECT bookings::text FROM bookings UNION ALL SELECT notices::text FROM notices UNION ALL SELECT payment_orders::text FROM payment_orders UNION ALL
		SELECT bills::text FROM bills UNION ALL SELECT case_views::text FROM case_views) AS all_rows`).Scan(&sum)
	if err != nil {
		l.t.Fatal(err)
	}
	return sum
}

var trace = regexp.MustCompile(`反馈时请报：\s*\S+`)

// words are what a page says, its trace aside.
func words(p *webtest.Page) string { return trace.ReplaceAllString(p.Text(), "") }
