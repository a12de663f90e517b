package bizxml

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
)

// headTime is how long a sender may take over the head of a message: until it is read nobody knows whose it is.
const headTime = 10 * time.Second

// Letter is a message that comes over HTTP in one of the forms. It is a spec.Letter.
type Letter struct {
	// Files looks for the files that a message says lie in the folder, once the message is known to be its sender's: each that the
	// body names must be there. The error is a *spec.Fault where the sender is at fault. Nil: nobody leaves files.
	Files func(info spec.Info, body []byte, files []File) error

	form Form
	w    http.ResponseWriter
	r    *http.Request
	in   *inside
	head Head
}

// NewLetter is the message in a request.
func NewLetter(form Form, w http.ResponseWriter, r *http.Request) *Letter {
	return &Letter{form: form, w: w, r: r}
}

// Source is the address that the request came from.
func (l *Letter) Source() string { return spec.HostOf(l.r) }

// Open reads the head alone.
func (l *Letter) Open(keys func(app string) (spec.Verifier, error), now time.Time) (spec.Info, spec.Head, error) {
	if l.r.Method != http.MethodPost {
		return spec.Info{}, spec.Head{}, spec.NewFault(spec.CodeUnknownOperation, "")
	}
	if !l.form.is(l.r.Header.Get("Content-Type")) {
		fault := spec.NewFault(spec.CodeNotJSON, "")
		fault.Title = "只接受 " + l.form.media() + "，UTF-8"
		return spec.Info{}, spec.Head{}, fault
	}
	if l.r.URL.RawQuery != "" {
		return spec.Info{}, spec.Head{}, spec.NewFault(spec.CodeHeader, "地址不得带查询串")
	}
	if err := l.until(clock.System().Now().Add(headTime)); err != nil {
		return spec.Info{}, spec.Head{}, err
	}
	var err error
	if l.in, err = l.form.open(l.r.Body, headBytes); err == nil {
		l.head, err = l.in.head()
	}
	if err = l.in.meter.tell(err, headBytes); err != nil {
		l.leave()
		return l.head.Info, l.head.Head, err
	}
	if l.head.Info.Operation == "" {
		l.leave()
		return l.head.Info, l.head.Head, spec.NewFault(spec.CodeUnknownOperation, "业务类型代码 RecType 不在代码表内")
	}
	key, err := keys(l.head.App)
	if err == nil {
		err = l.head.Check(key, firstLine, l.head.Info.Path, now)
	}
	if err != nil {
		l.leave()
	}
	return l.head.Info, l.head.Head, err
}

// Body reads the rest.
func (l *Letter) Body(max int64, deadline time.Time) ([]byte, error) {
	if l.r.ContentLength > bodyBytes(max) {
		l.leave()
		return nil, spec.TooBig(max)
	}
	if err := l.until(deadline); err != nil {
		return nil, err
	}
	l.in.meter.allow(bodyBytes(max))
	c, err := l.in.rest(l.head, grammar(l.head.Info.Operation, spec.Request), max)
	if err != nil {
		l.leave()
		return nil, err
	}
	if err := l.until(time.Time{}); err != nil {
		return nil, err
	}
	switch {
	case l.Files != nil:
		if err := l.Files(l.head.Info, c.Body, c.Files); err != nil {
			return nil, err
		}
	case len(c.Files) > 0:
		return nil, wrong("/Data/Files", "此处不收文件")
	}
	return c.Body, nil
}

// leave gives up a connection on which more may come than is worth reading.
func (l *Letter) leave() { l.w.Header().Set("Connection", "close") }

// until limits the time of reading; zero: no more.
func (l *Letter) until(deadline time.Time) error {
	if err := http.NewResponseController(l.w).SetReadDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("limit the time of reading: %w", err)
	}
	return nil
}

// Answer signs and sends the answer.
func (l *Letter) Answer(self spec.Identity, status int, body []byte, now time.Time) error {
	message, err := success(self, l.head, status, body, now)
	if err != nil {
		return err
	}
	return l.send(message, status, nil)
}

// Refuse signs and sends a fault.
func (l *Letter) Refuse(self spec.Identity, fault *spec.Fault, trace string, now time.Time) error {
	message, err := refusal(self, l.head, fault, trace, now)
	if err != nil {
		return err
	}
	if fault.RetryAfter > 0 {
		l.w.Header().Set("Retry-After", strconv.FormatInt(int64((fault.RetryAfter+time.Second-1)/time.Second), 10))
	}
	return l.send(message, fault.Status, fault)
}

func (l *Letter) send(message []byte, status int, fault *spec.Fault) error {
	out, status, err := l.form.write(message, status, fault)
	if err != nil {
		return err
	}
	h := l.w.Header()
	h.Set("Content-Type", l.form.media()+"; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(out)))
	h.Set("Cache-Control", "no-store")
	l.w.WriteHeader(status)
	_, err = l.w.Write(out)
	return err
}

// Describe answers a request for the description of the SOAP port (GET …?wsdl), and tells whether it was one.
func Describe(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet || r.URL.RawQuery != "wsdl" && r.URL.RawQuery != "WSDL" {
		return false
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	text := WSDL(scheme + "://" + r.Host + r.URL.Path)
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text) // whoever asked is gone otherwise
	return true
}
