package inquiry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office/inquiry"
	"yichuang/internal/office/officetest"
)

// authority is an office with its room of inquiry, as the systems of authorities reach it.
type authority struct {
	*officetest.Office
	t    *testing.T
	room *inquiry.Room
	url  string
	out  *outside
	jobs *jobs
	keys map[string]spec.Identity // by name of the line
}

// line is a system that may call us.
type line struct{ name, counterpart, district, party string }

var lines = []line{
	{"police", "bigdata", "", ""}, {"hailing", "court", "", "hailing"}, {"zhongji", "court", "", "zhongji"}, {"xinghua", "court", democity.DeskDistrict, "xinghua"},
	{"bank", "bank", "", "jsb"}, {"other-bank", "bank", "", "other"}, {"registry", "registry", "321202", ""}, {"elsewhere", "registry", "321204", ""},
}

func open(t *testing.T) *authority {
	t.Helper()
	t.Parallel()
	o := officetest.New(t)
	log := slog.New(slog.DiscardHandler)
	x, err := exchange.New(exchange.Options{Pool: o.Pool, Keyring: o.Keys(), Clock: o.Clock, Log: log, Audit: o.Audit})
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{Office: o, t: t, out: &outside{}, jobs: &jobs{}, keys: map[string]spec.Identity{}}
	for _, l := range lines {
		ours, theirs := signer(t), signer(t)
		e := exchange.Endpoint{Name: l.name, Counterpart: l.counterpart, District: l.district, Party: l.party, Dialect: "unified", BaseURL: "http://" + l.name + ".invalid",
			App: "taizhou-yichuang", PeerApp: "app-" + l.name, Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true}
		if _, err := x.SetEndpoint(t.Context(), exchange.Actor{ID: "admin", Name: "管理员"}, e, &exchange.Keys{Signer: ours, Peer: theirs.Public()}, "试用"); err != nil {
			t.Fatal(err)
		}
		a.keys[l.name] = spec.Identity{App: e.PeerApp, Key: spec.SM2Key(theirs)}
	}
	srv := exchange.NewServer(x)
	a.room = inquiry.New(inquiry.Parts{Pool: o.Pool, Keys: o.Keys(), Clock: o.Clock, Log: log, Audit: o.Audit, Catalog: o.Catalog, Cases: o.Cases, Register: o.Register, Blobs: o.Blobs,
		Out: a.out, In: srv, Jobs: a.jobs})
	server := httptest.NewServer(srv)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func signer(t *testing.T) *sm.Signer {
	t.Helper()
	s, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a signed message and reads the answer into out; code is that of the refusal.
func (a *authority) ask(from string, op spec.Operation, in, out any) (code string) {
	a.t.Helper()
	body, err := spec.Encode(in)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.send(from, op, uuid.NewString(), "", body, out)
}

func (a *authority) send(from string, op spec.Operation, message, relates string, body []byte, out any) (code string) {
	a.t.Helper()
	info, ok := spec.Lookup(op)
	if !ok {
		a.t.Fatalf("no operation %s", op)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.url+info.Path, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if _, err := spec.SignRequest(a.keys[from], req, message, relates, body, a.Clock.Now()); err != nil {
		a.t.Fatal(err)
	}
	return a.do(req, out)
}

func (a *authority) do(req *http.Request, out any) (code string) {
	a.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if res.StatusCode/100 == 2 {
		if err := json.Unmarshal(raw, out); err != nil {
			a.t.Fatal(err)
		}
		return ""
	}
	var problem spec.Problem
	if err := json.Unmarshal(raw, &problem); err != nil {
		a.t.Fatalf("%d %s", res.StatusCode, raw)
	}
	return problem.Code
}

// title picks a home of a district that one person owns and nothing stands against.
func (a *authority) title(district string, skip int) (*democity.Title, spec.Person) {
	a.t.Helper()
	busy := map[land.UnitCode]bool{}
	for _, s := range a.City.Seizures {
		busy[s.Unit] = true
	}
	for _, m := range a.City.Mortgages {
		busy[m.Unit] = true
	}
	for _, x := range a.City.Objections {
		busy[x.Unit] = true
	}
	for _, x := range a.City.Advances {
		busy[x.Unit] = true
	}
	for i := range a.City.Titles {
		t := &a.City.Titles[i]
		if !t.Present() || t.Unit.District() != district || len(t.Holders) != 1 || t.Holders[0].Document.Kind != land.DocIDCard || busy[t.Unit] {
			continue
		}
		if skip--; skip < 0 {
			return t, person(t.Holders[0])
		}
	}
	a.t.Fatalf("no free title in %s", district)
	return nil, spec.Person{}
}

func person(h democity.Holder) spec.Person {
	return spec.Person{Name: h.Name, DocumentKind: spec.DocumentKind(h.Document.Kind), DocumentNumber: h.Document.Number}
}

var why = spec.Inquiry{Authority: "泰州市公安局", Officer: "赵警官", LegalBasis: "公科信〔2019〕21号", Purpose: "核查涉案财产", Reference: "泰公立字1024号"}

// told is one call that went out.
type told struct {
	op    spec.Operation
	route exchange.Route
	key   string
	in    any
}

// outside stands for all counterparts: it remembers what it is told. Only the desk district has no system.
type outside struct {
	mu     sync.Mutex
	calls  []told
	answer func(told, any) error // nil: everything is taken
}

func (o *outside) Call(_ context.Context, op spec.Operation, route exchange.Route, key string, in, out any) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := told{op, route, key, in}
	if o.answer != nil {
		if err := o.answer(c, out); err != nil {
			return err
		}
	}
	o.calls = append(o.calls, c)
	return nil
}

func (o *outside) Desk(_ context.Context, counterpart string, route exchange.Route) (bool, error) {
	return counterpart == "registry" && route.District == democity.DeskDistrict, nil
}

// of lists what was told by an operation.
func (o *outside) of(op spec.Operation) []told {
	var out []told
	for _, c := range o.calls {
		if c.op == op {
			out = append(out, c)
		}
	}
	return out
}

// jobs remembers what was put into the queue.
type jobs struct{ args []river.JobArgs }

func (j *jobs) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) error {
	j.args = append(j.args, args)
	return nil
}

// job finds the last one of a kind.
func job[T river.JobArgs](a *authority) T {
	a.t.Helper()
	for i := len(a.jobs.args) - 1; i >= 0; i-- {
		if x, ok := a.jobs.args[i].(T); ok {
			return x
		}
	}
	a.t.Fatalf("no job among %v", a.jobs.args)
	panic("not reached")
}

func (a *authority) count(sql string, args ...any) (n int) {
	a.t.Helper()
	if err := a.Pool.QueryRow(a.t.Context(), sql, args...).Scan(&n); err != nil {
		a.t.Fatal(err)
	}
	return n
}
