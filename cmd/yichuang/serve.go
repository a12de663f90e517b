package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/ferry"
	"yichuang/internal/hall"
	"yichuang/internal/hall/account"
	"yichuang/internal/hall/application"
	"yichuang/internal/hall/appointment"
	"yichuang/internal/hall/parcel"
	"yichuang/internal/kit/log"
	"yichuang/internal/office"
)

// serveCmd serves one zone, or both, of a real installation. Any number of such processes may share a database.
type serveCmd struct {
	Zone          []string       `help:"Zones that this process serves: hall, office." default:"hall,office" enum:"hall,office" env:"ZONE"`
	Data          string         `help:"Folder of keys and stored files." default:"./var" env:"DATA" type:"path"`
	HallDB        string         `name:"hall-db" help:"Address of the hall's database, postgres://…" env:"HALL_DB"`
	OfficeDB      string         `name:"office-db" help:"Address of the office's database, postgres://…" env:"OFFICE_DB"`
	HallListen    string         `help:"Where the hall listens." default:"127.0.0.1:8080" env:"HALL_LISTEN"`
	OfficeListen  string         `help:"Where the office's people are served." default:"127.0.0.1:8081" env:"OFFICE_LISTEN"`
	PartnerListen string         `help:"Where the departments' systems are served." default:"127.0.0.1:8082" env:"PARTNER_LISTEN"`
	PartnerCert   string         `name:"partner-cert" help:"TLS certificate (PEM) that counterparts are shown, calling or called. Empty: their listener is plain, behind a tunnel or a balancer." env:"PARTNER_CERT"`
	PartnerKey    string         `name:"partner-key" help:"Its private key (PEM)." env:"PARTNER_KEY"`
	PartnerCA     string         `name:"partner-ca" help:"Authorities (PEM) of the counterparts' certificates, besides those of the machine." env:"PARTNER_CA"`
	FerryListen   string         `help:"Where the other zone's ferry arrives, when it is another process." default:"127.0.0.1:8085" env:"FERRY_LISTEN"`
	OpsListen     string         `help:"Where health and metrics are served." default:"127.0.0.1:8084" env:"OPS_LISTEN"`
	HallURL       string         `name:"hall-url" help:"The hall's address as the public reaches it: in SMS, QR codes, and the way back from sign-in." env:"HALL_URL"`
	Ferry         string         `help:"How the zones meet: loop (one process), https (two), dir (files through a gap). Empty: loop or https, as the zones ask for." enum:",loop,https,dir" default:"" env:"FERRY"`
	Gap           gapSettings    `embed:""`
	PeerURL       string         `name:"peer-url" help:"Ferry address of the other zone, when this process serves one zone." env:"PEER_URL"`
	Proxies       []netip.Prefix `name:"trusted-proxies" help:"Networks of the balancers in front, as 10.1.2.0/24,…: X-Forwarded-For is believed from these and from nobody else." env:"TRUSTED_PROXIES"`
	Outside       string         `help:"JSON file with the accounts at identity provider and payment channels, and banks and halls (docs/operations.md)." env:"OUTSIDE" type:"existingfile"`
	Log           string         `help:"text or json." default:"json" enum:"text,json" env:"LOG_FORMAT"`
}

// Validate checks what kong cannot.
func (c *serveCmd) Validate() error {
	var errs []error
	if c.has("hall") && (c.HallDB == "" || c.HallURL == "" || c.Outside == "") {
		errs = append(errs, errors.New("the hall needs --hall-db, --hall-url and --outside"))
	}
	if c.has("office") && (c.OfficeDB == "" || c.HallURL == "") {
		errs = append(errs, errors.New("the office needs --office-db and --hall-url"))
	}
	errs = append(errs, checkWay(c.Ferry, c.has("hall") != c.has("office"), c.PeerURL))
	if (c.PartnerCert == "") != (c.PartnerKey == "") {
		errs = append(errs, errors.New("--partner-cert and --partner-key belong together"))
	}
	return errors.Join(errs...)
}

func (c *serveCmd) has(zone string) bool {
	for _, z := range c.Zone {
		if z == zone {
			return true
		}
	}
	return false
}

// outsideFile is what --outside holds.
type outsideFile struct {
	handedOut
	Banks   []application.Bank   `json:"banks"`
	Lenders []application.Lender `json:"lenders"`
	Halls   []appointment.Hall   `json:"halls"`
	From    parcel.Sender        `json:"sender"`
}

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context) error {
	g, err := newGround(c.Data, c.OpsListen, log.New(os.Stderr, c.Log), c.Zone...)
	if err != nil {
		return err
	}
	g.proxies = c.Proxies
	if g.partner, err = partnerTLS(c.PartnerCert, c.PartnerKey, c.PartnerCA); err != nil {
		return err
	}
	var sites []*site
	add := func(name, address string, h http.Handler) error {
		s, err := listen(name, address)
		if err != nil {
			return err
		}
		s.handler = h
		sites = append(sites, s)
		return nil
	}
	var h *hall.Zone
	var o *office.Zone
	pools := map[string]*pgxpool.Pool{}
	if c.has("office") {
		zone, pool, err := g.openOffice(ctx, c.OfficeDB, c.HallURL, true)
		if err != nil {
			return err
		}
		defer pool.Close()
		o, pools["office"] = zone, pool
		if err := errors.Join(add("office", c.OfficeListen, zone.Pages()), add("partner", c.PartnerListen, zone.Partner())); err != nil {
			return err
		}
		sites[len(sites)-1].tls = listenerTLS(g.partner)
	}
	if c.has("hall") {
		zone, pool, err := g.openHall(ctx, c.HallDB, c.HallURL, true, func(h *hall.Config) error { return c.setHall(ctx, h) })
		if err != nil {
			return err
		}
		defer pool.Close()
		h, pools["hall"] = zone, pool
		if err := add("hall", c.HallListen, withPartner(zone.Pages(), zone.Partner())); err != nil {
			return err
		}
	}
	if err := c.connect(h, o, g.log, add); err != nil {
		return err
	}
	if err := add("ops", c.OpsListen, opsHandler(g.metrics, pools)); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	serve(ctx, group, sites...)
	if h != nil {
		group.Go(func() error { return h.Run(ctx) })
	}
	if o != nil {
		group.Go(func() error { return o.Run(ctx) })
	}
	g.log.Info("serving", "zones", c.Zone)
	return group.Wait()
}

// connect lays the ferry: within the process, over the network to the other zone, or by files.
func (c *serveCmd) connect(h *hall.Zone, o *office.Zone, log *slog.Logger, add func(string, string, http.Handler) error) error {
	if h != nil && o != nil {
		return c.Gap.join(c.Ferry, h.Door, o.Door, c.Data, log)
	}
	var door *ferry.Door
	zone := "hall"
	if h != nil {
		door = h.Door
	} else {
		zone, door = "office", o.Door
	}
	if c.Ferry == "dir" {
		return c.Gap.byFiles(door, zone, c.Data, log)
	}
	return add("ferry", c.FerryListen, byNetwork(door, c.PeerURL))
}

func (c *serveCmd) setHall(ctx context.Context, h *hall.Config) error {
	raw, err := os.ReadFile(c.Outside)
	if err != nil {
		return fmt.Errorf("--outside: %w", err)
	}
	var f outsideFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("--outside %s: %w", c.Outside, err)
	}
	h.Provider = account.ProviderConfig{Issuer: f.IDP.Issuer, ClientID: f.IDP.ClientID, Secret: f.IDP.ClientSecret, Redirect: c.HallURL + "/login/callback", MinLevel: 2}
	if h.Channels, err = f.channels(ctx); err != nil {
		return err
	}
	h.Banks, h.Lenders, h.Halls, h.From = f.Banks, f.Lenders, f.Halls, f.From
	return nil
}
