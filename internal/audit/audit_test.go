package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, clock.Shanghai())

func open(t *testing.T) (*audit.Log, *pgxpool.Pool, *clock.Fake) {
	t.Helper()
	pool := pgtest.New(t, pgtest.Set{FS: audit.Migrations(), Table: audit.Table})
	fake := clock.NewFake(noon)
	return audit.New(pool, sm.NewTestKeyring(t), fake), pool, fake
}

// entry is a valid entry about case n.
func entry(n int) audit.Entry {
	return audit.Entry{
		Actor: "clerk-7", ActorName: "王小明", Kind: audit.KindDecision, Action: "初审通过", Outcome: audit.OK,
		Object: fmt.Sprintf("unit-%d", n), Case: fmt.Sprintf("TZ-261124-%05d", n), Source: "10.0.0.8",
		Detail: map[string]any{"reason": "材料齐全 100%", "round": n},
	}
}

func record(t *testing.T, l *audit.Log, db pg.DB, entries ...audit.Entry) {
	t.Helper()
	for _, e := range entries {
		if err := l.Record(t.Context(), db, e); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRecordIsFoundAgain(t *testing.T) {
	l, pool, _ := open(t)
	record(t, l, pool, entry(1))
	page, err := l.Search(t.Context(), audit.Query{Case: "TZ-261124-00001"})
	if err != nil || len(page.Records) != 1 {
		t.Fatalf("Search = %+v, %v", page, err)
	}
	got := page.Records[0]
	if !got.At.Equal(noon) || got.ActorName != "王小明" || got.Action != "初审通过" || got.Detail["round"] != 1.0 {
		t.Errorf("record = %+v", got)
	}
}

func TestRecordGoesWithItsTransaction(t *testing.T) {
	l, pool, _ := open(t)
	undone := errors.New("undone")
	err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		record(t, l, tx, entry(1))
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if n := seal(t, l); n != 0 {
		t.Errorf("%d records of a transaction that was rolled back", n)
	}
	if page, err := l.Search(t.Context(), audit.Query{}); err != nil || len(page.Records) != 0 {
		t.Errorf("Search = %+v, %v", page, err)
	}
}

func TestRecordRefusesWhatSaysNothing(t *testing.T) {
	l, pool, _ := open(t)
	for name, change := range map[string]func(*audit.Entry){
		"no actor":        func(e *audit.Entry) { e.Actor = "" },
		"no action":       func(e *audit.Entry) { e.Action = "" },
		"unknown kind":    func(e *audit.Entry) { e.Kind = "gossip" },
		"unknown outcome": func(e *audit.Entry) { e.Outcome = "" },
	} {
		e := entry(1)
		change(&e)
		if err := l.Record(t.Context(), pool, e); !errors.Is(err, audit.ErrEntry) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingCanBeChangedOrRemoved(t *testing.T) {
	l, pool, _ := open(t)
	record(t, l, pool, entry(1))
	seal(t, l)
	for _, sql := range []string{
		`UPDATE audit_record SET action = 'x'`, `DELETE FROM audit_record`, `TRUNCATE audit_record`,
		`UPDATE audit_record_2026_11 SET action = 'x'`, `DELETE FROM audit_record_2026_11`, `TRUNCATE audit_record_2026_11`,
		`UPDATE audit_link SET link = hash`, `DELETE FROM audit_link`, `TRUNCATE audit_link`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s was done", sql)
		}
		granted := `GRANT UPDATE, DELETE, TRUNCATE ON audit_record, audit_record_2026_11, audit_link TO CURRENT_USER`
		err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), granted); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("with the privilege back, %s: %v", sql, err)
		}
	}
	if err := l.VerifyChain(t.Context()); err != nil {
		t.Error(err)
	}
}

// An administrator of the database can switch all of that off. The chain tells.
func TestVerifyChainFindsEveryTampering(t *testing.T) {
	for _, tt := range []struct {
		name, sql string
		seq       int64
		why       string
	}{
		{"an action changed", `UPDATE audit_record SET action = '退件' WHERE case_no LIKE '%00003'`, 3, "changed"},
		{"a detail changed", `UPDATE audit_record SET detail = '{}' WHERE case_no LIKE '%00003'`, 3, "changed"},
		{"a detail written in another way", `UPDATE audit_record SET detail = replace(detail::text, ':', ': ')::json WHERE case_no LIKE '%00003'`, 3, "changed"},
		{"a time moved by a microsecond", `UPDATE audit_record SET at = at + interval '1 microsecond' WHERE case_no LIKE '%00003'`, 3, "gone"},
		{"a name exchanged", `UPDATE audit_record r SET actor_name = o.actor_name FROM audit_record o WHERE r.case_no LIKE '%00003' AND o.case_no LIKE '%00004'`, 3, "name"},
		{"a name's index changed", `UPDATE audit_record SET actor_index = '\x00' WHERE case_no LIKE '%00003'`, 3, "changed"},
		{"a record removed", `DELETE FROM audit_record WHERE case_no LIKE '%00002'`, 2, "gone"},
		{"a record and its link removed", `WITH d AS (DELETE FROM audit_record WHERE case_no LIKE '%00002' RETURNING id) DELETE FROM audit_link WHERE id IN (SELECT id FROM d)`, 3, "missing"},
		{"two links exchanged", `UPDATE audit_link SET seq = CASE seq WHEN 2 THEN 3 WHEN 3 THEN 2 ELSE seq END`, 2, "follow"},
		{"a link recomputed", `UPDATE audit_link SET hash = decode(repeat('00', 32), 'hex') WHERE seq = 4`, 4, "follow"},
		{"the end cut off", `WITH d AS (DELETE FROM audit_link WHERE seq = 5 RETURNING id) DELETE FROM audit_record WHERE id IN (SELECT id FROM d)`, 5, "ends before"},
		{"everything removed", `WITH d AS (DELETE FROM audit_link RETURNING id) DELETE FROM audit_record`, 5, "ends before"},
		{"a record slipped in", `INSERT INTO audit_record (id, at, kind, action, outcome, actor, actor_name, actor_index, object, case_no, source, detail, words)
			SELECT gen_random_uuid(), at, kind, action, outcome, actor, actor_name, actor_index, object, case_no, source, detail, words FROM audit_record LIMIT 1`, 0, "never on the chain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, pool, fake := open(t)
			for n := range 5 {
				record(t, l, pool, entry(n+1))
				fake.Advance(time.Second)
			}
			seal(t, l)
			head, err := l.Head(t.Context())
			if err != nil || head.Seq != 5 {
				t.Fatalf("Head = %+v, %v", head, err)
			}
			if err := l.VerifyChain(t.Context(), head); err != nil {
				t.Fatalf("before: %v", err)
			}
			tamper(t, pool, tt.sql)
			var broken audit.ErrBroken
			err = l.VerifyChain(t.Context(), head)
			if !errors.As(err, &broken) || broken.Seq != tt.seq || !strings.Contains(broken.Why, tt.why) {
				t.Errorf("VerifyChain = %v, want broken at %d: %s", err, tt.seq, tt.why)
			}
		})
	}
}

func tamper(t *testing.T, pool *pgxpool.Pool, sql string) {
	t.Helper()
	for _, s := range []string{
		`GRANT UPDATE, DELETE ON audit_record, audit_link TO CURRENT_USER`,
		`ALTER TABLE audit_record DISABLE TRIGGER USER`, `ALTER TABLE audit_link DISABLE TRIGGER USER`,
		`ALTER TABLE audit_link DROP CONSTRAINT audit_link_pkey`, sql,
	} {
		if _, err := pool.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// Many transactions record at once, some roll back, several processes seal: every committed record is on the chain exactly once.
func TestChainUnderConcurrency(t *testing.T) {
	l, pool, _ := open(t)
	const writers, each = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
					if err := l.Record(t.Context(), tx, entry(w*each+n)); err != nil {
						return err
					}
					if n%5 == 0 {
						return pgx.ErrNoRows // rolls back
					}
					return nil
				})
				if err != nil && n%5 != 0 {
					t.Error(err)
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var sealers sync.WaitGroup
	for range 2 {
		sealers.Go(func() {
			for ctx.Err() == nil {
				if _, err := l.Seal(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	cancel()
	sealers.Wait()
	// A sealer that was cut off may hold its lock for another moment.
	for pending(t, pool) > 0 {
		seal(t, l)
	}
	head, err := l.Head(t.Context())
	if want := int64(writers * each * 4 / 5); err != nil || head.Seq != want {
		t.Errorf("%d links, want %d: %v", head.Seq, want, err)
	}
	if err := l.VerifyChain(t.Context(), head); err != nil {
		t.Error(err)
	}
}

// A transaction that has recorded and goes on for long keeps nobody from recording, sealing, or beginning a new month.
func TestRecordHoldsNobodyUp(t *testing.T) {
	l, pool, fake := open(t)
	slow, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Rollback(t.Context())
	record(t, l, slow, entry(1))

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := l.Record(ctx, pool, entry(2)); err != nil {
		t.Fatalf("another record: %v", err)
	}
	if n, err := l.Seal(ctx); err != nil || n != 1 {
		t.Fatalf("Seal = %d, %v", n, err)
	}
	fake.Set(noon.AddDate(0, 1, 0))
	if err := l.Record(ctx, slow, entry(3)); err != nil {
		t.Fatalf("a record of the next month in the same transaction: %v", err)
	}
	if err := slow.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Seal(ctx); err != nil || n != 2 {
		t.Fatalf("Seal = %d, %v", n, err)
	}
	if err := l.VerifyChain(ctx); err != nil {
		t.Error(err)
	}
}

func TestMonthsAreThoseOfShanghai(t *testing.T) {
	l, pool, fake := open(t)
	for _, at := range []string{"2026-11-30T15:59:59Z", "2026-11-30T16:00:00Z", "2027-02-28T16:00:00Z"} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		fake.Set(when)
		record(t, l, pool, entry(1))
	}
	for table, want := range map[string]int{"audit_record_2026_11": 1, "audit_record_2026_12": 1, "audit_record_2027_03": 1} {
		var n int
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != want {
			t.Errorf("%s holds %d records, want %d: %v", table, n, want, err)
		}
	}
}

func TestRunSealsAndPreparesMonths(t *testing.T) {
	l, pool, _ := open(t)
	record(t, l, pool, entry(1))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx, func(err error) { t.Error(err) })
	}()
	deadline, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	for head, err := l.Head(deadline); head.Seq != 1; head, err = l.Head(deadline) {
		if err != nil {
			t.Fatalf("the record does not get onto the chain: %v", err)
		}
	}
	cancel()
	<-done
	var n int
	const months = `SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_record'::regclass`
	if err := pool.QueryRow(t.Context(), months).Scan(&n); err != nil || n != 3 {
		t.Errorf("%d months are prepared, want 3: %v", n, err)
	}
}

func TestSearch(t *testing.T) {
	l, pool, fake := open(t)
	export := audit.Entry{Actor: "lead-1", ActorName: "李四", Kind: audit.KindExport, Action: "导出办件统计", Outcome: audit.Refused,
		Source: "10.0.0.9", Detail: map[string]any{"file": "办件_2026.xlsx", "rows": 120}}
	signIn := audit.Entry{Actor: "citizen-3", ActorName: "王小明", Kind: audit.KindSignIn, Action: "口令登录", Outcome: audit.Failed, Source: "203.0.113.5"}
	for _, e := range []audit.Entry{entry(1), entry(2), export, signIn} {
		record(t, l, pool, e)
		fake.Advance(time.Minute)
	}
	for _, tt := range []struct {
		name string
		q    audit.Query
		want []string
	}{
		{"everything, newest first", audit.Query{}, []string{"口令登录", "导出办件统计", "初审通过", "初审通过"}},
		{"one word", audit.Query{Words: "办件统计"}, []string{"导出办件统计"}},
		{"several words, all needed", audit.Query{Words: "导出  XLSX 拒绝"}, []string{"导出办件统计"}},
		{"several words, one of them missing", audit.Query{Words: "导出 初审"}, nil},
		{"two characters", audit.Query{Words: "初审"}, []string{"初审通过", "初审通过"}},
		{"a percent sign is itself", audit.Query{Words: "100%"}, []string{"初审通过", "初审通过"}},
		{"an underscore is itself", audit.Query{Words: "办件_2026"}, []string{"导出办件统计"}},
		{"and stands for nothing else", audit.Query{Words: "办_统计"}, nil},
		{"SQL is a word", audit.Query{Words: `'; DROP TABLE audit_record; --`}, nil},
		{"kind", audit.Query{Kind: audit.KindSignIn}, []string{"口令登录"}},
		{"outcome", audit.Query{Outcome: audit.Refused}, []string{"导出办件统计"}},
		{"actor", audit.Query{Actor: "clerk-7"}, []string{"初审通过", "初审通过"}},
		{"name of a person, whole", audit.Query{ActorName: "王小明"}, []string{"口令登录", "初审通过", "初审通过"}},
		{"a part of a name finds nobody", audit.Query{ActorName: "王小"}, nil},
		{"nor does a name among the words", audit.Query{Words: "王小明"}, nil},
		{"source", audit.Query{Source: "203.0.113.5"}, []string{"口令登录"}},
		{"object", audit.Query{Object: "unit-2"}, []string{"初审通过"}},
		{"time", audit.Query{From: noon.Add(time.Minute), To: noon.Add(3 * time.Minute)}, []string{"导出办件统计", "初审通过"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			page, err := l.Search(t.Context(), tt.q)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range page.Records {
				got = append(got, r.Action)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("found %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSearchInPages(t *testing.T) {
	l, pool, fake := open(t)
	for n := range 7 {
		record(t, l, pool, entry(n))
		if n%2 == 0 { // some at the same instant
			fake.Advance(time.Second)
		}
	}
	var got []string
	q := audit.Query{Limit: 3}
	for range 4 {
		page, err := l.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			got = append(got, r.Object)
		}
		if page.Next == (audit.Mark{}) {
			break
		}
		q.After = page.Next
	}
	want := []string{"unit-6", "unit-5", "unit-4", "unit-3", "unit-2", "unit-1", "unit-0"}
	if !slices.Equal(got, want) {
		t.Errorf("pages hold %v, want %v", got, want)
	}
}

func TestNamesRestEncrypted(t *testing.T) {
	l, pool, _ := open(t)
	record(t, l, pool, entry(1))
	var text string
	if err := pool.QueryRow(t.Context(), `SELECT string_agg(r::text, '') FROM audit_record r`).Scan(&text); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "王小明") || strings.Contains(text, fmt.Sprintf("%x", "王小明")) {
		t.Errorf("the name is readable in the table: %s", text)
	}
}

// A database that refuses the record refuses the act.
func TestAnActWithoutRecordDoesNotHappen(t *testing.T) {
	l, pool, _ := open(t)
	if _, err := pool.Exec(t.Context(), `CREATE TABLE act (id int); REVOKE INSERT ON audit_pending FROM CURRENT_USER`); err != nil {
		t.Fatal(err)
	}
	err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `INSERT INTO act VALUES (1)`); err != nil {
			return err
		}
		return l.Record(t.Context(), tx, entry(1))
	})
	if err == nil {
		t.Fatal("the record was refused and nobody said so")
	}
	var n int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM act`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d acts happened, %v", n, err)
	}
}

func pending(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_pending`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func seal(t *testing.T, l *audit.Log) int {
	t.Helper()
	n, err := l.Seal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}
