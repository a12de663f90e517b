package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
)

func TestCallIsAnsweredAndLogged(t *testing.T) {
	b, c, e := connect(t, nil)
	out, err := b.askStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !out.Transferable || out.Version != "v17" {
		t.Errorf("answer %+v", out)
	}
	if n, one := c.sent(); n != 1 || !one || c.heads[0].MessageID != "registry.unit.status:status-1" {
		t.Errorf("sent %d times, head %+v", n, c.heads)
	}
	calls := b.calls(t)
	if len(calls) != 1 {
		t.Fatalf("%d lines in the log", len(calls))
	}
	got := calls[0]
	if got.Outcome != exchange.OK || got.Status != 200 || got.Attempts != 1 || got.Case != caseNo || got.Endpoint != e.ID || got.District != hailing || got.Direction != exchange.Out {
		t.Errorf("line %+v", got)
	}
}

func TestCallLogMasksPersons(t *testing.T) {
	b, c, _ := connect(t, nil)
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) {
		c.reply(w, r, head, spec.RegistryUnitQueryResponse{Matched: false, AsOf: b.clock.Now()})
	}
	in := spec.RegistryUnitQueryRequest{CertificateNo: "苏(2026)泰州市不动产权第0001234号", OwnerName: "欧阳建国", DocumentNumber: "32120219700512301X", Purpose: "核验"}
	if err := b.client.Call(t.Context(), spec.RegistryUnitQuery, exchange.Route{District: hailing}, "q", in, nil); err != nil {
		t.Fatal(err)
	}
	line := string(b.calls(t)[0].Request)
	for _, secret := range []string{"欧阳建国", "32120219700512301X", "700512"} {
		if strings.Contains(line, secret) {
			t.Errorf("the log shows %s: %s", secret, line)
		}
	}
	for _, open := range []string{"欧**国", "321***********301X", "0001234"} {
		if !strings.Contains(line, open) {
			t.Errorf("the log lacks %s: %s", open, line)
		}
	}
}

func TestCallComesAgainAsOneMessage(t *testing.T) {
	b, c, _ := connect(t, nil)
	var n atomic.Int32
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) {
		switch n.Add(1) {
		case 1:
			w.WriteHeader(http.StatusBadGateway) // a gateway, unsigned
		case 2:
			c.refuse(w, r, head, spec.NewFault(spec.CodeUnavailable, "维护"))
		default:
			c.reply(w, r, head, statusOf(b.clock.Now()))
		}
	}
	if _, err := b.askStatus(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, one := c.sent(); n != 3 || !one {
		t.Errorf("sent %d times, as one message with fresh nonces: %v", n, one)
	}
	if got := b.calls(t)[0]; got.Attempts != 3 || got.Outcome != exchange.OK {
		t.Errorf("line %+v", got)
	}
}

func TestCallGivesUp(t *testing.T) {
	b, c, _ := connect(t, func(e *exchange.Endpoint) { e.Limits.Attempts = 3 })
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) {
		c.refuse(w, r, head, spec.NewFault(spec.CodeInternal, ""))
	}
	_, err := b.askStatus(t.Context())
	var away *exchange.Unavailable
	if !errors.Is(err, exchange.ErrUnavailable) || !errors.As(err, &away) || away.Reason != "busy" {
		t.Errorf("error %v", err)
	}
	if n, _ := c.sent(); n != 3 {
		t.Errorf("sent %d times", n)
	}
}

func TestRefusalsOfTheCounterpart(t *testing.T) {
	b, c, _ := connect(t, nil)
	for _, tt := range []struct {
		name    string
		answer  func(c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head)
		outcome exchange.Outcome
		check   func(error) bool
		sent    int
	}{
		{"decision", func(c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			c.refuse(w, r, head, spec.NewFault("unit-unknown", "单元不存在"))
		}, exchange.Refused, func(err error) bool {
			var refusal *exchange.Refusal
			return errors.As(err, &refusal) && refusal.Code == "unit-unknown" && refusal.Message == "单元不存在" && !errors.Is(err, exchange.ErrUnavailable)
		}, 1},
		{"decision without signature", func(c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(422)
			fmt.Fprint(w, `{"type":"urn:yichuang:problem:seized","title":"x","status":422,"code":"seized"}`)
		}, exchange.Unbelievable, func(err error) bool {
			var bad *exchange.BadAnswer
			return errors.As(err, &bad) && errors.Is(err, exchange.ErrUnavailable)
		}, 4},
		{"keys differ", func(c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			c.refuse(w, r, head, spec.NewFault(spec.CodeBadSignature, ""))
		}, exchange.RejectedCall, func(err error) bool {
			var rejected *exchange.Rejected
			return errors.As(err, &rejected) && rejected.Fault.Code == spec.CodeBadSignature && errors.Is(err, exchange.ErrUnavailable)
		}, 1},
		{"specifications differ", func(c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			f := spec.NewFault(spec.CodeSchema, "")
			f.Fields = []spec.FieldProblem{{Pointer: "/unitCode", Detail: "格式不对"}}
			c.refuse(w, r, head, f)
		}, exchange.RejectedCall, func(err error) bool {
			var rejected *exchange.Rejected
			return errors.As(err, &rejected) && len(rejected.Fault.Fields) == 1
		}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.heads = nil
			c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) { tt.answer(c, w, r, head) }
			_, err := b.askStatus(t.Context())
			if !tt.check(err) {
				t.Errorf("error %v", err)
			}
			if n, _ := c.sent(); n != tt.sent {
				t.Errorf("sent %d times, want %d", n, tt.sent)
			}
			if got := b.calls(t)[0]; got.Outcome != tt.outcome {
				t.Errorf("outcome %s (%s), want %s", got.Outcome, got.Detail, tt.outcome)
			}
		})
	}
}

// Whatever is wrong with an answer, none of it is used.
func TestBadAnswersAreNotBelieved(t *testing.T) {
	b, c, _ := connect(t, func(e *exchange.Endpoint) { e.Limits.Attempts, e.Limits.BreakerFailures = 1, 0 })
	stranger := newSigner(t)
	good := func(b *bench) []byte {
		return mustJSON(t, map[string]any{"unitCode": unitCode, "transferable": true, "changed": false, "restrictions": []any{}, "openCase": false, "version": "v17", "asOf": b.clock.Now()})
	}
	type write = func(b *bench, c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head)
	body := func(text string) write {
		return func(b *bench, c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			_ = spec.Answer(w, c.identity(), r.URL.Path, head, 200, []byte(text), b.clock.Now())
		}
	}
	for _, tt := range []struct {
		name string
		code spec.Code
		do   write
	}{
		{"signed by another", spec.CodeBadSignature, func(b *bench, c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			_ = spec.Answer(w, spec.Identity{App: "registry-321202", Key: spec.SM2Key(stranger)}, r.URL.Path, head, 200, good(b), b.clock.Now())
		}},
		{"other scheme", spec.CodeBadSignature, func(b *bench, c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			_ = spec.Answer(w, spec.Identity{App: "registry-321202", Key: spec.Secret("0123456789abcdef")}, r.URL.Path, head, 200, good(b), b.clock.Now())
		}},
		{"not signed", spec.CodeHeader, func(b *bench, c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			_, _ = w.Write(good(b))
		}},
		{"answer to another request", spec.CodeBadSignature, func(b *bench, c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			head.Nonce = "0123456789abcdef"
			_ = spec.Answer(w, c.identity(), r.URL.Path, head, 200, good(b), b.clock.Now())
		}},
		{"answer of another operation", spec.CodeBadSignature, func(b *bench, c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			_ = spec.Answer(w, c.identity(), "/v1/registry/unit/query", head, 200, good(b), b.clock.Now())
		}},
		{"old answer", spec.CodeLate, func(b *bench, c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			_ = spec.Answer(w, c.identity(), r.URL.Path, head, 200, good(b), b.clock.Now().Add(-6*time.Minute))
		}},
		{"altered", spec.CodeAltered, func(b *bench, c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			_ = spec.Answer(altered{w}, c.identity(), r.URL.Path, head, 200, good(b), b.clock.Now())
		}},
		{"unknown field", spec.CodeSchema, body(`{"unitCode":"` + unitCode + `","transferable":true,"changed":false,"restrictions":[],"openCase":false,"version":"v","asOf":"2026-11-24T10:15:00+08:00","extra":1}`)},
		{"missing field", spec.CodeSchema, body(`{"unitCode":"` + unitCode + `","transferable":true}`)},
		{"null list", spec.CodeSchema, body(`{"unitCode":"` + unitCode + `","transferable":true,"changed":false,"restrictions":null,"openCase":false,"version":"v","asOf":"2026-11-24T10:15:00+08:00"}`)},
		{"a name twice", spec.CodeSchema, body(`{"transferable":false,"unitCode":"` + unitCode + `","transferable":true,"changed":false,"restrictions":[],"openCase":false,"version":"v","asOf":"2026-11-24T10:15:00+08:00"}`)},
		{"not JSON", spec.CodeSchema, body(`<html>`)},
		{"more after the JSON", spec.CodeSchema, body(string(good(b)) + `{}`)},
		{"not UTF-8", spec.CodeSchema, body("{\"unitCode\":\"\xff\"}")},
		{"redirect", spec.CodeHeader, func(b *bench, c *counterpart, w http.ResponseWriter, r *http.Request, head spec.Head) {
			http.Redirect(w, r, "http://127.0.0.1:1/v1/registry/unit/status", http.StatusTemporaryRedirect)
		}},
		{"two megabytes", spec.CodeTooBig, body(`{"unitCode":"` + strings.Repeat("x", 2<<20) + `"}`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) { tt.do(b, c, w, r, head) }
			out, err := b.askStatus(t.Context())
			var bad *exchange.BadAnswer
			if !errors.As(err, &bad) || bad.Code != tt.code {
				t.Errorf("error %v, want a bad answer: %s", err, tt.code)
			}
			if out.Transferable || out.UnitCode != "" {
				t.Errorf("used %+v", out)
			}
			if got := b.calls(t)[0]; got.Outcome != exchange.Unbelievable || got.Code != string(tt.code) || len(got.Response) > 0 {
				t.Errorf("line %+v", got)
			}
		})
	}
}

// altered changes one byte of the body on its way.
type altered struct{ http.ResponseWriter }

func (a altered) Write(p []byte) (int, error) {
	return a.ResponseWriter.Write(bytes.Replace(p, []byte("v17"), []byte("v18"), 1))
}

// A gigabyte comes in: no more than the limit is read.
func TestEndlessAnswer(t *testing.T) {
	b, c, _ := connect(t, func(e *exchange.Endpoint) { e.Limits.Attempts = 1; e.Limits.Timeout = 20 * time.Second })
	var written atomic.Int64
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) {
		_ = spec.Answer(endless{w, &written}, c.identity(), r.URL.Path, head, 200, []byte("{}"), b.clock.Now())
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := b.askStatus(t.Context())
	runtime.ReadMemStats(&after)
	var bad *exchange.BadAnswer
	if !errors.As(err, &bad) || bad.Code != spec.CodeTooBig {
		t.Errorf("error %v", err)
	}
	c.Close() // waits for the handler
	if n := written.Load(); n > 64<<20 {
		t.Errorf("took %d bytes", n)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("allocated %d bytes for an answer of at most 1 MiB", grown)
	}
}

// endless writes up to a gigabyte, until the other side hangs up.
type endless struct {
	http.ResponseWriter
	written *atomic.Int64
}

func (e endless) Write([]byte) (int, error) {
	block := bytes.Repeat([]byte(" "), 1<<20)
	for range 1 << 10 {
		n, err := e.ResponseWriter.Write(block)
		e.written.Add(int64(n))
		if err != nil {
			return n, err
		}
	}
	return 0, nil
}

func (e endless) WriteHeader(status int) {
	e.Header().Del("Content-Length")
	e.ResponseWriter.WriteHeader(status)
}

// An answer that drips byte by byte ends with the time limit.
func TestDrippingAnswer(t *testing.T) {
	b, c, _ := connect(t, func(e *exchange.Endpoint) { e.Limits.Attempts = 1; e.Limits.Timeout = 200 * time.Millisecond })
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) {
		_ = spec.Answer(dripping{w, r.Context()}, c.identity(), r.URL.Path, head, 200, mustJSON(t, statusOf(b.clock.Now())), b.clock.Now())
	}
	_, err := b.askStatus(t.Context())
	var away *exchange.Unavailable
	if !errors.As(err, &away) || away.Reason != "timed-out" {
		t.Errorf("error %v", err)
	}
}

// dripping writes the first byte and waits for the other side to lose patience.
type dripping struct {
	http.ResponseWriter
	ctx context.Context
}

func (d dripping) Write(p []byte) (int, error) {
	_, _ = d.ResponseWriter.Write(p[:1])
	d.ResponseWriter.(http.Flusher).Flush()
	<-d.ctx.Done()
	return 1, io.ErrClosedPipe
}

func TestCircuitOpensAndCloses(t *testing.T) {
	b, c, e := connect(t, func(e *exchange.Endpoint) {
		e.Limits.Attempts, e.Limits.BreakerFailures, e.Limits.BreakerDelay = 1, 3, time.Minute
	})
	ill := true
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) {
		if ill {
			c.refuse(w, r, head, spec.NewFault(spec.CodeInternal, ""))
			return
		}
		c.reply(w, r, head, statusOf(b.clock.Now()))
	}
	ask := func(wantOpen bool) {
		t.Helper()
		_, err := b.askStatus(t.Context())
		var away *exchange.Unavailable
		if open := errors.As(err, &away) && away.Reason == exchange.ReasonCircuitOpen; open != wantOpen {
			t.Fatalf("circuit open: %v, want %v (%v)", open, wantOpen, err)
		}
	}
	sent := func(want int) {
		t.Helper()
		if n, _ := c.sent(); n != want {
			t.Fatalf("sent %d times, want %d", n, want)
		}
	}
	for range 3 {
		ask(false)
	}
	ask(true)
	sent(3)
	shown := func(want time.Time) {
		t.Helper()
		got, err := b.Endpoint(t.Context(), e.ID)
		if err != nil || !got.OpenSince.Equal(want) {
			t.Fatalf("page shows open since %v, want %v (%v)", got.OpenSince, want, err)
		}
	}
	opened := b.clock.Now()
	shown(opened)
	b.clock.Advance(59 * time.Second)
	ask(true)
	b.clock.Advance(time.Second) // half open: one trial, which fails
	ask(false)
	ask(true)
	sent(4)
	shown(opened.Add(time.Minute))

	// A process that starts now finds the circuit as the old one left it.
	later := exchange.NewClient(b.another(t))
	err := later.Call(t.Context(), spec.RegistryUnitStatus, exchange.Route{District: hailing}, "k", spec.RegistryUnitStatusRequest{UnitCode: unitCode}, nil)
	var away *exchange.Unavailable
	if !errors.As(err, &away) || away.Reason != exchange.ReasonCircuitOpen {
		t.Errorf("after a restart: %v", err)
	}

	ill = false
	b.clock.Advance(time.Minute)
	ask(false)
	ask(false)
	sent(6)
	shown(time.Time{})
}

// A refusal, a rejection and "too many" are signs of life.
func TestRefusalsLeaveTheCircuitClosed(t *testing.T) {
	b, c, _ := connect(t, func(e *exchange.Endpoint) { e.Limits.Attempts, e.Limits.BreakerFailures = 1, 1 })
	for _, code := range []spec.Code{"seized", spec.CodeBadSignature, spec.CodeTooMany} {
		c.heads = nil
		c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) {
			c.refuse(w, r, head, spec.NewFault(code, ""))
		}
		for range 3 {
			if _, err := b.askStatus(t.Context()); err == nil {
				t.Fatal("no error")
			}
		}
		if n, _ := c.sent(); n != 3 {
			t.Errorf("%s: sent %d times", code, n)
		}
	}
}

func TestConcurrencyLimit(t *testing.T) {
	b, c, _ := connect(t, func(e *exchange.Endpoint) { e.Limits.Concurrency = 2 })
	var now, most atomic.Int32
	entered, gate := make(chan struct{}), make(chan struct{})
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		entered <- struct{}{}
		<-gate
		now.Add(-1)
		c.reply(w, r, head, statusOf(b.clock.Now()))
	}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := b.askStatus(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	<-entered
	<-entered
	for range 4 {
		gate <- struct{}{}
		<-entered
	}
	gate <- struct{}{}
	gate <- struct{}{}
	wg.Wait()
	if most.Load() != 2 {
		t.Errorf("%d at once", most.Load())
	}
}

// A call that finds no room before its context ends has not been sent.
func TestRateLimit(t *testing.T) {
	b, c, _ := connect(t, func(e *exchange.Endpoint) { e.Limits.Rate, e.Limits.Burst = 0.001, 1 })
	if _, err := b.askStatus(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := b.askStatus(ctx)
	var away *exchange.Unavailable
	if !errors.As(err, &away) || away.Reason != exchange.ReasonLimited {
		t.Errorf("error %v", err)
	}
	if n, _ := c.sent(); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestWhereNothingIsSent(t *testing.T) {
	b, c, e := connect(t, nil)
	e.District, e.PeerApp, e.ID, e.Version = "321203", "registry-321203", [16]byte{}, 0
	e.Enabled = false
	if _, err := b.SetEndpoint(t.Context(), admin, e, &exchange.Keys{Signer: newSigner(t), Peer: c.signer.Public()}, ""); err != nil {
		t.Fatal(err)
	}
	desk := exchange.Endpoint{Name: "泰兴市不动产登记", Counterpart: "registry", District: "321283", Dialect: "desk", Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true}
	if _, err := b.SetEndpoint(t.Context(), admin, desk, nil, ""); err != nil {
		t.Fatal(err)
	}
	ask := func(district string, op spec.Operation, in any) error {
		return b.client.Call(t.Context(), op, exchange.Route{District: district}, "k", in, nil)
	}
	good := spec.RegistryUnitStatusRequest{UnitCode: unitCode}
	var away *exchange.Unavailable
	if err := ask("321203", spec.RegistryUnitStatus, good); !errors.As(err, &away) || away.Reason != exchange.ReasonSwitchedOff {
		t.Errorf("switched off: %v", err)
	}
	if err := ask("321283", spec.RegistryUnitStatus, good); !errors.Is(err, exchange.ErrDesk) {
		t.Errorf("desk: %v", err)
	}
	if isDesk, err := b.client.Desk(t.Context(), "registry", exchange.Route{District: "321283"}); !isDesk || err != nil {
		t.Errorf("desk: %v, %v", isDesk, err)
	}
	if isDesk, err := b.client.Desk(t.Context(), "registry", exchange.Route{District: hailing}); isDesk || err != nil {
		t.Errorf("desk: %v, %v", isDesk, err)
	}
	if err := ask("321204", spec.RegistryUnitStatus, good); !errors.Is(err, exchange.ErrNoEndpoint) {
		t.Errorf("not configured: %v", err)
	}
	var fault *spec.Fault
	if err := ask(hailing, spec.RegistryUnitStatus, spec.RegistryUnitStatusRequest{UnitCode: "1"}); !errors.As(err, &fault) || fault.Code != spec.CodeSchema {
		t.Errorf("our own message wrong: %v", err)
	}
	if err := ask(hailing, spec.RegistryEntryResult, spec.RegistryEntryResultRequest{}); err == nil {
		t.Error("an operation of the other direction was called")
	}
	if n, _ := c.sent(); n != 0 {
		t.Errorf("sent %d times", n)
	}
}

func TestMostSpecificRouteWins(t *testing.T) {
	b := newBench(t)
	c := newCounterpart(t, b.clock)
	var asked []string
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) {
		asked = append(asked, r.URL.Path[1:strings.Index(r.URL.Path, "/v1/")])
		c.reply(w, r, head, spec.UtilityArrearsQueryResponse{Found: false, AsOf: b.clock.Now()})
	}
	keys := &exchange.Keys{Signer: newSigner(t), Peer: c.signer.Public()}
	c.us = keys.Signer.Public()
	for _, e := range []struct{ path, district, item, party string }{
		{"any", "", "", ""}, {"hailing", hailing, "", ""}, {"item", "", "gift", ""}, {"hailing-item", hailing, "gift", ""}, {"water", "", "", "water"}, {"hailing-water", hailing, "", "water"},
	} {
		_, err := b.SetEndpoint(t.Context(), admin, exchange.Endpoint{
			Name: e.path, Counterpart: "utility", District: e.district, Item: e.item, Party: e.party, Dialect: "unified", BaseURL: c.URL + "/" + e.path,
			App: "taizhou-yichuang", PeerApp: "registry-321202", Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true,
		}, keys, "")
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		route exchange.Route
		want  string
	}{
		{exchange.Route{}, "any"}, {exchange.Route{District: "321204", Item: "sale", Party: "gas"}, "any"}, {exchange.Route{District: hailing}, "hailing"},
		{exchange.Route{District: hailing, Item: "sale"}, "hailing"}, {exchange.Route{Item: "gift"}, "item"}, {exchange.Route{District: hailing, Item: "gift"}, "hailing-item"},
		{exchange.Route{District: "321204", Party: "water"}, "water"}, {exchange.Route{District: hailing, Item: "gift", Party: "water"}, "hailing-water"},
	} {
		asked = nil
		in := spec.UtilityArrearsQueryRequest{Kind: spec.UtilityKindWater, AccountNo: "0300123456"}
		if err := b.client.Call(t.Context(), spec.UtilityArrearsQuery, tt.route, "k", in, nil); err != nil {
			t.Fatal(err)
		}
		if len(asked) != 1 || asked[0] != tt.want {
			t.Errorf("route %+v went to %v, want %s", tt.route, asked, tt.want)
		}
	}
}

func TestSharedSecret(t *testing.T) {
	b := newBench(t)
	secret := []byte("0123456789abcdef0123456789abcdef")
	c := newCounterpart(t, b.clock)
	c.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		self := spec.Identity{App: "registry-321202", Key: spec.Secret(secret)}
		head, err := spec.CheckRequest(r, func(string) (spec.Verifier, error) { return spec.Secret(secret), nil }, b.clock.Now())
		if err != nil {
			c.refuse(w, r, head, err)
			return
		}
		_ = spec.Answer(w, self, r.URL.Path, head, 200, mustJSON(t, map[string]any{"unitCode": unitCode, "transferable": true, "changed": false, "restrictions": []any{}, "openCase": false, "version": "v17", "asOf": b.clock.Now()}), b.clock.Now())
	})
	e, err := b.SetEndpoint(t.Context(), admin, exchange.Endpoint{
		Name: "海陵区不动产登记系统", Counterpart: "registry", Dialect: "unified", BaseURL: c.URL, App: "taizhou-yichuang", PeerApp: "registry-321202", Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true,
	}, &exchange.Keys{Secret: secret}, "")
	if err != nil || e.Scheme != spec.SchemeHMAC || e.OwnKey != "" {
		t.Fatalf("endpoint %+v, %v", e, err)
	}
	if out, err := b.askStatus(t.Context()); err != nil || !out.Transferable {
		t.Errorf("answer %+v, %v", out, err)
	}
}

func TestTestCall(t *testing.T) {
	b, c, e := connect(t, func(e *exchange.Endpoint) { e.Enabled = false })
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, body []byte) {
		c.reply(w, r, head, spec.SystemPingResponse{Echo: strings.Trim(string(body), "{}"), System: "海陵区不动产登记系统", Version: "3.2.1", Now: b.clock.Now().Add(2 * time.Minute)})
	}
	p, err := b.client.Test(t.Context(), e.ID)
	if err != nil || !p.OK || p.System != "海陵区不动产登记系统" || p.Skew < 115*time.Second || p.Skew > 2*time.Minute {
		t.Errorf("probe %+v, %v", p, err)
	}
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, _ []byte) {
		c.refuse(w, r, head, spec.NewFault(spec.CodeUnknownOperation, ""))
	}
	if p, _ := b.client.Test(t.Context(), e.ID); !p.OK || p.Err == nil {
		t.Errorf("a system without the operation: %+v", p)
	}
	c.Close()
	if p, _ := b.client.Test(t.Context(), e.ID); p.OK || !errors.Is(p.Err, exchange.ErrUnavailable) {
		t.Errorf("nobody there: %+v", p)
	}
	if _, err := b.client.Test(t.Context(), [16]byte{1}); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("no such endpoint: %v", err)
	}
}
