package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	catalogdata "yichuang/catalog"
	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office"
	"yichuang/internal/office/inquiry"
	"yichuang/internal/office/register"
)

const courtApp = "court-hailing"

// measureBatch has a court ask about ten thousand persons: from the first byte of its signed message to the platform's having its
// receipt for the last page of results.
func measureBatch(ctx context.Context, b *bench) error {
	const n = 10_000
	c, err := b.court(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	var all durations
	for i := range 4 { // the first one warms statements and connections
		begin := b.clock.Now()
		if err := c.batch(ctx, b, fmt.Sprintf("CX-%04d", i), n); err != nil {
			return err
		}
		if i > 0 {
			all.add(b.clock.Now().Sub(begin))
		}
	}
	if c.rows != 4*n {
		return fmt.Errorf("%d rows came back of %d", c.rows, 4*n)
	}
	return b.report(line{Name: "court.batch", Value: round(all.percentile(50) / 1000), Unit: "s", Better: lower, Goal: goal(5),
		Of: "a court's 10,000 persons taken in, looked up, and sent back in ten signed pages, both sides in one process", N: n})
}

// court is a court with its line to an office that has the city in its book.
type court struct {
	*counterpart
	platform *httptest.Server
	itself   *httptest.Server
	room     *inquiry.Room
	jobs     taken
	city     *democity.City

	mu   sync.Mutex
	rows int // that came back
}

func (c *court) count(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows += n
}

func (c *court) close() {
	c.platform.Close()
	c.itself.Close()
}

// taken keeps the last job in place of a queue.
type taken struct{ last river.JobArgs }

func (t *taken) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) error {
	t.last = args
	return nil
}

func (b *bench) court(ctx context.Context) (*court, error) {
	pool, err := b.database(ctx, "court")
	if err != nil {
		return nil, err
	}
	if err := office.Migrate(ctx, pool); err != nil {
		return nil, err
	}
	keys, err := sm.LoadOrCreateKeyring(filepath.Join(b.dir, "court.keys"))
	if err != nil {
		return nil, err
	}
	c := &court{city: democity.Build(1, land.DateOf(b.clock.Now()))}
	book := register.New(keys, b.clock)
	if _, err := book.Seed(ctx, pool, c.city); err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, `ANALYZE`); err != nil {
		return nil, err
	}
	return c, c.connect(ctx, b, pool, keys, book)
}

// connect puts the two on a line.
func (c *court) connect(ctx context.Context, b *bench, pool *pgxpool.Pool, keys *sm.Keyring, book *register.Register) error {
	record := audit.New(pool, keys, b.clock)
	x, err := exchange.New(exchange.Options{Pool: pool, Keyring: keys, Clock: b.clock, Audit: record})
	if err != nil {
		return err
	}
	ours, err := sm.NewSigner()
	if err != nil {
		return err
	}
	theirs, err := sm.NewSigner()
	if err != nil {
		return err
	}
	items, err := catalog.Load(catalogdata.FS)
	if err != nil {
		return err
	}
	c.counterpart = &counterpart{clock: b.clock, signer: theirs, us: ours.Public()}
	c.itself = httptest.NewServer(http.HandlerFunc(c.take))
	e := exchange.Endpoint{Name: "海陵区人民法院", Counterpart: "court", Party: "hailing", Dialect: "unified", BaseURL: c.itself.URL, App: ourApp, PeerApp: courtApp,
		Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true}
	if _, err := x.SetEndpoint(ctx, exchange.Actor{ID: "bench", Name: "测量", Source: "127.0.0.1"}, e, &exchange.Keys{Signer: ours, Peer: theirs.Public()}, "测量"); err != nil {
		return err
	}
	server := exchange.NewServer(x)
	c.room = inquiry.New(inquiry.Parts{Pool: pool, Keys: keys, Clock: b.clock, Log: slog.New(slog.DiscardHandler), Audit: record, Catalog: items, Register: book,
		Out: exchange.NewClient(x), In: server, Jobs: &c.jobs})
	c.platform = httptest.NewServer(server)
	return nil
}

// batch asks about n persons and waits for their last page.
func (c *court) batch(ctx context.Context, b *bench, no string, n int) error {
	in := spec.CourtBatchSubmitRequest{BatchNo: no, CourtCode: "hailing", Inquiry: spec.Inquiry{Authority: "海陵区人民法院", Officer: "孙法官", LegalBasis: "民事诉讼法第二百五十三条",
		Purpose: "执行案件财产查询", Reference: "（2026）苏1202执1号"}}
	for i := range n {
		p := &c.city.People[i%len(c.city.People)]
		in.Rows = append(in.Rows, spec.InquiryRow{Seq: i + 1, Person: spec.Person{Name: p.Name, DocumentKind: spec.DocumentKindIDCard, DocumentNumber: string(p.ID)}})
	}
	body, err := spec.Encode(in)
	if err != nil {
		return err
	}
	info, _ := spec.Lookup(spec.CourtBatchSubmit)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.platform.URL+info.Path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if _, err := spec.SignRequest(spec.Identity{App: courtApp, Key: spec.SM2Key(c.signer)}, req, "message-"+no, "", body, b.clock.Now()); err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the batch was not taken: %s", resp.Status)
	}
	job, ok := c.jobs.last.(inquiry.BatchArgs)
	if !ok {
		return errors.New("nothing was queued")
	}
	return c.room.Answer(ctx, job.Batch)
}

// take counts the rows of a page and thanks for it.
func (c *court) take(w http.ResponseWriter, r *http.Request) {
	now := c.clock.Now()
	us := spec.Identity{App: courtApp, Key: spec.SM2Key(c.signer)}
	head, err := spec.CheckRequest(r, func(string) (spec.Verifier, error) { return spec.SM2Verifier(c.us), nil }, now)
	var body []byte
	if err == nil {
		body, err = spec.ReadBody(head, r.Body, 4<<20)
	}
	if err != nil {
		http.Error(w, "", http.StatusBadRequest) // the platform sees no receipt, and the batch fails
		return
	}
	c.count(bytes.Count(body, []byte(`"seq":`)))
	_ = spec.Answer(w, us, r.URL.Path, head, http.StatusOK, []byte(`{"received":true}`), now) // the caller sees a broken answer
}
