package exchangeadmin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
	"yichuang/internal/office/casework"
)

// outboxView is what the page of the outbox shows.
type outboxView struct {
	parked bool
	list   []casework.Outgoing
	waits  []casework.Backlog
	next   string
	later  bool
	now    time.Time
}

const outboxPage = 50

func (room *Room) showOutbox(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	v := outboxView{parked: q.Get("view") == "parked", now: room.Clock.Now()}
	after, err := strconv.ParseInt(q.Get("after"), 10, 64)
	if err != nil && q.Get("after") != "" {
		return web.NotFound()
	}
	v.later = after > 0
	var more bool
	if v.list, more, err = room.Outbox.List(r.Context(), room.Pool, v.parked, after, outboxPage); err != nil {
		return err
	}
	if more {
		v.next = v.address(v.list[len(v.list)-1].Job)
	}
	if v.waits, err = room.Outbox.Waits(r.Context(), room.Pool); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, outboxPageOf(v))
}

func (v outboxView) address(after int64) string {
	q := url.Values{}
	if v.parked {
		q.Set("view", "parked")
	}
	if after > 0 {
		q.Set("after", strconv.FormatInt(after, 10))
	}
	if len(q) == 0 {
		return "/admin/outbox"
	}
	return "/admin/outbox?" + q.Encode()
}

// deed is what can be done with pieces of the outbox.
type deed struct {
	name    string // in the address
	verb    string // on buttons
	warning string // what it means
	done    string // what is said afterwards, with the number
}

func deeds() []deed {
	return []deed{
		{"resend", "重发", "立即再发一次。对方按报文号识别，已经收到的不会重复办理。", "已安排重发 %d 件。"},
		{"park", "停放", "停下来不再自动重试，直到有人点“重发”。办件停在这一步。", "已停放 %d 件。"},
		{"discard", "不再发送", "从待发中去掉，不能恢复。等对方办理的事项改由人工办理，通知类的不再告知对方。", "已去掉 %d 件。"},
	}
}

// deedView is what the confirmation shows.
type deedView struct {
	deed
	list []casework.Outgoing
	form *web.Form
	now  time.Time
}

// most is how many pieces are done at once.
const most = 200

// deed reads what is to be done with which pieces; those that do not wait any more are left out.
func (room *Room) deed(r *http.Request, do string, f *web.Form) (deedView, error) {
	v := deedView{form: f, now: room.Clock.Now()}
	for _, d := range deeds() {
		if d.name == do {
			v.deed = d
		}
	}
	if v.name == "" {
		return v, web.NotFound()
	}
	var jobs []int64
	for _, text := range f.Values("job") {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || len(jobs) == most {
			return v, web.NotFound()
		}
		jobs = append(jobs, id)
	}
	var err error
	v.list, err = room.Outbox.Pick(r.Context(), room.Pool, jobs)
	return v, err
}

func (room *Room) confirmDeed(w http.ResponseWriter, r *http.Request) error {
	v, err := room.deed(r, r.URL.Query().Get("do"), web.FormOf(r.URL.Query()))
	if err != nil {
		return err
	}
	if len(v.list) == 0 {
		web.Flash(r.Context(), "amber", "没有选中待发的报文，或它们已经发出。")
		return web.Redirect(w, r, "/admin/outbox")
	}
	return web.Render(w, r, http.StatusOK, deedPage(v))
}

func (room *Room) doDeed(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	v, err := room.deed(r, r.PathValue("do"), f)
	if err != nil {
		return err
	}
	if !f.Require("reason", "原因") {
		return web.Again(w, r, f, deedPage(v))
	}
	done := 0
	for _, g := range v.list {
		err := room.perform(r.Context(), v.deed, g, f.Value("reason"))
		if errors.Is(err, casework.ErrNotWaiting) {
			continue // sent meanwhile
		}
		if err != nil {
			return err
		}
		done++
	}
	words := fmt.Sprintf(v.done, done)
	if left := len(f.Values("job")) - done; left > 0 {
		words += fmt.Sprintf("另有 %d 件正在发送或已经发出，没有改动。", left)
	}
	web.Flash(r.Context(), "green", words)
	return web.Redirect(w, r, "/admin/outbox")
}

// perform does it with one piece, and records who did it and why, in one transaction.
func (room *Room) perform(ctx context.Context, d deed, g casework.Outgoing, why string) error {
	by := actor(ctx)
	return pg.InTx(ctx, room.Pool, func(tx pgx.Tx) error {
		var err error
		switch d.name {
		case "resend":
			err = room.Outbox.Resend(ctx, tx, g.Job)
		case "park":
			err = room.Outbox.Park(ctx, tx, g.Job, casework.Parked{By: by.Name, Why: why})
		case "discard":
			err = room.Outbox.Discard(ctx, tx, g.Job, why)
		}
		if err != nil {
			return err
		}
		return room.Audit.Record(ctx, tx, audit.Entry{Actor: by.ID, ActorName: by.Name, Kind: audit.KindConfig, Action: d.verb + "待发报文", Object: g.Name, Case: string(g.CaseNo), Source: by.Source,
			Outcome: audit.OK, Detail: map[string]any{"原因": why}})
	})
}
