package sim

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/registry"
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
	mux.HandleFunc("POST /faults", s.setFault)
	mux.HandleFunc("POST /faults/clear", s.clearFaults)
	mux.HandleFunc("POST /decisions", s.setDecision)
	for _, d := range s.hub.Systems() {
		mux.HandleFunc("GET /"+d.Name+"/{$}", func(w http.ResponseWriter, r *http.Request) {
			board.Show(w, r, http.StatusOK, systemPage(d.Endpoint(), s.tables(d), r.FormValue("said")))
		})
		switch d.Counterpart {
		case "registry":
			mux.HandleFunc("POST /"+d.Name+"/seizure", s.seizeForm(d.Name))
		case "bank":
			mux.HandleFunc("POST /"+d.Name+"/deposit", s.depositForm(d.Name))
		case "court":
			mux.HandleFunc("POST /"+d.Name+"/control", s.controlForm(d.Name))
			mux.HandleFunc("POST /"+d.Name+"/batch", s.batchForm(d.Name))
		case "bigdata":
			mux.HandleFunc("POST /"+d.Name+"/batch", s.batchForm(d.Name))
		}
	}
}

func (s *Simcity) overview(w http.ResponseWriter, r *http.Request) {
	var systems []wire.Endpoint
	for _, d := range s.hub.Systems() {
		systems = append(systems, d.Endpoint())
	}
	board.Show(w, r, http.StatusOK, overviewPage(s.founding, systems, s.gateways(), s.overviewTables(), r.FormValue("said")))
}

// gateways lists the payment channels by name and title.
func (s *Simcity) gateways() [][2]string {
	var out [][2]string
	for _, g := range s.channels {
		out = append(out, [2]string{g.Name(), g.Title()})
	}
	return out
}

func (s *Simcity) overviewTables() []table {
	faults := table{"故障", []string{"系统", "操作", "故障", "剩余次数"}, nil}
	for _, f := range s.board.Faults.List() {
		faults.Rows = append(faults.Rows, []string{f.System, f.Operation, faultWords(f), times(f.Times)})
	}
	decisions := table{"预定的审核结论", []string{"系统", "操作", "办件", "结论", "理由"}, nil}
	for _, d := range s.board.Faults.Decisions() {
		decisions.Rows = append(decisions.Rows, []string{d.System, d.Operation, d.Case, d.Outcome, d.Reason})
	}
	pending := table{"等待送达平台的报文", []string{"种类", "应送时间", "已试次数", "上次失败原因"}, nil}
	for _, j := range s.board.Courier.Pending() {
		pending.Rows = append(pending.Rows, []string{j.Kind, clockTime(j.Due), strconv.Itoa(j.Attempt), j.Last})
	}
	return []table{faults, decisions, s.twisted(), pending, s.traffic("")}
}

func faultWords(f board.Fault) string {
	var out []string
	for _, w := range []struct {
		on   bool
		text string
	}{
		{f.LatencyMS > 0, fmt.Sprintf("延迟 %d 毫秒", f.LatencyMS)}, {f.ErrorShare > 0, fmt.Sprintf("%.0f%% 出错", f.ErrorShare*100)},
		{f.Silent, "不应答"}, {f.Duplicate, "重复应答"}, {f.Reorder, "乱序应答"}, {f.WrongSignature, "签名错误"},
	} {
		if w.on {
			out = append(out, w.text)
		}
	}
	return strings.Join(out, "，")
}

func times(n int) string {
	if n == 0 {
		return "直到解除"
	}
	return strconv.Itoa(n)
}

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
		t.Rows = append(t.Rows, []string{clockTime(m.At), m.System, way, string(m.Operation), m.Case, m.Outcome})
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
		result := "办理中"
		if w.Result != nil {
			result = string(w.Result)
		}
		works.Rows = append(works.Rows, []string{clockTime(w.Asked), clockTime(w.Due), string(w.Operation), w.Case, result})
	}
	if len(works.Rows) > 0 {
		out = append(out, works)
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
		t.Rows = append(t.Rows, []string{a.TaxNo, a.Case, land.Fen(a.Total).String(), a.ValidUntil, a.State, strings.Join(receipts, "、")})
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
			t.Rows = append(t.Rows, []string{x.TrustNo, x.Agreement.AgreementNo, x.Case, land.Fen(x.Agreement.Total).String(), x.State, clockTime(x.At)})
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
		parcels.Rows = append(parcels.Rows, []string{p.CaseNo, p.WaybillNo, string(p.State), clockTime(p.At)})
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
		t.Rows = append(t.Rows, []string{p.Waybill, p.Case, p.Receiver.Name, string(p.State()), clockTime(last.At) + " " + last.Note})
	}
	return t
}

// said sends the browser back to a page that says how a form went.
func said(w http.ResponseWriter, r *http.Request, page, good string, err error) {
	if err != nil {
		good = "没有办成：" + err.Error()
	}
	http.Redirect(w, r, page+"?said="+url.QueryEscape(good), http.StatusSeeOther)
}

func (s *Simcity) setFault(w http.ResponseWriter, r *http.Request) {
	number := func(name string) int {
		n, err := strconv.Atoi(r.PostFormValue(name))
		if err != nil {
			return 0 // left empty
		}
		return n
	}
	kind := r.PostFormValue("kind")
	f := board.Fault{System: r.PostFormValue("system"), Operation: r.PostFormValue("operation"), Times: number("times"),
		Silent: kind == "silent", Duplicate: kind == "duplicate", Reorder: kind == "reorder", WrongSignature: kind == "wrongSignature"}
	switch kind {
	case "latency":
		f.LatencyMS = number("amount")
	case "error":
		f.ErrorShare = float64(number("amount")) / 100
	}
	if f.Operation == "" {
		f.Operation = board.Any
	}
	said(w, r, "/", "已设置故障", s.board.Faults.Set(f))
}

func (s *Simcity) clearFaults(w http.ResponseWriter, r *http.Request) {
	said(w, r, "/", "已解除全部故障", s.board.Faults.Clear("", ""))
}

func (s *Simcity) setDecision(w http.ResponseWriter, r *http.Request) {
	d := board.Decision{ID: uuid.Must(uuid.NewV7()).String(), System: r.PostFormValue("system"), Operation: r.PostFormValue("operation"),
		Case: r.PostFormValue("case"), Outcome: r.PostFormValue("outcome"), Reason: r.PostFormValue("reason")}
	said(w, r, "/", "已预定审核结论", s.board.Faults.Decide(d))
}

func (s *Simcity) seizeForm(system string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		unit, err := land.ParseUnitCode(r.PostFormValue("unit"))
		if err == nil {
			_, err = s.registries.Seize(registry.Order{Unit: unit, Court: r.PostFormValue("court"), Order: r.PostFormValue("order")})
		}
		said(w, r, "/"+system+"/", "已登记查封", err)
	}
}

func (s *Simcity) depositForm(system string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		kind := spec.DepositKind(r.PostFormValue("kind"))
		amount, err := land.Fen(0), error(nil)
		if text := r.PostFormValue("amount"); text != "" {
			amount, err = land.ParseYuan(text)
		}
		if err == nil && !kind.Valid() {
			err = errors.New("款项种类不对")
		}
		if err == nil {
			_, err = s.banks.Deposit(r.PostFormValue("agreement"), kind, int64(amount), r.PostFormValue("payer"))
		}
		said(w, r, "/"+system+"/", "已入账", err)
	}
}
