package casework

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// OrgFilter narrows the cases of a bank or company.
type OrgFilter struct {
	No    land.CaseNumber // only this one
	State string          // only in this state
	After land.CaseNumber // those opened before this one
	Name  string          // only those with a party of this name
	Paper string          // and this document number
	Limit int
}

// OfOrg lists the cases in which a bank or company has or had work, or that it applied for, the newest first, each with its own orders there. A case of
// others is not in it. Two statements, by indexes work_orders_org, lender_applications_pkey, case_parties_person and cases_pkey.
func (s *Service) OfOrg(ctx context.Context, db pg.DB, org string, f OrgFilter) ([]*Case, map[uuid.UUID][]Order, error) {
	rows, err := db.Query(ctx, `SELECT `+caseColumns+` FROM cases c WHERE id IN (SELECT case_id FROM work_orders WHERE org = $1 AND org <> '' UNION SELECT case_id FROM lender_applications WHERE lender = $1)
		AND ($2 = '' OR no = $2) AND ($3 = '' OR state = $3)
		AND ($4 = '' OR (opened_at, id) < (SELECT opened_at, id FROM cases WHERE no = $4))
		AND ($5 = '' OR id IN (SELECT case_id FROM case_parties WHERE doc_index = $6 AND name_index = $7))
		ORDER BY opened_at DESC, id DESC LIMIT $8`,
		org, string(f.No), f.State, string(f.After), f.Paper, s.keys.Index("document", f.Paper), s.keys.Index("name", f.Name), f.Limit)
	if err != nil {
		return nil, nil, fmt.Errorf("casework: cases of %s: %w", org, err)
	}
	cases, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Case, error) { return s.scanCase(row) })
	if err != nil {
		return nil, nil, fmt.Errorf("casework: cases of %s: %w", org, err)
	}
	ids := make([]uuid.UUID, len(cases))
	for i, c := range cases {
		ids[i] = c.ID
	}
	rows, err = db.Query(ctx, `SELECT `+orderColumns+` FROM work_orders WHERE org = $1 AND case_id = ANY($2) ORDER BY n`, org, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("casework: orders of %s: %w", org, err)
	}
	list, err := pgx.CollectRows(rows, s.scanOrder)
	if err != nil {
		return nil, nil, fmt.Errorf("casework: orders of %s: %w", org, err)
	}
	orders := map[uuid.UUID][]Order{}
	for _, o := range list {
		orders[o.Case] = append(orders[o.Case], o)
	}
	return cases, orders, nil
}
