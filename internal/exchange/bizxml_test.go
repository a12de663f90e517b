package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
)

var xmlForms = map[string]bizxml.Form{"bizxml": bizxml.Plain, "bizxml-soap": bizxml.SOAP}

// inXML runs a test in both forms.
func inXML(t *testing.T, test func(t *testing.T, dialect string, form bizxml.Form)) {
	for dialect, form := range xmlForms {
		t.Run(dialect, func(t *testing.T) { test(t, dialect, form) })
	}
}

// xmlPeer is a system that speaks XML, built from package spec/bizxml alone.
type xmlPeer struct {
	*httptest.Server
	form   bizxml.Form
	signer *sm.Signer
	clock  clock.Clock
	us     *sm.PublicKey
	forge  bool
	spoil  func(*httptest.ResponseRecorder) // changes an answer on its way
	answer func(body []byte) (status int, answer any, fault *spec.Fault)

	mu    sync.Mutex
	heads []spec.Head
	files []bizxml.File
}

func (p *xmlPeer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l := bizxml.NewLetter(p.form, w, r)
	kept := httptest.NewRecorder()
	if p.spoil != nil {
		l = bizxml.NewLetter(p.form, kept, r)
	}
	l.Files = func(_ spec.Info, _ []byte, files []bizxml.File) error {
		p.files = files
		return nil
	}
	p.take(l)
	if p.spoil == nil {
		return
	}
	p.spoil(kept)
	w.Header().Set("Content-Type", kept.Header().Get("Content-Type"))
	w.WriteHeader(kept.Code)
	_, _ = w.Write(kept.Body.Bytes())
}

func (p *xmlPeer) take(l *bizxml.Letter) {
	id := spec.Identity{App: "registry-321202", Key: spec.SM2Key(p.signer)}
	info, head, err := l.Open(func(string) (spec.Verifier, error) { return spec.SM2Verifier(p.us), nil }, p.clock.Now())
	var body []byte
	if err == nil {
		body, err = l.Body(info.MaxRequest, clock.System().Now().Add(time.Second))
	}
	var fault *spec.Fault
	if err != nil && !errors.As(err, &fault) {
		fault = spec.NewFault(spec.CodeInternal, err.Error())
	}
	p.mu.Lock()
	p.heads = append(p.heads, head)
	p.mu.Unlock()
	status, answer := 0, any(nil)
	if fault == nil {
		status, answer, fault = p.answer(body)
	}
	if p.forge {
		id.Key = spec.Secret("another secret, of nobody's at all")
	}
	if fault != nil {
		_ = l.Refuse(id, fault, "trace", p.clock.Now())
		return
	}
	raw, err := spec.Encode(answer)
	if err == nil {
		err = l.Answer(id, status, raw, p.clock.Now())
	}
	if err != nil {
		panic(err)
	}
}

// connectXML makes a bench and such a system that know each other, and the folder between them.
func connectXML(t *testing.T, dialect string, form bizxml.Form) (*bench, *xmlPeer, string) {
	t.Helper()
	b, dir := newBench(t), t.TempDir()
	p := &xmlPeer{form: form, signer: newSigner(t), clock: b.clock}
	p.answer = func([]byte) (int, any, *spec.Fault) { return 200, statusOf(b.clock.Now()), nil }
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	e := b.endpoint(t, p.URL, p.signer.Public(), func(e *exchange.Endpoint) { e.Dialect, e.Folder = dialect, "file://"+dir })
	p.us = publicKey(t, e.OwnKey)
	return b, p, dir
}

func TestXMLCallIsAnsweredAndLogged(t *testing.T) {
	inXML(t, func(t *testing.T, dialect string, form bizxml.Form) {
		b, p, _ := connectXML(t, dialect, form)
		out, err := b.askStatus(t.Context())
		if err != nil || !out.Transferable || out.Version != "v17" || !out.AsOf.Equal(b.clock.Now()) {
			t.Fatalf("answer %+v, %v", out, err)
		}
		if len(p.heads) != 1 || p.heads[0].MessageID != "registry.unit.status:status-1" || p.heads[0].App != "taizhou-yichuang" {
			t.Errorf("heads %+v", p.heads)
		}
		if line := b.calls(t)[0]; line.Outcome != exchange.OK || line.Status != 200 || line.Case != caseNo || !strings.Contains(string(line.Response), "v17") {
			t.Errorf("line %+v", line)
		}
	})
}

// What the counterpart says is told apart as in the unified dialect: a decision, a "later", a mistake, and what must not be believed.
func TestXMLAnswers(t *testing.T) {
	for _, tt := range []struct {
		name    string
		with    func(p *xmlPeer)
		outcome exchange.Outcome
		code    string
	}{
		{"decision", func(p *xmlPeer) {
			p.answer = func([]byte) (int, any, *spec.Fault) { return 0, nil, spec.NewFault("unit-unknown", "单元不存在") }
		}, exchange.Refused, "unit-unknown"},
		{"maintenance", func(p *xmlPeer) {
			p.answer = func([]byte) (int, any, *spec.Fault) { return 0, nil, spec.NewFault(spec.CodeUnavailable, "维护") }
		}, exchange.Failed, "busy"},
		{"mistake", func(p *xmlPeer) {
			p.answer = func([]byte) (int, any, *spec.Fault) { return 0, nil, spec.NewFault(spec.CodeNotGranted, "") }
		}, exchange.RejectedCall, "not-granted"},
		{"another's signature", func(p *xmlPeer) { p.forge = true }, exchange.Unbelievable, "bad-signature"},
		{"altered", spoilt("v17", "v18"), exchange.Unbelievable, "altered"},
		{"of another message", spoilt("status-1", "status-2"), exchange.Unbelievable, "bad-signature"},
		{"of another operation", spoilt("DJ017", "DJ016"), exchange.Unbelievable, "bad-signature"},
		{"success turned into refusal", spoilt("ok", "late"), exchange.Unbelievable, "schema"},
		{"half of it", func(p *xmlPeer) {
			p.spoil = func(w *httptest.ResponseRecorder) { w.Body.Truncate(w.Body.Len() / 2) }
		}, exchange.Unbelievable, ""},
		{"a page", func(p *xmlPeer) {
			p.spoil = func(w *httptest.ResponseRecorder) {
				w.Header().Set("Content-Type", "text/html")
				w.Body = bytes.NewBufferString("<html></html>")
			}
		}, exchange.Unbelievable, "not-json"},
		{"a gateway", func(p *xmlPeer) {
			p.spoil = func(w *httptest.ResponseRecorder) { w.Code, w.Body = 502, bytes.NewBufferString("bad gateway") }
		}, exchange.Failed, "busy"},
		{"an entity", func(p *xmlPeer) {
			p.spoil = func(w *httptest.ResponseRecorder) {
				w.Body = bytes.NewBufferString(strings.Replace(w.Body.String(), "?>", `?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>`, 1))
			}
		}, exchange.Unbelievable, "schema"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inXML(t, func(t *testing.T, dialect string, form bizxml.Form) {
				b, p, _ := connectXML(t, dialect, form)
				tt.with(p)
				if _, err := b.askStatus(t.Context()); err == nil {
					t.Fatal("no error")
				}
				line := b.calls(t)[0]
				if line.Outcome != tt.outcome || tt.code != "" && line.Code != tt.code {
					t.Errorf("line %s %s %s, want %s %s", line.Outcome, line.Code, line.Detail, tt.outcome, tt.code)
				}
				if want := map[bool]int{true: 1, false: 4}[tt.outcome == exchange.Refused || tt.outcome == exchange.RejectedCall]; line.Attempts != want {
					t.Errorf("sent %d times, want %d", line.Attempts, want)
				}
			})
		})
	}
}

// spoilt changes words of an answer, plain or escaped.
func spoilt(from, to string) func(*xmlPeer) {
	return func(p *xmlPeer) {
		p.spoil = func(w *httptest.ResponseRecorder) {
			text := w.Body.String()
			if from == "ok" {
				text = strings.NewReplacer("<Code>ok<", "<Code>late<", "Code&gt;ok&lt;", "Code&gt;late&lt;").Replace(text)
			}
			w.Body = bytes.NewBufferString(strings.ReplaceAll(text, from, to))
		}
	}
}

// A secret that both share serves as well as a pair of keys.
func TestXMLWithSharedSecret(t *testing.T) {
	b := newBench(t)
	secret := []byte("0123456789abcdef")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := bizxml.NewLetter(bizxml.Plain, w, r)
		info, _, err := l.Open(func(string) (spec.Verifier, error) { return spec.Secret(secret), nil }, b.clock.Now())
		if err == nil {
			_, err = l.Body(info.MaxRequest, clock.System().Now().Add(time.Second))
		}
		raw, _ := spec.Encode(statusOf(b.clock.Now()))
		if err := errors.Join(err, l.Answer(spec.Identity{App: "registry-321202", Key: spec.Secret(secret)}, 200, raw, b.clock.Now())); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	e := exchange.Endpoint{Name: "海陵区不动产登记系统", Counterpart: "registry", District: hailing, Dialect: "bizxml", BaseURL: server.URL, Folder: "file://" + t.TempDir(),
		App: "taizhou-yichuang", PeerApp: "registry-321202", Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true}
	if _, err := b.SetEndpoint(t.Context(), admin, e, &exchange.Keys{Secret: secret}, "联调"); err != nil {
		t.Fatal(err)
	}
	if out, err := b.askStatus(t.Context()); err != nil || out.Version != "v17" {
		t.Errorf("%+v, %v", out, err)
	}
}

// The dialects need the folder.
func TestXMLNeedsAFolder(t *testing.T) {
	b := newBench(t)
	e := exchange.Endpoint{Name: "海陵区不动产登记系统", Counterpart: "registry", District: hailing, Dialect: "bizxml", BaseURL: "http://registry.invalid",
		App: "taizhou-yichuang", PeerApp: "registry-321202", Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true}
	_, err := b.SetEndpoint(t.Context(), admin, e, &exchange.Keys{Secret: []byte("0123456789abcdef")}, "联调")
	var wrong *exchange.ErrSetting
	if !errors.As(err, &wrong) || wrong.Field != "folder" {
		t.Errorf("%v", err)
	}
}

func surveyWith(files ...spec.Attachment) spec.RegistrySurveyPushRequest {
	return spec.RegistrySurveyPushRequest{WorkID: work, CaseNo: caseNo, UnitCode: unitCode, Address: "泰州市海陵区青年北路12号3幢504室", Area: "89.46",
		Applicants: []spec.Person{{Name: "王建国", DocumentKind: "1", DocumentNumber: "32120219700512301X"}}, Attachments: files}
}

func attachment(content string) spec.Attachment {
	return spec.Attachment{MaterialCode: "M-05", Name: "房屋买卖合同", Mime: "application/pdf", Size: len(content), Digest: sm.SM3Hex([]byte(content))}
}

// The files are in the folder before the message comes, and what is there is not sent again.
func TestXMLLeavesAttachmentsFirst(t *testing.T) {
	inXML(t, func(t *testing.T, dialect string, form bizxml.Form) {
		b, p, dir := connectXML(t, dialect, form)
		contents := map[string]string{}
		var given atomic.Int32
		b.client = exchange.NewClient(b.withFiles(t, func(_ context.Context, digest string) ([]byte, error) {
			given.Add(1)
			content, ok := contents[digest]
			if !ok {
				return nil, errors.New("no such file")
			}
			return []byte(content), nil
		}))
		first, second := attachment("合同"), attachment("平面图")
		contents[first.Digest], contents[second.Digest] = "合同", "平面图"
		there := true
		p.answer = func([]byte) (int, any, *spec.Fault) {
			for _, f := range p.files {
				content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.Path)))
				there = there && err == nil && sm.SM3Hex(content) == f.Digest && f.Path == caseNo+"/"+f.Digest
			}
			return 202, spec.Receipt{Accepted: true, Receipt: "R1", ExpectBy: b.clock.Now().Add(time.Hour)}, nil
		}
		push := func(key string, files ...spec.Attachment) error {
			return b.client.Call(t.Context(), spec.RegistrySurveyPush, exchange.Route{District: hailing, Case: caseNo}, key, surveyWith(files...), nil)
		}
		if err := push("a", first, first); err != nil || !there || len(p.files) != 1 || given.Load() != 1 {
			t.Fatalf("%v; there %v, %d files, given %d", err, there, len(p.files), given.Load())
		}
		if err := push("b", first, second); err != nil || !there || len(p.files) != 2 || given.Load() != 2 {
			t.Fatalf("%v; there %v, %d files, given %d", err, there, len(p.files), given.Load())
		}
		if err := os.WriteFile(filepath.Join(dir, caseNo, first.Digest), []byte("half"), 0o600); err != nil { // as of a broken copy
			t.Fatal(err)
		}
		if err := push("c", first); err != nil || !there || given.Load() != 3 {
			t.Fatalf("%v; there %v, given %d", err, there, given.Load())
		}
		if n := len(p.heads); n != 3 {
			t.Errorf("%d messages", n)
		}
		// A file that we do not have is our own fault, and no message goes.
		if err := push("d", attachment("nobody's")); err == nil || len(p.heads) != 3 || errors.Is(err, exchange.ErrUnavailable) {
			t.Errorf("%v, %d messages", err, len(p.heads))
		}
	})
}

// withFiles is the exchange of a process that has files.
func (b *bench) withFiles(t testing.TB, content func(context.Context, string) ([]byte, error)) *exchange.Exchange {
	t.Helper()
	x, err := exchange.New(exchange.Options{Pool: b.pool, Keyring: b.keyring, Clock: b.clock, Document: document(t), Audit: b, Attachment: content})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// A folder that is away is tried again, and then is a counterpart that cannot be reached.
func TestXMLFolderIsAway(t *testing.T) {
	b, p, dir := connectXML(t, "bizxml", bizxml.Plain)
	b.client = exchange.NewClient(b.withFiles(t, func(context.Context, string) ([]byte, error) { return []byte("合同"), nil }))
	p.answer = func([]byte) (int, any, *spec.Fault) {
		return 202, spec.Receipt{Accepted: true, Receipt: "R1", ExpectBy: b.clock.Now().Add(time.Hour)}, nil
	}
	if err := os.WriteFile(filepath.Join(dir, caseNo), nil, 0o600); err != nil { // where the case's folder should be
		t.Fatal(err)
	}
	push := func(key string) error {
		return b.client.Call(t.Context(), spec.RegistrySurveyPush, exchange.Route{District: hailing}, key, surveyWith(attachment("合同")), nil)
	}
	var away *exchange.Unavailable
	if err := push("a"); !errors.As(err, &away) || away.Reason != "unreachable" || len(p.heads) != 0 {
		t.Fatalf("%v, %d messages", err, len(p.heads))
	}
	if line := b.calls(t)[0]; line.Outcome != exchange.Failed || line.Attempts != 4 {
		t.Errorf("line %+v", line)
	}
	if err := os.Remove(filepath.Join(dir, caseNo)); err != nil {
		t.Fatal(err)
	}
	if err := push("a"); err != nil || len(p.heads) != 1 { // back again
		t.Errorf("%v, %d messages", err, len(p.heads))
	}
}

// xmlMail is a message of the registry on its way.
type xmlMail struct {
	path, media string
	body        []byte
}

// writeXML writes a good message of the registry; inner may spoil it before it is put into its envelope.
func (d *desk) writeXML(t testing.TB, form bizxml.Form, op spec.Operation, messageID, relates string, body []byte, inner func(string) string) xmlMail {
	t.Helper()
	info, ok := spec.Lookup(op)
	if !ok {
		t.Fatalf("no operation %s", op)
	}
	_, message, err := bizxml.Request(bizxml.Outgoing{Info: info, Self: d.registry, Area: hailing, MessageID: messageID, RelatesTo: relates, Body: body}, d.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return inEnvelope(form, spoiled(string(message), inner))
}

func spoiled(message string, spoil func(string) string) string {
	if spoil == nil {
		return message
	}
	return spoil(message)
}

func inEnvelope(form bizxml.Form, message string) xmlMail {
	if form == bizxml.Plain {
		return xmlMail{path: "/bizxml", media: "application/xml", body: []byte(message)}
	}
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(message)
	return xmlMail{path: "/soap", media: "text/xml; charset=utf-8", body: []byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body><x:exchange xmlns:x="` +
		bizxml.SOAPNamespace + `"><x:message>` + escaped + `</x:message></x:exchange></s:Body></s:Envelope>`)}
}

func (d *desk) resultXML(t testing.TB, form bizxml.Form, inner func(string) string) xmlMail {
	t.Helper()
	body, err := spec.Encode(entryResult("已被法院查封"))
	if err != nil {
		t.Fatal(err)
	}
	return d.writeXML(t, form, spec.RegistryEntryResult, "message-1", work.String(), body, inner)
}

// deliver sends the mail and gives HTTP status and text of the answer.
func (d *desk) deliver(t testing.TB, m xmlMail) (int, string) {
	t.Helper()
	resp, err := http.Post(d.http.URL+m.path, m.media, bytes.NewReader(m.body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// codeIn finds the code in an answer, plain or escaped.
func codeIn(text string) string {
	for _, edge := range [][2]string{{"<Code>", "</Code>"}, {"&lt;Code&gt;", "&lt;/Code&gt;"}} {
		if _, after, found := strings.Cut(text, edge[0]); found {
			code, _, _ := strings.Cut(after, edge[1])
			return code
		}
	}
	return ""
}

func newXMLDesk(t *testing.T, dialect string, change func(*exchange.Endpoint)) *desk {
	t.Helper()
	return newDesk(t, func(e *exchange.Endpoint) {
		e.Dialect, e.Folder = dialect, "file://"+t.TempDir()
		if change != nil {
			change(e)
		}
	})
}

func TestXMLMessageIsTakenInAndAnsweredSigned(t *testing.T) {
	inXML(t, func(t *testing.T, dialect string, form bizxml.Form) {
		d := newXMLDesk(t, dialect, nil)
		info, _ := spec.Lookup(spec.RegistryEntryResult)
		body, err := spec.Encode(entryResult("已被法院查封"))
		if err != nil {
			t.Fatal(err)
		}
		send := func() bizxml.Answer {
			head, req, err := form.NewRequest(t.Context(), d.http.URL, bizxml.Outgoing{Info: info, Self: d.registry, Area: hailing, MessageID: "result-0001", RelatesTo: work.String(), Body: body}, d.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			answer, err := form.ReadAnswer(resp, head, spec.SM2Verifier(d.us), 1<<20, d.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return answer
		}
		for range 2 { // the same message gets the same answer
			if got := send(); got.Status != 200 || string(got.Body) != `{"received":true,"receipt":"R1"}` {
				t.Errorf("answer %d %s %v", got.Status, got.Body, got.Fault)
			}
		}
		if lines := d.calls(t); d.received.Load() != 1 || lines[1].Outcome != exchange.OK || lines[0].Outcome != exchange.Duplicate || lines[1].Case != caseNo || strings.Contains(string(lines[1].Request), "法院") {
			t.Errorf("received %d times, lines %+v", d.received.Load(), lines)
		}
		// A case of another's is refused by its handler, and the refusal is signed.
		d.do = func(_ context.Context, _ pgx.Tx, from exchange.Caller, _ spec.RegistryEntryResultRequest) (spec.Ack, error) {
			if !from.Serves("321203") {
				return spec.Ack{}, &exchange.Refusal{Code: spec.CodeNotFound, Message: "没有这个办件"}
			}
			return spec.Ack{Received: true}, nil
		}
		body = bytes.Replace(body, []byte("00412-6"), []byte("00413-4"), 1)
		info.Path = "/v1/registry/entry/result"
		head, req, err := form.NewRequest(t.Context(), d.http.URL, bizxml.Outgoing{Info: info, Self: d.registry, MessageID: "result-0002", RelatesTo: work.String(), Body: body}, d.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := form.ReadAnswer(resp, head, spec.SM2Verifier(d.us), 1<<20, d.clock.Now())
		if err != nil || answer.Fault == nil || answer.Fault.Code != spec.CodeNotFound || answer.Fault.Detail != "没有这个办件" {
			t.Errorf("%+v, %v", answer, err)
		}
	})
}

func replace(from, to string) func(string) string {
	return func(s string) string { return strings.Replace(s, from, to, 1) }
}

// Each way in which an XML message can be wrong is refused with its code and logged, and reaches no handler.
func TestRefusedXMLMessages(t *testing.T) {
	const laughs = `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>`
	signedAnew := func(spoil func([]byte) []byte) func(*testing.T, *desk, bizxml.Form) xmlMail { // the sender's own words
		return func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			return d.resultXML(t, form, func(s string) string { return string(resign(t, d, spoil([]byte(s)))) })
		}
	}
	inside := func(from, to string) func(*testing.T, *desk, bizxml.Form) xmlMail {
		return signedAnew(func(s []byte) []byte { return bytes.Replace(s, []byte(from), []byte(to), 1) })
	}
	spoil := func(from, to string) func(*testing.T, *desk, bizxml.Form) xmlMail {
		return func(t *testing.T, d *desk, form bizxml.Form) xmlMail { return d.resultXML(t, form, replace(from, to)) }
	}
	stranger := newSigner(t)
	tests := []struct {
		name string
		code spec.Code
		mail func(t *testing.T, d *desk, form bizxml.Form) xmlMail
	}{
		{"other media", spec.CodeNotJSON, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			m := d.resultXML(t, form, nil)
			m.media = "application/json"
			return m
		}},
		{"other charset", spec.CodeNotJSON, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			m := d.resultXML(t, form, nil)
			m.media = "text/xml; charset=gbk"
			return m
		}},
		{"other encoding", spec.CodeSchema, spoil(`encoding="UTF-8"`, `encoding="GBK"`)},
		{"query string", spec.CodeHeader, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			m := d.resultXML(t, form, nil)
			m.path += "?debug=1"
			return m
		}},
		{"no XML", spec.CodeSchema, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			return inEnvelope(form, "{}")
		}},
		{"external entity", spec.CodeSchema, spoil(`?>`, `?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>`)},
		{"external DTD", spec.CodeSchema, spoil(`?>`, `?><!DOCTYPE Message SYSTEM "http://registry.invalid/x.dtd">`)},
		{"billion laughs", spec.CodeSchema, spoil(`?>`, `?>`+laughs)},
		{"entity in the head", spec.CodeSchema, spoil(`<AreaCode>321202`, `<AreaCode>&c;`)},
		{"comment", spec.CodeSchema, spoil(`<Head>`, `<!-- --><Head>`)},
		{"instruction", spec.CodeSchema, spoil(`<Head>`, `<?php ?><Head>`)},
		{"attribute", spec.CodeSchema, spoil(`<Head>`, `<Head id="1">`)},
		{"prefix", spec.CodeSchema, spoil(`<Message xmlns=`, `<Message xmlns:y="urn:y" xmlns=`)},
		{"other namespace", spec.CodeSchema, spoil(bizxml.Namespace, "urn:other")},
		{"other root", spec.CodeSchema, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			return d.resultXML(t, form, func(s string) string { return strings.ReplaceAll(s, "Message", "Messages") })
		}},
		{"no nonce", spec.CodeHeader, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			return d.resultXML(t, form, func(s string) string {
				before, rest, _ := strings.Cut(s, "<Nonce>")
				_, after, _ := strings.Cut(rest, "</Nonce>")
				return before + after
			})
		}},
		{"two applications", spec.CodeHeader, spoil(`<SenderApp>`, `<SenderApp>registry-321203</SenderApp><SenderApp>`)},
		{"out of order", spec.CodeHeader, spoil(`<BizMsgID>`, `<AreaCode>321202</AreaCode><BizMsgID>`)},
		{"unknown element of the head", spec.CodeHeader, spoil(`</Head>`, `<Guess>1</Guess></Head>`)},
		{"bad timestamp", spec.CodeHeader, spoil(`<Timestamp>`, `<Timestamp>x`)},
		{"unknown type code", spec.CodeUnknownOperation, spoil(`<RecType>DJ009`, `<RecType>DJ999`)},
		{"another type code", spec.CodeBadSignature, spoil(`<RecType>DJ009`, `<RecType>DJ013`)},
		{"another's type code, signed", spec.CodeNotGranted, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			return d.writeXML(t, form, spec.TaxArrivalNotify, "message-1", "", []byte("{}"), nil)
		}},
		{"of the other direction", spec.CodeUnknownOperation, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			return d.writeXML(t, form, spec.RegistryUnitStatus, "message-1", "", []byte(`{"unitCode":"`+unitCode+`"}`), nil)
		}},
		{"unknown application", spec.CodeUnknownApp, spoil(`<SenderApp>registry-321202`, `<SenderApp>registry-999999`)},
		{"signed by another", spec.CodeBadSignature, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			d.registry.Key = spec.SM2Key(stranger)
			return d.resultXML(t, form, nil)
		}},
		{"late", spec.CodeLate, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			m := d.resultXML(t, form, nil)
			d.clock.Advance(301 * time.Second)
			return m
		}},
		{"altered", spec.CodeAltered, spoil("suspended", "entered")},
		{"a space more", spec.CodeAltered, spoil("<Data>", "<Data> ")},
		{"altered, and not of the grammar", spec.CodeAltered, spoil("suspended</", "suspended</outcome><outcome></")},
		{"half a document", spec.CodeSchema, func(t *testing.T, d *desk, form bizxml.Form) xmlMail {
			return d.resultXML(t, form, func(s string) string { return s[:len(s)-40] })
		}},
		{"something behind", spec.CodeSchema, spoil("</Message>", "</Message><Message/>")},
		{"a second body", spec.CodeSchema, spoil("</Message>", "<Data/></Message>")},
		{"unknown element", spec.CodeSchema, inside("</RegistryEntryResultRequest>", "<Guess>1</Guess></RegistryEntryResultRequest>")},
		{"an element twice", spec.CodeSchema, inside("<workId>", "<workId>"+work.String()+"</workId><workId>")},
		{"another body", spec.CodeSchema, signedAnew(func(s []byte) []byte {
			return bytes.ReplaceAll(s, []byte("RegistryEntryResultRequest"), []byte("RegistrySurveyResultRequest"))
		})},
		{"a list of files", spec.CodeSchema, inside("</Data>", "<Files><File><Digest>"+strings.Repeat("a", 64)+"</Digest><Size>1</Size><Path>x/"+strings.Repeat("a", 64)+"</Path></File></Files></Data>")},
		{"text between", spec.CodeSchema, inside("<workId>", "guess<workId>")},
		{"an entity in the body", spec.CodeSchema, inside("suspended", "&c;")},
		{"missing element", spec.CodeSchema, inside("suspended", "maybe")},
		{"too deep", spec.CodeSchema, inside("<workId>", strings.Repeat("<workId>", 40))},
		{"of another work than it says", spec.CodeHeader, spoil("<RelatesTo>0193a5c2", "<RelatesTo>0193a5c3")},
	}
	inXML(t, func(t *testing.T, dialect string, form bizxml.Form) {
		d := newXMLDesk(t, dialect, nil)
		start, registry := d.clock.Now(), d.registry
		for _, tt := range tests {
			start = start.Add(time.Hour)
			t.Run(tt.name, func(t *testing.T) {
				d.clock.Set(start)
				d.registry = registry
				status, text := d.deliver(t, tt.mail(t, d, form))
				if got := codeIn(text); got != string(tt.code) {
					t.Errorf("%d %s, want %s: %s", status, got, tt.code, text)
				}
				if form == bizxml.SOAP && status != 500 || status < 400 {
					t.Errorf("status %d", status)
				}
				if d.received.Load() != 0 {
					t.Error("a handler ran")
				}
				if line := d.calls(t)[0]; line.Outcome != exchange.RejectedCall || line.Code != string(tt.code) {
					t.Errorf("line %+v", line)
				}
			})
		}
	})
}

// resign signs a message anew over the Data element that it has now.
func resign(t testing.TB, d *desk, message []byte) []byte {
	t.Helper()
	from, to := bytes.Index(message, []byte("<Data>")), bytes.LastIndex(message, []byte("</Data>"))
	if from < 0 || to < 0 {
		t.Fatalf("no data in %s", message)
	}
	get := func(name string) string {
		_, rest, _ := bytes.Cut(message, []byte("<"+name+">"))
		value, _, _ := bytes.Cut(rest, []byte("</"+name+">"))
		return string(value)
	}
	head := spec.Head{App: get("SenderApp"), Time: d.clock.Now(), Nonce: get("Nonce"), MessageID: get("BizMsgID"), Digest: sm.SM3Hex(message[from : to+len("</Data>")])}
	if err := head.Sign(d.registry.Key, "POST", "/v1/registry/entry/result"); err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	head.Write(h)
	message = bytes.Replace(message, []byte(get("Digest")), []byte(head.Digest), 1)
	return bytes.Replace(message, []byte(get("Signature")), []byte(h.Get(spec.HeaderSignature)), 1)
}

// An element that is not in the grammar is named by its path, and a field that is wrong by its element's.
func TestXMLFaultsNameElements(t *testing.T) {
	d := newXMLDesk(t, "bizxml", nil)
	for from, want := range map[string]string{
		"<outcome>suspended</outcome>":      "/Data/RegistryEntryResultRequest/outcome",
		"<reasonCode>seized</reasonCode>":   "/Data/RegistryEntryResultRequest/reasonCode",
		"</RegistryEntryResultRequest>":     "/Data/RegistryEntryResultRequest/Guess",
		"<BDCDYH>" + unitCode + "</BDCDYH>": "/Data/RegistryEntryResultRequest/BDCDYH",
	} {
		_, text := d.deliver(t, d.resultXML(t, bizxml.Plain, func(s string) string {
			to := "<Guess>1</Guess>" + from
			if strings.HasPrefix(from, "<") && !strings.HasPrefix(from, "</") {
				name, _, _ := strings.Cut(from[1:], ">")
				to = "<" + name + ">?</" + name + ">"
			}
			if !strings.Contains(s, from) {
				t.Fatalf("no %s in %s", from, s)
			}
			return string(resign(t, d, []byte(strings.Replace(s, from, to, 1))))
		}))
		if !strings.Contains(text, "<pointer>"+want+"</pointer>") {
			t.Errorf("%s is not named in %s", want, text)
		}
	}
}

func TestXMLReplayIsRefused(t *testing.T) {
	inXML(t, func(t *testing.T, dialect string, form bizxml.Form) {
		d := newXMLDesk(t, dialect, nil)
		m := d.resultXML(t, form, nil)
		if status, text := d.deliver(t, m); status != 200 {
			t.Fatalf("%d %s", status, text)
		}
		if _, text := d.deliver(t, m); codeIn(text) != string(spec.CodeReplayed) || d.received.Load() != 1 {
			t.Errorf("%s, received %d times", text, d.received.Load())
		}
		// Sent in the other form it is a replay as well.
		other := bizxml.SOAP
		if form == bizxml.SOAP {
			other = bizxml.Plain
		}
		inner := d.resultXML(t, form, nil)
		if status, text := d.deliver(t, inner); status != 200 {
			t.Fatalf("%d %s", status, text)
		}
		again := d.resultXML(t, other, func(s string) string { return messageIn(t, form, inner) })
		if _, text := d.deliver(t, again); codeIn(text) != string(spec.CodeReplayed) {
			t.Error(text)
		}
	})
}

// messageIn takes the message out of its envelope.
func messageIn(t testing.TB, form bizxml.Form, m xmlMail) string {
	t.Helper()
	if form == bizxml.Plain {
		return string(m.body)
	}
	_, rest, _ := strings.Cut(string(m.body), "message>")
	inner, _, found := strings.Cut(rest, "</x:message>")
	if !found {
		t.Fatalf("no message in %s", m.body)
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(inner)
}

// Envelopes as the common toolkits write them are read, and others refused.
func TestEnvelopes(t *testing.T) {
	d := newXMLDesk(t, "bizxml-soap", nil)
	const space, ours = "http://schemas.xmlsoap.org/soap/envelope/", bizxml.SOAPNamespace
	for _, tt := range []struct {
		name, before, after, code string
		plain                     bool // in a CDATA section
	}{
		{"CDATA", `<soapenv:Envelope xmlns:soapenv="` + space + `" xmlns:u="` + ours + `"><soapenv:Header/><soapenv:Body><u:exchange><u:message><![CDATA[`, `]]></u:message></u:exchange></soapenv:Body></soapenv:Envelope>`, "ok", true},
		{"a mark before", "\xEF\xBB\xBF" + `<S:Envelope xmlns:S="` + space + `"><S:Body><exchange xmlns="` + ours + `"><message>`, "</message></exchange></S:Body></S:Envelope>\r\n", "ok", false},
		{"another version", `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><exchange xmlns="` + ours + `"><message>`, `</message></exchange></s:Body></s:Envelope>`, "schema", false},
		{"another operation's element", `<s:Envelope xmlns:s="` + space + `"><s:Body><exchange xmlns="urn:other"><message>`, `</message></exchange></s:Body></s:Envelope>`, "schema", false},
		{"a header that must be understood", `<s:Envelope xmlns:s="` + space + `"><s:Header><a xmlns="urn:a" s:mustUnderstand="1"/></s:Header><s:Body><exchange xmlns="` + ours + `"><message>`, `</message></exchange></s:Body></s:Envelope>`, "schema", false},
		{"DTD", `<!DOCTYPE x []><s:Envelope xmlns:s="` + space + `"><s:Body><exchange xmlns="` + ours + `"><message>`, `</message></exchange></s:Body></s:Envelope>`, "schema", false},
		{"an entity in the text", `<s:Envelope xmlns:s="` + space + `"><s:Body><exchange xmlns="` + ours + `"><message>&c;`, `</message></exchange></s:Body></s:Envelope>`, "schema", false},
		{"an element in the text", `<s:Envelope xmlns:s="` + space + `"><s:Body><exchange xmlns="` + ours + `"><message>`, `<x/></message></exchange></s:Body></s:Envelope>`, "schema", false},
		{"something behind", `<s:Envelope xmlns:s="` + space + `"><s:Body><exchange xmlns="` + ours + `"><message>`, `</message></exchange></s:Body></s:Envelope>x`, "schema", false},
		{"cut off", `<s:Envelope xmlns:s="` + space + `"><s:Body><exchange xmlns="` + ours + `"><message>`, `</message></exchange>`, "schema", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			message := messageIn(t, bizxml.Plain, d.resultXML(t, bizxml.Plain, nil))
			if !tt.plain {
				message = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(message)
			}
			_, text := d.deliver(t, xmlMail{path: "/soap", media: "text/xml", body: []byte(tt.before + message + tt.after)})
			if got := codeIn(text); got != tt.code {
				t.Errorf("%s, want %s: %s", got, tt.code, text)
			}
		})
	}
}

// A gigabyte is announced or just sent, in the head or behind it: it is not read.
func TestEndlessXMLMessage(t *testing.T) {
	inXML(t, func(t *testing.T, dialect string, form bizxml.Form) {
		for _, at := range []string{"<BizMsgID>", "<workId>"} {
			for _, length := range []int64{1 << 30, -1} {
				d := newXMLDesk(t, dialect, nil)
				m := d.resultXML(t, form, nil)
				mark := strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(at)
				if form == bizxml.Plain {
					mark = at
				}
				begin, _, _ := strings.Cut(string(m.body), mark)
				blanks := &counted{}
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.http.URL+m.path, io.LimitReader(io.MultiReader(strings.NewReader(begin), blanks), 1<<30))
				if err != nil {
					t.Fatal(err)
				}
				req.ContentLength = length
				req.Header.Set("Content-Type", m.media)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				resp, err := http.DefaultClient.Do(req)
				runtime.ReadMemStats(&after)
				if err == nil {
					resp.Body.Close()
				}
				if n, grown := blanks.n.Load(), after.TotalAlloc-before.TotalAlloc; n > 64<<20 || grown > 96<<20 {
					t.Errorf("took %d bytes, allocated %d", n, grown)
				}
				if line := d.calls(t)[0]; line.Code != string(spec.CodeTooBig) || d.received.Load() != 0 {
					t.Errorf("line %+v", line)
				}
			}
		}
	})
}

// A message that drips is cut off at the time limit, and one that breaks off is no message.
func TestDrippingXMLMessage(t *testing.T) {
	d := newXMLDesk(t, "bizxml", func(e *exchange.Endpoint) { e.Limits.Timeout = 200 * time.Millisecond })
	m := d.resultXML(t, bizxml.Plain, nil)
	for _, tt := range []struct {
		hangUp bool
		code   spec.Code
	}{{false, spec.CodeSlow}, {true, spec.CodeAltered}} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.http.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s", m.path, len(m.body), m.body[:len(m.body)-60])
		if tt.hangUp {
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}
		if answer, err := io.ReadAll(conn); err != nil || codeIn(string(answer)) != string(tt.code) {
			t.Errorf("answer %q, %v, want %s", answer, err, tt.code)
		}
		if line := d.calls(t)[0]; line.Code != string(tt.code) || d.received.Load() != 0 {
			t.Errorf("line %+v", line)
		}
		d.clock.Advance(time.Second)
	}
}

// The partner listener describes its SOAP port at its own address.
func TestPartnerListenerShowsWSDL(t *testing.T) {
	d := newXMLDesk(t, "bizxml-soap", nil)
	resp, err := http.Get(d.http.URL + "/soap?wsdl")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || !strings.Contains(string(text), `location="`+d.http.URL+`/soap"`) || len(d.calls(t)) != 0 {
		t.Errorf("%d, %v, %d lines: %s", resp.StatusCode, err, len(d.calls(t)), text)
	}
}
