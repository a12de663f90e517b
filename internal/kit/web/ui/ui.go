// Package ui draws the pages of both zones: the frame, the fields, and the components of which screens are made.
//
// In: plain values (labels in Chinese, a *web.Form, addresses). Out: HTML that needs no script, reads well to
// a screen reader, and is drawn by browsers down to IE9. Class names are those of web/style/yc.css. Components
// hold no business word: what they say is given to them.
package ui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"yichuang/internal/kit/web"
)

// Link is an address with its words. Key marks the entry of a menu that the page belongs to.
type Link struct {
	Text, Href, Key string
}

// Site is what all pages of a zone share.
type Site struct {
	Class string // "hall", "staff", "board" or "kiosk"
	Name  string // "泰州市不动产"
	Sub   string // "网上办事大厅"; for staff their office
	Title string // last part of every page title
	Nav   []Link // ≤ 6
	// Menu gives the entries of who asks, where not everybody has the same; Nav is not used then.
	Menu   func(ctx context.Context) []Link
	Foot   []Link
	Host   string // who runs it, at the foot
	SignIn string // address of the sign-in page; none shown where empty
	Mine   string // address behind the person's name
	// Unread counts the person's unread messages; nil where there are none to count.
	Unread func(ctx context.Context) int
	Inbox  string
	Keys   string // address of the sheet of keys; empty: none
}

type siteKey struct{}

// Use puts the site into the context of every request; it is the Decorate of web.Options.
func Use(site Site) func(context.Context) context.Context {
	return func(ctx context.Context) context.Context { return context.WithValue(ctx, siteKey{}, site) }
}

func siteOf(ctx context.Context) Site {
	s, _ := ctx.Value(siteKey{}).(Site)
	return s
}

// Props says what one page is.
type Props struct {
	Title   string    // of this page: "查找房屋"
	Section string    // what it belongs to: "二手房买卖"
	On      string    // key of the menu entry it belongs to
	Crumbs  []Link    // the way here; the last one without Href is this page
	Form    *web.Form // its errors are said in the title and on top
	Bare    bool      // main spans the whole width: the page brings its own .wrap
	Dock    bool      // a bar stands at the foot of the window
	Refresh int       // seconds after which browsers without script read the page again; live pages only
	Mark    string    // watermark; see Watermark
	Narrow  bool      // one column for reading and for question pages
}

func title(ctx context.Context, p Props) string {
	parts := []string{p.Title}
	if p.Section != "" {
		parts = append(parts, p.Section)
	}
	if s := siteOf(ctx); s.Title != "" {
		parts = append(parts, s.Title)
	}
	t := strings.Join(parts, " - ")
	if !p.Form.OK() {
		t = "错误：" + t
	}
	return t
}

func bodyClass(ctx context.Context, p Props) string {
	c := []string{siteOf(ctx).Class}
	if p.Dock {
		c = append(c, "has-dock")
	}
	if p.Mark != "" {
		c = append(c, "has-wm")
	}
	return strings.TrimSpace(strings.Join(c, " "))
}

func wrapClass(ctx context.Context) string {
	if siteOf(ctx).Class == "staff" {
		return "wrap wide"
	}
	return "wrap"
}

func menu(ctx context.Context, s Site) []Link {
	if s.Menu != nil {
		return s.Menu(ctx)
	}
	return s.Nav
}

func unread(ctx context.Context) int {
	s := siteOf(ctx)
	if s.Unread == nil || !web.Who(ctx).SignedIn() {
		return 0
	}
	return s.Unread(ctx)
}

// Str is text as a component, for cells and values.
func Str(s string) templ.Component { return text(s) }

// Num is text in which digits align and lines do not break: numbers, money, dates.
func Num(s string) templ.Component { return num(s) }

// A is a link as a component.
func A(href, s string) templ.Component { return link(href, s) }

func itoa(n int) string { return strconv.Itoa(n) }

func toneClass(base, tone string) string {
	if tone == "" {
		return base
	}
	return base + " " + base + "--" + tone
}

// seconds is how long the session lasts without a click, for the script that warns before.
func seconds(ctx context.Context) string {
	return strconv.Itoa(int(web.IdleLimit(ctx).Seconds()))
}

func say(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// head is what the header needs to know.
type head struct {
	site Site
	on   string
}

// homeWords names the way on from an error page.
func homeWords(to string) string {
	if to == "/" {
		return "回到首页"
	}
	return "返回刚才那一页"
}
