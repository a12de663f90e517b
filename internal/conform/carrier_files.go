package conform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/textproto"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
)

// files carries JSON in files, as docs/interface/filedrop.md has it: requests into to/, answers out of from/. What the counterpart asks is
// taken by a Receiver.
type files struct {
	jsonBodies
	at      folder.Address
	folders folder.Pool
	peer    spec.Verifier
	clock   clock.Clock
	sent    atomic.Int64
	made    atomic.Bool
}

// The pauses between looks for an answer.
const (
	lookSoon = 10 * time.Millisecond
	lookLate = 500 * time.Millisecond
)

// headBytes is how much longer than its body a file may be.
const headBytes = 4096

func (*files) Dialect() Dialect                  { return FileDrop }
func (*files) called(header string) string       { return header }
func (*files) lying() time.Duration              { return filedrop.Lying }
func (*files) media(string, bool) (string, bool) { return "", true }

// open gives the folder with both halves in it.
func (c *files) open(ctx context.Context) (folder.Folder, error) {
	f, err := c.folders.Open(c.at)
	if err != nil || c.made.Load() {
		return f, err
	}
	for _, dir := range []string{filedrop.To, filedrop.From} {
		if err := f.MkdirAll(ctx, dir); err != nil {
			return nil, err
		}
	}
	c.made.Store(true)
	return f, nil
}

// name gives an envelope the name of its file: what its head says, so that a spoiled head has a name that fits.
func (c *files) name(e Envelope) filedrop.Name {
	op := spec.Operation(strings.ReplaceAll(strings.TrimPrefix(e.Path, "/v1/"), "/", "."))
	if info, ok := spec.ByPath(e.Path); ok {
		op = info.Operation
	}
	at := e.head.Time
	if seconds, err := strconv.ParseInt(e.Header.Get(spec.HeaderTime), 10, 64); err == nil {
		at = time.Unix(seconds, 0)
	}
	n := filedrop.Name{Time: at.Add(time.Duration(c.sent.Add(1)%1000) * time.Millisecond), Operation: op, Kind: filedrop.Request, MessageID: e.head.MessageID}
	if id := e.Header.Get(spec.HeaderMessage); id != "" {
		n.MessageID = id
	}
	if e.Name != "" {
		n.MessageID = e.Name
	}
	return n
}

// content is the file of an envelope.
func (c *files) content(e Envelope, n filedrop.Name) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s\n", filedrop.LineOperation, n.Operation)
	for _, name := range signedHeaders {
		if value := e.Header.Get(name); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	fmt.Fprintf(&b, "%s: %d\n\n", filedrop.LineLength, len(e.Body))
	b.Write(e.Body)
	return b.Bytes()
}

// Send leaves the file and waits for its answer, twice as long as the operation allows. A request that nobody took is taken back.
func (c *files) Send(ctx context.Context, e Envelope) (Answer, error) {
	f, err := c.open(ctx)
	if err != nil {
		return Answer{}, err
	}
	n := c.name(e)
	if err := f.Write(ctx, to(n), c.content(e, n)); err != nil {
		return Answer{}, err
	}
	return c.answer(ctx, f, e, n)
}

func to(n filedrop.Name) string { return path.Join(filedrop.To, n.String()) }

// answer waits for the answer to a file that was left.
func (c *files) answer(ctx context.Context, f folder.Folder, e Envelope, n filedrop.Name) (Answer, error) {
	began := c.clock.Now()
	ctx, cancel := context.WithTimeout(ctx, 2*e.limits.Timeout)
	defer cancel()
	for pause := lookSoon; ; pause = min(lookLate, pause*5/4) {
		a, err := c.look(ctx, f, e, n)
		if err == nil {
			a.Took = c.clock.Now().Sub(began)
			return a, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return Answer{}, err
		}
		select {
		case <-ctx.Done():
			_ = f.Remove(context.WithoutCancel(ctx), to(n)) // mostly it was taken
			return Answer{}, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// look reads the answer, if it is there, and moves it away. One that is still being written is not.
func (c *files) look(ctx context.Context, f folder.Folder, e Envelope, n filedrop.Name) (Answer, error) {
	done := path.Join(filedrop.From, "done", c.clock.Now().Format(time.DateOnly))
	at := path.Join(filedrop.From, n.Answer().String())
	raw, err := f.Read(ctx, at, e.limits.MaxResponse+headBytes)
	if errors.Is(err, fs.ErrNotExist) && c.clock.Now().Sub(n.Time) > filedrop.Lying { // who takes in requests puts it aside as one that nobody asks for
		at = path.Join(done, path.Base(at))
		raw, err = f.Read(ctx, at, e.limits.MaxResponse+headBytes)
	}
	tooLong := errors.Is(err, folder.ErrTooBig)
	if err != nil && !tooLong {
		return Answer{}, err
	}
	a, whole := readFile(raw)
	if !whole && !tooLong {
		return Answer{}, fs.ErrNotExist
	}
	a.tooLong = tooLong || int64(len(a.Body)) > e.limits.MaxResponse
	a.Proof = proven(a, e, c.peer, c.clock.Now())
	if err := f.MkdirAll(ctx, done); err != nil {
		return a, err
	}
	return a, f.Rename(ctx, at, path.Join(done, path.Base(at)))
}

// readFile reads an answer's file; whole says that nothing of its body lacks.
func readFile(raw []byte) (a Answer, whole bool) {
	a.Header = http.Header{}
	for rest := raw; ; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		if !ended {
			return a, false
		}
		rest = after
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
		if name == "" {
			a.Body = rest
			break
		}
		a.Header.Add(textproto.CanonicalMIMEHeaderKey(name), strings.TrimSpace(value))
	}
	a.Status, _ = strconv.Atoi(a.Header.Get(filedrop.LineStatus)) // none is no success
	size, err := strconv.Atoi(a.Header.Get(filedrop.LineLength))
	return a, err != nil || len(a.Body) >= size
}
