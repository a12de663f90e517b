package payment

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
)

// view is a bill as its page shows it.
type view struct {
	*Bill
	Party    string // who looks
	Receipts []Receipt
	Explain  []string // what happens to payments that did not settle the bill
	Channels []ui.Choice
	Now      time.Time
	Open     *kept // the order that waits for the payer; nil where there is none
	Titled   string
	Say      func(id string) string
}

func (v view) mine() bool { return v.Party == v.Payer }

// payer says whose bill it is, without a name.
func (v view) payer() string {
	switch {
	case v.mine():
		return "您"
	case strings.HasPrefix(v.Payer, "s"):
		return "卖方"
	case strings.HasPrefix(v.Payer, "b"):
		return "买方"
	}
	return "另一方"
}

// over says that the bill ran out of time.
func (v view) over() bool { return v.State == expired || v.State == open && !v.Now.Before(v.Until) }

// expired is what happened, without the step that only the office can take: it issues the bill anew.
func (v view) expired() string {
	said, _, _ := strings.Cut(v.Say("err.pay.expired"), "。")
	return said + "。"
}

func (v view) settled() bool { return v.State == paid || v.State == refunded }

// party finds which party of the application looks; a stranger gets the same as for an unknown bill.
func (r *Room) party(ctx context.Context, app uuid.UUID) (string, error) {
	ref, err := r.Parties.PartyOf(ctx, r.Pool, app, web.Who(ctx).ID)
	if err != nil {
		r.Log.DebugContext(ctx, "no party of the application", "app", app, "error", err)
		return "", web.NotFound()
	}
	return ref, nil
}

// look reads the bill of the address for who may see it.
func (r *Room) look(req *http.Request) (v view, err error) {
	id, err := uuid.Parse(req.PathValue("bill"))
	if err != nil {
		return v, web.NotFound()
	}
	ctx := req.Context()
	b, err := r.billByID(ctx, r.Pool, id, "")
	if errors.Is(err, errNone) {
		return v, web.NotFound()
	}
	if err != nil {
		return v, err
	}
	ref, err := r.party(ctx, b.App)
	if err != nil {
		return v, err
	}
	return r.view(ctx, b, ref)
}

func (r *Room) view(ctx context.Context, b *Bill, ref string) (v view, err error) {
	v = view{Bill: b, Party: ref, Now: r.Clock.Now(), Say: func(id string) string { return r.Catalog.Message(id, nil) }}
	if v.Receipts, err = r.receipts(ctx, r.Pool, b.ID); err != nil {
		return v, err
	}
	for _, p := range v.Receipts {
		if s := explain(r.Catalog, b, p); s != "" {
			v.Explain = append(v.Explain, s)
		}
	}
	for _, c := range r.Channels {
		v.Channels = append(v.Channels, ui.Choice{Value: c.Code(), Text: c.Title()})
	}
	v.Open, err = orderWhere(ctx, r.Pool, `bill = $1 AND state = 'open' AND expires_at > $2`, b.ID, v.Now)
	if errors.Is(err, errNone) {
		return v, nil
	}
	if err == nil {
		if c, ok := r.channel(v.Open.Channel); ok {
			v.Titled = c.Title()
		}
	}
	return v, err
}

// showCase lists the bills of a case, one's own first.
func (r *Room) showCase(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	app, no, err := r.Cases.Resolve(ctx, req.PathValue("no"))
	if err != nil {
		return web.NotFound()
	}
	ref, err := r.party(ctx, app)
	if err != nil {
		return err
	}
	bills, err := r.billsOf(ctx, r.Pool, app)
	if err != nil {
		return err
	}
	slices.SortStableFunc(bills, func(a, b *Bill) int {
		switch {
		case (a.Payer == ref) == (b.Payer == ref):
			return 0
		case a.Payer == ref:
			return -1
		}
		return 1
	})
	var list []view
	for _, b := range bills {
		list = append(list, view{Bill: b, Party: ref, Now: r.Clock.Now()})
	}
	return web.Render(w, req, http.StatusOK, casePage(req.PathValue("no"), no, list))
}

func (r *Room) showBill(w http.ResponseWriter, req *http.Request) error {
	v, err := r.look(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, billPage(v, web.NewForm(req)))
}

// start makes the order and sends the payer to the channel.
func (r *Room) start(w http.ResponseWriter, req *http.Request) error {
	v, err := r.look(req)
	if err != nil {
		return err
	}
	form, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	if !v.Payable(v.Now) {
		return web.Redirect(w, req, "/pay/"+v.ID.String())
	}
	c, ok := r.channel(form.Value("channel"))
	if !ok {
		form.Fail("channel", "请选择支付方式")
		return web.Again(w, req, form, billPage(v, form))
	}
	by := payerOf(req)
	k, b, err := r.openOrder(req.Context(), v.ID, c, by, web.Who(req.Context()).ID)
	if errors.Is(err, errOver) {
		return web.Redirect(w, req, "/pay/"+v.ID.String())
	}
	if err != nil {
		return err
	}
	way, err := r.way(req.Context(), c, k, b, by)
	if errors.Is(err, ErrGone) { // paid or ended in between: the page behind finds out
		return web.Redirect(w, req, "/pay/"+v.ID.String()+"/wait")
	}
	if err != nil {
		r.Log.WarnContext(req.Context(), "channel does not take orders", "channel", c.Code(), "error", err)
		form.Fail("channel", r.Catalog.Message("err.pay.channel", nil))
		return web.Again(w, req, form, billPage(v, form))
	}
	switch {
	case way.URL != "":
		return web.Redirect(w, req, way.URL)
	case way.Code != "":
		return web.Redirect(w, req, "/pay/"+v.ID.String()+"/wait")
	}
	return web.Redirect(w, req, "/pay/"+v.ID.String()+"/go/"+k.ID.String())
}

// payerOf looks at the browser: phones get the channel's app or its page for phones.
func payerOf(req *http.Request) Payer {
	agent := req.UserAgent()
	phone := false
	for _, mark := range []string{"Mobile", "Android", "iPhone", "HarmonyOS"} {
		phone = phone || strings.Contains(agent, mark)
	}
	return Payer{Phone: phone, Address: web.Source(req.Context())}
}

// showForm is the page from which the payer's browser posts a channel's form.
func (r *Room) showForm(w http.ResponseWriter, req *http.Request) error {
	v, err := r.look(req)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(req.PathValue("order"))
	if err != nil {
		return web.NotFound()
	}
	k, err := orderWhere(req.Context(), r.Pool, `id = $1 AND bill = $2`, id, v.ID)
	if errors.Is(err, errNone) {
		return web.NotFound()
	}
	if err != nil {
		return err
	}
	c, ok := r.channel(k.Channel)
	if !ok || k.State != open || !v.Payable(v.Now) || !v.Now.Before(k.Expires) {
		http.Redirect(w, req, "/pay/"+v.ID.String()+"/wait", http.StatusSeeOther)
		return nil
	}
	way, err := r.way(req.Context(), c, k, v.Bill, Payer{Phone: k.Phone, Address: web.Source(req.Context())})
	if err != nil {
		return web.Unavailable(r.Catalog.Message("err.pay.channel", nil)+"。", err)
	}
	if way.Action == "" {
		return web.NotFound()
	}
	return web.Render(w, req, http.StatusOK, formPage(v, c.Title(), way))
}

func (r *Room) showWait(w http.ResponseWriter, req *http.Request) error {
	v, err := r.look(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, waitPage(v))
}

// askNow is for who has paid and does not want to wait: the channel is asked at once, at most once in two seconds.
func (r *Room) askNow(w http.ResponseWriter, req *http.Request) error {
	v, err := r.look(req)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(req.Context(), patience)
	defer stop()
	rows, err := r.Pool.Query(ctx, `SELECT `+orderColumns+` FROM payment_orders WHERE bill = $1 AND state = 'open' ORDER BY created_at DESC LIMIT 3`, v.ID)
	if err != nil {
		return err
	}
	orders, err := collect(rows)
	if err != nil {
		return err
	}
	for _, k := range orders {
		if _, err := r.ask(ctx, k.ID, false); err != nil {
			r.Log.WarnContext(ctx, "channel does not answer", "channel", k.Channel, "error", err)
			web.Flash(req.Context(), "amber", "支付渠道暂时没有回应。我们会自动再查，钱不会丢。")
		}
	}
	return web.Redirect(w, req, "/pay/"+v.ID.String()+"/wait")
}

// live sends the waiting part anew when something has changed; it ends with the wait.
func (r *Room) live(w http.ResponseWriter, req *http.Request) error {
	v, err := r.look(req)
	if err != nil {
		return err
	}
	return web.Stream(w, req, func(ctx context.Context, last string, send func(string, templ.Component) error) error {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for seen := last; ; {
			b, err := r.billByID(ctx, r.Pool, v.ID, "")
			if err != nil {
				return err
			}
			if v, err = r.view(ctx, b, v.Party); err != nil {
				return err
			}
			if mark := v.mark(); mark != seen {
				if err := send(mark, waitPart(v)); err != nil {
					return err
				}
				seen = mark
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
			}
		}
	})
}

// mark changes with what the waiting part shows.
func (v view) mark() string {
	m := v.State
	if v.Open != nil {
		m += "-" + v.Open.ID.String()
	}
	for _, p := range v.Receipts {
		m += "-" + p.Fit
		if p.Done {
			m += "!"
		}
	}
	return m
}

func clockTime(t time.Time) string { return t.In(clock.Shanghai()).Format("2006-01-02 15:04") }

// shortCode is the part of a QR code's text that a person can read out.
func shortCode(text string) string {
	if _, after, ok := strings.Cut(text, "pr="); ok {
		return after
	}
	return text
}

// state of a bill in a word, with its tone.
func (v view) tag() (tone, words string) {
	switch {
	case v.State == paid:
		return "green", "已缴"
	case v.State == refunded:
		return "", "已退款"
	case v.State == cancelled:
		return "", "已撤销"
	case v.over():
		return "red", "已过期"
	}
	return "amber", "待缴"
}
