package window

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"yichuang/internal/kit/web"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/tickets"
)

// The counter (一表式受理): everything that was applied for on one page in six blocks, the scans beside it, and a tick for each
// original that lies on the desk. Only the ticks take the keyboard; the rest is read.

// original is a paper that the clerk compares with its scan, or a person whom the clerk compares with the identity card.
type original struct {
	Key, Text, Digest string
}

// originals of an application, in the order in which they are ticked.
func originals(v *file) []original {
	var out []original
	for _, p := range v.Case.App.Parties {
		who := p.Name
		switch {
		case p.Agent != nil:
			who = p.Agent.Name + "（代理" + p.Name + "）"
		case p.Guardian != nil:
			who = p.Guardian.Name + "（" + p.Name + "的监护人）"
		}
		out = append(out, original{Key: "id-" + p.Ref, Text: roleWord(p.Role) + " " + who + "：身份证原件，人证一致"})
	}
	for _, m := range v.Materials {
		if m.Source != "upload" || len(m.Files) == 0 {
			continue
		}
		text := m.Name
		if m.Who != "" {
			text += "（" + m.Who + "）"
		}
		out = append(out, original{Key: m.Files[0].Digest[:16], Text: text + "：原件与扫描件一致", Digest: m.Files[0].Digest})
	}
	return out
}

// allAlike is the tick that stands for every other one.
const allAlike = "yes"

// compared tells whether every original was ticked, and which was the first that was not.
func compared(f *web.Form, list []original) (missing string, ok bool) {
	ticked := f.Values("compared")
	if slices.Contains(ticked, allAlike) {
		return "", true
	}
	for _, o := range list {
		if !slices.Contains(ticked, o.Key) {
			return o.Text, false
		}
	}
	return "", len(list) > 0
}

// loadMoney reads what the block of money shows.
func (r *Room) loadMoney(ctx context.Context, v *file) (err error) {
	if v.Taxes, err = r.Cases.Assessments(ctx, r.Pool, v.Case.ID); err != nil {
		return err
	}
	if v.Bills, err = r.Billing.Bills(ctx, r.Pool, v.Case.ID); err != nil {
		return err
	}
	v.Trust, err = r.Trust.Statement(ctx, r.Pool, v.Case.ID)
	return err
}

// acceptedView is the page after the acceptance: the number, the notice to print, and the next person.
type acceptedView struct {
	Case    *casework.Case
	Notice  *papers.Issued // nil while it is being made
	Waiting int            // cases that wait at the counter
	Strip   *tickets.StripView
}

func (r *Room) accepted(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	me, err := r.me(ctx)
	if err != nil {
		return err
	}
	no, err := land.ParseCaseNumber(req.PathValue("no"))
	if err != nil {
		return web.NotFound()
	}
	v := acceptedView{}
	if v.Case, err = r.Cases.ByNo(ctx, r.Pool, no, staff.ScopeOf(me)); err != nil {
		return err
	}
	if err := r.mayRead(ctx, me, v.Case); err != nil {
		return err
	}
	if err := r.looked(ctx, me, "查看受理结果", string(v.Case.Unit), string(no)); err != nil {
		return err
	}
	all, err := r.Papers.ByCase(ctx, r.Pool, v.Case.ID)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].Kind == papers.AcceptanceKind {
			v.Notice = &all[i]
		}
	}
	rows, err := r.Cases.AtCounter(ctx, r.Pool, me, "accept", "")
	if err != nil {
		return err
	}
	v.Waiting = len(rows)
	if v.Strip, err = r.Tickets.Strip(ctx, me); err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, acceptedPage(v))
}

// after leads on when an order is decided: to the printed notice at the counter, else to what is to be done next (ux J3).
func (r *Room) after(ctx context.Context, v *file, outcome string) (string, error) {
	if v.Order.Form == "accept" && outcome == "pass" {
		return "/w/accept/" + string(v.Case.No) + "/done", nil
	}
	if v.Order.Form == "accept" || v.Order.Form == "pickup" {
		return "/w/" + counterKey(v.Order.Form), nil
	}
	next, err := r.Cases.Next(ctx, v.Me)
	if errors.Is(err, casework.ErrNoOrder) {
		return "/w/queue/mine", nil
	}
	if err != nil {
		return "", err
	}
	return "/w/order/" + next.ID.String(), nil
}
