package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/pg"
)

// deliver runs the handler, once per message, in the transaction that records nonce, message and answer.
func (s *Server) deliver(ctx context.Context, a *arrival, handle handler) (answer reply, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.info.Timeout) // past that the sender has given up and comes again
	defer cancel()
	err = pg.InTx(ctx, s.x.pool, func(tx pgx.Tx) error {
		first, err := s.note(ctx, tx, a)
		if err != nil {
			return err
		}
		if !first {
			answer, err = s.kept(ctx, tx, a)
			return err
		}
		if answer, err = s.run(ctx, tx, a, handle); err != nil {
			return err
		}
		return s.keep(ctx, tx, a, answer)
	})
	if pg.IsLocked(err) {
		fault := spec.NewFault(spec.CodeInProgress, "")
		fault.RetryAfter = time.Second
		return reply{}, fault
	}
	return answer, err
}

// note records nonce and message. First is false when the message was recorded before. While another transaction
// handles the same message, it waits for that one's end.
func (s *Server) note(ctx context.Context, tx pgx.Tx, a *arrival) (first bool, err error) {
	now := s.x.clock.Now()
	b := &pgx.Batch{}
	b.Queue(`SET LOCAL lock_timeout = '5s'`)
	b.Queue(`INSERT INTO exchange_nonces (app, nonce, fresh_until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, a.head.App, a.head.Nonce, a.head.FreshUntil())
	if !a.info.ReadOnly {
		b.Queue(`INSERT INTO exchange_inbox (app, message_id, operation, digest, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			a.head.App, a.head.MessageID, a.info.Operation, a.head.Digest, now)
	}
	results := tx.SendBatch(ctx, b)
	defer results.Close()
	if _, err := results.Exec(); err != nil {
		return false, fmt.Errorf("note message: %w", err)
	}
	nonce, err := results.Exec()
	if err != nil {
		return false, fmt.Errorf("note nonce: %w", err)
	}
	if nonce.RowsAffected() == 0 && !a.head.Again {
		return false, spec.NewFault(spec.CodeReplayed, "")
	}
	if a.info.ReadOnly {
		return true, results.Close()
	}
	message, err := results.Exec()
	if err != nil {
		return false, fmt.Errorf("note message: %w", err)
	}
	return message.RowsAffected() == 1, results.Close()
}

// kept is the answer that the message got the first time.
func (s *Server) kept(ctx context.Context, tx pgx.Tx, a *arrival) (reply, error) {
	var (
		operation, digest string
		status            int
		sealed            []byte
	)
	err := tx.QueryRow(ctx, `SELECT operation, digest, status, answer FROM exchange_inbox WHERE app = $1 AND message_id = $2`, a.head.App, a.head.MessageID).
		Scan(&operation, &digest, &status, &sealed)
	if err != nil {
		return reply{}, fmt.Errorf("kept answer: %w", err)
	}
	if operation != string(a.info.Operation) || digest != a.head.Digest {
		return reply{}, spec.NewFault(spec.CodeMessageReused, "")
	}
	body, err := s.x.keyring.Open(sealed, answerPlace(a))
	if err != nil {
		return reply{}, fmt.Errorf("kept answer: %w", err)
	}
	if status == http.StatusOK {
		return reply{status: status, raw: body, duplicate: true}, nil
	}
	var problem spec.Problem
	if err := json.Unmarshal(body, &problem); err != nil {
		return reply{}, fmt.Errorf("kept answer: %w", err)
	}
	return reply{status: status, fault: spec.FaultOf(status, problem), duplicate: true}, nil
}

// run calls the handler in a savepoint, so that a refusal undoes what it did and is itself recorded.
func (s *Server) run(ctx context.Context, tx pgx.Tx, a *arrival, handle handler) (reply, error) {
	from := Caller{App: a.head.App, Counterpart: a.of[0].Counterpart, MessageID: a.head.MessageID}
	for _, st := range a.of {
		from.Districts = append(from.Districts, st.District)
		from.Parties = append(from.Parties, st.Party)
	}
	var answer *spec.Body
	err := pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("handler of %s panicked: %v\n%s", a.info.Operation, r, debug.Stack())
			}
		}()
		if answer, err = handle(ctx, inner, from, a.body); err != nil {
			return err
		}
		if g := grade(a.of); s.x.document.Grade(a.info.Operation, spec.Response) > g {
			answer, err = answer.Within(g)
		}
		return err
	})
	var (
		refusal *Refusal
		fault   *spec.Fault
	)
	switch {
	case errors.As(err, &refusal):
		fault = refusal.fault()
	case errors.As(err, &fault) && fault.Business():
	case err != nil:
		return reply{}, err
	default:
		return reply{status: http.StatusOK, raw: answer.Raw, body: answer}, nil
	}
	return reply{status: fault.Status, fault: fault}, nil
}

// grade is that of the data which a system may be sent that speaks for several endpoints: the lowest.
func grade(of []*station) spec.Grade {
	g := spec.GradeSensitive
	for _, st := range of {
		g = min(g, st.Grade)
	}
	return g
}

// keep records the answer, sealed, for the same message when it comes again.
func (s *Server) keep(ctx context.Context, tx pgx.Tx, a *arrival, answer reply) error {
	if a.info.ReadOnly {
		return nil
	}
	body := answer.raw
	if answer.fault != nil {
		var err error
		if body, err = json.Marshal(answer.fault.Problem("")); err != nil {
			return fmt.Errorf("keep answer: %w", err)
		}
	}
	_, err := tx.Exec(ctx, `UPDATE exchange_inbox SET status = $3, answer = $4 WHERE app = $1 AND message_id = $2`,
		a.head.App, a.head.MessageID, answer.status, s.x.keyring.Seal(body, answerPlace(a)))
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

func answerPlace(a *arrival) []byte {
	return []byte("exchange_inbox.answer/" + a.head.App + "/" + a.head.MessageID)
}
