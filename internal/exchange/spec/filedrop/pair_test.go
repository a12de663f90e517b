package filedrop_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/sm"
)

var (
	started  = time.Date(2026, 11, 25, 11, 33, 15, 123e6, clock.Shanghai())
	platform = spec.Identity{App: "taizhou-yichuang", Key: spec.Secret("secret of the line")}
	registry = spec.Identity{App: "taizhou-registry", Key: spec.Secret("secret of the line")}
	verifier = spec.Secret("secret of the line")
	body     = []byte(`{"echo":"连通测试"}`)
)

// limits are short, that a test need not wait.
var limits = filedrop.Limits{PollMin: time.Millisecond, PollMax: 5 * time.Millisecond, Grace: 50 * time.Millisecond, Lease: 3 * time.Second}

// pair is the two sides of a folder.
type pair struct {
	t          *testing.T
	dir        string
	clock      *clock.Fake
	near, far  *filedrop.Box // the platform's and the counterpart's
	nonces     spec.Nonces   // the counterpart's
	mu         sync.Mutex
	seen       []string // bodies that were found good
	refused    []spec.Code
	answerWith func(l spec.Letter, body []byte) error // nil: {"ok":true}
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, dir: t.TempDir(), clock: clock.NewFake(started)}
	p.near, p.far = p.box(filedrop.To, filedrop.From, 0), p.box(filedrop.From, filedrop.To, 0)
	return p
}

func (p *pair) box(out, in string, workers int) *filedrop.Box {
	return filedrop.New(filedrop.Options{Out: out, In: in, Source: "file", Clock: p.clock, Workers: workers, Limits: limits,
		Open: p.open})
}

func (p *pair) open() (folder.Folder, error) {
	return folder.Open(p.t.Context(), folder.Address{URL: "file://" + p.dir})
}

// receive is the counterpart's side: verify, remember the nonce, answer.
func (p *pair) receive(_ context.Context, l spec.Letter) {
	now := p.clock.Now()
	info, head, err := l.Open(func(app string) (spec.Verifier, error) {
		if app != platform.App {
			return nil, spec.NewFault(spec.CodeUnknownApp, "")
		}
		return verifier, nil
	}, now)
	var content []byte
	if err == nil {
		content, err = l.Body(info.MaxRequest, now)
	}
	if err == nil {
		err = p.nonces.Use(head, now)
	}
	var fault *spec.Fault
	if errors.As(err, &fault) {
		p.mu.Lock()
		p.refused = append(p.refused, fault.Code)
		p.mu.Unlock()
		_ = l.Refuse(registry, fault, "trace", now) // where it cannot be written it comes up again
		return
	}
	if err != nil {
		p.t.Error(err)
		return
	}
	p.mu.Lock()
	p.seen = append(p.seen, string(content))
	answer := p.answerWith
	p.mu.Unlock()
	if answer == nil {
		answer = func(l spec.Letter, _ []byte) error {
			return l.Answer(registry, http.StatusOK, []byte(`{"ok":true}`), now)
		}
	}
	_ = answer(l, content)
}

func (p *pair) take() {
	p.t.Helper()
	if err := p.far.Take(p.t.Context(), p.receive); err != nil {
		p.t.Fatal(err)
	}
}

// serve lets the counterpart look into the folder until the test ends.
func (p *pair) serve() {
	ctx, stop := context.WithCancel(p.t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			if err := p.far.Take(ctx, p.receive); err != nil && ctx.Err() == nil {
				p.t.Error(err)
			}
			time.Sleep(time.Millisecond)
		}
	})
	p.t.Cleanup(func() { stop(); done.Wait() })
}

func ping() spec.Info { info, _ := spec.Lookup(spec.SystemPing); return info }

func message(id string) filedrop.Message {
	return filedrop.Message{Info: ping(), MessageID: id, Body: body, Self: platform, Peer: verifier}
}

func (p *pair) send(id string, patience time.Duration) (filedrop.Reply, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	return p.near.Send(ctx, message(id))
}

// files lists the plain files of a folder with all below it, days of done/ and bad/ left out of their names.
func (p *pair) files(dir string) []string {
	p.t.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join(p.dir, dir), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(p.dir, path)
			parts := strings.Split(rel, "/")
			if len(parts) == 4 {
				parts = append(parts[:2], parts[3])
			}
			out = append(out, strings.Join(parts, "/"))
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func (p *pair) codes() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, c := range p.refused {
		out = append(out, string(c))
	}
	return strings.Join(out, " ")
}

// request is a good request's file, before a test spoils it.
type request struct {
	name filedrop.Name
	head spec.Head
	text string
}

func written(t *testing.T, id string, at time.Time) request {
	t.Helper()
	r := request{name: filedrop.Name{Time: at, Operation: spec.SystemPing, Kind: filedrop.Request, MessageID: id}}
	r.head = spec.Head{App: platform.App, Time: at.Truncate(time.Second), Nonce: spec.NewNonce(), MessageID: id, Digest: sm.SM3Hex(body)}
	if err := r.head.Sign(platform.Key, http.MethodPost, ping().Path); err != nil {
		t.Fatal(err)
	}
	lines := http.Header{}
	r.head.Write(lines)
	var b bytes.Buffer
	b.WriteString("X-Operation: system.ping\n")
	for name := range lines {
		b.WriteString(name + ": " + lines.Get(name) + "\n")
	}
	b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\n\n")
	b.Write(body)
	r.text = b.String()
	return r
}

func (p *pair) drop(name, text string) {
	p.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Join(p.dir, "to"), 0o700), os.WriteFile(filepath.Join(p.dir, "to", name), []byte(text), 0o600)); err != nil {
		p.t.Fatal(err)
	}
}
