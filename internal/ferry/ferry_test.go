package ferry_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
)

// zone is one side of a test ferry.
type zone struct {
	pool  *pgxpool.Pool
	blobs *blob.Store
	door  *ferry.Door
	set   ferry.Options
}

type pair struct {
	hall, office zone
	clock        *clock.Fake
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{clock: clock.NewFake(time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai()))}
	shared := sm.NewTestKeyring(t)
	hallSigner, officeSigner := signer(t), signer(t)
	p.hall = newZone(t, p.clock, "hall", "office", shared, hallSigner, officeSigner.Public())
	p.office = newZone(t, p.clock, "office", "hall", shared, officeSigner, hallSigner.Public())
	p.hall.door.Connect(ferry.Loop{To: p.office.door})
	p.office.door.Connect(ferry.Loop{To: p.hall.door})
	return p
}

func signer(t *testing.T) *sm.Signer {
	t.Helper()
	s, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newZone(t *testing.T, clk clock.Clock, name, peer string, shared *sm.Keyring, mine *sm.Signer, theirs *sm.PublicKey) zone {
	t.Helper()
	keys := sm.NewTestKeyring(t)
	pool := pgtest.New(t, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"})
	store, err := blob.Open(t.Context(), t.TempDir(), keys)
	if err != nil {
		t.Fatal(err)
	}
	set := ferry.Options{Zone: name, Peer: peer, Pool: pool, Clock: clk, Keys: keys, Shared: shared,
		Signer: mine, PeerKey: theirs, Blobs: store, Log: slog.New(slog.DiscardHandler)}
	return zone{pool, store, ferry.New(set), set}
}

// file stores a file of so many bytes that looks like a PDF and is like no other, and returns its digest.
func (z zone) file(t *testing.T, size int) string {
	t.Helper()
	data := make([]byte, size)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	copy(data, "%PDF-1.7\n")
	ref, err := z.blobs.Put(t.Context(), bytes.NewReader(data), int64(size))
	if err != nil {
		t.Fatal(err)
	}
	return ref.Digest
}

func (z zone) send(t *testing.T, m ferry.Message) {
	t.Helper()
	if err := pg.InTx(t.Context(), z.pool, func(tx pgx.Tx) error { return z.door.Send(t.Context(), tx, m) }); err != nil {
		t.Fatal(err)
	}
}

func (z zone) pump(t *testing.T) {
	t.Helper()
	for {
		more, err := z.door.Pump(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

// applyAll applies what is due now and says how many messages were tried.
func (z zone) applyAll(t *testing.T) (n int) {
	t.Helper()
	for {
		found, err := z.door.Apply(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			return n
		}
		n++
	}
}

func withdrawn(reason string) ferry.Message {
	return ferry.Message{Type: message.ApplicationWithdrawn, Case: "c1", Body: message.Withdrawn{Reason: reason}}
}

func TestMessageArrivesOnceAndInOrder(t *testing.T) {
	p := newPair(t)
	var got []string
	ferry.Handle(p.office.door, message.ApplicationWithdrawn, func(_ context.Context, _ pgx.Tx, _ ferry.Inbound, b message.Withdrawn) error {
		got = append(got, b.Reason)
		return nil
	})
	for _, r := range []string{"一", "二", "三"} {
		p.hall.send(t, withdrawn(r))
	}
	p.hall.pump(t)
	p.hall.pump(t)
	p.office.applyAll(t)
	if s := strings.Join(got, ""); s != "一二三" {
		t.Fatalf("applied %q", s)
	}
	if p.office.applyAll(t) != 0 {
		t.Fatal("something was applied twice")
	}
}

func TestRolledBackMessageNeverLeaves(t *testing.T) {
	p := newPair(t)
	boom := errors.New("boom")
	err := pg.InTx(t.Context(), p.hall.pool, func(tx pgx.Tx) error {
		if err := p.hall.door.Send(t.Context(), tx, withdrawn("x")); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	p.hall.pump(t)
	if lag, err := p.office.door.Lag(t.Context()); err != nil || lag.Unapplied != 0 {
		t.Fatalf("lag %+v, %v", lag, err)
	}
}

func TestTypesOfTheOtherZoneAreRefused(t *testing.T) {
	p := newPair(t)
	err := pg.InTx(t.Context(), p.hall.pool, func(tx pgx.Tx) error {
		return p.hall.door.Send(t.Context(), tx, ferry.Message{Type: message.BillIssued, Case: "c", Body: message.Bill{}})
	})
	var unknown ferry.ErrUnknownType
	if !errors.As(err, &unknown) {
		t.Fatalf("got %v", err)
	}
}

// carrier records crates and can lose or repeat them.
type carrier struct {
	to     *ferry.Door
	crates [][]byte
	lose   int // answers to lose from now on
}

func (c *carrier) Carry(ctx context.Context, crate []byte) ([]byte, error) {
	c.crates = append(c.crates, crate)
	answer, err := c.to.Receive(ctx, crate)
	if c.lose > 0 {
		c.lose--
		return nil, errors.New("the line went dead")
	}
	return answer, err
}

func (c *carrier) Traits() ferry.Traits { return ferry.Loop{}.Traits() }

func TestLostAcknowledgementDoesNotDouble(t *testing.T) {
	p := newPair(t)
	c := &carrier{to: p.office.door, lose: 1}
	p.hall.door.Connect(c)
	n := 0
	ferry.Handle(p.office.door, message.ApplicationWithdrawn, func(context.Context, pgx.Tx, ferry.Inbound, message.Withdrawn) error { n++; return nil })
	p.hall.send(t, withdrawn("x"))
	if _, err := p.hall.door.Pump(t.Context()); err == nil {
		t.Fatal("the lost answer was not noticed")
	}
	p.hall.pump(t)
	p.office.applyAll(t)
	if n != 1 {
		t.Fatalf("applied %d times", n)
	}
	if _, err := p.office.door.Receive(t.Context(), c.crates[0]); err != nil {
		t.Fatalf("a replayed crate must be acknowledged again: %v", err)
	}
	if p.office.applyAll(t) != 0 {
		t.Fatal("a replayed crate was applied")
	}
}

func TestForgedAndAlteredCratesAreRefused(t *testing.T) {
	p := newPair(t)
	c := &carrier{to: p.office.door}
	p.hall.door.Connect(c)
	p.hall.send(t, withdrawn("x"))
	p.hall.pump(t)
	lines := bytes.SplitN(c.crates[0], []byte("\n"), 3)
	var head map[string]any
	if err := json.Unmarshal(lines[1], &head); err != nil {
		t.Fatal(err)
	}
	alter := func(key string, value any) []byte {
		m := maps.Clone(head)
		m[key] = value
		raw, _ := json.Marshal(m)
		return bytes.Join([][]byte{lines[0], raw, lines[2]}, []byte("\n"))
	}
	bent := bytes.Clone(c.crates[0])
	bent[len(bent)-1] ^= 1
	cases := []struct {
		name string
		raw  []byte
		want error
	}{
		{"nothing", nil, ferry.ErrSealed},
		{"no crate", []byte("<xml>"), ferry.ErrSealed},
		{"only the first line", lines[0], ferry.ErrSealed},
		{"cut off", c.crates[0][:len(c.crates[0])-1], ferry.ErrSealed},
		{"longer", append(bytes.Clone(c.crates[0]), 'x'), ferry.ErrSealed},
		{"other stream", alter("stream", "office"), ferry.ErrStream},
		{"other kind", alter("kind", "part"), ferry.ErrUnsigned},
		{"altered content", bent, ferry.ErrUnsigned},
		{"no signature", alter("sig", ""), ferry.ErrUnsigned},
		{"too large", make([]byte, 65<<20), ferry.ErrTooLarge},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := p.office.door.Receive(t.Context(), tc.raw); !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
		})
	}
	stranger := newPair(t)
	if _, err := stranger.office.door.Receive(t.Context(), c.crates[0]); !errors.Is(err, ferry.ErrUnsigned) {
		t.Fatalf("another city's crate: %v", err)
	}
}

func TestFailureParksAndBlocksItsOwnCaseOnly(t *testing.T) {
	p := newPair(t)
	broken := true
	var got []string
	ferry.Handle(p.office.door, message.ApplicationWithdrawn, func(ctx context.Context, tx pgx.Tx, in ferry.Inbound, b message.Withdrawn) error {
		if _, err := tx.Exec(ctx, `CREATE TEMP TABLE IF NOT EXISTS half_done (x int)`); err != nil {
			return err
		}
		if broken && in.Case == "bad" && b.Reason == "1" {
			return ferry.Park(errors.New("no such unit"))
		}
		got = append(got, in.Case+b.Reason)
		return nil
	})
	send := func(c, reason string) {
		m := withdrawn(reason)
		m.Case = c
		p.hall.send(t, m)
	}
	send("bad", "1")
	send("bad", "2")
	send("good", "1")
	p.hall.pump(t)
	p.office.applyAll(t)
	if strings.Join(got, ",") != "good1" {
		t.Fatalf("applied %v", got)
	}
	parked, err := p.office.door.ListParked(t.Context(), 10)
	if err != nil || len(parked) != 1 || parked[0].Error != "no such unit" {
		t.Fatalf("parked %+v, %v", parked, err)
	}
	broken = false
	if err := pg.InTx(t.Context(), p.office.pool, func(tx pgx.Tx) error { return p.office.door.Retry(t.Context(), tx, parked[0].ID) }); err != nil {
		t.Fatal(err)
	}
	p.office.applyAll(t)
	if strings.Join(got, ",") != "good1,bad1,bad2" {
		t.Fatalf("applied %v", got)
	}
}

func TestDiscardNeedsAParkedMessage(t *testing.T) {
	p := newPair(t)
	ferry.Handle(p.office.door, message.ApplicationWithdrawn, func(context.Context, pgx.Tx, ferry.Inbound, message.Withdrawn) error {
		return ferry.Park(errors.New("never"))
	})
	p.hall.send(t, withdrawn("x"))
	p.hall.pump(t)
	p.office.applyAll(t)
	parked, err := p.office.door.ListParked(t.Context(), 10)
	if err != nil || len(parked) != 1 {
		t.Fatalf("parked %v, %v", parked, err)
	}
	discard := func() error {
		return pg.InTx(t.Context(), p.office.pool, func(tx pgx.Tx) error {
			return p.office.door.Discard(t.Context(), tx, parked[0].ID, "admin", "收件人已撤回")
		})
	}
	if err := discard(); err != nil {
		t.Fatal(err)
	}
	if err := discard(); !errors.Is(err, ferry.ErrNotParked) {
		t.Fatalf("second discard: %v", err)
	}
}

func TestRetriesGrowAndEndInParking(t *testing.T) {
	p := newPair(t)
	tries := 0
	ferry.Handle(p.office.door, message.ApplicationWithdrawn, func(context.Context, pgx.Tx, ferry.Inbound, message.Withdrawn) error {
		tries++
		return errors.New("database is moody")
	})
	p.hall.send(t, withdrawn("x"))
	p.hall.pump(t)
	if n := p.office.applyAll(t); n != 1 {
		t.Fatalf("tried %d times without a pause", n)
	}
	for range 20 {
		p.clock.Advance(time.Minute)
		p.office.applyAll(t)
	}
	if tries != 10 {
		t.Fatalf("tried %d times", tries)
	}
}

func TestFilesArriveBeforeTheirMessage(t *testing.T) {
	p := newPair(t)
	ref, err := p.hall.blobs.Put(t.Context(), strings.NewReader("%PDF-1.4 a scan"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var seen string
	ferry.Handle(p.office.door, message.ApplicationWithdrawn, func(ctx context.Context, _ pgx.Tx, _ ferry.Inbound, _ message.Withdrawn) error {
		data, err := p.office.blobs.Get(ctx, ref.Digest)
		seen = string(data)
		return err
	})
	m := withdrawn("x")
	m.Blobs = []string{ref.Digest}
	p.hall.send(t, m)
	p.hall.pump(t)
	p.office.applyAll(t)
	if seen != "%PDF-1.4 a scan" {
		t.Fatalf("file reads %q", seen)
	}
}

func TestHTTPSTransport(t *testing.T) {
	p := newPair(t)
	srv := httptest.NewServer(p.office.door.Handler())
	defer srv.Close()
	p.hall.door.Connect(ferry.HTTPS{URL: srv.URL, Client: srv.Client()})
	n := 0
	ferry.Handle(p.office.door, message.ApplicationWithdrawn, func(context.Context, pgx.Tx, ferry.Inbound, message.Withdrawn) error { n++; return nil })
	p.hall.send(t, withdrawn("x"))
	p.hall.pump(t)
	p.office.applyAll(t)
	if n != 1 {
		t.Fatalf("applied %d", n)
	}
	res, err := srv.Client().Post(srv.URL, "application/octet-stream", strings.NewReader("junk"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Fatalf("junk answered %d", res.StatusCode)
	}
}

func TestRunCarriesBothWays(t *testing.T) {
	p := newPair(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	query := uuid.Must(uuid.NewV7())
	back := make(chan message.HomeReply, 1)
	ferry.Handle(p.office.door, message.HomeQuery, func(ctx context.Context, tx pgx.Tx, in ferry.Inbound, q message.HomeQueryBody) error {
		return p.office.door.Send(ctx, tx, ferry.Message{Type: message.HomeReplied, Case: in.Case, Body: message.HomeReply{Reply: message.Reply{Query: q.Query, Error: "none"}}})
	})
	ferry.Handle(p.hall.door, message.HomeReplied, func(_ context.Context, _ pgx.Tx, _ ferry.Inbound, r message.HomeReply) error {
		back <- r
		return nil
	})
	done := make(chan error, 2)
	go func() { done <- p.hall.door.Run(ctx) }()
	go func() { done <- p.office.door.Run(ctx) }()
	p.hall.send(t, ferry.Message{Type: message.HomeQuery, Case: query.String(), Body: message.HomeQueryBody{Ask: message.Ask{Query: query}}})
	select {
	case r := <-back:
		if r.Query != query || r.Error != "none" {
			t.Fatalf("reply %+v", r)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no reply")
	}
	stop()
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}
