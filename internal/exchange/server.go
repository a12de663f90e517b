package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/time/rate"

	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/log"
)

// Caller is the verified sender of a message.
type Caller struct {
	App         string
	Counterpart string
	Districts   []string // county codes its endpoints serve; "" among them: the whole city
	Parties     []string // which of several of a kind it is, likewise
	MessageID   string
}

// Serves tells whether the sender speaks for a district: a handler refuses a case of another one as not found.
func (c Caller) Serves(district string) bool {
	return slices.Contains(c.Districts, "") || slices.Contains(c.Districts, district)
}

// Is tells whether the sender speaks as a party: a bank only of its own loans, the water company only of water.
func (c Caller) Is(party string) bool {
	return slices.Contains(c.Parties, "") || slices.Contains(c.Parties, party)
}

// Server takes the operations that counterparts call, as an http.Handler for the paths below /v1/.
type Server struct {
	x         *Exchange
	mu        sync.RWMutex
	handlers  map[spec.Operation]handler
	results   map[spec.Operation]bool // operations that answer an earlier message, and must say which
	strangers *rate.Limiter           // of log lines about senders that nobody knows
}

// handler runs an operation on a body that fits its schema and gives the body of the answer.
type handler func(ctx context.Context, tx pgx.Tx, from Caller, in *spec.Body) (*spec.Body, error)

// NewServer makes the server of an exchange; Receive gives it its operations.
func NewServer(x *Exchange) *Server {
	s := &Server{x: x, handlers: map[spec.Operation]handler{}, results: map[spec.Operation]bool{}, strangers: rate.NewLimiter(10, 50)}
	for _, info := range spec.Operations() {
		if info.Async {
			s.results[info.Result] = true
		}
	}
	return s
}

// Receive makes srv serve an operation. Fn runs once per message, in the transaction that records the message: all it does in tx stands or
// falls with the record. It refuses with a *Refusal (what it did in tx is undone, the refusal is recorded); after any other
// error nothing is recorded, the sender is told "internal" and sends again. The case is to be looked up with
// Caller.Serves in mind. Receive panics on an operation that counterparts do not call, on types other than the
// operation's own, and on one served already: faults of wiring.
func Receive[In, Out any](srv *Server, op spec.Operation, fn func(ctx context.Context, tx pgx.Tx, from Caller, in In) (Out, error)) {
	info, ok := spec.Lookup(op)
	in, out := reflect.TypeFor[In]().Name(), reflect.TypeFor[Out]().Name()
	if !ok || info.Direction != spec.ToPlatform || in != info.Request || out != info.Response {
		panic(fmt.Sprintf("exchange: %s is not served with %s and %s", op, in, out))
	}
	srv.serve(op, func(ctx context.Context, tx pgx.Tx, from Caller, body *spec.Body) (*spec.Body, error) {
		var message In
		if err := body.Into(&message); err != nil {
			return nil, err
		}
		result, err := fn(ctx, tx, from, message)
		if err != nil {
			return nil, err
		}
		raw, err := spec.Encode(result)
		if err != nil {
			return nil, err
		}
		answer, err := srv.x.document.Parse(op, spec.Response, raw)
		if err != nil {
			return nil, fmt.Errorf("our own answer: %s", err) // no fault of the sender's: its code must not reach him
		}
		return answer, nil
	})
}

func (s *Server) serve(op spec.Operation, h handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, twice := s.handlers[op]; twice {
		panic(fmt.Sprintf("exchange: %s is served twice", op))
	}
	s.handlers[op] = h
}

// arrival is one message on its way in.
type arrival struct {
	letter   spec.Letter
	info     spec.Info
	head     spec.Head
	of       []*station // the sender's; empty: a stranger
	raw      []byte
	body     *spec.Body // nil: raw is not read yet, or does not fit
	answer   reply
	began    time.Time
	since    time.Time
	trace    string
	verified bool // the head is the sender's
}

// reply is what a message is answered with.
type reply struct {
	status    int
	raw       []byte
	body      *spec.Body // nil: not made here just now
	fault     *spec.Fault
	duplicate bool
}

// ServeHTTP takes in one message that comes over the partner listener, in whichever dialect its path belongs to.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, d := range s.x.dialects {
		if porter, ok := d.(dialect.Porter); ok && porter.Takes(r.URL.Path) {
			if own, ok := d.(dialect.Describer); ok && own.Describe(w, r) {
				return
			}
			s.Take(showing(r), porter.Letter(w, r))
			return
		}
	}
	s.Take(showing(r), spec.NewLetter(w, r))
}

type shownKey struct{}

// showing is the context of a request, with the fingerprint of the TLS certificate that its sender showed.
func showing(r *http.Request) context.Context {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return r.Context()
	}
	return context.WithValue(r.Context(), shownKey{}, dialect.Fingerprint(r.TLS.PeerCertificates[0]))
}

// Take takes one message in, answers it signed, and writes the log.
func (s *Server) Take(ctx context.Context, l spec.Letter) {
	a := &arrival{letter: l, began: s.x.clock.Now(), since: s.x.machine.Now(), trace: log.NewTrace()}
	ctx = log.WithTrace(ctx, a.trace)
	if err := s.take(ctx, a); err != nil {
		a.answer = reply{fault: s.faultOf(ctx, a, err)}
		a.answer.status = a.answer.fault.Status
	}
	if err := s.record(ctx, a); err != nil { // not recorded is not done: the sender comes again and gets the kept answer
		s.x.log.ErrorContext(ctx, "record message", "operation", a.info.Operation, "err", err)
		a.answer.fault = spec.NewFault(spec.CodeUnavailable, "")
	}
	s.write(ctx, a)
}

// take verifies the message, step by step in order of cost, and delivers it.
func (s *Server) take(ctx context.Context, a *arrival) error {
	var err error
	a.info, a.head, err = a.letter.Open(func(app string) (spec.Verifier, error) {
		if a.of, err = s.x.known.peer(ctx, app); err != nil {
			return nil, err
		}
		return a.of[0].line.Peer, nil
	}, s.x.clock.Now())
	if err != nil {
		return err
	}
	a.verified = true
	handle, err := s.admit(ctx, a)
	if err != nil {
		return err
	}
	timeout := a.info.Timeout
	if own := a.of[0].Limits.Timeout; own > 0 {
		timeout = own
	}
	if a.raw, err = a.letter.Body(a.info.MaxRequest, s.x.machine.Now().Add(timeout)); err != nil {
		return err
	}
	if err := s.checkBody(a); err != nil {
		return err
	}
	a.answer, err = s.deliver(ctx, a, handle)
	return err
}

// admit tells whether the sender may call the operation now.
func (s *Server) admit(ctx context.Context, a *arrival) (handler, error) {
	s.mu.RLock()
	handle := s.handlers[a.info.Operation]
	s.mu.RUnlock()
	if a.info.Direction != spec.ToPlatform || handle == nil {
		return nil, spec.NewFault(spec.CodeUnknownOperation, "")
	}
	var of []*station
	for _, st := range a.of {
		if a.info.Counterpart == st.Counterpart || a.info.Counterpart == commonCounterpart {
			of = append(of, st)
		}
	}
	if len(of) == 0 {
		return nil, spec.NewFault(spec.CodeNotGranted, "")
	}
	a.of = enabled(of)
	if len(a.of) == 0 {
		a.of = of
		return nil, spec.NewFault(spec.CodeSwitchedOff, "")
	}
	if shown, _ := ctx.Value(shownKey{}).(string); a.of[0].Certificate != "" && a.of[0].Certificate != shown {
		return nil, spec.NewFault(spec.CodeNotGranted, "须以约定的客户端证书连接")
	}
	if !a.of[0].gate.incoming.Allow() {
		fault := spec.NewFault(spec.CodeTooMany, "")
		fault.RetryAfter = time.Second
		return nil, fault
	}
	return handle, nil
}

func enabled(all []*station) []*station {
	var of []*station
	for _, st := range all {
		if st.Enabled {
			of = append(of, st)
		}
	}
	return of
}

// checkBody validates the body, and that a result names in its head the work it names in its body.
func (s *Server) checkBody(a *arrival) error {
	var err error
	if a.body, err = s.x.document.Parse(a.info.Operation, spec.Request, a.raw); err != nil {
		return err
	}
	work := a.body.Text("workId")
	switch {
	case s.results[a.info.Operation] && a.head.RelatesTo != work:
		return spec.NewFault(spec.CodeHeader, spec.HeaderRelatesTo+" 与报文体 workId 不一致")
	case !s.results[a.info.Operation] && a.head.RelatesTo != "":
		return spec.NewFault(spec.CodeHeader, "本操作不带 "+spec.HeaderRelatesTo)
	}
	return nil
}

// faultOf turns an error into what the sender is told. What is our own fault is told without its cause.
func (s *Server) faultOf(ctx context.Context, a *arrival, err error) *spec.Fault {
	var (
		fault   *spec.Fault
		refusal *Refusal
	)
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.As(err, &refusal):
		return refusal.fault()
	}
	s.x.log.ErrorContext(ctx, "message failed", "operation", a.info.Operation, "app", a.head.App, "err", err)
	return spec.NewFault(spec.CodeInternal, "")
}

func (r *Refusal) fault() *spec.Fault {
	f := spec.NewFault(r.Code, r.Message)
	f.Status = http.StatusUnprocessableEntity
	return f
}

// write sends the answer, signed as the endpoint's application; a stranger's is unsigned, for no key binds us to him.
func (s *Server) write(ctx context.Context, a *arrival) {
	var self spec.Identity
	if len(a.of) > 0 {
		self = a.of[0].line.Self
	}
	var err error
	if a.answer.fault != nil {
		err = a.letter.Refuse(self, a.answer.fault, a.trace, s.x.clock.Now())
	} else {
		err = a.letter.Answer(self, a.answer.status, a.answer.raw, s.x.clock.Now())
	}
	if err != nil {
		s.x.log.InfoContext(ctx, "answer not sent", "operation", a.info.Operation, "err", err)
	}
}

// record writes the message into the call log. Of those whose sender is not verified, who may come in any number, only some are written.
func (s *Server) record(ctx context.Context, a *arrival) error {
	if !a.verified && !s.strangers.AllowN(s.x.machine.Now(), 1) {
		s.x.measures.dropped.Inc()
		return nil
	}
	c := Call{
		ID: uuid.Must(uuid.NewV7()), At: a.began, Direction: In, App: a.head.App, Operation: a.info.Operation, MessageID: a.head.MessageID, Attempts: 1,
		Status: a.answer.status, Outcome: OK, Duration: s.x.machine.Now().Sub(a.since), RequestBytes: int64(len(a.raw)), ResponseBytes: int64(len(a.answer.raw)),
		Request: a.body.Mask(), Response: a.answer.body.Mask(), Trace: a.trace, Source: a.letter.Source(),
	}
	if a.body != nil {
		c.Case = a.body.Text("caseNo")
	}
	if c.Request == nil {
		c.Request = s.x.document.Mask(a.info.Operation, spec.Request, a.raw)
	}
	if c.Operation == "" {
		c.Operation = "unknown"
	}
	if len(a.of) > 0 {
		c.Endpoint, c.Counterpart, c.District = a.of[0].ID, a.of[0].Counterpart, a.of[0].District
	}
	switch f := a.answer.fault; {
	case f == nil && a.answer.duplicate:
		c.Outcome = Duplicate
	case f == nil:
	default:
		c.Code, c.Detail = string(f.Code), brief(f)
		c.Outcome = RejectedCall
		if f.Business() {
			c.Outcome = Refused
		}
		if f.Status >= 500 {
			c.Outcome = Failed
		}
	}
	s.x.measures.observe(c)
	return s.x.journal.record(ctx, c)
}
