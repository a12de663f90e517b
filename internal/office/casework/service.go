package casework

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/ferry"
	"yichuang/internal/flow"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/trust"
)

// Parts are the rooms that casework builds on.
type Parts struct {
	Pool     *pgxpool.Pool
	Keys     *sm.Keyring
	Clock    clock.Clock
	Log      *slog.Logger
	Audit    *audit.Log
	Catalog  *catalog.Catalog
	Door     *ferry.Door
	Staff    *staff.Room
	Register *register.Register
	Trust    *trust.Ledger
	Billing  *billing.Office
	Papers   *papers.Store
	Prefix   string // of case numbers: "TZ"
}

// Service moves cases.
type Service struct {
	pool     *pgxpool.Pool
	keys     *sm.Keyring
	clock    clock.Clock
	log      *slog.Logger
	audit    *audit.Log
	catalog  *catalog.Catalog
	door     *ferry.Door
	staff    *staff.Room
	register *register.Register
	trust    *trust.Ledger
	billing  *billing.Office
	papers   *papers.Store
	prefix   string

	engine  *flow.Engine
	jobs    Jobs
	acts    map[string]Act
	tellers map[string]Teller
}

// Jobs puts work into the queue within a transaction; River's client does.
type Jobs interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) error
}

// Act does the work of a system order: it calls another system or makes something of our own. It runs outside of any
// transaction and may run again after a crash, so whatever it does outside is keyed by the order's id.
type Act func(ctx context.Context, c *Case, o Order) (Result, error)

// Result of an act, or of an answer that came later.
type Result struct {
	Pending bool           // accepted; the answer comes later and finds the order by its id
	Data    map[string]any // for the flow: outcome and declared names
	Opinion string         // in words, for the case file
	Against string         // in words: what stands against the case, and why it is refused if it is
	Public  string         // line of history for the parties; empty: none
	// Requests are the materials asked for when the outcome is "correct".
	Requests []Request
	// Effect is applied in the transaction that closes the order; may be nil.
	Effect func(ctx context.Context, tx pgx.Tx, c *Case) error
}

// Request asks the parties for one material.
type Request struct {
	Code   string
	Reason string
}

// New makes the service. Bind it to an engine and a queue before use.
func New(p Parts) *Service {
	s := &Service{pool: p.Pool, keys: p.Keys, clock: p.Clock, log: p.Log, audit: p.Audit, catalog: p.Catalog, door: p.Door,
		staff: p.Staff, register: p.Register, trust: p.Trust, billing: p.Billing, papers: p.Papers, prefix: p.Prefix, acts: map[string]Act{}, tellers: map[string]Teller{}}
	s.ownActs()
	s.takeMessages()
	return s
}

// Bind gives the engine that calls this service as its host, and the queue.
func (s *Service) Bind(e *flow.Engine, jobs Jobs) { s.engine, s.jobs = e, jobs }

// On says how orders of an operation are done.
func (s *Service) On(operation string, act Act) { s.acts[operation] = act }

// Operations lists those that have an act, so that start-up can check them against the flows.
func (s *Service) Operations() map[string]bool {
	out := map[string]bool{}
	for op := range s.acts {
		out[op] = true
	}
	return out
}

// DoArgs is the job of one system order.
type DoArgs struct {
	Order uuid.UUID `json:"order" river:"unique"`
}

// Kind names the job.
func (DoArgs) Kind() string { return "casework.do" }
