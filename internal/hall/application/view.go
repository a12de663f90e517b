package application

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/catalog"
	"yichuang/internal/deal"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/account"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

// view is a form with everything that its pages and checks look at.
type view struct {
	*App
	room    *Room
	Item    *catalog.Item
	Section catalog.Section // of the page; zero on pages that are none
	Files   []Stored
	Me      account.Citizen // the owner
	Input   *web.Form
	Now     time.Time
	Return  bool   // the page was opened from the page that checks all answers
	Own     string // a value from elsewhere that the person wants to state anew: ?own=…
	Query   url.Values
	Doubt   land.Fen // a price that the person has to look at again
}

func (rm *Room) view(r *http.Request, a *App) (*view, error) {
	item, ok := rm.Catalog().Item(a.Item)
	if !ok {
		return nil, fmt.Errorf("application: %s is of an item %q that is not offered", a.ID, a.Item)
	}
	me, err := rm.Directory.Get(r.Context(), rm.Pool, a.Owner)
	if err != nil {
		return nil, fmt.Errorf("application: owner of %s: %w", a.ID, err)
	}
	files, err := rm.Uploads.List(r.Context(), rm.Pool, a.ID, "")
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	return &view{Files: files, Me: me, App: a, room: rm, Item: item, Now: rm.Clock.Now(), Return: q.Get("return") == "check", Own: q.Get("own"), Query: q}, nil
}

// at is the view of a section's page; a section that the item does not have is no page.
func (rm *Room) at(r *http.Request, a *App, code string) (*view, error) {
	v, err := rm.view(r, a)
	if err != nil {
		return nil, err
	}
	section, ok := v.Item.Section(code)
	if !ok {
		return nil, web.NotFound()
	}
	v.Section = section
	return v, nil
}

// posted reads the form that was sent to a section's page, with the view of the page.
func (rm *Room) posted(r *http.Request, code string) (*view, error) {
	form, err := web.ParseForm(r)
	if err != nil {
		return nil, err
	}
	a, err := rm.own(r)
	if err != nil {
		return nil, err
	}
	v, err := rm.at(r, a, code)
	if err != nil {
		return nil, err
	}
	v.Input = form
	return v, nil
}

// on is the same view of another version of the form, as it is inside a transaction.
func (v *view) on(a *App) *view {
	c := *v
	c.App = a
	return &c
}

func (v *view) today() land.Date { return land.DateOf(v.Now) }

func (v *view) facts() catalog.Facts {
	return deal.Facts(v.Item, &v.Form, v.today(), v.Shared.Missing)
}

func (v *view) say(id string, slots map[string]any) string { return v.room.say(id, slots) }

// path is the address of a page of this application.
func (v *view) path(page string) string {
	p := "/app/" + v.ID.String()
	if page != "" {
		p += "/" + page
	}
	return p
}

// back is path for a link that comes back to where the person is: the page that checks all answers, or the usual way.
func (v *view) back(page string) string {
	if v.Return {
		return v.path(page) + "?return=check"
	}
	return v.path(page)
}

// field is a question of the section as the catalog words it.
func (v *view) field(name string) ui.Field {
	return v.fieldAs(name, name)
}

// fieldAs is a question of the section under another name, where it is asked several times.
func (v *view) fieldAs(name, as string) ui.Field {
	f, _ := v.Section.Field(name)
	return ui.Field{Form: v.Input, Name: as, Label: f.Label, Hint: f.Hint, Optional: f.Optional}
}

// label is the question's words.
func (v *view) label(name string) string {
	f, _ := v.Section.Field(name)
	return f.Label
}

// choices are the answers that the catalog offers to a question.
func (v *view) choices(name string) []ui.Choice {
	f, _ := v.Section.Field(name)
	var out []ui.Choice
	for _, o := range f.Options {
		out = append(out, ui.Choice{Value: o.Value, Text: o.Label, Hint: o.Hint})
	}
	if list, ok := v.room.Catalog().Codes(f.Codes); ok {
		for _, c := range list.On(v.today()) {
			out = append(out, ui.Choice{Value: c.Code, Text: c.Label})
		}
	}
	return out
}

// said is the label of an answer.
func (v *view) said(section, name, value string) string {
	s, _ := v.Item.Section(section)
	on := *v
	on.Section = s
	for _, c := range on.choices(name) {
		if c.Value == value {
			return c.Text
		}
	}
	return ""
}

// step says where the page stands: 第 2 项，共 11 项.
func (v *view) step() string {
	n := slices.Index(v.Item.Pages, v.Section.Code) + 1
	return fmt.Sprintf("第 %d 项，共 %d 项", n, len(v.Item.Pages)+lastTasks)
}

// props is the frame of a page of the form.
func (v *view) props(title string) ui.Props {
	here := title
	if v.Section.Code != "" {
		here = v.step()
	}
	return ui.Props{Title: title, Section: v.Item.PlainName, On: "do", Form: v.Input, Narrow: true,
		Crumbs: []ui.Link{{Text: "返回清单", Href: v.path("")}, {Text: here}}}
}

// rev is what the form carries so that a second window is noticed.
func (v *view) rev() string { return fmt.Sprint(v.Saved[v.Section.Code].Rev) }

// action is the address that a section's form goes to: this page, as it was opened.
func (v *view) action() string {
	q := url.Values{}
	if v.Own != "" {
		q.Set("own", v.Own)
	}
	if v.Return {
		q.Set("return", "check")
	}
	return v.path(v.Section.Code) + queryString(q)
}

func queryString(q url.Values) string {
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// parties of a role.
func (v *view) sellers() []message.Party { return v.Form.PartiesOf(message.Seller) }
func (v *view) buyers() []message.Party  { return v.Form.PartiesOf(message.Buyer) }

// next is the page after a section that was saved: the first task that is not done, from here on and then from the start.
func (v *view) next() string {
	if v.Return {
		return v.path("check")
	}
	pages := v.Item.Pages
	at := slices.Index(pages, v.Section.Code)
	for k := range pages {
		code := pages[(at+1+k)%len(pages)]
		if v.state(code).todo() {
			return v.path(code)
		}
	}
	return v.path("check")
}

// inForm runs f on the locked form with a view of it; when the form has errors afterwards, nothing is kept and the page is drawn again.
func (rm *Room) inForm(r *http.Request, v *view, f func(ctx context.Context, tx pgx.Tx, v *view) error) (*view, error) {
	var changed *view
	err := rm.edit(r, func(ctx context.Context, tx pgx.Tx, a *App) error {
		changed = v.on(a)
		if err := f(ctx, tx, changed); err != nil {
			return err
		}
		if !changed.Input.OK() {
			return errFaulty
		}
		return nil
	})
	return changed, err
}
