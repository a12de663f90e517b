package main

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/esign"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/office/migrations"
	"yichuang/internal/office/papers"
)

// issuer is the office's paper store as the program sets it up on a data folder.
func issuer(t *testing.T, data string) (*papers.Store, *keys) {
	t.Helper()
	k, err := openKeys(filepath.Join(data, "keys"), "hall", "office")
	if err != nil {
		t.Fatal(err)
	}
	fonts, err := doc.OpenFonts()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, clock.Shanghai())
	seal, err := esign.LoadOrCreate(filepath.Join(data, "keys", sealFile), k.office.signer, "泰州市不动产登记中心", now)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(t.Context(), filepath.Join(data, "office-files"), k.office.ring)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	store, err := papers.NewStore(papers.Config{Fonts: fonts, Blobs: blobs, Keys: k.office.ring, Signer: k.office.signer, Former: k.office.former, Seal: seal,
		Clock: clock.NewFake(now), Random: rand.Reader, Verify: "https://hall.test"})
	if err != nil {
		t.Fatal(err)
	}
	return store, k
}

func issue(t *testing.T, pool *pgxpool.Pool, store *papers.Store) (i papers.Issued) {
	t.Helper()
	err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) (err error) {
		i, err = store.Issue(t.Context(), tx, papers.Paper{District: "321202", Holders: []papers.Party{{Ref: "b1", Name: "王晓明"}},
			Content: papers.Receipt{Case: "TZ-261124-00412-6", Payer: "王晓明", Channel: "微信支付", Reference: "42000025", PaidAt: time.Date(2026, 11, 25, 9, 0, 0, 0, clock.Shanghai()),
				Lines: []papers.FeeLine{{Name: "契税", Amount: 1_280_000, Basis: "按税务核定代收"}}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// What was signed and sealed before the office's keys changed, twice, is good afterwards; what is new has the new key.
func TestPapersOutliveTheirKey(t *testing.T) {
	data := t.TempDir()
	pool := pgtest.New(t, pgtest.Set{FS: migrations.FS, Table: "office_version"})
	store, k := issuer(t, data)
	issued, sealed := []papers.Issued{issue(t, pool, store)}, k.office.ring.SealString("x", "a")
	for range 2 {
		for _, file := range []string{"office.key", "office.ring"} {
			if err := (&keysRotateCmd{File: file}).Run(context.Background(), &keysCmd{Data: data}); err != nil {
				t.Fatal(err)
			}
		}
		store, k = issuer(t, data)
		issued = append(issued, issue(t, pool, store))
	}
	signers := map[string]bool{}
	for n, i := range issued {
		found, err := store.ByCode(t.Context(), pool, i.Code)
		if err != nil {
			t.Fatal(err)
		}
		pdf, err := store.PDF(t.Context(), found)
		if err != nil {
			t.Fatalf("paper %d: %v", n, err)
		}
		if _, err := esign.Check(pdf); err != nil {
			t.Errorf("seal of paper %d: %v", n, err)
		}
		signers[found.Signer] = true
	}
	if len(signers) != len(issued) {
		t.Errorf("%d papers are signed with %d keys, want one each", len(issued), len(signers))
	}
	if got, err := k.office.ring.OpenString(sealed, "a"); err != nil || got != "x" || k.office.ring.Current() != 3 {
		t.Errorf("sealed before: %q, %v; key %d", got, err, k.office.ring.Current())
	}
	if seals, err := filepath.Glob(filepath.Join(data, "keys", "seal-*.pem")); err != nil || len(seals) != 2 {
		t.Errorf("former certificates of the seal: %v (%v)", seals, err)
	}
}
