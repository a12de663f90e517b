package conform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/sm"
)

// material is the file that samples may attach: a counterpart that fetches it gets it. Its digest is in docs/interface/README.md.
var material = []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")

// Arrival is one sending of the counterpart to the platform, good or not.
type Arrival struct {
	Operation spec.Operation
	MessageID string
	Nonce     string
	RelatesTo string // header
	Work      string // workId of the body
	Case      string
	Body      []byte
	At        time.Time
	Fault     *spec.Fault // why it was refused; nil: it was good
	Deferred  bool        // answered 503 all the same, to see it sent again
}

// Receiver is the platform as a counterpart sees it: it takes results and notices and remembers them.
type Receiver struct {
	dialect  Dialect
	self     spec.Identity
	app      string
	peer     spec.Verifier
	document *spec.Document
	clock    clock.Clock
	nonces   spec.Nonces

	mu       sync.Mutex
	arrived  []Arrival
	deferred map[string]bool // by work
	changed  chan struct{}   // closed with each arrival
}

// NewReceiver makes the receiver that a counterpart of these credentials sends to, as an http.Handler for what comes over HTTP; Watch is
// for what comes in files.
func NewReceiver(c Credentials, d *spec.Document, clk clock.Clock) (*Receiver, error) {
	self, peer, err := c.keys()
	if err != nil {
		return nil, err
	}
	return &Receiver{dialect: c.dialect(), self: self, app: c.PeerApp, peer: peer, document: d, clock: clk, deferred: map[string]bool{}, changed: make(chan struct{})}, nil
}

// ServeHTTP takes one sending in, in JSON or XML.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	form := r.dialect.form()
	switch {
	case r.dialect == Unified:
		r.Take(spec.NewLetter(w, req))
	case !r.dialect.xml() || req.URL.Path != form.Path():
		http.NotFound(w, req)
	case form == bizxml.SOAP && bizxml.Describe(w, req):
	default:
		r.Take(bizxml.NewLetter(form, w, req))
	}
}

// Watch takes in what the counterpart leaves in the folder, until ctx ends; only in the dialect filedrop.
func (r *Receiver) Watch(ctx context.Context, at folder.Address) error {
	var folders folder.Pool
	box := filedrop.New(filedrop.Options{Out: filedrop.To, In: filedrop.From, Source: "folder", Clock: r.clock, Open: func() (folder.Folder, error) { return folders.Open(at) }})
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if err := box.Take(ctx, func(_ context.Context, l spec.Letter) { r.Take(l) }); err != nil && ctx.Err() == nil {
			return errors.Join(fmt.Errorf("folder of the counterpart: %w", err), folders.Close())
		}
		select {
		case <-ctx.Done():
			return folders.Close()
		case <-tick.C:
		}
	}
}

// watchEvery is the pause between two looks into the folder.
const watchEvery = 50 * time.Millisecond

// Take takes one sending in.
func (r *Receiver) Take(l spec.Letter) {
	a := r.read(l)
	r.note(&a)
	fault := a.Fault
	if a.Deferred {
		fault = spec.NewFault(spec.CodeUnavailable, "一致性检查：第一次总是如此，请重发")
	}
	answer := []byte(`{"received":true}`)
	if fault == nil && a.Operation == spec.PlatformMaterialFetch {
		answer, fault = fetch(a.Body)
	}
	now := r.clock.Now()
	if fault != nil {
		_ = l.Refuse(r.self, fault, "conform", now) // who hung up is told nothing
		return
	}
	_ = l.Answer(r.self, http.StatusOK, answer, now)
}

// read verifies a sending. What can be known of a bad one is noted, too.
func (r *Receiver) read(l spec.Letter) Arrival {
	now := r.clock.Now()
	info, head, err := l.Open(r.verifier, now)
	a := Arrival{Operation: info.Operation, At: now, MessageID: head.MessageID, Nonce: head.Nonce, RelatesTo: head.RelatesTo}
	if info.Operation != "" && head.App != "" { // of a bad one, too: it tells whose it is
		body, wrong := l.Body(info.MaxRequest, clock.System().Now().Add(readWithin))
		if a.Body = body; err == nil {
			err = wrong
		}
		if err == nil {
			err = r.fits(info, head, body, now)
		}
	}
	a.Work, a.Case = text(a.Body, "workId"), text(a.Body, "caseNo")
	if err != nil && !errors.As(err, &a.Fault) {
		a.Fault = spec.NewFault(spec.CodeInternal, err.Error())
	}
	return a
}

// readWithin is how long a sending may take to come.
const readWithin = 30 * time.Second

func (r *Receiver) fits(info spec.Info, head spec.Head, body []byte, now time.Time) error {
	if info.Direction != spec.ToPlatform {
		return spec.NewFault(spec.CodeUnknownOperation, "")
	}
	if err := r.document.Check(info.Operation, spec.Request, body); err != nil {
		return err
	}
	return r.nonces.Use(head, now)
}

func (r *Receiver) verifier(app string) (spec.Verifier, error) {
	if app != r.app {
		return nil, spec.NewFault(spec.CodeUnknownApp, "")
	}
	return r.peer, nil
}

// note remembers an arrival, and decides whether it is put off: the first good one of each work is.
func (r *Receiver) note(a *Arrival) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.Fault == nil && a.Work != "" && !r.deferred[a.Work] {
		r.deferred[a.Work], a.Deferred = true, true
	}
	r.arrived = append(r.arrived, *a)
	close(r.changed)
	r.changed = make(chan struct{})
}

func fetch(body []byte) ([]byte, *spec.Fault) {
	digest := sm.SM3Hex(material)
	if text(body, "digest") != digest {
		return nil, spec.NewFault(spec.CodeNotFound, "没有这份材料")
	}
	answer, err := spec.Encode(spec.PlatformMaterialFetchResponse{Digest: digest, Mime: "application/pdf", Size: len(material), Content: material})
	if err != nil {
		return nil, spec.NewFault(spec.CodeInternal, "")
	}
	return answer, nil
}

// of lists what arrived for a work, in order.
func (r *Receiver) of(work string) []Arrival {
	return r.filter(func(a Arrival) bool { return a.Work == work })
}

// good lists what arrived of an operation without fault.
func (r *Receiver) good(op spec.Operation) []Arrival {
	return r.filter(func(a Arrival) bool { return a.Operation == op && a.Fault == nil })
}

func (r *Receiver) filter(keep func(Arrival) bool) []Arrival {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.arrived), func(a Arrival) bool { return !keep(a) })
}

// taken tells whether the result of a work was good and not put off.
func (r *Receiver) taken(work string) bool {
	return slices.ContainsFunc(r.of(work), func(a Arrival) bool { return a.Fault == nil && !a.Deferred })
}

// wait blocks until come is true or ctx ends, and tells which.
func (r *Receiver) wait(ctx context.Context, come func() bool) bool {
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if come() {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}
