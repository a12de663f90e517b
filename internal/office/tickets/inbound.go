package tickets

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
)

// Refusals of queue.ticket.take, beside not-found.
const (
	codeNumber  spec.Code = "number-invalid"
	codeBooking spec.Code = "no-booking"
	codeEarly   spec.Code = "slot-early"
)

// Inbound lets the machines of other makers take tickets. Sentence words what a person can mend.
func (r *Room) Inbound(srv *exchange.Server, sentence func(id string, slots map[string]any) string) {
	exchange.Receive(srv, spec.QueueTicketTake, func(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.QueueTicketTakeRequest) (out spec.QueueTicketTakeResponse, err error) {
		known, err := r.known(ctx, tx, in.Hall)
		if err != nil {
			return out, err
		}
		if !known || from.Counterpart != "queue" || !from.Serves(in.Hall[:6]) {
			return out, &exchange.Refusal{Code: spec.CodeNotFound, Message: "没有这个大厅"}
		}
		return r.takeFor(ctx, tx, in, sentence)
	})
}

// known tells whether there is a hall: somebody works there.
func (r *Room) known(ctx context.Context, db pg.DB, hall string) (known bool, err error) {
	if err = db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM staff WHERE hall = $1 AND disabled_at IS NULL)`, hall).Scan(&known); err != nil {
		err = fmt.Errorf("tickets: hall: %w", err)
	}
	return known, err
}

func (r *Room) takeFor(ctx context.Context, tx pgx.Tx, in spec.QueueTicketTakeRequest, sentence func(string, map[string]any) string) (out spec.QueueTicketTakeResponse, err error) {
	read, err := Parse(in.Card, r.Today())
	var unread ErrRead
	var fault web.Fault
	switch {
	case errors.As(err, &unread):
		return out, &exchange.Refusal{Code: codeNumber, Message: unread.Text}
	case errors.As(err, &fault):
		return out, &exchange.Refusal{Code: codeNumber, Message: sentence(fault.Sentence())}
	case err != nil:
		return out, err
	}
	t, err := r.guarded(read, func() (Taken, error) { return r.take(ctx, tx, in.Hall, read, in.WalkIn) })
	var tooEarly ErrEarly
	switch {
	case errors.Is(err, ErrCode), errors.Is(err, errGuessed):
		return out, &exchange.Refusal{Code: codeBooking, Message: "今天在本大厅没有这个预约码"}
	case errors.As(err, &tooEarly):
		return out, &exchange.Refusal{Code: codeEarly, Message: tooEarly.words()}
	case err != nil:
		return out, err
	}
	out = spec.QueueTicketTakeResponse{Number: t.Shown(), Series: t.Series, Name: t.Name, Counter: t.Counter, Remark: t.Remark}
	out.Ahead, out.Minutes, err = r.place(ctx, tx, t.Ticket)
	return out, err
}
