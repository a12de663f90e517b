package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// measureFerry sends notices from one zone to the other, both at work: sealed, signed, stored, applied, acknowledged.
func measureFerry(ctx context.Context, b *bench) error {
	const n, cases, some = 4000, 200, 8
	doors, err := b.doors(ctx)
	if err != nil {
		return err
	}
	var applied atomic.Int64
	all := make(chan struct{})
	ferry.Handle(doors[1], message.NoticeSent, func(context.Context, pgx.Tx, ferry.Inbound, message.Notice) error {
		if applied.Add(1) == n {
			close(all)
		}
		return nil
	})
	run, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, d := range doors {
		wg.Go(func() { errs[i] = d.Run(run) })
	}
	begin := b.clock.Now()
	_, err = b.atOnce(ctx, n, some, func(ctx context.Context, i int) error {
		app := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i%cases))
		return pg.InTx(ctx, doors[0].Pool(), func(tx pgx.Tx) error {
			return doors[0].Send(ctx, tx, ferry.Message{Type: message.NoticeSent, Case: app.String(), Body: message.Notice{ID: uuid.Must(uuid.NewV7()), App: app,
				Party: "b1", Kind: "sms.accepted", Args: map[string]string{"no": "TZ-261124-00412-6", "date": "11 月 27 日"}, SMS: true}})
		})
	})
	if err == nil {
		select {
		case <-all:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	took := b.clock.Now().Sub(begin)
	stop()
	wg.Wait()
	for _, e := range errs {
		if err == nil {
			err = wrap("door", e)
		}
	}
	if err != nil {
		return err
	}
	return b.report(line{Name: "ferry.message", Value: rate(n, took), Unit: "1/s", Better: higher,
		Of: fmt.Sprintf("messages of %d cases, each sent in a transaction of its own, %s, until the last is applied", cases, at(some)), N: n})
}

// doors are the two ends of a ferry on databases of their own.
func (b *bench) doors(ctx context.Context) (doors [2]*ferry.Door, err error) {
	zones := [2]string{"office", "hall"}
	var shared *sm.Keyring
	var signers [2]*sm.Signer
	for i := range signers {
		if signers[i], err = sm.NewSigner(); err != nil {
			return doors, err
		}
	}
	for i, zone := range zones {
		pool, err := b.database(ctx, "ferry_"+zone)
		if err != nil {
			return doors, err
		}
		if err := pg.Migrate(ctx, pool, ferry.Migrations(), "ferry_version"); err != nil {
			return doors, err
		}
		path := filepath.Join(b.dir, "ferry-"+zone)
		keys, err := sm.LoadOrCreateKeyring(path + ".keys")
		if err != nil {
			return doors, err
		}
		if shared == nil {
			shared = keys
		}
		blobs, err := blob.Open(ctx, path+".files", keys)
		if err != nil {
			return doors, err
		}
		doors[i] = ferry.New(ferry.Options{Zone: zone, Peer: zones[1-i], Pool: pool, Clock: b.clock, Keys: keys, Shared: shared, Signer: signers[i],
			PeerKey: signers[1-i].Public(), Blobs: blobs, Log: slog.New(slog.DiscardHandler)})
	}
	doors[0].Connect(ferry.Loop{To: doors[1]})
	doors[1].Connect(ferry.Loop{To: doors[0]})
	return doors, nil
}
