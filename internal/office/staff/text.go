package staff

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
)

// Sender hands messages to the hall: *ferry.Door.
type Sender interface {
	Send(ctx context.Context, tx pgx.Tx, m ferry.Message) error
}

// Text sends a person an SMS within tx: by way of the hall, for the office doesn't reach the gateway. Kind is a sentence of the
// catalog for staff (sms.alarm, sms.overdue, sms.remind). Who has no phone gets none.
func (p Person) Text(ctx context.Context, tx pgx.Tx, door Sender, kind string, args map[string]string) error {
	if p.Phone == "" {
		return nil
	}
	id := uuid.Must(uuid.NewV7())
	m := ferry.Message{ID: id, Type: message.StaffTold, Case: id.String(), // waits for no other message
		Body: message.StaffNotice{ID: id, Phone: p.Phone, Kind: kind, Args: args}}
	if err := door.Send(ctx, tx, m); err != nil {
		return fmt.Errorf("staff: text: %w", err)
	}
	return nil
}

// Holding lists who may work and has a role, by login.
func (r *Room) Holding(ctx context.Context, db pg.DB, role string) ([]Person, error) {
	rows, err := db.Query(ctx, `SELECT `+columns+` FROM staff WHERE $1 = ANY(roles) AND disabled_at IS NULL ORDER BY login`, role)
	if err != nil {
		return nil, fmt.Errorf("staff: holding %s: %w", role, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Person, error) { return r.scan(row) })
}
