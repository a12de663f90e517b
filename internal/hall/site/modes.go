package site

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"yichuang/internal/kit/web"
)

// mode is a way of showing pages.
type mode struct {
	Value, Name, Words, Said string
}

func modes() []mode {
	return []mode{
		{"", "标准版", "一般大小的字，内容最全", "已换成标准版"},
		{"elder", "长辈版", "字和按钮都更大，一行一件事", "已换成长辈版，字更大、按钮更大"},
		{"elder elder2", "特大字", "字大到近一倍，老花眼也看得清", "已换成特大字"},
		{"contrast", "高对比度", "黑底白字、黄色链接", "已换成高对比度"},
		{"elder contrast", "长辈版加高对比度", "大字，黑底白字", "已换成长辈版加高对比度"},
	}
}

// modes shows the choice, or makes it when it comes with one and leads back to where the person was.
func (s *Site) modes(w http.ResponseWriter, r *http.Request) error {
	if !r.URL.Query().Has("mode") {
		return web.Render(w, r, http.StatusOK, modesPage(web.Mode(r.Context())))
	}
	want := r.URL.Query().Get("mode")
	for _, m := range modes() {
		if m.Value == want {
			web.SetMode(w, r, m.Value)
			web.Flash(r.Context(), "green", m.Said+"。")
			return web.Redirect(w, r, cameFrom(r))
		}
	}
	return web.NotFound()
}

// cameFrom is the page of ours with the link that was followed, else the home page.
func cameFrom(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host {
		return "/"
	}
	return web.LocalPath(u.RequestURI())
}

func elder(ctx context.Context) bool { return strings.Contains(web.Mode(ctx), "elder") }

func (s *Site) static(page templ.Component) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return web.Render(w, r, http.StatusOK, page) }
}

func queryOf(v url.Values) string {
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}
