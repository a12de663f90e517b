package filedrop

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
)

// The lines of a file's head beside those of spec.Head, which are named as over HTTP.
const (
	LineOperation  = "X-Operation"
	LineStatus     = "X-Status"       // of an answer
	LineLength     = "Content-Length" // bytes of the body
	LineRetryAfter = "Retry-After"    // seconds, of some refusals
)

// Lying is how long a file may lie until it is taken: a long weekend.
const Lying = 72 * time.Hour

// maxHead is how many bytes a head may have.
const maxHead = 4096

// errPartial says that a file is not all there yet.
var errPartial = errors.New("the file is not complete")

// file is the content of a file, its form checked but nothing verified.
type file struct {
	lines http.Header
	body  []byte // as far as it was read
	size  int64  // of the body, as the head says
}

// parse reads what was read of a file. The error is errPartial or a *spec.Fault.
func parse(raw []byte) (file, error) {
	head, body, ended := cutHead(raw)
	if !ended {
		if len(raw) > maxHead {
			return file{}, spec.NewFault(spec.CodeHeader, fmt.Sprintf("前 %d 字节内没有空行", maxHead))
		}
		return file{}, errPartial
	}
	f := file{lines: http.Header{}, body: body}
	for line := range strings.Lines(string(head)) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return file{}, spec.NewFault(spec.CodeHeader, "文件头每行应为“名称: 值”")
		}
		f.lines.Add(textproto.CanonicalMIMEHeaderKey(name), strings.TrimSpace(value))
	}
	var err error
	if f.size, err = strconv.ParseInt(f.lines.Get(LineLength), 10, 64); err != nil || f.size < 0 || len(f.lines.Values(LineLength)) != 1 {
		return file{}, spec.NewFault(spec.CodeHeader, LineLength+" 应当恰好出现一次，为正文字节数")
	}
	return f, nil
}

// cutHead splits at the first empty line; lines may end with LF or CRLF.
func cutHead(raw []byte) (head, body []byte, ended bool) {
	for at := 0; at < min(len(raw), maxHead); {
		end := bytes.IndexByte(raw[at:], '\n')
		if end < 0 {
			return nil, nil, false
		}
		if line := bytes.TrimSuffix(raw[at:at+end], []byte("\r")); len(line) == 0 {
			return raw[:at], raw[at+end+1:], true
		}
		at += end + 1
	}
	return nil, nil, false
}

// head reads the signed head of a file with the given name, which must say the same as the name does. What it can say of
// sender and message it says beside an error, which is a *spec.Fault.
func (f file) head(n Name) (spec.Head, error) {
	h, err := spec.ReadHead(f.lines)
	h.Lying = Lying
	switch {
	case err != nil:
		return h, err
	case len(f.lines.Values(LineOperation)) != 1 || f.lines.Get(LineOperation) != string(n.Operation):
		return h, spec.NewFault(spec.CodeHeader, LineOperation+" 与文件名不一致")
	case h.MessageID != n.MessageID:
		return h, spec.NewFault(spec.CodeHeader, spec.HeaderMessage+" 与文件名不一致")
	case n.Kind == Request && !h.Time.Equal(n.Time.Truncate(time.Second)):
		return h, spec.NewFault(spec.CodeHeader, spec.HeaderTime+" 与文件名不一致")
	case (n.Kind == Answer) != (f.lines.Get(LineStatus) != ""):
		return h, spec.NewFault(spec.CodeHeader, LineStatus+" 只用于应答")
	}
	return h, nil
}

// write makes the content of a file. Lines has the head but for operation and length.
func write(op spec.Operation, lines http.Header, body []byte) []byte {
	lines.Set(LineOperation, string(op))
	lines.Set(LineLength, strconv.Itoa(len(body)))
	var b bytes.Buffer
	for _, name := range []string{LineOperation, LineStatus, LineRetryAfter, spec.HeaderApp, spec.HeaderTime, spec.HeaderNonce, spec.HeaderMessage, spec.HeaderRelatesTo,
		spec.HeaderDigest, spec.HeaderSignature, LineLength} {
		if v := lines.Get(name); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	b.WriteByte('\n')
	b.Write(body)
	return b.Bytes()
}
