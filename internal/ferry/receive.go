package ferry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/pg"
)

const (
	// maxCrate bounds what a door reads, in bytes.
	maxCrate = 64 << 20
	// maxMessage bounds the body of one message, in bytes; files are bounded by the store that took them.
	maxMessage = 16 << 20
	// maxOpen is how many messages may wait here to be applied; more than this, and the other zone is asked to hold.
	maxOpen = 5000
	// maxSlices is how many slices of unfinished files may lie here: 1 GB.
	maxSlices = 4096
)

// Receive verifies one crate of the other zone, takes what is new of it, and returns the sealed acknowledgement, or nothing when none
// is due. Receiving the same crate again takes nothing and acknowledges again.
func (d *Door) Receive(ctx context.Context, raw []byte) ([]byte, error) {
	t, err := d.take(ctx, raw)
	if err != nil || !t.owed {
		return nil, err
	}
	return d.acknowledge(ctx, t, nil)
}

// taken is what an acknowledgement has to speak of besides the numbers.
type taken struct {
	owed  bool // something came that must be acknowledged
	full  bool // something was left, for want of room
	known []known
	files []string
	late  []string // of these files nothing has come for too long
}

// add joins what several crates brought.
func (t *taken) add(o taken) {
	t.owed, t.full = t.owed || o.owed, t.full || o.full
	t.known = append(t.known, o.known...)
	for _, f := range o.files {
		if !slices.Contains(t.files, f) {
			t.files = append(t.files, f)
		}
	}
}

// take opens a crate and does what its kind asks for.
func (d *Door) take(ctx context.Context, raw []byte) (t taken, err error) {
	kind, plain, err := d.unpack(raw)
	if err != nil {
		return t, err
	}
	switch kind {
	case kindMessages:
		return d.takeMessages(ctx, plain)
	case kindPart:
		return d.takePart(ctx, plain)
	case kindAck:
		return t, d.takeAck(ctx, plain)
	case kindReport:
		return t, d.takeReport(ctx, plain)
	}
	return t, ErrStream
}

// acknowledge says what is stored here now.
func (d *Door) acknowledge(ctx context.Context, t taken, got []string) ([]byte, error) {
	a, err := d.look(ctx, d.o.Pool, d.patience())
	if err != nil {
		return nil, err
	}
	if a.Files, err = d.fileStates(ctx, d.o.Pool, t.files); err != nil {
		return nil, err
	}
	late, err := d.fileStates(ctx, d.o.Pool, t.late)
	if err != nil {
		return nil, err
	}
	for _, f := range late {
		f.Ask = !f.Whole
		a.Files = append(a.Files, f)
	}
	a.Known, a.Hold, a.Got = t.known, t.full, got
	return d.packJSON(kindAck, a)
}

// takeAck settles an acknowledgement that came as a crate of its own.
func (d *Door) takeAck(ctx context.Context, plain []byte) error {
	var a ack
	if err := decode(plain, &a); err != nil {
		return err
	}
	err := d.locked(ctx, `SELECT true FROM pg_advisory_lock(hashtext('ferry_out'))`, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := d.settle(ctx, conn, a)
		return err
	})
	d.toSend.ring()
	return err
}

// alone is a transaction in which nobody else, in no process, stores anything of the other zone's stream: what is stored must not
// change while it is compared.
func (d *Door) alone(ctx context.Context, do func(pgx.Tx) error) error {
	return pg.InTx(ctx, d.o.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('ferry_in:' || $1))`, d.o.Peer); err != nil {
			return err
		}
		return do(tx)
	})
}

func (d *Door) takeMessages(ctx context.Context, plain []byte) (t taken, err error) {
	var parcels []parcel
	if err := json.Unmarshal(plain, &parcels); err != nil {
		return t, ErrSealed
	}
	for _, p := range parcels {
		if !p.Void && !d.accepts[p.Type] {
			return t, ErrUnknownType{p.Type}
		}
	}
	err = d.alone(ctx, func(tx pgx.Tx) (err error) {
		t, err = d.store(ctx, tx, parcels)
		return err
	})
	if err != nil {
		return t, fmt.Errorf("ferry: store messages: %w", err)
	}
	d.toApply.ring()
	return t, nil
}
