package ferry

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
)

// Message is what a zone gives to the ferry.
type Message struct {
	ID    uuid.UUID // zero: Send makes one
	Type  message.Type
	Case  string   // ordering key: messages of one case are applied in the order sent
	Body  any      // one of package message's structs
	Blobs []string // digests of stored files without which it is not applied
}

// ErrUnknownType refuses a message that this zone may not send.
type ErrUnknownType struct{ Type message.Type }

func (e ErrUnknownType) Error() string {
	return fmt.Sprintf("ferry: message type %q may not pass here", e.Type)
}

// Send puts m into the outbox within the caller's transaction: it leaves if and only if tx commits.
func (d *Door) Send(ctx context.Context, tx pgx.Tx, m Message) error {
	if !d.sends[m.Type] {
		return ErrUnknownType{m.Type}
	}
	if m.ID == uuid.Nil {
		m.ID = uuid.Must(uuid.NewV7())
	}
	body, err := json.Marshal(m.Body)
	if err != nil {
		return fmt.Errorf("ferry: encode %s: %w", m.Type, err)
	}
	if len(body) > maxMessage {
		return fmt.Errorf("ferry: send %s: %w", m.Type, ErrTooLarge)
	}
	if m.Blobs == nil {
		m.Blobs = []string{}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO ferry_out (id, type, case_key, lane, body, size, blobs, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		m.ID, string(m.Type), m.Case, laneOf(m.Type), d.o.Keys.Seal(body, m.ID[:]), len(body), m.Blobs, d.o.Clock.Now()); err != nil {
		return fmt.Errorf("ferry: send %s: %w", m.Type, err)
	}
	d.toSend.ring()
	return nil
}
