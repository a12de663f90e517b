package ferry

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
)

// Options of a zone's door.
type Options struct {
	Zone, Peer string // "hall" or "office"
	Pool       *pgxpool.Pool
	Clock      clock.Clock
	Keys       *sm.Keyring   // the zone's own, for bodies at rest
	Shared     *sm.Keyring   // the same in both zones, seals what travels
	Signer     *sm.Signer    // this zone's
	PeerKey    *sm.PublicKey // the other zone's
	// PeerKeys reads the other zone's keys anew, the current one and for a while the one before; nil: PeerKey never changes. It is
	// asked when a signature does not fit.
	PeerKeys func() ([]*sm.PublicKey, error)
	Blobs    *blob.Store
	Log      *slog.Logger
	// Acked is told of each message that the other side has stored; may be nil. The hall removes uploads then.
	Acked func(ctx context.Context, typ message.Type, blobs []string) error
	// Workers is how many cases are applied at a time; 0 means 4.
	Workers int
	// MaxOpen is how many messages may wait here until the other zone is asked to hold; 0 means 5,000.
	MaxOpen int
}

// Door is one zone's end of the ferry.
type Door struct {
	o         Options
	sends     map[message.Type]bool
	accepts   map[message.Type]bool
	handlers  map[message.Type]handler
	trust     *trust
	transport Transport
	collector Collector // the transport, where crates must be fetched; else nil
	traits    Traits

	toSend, toApply bell
	cargo           held         // guarded by the lock of the outbox
	holdUntil       atomic.Int64 // nanoseconds since 1970
	got             []string     // files taken and not acknowledged; guarded, as is missed, by the lock of who fetches
	missed          time.Time    // when it was last looked for what is missing
}

// Inbound is the head of a message being applied.
type Inbound struct {
	ID   uuid.UUID
	Type message.Type
	Case string
	Sent time.Time
}

type handler func(ctx context.Context, tx pgx.Tx, in Inbound, body []byte) error

// New makes a door. Register handlers with Handle before Run.
func New(o Options) *Door {
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.MaxOpen == 0 {
		o.MaxOpen = maxOpen
	}
	d := &Door{o: o, sends: map[message.Type]bool{}, accepts: map[message.Type]bool{}, handlers: map[message.Type]handler{},
		trust: &trust{source: o.PeerKeys, clock: o.Clock, log: o.Log, keys: []*sm.PublicKey{o.PeerKey}}, toSend: newBell(), toApply: newBell()}
	for _, t := range message.Types(o.Zone) {
		d.sends[t] = true
	}
	for _, t := range message.Types(o.Peer) {
		d.accepts[t] = true
	}
	return d
}

// Pool is the database of the door, for who sends outside of a transaction of their own.
func (d *Door) Pool() *pgxpool.Pool { return d.o.Pool }

// Handle says what a message of type t does. f runs in one transaction with the mark that the message was applied, so
// its effects in the database happen once. An error is retried with growing pauses, then parked; Park(err) parks at once.
func Handle[T any](d *Door, t message.Type, f func(ctx context.Context, tx pgx.Tx, in Inbound, body T) error) {
	d.handlers[t] = func(ctx context.Context, tx pgx.Tx, in Inbound, raw []byte) error {
		var body T
		if err := json.Unmarshal(raw, &body); err != nil {
			return Park(fmt.Errorf("decode %s: %w", t, err))
		}
		return f(ctx, tx, in, body)
	}
}

// Missing lists the message types that may arrive here and have no handler: a wiring mistake, checked at start.
func (d *Door) Missing() []message.Type {
	var out []message.Type
	for _, t := range message.Types(d.o.Peer) {
		if d.handlers[t] == nil {
			out = append(out, t)
		}
	}
	return out
}

type parkError struct{ err error }

func (e parkError) Error() string { return e.err.Error() }
func (e parkError) Unwrap() error { return e.err }

// Park wraps an error that no retry will mend.
func Park(err error) error { return parkError{err} }
