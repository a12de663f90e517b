package audit

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// VerifyChain reads the whole record and its chain, and fails with ErrBroken at the first place where they differ: a record changed, removed,
// slipped in, or a link that does not follow. Heads noted earlier must lie on the chain, so that a chain cut off
// at its end is noticed as well.
func (l *Log) VerifyChain(ctx context.Context, noted ...Head) error {
	// One snapshot, so that records being written meanwhile are not taken for intruders.
	tx, err := l.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("verify audit chain: %w", err)
	}
	defer tx.Rollback(ctx)
	if err := l.walk(ctx, tx, noted); err != nil {
		return fmt.Errorf("verify audit chain: %w", err)
	}
	if err := l.intruder(ctx, tx); err != nil {
		return fmt.Errorf("verify audit chain: %w", err)
	}
	return nil
}

// walk follows the chain from its first link.
func (l *Log) walk(ctx context.Context, tx pgx.Tx, noted []Head) error {
	missing := map[int64][32]byte{}
	for _, h := range noted {
		missing[h.Seq] = h.Link
	}
	const all = `
		SELECT l.seq, l.id, l.hash, l.link, r.id IS NOT NULL,
			r.at, coalesce(r.kind, ''), coalesce(r.action, ''), coalesce(r.outcome, ''), coalesce(r.actor, ''),
			r.actor_name, r.actor_index, coalesce(r.object, ''), coalesce(r.case_no, ''), coalesce(r.source, ''),
			coalesce(r.detail::text, '')
		FROM audit_link l LEFT JOIN audit_record r ON r.at = l.at AND r.id = l.id
		ORDER BY l.seq`
	rows, err := tx.Query(ctx, all)
	if err != nil {
		return err
	}
	var (
		head   Head
		seq    int64
		id     uuid.UUID
		there  bool
		r      Record
		at     *time.Time
		detail string

		hash, link, name []byte
	)
	into := []any{&seq, &id, &hash, &link, &there, &at, &r.Kind, &r.Action, &r.Outcome, &r.Actor,
		&name, &r.index, &r.Object, &r.Case, &r.Source, &detail}
	_, err = pgx.ForEachRow(rows, into, func() error {
		broken := func(why string) error { return ErrBroken{Seq: seq, Record: id, Why: why} }
		head.Seq++
		if seq != head.Seq {
			return broken(fmt.Sprintf("link %d is missing", head.Seq))
		}
		head.Link = next(head.Link, seq, hash)
		if !bytes.Equal(head.Link[:], link) {
			return broken("the link does not follow from the one before")
		}
		if !there {
			return broken("the record is gone")
		}
		r.ID, r.At, r.detail = id, *at, []byte(detail)
		if !bytes.Equal(r.hash(), hash) {
			return broken("the record was changed")
		}
		if plain, err := l.keys.OpenString(name, nameAAD(r)); err != nil || !bytes.Equal(nameIndex(l.keys, plain), r.index) {
			return broken("the actor's name was changed")
		}
		if want, ok := missing[seq]; ok && want != head.Link {
			return broken("the link is not the one that was noted")
		}
		delete(missing, seq)
		return nil
	})
	if err != nil {
		return err
	}
	for seq := range missing {
		if seq != 0 {
			return ErrBroken{Seq: seq, Why: "the chain ends before a link that was noted"}
		}
	}
	return nil
}

// intruder finds a record that is neither on the chain nor waiting for it.
func (l *Log) intruder(ctx context.Context, tx pgx.Tx) error {
	const off = `
		SELECT r.id FROM audit_record r
		WHERE NOT EXISTS (SELECT FROM audit_link l WHERE l.id = r.id)
		  AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.pos = r.pos AND p.id = r.id)
		LIMIT 1`
	rows, err := tx.Query(ctx, off)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		return ErrBroken{Record: ids[0], Why: "the record was never on the chain"}
	}
	return nil
}
