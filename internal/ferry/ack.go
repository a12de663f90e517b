package ferry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/kit/pg"
)

// ack says what the receiver holds. Each one says it all, so that any later one makes up for one that was lost; At orders them.
type ack struct {
	At    time.Time   `json:"at"`              // of the receiver's clock, before it looked
	UpTo  int64       `json:"upTo"`            // all numbers up to this one are stored
	Have  []span      `json:"have,omitempty"`  // and these above it
	Ask   []span      `json:"ask,omitempty"`   // missed for longer than a file takes: please send again
	Top   int64       `json:"top"`             // the highest number stored
	TopID uuid.UUID   `json:"topId"`           // and the message that has it
	Known []known     `json:"known,omitempty"` // messages that came under one number and are stored under another
	Files []fileState `json:"files,omitempty"`
	Hold  bool        `json:"hold,omitempty"` // no room: send nothing new for a while
	Got   []string    `json:"got,omitempty"`  // names of files of the gap that were taken
}

// span is a range of numbers, both ends included.
type span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

type known struct {
	ID  uuid.UUID `json:"id"`
	Seq int64     `json:"seq"`
}

// fileState says how far a file has come.
type fileState struct {
	Digest string `json:"digest"`
	Whole  bool   `json:"whole,omitempty"`
	Have   []int  `json:"have,omitempty"` // slices, while it is not whole
	Ask    bool   `json:"ask,omitempty"`  // the others are missed
}

// numbers is spans as PostgreSQL reads a multirange.
func numbers(spans []span) string {
	parts := make([]string, len(spans))
	for i, s := range spans {
		parts[i] = "[" + strconv.FormatInt(s.From, 10) + "," + strconv.FormatInt(s.To, 10) + "]"
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// maxSpans bounds what an acknowledgement tells of numbers behind a gap; the rest is told when it has closed a little.
const maxSpans = 500

// look makes an acknowledgement of what is stored now. patience is how long a gap may stay open until it is asked for.
func (d *Door) look(ctx context.Context, db pg.DB, patience time.Duration) (a ack, err error) {
	a.At = d.o.Clock.Now()
	err = db.QueryRow(ctx, `SELECT s.upto, s.top, m.id FROM ferry_stream s JOIN ferry_in m ON m.stream = s.stream AND m.seq = s.top
		WHERE s.stream = $1`, d.o.Peer).Scan(&a.UpTo, &a.Top, &a.TopID)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, nil
	}
	if err != nil {
		return a, fmt.Errorf("ferry: look at the stream: %w", err)
	}
	if a.Top == a.UpTo {
		return a, nil
	}
	return a, d.lookBehind(ctx, db, &a, patience)
}

// lookBehind finds what is stored behind a gap, and the gaps that have been open for too long.
func (d *Door) lookBehind(ctx context.Context, db pg.DB, a *ack, patience time.Duration) error {
	rows, err := db.Query(ctx, `SELECT min(seq), max(seq), min(received_at) FROM (
			SELECT seq, received_at, seq - row_number() OVER (ORDER BY seq) AS island FROM ferry_in WHERE stream = $1 AND seq > $2) m
		GROUP BY island ORDER BY 1 LIMIT $3`, d.o.Peer, a.UpTo, maxSpans)
	if err != nil {
		return fmt.Errorf("ferry: look behind the gap: %w", err)
	}
	var s span
	var since time.Time
	end := a.UpTo
	_, err = pgx.ForEachRow(rows, []any{&s.From, &s.To, &since}, func() error {
		if a.At.Sub(since) >= patience {
			a.Ask = append(a.Ask, span{end + 1, s.From - 1})
		}
		a.Have, end = append(a.Have, s), s.To
		return nil
	})
	if err != nil {
		return fmt.Errorf("ferry: look behind the gap: %w", err)
	}
	return nil
}
