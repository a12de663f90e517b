package sim

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
	"yichuang/internal/sim/wire"
)

// table is a list that a page shows.
type table struct {
	Title string
	Head  []string
	Rows  [][]string
}

// pages adds what a person looks at: the overview with the fault board, and a page for each system.
func (s *Simcity) pages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.overview)
	s.boardForms(mux)
	for _, d := range s.hub.Systems() {
		mux.HandleFunc("GET /"+d.Name+"/{$}", func(w http.ResponseWriter, r *http.Request) {
			board.Show(w, r, http.StatusOK, systemPage(systemView{Endpoint: d.Endpoint(), Actions: s.actions(d), Tables: s.tables(d), Said: r.FormValue("said")}))
		})
		mux.HandleFunc("POST /"+d.Name+"/do/{action}", s.act(d))
	}
}

// systemView is what a system's page shows.
type systemView struct {
	wire.Endpoint
	Actions []action
	Tables  []table
	Said    string
}

// overview shows all systems, how each stands and what it has said lately.
func (s *Simcity) overview(w http.ResponseWriter, r *http.Request) {
	var lines []systemLine
	for _, g := range s.channels {
		paid, open := 0, 0
		for _, o := range g.Desk().Ledger.List() {
			if o.State == pay.Paid || o.State == pay.Refunded {
				paid++
			} else {
				open++
			}
		}
		lines = append(lines, systemLine{Name: g.Name(), Title: g.Title(), State: fmt.Sprintf("已付 %d 笔，其他 %d 笔", paid, open), Fault: faultWords(s.board.Faults.Peek(g.Name(), board.Any))})
	}
	waiting := map[string]int{}
	for _, work := range s.hub.Works("") {
		if work.Result == nil {
			waiting[work.System]++
		}
	}
	stats := s.hub.Stats()
	for _, d := range s.hub.Systems() {
		l := systemLine{Name: d.Name, Title: d.Title, Dialect: dialectWords[d.Endpoint().Dialect], Stats: stats[d.Name], Fault: faultWords(s.board.Faults.Peek(d.Name, board.Any))}
		if n := waiting[d.Name]; n > 0 {
			l.State = fmt.Sprintf("待办 %d 件", n)
		}
		lines = append(lines, l)
	}
	board.Show(w, r, http.StatusOK, overviewPage(s.founding, lines, []table{s.traffic("")}, r.FormValue("said")))
}

// systemLine is a system on the overview.
type systemLine struct {
	Name, Title, Dialect, State, Fault string
	wire.Stats
}

// dialectWords say how a system is reached.
var dialectWords = map[string]string{wire.Unified: "统一接口", wire.BizXML: "XML", wire.BizXMLSOAP: "SOAP", wire.FileDrop: "文件交换"}

func clockTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("01-02 15:04:05")
}

// shownRows bounds the lists of a page.
const shownRows = 60

func (s *Simcity) traffic(name string) table {
	t := table{"最近的报文", []string{"时间", "系统", "方向", "操作", "办件", "结果"}, nil}
	lines := s.hub.Traffic(name)
	slices.Reverse(lines)
	for _, m := range lines[:min(len(lines), shownRows)] {
		way := "平台→系统"
		if m.Out {
			way = "系统→平台"
		}
		t.Rows = append(t.Rows, []string{clockTime(m.At), m.System, way, titleOf(m.Operation), m.Case, m.Outcome})
	}
	return t
}

// tables are the lists of one system's page.
func (s *Simcity) tables(d *wire.System) []table {
	var out []table
	switch d.Counterpart {
	case "registry":
		out = append(out, s.bookTable(d.District))
	case "tax":
		out = append(out, s.taxTable())
	case "bank":
		out = append(out, s.accountTable(d.Name))
	case "court":
		out = append(out, s.controlTable(d.Name), s.batchTable(d.Name))
	case "bigdata":
		out = append(out, s.batchTable(d.Name), s.actTable())
	case "housing":
		out = append(out, s.trustTable(d.District))
	case "portal":
		out = append(out, s.reportTables()...)
	case "channel":
		out = append(out, s.messageTable(d.Name))
	case "delivery":
		out = append(out, s.parcelTable())
	}
	works := table{"受托事项", []string{"收到", "应办结", "操作", "办件", "结果"}, nil}
	all := s.hub.Works(d.Name)
	slices.Reverse(all)
	for _, w := range all[:min(len(all), shownRows)] {
		works.Rows = append(works.Rows, []string{clockTime(w.Asked), clockTime(w.Due), titleOf(w.Operation), w.Case, resultWords(w)})
	}
	if len(works.Rows) > 0 {
		out = append(out, works)
	}
	if files := filesTable(d); len(files.Rows) > 0 {
		out = append(out, files)
	}
	return append(out, s.traffic(d.Name))
}

func (s *Simcity) bookTable(district string) table {
	t := table{"有变动的登记簿页", []string{"单元", "版本", "权利人", "证书号", "限制", "在办"}, nil}
	for _, p := range s.registries.Changed() {
		if p.Unit.District() != district {
			continue
		}
		var holders, certs, limits []string
		for _, r := range p.Rights {
			for _, h := range r.Holders {
				holders, certs = append(holders, h.Name), append(certs, h.CertificateNo)
			}
		}
		for _, r := range p.Restrictions {
			limits = append(limits, string(r.Kind)+" "+r.Holder)
		}
		t.Rows = append(t.Rows, []string{p.Unit.Grouped(), p.Version, strings.Join(holders, "、"), strings.Join(slices.Compact(certs), "、"),
			strings.Join(limits, "；"), p.Case})
	}
	return t
}

func (s *Simcity) taxTable() table {
	t := table{"核税", []string{"核税编号", "办件", "合计（元）", "有效期至", "状态", "税票"}, nil}
	for _, a := range s.tax.Assessments() {
		var receipts []string
		for _, r := range a.Receipts {
			receipts = append(receipts, r.ReceiptNo)
		}
		t.Rows = append(t.Rows, []string{a.TaxNo, a.Case, land.Fen(a.Total).String(), a.ValidUntil, stated(a.State), strings.Join(receipts, "、")})
	}
	return t
}

func (s *Simcity) accountTable(bank string) table {
	t := table{"托管账户", []string{"账号", "协议", "办件", "首付款到账（元）", "贷款到账（元）", "余额（元）", "状态"}, nil}
	for _, a := range s.banks.Accounts(bank) {
		state := "正常"
		if a.Frozen {
			state = "冻结"
		}
		if a.Closed {
			state = "已销户"
		}
		t.Rows = append(t.Rows, []string{a.Number, a.Agreement, a.Case,
			land.Fen(a.Received(spec.DepositKindDownPayment)).String() + "／" + land.Fen(a.DownPayment).String(),
			land.Fen(a.Received(spec.DepositKindLoan)).String() + "／" + land.Fen(a.Loan).String(), land.Fen(a.Balance).String(), state})
	}
	return t
}

func (s *Simcity) trustTable(district string) table {
	t := table{"资金监管", []string{"监管号", "协议", "办件", "总额（元）", "状态", "时间"}, nil}
	for _, x := range s.housing.Trusts() {
		if x.District == district {
			t.Rows = append(t.Rows, []string{x.TrustNo, x.Agreement.AgreementNo, x.Case, land.Fen(x.Agreement.Total).String(), or(trustWords[x.State], x.State), clockTime(x.At)})
		}
	}
	return t
}

func (s *Simcity) reportTables() []table {
	all := s.portal.Reports()
	cases := table{"办件", []string{"办件编号", "事项", "状态", "环节", "上报"}, nil}
	for _, c := range all.Cases {
		cases.Rows = append(cases.Rows, []string{c.Report.CaseNo, c.Report.ItemName, string(c.Report.State), c.Report.Node, clockTime(c.At)})
	}
	certs := table{"电子证照", []string{"办件编号", "证号", "单元", "发证"}, nil}
	for _, c := range all.Certificates {
		certs.Rows = append(certs.Rows, []string{c.CaseNo, c.CertificateNo, c.UnitCode, clockTime(c.IssuedAt)})
	}
	parcels := table{"物流", []string{"办件编号", "运单", "状态", "时间"}, nil}
	for _, p := range all.Parcels {
		parcels.Rows = append(parcels.Rows, []string{p.CaseNo, p.WaybillNo, stated(string(p.State)), clockTime(p.At)})
	}
	return []table{cases, certs, parcels}
}

func (s *Simcity) messageTable(name string) table {
	if name == "sms" {
		t := table{"短信", []string{"时间", "手机号", "内容"}, nil}
		all := s.reach.Messages("")
		for _, m := range all[:min(len(all), shownRows)] {
			t.Rows = append(t.Rows, []string{clockTime(m.At), m.Phone, m.Text})
		}
		return t
	}
	t := table{"推送", []string{"时间", "方式", "接收人", "内容"}, nil}
	for _, p := range s.reach.Pushes() {
		t.Rows = append(t.Rows, []string{clockTime(p.At), p.Way, p.To, p.Title + p.Text + p.Template})
	}
	return t
}

func (s *Simcity) parcelTable() table {
	t := table{"邮件", []string{"运单", "办件", "收件人", "状态", "最近轨迹"}, nil}
	for _, p := range s.ems.Parcels() {
		last := p.Events[len(p.Events)-1]
		t.Rows = append(t.Rows, []string{p.Waybill, p.Case, p.Receiver.Name, stated(string(p.State())), clockTime(last.At) + " " + last.Note})
	}
	return t
}

// said sends the browser back to a page that says how a form went.
func said(w http.ResponseWriter, r *http.Request, page, good string, err error) {
	if err != nil {
		good = "没有办成：" + words(err)
	}
	http.Redirect(w, r, page+"?said="+url.QueryEscape(good), http.StatusSeeOther)
}

// resultWords sum up what became of a work.
func resultWords(w wire.Work) string {
	if w.Result == nil {
		return "办理中"
	}
	var said struct {
		Review struct {
			Outcome spec.Outcome `json:"outcome"`
			Opinion string       `json:"opinion"`
		} `json:"review"`
	}
	if err := json.Unmarshal(w.Result, &said); err != nil || said.Review.Outcome == "" {
		return "已办结"
	}
	return outcomeWords(string(said.Review.Outcome)) + "：" + said.Review.Opinion
}

// filesTable lists what lies in a system's folder, the newest first.
func filesTable(d *wire.System) table {
	t := table{"文件夹", []string{"文件", "字节", "时间"}, nil}
	if d.Dialect == "" || d.Dialect == wire.Unified {
		return t
	}
	type file struct {
		name string
		size int64
		at   time.Time
	}
	var files []file
	_ = filepath.WalkDir(d.Dir(), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // a folder or file that has just gone
		}
		if info, err := e.Info(); err == nil {
			name, _ := filepath.Rel(d.Dir(), path)
			files = append(files, file{name, info.Size(), info.ModTime()})
		}
		return nil
	})
	slices.SortFunc(files, func(a, b file) int { return b.at.Compare(a.at) })
	for _, f := range files[:min(len(files), shownRows)] {
		t.Rows = append(t.Rows, []string{f.name, strconv.FormatInt(f.size, 10), clockTime(f.at)})
	}
	return t
}

// trustWords say states of money under supervision.
var trustWords = map[string]string{"applied": "已申请", "signed": "协议已签", "deposited": "首付款已到", "arrived": "全部到账", "paid": "已划转", "cancelling": "撤销中", "closed": "已销户"}

// stateWords say states of assessments, parcels and orders of courts.
var stateWords = map[string]string{
	"open": "待缴", "disputed": "有异议，已作废", "paid": "已缴", "signed": "已签收", "created": "已下单", "collected": "已揽收", "moving": "运输中", "delivering": "派送中", "returned": "已退回",
	"entered": "已登簿", "passed": "已转办", "queued": "轮候", "refused": "不予办理", "released": "已解除", "renewed": "已续行",
	"seize": "查封", "renew": "续行查封", "release": "解除查封",
}

func stated(state string) string { return or(stateWords[state], state) }
