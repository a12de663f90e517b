package wire

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
)

const (
	workKind = "wire-work" // a work whose time has come
	sendKind = "wire-send" // a message to the platform
)

// Work is something that the platform entrusted to a system and that is answered later.
type Work struct {
	ID        uuid.UUID       `json:"id"`
	System    string          `json:"system"`
	App       string          `json:"app"` // who asked, and gets the result
	Operation spec.Operation  `json:"operation"`
	Case      string          `json:"case"`
	Body      json.RawMessage `json:"body"`
	Asked     time.Time       `json:"asked"`
	Round     int             `json:"round"` // how often it was asked anew, with other content
	Due       time.Time       `json:"due"`
	Decision  *board.Decision `json:"decision,omitempty"` // what an operator wants the result to be
	Result    json.RawMessage `json:"result,omitempty"`   // once it is decided
}

// Async serves an operation that gets a receipt now and a result after a span of simulated time. Check may refuse at
// once (nil: never); decide makes the result when the time has come, and may be run again after a kill, so that it has
// to give the same for the same work. The same work asked again in the same words is not done twice; in other words, as after a
// correction, it is done anew.
func Async[In, Out any](s *System, op spec.Operation, takes func(In) time.Duration, check func(In) error,
	decide func(context.Context, Work, In) (Out, error)) {
	s.serves[op] = func(_ context.Context, c Call, body []byte) (int, any, error) {
		var in In
		if err := s.hub.document.Read(op, spec.Request, body, &in); err != nil {
			return 0, nil, err
		}
		w, known := s.hub.works.Get(workIn(body).String())
		if !known || !bytes.Equal(w.Body, body) {
			if check != nil {
				if err := check(in); err != nil {
					return 0, nil, err
				}
			}
			var err error
			if w, err = s.take(c, body, takes(in), w.Round+1); err != nil {
				return 0, nil, err
			}
		}
		return http.StatusAccepted, spec.Receipt{Accepted: true, Receipt: w.ID.String(), ExpectBy: w.Due}, nil
	}
	s.hub.decider(s.Name, op, func(ctx context.Context, w Work) (any, error) {
		var in In
		if err := json.Unmarshal(w.Body, &in); err != nil {
			return nil, err
		}
		return decide(ctx, w, in)
	})
}

// After is a fixed span for Async.
func After[In any](d time.Duration) func(In) time.Duration {
	return func(In) time.Duration { return d }
}

func workIn(body []byte) uuid.UUID {
	var about struct {
		WorkID uuid.UUID `json:"workId"`
	}
	_ = json.Unmarshal(body, &about) // the document's check has seen to it
	return about.WorkID
}

func (s *System) take(c Call, body []byte, takes time.Duration, round int) (Work, error) {
	w := Work{ID: workIn(body), System: s.Name, App: c.App, Operation: c.Operation, Case: caseOf(body), Body: body, Asked: c.At, Round: round,
		Due: c.At.Add(s.hub.board.Shorten(takes)).Truncate(time.Millisecond)}
	if err := s.hub.works.Put(w.ID.String(), w); err != nil {
		return w, err
	}
	if err := s.hub.tidy(); err != nil {
		return w, err
	}
	return w, s.hub.board.Courier.PostAt(workKind, "", w.Due, w.ID)
}

// keptWorks is about how many works are remembered once they are answered.
const keptWorks = 5000

// tidy forgets the oldest answered works when there are too many.
func (h *Hub) tidy() error {
	if h.works.Len() < keptWorks*6/5 {
		return nil
	}
	for _, w := range h.works.List()[:keptWorks/5] {
		if w.Result == nil {
			continue
		}
		if err := h.works.Delete(w.ID.String()); err != nil {
			return err
		}
	}
	return nil
}

// Works lists what a system was entrusted with, the newest last.
func (h *Hub) Works(system string) []Work {
	return slices.DeleteFunc(h.works.List(), func(w Work) bool { return system != "" && w.System != system })
}

// ErrDecided says that a work was answered already.
var ErrDecided = errors.New("the work is answered already")

// Conclude has a department decide a work now, and as told.
func (h *Hub) Conclude(d board.Decision, work uuid.UUID) (Work, error) {
	w, err := h.works.Update(work.String(), func(w *Work) error {
		if w.Result != nil {
			return ErrDecided
		}
		w.Decision = &d
		return nil
	})
	if err != nil {
		return w, err
	}
	_, err = h.board.Courier.Hurry(workKind, func(payload json.RawMessage) bool {
		var id uuid.UUID
		return json.Unmarshal(payload, &id) == nil && id == work
	})
	return w, err
}

func (h *Hub) decider(system string, op spec.Operation, f func(context.Context, Work) (any, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deciders[system+" "+string(op)] = f
}

// work decides a work whose time has come, and queues its result.
func (h *Hub) work(ctx context.Context, payload json.RawMessage) error {
	var id uuid.UUID
	if err := json.Unmarshal(payload, &id); err != nil {
		return fmt.Errorf("%w: %w", board.ErrRejected, err)
	}
	w, ok := h.works.Get(id.String())
	if !ok {
		return fmt.Errorf("%w: work %s is unknown", board.ErrRejected, id)
	}
	s, ok := h.system(w.System)
	h.mu.Lock()
	decide := h.deciders[w.System+" "+string(w.Operation)]
	h.mu.Unlock()
	if !ok || decide == nil {
		return fmt.Errorf("%w: nobody does %s at %s", board.ErrRejected, w.Operation, w.System)
	}
	info, _ := spec.Lookup(w.Operation) // it came in as one
	if w.Result == nil {
		var err error
		if w, err = h.decide(ctx, s, w, info.Result, decide); err != nil {
			h.board.Log.ErrorContext(ctx, "work failed", "system", w.System, "operation", w.Operation, "case", w.Case, "err", err)
			return err
		}
	}
	// The message's id follows from the work, so that a kill at this point doubles nothing.
	return s.post(parcel{Op: info.Result, To: w.App, MessageID: fmt.Sprintf("result-%s-%d", w.ID, w.Round), RelatesTo: w.ID.String(), Body: w.Result}, w.Case, 0)
}

// decide makes and keeps the result of a work.
func (h *Hub) decide(ctx context.Context, s *System, w Work, result spec.Operation, f func(context.Context, Work) (any, error)) (Work, error) {
	if w.Decision == nil {
		d, ok := h.board.Faults.Take(w.System, string(w.Operation), w.Case)
		if !ok {
			d, ok = h.board.Faults.Take(w.System, string(result), w.Case)
		}
		if ok {
			var err error
			if w, err = h.works.Update(w.ID.String(), func(w *Work) error { w.Decision = &d; return nil }); err != nil {
				return w, err
			}
		}
	}
	out, err := f(ctx, w)
	if err != nil {
		return w, err
	}
	body, err := s.encode(result, spec.Request, out)
	if err != nil {
		return w, fmt.Errorf("%w: result breaks the interface: %w", board.ErrRejected, err)
	}
	return h.works.Update(w.ID.String(), func(w *Work) error { w.Result = body; return nil })
}

// Tell sends a message of the system's own accord to a zone of the platform, after a span of simulated time.
func (s *System) Tell(zone string, op spec.Operation, stream string, after time.Duration, body any) error {
	raw, err := s.encode(op, spec.Request, body)
	if err != nil {
		return fmt.Errorf("tell %s: %w", op, err)
	}
	return s.post(parcel{Op: op, Zone: zone, Body: raw}, stream, after)
}

// parcel is a message to the platform in the courier's bag.
type parcel struct {
	System    string          `json:"system"`
	Op        spec.Operation  `json:"op"`
	To        string          `json:"to,omitempty"`   // application id of who asked
	Zone      string          `json:"zone,omitempty"` // or any of this zone
	MessageID string          `json:"messageId"`
	RelatesTo string          `json:"relatesTo,omitempty"`
	Body      json.RawMessage `json:"body"`
}

// post queues a parcel. Messages of a system about one case leave in order, unless the fault board turns them around or
// doubles them; the double is a message of its own, as of a department that answers twice.
func (s *System) post(p parcel, about string, after time.Duration) error {
	p.System = s.Name
	if p.MessageID == "" {
		p.MessageID = messageID()
	}
	stream := s.Name + " " + about
	b := s.hub.board.Faults.Strike(s.Name, string(p.Op), board.Queuing)
	if b.Has(board.Reorder) {
		stream, after = "", 2*after+10*time.Minute
	}
	due := s.hub.board.Now().Add(s.hub.board.Shorten(after) + b.Delay)
	if err := s.hub.board.Courier.PostAt(sendKind, stream, due, p); err != nil {
		return err
	}
	if b.Has(board.Duplicate) {
		p.MessageID = messageID()
		return s.hub.board.Courier.PostAt(sendKind, stream, due, p)
	}
	return nil
}

func messageID() string { return uuid.Must(uuid.NewV7()).String() }

// deliver sends a parcel once.
func (h *Hub) deliver(ctx context.Context, payload json.RawMessage) error {
	var p parcel
	if err := json.Unmarshal(payload, &p); err != nil {
		return fmt.Errorf("%w: %w", board.ErrRejected, err)
	}
	s, ok := h.system(p.System)
	if !ok {
		return fmt.Errorf("%w: no system %s", board.ErrRejected, p.System)
	}
	b := h.board.Faults.Strike(p.System, string(p.Op), board.Sending)
	if b.Has(board.Silent) {
		return errors.New("held back by the fault board")
	}
	err := s.sendStruck(ctx, p, b)
	outcome := "ok"
	if err != nil {
		outcome = err.Error()
	}
	h.note(Message{System: p.System, Operation: p.Op, Case: caseOf(p.Body), Out: true, Outcome: outcome})
	return err
}

// sendStruck sends a parcel as the fault board has it. One whose content is to be wrong is a message of its own, and the true one
// stays in the queue: it leaves at the next try that nothing happens to.
func (s *System) sendStruck(ctx context.Context, p parcel, b board.Blow) error {
	if s.box != nil {
		if b = inFiles(b); b.Has(board.Silent) {
			return errors.New("cut off half way by the fault board")
		}
	}
	wrong, altered := s.falsify(b, p.Body, p.Body)
	if s.box != nil && b.Has(board.Huge) {
		info, _ := spec.Lookup(p.Op) // an unknown one is rejected below
		wrong, altered = padded(p.Body, info.MaxRequest), true
	}
	if !altered {
		return s.send(ctx, p, b)
	}
	p.Body, p.MessageID = wrong, messageID()
	if err := s.send(ctx, p, b); err != nil {
		return fmt.Errorf("a wrong message was refused: %s", err.Error()) // not for good: the true one follows
	}
	return errors.New("a wrong message was taken in; the true one follows")
}

func (s *System) send(ctx context.Context, p parcel, b board.Blow) error {
	if p.To == "" {
		p.To = s.hub.PeerOf(p.Zone)
	}
	peer, ok := s.hub.peer(p.To, s.Zone)
	if !ok {
		return fmt.Errorf("the platform (%s%s) is not registered here yet", p.To, p.Zone)
	}
	info, ok := spec.Lookup(p.Op)
	if !ok {
		return fmt.Errorf("%w: no operation %s", board.ErrRejected, p.Op)
	}
	ctx, cancel := context.WithTimeout(ctx, info.Timeout)
	defer cancel()
	v, err := s.hub.verifier(p.To)
	if err != nil {
		return err
	}
	status, answer, err := s.carry(ctx, outgoing{peer: peer, info: info, self: s.identity(b.Has(board.WrongSignature)), verifier: v, parcel: p, blow: b})
	if err != nil {
		return err
	}
	return verdict(status, answer)
}

// final are the refusals that sending again cannot change.
var final = []spec.Code{spec.CodeHeader, spec.CodeSchema, spec.CodeMessageReused, spec.CodeTooBig, spec.CodeNotJSON, spec.CodeUnknownOperation, spec.CodeNotGranted}

// verdict tells what the platform's answer means for the courier.
func verdict(status int, answer []byte) error {
	if status/100 == 2 {
		return nil
	}
	var problem spec.Problem
	if err := json.Unmarshal(answer, &problem); err != nil {
		return fmt.Errorf("the platform answered %d", status)
	}
	fault := spec.FaultOf(status, problem)
	if fault.Business() || slices.Contains(final, fault.Code) {
		return fmt.Errorf("%w: %w", board.ErrRejected, fault)
	}
	return fault
}

// Serial makes a number of a system's own: a prefix, the day, and a random tail that a person can still read out.
func (s *System) Serial(prefix string) string {
	return prefix + s.Now().Format("20060102") + strings.ToUpper(rand.Text()[:8])
}
