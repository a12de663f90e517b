package sim

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
)

var errNoScenario = errors.New("no such scenario")

// scenarioKinds are the scenarios by name. What is random in one follows from the seed.
var scenarioKinds = []struct {
	name, title, says string
	steps             func(*rand.Rand) []board.Step
}{
	{"tax-down-morning", "税务停机半天", "税务系统变慢一刻钟，然后停机四小时不应答，恢复后一小时内仍偶尔出错", taxDownMorning},
	{"month-end-rush", "月底高峰", "八小时里所有部门都慢，上午、下午各一段高峰，登记、住建和银行来不及时以 503 拒绝", monthEndRush},
	{"flaky-bank", "银行时好时坏", "八小时里银行和公积金一阵一阵出错、断线，结果有时发两遍", flakyBank},
	{"registry-slow", "登记系统慢", "登记系统一整天应答慢，中位数 1.5 秒，百分之一超过 12 秒，结果晚到", registrySlow},
	{"ferry-night", "夜间摆渡", "十二小时里登记、住建只收不发，天亮以后成批送达，先后不一，也有重复", ferryNight},
	{"bad-vendor", "不合格的厂商", "六小时里登记和住建的报文轮流签名错误、不合规范、内容损坏、写成别的办件", badVendor},
}

// scenario draws a scenario of a seed.
func scenario(name string, seed uint64) (board.Scenario, error) {
	for _, k := range scenarioKinds {
		if k.name == name {
			return board.Scenario{Name: k.name, Title: k.title, Says: k.says, Seed: seed, Steps: k.steps(rand.New(rand.NewPCG(seed, 7)))}, nil
		}
	}
	return board.Scenario{}, errNoScenario
}

func step(from, lasts time.Duration, systemName, operation string, f board.Fault) board.Step {
	f.System, f.Operation = systemName, operation
	return board.Step{From: from, Lasts: lasts, Fault: f}
}

func taxDownMorning(*rand.Rand) []board.Step {
	const tax = "tax"
	return []board.Step{
		step(0, 15*time.Minute, tax, board.Any, board.Fault{Latency: board.Latency{Curve: board.LogNormal, MS: 1000, HighMS: 6000}}),
		step(15*time.Minute, 4*time.Hour, tax, board.Any, board.Fault{Defects: []board.Defect{board.Silent}}),
		step(255*time.Minute, time.Hour, tax, board.Any, board.Fault{Defects: []board.Defect{board.Fails}, Share: 0.2}),
	}
}

func monthEndRush(rng *rand.Rand) []board.Step {
	slow := board.Latency{Curve: board.LogNormal, MS: 400, HighMS: 4000}
	busy := board.Fault{Latency: board.Latency{Curve: board.LogNormal, MS: 1200, HighMS: 9000}, Defects: []board.Defect{board.Fails}}
	all := []board.Step{step(0, 8*time.Hour, board.Any, board.Any, board.Fault{Latency: slow})}
	for _, name := range []string{"registry", "housing", "bank"} {
		for _, peak := range []time.Duration{30 * time.Minute, 5 * time.Hour} {
			f := busy
			f.Share = 0.05 + 0.15*rng.Float64()
			all = append(all, step(peak+minutes(rng, 0, 20), 90*time.Minute+minutes(rng, 0, 30), name, board.Any, f))
		}
	}
	return all
}

// minutes draws a span.
func minutes(rng *rand.Rand, from, to int) time.Duration {
	return time.Duration(from+rng.IntN(to-from+1)) * time.Minute
}

func flakyBank(rng *rand.Rand) []board.Step {
	var all []board.Step
	for _, name := range []string{"bank", "fund"} {
		for at := minutes(rng, 0, 10); at < 8*time.Hour; at += minutes(rng, 10, 40) {
			bad := []board.Defect{board.Fails, board.Crash, board.Duplicate, board.Silent}[rng.IntN(4)]
			lasts := minutes(rng, 5, 20)
			all = append(all, step(at, lasts, name, board.Any, board.Fault{Defects: []board.Defect{bad}, Share: 0.3 + 0.7*rng.Float64()}))
			at += lasts
		}
	}
	return all
}

func registrySlow(*rand.Rand) []board.Step {
	return []board.Step{step(0, 24*time.Hour, "registry", board.Any, board.Fault{Latency: board.Latency{Curve: board.LogNormal, MS: 1500, HighMS: 12_000}})}
}

// late lists what a kind of system sends the platform by itself.
func late(counterpart string) []string {
	var out []string
	for _, info := range spec.Operations() {
		if info.Counterpart == counterpart && info.Direction == spec.ToPlatform {
			out = append(out, string(info.Operation))
		}
	}
	return out
}

func ferryNight(*rand.Rand) []board.Step {
	var all []board.Step
	for _, name := range []string{"registry", "housing"} {
		for _, op := range late(name) {
			all = append(all, step(0, 11*time.Hour, name, op, board.Fault{Defects: []board.Defect{board.Silent, board.Reorder, board.Duplicate}, Share: 1}),
				step(11*time.Hour, time.Hour, name, op, board.Fault{Defects: []board.Defect{board.Reorder}, Share: 0.5}))
		}
	}
	return all
}

func badVendor(rng *rand.Rand) []board.Step {
	ways := []board.Defect{board.WrongSignature, board.BadSchema, board.Corrupt, board.OtherCase}
	var all []board.Step
	for _, name := range []string{"registry", "housing"} {
		for at := time.Duration(0); at < 6*time.Hour; at += 30 * time.Minute {
			all = append(all, step(at, 30*time.Minute, name, board.Any, board.Fault{Defects: []board.Defect{ways[rng.IntN(len(ways))]}, Share: 0.2 + 0.4*rng.Float64()}))
		}
	}
	return all
}

// staging starts or stops a scenario.
type staging struct {
	Name string  `json:"name"`
	Seed *uint64 `json:"seed"` // nil: that of the city
}

func (s *Simcity) stage(in staging) (any, error) {
	seed := s.founding.Seed
	if in.Seed != nil {
		seed = *in.Seed
	}
	sc, err := scenario(in.Name, seed)
	if err != nil {
		return nil, err
	}
	return s.board.Faults.Start(sc)
}

// stages lists all scenarios with what is being played, and the faults that are thereby in force.
func (s *Simcity) stages(*http.Request) any {
	type line struct {
		Name  string    `json:"name"`
		Title string    `json:"title"`
		Says  string    `json:"says"`
		Since time.Time `json:"since,omitzero"`
		Ends  time.Time `json:"ends,omitzero"`
		Seed  uint64    `json:"seed,omitempty"`
	}
	var all []line
	running := s.board.Faults.Running()
	for _, k := range scenarioKinds {
		l := line{Name: k.name, Title: k.title, Says: k.says}
		if i := slices.IndexFunc(running, func(r board.Running) bool { return r.Name == k.name }); i >= 0 {
			l.Since, l.Ends, l.Seed = running[i].Since, running[i].Ends, running[i].Seed
		}
		all = append(all, l)
	}
	return map[string]any{"scenarios": all, "inForce": s.board.Faults.InForce()}
}
