// Package bizxml is the dialect of registries and older housing systems: XML messages, plain or in SOAP 1.1, whose attachments lie
// in a folder.
//
// A message goes out as spec/bizxml writes it, after the files that it names were put into the counterpart's folder, so that they
// are there when it is read; the answer must be signed by the counterpart and carry the request's nonce. Messages come in at
// /bizxml and /soap of the partner listener.
package bizxml

import (
	"context"
	"net/http"
	"strings"

	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/folder"
)

// Dialect speaks one of the forms.
type Dialect struct {
	form    bizxml.Form
	http    *dialect.Clients
	clock   clock.Clock
	folders folder.Pool
}

// New makes the dialect of plain messages; the clock stamps requests and judges the freshness of answers.
func New(clk clock.Clock, clients *dialect.Clients) *Dialect {
	return &Dialect{form: bizxml.Plain, http: clients, clock: clk}
}

// NewSOAP makes the dialect of messages in SOAP 1.1.
func NewSOAP(clk clock.Clock, clients *dialect.Clients) *Dialect {
	return &Dialect{form: bizxml.SOAP, http: clients, clock: clk}
}

// Name is "bizxml" or "bizxml-soap".
func (d *Dialect) Name() string {
	if d.form == bizxml.SOAP {
		return "bizxml-soap"
	}
	return "bizxml"
}

// Needs is keys, an address, and the folder of attachments.
func (*Dialect) Needs() dialect.Needs {
	return dialect.Needs{Keys: true, Address: true, Folder: true}
}

// Send leaves the message's files and posts it once. Files that an earlier sending has left are not sent again, so that many large ones
// get there over several sendings.
func (d *Dialect) Send(ctx context.Context, line dialect.Line, m dialect.Message) (dialect.Answer, error) {
	files, err := bizxml.Attachments(m.Info.Operation, m.Body)
	if err != nil {
		return dialect.Answer{}, err
	}
	if err := d.leave(ctx, line.Folder, m, files); err != nil {
		return dialect.Answer{}, err
	}
	now := d.clock.Now()
	head, req, err := d.form.NewRequest(ctx, strings.TrimSuffix(line.BaseURL, "/"), bizxml.Outgoing{
		Info: m.Info, Self: line.Self, Area: line.District, MessageID: m.MessageID, Body: m.Body, Files: files,
	}, now)
	if err != nil {
		return dialect.Answer{}, err
	}
	resp, err := d.http.To(line).Do(req)
	if err != nil {
		return dialect.Answer{}, dialect.Broken(err, 0)
	}
	defer resp.Body.Close()
	answer, err := d.form.ReadAnswer(resp, head, line.Peer, m.MaxAnswer, d.clock.Now())
	if err != nil {
		return dialect.Answer{}, dialect.Untrusted(resp, err)
	}
	if answer.Fault != nil {
		return dialect.Answer{}, answer.Fault
	}
	return dialect.Answer{Status: answer.Status, Body: answer.Body}, nil
}

// Takes tells whether a path is where messages of the form come in.
func (d *Dialect) Takes(path string) bool { return path == d.form.Path() }

// Letter reads a request. Files of counterparts are not taken from folders: what they bring of files is in their messages.
func (d *Dialect) Letter(w http.ResponseWriter, r *http.Request) spec.Letter {
	return bizxml.NewLetter(d.form, w, r)
}

// Describe gives the WSDL of the SOAP port.
func (d *Dialect) Describe(w http.ResponseWriter, r *http.Request) bool {
	return d.form == bizxml.SOAP && bizxml.Describe(w, r)
}
