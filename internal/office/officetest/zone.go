package officetest

import (
	"io/fs"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	catalogdata "yichuang/catalog"
	"yichuang/internal/office"
)

// Zone is the whole office as the program puts it together, pages and all, on the database of this one. Its queue and its
// ferry do not run.
func (o *Office) Zone() *office.Zone {
	o.T.Helper()
	f, err := fixtures()
	o.must(err)
	flows, err := fs.Sub(catalogdata.FS, "flows")
	o.must(err)
	z, err := office.New(o.T.Context(), office.Config{Pool: o.Pool, Clock: o.Clock, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		Keys: f.keys, Signer: f.office, Blobs: o.Blobs, Fonts: f.fonts, Seal: f.seal, Catalog: f.catalog, Flows: flows, Shared: f.keys,
		HallKey: f.hall.Public(), Verify: "https://hall.test", Prefix: "TZ"})
	o.must(err)
	return z
}
