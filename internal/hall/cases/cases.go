// Package cases shows people their cases: how far they are, what they have to do, and what was issued.
//
// In come snapshots, requests, assessments and papers of the office by ferry; out go corrections, decisions on the tax and
// withdrawals. A person sees a case only as a party of its application.
package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/catalog"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/hall/application"
	"yichuang/internal/hall/verify"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
)

// Applications knows who the parties of an application are; *application.Room does.
type Applications interface {
	PartyOf(ctx context.Context, db pg.DB, app, account uuid.UUID) (ref string, err error)
	Withdraw(ctx context.Context, tx pgx.Tx, app uuid.UUID) error
	// Titles are the plain names of what applications are for.
	Titles(ctx context.Context, db pg.DB, apps []uuid.UUID) (map[uuid.UUID]string, error)
}

// Todo is a thing to do, or a case, on the person's own page.
type Todo struct {
	Title, Note, Href string
	Urgent            bool
}

// Parts that the room is made of.
type Parts struct {
	Pool    *pgxpool.Pool
	Keys    *sm.Keyring
	Clock   clock.Clock
	Log     *slog.Logger
	Catalog func() *catalog.Catalog
	Door    *ferry.Door
	Blobs   *blob.Store
	Apps    Applications
	Uploads *application.Uploads
	Verify  *verify.Store

	// Drafts lists a person's drafts and what they have to confirm; Own lists the applications that they are a party of.
	Drafts func(ctx context.Context, account uuid.UUID) ([]Todo, error)
	Own    func(ctx context.Context, account uuid.UUID) ([]uuid.UUID, error)
	// Bookings lists a person's visits to come; nil where halls cannot be booked.
	Bookings func(ctx context.Context, account uuid.UUID) ([]Booked, error)
}

// Room shows cases.
type Room struct{ Parts }

// New makes the room and takes the office's messages.
func New(p Parts) *Room {
	r := &Room{p}
	ferry.Handle(p.Door, message.CaseOpened, r.opened)
	ferry.Handle(p.Door, message.CaseProgress, r.progressed)
	ferry.Handle(p.Door, message.CorrectionAsked, r.asked)
	ferry.Handle(p.Door, message.CorrectionClosed, r.closed)
	ferry.Handle(p.Door, message.AssessmentReady, r.assessed)
	ferry.Handle(p.Door, message.DocumentIssued, r.issued)
	ferry.Handle(p.Door, message.DocumentState, r.restated)
	return r
}

func (r *Room) seal(v any, aad []byte) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("cases: encode: %w", err)
	}
	return r.Keys.Seal(plain, aad), nil
}

func (r *Room) unseal(sealed, aad []byte, v any) error {
	plain, err := r.Keys.Open(sealed, aad)
	if err != nil {
		return fmt.Errorf("cases: open: %w", err)
	}
	return json.Unmarshal(plain, v)
}

func (r *Room) opened(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.CaseOpenedBody) error {
	_, err := tx.Exec(ctx, `INSERT INTO case_views (app, case_no, opened_at, updated_at) VALUES ($1, $2, $3, $3) ON CONFLICT (app) DO NOTHING`,
		m.App, string(m.Case), m.At)
	if err != nil {
		return fmt.Errorf("cases: open: %w", err)
	}
	return nil
}

// progressed keeps the newest snapshot: one that comes late or twice changes nothing.
func (r *Room) progressed(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.Progress) error {
	sealed, err := r.seal(m, m.App[:])
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE case_views SET progress = $2, seq = $3, state = $4, updated_at = $5 WHERE app = $1 AND seq < $3`,
		m.App, sealed, m.Seq, m.State, r.Clock.Now()); err != nil {
		return fmt.Errorf("cases: progress: %w", err)
	}
	return nil
}

func (r *Room) asked(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.CorrectionAsk) error {
	sealed, err := r.seal(m, m.Correction[:])
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO case_corrections (id, app, body, until) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		m.Correction, m.App, sealed, m.Until); err != nil {
		return fmt.Errorf("cases: correction: %w", err)
	}
	return nil
}

func (r *Room) closed(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.CorrectionClosedBody) error {
	if _, err := tx.Exec(ctx, `UPDATE case_corrections SET state = $2 WHERE id = $1`, m.Correction, m.Why); err != nil {
		return fmt.Errorf("cases: close correction: %w", err)
	}
	return nil
}

func (r *Room) assessed(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.Assessment) error {
	sealed, err := r.seal(m, m.App[:])
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO case_assessments (app, round, number, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		m.App, m.Round, m.Number, sealed); err != nil {
		return fmt.Errorf("cases: assessment: %w", err)
	}
	return nil
}

func (r *Room) issued(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.Document) error {
	if m.Parties == nil {
		m.Parties = []string{}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO case_documents (code, app, kind, title, number, parties, digest, size, issued_at, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		m.Code, m.App, m.Kind, m.Title, m.Number, m.Parties, m.Digest, m.Size, m.IssuedAt, m.State); err != nil {
		return fmt.Errorf("cases: document: %w", err)
	}
	return r.Verify.Put(ctx, tx, verify.FromMessage(m))
}

func (r *Room) restated(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.Document) error {
	if _, err := tx.Exec(ctx, `UPDATE case_documents SET state = $2 WHERE code = $1`, m.Code, m.State); err != nil {
		return fmt.Errorf("cases: document state: %w", err)
	}
	return r.Verify.Put(ctx, tx, verify.FromMessage(m))
}

// View is a case as one of its parties sees it.
type View struct {
	Booked   *Booked // the visit for it, once it is booked
	Title    string  // plain name of its item
	App      uuid.UUID
	No       land.CaseNumber
	Ref      string // the party who looks
	Progress message.Progress
	OpenedAt time.Time
}

// errNone says that there is no such case for this person.
var errNone = errors.New("cases: no such case")

// Resolve finds an application by its case number or its own id.
func (r *Room) Resolve(ctx context.Context, no string) (uuid.UUID, land.CaseNumber, error) {
	var app uuid.UUID
	var caseNo string
	id, err := uuid.Parse(no)
	if err == nil {
		err = r.Pool.QueryRow(ctx, `SELECT app, case_no FROM case_views WHERE app = $1`, id).Scan(&app, &caseNo)
	} else {
		parsed, perr := land.ParseCaseNumber(no)
		if perr != nil {
			return uuid.Nil, "", errNone
		}
		err = r.Pool.QueryRow(ctx, `SELECT app, case_no FROM case_views WHERE case_no = $1`, string(parsed)).Scan(&app, &caseNo)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, "", errNone
	}
	if err != nil {
		return uuid.Nil, "", fmt.Errorf("cases: find: %w", err)
	}
	return app, land.CaseNumber(caseNo), nil
}

// view loads a case for an account; errNone for everybody who is no party of it.
func (r *Room) view(ctx context.Context, account uuid.UUID, no string) (*View, error) {
	app, caseNo, err := r.Resolve(ctx, no)
	if err != nil {
		return nil, err
	}
	v := &View{App: app, No: caseNo}
	if v.Ref, err = r.Apps.PartyOf(ctx, r.Pool, app, account); err != nil {
		return nil, errNone
	}
	titles, err := r.Apps.Titles(ctx, r.Pool, []uuid.UUID{app})
	if err != nil {
		return nil, err
	}
	v.Title = titles[app]
	visits, err := r.visits(ctx, account)
	if err != nil {
		return nil, err
	}
	if b, ok := booked(visits, app); ok {
		v.Booked = &b
	}
	var sealed []byte
	if err := r.Pool.QueryRow(ctx, `SELECT progress, opened_at FROM case_views WHERE app = $1`, app).Scan(&sealed, &v.OpenedAt); err != nil {
		return nil, fmt.Errorf("cases: view: %w", err)
	}
	if sealed == nil {
		v.Progress = message.Progress{App: app, Case: caseNo, State: "running"}
		return v, nil
	}
	return v, r.unseal(sealed, app[:], &v.Progress)
}

// correction is the open request of a case; nil when nothing is asked.
func (r *Room) correction(ctx context.Context, app uuid.UUID) (*message.CorrectionAsk, error) {
	var id uuid.UUID
	var sealed []byte
	err := r.Pool.QueryRow(ctx, `SELECT id, body FROM case_corrections WHERE app = $1 AND state = 'open' ORDER BY until LIMIT 1`, app).Scan(&id, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cases: correction: %w", err)
	}
	var ask message.CorrectionAsk
	return &ask, r.unseal(sealed, id[:], &ask)
}

// assessment is the latest one of a case with who has decided; nil before there is one.
func (r *Room) assessment(ctx context.Context, app uuid.UUID) (a *message.Assessment, decided []string, state string, err error) {
	var sealed []byte
	err = r.Pool.QueryRow(ctx, `SELECT body, decided, state FROM case_assessments WHERE app = $1 ORDER BY round DESC LIMIT 1`, app).Scan(&sealed, &decided, &state)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil, "", nil
	}
	if err != nil {
		return nil, nil, "", fmt.Errorf("cases: assessment: %w", err)
	}
	a = &message.Assessment{}
	return a, decided, state, r.unseal(sealed, app[:], a)
}

// Document is a paper that the person may see.
type Document struct {
	Code, Kind, Title, Number, Digest, State string
	Size                                     int64
	IssuedAt                                 time.Time
}

// documents lists the papers of a case for one party, newest first.
func (r *Room) documents(ctx context.Context, app uuid.UUID, ref string) ([]Document, error) {
	rows, err := r.Pool.Query(ctx, `SELECT code, kind, title, number, digest, state, size, issued_at FROM case_documents
		WHERE app = $1 AND (parties = '{}' OR $2 = ANY(parties)) ORDER BY issued_at DESC, code`, app, ref)
	if err != nil {
		return nil, fmt.Errorf("cases: documents: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Document])
}

// Line is a case on the person's own page.
type Line struct {
	App   uuid.UUID
	No    land.CaseNumber
	State string
	Now   []message.Waiting
	At    time.Time
	Title string // plain name of its item
	Step  string // the stage that it is in
}

// lines lists the cases of some applications, newest first.
func (r *Room) lines(ctx context.Context, apps []uuid.UUID) ([]Line, error) {
	rows, err := r.Pool.Query(ctx, `SELECT app, case_no, state, progress, updated_at FROM case_views WHERE app = ANY($1) ORDER BY opened_at DESC LIMIT 100`, apps)
	if err != nil {
		return nil, fmt.Errorf("cases: list: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Line, err error) {
		var no string
		var sealed []byte
		if err := row.Scan(&l.App, &no, &l.State, &sealed, &l.At); err != nil {
			return l, err
		}
		l.No = land.CaseNumber(no)
		if sealed == nil {
			return l, nil
		}
		var p message.Progress
		err = r.unseal(sealed, l.App[:], &p)
		l.Now = p.Now
		if p.Stage < len(p.Nodes) && p.State == "running" {
			l.Step = p.Nodes[p.Stage].Name
		}
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("cases: list: %w", err)
	}
	titles, err := r.Apps.Titles(ctx, r.Pool, apps)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Title = titles[list[i].App]
	}
	return list, nil
}
