package conform_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yichuang/internal/conform"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/sim"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/simtest"
	"yichuang/internal/sim/wire"
)

// document is read once for all tests.
var document = sync.OnceValues(spec.Load)

// city is one simcity for all tests: making its payment channels' keys takes longer than most of them. Works take milliseconds.
var city = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "conform-city")
	if err != nil {
		return "", err
	}
	server := httptest.NewUnstartedServer(nil)
	s, err := sim.Open(sim.Options{Dir: dir, Base: "http://" + server.Listener.Addr().String(), Seed: 7, Today: "2026-11-24", Speed: 1e6})
	if err != nil {
		return "", err
	}
	server.Config.Handler = s.Handler()
	server.Start()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	stop = func() { cancel(); <-ended; server.Close(); os.RemoveAll(dir) }
	return server.URL, nil
})

var stop = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	stop()
	os.Exit(code)
}

// bench is a check of one simulated system, ready to run.
type bench struct {
	t       *testing.T
	base    string
	options conform.Options
}

func check(t *testing.T, system string) *bench {
	t.Helper()
	base, err := city()
	if err != nil {
		t.Fatal(err)
	}
	d, err := document()
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewUnstartedServer(nil)
	t.Cleanup(listener.Close)
	var raw json.RawMessage
	in := map[string]string{"system": system, "kit": "http://" + listener.Listener.Addr().String()}
	if status := simtest.Do(t, http.MethodPost, base+"/control/samples", in, &raw); status != http.StatusOK {
		t.Fatalf("samples of %s: %d %s", system, status, raw)
	}
	c, err := conform.ReadCredentials(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.System()
	receiver, err := conform.NewReceiver(c, d, clk)
	if err != nil {
		t.Fatal(err)
	}
	listener.Config.Handler = receiver
	listener.Start()
	if c.Dialect == conform.FileDrop {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- receiver.Watch(ctx, c.Folder) }()
		t.Cleanup(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	role, _, _ := strings.Cut(system, "/")
	return &bench{t: t, base: base, options: conform.Options{Role: role, Target: base + "/" + system, Credentials: c, Receiver: receiver, Document: d, Clock: clk,
		Carrier: carrier(t, c, base+"/"+system), Wait: 10 * time.Second, Linger: 100 * time.Millisecond}}
}

func (b *bench) run() *conform.Report {
	b.t.Helper()
	r, err := conform.Run(b.t.Context(), b.options)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// Each kind of system passes in each dialect that it speaks, and nothing but what needs an operator goes unchecked.
func TestSimcityConforms(t *testing.T) {
	base, err := city()
	if err != nil {
		t.Fatal(err)
	}
	var directory struct {
		Systems []wire.Endpoint `json:"systems"`
	}
	simtest.Get(t, base+"/control/peer", &directory)
	seen := map[string]bool{}
	for _, e := range directory.Systems {
		kind, _, _ := strings.Cut(e.Name, "/")
		kind += " " + e.Dialect
		if seen[kind] {
			continue
		}
		seen[kind] = true
		t.Run(kind, func(t *testing.T) {
			b := check(t, e.Name)
			b.options.Role = e.Counterpart
			r := b.run()
			var out strings.Builder
			if err := r.WriteTable(&out, false); err != nil {
				t.Fatal(err)
			}
			if !r.OK() {
				t.Fatalf("\n%s", &out)
			}
			t.Logf("\n%s", &out)
			for _, l := range r.Lines {
				if l.Verdict == conform.Skip && !strings.HasPrefix(l.Rule.ID, "refusal") {
					t.Errorf("%s of %s: %s", l.Rule.ID, l.Operation.Operation, l.Got)
				}
			}
		})
	}
	var roles []string
	for _, e := range directory.Systems {
		if !slices.Contains(roles, e.Counterpart) {
			roles = append(roles, e.Counterpart)
		}
	}
	slices.Sort(roles)
	if !slices.Equal(roles, conform.Roles()) {
		t.Errorf("simcity plays %v of %v", roles, conform.Roles())
	}
}

// What the fault board can do to a system is found, each by its rule; what else a fault breaks is named, too.
func TestFaultsOfTheBoardAreFound(t *testing.T) {
	const evaluate, result = string(spec.FundLoanEvaluate), string(spec.FundLoanResult)
	for _, tt := range []struct {
		rule  string
		fault board.Fault
		also  []string
	}{
		{"answered", board.Fault{Operation: evaluate, Defects: []board.Defect{board.Fails}}, nil},
		{"answer-time", board.Fault{Operation: evaluate, Latency: board.Latency{MS: 400}, Times: 1}, nil},
		{"answer-time", board.Fault{Operation: evaluate, Defects: []board.Defect{board.Silent}}, []string{"answered"}},
		{"answer-signed", board.Fault{Operation: evaluate, Defects: []board.Defect{board.WrongSignature}}, []string{"error-signed"}},
		{"result-arrives", board.Fault{Operation: result, Defects: []board.Defect{board.Silent}}, nil},
		{"result-signed", board.Fault{Operation: result, Defects: []board.Defect{board.WrongSignature}, Times: 1}, nil},
		{"answered", board.Fault{Operation: evaluate, Defects: []board.Defect{board.Crash}}, []string{"answer-time"}},
		{"answer-time", board.Fault{Operation: evaluate, Defects: []board.Defect{board.Drip}}, []string{"answered"}},
		{"answer-signed", board.Fault{Operation: evaluate, Defects: []board.Defect{board.Corrupt}, Times: 1}, []string{"answer-schema", "repeat-same"}},
		{"answer-schema", board.Fault{Operation: evaluate, Defects: []board.Defect{board.BadSchema}, Times: 1}, []string{"repeat-same"}},
		{"answer-size", board.Fault{Operation: evaluate, Defects: []board.Defect{board.Huge}, Times: 1}, []string{"repeat-same"}},
		{"result-schema", board.Fault{Operation: result, Defects: []board.Defect{board.BadSchema}}, []string{"result-arrives"}},
		{"result-case", board.Fault{Operation: result, Defects: []board.Defect{board.OtherCase}, Times: 3}, []string{"result-once", "result-retried"}},
		{"result-signed", board.Fault{Operation: result, Defects: []board.Defect{board.Corrupt}}, []string{"result-arrives"}},
		{"result-once", board.Fault{Operation: result, Defects: []board.Defect{board.Stale}, Times: 3}, []string{"result-retried"}},
		{"result-once", board.Fault{Operation: result, Defects: []board.Defect{board.Duplicate}}, nil},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			b := check(t, "fund/gjj")
			b.options.Limit = 300 * time.Millisecond
			if tt.rule == "result-arrives" || slices.Contains(tt.also, "result-arrives") { // none will
				b.options.Wait = 500 * time.Millisecond
			}
			tt.fault.System = "fund/gjj"
			if status := simtest.Do(t, http.MethodPut, b.base+"/control/faults", tt.fault, nil); status != http.StatusOK {
				t.Fatal(status)
			}
			r := b.run()
			if status := simtest.Do(t, http.MethodDelete, b.base+"/control/faults", nil, nil); status != http.StatusOK {
				t.Fatal(status)
			}
			found(t, r, tt.rule, tt.also...)
		})
	}
}

// found wants a rule to be broken, and of the others only those that must be with it.
func found(t *testing.T, r *conform.Report, rule string, also ...string) {
	t.Helper()
	hit := false
	for _, l := range r.Lines {
		switch {
		case l.Verdict != conform.Fail:
		case l.Rule.ID == rule:
			hit = true
		case !slices.Contains(also, l.Rule.ID):
			t.Errorf("%s of %s fails, too: want %s, got %s", l.Rule.ID, l.Operation.Operation, l.Want, l.Got)
		}
	}
	if !hit {
		t.Errorf("%s is not found", rule)
	}
}
