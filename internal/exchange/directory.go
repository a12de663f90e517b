package exchange

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
)

// maxAge is how old the directory's knowledge may be before it looks whether the configuration has changed.
const maxAge = time.Second

// station is an endpoint at work in this process: opened keys, dialect, and its gate.
type station struct {
	Endpoint
	dialect dialect.Dialect
	line    dialect.Line
	gate    *gate
}

// directory knows the stations. It re-reads them when the version of the configuration has moved, so that a change in one process
// is seen by all within maxAge, without a restart and without a connection kept for listening.
type directory struct {
	x       *Exchange
	mu      sync.Mutex
	checked time.Time // by the machine's clock, when the version was last compared
	version int64
	all     []*station
}

func newDirectory(x *Exchange) *directory { return &directory{x: x} }

// expire makes the next look-up compare versions.
func (d *directory) expire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.checked = time.Time{}
}

// stations gives the present stations.
func (d *directory) stations(ctx context.Context) ([]*station, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.x.machine.Now()
	if now.Sub(d.checked) < maxAge {
		return d.all, nil
	}
	version, err := configVersion(ctx, d.x.pool)
	if err != nil {
		return nil, err
	}
	if version != d.version {
		if err := d.reload(ctx); err != nil {
			return nil, err
		}
	}
	d.checked = now
	return d.all, nil
}

func (d *directory) reload(ctx context.Context) error {
	version, rows, err := loadEndpoints(ctx, d.x.pool)
	if err != nil {
		return err
	}
	old := map[uuid.UUID]*station{}
	for _, s := range d.all {
		old[s.ID] = s
	}
	all := make([]*station, 0, len(rows))
	for _, r := range rows {
		if s := old[r.ID]; s != nil && s.Version == r.Version {
			all = append(all, s) // unchanged: its gate goes on
			continue
		}
		s, err := d.station(r)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	d.version, d.all = version, all
	return nil
}

func (d *directory) station(r row) (*station, error) {
	line, err := d.x.line(r)
	if err != nil {
		return nil, err
	}
	known := d.x.dialects[r.Dialect]
	if known == nil {
		return nil, fmt.Errorf("endpoint %s: unknown dialect %q", r.Name, r.Dialect)
	}
	return &station{Endpoint: r.Endpoint, dialect: known, line: line, gate: newGate(d.x, r.Endpoint)}, nil
}

// route finds the station of a counterpart for a route: the most specific one.
func (d *directory) route(ctx context.Context, counterpart string, r Route) (*station, error) {
	all, err := d.stations(ctx)
	if err != nil {
		return nil, err
	}
	var best *station
	rank := -1
	for _, s := range all {
		if s.Counterpart != counterpart || s.District != "" && s.District != r.District || s.Item != "" && s.Item != r.Item || s.Party != "" && s.Party != r.Party {
			continue
		}
		fit := 0
		if s.Party != "" {
			fit += 4
		}
		if s.District != "" {
			fit += 2
		}
		if s.Item != "" {
			fit++
		}
		if fit > rank {
			best, rank = s, fit
		}
	}
	if best == nil {
		return nil, fmt.Errorf("%s for party %q, district %q, item %q: %w", counterpart, r.Party, r.District, r.Item, ErrNoEndpoint)
	}
	return best, nil
}

// byID finds a station, or returns ErrNotFound.
func (d *directory) byID(ctx context.Context, id uuid.UUID) (*station, error) {
	all, err := d.stations(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.ID == id {
			return s, nil
		}
	}
	return nil, ErrNotFound
}

// peer finds the stations that the application signs for: one system may serve several districts.
func (d *directory) peer(ctx context.Context, app string) ([]*station, error) {
	all, err := d.stations(ctx)
	if err != nil {
		return nil, err
	}
	var of []*station
	for _, s := range all {
		if s.PeerApp == app && s.line.Peer != nil {
			of = append(of, s)
		}
	}
	if len(of) == 0 {
		return nil, spec.NewFault(spec.CodeUnknownApp, "")
	}
	return of, nil
}
