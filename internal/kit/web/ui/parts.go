package ui

import (
	"net/url"
	"strconv"

	"github.com/a-h/templ"
)

// TaskGroup is a numbered part of a task list.
type TaskGroup struct {
	Title string
	State string // "done", "wait" or "" for under way
	Tasks []Task
}

// Task is a row: what was answered stands under it.
type Task struct {
	Title, Href string // no link where Href is empty
	Note        string // answers so far, or what comes first
	State       string // 已完成, 去填写, 还差 1 份, 暂不能开始
	Tone        string // of the state; "" is plain text
}

// Node is a step of a case.
type Node struct {
	Title string
	Note  string // time, or who holds it until when
	State string // "done", "now" or ""
}

// Event is a moment of a timeline. Body may be nil.
type Event struct {
	Time, DateTime string // shown; machine-readable
	Title          string
	State          string // "done", "now" or "" for what comes
	Body           templ.Component
}

// Row is a fact with an action.
type Row struct {
	Label   string
	Value   templ.Component
	Href    string // where it is changed; no link where empty
	Action  string // 修改 where empty
	Differs bool
}

func (r Row) action() string {
	if r.Action == "" {
		return "修改"
	}
	return r.Action
}

// Column is a column of a table.
type Column struct {
	Title string
	Sort  string // address that sorts by it; no link where empty
	Order string // "ascending" or "descending" where sorted by it
	Class string // fixed width: "w-date", "w-no"; "r" aligns right
	Hide  bool   // not on phones
}

// TableProps is a list. Cells are in the order of the columns.
type TableProps struct {
	Caption string
	Columns []Column
	Rows    []TableRow
	Empty   templ.Component // what it means that there is nothing, and what to do
	Stick   bool            // the head stays in sight
	Keys    bool            // j, k and Enter move and open
}

// TableRow is a row of a table.
type TableRow struct {
	Cells    []templ.Component
	Selected bool
	Bad      bool
}

// PagerProps leads through a list by key.
type PagerProps struct {
	Words      string // 第 1–10 件，共 23 件
	Prev, Next string // addresses; no link where empty
}

// Tab is a view of a list with its count.
type Tab struct {
	Text, Href string
	Count      int // none shown below 0
	Alarm      bool
	On         bool
	Key        string // of the keyboard; empty: none
}

// TileProps is a number with its meaning.
type TileProps struct {
	Number, Label, Note, Href, Tone string
}

// LiveProps is a part of a page that changes by itself.
type LiveProps struct {
	ID     string
	Stream string // address of its events, which carry the inner HTML anew
	Quiet  bool   // not read out: it changes too often
}

// ProgressProps is long work under way.
type ProgressProps struct {
	Title     string
	Done, All int
	Note      string
}

// With is an address with one more query value, for sort and page links.
func With(address, name, value string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func stepClass(state string) string {
	if state == "" {
		return "step__n"
	}
	return "step__n step__n--" + state
}

func nodeClass(state string) string {
	switch state {
	case "done":
		return "d"
	case "now":
		return "h"
	}
	return ""
}

func barClass(i, done, now int) string {
	switch {
	case i < done:
		return "d"
	case i == now:
		return "h"
	}
	return ""
}

func segments(n int) string { return "bar bar--" + strconv.Itoa(min(max(n, 1), 14)) + " cf" }

// MarkText is a watermark: who, where from, when, and the code that leads to the audit record.
func MarkText(who, source, at, code string) string {
	t := who
	for _, s := range []string{source, at, code} {
		if s != "" {
			t += " · " + s
		}
	}
	return t
}

// icons are paths on a 24 × 24 ground, drawn in the text's colour.
func icons() map[string]string {
	return map[string]string{
		"home":     "M3 11l9-8 9 8M5 9v12h14V9M10 21v-6h4v6",
		"key":      "M14 10a5 5 0 1 1-1.5-3.5A5 5 0 0 1 14 10zM13 13l8 8M17 17l2-2",
		"bank":     "M3 9l9-6 9 6M4 9h16M6 9v9M12 9v9M18 9v9M3 21h18",
		"heart":    "M12 21s-8-5-8-11a4.5 4.5 0 0 1 8-2.8A4.5 4.5 0 0 1 20 10c0 6-8 11-8 11z",
		"search":   "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM15 15l6 6",
		"calendar": "M4 5h16v16H4zM4 10h16M8 2v5M16 2v5",
		"card":     "M3 6h18v13H3zM3 11h18M7 15h4",
		"paper":    "M6 2h9l4 4v16H6zM9 11h7M9 15h7M9 19h4",
		"phone":    "M6 3h4l2 5-3 2a12 12 0 0 0 5 5l2-3 5 2v4a2 2 0 0 1-2 2A17 17 0 0 1 4 5a2 2 0 0 1 2-2z",
		"people":   "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21a7 7 0 0 1 14 0M17 4a4 4 0 0 1 0 7M18 14a6 6 0 0 1 4 7",
	}
}

func arrow(order string) string {
	switch order {
	case "ascending":
		return " ▲"
	case "descending":
		return " ▼"
	}
	return ""
}
