// Package parcel sends certificates by EMS. The office, which does not stand on the Internet, asks by ferry; this room
// orders, follows the parcel, and reports its way back.
package parcel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// Jobs puts work into the queue within a transaction.
type Jobs interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) error
}

// Caller sends one message to a system; *exchange.Client is one.
type Caller interface {
	Call(ctx context.Context, op spec.Operation, route exchange.Route, key string, in, out any) error
}

// Sender is the registry's mail room, as it stands on labels.
type Sender struct{ Name, Phone, Address string }

// Parts that the room is made of.
type Parts struct {
	Pool  *pgxpool.Pool
	Keys  *sm.Keyring
	Clock clock.Clock
	Jobs  Jobs
	Out   Caller
	From  Sender
}

// Room follows parcels.
type Room struct {
	Parts
	door *ferry.Door
}

// New takes the office's orders and EMS's reports.
func New(p Parts, door *ferry.Door, in *exchange.Server) *Room {
	r := &Room{p, door}
	ferry.Handle(door, message.ParcelOrdered, r.ordered)
	exchange.Receive(in, "ems.track.notify", r.moved)
	return r
}

func (r *Room) ordered(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.ParcelOrder) error {
	to, err := json.Marshal(spec.MailContact{Name: m.Name, Phone: m.Phone, Address: m.Address})
	if err != nil {
		return fmt.Errorf("parcel: encode address: %w", err)
	}
	tag, err := tx.Exec(ctx, `INSERT INTO parcels (order_id, app, case_no, address, ordered_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		m.Order, m.App, string(m.Case), r.Keys.Seal(to, m.Order[:]), r.Clock.Now())
	if err != nil {
		return fmt.Errorf("parcel: keep order: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	return r.Jobs.InsertTx(ctx, tx, OrderArgs{Order: m.Order}, &river.InsertOpts{MaxAttempts: 1000})
}

// OrderArgs is the job that orders one parcel.
type OrderArgs struct {
	Order uuid.UUID `json:"order"`
}

// Kind names the job.
func (OrderArgs) Kind() string { return "parcel.order" }

// Orderer is the River worker of OrderArgs.
type Orderer struct {
	river.WorkerDefaults[OrderArgs]
	Room *Room
}

// NextRetry waits from two seconds to five minutes.
func (o Orderer) NextRetry(job *river.Job[OrderArgs]) time.Time {
	return o.Room.Clock.Now().Add(min(2*time.Second<<min(job.Attempt, 8), 5*time.Minute))
}

// Work orders the parcel under the order's own number: ordering again gives the same waybill.
func (o Orderer) Work(ctx context.Context, job *river.Job[OrderArgs]) error {
	return o.Room.order(ctx, job.Args.Order)
}

func (r *Room) order(ctx context.Context, id uuid.UUID) error {
	var app uuid.UUID
	var caseNo string
	var sealed []byte
	err := r.Pool.QueryRow(ctx, `SELECT app, case_no, address FROM parcels WHERE order_id = $1 AND state = 'ordered'`, id).Scan(&app, &caseNo, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("parcel: read order: %w", err)
	}
	plain, err := r.Keys.Open(sealed, id[:])
	if err != nil {
		return river.JobCancel(fmt.Errorf("parcel: open address: %w", err))
	}
	var to spec.MailContact
	if err := json.Unmarshal(plain, &to); err != nil {
		return river.JobCancel(fmt.Errorf("parcel: decode address: %w", err))
	}
	var out spec.EmsOrderCreateResponse
	if err := r.Out.Call(ctx, "ems.order.create", exchange.Route{Case: caseNo}, id.String(), spec.EmsOrderCreateRequest{OrderNo: id.String(), CaseNo: caseNo,
		Goods: "不动产权证书", Receiver: to, Sender: spec.MailContact{Name: r.From.Name, Phone: r.From.Phone, Address: r.From.Address}}, &out); err != nil {
		return err
	}
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE parcels SET state = 'posted', waybill = $2, address = NULL, moved_at = $3 WHERE order_id = $1 AND state = 'ordered'`,
			id, out.WaybillNo, r.Clock.Now())
		if err != nil {
			return fmt.Errorf("parcel: posted: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		return r.door.Send(ctx, tx, ferry.Message{Type: message.ParcelPosted, Case: app.String(),
			Body: message.Parcel{App: app, Order: id, Label: out.WaybillNo, State: "posted", Text: "已交寄", At: out.CreatedAt}})
	})
}

// states of EMS in our words; delivering is still on the way.
var states = map[spec.TrackState]struct{ state, words string }{
	spec.TrackStateCreated: {"posted", "已下单"}, spec.TrackStateCollected: {"moving", "已揽收"}, spec.TrackStateMoving: {"moving", "运输中"},
	spec.TrackStateDelivering: {"moving", "派送中"}, spec.TrackStateSigned: {"signed", "已签收"}, spec.TrackStateReturned: {"returned", "已退回"},
}

// moved takes one report of EMS. A signed parcel stays signed, whatever comes late.
func (r *Room) moved(ctx context.Context, tx pgx.Tx, _ exchange.Caller, in spec.EmsTrackNotifyRequest) (spec.Ack, error) {
	s := states[in.Event.State]
	var order, app uuid.UUID
	err := tx.QueryRow(ctx, `UPDATE parcels SET state = $2, moved_at = $3 WHERE waybill = $1 AND state <> 'signed' RETURNING order_id, app`,
		in.WaybillNo, s.state, in.Event.At).Scan(&order, &app)
	if errors.Is(err, pgx.ErrNoRows) {
		var known bool
		if err := tx.QueryRow(ctx, `SELECT true FROM parcels WHERE waybill = $1`, in.WaybillNo).Scan(&known); errors.Is(err, pgx.ErrNoRows) {
			return spec.Ack{}, &exchange.Refusal{Code: spec.CodeNotFound, Message: "没有这个运单"}
		}
		return spec.Ack{Received: true}, nil
	}
	if err != nil {
		return spec.Ack{}, fmt.Errorf("parcel: moved: %w", err)
	}
	text := s.words
	if in.Event.Place != "" {
		text += "（" + in.Event.Place + "）"
	}
	err = r.door.Send(ctx, tx, ferry.Message{Type: message.ParcelMoved, Case: app.String(),
		Body: message.Parcel{App: app, Order: order, Label: in.WaybillNo, State: s.state, Text: text, At: in.Event.At}})
	return spec.Ack{Received: err == nil}, err
}
