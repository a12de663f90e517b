package dialect

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"yichuang/internal/exchange/spec"
)

// Broken is the failure of a connection; status is 0 where no answer had begun.
func Broken(err error, status int) error {
	kind := Unreachable
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		kind = TimedOut
	}
	return &Failure{Kind: kind, Status: status, Err: err}
}

// Untrusted is the failure of an answer that is not verifiably the counterpart's. A gateway in between signs nothing, so its
// "come later" is believed in the only sense that does no harm: we do come later.
func Untrusted(resp *http.Response, err error) error {
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &Failure{Kind: Busy, Status: resp.StatusCode, RetryAfter: RetryAfter(resp.Header)}
	}
	var fault *spec.Fault
	if !errors.As(err, &fault) || fault.Code == spec.CodeSlow {
		return Broken(errors.Join(err, context.DeadlineExceeded), resp.StatusCode)
	}
	return &Failure{Kind: BadAnswer, Status: resp.StatusCode, Code: fault.Code, Err: fault}
}

// RetryAfter is how long a sender is told to wait, an hour at most.
func RetryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 3600)) * time.Second
}
