package conform_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/conform"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/sm"
)

// clerk is a registry that takes letters in any dialect and keeps every rule but one. The bureau knows HTTP and JSON to the byte; the
// clerk is for what is the same in all dialects, and for what is XML's or files' own.
type clerk struct {
	t        *testing.T
	dialect  conform.Dialect
	defect   string
	self     spec.Identity
	stranger spec.Identity
	platform spec.Verifier
	document *spec.Document
	options  conform.Options
	home     string // address of the platform
	dir      string // folder of both
	box      *filedrop.Box
	nonces   spec.Nonces
	working  sync.WaitGroup

	mu       sync.Mutex
	answered map[string]kept
	hidden   map[string]bool // files that were taken and still lie there
}

// attached is the material of docs/interface/README.md.
var attached = spec.Attachment{MaterialCode: "M-05", Name: "合同", Mime: "application/pdf", Size: 125, Digest: "9e49c921f800006c4c160e37bed48ae4dc370bed87c2e3ccca48e96ec1bac5ab"}

func newClerk(t *testing.T, dialect conform.Dialect, defect string) *clerk {
	t.Helper()
	d, err := document()
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs, nobodys := signer(t), signer(t), signer(t)
	c := &clerk{t: t, dialect: dialect, defect: defect, document: d, dir: t.TempDir(), answered: map[string]kept{}, hidden: map[string]bool{},
		self: spec.Identity{App: "test-registry", Key: spec.SM2Key(theirs)}, stranger: spec.Identity{App: "test-registry", Key: spec.SM2Key(nobodys)}, platform: spec.SM2Verifier(ours.Public())}
	push, err := d.Example(spec.RegistrySurveyPush, spec.Request)
	if err != nil {
		t.Fatal(err)
	}
	credentials := conform.Credentials{App: platformApp, PrivateKey: string(ours.PEM()), PeerApp: c.self.App, PeerKey: string(theirs.Public().PEM()), Dialect: dialect,
		Folder:     folder.Address{URL: (&url.URL{Scheme: "file", Path: c.dir}).String()},
		Operations: []spec.Operation{spec.RegistrySurveyPush, spec.RegistryDayQuery}, Samples: []conform.Sample{{Operation: spec.RegistrySurveyPush, Body: with(t, push, map[string]any{"attachments": []any{attached}})}}}
	clk := clock.System()
	receiver, err := conform.NewReceiver(credentials, d, clk)
	if err != nil {
		t.Fatal(err)
	}
	home, office := httptest.NewServer(receiver), httptest.NewServer(c)
	c.home = home.URL
	t.Cleanup(func() { c.working.Wait(); office.Close(); home.Close() })
	c.options = conform.Options{Role: "registry", Target: office.URL, Credentials: credentials, Carrier: carrier(t, credentials, office.URL), Receiver: receiver, Document: d, Clock: clk,
		Wait: 10 * time.Second, Linger: 150 * time.Millisecond}
	if dialect == conform.FileDrop {
		c.watch(receiver)
	}
	return c
}

// with is a body with other values.
func with(t *testing.T, body []byte, values map[string]any) []byte {
	t.Helper()
	all := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	maps.Copy(all, values)
	out, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *clerk) has(defect string) bool { return c.defect == defect }

// watch opens both sides of the folder until the test ends.
func (c *clerk) watch(receiver *conform.Receiver) {
	limits := filedrop.Limits{}
	if c.has("file-partial") {
		limits.Grace = time.Millisecond
	}
	f, err := folder.Open(c.t.Context(), c.options.Credentials.Folder)
	if err != nil {
		c.t.Fatal(err)
	}
	c.box = filedrop.New(filedrop.Options{Out: filedrop.From, In: filedrop.To, Clock: clock.System(), Limits: limits, Workers: 8,
		Open: func() (folder.Folder, error) { return &shelf{f, c}, nil }})
	ctx, cancel := context.WithCancel(context.Background())
	var both sync.WaitGroup
	both.Go(func() {
		if err := receiver.Watch(ctx, c.options.Credentials.Folder); err != nil {
			c.t.Error(err)
		}
	})
	both.Go(func() {
		for ctx.Err() == nil {
			if err := c.box.Take(ctx, func(_ context.Context, l spec.Letter) { c.take(l, nil) }); err != nil && ctx.Err() == nil {
				c.t.Error(err)
			}
			time.Sleep(5 * time.Millisecond)
		}
		c.box.Wait()
	})
	c.t.Cleanup(func() { c.working.Wait(); cancel(); both.Wait() })
}

// ServeHTTP takes a letter in JSON or XML. The raw message is kept for defects that need to see it.
func (c *clerk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Error(err)
	}
	if c.has("xml-dtd") {
		from := bytes.Index(raw, []byte("&lt;!DOCTYPE"))
		if from < 0 {
			from = bytes.Index(raw, []byte("<!DOCTYPE"))
		}
		if end := bytes.Index(raw, []byte("]>")); from >= 0 && end > 0 {
			raw = append(raw[:from:from], raw[end+2:]...)
		} else if end := bytes.Index(raw, []byte("]&gt;")); from >= 0 && end > 0 {
			raw = append(raw[:from:from], raw[end+5:]...)
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	switch c.dialect {
	case conform.Unified:
		c.take(spec.NewLetter(w, r), raw)
	case conform.BizXML:
		if c.has("http-status") {
			w = &otherStatus{w, http.StatusOK}
		}
		c.take(c.looking(bizxml.NewLetter(bizxml.Plain, w, r)), raw)
	case conform.BizXMLSOAP:
		if c.has("soap-fault") {
			w = &otherStatus{w, http.StatusBadRequest}
		}
		c.take(c.looking(bizxml.NewLetter(bizxml.SOAP, w, r)), raw)
	}
}

// otherStatus writes one status whatever it is told, unless all is well.
type otherStatus struct {
	http.ResponseWriter
	status int
}

func (w *otherStatus) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		status = w.status
	}
	w.ResponseWriter.WriteHeader(status)
}

// looking is a letter whose files are looked for.
func (c *clerk) looking(l *bizxml.Letter) spec.Letter {
	l.Files = func(_ spec.Info, _ []byte, files []bizxml.File) error {
		for _, f := range files {
			content, err := os.ReadFile(filepath.Join(c.dir, filepath.FromSlash(f.Path)))
			switch {
			case err != nil && !c.has("attachment-missing"):
				return spec.NewFault(spec.CodeSchema, "")
			case err == nil && sm.SM3Hex(content) != f.Digest && !c.has("attachment-altered"):
				return spec.NewFault(spec.CodeAltered, "")
			}
		}
		return nil
	}
	return l
}

// take handles a letter.
func (c *clerk) take(l spec.Letter, raw []byte) {
	now := time.Now()
	info, head, err := l.Open(func(app string) (spec.Verifier, error) {
		if app != platformApp {
			return nil, spec.NewFault(spec.CodeUnknownApp, "")
		}
		return c.platform, nil
	}, now)
	var body []byte
	if err == nil {
		body, err = l.Body(info.MaxRequest, now.Add(time.Minute))
	}
	if err == nil {
		err = c.fits(info, body)
	}
	if err == nil && !c.has("nonce-replayed") {
		err = c.nonces.Use(head, now)
	}
	if codeOf(err) == spec.CodeSchema && c.overlooks(raw) {
		body, err = []byte(`{"echo":"?"}`), nil
	}
	self := c.self
	if c.has("answer-signed") {
		self = c.stranger
	}
	status, answer := 0, []byte(nil)
	if err == nil {
		status, answer, err = c.serve(info, head, body)
	}
	if err == nil {
		err = l.Answer(self, status, answer, time.Now())
	} else {
		var fault *spec.Fault
		if !errors.As(err, &fault) {
			c.t.Error(err)
			return
		}
		err = l.Refuse(c.self, fault, "", time.Now())
	}
	if err != nil {
		c.t.Error(err)
	}
}

func (c *clerk) fits(info spec.Info, body []byte) error {
	err := c.document.Check(info.Operation, spec.Request, body)
	if c.has("page-cursor") && bytes.Contains(body, []byte(`"after":"?"`)) {
		return nil
	}
	return err
}

// overlooks tells whether the defect is blind to what is wrong with the XML.
func (c *clerk) overlooks(raw []byte) bool {
	switch c.defect {
	case "xml-plain":
		return bytes.Contains(raw, []byte("!-- x --"))
	case "xml-type":
		return bytes.Contains(raw, []byte("ConformRequest"))
	}
	return false
}

// serve does what is asked, once a message.
func (c *clerk) serve(info spec.Info, head spec.Head, body []byte) (int, []byte, error) {
	switch info.Operation {
	case spec.SystemPing:
		var in spec.SystemPingRequest
		if err := json.Unmarshal(body, &in); err != nil {
			return 0, nil, err
		}
		answer, err := spec.Encode(spec.SystemPingResponse{Echo: in.Echo, System: "登记系统", Now: time.Now()})
		return http.StatusOK, answer, err
	case spec.RegistryDayQuery:
		var in spec.RegistryDayQueryRequest
		if err := json.Unmarshal(body, &in); err != nil {
			return 0, nil, err
		}
		answer, err := spec.Encode(c.page(in))
		return http.StatusOK, answer, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	before, again := c.answered[head.MessageID]
	switch {
	case again && !bytes.Equal(before.request, body):
		return 0, nil, spec.NewFault(spec.CodeMessageReused, "")
	case again:
		return http.StatusAccepted, before.answer, nil
	}
	answer, err := spec.Encode(spec.Receipt{Accepted: true, Receipt: rand.Text()})
	c.answered[head.MessageID] = kept{body, answer}
	c.working.Go(func() { c.work(info, body) })
	return http.StatusAccepted, answer, err
}

// page is one of three pages of a day.
func (c *clerk) page(in spec.RegistryDayQueryRequest) spec.RegistryDayQueryResponse {
	n, err := strconv.Atoi(in.After)
	if err != nil || c.has("page-follow") {
		n = 0
	}
	unit := spec.EnteredUnit{UnitCode: spec.UnitCode(fmt.Sprintf("321202001001GB00011F0001050%d", n+1)), Version: "v1", RegisteredAt: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}
	out := spec.RegistryDayQueryResponse{Date: in.Date, Units: []spec.EnteredUnit{unit}}
	if n < 2 {
		out.Next = strconv.Itoa(n + 1)
	}
	return out
}

// work sends the result until it is taken.
func (c *clerk) work(of spec.Info, body []byte) {
	info, _ := spec.Lookup(of.Result)
	example, err := c.document.Example(of.Result, spec.Request)
	if err != nil {
		c.t.Error(err)
		return
	}
	var about struct {
		WorkID string `json:"workId"`
		CaseNo string `json:"caseNo"`
	}
	if err := json.Unmarshal(body, &about); err != nil {
		c.t.Error(err)
		return
	}
	result := with(c.t, example, map[string]any{"workId": about.WorkID, "caseNo": about.CaseNo})
	for n := range 2 {
		if messageID := uuid.NewString(); n == 0 || c.has("result-once") {
			for range 5 {
				if status := c.send(info, messageID, about.WorkID, result); status == http.StatusOK {
					break
				}
			}
		}
	}
}

// send carries a result to the platform and gives the status of the answer.
func (c *clerk) send(info spec.Info, messageID, relates string, body []byte) int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if c.dialect == conform.FileDrop {
		r, err := c.box.Send(ctx, filedrop.Message{Info: info, MessageID: messageID, RelatesTo: relates, Body: body, Self: c.self, Peer: c.platform})
		if err != nil {
			c.t.Error(err)
		}
		return r.Status
	}
	form := bizxml.Plain
	switch c.dialect {
	case conform.BizXMLSOAP:
		form = bizxml.SOAP
	case conform.Unified:
		r, err := http.NewRequest(http.MethodPost, c.home+info.Path, bytes.NewReader(body))
		if err == nil {
			_, err = spec.SignRequest(c.self, r, messageID, relates, body, time.Now())
		}
		if err != nil {
			c.t.Error(err)
			return 0
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			c.t.Error(err)
			return 0
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	head, r, err := form.NewRequest(ctx, c.home, bizxml.Outgoing{Info: info, Self: c.self, MessageID: messageID, RelatesTo: relates, Body: body}, time.Now())
	if err != nil {
		c.t.Error(err)
		return 0
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	answer, err := form.ReadAnswer(resp, head, c.platform, info.MaxResponse, time.Now())
	if err != nil {
		c.t.Error(err)
	}
	return answer.Status
}

// shelf is the folder as a clerk with a defect uses it.
type shelf struct {
	folder.Folder
	c *clerk
}

func (s *shelf) List(ctx context.Context, dir string, max int) (folder.Listing, error) {
	l, err := s.Folder.List(ctx, dir, max)
	if err != nil || dir != filedrop.To {
		return l, err
	}
	kept := l.Entries[:0]
	for _, e := range l.Entries {
		s.c.mu.Lock()
		hidden := s.c.hidden[e.Name]
		s.c.mu.Unlock()
		if name, cut := strings.CutSuffix(e.Name, ".part"); s.c.has("file-temporary") && cut && !folder.Temporary(e.Name) {
			if err := s.Folder.Rename(ctx, dir+"/"+e.Name, dir+"/"+name); err != nil {
				return l, err
			}
			e.Name = name
		}
		if !hidden {
			kept = append(kept, e)
		}
	}
	l.Entries = kept
	return l, nil
}

// Read gives a file that was renamed the head that fits its name, for a clerk that believes names.
func (s *shelf) Read(ctx context.Context, name string, max int64) ([]byte, error) {
	raw, err := s.Folder.Read(ctx, name, max)
	n, ok := filedrop.ParseName(name[strings.LastIndexByte(name, '/')+1:])
	if !s.c.has("file-name") || !ok || err != nil || bytes.Contains(raw, []byte(n.MessageID)) {
		return raw, err
	}
	for line := range strings.Lines(string(raw)) {
		if id, cut := strings.CutPrefix(line, spec.HeaderMessage+": "); cut {
			return bytes.ReplaceAll(raw, []byte(strings.TrimSpace(id)), []byte(n.MessageID)), nil
		}
	}
	return raw, nil
}

func (s *shelf) Rename(ctx context.Context, from, to string) error {
	base := from[strings.LastIndexByte(from, '/')+1:]
	n, ok := filedrop.ParseName(base)
	switch {
	case s.c.has("file-answers") && ok && n.Kind == filedrop.Answer:
		return nil
	case s.c.has("file-taken") && ok && n.Kind == filedrop.Request && from == filedrop.To+"/"+base:
		raw, err := s.Folder.Read(ctx, from, 2<<20)
		if err != nil {
			return err
		}
		s.c.mu.Lock()
		s.c.hidden[base] = true
		s.c.mu.Unlock()
		return s.Folder.Write(ctx, to, raw)
	}
	return s.Folder.Rename(ctx, from, to)
}

// A counterpart that keeps all rules passes them in every dialect, and none is left unchecked but refusals without a sample.
func TestConformingClerkPasses(t *testing.T) {
	for _, name := range conform.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newClerk(t, conform.Dialect(name), "").run()
			var out strings.Builder
			if err := r.WriteTable(&out, false); err != nil {
				t.Fatal(err)
			}
			if !r.OK() || string(r.Dialect) != name {
				t.Fatalf("%s\n%s", r.Dialect, &out)
			}
			seen := map[string]bool{}
			for _, l := range r.Lines {
				seen[l.Rule.ID] = true
				if l.Verdict == conform.Skip && l.Rule.ID != "refusal-business" {
					t.Errorf("%s of %s: %s", l.Rule.ID, l.Operation.Operation, l.Got)
				}
			}
			for _, rule := range conform.Rules() {
				if rule.Holds(r.Dialect) != seen[rule.ID] {
					t.Errorf("%s holds %t, tried %t", rule.ID, rule.Holds(r.Dialect), seen[rule.ID])
				}
			}
		})
	}
}

func (c *clerk) run() *conform.Report {
	c.t.Helper()
	r, err := conform.Run(c.t.Context(), c.options)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// dialectDefect is a defect that is found with a clerk, and where; with the rules that it breaks besides.
type dialectDefect struct {
	rule     string
	dialects []conform.Dialect
	also     []string
}

// inDialects lists them.
var inDialects = []dialectDefect{
	{"answer-signed", []conform.Dialect{conform.BizXML, conform.BizXMLSOAP, conform.FileDrop}, nil},
	{"nonce-replayed", []conform.Dialect{conform.BizXML, conform.FileDrop}, nil},
	{"result-once", []conform.Dialect{conform.BizXML, conform.FileDrop}, nil},
	{"page-follow", []conform.Dialect{conform.Unified, conform.BizXML, conform.FileDrop}, nil},
	{"page-cursor", []conform.Dialect{conform.Unified, conform.BizXML, conform.FileDrop}, nil},
	{"xml-dtd", []conform.Dialect{conform.BizXML, conform.BizXMLSOAP}, nil},
	{"xml-plain", []conform.Dialect{conform.BizXML, conform.BizXMLSOAP}, nil},
	{"xml-type", []conform.Dialect{conform.BizXML, conform.BizXMLSOAP}, nil},
	{"http-status", []conform.Dialect{conform.BizXML}, nil},
	{"soap-fault", []conform.Dialect{conform.BizXMLSOAP}, nil},
	{"attachment-missing", []conform.Dialect{conform.BizXML, conform.BizXMLSOAP}, nil},
	{"attachment-altered", []conform.Dialect{conform.BizXML, conform.BizXMLSOAP}, nil},
	{"file-taken", []conform.Dialect{conform.FileDrop}, nil},
	{"file-partial", []conform.Dialect{conform.FileDrop}, nil},
	{"file-temporary", []conform.Dialect{conform.FileDrop}, nil},
	{"file-name", []conform.Dialect{conform.FileDrop}, nil},
	{"file-answers", []conform.Dialect{conform.FileDrop}, nil},
}

// atClerk tells whether the bureau cannot have the defect: it has no XML, no files, no pages.
func atClerk(rule string) bool {
	family, _, _ := strings.Cut(rule, "-")
	return slices.Contains([]string{"xml", "http", "soap", "attachment", "file", "page"}, family)
}

// Each rule of a dialect finds its defect there.
func TestEachDialectFindsItsDefects(t *testing.T) {
	for _, r := range conform.Rules() {
		if atClerk(r.ID) && !slices.ContainsFunc(inDialects, func(d dialectDefect) bool { return d.rule == r.ID }) {
			t.Errorf("%s is shown no defect", r.ID)
		}
	}
	for _, tt := range inDialects {
		for _, d := range tt.dialects {
			t.Run(tt.rule+" "+string(d), func(t *testing.T) {
				t.Parallel()
				found(t, newClerk(t, d, tt.rule).run(), tt.rule, tt.also...)
			})
		}
	}
}
