package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"sync"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/sm"
)

// xmlCarrier carries messages of docs/interface/bizxml over HTTP, plain or in SOAP, and leaves their files in the folder before.
type xmlCarrier struct {
	xmlBodies
	dialect Dialect
	target  string
	http    *http.Client
	peer    spec.Verifier
	clock   clock.Clock
	at      folder.Address
	folders folder.Pool

	mu   sync.Mutex
	left map[string]bool // files in the folder
}

// headElements is the head in its order; RecType and AreaCode have no header.
var headElements = []struct{ name, header string }{
	{"BizMsgID", spec.HeaderMessage}, {"RecType", ""}, {"AreaCode", ""}, {"SenderApp", spec.HeaderApp}, {"Timestamp", spec.HeaderTime}, {"Nonce", spec.HeaderNonce},
	{"RelatesTo", spec.HeaderRelatesTo}, {"Digest", spec.HeaderDigest}, {"Signature", spec.HeaderSignature},
}

// noCode is no business type code.
const noCode = "ZZ999"

func (c *xmlCarrier) Dialect() Dialect   { return c.dialect }
func (*xmlCarrier) lying() time.Duration { return 0 }

func (*xmlCarrier) called(header string) string {
	for _, e := range headElements {
		if e.header == header {
			return e.name
		}
	}
	return header
}

func (c *xmlCarrier) media(got string, _ bool) (string, bool) {
	if c.dialect == BizXMLSOAP {
		return "text/xml", got == "text/xml"
	}
	return "application/xml", got == "application/xml" || got == "text/xml"
}

// Send leaves the files and posts the message once.
func (c *xmlCarrier) Send(ctx context.Context, e Envelope) (Answer, error) {
	if err := c.leave(ctx, e.files); err != nil {
		return Answer{}, err
	}
	message := c.message(e)
	header := http.Header{"Content-Type": {"application/xml; charset=utf-8"}}
	if c.dialect == BizXMLSOAP {
		message = inSOAPEnvelope(message)
		header = http.Header{"Content-Type": {"text/xml; charset=utf-8"}, "SOAPAction": {bizxml.SOAPAction}}
	}
	a, err := post(ctx, c.http, c.clock, e, c.target+c.dialect.form().Path(), header, message, 6*e.limits.MaxResponse+32<<10)
	if err == nil {
		c.read(&a, e)
	}
	return a, err
}

// message puts head and data together as they are, good or spoiled.
func (c *xmlCarrier) message(e Envelope) []byte {
	code := noCode
	if info, ok := spec.ByPath(e.Path); ok {
		code = bizxml.CodeOf(info.Operation)
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + e.Prolog + `<Message xmlns="` + bizxml.Namespace + `"><Head>`)
	for _, el := range headElements {
		value := e.Header.Get(el.header)
		switch el.name {
		case "RecType":
			value = code
		case "AreaCode":
			value = bizxml.CityArea
		}
		if value != "" {
			b.WriteString("<" + el.name + ">")
			_ = xml.EscapeText(&b, []byte(value)) // a buffer takes everything
			b.WriteString("</" + el.name + ">")
		}
	}
	b.WriteString("</Head>")
	b.Write(e.Body)
	b.WriteString("</Message>\n")
	return b.Bytes()
}

func inSOAPEnvelope(message []byte) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><exchange xmlns="` +
		bizxml.SOAPNamespace + `"><message>`)
	_ = xml.EscapeText(&b, message) // a buffer takes everything
	b.WriteString("</message></exchange></soap:Body></soap:Envelope>\n")
	return b.Bytes()
}

// read finds out what an answer says: first what its head claims, then what can be believed.
func (c *xmlCarrier) read(a *Answer, e Envelope) {
	raw := a.Body
	a.Body, a.outside = nil, a.Status
	c.claim(a, raw)
	resp := &http.Response{StatusCode: a.outside, Header: a.Header, Body: io.NopCloser(bytes.NewReader(raw))}
	got, err := c.dialect.form().ReadAnswer(resp, bizxml.Head{Head: e.head, Info: e.limits}, c.peer, e.limits.MaxResponse, c.clock.Now())
	var fault *spec.Fault
	switch {
	case errors.As(err, &fault) && fault.Code == spec.CodeTooBig:
		a.tooLong = true
	case errors.As(err, &fault) && (fault.Code == spec.CodeSchema || fault.Code == spec.CodeNotJSON):
		a.Form = err
	case err != nil:
		a.Proof = err
	case got.Fault != nil:
		a.Body, a.Form = marshal(got.Fault.Problem(""))
	default:
		a.Body = got.Body
	}
}

func marshal(p spec.Problem) ([]byte, error) { return json.Marshal(p) }

// claim reads status and code of the head, and those of a fault of SOAP.
func (c *xmlCarrier) claim(a *Answer, raw []byte) {
	if c.dialect == BizXMLSOAP {
		var envelope struct {
			Answer string `xml:"Body>exchangeResponse>message"`
			Fault  *struct {
				Code    string    `xml:"faultcode"`
				Refusal spec.Code `xml:"detail>refusal>code"`
				Message string    `xml:"detail>refusal>message"`
			} `xml:"Body>Fault"`
		}
		if xml.Unmarshal(raw, &envelope) != nil {
			return
		}
		raw = []byte(envelope.Answer)
		if f := envelope.Fault; f != nil {
			raw, a.fault, a.text = []byte(f.Message), f.Code, string(f.Refusal)
		}
	}
	var message struct {
		Status int       `xml:"Head>Status"`
		Code   spec.Code `xml:"Head>Code"`
	}
	if xml.Unmarshal(raw, &message) == nil && message.Status != 0 && codeForm.MatchString(string(message.Code)) {
		a.Status, a.code = message.Status, message.Code
	}
}

// errNoContent says that a request names a file that the kit does not have.
var errNoContent = errors.New("样例引用的材料不是本工具的那一份，放不进文件夹；请把附件的摘要和大小改为接入指南第八节给出的")

// errNoFolder says that there is nowhere to leave files.
var errNoFolder = errors.New("报文引用材料，凭据文件里没有 folder")

// leave puts the files of a message into the folder, unless they are there.
func (c *xmlCarrier) leave(ctx context.Context, list []bizxml.File) error {
	for _, file := range list {
		c.mu.Lock()
		there := c.left[file.Path]
		c.mu.Unlock()
		if there {
			continue
		}
		if file.Digest != sm.SM3Hex(material) || file.Size != int64(len(material)) {
			return errNoContent
		}
		if err := c.put(ctx, file, material); err != nil {
			return err
		}
		c.mu.Lock()
		c.left[file.Path] = true
		c.mu.Unlock()
	}
	return nil
}

// put writes a file of any content.
func (c *xmlCarrier) put(ctx context.Context, file bizxml.File, content []byte) error {
	if c.at.IsZero() {
		return errNoFolder
	}
	f, err := c.folders.Open(c.at)
	if err != nil {
		return fmt.Errorf("材料文件夹：%w", err)
	}
	if err = f.MkdirAll(ctx, path.Dir(file.Path)); err == nil {
		err = f.Write(ctx, file.Path, content)
	}
	if err != nil {
		return fmt.Errorf("材料文件夹：%w", err)
	}
	return nil
}
