// Package window is where the office's people work: sign-in, the queue, the case page, decisions, the counter, the book,
// handing out, and the leader's page.
//
// In come clicks and keys; out go calls to casework, which decides whether they are allowed. Pages take their rows from
// casework, register and the ledgers; nothing here changes a case by itself. One file holds one screen.
package window

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/flow"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/bookings"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/tickets"
	"yichuang/internal/office/trust"
)

// Parts that the room is made of.
type Parts struct {
	Pool     *pgxpool.Pool
	Clock    clock.Clock
	Log      *slog.Logger
	Audit    *audit.Log
	Catalog  *catalog.Catalog
	Cases    *casework.Service
	Staff    *staff.Room
	Register *register.Register
	Trust    *trust.Ledger
	Billing  *billing.Office
	Papers   *papers.Store
	Blobs    *blob.Store
	Flows    *flow.Library
	Visits   *bookings.Room
	Tickets  *tickets.Room
	Ask      Asker
}

// Room serves the pages.
type Room struct{ Parts }

// New makes the room.
func New(p Parts) *Room { return &Room{p} }

// Routes of the room, each with the right that it needs; whose row it is, the handlers ask of the scope.
func (r *Room) Routes(rt *web.Router) {
	rt.Get("/{$}", web.Public, r.front)
	rt.Get("/login", web.Public, r.signInPage)
	rt.Post("/login", web.Public, r.signIn, web.In(web.ClassSignIn))
	rt.Post("/logout", web.SignedIn, r.signOut)
	rt.Get("/password", web.SignedIn, r.passwordPage)
	rt.Post("/password", web.SignedIn, r.changePassword)

	rt.Get("/w", staff.Work, r.day)
	rt.Get("/w/queue/{view}", staff.Work, r.queue)
	rt.Post("/w/next", staff.Decide, r.next)
	rt.Get("/w/case/{no}", staff.ReadCase, r.casePage)
	rt.Get("/w/case/{no}/flow", staff.ReadCase, r.flowPage)
	rt.Get("/w/case/{no}/related", staff.ReadCase, r.related)
	rt.Get("/w/case/{no}/msgs", staff.ReadCase, r.messages)
	rt.Get("/w/case/{no}/ask", staff.Search, r.askPage)
	rt.Post("/w/case/{no}/ask", staff.Search, r.ask, web.Repeatable())
	rt.Get("/w/case/{no}/incident", staff.Report, r.incidentPage)
	rt.Post("/w/case/{no}/incident", staff.Report, r.incident)
	rt.Get("/w/case/{no}/file/{digest}", staff.ReadCase, r.file)
	rt.Get("/w/case/{no}/paper/{code}", staff.ReadCase, r.paper)

	rt.Get("/w/order/{id}", staff.Decide, r.orderPage)
	rt.Post("/w/order/{id}", staff.Decide, r.decide)
	rt.Post("/w/order/{id}/claim", staff.Decide, r.claim)
	rt.Post("/w/order/{id}/release", staff.Decide, r.release)
	rt.Post("/w/order/{id}/takeover", staff.Decide, r.takeOver)

	rt.Get("/w/accept", staff.Accept, r.acceptList)
	rt.Get("/w/accept/{no}/done", staff.Accept, r.accepted)
	rt.Get("/w/issue", staff.Issue, r.issueList)
	rt.Get("/w/book/{unit}", staff.ReadBook, r.book)
	rt.Get("/w/search", staff.Search, r.searchPage)
	rt.Post("/w/search", staff.Search, r.search, web.Repeatable())

	rt.Get("/w/keys", web.SignedIn, r.keysPage)
	rt.Post("/w/keys", web.SignedIn, r.switchKeys)

	rt.Get("/w/lead", staff.Lead, r.lead)
	rt.Get("/w/lead/order/{id}", staff.Lead, r.reassignPage)
	rt.Post("/w/lead/order/{id}", staff.Lead, r.reassign)
}

// me is the account behind the request, read anew: a right that was taken away is gone at the next click.
func (r *Room) me(ctx context.Context) (staff.Person, error) {
	return r.Staff.ByID(ctx, r.Pool, web.Who(ctx).ID)
}

// Authorize lets a signed-in person use a route when a role grants its right.
func Authorize(room *staff.Room, pool *pgxpool.Pool) web.Authorizer {
	return web.AuthorizerFunc(func(ctx context.Context, who web.Identity, right web.Right) error {
		p, err := room.ByID(ctx, pool, who.ID)
		if errors.Is(err, staff.ErrNobody) {
			return &web.Error{Status: http.StatusUnauthorized, Code: "sign-in", Title: "请先登录", Message: "这个账号已停用。"}
		}
		if err != nil {
			return err
		}
		if p.MustChange {
			return &web.Error{Status: http.StatusForbidden, Code: "password", Title: "请先修改密码", Message: "现在用的是管理员给的初始密码，只能用来登录一次。",
				Next: "改好以后就能办事。"}
		}
		if !staff.RightsOf(p.Roles)[right] {
			return web.Forbidden("您的岗位没有这一页的权限。")
		}
		return nil
	})
}

// MapError names the errors of the office's rooms for people.
func MapError(err error) *web.Error {
	var held casework.ErrHeld
	var refusal *register.Refusal
	switch {
	case errors.As(err, &held):
		return web.Conflict(held.By + "从 " + held.Since.In(clock.Shanghai()).Format("15:04") + " 起在办这件。需要时可以接手，对方会收到提醒。")
	case errors.As(err, &refusal):
		return web.Conflict("登记簿不允许：" + refusal.Obstacles[0].Text)
	case errors.Is(err, casework.ErrNoCase), errors.Is(err, casework.ErrNoOrder), errors.Is(err, register.ErrNoUnit), errors.Is(err, papers.ErrNotFound):
		return web.NotFound()
	case errors.Is(err, casework.ErrNotOpen):
		return web.Conflict("这一步刚刚已经办完，或者办件已经终止。")
	case errors.Is(err, casework.ErrNotYours):
		return web.Conflict("这件还没有领到您名下。请先领取。")
	case errors.Is(err, casework.ErrSamePerson):
		return web.Forbidden("初审和复审不能是同一个人。")
	case errors.Is(err, casework.ErrTooLate):
		return web.Conflict("这件正在登簿、已经登簿或已经终止，报告情况不能再让它停下来。")
	case errors.Is(err, casework.ErrOutcome):
		return web.Invalid("这一步没有这个处理结果。")
	}
	return nil
}

// Frame is what all pages of the office share.
func Frame() ui.Site {
	return ui.Site{Class: "staff", Name: "一窗受理", Sub: "内网工作台", Title: "一窗受理", SignIn: "/login", Mine: "/", Keys: "/w/keys", Menu: menu}
}

// entries of the menu with the right that each needs: nobody is led to a page that is closed to them.
var entries = []struct {
	right web.Right
	link  ui.Link
}{
	{staff.Work, ui.Link{Text: "今天", Href: "/w", Key: "day"}}, {staff.Work, ui.Link{Text: "待办", Href: "/w/queue/pool", Key: "queue"}},
	{staff.Accept, ui.Link{Text: "叫号", Href: "/w/counter", Key: "counter"}}, {staff.Accept, ui.Link{Text: "受理", Href: "/w/accept", Key: "accept"}}, {staff.Issue, ui.Link{Text: "发证", Href: "/w/issue", Key: "issue"}},
	{staff.Search, ui.Link{Text: "查询", Href: "/w/search", Key: "search"}}, {staff.Lead, ui.Link{Text: "督办", Href: "/w/lead", Key: "lead"}}, {staff.Balance, ui.Link{Text: "对账", Href: "/w/reconcile", Key: "reconcile"}},
	{staff.Operate, ui.Link{Text: "运行状态", Href: "/admin", Key: "health"}}, {staff.Operate, ui.Link{Text: "接口", Href: "/admin/endpoints", Key: "admin"}},
	{staff.Operate, ui.Link{Text: "接口目录", Href: "/admin/interface", Key: "interface"}},
	{staff.Operate, ui.Link{Text: "摆渡", Href: "/admin/ferry", Key: "ferry"}}, {staff.Alarms, ui.Link{Text: "告警", Href: "/admin/alarms", Key: "alarms"}},
}

func menu(ctx context.Context) []ui.Link {
	rights := staff.RightsOf(web.Who(ctx).Roles)
	var out []ui.Link
	for _, e := range entries {
		if rights[e.right] {
			out = append(out, e.link)
		}
	}
	return out
}

// Times as staff read them.
func clockTime(t time.Time) string { return t.In(clock.Shanghai()).Format("01-02 15:04") }

// dayAndTime is a time of the register, which may be years ago.
func dayAndTime(t time.Time) string { return t.In(clock.Shanghai()).Format("2006-01-02 15:04") }

func clockOnly(t time.Time) string { return t.In(clock.Shanghai()).Format("15:04") }

// deadline is a time by which; midnight is said as the end of the day before.
func deadline(t time.Time) string {
	at := t.In(clock.Shanghai())
	if at.Hour() == 0 && at.Minute() == 0 {
		return at.AddDate(0, 0, -1).Format("01-02") + " 24:00"
	}
	return at.Format("01-02 15:04")
}

func orClock(t *time.Time) string {
	if t == nil {
		return ""
	}
	return clockTime(*t)
}

// left says how much of a limit is left, or by how much it is passed.
func left(due *time.Time, now time.Time) (words, tone string) {
	if due == nil {
		return "", ""
	}
	d := due.Sub(now)
	switch {
	case d < 0:
		return "超时 " + span(-d), "solid"
	case d < 4*time.Hour:
		return "剩 " + span(d), "amber"
	}
	return "剩 " + span(d), ""
}

func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return itoa(int(d.Hours()/24)) + " 天"
	case d >= time.Hour:
		return itoa(int(d.Hours())) + " 小时"
	}
	return itoa(int(d.Minutes())) + " 分"
}

// mark is the watermark of a page: who looks, from where, when.
func (r *Room) mark(ctx context.Context, me staff.Person) string {
	return ui.MarkText(me.Name, me.Login, clockTime(r.Clock.Now()), web.Trace(ctx))
}

// looked records that a person's data were looked at, before they are shown (S-11, S-13).
func (r *Room) looked(ctx context.Context, me staff.Person, what, object, caseNo string) error {
	return r.Audit.Record(ctx, r.Pool, audit.Entry{Actor: me.ID.String(), ActorName: me.Name, Kind: audit.KindQuery, Action: what, Object: object,
		Case: caseNo, Source: web.Source(ctx), Outcome: audit.OK})
}
