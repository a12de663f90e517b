package exchange_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
)

// desk is a bench whose server listens, with a registry that may call it.
type desk struct {
	*bench
	http     *httptest.Server
	registry spec.Identity
	us       *sm.PublicKey
	received atomic.Int32
	do       func(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.RegistryEntryResultRequest) (spec.Ack, error)
}

func newDesk(t testing.TB, change func(*exchange.Endpoint)) *desk {
	t.Helper()
	d := &desk{bench: newBench(t)}
	signer := newSigner(t)
	e := d.endpoint(t, "http://registry.invalid", signer.Public(), change)
	d.registry = spec.Identity{App: "registry-321202", Key: spec.SM2Key(signer)}
	d.us = publicKey(t, e.OwnKey)
	d.do = func(context.Context, pgx.Tx, exchange.Caller, spec.RegistryEntryResultRequest) (spec.Ack, error) {
		return spec.Ack{Received: true, Receipt: fmt.Sprintf("R%d", d.received.Load())}, nil
	}
	exchange.Receive(d.server, spec.RegistryEntryResult, func(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.RegistryEntryResultRequest) (spec.Ack, error) {
		d.received.Add(1)
		return d.do(ctx, tx, from, in)
	})
	exchange.Receive(d.server, spec.RegistryRestrictionNotify, func(_ context.Context, _ pgx.Tx, _ exchange.Caller, in spec.RegistryRestrictionNotifyRequest) (spec.Ack, error) {
		return spec.Ack{Received: true}, nil
	})
	exchange.Receive(d.server, spec.TaxArrivalNotify, func(_ context.Context, _ pgx.Tx, _ exchange.Caller, in spec.TaxArrivalNotifyRequest) (spec.Ack, error) {
		return spec.Ack{Received: true}, nil
	})
	exchange.Receive(d.server, spec.PlatformMaterialFetch, func(_ context.Context, _ pgx.Tx, _ exchange.Caller, in spec.PlatformMaterialFetchRequest) (spec.PlatformMaterialFetchResponse, error) {
		d.received.Add(1)
		return spec.PlatformMaterialFetchResponse{Digest: in.Digest, Mime: "image/png", Size: 3, Content: []byte("abc")}, nil
	})
	d.http = httptest.NewServer(d.server)
	t.Cleanup(d.http.Close)
	return d
}

var work = uuid.MustParse("0193a5c2-7d10-7a4e-9c31-5b1f0e6d2a77")

func entryResult(reason string) spec.RegistryEntryResultRequest {
	return spec.RegistryEntryResultRequest{
		WorkID: work, CaseNo: caseNo, RegistryCaseNo: "2026-0056789", UnitCode: unitCode,
		Outcome: spec.EntryOutcomeSuspended, ReasonCode: spec.EntryReasonSeized, Reason: reason,
	}
}

// mail is a request on its way; its fields may be spoiled before it goes.
type mail struct {
	*http.Request
	head spec.Head
	body []byte
}

// write prepares a good message of the registry.
func (d *desk) write(t testing.TB, op spec.Operation, messageID string, in any) *mail {
	t.Helper()
	body, err := spec.Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	var about struct {
		WorkID string `json:"workId"`
	}
	if err := json.Unmarshal(body, &about); err != nil {
		t.Fatal(err)
	}
	return d.writeBody(t, op, messageID, about.WorkID, body)
}

func (d *desk) writeBody(t testing.TB, op spec.Operation, messageID, relates string, body []byte) *mail {
	t.Helper()
	info, ok := spec.Lookup(op)
	if !ok {
		t.Fatalf("no operation %s", op)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.http.URL+info.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	head, err := spec.SignRequest(d.registry, req, messageID, relates, body, d.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &mail{req, head, body}
}

// result is a good result of an entry.
func (d *desk) result(t testing.TB, messageID string) *mail {
	t.Helper()
	return d.write(t, spec.RegistryEntryResult, messageID, entryResult("已被法院查封"))
}

// sendTo sends the mail and gives status and body.
func (m *mail) send(t testing.TB) (*http.Response, []byte) {
	t.Helper()
	m.Body = io.NopCloser(bytes.NewReader(m.body))
	m.ContentLength = int64(len(m.body))
	resp, err := http.DefaultClient.Do(m.Request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// code sends the mail and gives the code of its refusal, or "" and the status.
func (m *mail) code(t testing.TB) (spec.Code, int) {
	t.Helper()
	resp, body := m.send(t)
	if resp.StatusCode < 300 {
		return "", resp.StatusCode
	}
	var p spec.Problem
	if err := json.Unmarshal(body, &p); err != nil || p.Status != resp.StatusCode || p.TraceID == "" {
		t.Fatalf("no problem document: %s", body)
	}
	return spec.Code(p.Code), resp.StatusCode
}

func TestMessageIsTakenInAndAnsweredSigned(t *testing.T) {
	d := newDesk(t, nil)
	var from exchange.Caller
	d.do = func(ctx context.Context, _ pgx.Tx, c exchange.Caller, in spec.RegistryEntryResultRequest) (spec.Ack, error) {
		from = c
		if _, limited := ctx.Deadline(); !limited {
			t.Error("the handler has all the time in the world")
		}
		if in.WorkID != work || in.ReasonCode != spec.EntryReasonSeized {
			t.Errorf("received %+v", in)
		}
		return spec.Ack{Received: true}, nil
	}
	m := d.result(t, "result-0001")
	m.Body = io.NopCloser(bytes.NewReader(m.body))
	resp, err := http.DefaultClient.Do(m.Request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := spec.ReadAnswer(resp, m.URL.Path, m.head, spec.SM2Verifier(d.us), 1<<20, d.clock.Now())
	if err != nil || resp.StatusCode != 200 || string(body) != `{"received":true}` {
		t.Errorf("answer %d %s, %v", resp.StatusCode, body, err)
	}
	if from.App != "registry-321202" || !from.Serves(hailing) || from.Serves("321203") || !from.Is("water") {
		t.Errorf("caller %+v", from)
	}
	line := d.calls(t)[0]
	if line.Direction != exchange.In || line.Outcome != exchange.OK || line.Case != caseNo || line.Counterpart != "registry" || line.Source != "127.0.0.1" || line.Trace == "" {
		t.Errorf("line %+v", line)
	}
	if strings.Contains(string(line.Request), "法院") {
		t.Errorf("the log shows free text: %s", line.Request)
	}
}

// Each way in which a message can be wrong has a code of its own, and none reaches a handler.
func TestRefusedMessages(t *testing.T) {
	stranger := newSigner(t)
	d := newDesk(t, nil)
	start, registry := d.clock.Now(), d.registry
	for _, tt := range []struct {
		name   string
		code   spec.Code
		status int
		mail   func(t *testing.T, d *desk) *mail
	}{
		{"no operation", spec.CodeUnknownOperation, 404, func(t *testing.T, d *desk) *mail {
			m := d.result(t, "message-1")
			m.URL.Path = "/v1/registry/entry/forge"
			return m
		}},
		{"operation of the other direction", spec.CodeUnknownOperation, 404, func(t *testing.T, d *desk) *mail {
			return d.write(t, spec.RegistryUnitStatus, "message-1", spec.RegistryUnitStatusRequest{UnitCode: unitCode})
		}},
		{"operation that is not served here", spec.CodeUnknownOperation, 404, func(t *testing.T, d *desk) *mail {
			return d.writeBody(t, spec.RegistrySurveyResult, "message-1", "", []byte("{}"))
		}},
		{"GET", spec.CodeUnknownOperation, 404, func(t *testing.T, d *desk) *mail {
			m := d.result(t, "message-1")
			m.Method = http.MethodGet
			return m
		}},
		{"form", spec.CodeNotJSON, 415, func(t *testing.T, d *desk) *mail {
			m := d.result(t, "message-1")
			m.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return m
		}},
		{"query string", spec.CodeHeader, 400, func(t *testing.T, d *desk) *mail {
			m := d.result(t, "message-1")
			m.URL.RawQuery = "debug=1"
			return m
		}},
		{"no nonce", spec.CodeHeader, 400, spoilHeader(func(h http.Header) { h.Del(spec.HeaderNonce) })},
		{"two applications", spec.CodeHeader, 400, spoilHeader(func(h http.Header) { h.Add(spec.HeaderApp, "registry-321203") })},
		{"bad timestamp", spec.CodeHeader, 400, spoilHeader(func(h http.Header) { h.Set(spec.HeaderTime, "yesterday") })},
		{"bad base64", spec.CodeHeader, 400, spoilHeader(func(h http.Header) { h.Set(spec.HeaderSignature, "SM2:"+strings.Repeat("=", 44)) })},
		{"unknown application", spec.CodeUnknownApp, 401, spoilHeader(func(h http.Header) { h.Set(spec.HeaderApp, "registry-999999") })},
		{"signed by another", spec.CodeBadSignature, 401, func(t *testing.T, d *desk) *mail {
			d.registry.Key = spec.SM2Key(stranger)
			return d.result(t, "message-1")
		}},
		{"other nonce", spec.CodeBadSignature, 401, spoilHeader(func(h http.Header) { h.Set(spec.HeaderNonce, "0123456789abcdef") })},
		{"other message id", spec.CodeBadSignature, 401, spoilHeader(func(h http.Header) { h.Set(spec.HeaderMessage, "message-2") })},
		{"other path", spec.CodeBadSignature, 401, func(t *testing.T, d *desk) *mail {
			m := d.result(t, "message-1")
			m.URL.Path = "/v1/registry/restriction/notify"
			return m
		}},
		{"other body, new digest", spec.CodeBadSignature, 401, func(t *testing.T, d *desk) *mail {
			m := d.result(t, "message-1")
			m.body = bytes.Replace(m.body, []byte("suspended"), []byte("entered"), 1)
			m.Header.Set(spec.HeaderDigest, sm.SM3Hex(m.body))
			return m
		}},
		{"altered body", spec.CodeAltered, 401, func(t *testing.T, d *desk) *mail {
			m := d.result(t, "message-1")
			m.body = bytes.Replace(m.body, []byte("suspended"), []byte("entered"), 1)
			return m
		}},
		{"late", spec.CodeLate, 401, func(t *testing.T, d *desk) *mail {
			m := d.result(t, "message-1")
			d.clock.Advance(301 * time.Second)
			return m
		}},
		{"early", spec.CodeLate, 401, func(t *testing.T, d *desk) *mail {
			d.clock.Advance(302 * time.Second)
			m := d.result(t, "message-1")
			d.clock.Advance(-302 * time.Second)
			return m
		}},
		{"another's operation", spec.CodeNotGranted, 403, func(t *testing.T, d *desk) *mail {
			return d.writeBody(t, spec.TaxArrivalNotify, "message-1", "", []byte("{}"))
		}},
		{"too big", spec.CodeTooBig, 413, func(t *testing.T, d *desk) *mail {
			return d.writeBody(t, spec.RegistryEntryResult, "message-1", "", bytes.Repeat([]byte(" "), 1<<20+1))
		}},
		{"unknown field", spec.CodeSchema, 400, spoilBody(`{`, `{"approved":true,`)},
		{"missing field", spec.CodeSchema, 400, spoilBody(`"caseNo":"`+caseNo+`",`, ``)},
		{"wrong code", spec.CodeSchema, 400, spoilBody(`"suspended"`, `"maybe"`)},
		{"not JSON", spec.CodeSchema, 400, spoilBody(`{`, `<`)},
		{"a name twice", spec.CodeSchema, 400, spoilBody(`{`, `{"outcome":"entered",`)},
		{"of another work than it says", spec.CodeHeader, 400, func(t *testing.T, d *desk) *mail {
			m := d.result(t, "message-1")
			return d.writeBody(t, spec.RegistryEntryResult, "message-1", uuid.NewString(), m.body)
		}},
		{"of no work", spec.CodeHeader, 400, func(t *testing.T, d *desk) *mail {
			return d.writeBody(t, spec.RegistryEntryResult, "message-1", "", d.result(t, "message-1").body)
		}},
		{"of a work, though it is no result", spec.CodeHeader, 400, func(t *testing.T, d *desk) *mail {
			m := d.write(t, spec.RegistryRestrictionNotify, "message-1", seizure(d))
			return d.writeBody(t, spec.RegistryRestrictionNotify, "message-1", work.String(), m.body)
		}},
	} {
		start = start.Add(time.Hour) // so that the log's newest line is this one's
		t.Run(tt.name, func(t *testing.T) {
			d.clock.Set(start)
			d.registry = registry
			m := tt.mail(t, d)
			code, status := m.code(t)
			if code != tt.code || status != tt.status {
				t.Errorf("%d %s, want %d %s", status, code, tt.status, tt.code)
			}
			if d.received.Load() != 0 {
				t.Error("a handler ran")
			}
			if line := d.calls(t)[0]; line.Outcome != exchange.RejectedCall || line.Code != string(tt.code) {
				t.Errorf("line %+v", line)
			}
		})
	}
}

func spoilHeader(spoil func(http.Header)) func(*testing.T, *desk) *mail {
	return func(t *testing.T, d *desk) *mail {
		m := d.result(t, "message-1")
		spoil(m.Header)
		return m
	}
}

// spoilBody changes the body before it is signed.
func spoilBody(from, to string) func(*testing.T, *desk) *mail {
	return func(t *testing.T, d *desk) *mail {
		body := strings.Replace(string(d.result(t, "message-1").body), from, to, 1)
		return d.writeBody(t, spec.RegistryEntryResult, "message-1", work.String(), []byte(body))
	}
}

func seizure(d *desk) spec.RegistryRestrictionNotifyRequest {
	return spec.RegistryRestrictionNotifyRequest{
		UnitCode: unitCode, Action: spec.RestrictionActionRegistered, At: d.clock.Now(), Version: "v18",
		Restriction: spec.Restriction{Kind: spec.RestrictionKindSeizure, Number: "(2026)苏1202执1234号", Holder: "泰州市海陵区人民法院", RegisteredAt: d.clock.Now()},
	}
}

func TestSwitchedOffEndpointMayNotCall(t *testing.T) {
	d := newDesk(t, func(e *exchange.Endpoint) { e.Enabled = false })
	if code, _ := d.result(t, "message-1").code(t); code != spec.CodeSwitchedOff {
		t.Errorf("code %s", code)
	}
}

func TestRateOfMessagesIn(t *testing.T) {
	d := newDesk(t, func(e *exchange.Endpoint) { e.Limits.Rate, e.Limits.Burst = 0.001, 1 })
	if code, _ := d.result(t, "message-1").code(t); code != "" {
		t.Fatalf("code %s", code)
	}
	resp, _ := d.result(t, "message-2").send(t)
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("status %d, retry after %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
}

func TestReplayIsRefused(t *testing.T) {
	d := newDesk(t, nil)
	m := d.result(t, "message-1")
	if code, _ := m.code(t); code != "" {
		t.Fatalf("code %s", code)
	}
	if code, _ := m.code(t); code != spec.CodeReplayed {
		t.Errorf("code %s", code)
	}
	if n := d.received.Load(); n != 1 {
		t.Errorf("received %d times", n)
	}
}

func TestSameMessageGetsTheSameAnswer(t *testing.T) {
	d := newDesk(t, nil)
	_, first := d.result(t, "message-1").send(t)
	_, second := d.result(t, "message-1").send(t)
	if string(first) != `{"receipt":"R1","received":true}` || string(second) != string(first) {
		t.Errorf("answers %s and %s", first, second)
	}
	if n := d.received.Load(); n != 1 {
		t.Errorf("received %d times", n)
	}
	if line := d.calls(t)[0]; line.Outcome != exchange.Duplicate {
		t.Errorf("line %+v", line)
	}
	// The same id for something else is a mistake of the sender's.
	if code, _ := d.write(t, spec.RegistryEntryResult, "message-1", entryResult("另一个原因")).code(t); code != spec.CodeMessageReused {
		t.Errorf("other content: %s", code)
	}
	if code, _ := d.write(t, spec.RegistryRestrictionNotify, "message-1", seizure(d)).code(t); code != spec.CodeMessageReused {
		t.Errorf("other operation: %s", code)
	}
}

func TestSameMessageAtOnce(t *testing.T) {
	d := newDesk(t, nil)
	d.do = func(ctx context.Context, tx pgx.Tx, _ exchange.Caller, _ spec.RegistryEntryResultRequest) (spec.Ack, error) {
		_, err := tx.Exec(ctx, `SELECT pg_sleep(0.2)`)
		return spec.Ack{Received: true, Receipt: uuid.NewString()}, err
	}
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		answers = map[string]int{}
	)
	for range 8 {
		m := d.result(t, "message-1")
		wg.Go(func() {
			resp, body := m.send(t)
			mu.Lock()
			defer mu.Unlock()
			answers[fmt.Sprint(resp.StatusCode, string(body))]++
		})
	}
	wg.Wait()
	if len(answers) != 1 || d.received.Load() != 1 {
		t.Errorf("received %d times, answers %v", d.received.Load(), answers)
	}
}

// A refusal undoes what the handler wrote, is recorded, and stays the answer.
func TestRefusalIsKept(t *testing.T) {
	d := newDesk(t, nil)
	if _, err := d.pool.Exec(t.Context(), `CREATE TABLE effect (n int)`); err != nil {
		t.Fatal(err)
	}
	refuse := true
	d.do = func(ctx context.Context, tx pgx.Tx, _ exchange.Caller, _ spec.RegistryEntryResultRequest) (spec.Ack, error) {
		if _, err := tx.Exec(ctx, `INSERT INTO effect VALUES (1)`); err != nil {
			return spec.Ack{}, err
		}
		if refuse {
			return spec.Ack{}, fmt.Errorf("casework: %w", &exchange.Refusal{Code: spec.CodeWrongState, Message: "办件已办结"})
		}
		return spec.Ack{Received: true}, nil
	}
	count := func() (n int) {
		if err := d.pool.QueryRow(t.Context(), `SELECT count(*) FROM effect`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	code, status := d.result(t, "message-1").code(t)
	if code != spec.CodeWrongState || status != 422 || count() != 0 {
		t.Errorf("%d %s, %d effects", status, code, count())
	}
	refuse = false
	if code, status := d.result(t, "message-1").code(t); code != spec.CodeWrongState || status != 422 || d.received.Load() != 1 {
		t.Errorf("again: %d %s, received %d times", status, code, d.received.Load())
	}
	if code, _ := d.result(t, "message-2").code(t); code != "" || count() != 1 {
		t.Errorf("another message: %s, %d effects", code, count())
	}
	calls := d.calls(t)
	if calls[2].Outcome != exchange.Refused || calls[2].Code != "wrong-state" || calls[1].Outcome != exchange.Refused {
		t.Errorf("lines %+v", calls)
	}
}

// What fails by our own fault is not recorded: the sender is told nothing of the cause, and sends again.
func TestOwnFaultIsNotKept(t *testing.T) {
	for name, fail := range map[string]func() (spec.Ack, error){
		"error":     func() (spec.Ack, error) { return spec.Ack{}, errors.New("password of the database is hunter2") },
		"panic":     func() (spec.Ack, error) { panic("hunter2") },
		"bad reply": func() (spec.Ack, error) { return spec.Ack{Received: true, Receipt: strings.Repeat("hunter2", 20)}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.do = func(context.Context, pgx.Tx, exchange.Caller, spec.RegistryEntryResultRequest) (spec.Ack, error) {
				if d.received.Load() == 1 {
					return fail()
				}
				return spec.Ack{Received: true}, nil
			}
			resp, body := d.result(t, "message-1").send(t)
			if resp.StatusCode != 500 || strings.Contains(string(body), "hunter2") {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			if line := d.calls(t)[0]; line.Outcome != exchange.Failed {
				t.Errorf("line %+v", line)
			}
			if code, _ := d.result(t, "message-1").code(t); code != "" || d.received.Load() != 2 {
				t.Errorf("again: %s, received %d times", code, d.received.Load())
			}
		})
	}
}

// A query is answered afresh each time and leaves no answer behind; its replay is refused like any other.
func TestReadOnlyOperation(t *testing.T) {
	d := newDesk(t, nil)
	in := spec.PlatformMaterialFetchRequest{CaseNo: caseNo, Digest: strings.Repeat("0", 64)}
	m := d.write(t, spec.PlatformMaterialFetch, "message-1", in)
	for _, m := range []*mail{m, d.write(t, spec.PlatformMaterialFetch, "message-1", in)} {
		resp, body := m.send(t)
		if resp.StatusCode != 200 || !strings.Contains(string(body), `"content":"YWJj"`) {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
	if d.received.Load() != 2 {
		t.Errorf("received %d times", d.received.Load())
	}
	if code, _ := m.code(t); code != spec.CodeReplayed {
		t.Errorf("replay: %s", code)
	}
	var kept int
	if err := d.pool.QueryRow(t.Context(), `SELECT count(*) FROM exchange_inbox`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d kept, %v", kept, err)
	}
	if line := d.calls(t)[1]; !strings.Contains(string(line.Response), "4 字节") {
		t.Errorf("the log shows the content: %s", line.Response)
	}
}

// A gigabyte is announced or just sent: it is not read.
func TestEndlessMessage(t *testing.T) {
	for name, length := range map[string]int64{"announced": 1 << 30, "chunked": -1} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			m := d.result(t, "message-1")
			body := &counted{}
			m.Request.Body, m.Request.ContentLength = io.NopCloser(io.LimitReader(body, 1<<30)), length
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			resp, err := http.DefaultClient.Do(m.Request)
			runtime.ReadMemStats(&after)
			if err == nil {
				resp.Body.Close()
				if resp.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("status %d", resp.StatusCode)
				}
			}
			if n := body.n.Load(); n > 64<<20 {
				t.Errorf("took %d bytes", n)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
				t.Errorf("allocated %d bytes", grown)
			}
			if line := d.calls(t)[0]; line.Code != string(spec.CodeTooBig) {
				t.Errorf("line %+v", line)
			}
		})
	}
}

// counted gives blanks without end and counts them.
type counted struct{ n atomic.Int64 }

func (c *counted) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// A body that drips is cut off at the time limit.
func TestDrippingMessage(t *testing.T) {
	d := newDesk(t, func(e *exchange.Endpoint) { e.Limits.Timeout = 200 * time.Millisecond })
	m := d.result(t, "message-1")
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.http.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n", m.URL.Path, len(m.body))
	if err := m.Header.Write(conn); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "\r\n{")
	answer, err := io.ReadAll(conn) // ends when the server hangs up
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408") || !strings.Contains(string(answer), `"slow"`) {
		t.Errorf("answer %q, %v", answer, err)
	}
}

// Senders that nobody knows can't fill the log.
func TestStrangersDoNotFillTheLog(t *testing.T) {
	d := newDesk(t, nil)
	d.registry.Key = spec.SM2Key(newSigner(t))
	for i := range 80 {
		d.result(t, fmt.Sprintf("message-%d", i)).send(t)
	}
	if n := len(d.calls(t)); n < 50 || n > 75 {
		t.Errorf("%d lines of 80", n)
	}
}

func TestSweep(t *testing.T) {
	d := newDesk(t, nil)
	d.result(t, "message-1").send(t)
	rows := func() (nonces, messages int) {
		err := d.pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM exchange_nonces), (SELECT count(*) FROM exchange_inbox)`).Scan(&nonces, &messages)
		if err != nil {
			t.Fatal(err)
		}
		return nonces, messages
	}
	sweep := func() {
		if err := d.Sweep(t.Context(), 24*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	d.clock.Advance(10 * time.Minute)
	sweep()
	if n, m := rows(); n != 1 || m != 1 {
		t.Errorf("after ten minutes: %d, %d", n, m)
	}
	d.clock.Advance(time.Second)
	sweep()
	if n, m := rows(); n != 0 || m != 1 {
		t.Errorf("after that: %d, %d", n, m)
	}
	d.clock.Advance(24 * time.Hour)
	sweep()
	if n, m := rows(); n != 0 || m != 0 {
		t.Errorf("after a day: %d, %d", n, m)
	}
}

func TestWiringFaultsPanic(t *testing.T) {
	b := newBench(t)
	ack := func(context.Context, pgx.Tx, exchange.Caller, spec.RegistryEntryResultRequest) (spec.Ack, error) {
		return spec.Ack{}, nil
	}
	for name, wire := range map[string]func(){
		"other types": func() { exchange.Receive(b.server, spec.TaxAssessmentResult, ack) },
		"other direction": func() {
			exchange.Receive(b.server, spec.SystemPing, func(context.Context, pgx.Tx, exchange.Caller, spec.SystemPingRequest) (spec.SystemPingResponse, error) {
				return spec.SystemPingResponse{}, nil
			})
		},
		"twice": func() {
			exchange.Receive(b.server, spec.RegistryEntryResult, ack)
			exchange.Receive(b.server, spec.RegistryEntryResult, ack)
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			wire()
		})
	}
}
