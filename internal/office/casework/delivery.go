package casework

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/office/staff"
)

// parcel follows the shipment of the certificates; signed for, the delivery is done.
func (s *Service) parcel(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, p message.Parcel) error {
	c, err := s.lock(ctx, tx, p.App)
	if err != nil {
		return err
	}
	if p.State == "posted" {
		c.Facts.Waybill = p.Label
		if err := s.SaveFacts(ctx, tx, c); err != nil {
			return err
		}
		if err := s.announce(ctx, tx, c, "parcel-posted", map[string]any{"label": p.Label}, ""); err != nil {
			return err
		}
	}
	if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: ParcelOnWay, Ref: fmt.Sprintf("%s/%d", p.State, p.At.Unix()), At: p.At,
		Detail: map[string]string{"label": p.Label, "state": p.State, "note": p.Text}}); err != nil {
		return err
	}
	text := strings.TrimSpace("EMS " + p.Label + " " + p.Text)
	if err := s.note(ctx, tx, c.ID, Event{Text: text, Public: true}); err != nil {
		return err
	}
	switch p.State {
	case "signed":
		err = s.Settle(ctx, tx, p.Order, Result{Public: "证书已签收"})
	case "returned":
		err = s.parcelReturned(ctx, tx, c, p.Order)
	}
	if err == nil || errors.Is(err, ErrNotOpen) || errors.Is(err, ErrNoOrder) {
		return s.publish(ctx, tx, c.ID)
	}
	return err
}

// parcelReturned has the certificates handed over at a counter: the post brought them back.
func (s *Service) parcelReturned(ctx context.Context, tx pgx.Tx, c *Case, order uuid.UUID) error {
	tag, err := tx.Exec(ctx, `UPDATE work_orders SET kind = 'person', department = 'window', role = $3, form = 'pickup', trouble = '邮件被退回'
		WHERE id = $1 AND case_id = $2 AND state = 'open' AND kind = 'system'`, order, c.ID, staff.Clerk)
	if err != nil {
		return fmt.Errorf("casework: returned parcel: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotOpen
	}
	return s.announce(ctx, tx, c, "parcel-returned", nil, "")
}

// orderParcel asks the hall to order EMS, which stands on the Internet; the sign-off ends the order.
func (s *Service) orderParcel(ctx context.Context, c *Case, o Order) (Result, error) {
	d := c.App.Delivery
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		return s.door.Send(ctx, tx, ferry.Message{ID: o.ID, Type: message.ParcelOrdered, Case: c.ID.String(), Body: message.ParcelOrder{Order: o.ID,
			App: c.ID, Case: c.No, Name: d.Name, Phone: d.Phone, Address: d.Address}})
	})
	if pg.IsUnique(err, "ferry_out_id_key") {
		err = nil // sent before a crash
	}
	return Result{Pending: true}, err
}

// deskPickup ends the handing over of certificates: to whom, with what proof of identity.
func (s *Service) deskPickup(_ context.Context, _ pgx.Tx, c *Case, _ Order, _ staff.Person, d Decision) (Result, error) {
	receiver := strings.TrimSpace(d.Values["receiver"])
	switch {
	case receiver == "":
		return Result{}, FieldErrors{"receiver": "请填写领证人姓名"}
	case !mayReceive(c, receiver) && strings.TrimSpace(d.Opinion) == "":
		return Result{}, FieldErrors{"receiver": "不是买方或其代理人；委托别人代领的，请在意见里写明委托书和身份证核对情况"}
	}
	return Result{Opinion: strings.TrimSuffix("领证人 "+receiver+"。"+d.Opinion, "。"), Public: "纸质证书已领取"}, nil
}

// mayReceive tells whether somebody of that name is a buyer, or acts for one.
func mayReceive(c *Case, name string) bool {
	return slices.ContainsFunc(c.App.PartiesOf(message.Buyer), func(p message.Party) bool {
		return p.Name == name || p.Agent != nil && p.Agent.Name == name || p.Guardian != nil && p.Guardian.Name == name
	})
}
