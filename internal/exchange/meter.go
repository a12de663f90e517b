package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
)

// meter measures what rules look at, all in one transaction and at one moment.
type meter struct {
	x         *Exchange
	tx        pgx.Tx
	watch     Watch
	now       time.Time
	endpoints []row
}

// read measures for one rule: every endpoint that is switched on, has a system and is not in its quiet hours, or every queue.
func (m meter) read(ctx context.Context, r Rule) ([]reading, error) {
	switch r.Kind {
	case ErrorShare:
		return m.errorShares(ctx, r)
	case Latency:
		return m.latencies(ctx, r)
	case Silence:
		return m.silences(ctx, r)
	case QueueAge:
		return m.queueAges(ctx)
	case CircuitOpen:
		return m.circuits(), nil
	}
	return nil, nil
}

// lines are the endpoints that are measured.
func (m meter) lines(kind RuleKind) []reading {
	var list []reading
	for _, e := range m.endpoints {
		if d := m.x.dialects[e.Dialect]; e.Enabled && d != nil && d.Needs().Keys && !e.Quiet.At(m.now) {
			list = append(list, reading{kind: kind, subject: e.ID.String(), endpoint: e.ID, name: e.Name, counterpart: e.Counterpart, district: e.District})
		}
	}
	return list
}

// errorShares reads the newest part of the log: primary key of exchange_calls.
func (m meter) errorShares(ctx context.Context, r Rule) ([]reading, error) {
	rows, err := m.tx.Query(ctx, `SELECT endpoint, count(*), count(*) FILTER (WHERE outcome IN `+failures+`) FROM exchange_calls
		WHERE at >= $1 AND endpoint IS NOT NULL GROUP BY endpoint`, m.now.Add(-r.Window))
	if err != nil {
		return nil, err
	}
	type share struct{ calls, failed int }
	found := map[uuid.UUID]share{}
	var (
		id uuid.UUID
		s  share
	)
	if _, err := pgx.ForEachRow(rows, []any{&id, &s.calls, &s.failed}, func() error { found[id] = s; return nil }); err != nil {
		return nil, err
	}
	list := m.lines(r.Kind)
	for i := range list {
		v := &list[i]
		if s := found[v.endpoint]; s.calls > 0 {
			v.calls, v.value = s.calls, 100*float64(s.failed)/float64(s.calls)
			v.words = fmt.Sprintf("近 %d 分钟 %d 次调用失败 %d 次，占 %.0f%%", int(r.Window.Minutes()), s.calls, s.failed, v.value)
		}
	}
	return list, nil
}

// latencies compares what one sending takes with the time that it may take, for the slowest operation of each endpoint. Sendings that
// were repeated count with their mean.
func (m meter) latencies(ctx context.Context, r Rule) ([]reading, error) {
	rows, err := m.tx.Query(ctx, `SELECT endpoint, operation, count(*), percentile_disc(0.95) WITHIN GROUP (ORDER BY micros / attempts) FROM exchange_calls
		WHERE at >= $1 AND direction = 'out' AND attempts > 0 AND endpoint IS NOT NULL GROUP BY endpoint, operation`, m.now.Add(-r.Window))
	if err != nil {
		return nil, err
	}
	list := m.lines(r.Kind)
	place, limit := map[uuid.UUID]*reading{}, map[uuid.UUID]time.Duration{}
	for i := range list {
		place[list[i].endpoint] = &list[i]
	}
	for _, e := range m.endpoints {
		limit[e.ID] = e.Limits.Timeout
	}
	var (
		id     uuid.UUID
		op     spec.Operation
		calls  int
		micros int64
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &op, &calls, &micros}, func() error {
		v, info := place[id], spec.Info{}
		if info, _ = spec.Lookup(op); v == nil || calls < r.MinCalls && v.calls >= r.MinCalls {
			return nil // few calls say nothing beside many
		}
		allowed := limit[id]
		if allowed == 0 {
			allowed = info.Timeout
		}
		if allowed == 0 {
			return nil
		}
		took := time.Duration(micros) * time.Microsecond
		value := 100 * float64(took) / float64(allowed)
		if v.calls >= r.MinCalls && value <= v.value {
			return nil
		}
		v.calls, v.value = calls, value
		v.words = fmt.Sprintf("%s 近 %d 分钟 95%% 的调用在 %.1f 秒内，为时限 %g 秒的 %.0f%%", info.Title, int(r.Window.Minutes()), took.Seconds(), allowed.Seconds(), value)
		return nil
	})
	return list, err
}

// silences measures how long nothing came back from an endpoint that is being called: from the first call that failed since
// the last answer, in office hours. Nothing is silent that nobody calls. Index exchange_calls_endpoint.
func (m meter) silences(ctx context.Context, r Rule) ([]reading, error) {
	list := m.lines(r.Kind)
	for i := range list {
		v := &list[i]
		var first, last *time.Time
		if err := m.tx.QueryRow(ctx, `SELECT min(at), max(at) FROM exchange_calls WHERE endpoint = $1 AND direction = 'out' AND outcome IN `+failures+` AND at > coalesce(
			(SELECT at FROM exchange_calls WHERE endpoint = $1 AND direction = 'out' AND outcome IN `+answers+` AND at >= $2 ORDER BY at DESC LIMIT 1), $2)`,
			v.endpoint, m.now.AddDate(0, 0, -7)).Scan(&first, &last); err != nil {
			return nil, err
		}
		waiting := last != nil && m.now.Sub(*last) <= max(time.Duration(r.Above*float64(time.Minute)), 10*time.Minute)
		if !waiting || m.watch.Worked == nil {
			continue
		}
		v.value = m.watch.Worked(*first, m.now).Minutes()
		v.words = fmt.Sprintf("从 %s 起没有一次应答，有事在等，已 %d 分钟（只算工作时间）", hourMinute(*first), int(v.value))
	}
	return list, nil
}

func (m meter) queueAges(ctx context.Context) ([]reading, error) {
	if m.watch.Queues == nil {
		return nil, nil
	}
	queues, err := m.watch.Queues(ctx, m.tx)
	if err != nil {
		return nil, err
	}
	list := make([]reading, len(queues))
	for i, q := range queues {
		list[i] = reading{kind: QueueAge, subject: q.Key, name: q.Name, counterpart: q.Counterpart, district: q.District, value: q.Oldest.Minutes(),
			words: fmt.Sprintf("%d 件待发，最早的等了 %d 分钟", q.Waiting, int(q.Oldest.Minutes()))}
	}
	return list, nil
}

func (m meter) circuits() []reading {
	list := m.lines(CircuitOpen)
	since := map[uuid.UUID]time.Time{}
	for _, e := range m.endpoints {
		since[e.ID] = e.OpenSince
	}
	for i := range list {
		v := &list[i]
		if at := since[v.endpoint]; !at.IsZero() {
			v.value = max(m.now.Sub(at).Minutes(), 0.01) // open at all is above a limit of 0
			v.words = "从 " + hourMinute(at) + " 起熔断，暂停调用"
		}
	}
	return list
}
