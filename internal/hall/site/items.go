package site

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"yichuang/internal/catalog"
	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// card is an item in a list: what people compare before anything else.
type card struct {
	*catalog.Item
	Tag, Tone string
	Facts     string
}

func (s *Site) cards(context.Context) []card {
	day := land.DateOf(s.opt.Clock.Now())
	var out []card
	for _, i := range s.opt.Catalog().Items() {
		out = append(out, newCard(i, day))
	}
	return out
}

func newCard(i *catalog.Item, day land.Date) card {
	c := card{Item: i}
	switch {
	case i.Days == 0:
		c.Tag, c.Tone = "当场办结", "blue"
	case i.Lender:
		c.Tag, c.Tone = "由贷款机构申请", "blue"
	case i.Online && i.Visits == 0:
		c.Tag, c.Tone = "可全程网办", "green"
	default:
		c.Tag, c.Tone = fmt.Sprintf("最多跑 %d 次", max(i.Visits, 1)), "amber"
	}
	own := 0
	for _, m := range i.RequiredMaterials(i.StartFacts(day)) {
		if m.ByParty() {
			own++
		}
	}
	c.Facts = promise(i)
	if own > 0 {
		c.Facts += fmt.Sprintf(" · 共享后只需交 %d 份材料", own)
	} else {
		c.Facts += " · 材料由部门共享，一般不用交"
	}
	return c
}

func promise(i *catalog.Item) string {
	if i.Days == 0 {
		return "材料齐全，当场办结"
	}
	return fmt.Sprintf("承诺 %d 个工作日", i.Days)
}

// listView is a list of items, with what was looked for.
type listView struct {
	Query string
	Cards []card
	All   bool // everything is shown
}

func (s *Site) items(w http.ResponseWriter, r *http.Request) error {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	if runes := []rune(q); len(runes) > 40 {
		q = string(runes[:40])
	}
	v := listView{Query: q, Cards: s.cards(r.Context()), All: q == ""}
	if q != "" {
		v.Cards = search(v.Cards, q)
	}
	return web.Render(w, r, http.StatusOK, itemsPage(v))
}

// search keeps the items whose words contain the query, or at least half of its pairs of characters, best first.
func search(all []card, q string) []card {
	pairs := bigrams(q)
	score := func(c card) int {
		words := strings.ToLower(c.PlainName + " " + c.Name + " " + c.Summary)
		if strings.Contains(words, strings.ToLower(q)) {
			return len(pairs) + 1
		}
		n := 0
		for _, p := range pairs {
			if strings.Contains(words, p) {
				n++
			}
		}
		return n
	}
	found := slices.DeleteFunc(slices.Clone(all), func(c card) bool { return 2*score(c) < len(pairs) || score(c) == 0 })
	slices.SortStableFunc(found, func(a, b card) int { return score(b) - score(a) })
	return found
}

func bigrams(s string) []string {
	r := []rune(strings.ToLower(s))
	var out []string
	for i := range len(r) - 1 {
		out = append(out, string(r[i:i+2]))
	}
	return out
}

// guideView is a guide for one person's own deal: what they need follows from their answers.
type guideView struct {
	Item    *catalog.Item
	Card    card
	Answers map[string]string
	Given   int                // questions answered
	Own     []catalog.Required // to be prepared by the parties
	Shared  []catalog.Required // fetched
	Ours    []catalog.Required // written by the system, signed by the parties
	Lender  []catalog.Required // brought by the lender
	Counter []catalog.Required // paper, shown at a counter
	Fees    []catalog.FeeLine
	Total   land.Fen
	Query   string // the answers as a query, for the way on
	Date    string
}

func (s *Site) guideOf(r *http.Request) (guideView, error) {
	item, ok := s.opt.Catalog().Item(r.PathValue("code"))
	if !ok {
		return guideView{}, web.NotFound()
	}
	now := s.opt.Clock.Now()
	day := land.DateOf(now)
	v := guideView{Item: item, Card: newCard(item, day), Answers: map[string]string{}, Date: now.Format("2006 年 1 月 2 日")}
	facts := item.StartFacts(day)
	query := r.URL.Query()
	kept := map[string][]string{}
	for _, q := range item.Questions {
		for _, o := range q.Options {
			if o.Value != query.Get(q.Code) {
				continue
			}
			var err error
			if facts, err = facts.With(o.Set); err != nil {
				return guideView{}, fmt.Errorf("guide %s, question %s: %w", item.Code, q.Code, err)
			}
			v.Answers[q.Code] = o.Value
			kept[q.Code] = []string{o.Value}
			v.Given++
		}
	}
	v.Query = queryOf(kept)
	for _, m := range item.RequiredMaterials(facts) {
		switch {
		case m.Fetched:
			v.Shared = append(v.Shared, m)
		case m.Source == catalog.System:
			v.Ours = append(v.Ours, m)
		case m.Source == catalog.Original:
			v.Counter = append(v.Counter, m)
		case m.Provider == "bank":
			v.Lender = append(v.Lender, m)
		default:
			v.Own = append(v.Own, m)
		}
	}
	v.Fees = s.opt.Catalog().Fees(item, facts)
	for _, f := range v.Fees {
		v.Total += f.Amount
	}
	return v, nil
}

func (s *Site) guide(w http.ResponseWriter, r *http.Request) error { return s.draw(w, r, guidePage) }

func (s *Site) materials(w http.ResponseWriter, r *http.Request) error {
	return s.draw(w, r, materialsPage)
}

func (s *Site) draw(w http.ResponseWriter, r *http.Request, page func(guideView) templ.Component) error {
	v, err := s.guideOf(r)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, page(v))
}
