package casework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"yichuang/internal/exchange"
	"yichuang/internal/kit/pg"
)

// What cases tell other systems beside their work orders.
const (
	Filed         = "filed"          // housing has the contract: it may supervise the money
	TrustSigned   = "trust-signed"   // the bank opened the account: the agreement is complete
	TrustDeposit  = "trust-deposit"  // money came in; Ref is its reference
	TrustFull     = "trust-full"     // all of it is here
	TrustPaid     = "trust-paid"     // some of it was paid out or given back; Ref is the instruction
	TrustClosed   = "trust-closed"   // so was the last of it, and the account is closed; Ref is the instruction
	TrustLate     = "trust-late"     // money came in after the deal was off: it goes back; Ref is what brought it
	Surveyed      = "surveyed"       // the registry surveyed the unit
	TaxAgreed     = "tax-agreed"     // both sides confirmed the assessment; Ref is its number
	AcceptedByUs  = "accepted"       // formally accepted: the registry prepares its own case
	PeopleToCheck = "people"         // accepted: what nothing waits for is asked of the departments behind the big-data platform
	ContractReady = "contract-ready" // a contract that was not signed online is to be printed and signed
	FiledLate     = "filed-late"     // housing filed the contract after the deal was off: it is taken back; Ref is the filing
	Mortgaged     = "mortgaged"      // the certificate of the mortgage is made: its lenders get it
	LenderTold    = "lender-told"    // an event of an application that its lender made; Ref is which and when
	EndedEarly    = "ended-early"    // the case is over before the entry; Ref is how
	ParcelOnWay   = "parcel"         // a stage of the shipment; Ref is the stage
	tidingsPause  = 5 * time.Minute  // between attempts at a system that is silent
	tidingsGiveUp = 24 * time.Hour   // after which nobody is interested any more
	mostTidings   = int(tidingsGiveUp/tidingsPause) + 10
)

// Tidings are one such word. Nothing in the case waits for it: it is told until the other side has it. It carries nothing
// personal; what the message needs is read when it is sent.
type Tidings struct {
	Case   uuid.UUID         `json:"case"`
	What   string            `json:"what"`
	Ref    string            `json:"ref,omitempty"` // which, where a case has several
	At     time.Time         `json:"at"`
	Detail map[string]string `json:"detail,omitempty"`
}

// Key is the same each time these tidings are told.
func (t Tidings) Key() string { return t.Case.String() + "/" + t.What + "/" + t.Ref }

// Teller tells one kind of tidings to the system that it concerns. It may run again after a crash.
type Teller func(ctx context.Context, c *Case, t Tidings) error

// OnTidings says how a kind is told. A kind without a teller concerns nobody.
func (s *Service) OnTidings(what string, tell Teller) { s.tellers[what] = tell }

// Spread queues tidings within the transaction in which they became true.
func (s *Service) Spread(ctx context.Context, tx pgx.Tx, t Tidings) error {
	if s.tellers[t.What] == nil {
		return nil
	}
	if t.At.IsZero() {
		t.At = s.clock.Now()
	}
	return s.jobs.InsertTx(ctx, tx, TidingsArgs{t}, &river.InsertOpts{MaxAttempts: mostTidings})
}

// TidingsArgs is the job of telling them.
type TidingsArgs struct{ Tidings }

// Kind names the job.
func (TidingsArgs) Kind() string { return "casework.tidings" }

// Messenger is the River worker of TidingsArgs.
type Messenger struct {
	river.WorkerDefaults[TidingsArgs]
	S *Service
}

// Timeout bounds one attempt.
func (Messenger) Timeout(*river.Job[TidingsArgs]) time.Duration { return time.Minute }

// NextRetry grows from two seconds to five minutes.
func (m Messenger) NextRetry(job *river.Job[TidingsArgs]) time.Time {
	return m.S.clock.Now().Add(min(2*time.Second<<min(job.Attempt, 8), tidingsPause))
}

// Work makes one attempt.
func (m Messenger) Work(ctx context.Context, job *river.Job[TidingsArgs]) error {
	return m.S.Tell(ctx, job.Args.Tidings)
}

// Tell makes one attempt at telling. A department that works in our own pages has nothing to be told; one that refuses is not
// asked again, and the case file says so.
func (s *Service) Tell(ctx context.Context, t Tidings) error {
	tell := s.tellers[t.What]
	if tell == nil {
		return nil
	}
	c, err := s.ByID(ctx, s.pool, t.Case)
	if err != nil {
		return err
	}
	err = tell(ctx, c, t)
	var refusal *exchange.Refusal
	switch {
	case errors.Is(err, exchange.ErrDesk):
		return nil
	case errors.As(err, &refusal):
		return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			return s.note(ctx, tx, c.ID, Event{Text: fmt.Sprintf("%s没有被对方系统接受：%s", tidingsNames[t.What], refusal.Message)})
		})
	case err != nil:
		return fmt.Errorf("casework: tell %s of %s: %w", t.What, c.No, err)
	}
	return nil
}

var tidingsNames = map[string]string{
	Filed: "资金托管申请", TrustSigned: "资金托管协议", TrustDeposit: "存款凭证", TrustFull: "全部到账通知", TrustPaid: "划转通知", TrustClosed: "销户通知", TrustLate: "退回迟到的托管资金",
	Surveyed: "权籍调查核对", TaxAgreed: "开具缴款书", AcceptedByUs: "申请和材料推送", ParcelOnWay: "物流上报", PeopleToCheck: "部门核对",
	ContractReady: "合同打印", EndedEarly: "撤回登记申请", FiledLate: "撤销合同备案", Mortgaged: "登记证明推送", LenderTold: "办理结果",
}

// Apply lets a result take effect that no work order waits for.
func (s *Service) Apply(ctx context.Context, tx pgx.Tx, id uuid.UUID, r Result) error {
	c, err := s.lock(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := r.Effect(ctx, tx, c); err != nil {
		return err
	}
	if err := s.note(ctx, tx, c.ID, Event{Text: r.Public, Public: true}); err != nil {
		return err
	}
	return s.publish(ctx, tx, c.ID)
}

// Amend changes the facts of a case outside of its work orders.
func (s *Service) Amend(ctx context.Context, id uuid.UUID, change func(*Facts)) error {
	return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		c, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		change(&c.Facts)
		return s.SaveFacts(ctx, tx, c)
	})
}
