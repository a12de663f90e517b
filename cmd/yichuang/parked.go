package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/ferry"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/log"
	"yichuang/internal/kit/pg"
)

// ferryCmd looks after the messages of a zone that wait for a person. The office has a page for its own; the hall has no
// administrators, so that this is where its messages are dealt with. It runs on the zone's machine as its service account.
type ferryCmd struct {
	Zone     string          `help:"Whose messages: hall or office." enum:"hall,office" required:""`
	Database string          `help:"Address of the zone's database, postgres://…" required:"" env:"ZONE_DB"`
	Data     string          `help:"Folder of keys and stored files." default:"./var" env:"DATA" type:"path"`
	List     ferryListCmd    `cmd:"" help:"List the messages that could not be applied, or could not leave."`
	Retry    ferryRetryCmd   `cmd:"" help:"Put a message back to work."`
	Discard  ferryDiscardCmd `cmd:"" help:"Give a message up; its case goes on without it."`
}

// parked is a zone's door with what a change of it is recorded in.
type parked struct {
	door  *ferry.Door
	audit *audit.Log
}

// with opens the zone for one act.
func (c *ferryCmd) with(ctx context.Context, do func(parked) error) error {
	return maintain(ctx, c.Zone, c.Database, c.Data, func(m maintenance) error {
		door := ferry.New(ferry.Options{Zone: c.Zone, Peer: otherZone(c.Zone), Pool: m.pool, Clock: m.clock, Keys: m.keys, Log: log.Discard()})
		return do(parked{door, m.audit})
	})
}

// change does something to a message and records who did it and why, in one transaction. The zone's process finds it by itself.
func (p parked) change(ctx context.Context, id uuid.UUID, action, reason string, do func(pgx.Tx) error) error {
	who := operator(reason)
	return pg.InTx(ctx, p.door.Pool(), func(tx pgx.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return p.audit.Record(ctx, tx, audit.Entry{Actor: who.Name, ActorName: who.Name, Kind: audit.KindChange, Action: action, Object: id.String(),
			Source: who.Source, Outcome: audit.OK, Detail: map[string]any{"原因": reason}})
	})
}

type ferryListCmd struct{}

// Run prints a line a message.
func (ferryListCmd) Run(ctx context.Context, parent *ferryCmd) error {
	return parent.with(ctx, func(p parked) error {
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		for _, part := range []struct {
			what string
			list func(context.Context, int) ([]ferry.Parked, error)
		}{{"received", p.door.ListParked}, {"to send", p.door.ListAside}} {
			all, err := part.list(ctx, 1000)
			if err != nil {
				return err
			}
			for _, m := range all {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", m.ID, part.what, m.Type, m.Since.In(clock.Shanghai()).Format(time.DateTime), m.Error)
			}
		}
		return w.Flush()
	})
}

type ferryRetryCmd struct {
	ID     string `arg:"" help:"Id of the message, as list shows it."`
	Reason string `help:"Why, for the audit record." required:""`
}

// Run retries.
func (r *ferryRetryCmd) Run(ctx context.Context, parent *ferryCmd) error {
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return fmt.Errorf("id: %w", err)
	}
	return parent.with(ctx, func(p parked) error {
		return p.change(ctx, id, "重试停放的消息", r.Reason, func(tx pgx.Tx) error { return p.door.Retry(ctx, tx, id) })
	})
}

type ferryDiscardCmd struct {
	ID     string `arg:"" help:"Id of the message, as list shows it."`
	Reason string `help:"Why, for the audit record and the message's own." required:""`
}

// Run discards.
func (d *ferryDiscardCmd) Run(ctx context.Context, parent *ferryCmd) error {
	id, err := uuid.Parse(d.ID)
	if err != nil {
		return fmt.Errorf("id: %w", err)
	}
	return parent.with(ctx, func(p parked) error {
		return p.change(ctx, id, "丢弃停放的消息", d.Reason, func(tx pgx.Tx) error { return p.door.Discard(ctx, tx, id, operator(d.Reason).Name, d.Reason) })
	})
}
