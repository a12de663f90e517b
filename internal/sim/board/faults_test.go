package board

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"yichuang/internal/kit/clock"
)

var morning = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func openTimed(t *testing.T, seed uint64) (*Board, *clock.Fake) {
	t.Helper()
	clk := clock.NewFake(morning)
	b, err := New(Options{Dir: t.TempDir(), Speed: 60, Seed: seed, Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	return b, clk
}

func set(t *testing.T, b *Board, f Fault) {
	t.Helper()
	if _, err := b.Faults.Set(f); err != nil {
		t.Fatal(err)
	}
}

func TestFaultsEnd(t *testing.T) {
	b, clk := openTimed(t, 1)
	set(t, b, Fault{System: "tax", Operation: Any, Defects: []Defect{Fails}, Times: 2})
	set(t, b, Fault{System: "bank", Operation: Any, Defects: []Defect{Silent}, ForMinutes: 90})
	set(t, b, Fault{System: "housing", Operation: Any, Defects: []Defect{Corrupt}})
	for i, want := range []bool{true, true, false} {
		if got := b.Faults.Strike("tax", "x", Answering).Has(Fails); got != want {
			t.Errorf("blow %d: %t", i+1, got)
		}
	}
	clk.Advance(89 * time.Second) // ninety simulated minutes are ninety seconds
	if !b.Faults.Strike("bank/jsb", "x", Sending).Has(Silent) {
		t.Error("a fault is over before its time")
	}
	clk.Advance(time.Second)
	if b.Faults.Strike("bank/jsb", "x", Sending).Has(Silent) {
		t.Error("a fault outlives its time")
	}
	if all := b.Faults.List(); len(all) != 1 || all[0].System != "housing" {
		t.Errorf("faults in force %+v", all)
	}
}

// A fault that cannot happen at a moment is not used up by it.
func TestFaultsHappenAtTheirMoment(t *testing.T) {
	b, _ := openTimed(t, 1)
	set(t, b, Fault{System: "tax", Operation: Any, Defects: []Defect{Duplicate}, Times: 1})
	for _, m := range []Moment{Answering, Sending} {
		if got := b.Faults.Strike("tax", "x", m); len(got.Defects) > 0 {
			t.Errorf("%+v", got)
		}
	}
	if !b.Faults.Strike("tax", "x", Queuing).Has(Duplicate) {
		t.Error("the fault was used up by what it does not concern")
	}
	if len(Defects()) != 13 {
		t.Errorf("%d defects", len(Defects()))
	}
	for _, d := range Defects() {
		if d.Title == "" || d.Says == "" || d.at == 0 {
			t.Errorf("defect %+v", d)
		}
	}
}

func TestShareAndSeed(t *testing.T) {
	draw := func(seed uint64) (out []bool) {
		b, _ := openTimed(t, seed)
		set(t, b, Fault{System: "tax", Operation: Any, Defects: []Defect{Fails}, Share: 0.3})
		for range 1000 {
			out = append(out, b.Faults.Strike("tax", "x", Answering).Has(Fails))
		}
		return out
	}
	first := draw(4)
	n := 0
	for _, hit := range first {
		if hit {
			n++
		}
	}
	if n < 250 || n > 350 {
		t.Errorf("%d of 1000 at a share of 30 %%", n)
	}
	if !slices.Equal(first, draw(4)) || slices.Equal(first, draw(5)) {
		t.Error("the seed does not decide")
	}
}

func TestLatencyCurves(t *testing.T) {
	for _, tt := range []struct {
		latency                Latency
		least, median, p99, at time.Duration // at: tolerance
	}{
		{Latency{MS: 200}, 200 * time.Millisecond, 200 * time.Millisecond, 200 * time.Millisecond, 0},
		{Latency{Curve: Uniform, MS: 100, HighMS: 300}, 100 * time.Millisecond, 200 * time.Millisecond, 298 * time.Millisecond, 10 * time.Millisecond},
		{Latency{Curve: LogNormal, MS: 200, HighMS: 2000}, 0, 200 * time.Millisecond, 2000 * time.Millisecond, 300 * time.Millisecond},
	} {
		b, _ := openTimed(t, 9)
		set(t, b, Fault{System: "tax", Operation: Any, Latency: tt.latency})
		var all []time.Duration
		for range 10_000 {
			all = append(all, b.Faults.Strike("tax", "x", Answering).Delay)
		}
		slices.Sort(all)
		for name, x := range map[string][2]time.Duration{"median": {all[5000], tt.median}, "p99": {all[9900], tt.p99}} {
			if (x[0] - x[1]).Abs() > tt.at {
				t.Errorf("%+v: %s %v, want %v", tt.latency, name, x[0], x[1])
			}
		}
		if all[0] < tt.least {
			t.Errorf("%+v: least %v", tt.latency, all[0])
		}
	}
}

func TestBadFaultsAreRefused(t *testing.T) {
	b, _ := openTimed(t, 1)
	for name, f := range map[string]Fault{
		"no system": {Operation: Any}, "no operation": {System: "tax"}, "unknown defect": {System: "tax", Operation: Any, Defects: []Defect{"earthquake"}},
		"share": {System: "tax", Operation: Any, Share: 1.1}, "times": {System: "tax", Operation: Any, Times: -1}, "span": {System: "tax", Operation: Any, ForMinutes: -1},
		"high below low": {System: "tax", Operation: Any, Latency: Latency{Curve: Uniform, MS: 5, HighMS: 4}}, "no median": {System: "tax", Operation: Any, Latency: Latency{Curve: LogNormal, HighMS: 4}},
		"curve": {System: "tax", Operation: Any, Latency: Latency{Curve: "zigzag"}}, "fixed and more": {System: "tax", Operation: Any, Latency: Latency{MS: 1, HighMS: 2}}, "too long": {System: "tax", Operation: Any, Latency: Latency{MS: 600_001}},
	} {
		if _, err := b.Faults.Set(f); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// A scenario plays its steps by the clock of the city, over a restart, until it is over or stopped; what an operator set goes before it.
func TestScenarioPlays(t *testing.T) {
	b, clk := openTimed(t, 1)
	if _, err := b.Faults.Start(Scenario{Name: "s", Steps: []Step{
		{From: 0, Lasts: time.Hour, Fault: Fault{System: "tax", Operation: Any, Defects: []Defect{Silent}}},
		{From: time.Hour, Lasts: time.Hour, Fault: Fault{System: "tax", Operation: Any, Defects: []Defect{Fails}}},
	}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []Defect{Silent, Fails, ""} {
		f := b.Faults.Peek("tax", "x")
		if want == "" && len(f.Defects) > 0 || want != "" && !f.Has(want) {
			t.Errorf("at %v: %+v, want %q", clk.Now(), f, want)
		}
		again, err := New(Options{Dir: b.dir, Speed: 60, Clock: clk})
		if err != nil {
			t.Fatal(err)
		}
		if got := again.Faults.Peek("tax", "x"); !slices.Equal(got.Defects, f.Defects) {
			t.Errorf("after a restart: %+v", got)
		}
		clk.Advance(time.Minute)
	}
	if got := b.Faults.Running(); len(got) != 0 {
		t.Errorf("a scenario that is over: %+v", got)
	}
	if _, err := b.Faults.Start(Scenario{Name: "t", Steps: []Step{{Lasts: time.Hour, Fault: Fault{System: "tax", Operation: "x", Defects: []Defect{Silent}}}}}); err != nil {
		t.Fatal(err)
	}
	set(t, b, Fault{System: "tax", Operation: Any, Defects: []Defect{Drip}})
	if f := b.Faults.Peek("tax", "x"); !f.Has(Drip) {
		t.Errorf("what an operator set: %+v", f)
	}
	if err := errors.Join(b.Faults.Clear("", ""), b.Faults.Stop("")); err != nil {
		t.Fatal(err)
	}
	if f := b.Faults.Peek("tax", "x"); len(f.Defects) > 0 {
		t.Errorf("after the stop: %+v", f)
	}
}

// What is spoilt on the way is spoilt in both directions.
func TestSpoilt(t *testing.T) {
	const text = "0123456789"
	for _, tt := range []struct {
		defect Defect
		want   func(body []byte, err error) bool
	}{
		{"", func(body []byte, err error) bool { return err == nil && string(body) == text }},
		{Corrupt, func(body []byte, err error) bool { return err == nil && len(body) == len(text) && string(body) != text }},
		{Crash, func(body []byte, err error) bool { return err != nil && len(body) <= len(text)/2 }},
		{Drip, func(body []byte, err error) bool { return err != nil && len(body) < len(text) }},
		{Huge, func(body []byte, err error) bool { return bytes.HasPrefix(body, []byte(text)) && len(body) == 1<<20 }},
	} {
		t.Run(string(tt.defect), func(t *testing.T) {
			b := Blow{}
			if tt.defect != "" {
				b.Defects = []Defect{tt.defect}
			}
			came := make(chan bool, 1)
			server := httptest.NewServer(Spoiling(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
					came <- tt.want(body, err)
					return
				}
				Spoil(r.Context(), b)
				_, _ = io.WriteString(w, text)
			})))
			defer server.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			get, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(get)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
			resp.Body.Close()
			if !tt.want(body, err) {
				t.Errorf("answer of %d bytes, %v", len(body), err)
			}
			later, stop := context.WithTimeout(t.Context(), time.Second)
			defer stop()
			post, err := http.NewRequestWithContext(later, http.MethodPost, server.URL, bytes.NewReader([]byte(text)))
			if err != nil {
				t.Fatal(err)
			}
			if err := SpoilRequest(post, b); err != nil {
				t.Fatal(err)
			}
			if resp, err := http.DefaultClient.Do(post); err == nil {
				resp.Body.Close()
			}
			if !<-came {
				t.Error("the request was not spoilt so")
			}
		})
	}
}
