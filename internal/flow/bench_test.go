package flow

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/land"
)

// chain is a process of twelve tasks in a row, with a dozen pieces of data.
const chain = 12

func chainSource() string {
	var b strings.Builder
	b.WriteString("<bpmn:extensionElements>")
	for i := range 12 {
		fmt.Fprintf(&b, `<yc:data name="d%d" type="string" default="some value"/>`, i)
	}
	b.WriteString(`</bpmn:extensionElements><bpmn:startEvent id="s"/><bpmn:endEvent id="done"/>`)
	last := "s"
	for i := range chain {
		id := fmt.Sprintf("task%d", i)
		fmt.Fprintf(&b, `<bpmn:userTask id=%q name="办理" yc:role="clerk" yc:limit="1d"/>`, id)
		b.WriteString(flows(last + " " + id))
		last = id
	}
	b.WriteString(flows(last + " done"))
	return source(b.String())
}

// postbox is a host that only remembers the next work of each instance.
type postbox struct{ works sync.Map }

func (p *postbox) WorkOpened(_ context.Context, _ pgx.Tx, w Work) error {
	p.works.Store(w.Instance, w.ID)
	return nil
}
func (p *postbox) WorkCancelled(context.Context, pgx.Tx, Work) error       { return nil }
func (p *postbox) Passed(context.Context, pgx.Tx, uuid.UUID, string) error { return nil }
func (p *postbox) Ended(context.Context, pgx.Tx, uuid.UUID, string) error  { return nil }

// flat is a calendar without days off.
type flat struct{}

func (flat) AddWorkingDays(t time.Time, n int) time.Time           { return t.AddDate(0, 0, n) }
func (flat) AddWorkingTime(t time.Time, d time.Duration) time.Time { return t.Add(d) }
func (flat) IsWorkingDay(land.Date) bool                           { return true }
func (flat) NextWorkingDay(d land.Date) land.Date                  { return d.AddDays(1) }

func chainEngine(b *testing.B) (*Engine, *postbox, *pgxpool.Pool, *Definition) {
	b.Helper()
	pool := pgtest.New(b, pgtest.Set{FS: Migrations(), Table: Table})
	d, err := Parse(strings.NewReader(chainSource()))
	if err != nil {
		b.Fatal(err)
	}
	lib, box := NewLibrary(d), &postbox{}
	if err := lib.Install(b.Context(), pool, clock.System().Now()); err != nil {
		b.Fatal(err)
	}
	return NewEngine(lib, box, flat{}, clock.System(), nil), box, pool, d
}

// atOnce runs n whole chains, some at a time.
func atOnce(b *testing.B, workers, n int, one func() error) {
	b.Helper()
	var wg sync.WaitGroup
	todo := make(chan struct{})
	for range workers {
		wg.Go(func() {
			for range todo {
				if err := one(); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for range n {
		todo <- struct{}{}
	}
	close(todo)
	wg.Wait()
}

func perSecond(b *testing.B, chains int, d time.Duration) float64 {
	b.Helper()
	return float64(chains*(chain+1)) / d.Seconds()
}

// engineChain takes one instance through the chain, a transaction a step.
func engineChain(ctx context.Context, e *Engine, box *postbox, pool *pgxpool.Pool) error {
	id := uuid.Must(uuid.NewV7())
	err := pg.InTx(ctx, pool, func(tx pgx.Tx) error { return e.Start(ctx, tx, id, "p", nil) })
	for i := 0; i < chain && err == nil; i++ {
		work, _ := box.works.Load(id)
		err = pg.InTx(ctx, pool, func(tx pgx.Tx) error { return e.Complete(ctx, tx, work.(uuid.UUID), nil) })
	}
	return err
}

// BenchmarkEngineSteps measures steps per second on PostgreSQL.
func BenchmarkEngineSteps(b *testing.B) {
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprintf("at=%d", workers), func(b *testing.B) {
			e, box, pool, _ := chainEngine(b)
			b.ResetTimer()
			atOnce(b, workers, b.N, func() error { return engineChain(b.Context(), e, box, pool) })
			b.ReportMetric(perSecond(b, b.N, b.Elapsed()), "steps/s")
		})
	}
}

// BenchmarkPlainSteps sends the same statements with the same sizes and no engine: what a hand-written step would cost.
func BenchmarkPlainSteps(b *testing.B) {
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprintf("at=%d", workers), func(b *testing.B) {
			_, _, pool, d := chainEngine(b)
			state := chainState(b, d)
			b.ResetTimer()
			atOnce(b, workers, b.N, func() error { return plainChain(b.Context(), pool, d, state) })
			b.ReportMetric(perSecond(b, b.N, b.Elapsed()), "steps/s")
		})
	}
}

// BenchmarkEngineAgainstPlain runs both by turns, so that whatever else the machine does meets both alike, and reports
// how much of the plain statements' speed the engine keeps.
func BenchmarkEngineAgainstPlain(b *testing.B) {
	const workers = 8
	e, box, pool, d := chainEngine(b)
	state := chainState(b, d)
	var engine, plain time.Duration
	for range b.N {
		from := clock.System().Now()
		atOnce(b, workers, workers, func() error { return engineChain(b.Context(), e, box, pool) })
		engine += clock.System().Now().Sub(from)
		from = clock.System().Now()
		atOnce(b, workers, workers, func() error { return plainChain(b.Context(), pool, d, state) })
		plain += clock.System().Now().Sub(from)
	}
	b.ReportMetric(perSecond(b, b.N*workers, engine), "engine-steps/s")
	b.ReportMetric(perSecond(b, b.N*workers, plain), "plain-steps/s")
	b.ReportMetric(100*plain.Seconds()/engine.Seconds(), "%-of-plain")
}

// chainState is what the state of the chain looks like in JSON.
func chainState(b *testing.B, d *Definition) []byte {
	b.Helper()
	s, _, err := Step(d, State{}, StartEvent(nil))
	if err != nil {
		b.Fatal(err)
	}
	return []byte(encode(b, s))
}

func plainChain(ctx context.Context, pool *pgxpool.Pool, d *Definition, state []byte) error {
	id, now := uuid.Must(uuid.NewV7()), clock.System().Now()
	event, passed := []byte(`{"kind":"complete","work":3}`), []byte(`[{"node":"task1","flows":["task1-task2"]}]`)
	var work uuid.UUID
	open := func(batch *pgx.Batch, i int) {
		work = uuid.Must(uuid.NewV7())
		batch.Queue(sqlRecord, id, i, now, event, passed)
		batch.Queue(sqlOpenWork, work, id, i, "task", now)
	}
	err := pg.InTx(ctx, pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(sqlInsert, id, d.ID, d.Digest, state, []byte("{}"), nil, 1, now, nil, "")
		open(batch, 1)
		return tx.SendBatch(ctx, batch).Close()
	})
	for i := 2; i < chain+2 && err == nil; i++ {
		err = pg.InTx(ctx, pool, func(tx pgx.Tx) error {
			var (
				instance         uuid.UUID
				local, steps     int64
				digest           string
				oldState, timers []byte
			)
			if err := tx.QueryRow(ctx, sqlLoadByWork, work).Scan(&instance, &local, &digest, &oldState, &timers, &steps); err != nil {
				return err
			}
			batch := &pgx.Batch{}
			batch.Queue(sqlUpdate, id, state, []byte("{}"), nil, i, now, nil, "")
			open(batch, i)
			return pg.Later(ctx, tx, batch)
		})
	}
	return err
}

// BenchmarkStep is the pure core alone: one completion in the sale.
func BenchmarkStep(b *testing.B) {
	d := sale(b)
	r := drive(b, d, saleFacts())
	e := CompleteEvent(r.workAt("check-title"), map[string]any{"outcome": "pass"})
	for b.Loop() {
		if _, _, err := Step(d, r.state, e); err != nil {
			b.Fatal(err)
		}
	}
}
