package sim

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"

	"github.com/google/uuid"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/bank"
	"yichuang/internal/sim/bigdata"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/channel"
	"yichuang/internal/sim/court"
	"yichuang/internal/sim/pay"
	"yichuang/internal/sim/registry"
	"yichuang/internal/sim/wire"
)

// operatorOnly keeps the control API, the keys and the board's forms to this machine, and to pages of our own.
func operatorOnly(next http.Handler) http.Handler {
	inner := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		if addr, err := netip.ParseAddr(host); err != nil || !addr.IsLoopback() {
			board.Refuse(w, http.StatusForbidden, "not-here", errors.New("the control API answers on loopback only"))
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// control adds the control API of docs/simcity.md.
func (s *Simcity) control(mux *http.ServeMux) {
	list := func(pattern string, f func(*http.Request) any) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) { board.Reply(w, http.StatusOK, f(r)) })
	}
	list("/keys.json", func(*http.Request) any { return s.Keys() })
	list("/control/city", func(*http.Request) any {
		return map[string]any{"seed": s.founding.Seed, "today": s.founding.Today, "speed": s.options.Speed, "base": s.board.Base}
	})
	list("/control/peer", func(*http.Request) any { return s.directory() })
	list("/control/faults", func(*http.Request) any { return s.board.Faults.List() })
	list("/control/scenarios", s.stages)
	list("/control/rush", func(*http.Request) any { return s.generator.state() })
	list("/control/decisions", func(*http.Request) any { return s.board.Faults.Decisions() })
	list("/control/messages", func(r *http.Request) any { return s.reach.Messages(r.FormValue("phone")) })
	list("/control/pushes", func(*http.Request) any { return s.reach.Pushes() })
	list("/control/pay", s.orders)
	list("/control/works", func(r *http.Request) any { return s.hub.Works(r.FormValue("system")) })
	list("/control/traffic", func(r *http.Request) any { return s.hub.Traffic(r.FormValue("system")) })
	list("/control/pending", func(*http.Request) any { return s.board.Courier.Pending() })
	list("/control/parcels", func(*http.Request) any { return s.ems.Parcels() })
	list("/control/reports", func(*http.Request) any { return s.portal.Reports() })
	list("/control/accounts", func(r *http.Request) any { return s.banks.Accounts(r.FormValue("bank")) })
	list("/control/mortgages", func(*http.Request) any { return s.banks.Notices() })
	list("/control/assessments", func(*http.Request) any { return s.tax.Assessments() })
	list("/control/trusts", func(*http.Request) any { return s.housing.Trusts() })
	list("/control/acts", func(*http.Request) any { return s.bigdata.Acts() })
	list("/control/controls", func(r *http.Request) any { return s.courts.Controls(r.FormValue("court")) })
	mux.HandleFunc("GET /control/book", s.book)
	mux.HandleFunc("GET /control/batches", s.batches)
	s.statements(mux)

	mux.HandleFunc("POST /control/peer", do(s.setPeer))
	mux.HandleFunc("POST /control/samples", do(s.introduce))
	mux.HandleFunc("PUT /control/faults", do(func(f board.Fault) (any, error) {
		f, err := s.board.Faults.Set(f)
		return f, invalid(err)
	}))
	mux.HandleFunc("DELETE /control/faults", func(w http.ResponseWriter, r *http.Request) {
		answer(w, []board.Fault{}, s.board.Faults.Clear(r.FormValue("system"), r.FormValue("operation")))
	})
	mux.HandleFunc("POST /control/scenarios", do(s.stage))
	mux.HandleFunc("PUT /control/rush", do(func(in rushOrder) (any, error) {
		err := s.generator.set(trafficSetting{On: in.On, Level: in.Level, Hour: in.Hour, Seed: in.Seed})
		return s.generator.state(), invalid(err)
	}))
	mux.HandleFunc("DELETE /control/scenarios", func(w http.ResponseWriter, r *http.Request) {
		answer(w, struct{}{}, s.board.Faults.Stop(r.FormValue("name")))
	})
	mux.HandleFunc("POST /control/decisions", do(s.decide))
	mux.HandleFunc("DELETE /control/decisions/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, struct{}{}, s.board.Faults.Cancel(r.PathValue("id")))
	})
	mux.HandleFunc("POST /control/pay", do(func(in payment) (any, error) { return s.pay(in, (*pay.Desk).Pay) }))
	mux.HandleFunc("POST /control/pay/notice", do(func(in payment) (any, error) { return s.pay(in, (*pay.Desk).Tell) }))
	mux.HandleFunc("POST /control/deposit", do(func(in deposit) (any, error) {
		return s.banks.Deposit(in.Agreement, in.Kind, in.Amount, in.Payer)
	}))
	mux.HandleFunc("POST /control/freeze", do(func(in freeze) (any, error) { return s.banks.Freeze(in.Agreement, in.Frozen) }))
	mux.HandleFunc("POST /control/seizure", do(func(in registry.Order) (any, error) { return s.registries.Seize(in) }))
	mux.HandleFunc("POST /control/seizure/release", do(func(in release) (any, error) {
		return struct{}{}, s.registries.Release(in.Unit, in.Order)
	}))
	mux.HandleFunc("POST /control/objection", do(func(in objection) (any, error) {
		return s.registries.Object(in.Unit, in.Applicant, in.Reason)
	}))
	mux.HandleFunc("POST /control/death", do(func(in bigdata.Death) (any, error) { return s.bigdata.Die(in.Document, in.On) }))
	mux.HandleFunc("POST /control/ask", doing(s.ask))
	mux.HandleFunc("POST /control/court", doing(func(ctx context.Context, in court.Order) (any, error) { return s.courts.Submit(ctx, in) }))
	mux.HandleFunc("POST /control/batch", doing(s.batch))
	mux.HandleFunc("POST /control/face", do(func(in channel.Failing) (any, error) { return in, invalid(s.reach.Fail(in)) }))
	mux.HandleFunc("POST /control/arrears", do(func(in arrears) (any, error) {
		return in, s.utilities.Settle(in.Kind, in.Account, in.Arrears)
	}))
}

type (
	rushOrder struct {
		On    bool    `json:"on"`
		Level float64 `json:"level"` // 0: as before
		Hour  *int    `json:"hour"`
		Seed  *uint64 `json:"seed"`
	}
	payment struct {
		Channel string     `json:"channel"`
		Order   string     `json:"order"`
		Code    string     `json:"code"`
		Notice  pay.Notice `json:"notice"`
	}
	deposit struct {
		Agreement string           `json:"agreement"`
		Kind      spec.DepositKind `json:"kind"`
		Amount    int64            `json:"amount"`
		Payer     string           `json:"payer"`
	}
	freeze struct {
		Agreement string `json:"agreement"`
		Frozen    bool   `json:"frozen"`
	}
	release struct {
		Unit  land.UnitCode `json:"unit"`
		Order string        `json:"order"`
	}
	objection struct {
		Unit      land.UnitCode `json:"unit"`
		Applicant string        `json:"applicant"`
		Reason    string        `json:"reason"`
	}
	arrears struct {
		Kind    string `json:"kind"`
		Account string `json:"account"`
		Arrears int64  `json:"arrears"`
	}
)

// do is doing for what needs no context.
func do[In any](f func(In) (any, error)) http.HandlerFunc {
	return doing(func(_ context.Context, in In) (any, error) { return f(in) })
}

// doing is a handler that reads In, does something and answers with what comes of it.
func doing[In any](f func(context.Context, In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := board.Read(w, r, &in); err != nil {
			board.Refuse(w, http.StatusBadRequest, "bad-body", err)
			return
		}
		out, err := f(r.Context(), in)
		answer(w, out, err)
	}
}

// errInvalid wraps what an operator sent and cannot be.
type errInvalid struct{ error }

func invalid(err error) error {
	if err == nil {
		return nil
	}
	return errInvalid{err}
}

func answer(w http.ResponseWriter, out any, err error) {
	var bad errInvalid
	var fault *spec.Fault
	switch {
	case err == nil:
		board.Reply(w, http.StatusOK, out)
	case errors.As(err, &bad), errors.Is(err, pay.ErrTwist):
		board.Refuse(w, http.StatusBadRequest, "invalid", err)
	case errors.Is(err, pay.ErrNoOrder), errors.Is(err, registry.ErrNoUnit), errors.Is(err, registry.ErrNoSeizure), errors.Is(err, bank.ErrNoAccount),
		errors.Is(err, errNoChannel), errors.Is(err, pay.ErrNoLine), errors.Is(err, board.ErrNone), errors.Is(err, bigdata.ErrNobody), errors.Is(err, court.ErrNoCourt), errors.Is(err, court.ErrNoTarget),
		errors.Is(err, errNoScenario):
		board.Refuse(w, http.StatusNotFound, "not-found", err)
	case errors.Is(err, pay.ErrPaid), errors.Is(err, pay.ErrUnpaid), errors.Is(err, pay.ErrClosed), errors.Is(err, pay.ErrExpired), errors.Is(err, pay.ErrNotReady),
		errors.Is(err, bank.ErrNothing), errors.Is(err, bank.ErrClosed), errors.As(err, &fault):
		board.Refuse(w, http.StatusConflict, "wrong-state", err)
	default:
		board.Refuse(w, http.StatusInternalServerError, "internal", err)
	}
}

// directory is what the two sides have to know of each other.
func (s *Simcity) directory() any {
	var systems []wire.Endpoint
	for _, d := range s.hub.Systems() {
		systems = append(systems, d.Endpoint())
	}
	return map[string]any{"peers": s.hub.Peers(), "systems": systems}
}

// peer is a zone of the platform; Site is the hall's address for browsers.
type peer struct {
	wire.Peer
	Site string `json:"site"`
}

func (s *Simcity) setPeer(in peer) (any, error) {
	if in.URL == "" && in.Zone == wire.Office {
		in.URL = s.options.Partner
	}
	if in.URL == "" && in.Zone == wire.Hall {
		in.URL = s.options.Hall
	}
	if err := s.hub.SetPeer(in.Peer); err != nil {
		return nil, invalid(err)
	}
	if in.Zone == wire.Hall && in.Site != "" {
		if err := s.sites.Put(wire.Hall, in.Site); err != nil {
			return nil, err
		}
		s.idp.SetHall(s.options.Hall, in.Site)
	}
	return s.directory(), nil
}

func (s *Simcity) decide(d board.Decision) (any, error) {
	d.ID = uuid.Must(uuid.NewV7()).String()
	return map[string]string{"id": d.ID}, invalid(s.board.Faults.Decide(d))
}

func (s *Simcity) book(w http.ResponseWriter, r *http.Request) {
	page, err := s.registries.Page(land.UnitCode(r.FormValue("unit")))
	answer(w, page, err)
}

// paid is an order as the control API shows it.
type paid struct {
	Channel string `json:"channel"`
	Cashier string `json:"cashier"`
	pay.Order
}

func (s *Simcity) orders(r *http.Request) any {
	out := []paid{}
	for _, g := range s.channels {
		for _, o := range g.Desk().Ledger.List() {
			if name, no := r.FormValue("channel"), r.FormValue("order"); (name == "" || name == g.Name()) && (no == "" || no == o.Number) {
				out = append(out, paid{g.Name(), g.Desk().CashierURL(o), o})
			}
		}
	}
	return out
}

// pay finds the order that is meant, by channel and number or by what a payer would scan or open, and does act with it.
func (s *Simcity) pay(in payment, act func(*pay.Desk, string, pay.Notice) (pay.Order, error)) (any, error) {
	for _, g := range s.channels {
		if in.Channel != "" && in.Channel != g.Name() {
			continue
		}
		o, err := g.Desk().Ledger.Find(in.Order)
		if in.Order == "" {
			o, err = g.Desk().Locate(in.Code)
		}
		if err != nil {
			continue
		}
		o, err = act(g.Desk(), o.Number, in.Notice)
		return paid{g.Name(), g.Desk().CashierURL(o), o}, err
	}
	return nil, pay.ErrNoOrder
}
