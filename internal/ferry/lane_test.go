package ferry_test

import (
	"bytes"
	"context"

	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// scan is a message with a file.
func (z zone) scan(t *testing.T, key string, size int) string {
	t.Helper()
	m := withdrawn("scan of " + key)
	m.Case = key
	m.Blobs = []string{z.file(t, size)}
	z.send(t, m)
	return m.Blobs[0]
}

func TestAQuestionOvertakesAScan(t *testing.T) {
	p := newPair(t)
	heard := p.heard()
	ferry.Handle(p.office.door, message.HomeQuery, func(context.Context, pgx.Tx, ferry.Inbound, message.HomeQueryBody) error {
		*heard = append(*heard, "question")
		return nil
	})
	p.hall.scan(t, "c1", 5<<20)
	if more, err := p.hall.door.Pump(t.Context()); err != nil || !more { // the message and the first part
		t.Fatal(more, err)
	}
	p.hall.send(t, ferry.Message{Type: message.HomeQuery, Case: "q", Body: message.HomeQueryBody{Ask: message.Ask{Query: uuid.Must(uuid.NewV7())}}})
	if more, err := p.hall.door.Pump(t.Context()); err != nil || !more {
		t.Fatal(more, err)
	}
	p.office.applyAll(t)
	if !slices.Equal(*heard, []string{"question"}) {
		t.Fatalf("applied %v before the scan was whole", *heard)
	}
	p.hall.pump(t)
	p.office.applyAll(t)
	if !slices.Equal(*heard, []string{"question", "scan of c1"}) {
		t.Errorf("applied %v", *heard)
	}
}

// dropper counts the bytes that it carries, and fails after some.
type dropper struct {
	to    ferry.Transport
	bytes int
	left  int // crates until the line is cut; below 0: never
}

func (d *dropper) Traits() ferry.Traits { return d.to.Traits() }

func (d *dropper) Carry(ctx context.Context, crate []byte) ([]byte, error) {
	if d.left == 0 {
		return nil, errors.New("the line was cut")
	}
	d.left--
	d.bytes += len(crate)
	return d.to.Carry(ctx, crate)
}

func TestOnlyWhatIsMissingIsCarriedAgain(t *testing.T) {
	p := newPair(t)
	heard := p.heard()
	const size = 8 << 20
	line := &dropper{to: ferry.Loop{To: p.office.door}, left: 6}
	p.hall.door.Connect(line)
	p.hall.scan(t, "c1", size)
	for err := error(nil); err == nil; {
		_, err = p.hall.door.Pump(t.Context())
	}
	before := line.bytes
	p.hall.door = ferry.New(p.hall.set) // another process
	again := &dropper{to: ferry.Loop{To: p.office.door}, left: -1}
	p.hall.door.Connect(again)
	p.hall.pump(t)
	p.office.applyAll(t)
	if len(*heard) != 1 {
		t.Fatalf("applied %v", *heard)
	}
	if before < 4<<20 || before+again.bytes > size+1<<20 {
		t.Errorf("%d bytes before the cut and %d after it for a file of %d", before, again.bytes, size)
	}
}

func TestAMissingFileHoldsUpItsOwnCaseOnly(t *testing.T) {
	p := newPair(t)
	heard := p.heard()
	digest := p.hall.scan(t, "bad", 1000)
	data, err := p.hall.blobs.Get(t.Context(), digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.hall.blobs.Delete(t.Context(), digest); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"bad", "good"} {
		m := withdrawn("plain of " + key)
		m.Case = key
		p.hall.send(t, m)
	}
	p.hall.pump(t)
	p.office.applyAll(t)
	if !slices.Equal(*heard, []string{"plain of good"}) {
		t.Fatalf("applied %v", *heard)
	}
	aside, err := p.hall.door.ListAside(t.Context(), 10)
	if err != nil || len(aside) != 1 || aside[0].Case != "bad" || aside[0].Error == "" {
		t.Fatalf("aside %+v, %v", aside, err)
	}
	if _, err := p.hall.blobs.Put(t.Context(), bytes.NewReader(data), 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := pg.InTx(t.Context(), p.hall.pool, func(tx pgx.Tx) error { return p.hall.door.Retry(t.Context(), tx, aside[0].ID) }); err != nil {
		t.Fatal(err)
	}
	p.hall.pump(t)
	p.office.applyAll(t)
	if !slices.Equal(*heard, []string{"plain of good", "scan of bad", "plain of bad"}) {
		t.Errorf("applied %v", *heard)
	}
}

// The file vanishes when its message has left: the sender discards it, and the case goes on at the other side.
func TestAFileThatVanishesOnTheWay(t *testing.T) {
	p := newPair(t)
	heard := p.heard()
	line := &dropper{to: ferry.Loop{To: p.office.door}, left: 1}
	p.hall.door.Connect(line)
	digest := p.hall.scan(t, "c1", 1000)
	p.hall.send(t, withdrawn("after"))
	if _, err := p.hall.door.Pump(t.Context()); err == nil {
		t.Fatal("the line was not cut")
	}
	if err := p.hall.blobs.Delete(t.Context(), digest); err != nil {
		t.Fatal(err)
	}
	p.hall.door = ferry.New(p.hall.set)
	p.hall.door.Connect(ferry.Loop{To: p.office.door})
	p.hall.pump(t)
	p.office.applyAll(t)
	aside, err := p.hall.door.ListAside(t.Context(), 10)
	if err != nil || len(aside) != 1 || aside[0].Seq != 1 || len(*heard) != 0 {
		t.Fatalf("aside %+v, applied %v, %v", aside, *heard, err)
	}
	if err := pg.InTx(t.Context(), p.hall.pool, func(tx pgx.Tx) error {
		return p.hall.door.Discard(t.Context(), tx, aside[0].ID, "李敏", "附件已丢失")
	}); err != nil {
		t.Fatal(err)
	}
	p.hall.pump(t)
	p.office.applyAll(t)
	if lag, err := p.hall.door.Lag(t.Context()); err != nil || !slices.Equal(*heard, []string{"after"}) || lag.Unsent != 0 {
		t.Errorf("applied %v, lag %+v, %v", *heard, lag, err)
	}
}

func TestAFullReceiverMakesTheSenderWait(t *testing.T) {
	p := newPair(t)
	p.office.set.MaxOpen = 10
	p.office.door = ferry.New(p.office.set)
	p.hall.door.Connect(ferry.Loop{To: p.office.door})
	heard := p.heard()
	for range 35 {
		p.hall.send(t, withdrawn("x"))
	}
	p.hall.pump(t)
	if lag, err := p.office.door.Lag(t.Context()); err != nil || lag.Unapplied != 10 {
		t.Fatalf("the office took %d, %v", lag.Unapplied, err)
	}
	if r, err := p.hall.door.Report(t.Context()); err != nil || !r.Held || r.Out[ferry.Ordinary].Count != 25 {
		t.Errorf("the hall reports %+v, %v", r, err)
	}
	for range 10 {
		p.office.applyAll(t)
		p.clock.Advance(2 * time.Second)
		p.hall.pump(t)
	}
	if p.office.applyAll(t); len(*heard) != 35 {
		t.Errorf("applied %d", len(*heard))
	}
}

func TestMessagesFlowWhileKeysChange(t *testing.T) {
	p := newPair(t)
	oldKey, newKey := p.hall.set.Signer, signer(t)
	var published []*sm.PublicKey
	p.office.set.PeerKeys = func() ([]*sm.PublicKey, error) { return published, nil }
	p.office.door = ferry.New(p.office.set)
	heard := p.heard()
	by := func(s *sm.Signer, word string) {
		t.Helper()
		p.hall.set.Signer = s
		p.hall.door = ferry.New(p.hall.set)
		p.hall.door.Connect(ferry.Loop{To: p.office.door})
		p.hall.send(t, withdrawn(word))
		p.hall.pump(t)
		p.office.applyAll(t)
		p.clock.Advance(2 * time.Second)
	}
	by(oldKey, "old")
	published = []*sm.PublicKey{newKey.Public(), oldKey.Public()}
	by(newKey, "new")
	by(oldKey, "a process that was not restarted yet")
	if err := p.hall.set.Shared.Rotate(); err != nil {
		t.Fatal(err)
	}
	by(newKey, "another ring")
	if len(*heard) != 4 {
		t.Fatalf("applied %v", *heard)
	}
	published = published[:1]
	p.office.door = ferry.New(p.office.set)
	p.office.door.Connect(ferry.Loop{To: p.hall.door})
	p.hall.set.Signer = signer(t)
	p.hall.door = ferry.New(p.hall.set)
	p.hall.door.Connect(ferry.Loop{To: p.office.door})
	p.hall.send(t, withdrawn("a stranger's"))
	if _, err := p.hall.door.Pump(t.Context()); !errors.Is(err, ferry.ErrUnsigned) {
		t.Errorf("a stranger's key: %v", err)
	}
}
