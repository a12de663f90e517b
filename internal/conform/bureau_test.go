package conform_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"yichuang/internal/conform"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
)

// bureau is a counterpart of the role fund that keeps every rule but one: the defect, called by the rule that it breaks.
type bureau struct {
	t        *testing.T
	defect   string
	self     spec.Identity
	stranger spec.Identity
	platform spec.Verifier
	home     string // address of the platform
	document *spec.Document
	options  conform.Options // of its check
	nonces   spec.Nonces
	working  sync.WaitGroup

	mu       sync.Mutex
	answered map[string]kept
}

// kept is the answer to a message.
type kept struct {
	request []byte
	answer  []byte
}

const (
	platformApp = "test-platform"
	bureauApp   = "test-fund"
	limit       = 500 * time.Millisecond // for an answer
)

// runBureau checks a bureau with a defect; "" is none.
func runBureau(t *testing.T, defect string) *conform.Report {
	t.Helper()
	r, err := conform.Run(t.Context(), newBureau(t, defect, false).options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newBureau opens a bureau and prepares its check. The two sign with keys of their own, or with a secret that they share.
func newBureau(t *testing.T, defect string, secret bool) *bureau {
	t.Helper()
	d, err := document()
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs, nobodys := signer(t), signer(t), signer(t)
	b := &bureau{t: t, defect: defect, document: d, answered: map[string]kept{}, self: spec.Identity{App: bureauApp, Key: spec.SM2Key(theirs)},
		stranger: spec.Identity{App: bureauApp, Key: spec.SM2Key(nobodys)}, platform: spec.SM2Verifier(ours.Public())}
	c := conform.Credentials{App: platformApp, PrivateKey: string(ours.PEM()), PeerApp: bureauApp, PeerKey: string(theirs.Public().PEM())}
	if secret {
		const shared = "0123456789abcdef0123456789abcdef"
		b.self.Key, b.platform, c.PrivateKey, c.PeerKey, c.Secret = spec.Secret(shared), spec.Secret(shared), "", "", shared
	}
	example, err := d.Example(spec.FundLoanEvaluate, spec.Request)
	if err != nil {
		t.Fatal(err)
	}
	gone := bytes.Replace(example, []byte(`"years":`), []byte(`"branch":"gone","years":`), 1)
	c.Samples = []conform.Sample{{Operation: spec.FundLoanEvaluate, Body: example}, {Operation: spec.FundLoanEvaluate, Body: gone, Refusal: spec.CodeNotFound}}
	clk := clock.System()
	receiver, err := conform.NewReceiver(c, d, clk)
	if err != nil {
		t.Fatal(err)
	}
	home := httptest.NewServer(receiver)
	b.home = home.URL
	server := httptest.NewServer(b)
	t.Cleanup(func() { b.working.Wait(); server.Close(); home.Close() })
	b.options = conform.Options{Role: "fund", Target: server.URL, Credentials: c, Carrier: carrier(t, c, server.URL), Receiver: receiver, Document: d, Clock: clk,
		Wait: 10 * time.Second, Linger: 50 * time.Millisecond, Limit: limit}
	if b.has("result-arrives") || b.has("result-schema") { // none will be taken
		b.options.Wait = 500 * time.Millisecond
	}
	return b
}

// carrier is that of the credentials.
func carrier(t *testing.T, c conform.Credentials, target string) conform.Carrier {
	t.Helper()
	out, err := conform.NewCarrier(c, target, clock.System())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func signer(t *testing.T) *sm.Signer {
	t.Helper()
	s, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bureau) has(defect string) bool { return b.defect == defect }

// ServeHTTP takes a request as README, section 二, has it.
func (b *bureau) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.t.Error(err)
	}
	head, err := b.head(r, body)
	if err == nil {
		err = b.fits(r, head, body)
	}
	if err != nil {
		b.refuse(w, r, head, err)
		return
	}
	status, answer, err := b.serve(r, head, body)
	if err != nil {
		b.refuse(w, r, head, err)
		return
	}
	b.answer(w, r, head, status, answer)
}

// head verifies who sends, and when.
func (b *bureau) head(r *http.Request, body []byte) (spec.Head, error) {
	now := time.Now()
	if b.has("signature-first") && !json.Valid(body) {
		return spec.Head{}, spec.NewFault(spec.CodeSchema, "")
	}
	head, err := spec.CheckRequest(r, func(app string) (spec.Verifier, error) {
		if app != platformApp {
			return nil, spec.NewFault(spec.CodeUnknownApp, "")
		}
		return b.platform, nil
	}, now)
	if err == nil && b.has("time-within") && now.Sub(head.Time).Abs() > time.Minute {
		return head, spec.NewFault(spec.CodeLate, "")
	}
	if err != nil && b.forgives(r, body, err) {
		return head, nil
	}
	if b.has("operation-unknown") && codeOf(err) == spec.CodeUnknownOperation {
		err = spec.NewFault(spec.CodeHeader, "")
	}
	return head, err
}

// forgives tells whether the defect lets a bad head pass.
func (b *bureau) forgives(r *http.Request, body []byte, err error) bool {
	code := codeOf(err)
	switch b.defect {
	case "header-missing":
		return code == spec.CodeHeader && r.URL.RawQuery == ""
	case "query-string":
		return code == spec.CodeHeader && r.URL.RawQuery != ""
	case "media-other":
		return code == spec.CodeNotJSON
	case "app-unknown":
		return code == spec.CodeUnknownApp
	case "time-late":
		return code == spec.CodeLate
	case "signature-wrong":
		return code == spec.CodeBadSignature
	case "signature-head": // signs the digest of the body, whatever X-Digest says
		return code == spec.CodeBadSignature && b.signed(r, r.URL.Path, sm.SM3Hex(body))
	case "signature-path": // thinks that everything is a ping
		return code == spec.CodeBadSignature && (b.signed(r, "/v1/system/ping", r.Header.Get(spec.HeaderDigest)) || b.signed(r, "/v1/system/pong", r.Header.Get(spec.HeaderDigest)))
	}
	return false
}

// signed tells whether the platform signed for another path or digest.
func (b *bureau) signed(r *http.Request, path, digest string) bool {
	head, err := spec.ReadHead(r.Header)
	if err != nil {
		return false
	}
	head.Digest = digest
	_, encoded, _ := strings.Cut(r.Header.Get(spec.HeaderSignature), ":")
	signature, err := base64.StdEncoding.DecodeString(encoded)
	return err == nil && b.platform.Verify(head.Canonical(http.MethodPost, path), signature) == nil
}

func codeOf(err error) spec.Code {
	var fault *spec.Fault
	if errors.As(err, &fault) {
		return fault.Code
	}
	return ""
}

// fits verifies size, digest, schema and nonce.
func (b *bureau) fits(r *http.Request, head spec.Head, body []byte) error {
	info, ok := spec.ByPath(r.URL.Path)
	if !ok {
		return spec.NewFault(spec.CodeUnknownOperation, "")
	}
	size := int64(len(body))
	if size > info.MaxRequest && !b.has("size-over") || b.has("size-full") && size > info.MaxRequest/2 && size <= info.MaxRequest {
		return spec.NewFault(spec.CodeTooBig, "")
	}
	if sm.SM3Hex(body) != head.Digest && !b.has("body-altered") && head.App != "" {
		return spec.NewFault(spec.CodeAltered, "")
	}
	if err := b.document.Check(info.Operation, spec.Request, b.sloppy(body)); err != nil && !b.overlooks(body, err) {
		return err
	}
	if b.has("nonce-replayed") {
		return nil
	}
	return b.nonces.Use(head, time.Now())
}

// sloppy reads a body as a careless reader would, and gives what that takes for the body.
func (b *bureau) sloppy(body []byte) []byte {
	var v map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err := d.Decode(&v)
	switch {
	case err != nil:
	case b.has("body-json"): // the first object, whatever follows
		return body[:d.InputOffset()]
	case b.has("field-twice") && !d.More() && utf8.Valid(body): // the last of two values
		if out, err := json.Marshal(v); err == nil {
			return out
		}
	}
	return body
}

// overlooks tells whether the defect is blind to what is wrong with a body.
func (b *bureau) overlooks(body []byte, err error) bool {
	blind := map[string]string{"field-unknown": "规范中没有这个字段", "field-missing": "缺少必填字段", "field-type": "类型应为"}[b.defect]
	if b.has("field-null") {
		return bytes.Contains(body, []byte("null"))
	}
	var fault *spec.Fault
	if !errors.As(err, &fault) || blind == "" || len(fault.Fields) == 0 {
		return false
	}
	for _, f := range fault.Fields {
		if !strings.HasPrefix(f.Detail, blind) || b.has("field-type") && bytes.Contains(body, []byte("null")) {
			return false
		}
	}
	return true
}

// serve does what is asked, once a message.
func (b *bureau) serve(r *http.Request, head spec.Head, body []byte) (int, []byte, error) {
	if r.URL.Path == "/v1/system/ping" {
		return b.ping(head, body)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	before, again := b.answered[head.MessageID]
	switch {
	case again && !b.has("repeat-same"):
		if !bytes.Equal(before.request, body) && !b.has("repeat-other") {
			return 0, nil, spec.NewFault(spec.CodeMessageReused, "")
		}
		return http.StatusAccepted, before.answer, nil
	case again && !bytes.Equal(before.request, body):
		return 0, nil, spec.NewFault(spec.CodeMessageReused, "")
	case bytes.Contains(body, []byte(`"branch":"gone"`)) && !b.has("refusal-business"):
		return 0, nil, spec.NewFault(spec.CodeNotFound, "")
	}
	answer, err := spec.Encode(spec.Receipt{Accepted: true, Receipt: rand.Text()})
	b.answered[head.MessageID] = kept{body, answer}
	if !again {
		b.working.Go(func() { b.work(body) })
	}
	return http.StatusAccepted, answer, err
}

func (b *bureau) ping(head spec.Head, body []byte) (int, []byte, error) {
	var in spec.SystemPingRequest
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&in); err != nil {
		in.Echo = "?"
	}
	b.mu.Lock()
	_, again := b.answered[head.MessageID]
	b.answered[head.MessageID] = kept{}
	b.mu.Unlock()
	out := spec.SystemPingResponse{Echo: in.Echo, System: "公积金中心", Now: time.Now()}
	switch {
	case again && b.has("repeat-read"):
		return 0, nil, spec.NewFault(spec.CodeMessageReused, "")
	case b.has("ping-echo"):
		out.Echo = "pong"
	case b.has("clock"):
		out.Now = out.Now.Add(-5 * time.Second)
	}
	answer, err := spec.Encode(out)
	return http.StatusOK, answer, err
}

// answer writes what was done.
func (b *bureau) answer(w http.ResponseWriter, r *http.Request, head spec.Head, status int, body []byte) {
	self := b.self
	switch b.defect {
	case "answered":
		status = http.StatusCreated
	case "answer-media":
		w = &otherMedia{w, "text/plain"}
	case "answer-signed":
		self = b.stranger
	case "answer-schema":
		body = bytes.Replace(body, []byte("{"), []byte(`{"extra":1,`), 1)
	case "answer-size":
		body = append(body, bytes.Repeat([]byte(" "), 1<<20)...)
	case "answer-time":
		if status == http.StatusAccepted {
			time.Sleep(limit + 10*time.Millisecond)
		}
	}
	if err := spec.Answer(w, self, r.URL.Path, head, status, body, time.Now()); err != nil {
		b.t.Error(err)
	}
}

// refuse writes an error.
func (b *bureau) refuse(w http.ResponseWriter, r *http.Request, head spec.Head, err error) {
	var fault *spec.Fault
	if !errors.As(err, &fault) {
		b.t.Error(err)
		return
	}
	self := b.self
	switch b.defect {
	case "error-fields":
		fault.Fields = nil
	case "error-body":
		w = &otherMedia{w, "application/json"}
	case "error-signed":
		self.Key = nil
	}
	if err := spec.Refuse(w, self, r.URL.Path, head, fault, "", time.Now()); err != nil {
		b.t.Error(err)
	}
}

// otherMedia writes another media type than it is told.
type otherMedia struct {
	http.ResponseWriter
	media string
}

func (w *otherMedia) WriteHeader(status int) {
	w.Header().Set("Content-Type", w.media)
	w.ResponseWriter.WriteHeader(status)
}

// work evaluates a loan and sends the result until it is taken.
func (b *bureau) work(body []byte) {
	var in spec.FundLoanEvaluateRequest
	if json.Unmarshal(body, &in) != nil || b.has("result-arrives") {
		return
	}
	out := spec.FundLoanResultRequest{WorkID: in.WorkID, CaseNo: in.CaseNo,
		Review: spec.Review{Outcome: spec.OutcomeRefuse, Opinion: "不符合贷款条件", Reviewer: "孙", ReviewedAt: time.Now()}}
	if b.has("result-case") {
		out.CaseNo = "TZ-000000-00000-0"
	}
	raw, err := spec.Encode(out)
	if err != nil {
		b.t.Error(err)
		return
	}
	if b.has("result-schema") {
		raw = bytes.Replace(raw, []byte("{"), []byte(`{"extra":1,`), 1)
	}
	b.send(in.WorkID.String(), raw)
	if b.has("result-once") {
		b.send(in.WorkID.String(), raw)
	}
}

func (b *bureau) send(work string, body []byte) {
	info, _ := spec.Lookup(spec.FundLoanResult)
	messageID := uuid.NewString()
	for attempt := range 3 {
		self := b.self
		if b.has("result-signed") && attempt == 0 {
			self = b.stranger
		}
		if b.has("result-retried") && attempt > 0 {
			messageID = uuid.NewString()
		}
		relates := work
		if b.has("result-relates") {
			relates = ""
		}
		if status := b.post(self, info.Path, messageID, relates, body); status == http.StatusOK || status == http.StatusBadRequest {
			return
		}
	}
}

func (b *bureau) post(self spec.Identity, path, messageID, relates string, body []byte) int {
	r, err := http.NewRequest(http.MethodPost, b.home+path, bytes.NewReader(body))
	if err != nil {
		b.t.Error(err)
		return 0
	}
	if _, err := spec.SignRequest(self, r, messageID, relates, body, time.Now()); err != nil {
		b.t.Error(err)
		return 0
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
