package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/democity"
	"yichuang/internal/hall"
	"yichuang/internal/kit/log"
	"yichuang/internal/kit/pg/embedded"
	"yichuang/internal/land"
)

// cityCmd runs the whole demonstration city on this machine. Ports: hall, office, partner, simcity, ops, from the base on.
type cityCmd struct {
	Port  int         `help:"Base port; five are used from it on." default:"8080" env:"PORT"`
	Data  string      `help:"Folder of everything that is kept." default:"./var" env:"DATA" type:"path"`
	Seed  uint64      `help:"Which city is invented; kept from the first start on." default:"1" env:"SEED"`
	Speed float64     `help:"How much faster than life the simulated departments are." default:"360" env:"SPEED"`
	Ferry string      `help:"How the zones meet: loop (in memory) or dir (files, as through a gap)." default:"loop" enum:"loop,dir" env:"FERRY"`
	Gap   gapSettings `embed:""`
	Log   string      `help:"text or json." default:"text" enum:"text,json" env:"LOG_FORMAT"`
}

// Run brings the city up and serves until ctx ends.
func (c *cityCmd) Run(ctx context.Context) error {
	sites, err := c.listen()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o755); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	journal, err := os.OpenFile(filepath.Join(c.Data, "yichuang.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	defer journal.Close()
	logger := log.New(journal, c.Log)
	database, err := embedded.Start(ctx, embedded.Options{Data: filepath.Join(c.Data, "postgres"), Log: logger})
	if err != nil {
		return err
	}
	defer func() {
		bye, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		if err := database.Stop(bye); err != nil {
			fmt.Fprintln(os.Stderr, "yichuang:", err)
		}
	}()
	return c.serve(ctx, logger, database, sites)
}

// citySites are the listeners of the city.
type citySites struct {
	hall, office, partner, ops *site
	simPort                    int
}

// listen takes all ports first: a taken one is told before anything is started.
func (c *cityCmd) listen() (*citySites, error) {
	s := &citySites{simPort: c.Port + 3}
	for i, x := range []**site{&s.hall, &s.office, &s.partner, nil, &s.ops} {
		if x == nil {
			l, err := net.Listen("tcp", address(s.simPort))
			if err != nil {
				return nil, errPort{address(s.simPort), err}
			}
			l.Close()
			continue
		}
		var err error
		if *x, err = listen([]string{"hall", "office", "partner", "", "ops"}[i], address(c.Port+i)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func address(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

func (c *cityCmd) serve(ctx context.Context, logger *slog.Logger, database *embedded.Server, s *citySites) error {
	for _, name := range []string{"hall", "office"} {
		if err := database.EnsureDB(ctx, name); err != nil {
			return err
		}
	}
	g, err := newGround(c.Data, address(c.Port+4), logger, "hall", "office")
	if err != nil {
		return err
	}
	g.fast = true
	signers, err := openPartners(filepath.Join(c.Data, "keys"))
	if err != nil {
		return err
	}
	outside, err := startSimCity(ctx, s.simPort, filepath.Join(c.Data, "simcity"), c.Seed, c.Speed)
	if err != nil {
		return err
	}
	out, systems, city, err := c.meet(ctx, outside, signers, s)
	if err != nil {
		return err
	}
	officeZone, officePool, err := g.openOffice(ctx, database.URL("office"), s.hall.url(), false)
	if err != nil {
		return err
	}
	defer officePool.Close()
	hallZone, hallPool, err := g.openHall(ctx, database.URL("hall"), s.hall.url(), false, func(h *hall.Config) error { return setHall(ctx, h, out, city) })
	if err != nil {
		return err
	}
	defer hallPool.Close()
	if err := errors.Join(connectEndpoints(ctx, officeZone.Exchange, "office", "yichuang-office", signers.office, systems),
		connectEndpoints(ctx, hallZone.Exchange, "hall", "yichuang-hall", signers.hall, systems)); err != nil {
		return err
	}
	if err := officeZone.SeedDemo(ctx, city); err != nil {
		return err
	}
	if err := c.Gap.join(c.Ferry, hallZone.Door, officeZone.Door, c.Data, logger); err != nil {
		return err
	}
	s.hall.handler, s.office.handler = withPartner(hallZone.Pages(), hallZone.Partner()), officeZone.Pages()
	s.partner.handler = officeZone.Partner()
	s.ops.handler = opsHandler(g.metrics, map[string]*pgxpool.Pool{"hall": hallPool, "office": officePool})

	group, ctx := errgroup.WithContext(ctx)
	serve(ctx, group, s.hall, s.office, s.partner, s.ops)
	group.Go(func() error { return officeZone.Run(ctx) })
	group.Go(func() error { return hallZone.Run(ctx) })
	group.Go(func() error {
		select {
		case err := <-outside.done:
			if ctx.Err() == nil {
				return fmt.Errorf("simcity ended: %w", err)
			}
		case <-database.Done():
			return fmt.Errorf("PostgreSQL ended: %w", database.Err())
		case <-ctx.Done():
		}
		return nil
	})
	if err := c.announce(s, outside.url, city); err != nil {
		return err
	}
	releaseMemory()
	return group.Wait()
}

// meet introduces platform and simulated systems to each other: keys both ways.
func (c *cityCmd) meet(ctx context.Context, outside *simCity, signers partners, s *citySites) (*handedOut, []system, *democity.City, error) {
	var built struct {
		Seed  uint64    `json:"seed"`
		Today land.Date `json:"today"`
	}
	var out handedOut
	var peers struct {
		Systems []system `json:"systems"`
	}
	office := map[string]any{"zone": "office", "app": "yichuang-office", "url": s.partner.url(), "publicKey": string(signers.office.Public().PEM())}
	public := map[string]any{"zone": "hall", "app": "yichuang-hall", "url": s.hall.url() + "/x", "publicKey": string(signers.hall.Public().PEM()), "site": s.hall.url()}
	err := errors.Join(outside.get(ctx, "/control/city", &built), outside.get(ctx, "/keys.json", &out), outside.post(ctx, "/control/peer", office),
		outside.post(ctx, "/control/peer", public), outside.get(ctx, "/control/peer", &peers))
	if err != nil {
		return nil, nil, nil, err
	}
	return &out, peers.Systems, democity.Build(built.Seed, built.Today), nil
}

// withPartner serves calls of other systems below /x/ of the hall's listener.
func withPartner(pages, partner http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/x/", http.StripPrefix("/x", partner))
	mux.Handle("/", pages)
	return mux
}
