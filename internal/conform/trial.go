package conform

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"yichuang/internal/exchange/spec"
)

// Trial is one operation under test.
type Trial struct {
	*kit
	Info  spec.Info
	Body  []byte    // of the first call: valid, and meant to be done
	Sent  Envelope  // the first call
	First Answer    // and what came back
	Err   error     // why nothing came back
	Work  string    // workId of the first call, empty unless the operation is asynchronous
	Case  string    // its caseNo
	at    time.Time // of the first call
}

// call makes the first call.
func (t *Trial) call(ctx context.Context) {
	t.at = t.Clock.Now()
	t.Sent, t.First, t.Err = t.send(ctx, t.Body, letter{})
	if t.done() {
		t.answers[t.Info.Operation] = t.First.Body
	}
	if t.Info.Async {
		t.Work, t.Case = text(t.Body, "workId"), text(t.Body, "caseNo")
	}
}

// done tells whether the first call was.
func (t *Trial) done() bool { return t.Err == nil && t.First.OK() }

// now tells which rules can be checked right after the first call.
func (t *Trial) now(w When) bool {
	order := t.Err == nil && t.First.Status < http.StatusInternalServerError
	switch w {
	case Always:
		return true
	case Each:
		return order
	case Once:
		return order && t.Info.Operation == spec.SystemPing
	case Done:
		return t.done()
	}
	return false
}

// send seals and sends a body in the form of a letter.
func (t *Trial) send(ctx context.Context, body []byte, l letter) (Envelope, Answer, error) {
	e, err := t.seal(t.Info, body, l)
	if err != nil {
		return e, Answer{}, err
	}
	a, err := t.Carrier.Send(ctx, e)
	return e, a, err
}

// refused tells whether an envelope is refused with a code, and the status that belongs to it.
func (t *Trial) refused(ctx context.Context, e Envelope, code spec.Code) Finding {
	want := wanted(code)
	a, err := t.Carrier.Send(ctx, e)
	if err != nil {
		return fail(want, noAnswer(err))
	}
	if a.Status != spec.NewFault(code, "").Status || a.Code() != code {
		return fail(want, a.String())
	}
	return pass(want, a.String())
}

// refusedWritten is refused for a body that was written badly and is signed as it should be.
func (t *Trial) refusedWritten(ctx context.Context, written []byte, code spec.Code) Finding {
	e, err := t.sign(t.Info, written, letter{})
	if err != nil {
		return fail(wanted(code), err.Error())
	}
	return t.refused(ctx, e, code)
}

// refusedBody is refused for a JSON that is written as it should be.
func (t *Trial) refusedBody(ctx context.Context, body []byte, code spec.Code) Finding {
	written, err := t.Carrier.write(t.Info, body)
	if err != nil {
		return fail(wanted(code), err.Error())
	}
	return t.refusedWritten(ctx, written, code)
}

// fresh writes the trial's body with a work of its own.
func (t *Trial) fresh() []byte {
	written, err := t.Carrier.write(t.Info, renewed(t.Body))
	if err != nil {
		return t.Sent.Body // which could be written
	}
	return written
}

// spoiled seals a renewed body, spoils the envelope, and wants it refused.
func (t *Trial) spoiled(ctx context.Context, l letter, spoil func(Envelope) Envelope, code spec.Code) Finding {
	e, err := t.seal(t.Info, renewed(t.Body), l)
	if err != nil {
		return fail(wanted(code), err.Error())
	}
	return t.refused(ctx, spoil(e), code)
}

// served wants a request to be done.
func (t *Trial) served(ctx context.Context, body []byte, l letter) Finding {
	e, err := t.seal(t.Info, body, l)
	if err != nil {
		return fail(strconv.Itoa(wantStatus(t.Info)), err.Error())
	}
	return t.carried(ctx, e)
}

// carried wants an envelope to be done.
func (t *Trial) carried(ctx context.Context, e Envelope) Finding {
	want := strconv.Itoa(wantStatus(t.Info))
	a, err := t.Carrier.Send(ctx, e)
	switch {
	case err != nil:
		return fail(want, noAnswer(err))
	case a.Status != wantStatus(t.Info):
		return fail(want, a.String())
	}
	return pass(want, a.String())
}

func wanted(code spec.Code) string {
	return fmt.Sprintf("%d %s", spec.NewFault(code, "").Status, code)
}
