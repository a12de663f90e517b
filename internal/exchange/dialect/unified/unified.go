// Package unified is the dialect of the published interface itself: signed JSON over HTTP.
//
// A message goes out as POST with the headers of docs/interface; the answer must be signed by the counterpart and carry the
// request's nonce, or nothing in it counts.
package unified

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
)

// Dialect speaks the published interface.
type Dialect struct {
	http  *dialect.Clients
	clock clock.Clock
}

// New makes the dialect; the clock stamps requests and judges the freshness of answers.
func New(clk clock.Clock, clients *dialect.Clients) *Dialect {
	return &Dialect{clock: clk, http: clients}
}

// Name is "unified".
func (*Dialect) Name() string { return "unified" }

// Needs is keys and an address.
func (*Dialect) Needs() dialect.Needs { return dialect.Needs{Keys: true, Address: true} }

// Send posts the message once. The context bounds connecting, sending and reading the whole answer, so that a drip of bytes ends with it.
func (d *Dialect) Send(ctx context.Context, line dialect.Line, m dialect.Message) (dialect.Answer, error) {
	url := strings.TrimSuffix(line.BaseURL, "/") + m.Info.Path
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(m.Body))
	if err != nil {
		return dialect.Answer{}, &dialect.Failure{Kind: dialect.Unreachable, Err: err}
	}
	head, err := spec.SignRequest(line.Self, req, m.MessageID, "", m.Body, d.clock.Now())
	if err != nil {
		return dialect.Answer{}, err
	}
	resp, err := d.http.To(line).Do(req)
	if err != nil {
		return dialect.Answer{}, dialect.Broken(err, 0)
	}
	defer resp.Body.Close()
	body, err := spec.ReadAnswer(resp, m.Info.Path, head, line.Peer, m.MaxAnswer, d.clock.Now())
	if err != nil {
		return dialect.Answer{}, dialect.Untrusted(resp, err)
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusAccepted {
		return dialect.Answer{Status: resp.StatusCode, Body: body}, nil
	}
	return dialect.Answer{}, refused(resp, body)
}

// refused reads a signed problem.
func refused(resp *http.Response, body []byte) error {
	var problem spec.Problem
	if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" {
		return &dialect.Failure{Kind: dialect.BadAnswer, Status: resp.StatusCode, Code: spec.CodeSchema, Err: errors.New("no problem document")}
	}
	fault := spec.FaultOf(resp.StatusCode, problem)
	fault.RetryAfter = dialect.RetryAfter(resp.Header)
	return fault
}
