package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"time"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

const (
	ourApp, theirApp = "taizhou-yichuang", "registry-321202"
	hailing          = "321202"
	someUnit         = "321202001003GB00012F00030504"
)

// measureExchange asks a registry for the status of a unit: signed, verified both ways, checked against the specification and
// logged; beside the same in XML and by files, and the same bodies over plain HTTP.
func measureExchange(ctx context.Context, b *bench) error {
	const n, byFiles, some = 3000, 400, 32
	in := spec.RegistryUnitStatusRequest{UnitCode: someUnit}
	signed, err := b.calls(ctx, "unified", in, n, some)
	if err != nil {
		return err
	}
	inXML, err := b.calls(ctx, "bizxml", in, n, some)
	if err != nil {
		return err
	}
	inFiles, err := b.calls(ctx, "filedrop", in, byFiles, some)
	if err != nil {
		return err
	}
	bare, err := b.bareHTTP(ctx, in, n, some)
	if err != nil {
		return err
	}
	for _, l := range []line{
		{Name: "exchange.call", Value: rate(n, signed), Unit: "1/s", Better: higher, Of: "calls signed, verified, checked and logged, both sides in one process, " + at(some), N: n},
		{Name: "exchange.bizxml", Value: rate(n, inXML), Unit: "1/s", Better: higher, Of: "the same calls as XML messages, " + at(some), N: n},
		{Name: "exchange.filedrop", Value: rate(byFiles, inFiles), Unit: "1/s", Better: higher, Of: "the same calls by files in a folder of this machine, each brought to the disk, " + at(some), N: byFiles},
		{Name: "exchange.bare", Value: rate(n, bare), Unit: "1/s", Better: higher, Of: "the same bodies over plain HTTP, " + at(some), N: n},
		{Name: "exchange.share", Value: round(float64(bare) / float64(signed)), Unit: "", Better: higher, Of: "exchange.call to exchange.bare", N: n},
	} {
		if err := b.report(l); err != nil {
			return err
		}
	}
	return nil
}

// calls measures n calls in a dialect, some at a time.
func (b *bench) calls(ctx context.Context, dialect string, in spec.RegistryUnitStatusRequest, n, some int) (time.Duration, error) {
	client, closeRegistry, err := b.registry(ctx, dialect)
	if err != nil {
		return 0, err
	}
	defer closeRegistry()
	call := func(ctx context.Context, key string) error {
		return client.Call(ctx, spec.RegistryUnitStatus, exchange.Route{District: hailing}, key, in, nil)
	}
	for i := range some { // connections and statements
		if err := call(ctx, fmt.Sprintf("warm-%d", i)); err != nil {
			return 0, err
		}
	}
	return b.atOnce(ctx, n, some, func(ctx context.Context, i int) error { return call(ctx, fmt.Sprintf("key-%d", i)) })
}

// noAudit takes the place of the audit record of settings.
type noAudit struct{}

func (noAudit) Record(context.Context, pg.DB, audit.Entry) error { return nil }

// registry is a counterpart built from the specification alone, as a vendor's would be, and a client that knows it.
func (b *bench) registry(ctx context.Context, dialect string) (*exchange.Client, func(), error) {
	pool, err := b.database(ctx, "exchange-"+dialect)
	if err != nil {
		return nil, nil, err
	}
	if err := pg.Migrate(ctx, pool, exchange.Migrations(), exchange.MigrationTable); err != nil {
		return nil, nil, err
	}
	keys, err := sm.LoadOrCreateKeyring(filepath.Join(b.dir, "exchange.keys"))
	if err != nil {
		return nil, nil, err
	}
	x, err := exchange.New(exchange.Options{Pool: pool, Keyring: keys, Clock: b.clock, Audit: noAudit{}})
	if err != nil {
		return nil, nil, err
	}
	ours, err := sm.NewSigner()
	if err != nil {
		return nil, nil, err
	}
	theirs, err := sm.NewSigner()
	if err != nil {
		return nil, nil, err
	}
	them := &counterpart{clock: b.clock, signer: theirs, us: ours.Public()}
	server := httptest.NewServer(them)
	stop := them.watch(ctx, b.dir)
	closeBoth := func() { server.Close(); stop() }
	e := exchange.Endpoint{Name: "登记系统", Counterpart: "registry", District: hailing, Dialect: dialect, Folder: "file://" + b.dir, Grade: spec.GradeSensitive, BaseURL: server.URL, App: ourApp, PeerApp: theirApp,
		Limits: exchange.DefaultLimits(), Enabled: true}
	actor := exchange.Actor{ID: "bench", Name: "测量", Source: "127.0.0.1"}
	if _, err := x.SetEndpoint(ctx, actor, e, &exchange.Keys{Signer: ours, Peer: theirs.Public()}, "测量"); err != nil {
		closeBoth()
		return nil, nil, err
	}
	return exchange.NewClient(x), closeBoth, nil
}

type counterpart struct {
	clock  clock.Clock
	signer *sm.Signer
	us     *sm.PublicKey
}

func (c *counterpart) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == bizxml.Plain.Path() {
		c.take(bizxml.NewLetter(bizxml.Plain, w, r))
		return
	}
	c.take(spec.NewLetter(w, r))
}

// watch answers what is left in the folder, until the function that it returns is called.
func (c *counterpart) watch(ctx context.Context, dir string) (stop func()) {
	box := filedrop.New(filedrop.Options{Out: filedrop.From, In: filedrop.To, Clock: c.clock, Workers: 8, Open: func() (folder.Folder, error) {
		return folder.Open(ctx, folder.Address{URL: "file://" + dir})
	}})
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer box.Wait()
		for ctx.Err() == nil {
			_ = box.Take(ctx, func(_ context.Context, l spec.Letter) { c.take(l) }) // the caller sees that no answer comes
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return func() { cancel(); <-done }
}

func (c *counterpart) take(l spec.Letter) {
	now := c.clock.Now()
	us := spec.Identity{App: theirApp, Key: spec.SM2Key(c.signer)}
	info, _, err := l.Open(func(string) (spec.Verifier, error) { return spec.SM2Verifier(c.us), nil }, now)
	if err == nil {
		_, err = l.Body(info.MaxRequest, c.clock.Now().Add(info.Timeout))
	}
	var body []byte
	if err == nil {
		body, err = spec.Encode(statusAt(now))
	}
	if err != nil {
		var fault *spec.Fault
		if !errors.As(err, &fault) {
			fault = spec.NewFault(spec.CodeInternal, err.Error())
		}
		_ = l.Refuse(us, fault, "", now) // the caller sees a broken answer
		return
	}
	_ = l.Answer(us, http.StatusOK, body, now) // as above
}

func statusAt(now time.Time) spec.RegistryUnitStatusResponse {
	return spec.RegistryUnitStatusResponse{UnitCode: someUnit, Transferable: true, Version: "v17", AsOf: now}
}

// bareHTTP exchanges the same bodies without anything around them.
func (b *bench) bareHTTP(ctx context.Context, in spec.RegistryUnitStatusRequest, n, some int) (time.Duration, error) {
	question, err := spec.Encode(in)
	if err != nil {
		return 0, err
	}
	answer, err := spec.Encode(statusAt(b.clock.Now()))
	if err != nil {
		return 0, err
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(answer)
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: some}}
	return b.atOnce(ctx, n, some, func(ctx context.Context, _ int) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, bytes.NewReader(question))
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	})
}
