package register

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
)

// Register keeps the book. It has no state of its own.
type Register struct {
	keys  *sm.Keyring
	clock clock.Clock
}

// New gives the keys that names and document numbers are sealed with, and the clock that entries are dated by.
func New(keys *sm.Keyring, clk clock.Clock) *Register { return &Register{keys: keys, clock: clk} }

// lock takes the unit's row until the end of the transaction: everything that changes a unit begins here. It ends what
// has lapsed by now, so that what follows sees the unit as the law does. Several units are locked in the order of their codes.
func (r *Register) lock(ctx context.Context, tx pgx.Tx, unit land.UnitCode) (time.Time, error) {
	now, err := r.lockOnly(ctx, tx, unit)
	if err != nil {
		return now, err
	}
	_, err = r.settle(ctx, tx, unit, now)
	return now, err
}

// entry is one act on the page of a unit, before it is written.
type entry struct {
	unit    land.UnitCode
	act     string
	regType land.RegType
	caseNo  land.CaseNumber
	source  string
	at      time.Time
	by      string
	note    string
}

// write adds the entry and returns its id and its place in the total order. The unit's version grows.
func (r *Register) write(ctx context.Context, tx pgx.Tx, e entry) (id uuid.UUID, no int64, err error) {
	id = uuid.Must(uuid.NewV7())
	err = tx.QueryRow(ctx, `INSERT INTO register.entry (id, district, unit, act, reg_type, case_no, source, at, by_whom, note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING no`,
		id, e.unit.District(), e.unit, e.act, e.regType, e.caseNo, e.source, e.at, e.by, e.note).Scan(&no)
	if err != nil {
		return id, 0, fmt.Errorf("write entry: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE register.unit SET version = version + 1 WHERE code = $1`, e.unit); err != nil {
		return id, 0, fmt.Errorf("write entry: %w", err)
	}
	return id, no, nil
}

// party finds or adds a person or organisation under the name that it bears today.
func (r *Register) party(ctx context.Context, tx pg.DB, district string, p Party) (uuid.UUID, error) {
	row := r.sealParty(district, p)
	var id uuid.UUID
	// The update changes nothing; it makes a row that was there before come back. Index party_once.
	err := tx.QueryRow(ctx, `INSERT INTO register.party (id, district, kind, name, document, doc_index, name_index)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT ON CONSTRAINT party_once DO UPDATE SET district = excluded.district RETURNING id`,
		row.id, row.district, row.kind, row.name, row.document, row.docIndex, row.nameIndex).Scan(&id)
	if err != nil {
		return id, fmt.Errorf("write party: %w", err)
	}
	return id, nil
}
