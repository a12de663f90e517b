package ferry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
)

// gap is two zones with folders of their own and, between them, an appliance that the test plays.
type gap struct {
	*pair
	t     *testing.T
	roots map[string]string // by zone
	max   int
}

const patience = 9 * time.Second

func newGap(t *testing.T, max int) *gap {
	t.Helper()
	g := &gap{newPair(t), t, map[string]string{"hall": t.TempDir(), "office": t.TempDir()}, max}
	g.join(&g.hall)
	g.join(&g.office)
	return g
}

// join connects a zone to its folders.
func (g *gap) join(z *zone) {
	g.t.Helper()
	dir, err := ferry.NewDir(ferry.DirOptions{Root: g.roots[z.set.Zone], Zone: z.set.Zone, Peer: z.set.Peer, Max: g.max, Wait: patience, Clock: g.clock,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		g.t.Fatal(err)
	}
	z.door.Connect(dir)
}

func (g *gap) out(zone, peer string) string { return filepath.Join(g.roots[zone], zone+"-to-"+peer) }
func (g *gap) in(zone, peer string) string  { return filepath.Join(g.roots[zone], peer+"-to-"+zone) }

// lying are the names of the files in a folder.
func lying(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// put writes a file as the appliance does, at the time of the test's clock.
func (g *gap) put(dir, name string, data []byte) {
	g.t.Helper()
	path := filepath.Join(dir, name)
	if err := errors.Join(os.WriteFile(path, data, 0o600), os.Chtimes(path, g.clock.Now(), g.clock.Now())); err != nil {
		g.t.Fatal(err)
	}
}

// carry moves all files over the gap, both ways.
func (g *gap) carry() {
	g.t.Helper()
	for zone, peer := range map[string]string{"hall": "office", "office": "hall"} {
		for _, name := range lying(g.t, g.out(zone, peer)) {
			g.move(zone, peer, name)
		}
	}
}

func (g *gap) read(zone, peer, name string) []byte {
	g.t.Helper()
	data, err := os.ReadFile(filepath.Join(g.out(zone, peer), name))
	if err != nil {
		g.t.Fatal(err)
	}
	return data
}

func (g *gap) move(zone, peer, name string) {
	g.t.Helper()
	g.put(g.in(peer, zone), name, g.read(zone, peer, name))
	g.lose(zone, peer, name)
}

func (g *gap) lose(zone, peer, name string) {
	g.t.Helper()
	if err := os.Remove(filepath.Join(g.out(zone, peer), name)); err != nil {
		g.t.Fatal(err)
	}
}

func (z zone) collect(t *testing.T) {
	t.Helper()
	for {
		found, err := z.door.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			return
		}
	}
}

// rest turns everything until all has been acknowledged.
func (g *gap) rest() {
	g.t.Helper()
	for range 60 {
		for _, z := range []zone{g.hall, g.office} {
			z.pump(g.t)
			g.carry()
		}
		g.office.collect(g.t)
		g.hall.collect(g.t)
		g.carry()
		g.hall.collect(g.t)
		g.office.applyAll(g.t)
		if lag, err := g.hall.door.Lag(g.t.Context()); err != nil {
			g.t.Fatal(err)
		} else if lag.Unsent == 0 {
			g.office.applyAll(g.t)
			return
		}
		g.clock.Advance(patience)
	}
	g.t.Fatal("the stream does not come to rest")
}

func TestFilesAreNamedAndSizedForAppliances(t *testing.T) {
	g := newGap(t, 64<<10)
	heard := g.heard()
	m := withdrawn("scan")
	m.Blobs = []string{g.hall.file(t, 700<<10)}
	g.hall.send(t, m)
	g.hall.pump(t)
	names := lying(t, g.out("hall", "office"))
	shape := regexp.MustCompile(`^hall-\d{19}-\d{3}of\d{3}-\d{8}-[0-9a-f]{16}\.dat$`)
	for _, name := range names {
		if size := len(g.read("hall", "office", name)); !shape.MatchString(name) || size > 64<<10 || !strings.Contains(name, fmt.Sprintf("-%08d-", size)) {
			t.Errorf("file %s of %d bytes", name, size)
		}
	}
	if len(names) < 12 {
		t.Errorf("700 KB came in %d files", len(names))
	}
	g.rest()
	if !slices.Equal(*heard, []string{"scan"}) {
		t.Errorf("applied %v", *heard)
	}
	for zone, peer := range map[string]string{"hall": "office", "office": "hall"} {
		if left := lying(t, g.in(zone, peer)); len(left) > 0 {
			t.Errorf("%s: taken files stay: %v", zone, left)
		}
	}
}

func TestCopiedFilesAreRemovedOnceAcknowledged(t *testing.T) {
	g := newGap(t, 0)
	g.heard()
	g.hall.send(t, withdrawn("x"))
	g.hall.pump(t)
	for _, name := range lying(t, g.out("hall", "office")) { // copied, not moved
		g.put(g.in("office", "hall"), name, g.read("hall", "office", name))
	}
	g.office.collect(t)
	if n := len(lying(t, g.out("hall", "office"))); n != 1 {
		t.Fatalf("%d files lie before the acknowledgement", n)
	}
	for _, name := range lying(t, g.out("office", "hall")) {
		g.move("office", "hall", name)
	}
	g.hall.collect(t)
	if left := lying(t, g.out("hall", "office")); len(left) > 0 {
		t.Errorf("acknowledged files stay: %v", left)
	}
}

func TestLostFilesAreAskedForAgain(t *testing.T) {
	g := newGap(t, 0)
	heard := g.heard()
	for i := range 3 {
		m := withdrawn(fmt.Sprint(i))
		m.Case = fmt.Sprint("case ", i)
		g.hall.send(t, m)
		g.hall.pump(t)
		names := lying(t, g.out("hall", "office"))
		if i == 1 {
			g.lose("hall", "office", names[0])
		} else {
			g.move("hall", "office", names[0])
		}
	}
	g.office.collect(t)
	g.office.applyAll(t)
	if !slices.Equal(*heard, []string{"0", "2"}) {
		t.Fatalf("a lost file held up others: %v", *heard)
	}
	g.clock.Advance(patience/3 + time.Second) // less than the sender would wait
	g.office.collect(t)
	g.carry()
	g.hall.collect(t)
	g.hall.pump(t)
	g.carry()
	g.office.collect(t)
	g.office.applyAll(t)
	if !slices.Equal(*heard, []string{"0", "2", "1"}) {
		t.Errorf("applied %v", *heard)
	}
}

func TestTheLastFileIsSentAgainWithoutBeingAskedFor(t *testing.T) {
	g := newGap(t, 0)
	heard := g.heard()
	g.hall.send(t, withdrawn("x"))
	for range 3 {
		g.hall.pump(t)
		for _, name := range lying(t, g.out("hall", "office")) {
			g.lose("hall", "office", name)
		}
		g.hall.pump(t)
		if names := lying(t, g.out("hall", "office")); len(names) > 0 {
			t.Fatalf("sent again at once: %v", names)
		}
		g.clock.Advance(5 * patience)
	}
	g.rest()
	if !slices.Equal(*heard, []string{"x"}) {
		t.Errorf("applied %v", *heard)
	}
}

func TestRubbishGoesToQuarantine(t *testing.T) {
	g := newGap(t, 0)
	heard := g.heard()
	in := g.in("office", "hall")
	g.hall.send(t, withdrawn("x"))
	g.hall.pump(t)
	good := lying(t, g.out("hall", "office"))[0]
	crate := g.read("hall", "office", good)
	stranger := newGap(t, 0)
	stranger.heard()
	stranger.hall.send(t, withdrawn("forged"))
	stranger.hall.pump(t)
	forged := lying(t, stranger.out("hall", "office"))[0]

	g.put(in, "readme.txt", []byte("hello"))
	g.put(in, "恶意\n<b>.exe", []byte("MZ"))
	g.put(in, forged, stranger.read("hall", "office", forged))
	g.put(in, strings.Replace(good, "-0", "-1", 1), append(bytes.Clone(crate[:len(crate)-1]), crate[len(crate)-1]^1))
	g.put(in, "huge.dat", make([]byte, 9<<20))
	g.put(in, good, crate[:len(crate)/2]) // still being written
	if err := os.Symlink("/etc/passwd", filepath.Join(in, strings.Replace(good, "-0", "-2", 1))); err != nil {
		t.Fatal(err)
	}
	g.office.collect(t)
	for name, reason := range map[string]string{"huge.dat": "large", forged: "refused"} {
		if got := g.reasons()[name]; got != reason {
			t.Errorf("%s is set aside as %q, want %q", name, got, reason)
		}
	}
	g.put(in, good, crate)
	g.clock.Advance(2 * time.Minute)
	g.office.collect(t)
	g.office.applyAll(t)
	if !slices.Equal(*heard, []string{"x"}) {
		t.Errorf("applied %v", *heard)
	}
	want := map[string]string{"readme.txt": "foreign", "恶意_<b>.exe": "foreign", forged: "refused", "huge.dat": "large",
		strings.Replace(good, "-0", "-1", 1): "damaged", strings.Replace(good, "-0", "-2", 1): "foreign"}
	got := g.reasons()
	for name, reason := range want {
		if got[name] != reason {
			t.Errorf("%s is set aside as %q, want %q", name, got[name], reason)
		}
	}
	if len(got) != len(want) || len(lying(t, in)) > 0 {
		t.Errorf("set aside %v, left %v", got, lying(t, in))
	}
}

// reasons is the office's quarantine.
func (g *gap) reasons() map[string]string {
	g.t.Helper()
	r, err := g.office.door.Report(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	all := map[string]string{}
	for _, q := range r.Quarantine {
		all[q.Name] = q.Reason
	}
	return all
}

func TestAFileOfTheGapMayNotBeTooSmall(t *testing.T) {
	_, err := ferry.NewDir(ferry.DirOptions{Root: t.TempDir(), Zone: "hall", Peer: "office", Max: 1000, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, ferry.ErrSmallFiles) {
		t.Errorf("got %v", err)
	}
}

// Whatever the gap does, each message is applied once, in the order of its case, when its files are there.
func TestNothingIsLostOrDoubledInAStorm(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newStorm(t, seed)
			for range 60 {
				s.step()
			}
			s.calm()
			s.check()
		})
	}
}

// storm plays an appliance that loses, repeats, cuts and reorders, and kills zones in between.
type storm struct {
	*gap
	r       *rand.Rand
	sent    map[string]int      // messages by case
	applied map[string][]string // by case
	faults  int
}

func newStorm(t *testing.T, seed uint64) *storm {
	s := &storm{newGap(t, 32<<10), rand.New(rand.NewPCG(seed, 4)), map[string]int{}, map[string][]string{}, 0}
	s.listen()
	return s
}

// listen makes the office note what it applies; now and then it fails.
func (s *storm) listen() {
	ferry.Handle(s.office.door, message.ApplicationWithdrawn, func(ctx context.Context, tx pgx.Tx, in ferry.Inbound, m message.Withdrawn) error {
		if s.faults > 0 && s.r.IntN(8) == 0 {
			s.faults--
			return errors.New("the database is moody")
		}
		if digest, ok := strings.CutPrefix(m.Reason[strings.Index(m.Reason, " ")+1:], "file "); ok {
			if _, err := s.office.blobs.Get(ctx, digest); err != nil {
				return ferry.Park(err)
			}
		}
		s.applied[in.Case] = append(s.applied[in.Case], m.Reason)
		return nil
	})
}

func (s *storm) step() {
	switch s.r.IntN(8) {
	case 0, 1:
		s.write()
	case 2:
		s.hall.pump(s.t)
	case 3:
		s.weather("hall", "office")
	case 4:
		s.weather("office", "hall")
	case 5:
		s.office.collect(s.t)
		s.office.applyAll(s.t)
	case 6:
		s.hall.collect(s.t)
		s.clock.Advance(time.Duration(s.r.IntN(20)) * time.Second)
	case 7:
		s.kill()
	}
}

// write sends a message of one of a few cases, some with a file.
func (s *storm) write() {
	c := fmt.Sprint("case ", s.r.IntN(4))
	s.sent[c]++
	m := ferry.Message{Type: message.ApplicationWithdrawn, Case: c}
	reason := fmt.Sprint(s.sent[c], " plain")
	if s.r.IntN(3) == 0 {
		m.Blobs = []string{s.hall.file(s.t, 1000+s.r.IntN(400<<10))}
		reason = fmt.Sprint(s.sent[c], " file ", m.Blobs[0])
	}
	m.Body = message.Withdrawn{Reason: reason}
	s.hall.send(s.t, m)
}

// weather carries what lies in a folder, badly.
func (s *storm) weather(zone, peer string) {
	names := lying(s.t, s.out(zone, peer))
	s.r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		data := s.read(zone, peer, name)
		switch s.r.IntN(10) {
		case 0:
			s.lose(zone, peer, name)
		case 1: // stays, and comes again
			s.put(s.in(peer, zone), name, data)
		case 2:
			s.put(s.in(peer, zone), name, data[:s.r.IntN(len(data))])
			s.lose(zone, peer, name)
		case 3: // later
		case 4: // the disk has a bad day
			data[s.r.IntN(len(data))] ^= 4
			s.put(s.in(peer, zone), name, data)
			s.lose(zone, peer, name)
		default:
			s.move(zone, peer, name)
		}
	}
}

// kill ends both processes between two of their steps, or in the middle of one, and starts them again.
func (s *storm) kill() {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Duration(s.r.IntN(12))*time.Millisecond)
	defer cancel()
	_, _ = s.hall.door.Pump(ctx)
	_, _ = s.office.door.Collect(ctx)
	for _, z := range []*zone{&s.hall, &s.office} {
		z.door = ferry.New(z.set)
		s.join(z)
	}
	s.faults = 3
	s.listen()
}

func (s *storm) calm() {
	s.faults = 0
	s.rest()
	s.clock.Advance(time.Minute) // what failed is tried again
	s.office.applyAll(s.t)
}

func (s *storm) check() {
	for c, n := range s.sent {
		got := s.applied[c]
		for i := range max(n, len(got)) {
			if i >= len(got) || i >= n || !strings.HasPrefix(got[i], fmt.Sprint(i+1, " ")) {
				s.t.Fatalf("%s: sent %d, applied %d: %.20q", c, n, len(got), got)
			}
		}
	}
}
