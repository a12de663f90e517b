package register

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Holding is a current title, or a share of one, that somebody has, with what stands against the unit.
type Holding struct {
	Unit        land.UnitCode
	Certificate land.CertNumber
	Address     string
	Area        land.Area
	Use         land.HouseUse
	CoOwn       land.CoOwn
	Share       land.Share
	EnteredAt   time.Time
	Mortgaged   bool
	Seized      bool // a seizure in force
	Queued      bool // one that waits
	Objected    bool
	Noticed     bool // an advance notice
}

// Holdings is the exact query for many at once: of each party, by name and document number together, what it holds now.
// Whatever does not fit gives an empty list. One statement for all; a probe of index party_once a party, then holder_party
// and the indexes on unit.
func (r *Register) Holdings(ctx context.Context, db pg.DB, parties []Party) ([][]Holding, error) {
	documents, names := make([][]byte, len(parties)), make([][]byte, len(parties))
	for i, p := range parties {
		documents[i], names[i] = r.docIndex(p.Document.Number), r.keys.Index(indexName, p.Name)
	}
	rows, err := db.Query(ctx, `
		SELECT q.n, u.code, coalesce(h.certificate, ''), u.address, u.area, u.use, t.co_own, h.share_num, h.share_den, t.entered_at,
			EXISTS (SELECT FROM register.mortgage WHERE unit = u.code AND state = '1'),
			EXISTS (SELECT FROM register.seizure WHERE unit = u.code AND state = 'active'),
			EXISTS (SELECT FROM register.seizure WHERE unit = u.code AND state = 'queued'),
			EXISTS (SELECT FROM register.objection WHERE unit = u.code AND state = 'active'),
			EXISTS (SELECT FROM register.advance WHERE unit = u.code AND state = 'active')
		FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY q (document, name, n)
			JOIN register.party y ON y.doc_index = q.document AND y.name_index = q.name
			JOIN register.holder h ON h.party = y.id
			JOIN register.title t ON t.id = h.title AND t.state = '1'
			JOIN register.unit u ON u.code = t.unit
		ORDER BY q.n, t.entered_at, u.code`, documents, names)
	if err != nil {
		return nil, fmt.Errorf("register: holdings: %w", err)
	}
	out := make([][]Holding, len(parties))
	var n int
	var x Holding
	_, err = pgx.ForEachRow(rows, []any{&n, &x.Unit, &x.Certificate, &x.Address, &x.Area, &x.Use, &x.CoOwn, &x.Share.Num, &x.Share.Den, &x.EnteredAt,
		&x.Mortgaged, &x.Seized, &x.Queued, &x.Objected, &x.Noticed}, func() error {
		out[n-1] = append(out[n-1], x)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("register: holdings: %w", err)
	}
	return out, nil
}
