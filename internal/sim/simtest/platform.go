// Package simtest is the platform's side of the published interface, small enough to read: tests of the simulated systems
// talk to them through it.
package simtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/google/uuid"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/sm"
	"yichuang/internal/sim/wire"
)

// Platform is one zone of the platform: it signs what it asks, checks what it is told, and remembers it.
type Platform struct {
	t        testing.TB
	clock    clock.Clock
	app      string
	zone     string
	signer   *sm.Signer
	document *spec.Document
	server   *httptest.Server

	mu       sync.Mutex
	systems  map[string]wire.Endpoint
	told     []Told
	rejected []string
	down     bool
	boxes    map[string]*filedrop.Box // of systems that are reached by files
}

// Told is a message that a system sent and that was found good.
type Told struct {
	Operation spec.Operation
	App       string
	MessageID string
	RelatesTo string
	Body      json.RawMessage
}

// Decode reads the body into v.
func (m Told) Decode(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(m.Body, v); err != nil {
		t.Fatal(err)
	}
}

// document is read once for all tests of a package.
var document = sync.OnceValues(spec.Load)

// New starts a zone. Its clock must be that of the systems.
func New(t testing.TB, zone string, clk clock.Clock) *Platform {
	t.Helper()
	p := &Platform{t: t, clock: clk, app: "yichuang-" + zone, zone: zone, systems: map[string]wire.Endpoint{}, boxes: map[string]*filedrop.Box{}}
	var err error
	if p.signer, err = sm.NewSigner(); err != nil {
		t.Fatal(err)
	}
	if p.document, err = document(); err != nil {
		t.Fatal(err)
	}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.server.Close)
	return p
}

// Peer is how the zone introduces itself.
func (p *Platform) Peer() wire.Peer {
	return wire.Peer{Zone: p.zone, App: p.app, URL: p.server.URL, PublicKey: string(p.signer.Public().PEM())}
}

// Meet learns the systems' addresses and keys.
func (p *Platform) Meet(systems []wire.Endpoint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range systems {
		p.systems[e.Name] = e
		if e.Dialect == wire.FileDrop && e.Zone == p.zone {
			p.watch(e)
		}
	}
}

// Down makes the listener answer 503 to everything, or not any more.
func (p *Platform) Down(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

func (p *Platform) serve(w http.ResponseWriter, r *http.Request) { p.take(letterOf(w, r)) }

func (p *Platform) take(l spec.Letter) {
	now, id := p.clock.Now(), spec.Identity{App: p.app, Key: spec.SM2Key(p.signer)}
	info, head, body, err := p.check(l)
	p.mu.Lock()
	down := p.down
	if err == nil && !down {
		p.told = append(p.told, Told{info.Operation, head.App, head.MessageID, head.RelatesTo, body})
	} else if err != nil {
		p.rejected = append(p.rejected, err.Error())
	}
	p.mu.Unlock()
	if down {
		err = spec.NewFault(spec.CodeUnavailable, "")
	}
	if fault, ok := err.(*spec.Fault); ok {
		if err := l.Refuse(id, fault, "", now); err != nil {
			p.t.Error(err)
		}
		return
	}
	if err := l.Answer(id, http.StatusOK, []byte(`{"received":true}`), now); err != nil {
		p.t.Error(err)
	}
}

// letterOf reads a request in the dialect of its path.
func letterOf(w http.ResponseWriter, r *http.Request) spec.Letter {
	for _, form := range []bizxml.Form{bizxml.Plain, bizxml.SOAP} {
		if r.URL.Path == form.Path() {
			return bizxml.NewLetter(form, w, r)
		}
	}
	return spec.NewLetter(w, r)
}

func (p *Platform) check(l spec.Letter) (spec.Info, spec.Head, []byte, error) {
	info, head, err := l.Open(p.keyOf, p.clock.Now())
	if err != nil {
		return info, head, nil, err
	}
	body, err := l.Body(info.MaxRequest, clock.System().Now().Add(info.Timeout))
	if err != nil {
		return info, head, nil, err
	}
	return info, head, body, p.document.Check(info.Operation, spec.Request, body)
}

func (p *Platform) keyOf(app string) (spec.Verifier, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.systems {
		if e.App == app {
			return verifierOf(p.t, e), nil
		}
	}
	return nil, spec.NewFault(spec.CodeUnknownApp, "")
}

func verifierOf(t testing.TB, e wire.Endpoint) spec.Verifier {
	key, err := sm.ParsePublicKey([]byte(e.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return spec.SM2Verifier(key)
}

// Told lists the good messages of an operation so far.
func (p *Platform) Told(op spec.Operation) []Told {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Told
	for _, m := range p.told {
		if m.Operation == op {
			out = append(out, m)
		}
	}
	return out
}

// Rejected lists why messages were found bad.
func (p *Platform) Rejected() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.rejected...)
}

// Letter is a request before it is sent; a test may spoil it.
type Letter struct {
	Request *http.Request
	Head    spec.Head
	System  wire.Endpoint
	Info    spec.Info
	sent    bizxml.Head      // in XML
	file    filedrop.Message // to one that is reached by files
}

// Write prepares a signed request of an operation to a system; messageID "" makes a new one.
func (p *Platform) Write(system string, op spec.Operation, messageID string, body any) *Letter {
	p.t.Helper()
	p.mu.Lock()
	e, ok := p.systems[system]
	p.mu.Unlock()
	info, known := spec.Lookup(op)
	if !ok || !known {
		p.t.Fatalf("no system %s or no operation %s", system, op)
	}
	raw, err := spec.Encode(body)
	if err != nil {
		p.t.Fatal(err)
	}
	if messageID == "" {
		messageID = uuid.Must(uuid.NewV7()).String()
	}
	if e.Dialect == wire.FileDrop {
		return p.writeFile(e, info, messageID, raw)
	}
	if form, ok := formOf(e); ok {
		return p.writeXML(form, e, info, messageID, raw)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, e.URL+info.Path, bytes.NewReader(raw))
	if err != nil {
		p.t.Fatal(err)
	}
	head, err := spec.SignRequest(spec.Identity{App: p.app, Key: spec.SM2Key(p.signer)}, r, messageID, "", raw, p.clock.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	return &Letter{Request: r, Head: head, System: e, Info: info}
}

func formOf(e wire.Endpoint) (bizxml.Form, bool) {
	form, ok := map[string]bizxml.Form{wire.BizXML: bizxml.Plain, wire.BizXMLSOAP: bizxml.SOAP}[e.Dialect]
	return form, ok
}

// writeXML prepares the request in XML. The files that it names are to be in the system's folder; Put puts them there.
func (p *Platform) writeXML(form bizxml.Form, e wire.Endpoint, info spec.Info, messageID string, raw []byte) *Letter {
	p.t.Helper()
	files, err := bizxml.Attachments(info.Operation, raw)
	if err != nil {
		p.t.Fatal(err)
	}
	head, r, err := form.NewRequest(p.t.Context(), e.URL, bizxml.Outgoing{Info: info, Self: spec.Identity{App: p.app, Key: spec.SM2Key(p.signer)},
		Area: e.District, MessageID: messageID, Body: raw, Files: files}, p.clock.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	return &Letter{Request: r, Head: head.Head, System: e, Info: info, sent: head}
}

// Put puts a file of a case into a system's folder, and returns how a message names it.
func (p *Platform) Put(system, caseNo, content string) spec.Attachment {
	p.t.Helper()
	p.mu.Lock()
	e := p.systems[system]
	p.mu.Unlock()
	f, err := folder.Open(p.t.Context(), folder.Address{URL: e.Folder.URL, Password: e.Folder.Password, HostKey: e.Folder.HostKey})
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	digest := sm.SM3Hex([]byte(content))
	if err := errors.Join(f.MkdirAll(p.t.Context(), caseNo), f.Write(p.t.Context(), caseNo+"/"+digest, []byte(content))); err != nil {
		p.t.Fatal(err)
	}
	return spec.Attachment{MaterialCode: "M-05", Name: "房屋买卖合同", Mime: "application/pdf", Size: len(content), Digest: digest}
}

// Send sends a letter and checks the answer's signature. A refusal comes back as *spec.Fault; so does a bad answer.
func (p *Platform) Send(l *Letter) (int, []byte, error) {
	p.t.Helper()
	if l.System.Dialect == wire.FileDrop {
		return p.sendFile(l)
	}
	resp, err := http.DefaultClient.Do(l.Request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if form, ok := formOf(l.System); ok {
		return p.readXML(form, resp, l)
	}
	body, err := spec.ReadAnswer(resp, l.Request.URL.Path, l.Head, verifierOf(p.t, l.System), l.Info.MaxResponse, p.clock.Now())
	if err != nil {
		return resp.StatusCode, nil, err
	}
	if resp.StatusCode/100 == 2 {
		return resp.StatusCode, body, p.document.Check(l.Info.Operation, spec.Response, body)
	}
	var problem spec.Problem
	if err := json.Unmarshal(body, &problem); err != nil {
		return resp.StatusCode, nil, err
	}
	return resp.StatusCode, nil, spec.FaultOf(resp.StatusCode, problem)
}

func (p *Platform) readXML(form bizxml.Form, resp *http.Response, l *Letter) (int, []byte, error) {
	answer, err := form.ReadAnswer(resp, l.sent, verifierOf(p.t, l.System), l.Info.MaxResponse, p.clock.Now())
	if err != nil {
		return resp.StatusCode, nil, err
	}
	if answer.Fault != nil {
		return answer.Status, nil, answer.Fault
	}
	return answer.Status, answer.Body, p.document.Check(l.Info.Operation, spec.Response, answer.Body)
}

// Ask asks a system and reads the answer into out, or returns its refusal.
func (p *Platform) Ask(system string, op spec.Operation, body, out any) error {
	p.t.Helper()
	_, answer, err := p.Send(p.Write(system, op, "", body))
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// Entrust asks for a work and wants a receipt.
func (p *Platform) Entrust(system string, op spec.Operation, body any) {
	p.t.Helper()
	status, answer, err := p.Send(p.Write(system, op, "", body))
	if err != nil || status != http.StatusAccepted {
		p.t.Fatalf("%s to %s: %d %s %v", op, system, status, answer, err)
	}
}

// Get reads JSON of the control API into out.
func Get(t testing.TB, address string, out any) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	decode(t, resp, out)
}

// Do sends JSON to the control API and reads the answer into out; it returns the status.
func Do(t testing.TB, method, address string, body, out any) int {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	decode(t, resp, out)
	return resp.StatusCode
}

func decode(t testing.TB, resp *http.Response, out any) {
	t.Helper()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(raw, out); err != nil {
		t.Fatalf("%s: %s", resp.Status, raw)
	}
}
