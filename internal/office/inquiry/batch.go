package inquiry

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
	"yichuang/internal/office/register"
)

// pageRows is how many rows are answered by one statement and go back in one message.
const pageRows = 1000

// Refusals of a batch.
const (
	codeBatchExists spec.Code = "batch-exists"
	codeSeqRepeated spec.Code = "seq-repeated"
)

func (r *Room) departmentBatch(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BigdataBatchSubmitRequest) (spec.BatchReceipt, error) {
	return r.take(ctx, tx, from, asked{party: "", no: in.BatchNo, inquiry: in.Inquiry, rows: in.Rows})
}

func (r *Room) courtBatch(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.CourtBatchSubmitRequest) (spec.BatchReceipt, error) {
	if _, err := r.court(from, in.CourtCode); err != nil {
		return spec.BatchReceipt{}, err
	}
	return r.take(ctx, tx, from, asked{party: in.CourtCode, no: in.BatchNo, inquiry: in.Inquiry, rows: in.Rows})
}

// asked is a batch as it came.
type asked struct {
	party   string
	no      string
	inquiry spec.Inquiry
	rows    []spec.InquiryRow
}

// take stores a batch, sealed by pages, and queues its answer. Rows are noted by blind index.
func (r *Room) take(ctx context.Context, tx pgx.Tx, from exchange.Caller, in asked) (out spec.BatchReceipt, err error) {
	now, id := r.Clock.Now(), uuid.Must(uuid.NewV7())
	persons := make([]spec.Person, len(in.rows))
	notes := make([][]any, len(in.rows))
	seen := make(map[int]bool, len(in.rows))
	for i, row := range in.rows {
		if seen[row.Seq] {
			return out, refused(codeSeqRepeated, fmt.Sprintf("行号 %d 重复", row.Seq))
		}
		seen[row.Seq] = true
		persons[i], notes[i] = row.Person, []any{id, row.Seq, r.Who(partyOf(row.Person))}
	}
	reason := basis(in.inquiry, persons...)
	tag, err := tx.Exec(ctx, `INSERT INTO inquiry_batches (id, counterpart, party, districts, app, no, reference, basis, rows, received_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT ON CONSTRAINT inquiry_batches_once DO NOTHING`,
		id, from.Counterpart, in.party, from.Districts, from.App, in.no, in.inquiry.Reference, reason, len(in.rows), now)
	if err != nil {
		return out, fmt.Errorf("inquiry: store batch: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return out, refused(codeBatchExists, "这个批次号已经提交过")
	}
	pages, err := r.pages(id, in.rows)
	if err != nil {
		return out, err
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"inquiry_pages"}, []string{"batch", "page", "rows"}, pgx.CopyFromRows(pages)); err != nil {
		return out, fmt.Errorf("inquiry: store pages: %w", err)
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"inquiry_persons"}, []string{"batch", "seq", "person"}, pgx.CopyFromRows(notes)); err != nil {
		return out, fmt.Errorf("inquiry: store persons: %w", err)
	}
	if err := r.Audit.Record(ctx, tx, audit.Entry{Actor: from.App, ActorName: in.inquiry.Officer, Kind: audit.KindQuery, Action: "收到批量查询", Object: in.no, Source: from.App, Outcome: audit.OK,
		Detail: with(reason, map[string]any{"batch": id, "rows": len(in.rows)})}); err != nil {
		return out, err
	}
	if err := r.Jobs.InsertTx(ctx, tx, BatchArgs{Batch: id}, &river.InsertOpts{MaxAttempts: mostAttempts}); err != nil {
		return out, err
	}
	return spec.BatchReceipt{BatchNo: in.no, Rows: len(in.rows), Pages: len(pages), ReceivedAt: now}, nil
}

// pages cuts the rows into sealed pages.
func (r *Room) pages(id uuid.UUID, rows []spec.InquiryRow) ([][]any, error) {
	var out [][]any
	for len(rows) > 0 {
		n := min(len(rows), pageRows)
		plain, err := json.Marshal(rows[:n])
		if err != nil {
			return nil, fmt.Errorf("inquiry: encode page: %w", err)
		}
		page := len(out) + 1
		out = append(out, []any{id, page, r.Keys.Seal(plain, pagePlace(id, page))})
		rows = rows[n:]
	}
	return out, nil
}

func pagePlace(batch uuid.UUID, page int) []byte {
	return fmt.Appendf(nil, "inquiry_pages.rows %s/%d", batch, page)
}

// with adds to a detail of the audit record.
func with(detail, more map[string]any) map[string]any {
	out := maps.Clone(detail)
	maps.Copy(out, more)
	return out
}

// BatchArgs is the job of one batch.
type BatchArgs struct {
	Batch uuid.UUID `json:"batch"`
}

// Kind names the job.
func (BatchArgs) Kind() string { return "inquiry.batch" }

// Batcher is the River worker of BatchArgs.
type Batcher struct {
	river.WorkerDefaults[BatchArgs]
	Room *Room
}

// Timeout bounds one attempt at the pages that are left.
func (*Batcher) Timeout(*river.Job[BatchArgs]) time.Duration { return time.Minute }

// NextRetry grows from two seconds to five minutes.
func (b *Batcher) NextRetry(job *river.Job[BatchArgs]) time.Time {
	return b.Room.again(job.Attempt)
}

// Work answers the pages that are left.
func (b *Batcher) Work(ctx context.Context, job *river.Job[BatchArgs]) error {
	return b.Room.Answer(ctx, job.Args.Batch)
}

// mostAttempts is how often something is tried to be told: for about a day.
const mostAttempts = 300

func (r *Room) again(attempt int) time.Time {
	return r.Clock.Now().Add(min(2*time.Second<<min(attempt, 8), 5*time.Minute))
}

// pagesAtOnce is how many pages are under way together: one is sent while the next is read.
const pagesAtOnce = 3

// batch is one that is being answered.
type batch struct {
	id         uuid.UUID
	from       exchange.Caller // who asked
	no         string
	reference  string
	basis      map[string]any
	rows       int
	party      string
	pagesTotal int
}

// Answer works through the pages of a batch that have not gone back yet. A page that was sent before a crash is sent again
// as the same message.
func (r *Room) Answer(ctx context.Context, id uuid.UUID) error {
	b := batch{id: id}
	err := r.Pool.QueryRow(ctx, `SELECT counterpart, party, districts, app, no, reference, basis, rows FROM inquiry_batches WHERE id = $1`, id).
		Scan(&b.from.Counterpart, &b.party, &b.from.Districts, &b.from.App, &b.no, &b.reference, &b.basis, &b.rows)
	if err != nil {
		return fmt.Errorf("inquiry: read batch: %w", err)
	}
	b.pagesTotal = (b.rows + pageRows - 1) / pageRows
	rows, err := r.Pool.Query(ctx, `SELECT page FROM inquiry_pages WHERE batch = $1 AND sent_at IS NULL ORDER BY page`, id)
	if err != nil {
		return fmt.Errorf("inquiry: read pages: %w", err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return fmt.Errorf("inquiry: read pages: %w", err)
	}
	var g errgroup.Group // a page that fails cuts no other off
	g.SetLimit(pagesAtOnce)
	for _, page := range left {
		g.Go(func() error { return r.answerPage(ctx, b, page) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if _, err := r.Pool.Exec(ctx, `UPDATE inquiry_batches SET done_at = $2 WHERE id = $1 AND done_at IS NULL`, id, r.Clock.Now()); err != nil {
		return fmt.Errorf("inquiry: end batch: %w", err)
	}
	return nil
}

func (r *Room) answerPage(ctx context.Context, b batch, page int) error {
	var sealed []byte
	if err := r.Pool.QueryRow(ctx, `SELECT rows FROM inquiry_pages WHERE batch = $1 AND page = $2`, b.id, page).Scan(&sealed); err != nil {
		return fmt.Errorf("inquiry: read page: %w", err)
	}
	if sealed == nil { // another attempt was faster
		return nil
	}
	plain, err := r.Keys.Open(sealed, pagePlace(b.id, page))
	if err != nil {
		return fmt.Errorf("inquiry: open page: %w", err)
	}
	var rows []spec.InquiryRow
	if err := json.Unmarshal(plain, &rows); err != nil {
		return fmt.Errorf("inquiry: decode page: %w", err)
	}
	asOf := r.Clock.Now()
	answers, digest, err := r.answers(ctx, b.from, rows)
	if err != nil {
		return err
	}
	if err := r.sendPage(ctx, b, page, asOf, answers); err != nil {
		return err
	}
	return r.pageDone(ctx, b, page, answers, digest)
}

// answers finds what each of the rows has, and digests the blind indexes in their order, for the audit record.
func (r *Room) answers(ctx context.Context, from exchange.Caller, rows []spec.InquiryRow) ([]spec.InquiryAnswer, string, error) {
	list := make([]register.Party, len(rows))
	hash := sm.NewSM3()
	for i, row := range rows {
		list[i] = partyOf(row.Person)
		hash.Write(r.Who(list[i]))
	}
	found, err := r.Register.Holdings(ctx, r.Pool, list)
	if err != nil {
		return nil, "", err
	}
	out := make([]spec.InquiryAnswer, len(rows))
	for i, row := range rows {
		has := holdings(from, found[i])
		out[i] = spec.InquiryAnswer{Seq: row.Seq, Found: len(has) > 0, Holdings: has}
	}
	return out, hex.EncodeToString(hash.Sum(nil)), nil
}

func (r *Room) sendPage(ctx context.Context, b batch, page int, asOf time.Time, rows []spec.InquiryAnswer) error {
	key := fmt.Sprintf("%s/%d", b.id, page)
	var ack spec.Ack
	var err error
	if b.from.Counterpart == "court" {
		err = r.Out.Call(ctx, spec.CourtBatchResult, exchange.Route{Party: b.party}, key, spec.CourtBatchResultRequest{CourtCode: b.party, BatchNo: b.no,
			Reference: b.reference, Page: page, Pages: b.pagesTotal, AsOf: asOf, Rows: rows}, &ack)
	} else {
		err = r.Out.Call(ctx, spec.BigdataBatchResult, exchange.Route{}, key, spec.BigdataBatchResultRequest{BatchNo: b.no,
			Reference: b.reference, Page: page, Pages: b.pagesTotal, AsOf: asOf, Rows: rows}, &ack)
	}
	var refusal *exchange.Refusal
	if errors.As(err, &refusal) { // they will not have it: sending again gives the same
		r.Log.WarnContext(ctx, "a page of results is not wanted", "batch", b.id, "page", page, "code", refusal.Code)
		return nil
	}
	return err
}

// pageDone notes what was told, forgets the names, and records it.
func (r *Room) pageDone(ctx context.Context, b batch, page int, rows []spec.InquiryAnswer, digest string) error {
	seqs, counts, found := make([]int, len(rows)), make([]int, len(rows)), 0
	for i, row := range rows {
		seqs[i], counts[i] = row.Seq, len(row.Holdings)
		if row.Found {
			found++
		}
	}
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE inquiry_pages SET rows = NULL, sent_at = $3 WHERE batch = $1 AND page = $2 AND sent_at IS NULL`, b.id, page, r.Clock.Now())
		if err != nil {
			return fmt.Errorf("inquiry: end page: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE inquiry_persons p SET found = q.found FROM unnest($2::int[], $3::int[]) AS q (seq, found)
			WHERE p.batch = $1 AND p.seq = q.seq`, b.id, seqs, counts); err != nil {
			return fmt.Errorf("inquiry: note what was found: %w", err)
		}
		return r.Audit.Record(ctx, tx, audit.Entry{Actor: b.from.App, Kind: audit.KindQuery, Action: "答复批量查询", Object: b.no, Source: b.from.App, Outcome: audit.OK,
			Detail: with(b.basis, map[string]any{"batch": b.id, "page": page, "rows": len(rows), "found": found, "persons": digest})})
	})
}
