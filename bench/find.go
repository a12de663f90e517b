package main

import (
	"context"
	"path/filepath"

	"yichuang/internal/democity"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office"
	"yichuang/internal/office/register"
)

// measureFind asks the book exactly: certificate number, owner's name and document number together.
func measureFind(ctx context.Context, b *bench) error {
	const n, some = 4000, 8
	pool, err := b.database(ctx, "find")
	if err != nil {
		return err
	}
	if err := office.Migrate(ctx, pool); err != nil {
		return err
	}
	keys, err := sm.LoadOrCreateKeyring(filepath.Join(b.dir, "find.keys"))
	if err != nil {
		return err
	}
	city := democity.Build(1, land.DateOf(b.clock.Now()))
	book := register.New(keys, b.clock)
	if _, err := book.Seed(ctx, pool, city); err != nil {
		return err
	}
	if _, err := pool.Exec(ctx, `ANALYZE`); err != nil {
		return err
	}
	var titles []democity.Title
	for _, t := range city.Titles {
		if t.Present() && t.Holders[0].Cert != "" {
			titles = append(titles, t)
		}
	}
	find := func(ctx context.Context, i int) error {
		h := titles[i%len(titles)].Holders[0]
		_, err := book.Find(ctx, pool, h.Cert, h.Name, h.Document.Number)
		return err
	}
	if _, err := b.atOnce(ctx, 20*some, some, find); err != nil { // connections and statements
		return err
	}
	var all durations
	if _, err := b.atOnce(ctx, n, some, func(ctx context.Context, i int) error {
		begin := b.clock.Now()
		err := find(ctx, i)
		all.add(b.clock.Now().Sub(begin))
		return err
	}); err != nil {
		return err
	}
	of := "exact query with the whole page of the unit, " + at(some) + ", among 2,000 units"
	if err := b.report(line{Name: "register.find.p50", Value: all.percentile(50), Unit: "ms", Better: lower, Of: of, N: n}); err != nil {
		return err
	}
	return b.report(line{Name: "register.find.p99", Value: all.percentile(99), Unit: "ms", Better: lower, Of: of, N: n})
}
