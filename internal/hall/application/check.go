package application

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

// missingTask is a section that keeps the application from being sent, with its first reason.
type missingTask struct{ Code, Title, Words string }

// missing lists what has to be done before the application can be sent.
func (v *view) missing() []missingTask {
	var out []missingTask
	for _, code := range v.Item.Pages {
		st := v.state(code)
		if st.Done {
			continue
		}
		m := missingTask{code, v.title(code), "还没有填好"}
		if lacks := v.lacks(code); v.isSaved(code) && len(lacks) > 0 {
			m.Words = lacks[0]
		}
		out = append(out, m)
	}
	return out
}

// part is a section with its answers, on the page that checks all.
type part struct {
	Code, Title string
	Rows        []ui.Row // none before it was filled in
	Href        string   // where the answers are changed
}

// parts are all sections with their answers and where they are changed.
func (v *view) parts() []part {
	var out []part
	for _, s := range v.Item.Sections {
		p := part{Code: s.Code, Title: s.Title, Href: v.path(s.Code) + "?return=check"}
		if v.isSaved(s.Code) {
			p.Rows = sections()[s.Code].rows(v)
		}
		out = append(out, p)
	}
	return out
}

// checkPage shows all answers.
func (rm *Room) checkPage(w http.ResponseWriter, r *http.Request) error {
	a, err := rm.fresh(r)
	if err != nil {
		return err
	}
	v, err := rm.view(r, a)
	if err != nil {
		return err
	}
	if !a.Open() {
		return web.Redirect(w, r, v.path("sent"))
	}
	v.Input = web.NewForm(r)
	return web.Render(w, r, http.StatusOK, checkPage(v))
}

// send gives the application to the other parties, with the applicant's own confirmation.
func (rm *Room) send(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ParseForm(r)
	if err != nil {
		return err
	}
	a, err := rm.own(r)
	if err != nil {
		return err
	}
	v, err := rm.view(r, a)
	if err != nil {
		return err
	}
	v.Input = form
	face, err := rm.faceOf(r, a.Owner)
	if err != nil {
		return err
	}
	sent, err := rm.inForm(r, v, func(ctx context.Context, tx pgx.Tx, v *view) error {
		if v.Files, err = rm.Uploads.List(ctx, tx, v.ID, ""); err != nil {
			return err
		}
		v.checkAll()
		if !v.Input.OK() {
			return nil
		}
		if v.needsFace() && !face {
			return errFace
		}
		return rm.sendOut(ctx, tx, v, face)
	})
	switch {
	case errors.Is(err, errFace):
		return web.Redirect(w, r, rm.Face.Path(FacePurpose, v.path("check")))
	case errors.Is(err, errFaulty):
		return web.Again(w, r, form, checkPage(sent))
	case err != nil:
		return err
	}
	return web.Redirect(w, r, v.path("sent"))
}

// errFace says that a face check has to come first.
var errFace = errors.New("application: a face check has to come first")

func (rm *Room) faceOf(r *http.Request, acc uuid.UUID) (bool, error) {
	return rm.Face.Passed(r.Context(), rm.Pool, acc, FacePurpose)
}

// checkAll fails the form for each section that is not done, and for a statement that was not made.
func (v *view) checkAll() {
	for _, m := range v.missing() {
		v.Input.Fail("t-"+m.Code, m.Title+"："+m.Words)
	}
	if !v.Input.Chosen("truth", "yes") {
		v.Input.Fail("truth", "请先声明填写的内容真实")
	}
}

// refsOfMe are the refs that the owner acts for.
func (v *view) refsOfMe() []Signer {
	var out []Signer
	for _, s := range v.room.signers(v.App) {
		if s.Name == v.Me.Name && s.Document == v.Me.Document {
			out = append(out, s)
		}
	}
	return out
}

// needsFace reports whether the owner acts on the side that disposes of the home: that takes a face check.
func (v *view) needsFace() bool { return disposes(v.refsOfMe()) }

func disposes(list []Signer) bool {
	for _, s := range list {
		if s.Role != string(message.Buyer) {
			return true
		}
	}
	return false
}

// sendOut fixes the form, asks the others, and confirms for the applicant.
func (rm *Room) sendOut(ctx context.Context, tx pgx.Tx, v *view, face bool) error {
	a := v.App
	a.Form.Applicant = applicantOf(&a.Form, v.Me.Name, v.Me.Document)
	a.Form.Materials = v.evidence()
	a.consent(a.Form.Applicant)
	a.Stop, a.Typed = nil, nil
	by := rm.confirmBy(v.Item, v.Now)
	a.State, a.SentAt, a.ConfirmBy = Confirming, &v.Now, &by
	if _, err := tx.Exec(ctx, `DELETE FROM application_parties WHERE app = $1`, a.ID); err != nil {
		return fmt.Errorf("application: clear parties: %w", err)
	}
	mine := v.refsOfMe()
	for _, s := range rm.signers(a) {
		_, err := tx.Exec(ctx, `INSERT INTO application_parties (app, ref, role, person, account, state, asked_at) VALUES ($1, $2, $3, $4, $5, 'pending', $6)`,
			a.ID, s.Ref, s.Role, rm.person(s.Name, s.Document), rm.accountOf(ctx, tx, s), v.Now)
		if err != nil {
			return fmt.Errorf("application: ask party: %w", err)
		}
	}
	if err := rm.confirmFor(ctx, tx, a, a.Owner, mine, face); err != nil {
		return err
	}
	if err := rm.record(ctx, tx, audit.KindChange, "发给各方确认", a.ID, audit.OK, map[string]any{"no": a.No}); err != nil {
		return err
	}
	if err := rm.tell(ctx, tx, v, "confirm-asked", v.others(), v.slots()); err != nil {
		return err
	}
	return rm.submitIfAll(ctx, tx, v)
}

// consent names whose consents were given before it was known who the applicant is.
func (d *Draft) consent(ref string) {
	for i := range d.Form.Consents {
		if d.Form.Consents[i].Party == "" {
			d.Form.Consents[i].Party = ref
		}
	}
}

// accountOf is the account of who has to confirm, where there is one already.
func (rm *Room) accountOf(ctx context.Context, tx pgx.Tx, s Signer) uuid.NullUUID {
	who, err := rm.Directory.Lookup(ctx, tx, s.Name, s.Document)
	return uuid.NullUUID{UUID: who.ID, Valid: err == nil}
}

// confirmBy is until when the others have to confirm.
func (rm *Room) confirmBy(item *catalog.Item, from time.Time) time.Time {
	limit, ok := item.Limits["confirm"]
	if !ok {
		limit = catalog.Limit{Count: 3, Unit: catalog.CalendarDays}
	}
	return rm.Catalog().Calendar().Due(from, limit)
}

// confirmFor writes the confirmation of an account for the parties that it acts for, sealed by the hall.
func (rm *Room) confirmFor(ctx context.Context, tx pgx.Tx, a *App, acc uuid.UUID, list []Signer, face bool) error {
	now := rm.Clock.Now()
	for _, s := range list {
		seal, err := rm.sealOf(a, s.Ref, now)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE application_parties SET state = 'confirmed', at = $3, seal = $4, face = $5, account = $6
			WHERE app = $1 AND ref = $2 AND state = 'pending'`, a.ID, s.Ref, now, seal, face && s.Role != string(message.Buyer), acc)
		if err != nil {
			return fmt.Errorf("application: confirm: %w", err)
		}
		if tag.RowsAffected() == 0 {
			continue
		}
		if err := rm.record(ctx, tx, audit.KindDecision, "确认申请", a.ID, audit.OK, map[string]any{"party": s.Ref, "face": face}); err != nil {
			return err
		}
	}
	return nil
}

// sealOf is the hall's SM2 signature over what was confirmed.
func (rm *Room) sealOf(a *App, ref string, at time.Time) ([]byte, error) {
	text, err := SealedText(&a.Form, ref, at)
	if err != nil {
		return nil, err
	}
	seal, err := rm.Signer.Sign([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("application: seal confirmation: %w", err)
	}
	return seal, nil
}

// SealedText is the text under the seal of a confirmation: the digest of the form, the party, and the time.
func SealedText(form *message.Application, ref string, at time.Time) (string, error) {
	d, err := confirmedDigest(form)
	if err != nil {
		return "", err
	}
	return d + "\n" + ref + "\n" + at.UTC().Format(time.RFC3339), nil
}

// confirmedDigest names what all parties confirm: the form as the office will get it, without the confirmations and consents
// themselves, which grow while parties confirm.
func confirmedDigest(form *message.Application) (string, error) {
	what := *form
	what.Confirmed, what.Consents = nil, nil
	plain, err := json.Marshal(what)
	if err != nil {
		return "", fmt.Errorf("application: encode form: %w", err)
	}
	return sm.SM3Hex(plain), nil
}

// submitIfAll gives the application to the office when nobody is left to confirm.
func (rm *Room) submitIfAll(ctx context.Context, tx pgx.Tx, v *view) error {
	a := v.App
	parties, err := rm.Parties(ctx, tx, a)
	if err != nil {
		return err
	}
	for _, p := range parties {
		if p.State != "confirmed" {
			return nil
		}
	}
	a.Form.Confirmed = confirmations(parties)
	a.State, a.SubmittedAt = Submitted, &v.Now
	err = rm.Door.Send(ctx, tx, ferry.Message{Type: message.ApplicationSubmitted, Case: a.ID.String(), Blobs: a.Form.Blobs(),
		Body: message.Submitted{Application: a.Form, At: v.Now}})
	if err != nil {
		return fmt.Errorf("application: submit: %w", err)
	}
	return rm.record(ctx, tx, audit.KindChange, "提交申请", a.ID, audit.OK, map[string]any{"no": a.No})
}

// slots are what the sentences of notices may say.
func (v *view) slots() map[string]any {
	by := ""
	if v.ConfirmBy != nil {
		by = shortDeadline(*v.ConfirmBy)
	}
	return map[string]any{"no": v.No, "date": by, "url": v.room.Site + "/me"}
}

// shortDeadline is a deadline in a text message: 11 月 27 日 24:00.
func shortDeadline(at time.Time) string {
	if at.Hour() == 0 && at.Minute() == 0 {
		return at.Add(-time.Minute).Format("1 月 2 日") + " 24:00"
	}
	return at.Format("1 月 2 日 15:04")
}

// tell sends the notices that the item has for an event.
func (rm *Room) tell(ctx context.Context, tx pgx.Tx, v *view, event string, to []Signer, slots map[string]any) error {
	for _, n := range v.Item.NoticesOf(event) {
		for _, s := range dedupe(to) {
			acc := rm.accountOf(ctx, tx, s)
			err := rm.Notify.Notify(ctx, tx, Notice{App: v.ID, Account: acc.UUID, Name: s.Name, Phone: s.Phone, Kind: n.Message, Args: slots, SMS: n.SMS(),
				Link: "/confirm/" + v.ID.String()})
			if err != nil {
				return fmt.Errorf("application: notify: %w", err)
			}
		}
	}
	return nil
}

// dedupe keeps one of several refs that one person acts for.
func dedupe(list []Signer) []Signer {
	seen := map[land.Document]bool{}
	var out []Signer
	for _, s := range list {
		if !seen[s.Document] {
			seen[s.Document] = true
			out = append(out, s)
		}
	}
	return out
}
