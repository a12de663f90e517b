package bizxml

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
)

// NewRequest writes and signs a message, as a request to the address of a system.
func (f Form) NewRequest(ctx context.Context, address string, o Outgoing, now time.Time) (Head, *http.Request, error) {
	head, message, err := Request(o, now)
	if err != nil {
		return head, nil, err
	}
	if f == SOAP {
		if message, err = wrap("exchange", message); err != nil {
			return head, nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+f.Path(), bytes.NewReader(message))
	if err != nil {
		return head, nil, fmt.Errorf("request to %s: %w", address, err)
	}
	r.Header.Set("Content-Type", f.media()+"; charset=utf-8")
	if f == SOAP {
		r.Header.Set("SOAPAction", SOAPAction)
	}
	return head, r, nil
}

// ReadAnswer reads and verifies the answer to a request: it must be signed by v's owner now, carry the request's nonce and number, and
// have no more than max bytes of JSON. The error is a *spec.Fault, or that of reading.
func (f Form) ReadAnswer(resp *http.Response, request Head, v spec.Verifier, max int64, now time.Time) (Answer, error) {
	if !f.is(resp.Header.Get("Content-Type")) {
		return Answer{}, spec.NewFault(spec.CodeNotJSON, "应答不是 "+f.media())
	}
	in, err := f.open(resp.Body, bodyBytes(max))
	if err != nil {
		return Answer{}, in.meter.tell(err, max)
	}
	return in.answer(request, v, max, now)
}
