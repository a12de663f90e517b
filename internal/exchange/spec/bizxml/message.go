package bizxml

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
)

// Outgoing is what a request is made of.
type Outgoing struct {
	Info      spec.Info
	Self      spec.Identity
	Area      string // of the sender; "": CityArea
	MessageID string
	RelatesTo string // of a result
	Body      []byte // JSON
	Files     []File
}

// Request writes and signs a request.
func Request(o Outgoing, now time.Time) (Head, []byte, error) {
	element, err := data(grammar(o.Info.Operation, spec.Request), o.Body, o.Files)
	if err != nil {
		return Head{}, nil, err
	}
	head := Head{Info: o.Info, Area: areaOr(o.Area), Head: spec.Head{App: o.Self.App, Time: now.Truncate(time.Second), Nonce: spec.NewNonce(),
		MessageID: o.MessageID, RelatesTo: o.RelatesTo, Digest: sm.SM3Hex(element)}}
	if err := head.Sign(o.Self.Key, firstLine, o.Info.Path); err != nil {
		return Head{}, nil, err
	}
	message, err := head.message(element, "")
	return head, message, err
}

// firstLine begins the canonical text of a request: that of the interface itself, so that one signature fits both forms.
const firstLine = "POST"

func areaOr(area string) string {
	if area == "" {
		return CityArea
	}
	return area
}

// answer writes and signs an answer to the request with the given head. An identity without a key leaves it unsigned.
func answer(self spec.Identity, request Head, head Head, element []byte, said string, now time.Time) ([]byte, error) {
	head.Info, head.Area = request.Info, request.Area
	head.Head = spec.Head{App: self.App, Time: now.Truncate(time.Second), Nonce: request.Nonce, MessageID: request.MessageID}
	if head.App == "" {
		head.App = "unknown"
	}
	if head.Nonce == "" || head.MessageID == "" {
		head.Nonce, head.MessageID = spec.NewNonce(), "unreadable"
	}
	if self.Key != nil {
		head.Digest = sm.SM3Hex(element)
		if err := head.Sign(self.Key, strconv.Itoa(head.Status), request.Info.Path); err != nil {
			return nil, err
		}
	}
	return head.message(element, said)
}

// message puts head and data together.
func (h Head) message(element []byte, said string) ([]byte, error) {
	b := &bytes.Buffer{}
	b.Grow(len(element) + 2048)
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Message xmlns="` + Namespace + `">`)
	if err := h.write(b, said); err != nil {
		return nil, err
	}
	b.Write(element)
	b.WriteString("</Message>\n")
	return b.Bytes(), nil
}

// success writes the answer to a request.
func success(self spec.Identity, request Head, status int, body []byte, now time.Time) ([]byte, error) {
	element, err := data(grammar(request.Info.Operation, spec.Response), body, nil)
	if err != nil {
		return nil, err
	}
	return answer(self, request, Head{Status: status, Code: "ok"}, element, "", now)
}

// refusal writes the answer that refuses a request. Fields that are wrong are named by their elements.
func refusal(self spec.Identity, request Head, fault *spec.Fault, trace string, now time.Time) ([]byte, error) {
	problem := fault.Problem(trace)
	problem.Errors = places(request.Info.Operation, problem.Errors)
	body, err := json.Marshal(problem)
	if err != nil {
		return nil, err
	}
	element, err := data(&bodyProblem, body, nil)
	if err != nil {
		return nil, err
	}
	said := fault.Title
	if fault.Detail != "" {
		said += "：" + fault.Detail
	}
	return answer(self, request, Head{Status: fault.Status, Code: string(fault.Code), RetryAfter: fault.RetryAfter}, element, said, now)
}

// Content is what a message carries.
type Content struct {
	Body  []byte // JSON
	Files []File
}

// content reads the rest of the message behind its head, and makes sure that it is what was signed; then that it is what the grammar
// says. In a fault of the grammar each place is the path of an element.
func (p *parser) content(head Head, o *object, max int64) (Content, error) {
	begins := p.offset()
	child, err := p.child()
	switch {
	case errors.Is(err, errText) || err == nil && (child == nil || child.Name.Local != "Data"):
		return Content{}, broken("Head 之后应为 Data")
	case err != nil:
		return Content{}, err
	}
	begins = p.startOf(begins)
	r := &reading{p: p}
	c, problem := r.data(o)
	var fault *spec.Fault
	if problem != nil && (!errors.As(problem, &fault) || fault.Fields == nil) { // not even XML
		return Content{}, problem
	}
	if err := p.leave(2); err != nil {
		return Content{}, err
	}
	element := p.kept.all[begins:p.offset()]
	if err := head.CheckBody(element); err != nil {
		return Content{}, err
	}
	if child, err := p.child(); child != nil || errors.Is(err, errText) {
		return Content{}, broken("Data 之后还有内容")
	} else if err != nil {
		return Content{}, err
	}
	if err := p.end(); err != nil {
		return Content{}, err
	}
	if problem == nil && int64(r.out.Len()) > max {
		problem = spec.NewFault(spec.CodeTooBig, "上限 "+strconv.FormatInt(max, 10)+" 字节（按 JSON 计）")
	}
	return c, problem
}

// startOf gives the place of the tag that begins at or, where white space stands before it, behind an offset.
func (p *parser) startOf(offset int64) int64 {
	return offset + int64(bytes.IndexByte(p.kept.all[offset:], '<'))
}

// data reads the inside of the Data element, up to its end.
func (r *reading) data(o *object) (Content, error) {
	child, err := r.p.child()
	if err != nil {
		return Content{}, r.placed(err, "/Data")
	}
	if child == nil || child.Name.Local != o.name {
		return Content{}, wrong("/Data", "应为 "+o.name+"：报文体与业务类型代码不符")
	}
	if err := r.object(o, "/Data/"+o.name); err != nil {
		return Content{}, err
	}
	c := Content{Body: r.out.Bytes()}
	if child, err = r.p.child(); err == nil && child != nil && child.Name.Local == "Files" {
		if c.Files, err = r.files("/Data/Files"); err != nil {
			return Content{}, err
		}
		child, err = r.p.child()
	}
	if err != nil {
		return Content{}, r.placed(err, "/Data")
	}
	if child != nil {
		return Content{}, wrong("/Data/"+child.Name.Local, "规范中没有这个元素")
	}
	return c, nil
}

// Answer is an answer that is verifiably the counterpart's.
type Answer struct {
	Status int
	Body   []byte      // JSON; of a success
	Fault  *spec.Fault // of a refusal
}

// answer reads and verifies the answer to a request: signed by v's owner now, with the request's nonce, number and type.
// The error is a *spec.Fault, or that of reading.
func (in *inside) answer(request Head, v spec.Verifier, max int64, now time.Time) (Answer, error) {
	head, err := in.head()
	if err != nil {
		return Answer{}, in.meter.tell(err, max)
	}
	if head.Nonce != request.Nonce || head.MessageID != request.MessageID || head.Info.Operation != request.Info.Operation {
		return Answer{}, spec.NewFault(spec.CodeBadSignature, "应答不属于本次请求")
	}
	if head.Status == 0 || head.Code == "" {
		return Answer{}, spec.NewFault(spec.CodeHeader, "应答没有 Status 或 Code")
	}
	if err := head.Check(v, strconv.Itoa(head.Status), request.Info.Path, now); err != nil {
		return Answer{}, err
	}
	if head.Code == "ok" {
		c, err := in.rest(head, grammar(request.Info.Operation, spec.Response), max)
		return Answer{Status: head.Status, Body: c.Body}, err
	}
	c, err := in.rest(head, &bodyProblem, max)
	if err != nil {
		return Answer{}, err
	}
	var problem spec.Problem
	if err := json.Unmarshal(c.Body, &problem); err != nil || problem.Code != head.Code || problem.Status != head.Status {
		return Answer{}, spec.NewFault(spec.CodeSchema, "Head 的 Status、Code 与 Problem 不一致")
	}
	fault := spec.FaultOf(head.Status, problem)
	fault.RetryAfter = head.RetryAfter
	return Answer{Status: head.Status, Fault: fault}, nil
}
