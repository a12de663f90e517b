package inquiry

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"yichuang/internal/audit"
	"yichuang/internal/catalog"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/register"
)

// Caller sends messages to counterparts, and says where people do their work; *exchange.Client is one.
type Caller interface {
	Call(ctx context.Context, op spec.Operation, route exchange.Route, key string, in, out any) error
	Desk(ctx context.Context, counterpart string, route exchange.Route) (bool, error)
}

// Parts that the room is made of.
type Parts struct {
	Pool     *pgxpool.Pool
	Keys     *sm.Keyring
	Clock    clock.Clock
	Log      *slog.Logger
	Audit    *audit.Log
	Catalog  *catalog.Catalog
	Cases    *casework.Service
	Register *register.Register
	Blobs    *blob.Store
	Out      Caller
	In       *exchange.Server
	Jobs     casework.Jobs
}

// Room answers.
type Room struct{ Parts }

// New registers every operation that authorities and banks call.
func New(p Parts) *Room {
	r := &Room{p}
	exchange.Receive(r.In, spec.BigdataTitleQuery, r.departmentQuery)
	exchange.Receive(r.In, spec.BigdataBatchSubmit, r.departmentBatch)
	exchange.Receive(r.In, spec.CourtTitleQuery, r.courtQuery)
	exchange.Receive(r.In, spec.CourtBatchSubmit, r.courtBatch)
	exchange.Receive(r.In, spec.CourtControlSubmit, r.submit)
	exchange.Receive(r.In, spec.CourtControlQuery, r.status)
	exchange.Receive(r.In, spec.RegistryControlResult, r.passedOn)
	exchange.Receive(r.In, spec.BankCaseQuery, r.bankCases)
	exchange.Receive(r.In, spec.BankTitleQuery, r.bankTitle)
	exchange.Receive(r.In, spec.BankRestrictionQuery, r.bankRestrictions)
	exchange.Receive(r.In, spec.BankCertificateQuery, r.bankCertificates)
	return r
}

// Workers adds the jobs of the room.
func (r *Room) Workers(w *river.Workers) {
	river.AddWorker(w, &Batcher{Room: r})
	river.AddWorker(w, &Passer{Room: r})
	river.AddWorker(w, &Reporter{Room: r})
	river.AddWorker(w, &Collector{Room: r})
}

func refused(code spec.Code, message string) error {
	return &exchange.Refusal{Code: code, Message: message}
}

// court is the name of the court that a message comes from. A code that is not the sender's is as one that there is not.
func (r *Room) court(from exchange.Caller, code string) (catalog.Code, error) {
	list, _ := r.Catalog.Codes("court") // none: nobody is a court
	for _, c := range list.Rows {
		if c.Code == code && from.Counterpart == "court" && from.Is(code) {
			return c, nil
		}
	}
	return catalog.Code{}, refused(spec.CodeNotFound, "没有这个法院代码，或不是本院的代码")
}
