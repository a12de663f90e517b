package application

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Guessing of homes is slowed: after so many questions in a row that found nothing, one waits. Machines in a hall share an
// address, so an address may err more often than a person.
const (
	guessesOfAccount = 5
	guessesOfSource  = 20
	guessPause       = 10 * time.Minute
)

// guess notes a question for a home, or tells how long to wait before the next. A question counts as a wrong guess until it has
// found its home, so that nobody gains by asking many at once.
func (rm *Room) guess(ctx context.Context, tx pgx.Tx, query, acc uuid.UUID, source string) (wait time.Duration, err error) {
	now := rm.Clock.Now()
	from := rm.Keys.Index("guess source", source)
	for _, key := range []string{acc.String(), string(from)} {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('application_guesses' || encode($1::bytea, 'hex'), 0))`, []byte(key)); err != nil {
			return 0, fmt.Errorf("application: count guesses: %w", err)
		}
	}
	var free time.Time // when the guess that fills the measure is forgotten
	err = tx.QueryRow(ctx, `SELECT coalesce(greatest(
			(SELECT at FROM application_guesses WHERE account = $1 ORDER BY at DESC OFFSET $3 LIMIT 1),
			(SELECT at FROM application_guesses WHERE source = $2 ORDER BY at DESC OFFSET $4 LIMIT 1)), 'epoch')`,
		acc, from, guessesOfAccount-1, guessesOfSource-1).Scan(&free) // indexes: application_guesses_account, application_guesses_source
	if err != nil {
		return 0, fmt.Errorf("application: count guesses: %w", err)
	}
	if wait := free.Add(guessPause).Sub(now); wait > 0 {
		return wait, nil
	}
	if _, err := tx.Exec(ctx, `INSERT INTO application_guesses (query, account, source, at) VALUES ($1, $2, $3, $4)`, query, acc, from, now); err != nil {
		return 0, fmt.Errorf("application: note guess: %w", err)
	}
	return 0, nil
}

// found takes back the mark of a question that has found its home. Earlier wrong ones stay: knowing one home gives no more guesses.
func (rm *Room) found(ctx context.Context, tx pgx.Tx, query uuid.UUID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM application_guesses WHERE query = $1`, query); err != nil {
		return fmt.Errorf("application: forget guess: %w", err)
	}
	return nil
}
