package papers

import (
	"fmt"

	"yichuang/internal/kit/doc"
	"yichuang/internal/land"
)

// SaleContract is the 存量房买卖合同 of parties who have none from the housing system, or the copy of the one it filed.
type SaleContract struct {
	Number      string // 网签合同号; empty: numbered by us
	Case        land.CaseNumber
	Sellers     []Person
	Buyers      []Person
	CoOwn       land.CoOwn // of the buyers
	Home        Home
	Burdens     string // mortgage, lease: in words; empty: none
	Price       land.Fen
	DownPayment land.Fen
	PayBy       land.Date
	Loans       []Loan
	Trust       string // number of the trust agreement
	SignedOn    land.Date
	HandOver    land.Date
	Agency      string
	Confirmed   []Confirmation
}

func (SaleContract) kind() Kind          { return ContractKind }
func (c SaleContract) ownNumber() string { return c.Number }

func (c SaleContract) check() error {
	switch {
	case len(c.Sellers) == 0 || len(c.Buyers) == 0:
		return ErrIncomplete{ContractKind, "a seller and a buyer"}
	case c.Price <= 0:
		return ErrIncomplete{ContractKind, "the price"}
	case c.Home.Unit == "":
		return ErrIncomplete{ContractKind, "the unit"}
	}
	return nil
}

func (c SaleContract) draw(p *paper) {
	signed := c.SignedOn
	if signed == "" {
		signed = land.DateOf(p.stamp.At)
	}
	p.head("合同编号　"+p.stamp.Number, "办件编号　"+string(c.Case), "签订日期　"+signed.Chinese())
	p.persons("甲方（出卖人）", c.Sellers, false)
	p.persons("乙方（买受人）", c.Buyers, true)
	if c.Agency != "" {
		p.Para(plainStyle, doc.B("经纪机构："), doc.T(c.Agency))
	}
	p.say(doc.T("甲、乙双方依照《中华人民共和国民法典》和有关法律，在平等、自愿、公平、诚信的基础上，就存量房买卖订立本合同（《民法典》第五百九十五条）。"))
	c.drawHome(p)
	c.drawMoney(p)
	c.drawDuties(p)
	c.drawFaults(p)
	p.confirmations(c.Confirmed)
}

func (c SaleContract) drawHome(p *paper) {
	p.clause("第一条", "房屋")
	p.facts(c.Home.facts()...)
	p.Space(2)
	p.say(doc.T("面积以不动产登记簿的记载为准。房屋及其占用范围内的建设用地使用权一并转让；附属的设施、装修和固定物随房屋转让，价款不另计。"))

	p.clause("第二条", "权利状况")
	burden := "甲方保证房屋没有抵押、租赁、居住权、查封和产权争议。"
	if c.Burdens != "" {
		burden = "甲方已告知并且乙方知悉：" + c.Burdens + "。除此之外，甲方保证房屋没有其他权利负担和产权争议。"
	}
	p.say(doc.T("房屋为甲方依法所有。" + burden + "第三人对房屋主张权利的，由甲方负责处理并承担责任（《民法典》第六百一十二条）。房屋为共有的，甲方保证已取得法律要求的共有人同意（《民法典》第三百零一条）。"))
}

func (c SaleContract) drawMoney(p *paper) {
	p.clause("第三条", "成交价款")
	p.money("房屋成交价款为人民币", c.Price)

	p.clause("第四条", "付款")
	p.say(doc.T("价款不直接付给甲方，全部存入资金托管账户"), doc.T(bracket(c.Trust, "托管协议编号")), doc.T("，按托管协议划付："))
	p.money(fmt.Sprintf("1. 首付款由乙方%s存入，计人民币", on(c.PayBy, "登记受理前")), c.DownPayment)
	for i, l := range c.Loans {
		p.money(fmt.Sprintf("%d. 乙方向%s申请%s，期限 %d 个月，由贷款机构直接发放至托管账户，计人民币", i+2, l.Lender, l.Kind, l.Months), l.Amount)
	}
	p.say(doc.T("贷款未获批准或者少于约定金额的，差额由乙方在收到通知之日起 10 日内补足；双方也可以解除合同，互不承担违约责任，已付价款原路退回。"))

	p.clause("第五条", "税费")
	p.say(doc.T("契税由乙方缴纳；增值税及附加、个人所得税由甲方缴纳；不动产登记费由乙方缴纳，抵押权登记费由抵押权人缴纳。税额以税务部门核定为准。未缴纳契税的，登记机构不予办理登记（《中华人民共和国契税法》第十一条）。"))
}

// bracket is a number in brackets with its name, or nothing.
func bracket(number, name string) string {
	if number == "" {
		return ""
	}
	return "（" + name + "：" + number + "）"
}

func (c SaleContract) drawDuties(p *paper) {
	p.clause("第六条", "交付")
	p.say(doc.T("甲方应" + on(c.HandOver, "登记完成后 30 日内") + "腾空房屋，把钥匙、门禁和有关资料交给乙方，双方在网上大厅确认交付。房屋毁损、灭失的风险，交付以前由甲方承担，交付以后由乙方承担（《民法典》第六百零四条）。" +
		"交付以前产生的物业、水、电、燃气、有线电视等费用由甲方结清，账户随过户一并更名；房屋下的户口，甲方应在交付后 30 日内迁出。"))

	p.clause("第七条", "登记")
	p.say(doc.T("本合同生效后，双方应共同申请转移登记（《不动产登记暂行条例》第十四条）。房屋所有权自记载于不动产登记簿时转移给乙方（《民法典》第二百零九条、第二百一十四条）；未办理登记，不影响本合同的效力（《民法典》第二百一十五条）。"))
	if len(c.Buyers) > 1 {
		p.say(doc.T("乙方取得房屋的方式为" + c.CoOwn.Label() + "，份额见首部。"))
	}
}

func (c SaleContract) drawFaults(p *paper) {
	p.clause("第八条", "违约责任")
	p.points("乙方逾期付款，或者甲方逾期交付、逾期配合登记的，每逾期一日，违约方按成交价款的万分之一支付违约金。",
		"逾期超过 30 日的，守约方可以书面通知解除合同；违约方应按成交价款的百分之五支付违约金，造成的损失超过违约金的，补足差额（《民法典》第五百六十三条、第五百八十五条）。",
		"甲方隐瞒查封、抵押、产权争议等情形的，乙方可以解除合同，甲方退还全部价款并按前项承担责任。")

	p.clause("第九条", "不可抗力、争议和通知")
	p.say(doc.T("因不可抗力不能履行的，依法部分或者全部免除责任，但应及时通知对方（《民法典》第五百九十条）。争议由双方协商；协商不成的，向房屋所在地人民法院起诉。双方在网上大厅预留的手机号码为送达方式，变更的应当及时更新。"))

	p.clause("第十条", "生效")
	p.say(doc.T("本合同以数据电文形式订立，自双方全体当事人实名认证并确认之日起生效，与书面签名盖章的合同具有同等法律效力（《民法典》第四百六十九条、第四百九十一条，《电子签名法》第十四条）。生效后由住房城乡建设部门备案。"))
}
