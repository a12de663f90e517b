package inquiry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// Refusals of a court's order, beside not-found.
const (
	codeExists    spec.Code = "control-exists"
	codeNotHolder spec.Code = "not-holder"
	codeNoSeizure spec.Code = "no-seizure"
	codeTerm      spec.Code = "term-wrong"
	codeTermOver  spec.Code = "term-over"
	codeServed    spec.Code = "served-later"
	codePapers    spec.Code = "documents-missing"
)

// maxMonths is the longest term of a seizure and of each renewal (Judicial Interpretation of the Civil Procedure Law 485).
const maxMonths = 36

// outcome is what has become of an order.
type outcome struct {
	state    spec.ControlState
	at       time.Time // zero: not entered
	from, to land.Date
	place    int
	since    []string // kinds of registrations between service and entry
	reason   string
}

// submit takes a court's order. Where the book is ours it is entered in this very transaction, so that the minute of service decides and a
// sale that has not been entered stops; elsewhere it is passed to the registry of the district.
func (r *Room) submit(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.CourtControlSubmitRequest) (out spec.CourtControlSubmitResponse, err error) {
	court, err := r.court(from, in.CourtCode)
	if err != nil {
		return out, err
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("inquiry: encode order: %w", err)
	}
	digest := sm.SM3Hex(raw)
	switch old, same, err := r.known(ctx, tx, in.CourtCode, in.ControlNo); {
	case err != nil:
		return out, err
	case same != "" && same != digest:
		return out, refused(codeExists, "这个查控编号已经提交过，内容不同")
	case same != "":
		return spec.CourtControlSubmitResponse{Status: old}, nil
	}
	unit := land.UnitCode(in.UnitCode)
	if err := r.acceptable(from, court.Attrs["superior"] == "yes", in); err != nil {
		return out, err
	}
	page, err := r.Register.Unit(ctx, tx, unit)
	if errors.Is(err, register.ErrNoUnit) {
		return out, refused(spec.CodeNotFound, "没有这个不动产单元")
	}
	if err != nil {
		return out, err
	}
	ours, err := r.Out.Desk(ctx, "registry", exchange.Route{District: unit.District()})
	if err != nil {
		return out, err
	}
	done := outcome{state: spec.ControlStatePassed}
	if ours {
		if done, err = r.enter(ctx, tx, court.Label, page, in); err != nil {
			return out, err
		}
	}
	id := uuid.Must(uuid.NewV7())
	if err := r.store(ctx, tx, id, from, court.Label, digest, raw, in, done); err != nil {
		return out, err
	}
	if !ours {
		if err := r.Jobs.InsertTx(ctx, tx, PassArgs{Control: id}, &river.InsertOpts{MaxAttempts: mostAttempts}); err != nil {
			return out, err
		}
	}
	if err := r.Jobs.InsertTx(ctx, tx, CollectArgs{Control: id}, &river.InsertOpts{MaxAttempts: mostAttempts}); err != nil {
		return out, err
	}
	out.Status = statusOf(in.ControlNo, in.Action, in.UnitCode, noticeOf(in), done)
	return out, nil
}

// noticeOf is the notice of the seizure that an order makes or is about.
func noticeOf(in spec.CourtControlSubmitRequest) string {
	if in.Action == spec.ControlActionSeize {
		return in.NoticeNo
	}
	return in.SeizureNo
}

// acceptable looks at the order itself.
func (r *Room) acceptable(from exchange.Caller, superior bool, in spec.CourtControlSubmitRequest) error {
	has := func(kind spec.ControlDocumentKind) bool {
		return slices.ContainsFunc(in.Documents, func(d spec.ControlDocument) bool { return d.Kind == kind })
	}
	switch {
	case !from.Serves(land.UnitCode(in.UnitCode).District()):
		return refused(spec.CodeNotFound, "没有这个不动产单元")
	case in.Action == spec.ControlActionSeize && !has(spec.ControlDocumentKindRuling), !has(spec.ControlDocumentKindAssistance):
		return refused(codePapers, "缺执行裁定书或协助执行通知书")
	case in.Action != spec.ControlActionRelease && (in.Months < 1 || in.Months > maxMonths):
		return refused(codeTerm, "查封期限为 1 至 36 个月")
	case in.Action != spec.ControlActionSeize && in.SeizureNo == "":
		return refused(codeNoSeizure, "没有指明原查封的文号")
	case in.Superior && (!superior || in.Action != spec.ControlActionRelease):
		return refused(codeNoSeizure, "本院不是作出查封的法院的上级法院")
	case in.ServedAt.After(r.Clock.Now()):
		return refused(codeServed, "送达时间晚于现在")
	}
	return nil
}

// enter writes an order into our own book, and stops or lets go on the sales that it is about.
func (r *Room) enter(ctx context.Context, tx pgx.Tx, court string, page *register.Page, in spec.CourtControlSubmitRequest) (done outcome, err error) {
	switch in.Action {
	case spec.ControlActionSeize:
		done, err = r.seize(ctx, tx, court, page, in)
	case spec.ControlActionRenew:
		done, err = r.renew(ctx, tx, court, page, in)
	default:
		done, err = r.release(ctx, tx, court, page, in)
	}
	for _, x := range []struct {
		is   error
		code spec.Code
		text string
	}{
		{register.ErrNotHolder, codeNotHolder, "被执行人不是这个单元的权利人"}, {register.ErrNoSeizure, codeNoSeizure, "这个单元上没有本院以该文号作出的查封"},
		{register.ErrOtherCourt, codeNoSeizure, "这个单元上没有本院以该文号作出的查封"}, {register.ErrTerm, codeTerm, "查封期限为 1 至 36 个月"},
		{register.ErrTermOver, codeTermOver, "续行查封应在查封期限届满前送达"}, {register.ErrServedLater, codeServed, "送达时间晚于现在"},
	} {
		if errors.Is(err, x.is) {
			return done, refused(x.code, x.text)
		}
	}
	return done, err
}

func (r *Room) seize(ctx context.Context, tx pgx.Tx, court string, page *register.Page, in spec.CourtControlSubmitRequest) (outcome, error) {
	if !held(page, partyOf(in.Target), in.ServedAt) {
		return outcome{}, register.ErrNotHolder
	}
	s, err := r.Register.Seize(ctx, tx, register.Order{Unit: page.Unit.Code, Court: court, OrderNo: in.OrderNo, NoticeNo: in.NoticeNo, Target: in.Target.Name, Served: in.ServedAt,
		Months: in.Months, Presale: in.Presale, By: court})
	if err != nil {
		return outcome{}, err
	}
	done := outcome{state: spec.ControlStateEntered, at: r.Clock.Now(), from: s.From, to: s.To, place: s.Position}
	kind, words := spec.RestrictionKindSeizure, "查封"
	if s.State == register.SeizureQueued {
		done.state, kind, words = spec.ControlStateQueued, spec.RestrictionKindQueuedSeizure, "轮候查封"
	}
	for _, l := range s.Late {
		done.since = append(done.since, fmt.Sprint(int(l.RegType)))
	}
	if s.Again {
		return done, nil
	}
	return done, r.Cases.UnitRestricted(ctx, tx, page.Unit.Code, string(kind), words, "", false)
}

// held tells whether somebody, by name and number, holds the unit, or still did at a time.
func held(page *register.Page, who register.Party, at time.Time) bool {
	is := func(h register.Holder) bool { return h.Name == who.Name && h.Document.Number == who.Document.Number }
	if page.Title != nil && slices.ContainsFunc(page.Title.Holders, is) {
		return true
	}
	return slices.ContainsFunc(page.Past, func(t register.Title) bool {
		return !t.EndedAt.Truncate(time.Minute).Before(at.Truncate(time.Minute)) && slices.ContainsFunc(t.Holders, is)
	})
}

// mine finds the live seizure that an order is about: one of the court's own, or of any court for the one above them.
func mine(page *register.Page, court string, in spec.CourtControlSubmitRequest) (register.Seizure, error) {
	i := slices.IndexFunc(page.Seizures, func(s register.Seizure) bool {
		return s.Live() && s.NoticeNo == in.SeizureNo && (s.Court == court || in.Superior)
	})
	if i < 0 {
		return register.Seizure{}, register.ErrNoSeizure
	}
	return page.Seizures[i], nil
}

func (r *Room) renew(ctx context.Context, tx pgx.Tx, court string, page *register.Page, in spec.CourtControlSubmitRequest) (outcome, error) {
	s, err := mine(page, court, in)
	if err != nil {
		return outcome{}, err
	}
	to, err := r.Register.Renew(ctx, tx, register.Renewal{Unit: page.Unit.Code, Seizure: s.ID, Court: court, NoticeNo: in.NoticeNo, Served: in.ServedAt, Months: in.Months, By: court})
	return outcome{state: spec.ControlStateRenewed, at: r.Clock.Now(), from: s.From, to: to}, err
}

func (r *Room) release(ctx context.Context, tx pgx.Tx, court string, page *register.Page, in spec.CourtControlSubmitRequest) (outcome, error) {
	s, err := mine(page, court, in)
	if err != nil {
		return outcome{}, err
	}
	change, err := r.Register.Lift(ctx, tx, register.Lifting{Unit: page.Unit.Code, Seizure: s.ID, Court: court, Superior: in.Superior, NoticeNo: in.NoticeNo, By: court})
	if err != nil {
		return outcome{}, err
	}
	done := outcome{state: spec.ControlStateReleased, at: r.Clock.Now(), from: s.From, to: s.To}
	if change.Activated != uuid.Nil { // whose turn it is now wants to know
		if err := r.Jobs.InsertTx(ctx, tx, ReportArgs{}, nil); err != nil {
			return done, err
		}
	}
	if !change.Free {
		return done, nil
	}
	return done, r.Cases.UnitRestricted(ctx, tx, page.Unit.Code, string(spec.RestrictionKindSeizure), "查封", "", true)
}

// store keeps the order and what became of it, and records both.
func (r *Room) store(ctx context.Context, tx pgx.Tx, id uuid.UUID, from exchange.Caller, court, digest string, raw []byte, in spec.CourtControlSubmitRequest, done outcome) error {
	now := r.Clock.Now()
	var told *time.Time
	if done.state != spec.ControlStatePassed { // by the answer to this message
		told = &now
	}
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO court_controls (id, court, court_name, no, app, action, unit, district, notice, digest, content, state, entered_at, from_on, to_on, place, since,
			received_at, changed_at, told_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, nullif($14, '')::date, nullif($15, '')::date, $16, $17, $18, $18, $19)`,
		id, in.CourtCode, court, in.ControlNo, from.App, in.Action, in.UnitCode, land.UnitCode(in.UnitCode).District(), noticeOf(in), digest, r.Keys.Seal(raw, contentPlace(id)),
		done.state, optional(done.at), string(done.from), string(done.to), done.place, append([]string{}, done.since...), now, told)
	for _, d := range in.Documents {
		b.Queue(`INSERT INTO court_papers (control, digest, kind, name, mime, size) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			id, d.Digest, d.Kind, d.Name, d.Mime, d.Size)
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		if pg.IsUnique(err, "court_controls_once") { // two at once
			return refused(codeExists, "这个查控编号正在提交")
		}
		return fmt.Errorf("inquiry: store order: %w", err)
	}
	return r.Audit.Record(ctx, tx, audit.Entry{Actor: from.App, ActorName: in.Judges[0].Name, Kind: audit.KindChange, Action: actionWords[in.Action], Object: in.UnitCode, Source: from.App,
		Outcome: audit.OK, Detail: map[string]any{"control": in.ControlNo, "court": court, "order": in.OrderNo, "notice": in.NoticeNo, "state": done.state}})
}

var actionWords = map[spec.ControlAction]string{
	spec.ControlActionSeize: "法院查封", spec.ControlActionRenew: "法院续行查封", spec.ControlActionRelease: "法院解除查封",
}

func contentPlace(id uuid.UUID) []byte { return []byte("court_controls.content " + id.String()) }

func reasonPlace(id uuid.UUID) string { return "court_controls.reason " + id.String() }

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
