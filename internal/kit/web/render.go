package web

import (
	"bytes"
	"compress/gzip"
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

func asTooBig(err error, e **http.MaxBytesError) bool { return errors.As(err, e) }

// Render draws a page whole before the first byte leaves, so that a failure in it is still a clean error page.
func Render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		return fmt.Errorf("draw page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return send(w, r, status, b.Bytes())
}

// Again answers a form with errors: 422 with the page drawn anew, its words still in it. A script that sent the form gets
// the same as a problem document.
func Again(w http.ResponseWriter, r *http.Request, f *Form, page templ.Component) error {
	if s := stateOf(r.Context()); s == nil || !wantsProblem(r, s) {
		return Render(w, r, http.StatusUnprocessableEntity, page)
	}
	e := &Error{Status: http.StatusUnprocessableEntity, Code: "form", Title: "有几处需要修改"}
	fields := map[string]string{}
	for _, x := range f.Errors() {
		fields[x.Name] = x.Message
		if e.Message == "" {
			e.Message = x.Message
		}
	}
	WriteProblem(w, r, e, fields)
	return nil
}

// JSON answers a program.
func JSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	return send(w, r, status, data)
}

// send writes the body, compressed where that helps. Tokens in pages are masked anew each time, so their
// length tells nothing (BREACH).
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if len(body) > 1400 && acceptsGzip(r) && h.Get("Content-Encoding") == "" {
		packed, err := pack(body, gzip.DefaultCompression)
		if err != nil {
			return err
		}
		h.Set("Content-Encoding", "gzip")
		body = packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, _ = w.Write(body) // a client that has gone away cannot be told
	return nil
}

func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

func pack(data []byte, level int) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Redirect ends a POST that did its work: 303 to the page that shows the result. The address gets a fragment of its own,
// because browsers otherwise carry over the form's #errors. A second POST of the same form is sent to the same place.
func Redirect(w http.ResponseWriter, r *http.Request, to string) error {
	if !strings.Contains(to, "#") {
		to += "#main"
	}
	if s := stateOf(r.Context()); s != nil && s.finish != nil {
		s.finish(to)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// Saved answers a form that saved itself: 204, or for browsers without script a way back to the page.
func Saved(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// Notice is a sentence for the next page.
type Notice struct {
	Tone string // "green", "blue", "amber" or "red"
	Text string
}

const sessionNotice = "notice"

// Flash puts a sentence on the next page that this person sees.
func Flash(ctx context.Context, tone, text string) {
	s := stateOf(ctx)
	s.router.sessions.Put(ctx, sessionNotice, tone+"\n"+text)
}

// TakeNotice is what Flash left for this page; given out once.
func TakeNotice(ctx context.Context) (Notice, bool) {
	s := stateOf(ctx)
	if s == nil || s.router == nil || !s.session {
		return Notice{}, false
	}
	v := s.router.sessions.PopString(ctx, sessionNotice)
	tone, text, ok := strings.Cut(v, "\n")
	return Notice{tone, text}, ok
}

// modes are the ways to show pages that a person can choose, as classes of <html>.
func modes() []string {
	return []string{"elder", "elder elder2", "contrast", "elder contrast", "elder elder2 contrast", "nokeys"}
}

// Mode is the class of <html> that the person chose: "elder", "elder elder2", "contrast" or a mix, "nokeys" where single letters
// are not to do anything; "" for the usual one.
func Mode(ctx context.Context) string {
	if s := stateOf(ctx); s != nil {
		return s.mode
	}
	return ""
}

// SetMode remembers how this browser wants pages to look. An unknown mode is the usual one.
func SetMode(w http.ResponseWriter, r *http.Request, mode string) {
	s := stateOf(r.Context())
	age := 365 * 24 * 3600
	if mode = knownMode(mode); mode == "" {
		age = -1
	}
	s.mode = mode
	http.SetCookie(w, &http.Cookie{Name: cookieName(s.router.opt, "mode"), Value: strings.ReplaceAll(mode, " ", "."), Path: "/", MaxAge: age,
		HttpOnly: true, Secure: s.router.opt.Secure, SameSite: http.SameSiteLaxMode})
}

func knownMode(mode string) string {
	for _, m := range modes() {
		if m == strings.ReplaceAll(mode, ".", " ") {
			return m
		}
	}
	return ""
}

// Stream sends fragments of HTML as they come (server-sent events) until produce returns or the reader leaves.
// Produce gets the id of the last event that a reconnecting reader has seen, and sends each event with its own.
// A comment every 20 s keeps proxies from closing the connection.
func Stream(w http.ResponseWriter, r *http.Request, produce func(ctx context.Context, last string, send func(id string, part templ.Component) error) error) error {
	ctl := http.NewResponseController(w)
	if err := ctl.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("open stream: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	out := &events{w: w, ctl: ctl, lock: make(chan struct{}, 1)}
	if err := out.write([]byte(": open\n\n")); err != nil {
		return nil
	}
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	go out.beat(ctx, stop)
	err := produce(ctx, r.Header.Get("Last-Event-ID"), func(id string, part templ.Component) error {
		var b bytes.Buffer
		if err := part.Render(ctx, &b); err != nil {
			return err
		}
		return out.event(id, b.String())
	})
	if ctx.Err() != nil { // the reader left, or the server stops
		return nil
	}
	if err != nil {
		s := stateOf(r.Context())
		s.router.opt.Log.ErrorContext(ctx, "stream broke", "route", s.pattern(), "err", err)
	}
	return nil
}

// events writes a stream from two goroutines, one at a time.
type events struct {
	w    http.ResponseWriter
	ctl  *http.ResponseController
	lock chan struct{}
}

func (e *events) write(b []byte) error {
	e.lock <- struct{}{}
	defer func() { <-e.lock }()
	if _, err := e.w.Write(b); err != nil {
		return err
	}
	return e.ctl.Flush()
}

func (e *events) event(id, html string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "id: %s\n", strings.NewReplacer("\n", "", "\r", "").Replace(id))
	for line := range strings.Lines(html) {
		b.WriteString("data: " + strings.TrimRight(line, "\r\n") + "\n")
	}
	b.WriteString("\n")
	return e.write([]byte(b.String()))
}

func (e *events) beat(ctx context.Context, stop func()) {
	t := time.NewTicker(20 * time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if e.write([]byte(": still here\n\n")) != nil {
				stop()
				return
			}
		}
	}
}
