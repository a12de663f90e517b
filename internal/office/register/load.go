package register

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Find is the exact query: all three must belong to one holder of a current title. Whatever does not fit, the answer is
// ErrNoMatch and takes the same way through the database. One probe of index holder_match, then the page.
func (r *Register) Find(ctx context.Context, db pg.DB, cert land.CertNumber, ownerName, document string) (*Page, error) {
	var unit land.UnitCode
	err := db.QueryRow(ctx, `SELECT t.unit FROM register.holder h JOIN register.title t ON t.id = h.title
		WHERE h.match_index = $1 AND t.state = '1'`, r.matchIndex(cert, ownerName, document)).Scan(&unit)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNoMatch
	}
	if err != nil {
		return nil, fmt.Errorf("register: find: %w", err)
	}
	return r.Unit(ctx, db, unit)
}

// Unit loads the page of a unit: nine statements in one round trip, each by the primary key or the index on unit.
// Error: ErrNoUnit.
func (r *Register) Unit(ctx context.Context, db pg.DB, code land.UnitCode) (*Page, error) {
	p := &Page{AsOf: r.clock.Now()}
	b := &pgx.Batch{}
	r.queueUnit(b, code, p)
	r.queueTitles(b, code, p)
	r.queueMortgages(b, code, p)
	r.queueSeizures(b, code, p)
	r.queueObjections(b, code, p)
	r.queueAdvances(b, code, p)
	queueReservation(b, code, p)
	queueHistory(b, code, p)
	if err := db.SendBatch(ctx, b).Close(); err != nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, ErrNoUnit
		}
		return nil, fmt.Errorf("register: load %s: %w", code, err)
	}
	return p, nil
}

// CheckDisposal loads the page and says what stands against the wish.
func (r *Register) CheckDisposal(ctx context.Context, db pg.DB, code land.UnitCode, d Disposal) ([]Obstacle, error) {
	p, err := r.Unit(ctx, db, code)
	if err != nil {
		return nil, err
	}
	return Obstacles(p, d, p.AsOf), nil
}

func (r *Register) queueUnit(b *pgx.Batch, code land.UnitCode, p *Page) {
	b.Queue(`SELECT u.code, coalesce(u.house, ''), u.address, u.room, u.layout, u.entrance, u.floor, u.floors, u.area, u.inner_area, u.shared_area,
			u.use, u.structure, u.nature, coalesce(u.built::text, ''), u.version,
			p.code, p.name, p.address, p.land_use, p.nature, p.area, coalesce(p.term_from::text, ''), coalesce(p.term_to::text, ''),
			u.building IS NOT NULL, coalesce(d.code, ''), coalesce(d.name, ''), coalesce(d.address, ''), coalesce(d.floors, 0),
			coalesce(d.built::text, ''), coalesce(d.structure, ''), coalesce(d.area, 0)
		FROM register.unit u JOIN register.parcel p ON p.code = u.parcel LEFT JOIN register.building d ON d.code = u.building
		WHERE u.code = $1`, code).QueryRow(func(row pgx.Row) error {
		u, g, d := &p.Unit, &p.Parcel, &Building{}
		var built bool
		err := row.Scan(&u.Code, &u.House, &u.Address, &u.Room, &u.Layout, &u.Entrance, &u.Floor, &u.Floors, &u.Area, &u.Inner, &u.Shared,
			&u.Use, &u.Structure, &u.Nature, &u.Built, &u.Version,
			&g.Code, &g.Name, &g.Address, &g.Use, &g.Nature, &g.Area, &g.From, &g.To,
			&built, &d.Code, &d.Name, &d.Address, &d.Floors, &d.Built, &d.Structure, &d.Area)
		if built {
			p.Building = d
		}
		return err
	})
}

// queueTitles reads titles with their holders, the oldest first. Index title_unit.
func (r *Register) queueTitles(b *pgx.Batch, code land.UnitCode, p *Page) {
	b.Queue(`SELECT t.id, t.kind, t.reg_type, t.reason, t.co_own, coalesce(t.price, 0), coalesce(t.taxed_on::text, ''), t.entered_at, t.state, t.ended_at,
			h.id, h.share_num, h.share_den, coalesce(h.certificate, ''), h.phone, y.id, y.kind, y.name, y.document
		FROM register.title t JOIN register.holder h ON h.title = t.id JOIN register.party y ON y.id = h.party
		WHERE t.unit = $1 ORDER BY t.entered_at, t.id, h.seq`, code).Query(func(rows pgx.Rows) error {
		var all []Title
		for rows.Next() {
			var t Title
			var h Holder
			var ended *time.Time
			var holder, party uuid.UUID
			var phone, name, document []byte
			var kind string
			if err := rows.Scan(&t.ID, &t.Kind, &t.RegType, &t.Reason, &t.CoOwn, &t.Price, &t.TaxedOn, &t.EnteredAt, &t.State, &ended,
				&holder, &h.Share.Num, &h.Share.Den, &h.Certificate, &phone, &party, &kind, &name, &document); err != nil {
				return err
			}
			var err error
			if h.Party, err = r.openParty(party, kind, name, document); err != nil {
				return err
			}
			if h.Phone, err = r.open(phone, "holder.phone", holder); err != nil {
				return err
			}
			t.EndedAt = orZero(ended)
			if n := len(all); n == 0 || all[n-1].ID != t.ID {
				all = append(all, t)
			}
			last := &all[len(all)-1]
			last.Holders = append(last.Holders, h)
		}
		for i := range all {
			if all[i].State == land.StateCurrent {
				p.Title = &all[i]
			} else {
				p.Past = append(p.Past, all[i])
			}
		}
		return rows.Err()
	})
}

// queueMortgages reads the mortgages by rank. Index mortgage_unit_entered_no_key.
func (r *Register) queueMortgages(b *pgx.Batch, code land.UnitCode, p *Page) {
	b.Queue(`SELECT m.id, m.kind, m.debtor, m.claim, m.term_from::text, m.term_to::text, m.scope, m.restricted, m.certificate, m.entered_at, m.ended_at,
			y.id, y.kind, y.name, y.document
		FROM register.mortgage m JOIN register.party y ON y.id = m.mortgagee WHERE m.unit = $1 ORDER BY m.entered_no`, code).Query(func(rows pgx.Rows) error {
		rank := 0
		for rows.Next() {
			var m Mortgage
			var ended *time.Time
			var party uuid.UUID
			var kind string
			var debtor, name, document []byte
			if err := rows.Scan(&m.ID, &m.Kind, &debtor, &m.Claim, &m.From, &m.To, &m.Scope, &m.Restricted, &m.Certificate, &m.EnteredAt, &ended,
				&party, &kind, &name, &document); err != nil {
				return err
			}
			var err error
			if m.Mortgagee, err = r.openParty(party, kind, name, document); err != nil {
				return err
			}
			if m.Debtor, err = r.open(debtor, "mortgage.debtor", m.ID); err != nil {
				return err
			}
			if m.EndedAt = orZero(ended); m.Running() {
				rank++
				m.Rank = rank
			}
			p.Mortgages = append(p.Mortgages, m)
		}
		return rows.Err()
	})
}

// queueSeizures reads the seizures in the order of service. Index seizure_unit.
func (r *Register) queueSeizures(b *pgx.Batch, code land.UnitCode, p *Page) {
	b.Queue(`SELECT id, body, court, order_no, notice_no, target, presale, served_at, months, coalesce(from_on::text, ''), coalesce(to_on::text, ''),
			state, ended_at, lifted_by
		FROM register.seizure WHERE unit = $1 ORDER BY served_at, entered_no`, code).Query(func(rows pgx.Rows) error {
		live := 0
		for rows.Next() {
			var s Seizure
			var ended *time.Time
			var presale bool
			var target []byte
			if err := rows.Scan(&s.ID, &s.Body, &s.Court, &s.OrderNo, &s.NoticeNo, &target, &presale, &s.Served, &s.Months, &s.From, &s.To,
				&s.State, &ended, &s.LiftedBy); err != nil {
				return err
			}
			var err error
			if s.Target, err = r.open(target, "seizure.target", s.ID); err != nil {
				return err
			}
			s.EndedAt, s.Kind = orZero(ended), seizureKind(presale, s.State == SeizureQueued)
			if s.Live() {
				s.Position = live
				live++
			}
			p.Seizures = append(p.Seizures, s)
		}
		return rows.Err()
	})
}

func seizureKind(presale, waits bool) land.SeizureKind {
	switch {
	case presale && waits:
		return land.SeizureQueuedPresale
	case presale:
		return land.SeizurePresale
	case waits:
		return land.SeizureQueued
	}
	return land.SeizureActive
}

// queueObjections reads objections, the oldest first. Index objection_unit.
func (r *Register) queueObjections(b *pgx.Batch, code land.UnitCode, p *Page) {
	b.Queue(`SELECT o.id, o.reason, o.certificate, o.lapses_on::text, o.suit, o.entered_at, o.state, y.id, y.kind, y.name, y.document
		FROM register.objection o JOIN register.party y ON y.id = o.applicant WHERE o.unit = $1 ORDER BY o.entered_at`, code).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var o Objection
			var party uuid.UUID
			var kind string
			var name, document []byte
			if err := rows.Scan(&o.ID, &o.Reason, &o.Certificate, &o.LapsesOn, &o.Suit, &o.EnteredAt, &o.State, &party, &kind, &name, &document); err != nil {
				return err
			}
			var err error
			if o.Applicant, err = r.openParty(party, kind, name, document); err != nil {
				return err
			}
			p.Objections = append(p.Objections, o)
		}
		return rows.Err()
	})
}

// queueAdvances reads advance notices, the oldest first. Index advance_unit.
func (r *Register) queueAdvances(b *pgx.Batch, code land.UnitCode, p *Page) {
	b.Queue(`SELECT a.id, a.kind, coalesce(a.price, 0), a.certificate, coalesce(a.due_from::text, ''), a.entered_at, a.state, y.id, y.kind, y.name, y.document
		FROM register.advance a JOIN register.party y ON y.id = a.holder WHERE a.unit = $1 ORDER BY a.entered_at`, code).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var a Advance
			var party uuid.UUID
			var kind string
			var name, document []byte
			if err := rows.Scan(&a.ID, &a.Kind, &a.Price, &a.Certificate, &a.DueFrom, &a.EnteredAt, &a.State, &party, &kind, &name, &document); err != nil {
				return err
			}
			var err error
			if a.Holder, err = r.openParty(party, kind, name, document); err != nil {
				return err
			}
			p.Advances = append(p.Advances, a)
		}
		return rows.Err()
	})
}

// queueReservation reads the reservation that has not ended. Index reservation_one_active.
func queueReservation(b *pgx.Batch, code land.UnitCode, p *Page) {
	b.Queue(`SELECT case_id, made_at, until FROM register.reservation WHERE unit = $1 AND ended_at IS NULL`, code).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var v Reservation
			if err := rows.Scan(&v.Case, &v.Since, &v.Until); err != nil {
				return err
			}
			if p.AsOf.Before(v.Until) {
				p.Reservation = &v
			}
		}
		return rows.Err()
	})
}

// queueHistory reads the entries in their total order. Index entry_unit.
func queueHistory(b *pgx.Batch, code land.UnitCode, p *Page) {
	b.Queue(`SELECT no, at, act, reg_type, case_no, source, by_whom, note FROM register.entry WHERE unit = $1 ORDER BY no`, code).Query(func(rows pgx.Rows) (err error) {
		p.History, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Line])
		return err
	})
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
