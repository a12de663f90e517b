// Package papers makes the documents of the city: notices, agreements, contracts, certificates, each a PDF with number,
// date, seal, and a code by which anyone can check it.
//
// In come plain structs (one file a document: sheet.go, contract.go, title.go, …); Render turns one into the bytes of a
// PDF and does nothing else. Store.Issue renders in the caller's transaction, numbers without gaps, signs file and record (SM2),
// keeps the file by its digest, and returns what the hall must know so that /verify can answer. The hall never renders.
package papers

import (
	"fmt"
	"time"

	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/code"
	"yichuang/internal/land"
)

// Kind is a kind of document.
type Kind string

// The kinds.
const (
	SheetKind      Kind = "sheet"        // 一次性告知单
	CorrectionKind Kind = "correction"   // 一次性告知书（补正）
	AcceptanceKind Kind = "acceptance"   // 不动产登记联办受理通知单
	TrustKind      Kind = "trust"        // 存量房交易资金托管协议
	ContractKind   Kind = "contract"     // 存量房买卖合同
	TitleKind      Kind = "title"        // 不动产权证书
	ProofKind      Kind = "proof"        // 不动产登记证明
	RejectionKind  Kind = "not-accepted" // 不予受理告知书
	RefusalKind    Kind = "refused"      // 不予登记告知书
	ReceiptKind    Kind = "receipt"      // 缴费凭证
)

// kinds holds the heading of each kind and the word in its numbers. Certificates are numbered by the register.
var kinds = map[Kind]struct{ title, word string }{
	SheetKind:      {"一次性告知单", "告知"},
	CorrectionKind: {"一次性告知书（补正）", "补正"},
	AcceptanceKind: {"不动产登记联办受理通知单", "受理"},
	TrustKind:      {"存量房交易资金托管协议", "托管"},
	ContractKind:   {"存量房买卖合同", "合同"},
	TitleKind:      {"不动产权证书", ""},
	ProofKind:      {"不动产登记证明", ""},
	RejectionKind:  {"不予受理告知书", "不受"},
	RefusalKind:    {"不予登记告知书", "不登"},
	ReceiptKind:    {"缴费凭证", "收讫"},
}

// Label is the Chinese name of the kind.
func (k Kind) Label() string { return kinds[k].title }

// Content is one of the documents of this package.
type Content interface {
	kind() Kind
	// ownNumber is the number that the document brings along, such as a certificate's; empty: Issue gives one.
	ownNumber() string
	// check names the first thing that the document cannot do without.
	check() error
	draw(p *paper)
}

// ErrIncomplete says what a document lacks to be issued.
type ErrIncomplete struct {
	Kind Kind
	What string
}

func (e ErrIncomplete) Error() string { return fmt.Sprintf("%s lacks %s", e.Kind, e.What) }

// Office is the registry that issues.
type Office struct {
	District string // GB/T 2260
	Name     string // 泰州市不动产登记中心: on the seal
	Issuing  string // 泰州市: in numbers
}

// OfficeOf is the registry of a district.
func OfficeOf(district string) (Office, bool) {
	d, ok := land.FindDistrict(district)
	if !ok {
		return Office{}, false
	}
	return Office{District: d.Code, Name: d.Issuing + "不动产登记中心", Issuing: d.Issuing}, true
}

// Stamp is what issuing adds to a document.
type Stamp struct {
	Office Office
	Number string
	Code   code.Code
	URL    string    // where the code is checked
	At     time.Time // the date on the paper and in the file
}

// Render makes the PDF of a document; the same content and stamp give the same bytes. Errors: ErrIncomplete,
// *doc.MissingError (a character of a name that no font has: nothing may be issued with a 〓 in it).
func Render(fonts *doc.Fonts, c Content, s Stamp) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	p := begin(fonts, c.kind(), s)
	c.draw(p)
	pdf, err := p.Bytes()
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", c.kind(), err)
	}
	return pdf, nil
}
