package exchange

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/log"
	"yichuang/internal/kit/sm"
)

// Client calls counterparts.
type Client struct{ x *Exchange }

// NewClient makes the client of an exchange.
func NewClient(x *Exchange) *Client { return &Client{x} }

// Route says which of several systems of a kind is called, for which district and item, and for which case; any may be empty.
type Route struct {
	District string // county code
	Item     string // item code
	Party    string // a bank's code; water, power, gas, tv; sms, face …
	Case     string // case number, for the log
}

// Call sends one operation to its counterpart and reads the answer into out, a pointer to the type of the operation's
// response (nil: only its validity counts). In is a value of the type of its request.
//
// Key makes the call idempotent: calls of one operation with one key are one message to the counterpart, whatever becomes of
// them here. It is sent again by itself as the endpoint's limits say, within ctx. Call it after the commit, never in a transaction.
//
// Errors: ErrDesk, *Refusal, or one that is ErrUnavailable (*Unavailable, *BadAnswer, *Rejected); ErrNoEndpoint and a
// *spec.Fault of CodeSchema for a message that is wrong already here.
func (c *Client) Call(ctx context.Context, op spec.Operation, route Route, key string, in, out any) error {
	info, ok := spec.Lookup(op)
	if !ok || info.Direction != spec.ToCounterpart {
		return fmt.Errorf("call %s: no operation to a counterpart", op)
	}
	s, err := c.x.known.route(ctx, info.Counterpart, route)
	if err != nil {
		return fmt.Errorf("call %s: %w", op, err)
	}
	if err := c.call(ctx, s, info, route, key, in, out); err != nil {
		return fmt.Errorf("call %s: %w", op, err)
	}
	return nil
}

// Desk tells whether people do the work of a counterpart for a route, so that no call need be tried.
func (c *Client) Desk(ctx context.Context, counterpart string, route Route) (bool, error) {
	s, err := c.x.known.route(ctx, counterpart, route)
	if err != nil {
		return false, err
	}
	return !s.dialect.Needs().Keys, nil
}

func (c *Client) call(ctx context.Context, s *station, info spec.Info, route Route, key string, in, out any) error {
	if !s.dialect.Needs().Keys {
		return ErrDesk
	}
	if !s.Enabled {
		return &Unavailable{Endpoint: s.Name, Reason: ReasonSwitchedOff, Err: ErrUnavailable}
	}
	if s.Quiet.At(c.x.clock.Now()) {
		return &Unavailable{Endpoint: s.Name, Reason: ReasonQuiet, Err: ErrUnavailable}
	}
	body, err := spec.Encode(in)
	if err != nil {
		return err
	}
	request, err := c.x.document.Parse(info.Operation, spec.Request, body)
	if err != nil {
		return err
	}
	if c.x.document.Grade(info.Operation, spec.Request) > s.Grade {
		if request, err = request.Within(s.Grade); err != nil {
			return withheld(s, err)
		}
		body = request.Raw
	}
	if int64(len(body)) > info.MaxRequest {
		return spec.NewFault(spec.CodeTooBig, "")
	}
	leave, err := s.gate.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	d := delivery{x: c.x, s: s, info: info, request: request, message: dialect.Message{Info: info, MessageID: messageID(info.Operation, key), Body: body, MaxAnswer: info.MaxResponse, Attachment: c.x.attachment}}
	return d.run(ctx, route, out)
}

// withheld is what a caller is told when the endpoint may not be sent what the message must say: a technician has to look.
func withheld(s *station, err error) error {
	var fault *spec.Fault
	if errors.As(err, &fault) {
		return &Rejected{Endpoint: s.Name, Fault: fault}
	}
	return err
}

// messageID makes X-Message-Id of a key: readable where it fits the form, else its digest.
func messageID(op spec.Operation, key string) string {
	if id := string(op) + ":" + key; key != "" && spec.ValidMessageID(id) {
		return id
	}
	return sm.SM3Hex([]byte(string(op) + "\n" + key))
}

// delivery is one call under way.
type delivery struct {
	x        *Exchange
	s        *station
	info     spec.Info
	message  dialect.Message
	request  *spec.Body
	attempts int
	answer   dialect.Answer
	response *spec.Body
}

// run sends until there is an answer, checks it, and writes the log. An answer that could not be logged is not given out:
// the caller asks again and gets the same.
func (d *delivery) run(ctx context.Context, route Route, out any) error {
	began, since := d.x.clock.Now(), d.x.machine.Now()
	err := d.send(ctx)
	if err == nil {
		err = d.read(out)
	}
	call := d.line(route, began, d.x.machine.Now().Sub(since), err)
	call.Trace = log.Trace(ctx)
	d.x.measures.observe(call)
	if logErr := d.x.journal.record(ctx, call); logErr != nil {
		return logErr
	}
	return err
}

// send sends the message, again and again while that may help.
func (d *delivery) send(ctx context.Context) error {
	attempts := d.s.Limits.Attempts
	if attempts == 0 {
		attempts = d.info.Attempts
	}
	for {
		again, err := d.sendOnce(ctx)
		if err == nil || again < 0 || d.attempts >= attempts {
			return err
		}
		if pause(ctx, max(again, d.backoff())) != nil {
			return err
		}
	}
}

// backoff doubles with each sending and lies between half and all of its value, so that many callers do not come at once.
func (d *delivery) backoff() time.Duration {
	full := d.s.Limits.RetryDelay << min(d.attempts-1, 6)
	return full/2 + rand.N(full/2+1)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// never says that sending again is no use.
const never = time.Duration(-1)

// sendOnce sends the message once. Again is how long to wait at least before the next sending, or never.
func (d *delivery) sendOnce(ctx context.Context) (again time.Duration, err error) {
	if err := d.s.gate.pass(); err != nil {
		return never, err
	}
	timeout := d.s.Limits.Timeout
	if timeout == 0 {
		timeout = d.info.Timeout
	}
	once, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	d.attempts++
	d.answer, err = d.s.dialect.Send(once, d.s.line, d.message)
	if err == nil {
		var wrong error
		if d.response, wrong = d.x.document.Parse(d.info.Operation, spec.Response, d.answer.Body); wrong != nil {
			err = &dialect.Failure{Kind: dialect.BadAnswer, Status: d.answer.Status, Code: spec.CodeSchema, Err: wrong}
		}
	}
	again, err = d.judge(err)
	d.s.gate.report(isFailure(err))
	return again, err
}

// judge turns what a dialect says into what a caller is told, and whether sending again may help.
func (d *delivery) judge(err error) (again time.Duration, judged error) {
	var (
		fault   *spec.Fault
		failure *dialect.Failure
	)
	switch {
	case err == nil:
		return never, nil
	case errors.As(err, &failure):
		if failure.Kind == dialect.BadAnswer {
			return 0, &BadAnswer{Endpoint: d.s.Name, Code: failure.Code, Err: failure}
		}
		return min(failure.RetryAfter, maxRetryAfter), &Unavailable{Endpoint: d.s.Name, Reason: string(failure.Kind), Err: failure}
	case errors.As(err, &fault) && fault.Business():
		return never, &Refusal{Code: fault.Code, Message: fault.Detail}
	case errors.As(err, &fault) && comesLater(fault):
		return min(fault.RetryAfter, maxRetryAfter), &Unavailable{Endpoint: d.s.Name, Reason: string(dialect.Busy), Err: fault}
	case errors.As(err, &fault):
		return never, &Rejected{Endpoint: d.s.Name, Fault: fault}
	}
	return never, err
}

// maxRetryAfter is how long a call waits on the word of a counterpart; past that its caller comes again.
const maxRetryAfter = 30 * time.Second

// comesLater tells whether the same message may be taken in later.
func comesLater(f *spec.Fault) bool {
	switch f.Code {
	case spec.CodeTooMany, spec.CodeUnavailable, spec.CodeInternal, spec.CodeInProgress, spec.CodeReplayed, spec.CodeSlow:
		return true
	}
	return f.Status >= 500
}

// isFailure tells whether an outcome speaks against the endpoint's health. A refusal, a rejection and a "too many" show that it works.
func isFailure(err error) bool {
	var (
		bad  *BadAnswer
		away *Unavailable
	)
	switch {
	case errors.As(err, &bad):
		return true
	case errors.As(err, &away):
		var fault *spec.Fault
		return !errors.As(away.Err, &fault) || fault.Status >= 500
	}
	return false
}

func (d *delivery) read(out any) error {
	if out == nil {
		return nil
	}
	if err := d.response.Into(out); err != nil {
		return &BadAnswer{Endpoint: d.s.Name, Code: spec.CodeSchema, Err: err}
	}
	return nil
}

// line is the call as the log shows it.
func (d *delivery) line(route Route, began time.Time, took time.Duration, err error) Call {
	c := Call{
		ID: uuid.Must(uuid.NewV7()), At: began, Direction: Out, Endpoint: d.s.ID, Counterpart: d.s.Counterpart, District: route.District, App: d.s.PeerApp,
		Operation: d.info.Operation, Case: route.Case, MessageID: d.message.MessageID, Attempts: d.attempts, Status: d.answer.Status, Outcome: OK, Duration: took,
		RequestBytes: int64(len(d.message.Body)), ResponseBytes: int64(len(d.answer.Body)),
		Request: d.request.Mask(), Response: d.response.Mask(),
	}
	var (
		refusal  *Refusal
		rejected *Rejected
		bad      *BadAnswer
		away     *Unavailable
		failure  *dialect.Failure
	)
	if errors.As(err, &failure) {
		c.Status = failure.Status
	}
	switch {
	case err == nil:
	case errors.As(err, &refusal):
		c.Outcome, c.Code, c.Detail, c.Status = Refused, string(refusal.Code), refusal.Message, 422
	case errors.As(err, &rejected):
		c.Outcome, c.Code, c.Detail, c.Status = RejectedCall, string(rejected.Fault.Code), brief(rejected.Fault), rejected.Fault.Status
	case errors.As(err, &bad):
		c.Outcome, c.Code, c.Detail, c.Response = Unbelievable, string(bad.Code), brief(bad.Err), nil
	case errors.As(err, &away):
		c.Outcome, c.Code, c.Detail = Failed, away.Reason, brief(away.Err)
	default:
		c.Outcome, c.Code, c.Detail = Failed, "internal", brief(err)
	}
	return c
}

// maxDetail bounds what the log keeps of an error: part of it may be the counterpart's words.
const maxDetail = 500

func brief(err error) string {
	r := []rune(err.Error())
	return string(r[:min(len(r), maxDetail)])
}
