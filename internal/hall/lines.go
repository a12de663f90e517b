package hall

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/hall/account"
	"yichuang/internal/hall/application"
	"yichuang/internal/hall/inbox"
	"yichuang/internal/hall/inquiry"
	"yichuang/internal/hall/verify"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web"
)

// faceLine asks the face service over the published interface.
type faceLine struct {
	out   *exchange.Client
	clock clock.Clock
}

// Check asks once. Error: account.ErrFaceDown; a face that does not match is a result.
func (f faceLine) Check(ctx context.Context, c account.Citizen, photo []byte) (account.FaceResult, error) {
	id := uuid.NewString()
	var out spec.FaceCheckResponse
	err := f.out.Call(ctx, "face.check", exchange.Route{Party: "face"}, id, spec.FaceCheckRequest{CheckNo: id, Image: photo, Scene: "online",
		Person: spec.Person{Name: c.Name, DocumentKind: spec.DocumentKind(c.Document.Kind), DocumentNumber: c.Document.Number}}, &out)
	if err != nil {
		return account.FaceResult{}, fmt.Errorf("%w: %w", account.ErrFaceDown, err)
	}
	return account.FaceResult{Pass: out.Passed, Score: out.Score, Reason: faceReasons[out.Reason]}, nil
}

// faceReasons are the codes of the interface in the words of the pages.
var faceReasons = map[spec.FaceReason]string{
	spec.FaceReasonBlurred: "blurred", spec.FaceReasonNotSame: "different", spec.FaceReasonNotLive: "different", spec.FaceReasonNoPhoto: "no-face",
}

// postman carries the notices of the application room to the inbox, which is made after it.
type postman struct{ inbox *inbox.Room }

// Notify writes the notice within tx.
func (p *postman) Notify(ctx context.Context, tx pgx.Tx, n application.Notice) error {
	l := inbox.Letter{ID: uuid.Must(uuid.NewV7()), Account: n.Account, App: n.App, Kind: n.Kind, Args: n.Args, Link: n.Link}
	if n.SMS {
		l.Phone = n.Phone
	}
	return p.inbox.Tell(ctx, tx, l)
}

// sweepArgs is the job that removes what is no longer needed.
type sweepArgs struct{}

// Kind names the job.
func (sweepArgs) Kind() string { return "hall.sweep" }

// sweeper is the River worker of sweepArgs.
type sweeper struct {
	river.WorkerDefaults[sweepArgs]
	inquiry  *inquiry.Desk
	verify   *verify.Store
	exchange *exchange.Exchange
	pool     *pgxpool.Pool
}

// Work sweeps.
func (s *sweeper) Work(ctx context.Context, _ *river.Job[sweepArgs]) error {
	return errors.Join(s.inquiry.Sweep(ctx), s.verify.Sweep(ctx, s.pool), s.exchange.Sweep(ctx, exchange.CallsKept), web.Sweep(ctx, s.pool))
}
