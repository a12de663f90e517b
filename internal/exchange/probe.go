package exchange

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange/spec"
)

// Probe is what a test call found.
type Probe struct {
	OK      bool
	Took    time.Duration
	System  string        // how the counterpart calls itself
	Version string        // of its system
	Skew    time.Duration // its clock less ours, half the way there taken off
	Err     error         // why not OK; nil, ErrDesk, or as Call returns it
}

// Test calls an endpoint with system.ping, which checks address, both sides' keys and clocks, and changes nothing. It goes even where the
// endpoint is switched off, so that one can test before switching on. The error is that of the test itself (ErrNotFound);
// what the test found is in the Probe.
func (c *Client) Test(ctx context.Context, id uuid.UUID) (Probe, error) {
	c.x.known.expire()
	known, err := c.x.known.byID(ctx, id)
	if err != nil {
		return Probe{}, err
	}
	info, _ := spec.Lookup(spec.SystemPing)
	s := *known
	s.Enabled, s.Limits.Attempts = true, 1
	began, since := c.x.clock.Now(), c.x.machine.Now()
	var pong spec.SystemPingResponse
	err = c.call(ctx, &s, info, Route{District: s.District}, uuid.NewString(), spec.SystemPingRequest{Echo: "连通测试"}, &pong)
	p := Probe{OK: err == nil, Took: c.x.machine.Now().Sub(since), Err: err}
	if err == nil {
		p.System, p.Version, p.Skew = pong.System, pong.Version, pong.Now.Sub(began.Add(p.Took/2))
	}
	var rejected *Rejected
	if errors.As(err, &rejected) && rejected.Fault.Code == spec.CodeUnknownOperation {
		p.OK = true // reached, keys and clocks are right: it only lacks this operation
	}
	return p, nil
}
