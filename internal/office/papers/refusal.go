package papers

import (
	"fmt"
	"time"

	"yichuang/internal/kit/doc"
	"yichuang/internal/land"
)

// Refusal is a 不予受理告知书 (before acceptance, Interim Regulations 17) or, when Accepted, a 不予登记告知书 (22). A refusal for
// want of materials lists them all in Missing, so that the applicant can come back once.
type Refusal struct {
	Accepted  bool
	Case      land.CaseNumber
	To        []string
	Item      string
	Home      Home
	AppliedAt time.Time
	Reasons   []Reason
	Missing   []Gap
	Refund    string // what happens to money that was paid; empty: nothing was
	Contact
}

// Reason is a fact and the article that makes it one for refusing.
type Reason struct{ Text, Law string }

func (r Refusal) kind() Kind {
	if r.Accepted {
		return RefusalKind
	}
	return RejectionKind
}

func (Refusal) ownNumber() string { return "" }

func (r Refusal) check() error {
	switch {
	case r.Case == "":
		return ErrIncomplete{r.kind(), "the case number"}
	case len(r.Reasons) == 0:
		return ErrIncomplete{r.kind(), "a reason"}
	}
	for _, x := range r.Reasons {
		if x.Text == "" || x.Law == "" {
			return ErrIncomplete{r.kind(), "the ground or the article of a reason"}
		}
	}
	return nil
}

func (r Refusal) draw(p *paper) {
	p.head(p.numberLine(r.Case)...)
	verb, article := "不予受理", "第十七条"
	if r.Accepted {
		verb, article = "不予登记", "第二十二条"
	}
	p.Para(plainStyle, doc.B(join(r.To)+"："))
	p.say(doc.T(fmt.Sprintf("你们于 %s申请的%s（坐落：%s，不动产单元号：%s），经审查，有下列情形，依照《不动产登记暂行条例》%s，决定",
		chineseDate(r.AppliedAt), r.Item, r.Home.Address, r.Home.Unit.Grouped(), article)), doc.B(verb), doc.T("。"))
	p.part("一、理由和依据")
	for i, x := range r.Reasons {
		p.Para(itemStyle, doc.T(fmt.Sprintf("%d. %s（依据：%s）", i+1, x.Text, x.Law)))
	}
	parts := []string{"二", "三", "四"}
	next := func(title string) {
		p.part(parts[0] + "、" + title)
		parts = parts[1:]
	}
	if len(r.Missing) > 0 {
		next("再次申请时请备齐下列全部材料")
		p.gaps(r.Missing)
	}
	next("以后怎么办")
	todo := []string{"上述情形消除后，可以重新申请，本次已上传的材料在网上大厅保留，无需重新准备。", "申请材料已一并退还；电子材料不再用于其他用途。"}
	if r.Refund != "" {
		todo = append(todo, r.Refund)
	}
	p.points(append(todo, "有疑问："+r.Contact.String()+"。")...)
	next("救济途径")
	p.say(doc.T("你们不服本决定的，可以自收到本告知书之日起六十日内，依照《中华人民共和国行政复议法》第二十条向有管辖权的行政复议机关申请行政复议；" +
		"或者自收到之日起六个月内，依照《中华人民共和国行政诉讼法》第四十六条向有管辖权的人民法院提起行政诉讼。"))
	p.sealed("不动产登记专用章")
	p.delivery()
}
