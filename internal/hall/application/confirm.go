package application

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// confirmView is what another party sees: the deal, its own part, and what it takes on.
type confirmView struct {
	*view
	Signers []Signer // the refs that the person acts for
	Parties []Party
	State   string // pending | confirmed | refused, of the person
	From    string // masked name of the applicant
}

// mine are the parties of the deal that the person is or acts for.
func (c confirmView) mine() []message.Party {
	var out []message.Party
	for _, s := range c.Signers {
		if p, ok := c.Form.Party(s.Ref); ok {
			out = append(out, *p)
		}
	}
	return out
}

func (c confirmView) seller() bool { return disposes(c.Signers) }

// duties are what the person takes on by confirming.
func (c confirmView) duties() []string {
	var out []string
	t := c.Form.Trust
	for _, role := range []string{"seller", "spouse", "buyer"} {
		if !slices.ContainsFunc(c.Signers, func(s Signer) bool { return s.Role == role }) {
			continue
		}
		switch role {
		case "seller":
			out = append(out, "把房屋卖给买方，在 "+c.Form.Contract.HandOver.Chinese()+"前交房", "配合办理过户；登记完成前不再卖给别人，也不抵押")
			if t.Bank != "" {
				out = append(out, "房款由"+t.BankName+"托管，"+releaseWords(t)+"付到"+land.MaskName(t.SellerName)+"的账户")
			}
		case "spouse":
			out = append(out, "同意配偶卖出这套房，不再主张没有同意")
		case "buyer":
			out = append(out, "按合同付清房款 "+c.Form.Contract.Price.String()+" 元")
			if t.Bank != "" {
				out = append(out, "把首付款 "+t.DownPayment.String()+" 元存入"+t.BankName+"的托管账户")
			}
			if len(c.Form.Loan.Parts) > 0 {
				out = append(out, "向贷款机构借款 "+c.Form.Loan.Total().String()+" 元，并把房屋抵押给贷款机构")
			}
			out = append(out, "缴纳契税和登记费")
		}
	}
	return out
}

func releaseWords(t message.Trust) string {
	if t.Release == "handed-over" {
		return "过户登记完成并交房后"
	}
	return "过户登记完成后"
}

// confirmView reads the application of the address for a party. Others, and drafts, are not there.
func (rm *Room) confirmView(r *http.Request) (*confirmView, error) {
	ctx := r.Context()
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	who := web.Who(ctx)
	refs, err := rm.refsOf(ctx, rm.Pool, id, who.ID)
	if err != nil {
		return nil, notFound(err)
	}
	a, err := rm.load(ctx, rm.Pool, id)
	if err != nil {
		return nil, notFound(err)
	}
	if len(refs) == 0 || a.State == Expired || a.State == Withdrawn && a.SubmittedAt == nil {
		return nil, web.NotFound()
	}
	v, err := rm.view(r, a)
	if err != nil {
		return nil, err
	}
	return rm.confirming(ctx, v, refs)
}

func (rm *Room) confirming(ctx context.Context, v *view, refs []string) (*confirmView, error) {
	c := &confirmView{view: v, From: land.MaskName(v.Me.Name)}
	var err error
	if c.Parties, err = rm.Parties(ctx, rm.Pool, v.App); err != nil {
		return nil, err
	}
	for _, s := range everybody(&v.Form) {
		if slices.Contains(refs, s.Ref) {
			c.Signers = append(c.Signers, s)
		}
	}
	for _, p := range c.Parties {
		if slices.Contains(refs, p.Ref) && (c.State == "" || p.State == "pending") {
			c.State = p.State
		}
	}
	return c, nil
}

func (rm *Room) routesOfConfirming(rt *web.Router) {
	rt.Get("/app/{id}/check", web.SignedIn, rm.checkPage)
	rt.Post("/app/{id}/check", web.SignedIn, rm.send)
	rt.Get("/app/{id}/sent", web.SignedIn, rm.sentPage)
	rt.Post("/app/{id}/sent/remind", web.SignedIn, rm.remind)
	rt.Get("/app/{id}/reopen", web.SignedIn, rm.reopenPage)
	rt.Post("/app/{id}/reopen", web.SignedIn, rm.reopenForm)
	rt.Get("/confirm/{id}", web.SignedIn, rm.confirmPage)
	rt.Post("/confirm/{id}", web.SignedIn, rm.confirm)
	rt.Get("/confirm/{id}/refuse", web.SignedIn, rm.refusePage)
	rt.Post("/confirm/{id}/refuse", web.SignedIn, rm.refuse)
	rt.Get("/confirm/{id}/contract", web.SignedIn, rm.paper(contractPaper))
	rt.Get("/confirm/{id}/trust", web.SignedIn, rm.paper(trustPaper))
}

func (rm *Room) confirmPage(w http.ResponseWriter, r *http.Request) error {
	c, err := rm.confirmView(r)
	if err != nil {
		return err
	}
	c.Input = web.NewForm(r)
	if c.over() != "" {
		return web.Render(w, r, http.StatusOK, confirmedPage(c))
	}
	return web.Render(w, r, http.StatusOK, confirmPage(c))
}

// over says why there is nothing to confirm: "" where there is.
func (c *confirmView) over() string {
	switch {
	case c.App.State == Drafting:
		return "editing"
	case c.App.State == Submitted:
		return "submitted"
	case c.App.State == Withdrawn:
		return "withdrawn"
	case c.App.State == Refused:
		return "refused"
	case c.lapsed(c.Now):
		return "lapsed"
	case c.State == "confirmed":
		return "confirmed"
	}
	return ""
}

// confirm takes a party's confirmation: statement, face check where the home is disposed of, seal. The last one submits.
func (rm *Room) confirm(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	c, err := rm.confirmView(r)
	if err != nil {
		return err
	}
	c.Input = form
	if c.over() != "" {
		return web.Render(w, r, http.StatusConflict, confirmedPage(c))
	}
	c.checkStatements()
	if !form.OK() {
		return web.Again(w, r, form, confirmPage(c))
	}
	face, err := rm.faceOf(r, web.Who(r.Context()).ID)
	if err != nil {
		return err
	}
	if c.seller() && !face {
		return web.Redirect(w, r, rm.Face.Path(FacePurpose, "/confirm/"+c.ID.String()))
	}
	if err := rm.confirmed(r, c, form.Value("digest"), face); err != nil {
		return err
	}
	return web.Redirect(w, r, "/confirm/"+c.ID.String()+"#done")
}

// checkStatements wants each statement of the page.
func (c *confirmView) checkStatements() {
	if !c.Input.Chosen("read", "yes") {
		c.Input.Fail("read", "请先看合同和协议，再确认")
	}
	if !c.Input.Chosen("consent", "yes") {
		c.Input.Fail("consent", "不同意查询的，不能网上办理。可以选“不同意”，请对方到大厅窗口办理")
	}
	if !c.Input.Chosen("truth", "yes") {
		c.Input.Fail("truth", "请先声明填写的内容真实")
	}
}

// confirmed writes the confirmation, of exactly what the page showed.
func (rm *Room) confirmed(r *http.Request, c *confirmView, shown string, face bool) error {
	who := web.Who(r.Context())
	done := false
	err := rm.change(r.Context(), c.ID, func(ctx context.Context, tx pgx.Tx, a *App) error {
		v := c.on(a)
		v.Now = rm.Clock.Now()
		if a.State != Confirming || a.lapsed(v.Now) {
			return web.Conflict("申请人已经收回这份申请，或者确认的时间过了。")
		}
		sources := sourcesOf(a.Form.Consents)
		now, err := confirmedDigest(&a.Form)
		if err != nil {
			return err
		}
		if now != shown {
			return web.Conflict("您打开后，申请的内容有修改，没有确认。")
		}
		for _, s := range c.Signers {
			a.Form.Consents = slices.DeleteFunc(a.Form.Consents, func(x message.Consent) bool { return x.Party == s.Ref })
			for _, source := range sources {
				a.Form.Consents = append(a.Form.Consents, message.Consent{Party: s.Ref, Source: source, At: v.Now})
			}
		}
		if err := rm.confirmFor(ctx, tx, a, who.ID, c.Signers, face); err != nil {
			return err
		}
		if err := rm.submitIfAll(ctx, tx, v); err != nil {
			return err
		}
		done = a.State == Submitted
		return nil
	})
	if err != nil {
		return notFound(err)
	}
	return rm.flashConfirmed(r, c, done)
}

func (rm *Room) flashConfirmed(r *http.Request, c *confirmView, done bool) error {
	if done {
		web.Flash(r.Context(), "green", c.say("ok.submitted", map[string]any{"no": c.No})+"。")
		return nil
	}
	parties, err := rm.Parties(r.Context(), rm.Pool, c.App)
	if err != nil {
		return err
	}
	left := len(sentView{Parties: parties}.waiting())
	web.Flash(r.Context(), "green", c.say("ok.confirmed", map[string]any{"n": left})+"。")
	return nil
}

// sourcesOf lists the departments that consents name, each once.
func sourcesOf(list []message.Consent) []string {
	var out []string
	for _, c := range list {
		if !slices.Contains(out, c.Source) {
			out = append(out, c.Source)
		}
	}
	return out
}

func (rm *Room) refusePage(w http.ResponseWriter, r *http.Request) error {
	c, err := rm.confirmView(r)
	if err != nil {
		return err
	}
	c.Input = web.NewForm(r)
	if s := c.over(); s != "" && s != "confirmed" { // who confirmed may still change their mind
		return web.Render(w, r, http.StatusOK, confirmedPage(c))
	}
	return web.Render(w, r, http.StatusOK, refusePage(c))
}

// refuse gives the application back to the applicant with the party's reason. Who has confirmed may still change their mind until the
// last one confirms.
func (rm *Room) refuse(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	c, err := rm.confirmView(r)
	if err != nil {
		return err
	}
	c.Input = form
	reason := form.Value("reason")
	switch n := utf8.RuneCountInString(reason); {
	case reason == "":
		c.fail("reason", "err.required", map[string]any{"label": "不同意的原因"})
	case n > 200:
		c.fail("reason", "err.long", map[string]any{"n": 200})
	case !printable(reason):
		form.Fail("reason", "这里有看不见的字符，请删掉后重新填写")
	}
	if !form.OK() {
		return web.Again(w, r, form, refusePage(c))
	}
	err = rm.change(r.Context(), c.ID, func(ctx context.Context, tx pgx.Tx, a *App) error {
		return rm.refused(ctx, tx, c.on(a), c.Signers, reason)
	})
	if errors.Is(err, errLate) {
		return web.Conflict("这份申请已经提交，或者被申请人收回了。")
	}
	if err != nil {
		return notFound(err)
	}
	web.Flash(r.Context(), "green", c.say("ok.refused", nil)+"。")
	return web.Redirect(w, r, "/confirm/"+c.ID.String()+"#done")
}

func (rm *Room) refused(ctx context.Context, tx pgx.Tx, v *view, by []Signer, reason string) error {
	a := v.App
	if a.State != Confirming {
		return errLate
	}
	who := web.Who(ctx)
	now := rm.Clock.Now()
	slots := v.slots()
	if err := rm.takeBack(ctx, tx, a, Refused); err != nil {
		return err
	}
	a.Stop = &Stop{Who: who.Name, Reason: reason, At: now}
	for _, s := range by {
		_, err := tx.Exec(ctx, `UPDATE application_parties SET state = 'refused', at = $3, account = $4 WHERE app = $1 AND ref = $2`, a.ID, s.Ref, now, who.ID)
		if err != nil {
			return fmt.Errorf("application: refuse: %w", err)
		}
	}
	if err := rm.record(ctx, tx, audit.KindDecision, "不同意申请", a.ID, audit.OK, map[string]any{"party": by[0].Ref}); err != nil {
		return err
	}
	return rm.tell(ctx, tx, v, "confirm-refused", []Signer{v.owner()}, slots)
}

// owner is the applicant as somebody to be told.
func (v *view) owner() Signer {
	return Signer{Ref: v.Form.Applicant, Name: v.Me.Name, Document: v.Me.Document, Phone: v.Me.Phone}
}

// paper shows a contract to be read and printed.
func (rm *Room) paper(draw paperPage) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		c, err := rm.confirmView(r)
		if err != nil {
			return err
		}
		return web.Render(w, r, http.StatusOK, draw(c))
	}
}
