package spec

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/kit/sm"
)

// Identity is one side of the wire: its application id and the key it signs with.
type Identity struct {
	App string
	Key Key
}

// SignedPath is the part of a URL's path that is signed: from /v1/ on, so that a system may be reached below any prefix.
func SignedPath(path string) string {
	if i := strings.Index(path, "/v1/"); i > 0 {
		return path[i:]
	}
	return path
}

// SignRequest completes r with the head of a message and its signature: a new nonce, the time now, the
// digest of body. It does not set r.Body. RelatesTo is empty except for a result.
func SignRequest(id Identity, r *http.Request, messageID, relatesTo string, body []byte, now time.Time) (Head, error) {
	head := Head{App: id.App, Time: now.Truncate(time.Second), Nonce: NewNonce(), MessageID: messageID, RelatesTo: relatesTo, Digest: sm.SM3Hex(body)}
	if err := head.Sign(id.Key, r.Method, SignedPath(r.URL.Path)); err != nil {
		return Head{}, err
	}
	head.Write(r.Header)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return head, nil
}

// CheckRequest verifies the head of r before a byte of its body is read: a path of the interface, media type, no query, form
// of the headers, a known application, a fresh time, a good signature. The error is a *Fault. Whether the nonce is new is the caller's to know.
func CheckRequest(r *http.Request, keys func(app string) (Verifier, error), now time.Time) (Head, error) {
	path := SignedPath(r.URL.Path)
	if _, known := ByPath(path); !known || r.Method != http.MethodPost {
		return Head{}, NewFault(CodeUnknownOperation, "")
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return Head{}, NewFault(CodeNotJSON, "")
	}
	if r.URL.RawQuery != "" {
		return Head{}, NewFault(CodeHeader, "地址不得带查询串")
	}
	head, err := ReadHead(r.Header)
	if err != nil {
		return Head{}, err
	}
	key, err := keys(head.App)
	if err != nil {
		return head, err
	}
	return head, head.Check(key, r.Method, path, now)
}

// ReadBody reads the body that head announces: at most max bytes, and the very ones that were signed.
func ReadBody(head Head, body io.Reader, max int64) ([]byte, error) {
	data, err := readAll(body, max)
	if err != nil {
		return nil, err
	}
	return data, head.CheckBody(data)
}

func slow(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// Answer signs and writes the answer to the request with the given head and path. A zero head is that of a request that
// could not be read; an identity without a key leaves the answer unsigned, as one to a stranger must be.
func Answer(w http.ResponseWriter, id Identity, path string, request Head, status int, body []byte, now time.Time) error {
	return answer(w, id, path, request, status, "application/json; charset=utf-8", body, now)
}

// Refuse signs and writes a fault.
func Refuse(w http.ResponseWriter, id Identity, path string, request Head, fault *Fault, trace string, now time.Time) error {
	body, err := json.Marshal(fault.Problem(trace))
	if err != nil {
		return err
	}
	if fault.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((fault.RetryAfter+time.Second-1)/time.Second), 10))
	}
	return answer(w, id, path, request, fault.Status, "application/problem+json", body, now)
}

func answer(w http.ResponseWriter, id Identity, path string, request Head, status int, media string, body []byte, now time.Time) error {
	head := Head{App: id.App, Time: now.Truncate(time.Second), Nonce: request.Nonce, MessageID: request.MessageID, Digest: sm.SM3Hex(body)}
	if head.Nonce == "" || head.MessageID == "" {
		head.Nonce, head.MessageID = NewNonce(), "unreadable"
	}
	h := w.Header()
	if id.Key != nil {
		if err := head.Sign(id.Key, strconv.Itoa(status), SignedPath(path)); err != nil {
			return err
		}
		head.Write(h)
	}
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// ReadAnswer reads and verifies the answer to a request: it must be signed by v's owner now, carry the request's nonce and
// message id, and have no more than max bytes. The error is a *Fault, or that of reading.
func ReadAnswer(resp *http.Response, path string, request Head, v Verifier, max int64, now time.Time) ([]byte, error) {
	head, err := ReadHead(resp.Header)
	if err != nil {
		return nil, err
	}
	if head.Nonce != request.Nonce || head.MessageID != request.MessageID {
		return nil, NewFault(CodeBadSignature, "应答不属于本次请求")
	}
	if err := head.Check(v, strconv.Itoa(resp.StatusCode), SignedPath(path), now); err != nil {
		return nil, err
	}
	return ReadBody(head, resp.Body, max)
}
