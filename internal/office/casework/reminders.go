package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// Reminder tells a person that an order of theirs, or of their people, comes to its limit or has passed it.
type Reminder struct {
	CaseNo string
	Name   string
	Level  int // 1 soon due, 2 overdue, 3 long overdue
	At     time.Time
}

// Reminders of a person about orders that are still open, the gravest first, one for each order.
func (s *Service) Reminders(ctx context.Context, db pg.DB, person uuid.UUID) ([]Reminder, error) {
	rows, err := db.Query(ctx, `SELECT c.no, o.name, max(r.level), max(r.at) FROM reminders r JOIN work_orders o ON o.id = r.order_id JOIN cases c ON c.id = o.case_id
		WHERE r.person = $1 AND r.seen_at IS NULL AND o.state = 'open' GROUP BY o.id, c.no, o.name ORDER BY 3 DESC, 4 LIMIT 20`, person)
	if err != nil {
		return nil, fmt.Errorf("casework: reminders: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Reminder])
}
