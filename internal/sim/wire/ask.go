package wire

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"yichuang/internal/exchange/spec"
)

// Ask asks a zone of the platform something that is answered at once, and reads the answer into out. What the platform
// refuses comes back as a *spec.Fault.
func (s *System) Ask(ctx context.Context, zone string, op spec.Operation, in, out any) error {
	raw, err := s.encode(op, spec.Request, in)
	if err != nil {
		return fmt.Errorf("ask %s: %w", op, err)
	}
	info, _ := spec.Lookup(op) // encode knew it
	app := s.hub.PeerOf(zone)
	peer, ok := s.hub.peer(app, zone)
	if !ok {
		return spec.NewFault(spec.CodeUnavailable, "平台（"+zone+"）还没有登记")
	}
	v, err := s.hub.verifier(app)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, info.Timeout)
	defer cancel()
	status, answer, err := s.carry(ctx, outgoing{parcel: parcel{System: s.Name, Op: op, MessageID: messageID(), Body: raw}, peer: peer, info: info, self: s.identity(false), verifier: v})
	if err != nil {
		return fmt.Errorf("ask %s: %w", op, err)
	}
	return s.answerOf(op, status, raw, answer, out)
}

// answerOf reads what the platform answered, and notes it in the traffic.
func (s *System) answerOf(op spec.Operation, status int, asked, answer []byte, out any) error {
	line := Message{System: s.Name, Operation: op, Case: caseOf(asked), Out: true, Outcome: "ok"}
	defer func() { s.hub.note(line) }()
	if status/100 == 2 {
		return s.hub.document.Read(op, spec.Response, answer, out)
	}
	var problem spec.Problem
	if err := json.Unmarshal(answer, &problem); err != nil {
		line.Outcome = http.StatusText(status)
		return fmt.Errorf("ask %s: the platform answered %d", op, status)
	}
	line.Outcome = problem.Code
	return spec.FaultOf(status, problem)
}
