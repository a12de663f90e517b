package papers

import (
	"strconv"
	"strings"
	"time"

	"yichuang/internal/kit/doc"
	"yichuang/internal/land"
)

// Acceptance is the 不动产登记联办受理通知单: one acceptance for all registrations of the case.
type Acceptance struct {
	Case       land.CaseNumber
	Applicants []string
	Home       Home
	Items      []AcceptedItem
	Received   []Received
	AcceptedAt time.Time
	PromisedBy land.Date // our promise
	LegalBy    land.Date // 30 working days from acceptance (Interim Regulations 20)
	Clerk      string
	Hall       string
	Delivery   string // 邮寄（EMS） or 窗口领取 with the hall
	Contact
}

// AcceptedItem is one registration of the joint application.
type AcceptedItem struct {
	Type    string // 转移登记
	Right   string // 国有建设用地使用权／房屋所有权
	Holder  string // who gets the right
	Obliged string // who gives it
}

// Received is a material that was handed in or fetched.
type Received struct {
	Name   string
	Copies int
	Form   string // 原件核验, 共享, 电子
}

func (Acceptance) kind() Kind        { return AcceptanceKind }
func (Acceptance) ownNumber() string { return "" }

func (a Acceptance) check() error {
	switch {
	case a.Case == "":
		return ErrIncomplete{AcceptanceKind, "the case number"}
	case len(a.Items) == 0:
		return ErrIncomplete{AcceptanceKind, "a registration"}
	case a.AcceptedAt.IsZero():
		return ErrIncomplete{AcceptanceKind, "the time of acceptance"}
	}
	return nil
}

// hallName names a hall by its district where only its code is known: 321202-1.
func hallName(hall string) string {
	code, _, coded := strings.Cut(hall, "-")
	if d, ok := land.FindDistrict(code); coded && ok {
		return d.Name + "不动产登记大厅"
	}
	return hall
}

func (a Acceptance) draw(p *paper) {
	p.head(p.numberLine(a.Case)...)
	p.Para(plainStyle, doc.B(join(a.Applicants)+"："))
	p.say(doc.T("你们提交的不动产登记联合办理申请，材料齐全、符合法定形式，现予受理。各部门依本单并联办理，无需另行申请。"))
	p.part("一、受理的登记")
	t := doc.Table{Size: 9.5, Cols: []doc.Col{{Width: 6, Align: doc.Center}, {Width: 17, Align: doc.Center}, {Width: 29}, {Width: 24}, {Width: 24}},
		Head: []doc.Row{doc.Strings("序", "登记类型", "权利", "权利人（申请人）", "义务人")}}
	for i, it := range a.Items {
		t.Rows = append(t.Rows, doc.Strings(strconv.Itoa(i+1), it.Type, it.Right, it.Holder, it.Obliged))
	}
	p.Table(t)
	p.part("二、房屋和时限")
	p.facts(append(a.Home.facts(), fact{"受理时间", chineseTime(a.AcceptedAt)}, fact{"受理地点", hallName(a.Hall)},
		fact{"承诺办结", by(a.PromisedBy, "")}, fact{"法定期限", by(a.LegalBy, "")},
		fact{"受 理 人", a.Clerk}, fact{"领证方式", a.Delivery})...)
	p.part("三、收到的材料")
	r := doc.Table{Size: 9.5, Cols: []doc.Col{{Width: 6, Align: doc.Center}, {Width: 54}, {Width: 12, Align: doc.Center}, {Width: 28, Align: doc.Center}},
		Head: []doc.Row{doc.Strings("序", "材料", "份数", "形式")}}
	for i, m := range a.Received {
		r.Rows = append(r.Rows, doc.Strings(strconv.Itoa(i+1), m.Name, strconv.Itoa(m.Copies), m.Form))
	}
	p.Table(r)
	p.part("四、请知道这几件事")
	p.points("办理时限从受理的次日起算，只计工作日。公告、实地查看以及法院等机关回复的时间不计入。",
		"登簿以前，全体申请人可以共同撤回申请，材料和已缴的税费退还。",
		"登簿以前收到法院等机关依法查封的文书，登记会停止，我们会立即告知。",
		"不动产权利自记载于不动产登记簿时设立、转移。登簿后电子证照即时生成，与纸质证书具有同等效力。",
		"查进度：网上大厅“查进度”，输入办件编号和证件号码后 6 位；或扫右上角二维码核验本单。",
		"有疑问："+a.Contact.String()+"。")
	p.basis("《不动产登记暂行条例》第十四条、第十五条、第十七条、第二十条、第二十一条", "《中华人民共和国民法典》第二百零九条、第二百一十四条")
	p.sealed("受理专用章")
}
