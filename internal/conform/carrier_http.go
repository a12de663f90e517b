package conform

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
)

// newClient makes a client that does as the platform does: redirects are not followed, proxies of the environment and compression are not used.
func newClient() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableCompression: true, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 16 << 10},
	}
}

// post sends once and reads the whole answer, at most max bytes and one. It waits twice as long as the operation allows, to tell what is
// slow from what is dead.
func post(ctx context.Context, client *http.Client, clk clock.Clock, e Envelope, address string, header http.Header, body []byte, max int64) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*e.limits.Timeout)
	defer cancel()
	if e.Query != "" {
		address += "?" + e.Query
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header = header
	if e.Media != "" {
		header.Set("Content-Type", e.Media)
	}
	began := clk.Now()
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, max+1))
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: answer, Took: clk.Now().Sub(began), tooLong: int64(len(answer)) > max}, nil
}

// unified carries JSON over HTTP.
type unified struct {
	jsonBodies
	target string
	http   *http.Client
	peer   spec.Verifier
	clock  clock.Clock
}

func (*unified) Dialect() Dialect            { return Unified }
func (*unified) called(header string) string { return header }
func (*unified) lying() time.Duration        { return 0 }

func (*unified) media(got string, refusal bool) (string, bool) {
	want := "application/json"
	if refusal {
		want = "application/problem+json"
	}
	return want, got == want
}

// Send posts the envelope once.
func (c *unified) Send(ctx context.Context, e Envelope) (Answer, error) {
	header := e.Header.Clone()
	header.Set("Content-Type", "application/json; charset=utf-8")
	a, err := post(ctx, c.http, c.clock, e, c.target+e.Path, header, e.Body, e.limits.MaxResponse)
	if err == nil {
		a.Proof = proven(a, e, c.peer, c.clock.Now())
	}
	return a, err
}

// proven tells whether an answer in headers and JSON belongs to the envelope and is signed by its author.
func proven(a Answer, e Envelope, by spec.Verifier, now time.Time) error {
	resp := &http.Response{StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body))}
	_, err := spec.ReadAnswer(resp, e.Path, e.head, by, int64(len(a.Body)), now)
	return err
}
