package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Query says which records are wanted; what is empty does not narrow.
type Query struct {
	Words     string // every one of these must occur: 导出 张家港 321283
	Kind      Kind
	Outcome   Outcome
	Actor     string
	ActorName string // exact
	Object    string // exact
	Case      string // exact
	Source    string // exact
	From, To  time.Time
	Limit     int  // 50 where 0, at most 500
	After     Mark // continue behind the last page
}

// Mark is a place in a list of records, newest first.
type Mark struct {
	At  time.Time
	Pos int64
}

// Page is a part of the result, newest first.
type Page struct {
	Records []Record
	Next    Mark // for Query.After; zero when this is the last page
}

const (
	pageDefault = 50
	pageMost    = 500
)

// Search returns the records that match. Give From and To where you can: the record is kept by month. Words of one or two
// characters are found, but without the help of the index audit_record_words.
func (l *Log) Search(ctx context.Context, q Query) (Page, error) {
	limit := min(q.Limit, pageMost)
	if limit <= 0 {
		limit = pageDefault
	}
	where, args := l.conditions(q)
	sql := `SELECT id, pos, at, kind, action, outcome, actor, actor_name, actor_index, object, case_no, source, detail::text
		FROM audit_record WHERE ` + strings.Join(where, " AND ") +
		fmt.Sprintf(` ORDER BY at DESC, pos DESC LIMIT %d`, limit+1) // index audit_record_newest
	rows, err := l.pool.Query(ctx, sql, args...)
	if err != nil {
		return Page{}, fmt.Errorf("search audit: %w", err)
	}
	found, err := pgx.CollectRows(rows, l.scan)
	if err != nil {
		return Page{}, fmt.Errorf("search audit: %w", err)
	}
	page := Page{Records: found}
	if len(found) > limit {
		page.Records = found[:limit]
		last := page.Records[limit-1]
		page.Next = Mark{At: last.At, Pos: last.pos}
	}
	return page, nil
}

// conditions turns a query into SQL: fixed texts with numbered parameters.
func (l *Log) conditions(q Query) (where []string, args []any) {
	where = []string{"true"}
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where = append(where, condition)
	}
	for _, exact := range []struct{ column, value string }{
		{"kind", string(q.Kind)}, {"outcome", string(q.Outcome)}, {"actor", q.Actor},
		{"object", q.Object}, {"case_no", q.Case}, {"source", q.Source},
	} {
		if exact.value != "" {
			add(exact.column+" = ?", exact.value)
		}
	}
	if q.ActorName != "" {
		add("actor_index = ?", nameIndex(l.keys, q.ActorName))
	}
	if !q.From.IsZero() {
		add("at >= ?", q.From)
	}
	if !q.To.IsZero() {
		add("at < ?", q.To)
	}
	if q.After != (Mark{}) {
		add("(at, pos) < (?, ?)", q.After.At, q.After.Pos)
	}
	for _, word := range strings.Fields(strings.ToLower(q.Words)) {
		add("words LIKE ?", "%"+escapeLike.Replace(word)+"%")
	}
	return where, args
}

// escapeLike takes the special meaning from what people type.
var escapeLike = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (l *Log) scan(row pgx.CollectableRow) (Record, error) {
	var r Record
	var name []byte
	var detail string
	err := row.Scan(&r.ID, &r.pos, &r.At, &r.Kind, &r.Action, &r.Outcome, &r.Actor, &name, &r.index,
		&r.Object, &r.Case, &r.Source, &detail)
	if err != nil {
		return r, err
	}
	r.detail = []byte(detail)
	if err := json.Unmarshal(r.detail, &r.Detail); err != nil {
		return r, fmt.Errorf("detail of record %s: %w", r.ID, err)
	}
	if r.ActorName, err = l.keys.OpenString(name, nameAAD(r)); err != nil {
		return r, fmt.Errorf("name in record %s: %w", r.ID, err)
	}
	return r, nil
}
