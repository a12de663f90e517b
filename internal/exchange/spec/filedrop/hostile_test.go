package filedrop_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/filedrop"
)

// Each spoiled request is refused with its code, answered, moved to bad/ with the reason, and its content is never seen.
func TestRefusesSpoiledRequests(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*request)
		want  spec.Code
		done  bool // it was no fault of the file's form: done/ has it
	}{
		{"another signature", func(r *request) {
			r.text = strings.Replace(r.text, "X-Signature: HMAC-SM3:", "X-Signature: HMAC-SM3:AAAA", 1)
		}, spec.CodeBadSignature, false},
		{"signed for another operation", func(r *request) {
			r.name.Operation = spec.RegistryEntryResult
			r.text = strings.Replace(r.text, "system.ping", string(spec.RegistryEntryResult), 1)
		}, spec.CodeBadSignature, false},
		{"another body", func(r *request) { r.text = strings.Replace(r.text, "连通", "通连", 1) }, spec.CodeAltered, false},
		{"more than its length", func(r *request) { r.text += "{}" }, spec.CodeAltered, false},
		{"an unknown application", func(r *request) { r.text = strings.Replace(r.text, platform.App, "nobody", 1) }, spec.CodeUnknownApp, false},
		{"an unknown operation", func(r *request) {
			r.name.Operation = "system.pong"
			r.text = strings.Replace(r.text, "system.ping", "system.pong", 1)
		}, spec.CodeUnknownOperation, false},
		{"another operation in the name", func(r *request) { r.name.Operation = spec.RegistryEntryResult }, spec.CodeHeader, false},
		{"another message in the name", func(r *request) { r.name.MessageID = "message-2" }, spec.CodeHeader, false},
		{"another time in the name", func(r *request) { r.name.Time = r.name.Time.Add(time.Second) }, spec.CodeHeader, false},
		{"no nonce", func(r *request) { r.text = strings.Replace(r.text, "X-Nonce", "X-Once", 1) }, spec.CodeHeader, false},
		{"no line", func(r *request) { r.text = "what is this\n" + r.text }, spec.CodeHeader, false},
		{"no length", func(r *request) { r.text = strings.Replace(r.text, "Content-Length", "X-Length", 1) }, spec.CodeHeader, false},
		{"an endless head", func(r *request) { r.text = strings.Repeat("X-Filler: x\n", 500) + r.text }, spec.CodeHeader, false},
		{"an answer's status", func(r *request) { r.text = "X-Status: 200\n" + r.text }, spec.CodeHeader, false},
		{"too big", func(r *request) {
			r.text = strings.Replace(r.text, fmt.Sprintf("Content-Length: %d", len(body)), "Content-Length: 3000000", 1) + strings.Repeat("x", 3_000_000-len(body))
		}, spec.CodeTooBig, false},
		{"said to be too big", func(r *request) {
			r.text = strings.Replace(r.text, fmt.Sprintf("Content-Length: %d", len(body)), "Content-Length: 99000000000", 1)
		}, spec.CodeTooBig, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(t)
			r := written(t, "message-1", started)
			tt.spoil(&r)
			p.drop(r.name.String(), r.text)
			p.take()
			if p.codes() != string(tt.want) || len(p.seen) != 0 {
				t.Fatalf("refused %s, seen %v", p.codes(), p.seen)
			}
			if bad := p.files("to"); len(bad) != 2 || bad[0] != "to/bad/"+r.name.String() || bad[1] != bad[0]+".reason.txt" {
				t.Errorf("files %v", bad)
			}
			if answers := p.files("from"); len(answers) != 1 || answers[0] != "from/"+r.name.Answer().String() {
				t.Errorf("answers %v", answers)
			}
		})
	}
}

// A file may lie over a long weekend, and not longer; a copy of it is known as one all that time.
func TestLyingAndReplay(t *testing.T) {
	p := newPair(t)
	r := written(t, "message-1", started)
	p.clock.Advance(filedrop.Lying + spec.MaxSkew - time.Second)
	p.drop(r.name.String(), r.text)
	p.take()
	if len(p.seen) != 1 {
		t.Fatalf("after three days: refused %s", p.codes())
	}
	p.drop(r.name.String(), r.text)
	p.take()
	if p.codes() != "replayed" || len(p.seen) != 1 {
		t.Errorf("a copy: %s", p.codes())
	}
	p.clock.Advance(2 * time.Second)
	p.drop(r.name.String(), r.text)
	p.take()
	if p.codes() != "replayed late" {
		t.Errorf("a second later: %s", p.codes())
	}
	ahead := written(t, "message-2", p.clock.Now().Add(spec.MaxSkew+time.Second))
	p.drop(ahead.name.String(), ahead.text)
	p.take()
	if p.codes() != "replayed late late" {
		t.Errorf("from the future: %s", p.codes())
	}
}

// A file that its writer is still at is left alone for a while; then it is rubbish. Should it become whole in time, it is taken.
func TestPartialFiles(t *testing.T) {
	p := newPair(t)
	whole, broken := written(t, "message-1", started), written(t, "message-2", started)
	for cut := range []int{0, 20, 300} {
		p.drop(whole.name.String(), whole.text[:min(cut, len(whole.text)-1)])
		p.take()
	}
	p.drop(broken.name.String(), broken.text[:len(broken.text)-1])
	p.take()
	if len(p.seen) != 0 || p.codes() != "" {
		t.Fatalf("taken while incomplete: %v %s", p.seen, p.codes())
	}
	p.drop(whole.name.String(), whole.text)
	p.take()
	time.Sleep(limits.Grace + 20*time.Millisecond)
	p.take()
	if len(p.seen) != 1 || p.codes() != "altered" {
		t.Errorf("seen %v, refused %s", p.seen, p.codes())
	}
	if bad := p.files("to/bad"); len(bad) != 2 || !strings.Contains(bad[0], "message-2") {
		t.Errorf("bad %v", bad)
	}
}

func TestRubbish(t *testing.T) {
	p := newPair(t)
	p.take()
	r := written(t, "message-1", started)
	secret := filepath.Join(t.TempDir(), "secret")
	in := func(name string) string { return filepath.Join(p.dir, "to", name) }
	link := filedrop.Name{Time: started, Operation: spec.SystemPing, Kind: filedrop.Request, MessageID: "link-0001"}
	dir := link
	dir.MessageID = "folder-0001"
	pipe := link
	pipe.MessageID = "pipe-00001"
	if err := errors.Join(os.WriteFile(secret, []byte(r.text), 0o600), os.Symlink(secret, in(link.String())), os.Mkdir(in(dir.String()), 0o700),
		syscall.Mkfifo(in(pipe.String()), 0o600), os.WriteFile(in("读我.txt"), nil, 0o600), os.Mkdir(in("new folder"), 0o700),
		os.WriteFile(in(strings.Repeat("x", 255)), nil, 0o600), os.WriteFile(in("bad\nname"), nil, 0o600), os.WriteFile(in(".hidden.part"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	p.drop(r.name.String(), r.text)
	p.take()
	time.Sleep(limits.Grace + 20*time.Millisecond)
	p.take()
	if len(p.seen) != 1 || p.codes() != "" {
		t.Errorf("seen %v, refused %s", p.seen, p.codes())
	}
	left, err := os.ReadDir(in(""))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range left {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != ".hidden.part bad\nname bad done taken" && got != ".hidden.part bad bad\nname done taken" {
		t.Errorf("left %q", got)
	}
	reasons := 0
	for _, name := range p.files("to/bad") {
		if strings.HasSuffix(name, ".reason.txt") {
			reasons++
		}
	}
	if reasons != 6 {
		t.Errorf("%d reasons in %v", reasons, p.files("to/bad"))
	}
}

// Thousands of files wait: each look takes a bounded number, all are taken in the end.
func TestThousandsOfFiles(t *testing.T) {
	p := newPair(t)
	p.far = filedrop.New(filedrop.Options{Out: filedrop.From, In: filedrop.To, Clock: p.clock, Open: p.open, Limits: filedrop.Limits{Round: 50, List: 80}})
	for i := range 500 {
		p.drop(fmt.Sprintf("20261125T113315%03d_system.ping_request_message-%04d.txt", i, i), "rubbish with a name\n\n")
	}
	for range 9 {
		p.take()
	}
	if n := len(p.refused); n != 450 {
		t.Errorf("%d after nine looks", n)
	}
	p.take()
	if left := len(p.files("to/bad")); left != 1000 {
		t.Errorf("%d in bad", left)
	}
}

// More answers that nobody asks for than one look can see do not hide the answer to a call, nor the requests behind them.
func TestFullOfAnswers(t *testing.T) {
	p := newPair(t)
	few := filedrop.Limits{PollMin: time.Millisecond, PollMax: 5 * time.Millisecond, Round: 100, List: 20}
	p.near = filedrop.New(filedrop.Options{Out: filedrop.To, In: filedrop.From, Clock: p.clock, Open: p.open, Limits: few})
	if err := os.MkdirAll(filepath.Join(p.dir, "from"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		n := filedrop.Name{Time: started.Add(-2 * time.Hour), Operation: spec.SystemPing, Kind: filedrop.Answer, MessageID: fmt.Sprintf("forgotten-%d", i)}
		if err := os.WriteFile(filepath.Join(p.dir, "from", n.String()), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.serve()
	if _, err := p.send("message-1", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	r := written(t, "message-2", started)
	if err := os.WriteFile(filepath.Join(p.dir, "from", r.name.String()), []byte(r.text), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := p.near.Take(t.Context(), p.receive); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(p.seen); n != 2 {
		t.Errorf("%d seen", n)
	}
}

// An answer that is not the counterpart's is none, and is kept as evidence.
func TestRefusesSpoiledAnswers(t *testing.T) {
	forger := spec.Identity{App: registry.App, Key: spec.Secret("another secret of the line")}
	tests := []struct {
		name  string
		spoil func(text string) string
		as    spec.Identity
		want  spec.Code
	}{
		{"another's signature", func(s string) string { return s }, forger, spec.CodeBadSignature},
		{"no signature", func(s string) string { return s }, spec.Identity{}, spec.CodeHeader},
		{"another status", func(s string) string { return strings.Replace(s, "X-Status: 200", "X-Status: 202", 1) }, registry, spec.CodeBadSignature},
		{"another body", func(s string) string { return strings.Replace(s, "true", "tree", 1) }, registry, spec.CodeAltered},
		{"another nonce", func(s string) string {
			return strings.Replace(s, "X-Nonce: ", "X-Nonce: 00000000000000000000000000000000\nX-Old: ", 1)
		}, registry, spec.CodeBadSignature},
		{"truncated", func(s string) string { return s[:len(s)-3] }, registry, spec.CodeAltered},
		{"too big", func(s string) string { return s + strings.Repeat(" ", 2<<20) }, registry, spec.CodeTooBig},
		{"no status", func(s string) string { return strings.Replace(s, "X-Status", "X-State", 1) }, registry, spec.CodeHeader},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(t)
			p.far = p.box("aside", filedrop.To, 0) // where the answer is spoiled before it can be seen
			name := written(t, "message-1", started).name.Answer().String()
			p.answerWith = func(l spec.Letter, _ []byte) error {
				if err := l.Answer(tt.as, 200, []byte(`{"ok":true}`), started); err != nil {
					return err
				}
				at := filepath.Join(p.dir, "aside", name)
				text, err := os.ReadFile(at)
				if err == nil {
					err = errors.Join(os.WriteFile(at, []byte(tt.spoil(string(text))), 0o600), os.Rename(at, filepath.Join(p.dir, "from", name)))
				}
				return err
			}
			done := make(chan error, 1)
			go func() {
				_, err := p.send("message-1", 5*time.Second)
				done <- err
			}()
			slow := time.NewTimer(10 * time.Second)
			defer slow.Stop()
			for range 1000 {
				if p.take(); len(p.seen) > 0 {
					break
				}
			}
			select {
			case err := <-done:
				var fault *spec.Fault
				if !errors.As(err, &fault) || fault.Code != tt.want {
					t.Errorf("%v, want %s", err, tt.want)
				}
			case <-slow.C:
				t.Fatal("still waiting")
			}
			if bad := p.files("from"); len(bad) != 2 || !strings.HasSuffix(bad[1], ".reason.txt") {
				t.Errorf("files %v", bad)
			}
		})
	}
}
