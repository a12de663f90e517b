// Package log makes the one logger of a process and carries the trace id of a request.
//
// A log line says what happened to which case, never who: no name, document number,
// phone or address of a person (S-29). What must name a person belongs in the audit
// record. The logger blanks attributes whose keys say that they hold such a thing, as a
// last net; the way to keep personal data out is not to pass it.
package log

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"log/slog"
	"strings"
)

// New returns a logger that writes to w. Format "json" is for machines that collect logs;
// anything else writes readable lines. Every record made with a context carries the
// context's trace id as "trace".
func New(w io.Writer, format string) *slog.Logger {
	opts := &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: redact}
	var h slog.Handler = slog.NewTextHandler(w, opts)
	if format == "json" {
		h = slog.NewJSONHandler(w, opts)
	}
	return slog.New(traced{h})
}

// Discard is a logger that writes nothing.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

type traceKey struct{}

// WithTrace returns a context that carries a trace id. An id that is empty, too long or
// has characters other than letters, digits and "-" comes from a stranger's header: it is replaced
// by a fresh one, so that nobody can write lines into the log.
func WithTrace(ctx context.Context, id string) context.Context {
	if !validTrace(id) {
		id = NewTrace()
	}
	return context.WithValue(ctx, traceKey{}, id)
}

// Trace is the trace id of the context, or "" where there is none. It is what a user reads out
// to the help desk, and what joins the logs of all zones.
func Trace(ctx context.Context) string {
	id, _ := ctx.Value(traceKey{}).(string)
	return id
}

// NewTrace makes a fresh trace id of 16 hexadecimal digits.
func NewTrace() string {
	var b [8]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b[:])
}

func validTrace(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, r := range id {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-':
		default:
			return false
		}
	}
	return true
}

// personal are the attribute keys that never reach a log.
var personal = map[string]bool{
	"name": true, "idno": true, "id_number": true, "phone": true, "mobile": true, "address": true,
	"password": true, "secret": true, "token": true, "cookie": true, "authorization": true, "account": true,
}

func redact(_ []string, a slog.Attr) slog.Attr {
	if personal[strings.ToLower(a.Key)] {
		return slog.String(a.Key, "***")
	}
	return a
}

// traced adds the trace id of the context to each record.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if id := Trace(ctx); id != "" {
		r.AddAttrs(slog.String("trace", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traced) WithAttrs(as []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(as)} }
func (h traced) WithGroup(name string) slog.Handler    { return traced{h.Handler.WithGroup(name)} }
