package conform

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"yichuang/internal/kit/clock"
)

// HTTP is the client for a real counterpart.
type HTTP struct {
	target string
	http   *http.Client
	clock  clock.Clock
}

// NewHTTP makes a client for the address before /v1/. Redirects are not followed, proxies of the environment and compression are not used: as
// the platform does.
func NewHTTP(target string, clk clock.Clock) *HTTP {
	return &HTTP{target: strings.TrimSuffix(target, "/"), clock: clk, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableCompression: true, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 16 << 10},
	}}
}

// Send posts the envelope once and reads the whole answer. It waits twice as long as the operation allows, to tell what is slow from
// what is dead.
func (c *HTTP) Send(ctx context.Context, e Envelope) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*e.limits.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.target+e.Path, bytes.NewReader(e.Body))
	if err != nil {
		return Answer{}, err
	}
	req.Header = e.Header.Clone()
	began := c.clock.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, e.limits.MaxResponse+1))
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, Took: c.clock.Now().Sub(began)}, nil
}
