// Package sim is simcity: every system outside the platform, simulated over the protocols that the real ones speak, in one
// process on one listener.
//
// This package puts the systems (a folder each) on a board and a listener, and gives an operator the control API
// and the pages of docs/simcity.md. In come HTTP requests of the platform, of people's browsers and of the operator; out go answers, and
// later the results and notices that real systems would send by themselves.
package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"

	"yichuang/internal/democity"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/sim/bank"
	"yichuang/internal/sim/bigdata"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/channel"
	"yichuang/internal/sim/court"
	"yichuang/internal/sim/ems"
	"yichuang/internal/sim/housing"
	"yichuang/internal/sim/idp"
	"yichuang/internal/sim/pay"
	"yichuang/internal/sim/pay/alipay"
	"yichuang/internal/sim/pay/unionpay"
	"yichuang/internal/sim/pay/wechat"
	"yichuang/internal/sim/portal"
	"yichuang/internal/sim/registry"
	"yichuang/internal/sim/tax"
	"yichuang/internal/sim/utility"
	"yichuang/internal/sim/wire"
)

// Options are the settings of a simcity.
type Options struct {
	Dir     string    // folder of all state and keys
	Base    string    // address of the listener
	Files   string    // address of the listener for SFTP, host and port; empty: none, folders are shown as they lie on the disk
	Seed    uint64    // of the invented city; what an earlier run was founded with wins
	Today   land.Date // day the city is built on; likewise
	Speed   float64   // how much faster than life
	Partner string    // office's partner listener, for a peer that names no address
	Hall    string    // hall's address: sign-ins may return below it
	Clock   clock.Clock
	Log     *slog.Logger
}

// Founding is what a city was built from. It is kept, because the platform's own register was built from the same.
type Founding struct {
	Seed  uint64    `json:"seed"`
	Today land.Date `json:"today"`
}

// Simcity is the whole outside world.
type Simcity struct {
	board    *board.Board
	options  Options
	founding Founding
	sites    *board.Table[string] // hall addresses by zone
	city     *democity.City

	hub        *wire.Hub
	idp        *idp.Provider
	channels   []gateway
	registries *registry.Registries
	housing    *housing.Bureaus
	tax        *tax.Bureau
	bigdata    *bigdata.Platform
	courts     *court.Courts
	banks      *bank.Banks
	utilities  *utility.Utilities
	portal     *portal.Portal
	reach      *channel.Channels
	ems        *ems.EMS
	generator  *generator
	onSale     map[land.UnitCode]bool // units of the city's contracts
}

// gateway is a payment channel.
type gateway interface {
	pay.Channel
	Desk() *pay.Desk
	Keys() map[string]string
	Handler() http.Handler
}

// Open founds a city in the folder, or goes on with the one that is there.
func Open(o Options) (*Simcity, error) {
	b, err := board.New(board.Options{Dir: o.Dir, Base: o.Base, Speed: o.Speed, Seed: o.Seed, Clock: o.Clock, Log: o.Log})
	if err != nil {
		return nil, err
	}
	s := &Simcity{board: b, options: o}
	if err := s.found(); err != nil {
		return nil, err
	}
	s.city = democity.Build(s.founding.Seed, s.founding.Today)
	if err := s.openInternet(s.city); err != nil {
		return nil, err
	}
	if err := s.openDepartments(s.city); err != nil {
		return nil, err
	}
	s.onSale = map[land.UnitCode]bool{}
	for _, k := range s.city.Contracts {
		s.onSale[k.Unit] = true
	}
	s.generator, err = newGenerator(b, s.founding.Seed, s.arrive)
	return s, err
}

func (s *Simcity) found() error {
	foundings, err := board.OpenTable[Founding](s.board, "founding")
	if err != nil {
		return err
	}
	if s.options.Today == "" {
		s.options.Today = land.DateOf(s.board.Now())
	}
	if s.founding, _, err = foundings.Add("city", Founding{s.options.Seed, s.options.Today}); err != nil {
		return err
	}
	if s.founding.Seed != s.options.Seed {
		s.board.Log.Warn("the folder holds a city of another seed, and keeps it", "seed", s.founding.Seed, "asked", s.options.Seed)
	}
	s.sites, err = board.OpenTable[string](s.board, "sites")
	return err
}

// openInternet opens what the hall meets: identity provider and payment channels.
func (s *Simcity) openInternet(city *democity.City) error {
	v, err := pay.OpenVault(s.board)
	if err != nil {
		return err
	}
	secret, err := v.Secret("idp-client")
	if err != nil {
		return err
	}
	site, _ := s.sites.Get(wire.Hall)
	if s.idp, err = idp.New(s.board, secret, accounts(city), s.options.Hall, site); err != nil {
		return err
	}
	for _, open := range []func() (gateway, error){
		func() (gateway, error) { return wechat.New(s.board, v) },
		func() (gateway, error) { return alipay.New(s.board, v) },
		func() (gateway, error) { return unionpay.New(s.board, v) },
	} {
		g, err := open()
		if err != nil {
			return err
		}
		g.Desk().Settle = s.settle
		s.channels = append(s.channels, g)
	}
	return nil
}

// settle brings a down payment that was paid by a channel to the trust account of its case. The merchant's subject names both.
func (s *Simcity) settle(o pay.Order) error {
	if !strings.Contains(o.Subject, "托管") {
		return nil
	}
	for _, word := range strings.Fields(o.Subject) {
		if err := s.banks.Settle(word, int64(o.Amount), o.Reference); !errors.Is(err, bank.ErrNoAccount) {
			return err
		}
	}
	return nil
}

// accounts are the citizens as the identity provider knows them, all recognised by their faces.
func accounts(city *democity.City) []idp.Account {
	out := make([]idp.Account, 0, len(city.Citizens))
	for _, c := range city.Citizens {
		out = append(out, idp.Account{Login: c.Login, Password: c.Password, Name: c.Name, IDNumber: string(c.Person),
			DocKind: string(land.DocIDCard), Phone: c.Login, Level: 3})
	}
	return out
}

// openDepartments opens all that speaks the published interface.
func (s *Simcity) openDepartments(city *democity.City) error {
	var err error
	if s.hub, err = wire.Open(s.board, s.options.Files); err != nil {
		return err
	}
	for _, open := range []func() error{
		func() error { s.registries, err = registry.New(s.hub, city); return err },
		func() error { s.housing, err = housing.New(s.hub, city); return err },
		func() error { s.tax, err = tax.New(s.hub); return err },
		func() error { s.bigdata, err = bigdata.New(s.hub, city); return err },
		func() error { s.courts, err = court.New(s.hub, city); return err },
		func() error { s.banks, err = bank.New(s.hub, city); return err },
		func() error { s.utilities, err = utility.New(s.hub, city); return err },
		func() error { s.portal, err = portal.New(s.hub); return err },
		func() error { s.reach, err = channel.New(s.hub, city); return err },
		func() error { s.ems, err = ems.New(s.hub); return err },
	} {
		if err := open(); err != nil {
			return err
		}
	}
	return nil
}

// Run sends what is due until ctx ends.
func (s *Simcity) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { s.WatchFolders(ctx) })
	all.Go(func() { s.generator.run(ctx) })
	s.board.Run(ctx)
}

// WatchFolders lets systems look for files until ctx ends. Run does it, too.
func (s *Simcity) WatchFolders(ctx context.Context) { s.hub.WatchFolders(ctx) }

// ServeFiles serves the systems' folders over SFTP until ctx ends.
func (s *Simcity) ServeFiles(ctx context.Context, l net.Listener) error {
	return s.hub.ServeFiles(ctx, l)
}

// Tick sends what is due now; for a clock that a test turns.
func (s *Simcity) Tick(ctx context.Context) int { return s.board.Courier.Tick(ctx) }

// Handler serves everything.
func (s *Simcity) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /board.css", board.Stylesheet())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("/idp/", http.StripPrefix("/idp", s.idp.Handler()))
	for _, g := range s.channels {
		mux.Handle("/"+g.Name()+"/", http.StripPrefix("/"+g.Name(), g.Handler()))
	}
	operator := http.NewServeMux()
	s.control(operator)
	s.pages(operator)
	people := operatorOnly(operator)
	for _, d := range s.hub.Systems() {
		mux.Handle("/"+d.Name+"/", d)
		mux.Handle("GET /"+d.Name+"/{$}", people)
		mux.Handle("POST /"+d.Name+"/do/{action}", people)
	}
	mux.Handle("/", people)
	return mux
}

// Keys is what merchants and clients are handed when they sign up, by system.
func (s *Simcity) Keys() map[string]map[string]string {
	out := map[string]map[string]string{"idp": s.idp.Keys()}
	for _, g := range s.channels {
		out[g.Name()] = g.Keys()
	}
	return out
}
