package exchange

import (
	"time"

	"github.com/google/uuid"
)

// RuleKind is what an alarm rule watches.
type RuleKind string

// The kinds of rules, with the unit of their limit.
const (
	ErrorShare  RuleKind = "error-share" // percent of the calls of a window that failed
	Latency     RuleKind = "latency"     // 95 of 100 sendings of an operation out, in percent of the time limit
	Silence     RuleKind = "silence"     // minutes of office hours without an answer, while calls are tried
	QueueAge    RuleKind = "queue-age"   // minutes that the oldest piece of work waits to be sent
	CircuitOpen RuleKind = "circuit"     // minutes that a circuit is open
)

// RuleKinds lists the kinds in the order of the page.
func RuleKinds() []RuleKind { return []RuleKind{ErrorShare, Latency, Silence, QueueAge, CircuitOpen} }

// Rule says when an alarm of a kind is raised.
type Rule struct {
	Kind      RuleKind
	Enabled   bool
	Above     float64       // raised above it; cleared at three quarters of it, so that it does not flicker
	MinCalls  int           // of ErrorShare and Latency: fewer raise nothing
	Window    time.Duration // likewise: over which it is measured
	Quiet     Quiet         // an alarm is raised in quiet hours, but told after them
	SMS       bool          // told by SMS, too
	Version   int64         // SetRule refuses a stale one
	UpdatedAt time.Time     // zero: as delivered
	UpdatedBy string
}

// clearShare is the part of the limit at which an alarm is cleared.
const clearShare = 0.75

// forgetAfter is how long an alarm stays of which nothing can be measured: a line that nobody uses is neither well nor ill.
const forgetAfter = time.Hour

// reading is one number that a rule looks at.
type reading struct {
	kind        RuleKind
	subject     string // endpoint id or name of a queue
	endpoint    uuid.UUID
	name        string
	counterpart string
	district    string
	value       float64
	calls       int // on which the value stands, of ErrorShare and Latency
	words       string
}

// verdict is what becomes of an alarm.
type verdict int

const (
	nothing verdict = iota
	raise
	keep  // still there
	renew // still there, and above the limit just now
	lift
)

// judge decides on one reading. Active is when the alarm that stands was last above its limit; zero where none stands.
func judge(r Rule, v reading, active, now time.Time) verdict {
	measured := r.MinCalls == 0 || v.calls > 0
	above := v.value > r.Above && v.calls >= r.MinCalls
	switch {
	case active.IsZero() && r.Enabled && above:
		return raise
	case active.IsZero():
		return nothing
	case !r.Enabled:
		return lift
	case above:
		return renew
	case !measured && now.Sub(active) < forgetAfter:
		return keep
	case measured && v.value > r.Above*clearShare:
		return keep
	}
	return lift
}

// needsCalls tells whether a rule is about shares of calls, so that few of them say little.
func (k RuleKind) needsCalls() bool { return k == ErrorShare || k == Latency }
