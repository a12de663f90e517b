// Package filedrop is the dialect of counterparts that are reached by files only: in a folder of this machine or behind SFTP.
//
// A message goes out as a file in to/, and its answer comes back as one in from/, where the counterpart's own messages lie as well:
// Fetch takes those in. Name, form, signature and putting away of files are spec/filedrop's, which both sides share.
package filedrop

import (
	"context"
	"errors"
	"net/url"
	"sync"

	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
)

// Dialect speaks by files.
type Dialect struct {
	clock   clock.Clock
	folders folder.Pool

	mu    sync.Mutex
	boxes map[folder.Address]*filedrop.Box // one a folder, so that all who wait for an answer look for it together
}

// New makes the dialect; the clock stamps files and judges their age.
func New(clk clock.Clock) *Dialect {
	return &Dialect{clock: clk, boxes: map[folder.Address]*filedrop.Box{}}
}

// Name is "filedrop".
func (*Dialect) Name() string { return "filedrop" }

// Needs is keys and a folder.
func (*Dialect) Needs() dialect.Needs { return dialect.Needs{Keys: true, Folder: true} }

// Send leaves the message in the folder once and waits for the answer.
func (d *Dialect) Send(ctx context.Context, line dialect.Line, m dialect.Message) (dialect.Answer, error) {
	info := m.Info
	info.MaxResponse = m.MaxAnswer
	r, err := d.box(line.Folder).Send(ctx, filedrop.Message{Info: info, MessageID: m.MessageID, Body: m.Body, Self: line.Self, Peer: line.Peer})
	var fault *spec.Fault
	switch {
	case errors.As(err, &fault):
		return dialect.Answer{}, &dialect.Failure{Kind: dialect.BadAnswer, Code: fault.Code, Err: fault}
	case errors.Is(err, context.DeadlineExceeded):
		return dialect.Answer{}, &dialect.Failure{Kind: dialect.TimedOut, Err: err}
	case err != nil:
		return dialect.Answer{}, &dialect.Failure{Kind: dialect.Unreachable, Err: err}
	case r.Fault != nil:
		return dialect.Answer{}, r.Fault
	}
	return dialect.Answer{Status: r.Status, Body: r.Body}, nil
}

// Fetch takes in the counterpart's messages that lie in the folder.
func (d *Dialect) Fetch(ctx context.Context, line dialect.Line, take func(context.Context, spec.Letter)) error {
	return d.box(line.Folder).Take(ctx, take)
}

// box is the platform's side of a folder.
func (d *Dialect) box(a folder.Address) *filedrop.Box {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, ok := d.boxes[a]
	if !ok {
		b = filedrop.New(filedrop.Options{Out: filedrop.To, In: filedrop.From, Source: source(a), Clock: d.clock,
			Open: func() (folder.Folder, error) { return d.folders.Open(a) }})
		d.boxes[a] = b
	}
	return b
}

// source is what the log shows of where a file came from.
func source(a folder.Address) string {
	if u, err := url.Parse(a.URL); err == nil && u.Host != "" {
		return u.Hostname()
	}
	return "folder"
}
