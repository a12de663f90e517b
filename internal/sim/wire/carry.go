package wire

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
)

// outgoing is a message of a system on its way to the platform.
type outgoing struct {
	parcel
	peer     Peer
	info     spec.Info
	self     spec.Identity // whom it is signed as
	verifier spec.Verifier // of the platform's answer
	blow     board.Blow    // what happens to it on its way
}

// carry sends the message once, in the system's dialect, and gives the platform's verified answer.
func (s *System) carry(ctx context.Context, o outgoing) (status int, answer []byte, err error) {
	if s.box != nil {
		return s.carryFile(ctx, o)
	}
	if form, ok := formOf(s.Dialect); ok {
		return s.carryXML(ctx, form, o)
	}
	return s.carryUnified(ctx, o)
}

func (s *System) carryUnified(ctx context.Context, o outgoing) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.peer.URL+o.info.Path, bytes.NewReader(o.Body))
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", board.ErrRejected, err)
	}
	head, err := spec.SignRequest(o.self, req, o.MessageID, o.RelatesTo, o.Body, s.hub.board.Now())
	if err != nil {
		return 0, nil, err
	}
	resp, err := s.do(req, o.blow)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	if answer, err = spec.ReadAnswer(resp, req.URL.Path, head, o.verifier, o.info.MaxResponse, s.hub.board.Now()); err != nil {
		return 0, nil, fmt.Errorf("answer %s: %w", resp.Status, err)
	}
	return resp.StatusCode, answer, nil
}

// do sends a request over HTTP as the fault board has it.
func (s *System) do(req *http.Request, b board.Blow) (*http.Response, error) {
	if err := board.SpoilRequest(req, b); err != nil {
		return nil, err
	}
	return s.hub.board.HTTP.Do(req)
}
