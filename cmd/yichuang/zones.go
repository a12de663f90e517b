package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	catalogdata "yichuang/catalog"
	"yichuang/internal/catalog"
	"yichuang/internal/hall"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/doc"
	"yichuang/internal/kit/doc/esign"
	"yichuang/internal/kit/pg"
	"yichuang/internal/office"
)

// ground is what both zones stand on in this process.
type ground struct {
	data    string
	keys    *keys
	log     *slog.Logger
	metrics *prometheus.Registry
	catalog *catalog.Catalog
	proxies []netip.Prefix
	partner *tls.Config // our certificate, and whom we believe, on lines to counterparts; nil: the machine's authorities alone
	process string      // its name among those that share a database: host and address of operations
	fast    bool        // the queue looks for work all the time
}

// newGround opens what the zones of a process have in common; ops is the address that this process alone has on its host.
func newGround(data, ops string, log *slog.Logger, zones ...string) (*ground, error) {
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name of this host: %w", err)
	}
	g := &ground{data: data, log: log, metrics: newRegistry(), process: host + "/" + ops}
	if g.keys, err = openKeys(filepath.Join(data, "keys"), zones...); err != nil {
		return nil, err
	}
	if g.catalog, err = catalog.Load(catalogdata.FS); err != nil {
		return nil, err
	}
	return g, nil
}

// files opens the file store of a zone.
func (g *ground) files(ctx context.Context, zone string) (*blob.Store, error) {
	ring := g.keys.hall.ring
	if zone == "office" {
		ring = g.keys.office.ring
	}
	return blob.Open(ctx, filepath.Join(g.data, zone+"-files"), ring)
}

// openOffice migrates the office's database and makes the zone.
func (g *ground) openOffice(ctx context.Context, db, hallURL string, secure bool) (*office.Zone, *pgxpool.Pool, error) {
	pool, err := pg.Open(ctx, db)
	if err != nil {
		return nil, nil, fmt.Errorf("office database: %w", err)
	}
	if err := office.Migrate(ctx, pool); err != nil {
		return nil, pool, err
	}
	files, err := g.files(ctx, "office")
	if err != nil {
		return nil, pool, err
	}
	fonts, err := doc.OpenFonts()
	if err != nil {
		return nil, pool, err
	}
	clk := clock.System()
	seal, err := esign.LoadOrCreate(filepath.Join(g.data, "keys", sealFile), g.keys.office.signer, "泰州市不动产登记中心", clk.Now())
	if err != nil {
		return nil, pool, err
	}
	flows, err := fs.Sub(catalogdata.FS, "flows")
	if err != nil {
		return nil, pool, err
	}
	zone, err := office.New(ctx, office.Config{Pool: pool, Clock: clk, Log: g.log, Metrics: prometheus.WrapRegistererWith(prometheus.Labels{"zone": "office"}, g.metrics),
		Keys: g.keys.office.ring, Signer: g.keys.office.signer, Former: g.keys.office.former, Blobs: files, Fonts: fonts, Seal: seal, Catalog: g.catalog, Flows: flows, Shared: g.keys.ferry,
		HallKey: g.keys.hall.public, HallKeys: g.keys.peerKeys("hall"), Verify: hallURL, Secure: secure, Proxies: g.proxies, TLS: g.partner, Prefix: "TZ", Process: g.process, PollFast: g.fast})
	return zone, pool, err
}

// openHall migrates the hall's database and makes the zone; set completes what depends on the installation.
func (g *ground) openHall(ctx context.Context, db, url string, secure bool, set func(*hall.Config) error) (*hall.Zone, *pgxpool.Pool, error) {
	pool, err := pg.Open(ctx, db)
	if err != nil {
		return nil, nil, fmt.Errorf("hall database: %w", err)
	}
	if err := hall.Migrate(ctx, pool); err != nil {
		return nil, pool, err
	}
	files, err := g.files(ctx, "hall")
	if err != nil {
		return nil, pool, err
	}
	c := hall.Config{Pool: pool, Clock: clock.System(), Log: g.log, Metrics: prometheus.WrapRegistererWith(prometheus.Labels{"zone": "hall"}, g.metrics),
		Keys: g.keys.hall.ring, Signer: g.keys.hall.signer, Blobs: files, Catalog: g.catalog, Shared: g.keys.ferry, OfficeKey: g.keys.office.public, OfficeKeys: g.keys.peerKeys("office"),
		URL: url, Secure: secure, Proxies: g.proxies, TLS: g.partner, Process: g.process, PollFast: g.fast}
	if err := set(&c); err != nil {
		return nil, pool, err
	}
	zone, err := hall.New(ctx, c)
	return zone, pool, err
}
