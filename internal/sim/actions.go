package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/bank"
	"yichuang/internal/sim/bigdata"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/channel"
	"yichuang/internal/sim/court"
	"yichuang/internal/sim/ems"
	"yichuang/internal/sim/registry"
	"yichuang/internal/sim/wire"
)

// action is something that the staff of a system can do on its page.
type action struct {
	Name   string // last part of its address
	Title  string
	Button string
	Fields []field
	run    func(ctx context.Context, in values) (said string, err error)
}

// field is an input of an action; with Options it is a choice.
type field struct {
	Name, Label, Value string
	Options            [][2]string // value and words
	Long               bool        // of several lines
	Needed             bool
}

// values are what was typed.
type values struct{ r *http.Request }

func (v values) text(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// number reads a whole number; left empty it is 0.
func (v values) number(name string) (int, error) {
	if v.text(name) == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(v.text(name))
	if err != nil {
		return 0, errNoNumber
	}
	return n, nil
}

// yuan reads an amount; left empty it is 0.
func (v values) yuan(name string) (int64, error) {
	if v.text(name) == "" {
		return 0, nil
	}
	fen, err := land.ParseYuan(v.text(name))
	if err != nil {
		return 0, errNoNumber
	}
	return int64(fen), nil
}

// What people may get wrong on the pages.
var (
	errNoNumber     = errors.New("not a number")
	errNothingWrong = errors.New("neither latency nor defect")
	errNoJSON       = errors.New("body is not JSON")
)

// excuses are errors in the words of the pages.
var excuses = []struct {
	err   error
	words string
}{
	{errNoNumber, "数字格式不对"}, {errNothingWrong, "没有选择延迟或故障"}, {errNoJSON, "报文体不是 JSON"}, {errNoScenario, "没有这个场景"}, {errLevel, "强度应大于 0，不超过 200"}, {errHour, "时间应为 0 到 23 点"},
	{board.ErrNone, "没有这条记录"}, {wire.ErrDecided, "这项委托已经有结果"}, {ems.ErrThere, "邮件已经妥投"},
	{registry.ErrNoUnit, "本区没有这个不动产单元"}, {registry.ErrNoSeizure, "没有这项查封"}, {bank.ErrNoAccount, "没有这个协议的托管账户"},
	{bank.ErrNothing, "没有尚未到账的款项，请填写金额"}, {bank.ErrClosed, "账户已销户"}, {court.ErrNoCourt, "没有这个法院"}, {court.ErrNoTarget, "单元没有权利人"}, {bigdata.ErrNobody, "没有这个人"},
}

// words says an error to the person at the page.
func words(err error) string {
	for _, e := range excuses {
		if errors.Is(err, e.err) {
			return e.words
		}
	}
	var fault *spec.Fault
	if errors.As(err, &fault) {
		return "平台拒绝：" + strings.TrimSuffix(string(fault.Code)+" "+fault.Detail, " ")
	}
	return err.Error()
}

// act does what a form of a system's page asks for.
func (s *Simcity) act(d *wire.System) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		all := s.actions(d)
		i := slices.IndexFunc(all, func(a action) bool { return a.Name == r.PathValue("action") })
		if i < 0 {
			http.NotFound(w, r)
			return
		}
		good, err := all[i].run(r.Context(), values{r})
		said(w, r, "/"+d.Name+"/", good, err)
	}
}

// actions are what the staff of a system can do.
func (s *Simcity) actions(d *wire.System) []action {
	var out []action
	if waiting := s.waiting(d); len(waiting) > 0 {
		out = append(out, s.conclude(d, waiting))
	}
	switch d.Counterpart {
	case "registry":
		out = append(out, s.registryActions()...)
	case "court":
		out = append(out, s.submitControl(d), s.askMany(d), s.askFreely(d))
	case "bigdata":
		out = append(out, s.askMany(d), s.certifyDeath(), s.askFreely(d))
	case "bank":
		out = append(out, s.bankActions()...)
		out = append(out, s.askFreely(d))
	case "utility":
		out = append(out, s.setArrears(d))
	case "delivery":
		out = append(out, s.deliver()...)
	case "channel":
		if d.Name == "face" {
			out = append(out, s.failFaces())
		}
	}
	return append(out, s.decideNext(d))
}

// waiting are the works of a system that have no result yet.
func (s *Simcity) waiting(d *wire.System) []wire.Work {
	return slices.DeleteFunc(s.hub.Works(d.Name), func(w wire.Work) bool { return w.Result != nil })
}

// reviewed are the outcomes of everything that is reviewed; special those of single operations beside them.
var (
	reviewed = [][2]string{{"pass", "通过"}, {"correct", "请补正"}, {"refuse", "不予通过"}}
	special  = map[string][][2]string{
		"registry": {{"suspend", "暂缓登簿"}}, "tax": {{"assess", "按下面的价格、比例核税"}}, "bank": {{"approve", "按下面的金额、年限批准"}, {"fail", "划转失败"}},
		"fund": {{"approve", "按下面的金额、年限批准"}}, "channel": {{"blocked", "拦截"}, {"fail", "核验不通过"}},
		"bigdata": {{"mismatch", "信息不一致"}, {"notFound", "查无此人"}, {"deceased", "已死亡"}, {"unknown", "没有记录"}, {"renamed", "已更名"}, {"abolished", "已废止"}},
	}
)

// outcomeFields are how a department says what it decides.
func outcomeFields(counterpart string) []field {
	out := []field{{Name: "outcome", Label: "结论", Options: append(slices.Clone(reviewed), special[counterpart]...)},
		{Name: "reason", Label: "理由（可不填）"}, {Name: "material", Label: "要补正的材料代码，如 M-05（补正时填）"}}
	switch counterpart {
	case "tax":
		out = append(out, field{Name: "price", Label: "核定计税价格（元，可不填）"}, field{Name: "percent", Label: "按规定税额的百分之几（可不填）"})
	case "bank", "fund":
		out = append(out, field{Name: "amount", Label: "批准金额（元，可不填）"}, field{Name: "years", Label: "年限（可不填）"})
	case "registry":
		out = append(out, field{Name: "reasonCode", Label: "暂缓原因代码，如 disputed（可不填）"})
	}
	return out
}

// decision reads what outcomeFields asked.
func decision(d *wire.System, in values) (board.Decision, error) {
	out := board.Decision{ID: uuid.Must(uuid.NewV7()).String(), System: d.Name, Outcome: in.text("outcome"), Reason: in.text("reason")}
	detail := map[string]any{}
	if m := in.text("material"); m != "" && out.Outcome == "correct" {
		detail["materials"] = []spec.MaterialRequest{{MaterialCode: m, Reason: out.Reason}}
		if out.Reason == "" {
			detail["materials"] = []spec.MaterialRequest{{MaterialCode: m, Reason: "材料需要补正"}}
		}
	}
	if code := in.text("reasonCode"); code != "" {
		detail["reasonCode"] = code
	}
	for _, f := range []struct{ name, key string }{{"price", "assessedPrice"}, {"amount", "amount"}} {
		fen, err := in.yuan(f.name)
		if err != nil {
			return out, err
		}
		if fen > 0 {
			detail[f.key] = fen
		}
	}
	for _, name := range []string{"percent", "years"} {
		n, err := in.number(name)
		if err != nil {
			return out, err
		}
		if n > 0 {
			detail[name] = n
		}
	}
	if len(detail) == 0 {
		return out, nil
	}
	var err error
	out.Detail, err = json.Marshal(detail)
	return out, err
}

// conclude answers a work that waits, at once.
func (s *Simcity) conclude(d *wire.System, waiting []wire.Work) action {
	var works [][2]string
	for _, w := range waiting[max(0, len(waiting)-shownRows):] {
		works = append(works, [2]string{w.ID.String(), titleOf(w.Operation) + " " + w.Case})
	}
	return action{Name: "conclude", Title: "办理待办", Button: "马上办结", Fields: append([]field{{Name: "work", Label: "委托", Options: works}}, outcomeFields(d.Counterpart)...),
		run: func(_ context.Context, in values) (string, error) {
			x, err := decision(d, in)
			if err != nil {
				return "", err
			}
			id, err := uuid.Parse(in.text("work"))
			if err != nil {
				return "", board.ErrNone
			}
			w, ok := find(s.hub.Works(d.Name), func(w wire.Work) bool { return w.ID == id })
			if !ok {
				return "", board.ErrNone
			}
			x.Operation, x.Case = string(w.Operation), w.Case
			_, err = s.hub.Conclude(x, id)
			return "已办结：" + titleOf(w.Operation) + " " + w.Case, err
		}}
}

// decideNext answers the next question of an operation as told.
func (s *Simcity) decideNext(d *wire.System) action {
	var ops [][2]string
	for _, op := range d.Endpoint().Operations {
		ops = append(ops, [2]string{string(op), titleOf(op)})
	}
	fields := append([]field{{Name: "operation", Label: "操作", Options: ops}, {Name: "case", Label: "办件编号（不填为下一件）"}}, outcomeFields(d.Counterpart)...)
	return action{Name: "decide", Title: "预定下一次的结论", Button: "预定结论", Fields: fields, run: func(_ context.Context, in values) (string, error) {
		x, err := decision(d, in)
		if err != nil {
			return "", err
		}
		x.Operation, x.Case = in.text("operation"), in.text("case")
		return "已预定结论：" + titleOf(spec.Operation(x.Operation)), s.board.Faults.Decide(x)
	}}
}

func find[T any](all []T, match func(T) bool) (T, bool) {
	if i := slices.IndexFunc(all, match); i >= 0 {
		return all[i], true
	}
	var none T
	return none, false
}

// titleOf names an operation for people.
func titleOf(op spec.Operation) string {
	if info, ok := spec.Lookup(op); ok {
		return info.Title
	}
	return string(op)
}

func (s *Simcity) registryActions() []action {
	unit := field{Name: "unit", Label: "不动产单元代码", Needed: true}
	return []action{
		{Name: "seizure", Title: "登记查封", Button: "登记查封", Fields: []field{unit, {Name: "court", Label: "法院（可不填）"}, {Name: "order", Label: "裁定书文号（可不填）"}, {Name: "months", Label: "期限（月，可不填）"}},
			run: func(_ context.Context, in values) (string, error) {
				code, err := land.ParseUnitCode(in.text("unit"))
				if err != nil {
					return "", registry.ErrNoUnit
				}
				months, err := in.number("months")
				if err != nil {
					return "", err
				}
				x, err := s.registries.Seize(registry.Order{Unit: code, Court: in.text("court"), Order: in.text("order"), Months: months})
				return "已登记查封：" + x.Number, err
			}},
		{Name: "release", Title: "解除查封", Button: "解除查封", Fields: []field{unit, {Name: "order", Label: "裁定书或协助执行通知书文号", Needed: true}},
			run: func(_ context.Context, in values) (string, error) {
				code, err := land.ParseUnitCode(in.text("unit"))
				if err != nil {
					return "", registry.ErrNoUnit
				}
				return "已解除查封", s.registries.Release(code, in.text("order"))
			}},
		{Name: "objection", Title: "登记异议", Button: "登记异议", Fields: []field{unit, {Name: "applicant", Label: "申请人", Needed: true}, {Name: "reason", Label: "理由"}},
			run: func(_ context.Context, in values) (string, error) {
				code, err := land.ParseUnitCode(in.text("unit"))
				if err != nil {
					return "", registry.ErrNoUnit
				}
				x, err := s.registries.Object(code, in.text("applicant"), in.text("reason"))
				return "已登记异议：" + x.Number, err
			}},
	}
}

// submitControl has a court send an order to the platform.
func (s *Simcity) submitControl(d *wire.System) action {
	return action{Name: "control", Title: "提交查控", Button: "提交查控", Fields: []field{{Name: "unit", Label: "不动产单元代码", Needed: true},
		{Name: "action", Label: "措施", Options: [][2]string{{"seize", "查封"}, {"renew", "续行查封"}, {"release", "解除查封"}}},
		{Name: "seizure", Label: "原查封文号（续行、解除时填，不填为本院在该单元的最近一次查封）"}, {Name: "months", Label: "期限（月，可不填）"}},
		run: func(ctx context.Context, in values) (string, error) {
			unit, err := land.ParseUnitCode(in.text("unit"))
			if err != nil {
				return "", registry.ErrNoUnit
			}
			months, err := in.number("months")
			if err != nil {
				return "", err
			}
			x, err := s.courts.Submit(ctx, court.Order{Court: strings.TrimPrefix(d.Name, "court/"), Action: spec.ControlAction(in.text("action")), Unit: unit, Seizure: in.text("seizure"), Months: months})
			return "查控 " + x.Order.ControlNo + "：" + stated(string(x.Status.State)), err
		}}
}

// askMany has a court or the police ask about many persons at once.
func (s *Simcity) askMany(d *wire.System) action {
	return action{Name: "batch", Title: "批量查询", Button: "提交批量查询", Fields: []field{{Name: "size", Label: "人数（至多 10000）", Value: "100", Needed: true}},
		run: func(ctx context.Context, in values) (string, error) {
			n, err := in.number("size")
			if err == nil && n == 0 {
				err = errNoNumber
			}
			if err != nil {
				return "", err
			}
			_, err = s.batch(ctx, batchOrder{System: d.Name, Size: n})
			return "已提交批量查询", err
		}}
}

// askFreely has a system ask the platform any of its own operations.
func (s *Simcity) askFreely(d *wire.System) action {
	var ops [][2]string
	for _, info := range spec.Operations() {
		if info.Counterpart == d.Counterpart && info.Direction == spec.ToPlatform && info.ReadOnly {
			ops = append(ops, [2]string{string(info.Operation), info.Title})
		}
	}
	return action{Name: "ask", Title: "向平台查询", Button: "查询", Fields: []field{{Name: "operation", Label: "操作", Options: ops}, {Name: "body", Label: "报文体（JSON，格式见接口规范）", Long: true, Needed: true}},
		run: func(ctx context.Context, in values) (string, error) {
			body := json.RawMessage(in.text("body"))
			if !json.Valid(body) {
				return "", errNoJSON
			}
			out, err := s.ask(ctx, question{System: d.Name, Operation: spec.Operation(in.text("operation")), Body: body})
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("平台应答：%.1500s", out), nil
		}}
}

// certifyDeath has a doctor certify a death.
func (s *Simcity) certifyDeath() action {
	return action{Name: "death", Title: "出具死亡证明", Button: "出具死亡证明", Fields: []field{{Name: "document", Label: "身份证号", Needed: true}, {Name: "on", Label: "死亡日期，如 2026-11-24（不填为今天）"}},
		run: func(_ context.Context, in values) (string, error) {
			on := land.Date("")
			if in.text("on") != "" {
				var err error
				if on, err = land.ParseDate(in.text("on")); err != nil {
					return "", err
				}
			}
			x, err := s.bigdata.Die(land.IDNumber(in.text("document")), on)
			return "已出具死亡证明 " + x.Number, err
		}}
}

func (s *Simcity) bankActions() []action {
	agreement := field{Name: "agreement", Label: "协议编号", Needed: true}
	return []action{
		{Name: "deposit", Title: "存入托管账户", Button: "存入", Fields: []field{agreement, {Name: "kind", Label: "款项", Options: [][2]string{{"downPayment", "首付款"}, {"loan", "贷款"}}},
			{Name: "amount", Label: "金额（元，不填为尚未到账的全部）"}, {Name: "payer", Label: "付款人（不填为买受人）"}},
			run: func(_ context.Context, in values) (string, error) {
				amount, err := in.yuan("amount")
				if err != nil {
					return "", err
				}
				kind := spec.DepositKind(in.text("kind"))
				if !kind.Valid() {
					return "", errors.New("款项种类不对")
				}
				a, err := s.banks.Deposit(in.text("agreement"), kind, amount, in.text("payer"))
				return "已入账，余额 " + land.Fen(a.Balance).String() + " 元", err
			}},
		{Name: "freeze", Title: "冻结、解冻账户", Button: "提交", Fields: []field{agreement, {Name: "frozen", Label: "措施", Options: [][2]string{{"yes", "冻结"}, {"no", "解冻"}}}},
			run: func(_ context.Context, in values) (string, error) {
				frozen := in.text("frozen") == "yes"
				_, err := s.banks.Freeze(in.text("agreement"), frozen)
				if frozen {
					return "已冻结", err
				}
				return "已解冻", err
			}},
	}
}

// setArrears says what is owed on a utility account.
func (s *Simcity) setArrears(d *wire.System) action {
	return action{Name: "arrears", Title: "设置欠费", Button: "设置欠费", Fields: []field{{Name: "account", Label: "户号", Needed: true}, {Name: "arrears", Label: "欠费（元，不填为结清）"}},
		run: func(_ context.Context, in values) (string, error) {
			fen, err := in.yuan("arrears")
			if err != nil {
				return "", err
			}
			return "户号 " + in.text("account") + " 欠费 " + land.Fen(fen).String() + " 元", s.utilities.Settle(strings.TrimPrefix(d.Name, "utility/"), in.text("account"), fen)
		}}
}

// deliver takes a parcel one step on; without parcels there is nothing to do.
func (s *Simcity) deliver() []action {
	var parcels [][2]string
	for _, p := range s.ems.Parcels() {
		if p.State() != spec.TrackStateSigned {
			parcels = append(parcels, [2]string{p.OrderNo, p.Waybill + " " + stated(string(p.State()))})
		}
	}
	if len(parcels) == 0 {
		return nil
	}
	return []action{{Name: "advance", Title: "投递", Button: "进入下一环节", Fields: []field{{Name: "order", Label: "邮件", Options: parcels}},
		run: func(_ context.Context, in values) (string, error) {
			p, err := s.ems.Advance(in.text("order"))
			return "邮件 " + p.Waybill + " 即将进入下一环节", err
		}}}
}

// failFaces lets face checks fail.
func (s *Simcity) failFaces() action {
	return action{Name: "fail", Title: "让人脸核验不通过", Button: "设置", Fields: []field{{Name: "document", Label: "身份证号（不填为任何人）"}, {Name: "next", Label: "次数", Value: "1", Needed: true},
		{Name: "reason", Label: "原因", Options: [][2]string{{string(spec.FaceReasonNotSame), "不是同一人"}, {string(spec.FaceReasonNotLive), "不是活体"}, {string(spec.FaceReasonBlurred), "图像不清"}, {string(spec.FaceReasonNoPhoto), "没有底片"}}}},
		run: func(_ context.Context, in values) (string, error) {
			n, err := in.number("next")
			if err != nil {
				return "", err
			}
			return "已设置", s.reach.Fail(channel.Failing{Document: in.text("document"), Next: n, Reason: spec.FaceReason(in.text("reason"))})
		}}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
