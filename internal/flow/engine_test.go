package flow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"yichuang/internal/flow"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/land"
)

// everyDay is a calendar without a day off.
type everyDay struct{}

func (everyDay) AddWorkingDays(t time.Time, n int) time.Time           { return t.AddDate(0, 0, n) }
func (everyDay) AddWorkingTime(t time.Time, d time.Duration) time.Time { return t.Add(d) }
func (everyDay) IsWorkingDay(land.Date) bool                           { return true }
func (everyDay) NextWorkingDay(d land.Date) land.Date                  { return d.AddDays(1) }

// desk is a host that writes down what it's asked for, and does what a test tells it to.
type desk struct {
	mu        sync.Mutex
	open      map[string]flow.Work // by node
	sent      []string
	cancelled []flow.Work
	passed    []string
	end       string
	onOpen    func(ctx context.Context, tx pgx.Tx, w flow.Work) error
	onEnd     func(instance uuid.UUID) error
}

func (h *desk) WorkOpened(ctx context.Context, tx pgx.Tx, w flow.Work) error {
	h.mu.Lock()
	if w.Kind == flow.WorkSend {
		h.sent = append(h.sent, w.Node)
	} else {
		h.open[w.Node] = w
	}
	h.mu.Unlock()
	if h.onOpen != nil {
		return h.onOpen(ctx, tx, w)
	}
	return nil
}

func (h *desk) WorkCancelled(_ context.Context, _ pgx.Tx, w flow.Work) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cancelled = append(h.cancelled, w)
	return nil
}

func (h *desk) Passed(_ context.Context, _ pgx.Tx, _ uuid.UUID, node string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passed = append(h.passed, node)
	return nil
}

func (h *desk) Ended(_ context.Context, _ pgx.Tx, instance uuid.UUID, end string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end = end
	if h.onEnd != nil {
		return h.onEnd(instance)
	}
	return nil
}

const head = `<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:yc="https://yichuang.cn/bpmn" id="d">
<bpmn:message id="m" name="paid"/><bpmn:process id="order" isExecutable="true"><bpmn:extensionElements><yc:data name="n" type="int"/></bpmn:extensionElements>`

// order: a person writes it, then it's paid within two days or lapses.
const order = head + `<bpmn:startEvent id="s"/><bpmn:userTask id="write"/><bpmn:sendTask id="bill"/><bpmn:receiveTask id="pay" messageRef="m"/>
<bpmn:boundaryEvent id="late" attachedToRef="pay"><bpmn:timerEventDefinition><bpmn:timeDuration>PT48H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
<bpmn:endEvent id="done"/><bpmn:endEvent id="lapsed"/>
<bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="write"/><bpmn:sequenceFlow id="f2" sourceRef="write" targetRef="bill"/>
<bpmn:sequenceFlow id="f3" sourceRef="bill" targetRef="pay"/><bpmn:sequenceFlow id="f4" sourceRef="pay" targetRef="done"/>
<bpmn:sequenceFlow id="f5" sourceRef="late" targetRef="lapsed"/></bpmn:process></bpmn:definitions>`

// rig is an engine on a database of its own.
type rig struct {
	t      testing.TB
	pool   *pgxpool.Pool
	clock  *clock.Fake
	desk   *desk
	lib    *flow.Library
	engine *flow.Engine
}

func newRig(t testing.TB, sources ...string) *rig {
	t.Helper()
	pool := pgtest.New(t, pgtest.River(), pgtest.Set{FS: flow.Migrations(), Table: flow.Table})
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, pool: pool, clock: clock.NewFake(time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai())), desk: &desk{open: map[string]flow.Work{}}}
	r.lib = flow.NewLibrary()
	for _, s := range sources {
		r.lib.Add(parse(t, s))
	}
	if err := r.lib.Install(t.Context(), pool, r.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.engine = flow.NewEngine(r.lib, r.desk, everyDay{}, r.clock, jobs)
	return r
}

func parse(t testing.TB, source string) *flow.Definition {
	t.Helper()
	d, err := flow.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// try runs fn in a transaction, as a caller of the engine does.
func (r *rig) try(fn func(ctx context.Context, tx pgx.Tx) error) error {
	return pg.InTx(r.t.Context(), r.pool, func(tx pgx.Tx) error { return fn(r.t.Context(), tx) })
}

func (r *rig) do(fn func(ctx context.Context, tx pgx.Tx) error) {
	r.t.Helper()
	if err := r.try(fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) start(process string, data map[string]any) uuid.UUID {
	r.t.Helper()
	id := uuid.Must(uuid.NewV7())
	r.do(func(ctx context.Context, tx pgx.Tx) error { return r.engine.Start(ctx, tx, id, process, data) })
	return id
}

func (r *rig) complete(node string, data map[string]any) error {
	return r.try(func(ctx context.Context, tx pgx.Tx) error {
		return r.engine.Complete(ctx, tx, r.desk.open[node].ID, data)
	})
}

// checkHistory replays what is stored and compares it with the state that is stored.
func (r *rig) checkHistory(id uuid.UUID) {
	r.t.Helper()
	i, err := r.engine.Instance(r.t.Context(), r.pool, id)
	if err != nil {
		r.t.Fatal(err)
	}
	history, err := r.engine.History(r.t.Context(), r.pool, id)
	if err != nil {
		r.t.Fatal(err)
	}
	var events []flow.Event
	for _, h := range history {
		events = append(events, h.Event)
	}
	again, err := flow.Replay(i.Definition, events)
	if err != nil {
		r.t.Fatal(err)
	}
	got, err1 := json.Marshal(again)
	want, err2 := json.Marshal(i.State)
	if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
		r.t.Errorf("replay gives\n%s\nstored is\n%s", got, want)
	}
}

func TestEngineRunsToTheEnd(t *testing.T) {
	r := newRig(t, order)
	id := r.start("order", map[string]any{"n": 7})
	if w := r.desk.open["write"]; w.Instance != id || w.Kind != flow.WorkUser || w.Vars["n"] != int64(7) {
		t.Fatalf("work %+v", w)
	}
	if err := r.complete("write", nil); err != nil {
		t.Fatal(err)
	}
	if err := r.complete("write", nil); !errors.Is(err, flow.ErrNoSuchWork) {
		t.Errorf("second completion gave %v", err)
	}
	r.do(func(ctx context.Context, tx pgx.Tx) error {
		return r.engine.Message(ctx, tx, id, "paid", map[string]any{"n": 8})
	})
	if r.desk.end != "done" || !slices.Equal(r.desk.sent, []string{"bill"}) || !slices.Equal(r.desk.passed, []string{"s", "write", "bill", "pay", "done"}) {
		t.Errorf("ended %q, sent %v, passed %v", r.desk.end, r.desk.sent, r.desk.passed)
	}
	if len(r.desk.cancelled) != 1 || !r.desk.cancelled[0].Answered || r.desk.cancelled[0].ID != r.desk.open["pay"].ID {
		t.Errorf("the wait was taken back as %+v", r.desk.cancelled)
	}
	err := r.try(func(ctx context.Context, tx pgx.Tx) error { return r.engine.Message(ctx, tx, id, "paid", nil) })
	if !errors.Is(err, flow.ErrEnded) {
		t.Errorf("message after the end gave %v", err)
	}
	r.checkHistory(id)
}

func TestHostMayAnswerFromInside(t *testing.T) {
	r := newRig(t, order)
	r.desk.onOpen = func(ctx context.Context, tx pgx.Tx, w flow.Work) error {
		switch w.Node {
		case "bill": // nothing to pay: the fact is there before anyone waits for it
			return r.engine.Set(ctx, tx, w.Instance, map[string]any{"n": 99})
		case "pay", "write":
			return r.engine.Complete(ctx, tx, w.ID, nil)
		}
		return nil
	}
	id := r.start("order", nil)
	if r.desk.end != "done" {
		t.Errorf("ended %q", r.desk.end)
	}
	r.checkHistory(id)
	i, err := r.engine.Instance(t.Context(), r.pool, id)
	if err != nil || i.State.Data()["n"] != int64(99) || i.Ended.IsZero() {
		t.Errorf("instance %+v, %v", i, err)
	}
}

func TestHostErrorUndoesEverything(t *testing.T) {
	r := newRig(t, order)
	id := r.start("order", nil)
	broken := errors.New("no paper")
	r.desk.onOpen = func(_ context.Context, _ pgx.Tx, w flow.Work) error {
		if w.Node == "pay" {
			return broken
		}
		return nil
	}
	if err := r.complete("write", nil); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	r.desk.onOpen = nil
	if err := r.complete("write", nil); err != nil {
		t.Errorf("the work is lost: %v", err)
	}
	r.checkHistory(id)
}

func TestConcurrentCompletionsHaveOneWinner(t *testing.T) {
	r := newRig(t, order)
	id := r.start("order", nil)
	work := r.desk.open["write"].ID
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			errs[i] = r.try(func(ctx context.Context, tx pgx.Tx) error { return r.engine.Complete(ctx, tx, work, nil) })
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, flow.ErrNoSuchWork) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
	r.checkHistory(id)
}

func TestTimersTakeEffectOnce(t *testing.T) {
	r := newRig(t, order)
	id := r.start("order", nil)
	if err := r.complete("write", nil); err != nil {
		t.Fatal(err)
	}
	var job flow.TimerArgs
	var scheduled time.Time
	if err := r.pool.QueryRow(t.Context(), `SELECT args, scheduled_at FROM river_job WHERE kind = 'flow_timer'`).Scan(&job, &scheduled); err != nil {
		t.Fatal(err)
	}
	if want := r.clock.Now().Add(48 * time.Hour); job.Instance != id || !scheduled.Equal(want) {
		t.Errorf("job %+v at %v, want %v", job, scheduled, want)
	}
	worker := flow.NewTimerWorker(r.engine, r.pool)
	fire := func() error { return worker.Work(t.Context(), &river.Job[flow.TimerArgs]{Args: job}) }

	var early *river.JobSnoozeError
	if err := fire(); !errors.As(err, &early) {
		t.Errorf("early firing gave %v", err)
	}
	r.clock.Advance(72 * time.Hour) // the machine stood still for a day: late, and still once
	for range 2 {
		if err := fire(); err != nil {
			t.Fatal(err)
		}
	}
	if r.desk.end != "lapsed" {
		t.Errorf("ended %q", r.desk.end)
	}
	r.checkHistory(id)
}

func TestRiverFiresTimers(t *testing.T) {
	r := newRig(t, order)
	r.clock.Set(time.Date(2020, 1, 6, 10, 0, 0, 0, clock.Shanghai())) // long ago by the database's clock: River has the job at once
	id := r.start("order", nil)
	if err := r.complete("write", nil); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(72 * time.Hour)
	workers := river.NewWorkers()
	river.AddWorker(workers, flow.NewTimerWorker(r.engine, r.pool))
	client, err := river.NewClient(riverpgxv5.New(r.pool), &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}}, Workers: workers, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	done, cancel := client.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed)
	defer cancel()
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	event := <-done
	if err := client.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if event.Kind != river.EventKindJobCompleted || r.desk.end != "lapsed" {
		t.Errorf("%s: %+v, ended %q", event.Kind, event.Job.Errors, r.desk.end)
	}
	r.checkHistory(id)
}

func TestCancelledTimerHasNoEffect(t *testing.T) {
	r := newRig(t, order)
	id := r.start("order", nil)
	if err := r.complete("write", nil); err != nil {
		t.Fatal(err)
	}
	if err := r.complete("pay", nil); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(72 * time.Hour)
	if n, err := r.engine.FireAllDue(t.Context(), r.pool); n != 0 || err != nil {
		t.Errorf("fired %d, %v", n, err)
	}
	r.do(func(ctx context.Context, tx pgx.Tx) error {
		_, err := r.engine.Fire(ctx, tx, id, 1)
		return err
	})
	if r.desk.end != "done" {
		t.Errorf("ended %q", r.desk.end)
	}
}

func TestFireAllDueCatchesUp(t *testing.T) {
	r := newRig(t, order)
	for range 3 {
		r.start("order", nil)
		if err := r.complete("write", nil); err != nil {
			t.Fatal(err)
		}
	}
	r.clock.Advance(72 * time.Hour)
	ill, sick := r.desk.open["pay"].Instance, errors.New("host is ill")
	r.desk.onEnd = func(instance uuid.UUID) error {
		if instance == ill {
			return sick
		}
		return nil
	}
	if n, err := r.engine.FireAllDue(t.Context(), r.pool); n != 2 || !errors.Is(err, sick) {
		t.Errorf("fired %d, %v", n, err)
	}
	r.desk.onEnd = nil
	if n, err := r.engine.FireAllDue(t.Context(), r.pool); n != 1 || err != nil {
		t.Errorf("then fired %d, %v", n, err)
	}
}

func TestWorksKnowTheirItem(t *testing.T) {
	source, err := os.ReadFile("../../catalog/flows/existing-home-sale.bpmn")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, string(source))
	r.start("existing-home-sale", map[string]any{"loanParts": []map[string]any{{"kind": "commercial", "bank": "b1"}, {"kind": "fund", "bank": "f1"}}})
	for _, n := range []string{"check-identity", "check-marriage", "check-title", "check-houses", "check-contract"} {
		if err := r.complete(n, map[string]any{"outcome": "pass"}); err != nil {
			t.Fatal(err)
		}
	}
	for node, bank := range map[string]string{"loan-bank": "b1", "loan-fund": "f1"} {
		item, ok := r.desk.open[node].Item.(map[string]any)
		if !ok || item["bank"] != bank {
			t.Errorf("%s has item %v", node, r.desk.open[node].Item)
		}
	}
	if item := r.desk.open["filing-push"].Item; item != nil {
		t.Errorf("filing-push has item %v", item)
	}
}

func TestInstancesStayOnTheirVersion(t *testing.T) {
	r := newRig(t, order)
	old := r.start("order", nil)
	changed := strings.Replace(order, `<bpmn:userTask id="write"/>`, `<bpmn:userTask id="write" name="新"/>`, 1)
	lib := flow.NewLibrary(parse(t, changed)) // another process, after the upgrade
	if err := lib.Install(t.Context(), r.pool, r.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.engine = flow.NewEngine(lib, r.desk, everyDay{}, r.clock, nil)
	if err := r.complete("write", nil); err != nil {
		t.Fatal(err)
	}
	r.checkHistory(old)
	i, err := r.engine.Instance(t.Context(), r.pool, old)
	if err != nil || i.Definition.Digest == parse(t, changed).Digest {
		t.Errorf("instance moved to version %s, %v", i.Definition.Digest, err)
	}
	r.start("order", nil)
	if r.desk.open["write"].Name != "新" {
		t.Errorf("new instance runs on the old version")
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t, order)
	id := r.start("order", nil)
	for name, c := range map[string]struct {
		call func(ctx context.Context, tx pgx.Tx) error
		want error
	}{
		"unknown process":  {func(ctx context.Context, tx pgx.Tx) error { return r.engine.Start(ctx, tx, uuid.New(), "nothing", nil) }, flow.ErrNoSuchProcess},
		"started twice":    {func(ctx context.Context, tx pgx.Tx) error { return r.engine.Start(ctx, tx, id, "order", nil) }, flow.ErrStarted},
		"unknown work":     {func(ctx context.Context, tx pgx.Tx) error { return r.engine.Complete(ctx, tx, uuid.New(), nil) }, flow.ErrNoSuchWork},
		"unknown instance": {func(ctx context.Context, tx pgx.Tx) error { return r.engine.Message(ctx, tx, uuid.New(), "paid", nil) }, flow.ErrNoSuchInstance},
		"unawaited":        {func(ctx context.Context, tx pgx.Tx) error { return r.engine.Message(ctx, tx, id, "paid", nil) }, flow.ErrNoCatch},
	} {
		t.Run(name, func(t *testing.T) {
			if err := r.try(c.call); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	r.lib.Add(parse(t, strings.Replace(order, `id="order"`, `id="other"`, 1)))
	err := r.try(func(ctx context.Context, tx pgx.Tx) error { return r.engine.Start(ctx, tx, uuid.New(), "other", nil) })
	if !errors.Is(err, flow.ErrNoSuchProcess) {
		t.Errorf("start on a definition that is not installed gave %v", err)
	}
}

func TestCancelTellsTheHost(t *testing.T) {
	r := newRig(t, order)
	id := r.start("order", nil)
	r.do(func(ctx context.Context, tx pgx.Tx) error { return r.engine.Cancel(ctx, tx, id, "opened by mistake") })
	if r.desk.end != flow.EndCancelled || len(r.desk.cancelled) != 1 || r.desk.cancelled[0].ID != r.desk.open["write"].ID {
		t.Errorf("ended %q, cancelled %+v", r.desk.end, r.desk.cancelled)
	}
	history, err := r.engine.History(t.Context(), r.pool, id)
	if err != nil || history[len(history)-1].Event.Name != "opened by mistake" {
		t.Errorf("history %+v, %v", history, err)
	}
}

func TestSaleFileRunsOnTheDatabase(t *testing.T) {
	source, err := os.ReadFile("../../catalog/flows/existing-home-sale.bpmn")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, string(source))
	id := r.start("existing-home-sale", map[string]any{"district": "321202", "useTrust": true})
	if len(r.desk.open) != 5 || r.desk.open["check-title"].Attr["district"] != "321202" {
		t.Errorf("open %v", r.desk.open)
	}
	r.do(func(ctx context.Context, tx pgx.Tx) error {
		return r.engine.Message(ctx, tx, id, "application.withdrawn", nil)
	})
	if r.desk.end != "withdrawn" || len(r.desk.cancelled) != 5 {
		t.Errorf("ended %q with %d cancelled", r.desk.end, len(r.desk.cancelled))
	}
	r.checkHistory(id)
}
