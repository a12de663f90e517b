package cases

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/application"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web/ui"
)

func when(t time.Time) string { return t.In(clock.Shanghai()).Format("01-02 15:04") }

// until says a deadline to the point: "，11 月 26 日 17:00 前".
func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	at := t.In(clock.Shanghai())
	if at.Hour() == 0 && at.Minute() == 0 { // the end of a day is said as people say it
		return "，" + at.AddDate(0, 0, -1).Format("1 月 2 日") + " 24:00 前"
	}
	return "，" + at.Format("1 月 2 日 15:04") + " 前"
}

func actionTitle(action string) string {
	return map[string]string{"fix": "补交材料", "tax": "确认税额", "pay": "缴费", "book": "预约到大厅核对原件"}[action]
}

func actionHref(app uuid.UUID, action string) string {
	if action == "book" {
		return "/book?app=" + app.String()
	}
	return "/case/" + app.String() + "/" + action
}

// first is the one thing that the person has to do now; nil when nothing.
func first(v *View) *message.Waiting {
	for _, action := range []string{"fix", "tax", "pay", "book"} {
		for i, n := range v.Progress.Now {
			if n.Action == action {
				return &v.Progress.Now[i]
			}
		}
	}
	return nil
}

func nodes(p message.Progress) []ui.Node {
	var out []ui.Node
	for i, n := range p.Nodes {
		x := ui.Node{Title: n.Name}
		switch {
		case i < p.Stage:
			x.State = "done"
			if !n.At.IsZero() {
				x.Note = when(n.At)
			}
		case i == p.Stage && p.State == "running":
			x.State = "now"
		}
		out = append(out, x)
	}
	return out
}

func timeline(p message.Progress) []ui.Event {
	var out []ui.Event
	for _, e := range p.Past {
		out = append(out, ui.Event{Time: when(e.At), DateTime: e.At.Format(time.RFC3339), Title: e.Text, State: "done"})
	}
	for _, n := range p.Now {
		out = append(out, ui.Event{Title: "现在：" + n.What, State: "now", Body: ui.Str("由" + n.Holder + "办理" + until(n.Until))})
	}
	return out
}

func stateWords(state string) (words, tone string) {
	switch state {
	case "done":
		return "已办结", "green"
	case "withdrawn":
		return "已撤回", ""
	case "refused":
		return "不予登记", "red"
	case "lapsed":
		return "已终止", "red"
	}
	return "办理中", "blue"
}

func tone(state string) string {
	_, t := stateWords(state)
	return t
}

func words(state string) string {
	w, _ := stateWords(state)
	return w
}

func files(list []application.Stored) []ui.FileProps {
	var out []ui.FileProps
	for i, f := range list {
		out = append(out, ui.FileProps{ID: f.ID.String(), Href: "/f/" + f.ID.String(), Thumb: "/f/" + f.ID.String() + "/t", Name: "第 " + strconv.Itoa(i+1) + " 件",
			Note: size(f.Size) + " · SM3 " + f.Digest[:8] + "…", CanRemove: true})
	}
	return out
}

func size(n int64) string {
	if n >= 1<<20 {
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
	}
	return strconv.FormatInt((n+1023)/1024, 10) + " KB"
}

func itoa(n int) string { return strconv.Itoa(n) }
