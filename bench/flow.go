package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/flow"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

const (
	tasks  = 12        // of the chain
	steps  = tasks + 1 // with its start: transactions
	rounds = 4         // the racers take turns, so that a busy machine is busy for all of them
	chains = 60        // of each in a round

	measured = rounds * chains * steps
)

// measureFlow takes instances through a chain of tasks, a transaction a step: by the engine; by the statements that the
// engine sends and nothing else; and by DBOS on the same server.
func measureFlow(ctx context.Context, b *bench) error {
	f, err := newChain(ctx, b)
	if err != nil {
		return err
	}
	recorded, err := f.record(ctx)
	if err != nil {
		return err
	}
	engine := func(ctx context.Context, some int) (time.Duration, error) {
		return b.atOnce(ctx, chains, some, func(ctx context.Context, _ int) error { return f.once(ctx, f.pool, nil) })
	}
	plain := func(ctx context.Context, some int) (time.Duration, error) {
		return b.atOnce(ctx, chains, some, func(ctx context.Context, _ int) error { return replay(ctx, f.pool, recorded) })
	}
	rates, err := race(ctx, 1, engine, plain)
	if err != nil {
		return err
	}
	of := fmt.Sprintf("a chain of %d tasks with a dozen data, a transaction a step; commits do not wait for the disk; ", tasks)
	same := "the same statements with the same sizes and no engine; "
	if err := b.reportSteps(line{Name: "flow.step.1", Value: rates[0], Of: of + at(1)}, line{Name: "flow.plain.1", Value: rates[1], Of: same + at(1)}); err != nil {
		return err
	}
	racers := []racer{engine, plain}
	peer, err := b.startPeer(ctx)
	if err != nil {
		b.note("DBOS is not measured: %v", err)
	} else {
		defer peer.stop()
		racers = append(racers, peer.round)
	}
	if rates, err = race(ctx, 8, racers...); err != nil {
		return err
	}
	lines := []line{{Name: "flow.step.8", Value: rates[0], Of: of + at(8)}, {Name: "flow.plain.8", Value: rates[1], Of: same + at(8)}}
	if peer != nil {
		lines = append(lines, line{Name: "flow.dbos.8", Value: rates[2], Of: "DBOS Transact 1.8.0: workflows of as many steps, same server and settings; " + at(8)})
	}
	if err := b.reportSteps(lines...); err != nil {
		return err
	}
	if err := b.report(line{Name: "flow.share.8", Value: round(rates[0] / rates[1]), Better: higher, Goal: goal(0.5), Of: "flow.step.8 to flow.plain.8", N: measured}); err != nil || peer == nil {
		return err
	}
	return b.report(line{Name: "flow.times.dbos.8", Value: round(rates[0] / rates[2]), Better: higher, Goal: goal(2.2), Of: "flow.step.8 to flow.dbos.8", N: measured})
}

func (b *bench) reportSteps(lines ...line) error {
	for _, l := range lines {
		l.Unit, l.Better, l.N = "1/s", higher, measured
		if err := b.report(l); err != nil {
			return err
		}
	}
	return nil
}

// racer takes the chains of a round to their ends, some at a time.
type racer func(ctx context.Context, some int) (time.Duration, error)

// race lets racers take turns and gives the steps per second of each.
func race(ctx context.Context, some int, racers ...racer) ([]float64, error) {
	took := make([]time.Duration, len(racers))
	for round := range rounds + 1 {
		for i, one := range racers {
			d, err := one(ctx, some)
			if err != nil {
				return nil, err
			}
			if round > 0 { // the first is to warm up
				took[i] += d
			}
		}
	}
	rates := make([]float64, len(racers))
	for i := range rates {
		rates[i] = rate(measured, took[i])
	}
	return rates, nil
}

// chain is an engine with a process of tasks in a row, on a database of its own.
type chain struct {
	url    string
	pool   *pgxpool.Pool
	engine *flow.Engine
	box    postbox
}

func newChain(ctx context.Context, b *bench) (*chain, error) {
	f := &chain{}
	var err error
	if f.url, err = b.hasty(ctx, "flow"); err != nil {
		return nil, err
	}
	if f.pool, err = b.database(ctx, "flow"); err != nil {
		return nil, err
	}
	if err := pg.Migrate(ctx, f.pool, flow.Migrations(), flow.Table); err != nil {
		return nil, err
	}
	d, err := flow.Parse(strings.NewReader(chainSource()))
	if err != nil {
		return nil, err
	}
	lib := flow.NewLibrary(d)
	if err := lib.Install(ctx, f.pool, b.clock.Now()); err != nil {
		return nil, err
	}
	f.engine = flow.NewEngine(lib, &f.box, everyDay{}, b.clock, nil)
	return f, nil
}

func chainSource() string {
	var s strings.Builder
	s.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:yc="https://yichuang.cn/bpmn" id="defs" targetNamespace="https://yichuang.cn/bench">
<bpmn:process id="chain" isExecutable="true"><bpmn:extensionElements>`)
	for i := range tasks {
		fmt.Fprintf(&s, `<yc:data name="d%d" type="string" default="some value"/>`, i)
	}
	s.WriteString(`</bpmn:extensionElements><bpmn:startEvent id="begin"/><bpmn:endEvent id="done"/>`)
	last := "begin"
	for i := range tasks + 1 {
		id := fmt.Sprintf("task%d", i)
		if i == tasks {
			id = "done"
		} else {
			fmt.Fprintf(&s, `<bpmn:userTask id=%q name="办理" yc:role="clerk" yc:limit="1d"/>`, id)
		}
		fmt.Fprintf(&s, `<bpmn:sequenceFlow id="%s-%s" sourceRef=%q targetRef=%q/>`, last, id, last, id)
		last = id
	}
	s.WriteString(`</bpmn:process></bpmn:definitions>`)
	return s.String()
}

// postbox is a host that only remembers the next work of each instance.
type postbox struct{ works sync.Map }

func (p *postbox) WorkOpened(_ context.Context, _ pgx.Tx, w flow.Work) error {
	p.works.Store(w.Instance, w.ID)
	return nil
}
func (p *postbox) WorkCancelled(context.Context, pgx.Tx, flow.Work) error  { return nil }
func (p *postbox) Passed(context.Context, pgx.Tx, uuid.UUID, string) error { return nil }
func (p *postbox) Ended(_ context.Context, _ pgx.Tx, id uuid.UUID, _ string) error {
	p.works.Delete(id)
	return nil
}

// everyDay is a calendar without days off.
type everyDay struct{}

func (everyDay) AddWorkingDays(t time.Time, n int) time.Time           { return t.AddDate(0, 0, n) }
func (everyDay) AddWorkingTime(t time.Time, d time.Duration) time.Time { return t.Add(d) }
func (everyDay) IsWorkingDay(land.Date) bool                           { return true }
func (everyDay) NextWorkingDay(d land.Date) land.Date                  { return d.AddDays(1) }

// once takes a new instance to its end, and calls after for every step that is committed; nil for none.
func (f *chain) once(ctx context.Context, pool *pgxpool.Pool, after func()) error {
	id := uuid.Must(uuid.NewV7())
	err := pg.InTx(ctx, pool, func(tx pgx.Tx) error { return f.engine.Start(ctx, tx, id, "chain", nil) })
	for i := 0; err == nil; i++ {
		if after != nil {
			after()
		}
		work, more := f.box.works.Load(id)
		if !more {
			return nil
		}
		err = pg.InTx(ctx, pool, func(tx pgx.Tx) error { return f.engine.Complete(ctx, tx, work.(uuid.UUID), nil) })
	}
	return err
}
