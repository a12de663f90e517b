package filedrop

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/sm"
)

// letter is a request's file as a spec.Letter. Its answer is a file in the other half.
type letter struct {
	box    *Box
	folder folder.Folder
	ctx    context.Context // of the taking in; a letter lives no longer
	name   Name
	file   file
	tooBig bool
	again  bool
	wrong  *spec.Fault // with the form of the file

	head     spec.Head
	answered bool
	refused  *spec.Fault
	failed   error // of writing the answer
}

func (l *letter) Source() string { return l.box.o.Source }

func (l *letter) Open(keys func(app string) (spec.Verifier, error), now time.Time) (spec.Info, spec.Head, error) {
	info, known := spec.Lookup(l.name.Operation)
	if l.wrong != nil {
		return info, spec.Head{}, l.wrong
	}
	var err error
	l.head, err = l.file.head(l.name)
	l.head.Again = l.again
	if err != nil {
		return info, l.head, err
	}
	if !known {
		return info, l.head, spec.NewFault(spec.CodeUnknownOperation, "")
	}
	key, err := keys(l.head.App)
	if err != nil {
		return info, l.head, err
	}
	return info, l.head, l.head.Check(key, http.MethodPost, info.Path, now)
}

// Body needs no deadline: the file was read before.
func (l *letter) Body(max int64, _ time.Time) ([]byte, error) {
	if l.tooBig || l.file.size > max || int64(len(l.file.body)) > max {
		return nil, spec.NewFault(spec.CodeTooBig, fmt.Sprintf("上限 %d 字节", max))
	}
	return l.file.body, l.head.CheckBody(l.file.body)
}

func (l *letter) Answer(self spec.Identity, status int, body []byte, now time.Time) error {
	return l.write(self, status, http.Header{}, body, now)
}

func (l *letter) Refuse(self spec.Identity, fault *spec.Fault, trace string, now time.Time) error {
	body, err := json.Marshal(fault.Problem(trace))
	if err != nil {
		return err
	}
	lines := http.Header{}
	if fault.RetryAfter > 0 {
		lines.Set(LineRetryAfter, strconv.FormatInt(int64((fault.RetryAfter+time.Second-1)/time.Second), 10))
	}
	l.refused = fault
	return l.write(self, fault.Status, lines, body, now)
}

func (l *letter) write(self spec.Identity, status int, lines http.Header, body []byte, now time.Time) error {
	head := spec.Head{App: self.App, Time: now.Truncate(time.Second), Nonce: l.head.Nonce, MessageID: l.name.MessageID, Digest: sm.SM3Hex(body)}
	if head.Nonce == "" {
		head.Nonce = spec.NewNonce()
	}
	info, _ := spec.Lookup(l.name.Operation)
	if self.Key != nil {
		if err := head.Sign(self.Key, strconv.Itoa(status), info.Path); err != nil {
			return err
		}
		head.Write(lines)
	}
	lines.Set(LineStatus, strconv.Itoa(status))
	l.failed = l.folder.Write(l.ctx, l.box.out(l.name.Answer().String()), write(l.name.Operation, lines, body))
	l.answered = l.failed == nil
	return l.failed
}
