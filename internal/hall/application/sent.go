package application

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// sentView is an application that has left its owner's hands.
type sentView struct {
	*view
	Parties []Party
	Mine    bool // the person is its owner
}

// waiting are the parties that have not confirmed.
func (s sentView) waiting() []Party {
	var out []Party
	for _, p := range s.Parties {
		if p.State == "pending" {
			out = append(out, p)
		}
	}
	return out
}

// canRemind reports whether a party may be reminded now: once a day, the day it was asked included.
func (s sentView) canRemind(p Party) bool {
	last := p.AskedAt
	if p.RemindedAt != nil {
		last = *p.RemindedAt
	}
	return p.State == "pending" && land.DateOf(last) < s.today()
}

// waitWord is how far a party is, with its tone.
func (s sentView) waitWord(p Party) (words, tone string) {
	switch p.State {
	case "confirmed":
		return "已确认 " + stamp(*p.At), "green"
	case "refused":
		return "没有同意", "red"
	}
	if p.RemindedAt != nil {
		return "等对方确认，" + stamp(*p.RemindedAt) + " 提醒过", "amber"
	}
	return "等对方确认", "amber"
}

// roleOf says who a party is in the deal.
func roleOf(p Party) string {
	switch p.Role {
	case "seller":
		return "卖方"
	case "spouse":
		return "卖方配偶"
	}
	return "买方"
}

// next says what happens now.
func (s sentView) nextWords() string {
	wait := s.waiting()
	if len(wait) == 0 {
		return s.say("ok.submitted", map[string]any{"no": s.No})
	}
	name := land.MaskName(wait[0].Name)
	if len(wait) > 1 {
		name = fmt.Sprintf("%s等 %d 人", name, len(wait))
	}
	return s.say("ok.sent.next", map[string]any{"name": name, "date": shortDeadline(*s.ConfirmBy) + " ", "n": s.Item.Days})
}

func (rm *Room) sentPage(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.own(r)
	if err != nil {
		return err
	}
	v, err := rm.view(r, a)
	if err != nil {
		return err
	}
	if a.Open() {
		return web.Redirect(w, r, v.path(""))
	}
	s := sentView{view: v, Mine: true}
	if s.Parties, err = rm.Parties(r.Context(), rm.Pool, a); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, sentPage(s))
}

// remind tells a party once more; once a day.
func (rm *Room) remind(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	a, err := rm.own(r)
	if err != nil {
		return err
	}
	v, err := rm.view(r, a)
	if err != nil {
		return err
	}
	name, err := rm.remindOne(r.Context(), v, form.Value("ref"))
	if err != nil {
		return err
	}
	web.Flash(r.Context(), "green", v.say("ok.reminded", map[string]any{"name": name})+"。")
	return web.Redirect(w, r, v.path("sent"))
}

func (rm *Room) remindOne(ctx context.Context, v *view, ref string) (name string, err error) {
	now := rm.Clock.Now()
	midnight := land.DateOf(now).Time()
	err = pg.InTx(ctx, rm.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE application_parties p SET reminded_at = $3 FROM applications a
			WHERE p.app = $1 AND p.ref = $2 AND a.id = p.app AND a.state = 'confirming' AND p.state = 'pending' AND coalesce(p.reminded_at, p.asked_at) < $4`,
			v.ID, ref, now, midnight)
		if err != nil {
			return fmt.Errorf("application: remind: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return web.Conflict("一天只能提醒一次，或者对方已经确认。")
		}
		for _, s := range everybody(&v.Form) {
			if s.Ref == ref {
				name = land.MaskName(s.Name)
				return rm.tell(ctx, tx, v, "confirm-asked", []Signer{s}, v.slots())
			}
		}
		return nil
	})
	return name, err
}

// reopenPage asks whether the application is to be taken back.
func (rm *Room) reopenPage(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.own(r)
	if err != nil {
		return err
	}
	v, err := rm.view(r, a)
	if err != nil {
		return err
	}
	if a.State != Confirming {
		return web.Redirect(w, r, v.path(""))
	}
	s := sentView{view: v, Mine: true}
	if s.Parties, err = rm.Parties(r.Context(), rm.Pool, a); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, reopenPage(s))
}

// reopenForm takes the application back to be changed: what was confirmed is void, and who confirmed is told.
func (rm *Room) reopenForm(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.own(r)
	if err != nil {
		return err
	}
	err = rm.change(r.Context(), a.ID, func(ctx context.Context, tx pgx.Tx, a *App) error {
		if a.State != Confirming {
			return errClosed(a)
		}
		if err := rm.takeBack(ctx, tx, a, Drafting); err != nil {
			return err
		}
		return rm.record(ctx, tx, audit.KindChange, "收回修改", a.ID, audit.OK, nil)
	})
	if err != nil {
		return notFound(err)
	}
	web.Flash(r.Context(), "green", "已收回。修改后再发给各方，他们要重新确认。")
	return web.Redirect(w, r, "/app/"+a.ID.String())
}

// takeBack gives the form back to its owner and voids the confirmations.
func (rm *Room) takeBack(ctx context.Context, tx pgx.Tx, a *App, state State) error {
	a.State, a.SentAt, a.ConfirmBy = state, nil, nil
	_, err := tx.Exec(ctx, `UPDATE application_parties SET state = 'pending', at = NULL, seal = NULL, face = false WHERE app = $1 AND state = 'confirmed'`, a.ID)
	if err != nil {
		return fmt.Errorf("application: void confirmations: %w", err)
	}
	return nil
}

// errLate says that the application is no longer waiting for the party.
var errLate = errors.New("application: too late to confirm")

// lapsed reports whether the time to confirm is over.
func (a *App) lapsed(now time.Time) bool { return a.ConfirmBy != nil && !now.Before(*a.ConfirmBy) }
