package sim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
)

// boardAt is the address of the fault board.
const boardAt = "/board"

// boardForms adds the page on which an operator lets things go wrong.
func (s *Simcity) boardForms(mux *http.ServeMux) {
	mux.HandleFunc("GET "+boardAt, s.faultBoard)
	mux.HandleFunc("POST /board/fault", s.setFault)
	mux.HandleFunc("POST /board/clear", s.clearFaults)
	mux.HandleFunc("POST /board/scenario", s.setScenario)
	mux.HandleFunc("POST /board/traffic", s.setTraffic)
	mux.HandleFunc("POST /board/undecide", func(w http.ResponseWriter, r *http.Request) {
		said(w, r, boardAt, "已取消预定的结论", s.board.Faults.Cancel(r.PostFormValue("id")))
	})
}

// boardView is what the fault board shows.
type boardView struct {
	Systems    []string
	Operations []spec.Info
	Faults     []faultLine
	Playing    []faultLine
	Scenarios  []scenarioLine
	Decisions  []board.Decision
	Tables     []table
	Traffic    trafficView
	Said       string
}

type faultLine struct{ System, Operation, What, Holds string }

type scenarioLine struct{ Name, Title, Says, Until string }

func (s *Simcity) faultBoard(w http.ResponseWriter, r *http.Request) {
	v := boardView{Systems: s.names(), Operations: spec.Operations(), Said: r.FormValue("said"), Decisions: s.board.Faults.Decisions(), Traffic: s.trafficView()}
	for _, f := range s.board.Faults.List() {
		v.Faults = append(v.Faults, faultLine{f.System, f.Operation, faultWords(f), holds(f)})
	}
	for _, f := range s.board.Faults.InForce() {
		v.Playing = append(v.Playing, faultLine{f.System, f.Operation, faultWords(f), holds(f)})
	}
	running := s.board.Faults.Running()
	for _, k := range scenarioKinds {
		l := scenarioLine{Name: k.name, Title: k.title, Says: k.says}
		if i := slices.IndexFunc(running, func(x board.Running) bool { return x.Name == k.name }); i >= 0 {
			l.Until = clockTime(running[i].Ends)
		}
		v.Scenarios = append(v.Scenarios, l)
	}
	pending := table{"等待送达平台的报文", []string{"种类", "应送时间", "已试次数", "上次失败原因"}, nil}
	for _, j := range s.board.Courier.Pending() {
		pending.Rows = append(pending.Rows, []string{j.Kind, clockTime(j.Due), strconv.Itoa(j.Attempt), j.Last})
	}
	pending.Rows = pending.Rows[:min(len(pending.Rows), shownRows)]
	v.Tables = []table{s.twisted(), pending}
	board.Show(w, r, http.StatusOK, boardPage(v))
}

// names are what a fault may call systems by.
func (s *Simcity) names() []string {
	out := []string{board.Any}
	for _, d := range s.hub.Systems() {
		if family, _, more := strings.Cut(d.Name, "/"); more && !slices.Contains(out, family) {
			out = append(out, family)
		}
		out = append(out, d.Name)
	}
	for _, g := range s.channels {
		out = append(out, g.Name())
	}
	return append(out, "idp")
}

// faultWords say what a fault does.
func faultWords(f board.Fault) string {
	var out []string
	switch l := f.Latency; {
	case l.MS == 0 && l.HighMS == 0:
	case l.Curve == board.Uniform:
		out = append(out, fmt.Sprintf("延迟 %d 到 %d 毫秒", l.MS, l.HighMS))
	case l.Curve == board.LogNormal:
		out = append(out, fmt.Sprintf("延迟中位数 %d 毫秒，百分之一超过 %d 毫秒", l.MS, l.HighMS))
	default:
		out = append(out, fmt.Sprintf("延迟 %d 毫秒", l.MS))
	}
	for _, d := range f.Defects {
		info, _ := d.Info() // a fault without it could not be set
		out = append(out, info.Title)
	}
	words := strings.Join(out, "，")
	if f.Share > 0 && f.Share < 1 {
		words += fmt.Sprintf("（占 %.0f%%）", f.Share*100)
	}
	return words
}

// holds say how long a fault goes on.
func holds(f board.Fault) string {
	var out []string
	if f.Times > 0 {
		out = append(out, fmt.Sprintf("还有 %d 次", f.Times))
	}
	if !f.Until.IsZero() {
		out = append(out, "到 "+clockTime(f.Until))
	}
	if len(out) == 0 {
		return "直到解除"
	}
	return strings.Join(out, "，")
}

// amounts reads the numbers of a form; fields left empty are 0.
type amounts struct {
	r   *http.Request
	err error
}

func (a *amounts) float(name, label string) float64 {
	text := strings.TrimSpace(a.r.PostFormValue(name))
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("%s不是数字", label)
	}
	return n
}

func (s *Simcity) setFault(w http.ResponseWriter, r *http.Request) {
	a := amounts{r: r}
	f := board.Fault{System: r.PostFormValue("system"), Operation: r.PostFormValue("operation"), Times: int(a.float("times", "次数")),
		ForMinutes: a.float("minutes", "分钟"), Share: a.float("share", "比例") / 100,
		Latency: board.Latency{Curve: board.Curve(r.PostFormValue("curve")), MS: int(a.float("ms", "毫秒")), HighMS: int(a.float("highMs", "毫秒"))}}
	for _, d := range r.PostForm["defect"] {
		f.Defects = append(f.Defects, board.Defect(d))
	}
	if f.Operation == "" {
		f.Operation = board.Any
	}
	if a.err == nil && faultWords(f) == "" {
		a.err = errNothingWrong
	}
	if a.err == nil {
		f, a.err = s.board.Faults.Set(f)
	}
	said(w, r, boardAt, "已设置故障："+f.System+" "+faultWords(f), a.err)
}

func (s *Simcity) clearFaults(w http.ResponseWriter, r *http.Request) {
	system, operation := r.PostFormValue("system"), r.PostFormValue("operation")
	good := "已解除全部故障"
	if system != "" {
		good = "已解除 " + system + " 的故障"
	}
	said(w, r, boardAt, good, s.board.Faults.Clear(system, operation))
}

func (s *Simcity) setScenario(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue("name")
	if r.PostFormValue("stop") != "" {
		said(w, r, boardAt, "已停止场景", s.board.Faults.Stop(name))
		return
	}
	_, err := s.stage(staging{Name: name})
	said(w, r, boardAt, "已开始场景", err)
}

// outcomeWords say an outcome of a decision.
func outcomeWords(outcome string) string {
	all := slices.Clone(reviewed)
	for _, more := range special {
		all = append(all, more...)
	}
	o, _ := find(all, func(o [2]string) bool { return o[0] == outcome })
	return or(o[1], outcome)
}
