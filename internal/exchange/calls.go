package exchange

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
)

// Filter says which calls are wanted; zero fields do not filter.
type Filter struct {
	Endpoint    uuid.UUID
	Counterpart string
	Operation   spec.Operation
	Direction   string
	Outcome     Outcome
	Trouble     bool // only calls that went neither well nor as a duplicate
	Case        string
	MessageID   string
	Trace       string
	From, To    time.Time // of the beginning: From ≤ at < To
	After       Cursor    // the next page
	Limit       int       // 1 to 200; 0: 50
}

// Cursor is the end of a page: the next one begins there. The empty cursor is the newest call.
type Cursor string

// ErrCursor says that a cursor was not made by Calls.
var ErrCursor = errors.New("not a cursor of the call log")

func cursorOf(c Call) Cursor {
	return Cursor(base64.RawURLEncoding.EncodeToString([]byte(c.At.UTC().Format(time.RFC3339Nano) + " " + c.ID.String())))
}

func (c Cursor) parse() (at time.Time, id uuid.UUID, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil {
		return at, id, ErrCursor
	}
	first, second, _ := strings.Cut(string(raw), " ")
	if at, err = time.Parse(time.RFC3339Nano, first); err != nil {
		return at, id, ErrCursor
	}
	if id, err = uuid.Parse(second); err != nil {
		return at, id, ErrCursor
	}
	return at, id, nil
}

// Calls reads the call log, newest first, and gives the cursor of the next page, "" on the last. Paging is by key, so that
// a page costs the same however deep it lies (indexes exchange_calls_*).
func (x *Exchange) Calls(ctx context.Context, f Filter) ([]Call, Cursor, error) {
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	where, args, err := f.where()
	if err != nil {
		return nil, "", err
	}
	args = append(args, f.Limit+1)
	rows, err := x.pool.Query(ctx, `SELECT `+strings.Join(callColumns, ", ")+` FROM exchange_calls`+where+
		fmt.Sprintf(` ORDER BY at DESC, id DESC LIMIT $%d`, len(args)), args...)
	if err != nil {
		return nil, "", fmt.Errorf("read call log: %w", err)
	}
	calls, err := pgx.CollectRows(rows, scanCall)
	if err != nil {
		return nil, "", fmt.Errorf("read call log: %w", err)
	}
	if len(calls) <= f.Limit {
		return calls, "", nil
	}
	calls = calls[:f.Limit]
	return calls, cursorOf(calls[f.Limit-1]), nil
}

// Call finds one line of the log by its beginning and id, or returns ErrNotFound.
func (x *Exchange) Call(ctx context.Context, id uuid.UUID) (Call, error) {
	seconds, nanos := id.Time().UnixTime()
	near := time.Unix(seconds, nanos) // UUIDv7 holds the time of writing; the call began before, by the business clock perhaps much
	for _, span := range []string{` AND at BETWEEN $2::timestamptz - interval '1 hour' AND $2::timestamptz + interval '1 hour'`, ` AND $2::timestamptz IS NOT NULL`} {
		rows, err := x.pool.Query(ctx, `SELECT `+strings.Join(callColumns, ", ")+` FROM exchange_calls WHERE id = $1`+span, id, near)
		if err != nil {
			return Call{}, fmt.Errorf("read call: %w", err)
		}
		c, err := pgx.CollectExactlyOneRow(rows, scanCall)
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return Call{}, fmt.Errorf("read call: %w", err)
		}
		return c, nil
	}
	return Call{}, ErrNotFound
}

// where makes the condition of a filter; each value is a parameter.
func (f Filter) where() (string, []any, error) {
	var (
		conditions []string
		args       []any
	)
	add := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(args))))
	}
	if f.Endpoint != uuid.Nil {
		add("endpoint = ?", f.Endpoint)
	}
	for _, text := range []struct{ column, value string }{
		{"counterpart", f.Counterpart}, {"operation", string(f.Operation)}, {"direction", f.Direction}, {"outcome", string(f.Outcome)},
		{"case_no", f.Case}, {"message_id", f.MessageID}, {"trace", f.Trace},
	} {
		if text.value != "" {
			add(text.column+" = ?", text.value)
		}
	}
	if f.Trouble {
		conditions = append(conditions, "outcome NOT IN ('ok', 'duplicate')")
	}
	if !f.From.IsZero() {
		add("at >= ?", f.From)
	}
	if !f.To.IsZero() {
		add("at < ?", f.To)
	}
	if f.After != "" {
		at, id, err := f.After.parse()
		if err != nil {
			return "", nil, err
		}
		add("(at, id) < (?,", at)
		add("?)", id)
		conditions = append(conditions[:len(conditions)-2], conditions[len(conditions)-2]+conditions[len(conditions)-1])
	}
	if len(conditions) == 0 {
		return "", nil, nil
	}
	return " WHERE " + strings.Join(conditions, " AND "), args, nil
}

func scanCall(r pgx.CollectableRow) (Call, error) {
	var (
		c                 Call
		endpoint          *uuid.UUID
		micros            int64
		request, response []byte
	)
	err := r.Scan(&c.ID, &c.At, &c.Direction, &endpoint, &c.Counterpart, &c.District, &c.App, &c.Operation, &c.Case, &c.MessageID, &c.Attempts, &c.Status, &c.Outcome, &c.Code, &c.Detail,
		&micros, &c.RequestBytes, &c.ResponseBytes, &request, &response, &c.Trace, &c.Source)
	if endpoint != nil {
		c.Endpoint = *endpoint
	}
	c.Duration = time.Duration(micros) * time.Microsecond
	c.Request, c.Response = json.RawMessage(request), json.RawMessage(response)
	return c, err
}
