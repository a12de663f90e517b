package application

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/a-h/templ"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
)

// section is one part of the form: how it is drawn, read, summed up, and what it lacks.
type section struct {
	needs []string                                              // sections that come first
	asks  []string                                              // kinds of questions whose answer the page waits a moment for
	ready func(*view) templ.Component                           // a page instead of the form, such as one that waits; nil component: the form
	fill  func(*view) url.Values                                // the answers as they stand, as the form shows them
	page  func(*view) templ.Component                           // draws the form
	take  func(*view)                                           // reads the form into the application, and fails the fields that are wrong
	post  func(*Room, http.ResponseWriter, *http.Request) error // in place of take, where saving is another thing
	then  func(*Room, *view) *question                          // what is to be asked of the office after it was saved
	line  func(*view) string                                    // the answers in a line, for the task list
	rows  func(*view) []ui.Row                                  // the answers, for the page that checks all
	lacks func(*view) []string                                  // what is missing or wrong though it was saved
}

// sections are the parts of the form by their code in the catalog.
func sections() map[string]section {
	return map[string]section{
		"home": homeSection(), "contract": contractSection(), "parties": partiesSection(), "tax": taxSection(), "trust": trustSection(),
		"loan": loanSection(), "utilities": utilitiesSection(), "materials": materialsSection(), "delivery": deliverySection(),
	}
}

// showSection draws the page of a section.
func (rm *Room) showSection(code string, s section) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		asks := s.asks
		if r.URL.Query().Has("waited") { // the action before has waited already
			asks = nil
		}
		a, err := rm.fresh(r, asks...)
		if err != nil {
			return err
		}
		v, err := rm.at(r, a, code)
		if err != nil {
			return err
		}
		if !a.Open() {
			return web.Redirect(w, r, v.path("sent"))
		}
		if first := v.firstNeed(s); first != "" {
			web.Flash(r.Context(), "blue", "请先填好“"+v.title(first)+"”，再填“"+v.Section.Title+"”。")
			return web.Redirect(w, r, v.path(first))
		}
		v.Input = web.NewForm(r)
		if !v.Input.Kept() {
			v.prefill(s)
		}
		if s.ready != nil {
			if page := s.ready(v); page != nil {
				return web.Render(w, r, http.StatusOK, page)
			}
		}
		return web.Render(w, r, http.StatusOK, s.page(v))
	}
}

// prefill puts into the empty form what was typed last, or else the answers as they stand.
func (v *view) prefill(s section) {
	values := v.Typed[v.Section.Code]
	if values == nil && s.fill != nil {
		values = s.fill(v)
	}
	for name, list := range values {
		v.Input.Default(name, list...)
	}
}

// firstNeed is the first section that has to be filled in before s.
func (v *view) firstNeed(s section) string {
	for _, code := range s.needs {
		if _, has := v.Item.Section(code); has && !v.isSaved(code) {
			return code
		}
	}
	return ""
}

// saveSection reads the form of a section: saved and on to the next task, kept for later, or drawn again with what is wrong.
func (rm *Room) saveSection(code string, s section) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.post != nil {
			return s.post(rm, w, r)
		}
		v, err := rm.posted(r, code)
		if err != nil {
			return err
		}
		if v.Input.Draft() || v.Input.Do() == "later" {
			return rm.keepTyped(w, r, v)
		}
		return rm.takeSection(w, r, v, s)
	}
}

// errStale says that the section was saved from another window after this one was opened.
var errStale = errors.New("application: the section was saved meanwhile")

func (rm *Room) takeSection(w http.ResponseWriter, r *http.Request, v *view, s section) error {
	var q *question
	typed := typedOf(r)
	changed, err := rm.inForm(r, v, func(ctx context.Context, tx pgx.Tx, v *view) error {
		if v.Input.Value("_rev") != v.rev() && v.Input.Do() != "mine" {
			return errStale
		}
		if first := v.firstNeed(s); first != "" {
			return web.Conflict("“" + v.title(first) + "”还没有填好。")
		}
		s.take(v)
		if !v.Input.OK() {
			return nil
		}
		v.accept(v.Section.Code, v.Now)
		if s.then != nil {
			q = s.then(rm, v)
		}
		return nil
	})
	switch {
	case errors.Is(err, errStale):
		return web.Render(w, r, http.StatusConflict, conflictPage(changed, s.conflict(changed, typed)))
	case errors.Is(err, errFaulty):
		if err := rm.keepAfter(r, v, typed); err != nil {
			return err
		}
		v.Doubt = changed.Doubt
		return web.Again(w, r, v.Input, s.page(v)) // of the form as it was before
	case err != nil:
		return err
	}
	if err := rm.put(r.Context(), changed.App, q); err != nil {
		return err
	}
	return web.Redirect(w, r, changed.next())
}

// typedOf is what stands in the form that was sent, without what the kit adds.
func typedOf(r *http.Request) url.Values {
	out := url.Values{}
	for name, list := range r.PostForm {
		switch name {
		case "csrf_token", "_key", "_rev", "do":
		default:
			out[name] = list
		}
	}
	return out
}

// keepTyped keeps what was typed without checking it: the form saves itself, or the person goes on later.
func (rm *Room) keepTyped(w http.ResponseWriter, r *http.Request, v *view) error {
	typed := typedOf(r)
	err := rm.edit(r, func(_ context.Context, _ pgx.Tx, a *App) error {
		if v.Input.Value("_rev") != v.on(a).rev() {
			return web.Conflict("这一页在另一个窗口里保存过了。")
		}
		a.keep(v.Section.Code, typed)
		return nil
	})
	if err != nil {
		return err
	}
	if v.Input.Draft() {
		return web.Saved(w)
	}
	web.Flash(r.Context(), "green", v.say("ok.saved", map[string]any{"time": v.Now.Format("15:04")})+"。")
	return web.Redirect(w, r, v.path(""))
}

// keepAfter keeps what was typed though it has errors, so that it is there on another device too.
func (rm *Room) keepAfter(r *http.Request, v *view, typed url.Values) error {
	return rm.edit(r, func(_ context.Context, _ pgx.Tx, a *App) error {
		a.keep(v.Section.Code, typed)
		return nil
	})
}

// difference is one field that two windows hold differently.
type difference struct{ Label, Mine, Theirs string }

// clash is what two windows made of one section.
type clash struct {
	Words string
	Diffs []difference
	Typed url.Values // to be sent again if the person keeps it
}

// conflict compares what was typed with what was saved from elsewhere.
func (s section) conflict(v *view, typed url.Values) clash {
	saved := v.Saved[v.Section.Code]
	c := clash{Typed: typed, Words: v.say("err.conflict", map[string]any{"who": "另一个窗口", "time": v.Now.Format("15:04")})}
	if !saved.At.IsZero() {
		c.Words = v.say("err.conflict", map[string]any{"who": "另一个窗口", "time": saved.At.Format("15:04")})
	}
	theirs := s.fill(v)
	for _, f := range v.Section.Fields {
		mine, other := typed.Get(f.Name), theirs.Get(f.Name)
		if typed.Has(f.Name) && mine != other {
			c.Diffs = append(c.Diffs, difference{f.Label, v.words(f.Name, mine), v.words(f.Name, other)})
		}
	}
	return c
}

// words is an answer as a person reads it.
func (v *view) words(field, value string) string {
	if said := v.said(v.Section.Code, field, value); said != "" {
		return said
	}
	if value == "" {
		return "没有填"
	}
	return value
}
