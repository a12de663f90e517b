package filedrop_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/filedrop"
)

// The form of names is a contract with every vendor: this text may not change.
func TestName(t *testing.T) {
	n := filedrop.Name{Time: started, Operation: "registry.unit.query", Kind: filedrop.Request, MessageID: "registry.unit.query:A-1"}
	const want = "20261125T113315123_registry.unit.query_request_registry.unit.query~A-1.txt"
	if n.String() != want {
		t.Errorf("name %s", n)
	}
	for _, bad := range []string{"", "x", want[1:], strings.Replace(want, "request", "reply", 1), strings.Replace(want, ".txt", ".tmp", 1), strings.Replace(want, "T1133", "T2533", 1),
		strings.Replace(want, "A-1", "A 1", 1), strings.Replace(want, "~", ":", 1), strings.Replace(want, "_registry.unit.query_", "__", 1), "." + want} {
		if n, ok := filedrop.ParseName(bad); ok {
			t.Errorf("%q is read as %+v", bad, n)
		}
	}
}

func TestNamesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := filedrop.Name{Time: started.Add(time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "ms")) * time.Millisecond), Kind: rapid.SampledFrom([]filedrop.Kind{filedrop.Request, filedrop.Answer}).Draw(t, "kind"),
			Operation: rapid.SampledFrom(spec.Operations()).Draw(t, "operation").Operation, MessageID: rapid.StringMatching(`[A-Za-z0-9_.:-]{8,100}`).Draw(t, "id")}
		got, ok := filedrop.ParseName(n.String())
		if !ok || !got.Time.Equal(n.Time) || got.Operation != n.Operation || got.Kind != n.Kind || got.MessageID != n.MessageID {
			t.Fatalf("%s is read as %+v", n, got)
		}
		if len(n.String()) > 220 {
			t.Fatalf("%d bytes", len(n.String()))
		}
	})
}

func TestAskAndAnswer(t *testing.T) {
	p := newPair(t)
	p.serve()
	r, err := p.send("message-1", 5*time.Second)
	if err != nil || r.Status != http.StatusOK || string(r.Body) != `{"ok":true}` {
		t.Fatalf("%+v %v", r, err)
	}
	if len(p.seen) != 1 || p.seen[0] != string(body) {
		t.Fatalf("seen %v", p.seen)
	}
	// Both files are put away; the moving of the request may still be under way.
	want := []string{"from/done/20261125T113315123_system.ping_answer_message-1.txt", "to/done/20261125T113315123_system.ping_request_message-1.txt"}
	for range 200 {
		if slices.Equal(append(p.files("from"), p.files("to")...), want) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("files %v", append(p.files("from"), p.files("to")...))
}

func TestRefusalComesBack(t *testing.T) {
	p := newPair(t)
	p.answerWith = func(l spec.Letter, _ []byte) error {
		fault := spec.NewFault(spec.CodeTooMany, "慢一点")
		fault.RetryAfter = 7 * time.Second
		return l.Refuse(registry, fault, "trace", started)
	}
	p.serve()
	r, err := p.send("message-1", 5*time.Second)
	if err != nil || r.Fault == nil || r.Fault.Code != spec.CodeTooMany || r.Fault.Detail != "慢一点" || r.Fault.RetryAfter != 7*time.Second {
		t.Fatalf("%+v %v", r.Fault, err)
	}
}

func TestManyWaitTogether(t *testing.T) {
	p := newPair(t)
	p.serve()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if _, err := p.send(fmt.Sprintf("message-%d", i), 20*time.Second); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(p.seen) != 50 {
		t.Errorf("%d seen", len(p.seen))
	}
}

func TestWithdrawn(t *testing.T) {
	p := newPair(t)
	if _, err := p.send("message-1", 30*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if left := p.files("to"); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	p.take()
	if len(p.seen) != 0 {
		t.Error("it was taken after all")
	}
}

// The counterpart answers after its caller has given up: the same message, sent again, finds that answer.
func TestLateAnswer(t *testing.T) {
	tests := []struct {
		name   string
		answer func(l spec.Letter) error
		want   bool // that the late answer counts
	}{
		{"yes", func(l spec.Letter) error { return l.Answer(registry, http.StatusOK, []byte(`{"ok":true}`), started) }, true},
		{"no", func(l spec.Letter) error { return l.Refuse(registry, spec.NewFault("no-balance", ""), "", started) }, true},
		{"come later", func(l spec.Letter) error {
			return l.Refuse(registry, spec.NewFault(spec.CodeUnavailable, ""), "", started)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(t)
			r := make(chan error, 1)
			p.answerWith = func(l spec.Letter, _ []byte) error { // the first caller gives up before the answer is there
				<-r
				return tt.answer(l)
			}
			go func() {
				_, err := p.send("message-1", time.Second)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				r <- err
			}()
			for range 1000 {
				if p.take(); len(p.seen) > 0 {
					break
				}
			}
			p.clock.Advance(time.Minute)
			reply, err := p.send("message-1", time.Second)
			if (err == nil) != tt.want || err == nil && reply.Status/100 == 5 {
				t.Errorf("%+v %v", reply, err)
			}
			if left := p.files("to"); len(left) != 1 { // done/ has the first, the second was taken back
				t.Errorf("left %v", left)
			}
			if len(p.seen) != 1 {
				t.Errorf("seen %d times", len(p.seen))
			}
		})
	}
}

// An answer of another content under the same message id is no answer.
func TestLateAnswerToOtherContent(t *testing.T) {
	p := newPair(t)
	r := written(t, "message-1", started)
	r.text = strings.ReplaceAll(r.text, "测试", "试测") // never sent by us
	p.drop(r.name.String(), written(t, "message-1", started).text)
	p.take()
	p.clock.Advance(time.Minute)
	if reply, err := p.send("message-1", 100*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v %v", reply, err)
	}
	if bad := p.files("from/bad"); len(bad) != 2 {
		t.Errorf("bad %v", bad)
	}
}

// Two processes look into one folder: each file is taken once.
func TestTwoProcesses(t *testing.T) {
	p := newPair(t)
	other := p.box(filedrop.From, filedrop.To, 0)
	for i := range 60 {
		r := written(t, fmt.Sprintf("message-%02d", i), started)
		p.drop(r.name.String(), r.text)
	}
	var all sync.WaitGroup
	for _, box := range []*filedrop.Box{p.far, other} {
		all.Go(func() {
			if err := box.Take(t.Context(), p.receive); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(p.seen) != 60 || p.codes() != "" {
		t.Errorf("%d seen, refused %s", len(p.seen), p.codes())
	}
	if n := len(p.files("to/done")); n != 60 {
		t.Errorf("%d done", n)
	}
}

func TestInOrderOfName(t *testing.T) {
	p := newPair(t)
	var want []string
	for i := range 9 {
		at := started.Add(time.Duration(9-i) * time.Millisecond)
		r := written(t, fmt.Sprintf("message-%d", i), at)
		p.drop(r.name.String(), r.text)
		want = append(want, r.name.MessageID)
	}
	slices.Reverse(want)
	var got []string
	err := p.far.Take(t.Context(), func(_ context.Context, l spec.Letter) {
		_, head, err := l.Open(func(string) (spec.Verifier, error) { return verifier, nil }, started)
		if err != nil {
			t.Error(err)
		}
		got = append(got, head.MessageID)
		if err := l.Answer(registry, http.StatusOK, nil, started); err != nil {
			t.Error(err)
		}
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("order %v: %v", got, err)
	}
}

// A process dies between taking a file in and putting it away: another one takes it in once more, with the same nonce.
func TestResumed(t *testing.T) {
	p := newPair(t)
	r := written(t, "message-1", started)
	p.drop(r.name.String(), r.text)
	p.answerWith = func(spec.Letter, []byte) error { return nil } // handled, and dead before the answer
	p.take()
	if len(p.seen) != 1 || len(p.files("to/taken")) != 1 || len(p.files("from")) != 0 {
		t.Fatalf("seen %v, files %v", p.seen, p.files("."))
	}
	p.answerWith = nil
	p.far = p.box(filedrop.From, filedrop.To, 0)
	p.take() // the file is still held
	if len(p.seen) != 1 {
		t.Fatal("taken from under the hands of another process")
	}
	time.Sleep(limits.Lease + time.Second)
	p.take()
	if len(p.seen) != 2 || p.codes() != "" || len(p.files("to/done")) != 1 || len(p.files("from")) != 1 {
		t.Errorf("seen %v, refused %s, files %v", p.seen, p.codes(), p.files("."))
	}
}

// What could not be answered for the moment is answered at the next look.
func TestUnansweredComesUpAgain(t *testing.T) {
	p := newPair(t)
	r := written(t, "message-1", started)
	p.drop(r.name.String(), r.text)
	p.answerWith = func(l spec.Letter, _ []byte) error {
		if err := os.RemoveAll(filepath.Join(p.dir, "from")); err != nil {
			t.Error(err)
		}
		return l.Answer(registry, http.StatusOK, []byte(`{}`), started)
	}
	if err := p.far.Take(t.Context(), p.receive); err == nil {
		t.Fatal("the answer was written into nothing")
	}
	p.answerWith = nil
	p.take()
	if len(p.files("from")) != 1 || len(p.files("to/done")) != 1 || p.codes() != "" {
		t.Errorf("files %v, refused %s", p.files("."), p.codes())
	}
}

func TestOldFilesAreRemoved(t *testing.T) {
	p := newPair(t)
	p.take()
	for _, day := range []string{"to/done/2020-01-01", "to/bad/2020-01-01/x", "to/done/2999-01-01", "to/done/notes"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(p.dir, day), 0o700), os.WriteFile(filepath.Join(p.dir, day, "f"), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	p.far = p.box(filedrop.From, filedrop.To, 0)
	p.take()
	if got := p.files("to"); !slices.Equal(got, []string{"to/done/f", "to/done/f"}) { // of 2999 and of notes
		t.Errorf("left %v", got)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "to/done/2020-01-01")); !os.IsNotExist(err) {
		t.Error(err)
	}
}

func TestAnswersThatNobodyAsksFor(t *testing.T) {
	p := newPair(t)
	old := filedrop.Name{Time: started.Add(-filedrop.Lying - time.Hour), Operation: spec.SystemPing, Kind: filedrop.Answer, MessageID: "message-1"}
	young := old
	young.Time = started.Add(-time.Hour)
	p.drop(old.String(), "x")
	p.drop(young.String(), "x")
	p.take()
	if got := p.files("to"); !slices.Equal(got, []string{"to/" + young.String(), "to/done/" + old.String()}) {
		t.Errorf("files %v", got)
	}
}
