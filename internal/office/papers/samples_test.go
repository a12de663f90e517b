package papers

import (
	"fmt"
	"strings"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc/code"
	"yichuang/internal/land"
)

// The samples show each document at its plainest and at its worst: the longest names, 40 co-owners, the largest amount.

const longName = "买买提明·阿不都热合曼·吐尔逊阿依古丽·阿卜杜" // 24 characters

const longAddress = "江苏省泰州市医药高新区（高港区）口岸街道春港路与金港南路交叉口东北侧港城国际花园三期北苑18号楼2单元3402室及地下车位B1-0917" // 68

func at(d string, h, m int) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, d, clock.Shanghai())
	if err != nil {
		panic(err)
	}
	return t.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
}

func idCard(n int) land.Document {
	id, err := land.MakeIDNumber("321202", land.MakeDate(1960+n%50, time.Month(1+n%12), 1+n%28), 100+n)
	if err != nil {
		panic(err)
	}
	return land.Document{Kind: land.DocIDCard, Number: string(id)}
}

func unit(n int) land.UnitCode {
	u, err := land.MakeUnitCode("321202", "001003", "GB", 12, 3, n)
	if err != nil {
		panic(err)
	}
	return u
}

func cert(proof bool, n int) land.CertNumber {
	c, err := land.MakeCertNumber(2026, "泰州市", proof, n)
	if err != nil {
		panic(err)
	}
	return c
}

var (
	caseNo  = land.CaseNumber("TZ-261124-00412-6")
	home    = Home{Address: "江苏省泰州市海陵区青年南路88号3幢1单元502室", Unit: unit(504), Area: 8946, Use: "成套住宅", Structure: "钢筋混凝土", Floor: "5／11", Certificate: cert(false, 1234)}
	contact = Contact{Name: "张*", Phone: "0523-86880000", Hours: "工作日 9:00—12:00、13:30—17:30"}
	seller  = Person{Name: "李建华", Document: idCard(7), Phone: "13800005678"}
	buyer   = Person{Name: "王晓明", Document: idCard(30), Phone: "13900001234", Share: land.Share{Num: 1, Den: 2}}
	spouse  = Person{Name: longName, Document: idCard(31), Phone: "13700004321", Share: land.Share{Num: 1, Den: 2}, Agent: "代理人 陈玥"}
	loans   = []Loan{{"商业贷款", "中国建设银行股份有限公司泰州分行", 50_000_000, 240}, {"公积金贷款", "泰州市住房公积金管理中心", 30_000_000, 300}}
	agreed  = []Confirmation{
		{"李建华", "出卖人", at("2026-11-22", 10, 31), "实名认证并人脸核验", "3045022100a1b2c3d4e5f6"},
		{"王晓明", "买受人", at("2026-11-22", 11, 2), "实名认证并人脸核验", "304402207f1e2d3c4b5a69"},
		{longName, "买受人", at("2026-11-22", 20, 45), "实名认证", "3046022100deadbeef0011"},
	}
)

func sheet() Sheet {
	return Sheet{Case: caseNo, Item: "存量房转移登记及抵押权登记", To: []string{"李建华", "王晓明", longName}, Home: home, Price: 128_000_000,
		Trust: SheetTrust{"TG-261124-000087", "中国建设银行股份有限公司泰州分行", "32050176543600000087", 48_000_000}, Loans: loans, TaxNo: "HS2611240087",
		Tax: []TaxLine{
			{"契税", "买方", 128_000_000, "1%", 1_280_000, "家庭唯一住房，面积不超过 140 平方米"},
			{"增值税", "卖方", 128_000_000, "免征", 0, "购买满 2 年"},
			{"个人所得税", "卖方", 128_000_000, "1%", 1_280_000, "不满足“满五唯一”，按核定方式征收"},
			{"印花税", "双方", 128_000_000, "免征", 0, "个人买卖住房"},
		},
		Fees: []FeeLine{{"不动产登记费（住宅，转移登记）", "买方", 8000, "住宅类每件 80 元，含一本证书工本费"}, {"不动产登记费（住宅，抵押权登记）", "抵押权人", 8000, "住宅类每件 80 元"}},
		Bring: []Bring{{"身份证", "原件", "双方", "核对后当场退还"}, {"不动产权证书（纸质）", "原件", "卖方", "登簿时收回注销；只有电子证照的不用带"},
			{"借款合同、抵押合同", "原件 1 份", "贷款银行", "银行已网上提交的不用带"}},
		PayBy: at("2026-12-04", 17, 0), Places: "海陵区海陵南路 302 号政务服务中心二楼不动产登记大厅，建议先在网上大厅预约。", Contact: contact}
}

func correction() Correction {
	return Correction{Case: caseNo, To: []string{"李建华", "王晓明"}, Item: "存量房转移登记及抵押权登记", Round: 1, LapseDay: 15, Until: at("2026-12-08", 17, 0),
		Gaps: []Gap{
			{"结婚证", "卖方婚姻信息在民政部门未查到", "原件拍照，四角完整，JPG、PNG 或 PDF，不超过 20 MB", "《不动产登记暂行条例实施细则》第三十八条"},
			{"首付款凭证", "托管账户未见到账", "银行回单 PDF 或照片", "资金托管协议第二条"},
		}, Opinion: "结婚证如已遗失，可先到民政部门补领，或提交婚姻登记档案证明。", Contact: contact}
}

func acceptance() Acceptance {
	a := Acceptance{Case: caseNo, Applicants: []string{"李建华", "王晓明", longName, "中国建设银行股份有限公司泰州分行"}, Home: home,
		Items: []AcceptedItem{{"转移登记", "国有建设用地使用权／房屋所有权", "王晓明、" + longName, "李建华"},
			{"首次登记（抵押权）", "抵押权（一般抵押）", "中国建设银行股份有限公司泰州分行", "王晓明、" + longName}},
		AcceptedAt: at("2026-11-26", 10, 52), PromisedBy: "2026-12-01", LegalBy: "2027-01-08", Clerk: "张*（0417）", Hall: "海陵区不动产登记大厅 6 号窗口",
		Delivery: "邮寄（EMS）", Contact: contact}
	for _, m := range []string{"不动产登记申请书", "买卖双方身份证", "不动产权证书", "存量房买卖合同（网签备案）", "契税完税凭证", "资金托管协议", "借款合同", "抵押合同", "婚姻登记信息"} {
		a.Received = append(a.Received, Received{m, 1, []string{"原件核验", "共享取得", "电子文本"}[len(a.Received)%3]})
	}
	return a
}

func trust() TrustAgreement {
	return TrustAgreement{Number: "TG-261124-000087", Case: caseNo, Sellers: []Person{seller}, Buyers: []Person{buyer, spouse}, Bank: "中国建设银行股份有限公司泰州分行",
		AccountName: "存量房交易资金托管专户", Account: "32050176543600000087", Home: home, Price: 128_000_000, DownPayment: 48_000_000, PayBy: "2026-12-04",
		Loans: loans, Payee: Payee{"李建华", "中国工商银行股份有限公司泰州海陵支行", "6222021115001234567"}, Confirmed: agreed}
}

func contract() SaleContract {
	return SaleContract{Case: caseNo, Sellers: []Person{seller}, Buyers: []Person{buyer, spouse}, CoOwn: land.CoOwnShares, Home: home, Price: 128_000_000,
		Burdens:     "抵押权人中国银行股份有限公司泰州分行的一般抵押（苏（2021）泰州市不动产证明第0004567号），由甲方在登记受理前办理注销",
		DownPayment: 48_000_000, PayBy: "2026-12-04", Loans: loans, Trust: "TG-261124-000087", SignedOn: "2026-11-22", HandOver: "2026-12-20", Agency: "泰州市安居房地产经纪有限公司", Confirmed: agreed}
}

func title() TitleCertificate {
	return TitleCertificate{Number: cert(false, 5678), Case: caseNo, CoOwn: land.CoOwnShares,
		Holders: []Holder{{"王晓明", idCard(30), land.Share{Num: 1, Den: 2}}, {longName, idCard(31), land.Share{Num: 1, Den: 2}}},
		Address: home.Address, Unit: home.Unit, Right: land.RightHouse, Nature: "出让／市场化商品房", Use: "城镇住宅用地／成套住宅", LandArea: 1_234_567, Area: 8946,
		TermFrom: "2009-06-18", TermTo: "2079-06-17",
		Other: []string{"房屋结构：钢筋混凝土结构", "专有建筑面积：72.31 ㎡，分摊建筑面积：17.15 ㎡", "房屋总层数：11，所在层：5", "房屋竣工时间：2011 年"},
		Notes: []string{"房屋编码：321202001003A00100000504-7", "取得方式：买卖，成交价 1,280,000.00 元", "抵押：苏（2026）泰州市不动产证明第0000912号"}}
}

func proof() ProofCertificate {
	return ProofCertificate{Number: cert(true, 912), Case: caseNo, Subject: "抵押权（一般抵押）", Holders: []string{"中国建设银行股份有限公司泰州分行"},
		Obliged: []string{"王晓明", longName}, Address: home.Address, Unit: home.Unit,
		Other: []string{"不动产权证书号：苏（2026）泰州市不动产权第0005678号", "抵押方式：一般抵押", "担保债权数额：500,000.00 元（大写：伍拾万元整）",
			"债务履行期限：2026 年 12 月 1 日 起 2046 年 11 月 30 日 止", "担保范围：主债权及其利息、违约金、损害赔偿金和实现抵押权的费用", "是否存在禁止或限制转让抵押不动产的约定：否"},
		Notes: []string{"抵押顺位：第一顺位"}}
}

func refusal(accepted bool) Refusal {
	r := Refusal{Accepted: accepted, Case: caseNo, To: []string{"李建华", "王晓明"}, Item: "存量房转移登记及抵押权登记", Home: home, AppliedAt: at("2026-11-22", 20, 45),
		Reasons: []Reason{{"申请登记的房屋于 2026 年 11 月 30 日 被人民法院依法查封，查封期间不得办理转移、抵押登记。", "《不动产登记暂行条例》第二十二条第四项，《不动产登记暂行条例实施细则》第九十条"}},
		Refund:  "托管账户中的 480,000.00 元和已缴的税费 13,600.00 元，将在 5 个工作日内按来源原路退回。", Contact: contact}
	if !accepted {
		r.Reasons = []Reason{{"申请材料不齐全，缺少下列第二部分所列材料。", "《不动产登记暂行条例》第十七条第一款第三项"}}
		r.Missing, r.Refund = correction().Gaps, ""
	}
	return r
}

func receipt() Receipt {
	return Receipt{Case: caseNo, Payer: "王晓明", Channel: "微信支付", Reference: "4200002512202611248765432109", PaidAt: at("2026-11-25", 9, 12),
		Lines: []FeeLine{{Name: "契税", Amount: 1_280_000, Basis: "按税务核定代收"}, {Name: "不动产登记费", Amount: 8000, Basis: "住宅类每件 80 元"}}}
}

// The worst cases.
func worstTitle() TitleCertificate {
	c := title()
	c.Address, c.Holders = longAddress, nil
	for i := range 40 {
		c.Holders = append(c.Holders, Holder{fmt.Sprintf("%s%02d", longName[:len(longName)-6], i+1), idCard(i), land.Share{Num: 1, Den: 40}})
	}
	for i := range 30 {
		c.Notes = append(c.Notes, fmt.Sprintf("第 %d 项附记：%s", i+1, longAddress))
	}
	return c
}

func worstContract() SaleContract {
	c := contract()
	c.Home.Address, c.Price, c.DownPayment = longAddress, land.MaxFen, land.MaxFen-80_000_000
	c.Buyers = nil
	for i := range 40 {
		c.Buyers = append(c.Buyers, Person{Name: longName, Document: idCard(i), Phone: "13900001234", Share: land.Share{Num: 1, Den: 40}})
	}
	return c
}

func worstSheet() Sheet {
	s := sheet()
	s.Home.Address, s.Price = longAddress, land.MaxFen
	s.Tax[0].Base, s.Tax[0].Amount, s.Tax[0].Why = land.MaxFen, land.MaxFen, longAddress
	for range 39 {
		s.To = append(s.To, longName)
	}
	return s
}

func newHomeSheet() Sheet {
	s := sheet()
	s.Item, s.Trust, s.Loans, s.Bring, s.Contact = "商品房转移登记", SheetTrust{}, nil, nil, Contact{Phone: hotline, Hours: "24 小时"}
	return s
}

// samples are all of them, by the name of their golden file.
func samples() map[string]Content {
	draft := contract()
	draft.Confirmed, draft.PayBy, draft.HandOver, draft.SignedOn, draft.Trust = nil, "", "", "", ""
	return map[string]Content{
		"sheet": sheet(), "sheet-new-home": newHomeSheet(), "sheet-worst": worstSheet(), "correction": correction(), "acceptance": acceptance(), "trust": trust(),
		"contract": contract(), "contract-draft": draft, "contract-worst": worstContract(), "title": title(), "title-worst": worstTitle(), "proof": proof(),
		"not-accepted": refusal(false), "refused": refusal(true), "receipt": receipt(),
	}
}

func stamp(c Content) Stamp {
	office, _ := OfficeOf("321202")
	k, err := code.New(strings.NewReader("0123456789"))
	if err != nil {
		panic(err)
	}
	number := c.ownNumber()
	if number == "" {
		number = serialNumber(c.kind(), office, 2026, 412)
	}
	return Stamp{Office: office, Number: number, Code: k, URL: "https://hall.tz.example/v/" + string(k), At: at("2026-11-26", 10, 52)}
}
