package ferry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// maxCrate bounds what a door reads: the largest file, sealed and encoded, with room to spare.
const maxCrate = 64 << 20

// Receive verifies and stores one crate of the other zone and returns the sealed acknowledgement. Receiving the same
// crate again stores nothing and acknowledges again.
func (d *Door) Receive(ctx context.Context, raw []byte) ([]byte, error) {
	if len(raw) > maxCrate {
		return nil, ErrTooLarge
	}
	var head crate
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, ErrSealed
	}
	switch head.Kind {
	case "blob":
		return d.receiveBlob(ctx, raw)
	case "messages":
		return d.receiveMessages(ctx, raw)
	}
	return nil, ErrStream
}

func (d *Door) receiveBlob(ctx context.Context, raw []byte) ([]byte, error) {
	var b blobCargo
	if err := unpack(raw, d.o.Peer, "blob", &b, d.o.Shared, d.o.PeerKey); err != nil {
		return nil, err
	}
	ref, err := d.o.Blobs.Put(ctx, bytes.NewReader(b.Data), maxCrate)
	if err != nil {
		return nil, fmt.Errorf("ferry: store file: %w", err)
	}
	if ref.Digest != b.Digest {
		return nil, ErrSealed
	}
	return pack(d.o.Zone, "ack", ack{}, d.o.Shared, d.o.Signer)
}

func (d *Door) receiveMessages(ctx context.Context, raw []byte) ([]byte, error) {
	var parcels []parcel
	if err := unpack(raw, d.o.Peer, "messages", &parcels, d.o.Shared, d.o.PeerKey); err != nil {
		return nil, err
	}
	for _, p := range parcels {
		if !d.accepts[p.Type] {
			return nil, ErrUnknownType{p.Type}
		}
	}
	var a ack
	err := pg.InTx(ctx, d.o.Pool, func(tx pgx.Tx) (err error) {
		// One receiver of a stream at a time, over all processes: what is stored must not change while it is compared.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('ferry_in:' || $1))`, d.o.Peer); err != nil {
			return err
		}
		a, err = d.store(ctx, tx, parcels)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ferry: store messages: %w", err)
	}
	return pack(d.o.Zone, "ack", a, d.o.Shared, d.o.Signer)
}

// store keeps the messages that are new and follow without a gap, and says how far the stream goes.
func (d *Door) store(ctx context.Context, tx pgx.Tx, parcels []parcel) (a ack, err error) {
	ids := make([]uuid.UUID, 0, len(parcels))
	for _, p := range parcels {
		ids = append(ids, p.ID)
	}
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(seq), 0), (SELECT coalesce(array_agg(id), '{}') FROM ferry_in WHERE id = ANY($2))
		FROM ferry_in WHERE stream = $1`, d.o.Peer, ids).Scan(&a.UpTo, &a.Have); err != nil {
		return a, err
	}
	batch := &pgx.Batch{}
	now := d.o.Clock.Now()
	for _, p := range parcels {
		known := slices.Contains(a.Have, p.ID)
		if p.Seq <= a.UpTo && !known {
			a.Rewound = true
			return a, nil
		}
		if p.Seq != a.UpTo+1 || known {
			continue
		}
		a.UpTo = p.Seq
		batch.Queue(`INSERT INTO ferry_in (stream, seq, id, type, case_key, body, blobs, sent_at, received_at, not_before)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
			d.o.Peer, p.Seq, p.ID, string(p.Type), p.Case, d.o.Keys.Seal(p.Body, p.ID[:]), p.Blobs, p.At, now)
	}
	a.Have = nil
	if batch.Len() == 0 {
		return a, nil
	}
	batch.Queue(`SELECT pg_notify('ferry_in', '')`)
	return a, tx.SendBatch(ctx, batch).Close()
}
