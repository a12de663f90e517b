package register

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
)

// Report is the state of a unit as the registry of its district gives it. Ids in it are ignored: titles and mortgages are known
// by their certificate numbers, seizures by court and notice. A nil list, or a nil title, was not reported and stays as it is; an
// empty list says that there is none.
type Report struct {
	Unit       land.UnitCode
	Number     string // of the registry's message
	At         time.Time
	By         string // the registry
	Case       land.CaseNumber
	Title      *Title
	Mortgages  []Mortgage
	Seizures   []Seizure
	Objections []Objection
	Advances   []Advance
}

// Mirror brings the page of a unit to what its own registry reports, and says whether anything changed. The same report twice
// changes nothing; one older than what was mirrored before gives ErrStale. The law is the registry's business here: what
// it entered is entered.
func (r *Register) Mirror(ctx context.Context, tx pgx.Tx, rep Report) (changed bool, err error) {
	if _, err := r.lockOnly(ctx, tx, rep.Unit); err != nil {
		return false, fmt.Errorf("register: mirror: %w", err)
	}
	p, err := r.Unit(ctx, tx, rep.Unit)
	if err != nil {
		return false, err
	}
	for _, l := range p.History {
		if l.Act == "mirror" && rep.At.Before(l.At) {
			return false, ErrStale
		}
	}
	m := &mirroring{Register: r, tx: tx, rep: rep, page: p}
	for _, step := range []func(context.Context) error{m.title, m.mortgages, m.seizures, m.objections, m.advances} {
		if err := step(ctx); err != nil {
			return false, fmt.Errorf("register: mirror: %w", err)
		}
	}
	return m.entry != uuid.Nil, nil
}

// mirroring applies one report.
type mirroring struct {
	*Register
	tx    pgx.Tx
	rep   Report
	page  *Page
	entry uuid.UUID // written with the first change
	no    int64
}

// begin writes the entry that all changes of the report belong to.
func (m *mirroring) begin(ctx context.Context, reg land.RegType) (err error) {
	if m.entry == uuid.Nil {
		m.entry, m.no, err = m.write(ctx, m.tx, entry{unit: m.rep.Unit, act: "mirror", regType: reg, caseNo: m.rep.Case, source: m.rep.Number, at: m.rep.At, by: m.rep.By})
	}
	return err
}

func (m *mirroring) title(ctx context.Context) error {
	t := m.rep.Title
	if t == nil || m.page.Title != nil && sameTitle(t, m.page.Title) {
		return nil
	}
	if err := m.begin(ctx, land.RegTransfer); err != nil {
		return err
	}
	if m.page.Title != nil {
		if err := m.endTitle(ctx, m.tx, m.page.Title, m.entry, m.rep.At); err != nil {
			return err
		}
	}
	next := *t
	next.ID, next.EnteredAt = uuid.Must(uuid.NewV7()), orTime(t.EnteredAt, m.rep.At)
	if next.Kind == "" {
		next.Kind = land.RightHouse
	}
	for _, h := range next.Holders {
		if err := m.certificate(ctx, h.Certificate, next.EnteredAt); err != nil {
			return err
		}
	}
	return m.addTitle(ctx, m.tx, m.rep.Unit, next, m.entry)
}

// sameTitle compares by what identifies holders: certificate, document and share.
func sameTitle(a, b *Title) bool {
	return a.CoOwn == b.CoOwn && slices.EqualFunc(a.Holders, b.Holders, func(x, y Holder) bool {
		return x.Certificate == y.Certificate && x.Document == y.Document && x.Name == y.Name && x.Share == y.Share
	})
}

// certificate notes a number that the registry gave. Our counter never falls behind it.
func (m *mirroring) certificate(ctx context.Context, number land.CertNumber, at time.Time) error {
	if number == "" {
		return nil
	}
	if _, err := land.ParseCertNumber(string(number)); err != nil {
		return err
	}
	tag, err := m.tx.Exec(ctx, `INSERT INTO register.certificate (number, district, unit, year, issuing, proof, serial, mirrored, issued_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, true, $8) ON CONFLICT (number) DO UPDATE SET state = 'valid' WHERE certificate.unit = excluded.unit`,
		number, m.rep.Unit.District(), m.rep.Unit, number.Year(), number.Issuing(), number.IsProof(), number.Serial(), at)
	if err != nil {
		return fmt.Errorf("note certificate: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("note certificate %s: it belongs to another unit", number)
	}
	if _, err := m.tx.Exec(ctx, `INSERT INTO register.certificate_counter (issuing, year, proof, last) VALUES ($1, $2, $3, $4)
		ON CONFLICT (issuing, year, proof) DO UPDATE SET last = greatest(certificate_counter.last, $4)`,
		number.Issuing(), number.Year(), number.IsProof(), number.Serial()); err != nil {
		return fmt.Errorf("note certificate: %w", err)
	}
	return nil
}

func (m *mirroring) mortgages(ctx context.Context) error {
	if m.rep.Mortgages == nil {
		return nil
	}
	running := m.page.Running()
	for _, old := range running {
		if slices.ContainsFunc(m.rep.Mortgages, func(n Mortgage) bool { return n.Certificate == old.Certificate && n.Running() }) {
			continue
		}
		if err := m.begin(ctx, land.RegCancel); err != nil {
			return err
		}
		if err := m.endMortgage(ctx, m.tx, old, m.entry, m.rep.At); err != nil {
			return err
		}
	}
	for _, n := range m.rep.Mortgages {
		if !n.Running() || slices.ContainsFunc(m.page.Mortgages, func(old Mortgage) bool { return n.Certificate == old.Certificate }) {
			continue
		}
		if err := m.begin(ctx, land.RegFirst); err != nil {
			return err
		}
		n.ID, n.EnteredAt = uuid.Must(uuid.NewV7()), orTime(n.EnteredAt, m.rep.At)
		if err := m.certificate(ctx, n.Certificate, n.EnteredAt); err != nil {
			return err
		}
		if err := m.addMortgage(ctx, m.tx, m.rep.Unit, n, m.entry); err != nil {
			return err
		}
	}
	return nil
}

// seizures first ends what ended and takes force from what lost it, then gives force: never two in force at once.
func (m *mirroring) seizures(ctx context.Context) error {
	if m.rep.Seizures == nil {
		return nil
	}
	for _, old := range m.page.Seizures {
		n := reported(m.rep.Seizures, old)
		if !old.Live() || n != nil && (n.State == SeizureActive || n.State == old.State) {
			continue
		}
		if err := m.begin(ctx, land.RegSeizure); err != nil {
			return err
		}
		if err := m.dropSeizure(ctx, old.ID, n); err != nil {
			return err
		}
	}
	for _, n := range m.rep.Seizures {
		if !n.Live() {
			continue
		}
		if err := m.keepSeizure(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// dropSeizure puts one back into the queue, or ends it; one that is not reported any more was lifted.
func (m *mirroring) dropSeizure(ctx context.Context, id uuid.UUID, n *Seizure) error {
	sql, args := `UPDATE register.seizure SET state = 'queued', from_on = NULL, to_on = NULL WHERE id = $1`, []any{id}
	if n == nil || !n.Live() {
		state, by := SeizureLifted, ""
		if n != nil {
			state, by = n.State, n.LiftedBy
		}
		sql = `UPDATE register.seizure SET state = $2, ended = $3, ended_at = $4, lifted_by = $5 WHERE id = $1`
		args = append(args, state, m.entry, m.rep.At, by)
	}
	if _, err := m.tx.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("mirror seizure: %w", err)
	}
	return nil
}

// keepSeizure adds one that is new, or gives force and term to one that has changed.
func (m *mirroring) keepSeizure(ctx context.Context, n Seizure) error {
	i := slices.IndexFunc(m.page.Seizures, func(old Seizure) bool { return sameNotice(old, n) })
	if i < 0 {
		return m.addSeizure(ctx, n)
	}
	old := m.page.Seizures[i]
	if n.State != SeizureActive || !old.Live() || old.State == SeizureActive && old.To == n.To {
		return nil
	}
	if err := m.begin(ctx, land.RegSeizure); err != nil {
		return err
	}
	if _, err := m.tx.Exec(ctx, `UPDATE register.seizure SET state = 'active', from_on = $2, to_on = $3 WHERE id = $1`, old.ID, n.From, n.To); err != nil {
		return fmt.Errorf("mirror seizure: %w", err)
	}
	return nil
}

func (m *mirroring) addSeizure(ctx context.Context, s Seizure) error {
	if err := m.begin(ctx, land.RegSeizure); err != nil {
		return err
	}
	id := uuid.Must(uuid.NewV7())
	if s.Body == "" {
		s.Body = "court"
	}
	from, to := s.From, s.To
	if s.State == SeizureQueued {
		from, to = "", ""
	}
	if _, err := m.tx.Exec(ctx, `INSERT INTO register.seizure (id, district, unit, body, court, order_no, notice_no, target, presale, served_at, months,
			from_on, to_on, state, entered, entered_no)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, nullif($12, '')::date, nullif($13, '')::date, $14, $15, $16)`,
		id, m.rep.Unit.District(), m.rep.Unit, s.Body, s.Court, s.OrderNo, s.NoticeNo, m.keys.SealString(s.Target, placeOf("seizure.target", id)),
		s.Kind == land.SeizurePresale || s.Kind == land.SeizureQueuedPresale, s.Served.Truncate(time.Minute), s.Months, string(from), string(to), s.State, m.entry, m.no); err != nil {
		return fmt.Errorf("mirror seizure: %w", err)
	}
	return nil
}

func (m *mirroring) objections(ctx context.Context) error {
	if m.rep.Objections == nil {
		return nil
	}
	for _, old := range m.page.Objections {
		if old.State != "active" || slices.ContainsFunc(m.rep.Objections, func(n Objection) bool { return n.Certificate == old.Certificate && n.State == "active" }) {
			continue
		}
		if err := m.begin(ctx, land.RegObjection); err != nil {
			return err
		}
		if _, err := m.tx.Exec(ctx, `UPDATE register.objection SET state = 'withdrawn', ended = $2, ended_at = $3 WHERE id = $1`, old.ID, m.entry, m.rep.At); err != nil {
			return fmt.Errorf("mirror objection: %w", err)
		}
		if err := endCertificates(ctx, m.tx, CertCancelled, old.Certificate); err != nil {
			return err
		}
	}
	for _, n := range m.rep.Objections {
		if n.State != "active" || slices.ContainsFunc(m.page.Objections, func(old Objection) bool { return n.Certificate == old.Certificate }) {
			continue
		}
		if err := m.begin(ctx, land.RegObjection); err != nil {
			return err
		}
		n.ID, n.EnteredAt = uuid.Must(uuid.NewV7()), orTime(n.EnteredAt, m.rep.At)
		if n.LapsesOn == "" {
			n.LapsesOn = land.DateOf(n.EnteredAt).AddDays(objectionDays)
		}
		if err := m.certificate(ctx, n.Certificate, n.EnteredAt); err != nil {
			return err
		}
		if err := m.addObjection(ctx, m.tx, m.rep.Unit, n, m.entry); err != nil {
			return err
		}
	}
	return nil
}

func (m *mirroring) advances(ctx context.Context) error {
	if m.rep.Advances == nil {
		return nil
	}
	for _, old := range m.page.Advances {
		if old.State != "active" || slices.ContainsFunc(m.rep.Advances, func(n Advance) bool { return n.Certificate == old.Certificate && n.State == "active" }) {
			continue
		}
		if err := m.begin(ctx, land.RegCancel); err != nil {
			return err
		}
		if err := m.endAdvance(ctx, m.tx, old, "cancelled", m.entry, m.rep.At); err != nil {
			return err
		}
	}
	for _, n := range m.rep.Advances {
		if n.State != "active" || slices.ContainsFunc(m.page.Advances, func(old Advance) bool { return n.Certificate == old.Certificate }) {
			continue
		}
		if err := m.begin(ctx, land.RegAdvance); err != nil {
			return err
		}
		n.ID, n.EnteredAt = uuid.Must(uuid.NewV7()), orTime(n.EnteredAt, m.rep.At)
		if err := m.certificate(ctx, n.Certificate, n.EnteredAt); err != nil {
			return err
		}
		if err := m.addAdvance(ctx, m.tx, m.rep.Unit, n, m.entry); err != nil {
			return err
		}
	}
	return nil
}

func reported(all []Seizure, old Seizure) *Seizure {
	if i := slices.IndexFunc(all, func(n Seizure) bool { return sameNotice(old, n) }); i >= 0 {
		return &all[i]
	}
	return nil
}

func sameNotice(a, b Seizure) bool { return a.Court == b.Court && a.NoticeNo == b.NoticeNo }

func orTime(t, other time.Time) time.Time {
	if t.IsZero() {
		return other
	}
	return t
}
