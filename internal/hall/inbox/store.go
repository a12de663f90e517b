package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// received is a notice as its reader sees it.
type received struct {
	ID   uuid.UUID
	Text string
	Link string
	At   time.Time
	Read bool
}

// pageSize of the inbox.
const pageSize = 20

// list reads one page, newest first, after the notice with the key, and says whether more follow. Index notices_account.
func (r *Room) list(ctx context.Context, account uuid.UUID, after uuid.UUID) (page []received, more bool, err error) {
	rows, err := r.Pool.Query(ctx, `SELECT id, text, link, at, read_at IS NOT NULL FROM notices n WHERE account = $1
		AND ($2 = '00000000-0000-0000-0000-000000000000'::uuid OR (at, id) < (SELECT at, id FROM notices WHERE id = $2 AND account = $1))
		ORDER BY at DESC, id DESC LIMIT $3`, account, after, pageSize+1)
	if err != nil {
		return nil, false, fmt.Errorf("inbox: list: %w", err)
	}
	page, err = pgx.CollectRows(rows, r.letter)
	if err != nil {
		return nil, false, fmt.Errorf("inbox: list: %w", err)
	}
	if len(page) > pageSize {
		return page[:pageSize], true, nil
	}
	return page, false, nil
}

func (r *Room) letter(row pgx.CollectableRow) (l received, err error) {
	var sealed []byte
	if err := row.Scan(&l.ID, &sealed, &l.Link, &l.At, &l.Read); err != nil {
		return l, err
	}
	plain, err := r.Keys.Open(sealed, l.ID[:])
	l.Text = string(plain)
	return l, err
}

// errNone says that the account has no such notice.
var errNone = errors.New("inbox: no such notice")

// open marks a notice of the account as read and returns it.
func (r *Room) open(ctx context.Context, account, id uuid.UUID) (received, error) {
	rows, err := r.Pool.Query(ctx, `UPDATE notices SET read_at = coalesce(read_at, $3) WHERE id = $1 AND account = $2
		RETURNING id, text, link, at, true`, id, account, r.Clock.Now())
	if err != nil {
		return received{}, fmt.Errorf("inbox: open: %w", err)
	}
	l, err := pgx.CollectExactlyOneRow(rows, r.letter)
	if errors.Is(err, pgx.ErrNoRows) {
		return l, errNone
	}
	return l, err
}

// readAll marks everything as read.
func (r *Room) readAll(ctx context.Context, account uuid.UUID) error {
	if _, err := r.Pool.Exec(ctx, `UPDATE notices SET read_at = $2 WHERE account = $1 AND read_at IS NULL`, account, r.Clock.Now()); err != nil {
		return fmt.Errorf("inbox: read all: %w", err)
	}
	return nil
}

// Unread counts what the account has not read, for the header; capped at 99. Index notices_unread.
func (r *Room) Unread(ctx context.Context, account uuid.UUID) int {
	var n int
	if err := r.Pool.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM notices WHERE account = $1 AND read_at IS NULL LIMIT 99) x`, account).Scan(&n); err != nil {
		r.Log.WarnContext(ctx, "cannot count notices", "error", err)
	}
	return n
}
