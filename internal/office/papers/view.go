package papers

import (
	"time"

	"yichuang/internal/land"
)

// Home is the unit that a document speaks of.
type Home struct {
	Address     string
	Unit        land.UnitCode
	Area        land.Area
	Use         string // 成套住宅
	Structure   string
	Floor       string // 5／11
	Certificate land.CertNumber
}

// facts is the home as a form.
func (h Home) facts() []fact {
	fs := []fact{{"坐　　落", h.Address}, {"不动产单元号", h.Unit.Grouped()}}
	if h.Certificate != "" {
		fs = append(fs, fact{"不动产权证号", h.Certificate.Printed()})
	}
	fs = append(fs, fact{"建筑面积", h.Area.String() + " ㎡"}, fact{"规划用途", h.Use})
	if h.Structure != "" && h.Floor != "" {
		fs = append(fs, fact{"房屋结构", h.Structure}, fact{"所在层／总层数", h.Floor})
	}
	return fs
}

// Person is a party of a contract, with everything that a contract must say of it.
type Person struct {
	Name     string
	Document land.Document
	Phone    string
	Share    land.Share // buyers: what they take; zero: not said
	Agent    string     // name of the agent or guardian, with the word that says which: 监护人 王明
}

// Loan is one lender's part of the price.
type Loan struct {
	Kind   string // 商业贷款, 公积金贷款
	Lender string
	Amount land.Fen
	Months int
}

// Confirmation is how a party agreed: online, with what proof of identity.
type Confirmation struct {
	Name string
	Role string // 出卖人, 买受人, 托管银行
	At   time.Time
	How  string // 实名认证并人脸核验
	Seal string // digest of the electronic signature, shown in part
}

// Contact is who answers questions.
type Contact struct {
	Name  string // masked as the office masks it: 张*
	Phone string
	Hours string // 工作日 9:00—12:00、13:30—17:30
}

// hotline is the city's service line, which always answers.
const hotline = "12345"

func (c Contact) String() string {
	s := c.Phone
	if s == "" {
		s = hotline
	}
	if c.Name != "" {
		s = "经办人 " + c.Name + "，" + s
	}
	if c.Hours != "" {
		s += "（" + c.Hours + "）"
	}
	if c.Phone != "" && c.Phone != hotline {
		s += "，或拨打 " + hotline
	}
	return s
}

// by is the last day for something: 2026 年 12 月 4 日前; other where no day is set.
func by(d land.Date, other string) string {
	if d == "" {
		return other
	}
	return d.Chinese() + "前"
}

// TaxLine is one tax with its reason.
type TaxLine struct {
	Tax    string
	Payer  string
	Base   land.Fen
	Rate   string // 1%
	Amount land.Fen
	Why    string
}

// FeeLine is one registration fee.
type FeeLine struct {
	Name   string
	Payer  string
	Amount land.Fen
	Basis  string
}

// on is by within a sentence: 于 2026 年 12 月 4 日前.
func on(d land.Date, other string) string {
	if d == "" {
		return "于" + other
	}
	return "于 " + by(d, other)
}
