package bizxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"yichuang/internal/exchange/spec"
)

const (
	envelopeSpace = "http://schemas.xmlsoap.org/soap/envelope/"
	// SOAPNamespace is that of the operation exchange and its message.
	SOAPNamespace = "urn:taizhou:yichuang:bizxml:soap:1"
	// SOAPAction is what the header of a request says.
	SOAPAction = `"urn:taizhou:yichuang:bizxml:soap:1/exchange"`
)

// wrap puts a message into the operation's request or response.
func wrap(element string, message []byte) ([]byte, error) {
	b := &bytes.Buffer{}
	b.Grow(len(message)*5/4 + 512)
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<soap:Envelope xmlns:soap="` + envelopeSpace + `"><soap:Body><` + element + ` xmlns="` + SOAPNamespace + `"><message>`)
	if !escapeText(b, string(message)) {
		return nil, errors.New("a message that is no XML")
	}
	b.WriteString("</message></" + element + "></soap:Body></soap:Envelope>\n")
	return b.Bytes(), nil
}

// wrapFault puts a refusal into a fault: its code for programs that stop there, and the whole signed message.
func wrapFault(fault *spec.Fault, message []byte) ([]byte, error) {
	blame := "soap:Client"
	if fault.Status >= 500 {
		blame = "soap:Server"
	}
	b := &bytes.Buffer{}
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<soap:Envelope xmlns:soap="` + envelopeSpace + `"><soap:Body><soap:Fault><faultcode>` + blame + `</faultcode><faultstring>`)
	fine := escapeText(b, fault.Title)
	b.WriteString(`</faultstring><detail><refusal xmlns="` + SOAPNamespace + `"><status>` + strconv.Itoa(fault.Status) + `</status><code>`)
	fine = escapeText(b, string(fault.Code)) && fine
	b.WriteString(`</code><message>`)
	fine = escapeText(b, string(message)) && fine
	b.WriteString(`</message></refusal></detail></soap:Fault></soap:Body></soap:Envelope>` + "\n")
	if !fine {
		return nil, errors.New("a refusal that is no XML")
	}
	return b.Bytes(), nil
}

// envelope reads a SOAP envelope around a message, without ever holding more of it than the decoder's token.
type envelope struct {
	d     *xml.Decoder
	from  *meter
	text  *unescaped
	depth int
}

// byMeter is a meter as the decoder wants it: it reads by the byte, so nothing is read ahead.
type byMeter struct{ *meter }

func (byMeter) Read([]byte) (int, error) { return 0, errors.New("read by the byte") }

// open reads up to the message's text; it is an element of our namespace called message, wherever in the body.
func openEnvelope(m *meter) (*envelope, error) {
	e := &envelope{d: xml.NewDecoder(byMeter{m}), from: m}
	for range maxDepth * 4 {
		token, err := e.token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			e.depth++
			if err := e.admit(t); err != nil {
				return nil, err
			}
			if t.Name == (xml.Name{Space: SOAPNamespace, Local: "message"}) {
				e.text = &unescaped{from: m}
				return e, nil
			}
		case xml.EndElement:
			e.depth--
		}
	}
	return nil, broken("SOAP 报文里没有 message")
}

// admit tells whether an element may stand in an envelope before the message.
func (e *envelope) admit(t xml.StartElement) error {
	switch {
	case e.depth == 1 && t.Name != (xml.Name{Space: envelopeSpace, Local: "Envelope"}):
		return broken("不是 SOAP 1.1 信封")
	case e.depth > 8:
		return broken("嵌套过深")
	}
	for _, a := range t.Attr {
		if a.Name.Space == envelopeSpace && a.Name.Local == "mustUnderstand" && a.Value != "0" {
			return broken("不支持这个 SOAP 报文头")
		}
	}
	return nil
}

func (e *envelope) token() (xml.Token, error) {
	token, err := e.d.Token()
	if err != nil {
		var syntax *xml.SyntaxError
		if err == io.EOF || errors.As(err, &syntax) || strings.HasPrefix(err.Error(), "xml:") {
			return nil, broken("不是完整、合法的 SOAP 1.1 报文")
		}
		return nil, err
	}
	switch t := token.(type) {
	case xml.Directive:
		return nil, broken("不允许 DTD")
	case xml.Comment:
		return nil, broken("不允许注释")
	case xml.ProcInst:
		if t.Target != "xml" {
			return nil, broken("不允许处理指令")
		}
	}
	return token, nil
}

// close reads the envelope to its end, in which nothing may stand any more.
func (e *envelope) close() error {
	if !e.text.done {
		return broken("message 中除报文外还有内容")
	}
	for e.depth > 0 {
		token, err := e.token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			e.depth--
		case xml.CharData:
			if !blank(t) {
				return broken("报文之后还有内容")
			}
		default:
			return broken("报文之后还有内容")
		}
	}
	for {
		c, err := e.from.ReadByte()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !blank([]byte{c}) {
			return broken("报文之后还有内容")
		}
	}
}

// unescaped is the text of an element byte by byte, up to the tag that ends it: characters, references and CDATA sections.
type unescaped struct {
	from    *meter
	pending []byte // of a reference
	cdata   bool
	done    bool
}

func (u *unescaped) ReadByte() (byte, error) {
	for {
		if len(u.pending) > 0 {
			c := u.pending[0]
			u.pending = u.pending[1:]
			return c, nil
		}
		if u.done {
			return 0, io.EOF
		}
		c, err := u.from.ReadByte()
		if err == io.EOF {
			return 0, broken("报文不完整")
		}
		if err != nil {
			return 0, err
		}
		switch {
		case u.cdata && c == ']' && u.from.follows("]>"):
			u.cdata = false
		case u.cdata:
			return c, nil
		case c == '<' && u.from.follows("![CDATA["):
			u.cdata = true
		case c == '<':
			u.done = true
			u.from.unread()
		case c == '&':
			if err := u.reference(); err != nil {
				return 0, err
			}
		default:
			return c, nil
		}
	}
}

// references are the entities of XML itself; others there are none.
var references = map[string]string{"lt": "<", "gt": ">", "amp": "&", "quot": `"`, "apos": "'"}

func (u *unescaped) reference() error {
	var name []byte
	for len(name) < 12 {
		c, err := u.from.ReadByte()
		if err != nil {
			return err
		}
		if c == ';' {
			u.pending = []byte(resolve(string(name)))
			if len(u.pending) == 0 {
				break
			}
			return nil
		}
		name = append(name, c)
	}
	return broken("不允许这样的实体引用")
}

// resolve gives what a reference stands for, "" for one that there is not.
func resolve(name string) string {
	digits, numeric := strings.CutPrefix(name, "#")
	if !numeric {
		return references[name]
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 31)
	if err != nil || n == 0 || n > 0x10FFFF || n >= 0xD800 && n <= 0xDFFF {
		return ""
	}
	return string(rune(n))
}
