package spec

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Code is the stable code of a refusal, as common.yaml lists them. An operation may add its own (x-refusals).
type Code string

// The codes that any operation may answer with.
const (
	CodeHeader           Code = "header"            // a header is missing or malformed
	CodeSchema           Code = "schema"            // the body is not what the specification says
	CodeUnknownApp       Code = "unknown-app"       // nobody is registered under this application id
	CodeBadSignature     Code = "bad-signature"     // the signature does not verify
	CodeAltered          Code = "altered"           // the signature verifies, the body is another one
	CodeLate             Code = "late"              // the timestamp is more than MaxSkew from now
	CodeNotGranted       Code = "not-granted"       // this application may not call this operation
	CodeSwitchedOff      Code = "switched-off"      // the endpoint is switched off
	CodeUnknownOperation Code = "unknown-operation" // the path is no operation that is served here
	CodeSlow             Code = "slow"              // the body did not arrive within the time limit
	CodeReplayed         Code = "replayed"          // the nonce was used before
	CodeMessageReused    Code = "message-reused"    // the message id was used for another content
	CodeInProgress       Code = "in-progress"       // the same message is being handled right now
	CodeTooBig           Code = "too-big"           // more bytes than the operation allows
	CodeNotJSON          Code = "not-json"          // another media type
	CodeNotFound         Code = "not-found"         // no such number
	CodeWrongState       Code = "wrong-state"       // not possible in the present state
	CodeTooMany          Code = "too-many"          // above the rate limit
	CodeInternal         Code = "internal"          // the fault is on the called side
	CodeUnavailable      Code = "unavailable"       // maintenance or overload
)

// kinds gives the HTTP status and the Chinese title of each code.
var kinds = map[Code]struct {
	status int
	title  string
}{
	CodeHeader:           {http.StatusBadRequest, "报文头缺失或格式不对"},
	CodeSchema:           {http.StatusBadRequest, "报文体不符合接口规范"},
	CodeUnknownApp:       {http.StatusUnauthorized, "应用号未登记"},
	CodeBadSignature:     {http.StatusUnauthorized, "验签不通过"},
	CodeAltered:          {http.StatusUnauthorized, "报文体与签名时不一致"},
	CodeLate:             {http.StatusUnauthorized, "时间戳与接收方时钟相差超过 300 秒"},
	CodeNotGranted:       {http.StatusForbidden, "应用号未获本操作授权"},
	CodeSwitchedOff:      {http.StatusForbidden, "接入点已停用"},
	CodeUnknownOperation: {http.StatusNotFound, "没有这个操作"},
	CodeSlow:             {http.StatusRequestTimeout, "报文体未在时限内送完"},
	CodeReplayed:         {http.StatusConflict, "随机数已用过"},
	CodeMessageReused:    {http.StatusConflict, "同一报文号用于不同内容"},
	CodeInProgress:       {http.StatusConflict, "同一报文正在处理"},
	CodeTooBig:           {http.StatusRequestEntityTooLarge, "报文过大"},
	CodeNotJSON:          {http.StatusUnsupportedMediaType, "只接受 application/json"},
	CodeTooMany:          {http.StatusTooManyRequests, "超过调用频率"},
	CodeInternal:         {http.StatusInternalServerError, "内部错误"},
	CodeUnavailable:      {http.StatusServiceUnavailable, "暂不可用"},
}

// Fault is a refusal of a message: what the called side answers, and what the caller reads from it.
type Fault struct {
	Status     int            // HTTP status
	Code       Code           // stable, for programs
	Title      string         // Chinese
	Detail     string         // Chinese, for people; free of personal data
	Fields     []FieldProblem // where the body is wrong, with CodeSchema; never the value
	RetryAfter time.Duration  // with CodeTooMany and CodeUnavailable
}

// NewFault makes the fault of a code, with a detail for people ("" for none). A code that the
// specification's table lacks is a refusal of business: 422.
func NewFault(code Code, detail string) *Fault {
	kind, ok := kinds[code]
	if !ok {
		kind.status, kind.title = http.StatusUnprocessableEntity, "不予办理"
	}
	return &Fault{Status: kind.status, Code: code, Title: kind.title, Detail: detail}
}

func (f *Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%d)", f.Code, f.Status)
	if f.Detail != "" {
		b.WriteString(": " + f.Detail)
	}
	for _, field := range f.Fields {
		fmt.Fprintf(&b, "; %s %s", field.Pointer, field.Detail)
	}
	return b.String()
}

// Business tells whether the fault is a decision on the content (422), which sending again cannot change.
func (f *Fault) Business() bool { return f.Status == http.StatusUnprocessableEntity }

// Problem is the fault as it travels (RFC 9457).
func (f *Fault) Problem(trace string) Problem {
	return Problem{
		Type: "urn:yichuang:problem:" + string(f.Code), Title: f.Title, Status: f.Status,
		Code: string(f.Code), Detail: f.Detail, TraceID: trace, Errors: f.Fields,
	}
}

// FaultOf reads a problem that arrived with the given status.
func FaultOf(status int, p Problem) *Fault {
	return &Fault{Status: status, Code: Code(p.Code), Title: p.Title, Detail: p.Detail, Fields: p.Errors}
}
