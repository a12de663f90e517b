package cases

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/application"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
)

// Routes of the room. Every page of a case is for its parties alone.
func (r *Room) Routes(rt *web.Router) {
	rt.Get("/me", web.SignedIn, r.me)
	rt.Get("/case/{no}", web.SignedIn, r.progress)
	rt.Get("/case/{no}/events", web.SignedIn, r.events, web.Live())
	rt.Get("/case/{no}/fix", web.SignedIn, r.fixPage)
	rt.Post("/case/{no}/fix", web.SignedIn, r.fix)
	rt.Post("/case/{no}/fix/{code}", web.SignedIn, r.upload, web.MaxBody(application.MaxUpload), web.Repeatable())
	rt.Get("/case/{no}/tax", web.SignedIn, r.taxPage)
	rt.Post("/case/{no}/tax", web.SignedIn, r.tax)
	rt.Get("/case/{no}/trust", web.SignedIn, r.trustPage)
	rt.Get("/case/{no}/docs", web.SignedIn, r.docsPage)
	rt.Get("/case/{no}/docs/{code}", web.SignedIn, r.doc)
	rt.Get("/case/{no}/withdraw", web.SignedIn, r.withdrawPage)
	rt.Post("/case/{no}/withdraw", web.SignedIn, r.withdraw)
}

// open loads the case of a request for the person behind it.
func (r *Room) open(req *http.Request) (*View, error) {
	v, err := r.view(req.Context(), web.Who(req.Context()).ID, req.PathValue("no"))
	if errors.Is(err, errNone) {
		return nil, web.NotFound()
	}
	return v, err
}

// meView is the person's own page.
type meView struct {
	Todos  []Todo
	Lines  []Line
	Visits []Booked
}

func (r *Room) me(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	account := web.Who(ctx).ID
	todos, err := r.Drafts(ctx, account)
	if err != nil {
		return err
	}
	apps, err := r.Own(ctx, account)
	if err != nil {
		return err
	}
	lines, err := r.lines(ctx, apps)
	if err != nil {
		return err
	}
	visits, err := r.visits(ctx, account)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, mePage(meView{Todos: append(r.todos(ctx, account, lines, visits), todos...), Lines: lines, Visits: visits}))
}

// visits are those that the person has booked.
func (r *Room) visits(ctx context.Context, account uuid.UUID) ([]Booked, error) {
	if r.Bookings == nil {
		return nil, nil
	}
	return r.Bookings(ctx, account)
}

// todos says what the person has to do in running cases.
func (r *Room) todos(ctx context.Context, account uuid.UUID, lines []Line, visits []Booked) []Todo {
	var out []Todo
	for _, l := range lines {
		for _, n := range l.Now {
			if n.Action == "" {
				continue
			}
			if _, ok := booked(visits, l.App); ok && n.Action == "book" {
				continue // it stands among the visits
			}
			t := Todo{Title: actionTitle(n.Action), Note: string(l.No) + until(n.Until), Href: actionHref(l.App, n.Action), Urgent: true}
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// Count is how many things wait for a person, for the home page.
func (r *Room) Count(ctx context.Context, account uuid.UUID) (int, error) {
	apps, err := r.Own(ctx, account)
	if err != nil {
		return 0, err
	}
	lines, err := r.lines(ctx, apps)
	if err != nil {
		return 0, err
	}
	visits, err := r.visits(ctx, account)
	if err != nil {
		return 0, err
	}
	return len(r.todos(ctx, account, lines, visits)), nil
}

func (r *Room) progress(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	docs, err := r.documents(req.Context(), v.App, v.Ref)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, progressPage(v, docs))
}

// events sends the changing part of the progress page whenever a newer snapshot is there. It ends with the case.
func (r *Room) events(w http.ResponseWriter, req *http.Request) error {
	if _, err := r.open(req); err != nil {
		return err // before the stream begins: what is not one's own is not found
	}
	return web.Stream(w, req, func(ctx context.Context, last string, send func(id string, part templ.Component) error) error {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			v, err := r.open(req)
			if err != nil {
				return err
			}
			if id := strconv.FormatInt(v.Progress.Seq, 10); id != last {
				last = id
				if err := send(id, progressLive(v)); err != nil {
					return err
				}
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	})
}

// fixView is the correction: what is asked, and what has been brought so far.
type fixView struct {
	*View
	Ask   *message.CorrectionAsk
	Files map[string][]application.Stored
	Fault map[string]string // by material: what is wrong with the last file
	Form  *web.Form
}

func slotOf(ask *message.CorrectionAsk, code string) string {
	return "fix/" + ask.Correction.String() + "/" + code
}

func (r *Room) fixView(req *http.Request) (*fixView, error) {
	v, err := r.open(req)
	if err != nil {
		return nil, err
	}
	f := &fixView{View: v, Files: map[string][]application.Stored{}, Fault: map[string]string{}, Form: web.NewForm(req)}
	if f.Ask, err = r.correction(req.Context(), v.App); err != nil || f.Ask == nil {
		return f, err
	}
	for _, q := range f.Ask.Requests {
		if f.Files[q.Code], err = r.Uploads.List(req.Context(), r.Pool, v.App, slotOf(f.Ask, q.Code)); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (r *Room) fixPage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.fixView(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, fixPage(v))
}

// upload takes one file for one asked material, or removes one.
func (r *Room) upload(w http.ResponseWriter, req *http.Request) error {
	form, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	v, err := r.fixView(req)
	if err != nil {
		return err
	}
	code := req.PathValue("code")
	if v.Ask == nil || !slices.ContainsFunc(v.Ask.Requests, func(q message.CorrectionRequest) bool { return q.Code == code }) {
		return web.Conflict("这份材料已经不用补了。")
	}
	back := "/case/" + v.App.String() + "/fix#m-" + code
	if del := form.Value("del"); del != "" {
		id, err := uuid.Parse(del)
		if err != nil {
			return web.NotFound()
		}
		if err := r.Uploads.Remove(req.Context(), v.App, slotOf(v.Ask, code), id); err != nil {
			return err
		}
		return web.Redirect(w, req, back)
	}
	_, err = r.Uploads.Take(req.Context(), v.App, web.Who(req.Context()).ID, slotOf(v.Ask, code), form.Files("f"), 20)
	var fault application.FileFault
	if errors.As(err, &fault) {
		v.Fault[code] = r.Catalog().Message(fault.ID, fault.Slots)
		return web.Render(w, req, http.StatusUnprocessableEntity, fixPage(v))
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, req, back)
}

// fix sends what was asked back to the office, all of it or nothing.
func (r *Room) fix(w http.ResponseWriter, req *http.Request) error {
	form, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	v, err := r.fixView(req)
	if err != nil {
		return err
	}
	if v.Ask == nil {
		return web.Conflict("这次补正已经交过，或者不再需要。")
	}
	v.Form = form
	reply := message.CorrectionReply{App: v.App, Correction: v.Ask.Correction, Note: form.Value("note"), At: r.Clock.Now()}
	var blobs []string
	for _, q := range v.Ask.Requests {
		if len(v.Files[q.Code]) == 0 {
			form.Fail("m-"+q.Code, "还差："+q.Name)
			continue
		}
		m := message.Material{Code: q.Code, Source: "upload", At: r.Clock.Now()}
		for _, f := range v.Files[q.Code] {
			m.Files = append(m.Files, f.File)
			blobs = append(blobs, f.Digest)
		}
		reply.Materials = append(reply.Materials, m)
	}
	if !form.OK() {
		return web.Render(w, req, http.StatusUnprocessableEntity, fixPage(v))
	}
	err = pg.InTx(req.Context(), r.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(req.Context(), `UPDATE case_corrections SET state = 'answered', answered_at = $2 WHERE id = $1 AND state = 'open'`, v.Ask.Correction, r.Clock.Now())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return web.Conflict("这次补正已经交过，或者不再需要。")
		}
		return r.Door.Send(req.Context(), tx, ferry.Message{Type: message.CorrectionSubmitted, Case: v.App.String(), Body: reply, Blobs: blobs})
	})
	if err != nil {
		return err
	}
	web.Flash(req.Context(), "green", "已重新提交。收到后时限继续计算，有结果会通知您。")
	return web.Redirect(w, req, "/case/"+v.App.String())
}

// taxView is the assessment as one party sees it.
type taxView struct {
	*View
	Tax     *message.Assessment
	Decided []string
	State   string
	Form    *web.Form
}

func (r *Room) taxView(req *http.Request, f *web.Form) (*taxView, error) {
	v, err := r.open(req)
	if err != nil {
		return nil, err
	}
	t := &taxView{View: v, Form: f}
	t.Tax, t.Decided, t.State, err = r.assessment(req.Context(), v.App)
	return t, err
}

func (r *Room) taxPage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.taxView(req, web.NewForm(req))
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, taxPage(v))
}

// tax confirms the assessment for the party, or disputes it with a reason.
func (r *Room) tax(w http.ResponseWriter, req *http.Request) error {
	form, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	v, err := r.taxView(req, form)
	if err != nil {
		return err
	}
	if v.Tax == nil || form.Value("number") != v.Tax.Number {
		return web.Conflict("税务部门已经重新核定，请看新的税额。")
	}
	d := message.TaxDecision{App: v.App, Assessment: v.Tax.Number, Round: v.Tax.Round, By: v.Ref, At: r.Clock.Now()}
	typ, words := message.TaxConfirmed, "已确认税额"
	if form.Do() == "dispute" {
		typ, words = message.TaxDisputed, "异议已提交，税务部门会重新核定"
		d.Reason = form.Value("reason")
		if d.Reason == "" {
			form.Fail("reason", "请写明对哪一项有异议、为什么")
		} else if len([]rune(d.Reason)) > 500 {
			form.Fail("reason", "最多写 500 个字")
		}
		if !v.Tax.CanDispute {
			form.Fail("reason", "已经复核过两次，还有异议请到窗口办理")
		}
	}
	if !form.OK() {
		return web.Render(w, req, http.StatusUnprocessableEntity, taxPage(v))
	}
	if err := pg.InTx(req.Context(), r.Pool, func(tx pgx.Tx) error { return r.decideTax(req.Context(), tx, typ, d) }); err != nil {
		return err
	}
	web.Flash(req.Context(), "green", words)
	return web.Redirect(w, req, "/case/"+v.App.String())
}

func (r *Room) decideTax(ctx context.Context, tx pgx.Tx, typ message.Type, d message.TaxDecision) error {
	state := "open"
	if typ == message.TaxDisputed {
		state = "disputed"
	}
	tag, err := tx.Exec(ctx, `UPDATE case_assessments SET decided = array_append(array_remove(decided, $3), $3), state = $4
		WHERE app = $1 AND number = $2 AND state = 'open'`, d.App, d.Assessment, d.By, state)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return web.Conflict("这次核定已有异议，正在重新核定。")
	}
	return r.Door.Send(ctx, tx, ferry.Message{Type: typ, Case: d.App.String(), Body: d})
}

func (r *Room) trustPage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, trustPage(v))
}

func (r *Room) docsPage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	docs, err := r.documents(req.Context(), v.App, v.Ref)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, docsPage(v, docs))
}

// doc serves the PDF of a paper that the person may see.
func (r *Room) doc(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	docs, err := r.documents(req.Context(), v.App, v.Ref)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(docs, func(d Document) bool { return d.Code == req.PathValue("code") })
	if i < 0 {
		return web.NotFound()
	}
	pdf, err := r.Blobs.Get(req.Context(), docs[i].Digest)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", `inline; filename="`+docs[i].Code+`.pdf"`)
	_, err = w.Write(pdf)
	return err
}

func (r *Room) withdrawPage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, withdrawPage(v, web.NewForm(req)))
}

// withdraw sends the wish to end the case. Until the entry is made, the office ends it and gives the money back.
func (r *Room) withdraw(w http.ResponseWriter, req *http.Request) error {
	form, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	v, err := r.open(req)
	if err != nil {
		return err
	}
	if !v.Progress.CanWithdraw {
		return web.Conflict("这件已经登簿或者已经结束，不能在网上撤回。需要时请到登记大厅咨询。")
	}
	reason := strings.TrimSpace(form.Value("reason"))
	if reason == "" {
		form.Fail("reason", "请写明撤回的原因")
	} else if len([]rune(reason)) > 200 {
		form.Fail("reason", "最多写 200 个字")
	}
	if !form.OK() {
		return web.Render(w, req, http.StatusUnprocessableEntity, withdrawPage(v, form))
	}
	err = pg.InTx(req.Context(), r.Pool, func(tx pgx.Tx) error {
		if err := r.Apps.Withdraw(req.Context(), tx, v.App); err != nil {
			return err
		}
		return r.Door.Send(req.Context(), tx, ferry.Message{Type: message.ApplicationWithdrawn, Case: v.App.String(),
			Body: message.Withdrawn{App: v.App, Reason: reason, By: v.Ref, At: r.Clock.Now()}})
	})
	if err != nil {
		return err
	}
	web.Flash(req.Context(), "green", "撤回申请已送出。已付的税费会原路退回。")
	return web.Redirect(w, req, "/case/"+v.App.String())
}
