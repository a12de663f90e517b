package conform

import (
	"fmt"
	"slices"
	"strings"

	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/kit/clock"
)

// Dialect is how a counterpart speaks: which carrier its messages take, and how bodies are written.
type Dialect string

// The dialects that have a wire.
const (
	Unified    Dialect = "unified"     // JSON over HTTP
	BizXML     Dialect = "bizxml"      // XML over HTTP
	BizXMLSOAP Dialect = "bizxml-soap" // XML in SOAP 1.1
	FileDrop   Dialect = "filedrop"    // JSON in files
)

// Dialects lists the names of them all.
func Dialects() []string {
	return []string{string(Unified), string(BizXML), string(BizXMLSOAP), string(FileDrop)}
}

// Title is the dialect in Chinese.
func (d Dialect) Title() string {
	return map[Dialect]string{Unified: "统一接口（JSON）", BizXML: "XML 报文", BizXMLSOAP: "XML 报文（SOAP 1.1）", FileDrop: "文件交换"}[d]
}

// http tells whether messages are called out over HTTP.
func (d Dialect) http() bool { return d != FileDrop }

// xml tells whether bodies are XML.
func (d Dialect) xml() bool { return d == BizXML || d == BizXMLSOAP }

// form is that of an XML dialect.
func (d Dialect) form() bizxml.Form {
	if d == BizXMLSOAP {
		return bizxml.SOAP
	}
	return bizxml.Plain
}

// The dialects that a rule may be confined to. A rule that names none holds for all.
var (
	inJSON  = []Dialect{Unified, FileDrop}
	inXML   = []Dialect{BizXML, BizXMLSOAP}
	inSOAP  = []Dialect{BizXMLSOAP}
	inHTTP  = []Dialect{Unified, BizXML, BizXMLSOAP}
	inFiles = []Dialect{FileDrop}
)

// Holds tells whether a rule holds for a dialect.
func (r Rule) Holds(d Dialect) bool { return len(r.Dialects) == 0 || slices.Contains(r.Dialects, d) }

// Scope says for which dialects a rule holds, as the guide does.
func (r Rule) Scope() string {
	if len(r.Dialects) == 0 {
		return "全部"
	}
	var names []string
	for _, d := range r.Dialects {
		names = append(names, "`"+string(d)+"`")
	}
	return strings.Join(names, "、")
}

// NewCarrier makes the carrier of the dialect that the credentials name. Target is the address before /v1/, /bizxml or /soap; files need none.
func NewCarrier(c Credentials, target string, clk clock.Clock) (Carrier, error) {
	_, peer, err := c.keys()
	if err != nil {
		return nil, err
	}
	target = strings.TrimSuffix(target, "/")
	if c.dialect().http() && target == "" {
		return nil, fmt.Errorf("the dialect %s needs the address of the counterpart", c.dialect())
	}
	switch d := c.dialect(); d {
	case Unified:
		return &unified{jsonBodies{}, target, newClient(), peer, clk}, nil
	case BizXML, BizXMLSOAP:
		return &xmlCarrier{xmlBodies: xmlBodies{}, dialect: d, target: target, http: newClient(), peer: peer, clock: clk, at: c.Folder, left: map[string]bool{}}, nil
	case FileDrop:
		return &files{jsonBodies: jsonBodies{}, at: c.Folder, peer: peer, clock: clk}, nil
	}
	return nil, fmt.Errorf("dialect %q is none of %v", c.Dialect, Dialects())
}
