package papers

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc/code"
	"yichuang/internal/kit/doc/esign"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/office/migrations"
)

// desk is a store on a database of its own.
type desk struct {
	*Store
	pool *pgxpool.Pool
	now  *clock.Fake
}

func newDesk(t *testing.T) desk {
	t.Helper()
	const file = "00700_papers.sql"
	sql, err := migrations.FS.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	keys := sm.NewTestKeyring(t)
	blobs, err := blob.Open(t.Context(), t.TempDir(), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	signer, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	seal, err := esign.New(signer, "泰州市不动产登记中心", at("2026-11-26", 10, 0))
	if err != nil {
		t.Fatal(err)
	}
	now := clock.NewFake(at("2026-11-26", 10, 52))
	s, err := NewStore(Config{Fonts: fonts(t), Blobs: blobs, Keys: keys, Signer: signer, Seal: seal, Clock: now, Random: rand.Reader, Verify: "https://hall.tz.example/"})
	if err != nil {
		t.Fatal(err)
	}
	return desk{s, pgtest.New(t, pgtest.Set{FS: fstest.MapFS{file: {Data: sql}}, Table: "goose"}), now}
}

// issue issues in a transaction of its own.
func (d desk) issue(ctx context.Context, p Paper) (i Issued, err error) {
	if p.District == "" {
		p.District = "321202"
	}
	err = pg.InTx(ctx, d.pool, func(tx pgx.Tx) error {
		i, err = d.Issue(ctx, tx, p)
		return err
	})
	return i, err
}

func (d desk) must(t *testing.T, p Paper) Issued {
	t.Helper()
	i, err := d.issue(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestIssueAndRead(t *testing.T) {
	d := newDesk(t)
	aCase := uuid.Must(uuid.NewV7())
	got := d.must(t, Paper{Case: aCase, Content: title(), Holders: []Party{{"b1", "王晓明"}, {"b2", longName}}})
	if got.Number != "苏（2026）泰州市不动产权第0005678号" || got.Title != "不动产权证书" || got.State != Valid || !got.IssuedAt.Equal(d.now.Now()) {
		t.Errorf("issued %+v", got)
	}
	byCode, err := d.ByCode(t.Context(), d.pool, got.Code)
	if err != nil || fmt.Sprint(byCode) != fmt.Sprint(got) {
		t.Errorf("by code %+v, %v\nissued  %+v", byCode, err, got)
	}
	if fmt.Sprint(byCode.Refs(), byCode.Names()) != fmt.Sprint([]string{"b1", "b2"}, []string{"王晓明", longName}) {
		t.Errorf("holders %+v", byCode.Holders)
	}
	m := got.Message()
	if m.App != aCase || m.Holder != "王晓明、"+longName || len(m.Parties) != 2 || m.Digest != got.Digest || m.State != "valid" || m.Kind != "title" {
		t.Errorf("message %+v", m)
	}
	if _, err := d.ByNumber(t.Context(), d.pool, TitleKind, got.Number); err != nil {
		t.Error(err)
	}
	pdf, err := d.PDF(t.Context(), byCode)
	if err != nil || sm.SM3Hex(pdf) != got.Digest || int64(len(pdf)) != got.Size {
		t.Errorf("file: %v", err)
	}
	if !bytes.Contains(pdf, []byte("https://hall.tz.example/v/"+string(got.Code))) {
		t.Error("the file does not link to its verification")
	}
	if cert, err := esign.Check(pdf); err != nil || cert.Subject.CommonName != "泰州市不动产登记中心电子印章" {
		t.Errorf("seal of the file: %v", err)
	}
	other, err := code.New(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ByCode(t.Context(), d.pool, other); !errors.Is(err, ErrNotFound) {
		t.Errorf("another code: %v", err)
	}
}

func TestNamesAreSealed(t *testing.T) {
	d := newDesk(t)
	d.must(t, Paper{Content: receipt(), Holders: []Party{{"b1", "王晓明"}}})
	var row string
	if err := d.pool.QueryRow(t.Context(), `SELECT string_agg(encode(name, 'escape'), ' ') || (SELECT string_agg(papers::text, ' ') FROM papers) FROM paper_holders`).Scan(&row); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(row, "王晓明") {
		t.Error("a name lies open in the database")
	}
}

func TestNumbersHaveNoGaps(t *testing.T) {
	d := newDesk(t)
	var wg sync.WaitGroup
	for n := range 12 { // two of three succeed; the third fails after its number was given
		wg.Go(func() {
			err := pg.InTx(t.Context(), d.pool, func(tx pgx.Tx) error {
				if _, err := d.Issue(t.Context(), tx, Paper{District: "321202", Content: receipt()}); err != nil {
					return err
				}
				if n%3 == 2 {
					return errBreak
				}
				return nil
			})
			if err != nil && !errors.Is(err, errBreak) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for n := range 8 {
		want := fmt.Sprintf("泰州市不动产收讫〔2026〕%06d 号", n+1)
		if _, err := d.ByNumber(t.Context(), d.pool, ReceiptKind, want); err != nil {
			t.Errorf("%s: %v", want, err)
		}
	}
	d.now.Set(at("2026-12-31", 23, 59)) // in Shanghai; a minute later a new series begins
	for _, c := range []struct{ district, want string }{{"321202", "泰州市不动产收讫〔2026〕000009 号"}, {"321283", "泰兴市不动产收讫〔2026〕000001 号"}} {
		if got := d.must(t, Paper{District: c.district, Content: receipt()}); got.Number != c.want {
			t.Errorf("number %s, want %s", got.Number, c.want)
		}
	}
	d.now.Advance(60e9)
	if got := d.must(t, Paper{Content: receipt()}); got.Number != "泰州市不动产收讫〔2027〕000001 号" {
		t.Errorf("first of the year: %s", got.Number)
	}
}

var errBreak = errors.New("broken off")

func TestOnce(t *testing.T) {
	d := newDesk(t)
	aCase := uuid.Must(uuid.NewV7())
	first := d.must(t, Paper{Case: aCase, Content: acceptance(), Once: "acceptance"})
	again := d.must(t, Paper{Case: aCase, Content: acceptance(), Once: "acceptance"})
	other := d.must(t, Paper{Case: uuid.Must(uuid.NewV7()), Content: acceptance(), Once: "acceptance"})
	if again.ID != first.ID || other.ID == first.ID {
		t.Error("the occasion is not kept apart by case")
	}
	if all, err := d.ByCase(t.Context(), d.pool, aCase); err != nil || len(all) != 1 {
		t.Errorf("%d papers, %v", len(all), err)
	}
}

func TestSameCertificateTwice(t *testing.T) {
	d := newDesk(t)
	d.must(t, Paper{Content: proof()})
	if _, err := d.issue(t.Context(), Paper{Content: proof()}); !errors.Is(err, ErrNumberTaken) {
		t.Errorf("error %v", err)
	}
}

func TestStates(t *testing.T) {
	d := newDesk(t)
	aCase := uuid.Must(uuid.NewV7())
	first := d.must(t, Paper{Case: aCase, Content: sheet(), Replaces: true})
	d.now.Advance(3600e9)
	second := d.must(t, Paper{Case: aCase, Content: sheet(), Replaces: true})
	if len(first.Ended) != 0 || len(second.Ended) != 1 || second.Ended[0].ID != first.ID || second.Ended[0].State != Superseded {
		t.Fatalf("ended %+v", second.Ended)
	}
	all, err := d.ByCase(t.Context(), d.pool, aCase)
	if err != nil || len(all) != 2 || all[0].State != Superseded || all[0].Reason != "已由 "+second.Number+" 替换" || all[1].State != Valid {
		t.Fatalf("%+v, %v", all, err)
	}
	end := func(id uuid.UUID) error {
		return pg.InTx(t.Context(), d.pool, func(tx pgx.Tx) error {
			_, err := d.End(t.Context(), tx, id, Cancelled, "办件已撤回")
			return err
		})
	}
	if err := end(first.ID); !errors.Is(err, ErrNotValid) {
		t.Errorf("ending twice: %v", err)
	}
	if err := end(uuid.Must(uuid.NewV7())); !errors.Is(err, ErrNotFound) {
		t.Errorf("ending nothing: %v", err)
	}
	if err := end(second.ID); err != nil {
		t.Error(err)
	}
	for _, sql := range []string{`UPDATE papers SET digest = 'x'`, `DELETE FROM papers`, `UPDATE papers SET state = 'valid'`} {
		if _, err := d.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("the database lets %q pass", sql)
		}
	}
}

func TestForgedRecord(t *testing.T) {
	d := newDesk(t)
	good := d.must(t, Paper{Content: receipt(), Holders: []Party{{"b1", "王晓明"}}})
	forged := map[string]func(*Issued){
		"another number": func(i *Issued) { i.Number = "泰州市不动产收讫〔2026〕000002 号" },
		"another holder": func(i *Issued) { i.Holders = []Party{{"b1", "王晓"}} },
		"another digest": func(i *Issued) { i.Digest = strings.Repeat("0", 64) },
		"another key":    func(i *Issued) { i.Signer = "unknown" },
	}
	for name, edit := range forged {
		i := good
		edit(&i)
		if _, err := d.PDF(t.Context(), i); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	next, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	c := d.Config
	c.Former, c.Signer = append(c.Former, c.Signer.Public()), next
	later, err := NewStore(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := later.PDF(t.Context(), good); err != nil {
		t.Errorf("after a change of key: %v", err)
	}
}

func TestFailures(t *testing.T) {
	d := newDesk(t)
	if _, err := d.issue(t.Context(), Paper{District: "110101", Content: receipt()}); err == nil {
		t.Error("issued in a district without a registry")
	}
	if _, err := d.issue(t.Context(), Paper{Content: Receipt{}}); !errors.As(err, new(ErrIncomplete)) {
		t.Errorf("incomplete: %v", err)
	}
	c := d.Config
	c.Random = strings.NewReader("")
	d.Store = &Store{Config: c, signer: d.signer, public: d.public}
	if _, err := d.issue(t.Context(), Paper{Content: receipt()}); err == nil {
		t.Error("issued without randomness")
	}
	c.Seal = nil
	if _, err := NewStore(c); err == nil {
		t.Error("a store without a seal")
	}
	c.Seal, c.Verify = d.Seal, "hall"
	if _, err := NewStore(c); err == nil {
		t.Error("a store without an address of verification")
	}
}
