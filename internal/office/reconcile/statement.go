package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
)

// Received takes a part of a channel's statement from the hall; they come in their order. The first ends what came before, the last has
// the day compared at once.
func (r *Room) Received(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, s message.Statement) error {
	if s.Part == 1 {
		if _, err := tx.Exec(ctx, `DELETE FROM reconcile.statement WHERE channel = $1 AND day = $2`, s.Channel, s.Day); err != nil {
			return fmt.Errorf("reconcile: take statement: %w", err)
		}
	}
	lines := s.Lines
	if lines == nil {
		lines = []message.StatementLine{}
	}
	_, err := tx.Exec(ctx, `INSERT INTO reconcile.statement (channel, day, part, parts, lines, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (channel, day, part) DO UPDATE SET parts = $4, lines = $5, at = $6`, s.Channel, s.Day, s.Part, s.Parts, lines, r.Clock.Now())
	if err != nil {
		return fmt.Errorf("reconcile: take statement: %w", err)
	}
	if s.Part != s.Parts {
		return nil
	}
	var run uuid.UUID
	err = tx.QueryRow(ctx, `SELECT id FROM reconcile.run WHERE kind = $1 AND subject = $2 AND day = $3 AND state <> 'done'`, Channel, s.Channel, s.Day).Scan(&run)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reconcile: whose statement: %w", err)
	}
	return r.Jobs.InsertTx(ctx, tx, CompareArgs{Run: run}, &river.InsertOpts{MaxAttempts: 30})
}
