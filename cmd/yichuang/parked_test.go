package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"yichuang/internal/ferry"
	"yichuang/internal/hall"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
)

// The hall's messages that wait for a person are dealt with on its machine, each once, and by whom and why is recorded.
func TestParkedMessagesOfTheHall(t *testing.T) {
	pool := pgtest.New(t)
	if err := hall.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if _, err := sm.LoadOrCreateKeyring(filepath.Join(data, "keys", ringFile("hall"))); err != nil {
		t.Fatal(err)
	}
	const again, gone = "01a210b8-3cfb-73c2-8d46-88c8afeac0f1", "01a210b8-3cfb-73c2-8d46-88c8afeac0f2"
	if _, err := pool.Exec(t.Context(), `INSERT INTO ferry_in (stream, seq, prev, lane, id, type, case_key, sent_at, received_at, not_before, state, error)
		SELECT 'office>hall', n, 0, 0, id, 'case.progress', id::text, now(), now(), now(), 'parked', 'no such case' FROM unnest(ARRAY[$1::uuid, $2::uuid]) WITH ORDINALITY x (id, n)`, again, gone); err != nil {
		t.Fatal(err)
	}
	c := &ferryCmd{Zone: "hall", Database: pool.Config().ConnString(), Data: data}
	if err := (ferryListCmd{}).Run(t.Context(), c); err != nil {
		t.Error(err)
	}
	if err := (&ferryRetryCmd{ID: again, Reason: "办件已补"}).Run(t.Context(), c); err != nil {
		t.Error(err)
	}
	if err := (&ferryDiscardCmd{ID: gone, Reason: "重复"}).Run(t.Context(), c); err != nil {
		t.Error(err)
	}
	if err := (&ferryDiscardCmd{ID: gone, Reason: "重复"}).Run(t.Context(), c); !errors.Is(err, ferry.ErrNotParked) {
		t.Errorf("discarded twice: %v", err)
	}
	if err := (&ferryRetryCmd{ID: "x"}).Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "id") {
		t.Errorf("no id: %v", err)
	}
	var states string
	var recorded int
	if err := pool.QueryRow(t.Context(), `SELECT (SELECT string_agg(state, ',' ORDER BY seq) FROM ferry_in),
		(SELECT count(*) FROM audit_record WHERE action IN ('重试停放的消息', '丢弃停放的消息'))`).Scan(&states, &recorded); err != nil {
		t.Fatal(err)
	}
	if states != "pending,discarded" || recorded != 2 {
		t.Errorf("states %s, %d recorded", states, recorded)
	}
}
