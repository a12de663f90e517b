package window

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/flow"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/trust"
)

// file is everything that the case page shows.
type file struct {
	Me     staff.Person
	Case   *casework.Case
	Order  *casework.Order // the one that this person decides now; nil when only looking
	Tab    string
	Now    time.Time
	Mark   string
	Pick   string // digest of the material shown at the right
	PickNo int
	Look   look
	All    bool // every check, also those that passed
	Others int  // further cases of the home

	MayReport bool
	MaySearch bool

	Checks      []casework.Check
	Orders      []casework.Order
	Events      []casework.Event
	Corrections []casework.Correction
	Taxes       []casework.AssessedTax
	Bills       []*billing.Bill
	Trust       *trust.Statement
	Papers      []papers.Issued
	Book        *register.Page
	Materials   []material
}

// material is a material as a reviewer sees it.
type material struct {
	Code, Name, Source, From, Summary, Who string
	At                                     time.Time
	Files                                  []message.File
}

// tabs of the left side, in their order and by their digit.
var tabs = []struct{ key, words string }{
	{"checks", "核验"}, {"form", "表单"}, {"book", "登记簿"}, {"money", "税与款"}, {"history", "历史"}, {"papers", "文书"},
}

// open loads a case within the person's scope and records the look.
func (r *Room) open(req *http.Request) (*file, error) {
	ctx := req.Context()
	me, err := r.me(ctx)
	if err != nil {
		return nil, err
	}
	no, err := land.ParseCaseNumber(req.PathValue("no"))
	if err != nil {
		return nil, web.NotFound()
	}
	c, err := r.Cases.ByNo(ctx, r.Pool, no, staff.ScopeOf(me))
	if err != nil {
		return nil, err
	}
	return r.load(ctx, me, c, req.URL.Query())
}

// load reads what the chosen tab needs: eight short queries at most, each by an index of the case.
func (r *Room) load(ctx context.Context, me staff.Person, c *casework.Case, q url.Values) (*file, error) {
	if err := r.mayRead(ctx, me, c); err != nil {
		return nil, err
	}
	if err := r.looked(ctx, me, "查看办件", string(c.Unit), string(c.No)); err != nil {
		return nil, err
	}
	v := &file{Me: me, Case: c, Tab: "checks", Now: r.Clock.Now(), Mark: r.mark(ctx, me), Look: lookOf(q), All: q.Has("all"),
		MayReport: staff.RightsOf(me.Roles)[staff.Report], MaySearch: staff.RightsOf(me.Roles)[staff.Search]}
	for _, t := range tabs {
		if t.key == q.Get("tab") {
			v.Tab = t.key
		}
	}
	var err error
	if v.Checks, err = r.Cases.Checks(ctx, r.Pool, c.ID); err != nil {
		return nil, err
	}
	if v.Orders, err = r.Cases.Orders(ctx, r.Pool, c.ID); err != nil {
		return nil, err
	}
	others, err := r.Cases.OfUnit(ctx, r.Pool, c.Unit, c.ID)
	if err != nil {
		return nil, err
	}
	v.Others = len(others)
	v.Materials = r.materials(c, me)
	v.Pick, v.PickNo = pickOf(v.Materials, q.Get("m")), pageOf(q.Get("p"))
	return v, r.loadTab(ctx, v)
}

func lookOf(q url.Values) look {
	turn, err := strconv.Atoi(q.Get("turn"))
	if err != nil || turn < 0 || turn > 3 {
		turn = 0
	}
	return look{turn, q.Get("big") == "1"}
}

func (r *Room) loadTab(ctx context.Context, v *file) (err error) {
	id := v.Case.ID
	switch v.Tab {
	case "book":
		v.Book, err = r.Register.Unit(ctx, r.Pool, v.Case.Unit)
	case "money":
		if v.Taxes, err = r.Cases.Assessments(ctx, r.Pool, id); err != nil {
			return err
		}
		if v.Bills, err = r.Billing.Bills(ctx, r.Pool, id); err != nil {
			return err
		}
		v.Trust, err = r.Trust.Statement(ctx, r.Pool, id)
	case "history":
		if v.Events, err = r.Cases.Events(ctx, r.Pool, id); err != nil {
			return err
		}
		v.Corrections, err = r.Cases.Corrections(ctx, r.Pool, id)
	case "papers":
		v.Papers, err = r.Papers.ByCase(ctx, r.Pool, id)
	}
	return err
}

// mayRead lets the window and the registry of the district see a case, and other departments those in which they have, or
// had, something to do; a bank sees only its own.
func (r *Room) mayRead(ctx context.Context, me staff.Person, c *casework.Case) error {
	if me.Department == "window" || me.Department == "registry" || me.Department == "platform" {
		return nil
	}
	orders, err := r.Cases.Orders(ctx, r.Pool, c.ID)
	if err != nil {
		return err
	}
	for _, o := range orders {
		ours := me.Org == "" || o.Org == me.Org || o.Org == "" && o.Kind != casework.Wait // a wait is nobody's work: it opens the case to no other bank
		if o.Department == me.Department && ours {
			return nil
		}
	}
	return web.NotFound()
}

// materials are those of a case that the person's department gets to see.
func (r *Room) materials(c *casework.Case, me staff.Person) []material {
	var out []material
	for _, m := range c.App.Materials {
		if !r.Catalog.MaySee(me.Department, m.Code) {
			continue
		}
		x := material{Code: m.Code, Name: m.Code, Source: m.Source, From: m.From, Summary: m.Summary, At: m.At, Files: m.Files}
		if rule, ok := r.Catalog.Material(m.Code); ok {
			x.Name = rule.Name
		}
		if p, ok := c.App.Party(m.Party); ok {
			x.Who = land.MaskName(p.Name)
		}
		out = append(out, x)
	}
	return out
}

// pickOf is the digest to show: the one asked for if it is among those that may be seen, else the first file.
func pickOf(list []material, digest string) string {
	first := ""
	for _, m := range list {
		for _, f := range m.Files {
			if f.Digest == digest {
				return digest
			}
			if first == "" {
				first = f.Digest
			}
		}
	}
	return first
}

func pageOf(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 500 {
		return 1
	}
	return n
}

func (r *Room) casePage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, casePage(v))
}

// flowPage draws the flow with the tokens of the case.
func (r *Room) flowPage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	item, ok := r.Catalog.Item(v.Case.Item)
	if !ok {
		return web.NotFound()
	}
	d, err := r.Flows.Current(item.Flow)
	if err != nil {
		return err
	}
	marks := flow.Marks{Tokens: map[string]int{}, Done: map[string]bool{}}
	for _, o := range v.Orders {
		switch o.State {
		case "open":
			marks.Tokens[o.Node]++
		case "done":
			marks.Done[o.Node] = true
		}
	}
	var svg bytes.Buffer
	if err := flow.Draw(&svg, d, marks); err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, flowPage(v, svg.String()))
}

// related lists the other cases of the unit.
func (r *Room) related(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	others, err := r.Cases.OfUnit(req.Context(), r.Pool, v.Case.Unit, v.Case.ID)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, relatedPage(v, others))
}

// messages shows how far the calls to other systems are.
func (r *Room) messages(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, messagesPage(v))
}

// viewSide is the longer side of a page as it is shown, in pixels: A4 at some 130 dpi.
const viewSide = 1500

// file serves a material as page images with the watermark in their pixels; the raw scan never leaves (ux 2.8).
func (r *Room) file(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	digest := req.PathValue("digest")
	if pickOf(v.Materials, digest) != digest || digest == "" {
		return web.NotFound()
	}
	data, err := r.Blobs.Get(req.Context(), digest)
	if err != nil {
		return err
	}
	if data, err = blob.View(req.Context(), data, pageOf(req.URL.Query().Get("p")), viewSide, v.Mark); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Disposition", "inline")
	_, err = w.Write(data)
	return err
}

// paper serves the PDF of a document of the case.
func (r *Room) paper(w http.ResponseWriter, req *http.Request) error {
	v, err := r.open(req)
	if err != nil {
		return err
	}
	all, err := r.Papers.ByCase(req.Context(), r.Pool, v.Case.ID)
	if err != nil {
		return err
	}
	for _, p := range all {
		if string(p.Code) != req.PathValue("code") {
			continue
		}
		pdf, err := r.Papers.PDF(req.Context(), p)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Disposition", `inline; filename="`+string(p.Code)+`.pdf"`)
		_, err = w.Write(pdf)
		return err
	}
	return web.NotFound()
}

// openOrder loads an order, its case, and the page around it.
func (r *Room) openOrder(req *http.Request) (*file, error) {
	ctx := req.Context()
	me, err := r.me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := uuid.Parse(req.PathValue("id"))
	if err != nil {
		return nil, web.NotFound()
	}
	o, err := r.Cases.Order(ctx, r.Pool, id)
	if err != nil {
		return nil, err
	}
	if !covers(me, o) {
		return nil, web.NotFound()
	}
	c, err := r.Cases.ByID(ctx, r.Pool, o.Case)
	if err != nil {
		return nil, err
	}
	q := req.URL.Query()
	if o.Form == "pickup" && !q.Has("tab") {
		q.Set("tab", "papers") // what is to be handed over
	}
	v, err := r.load(ctx, me, c, q)
	if err != nil {
		return nil, err
	}
	v.Order = &o
	return v, nil
}
