package application

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"yichuang/internal/catalog"
	"yichuang/internal/catalog/tax"
	"yichuang/internal/deal"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

// lastTasks are the two tasks after the sections: check all answers, and have all parties confirm.
const lastTasks = 2

// status is how far a section is.
type status struct {
	Word, Tone string
	Done       bool
	Waits      string // title of the section that comes first
}

func (s status) todo() bool { return !s.Done && s.Waits == "" }

// state says how far a section is.
func (v *view) state(code string) status {
	s := sections()[code]
	if first := v.firstNeed(s); first != "" {
		return status{Word: "暂不能开始", Waits: v.title(first)}
	}
	lacks := v.lacks(code)
	switch {
	case v.isSaved(code) && len(lacks) == 0:
		return status{Word: "已完成", Done: true}
	case code == "materials" && len(lacks) > 0:
		return status{Word: fmt.Sprintf("还差 %d 份", len(lacks)), Tone: "amber"}
	case v.isSaved(code):
		return status{Word: "有错误", Tone: "red"}
	case len(v.Typed[code]) > 0 || v.begun(code):
		return status{Word: "填写中", Tone: "blue"}
	}
	return status{Word: "去填写", Tone: "blue"}
}

// begun reports whether something is in a section that was not saved yet.
func (v *view) begun(code string) bool { return v.Saved[code].Rev > 0 }

// lacks lists what a section lacks as it stands now.
func (v *view) lacks(code string) []string {
	s := sections()[code]
	if s.lacks == nil {
		return nil
	}
	section, _ := v.Item.Section(code)
	on := *v
	on.Section = section
	return s.lacks(&on)
}

func (v *view) title(code string) string {
	s, _ := v.Item.Section(code)
	return s.Title
}

// done counts the sections that are done.
func (v *view) done() int {
	n := 0
	for _, code := range v.Item.Pages {
		if v.state(code).Done {
			n++
		}
	}
	return n
}

func (v *view) complete() bool { return v.done() == len(v.Item.Pages) }

// groups are the tasks under the headings of the catalog, then those that end the application.
func (v *view) groups() []ui.TaskGroup {
	var out []ui.TaskGroup
	for _, s := range v.Item.Sections {
		if len(out) == 0 || out[len(out)-1].Title != s.Group {
			out = append(out, ui.TaskGroup{Title: s.Group, State: "done"})
		}
		g := &out[len(out)-1]
		st := v.state(s.Code)
		t := ui.Task{Title: s.Title, Href: v.path(s.Code), State: st.Word, Tone: st.Tone, Note: v.note(s)}
		if st.Waits != "" {
			t.Href, t.Note = "", "填好“"+st.Waits+"”后可以填"
		}
		if !st.Done {
			g.State = ""
		}
		g.Tasks = append(g.Tasks, t)
	}
	return append(out, v.lastGroup())
}

// note is what stands under a task: the answers, or else what it is about.
func (v *view) note(s catalog.Section) string {
	one := sections()[s.Code]
	if line := one.line(v); line != "" {
		return line
	}
	return s.Intro
}

func (v *view) lastGroup() ui.TaskGroup {
	check := ui.Task{Title: "检查所有内容", Note: v.say("task.wait", nil), State: "暂不能开始"}
	send := ui.Task{Title: "各方确认并提交", Note: v.confirmNote(), State: "暂不能开始"}
	g := ui.TaskGroup{Title: "确认与提交", State: "wait"}
	if v.complete() {
		check.Href, check.Note, check.State, check.Tone = v.path("check"), "看一遍，没有问题就发给各方", "去检查", "blue"
		g.State = ""
	}
	g.Tasks = []ui.Task{check, send}
	return g
}

// confirmNote says who will be asked.
func (v *view) confirmNote() string {
	var names []string
	for _, s := range v.others() {
		names = append(names, land.MaskName(s.Name))
	}
	if len(names) == 0 {
		return "其他各方登录后确认"
	}
	if len(names) > 3 {
		names = append(names[:3], fmt.Sprintf("等 %d 人", len(names)))
	}
	return "将发短信请 " + strings.Join(names, "、") + " 确认"
}

// others are who has to confirm besides the applicant.
func (v *view) others() []Signer {
	var own Signer
	all := v.room.signers(v.App)
	for _, s := range all {
		if s.Ref == v.Form.Applicant {
			own = s
		}
	}
	var out []Signer
	for _, s := range all {
		if s.Name != own.Name || s.Document != own.Document {
			out = append(out, s)
		}
	}
	return out
}

// tasks is the list of what the application consists of.
func (rm *Room) tasks(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.fresh(r)
	if err != nil {
		return err
	}
	v, err := rm.view(r, a)
	if err != nil {
		return err
	}
	if !a.Open() {
		return web.Redirect(w, r, v.path("sent"))
	}
	return web.Render(w, r, http.StatusOK, tasksPage(v))
}

// print is the form on paper, a working copy.
func (rm *Room) print(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.fresh(r)
	if err != nil {
		return err
	}
	v, err := rm.view(r, a)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, printPage(v))
}

// lapses is when the draft is erased if nobody touches it, and whether that is to be said.
func (v *view) lapses() (at time.Time, soon bool) {
	limit, ok := v.Item.Limits["draft"]
	if !ok {
		return time.Time{}, false
	}
	marks := v.room.Catalog().Calendar().Marks(v.UpdatedAt, limit)
	return marks.Due, !marks.Remind.IsZero() && !v.Now.Before(marks.Remind)
}

// firstTodo is the first task that can be done now, and its title.
func (v *view) firstTodo() (title, href string) {
	for _, code := range v.Item.Pages {
		if v.state(code).todo() {
			return v.title(code), v.path(code)
		}
	}
	return "检查所有内容", v.path("check")
}

// left says about how long the rest takes: a minute a section, the measure of the journey.
func (v *view) left() string {
	if n := len(v.Item.Pages) - v.done(); n > 0 {
		return fmt.Sprintf("还需约 %d 分钟", n)
	}
	return "可以检查并发出"
}

// estimate is the tax as our rules estimate it; nil before there is a price.
func (v *view) estimate() []tax.Line {
	if v.Form.Contract.Price == 0 || v.Form.Contract.SignedOn == "" {
		return nil
	}
	return tax.Estimate(v.room.Catalog().Tax(), deal.TaxInput(&v.Form, v.today()))
}

func (v *view) fees() []catalog.FeeLine { return v.room.Catalog().Fees(v.Item, v.facts()) }

// costs says in a line what the deal will cost.
func (v *view) costs() string {
	var fee land.Fen
	for _, f := range v.fees() {
		fee += f.Amount
	}
	lines := v.estimate()
	if lines == nil {
		return "登记费 " + fee.String() + " 元，税款填完价格后估算"
	}
	return "税约 " + tax.Total(lines, "").String() + " 元，登记费 " + fee.String() + " 元"
}

// warnings are what the owner has to know before going on.
func (v *view) warnings() []string {
	var out []string
	if s := v.Stop; s != nil {
		switch {
		case s.Who != "":
			out = append(out, land.MaskName(s.Who)+"没有同意："+s.Reason+"。修改后可以再发给各方")
		default:
			out = append(out, s.Reason)
		}
	}
	if at, soon := v.lapses(); soon {
		out = append(out, "这份草稿很久没有改动，"+catalog.Deadline(at)+" 后会自动删除。改一处或再保存一次，就能继续保留")
	}
	if v.isSaved("materials") || v.isSaved("parties") {
		for _, n := range v.need() {
			if n.Missing && len(out) == 0 {
				out = append(out, v.say("mat.missing", map[string]any{"material": n.Title(), "reason": n.Reason}))
			}
		}
	}
	return out
}
