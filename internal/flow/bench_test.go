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

// atOnce runs n whole chains, some at a time, and reports steps per second.
func atOnce(b *testing.B, workers int, one func() error) {
	b.Helper()
	b.ResetTimer()
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
	for range b.N {
		todo <- struct{}{}
	}
	close(todo)
	wg.Wait()
	b.ReportMetric(float64(b.N*(chain+1))/b.Elapsed().Seconds(), "steps/s")
}

// BenchmarkEngineSteps takes instances through the chain, a transaction a step, on PostgreSQL.
func BenchmarkEngineSteps(b *testing.B) {
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprintf("at=%d", workers), func(b *testing.B) {
			e, box, pool, _ := chainEngine(b)
			ctx := b.Context()
			atOnce(b, workers, func() error {
				id := uuid.Must(uuid.NewV7())
				err := pg.InTx(ctx, pool, func(tx pgx.Tx) error { return e.Start(ctx, tx, id, "p", nil) })
				for i := 0; i < chain && err == nil; i++ {
					work, _ := box.works.Load(id)
					err = pg.InTx(ctx, pool, func(tx pgx.Tx) error { return e.Complete(ctx, tx, work.(uuid.UUID), nil) })
				}
				return err
			})
		})
	}
}

// BenchmarkPlainSteps sends the same statements with the same sizes and no engine: what a hand-written step would cost.
func BenchmarkPlainSteps(b *testing.B) {
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprintf("at=%d", workers), func(b *testing.B) {
			_, _, pool, d := chainEngine(b)
			s, _, err := Step(d, State{}, StartEvent(nil))
			if err != nil {
				b.Fatal(err)
			}
			state := []byte(encode(b, s))
			atOnce(b, workers, func() error { return plainChain(b.Context(), pool, d, state) })
		})
	}
}

func plainChain(ctx context.Context, pool *pgxpool.Pool, d *Definition, state []byte) error {
	id, now := uuid.Must(uuid.NewV7()), clock.System().Now()
	event, passed := []byte(`{"kind":"complete","work":3}`), []byte(`[{"node":"task1","flows":["task1-task2"]}]`)
	var work uuid.UUID
	open := func(batch *pgx.Batch, i int) {
		work = uuid.Must(uuid.NewV7())
		batch.Queue(sqlRecord, id, i, now, event, passed)
		batch.Queue(sqlOpenWorks, id, now, []uuid.UUID{work}, []int64{int64(i)}, []string{"task"})
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
			batch.Queue(sqlCloseWorks, id, []int64{local}, now)
			return tx.SendBatch(ctx, batch).Close()
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
