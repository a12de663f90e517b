package application

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

// consent is one department whose data may be fetched if the person agrees.
type consent struct{ Code, Dept, Data string }

// sourceCodes are the names of departments in message.Consent; the catalog calls them by their words.
var sourceCodes = map[string]string{"公安": "police", "民政": "civil-affairs", "不动产登记簿": "registry", "住建网签备案系统": "housing", "市场监管": "market", "税务": "tax"}

// consentsOf lists the departments that hold what an item usually needs at the start, each with what is fetched from it.
func consentsOf(item *catalog.Item, day land.Date) []consent {
	var out []consent
	for _, m := range item.RequiredMaterials(item.StartFacts(day)) {
		if !m.Fetched || m.Step != catalog.StepSubmit || m.Provider == "bank" {
			continue
		}
		code := sourceCodes[m.From]
		if code == "" {
			code = m.From
		}
		if at := slices.IndexFunc(out, func(c consent) bool { return c.Code == code }); at >= 0 {
			out[at].Data += "、" + m.Name
			continue
		}
		out = append(out, consent{code, m.From, m.Name})
	}
	return out
}

// startView is the first page of an application.
type startView struct {
	Item     *catalog.Item
	Consents []consent
	Own      []catalog.Required // what the parties bring
	Form     *web.Form
	room     *Room
	Drafts   []Entry // of the same item: perhaps the person wanted to go on
}

func (v startView) words(c consent) string {
	return v.room.say("consent.fetch", map[string]any{"dept": c.Dept, "data": c.Data})
}

func (v startView) choices() []ui.Choice {
	var out []ui.Choice
	for _, c := range v.Consents {
		out = append(out, ui.Choice{Value: c.Code, Text: v.words(c)})
	}
	return out
}

func (rm *Room) startView(r *http.Request, form *web.Form) (startView, error) {
	item, ok := rm.Catalog().Item(r.PathValue("item"))
	if !ok || !item.Online {
		return startView{}, web.NotFound()
	}
	v := startView{Item: item, Consents: consentsOf(item, rm.today()), Form: form, room: rm}
	for _, m := range item.RequiredMaterials(item.StartFacts(rm.today())) {
		if m.ByParty() {
			v.Own = append(v.Own, m)
		}
	}
	mine, err := rm.Mine(r.Context(), rm.Pool, web.Who(r.Context()).ID)
	if err != nil {
		return v, err
	}
	for _, e := range mine {
		if e.Kind == "draft" && e.Item == item.Code {
			v.Drafts = append(v.Drafts, e)
		}
	}
	return v, nil
}

func (rm *Room) startPage(w http.ResponseWriter, r *http.Request) error {
	v, err := rm.startView(r, web.NewForm(r))
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, startPage(v))
}

// start makes the draft. All sources have to be agreed to: without them there is nothing to check the answers against, and the way
// for who does not agree is the counter.
func (rm *Room) start(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	v, err := rm.startView(r, form)
	if err != nil {
		return err
	}
	var missing []string
	for _, c := range v.Consents {
		if !form.Chosen("consent", c.Code) {
			missing = append(missing, c.Dept)
		}
	}
	if len(missing) > 0 {
		form.Fail("consent", "还没有同意向"+strings.Join(missing, "、")+"查询。不同意查询的，请带材料到大厅窗口办理")
		return web.Again(w, r, form, startPage(v))
	}
	a := rm.newDraft(r.Context(), v.Item)
	for _, c := range v.Consents {
		a.Form.Consents = append(a.Form.Consents, message.Consent{Source: c.Code, At: a.CreatedAt})
	}
	err = pg.InTx(r.Context(), rm.Pool, func(tx pgx.Tx) error {
		if a.No, err = rm.nextNumber(r.Context(), tx, a.CreatedAt); err != nil {
			return err
		}
		if err := rm.insert(r.Context(), tx, a); err != nil {
			return err
		}
		return rm.record(r.Context(), tx, audit.KindChange, "开始申请", a.ID, audit.OK, map[string]any{"item": a.Item, "no": a.No})
	})
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/app/"+a.ID.String()+"/"+v.Item.Pages[0])
}

func (rm *Room) newDraft(ctx context.Context, item *catalog.Item) *App {
	id := uuid.Must(uuid.NewV7())
	now := rm.Clock.Now()
	return &App{ID: id, Item: item.Code, ItemVersion: item.Version, Owner: web.Who(ctx).ID, State: Drafting, CreatedAt: now, UpdatedAt: now,
		Draft: Draft{Form: message.Application{ID: id, Item: item.Code, ItemVersion: item.Version, Channel: message.Online}}}
}

// abandonPage asks whether the draft is to be thrown away.
func (rm *Room) abandonPage(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.own(r)
	if err != nil {
		return err
	}
	v, err := rm.view(r, a)
	if err != nil {
		return err
	}
	if !a.Open() {
		return web.Redirect(w, r, v.path("sent"))
	}
	return web.Render(w, r, http.StatusOK, abandonPage(v))
}

// abandon erases the draft.
func (rm *Room) abandon(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.own(r)
	if err != nil {
		return err
	}
	if !a.Open() {
		return errClosed(a)
	}
	err = rm.erase(r.Context(), a.ID, func(tx pgx.Tx) error {
		return rm.record(r.Context(), tx, audit.KindChange, "放弃草稿", a.ID, audit.OK, nil)
	})
	if err != nil {
		return notFound(err)
	}
	web.Flash(r.Context(), "green", "草稿已经删除。")
	return web.Redirect(w, r, "/me")
}
