package filedrop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/sm"
)

// Message is a request to send.
type Message struct {
	Info      spec.Info
	MessageID string
	RelatesTo string // only of a result
	Body      []byte
	Self      spec.Identity
	Peer      spec.Verifier // whose answer counts
}

// Reply is the answer to a request, verified to be the other side's own.
type Reply struct {
	Status int
	Body   []byte
	Fault  *spec.Fault // unless the status is that of success
}

// withdrawLimit is how long is given to taking an unanswered request back.
const withdrawLimit = 5 * time.Second

// Send puts the message into the folder and waits for its answer until ctx ends; what nobody has taken by then is taken back.
// An answer to an earlier sending of the same message counts as well, if it says yes or no. An answer that is not the other
// side's own is a *spec.Fault.
func (b *Box) Send(ctx context.Context, m Message) (Reply, error) {
	f, err := b.open(ctx)
	if err != nil {
		return Reply{}, b.lost(err)
	}
	now := b.stamp()
	name := Name{Time: now, Operation: m.Info.Operation, Kind: Request, MessageID: m.MessageID}
	head := spec.Head{App: m.Self.App, Time: now.Truncate(time.Second), MessageID: m.MessageID, RelatesTo: m.RelatesTo, Digest: sm.SM3Hex(m.Body)}
	head.Nonce = name.nonce(head.App, head.Digest)
	if err := head.Sign(m.Self.Key, http.MethodPost, m.Info.Path); err != nil {
		return Reply{}, err
	}
	lines := http.Header{}
	head.Write(lines)
	w := b.await(name)
	defer b.give(w)
	if err := f.Write(ctx, b.out(name.String()), write(m.Info.Operation, lines, m.Body)); err != nil {
		return Reply{}, b.lost(err)
	}
	r, answered, err := b.answer(ctx, f, m, head, name, w)
	if answered != name {
		b.withdraw(ctx, f, name)
	}
	return r, err
}

// stamp is the time of a new file, later than that of the one before: two sendings of a message are two files.
func (b *Box) stamp() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.o.Clock.Now().Truncate(time.Millisecond)
	if !now.After(b.stamped) {
		now = b.stamped.Add(time.Millisecond)
	}
	b.stamped = now
	return now
}

// withdraw takes a request back that was not taken.
func (b *Box) withdraw(ctx context.Context, f folder.Folder, name Name) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawLimit)
	defer cancel()
	_ = f.Remove(ctx, b.out(name.String())) // mostly it was taken; at worst it is answered late, which harms nobody
}

// answer waits for the answer to m. Answered is the name of the sending that it answers.
func (b *Box) answer(ctx context.Context, f folder.Folder, m Message, sent spec.Head, name Name, w *wait) (r Reply, answered Name, err error) {
	for {
		select {
		case <-ctx.Done():
			if trouble := b.lastTrouble(); trouble != nil {
				return Reply{}, Name{}, trouble
			}
			return Reply{}, Name{}, ctx.Err()
		case found := <-w.found:
			own := found.Time.Equal(name.Time)
			r, err := b.read(ctx, f, m, sent, found)
			switch {
			case errors.Is(err, fs.ErrNotExist), errors.Is(err, errPartial):
				continue // somebody else's by now, or not there yet
			case err == nil && (own || final(r)):
				return r, Name{Time: found.Time, Operation: name.Operation, Kind: Request, MessageID: name.MessageID}, nil
			case err != nil && own:
				return Reply{}, name, err
			}
		}
	}
}

// final tells whether an answer to an earlier sending holds for this one: "come later" does not.
func final(r Reply) bool { return r.Fault == nil || r.Fault.Business() }

// read reads an answer, verifies it, and moves it away.
func (b *Box) read(ctx context.Context, f folder.Folder, m Message, sent spec.Head, found Name) (Reply, error) {
	at := b.in(found.String())
	raw, err := f.Read(ctx, at, m.Info.MaxResponse+maxHead)
	if errors.Is(err, fs.ErrNotExist) {
		return Reply{}, err
	}
	r, err := b.verify(raw, err, m, sent, found)
	if errors.Is(err, errPartial) {
		if !b.lingers(at) {
			return Reply{}, err
		}
		err = spec.NewFault(spec.CodeAltered, "应答文件没有写完")
	}
	var fault *spec.Fault
	switch {
	case errors.As(err, &fault):
		return Reply{}, errors.Join(err, b.aside(ctx, f, at, badDir, found.String(), reason(fault)))
	case err != nil:
		return Reply{}, err
	}
	if err := b.aside(ctx, f, at, doneDir, found.String(), ""); errors.Is(err, fs.ErrNotExist) {
		return r, nil // another process waits for the same message, and was quicker
	} else if err != nil {
		return Reply{}, err
	}
	return r, nil
}

// verify reads what was read of an answer, with the error of reading.
func (b *Box) verify(raw []byte, failed error, m Message, sent spec.Head, found Name) (Reply, error) {
	switch {
	case errors.Is(failed, folder.ErrTooBig):
		return Reply{}, spec.NewFault(spec.CodeTooBig, fmt.Sprintf("上限 %d 字节", m.Info.MaxResponse))
	case errors.Is(failed, folder.ErrNotFile):
		return Reply{}, spec.NewFault(spec.CodeHeader, "不是普通文件")
	case failed != nil:
		return Reply{}, failed
	}
	file, err := parse(raw)
	if err != nil {
		return Reply{}, err
	}
	head, err := file.head(found)
	if err != nil {
		return Reply{}, err
	}
	asked := found
	asked.Kind = Request
	if head.Nonce != asked.nonce(sent.App, sent.Digest) {
		return Reply{}, spec.NewFault(spec.CodeBadSignature, "应答不属于本次请求")
	}
	status, err := strconv.Atoi(file.lines.Get(LineStatus))
	if err != nil || status < 200 || status > 599 {
		return Reply{}, spec.NewFault(spec.CodeHeader, LineStatus+" 格式不对")
	}
	if err := head.Check(m.Peer, strconv.Itoa(status), m.Info.Path, b.o.Clock.Now()); err != nil {
		return Reply{}, err
	}
	if int64(len(file.body)) < file.size {
		return Reply{}, errPartial
	}
	if err := head.CheckBody(file.body); err != nil {
		return Reply{}, err
	}
	return replyOf(status, file)
}

func replyOf(status int, f file) (Reply, error) {
	if status == http.StatusOK || status == http.StatusAccepted {
		return Reply{Status: status, Body: f.body}, nil
	}
	var problem spec.Problem
	if err := json.Unmarshal(f.body, &problem); err != nil || problem.Code == "" {
		return Reply{}, spec.NewFault(spec.CodeSchema, "拒绝报文不合规")
	}
	fault := spec.FaultOf(status, problem)
	if seconds, err := strconv.Atoi(f.lines.Get(LineRetryAfter)); err == nil && seconds > 0 {
		fault.RetryAfter = time.Duration(min(seconds, 3600)) * time.Second
	}
	return Reply{Status: status, Body: f.body, Fault: fault}, nil
}

// reason is what stands beside a file in bad/.
func reason(f *spec.Fault) string {
	if f.Detail == "" {
		return string(f.Code) + "：" + f.Title
	}
	return string(f.Code) + "：" + f.Title + "。" + f.Detail
}
