// Package unified is the dialect of the published interface itself: signed JSON over HTTP.
//
// A message goes out as POST with the headers of docs/interface; the answer must be signed by the counterpart and carry the
// request's nonce, or nothing in it counts. Redirects are not followed, proxies of the environment and compression are not used: what an
// endpoint's setting says is where a message goes, and what is counted is what arrives.
package unified

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
)

// Dialect speaks the published interface.
type Dialect struct {
	http  *http.Client
	clock clock.Clock
}

// New makes the dialect; the clock stamps requests and judges the freshness of answers.
func New(clk clock.Clock) *Dialect {
	return &Dialect{
		clock: clk,
		http: &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
				TLSHandshakeTimeout:    5 * time.Second,
				MaxIdleConnsPerHost:    64,
				MaxConnsPerHost:        256,
				IdleConnTimeout:        90 * time.Second,
				MaxResponseHeaderBytes: 16 << 10,
				DisableCompression:     true,
				ForceAttemptHTTP2:      true,
			},
		},
	}
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
	resp, err := d.http.Do(req)
	if err != nil {
		return dialect.Answer{}, broken(err, 0)
	}
	defer resp.Body.Close()
	body, err := spec.ReadAnswer(resp, m.Info.Path, head, line.Peer, m.MaxAnswer, d.clock.Now())
	if err != nil {
		return dialect.Answer{}, untrusted(resp, err)
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusAccepted {
		return dialect.Answer{Status: resp.StatusCode, Body: body}, nil
	}
	return dialect.Answer{}, refused(resp, body)
}

// broken is the failure of a connection.
func broken(err error, status int) error {
	kind := dialect.Unreachable
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		kind = dialect.TimedOut
	}
	return &dialect.Failure{Kind: kind, Status: status, Err: err}
}

// untrusted is the failure of an answer that is not verifiably the counterpart's. A gateway in between signs nothing, so its
// "come later" is believed in the only sense that does no harm: we do come later.
func untrusted(resp *http.Response, err error) error {
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &dialect.Failure{Kind: dialect.Busy, Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	}
	var fault *spec.Fault
	if !errors.As(err, &fault) || fault.Code == spec.CodeSlow {
		return broken(errors.Join(err, context.DeadlineExceeded), resp.StatusCode)
	}
	return &dialect.Failure{Kind: dialect.BadAnswer, Status: resp.StatusCode, Code: fault.Code, Err: fault}
}

// refused reads a signed problem.
func refused(resp *http.Response, body []byte) error {
	var problem spec.Problem
	if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" {
		return &dialect.Failure{Kind: dialect.BadAnswer, Status: resp.StatusCode, Code: spec.CodeSchema, Err: errors.New("no problem document")}
	}
	fault := spec.FaultOf(resp.StatusCode, problem)
	fault.RetryAfter = retryAfter(resp.Header)
	return fault
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 3600)) * time.Second
}
