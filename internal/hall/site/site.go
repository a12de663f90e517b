// Package site is the hall as a stranger sees it: home, guides, ways of showing, words on help and privacy; and the frame that
// all pages of the hall share.
//
// In: the catalog in force, and what other rooms count (things to do, people waiting). Out: pages without personal data. No
// item is known by name here: what the city offers stands in the catalog.
package site

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"yichuang/internal/catalog"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
)

// Hall is how busy an office of the public is now.
type Hall struct {
	Name, Href string
	Waiting    int // people
	Minutes    int // estimated wait of who comes now
	Left       int // slots left today
	Open       bool
	Note       string // when it opens, or that the numbers are old
}

// Options are what the pages need.
type Options struct {
	Catalog func() *catalog.Catalog // the version in force
	Clock   clock.Clock

	// Todo counts what waits for a person: confirm, correct, pay, fetch. Nil where no room counts yet.
	Todo func(ctx context.Context, account uuid.UUID) (int, error)
	// Halls tells the load of the halls, busiest last. Nil shows none.
	Halls func(ctx context.Context) ([]Hall, error)
}

// Site are the public pages.
type Site struct{ opt Options }

// New makes the pages.
func New(o Options) *Site { return &Site{o} }

// Routes adds the pages.
func (s *Site) Routes(rt *web.Router) {
	rt.Get("/{$}", web.Public, s.home)
	rt.Get("/items", web.Public, s.items)
	rt.Get("/items/{code}", web.Public, s.guide)
	rt.Get("/items/{code}/materials", web.Public, s.materials)
	rt.Get("/a11y", web.Public, s.modes)
	rt.Get("/help", web.Public, s.static(helpPage()))
	rt.Get("/privacy", web.Public, s.static(privacyPage()))
}

// Frame is what all pages of the hall share. Unread counts a person's unread messages; it may be nil.
func Frame(unread func(ctx context.Context) int) ui.Site {
	return ui.Site{
		Class: "hall", Name: "泰州市不动产", Sub: "网上办事大厅", Title: "泰州市不动产网上办事大厅",
		Nav: []ui.Link{{Text: "首页", Href: "/", Key: "home"}, {Text: "我要办", Href: "/items", Key: "do"},
			{Text: "我要查", Href: "/verify", Key: "find"}, {Text: "我的", Href: "/me", Key: "mine"}},
		Foot: []ui.Link{{Text: "办事大厅地址与时间", Href: "/halls"}, {Text: "帮助与投诉", Href: "/help"},
			{Text: "隐私说明", Href: "/privacy"}, {Text: "政务服务热线 12345", Href: "tel:12345"}},
		Host:   "主办：泰州市自然资源和规划局 · 住房和城乡建设局 · 税务局",
		SignIn: "/login", Mine: "/me", Inbox: "/inbox", Unread: unread,
	}
}

// maxHome is how many guides and halls the home page shows.
const maxHome = 4

// homeView is what the home page shows.
type homeView struct {
	Items []card
	All   int
	Todo  int
	Halls []Hall
	At    string // time of the halls' numbers
	Elder bool
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all := s.cards(ctx)
	v := homeView{Items: all[:min(len(all), maxHome)], All: len(all), At: s.opt.Clock.Now().Format("15:04"), Elder: elder(ctx)}
	if who := web.Who(ctx); who.SignedIn() && s.opt.Todo != nil {
		n, err := s.opt.Todo(ctx, who.ID)
		if err != nil {
			return err
		}
		v.Todo = n
	}
	if s.opt.Halls != nil {
		halls, err := s.opt.Halls(ctx)
		if err != nil {
			return err
		}
		v.Halls = halls[:min(len(halls), maxHome)]
	}
	return web.Render(w, r, http.StatusOK, homePage(v))
}
