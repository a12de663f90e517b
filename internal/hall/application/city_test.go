package application_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	catalogdata "yichuang/catalog"
	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/democity"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/account"
	"yichuang/internal/hall/application"
	"yichuang/internal/hall/inquiry"
	"yichuang/internal/hall/migrations"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/kit/web/webtest"
	"yichuang/internal/land"
)

// hall is the room on real databases and a real ferry, with an office of the test's own at the other end.
type hall struct {
	t         *testing.T
	pool      *pgxpool.Pool
	room      *application.Room
	site      *webtest.Site
	clock     *clock.Fake
	keys      *sm.Keyring
	signer    *sm.Signer
	directory *account.Directory
	audit     *audit.Log
	blobs     *blob.Store
	office    *office
	notices   *notices
	city      *democity.City
	face      bool // the face service's answer
}

// notices collects what people are told.
type notices struct {
	mu   sync.Mutex
	list []application.Notice
}

func (n *notices) Notify(_ context.Context, _ pgx.Tx, x application.Notice) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, x)
	return nil
}

func (n *notices) of(kind string) []application.Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []application.Notice
	for _, x := range n.list {
		if x.Kind == kind {
			out = append(out, x)
		}
	}
	return out
}

// office answers the hall from the invented city, as the real one does from its register and the departments.
type office struct {
	city *democity.City
	door *ferry.Door

	mu        sync.Mutex
	mute      map[message.Type]bool // questions that get no answer at all
	silent    map[message.Type]bool // questions whose department stays silent
	unfiled   map[string]bool       // document numbers of whom civil affairs has no record
	gate      chan struct{}         // where set, no answer leaves before it is closed
	submitted []message.Submitted
	files     []string
}

func (o *office) set(list map[message.Type]bool, t message.Type, on bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list[t] = on
}

func (o *office) hold(gate chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gate = gate
}

// wait waits until answers may leave.
func (o *office) wait(ctx context.Context) {
	o.mu.Lock()
	gate := o.gate
	o.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
		}
	}
}

// says reports how a question is answered: not at all, by silence, or really.
func (o *office) says(t message.Type) (mute, silent bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mute[t], o.silent[t]
}

func handle[Q, A any](o *office, in, out message.Type, ask func(Q) message.Ask, silent func(message.Reply) A, answer func(Q, message.Reply) A) {
	ferry.Handle(o.door, in, func(ctx context.Context, tx pgx.Tx, m ferry.Inbound, q Q) error {
		mute, quiet := o.says(in)
		if mute {
			return nil
		}
		o.wait(ctx)
		head := message.Reply{Query: ask(q).Query}
		var body A
		if quiet {
			head.Error = "silent"
			body = silent(head)
		} else {
			body = answer(q, head)
		}
		return o.door.Send(ctx, tx, ferry.Message{Type: out, Case: m.Case, Body: body})
	})
}

func (o *office) take() {
	handle(o, message.HomeQuery, message.HomeReplied, func(q message.HomeQueryBody) message.Ask { return q.Ask },
		func(r message.Reply) message.HomeReply { return message.HomeReply{Reply: r} }, o.home)
	handle(o, message.ContractQuery, message.ContractReplied, func(q message.ContractQueryBody) message.Ask { return q.Ask },
		func(r message.Reply) message.ContractReply { return message.ContractReply{Reply: r} }, o.contract)
	handle(o, message.ShareQuery, message.ShareReplied, func(q message.ShareQueryBody) message.Ask { return q.Ask },
		func(r message.Reply) message.ShareReply { return message.ShareReply{Reply: r} }, o.share)
	handle(o, message.UtilityQuery, message.UtilityReplied, func(q message.UtilityQueryBody) message.Ask { return q.Ask },
		func(r message.Reply) message.UtilityReply { return message.UtilityReply{Reply: r} }, o.utilities)
	ferry.Handle(o.door, message.ApplicationSubmitted, func(_ context.Context, _ pgx.Tx, _ ferry.Inbound, m message.Submitted) error {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.submitted = append(o.submitted, m)
		return nil
	})
}

func (o *office) home(q message.HomeQueryBody, head message.Reply) message.HomeReply {
	for i := range o.city.Titles {
		t := &o.city.Titles[i]
		holds := slices.ContainsFunc(t.Holders, func(h democity.Holder) bool {
			return h.Cert == q.Certificate && h.Name == q.OwnerName && h.Document.Number == q.Document
		})
		if !t.Present() || !holds {
			continue
		}
		u, _ := o.city.Unit(t.Unit)
		h := &message.Home{UnitCode: u.Code, HouseCode: u.House, Certificate: q.Certificate, District: u.District, Address: u.Address, Area: u.Area,
			Use: u.Use.Label(), CoOwn: t.CoOwn, HeldSince: t.On}
		for _, x := range t.Holders {
			h.Owners = append(h.Owners, message.Owner{Name: x.Name, Document: x.Document, Share: x.Share})
		}
		for _, s := range o.city.Seizures {
			if s.Unit == u.Code {
				h.Obstacles = append(h.Obstacles, message.Obstacle{Code: "seized", Blocks: true, Text: "这套房现在被依法查封，不能买卖"})
			}
		}
		for _, m := range o.city.Mortgages {
			if m.Unit == u.Code {
				h.Obstacles = append(h.Obstacles, message.Obstacle{Code: "mortgaged", Text: "这套房还有抵押"})
			}
		}
		return message.HomeReply{Reply: head, Home: h}
	}
	head.Error = "none"
	return message.HomeReply{Reply: head}
}

func (o *office) contract(q message.ContractQueryBody, head message.Reply) message.ContractReply {
	k, ok := o.city.Contract(q.Number)
	if !ok || k.Unit != q.Unit {
		head.Error = "none"
		return message.ContractReply{Reply: head}
	}
	out := message.ContractReply{Reply: head, Unit: k.Unit, Contract: &message.Contract{Number: k.Number, Imported: true, Price: k.Price, SignedOn: k.SignedOn, HandOver: k.HandOver, Agency: k.Agency}}
	for i, s := range k.Sellers {
		out.Parties = append(out.Parties, message.Party{Ref: fmt.Sprintf("s%d", i+1), Role: message.Seller, Name: s.Name, Document: s.Document, Phone: s.Phone, Share: s.Share})
	}
	for i, b := range k.Buyers {
		out.Parties = append(out.Parties, message.Party{Ref: fmt.Sprintf("b%d", i+1), Role: message.Buyer, Name: b.Name, Document: b.Document, Phone: b.Phone, Share: b.Share})
	}
	return out
}

func (o *office) share(q message.ShareQueryBody, head message.Reply) message.ShareReply {
	out := message.ShareReply{Reply: head, Marriage: map[string]string{}, Spouses: map[string]message.Owner{}}
	at := time.Date(2026, 11, 24, 10, 31, 0, 0, clock.Shanghai())
	for _, p := range q.Persons {
		out.Materials = append(out.Materials, message.Material{Code: "M-02", Party: p.Ref, Source: "shared", From: "公安", At: at, Summary: "身份信息一致"})
		known, ok := o.city.Person(land.IDNumber(p.Document.Number))
		o.mu.Lock()
		unfiled := o.unfiled[p.Document.Number]
		o.mu.Unlock()
		if !ok || unfiled {
			out.Marriage[p.Ref] = "unknown"
			if !slices.Contains(out.Missing, "M-04") {
				out.Missing = append(out.Missing, "M-04")
			}
			continue
		}
		out.Marriage[p.Ref] = known.Marriage
		if s, ok := o.city.Person(known.Spouse); ok {
			out.Spouses[p.Ref] = message.Owner{Name: s.Name, Document: s.Document()}
		}
		out.Materials = append(out.Materials, message.Material{Code: "M-04", Party: p.Ref, Source: "shared", From: "民政", At: at, Summary: known.Marriage})
	}
	return out
}

func (o *office) utilities(q message.UtilityQueryBody, head message.Reply) message.UtilityReply {
	out := message.UtilityReply{Reply: head}
	for _, u := range o.city.Utilities {
		if u.Unit == q.Unit {
			out.Utilities = append(out.Utilities, message.Utility{Kind: u.Kind, Provider: u.Provider, Account: u.Number, Action: "transfer", Arrears: u.Arrears, AsOf: time.Date(2026, 11, 24, 10, 31, 0, 0, clock.Shanghai())})
		}
	}
	return out
}

var today = land.Date("2026-11-24")

// cities are built once: they are the same for the same seed.
var theCity = sync.OnceValue(func() *democity.City { return democity.Build(1, today) })

var theCatalog = sync.OnceValues(func() (*catalog.Catalog, error) { return catalog.Load(catalogdata.FS) })

// faceOf is a face service that knows everybody, or nobody.
type faceOf struct{ h *hall }

func (f faceOf) Check(context.Context, account.Citizen, []byte) (account.FaceResult, error) {
	return account.FaceResult{Pass: f.h.face, Score: 90}, nil
}

func newHall(t *testing.T) *hall {
	t.Helper()
	t.Parallel() // most of the time a test waits for the ferry
	cat, err := theCatalog()
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{t: t, clock: clock.NewFake(time.Date(2026, 11, 24, 10, 30, 0, 0, clock.Shanghai())), keys: sm.NewTestKeyring(t), city: theCity(), notices: &notices{}, face: true}
	h.pool = pgtest.New(t, pgtest.Set{FS: web.Migrations, Table: web.MigrationTable}, pgtest.Set{FS: migrations.FS, Table: "goose_hall"},
		pgtest.Set{FS: audit.Migrations(), Table: audit.Table}, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"})
	h.audit = audit.New(h.pool, h.keys, h.clock)
	h.directory = account.NewDirectory(h.keys)
	if h.blobs, err = blob.Open(t.Context(), t.TempDir(), h.keys); err != nil {
		t.Fatal(err)
	}
	door := h.connect()
	face := account.NewFace(account.FaceOptions{Pool: h.pool, Directory: h.directory, Service: faceOf{h}, Audit: h.audit, Clock: h.clock,
		Log: slog.New(slog.DiscardHandler), Purposes: []account.Purpose{{Code: application.FacePurpose, Title: "确认买卖申请", Why: "处分房屋要确认是您本人。"}}})
	h.room = application.New(application.Deps{Pool: h.pool, Keys: h.keys, Signer: h.signer, Clock: h.clock, Log: slog.New(slog.DiscardHandler), Audit: h.audit,
		Catalog: func() *catalog.Catalog { return cat }, Door: door, Inquiry: inquiry.New(h.pool, door, h.keys, h.clock), Directory: h.directory, Face: face,
		Blobs: h.blobs, Notify: h.notices, Site: "https://hall.example",
		Banks:   []application.Bank{{Code: "jsyh", Name: "建设银行"}, {Code: "fcyh", Name: "凤城银行"}},
		Lenders: []application.Lender{{Kind: "commercial", Code: "fcyh", Name: "凤城银行", Credit: "91320000000000000A"}, {Kind: "fund", Code: "gjj", Name: "泰州市住房公积金管理中心", Credit: "12320000000000000B"}},
		Halls:   []application.Hall{{ID: "321202-1", Name: "海陵登记大厅", Address: "青年南路 1 号"}}})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, d := range []*ferry.Door{door, h.office.door} {
		running.Go(func() { _ = d.Run(ctx) })
	}
	t.Cleanup(func() { stop(); running.Wait() })
	rt := web.NewRouter(web.Options{Zone: "hall", DB: h.pool, Keys: h.keys, Failure: ui.Failure, Clock: h.clock, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})), Sentence: cat.Message, SignIn: "/webtest/login",
		Decorate: ui.Use(ui.Site{Class: "hall", Name: "泰州市不动产", Title: "网上办事大厅", SignIn: "/webtest/login", Mine: "/me"}),
		Limits:   map[web.Class]web.Limit{web.ClassUpload: {Every: time.Microsecond, Burst: 1000}, web.ClassPage: {Every: time.Microsecond, Burst: 10000}, web.ClassSignIn: {Every: time.Microsecond, Burst: 100}, "source": {Every: time.Microsecond, Burst: 10000}}})
	h.room.Routes(rt)
	face.Routes(rt)
	plain := func(w http.ResponseWriter, r *http.Request) error {
		return web.Render(w, r, 200, ui.Str("页面"))
	}
	rt.Get("/me", web.SignedIn, plain)
	rt.Get("/webtest/login", web.Public, plain)
	h.site = webtest.Serve(t, rt)
	return h
}

// connect makes the two doors of the ferry.
func (h *hall) connect() *ferry.Door {
	h.t.Helper()
	var err error
	if h.signer, err = sm.NewSigner(); err != nil {
		h.t.Fatal(err)
	}
	theirs, err := sm.NewSigner()
	if err != nil {
		h.t.Fatal(err)
	}
	shared := sm.NewTestKeyring(h.t)
	pool := pgtest.New(h.t, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"})
	blobs, err := blob.Open(h.t.Context(), h.t.TempDir(), h.keys)
	if err != nil {
		h.t.Fatal(err)
	}
	mine := ferry.New(ferry.Options{Zone: "hall", Peer: "office", Pool: h.pool, Clock: h.clock, Keys: h.keys, Shared: shared, Signer: h.signer, PeerKey: theirs.Public(),
		Blobs: h.blobs, Log: slog.New(slog.DiscardHandler), Acked: func(ctx context.Context, typ message.Type, blobs []string) error {
			h.office.mu.Lock()
			h.office.files = append(h.office.files, blobs...)
			h.office.mu.Unlock()
			return h.room.Uploads.Acked(ctx, typ, blobs)
		}})
	h.office = &office{city: h.city, mute: map[message.Type]bool{}, silent: map[message.Type]bool{}, unfiled: map[string]bool{}}
	h.office.door = ferry.New(ferry.Options{Zone: "office", Peer: "hall", Pool: pool, Clock: h.clock, Keys: h.keys, Shared: shared, Signer: theirs, PeerKey: h.signer.Public(),
		Blobs: blobs, Log: slog.New(slog.DiscardHandler)})
	h.office.take()
	mine.Connect(ferry.Loop{To: h.office.door})
	h.office.door.Connect(ferry.Loop{To: mine})
	return mine
}

// person is somebody with an account and a browser.
type person struct {
	*webtest.Browser
	account.Citizen
	h *hall
}

// comes signs a person of the city in.
func (h *hall) comes(name string, doc land.Document, phone string) *person {
	h.t.Helper()
	c, err := h.directory.Arrive(h.t.Context(), h.pool, account.Citizen{Name: name, Document: doc, Phone: phone, Level: 3}, h.clock.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	p := &person{h.site.Browser(), c, h}
	p.SignIn(account.IdentityOf(c))
	return p
}

func (h *hall) holder(x democity.Holder) *person { return h.comes(x.Name, x.Document, x.Phone) }

// owner signs in the person of an identity number.
func (h *hall) citizen(id land.IDNumber) *person {
	h.t.Helper()
	p, ok := h.city.Person(id)
	if !ok {
		h.t.Fatalf("nobody has the number %s", id)
	}
	return h.comes(p.Name, p.Document(), p.Phone)
}

// page is a page that keeps the rules of all pages.
func sound(t *testing.T, p *webtest.Page) *webtest.Page {
	t.Helper()
	if f := p.Faults(); len(f) > 0 {
		t.Errorf("%s breaks rules: %q", p.URL, f)
	}
	return p
}

// start begins an application of the item and returns the id.
func (p *person) start(item string) (uuid.UUID, *webtest.Page) {
	p.h.t.Helper()
	page := p.Get("/apply/"+item).Submit("同意并开始", url.Values{"consent": {"police", "civil-affairs", "registry", "housing"}})
	id, err := uuid.Parse(segment(page.URL.Path, 2))
	if err != nil {
		p.h.t.Fatalf("no application after start: %s %s", page.URL, page.Text())
	}
	return id, page
}

func segment(path string, n int) string {
	parts := bytes.Split([]byte(path), []byte("/"))
	if n >= len(parts) {
		return ""
	}
	return string(parts[n])
}

// eventually waits for what the ferry brings.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 400 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s did not happen", what)
}

// pass passes a face check from the page that asks for it.
func (p *person) pass(page *webtest.Page) *webtest.Page {
	p.h.t.Helper()
	return page.Upload("开始核验", webtest.File{Name: "face.jpg", Data: photo(300, 400)})
}

// photo is a JPEG; other sizes are other files.
func photo(w, h int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// contractOf finds a contract of the city whose sellers and buyers fit.
func (h *hall) contractOf(fits func(democity.Contract) bool) democity.Contract {
	h.t.Helper()
	for _, k := range h.city.Contracts {
		if fits(k) {
			return k
		}
	}
	h.t.Fatal("no such contract in the city")
	return democity.Contract{}
}

func (h *hall) app(id uuid.UUID) *application.App {
	h.t.Helper()
	a, err := h.room.ByID(h.t.Context(), h.pool, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func mustID(t *testing.T, s string) uuid.UUID {
	t.Helper()
	id, err := uuid.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
