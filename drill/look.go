package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/e2e/play"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
)

// look reads the state of the city: from both databases, from the systems outside, and from the public pages.
func (d *drill) look(ctx context.Context) (*state, error) {
	s := &state{}
	for _, part := range []func(context.Context, *state) error{
		d.lookAtCases, d.lookAtOrders, d.lookAtPost, d.lookAtTrust, d.lookAtBills, d.lookAtChannels, d.lookAtRegisters, d.lookAtPapers, d.lookAtChains,
	} {
		if err := part(ctx, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// rowsOf reads the rows of a query into structs, column by field.
func rowsOf[T any](ctx context.Context, pool *pgxpool.Pool, query string) ([]T, error) {
	rows, err := pool.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

func (d *drill) lookAtCases(ctx context.Context, s *state) (err error) {
	if s.Apps, err = rowsOf[app](ctx, d.books.hall, `SELECT id::text, state FROM applications`); err != nil {
		return err
	}
	if s.Views, err = rowsOf[view](ctx, d.books.hall, `SELECT app::text, case_no, state, seq FROM case_views`); err != nil {
		return err
	}
	if s.Cases, err = rowsOf[kase](ctx, d.books.office, `SELECT id::text, no, state, unit_code, district, progress_seq,
		(SELECT count(*) FROM ferry_in f WHERE f.case_key = c.id::text AND f.type = 'application.submitted' AND f.state = 'applied')::int FROM cases c`); err != nil {
		return err
	}
	s.Reservations, err = rowsOf[reservation](ctx, d.books.office, `SELECT r.unit, coalesce(c.no, r.case_id::text), coalesce(c.state, '')
		FROM register.reservation r LEFT JOIN cases c ON c.id = r.case_id WHERE r.ended_at IS NULL AND r.until > now()`)
	return err
}

// work is something that a system outside was entrusted with.
type work struct {
	ID        string          `json:"id"`
	Operation string          `json:"operation"`
	Case      string          `json:"case"`
	Result    json.RawMessage `json:"result"`
}

// filings are the contracts that housing filed, by what it answered.
func filings(works []work, cases []kase) []filing {
	states := map[string]string{}
	for _, c := range cases {
		states[c.No] = c.State
	}
	var out []filing
	for _, w := range works {
		var result struct {
			FilingNo string `json:"filingNo"`
		}
		if w.Operation != "housing.contract.push" || json.Unmarshal(w.Result, &result) != nil || result.FilingNo == "" {
			continue
		}
		out = append(out, filing{CaseNo: w.Case, CaseState: states[w.Case], Number: result.FilingNo})
	}
	return out
}

func (d *drill) lookAtOrders(ctx context.Context, s *state) error {
	var works []work
	if err := d.city.Control(http.MethodGet, "/control/works", nil, &works); err != nil {
		return err
	}
	outside := map[string]string{}
	for _, w := range works {
		outside[w.ID] = deciding
		if len(w.Result) > 0 {
			outside[w.ID] = decided
		}
	}
	revoked, err := rowsOf[struct{ CaseNo string }](ctx, d.books.office, `SELECT DISTINCT c.no FROM work_orders o JOIN cases c ON c.id = o.case_id WHERE o.operation = 'housing.contract.revoke' AND o.state <> 'cancelled'
		UNION SELECT c.no FROM river_job j JOIN cases c ON c.id::text = j.args->>'case' WHERE j.kind = 'casework.tidings' AND j.args->>'what' = 'filed-late'`)
	if err != nil {
		return err
	}
	s.Filings = filings(works, s.Cases)
	for i := range s.Filings {
		s.Filings[i].Revoked = slices.Contains(revoked, struct{ CaseNo string }{s.Filings[i].CaseNo})
	}
	s.Orders, err = rowsOf[order](ctx, d.books.office, `SELECT o.id::text, c.no, node, name, kind, department, role, operation, coalesce(attr->>'message', ''), coalesce(attr->>'bill', ''),
		sent_at IS NOT NULL, EXISTS (SELECT FROM river_job j WHERE j.kind = 'casework.do' AND j.args->>'order' = o.id::text AND j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled')), ''
		FROM work_orders o JOIN cases c ON c.id = o.case_id WHERE o.state = 'open' ORDER BY c.no, o.n`)
	if err != nil {
		return err
	}
	for i := range s.Orders {
		s.Orders[i].Outside = outside[s.Orders[i].ID]
	}
	for zone, pool := range map[string]*pgxpool.Pool{"hall": d.books.hall, "office": d.books.office} {
		jobs, err := rowsOf[job](ctx, pool, `SELECT '`+zone+`', id::text, kind, state::text, coalesce(errors[array_upper(errors, 1)]->>'error', '') FROM river_job
			WHERE state = 'discarded' OR state = 'running' AND attempted_at < now() - interval '1 minute'`)
		if err != nil {
			return err
		}
		s.Jobs = append(s.Jobs, jobs...)
	}
	return nil
}

func (d *drill) lookAtPost(ctx context.Context, s *state) error {
	for _, from := range []string{"hall", "office"} {
		to := map[string]string{"hall": "office", "office": "hall"}[from]
		out, err := rowsOf[letter](ctx, d.books.of(from), `SELECT coalesce(seq, 0), id::text, type, case_key, CASE WHEN acked_at IS NULL THEN 'waiting' ELSE 'sent' END, '', false FROM ferry_out ORDER BY seq`)
		if err != nil {
			return err
		}
		in, err := rowsOf[letter](ctx, d.books.of(to), `SELECT seq, id::text, type, case_key, state, error, EXISTS (SELECT FROM ferry_in l
			WHERE l.stream = m.stream AND l.case_key = m.case_key AND l.seq > m.seq AND l.applied_at < m.applied_at) FROM ferry_in m ORDER BY seq`)
		if err != nil {
			return err
		}
		s.Post = append(s.Post, post{from, out, in})
	}
	return nil
}

func (d *drill) lookAtTrust(ctx context.Context, s *state) (err error) {
	s.Agreements, err = rowsOf[agreement](ctx, d.books.office, `SELECT g.number, g.case_no, coalesce(c.state, ''), g.state, h.balance,
		coalesce((SELECT sum(p.amount) FROM trust.posting p WHERE p.account = h.id AND p.amount > 0), 0)::bigint,
		coalesce((SELECT -sum(p.amount) FROM trust.posting p WHERE p.account = h.id AND p.amount < 0), 0)::bigint,
		-coalesce((SELECT sum(a.balance) FROM trust.account a WHERE a.agreement = g.id AND a.side <> 'held'), 0)::bigint
		FROM trust.agreement g JOIN trust.account h ON h.agreement = g.id AND h.side = 'held' LEFT JOIN cases c ON c.id = g.case_id ORDER BY g.number`)
	if err != nil {
		return err
	}
	s.Movements, err = rowsOf[movement](ctx, d.books.office, `SELECT m.no, g.number, m.reference, count(p.*)::int, coalesce(sum(p.amount), 0)::bigint,
		coalesce(sum(p.amount) FILTER (WHERE a.side = 'held'), 0)::bigint
		FROM trust.movement m JOIN trust.agreement g ON g.id = m.agreement LEFT JOIN trust.posting p ON p.movement = m.id LEFT JOIN trust.account a ON a.id = p.account
		GROUP BY m.no, g.number, m.reference ORDER BY m.no`)
	if err != nil {
		return err
	}
	return d.city.Control(http.MethodGet, "/control/accounts", nil, &s.Vaults)
}

func (d *drill) lookAtBills(ctx context.Context, s *state) (err error) {
	if s.Bills, err = rowsOf[bill](ctx, d.books.office, `SELECT id::text, case_no, kind, state, total FROM billing.bill ORDER BY case_no, issued_at`); err != nil {
		return err
	}
	if s.Payments, err = rowsOf[payment](ctx, d.books.office, `SELECT p.bill::text, b.kind, p.channel, p.reference, p.outcome, p.amount, coalesce(r.amount, 0), coalesce(r.state = 'done', false)
		FROM billing.payment p JOIN billing.bill b ON b.id = p.bill LEFT JOIN billing.refund r ON r.payment = p.id ORDER BY p.received_at`); err != nil {
		return err
	}
	s.Told, err = rowsOf[told](ctx, d.books.hall, `SELECT channel, reference, amount FROM payments`)
	return err
}

func (d *drill) lookAtChannels(_ context.Context, s *state) error {
	var orders []struct {
		Channel   string `json:"channel"`
		State     string `json:"state"`
		Reference string `json:"reference"`
		Amount    int64  `json:"amount"`
		Refunds   []struct {
			Amount int64 `json:"amount"`
		} `json:"refunds"`
	}
	if err := d.city.Control(http.MethodGet, "/control/pay", nil, &orders); err != nil {
		return err
	}
	for _, o := range orders {
		if o.Reference == "" {
			continue // nobody paid it
		}
		c := collected{Channel: o.Channel, Reference: o.Reference, Amount: o.Amount}
		for _, r := range o.Refunds {
			c.Refunded += r.Amount
		}
		s.Collected = append(s.Collected, c)
	}
	return nil
}

// lookAtRegisters compares the units of all cases in districts whose registry has a system.
func (d *drill) lookAtRegisters(ctx context.Context, s *state) error {
	seen := map[string]bool{}
	for _, c := range s.Cases {
		if c.District == desk321283 || seen[c.Unit] {
			continue
		}
		seen[c.Unit] = true
		p := page{Unit: c.Unit, CaseNo: c.No}
		ours, err := d.books.register.Unit(ctx, d.books.office, land.UnitCode(c.Unit))
		if err != nil {
			return err
		}
		if ours.Title != nil {
			for _, h := range ours.Title.Holders {
				p.Ours.Holders = append(p.Ours.Holders, holderWords(h.Name, h.Document.Number, string(h.Certificate)))
			}
		}
		for _, m := range ours.Running() {
			p.Ours.Mortgages = append(p.Ours.Mortgages, string(m.Certificate))
		}
		for _, z := range ours.Seizures {
			if z.Live() {
				p.Ours.Seizures = append(p.Ours.Seizures, z.NoticeNo)
			}
		}
		if p.Theirs, err = d.theirs(c.Unit); err != nil {
			return err
		}
		for _, all := range [][]string{p.Ours.Holders, p.Ours.Mortgages, p.Ours.Seizures, p.Theirs.Holders, p.Theirs.Mortgages, p.Theirs.Seizures} {
			slices.Sort(all)
		}
		s.Pages = append(s.Pages, p)
	}
	return nil
}

// theirs is the page of a unit at the district's registry.
func (d *drill) theirs(unit string) (e entries, err error) {
	var book struct {
		Rights       []spec.Right       `json:"rights"`
		Restrictions []spec.Restriction `json:"restrictions"`
	}
	if err := d.city.Control(http.MethodGet, "/control/book?unit="+unit, nil, &book); err != nil {
		return e, err
	}
	for _, r := range book.Rights {
		for _, h := range r.Holders {
			e.Holders = append(e.Holders, holderWords(h.Name, h.DocumentNumber, h.CertificateNo))
		}
	}
	for _, r := range book.Restrictions {
		switch r.Kind {
		case spec.RestrictionKindMortgage:
			e.Mortgages = append(e.Mortgages, r.Number)
		case spec.RestrictionKindSeizure, spec.RestrictionKindQueuedSeizure:
			e.Seizures = append(e.Seizures, r.Number)
		}
	}
	return e, nil
}

// holderWords name a holder without personal data: what the drill prints may be kept.
func holderWords(name, document, certificate string) string {
	return land.MaskName(name) + land.MaskNumber(document) + " " + certificate
}

// patiently does as a page says that answers 429: it waits a second and comes again.
func patiently(ctx context.Context, open func() error) error {
	for {
		err := open()
		var status *play.StatusError
		if !errors.As(err, &status) || status.Status != http.StatusTooManyRequests {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func (d *drill) lookAtPapers(ctx context.Context, s *state) (err error) {
	if s.Papers, err = rowsOf[paper](ctx, d.books.office, `SELECT code, number, state, digest, '', '', '' FROM papers ORDER BY issued_at`); err != nil {
		return err
	}
	issued, err := rowsOf[struct{ Code, State, Digest string }](ctx, d.books.hall, `SELECT code, state, digest FROM issued_documents`)
	if err != nil {
		return err
	}
	stranger := play.NewBrowser()
	for i := range s.Papers {
		p := &s.Papers[i]
		if err := patiently(ctx, func() error { return stranger.Open(d.city.Hall + "/v/" + p.Code) }); err != nil {
			p.Shown = err.Error()
		}
		for _, words := range []string{"查不到这份文书", "已注销", "已被替换", "真实有效"} {
			if stranger.Page != nil && stranger.Page.Says(words) {
				p.Shown = words
			}
		}
		for _, x := range issued {
			if x.Code == p.Code {
				p.HallState, p.HallDigest = x.State, strings.TrimSpace(x.Digest)
			}
		}
	}
	return nil
}

func (d *drill) lookAtChains(ctx context.Context, s *state) error {
	for _, zone := range []string{"hall", "office"} {
		c := chain{Zone: zone}
		if err := d.books.audits[zone].VerifyChain(ctx); err != nil {
			c.Broken = err.Error()
		}
		if err := d.books.of(zone).QueryRow(ctx, `SELECT (SELECT count(*) FROM audit_pending), (SELECT count(*) FROM audit_link)`).Scan(&c.Pending, &c.Links); err != nil {
			return fmt.Errorf("audit of the %s: %w", zone, err)
		}
		s.Chains = append(s.Chains, c)
	}
	return nil
}
