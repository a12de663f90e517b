package exchange_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
)

const (
	unitCode = "321202001003GB00012F00030504"
	caseNo   = "TZ-261124-00412-6"
	hailing  = "321202"
)

var admin = exchange.Actor{ID: "admin-1", Name: "系统管理员", Source: "10.1.2.3"}

// bench is one zone's exchange on a database of its own.
type bench struct {
	*exchange.Exchange
	client  *exchange.Client
	server  *exchange.Server
	pool    *pgxpool.Pool
	clock   *clock.Fake
	keyring *sm.Keyring
	entries []audit.Entry
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{
		pool:    pgtest.New(t, pgtest.Set{FS: exchange.Migrations(), Table: exchange.MigrationTable}),
		clock:   fixedClock(),
		keyring: sm.NewTestKeyring(t),
	}
	b.Exchange = b.another(t)
	b.client, b.server = exchange.NewClient(b.Exchange), exchange.NewServer(b.Exchange)
	return b
}

// Record takes the place of the audit log.
func (b *bench) Record(_ context.Context, _ pg.DB, e audit.Entry) error {
	if e.Detail["原因"] == "refuse the record" {
		return errors.New("audit is down")
	}
	b.entries = append(b.entries, e)
	return nil
}

// document is the specification, parsed once for all tests.
var document = func() func(testing.TB) *spec.Document {
	load := sync.OnceValues(spec.Load)
	return func(t testing.TB) *spec.Document {
		t.Helper()
		d, err := load()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}()

func fixedClock() *clock.Fake {
	return clock.NewFake(time.Date(2026, 11, 24, 10, 15, 0, 0, clock.Shanghai()))
}

// another is the exchange of another process on the same database.
func (b *bench) another(t testing.TB) *exchange.Exchange {
	t.Helper()
	x, err := exchange.New(exchange.Options{
		Pool: b.pool, Keyring: b.keyring, Clock: b.clock, Document: document(t),
		Audit: b,
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// endpoint saves a registry's endpoint at url with fresh keys; change may alter it before.
func (b *bench) endpoint(t testing.TB, url string, peer *sm.PublicKey, change func(*exchange.Endpoint)) exchange.Endpoint {
	t.Helper()
	e := exchange.Endpoint{
		Name: "海陵区不动产登记系统", Counterpart: "registry", District: hailing, Dialect: "unified", BaseURL: url,
		App: "taizhou-yichuang", PeerApp: "registry-321202", Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true,
	}
	e.Limits.RetryDelay = time.Millisecond
	if change != nil {
		change(&e)
	}
	saved, err := b.SetEndpoint(t.Context(), admin, e, &exchange.Keys{Signer: newSigner(t), Peer: peer}, "联调")
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func newSigner(t testing.TB) *sm.Signer {
	t.Helper()
	s, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// counterpart is a system outside, built from package spec alone, as a vendor's would be.
type counterpart struct {
	*httptest.Server
	signer *sm.Signer
	clock  clock.Clock
	answer func(w http.ResponseWriter, r *http.Request, head spec.Head, body []byte)

	mu    sync.Mutex
	us    *sm.PublicKey
	heads []spec.Head
}

func newCounterpart(t testing.TB, clk clock.Clock) *counterpart {
	t.Helper()
	c := &counterpart{signer: newSigner(t), clock: clk}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *counterpart) identity() spec.Identity {
	return spec.Identity{App: "registry-321202", Key: spec.SM2Key(c.signer)}
}

func (c *counterpart) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var nobody spec.Head
	head, err := spec.CheckRequest(r, func(app string) (spec.Verifier, error) {
		if app != "taizhou-yichuang" {
			return nil, spec.NewFault(spec.CodeUnknownApp, "")
		}
		return spec.SM2Verifier(c.us), nil
	}, c.clock.Now())
	if err != nil {
		c.refuse(w, r, nobody, err)
		return
	}
	body, err := spec.ReadBody(head, r.Body, 1<<20)
	if err != nil {
		c.refuse(w, r, head, err)
		return
	}
	c.mu.Lock()
	c.heads = append(c.heads, head)
	c.mu.Unlock()
	c.answer(w, r, head, body)
}

func (c *counterpart) refuse(w http.ResponseWriter, r *http.Request, head spec.Head, err error) {
	var fault *spec.Fault
	if !errors.As(err, &fault) {
		fault = spec.NewFault(spec.CodeInternal, err.Error())
	}
	_ = spec.Refuse(w, c.identity(), r.URL.Path, head, fault, "", c.clock.Now())
}

func (c *counterpart) reply(w http.ResponseWriter, r *http.Request, head spec.Head, v any) {
	body, err := spec.Encode(v)
	if err != nil {
		c.refuse(w, r, head, err)
		return
	}
	_ = spec.Answer(w, c.identity(), r.URL.Path, head, http.StatusOK, body, c.clock.Now())
}

// sent tells how often a message arrived, and whether every sending was one message with a nonce of its own.
func (c *counterpart) sent() (n int, oneMessage bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	nonces := map[string]bool{}
	for _, head := range c.heads {
		nonces[head.Nonce] = true
		if head.MessageID != c.heads[0].MessageID {
			return len(c.heads), false
		}
	}
	return len(c.heads), len(nonces) == len(c.heads)
}

// connect makes a bench and a counterpart that know each other.
func connect(t testing.TB, change func(*exchange.Endpoint)) (*bench, *counterpart, exchange.Endpoint) {
	t.Helper()
	b := newBench(t)
	c := newCounterpart(t, b.clock)
	e := b.endpoint(t, c.URL, c.signer.Public(), change)
	c.us = publicKey(t, e.OwnKey)
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, body []byte) {
		c.reply(w, r, head, statusOf(b.clock.Now()))
	}
	return b, c, e
}

func publicKey(t testing.TB, pem string) *sm.PublicKey {
	t.Helper()
	key, err := sm.ParsePublicKey([]byte(pem))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func statusOf(now time.Time) spec.RegistryUnitStatusResponse {
	return spec.RegistryUnitStatusResponse{UnitCode: unitCode, Transferable: true, Version: "v17", AsOf: now}
}

// askStatus is the call that most tests make.
func (b *bench) askStatus(ctx context.Context) (spec.RegistryUnitStatusResponse, error) {
	var out spec.RegistryUnitStatusResponse
	err := b.client.Call(ctx, spec.RegistryUnitStatus, exchange.Route{District: hailing, Case: caseNo}, "status-1", spec.RegistryUnitStatusRequest{UnitCode: unitCode}, &out)
	return out, err
}

// calls reads the whole call log.
func (b *bench) calls(t testing.TB) []exchange.Call {
	t.Helper()
	calls, _, err := b.Calls(t.Context(), exchange.Filter{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
