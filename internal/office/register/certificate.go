package register

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// States of a certificate.
const (
	CertValid      = "valid"
	CertSuperseded = "superseded" // the right went to another
	CertCancelled  = "cancelled"  // the right ended
	CertVoid       = "void"       // lost and replaced
)

// Certificate is a number that the book gave, and what became of it.
type Certificate struct {
	Number   land.CertNumber
	Unit     land.UnitCode
	State    string
	IssuedAt time.Time
}

// Certificate looks a number up. ErrNoMatch if the book never gave it.
func (r *Register) Certificate(ctx context.Context, db pg.DB, number land.CertNumber) (Certificate, error) {
	c := Certificate{Number: number}
	err := db.QueryRow(ctx, `SELECT unit, state, issued_at FROM register.certificate WHERE number = $1`, number).Scan(&c.Unit, &c.State, &c.IssuedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, ErrNoMatch
	}
	if err != nil {
		return c, fmt.Errorf("register: certificate: %w", err)
	}
	return c, nil
}

// issue takes the next n numbers of the year and the registry of the unit's district. The counter's row stays locked until the
// transaction ends, so that one that is rolled back leaves no gap.
func (r *Register) issue(ctx context.Context, tx pgx.Tx, unit land.UnitCode, at time.Time, proof bool, n int) ([]land.CertNumber, error) {
	d, ok := land.FindDistrict(unit.District())
	if !ok {
		return nil, fmt.Errorf("number certificate: %w", land.ErrUnitDistrict{Code: unit.District()})
	}
	year := land.DateOf(at).Year()
	var last int
	if err := tx.QueryRow(ctx, `INSERT INTO register.certificate_counter (issuing, year, proof, last) VALUES ($1, $2, $3, $4)
		ON CONFLICT (issuing, year, proof) DO UPDATE SET last = certificate_counter.last + $4 RETURNING last`,
		d.Issuing, year, proof, n).Scan(&last); err != nil {
		return nil, fmt.Errorf("number certificate: %w", err)
	}
	var out []land.CertNumber
	for serial := last - n + 1; serial <= last; serial++ {
		number, err := land.MakeCertNumber(year, d.Issuing, proof, serial)
		if err != nil {
			return nil, fmt.Errorf("number certificate: %w", err)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO register.certificate (number, district, unit, year, issuing, proof, serial, issued_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, number, unit.District(), unit, year, d.Issuing, proof, serial, at); err != nil {
			return nil, fmt.Errorf("number certificate: %w", err)
		}
		out = append(out, number)
	}
	return out, nil
}

// endCertificates marks numbers whose right has gone; empty ones are skipped.
func endCertificates(ctx context.Context, tx pgx.Tx, state string, numbers ...land.CertNumber) error {
	if _, err := tx.Exec(ctx, `UPDATE register.certificate SET state = $2 WHERE number = ANY($1)`, numbers, state); err != nil {
		return fmt.Errorf("end certificate: %w", err)
	}
	return nil
}
