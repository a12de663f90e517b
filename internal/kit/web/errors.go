package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// Error is a failure that the person or program at the other end can understand: a status, a stable
// code, and what happened, what it means and what to do, in Chinese. Handlers return it; one place
// draws it.
type Error struct {
	Status  int
	Code    string        // stable, for programs: "not-found", "conflict"
	Title   string        // heading of the page; one by status where empty
	Message string        // what happened and what it means
	Next    string        // what to do now
	Retry   time.Duration // when trying again makes sense; sent as Retry-After
	Err     error         // cause, for the log only
}

// Error is what the log shows.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%d %s: %v", e.Status, e.Code, e.Err)
	}
	return fmt.Sprintf("%d %s", e.Status, e.Code)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// NotFound is also the answer for what exists but is not the caller's: an address tells nothing (S-10).
func NotFound() *Error {
	return &Error{Status: http.StatusNotFound, Code: "not-found", Title: "没有找到这一页",
		Message: "网址可能写错了，或者这一页已经不在了。", Next: "可以回到首页，或从“我的”里找您的办件。"}
}

// Forbidden names the right that is missing and who grants it.
func Forbidden(message string) *Error {
	if message == "" {
		message = "您的账号没有办这件事的权限。"
	}
	return &Error{Status: http.StatusForbidden, Code: "forbidden", Title: "没有权限", Message: message,
		Next: "需要时请联系本单位的管理员开通。"}
}

// Conflict says that somebody else was faster.
func Conflict(message string) *Error {
	return &Error{Status: http.StatusConflict, Code: "conflict", Title: "内容已经变了", Message: message,
		Next: "请返回上一页，看过现在的内容再办。"}
}

// Invalid is a request that no form of ours sends.
func Invalid(message string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "invalid", Title: "没有看懂这个请求", Message: message,
		Next: "请回到上一页重新填写。"}
}

// TooMany asks to wait.
func TooMany(wait time.Duration) *Error {
	s := max(1, int((wait+time.Second-1)/time.Second))
	return &Error{Status: http.StatusTooManyRequests, Code: "rate", Title: "请稍等一下",
		Message: fmt.Sprintf("试的次数有点多，请 %d 秒后再试。", s), Retry: time.Duration(s) * time.Second}
}

// Unavailable says that something we depend on does not answer.
func Unavailable(message string, err error) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: "unavailable", Title: "暂时没有回应", Message: message,
		Next: "我们会自动再试，您可以先离开。", Retry: time.Minute, Err: err}
}

func (rt *Router) asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if rt.opt.Map != nil {
		if e := rt.opt.Map(err); e != nil {
			return e
		}
	}
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return &Error{Status: http.StatusRequestEntityTooLarge, Code: "too-big", Title: "内容太大",
			Message: fmt.Sprintf("一次最多送 %s，这一次超过了。", bytesText(big.Limit)), Next: "请把文件变小，或分几次上传。", Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Status: http.StatusServiceUnavailable, Code: "timeout", Title: "暂时没有回应",
			Message: "这一步用的时间太长，没有办完。", Next: "请过一会儿再试。", Retry: time.Minute, Err: err}
	case errors.Is(err, context.Canceled):
		return &Error{Status: 499, Code: "gone", Title: "已取消", Message: "请求已取消。", Err: err}
	}
	return &Error{Status: http.StatusInternalServerError, Code: "internal", Title: "页面没有打开",
		Message: "我们这边出了问题，这一步没有办成。", Next: "请过一会儿再试；还不行请打 12345。", Err: err}
}

func bytesText(n int64) string {
	if n >= 1<<20 {
		return strconv.FormatInt(n>>20, 10) + " MB"
	}
	return strconv.FormatInt(n>>10, 10) + " KB"
}

// Failure is an error as a page shows it.
type Failure struct {
	Status                     int
	Code, Title, Message, Next string
	Trace                      string
	Home                       string // where to go on from here
}

// Problem is an error as a program reads it, RFC 9457.
type Problem struct {
	Type   string            `json:"type"`
	Title  string            `json:"title"`
	Status int               `json:"status"`
	Detail string            `json:"detail,omitempty"`
	Code   string            `json:"code"`
	Trace  string            `json:"trace,omitempty"`
	Errors map[string]string `json:"errors,omitempty"` // by field
}

// fail draws err: a redirect to the sign-in page, an error page, or a problem document.
func (rt *Router) fail(w http.ResponseWriter, r *http.Request, err error) {
	copied := *rt.asError(err) // what is said may grow; the handler's value must not
	e, s := &copied, stateOf(r.Context())
	if e.Status >= 500 {
		rt.opt.Log.ErrorContext(r.Context(), "request failed", "route", s.pattern(), "status", e.Status, "code", e.Code, "err", err)
	}
	if s.sent != nil && s.sent.status != 0 { // too late for another answer
		return
	}
	for _, of := range []string{"Content-Encoding", "Content-Length", "Content-Disposition", "Location"} {
		w.Header().Del(of) // of the page that was about to be sent
	}
	if e.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.Retry/time.Second)))
	}
	if wantsProblem(r, s) {
		WriteProblem(w, r, e, nil)
		return
	}
	if e.Status == http.StatusUnauthorized && rt.toSignIn(w, r) {
		return
	}
	home := "/"
	if back, ok := rt.keepFailed(w, r, s, e); ok {
		e.Next, home = "您填的内容已保存，返回后还在。"+e.Next, back
	}
	f := Failure{Status: e.Status, Code: e.Code, Title: e.Title, Message: e.Message, Next: e.Next, Trace: Trace(r.Context()), Home: home}
	if f.Title == "" {
		f.Title = "没有办成"
	}
	if err := Render(w, r, e.Status, rt.opt.Failure(f)); err != nil {
		rt.opt.Log.ErrorContext(r.Context(), "error page failed", "err", err)
		http.Error(w, f.Title, http.StatusInternalServerError)
	}
}

func wantsProblem(r *http.Request, s *state) bool {
	if s.route != nil && s.route.API {
		return true
	}
	a := r.Header.Get("Accept")
	return strings.Contains(a, "json") && !strings.Contains(a, "text/html")
}

// WriteProblem answers a program with e, and with the errors by field where there are any.
func WriteProblem(w http.ResponseWriter, r *http.Request, e *Error, fields map[string]string) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(e.Status)
	p := Problem{Type: "about:blank", Title: e.Title, Status: e.Status, Detail: e.Message, Code: e.Code, Trace: Trace(r.Context()), Errors: fields}
	if p.Title == "" {
		p.Title = e.Message
	}
	// A client that has gone away cannot be told.
	_ = json.NewEncoder(w).Encode(p)
}

// plainFailure is the error page of a zone that brings none.
func plainFailure(f Failure) templ.Component {
	const page = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>%s</title></head><body><main><h1>%s</h1><p>%s%s</p><p>反馈时请报：%s</p></main></body></html>`
	e := templ.EscapeString[string]
	return templ.Raw(fmt.Sprintf(page, e(f.Title), e(f.Title), e(f.Message), e(f.Next), e(f.Trace)))
}
