package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestPlan: a seed makes one storm, with all kinds of blow, whatever its length.
func TestPlan(t *testing.T) {
	for _, span := range []time.Duration{30 * time.Second, 3 * time.Minute, 20 * time.Minute} {
		for seed := range uint64(50) {
			storm := plan(seed, span)
			if !reflect.DeepEqual(storm, plan(seed, span)) {
				t.Fatalf("seed %d makes two storms", seed)
			}
			kinds := map[string]int{}
			for i, b := range storm {
				kinds[b.Kind]++
				if b.At < 0 || b.At >= span || i > 0 && b.At < storm[i-1].At {
					t.Fatalf("seed %d, %v: blow at %v out of turn", seed, span, b.At)
				}
				if strings.HasPrefix(b.Kind, "kill") && b.At > span*5/6 {
					t.Errorf("seed %d, %v: %s at %v, too late to take up again what was in hand", seed, span, b.Kind, b.At)
				}
				if b.Kind == misbehave && reflect.DeepEqual(b.Fault, fault{System: b.Fault.System, Operation: b.Fault.Operation}) {
					t.Errorf("seed %d: a fault of nothing", seed)
				}
			}
			for _, kind := range []string{killProgram, killDatabase, cutFerry, misbehave, seize} {
				if kinds[kind] == 0 {
					t.Errorf("seed %d, %v: no %s", seed, span, kind)
				}
			}
		}
	}
	if reflect.DeepEqual(plan(1, time.Minute), plan(2, time.Minute)) {
		t.Error("two seeds make one storm")
	}
}

func TestExcused(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 11, 25, 3, 0, s, 0, time.UTC) }
	outages := []outage{{at(10), at(15)}, {from: at(40)}}
	for _, tt := range []struct {
		from, until int
		want        bool
	}{{1, 9, false}, {5, 10, true}, {11, 12, true}, {15, 20, true}, {16, 20, false}, {30, 41, true}, {50, 51, true}} {
		if got := excused(outages, at(tt.from), at(tt.until)); got != tt.want {
			t.Errorf("%d to %d: %t, want %t", tt.from, tt.until, got, tt.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	var out bytes.Buffer
	if code := (&verdict{Seed: 7, Checks: 21}).print(&out); code != 0 || !strings.HasSuffix(out.String(), "\nDRILL PASS seed=7\n") {
		t.Errorf("exit %d: %s", code, &out)
	}
	out.Reset()
	v := &verdict{Seed: 7, Violations: 1, found: []string{"VIOLATION rest: office: 3 jobs"}}
	if code := v.print(&out); code != 1 {
		t.Errorf("exit %d with a violation", code)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var first verdict
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || first.Violations != 1 {
		t.Errorf("the first line is not the counts: %v %s", err, lines[0])
	}
	if lines[1] != v.found[0] || lines[2] != "DRILL FAIL seed=7 violations=1" {
		t.Errorf("violations and verdict are %q", lines[1:])
	}
}

func TestManyViolationsAreCounted(t *testing.T) {
	v := &verdict{}
	v.add("ferry.once", make([]string, 25))
	if v.Violations != 25 || len(v.found) != mostLines+1 || v.found[mostLines] != "VIOLATION ferry.once: … and 15 more" {
		t.Errorf("%d violations, told as %q", v.Violations, v.found)
	}
}

// TestNoDrillIsNoPass: a city that does not come up is told as such.
func TestNoDrillIsNoPass(t *testing.T) {
	var out, progress bytes.Buffer
	if code := run(t.Context(), settings{seed: 3, binary: filepath.Join(t.TempDir(), "nothing")}, &out, &progress); code != 1 || !strings.HasPrefix(out.String(), "DRILL FAIL seed=3 no drill: ") {
		t.Errorf("exit %d: %s", code, &out)
	}
}

// TestDrill is a short storm over a real city. It takes minutes, so that it runs only when it is asked for.
func TestDrill(t *testing.T) {
	if os.Getenv("YICHUANG_DRILL") == "" {
		t.Skip("YICHUANG_DRILL is not set")
	}
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	s := settings{storm: 40 * time.Second, seed: 7, people: 4, speed: 3600, binary: filepath.Join("..", "bin", "yichuang")}
	if code := run(ctx, s, &out, t.Output()); code != 0 {
		t.Errorf("exit %d: %s", code, &out)
	}
}
