package conform

import (
	"context"
	"fmt"

	"yichuang/internal/exchange/spec"
)

// pageRules hold for operations that answer page by page: those that may be asked to go on after something, and say where to.
func pageRules() []Rule {
	return []Rule{
		{ID: "page-follow", Title: "逐页查询不重复、有尽头", Section: "三", For: readOnly, When: Done, Check: pageFollow,
			Why: "平台以应答的 next 作下一次的 after，直到没有 next。重复的页会算两遍，没有尽头的页会一直查下去。"},
		{ID: "page-cursor", Title: "不合格式的 after 被拒绝", Section: "一、三", For: readOnly, When: Done, Check: pageCursor,
			Why: "认不出的位置当成首页，平台会把首页的内容再记一遍。"},
	}
}

// maxPages is more than a day has.
const maxPages = 200

// paged tells whether the operation has pages, by what its schemas allow.
func (t *Trial) paged() bool {
	return t.Document.Check(t.Info.Operation, spec.Request, setting(t.Body, "after", "1")) == nil &&
		t.Document.Check(t.Info.Operation, spec.Response, setting(t.First.Body, "next", "1")) == nil
}

func setting(body []byte, name, value string) []byte {
	all := fields(body)
	all[name] = value
	return encode(all)
}

func pageFollow(ctx context.Context, t *Trial) Finding {
	const want = "各页没有相同的条目，最后一页没有 next"
	if !t.paged() {
		return Finding{} // the operation has no pages
	}
	seen := map[string]bool{}
	body := t.First.Body
	for page := 1; ; page++ {
		if twice(body, seen) {
			return fail(want, fmt.Sprintf("第 %d 页有前面的条目", page))
		}
		next := text(body, "next")
		switch {
		case next == "":
			return pass(want, fmt.Sprintf("%d 页", page))
		case page == maxPages:
			return fail(want, fmt.Sprintf("%d 页之后还有 next", page))
		}
		_, a, err := t.send(ctx, setting(t.Body, "after", next), letter{})
		switch {
		case err != nil:
			return fail(want, noAnswer(err))
		case !a.OK():
			return fail(want, fmt.Sprintf("第 %d 页 %s", page+1, a))
		}
		if err := t.Document.Check(t.Info.Operation, spec.Response, a.Body); err != nil {
			return fail(want, fmt.Sprintf("第 %d 页：%s", page+1, reason(err)))
		}
		body = a.Body
	}
}

// twice tells whether an item of the lists of a body was seen, and notes them.
func twice(body []byte, seen map[string]bool) bool {
	for name, value := range fields(body) {
		list, _ := value.([]any)
		for _, item := range list {
			key := string(encode(map[string]any{name: item}))
			if seen[key] {
				return true
			}
			seen[key] = true
		}
	}
	return false
}

func pageCursor(ctx context.Context, t *Trial) Finding {
	if !t.paged() {
		return Finding{} // the operation has no pages
	}
	return t.refusedBody(ctx, setting(t.Body, "after", "?"), spec.CodeSchema)
}
