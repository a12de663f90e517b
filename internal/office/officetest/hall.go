package officetest

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
)

// hall makes the other end of the ferry, which keeps what arrives.
func (o *Office) hall(f *fixture, log *slog.Logger) {
	keys := sm.NewTestKeyring(name("hall"))
	pool := pgtest.New(o.T, pgtest.Set{FS: ferry.Migrations(), Table: "ferry_version"})
	blobs, err := blob.Open(o.T.Context(), o.T.TempDir(), keys)
	o.must(err)
	o.Hall = ferry.New(ferry.Options{Zone: "hall", Peer: "office", Pool: pool, Clock: o.Clock, Keys: keys, Shared: f.keys, Signer: f.hall, PeerKey: f.office.Public(), Blobs: blobs, Log: log})
	keep[message.CaseOpenedBody](o, message.CaseOpened)
	keep[message.Progress](o, message.CaseProgress)
	keep[message.CorrectionAsk](o, message.CorrectionAsked)
	keep[message.CorrectionClosedBody](o, message.CorrectionClosed)
	keep[message.Assessment](o, message.AssessmentReady)
	keep[message.Bill](o, message.BillIssued)
	keep[message.BillClosedBody](o, message.BillClosed)
	keep[message.Refund](o, message.RefundOrdered)
	keep[message.Document](o, message.DocumentIssued)
	keep[message.Document](o, message.DocumentState)
	keep[message.Notice](o, message.NoticeSent)
	keep[message.ParcelOrder](o, message.ParcelOrdered)
	keep[message.StaffNotice](o, message.StaffTold)
	o.Door.Connect(ferry.Loop{To: o.Hall})
	o.Hall.Connect(ferry.Loop{To: o.Door})
}

func keep[T any](o *Office, t message.Type) {
	ferry.Handle(o.Hall, t, func(_ context.Context, _ pgx.Tx, _ ferry.Inbound, body T) error {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.sent[t] = append(o.sent[t], body)
		return nil
	})
}

// Sent is what the hall has got of one kind, oldest first.
func Sent[T any](o *Office, t message.Type) []T {
	o.Carry()
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []T
	for _, x := range o.sent[t] {
		out = append(out, x.(T))
	}
	return out
}

// Carry empties the office's outbox into the hall.
func (o *Office) Carry() {
	o.T.Helper()
	for {
		more, err := o.Door.Pump(o.T.Context())
		o.must(err)
		if !more {
			break
		}
	}
	for {
		found, err := o.Hall.Apply(o.T.Context())
		o.must(err)
		if !found {
			return
		}
	}
}

// FromHall sends a message of the hall and applies it.
func (o *Office) FromHall(t message.Type, app uuid.UUID, body any) {
	o.T.Helper()
	o.FromHallOnly(t, app, body)
	for {
		found, err := o.Door.Apply(o.T.Context())
		o.must(err)
		if !found {
			break
		}
	}
	if parked, err := o.Door.ListParked(o.T.Context(), 5); err != nil || len(parked) > 0 {
		o.T.Fatalf("parked %+v, %v", parked, err)
	}
	o.Work()
}

// FromHallOnly brings a message of the hall to the office's inbox without applying it.
func (o *Office) FromHallOnly(t message.Type, app uuid.UUID, body any) {
	o.T.Helper()
	m := ferry.Message{Type: t, Case: app.String(), Body: body}
	pool := o.Hall.Pool()
	o.must(pg.InTx(o.T.Context(), pool, func(tx pgx.Tx) error { return o.Hall.Send(o.T.Context(), tx, m) }))
	_, err := o.Hall.Pump(o.T.Context())
	o.must(err)
}
