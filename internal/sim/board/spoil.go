package board

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// errBroken ends a message that is sent half.
var errBroken = errors.New("connection cut by the fault board")

const (
	dripPause = 300 * time.Millisecond // between single bytes
	hugeSize  = 1 << 30
)

// Spoiling is middleware that holds an answer back until it is whole, and sends it as Spoil was told.
func Spoiling(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &spoiler{ResponseWriter: w}
		next.ServeHTTP(s, r.WithContext(context.WithValue(r.Context(), spoilerKey{}, s)))
		s.send(r.Context())
	})
}

// Spoil says what happens to the answer of the request that ctx belongs to. It says false where the answer is not one
// over HTTP, so that nothing can.
func Spoil(ctx context.Context, b Blow) bool {
	s, ok := ctx.Value(spoilerKey{}).(*spoiler)
	if ok {
		s.blow = b
	}
	return ok
}

type spoilerKey struct{}

type spoiler struct {
	http.ResponseWriter
	blow   Blow
	status int
	body   bytes.Buffer
}

// Unwrap lets an http.ResponseController reach the connection.
func (s *spoiler) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *spoiler) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}

func (s *spoiler) Write(p []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	return s.body.Write(p)
}

func (s *spoiler) send(ctx context.Context) {
	if s.status == 0 {
		return // nobody waits for it
	}
	body := s.body.Bytes()
	if s.blow.Has(Corrupt) {
		body = flipped(body)
	}
	if s.blow.Has(Huge) {
		s.Header().Del("Content-Length")
	} else if len(body) > 0 {
		s.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	s.ResponseWriter.WriteHeader(s.status)
	_, err := io.Copy(flushing{s.ResponseWriter, http.NewResponseController(s.ResponseWriter)}, spoilt(ctx, body, s.blow))
	if errors.Is(err, errBroken) {
		panic(http.ErrAbortHandler) // which is how a server cuts a connection
	}
}

// flushing sends each piece at once.
type flushing struct {
	io.Writer
	control *http.ResponseController
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	if err != nil {
		return n, err
	}
	return n, f.control.Flush()
}

// SpoilRequest spoils a request that is about to be sent.
func SpoilRequest(req *http.Request, b Blow) error {
	if len(b.Defects) == 0 || req.Body == nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	if b.Has(Corrupt) {
		body = flipped(body)
	}
	req.Body, req.GetBody = io.NopCloser(spoilt(req.Context(), body, b)), nil
	req.ContentLength = int64(len(body))
	if b.Has(Huge) {
		req.ContentLength = -1
	}
	return nil
}

// flipped changes a byte in the middle.
func flipped(body []byte) []byte {
	out := slices.Clone(body)
	if len(out) > 0 {
		out[len(out)/2] ^= 1
	}
	return out
}

// spoilt reads a body as it comes over the wire.
func spoilt(ctx context.Context, body []byte, b Blow) io.Reader {
	switch {
	case b.Has(Crash):
		return io.MultiReader(bytes.NewReader(body[:len(body)/2]), broken{})
	case b.Has(Drip):
		return &dripping{ctx, body}
	case b.Has(Huge):
		return io.MultiReader(bytes.NewReader(body), io.LimitReader(blank{}, hugeSize))
	}
	return bytes.NewReader(body)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

// blank is white space without end.
type blank struct{}

func (blank) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

type dripping struct {
	ctx  context.Context
	body []byte
}

func (d *dripping) Read(p []byte) (int, error) {
	if len(d.body) == 0 {
		return 0, io.EOF
	}
	if !pause(d.ctx, dripPause) {
		return 0, errBroken
	}
	n := copy(p, d.body[:1])
	d.body = d.body[n:]
	return n, nil
}
