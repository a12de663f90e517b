package papers

import (
	"fmt"
	"strings"

	"yichuang/internal/kit/doc"
	"yichuang/internal/land"
)

// TitleCertificate is the electronic 不动产权证书, laid out as the national form. The register gives its number.
type TitleCertificate struct {
	Number   land.CertNumber
	Case     land.CaseNumber
	Holders  []Holder
	CoOwn    land.CoOwn
	Address  string
	Unit     land.UnitCode
	Right    land.RightKind
	Nature   string // 出让／市场化商品房
	Use      string // 城镇住宅用地／住宅
	LandArea land.Area
	Area     land.Area
	TermFrom land.Date // use of the land; both empty: the house alone
	TermTo   land.Date
	Other    []string // 权利其他状况: structure, inner and shared area, floors, completion
	Notes    []string // 附记
}

// Holder is a holder as a certificate names one.
type Holder struct {
	Name     string
	Document land.Document
	Share    land.Share
}

func (TitleCertificate) kind() Kind          { return TitleKind }
func (c TitleCertificate) ownNumber() string { return c.Number.Printed() }

func (c TitleCertificate) check() error {
	switch {
	case c.Number == "":
		return ErrIncomplete{TitleKind, "the certificate number"}
	case len(c.Holders) == 0:
		return ErrIncomplete{TitleKind, "a holder"}
	case c.Unit == "" || c.Address == "":
		return ErrIncomplete{TitleKind, "the unit"}
	}
	return nil
}

func (c TitleCertificate) draw(p *paper) {
	p.certificateHead("　　根据《中华人民共和国民法典》等法律法规，为保护不动产权利人合法权益，对不动产权利人申请登记的本证所列不动产权利，经审查核实，准予登记，颁发此证。")
	term := "—"
	if c.TermFrom != "" || c.TermTo != "" {
		term = fmt.Sprintf("国有建设用地使用权：%s 起 %s 止", c.TermFrom.Chinese(), c.TermTo.Chinese())
	}
	p.certificateRows([]fact{
		{"权利人", c.holders()},
		{"共有情况", c.coOwn()},
		{"坐落", c.Address},
		{"不动产单元号", c.Unit.Grouped()},
		{"权利类型", c.Right.Label()},
		{"权利性质", c.Nature},
		{"用途", c.Use},
		{"面积", c.areas()},
		{"使用期限", term},
		{"权利其他状况", strings.Join(c.Other, "\n")},
		{"附记", strings.Join(c.Notes, "\n")},
	})
	p.certificateFoot(c.Case)
}

// holders names the holders with their documents, shortened so that the certificate can be shown around.
func (c TitleCertificate) holders() string {
	out := make([]string, len(c.Holders))
	for i, h := range c.Holders {
		out[i] = h.Name
		if h.Document.Number != "" {
			out[i] += "（" + h.Document.Kind.Label() + " " + h.Document.Masked() + "）"
		}
	}
	return strings.Join(out, "、")
}

func (c TitleCertificate) coOwn() string {
	if c.CoOwn != land.CoOwnShares {
		return c.CoOwn.Label()
	}
	parts := make([]string, len(c.Holders))
	for i, h := range c.Holders {
		parts[i] = h.Name + " " + h.Share.String()
	}
	return c.CoOwn.Label() + "：" + strings.Join(parts, "、")
}

func (c TitleCertificate) areas() string {
	s := "房屋建筑面积 " + c.Area.String() + " ㎡"
	if c.LandArea > 0 {
		s = "共有宗地面积 " + c.LandArea.String() + " ㎡／" + s
	}
	return s
}

// ProofCertificate is the electronic 不动产登记证明 of a mortgage, an advance notice or an objection.
type ProofCertificate struct {
	Number  land.CertNumber
	Case    land.CaseNumber
	Subject string // 证明权利或事项: 抵押权（一般抵押）
	Holders []string
	Obliged []string
	Address string
	Unit    land.UnitCode
	Other   []string // 其他: kind of mortgage, claim, term, number of the title
	Notes   []string
}

func (ProofCertificate) kind() Kind          { return ProofKind }
func (c ProofCertificate) ownNumber() string { return c.Number.Printed() }

func (c ProofCertificate) check() error {
	switch {
	case c.Number == "":
		return ErrIncomplete{ProofKind, "the number of the proof"}
	case len(c.Holders) == 0 || len(c.Obliged) == 0:
		return ErrIncomplete{ProofKind, "a holder and an obliged"}
	case c.Subject == "":
		return ErrIncomplete{ProofKind, "what it proves"}
	}
	return nil
}

func (c ProofCertificate) draw(p *paper) {
	p.certificateHead("　　根据《中华人民共和国民法典》等法律法规，为保护申请人合法权益，对申请人申请登记的本证明所列不动产权利或登记事项，经审查核实，准予登记，颁发此证明。")
	p.certificateRows([]fact{
		{"证明权利或事项", c.Subject},
		{"权利人（申请人）", join(c.Holders)},
		{"义务人", join(c.Obliged)},
		{"坐落", c.Address},
		{"不动产单元号", c.Unit.Grouped()},
		{"其他", strings.Join(c.Other, "\n")},
		{"附记", strings.Join(c.Notes, "\n")},
	})
	p.certificateFoot(c.Case)
}

// certificateHead sets what stands above the table of a certificate.
func (p *paper) certificateHead(statement string) {
	top := p.Y()
	p.qr(p.Right()-qrSize, top-2*doc.MM)
	p.Para(doc.Style{Size: 12, Align: doc.Center, Color: doc.Red, Before: 2}, doc.T("中华人民共和国"))
	p.Para(doc.Style{Size: 27, Lead: 1.5, Align: doc.Center, Bold: true, Color: doc.Red}, doc.T(p.kind.Label()))
	p.Para(doc.Style{Size: 9, Align: doc.Center, Color: doc.Grey}, doc.T("电 子 证 照"))
	if low := top + qrSize + 4*doc.MM; p.Y() < low {
		p.Space(low - p.Y())
	}
	p.Para(doc.Style{Size: 10.5, Lead: 1.7, Align: doc.Justified}, doc.T(statement))
	p.Space(6)
	p.Para(doc.Style{Size: 13, Lead: 1.6, Align: doc.Center, Bold: true}, doc.T(p.stamp.Number))
	p.Space(3)
}

// certificateRows sets the fields of a certificate; those that are long go on over the page.
func (p *paper) certificateRows(fs []fact) {
	t := doc.Table{Size: 10.5, Tall: 25, Pad: 7, Line: doc.Color{R: 120, G: 60, B: 52}, Cols: []doc.Col{{Width: 24, Align: doc.Center, Again: true}, {Width: 76}}}
	for _, f := range fs {
		v := f.value
		if v == "" {
			v = "—"
		}
		t.Rows = append(t.Rows, doc.Row{{Text: []doc.Span{doc.B(f.label)}}, doc.Plain(v)})
	}
	p.Table(t)
}

func (p *paper) certificateFoot(caseNo land.CaseNumber) {
	p.sealed("不动产登记专用章")
	note := "电子证照与纸质证书具有同等法律效力，权利内容以不动产登记簿的记载为准。"
	if caseNo != "" {
		note += "\n业务号：" + string(caseNo)
	}
	p.Para(noteStyle, doc.T(note))
}
