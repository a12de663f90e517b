package register_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

func TestSeedLoadsTheCityOnce(t *testing.T) {
	pool := pgtest.New(t, schema)
	r := register.New(sm.NewTestKeyring(t), clock.NewFake(today))
	city := democity.Build(3, "2026-11-24")
	start := time.Now()
	loaded, err := r.Seed(t.Context(), pool, city)
	if err != nil || !loaded {
		t.Fatalf("seed: %v, %v", loaded, err)
	}
	t.Logf("%d units in %v", len(city.Units), time.Since(start))
	if loaded, err = r.Seed(t.Context(), pool, city); err != nil || loaded {
		t.Errorf("second seed: %v, %v", loaded, err)
	}
	for _, q := range []struct {
		of   string
		want int
	}{
		{"register.unit", len(city.Units)}, {"register.title", len(city.Titles)}, {"register.mortgage", len(city.Mortgages)},
		{"register.seizure", len(city.Seizures)}, {"register.advance", len(city.Advances)}, {"register.objection", len(city.Objections)},
		{"register.title WHERE state = '1'", len(city.Units)},
	} {
		var n int
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM "+q.of).Scan(&n); err != nil || n != q.want {
			t.Errorf("%s: %d rows, want %d (%v)", q.of, n, q.want, err)
		}
	}
}

func TestPageSaysWhatTheCityKnows(t *testing.T) {
	b := newBook(t)
	for i := range b.city.Titles {
		want := &b.city.Titles[i]
		if !want.Present() || i%37 != 0 {
			continue
		}
		p := b.page(want.Unit)
		u, _ := b.city.Unit(want.Unit)
		if p.Unit.Address != u.Address || p.Unit.Area != u.Area || p.Unit.House != u.House || p.Building == nil || p.Parcel.Code != u.Parcel {
			t.Errorf("%s: unit %+v", want.Unit, p.Unit)
		}
		if land.DateOf(p.Title.EnteredAt) != want.On || p.Title.CoOwn != want.CoOwn || p.Title.Price != want.Price || len(p.Title.Holders) != len(want.Holders) {
			t.Errorf("%s: title %+v, want %+v", want.Unit, p.Title, want)
			continue
		}
		for j, h := range want.Holders {
			got := p.Title.Holders[j]
			if got.Name != h.Name || got.Document != h.Document || got.Share != h.Share || got.Certificate != h.Cert || got.Phone != h.Phone {
				t.Errorf("%s: holder %+v, want %+v", want.Unit, got, h)
			}
		}
	}
}

// Nothing personal may stand in the tables in clear.
func TestNamesAreSealed(t *testing.T) {
	b := newBook(t)
	k := b.city.Contracts[0]
	for _, table := range []string{"party", "holder", "mortgage", "seizure", "entry", "title"} {
		var text string
		if err := b.pool.QueryRow(t.Context(), "SELECT coalesce(string_agg(x::text, ' '), '') FROM register."+table+" x").Scan(&text); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{k.Sellers[0].Name, k.Sellers[0].Document.Number, k.Sellers[0].Phone} {
			if strings.Contains(text, secret) {
				t.Errorf("register.%s shows %q", table, secret)
			}
		}
	}
}

func TestFindIsExact(t *testing.T) {
	b := newBook(t)
	e := b.example(democity.StateCoOwned)
	other := b.example(democity.StateFree)
	joint, _ := b.city.Title(e.Unit)
	spouse := joint.Holders[1]
	old := b.pastHolder()
	for _, c := range []struct {
		what, name, document string
		cert                 land.CertNumber
		found                bool
	}{
		{"the owner", e.Owner, e.IDNo, e.Certificate, true},
		{"the owner in common", spouse.Name, spouse.Document.Number, spouse.Cert, true},
		{"another certificate", e.Owner, e.IDNo, other.Certificate, false},
		{"no such certificate", e.Owner, e.IDNo, "苏(2026)泰州市不动产权第9999999号", false},
		{"another name", other.Owner, e.IDNo, e.Certificate, false},
		{"part of the name", string([]rune(e.Owner)[:1]), e.IDNo, e.Certificate, false},
		{"another document", e.Owner, other.IDNo, e.Certificate, false},
		{"the spouse's document", e.Owner, spouse.Document.Number, e.Certificate, false},
		{"nothing at all", "", "", "", false},
		{"a wildcard", "%", "%", e.Certificate, false},
		{"a past owner", old.Name, old.Document.Number, old.Cert, false},
	} {
		p, err := b.Find(t.Context(), b.pool, c.cert, c.name, c.document)
		switch {
		case c.found && (err != nil || p.Unit.Code != e.Unit):
			t.Errorf("%s: %v", c.what, err)
		case !c.found && (!errors.Is(err, register.ErrNoMatch) || p != nil):
			t.Errorf("%s: found %v, error %v", c.what, p, err)
		case !c.found && err.Error() != register.ErrNoMatch.Error():
			t.Errorf("%s: the answer tells the cause: %v", c.what, err)
		}
	}
}

// pastHolder held a home that another has now.
func (b *book) pastHolder() democity.Holder {
	for _, tt := range b.city.Titles {
		if !tt.Present() && tt.Cert() != "" {
			return tt.Holders[0]
		}
	}
	b.t.Fatal("nobody ever sold a home")
	return democity.Holder{}
}

func TestFindUsesItsIndex(t *testing.T) {
	b := newBook(t)
	rows, err := b.pool.Query(t.Context(), `EXPLAIN SELECT t.unit FROM register.holder h JOIN register.title t ON t.id = h.title
		WHERE h.match_index = $1 AND t.state = '1'`, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if !strings.Contains(plan.String(), "holder_match") || strings.Contains(plan.String(), "Seq Scan") {
		t.Errorf("plan:\n%s", plan.String())
	}
}

func TestHousesCount(t *testing.T) {
	b := newBook(t)
	for i, k := range b.city.Contracts[:20] {
		for _, side := range [][]democity.Holder{k.Sellers, k.Buyers} {
			p, _ := b.city.Person(land.IDNumber(side[0].Document.Number))
			h, _ := b.city.Household(p.Household)
			var docs []land.Document
			var ids []land.IDNumber
			for _, m := range h.Members {
				docs = append(docs, land.Document{Kind: land.DocIDCard, Number: string(m.ID)})
				ids = append(ids, m.ID)
			}
			want := 0
			for _, code := range b.city.UnitsOf(k.District, ids...) {
				if u, _ := b.city.Unit(code); u.Use.Home() {
					want++
				}
			}
			if got, err := b.HousesCount(t.Context(), b.pool, docs, k.District); err != nil || got != want {
				t.Errorf("contract %d: %d homes, want %d (%v)", i, got, want, err)
			}
		}
	}
	a := b.city.Advances[0]
	if n, err := b.HousesCount(t.Context(), b.pool, []land.Document{a.Holder.Document}, ""); err != nil || n != 1 {
		t.Errorf("a purchase noted in advance counts as %d homes (%v)", n, err)
	}
	if n, err := b.HousesCount(t.Context(), b.pool, nil, ""); err != nil || n != 0 {
		t.Errorf("nobody has %d homes (%v)", n, err)
	}
}

func BenchmarkFind(b *testing.B) {
	bk := newBook(b)
	e := bk.example(democity.StateFree)
	for b.Loop() {
		if _, err := bk.Find(b.Context(), bk.pool, e.Certificate, e.Owner, e.IDNo); err != nil {
			b.Fatal(err)
		}
	}
}
