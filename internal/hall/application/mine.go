package application

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
)

// Entry is an application in the list of a person: a draft to go on with, one to confirm, or one that waits for others.
type Entry struct {
	App   uuid.UUID
	No    string
	Item  string // catalog code
	Title string // plain name of the item
	Note  string // how far it is, or who waits
	Kind  string // draft | confirm | waiting
	Href  string
	At    time.Time  // last change
	Until *time.Time // to confirm
}

// Mine lists what an account has to do or waits for, before the office has it. What was submitted is not among it.
func (rm *Room) Mine(ctx context.Context, db pg.DB, acc uuid.UUID) ([]Entry, error) {
	who, err := rm.Directory.Get(ctx, db, acc)
	if err != nil {
		return nil, fmt.Errorf("application: mine: %w", err)
	}
	// indexes: applications_owner, application_parties_account, application_parties_person
	rows, err := db.Query(ctx, `SELECT `+columns+`, coalesce(p.pending, '') FROM applications a
		LEFT JOIN LATERAL (SELECT min(state) AS pending FROM application_parties
			WHERE app = a.id AND state = 'pending' AND (account = $1 OR account IS NULL AND person = $2)) p ON true
		WHERE state IN ('draft', 'refused', 'confirming') AND (a.owner = $1 OR a.id IN (SELECT app FROM application_parties
			WHERE account = $1 OR account IS NULL AND person = $2))
		ORDER BY a.updated_at DESC LIMIT 100`, acc, rm.person(who.Name, who.Document))
	if err != nil {
		return nil, fmt.Errorf("application: mine: %w", err)
	}
	defer rows.Close()
	var out []Entry
	for rows.Next() {
		pending := ""
		a, err := rm.scan(withLast{rows, &pending})
		if err != nil {
			return nil, err
		}
		if e, ok := rm.entry(a, acc, pending != ""); ok {
			out = append(out, e)
		}
	}
	return out, rows.Err()
}

// withLast scans one more column than the columns of an application.
type withLast struct {
	pgx.Rows
	last *string
}

func (w withLast) Scan(to ...any) error { return w.Rows.Scan(append(to, w.last)...) }

func (rm *Room) entry(a *App, acc uuid.UUID, pending bool) (Entry, bool) {
	e := Entry{App: a.ID, No: a.No, Item: a.Item, At: a.UpdatedAt, Until: a.ConfirmBy}
	item, ok := rm.Catalog().Item(a.Item)
	if !ok {
		return e, false
	}
	e.Title = item.PlainName
	switch {
	case a.Open() && a.Owner == acc:
		v := &view{App: a, room: rm, Item: item, Now: rm.Clock.Now()}
		e.Kind, e.Href = "draft", "/app/"+a.ID.String()
		e.Note = fmt.Sprintf("已完成 %d / %d 项", v.savedCount(), len(item.Pages)+lastTasks)
		if a.Stop != nil && a.Stop.Who != "" {
			e.Note = land.MaskName(a.Stop.Who) + "没有同意，请修改"
		}
	case a.State == Confirming && pending:
		e.Kind, e.Href, e.Note = "confirm", "/confirm/"+a.ID.String(), "请在 "+shortDeadline(*a.ConfirmBy)+" 前确认"
	case a.State == Confirming && a.Owner == acc:
		e.Kind, e.Href, e.Note = "waiting", "/app/"+a.ID.String()+"/sent", "等其他各方确认"
	case a.State == Confirming:
		e.Kind, e.Href, e.Note = "waiting", "/confirm/"+a.ID.String(), "您已确认，等其他各方"
	default:
		return e, false
	}
	return e, true
}

// savedCount counts the sections that were saved, without looking into them again.
func (v *view) savedCount() int {
	n := 0
	for _, code := range v.Item.Pages {
		if v.isSaved(code) {
			n++
		}
	}
	return n
}
