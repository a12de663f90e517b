package ferry

import (
	"context"
	"time"
)

// Transport carries sealed crates to the other zone. It need not be reliable: it may lose, repeat and reorder them.
type Transport interface {
	// Carry takes one crate. A transport that meets the other zone brings back the answer of its Receive; one that lays crates
	// down returns none, and what the other zone has to say comes as a crate of its own.
	Carry(ctx context.Context, crate []byte) (answer []byte, err error)
	Traits() Traits
}

// Traits are what the door must know of its transport.
type Traits struct {
	Name string
	// Bundle is about how large a crate should become, in bytes. A single message may be larger.
	Bundle int
	// Wait is how long something may be on its way until it counts as lost; 0 means that Carry brings the answer.
	Wait time.Duration
	// Report is how often the two zones tell each other how they stand.
	Report time.Duration
}

// Collector is a transport whose crates must be fetched.
type Collector interface {
	Transport
	// Collect hands over each whole crate that has arrived. Names of what take took are returned, to be acknowledged; what it refused is
	// set aside; any other error of take ends the round and leaves the crate where it is.
	Collect(ctx context.Context, take func(ctx context.Context, crate []byte) error) (got []string, err error)
	// Settled says that the other zone has got these.
	Settled(names []string) error
	// Backlog is how many bytes lie here that nobody has carried away yet.
	Backlog() (int64, error)
	// Quarantine is what was set aside.
	Quarantine() ([]Quarantined, error)
}

// Quarantined is a file that is no crate of the other zone.
type Quarantined struct {
	Name   string    `json:"name"`
	Size   int64     `json:"size"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"` // foreign | damaged | large | refused
}

// directBundle is the size of crates that are answered at once: a few milliseconds of work for either side.
const directBundle = 1 << 20

// reportEvery is how often zones that meet tell each other how they stand.
const reportEvery = 5 * time.Second

// Loop carries within one process; used when one process serves both zones.
type Loop struct{ To *Door }

// Carry hands the crate to the other door.
func (l Loop) Carry(ctx context.Context, crate []byte) ([]byte, error) {
	return l.To.Receive(ctx, crate)
}

// Traits of a call.
func (l Loop) Traits() Traits {
	return Traits{Name: "loop", Bundle: directBundle, Report: reportEvery}
}
