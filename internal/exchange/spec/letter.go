package spec

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Letter is a message on its way in, as the dialect of its sender carries it. Its methods are called in the order in which they
// stand here, by one goroutine, each once at most: Open, Body, then Answer or Refuse.
type Letter interface {
	// Source is the address that the letter came from, for the log; it proves nothing.
	Source() string
	// Open verifies who sends what: form of the head, a known application, a fresh time, a good signature. Nothing of the
	// body need be read for it. Info is zero where the operation is not known, and may be set beside an error, which is a *Fault. Whether the
	// nonce is new is the caller's to know.
	Open(keys func(app string) (Verifier, error), now time.Time) (Info, Head, error)
	// Body reads the body, at most max bytes until the machine's clock shows the deadline, verifies that it is the one that
	// was signed, and gives it as the JSON of the interface. The error is a *Fault where the sender is at fault.
	Body(max int64, deadline time.Time) ([]byte, error)
	// Answer signs and sends the answer, a JSON of the interface. An identity without a key leaves it unsigned, as an answer to a
	// stranger must be.
	Answer(self Identity, status int, body []byte, now time.Time) error
	// Refuse signs and sends a fault.
	Refuse(self Identity, fault *Fault, trace string, now time.Time) error
}

// NewLetter is a request as the interface itself has it: JSON by POST, the head in headers.
func NewLetter(w http.ResponseWriter, r *http.Request) Letter { return &request{w: w, r: r} }

type request struct {
	w    http.ResponseWriter
	r    *http.Request
	head Head
}

func (l *request) Source() string { return HostOf(l.r) }

func (l *request) Open(keys func(app string) (Verifier, error), now time.Time) (Info, Head, error) {
	info, _ := ByPath(SignedPath(l.r.URL.Path))
	var err error
	l.head, err = CheckRequest(l.r, keys, now)
	return info, l.head, err
}

func (l *request) Body(max int64, deadline time.Time) ([]byte, error) {
	data, err := ReadRequest(l.w, l.r, max, deadline)
	if err != nil {
		return nil, err
	}
	return data, l.head.CheckBody(data)
}

func (l *request) Answer(self Identity, status int, body []byte, now time.Time) error {
	return Answer(l.w, self, l.r.URL.Path, l.head, status, body, now)
}

func (l *request) Refuse(self Identity, fault *Fault, trace string, now time.Time) error {
	return Refuse(l.w, self, l.r.URL.Path, l.head, fault, trace, now)
}

// ReadRequest reads the body of a request: at most max bytes, until the deadline. What is left of a body that is not worth
// reading is not read: its connection is closed. The error is a *Fault where the sender is at fault.
func ReadRequest(w http.ResponseWriter, r *http.Request, max int64, deadline time.Time) ([]byte, error) {
	if r.ContentLength > max {
		return nil, TooBig(max)
	}
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("limit the time of reading: %w", err)
	}
	data, err := readAll(r.Body, max)
	if err != nil {
		w.Header().Set("Connection", "close")
		return nil, err
	}
	if err := control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("limit the time of reading: %w", err)
	}
	return data, nil
}

// HostOf is the address that a request came from.
func HostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

func readAll(body io.Reader, max int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, max+1))
	switch {
	case err != nil:
		return nil, ReadingFault(err)
	case int64(len(data)) > max:
		return nil, TooBig(max)
	}
	return data, nil
}

// ReadingFault is the fault of a sender whose body could not be read to its end: it came too slowly, or broke off.
func ReadingFault(err error) *Fault {
	if slow(err) {
		return NewFault(CodeSlow, "")
	}
	return NewFault(CodeAltered, "报文体没有送完")
}

// TooBig is the fault of a body of more than max bytes.
func TooBig(max int64) *Fault { return NewFault(CodeTooBig, fmt.Sprintf("上限 %d 字节", max)) }
