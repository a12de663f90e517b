package connect

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
)

// Inquiry is something that staff ask another system about a case, beside the checks that run by themselves.
type Inquiry string

// What can be asked.
const (
	AskProcess  Inquiry = "process"  // how far the registry is with its own case
	AskArchive  Inquiry = "archive"  // the files of the unit in the registry's archive
	AskBuilding Inquiry = "building" // housing's table of the building
	AskReceipts Inquiry = "receipts" // the receipts of the tax

	AskHousehold Inquiry = "household" // the households of the parties
	AskDeaths    Inquiry = "deaths"    // whether a party has died
	AskBirth     Inquiry = "birth"     // the parents of the parties who are minors
	AskNotary    Inquiry = "notary"    // a notarial certificate, by its number
	AskJudgments Inquiry = "judgments" // judgments on the sellers' homes
	AskAssets    Inquiry = "assets"    // an approval by which state assets were given to a seller, by its number
	AskLand      Inquiry = "land"      // planning, survey and supply of the parcel
	AskPlace     Inquiry = "place"     // the place name of the address
	AskLicence   Inquiry = "licence"   // the licences of parties that are organisations
)

// Answer is a reply as a person reads it: who answered and when, facts, then a table. None says that there is nothing, in words.
type Answer struct {
	From  string
	At    time.Time
	Facts [][2]string
	Head  []string
	Rows  [][]string
	None  string
}

// Question is what a person wants to know: Purpose is told to the other side, Number names a paper where one is asked about.
type Question struct {
	What    Inquiry
	Purpose string
	Number  string
}

// NeedsNumber tells whether the question is about one paper, by its number.
func (i Inquiry) NeedsNumber() bool { return i == AskNotary || i == AskAssets }

// Ask asks another system about a case. Errors: exchange.ErrDesk where people do the work in our pages, exchange.ErrUnavailable,
// *exchange.Refusal.
func (r *Room) Ask(ctx context.Context, q Question, c *casework.Case) (a Answer, err error) {
	asker, ok := map[Inquiry]struct {
		from string
		ask  func(context.Context, *casework.Case, Question) (Answer, error)
	}{
		AskProcess: {"登记系统", r.askProcess}, AskArchive: {"登记系统", r.askArchive}, AskBuilding: {"住建系统", r.askBuilding}, AskReceipts: {"税务系统", r.askReceipts},
		AskHousehold: {"公安", r.askHousehold}, AskDeaths: {"卫生健康", r.askDeaths}, AskBirth: {"卫生健康", r.askBirth}, AskNotary: {"公证机构", r.askNotary},
		AskJudgments: {"法院", r.askJudgments}, AskAssets: {"国资监管", r.askAssets}, AskLand: {"自然资源", r.askLand}, AskPlace: {"民政", r.askPlace},
		AskLicence: {"市场监管、编办", r.askLicence},
	}[q.What]
	if !ok {
		return a, fmt.Errorf("connect: nothing to ask by %q", q.What)
	}
	if a, err = asker.ask(ctx, c, q); err != nil {
		return a, err
	}
	a.From, a.At = asker.from, r.Clock.Now()
	return a, nil
}

// inquire sends a question; each is a message of its own.
func (r *Room) inquire(ctx context.Context, op spec.Operation, c *casework.Case, in, out any) error {
	return r.Out.Call(ctx, op, exchange.Route{District: c.District, Item: c.Item, Case: string(c.No)}, uuid.NewString(), in, out)
}

func (r *Room) askProcess(ctx context.Context, c *casework.Case, _ Question) (a Answer, err error) {
	var out spec.RegistryProcessQueryResponse
	if err := r.inquire(ctx, spec.RegistryProcessQuery, c, spec.RegistryProcessQueryRequest{CaseNo: string(c.No), RegistryCaseNo: c.Facts.RegistryNo}, &out); err != nil {
		return a, err
	}
	if !out.Found {
		a.None = "登记系统还没有这件。"
		return a, nil
	}
	a.fact("登记业务号", out.RegistryCaseNo)
	a.fact("最近完成", stageWords[out.Stage])
	a.fact("完成时间", minute(out.At))
	if out.Suspended {
		a.fact("已暂停", out.Reason)
	}
	return a, nil
}

func (r *Room) askArchive(ctx context.Context, c *casework.Case, q Question) (a Answer, err error) {
	applicant, ok := c.App.Party(c.App.Applicant)
	if !ok {
		return a, fmt.Errorf("connect: case %s has no applicant", c.No)
	}
	var out spec.RegistryArchiveQueryResponse
	if err := r.inquire(ctx, spec.RegistryArchiveQuery, c, spec.RegistryArchiveQueryRequest{Applicant: personOf(applicant.Name, applicant.Document),
		UnitCode: string(c.Unit), Purpose: q.Purpose}, &out); err != nil {
		return a, err
	}
	a.None = "档案里没有这套房的案卷。"
	a.Head = []string{"档案号", "案卷", "登记类型", "归档", "页数"}
	for _, f := range out.Files {
		a.Rows = append(a.Rows, []string{f.ArchiveNo, f.Title, registrationWords(f.RegistrationType), f.ArchivedOn, fmt.Sprint(f.Pages)})
	}
	return a, nil
}

func (r *Room) askBuilding(ctx context.Context, c *casework.Case, _ Question) (a Answer, err error) {
	var out spec.HousingBuildingQueryResponse
	if err := r.inquire(ctx, spec.HousingBuildingQuery, c, spec.HousingBuildingQueryRequest{District: c.District, UnitCode: string(c.Unit)}, &out); err != nil {
		return a, err
	}
	if !out.Found {
		a.None = "住建系统没有这幢楼的楼盘表。"
		return a, nil
	}
	a.fact("项目", out.Project)
	a.fact("坐落", out.Address)
	a.fact("自然幢号", out.BuildingNo)
	a.fact("总层数", fmt.Sprint(out.Floors))
	a.Head = []string{"室号", "层", "建筑面积（㎡）", "状态", "合同"}
	for _, u := range out.Units {
		a.Rows = append(a.Rows, []string{u.Unit.Room, u.Unit.Floor, u.Unit.Area, unitStates[u.State], u.ContractNo})
	}
	return a, nil
}

func (r *Room) askReceipts(ctx context.Context, c *casework.Case, _ Question) (a Answer, err error) {
	if c.Facts.TaxNo == "" {
		a.None = "税务部门还没有核定税款。"
		return a, nil
	}
	var out spec.TaxReceiptQueryResponse
	if err := r.inquire(ctx, spec.TaxReceiptQuery, c, spec.TaxReceiptQueryRequest{TaxNo: c.Facts.TaxNo}, &out); err != nil {
		return a, err
	}
	a.fact("核税编号", c.Facts.TaxNo)
	if s := c.Facts.TaxSlip; s != nil {
		a.fact("缴款书", s.Number)
		a.fact("收款国库", s.Treasury)
		a.fact("限缴日期", string(s.PayBy))
	}
	a.fact("入库", map[bool]string{true: "已入库", false: "还没有入库"}[out.Paid])
	a.None = "还没有开具税票。"
	a.Head = []string{"税票号码", "税种", "纳税人", "金额（元）", "开具时间"}
	for _, t := range out.Receipts {
		a.Rows = append(a.Rows, []string{t.ReceiptNo, taxNames[t.Kind], land.MaskName(t.Payer), land.Fen(t.Amount).String(), minute(t.IssuedAt)})
	}
	return a, nil
}

// fact adds a fact that is known.
func (a *Answer) fact(name, value string) {
	if value != "" {
		a.Facts = append(a.Facts, [2]string{name, value})
	}
}

var stageWords = map[spec.ProcessStage]string{
	spec.ProcessStageAccepted: "受理", spec.ProcessStageApproved: "核定", spec.ProcessStageEntered: "登簿", spec.ProcessStageCertified: "缮证",
}

var unitStates = map[spec.BuildingUnitState]string{
	spec.BuildingUnitStateUnsold: "未售", spec.BuildingUnitStateSigned: "已签约", spec.BuildingUnitStateFiled: "已备案",
	spec.BuildingUnitStateRegistered: "已登记", spec.BuildingUnitStateMortgaged: "已抵押", spec.BuildingUnitStateRestricted: "已限制",
}

func registrationWords(t spec.RegistrationType) string {
	words := map[spec.RegistrationType]string{spec.RegistrationTypeFirst: "首次登记", spec.RegistrationTypeTransfer: "转移登记",
		spec.RegistrationTypeChange: "变更登记", spec.RegistrationTypeCancellation: "注销登记", spec.RegistrationTypeCorrection: "更正登记",
		spec.RegistrationTypeObjection: "异议登记", spec.RegistrationTypeAdvanceNotice: "预告登记", spec.RegistrationTypeSeizure: "查封登记"}
	if w, ok := words[t]; ok {
		return w
	}
	return "其他登记"
}

func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Shanghai()).Format("2006-01-02 15:04")
}
