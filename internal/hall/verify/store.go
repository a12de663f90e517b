package verify

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc/code"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// The errors of the store.
var (
	ErrNone     = errors.New("no such document") // whatever does not match: number, name or both
	ErrConflict = errors.New("another document has this code already")
	ErrRecord   = errors.New("the record of a document is not usable")
)

// ErrSlow says that a number was tried with too many wrong names, and how long to wait.
type ErrSlow struct{ Wait time.Duration }

func (e ErrSlow) Error() string { return fmt.Sprintf("too many wrong names, wait %s", e.Wait) }

// Ten wrong names for one number within a quarter of an hour, and it rests until the oldest is that old.
const (
	misses = 10
	window = 15 * time.Minute
)

// Store keeps the records.
type Store struct {
	keys  *sm.Keyring
	clock clock.Clock
}

// NewStore returns a store.
func NewStore(keys *sm.Keyring, clk clock.Clock) *Store { return &Store{keys, clk} }

// Put takes a record in the transaction of its message. The same record again changes nothing; a later one may end a valid
// document, and nothing makes an ended one valid again. Errors: ErrRecord, ErrConflict.
func (s *Store) Put(ctx context.Context, tx pgx.Tx, r Record) error {
	c, err := code.Parse(r.Code)
	if err != nil || r.Number == "" || r.Digest == "" {
		return fmt.Errorf("%w: code %q, number %q", ErrRecord, r.Code, r.Number)
	}
	key := numberKey(r.Number)
	tag, err := tx.Exec(ctx, `INSERT INTO issued_documents AS d (code, kind, title, number, number_key, issuer, holders, digest, issued_at, state, state_at, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (code) DO UPDATE SET
			state_at = CASE WHEN d.state = 'valid' AND excluded.state <> 'valid' THEN excluded.state_at ELSE d.state_at END,
			reason = CASE WHEN d.state = 'valid' THEN excluded.reason ELSE d.reason END,
			state = CASE WHEN d.state = 'valid' THEN excluded.state ELSE d.state END
		WHERE d.digest = excluded.digest AND d.number_key = excluded.number_key`,
		c, r.Kind, r.Title, r.Number, key, r.Issuer, maskAll(r.Holders), strings.ToLower(r.Digest), r.IssuedAt, r.State, s.clock.Now(), r.Reason)
	if pg.IsCheck(err, "") {
		return fmt.Errorf("%w: state %q", ErrRecord, r.State)
	}
	if err != nil {
		return fmt.Errorf("verify: keep record: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrConflict
	}
	for _, name := range r.Holders {
		if _, err := tx.Exec(ctx, `INSERT INTO issued_document_holders (code, name_index) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
			c, s.nameIndex(key, name)); err != nil {
			return fmt.Errorf("verify: keep holder: %w", err)
		}
	}
	return nil
}

// nameIndex binds a name to a number.
func (s *Store) nameIndex(key, name string) []byte {
	return s.keys.Index("verify.holder", key+"\n"+nameKey(name))
}

// ByCode finds a document by the code on it. Error: ErrNone.
func (s *Store) ByCode(ctx context.Context, db pg.DB, c code.Code) (Found, error) {
	return s.one(ctx, db, `code = $1`, c)
}

// ByDigest finds the document whose file has a digest. Error: ErrNone.
func (s *Store) ByDigest(ctx context.Context, db pg.DB, digest string) (Found, error) {
	return s.one(ctx, db, `digest = $1 ORDER BY issued_at DESC LIMIT 1`, digest) // issued_documents_digest
}

// ByNumber finds a document by its number and the full name of one of its holders. Whatever does not match is ErrNone; many
// wrong names for one number are ErrSlow.
func (s *Store) ByNumber(ctx context.Context, db pg.DB, number, holder string) (Found, error) {
	key := numberKey(number)
	index := s.keys.Index("verify.number", key)
	if err := s.slow(ctx, db, index); err != nil {
		return Found{}, err
	}
	// issued_documents_number; the newest of several kinds or copies, a valid one first.
	f, err := s.one(ctx, db, `number_key = $1 AND EXISTS (SELECT FROM issued_document_holders h WHERE h.code = issued_documents.code AND h.name_index = $2)
		ORDER BY (state = 'valid') DESC, issued_at DESC LIMIT 1`, key, s.nameIndex(key, holder))
	if !errors.Is(err, ErrNone) {
		return f, err
	}
	if _, err := db.Exec(ctx, `INSERT INTO verify_misses (number_index, at) VALUES ($1, $2)`, index, s.clock.Now()); err != nil {
		return Found{}, fmt.Errorf("verify: count miss: %w", err)
	}
	return Found{}, ErrNone
}

// slow refuses a number that was tried too often.
func (s *Store) slow(ctx context.Context, db pg.DB, index []byte) error {
	now := s.clock.Now()
	var n int
	var oldest *time.Time
	err := db.QueryRow(ctx, `SELECT count(*), min(at) FROM (SELECT at FROM verify_misses WHERE number_index = $1 AND at > $2 ORDER BY at DESC LIMIT $3) m`,
		index, now.Add(-window), misses).Scan(&n, &oldest)
	if err != nil {
		return fmt.Errorf("verify: count misses: %w", err)
	}
	if n < misses {
		return nil
	}
	return ErrSlow{Wait: oldest.Add(window).Sub(now)}
}

// Sweep removes misses older than a day.
func (s *Store) Sweep(ctx context.Context, db pg.DB) error {
	if _, err := db.Exec(ctx, `DELETE FROM verify_misses WHERE at < $1`, s.clock.Now().Add(-24*time.Hour)); err != nil {
		return fmt.Errorf("verify: sweep: %w", err)
	}
	return nil
}

func (s *Store) one(ctx context.Context, db pg.DB, where string, args ...any) (Found, error) {
	rows, err := db.Query(ctx, `SELECT code, title, number, issuer, holders, digest, issued_at, state, state_at, reason FROM issued_documents WHERE `+where, args...)
	if err != nil {
		return Found{}, fmt.Errorf("verify: read: %w", err)
	}
	f, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Found])
	if errors.Is(err, pgx.ErrNoRows) {
		return Found{}, ErrNone
	}
	if err != nil {
		return Found{}, fmt.Errorf("verify: read: %w", err)
	}
	return f, nil
}

func itoa(n int) string { return strconv.Itoa(n) }
