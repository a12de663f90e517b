// Package ems simulates the mail that carries certificates: an order gets a waybill, and the parcel goes its way by itself until
// the addressee signs; each step is told to the hall.
package ems

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/wire"
)

// step of a parcel, a span after the order.
type step struct {
	after time.Duration
	state spec.TrackState
	note  string
}

var way = []step{
	{time.Hour, spec.TrackStateCollected, "已揽收"},
	{4 * time.Hour, spec.TrackStateMoving, "已从泰州中心局发出"},
	{20 * time.Hour, spec.TrackStateDelivering, "正在派送"},
	{24 * time.Hour, spec.TrackStateSigned, "已签收"},
}

// Parcel is a shipment.
type Parcel struct {
	Waybill  string            `json:"waybill"`
	OrderNo  string            `json:"orderNo"`
	Case     string            `json:"case"`
	Receiver spec.MailContact  `json:"receiver"`
	Goods    string            `json:"goods"`
	Events   []spec.TrackEvent `json:"events"`
}

// State is where the parcel is now.
func (p Parcel) State() spec.TrackState { return p.Events[len(p.Events)-1].State }

// EMS is the mail.
type EMS struct {
	*wire.System
	parcels *board.Table[Parcel] // by order number
}

// New puts the mail on the hub. It stands on the Internet: the hall calls it.
func New(h *wire.Hub) (*EMS, error) {
	s, err := h.New(wire.About{Name: "ems", Title: "中国邮政速递物流", App: "ems", Counterpart: "delivery", Zone: wire.Hall})
	if err != nil {
		return nil, err
	}
	e := &EMS{System: s}
	if e.parcels, err = board.OpenTable[Parcel](h.Board(), "ems-parcels"); err != nil {
		return nil, err
	}
	wire.Handle(s, spec.EmsOrderCreate, e.order)
	wire.Handle(s, spec.EmsTrackQuery, e.track)
	h.Board().Courier.Handle(stepKind, board.Route{Deliver: e.advance, Retry: []time.Duration{time.Minute}, Forever: true})
	return e, nil
}

const stepKind = "ems-step"

// next is a step of a parcel in the courier's bag.
type next struct {
	OrderNo string `json:"orderNo"`
	Step    int    `json:"step"`
}

// order takes a parcel; the same order again gets the same waybill.
func (e *EMS) order(_ context.Context, c wire.Call, in spec.EmsOrderCreateRequest) (spec.EmsOrderCreateResponse, error) {
	for _, far := range []string{"香港", "澳门", "台湾"} {
		if strings.HasPrefix(in.Receiver.Address, far) {
			return spec.EmsOrderCreateResponse{}, spec.NewFault("out-of-area", "超出寄递范围")
		}
	}
	p, fresh, err := e.parcels.Add(in.OrderNo, Parcel{
		Waybill: "10" + board.Digits(11), OrderNo: in.OrderNo, Case: in.CaseNo, Receiver: in.Receiver, Goods: in.Goods,
		Events: []spec.TrackEvent{{State: spec.TrackStateCreated, At: c.At, Place: "泰州市", Note: "已下单"}},
	})
	if err == nil && fresh {
		err = e.Board().Courier.Post(stepKind, "", way[0].after, next{in.OrderNo, 0})
	}
	return spec.EmsOrderCreateResponse{WaybillNo: p.Waybill, CreatedAt: p.Events[0].At, RouteCode: "泰州-01"}, err
}

func (e *EMS) track(_ context.Context, _ wire.Call, in spec.EmsTrackQueryRequest) (spec.EmsTrackQueryResponse, error) {
	p, ok := e.parcels.Find(func(p Parcel) bool { return p.Waybill == in.WaybillNo })
	if !ok {
		return spec.EmsTrackQueryResponse{}, spec.NewFault(spec.CodeNotFound, "没有这个运单")
	}
	return spec.EmsTrackQueryResponse{WaybillNo: p.Waybill, State: p.State(), Events: p.Events}, nil
}

// advance moves a parcel one step on and tells the hall.
func (e *EMS) advance(_ context.Context, payload json.RawMessage) error {
	var n next
	if err := json.Unmarshal(payload, &n); err != nil || n.Step < 0 || n.Step >= len(way) {
		return fmt.Errorf("%w: step %s", board.ErrRejected, payload)
	}
	s := way[n.Step]
	event := spec.TrackEvent{State: s.state, At: e.Now(), Place: "泰州市", Note: s.note}
	p, err := e.parcels.Update(n.OrderNo, func(p *Parcel) error {
		if p.State() != s.state {
			p.Events = append(p.Events, event)
		}
		return nil
	})
	if errors.Is(err, board.ErrNone) {
		return fmt.Errorf("%w: %w", board.ErrRejected, err)
	}
	if err != nil {
		return err
	}
	told := spec.EmsTrackNotifyRequest{OrderNo: p.OrderNo, WaybillNo: p.Waybill, Event: event}
	if s.state == spec.TrackStateSigned {
		told.SignedBy = p.Receiver.Name
	}
	if err := e.Tell(wire.Hall, spec.EmsTrackNotify, p.Waybill, 0, told); err != nil {
		return err
	}
	if n.Step+1 == len(way) {
		return nil
	}
	return e.Board().Courier.Post(stepKind, "", way[n.Step+1].after-s.after, next{n.OrderNo, n.Step + 1})
}

// ErrThere says that a parcel has reached its end.
var ErrThere = errors.New("the parcel is delivered")

// Advance lets a parcel take its next step now.
func (e *EMS) Advance(orderNo string) (Parcel, error) {
	p, ok := e.parcels.Get(orderNo)
	if !ok {
		return p, board.ErrNone
	}
	n, err := e.Board().Courier.Hurry(stepKind, func(payload json.RawMessage) bool {
		var x next
		return json.Unmarshal(payload, &x) == nil && x.OrderNo == orderNo
	})
	if err == nil && n == 0 {
		err = ErrThere
	}
	return p, err
}

// Parcels lists all shipments.
func (e *EMS) Parcels() []Parcel { return e.parcels.List() }
