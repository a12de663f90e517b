package payment

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
)

// notified takes a channel's notifications. What is not the channel's word, or speaks of no order of ours, is refused and
// recorded; what was told before is answered as before.
func (r *Room) notified(c Channel) web.Handler {
	return func(w http.ResponseWriter, req *http.Request) error {
		err := r.take(req, c)
		switch {
		case err == nil:
			c.Acknowledge(w, true)
		case errors.Is(err, ErrForged), errors.Is(err, errUnknown), errors.Is(err, errMismatch):
			if err := r.record(req.Context(), c, err); err != nil {
				return err
			}
			c.Acknowledge(w, false)
		default:
			return err // the channel sends again
		}
		return nil
	}
}

func (r *Room) take(req *http.Request, c Channel) error {
	n, err := c.Notification(req)
	if err != nil || !n.Payment || n.Status.State != Paid {
		return err
	}
	id, err := orderID(n.Number)
	if err != nil {
		return errUnknown
	}
	k, err := orderWhere(req.Context(), r.Pool, `id = $1 AND channel = $2`, id, c.Code())
	if errors.Is(err, errNone) {
		return errUnknown
	}
	if err != nil {
		return err
	}
	if n.Status.Amount != k.Amount {
		return r.doubted(req.Context(), c, k, n.Status)
	}
	return pg.InTx(req.Context(), r.Pool, func(tx pgx.Tx) error { return r.arrive(req.Context(), tx, id, n.Status) })
}

// doubted settles a notification with another amount than asked for: the channel's own book says what was really paid.
func (r *Room) doubted(ctx context.Context, c Channel, k *kept, told Status) error {
	r.Log.WarnContext(ctx, "a notification names another amount than the order", "channel", c.Code(), "order", k.ID, "asked", int64(k.Amount), "told", int64(told.Amount))
	b, err := r.billByID(ctx, r.Pool, k.Bill, "")
	if err != nil {
		return err
	}
	st, err := c.Query(ctx, r.atChannel(k, b))
	if err != nil {
		return err
	}
	if st.State != Paid {
		return errMismatch
	}
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		if st.Amount != told.Amount {
			if err := r.note(ctx, tx, c, "notification names another amount than the channel's book"); err != nil {
				return err
			}
		}
		return r.arrive(ctx, tx, k.ID, st)
	})
}

func (r *Room) record(ctx context.Context, c Channel, why error) error {
	r.Log.WarnContext(ctx, "notification refused", "channel", c.Code(), "error", why)
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error { return r.note(ctx, tx, c, why.Error()) })
}

func (r *Room) note(ctx context.Context, tx pgx.Tx, c Channel, why string) error {
	return r.Audit.Record(ctx, tx, audit.Entry{Actor: c.Code(), Kind: audit.KindInterface, Action: "支付通知被拒", Object: c.Code(), Source: web.Source(ctx),
		Outcome: audit.Refused, Detail: map[string]any{"reason": why}})
}

// back is where a channel's form brings the payer's browser: nothing in it is believed, the page behind asks.
func (r *Room) back(w http.ResponseWriter, req *http.Request) error {
	id, err := uuid.Parse(req.PathValue("bill"))
	if err != nil {
		return web.NotFound()
	}
	http.Redirect(w, req, "/pay/"+id.String()+"/wait", http.StatusSeeOther)
	return nil
}
