package ferry_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
)

// heard collects the reasons of withdrawals in the order in which the office applied them.
func (p *pair) heard() *[]string {
	all := &[]string{}
	ferry.Handle(p.office.door, message.ApplicationWithdrawn, func(_ context.Context, _ pgx.Tx, _ ferry.Inbound, m message.Withdrawn) error {
		*all = append(*all, m.Reason)
		return nil
	})
	return all
}

func (z zone) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := z.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// The hall comes back from a backup and uses numbers anew that the office has seen: nothing new is lost, nothing old comes twice.
func TestSenderRestoredFromABackup(t *testing.T) {
	for _, forgotten := range []int{1, 5, 230} {
		t.Run(fmt.Sprint(forgotten), func(t *testing.T) {
			p := newPair(t)
			heard := p.heard()
			p.hall.send(t, withdrawn("before"))
			p.hall.pump(t)
			p.hall.exec(t, `CREATE TABLE backup AS SELECT * FROM ferry_out`)
			var want []string
			want = append(want, "before")
			for i := range forgotten {
				p.hall.send(t, withdrawn(fmt.Sprint("lost ", i)))
				want = append(want, fmt.Sprint("lost ", i))
			}
			p.hall.pump(t)
			p.hall.exec(t, `DELETE FROM ferry_out`)
			p.hall.exec(t, `INSERT INTO ferry_out OVERRIDING SYSTEM VALUE SELECT * FROM backup`)
			for i := range 3 {
				p.hall.send(t, withdrawn(fmt.Sprint("new ", i)))
				want = append(want, fmt.Sprint("new ", i))
			}
			p.hall.pump(t)
			p.office.applyAll(t)
			if !slices.Equal(*heard, want) {
				t.Errorf("the office heard %v, want %v", *heard, want)
			}
		})
	}
}

// The backup holds messages that had left but were not acknowledged: the office has them and takes them for what they are.
func TestSenderRestoredWithUnacknowledged(t *testing.T) {
	p := newPair(t)
	heard := p.heard()
	for i := range 210 {
		p.hall.send(t, withdrawn(fmt.Sprint("old ", i)))
	}
	p.hall.exec(t, `CREATE TABLE backup AS SELECT * FROM ferry_out`)
	p.hall.pump(t)
	p.hall.send(t, withdrawn("lost"))
	p.hall.pump(t)
	p.hall.exec(t, `DELETE FROM ferry_out`)
	p.hall.exec(t, `INSERT INTO ferry_out OVERRIDING SYSTEM VALUE SELECT * FROM backup`)
	p.hall.send(t, withdrawn("new"))
	p.hall.pump(t)
	p.office.applyAll(t)
	if n := len(*heard); n != 212 || (*heard)[210] != "lost" || (*heard)[211] != "new" {
		t.Errorf("the office heard %d messages, at last %v", n, (*heard)[max(0, n-3):])
	}
}

// The office comes back from a backup and lacks what it had acknowledged: it gets it again.
func TestReceiverRestoredFromABackup(t *testing.T) {
	p := newPair(t)
	heard := p.heard()
	send := func(words ...string) {
		for _, w := range words {
			p.hall.send(t, withdrawn(w))
		}
		p.hall.pump(t)
		p.office.applyAll(t)
	}
	send("1")
	p.office.exec(t, `CREATE TABLE backup AS SELECT * FROM ferry_in`)
	p.office.exec(t, `CREATE TABLE backup_stream AS SELECT * FROM ferry_stream`)
	send("2", "3")
	p.office.exec(t, `DELETE FROM ferry_in`)
	p.office.exec(t, `INSERT INTO ferry_in SELECT * FROM backup`)
	p.office.exec(t, `DELETE FROM ferry_stream`)
	p.office.exec(t, `INSERT INTO ferry_stream SELECT * FROM backup_stream`)
	send("4")
	if want := []string{"1", "2", "3", "2", "3", "4"}; !slices.Equal(*heard, want) {
		t.Errorf("the office heard %v, want %v", *heard, want)
	}
}

// From a backup older than a week nothing is guessed: the stream stands still and says why.
func TestReceiverRestoredTooLate(t *testing.T) {
	p := newPair(t)
	p.heard()
	p.hall.send(t, withdrawn("1"))
	p.hall.pump(t)
	p.clock.Advance(8 * 24 * time.Hour)
	p.hall.send(t, withdrawn("2"))
	p.hall.pump(t)
	p.office.exec(t, `DELETE FROM ferry_in`)
	p.office.exec(t, `DELETE FROM ferry_stream`)
	p.hall.send(t, withdrawn("3"))
	if _, err := p.hall.door.Pump(t.Context()); !errors.Is(err, ferry.ErrForgotten) {
		t.Errorf("pumped: %v", err)
	}
}
