package web_test

import (
	"context"
	"io"
	"net/http"

	"github.com/a-h/templ"

	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
)

// A question page: GET draws it, POST checks it and either draws it again with the errors (422) or saves and goes on
// (303). In a real folder the page is a .templ file:
//
//	templ pricePage(form *web.Form) {
//		@ui.Page(ui.Props{Title: "成交价", Section: "二手房买卖", On: "do", Form: form, Narrow: true,
//			Crumbs: []ui.Link{{Text: "返回清单", Href: "/app/1"}, {Text: "成交价"}}}) {
//			<h1>房子卖多少钱</h1>
//			@ui.Form(ui.FormProps{Autosave: true}) {
//				@ui.Money(ui.Field{Form: form, Name: "price", Label: "成交价", Hint: "可以写 128万"})
//				@ui.Submit("保存并继续")
//			}
//		}
//	}
func Example() {
	var saved string
	show := func(w http.ResponseWriter, r *http.Request) error {
		form := web.NewForm(r)       // empty, or what was typed before the session ended
		form.Default("price", saved) // what is known already
		return web.Render(w, r, http.StatusOK, pricePage(form))
	}
	save := func(w http.ResponseWriter, r *http.Request) error {
		form, err := web.ParseForm(r)
		if err != nil {
			return err
		}
		if form.Draft() { // the page saved itself: keep it, complain about nothing
			saved = form.Value("price")
			return web.Saved(w)
		}
		form.Require("price", "成交价")
		if !form.OK() {
			return web.Again(w, r, form, pricePage(form))
		}
		saved = form.Value("price")
		web.Flash(r.Context(), "green", "成交价已保存。")
		return web.Redirect(w, r, "/app/1")
	}
	rt := web.NewRouter(web.Options{Zone: "hall", Failure: ui.Failure, Decorate: ui.Use(ui.Site{Class: "hall", Name: "泰州市不动产"})})
	rt.Get("/app/{id}/price", web.SignedIn, show)
	rt.Post("/app/{id}/price", web.SignedIn, save)
}

func pricePage(form *web.Form) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return ui.Money(ui.Field{Form: form, Name: "price", Label: "成交价"}).Render(ctx, w)
	})
}
