package connect

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yichuang/internal/catalog"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/register"
	"yichuang/internal/office/trust"
)

// Caller sends one message to the counterpart of an operation; *exchange.Client is one.
type Caller interface {
	Call(ctx context.Context, op spec.Operation, route exchange.Route, key string, in, out any) error
}

// Parts that the room is made of.
type Parts struct {
	Pool     *pgxpool.Pool
	Keys     *sm.Keyring
	Clock    clock.Clock
	Log      *slog.Logger
	Catalog  *catalog.Catalog
	Cases    *casework.Service
	Register *register.Register
	Trust    *trust.Ledger
	Door     *ferry.Door
	Out      Caller
	In       *exchange.Server
	Blobs    *blob.Store
	Jobs     casework.Jobs
}

// Room connects.
type Room struct{ Parts }

// New registers every act, every inbound operation, and the hall's questions.
func New(p Parts) *Room {
	r := &Room{p}
	r.acts()
	r.tidings()
	r.inbound()
	r.questions()
	return r
}

func (r *Room) acts() {
	for op, act := range map[spec.Operation]casework.Act{
		"bigdata.identity.verify":       r.verifyIdentity,
		"bigdata.marriage.query":        r.verifyMarriage,
		"registry.unit.status":          r.checkTitle,
		"registry.houses.count":         r.countHouses,
		"housing.contract.query":        r.checkContract,
		"housing.contract.push":         r.fileContract,
		"housing.contract.revoke":       r.revokeContract,
		"housing.trust.cancel":          r.cancelTrust,
		"housing.registration.complete": r.tellHousing,
		"registry.survey.push":          r.survey,
		"registry.entry.push":           r.alive(r.enter),
		"tax.assessment.push":           r.assess,
		"tax.payment.notify":            r.tellTax,
		"bank.trust.open":               r.openTrust,
		"bank.trust.payout":             r.payOut,
		"bank.trust.refund":             r.refundTrust,
		"bank.loan.evaluate":            r.evaluateLoan,
		"fund.loan.evaluate":            r.evaluateLoan,
		"utility.transfer":              r.transferUtility,
		"portal.case.report":            r.reportCase,
	} {
		r.Cases.On(string(op), act)
	}
}

// call sends in for an order; its id is the idempotency key, so that a repeated attempt is the same message.
func (r *Room) call(ctx context.Context, op spec.Operation, c *casework.Case, o casework.Order, in, out any) error {
	return r.Out.Call(ctx, op, r.route(c, o), o.ID.String(), in, out)
}

// push sends in and waits for the answer that comes later.
func (r *Room) push(ctx context.Context, op spec.Operation, c *casework.Case, o casework.Order, in any) (casework.Result, error) {
	var receipt spec.Receipt
	if err := r.call(ctx, op, c, o, in, &receipt); err != nil {
		return casework.Result{}, err
	}
	return casework.Result{Pending: true}, nil
}

// settled is what a result handler answers when the order is closed already: the counterpart's repeated or late word is
// taken note of and changes nothing.
func settled(err error) error {
	if ignorable(err) {
		return nil
	}
	return err
}

// effect saves the facts of the case after change.
func (r *Room) effect(change func(ctx context.Context, tx pgx.Tx, c *casework.Case) error) func(context.Context, pgx.Tx, *casework.Case) error {
	return func(ctx context.Context, tx pgx.Tx, c *casework.Case) error {
		if err := change(ctx, tx, c); err != nil {
			return err
		}
		return r.Cases.SaveFacts(ctx, tx, c)
	}
}

func workID(o casework.Order) uuid.UUID { return o.ID }
