package papers

import (
	"fmt"
	"strconv"
	"time"

	"yichuang/internal/kit/doc"
	"yichuang/internal/land"
)

// Correction is the 一次性告知书（补正）: all that is missing, told once (Interim Regulations 17). It takes every gap that is
// known when it is issued; a second notice for one of these is a defect.
type Correction struct {
	Case     land.CaseNumber
	To       []string
	Item     string
	Gaps     []Gap
	Until    time.Time
	LapseDay int    // days that the applicant has, as the city set them; printed so that they bind
	Opinion  string // a sentence added by the clerk
	Round    int    // 1 for the first notice of the case
	Contact
}

// Gap is one material that is missing or wrong.
type Gap struct {
	Material string
	Reason   string
	How      string
	Law      string
}

func (Correction) kind() Kind        { return CorrectionKind }
func (Correction) ownNumber() string { return "" }

func (c Correction) check() error {
	switch {
	case c.Case == "":
		return ErrIncomplete{CorrectionKind, "the case number"}
	case len(c.Gaps) == 0:
		return ErrIncomplete{CorrectionKind, "a gap to be filled"}
	case c.Until.IsZero():
		return ErrIncomplete{CorrectionKind, "the day to answer by"}
	}
	return nil
}

func (c Correction) draw(p *paper) {
	lines := p.numberLine(c.Case)
	if c.Round > 0 {
		lines[1] += fmt.Sprintf("　（第 %d 次告知）", c.Round)
	}
	p.head(lines...)
	p.Para(plainStyle, doc.B(join(c.To)+"："))
	p.say(doc.T(fmt.Sprintf("你们申请的%s，经查，下列 %d 项需要补齐。我们已把全部缺项一次列出，补齐后不再另要材料。", c.Item, len(c.Gaps))))
	p.Space(4)
	p.gaps(c.Gaps)
	p.Space(6)
	days := ""
	if c.LapseDay > 0 {
		days = fmt.Sprintf("（自告知起 %d 日）", c.LapseDay)
	}
	for _, l := range [][2]string{
		{"交到哪里", "网上大厅“我的办件”直接上传（推荐），或任一登记大厅综合窗口。"},
		{"什么时候", deadline(c.Until) + " 前" + days + "。补交前办理时限暂停计算；逾期未补，按撤回处理，已付税费原路退回。"},
		{"说　　明", c.Opinion},
		{"有疑问时", c.Contact.String() + "。"},
	} {
		if l[1] != "" {
			p.Para(doc.Style{Size: 10.5, Lead: 1.65, Hang: 5, Align: doc.Justified}, doc.B(l[0]+"："), doc.T(l[1]))
		}
	}
	p.basis("《不动产登记暂行条例》第十七条（材料不齐全的，当场书面告知需要补正的全部内容）", "第二十四条（能够共享取得的，不要求申请人重复提交）")
	p.sealed("业务专用章")
	p.delivery()
}

// gaps sets the table of what is missing.
func (p *paper) gaps(gaps []Gap) {
	t := doc.Table{Cols: []doc.Col{{Width: 6, Align: doc.Center}, {Width: 18}, {Width: 27}, {Width: 27}, {Width: 22}},
		Head: []doc.Row{doc.Strings("序", "材料", "为什么需要", "怎样准备", "依据")}}
	for i, g := range gaps {
		t.Rows = append(t.Rows, doc.Strings(strconv.Itoa(i+1), g.Material, g.Reason, g.How, g.Law))
	}
	p.Table(t)
}

// delivery is the line by which the addressee signs for a notice.
func (p *paper) delivery() {
	p.Need(30)
	p.Space(6)
	p.HLine(p.Left(), p.Y(), p.Width(), 0.5, doc.Grey)
	p.Space(4)
	p.Para(doc.Style{Size: 10}, doc.T("送达：□ 网上　□ 短信　□ 当面　　　　签收：　　　　　　　　　　日期：　　　　年　　月　　日"))
}
