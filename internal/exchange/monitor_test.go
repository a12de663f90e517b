package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/pg"
)

// logged writes a line of the call log as a call out would have left it.
func (b *bench) logged(t testing.TB, e exchange.Endpoint, at time.Time, outcome exchange.Outcome, took time.Duration) {
	t.Helper()
	b.partition(t, at)
	if _, err := b.pool.Exec(t.Context(), `INSERT INTO exchange_calls (id, at, direction, endpoint, counterpart, operation, attempts, status, outcome, micros, request_bytes, response_bytes)
		VALUES ($1, $2, 'out', $3, $4, $5, 1, 200, $6, $7, 10, 10)`, uuid.Must(uuid.NewV7()), at, e.ID, e.Counterpart, spec.RegistryUnitStatus, outcome, took.Microseconds()); err != nil {
		t.Fatal(err)
	}
}

// partition makes room in the log for a month.
func (b *bench) partition(t testing.TB, at time.Time) {
	t.Helper()
	at = at.UTC()
	if _, err := b.pool.Exec(t.Context(), fmt.Sprintf(`CREATE TABLE IF NOT EXISTS exchange_calls_t%s PARTITION OF exchange_calls FOR VALUES FROM ('%s') TO ('%s')`,
		at.Format("20060102"), at.Format("2006-01-02Z"), at.AddDate(0, 0, 1).Format("2006-01-02Z"))); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) chart(t testing.TB, e exchange.Endpoint, s exchange.Span) exchange.Chart {
	t.Helper()
	if err := b.RollUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := b.Chart(t.Context(), e.ID, s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// remote makes an endpoint that nobody answers at.
func (b *bench) remote(t testing.TB, change func(*exchange.Endpoint)) exchange.Endpoint {
	t.Helper()
	return b.endpoint(t, "http://registry.invalid", newSigner(t).Public(), change)
}

func TestCallsAreCountedByMinuteHourAndDayOfBeijing(t *testing.T) {
	b := newBench(t)
	e := b.remote(t, nil)
	now := b.clock.Now()
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	b.logged(t, e, midnight.Add(-time.Second), exchange.OK, 10*time.Millisecond) // yesterday, though the same day in UTC
	b.logged(t, e, midnight, exchange.Refused, 20*time.Millisecond)
	b.logged(t, e, now.Add(-2*time.Minute), exchange.Failed, 3*time.Second)
	b.logged(t, e, now.Add(-2*time.Minute), exchange.Duplicate, 30*time.Millisecond)

	for _, tt := range []struct {
		span        exchange.Span
		total, last int // calls in all, and in the last bin
	}{{exchange.LastHour, 2, 0}, {exchange.LastDay, 4, 2}, {exchange.LastWeek, 4, 2}, {exchange.LastMonth, 4, 3}, {exchange.LastYear, 4, 4}} {
		c := b.chart(t, e, tt.span)
		if got := c.Total.Calls(); got != tt.total {
			t.Errorf("%s: %d calls in all, want %d", tt.span, got, tt.total)
		}
		if got := c.Bins[len(c.Bins)-1].Calls(); got != tt.last {
			t.Errorf("%s: %d calls in the last bin, want %d", tt.span, got, tt.last)
		}
	}
	days := b.chart(t, e, exchange.LastMonth)
	today, yesterday := days.Bins[29].Counts, days.Bins[28].Counts
	if yesterday.OK != 1 || today.OK != 1 || today.Refused != 1 || today.Failed != 1 || today.Slowest != 3*time.Second {
		t.Errorf("yesterday %+v, today %+v", yesterday, today)
	}
	if len(days.Operations) != 1 || days.Operations[0].Operation != spec.RegistryUnitStatus || days.Operations[0].Calls() != 4 {
		t.Errorf("operations %+v", days.Operations)
	}
}

func TestRollUpIsRepeatableTakesLateCallsAndCatchesUp(t *testing.T) {
	b := newBench(t)
	e := b.remote(t, nil)
	b.logged(t, e, b.clock.Now(), exchange.OK, time.Millisecond)
	for range 3 {
		if got := b.chart(t, e, exchange.LastHour).Total.Calls(); got != 1 {
			t.Fatalf("%d calls", got)
		}
	}
	began := b.clock.Now().Add(-time.Minute)
	b.clock.Advance(10 * time.Minute)
	b.logged(t, e, began, exchange.Failed, 11*time.Minute) // its line comes after its minute was counted
	if got := b.chart(t, e, exchange.LastHour).Total; got.Calls() != 2 || got.Failed != 1 {
		t.Errorf("with the late one %+v", got)
	}

	for day := range 5 { // nobody counts for five days
		b.logged(t, e, b.clock.Now().Add(time.Duration(day)*24*time.Hour), exchange.OK, time.Millisecond)
	}
	b.clock.Advance(5 * 24 * time.Hour)
	if got := b.chart(t, e, exchange.LastMonth).Total.Calls(); got != 7 {
		t.Errorf("caught up with %d calls", got)
	}
	var minutes int
	if err := b.pool.QueryRow(t.Context(), `SELECT count(*) FROM exchange_rollups WHERE grain = 'minute' AND at < $1`, b.clock.Now().Add(-3*24*time.Hour)).Scan(&minutes); err != nil || minutes != 0 {
		t.Errorf("%d minutes are kept for too long, %v", minutes, err)
	}
	b.clock.Advance(24 * time.Hour) // the minutes are gone; the days stay
	if got := b.chart(t, e, exchange.LastMonth).Total.Calls(); got != 7 {
		t.Errorf("a day later %d calls", got)
	}
}

// alarmed evaluates and lists what stands, as kinds of rules.
func (b *bench) alarmed(t testing.TB, w exchange.Watch) []exchange.Alarm {
	t.Helper()
	if w.Worked == nil {
		w.Worked = func(from, to time.Time) time.Duration { return to.Sub(from) }
	}
	if err := b.Evaluate(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	all, err := b.ActiveAlarms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func kinds(all []exchange.Alarm) string {
	var out []string
	for _, a := range all {
		out = append(out, string(a.Kind))
	}
	return strings.Join(out, " ")
}

func TestAlarmIsRaisedOnceToldOnceAcknowledgedAndRaisedAnew(t *testing.T) {
	b := newBench(t)
	e := b.remote(t, nil)
	told := 0
	w := exchange.Watch{Tell: func(_ context.Context, _ pgx.Tx, fresh []exchange.Alarm, _ exchange.Rule) error {
		told += len(fresh)
		return nil
	}}
	fill := func(good, bad int) {
		for range good {
			b.logged(t, e, b.clock.Now(), exchange.OK, time.Millisecond)
		}
		for range bad {
			b.logged(t, e, b.clock.Now(), exchange.Failed, time.Millisecond)
		}
	}
	fill(7, 3)
	first := b.alarmed(t, w)
	if kinds(first) != "error-share" || first[0].Endpoint != e.ID || first[0].Value != 30 || !strings.Contains(first[0].Words, "10 次调用失败 3 次，占 30%") {
		t.Fatalf("alarms %+v", first)
	}
	b.clock.Advance(time.Minute)
	fill(0, 2)
	again := b.alarmed(t, w)
	if len(again) != 1 || again[0].ID != first[0].ID || again[0].Peak <= 30 || told != 1 {
		t.Errorf("a minute later %+v, told %d times", again, told)
	}

	by := exchange.Actor{ID: "7", Name: "周运维"}
	if err := b.Acknowledge(t.Context(), first[0].ID, by, "已联系对方"); err != nil {
		t.Fatal(err)
	}
	if err := b.Acknowledge(t.Context(), first[0].ID, by, "又一次"); !errors.Is(err, exchange.ErrAcked) {
		t.Errorf("acknowledged twice: %v", err)
	}
	if err := b.Acknowledge(t.Context(), uuid.New(), by, "x"); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("acknowledged none: %v", err)
	}
	if last := b.entries[len(b.entries)-1]; last.Action != "确认告警" || last.ActorName != "周运维" || last.Detail["处理"] != "已联系对方" {
		t.Errorf("audit %+v", last)
	}

	b.clock.Advance(10 * time.Minute)
	fill(10, 0)
	if left := b.alarmed(t, w); len(left) != 0 {
		t.Errorf("it works again, and %+v stands", left)
	}
	past, more, err := b.PastAlarms(t.Context(), uuid.Nil, 10)
	if err != nil || more || len(past) != 1 || past[0].AckedName != "周运维" || past[0].Note != "已联系对方" || past[0].Until.IsZero() {
		t.Errorf("history %+v, %v, %v", past, more, err)
	}

	b.clock.Advance(10 * time.Minute)
	fill(0, 10)
	if anew := b.alarmed(t, w); kinds(anew) != "error-share" || anew[0].ID == first[0].ID || told != 2 {
		t.Errorf("raised anew %+v, told %d times", anew, told)
	}
}

func TestEachRuleFindsItsTrouble(t *testing.T) {
	hour := func(from, to time.Time) time.Duration { return to.Sub(from) }
	queue := func(age time.Duration) func(context.Context, pg.DB) ([]exchange.Queue, error) {
		return func(context.Context, pg.DB) ([]exchange.Queue, error) {
			return []exchange.Queue{{Key: "ferry", Name: "待摆渡", Waiting: 3, Oldest: age}}, nil
		}
	}
	for _, tt := range []struct {
		name  string
		make  func(b *bench, e exchange.Endpoint)
		watch exchange.Watch
		want  string
	}{
		{"all quiet", func(*bench, exchange.Endpoint) {}, exchange.Watch{Queues: queue(0)}, ""},
		{"slow", func(b *bench, e exchange.Endpoint) {
			for range 10 {
				b.logged(t, e, b.clock.Now(), exchange.OK, 4100*time.Millisecond)
			}
		}, exchange.Watch{}, "latency"},
		{"just quick enough", func(b *bench, e exchange.Endpoint) {
			for range 10 {
				b.logged(t, e, b.clock.Now(), exchange.OK, 4*time.Second)
			}
		}, exchange.Watch{}, ""},
		{"silent for half an hour", func(b *bench, e exchange.Endpoint) {
			b.logged(t, e, b.clock.Now().Add(-32*time.Minute), exchange.OK, time.Millisecond)
			b.logged(t, e, b.clock.Now().Add(-31*time.Minute), exchange.Failed, time.Millisecond)
			b.logged(t, e, b.clock.Now().Add(-time.Minute), exchange.Failed, time.Millisecond)
		}, exchange.Watch{Worked: hour}, "silence"},
		{"silent outside of office hours", func(b *bench, e exchange.Endpoint) {
			b.logged(t, e, b.clock.Now().Add(-31*time.Minute), exchange.Failed, time.Millisecond)
		}, exchange.Watch{Worked: func(time.Time, time.Time) time.Duration { return 10 * time.Minute }}, ""},
		{"failed once and then nothing waited", func(b *bench, e exchange.Endpoint) {
			b.logged(t, e, b.clock.Now().Add(-2*time.Hour), exchange.Failed, time.Millisecond)
		}, exchange.Watch{Worked: hour}, ""},
		{"answered meanwhile", func(b *bench, e exchange.Endpoint) {
			b.logged(t, e, b.clock.Now().Add(-40*time.Minute), exchange.Failed, time.Millisecond)
			b.logged(t, e, b.clock.Now().Add(-20*time.Minute), exchange.Refused, time.Millisecond)
			b.logged(t, e, b.clock.Now().Add(-time.Minute), exchange.Failed, time.Millisecond)
		}, exchange.Watch{Worked: hour}, ""},
		{"work grows old", func(*bench, exchange.Endpoint) {}, exchange.Watch{Queues: queue(16 * time.Minute)}, "queue-age"},
		{"circuit open", func(b *bench, e exchange.Endpoint) {
			if _, err := b.pool.Exec(t.Context(), `UPDATE exchange_endpoints SET open_since = $2 WHERE id = $1`, e.ID, b.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}, exchange.Watch{}, "circuit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			e := b.remote(t, func(e *exchange.Endpoint) { e.Limits.Timeout = 5 * time.Second })
			tt.make(b, e)
			if got := kinds(b.alarmed(t, tt.watch)); got != tt.want {
				t.Errorf("alarms %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSwitchedOffEndpointRaisesNothing(t *testing.T) {
	b := newBench(t)
	e := b.remote(t, nil)
	for range 10 {
		b.logged(t, e, b.clock.Now(), exchange.Failed, time.Millisecond)
	}
	if got := kinds(b.alarmed(t, exchange.Watch{})); got != "error-share" {
		t.Fatalf("alarms %q", got)
	}
	e.Enabled = false
	if _, err := b.SetEndpoint(t.Context(), admin, e, nil, "停用"); err != nil {
		t.Fatal(err)
	}
	if got := kinds(b.alarmed(t, exchange.Watch{})); got != "" {
		t.Errorf("alarms %q", got)
	}
}

func TestRulesAreSettingsAndQuietHoursPutTheTellingOff(t *testing.T) {
	b := newBench(t)
	all, err := b.Rules(t.Context())
	if err != nil || len(all) != len(exchange.RuleKinds()) || all[0].Kind != exchange.ErrorShare || all[0].Above != 20 || all[0].MinCalls != 10 || all[0].Window != 5*time.Minute {
		t.Fatalf("rules %+v, %v", all, err)
	}
	age := all[3]
	age.Above, age.Quiet = 5, exchange.Quiet{From: 9 * 60, To: 11 * 60} // the clock of the bench stands in the morning
	if err := b.SetRule(t.Context(), admin, age, "收紧"); err != nil {
		t.Fatal(err)
	}
	if last := b.entries[len(b.entries)-1]; last.Action != "修改告警规则" || last.Detail["上限"] != "15 → 5" || last.Detail["原因"] != "收紧" {
		t.Errorf("audit %+v", last)
	}
	if err := b.SetRule(t.Context(), admin, age, "又一次"); !errors.Is(err, exchange.ErrStale) {
		t.Errorf("stale version: %v", err)
	}
	for _, tt := range []struct {
		field string
		spoil func(*exchange.Rule)
	}{
		{"above", func(r *exchange.Rule) { r.Above = 0 }},
		{"above", func(r *exchange.Rule) { r.Above = 100 }},
		{"calls", func(r *exchange.Rule) { r.MinCalls = 0 }},
		{"window", func(r *exchange.Rule) { r.Window = 90 * time.Second }},
		{"quiet", func(r *exchange.Rule) { r.Quiet.To = 1440 }},
	} {
		r := all[0]
		tt.spoil(&r)
		var setting *exchange.ErrSetting
		if err := b.SetRule(t.Context(), admin, r, "x"); !errors.As(err, &setting) || setting.Field != tt.field {
			t.Errorf("%s: %v", tt.field, err)
		}
	}

	told := 0
	w := exchange.Watch{
		Queues: func(context.Context, pg.DB) ([]exchange.Queue, error) {
			return []exchange.Queue{{Key: "ferry", Name: "待摆渡", Oldest: 6 * time.Minute}}, nil
		},
		Tell: func(context.Context, pgx.Tx, []exchange.Alarm, exchange.Rule) error { told++; return nil },
	}
	if got := kinds(b.alarmed(t, w)); got != "queue-age" || told != 0 {
		t.Errorf("alarms %q, told %d times in quiet hours", got, told)
	}
	b.clock.Advance(time.Hour)
	if b.alarmed(t, w); told != 1 {
		t.Errorf("told %d times after them", told)
	}
}

func TestHistoryIsPaged(t *testing.T) {
	b := newBench(t)
	down := true
	w := exchange.Watch{Queues: func(context.Context, pg.DB) ([]exchange.Queue, error) {
		age := time.Duration(0)
		if down {
			age = time.Hour
		}
		return []exchange.Queue{{Key: "ferry", Name: "待摆渡", Oldest: age}}, nil
	}}
	for range 10 {
		b.alarmed(t, w)
		down = !down
		b.clock.Advance(time.Minute)
	}
	seen := map[uuid.UUID]bool{}
	after, more := uuid.Nil, true
	for more {
		var page []exchange.Alarm
		var err error
		if page, more, err = b.PastAlarms(t.Context(), after, 2); err != nil || len(page) == 0 {
			t.Fatalf("page %+v, %v", page, err)
		}
		for _, a := range page {
			seen[a.ID] = true
		}
		after = page[len(page)-1].ID
	}
	if len(seen) != 5 {
		t.Errorf("%d alarms in the history", len(seen))
	}
}
