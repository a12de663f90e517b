package democity

import (
	"fmt"

	"yichuang/internal/land"
)

// FundCode is the lender code of the housing provident fund in LoanPart.Lender.
const FundCode = "gjj"

// GuaranteeCode is the organisation code of the guarantee company's staff.
const GuaranteeCode = "danbao"

// organisations makes banks, agencies, developers, the guarantee company and the fund.
func (b *builder) organisations() {
	for i, bank := range []struct{ code, name string }{
		{"fcyh", "泰州凤城银行"}, {"szyh", "苏中银行泰州分行"}, {"lxhy", "里下河农村商业银行"}, {"cjky", "长江口银行泰州分行"},
	} {
		made := Bank{Code: bank.code, Name: bank.name, Credit: b.credit("91", "321200")}
		for _, q := range quarters {
			made.Branches = append(made.Branches, Branch{
				Code: bank.code + "-" + q.code, Name: bank.name + q.short + "支行", District: q.code,
				Address: q.place + q.streets[i%len(q.streets)] + fmt.Sprintf("%d号", 10+i),
			})
		}
		b.Banks = append(b.Banks, made)
	}
	b.company("guarantee", "泰州市住房置业担保有限公司", "321202", b.credit("91", "321200"))
	b.company("fund", "泰州市住房公积金管理中心", "321202", b.credit("12", "321200"))
	for i, q := range quarters {
		b.company("developer", q.short+q.estates[0][:6]+"置业有限公司", q.code, b.credit("91", q.code))
		for j, name := range []string{"安家", "水乡"} {
			b.company("agency", q.short+name+"房地产经纪有限公司", q.code, b.credit("91", q.code))
			b.Companies[len(b.Companies)-1].Licence = fmt.Sprintf("泰房经备%s%03d号", q.code[2:], 100+i*2+j)
		}
		for j, name := range []string{"银杏医疗器械", "水乡食品", "里下河纺织"} {
			b.company("owner", q.short+name+"有限公司", q.code, b.credit("91", q.code))
			b.Companies[len(b.Companies)-1].Small = j > 0
		}
	}
}

func (b *builder) company(kind, name, district string, code land.CreditCode) {
	q := quarterOf(district)
	b.Companies = append(b.Companies, Company{
		Code: code, Name: name, Kind: kind, District: district,
		Address: fmt.Sprintf("%s%s%d号", q.place, q.streets[1], 100+len(b.Companies)),
		Phone:   fmt.Sprintf("%s%04d", q.phone, 1000+len(b.Companies)),
	})
}

func quarterOf(code string) quarter {
	for _, q := range quarters {
		if q.code == code {
			return q
		}
	}
	return quarters[0]
}

func (b *builder) firm(kind, district string, n int) *Company {
	for i := range b.Companies {
		if c := &b.Companies[i]; c.Kind == kind && c.District == district {
			if n == 0 {
				return c
			}
			n--
		}
	}
	return &b.Companies[0]
}
