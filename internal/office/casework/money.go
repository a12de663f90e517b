package casework

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/trust"
)

// Kinds of bills, as the attribute bill of the flow's waits names them.
const (
	taxBill   = "tax"
	feeBill   = "fee"
	trustBill = "trust" // the down payment into trust
)

// agree writes the trust agreement that the parties confirmed with their application, and keeps its number.
func (s *Service) agree(ctx context.Context, tx pgx.Tx, c *Case) error {
	t := c.App.Trust
	if t.Bank == "" {
		return nil
	}
	a := trust.Agreement{Case: c.ID, CaseNo: c.No, District: c.District, Unit: c.Unit, Bank: t.Bank, Down: t.DownPayment, Buyer: c.App.PartiesOf(message.Buyer)[0].Name}
	for _, p := range c.App.Loan.Parts {
		a.Loans = append(a.Loans, trust.Lender{Name: p.LenderName, Amount: p.Amount})
	}
	condition := trust.WhenEntered
	if t.Release == trust.WhenHandedOver {
		condition = trust.WhenHandedOver
	}
	a.Payees = []trust.Payee{{Kind: "seller", Name: t.SellerName, Bank: t.SellerBank, Account: t.SellerAccount, Amount: t.DownPayment + c.App.Loan.Total(), Condition: condition}}
	number, err := s.trust.Agree(ctx, tx, a)
	if errors.Is(err, trust.ErrAmounts) {
		return ferry.Park(err)
	}
	if err != nil {
		return err
	}
	c.Facts.Agreement = number
	return s.SaveFacts(ctx, tx, c)
}

// TrustOpened is the result of the bank's opening: the ledger has the account, the parties have the agreement.
func (s *Service) TrustOpened(account string) Result {
	return Result{Data: map[string]any{"outcome": "pass"}, Public: "资金托管账户已开立",
		Effect: func(ctx context.Context, tx pgx.Tx, c *Case) error {
			c.Facts.TrustAccount = account
			if err := s.SaveFacts(ctx, tx, c); err != nil {
				return err
			}
			if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: TrustSigned}); err != nil {
				return err
			}
			if err := s.trust.Open(ctx, tx, c.ID, account); err != nil {
				return err
			}
			return s.issueAgreement(ctx, tx, c)
		}}
}

// deskTrust opens the account by the word of a bank without an interface.
func (s *Service) deskTrust(_ context.Context, _ pgx.Tx, c *Case, o Order, _ staff.Person, d Decision) (Result, error) {
	if d.Outcome != "pass" {
		return Result{Data: map[string]any{"outcome": d.Outcome}, Opinion: d.Opinion, Requests: d.Requests}, nil
	}
	account := d.Values["account"]
	if account == "" {
		return Result{}, FieldErrors{"account": "请填写托管账号"}
	}
	return s.TrustOpened(account), nil
}

// Assessed is the result of an assessment: a new round that the parties confirm or dispute.
func (s *Service) Assessed(a AssessedTax) Result {
	return Result{Data: map[string]any{"outcome": "pass", "taxDue": int64(a.Total)}, Public: "税务部门已核定税款，共 " + a.Total.String() + " 元",
		Effect: func(ctx context.Context, tx pgx.Tx, c *Case) error {
			c.Facts.TaxNo = a.Number
			if err := s.SaveFacts(ctx, tx, c); err != nil {
				return err
			}
			s.estimate(c, a.Lines)
			if a.Until.IsZero() {
				a.Until = s.clock.Now().AddDate(0, 0, billing.Days)
			}
			_, err := tx.Exec(ctx, `WITH old AS (UPDATE assessments SET state = 'replaced' WHERE case_id = $1 AND state IN ('proposed', 'disputed'))
				INSERT INTO assessments (case_id, round, number, lines, total, at, until)
				SELECT $1, coalesce(max(round), 0) + 1, $2, $3, $4, $5, $6 FROM assessments WHERE case_id = $1`,
				c.ID, a.Number, a.Lines, a.Total, s.clock.Now(), a.Until)
			if err != nil {
				return fmt.Errorf("casework: keep assessment: %w", err)
			}
			return nil
		}}
}

// ContractFiled is the result of a filing. Contract is the number that housing gave to a contract of our own, if it did.
func (s *Service) ContractFiled(filing, contract string) Result {
	return Result{Data: map[string]any{"outcome": "pass"}, Public: "住建部门已备案买卖合同",
		Effect: func(ctx context.Context, tx pgx.Tx, c *Case) error {
			c.Facts.FilingNo = filing
			if contract != "" {
				c.Facts.ContractNo = contract
			}
			if err := s.SaveFacts(ctx, tx, c); err != nil {
				return err
			}
			if s.printed(c) {
				if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: ContractReady}); err != nil {
					return err
				}
			}
			if c.Facts.Agreement == "" {
				return nil
			}
			return s.Spread(ctx, tx, Tidings{Case: c.ID, What: Filed})
		}}
}

// printed tells whether the registry of the district prints the contract for its parties to sign: one that they did not sign online.
func (s *Service) printed(c *Case) bool {
	item, ok := s.catalog.Item(c.Item)
	return ok && c.App.Contract.Number == "" && slices.Contains(item.PrintsContract, c.District)
}

// deskFiling keeps the filing number that a housing officer typed.
func (s *Service) deskFiling(_ context.Context, _ pgx.Tx, _ *Case, _ Order, _ staff.Person, d Decision) (Result, error) {
	r := Result{Data: map[string]any{"outcome": d.Outcome}, Opinion: d.Opinion, Requests: d.Requests}
	if d.Outcome != "pass" {
		return r, nil
	}
	number := d.Values["filing"]
	if number == "" {
		return r, FieldErrors{"filing": "请填写备案号"}
	}
	r = s.ContractFiled(number, "")
	r.Opinion = d.Opinion
	return r, nil
}

// issueBills bills every payer of a kind when the flow begins to wait for the money. Nothing to pay ends the wait at once.
func (s *Service) issueBills(ctx context.Context, tx pgx.Tx, c *Case, o Order, kind string) error {
	owed, round, err := s.owed(ctx, tx, c, kind)
	if err != nil {
		return err
	}
	if len(owed) == 0 {
		return s.endWait(ctx, tx, o)
	}
	for _, p := range c.App.Parties {
		lines := owed[p.Ref]
		if len(lines) == 0 {
			continue
		}
		b, err := s.billing.Issue(ctx, tx, billing.NewBill{Case: c.ID, CaseNo: c.No, District: c.District, Kind: kind, Payer: p.Ref,
			Key: fmt.Sprintf("%s/%s/%d", kind, p.Ref, round), Lines: lines})
		if err != nil {
			return err
		}
		if err := s.door.Send(ctx, tx, ferry.Message{Type: message.BillIssued, Case: c.ID.String(), Body: b.Message()}); err != nil {
			return err
		}
		if err := s.notify(ctx, tx, c, p.Ref, "sms.due", map[string]any{"kind": billNames[kind], "amt": b.Total.String(), "date": day(b.Until)}, true, "pay"); err != nil {
			return err
		}
	}
	return nil
}

// owed lists what each payer owes of a kind, and the round that the amounts come from.
func (s *Service) owed(ctx context.Context, tx pgx.Tx, c *Case, kind string) (lines map[string][]billing.Line, round int, err error) {
	lines, round = map[string][]billing.Line{}, 1
	add := func(role message.Role, l billing.Line) {
		if l.Amount > 0 {
			payer := c.App.PartiesOf(role)[0].Ref
			lines[payer] = append(lines[payer], l)
		}
	}
	switch kind {
	case taxBill:
		all, err := s.Assessments(ctx, tx, c.ID)
		if err != nil || len(all) == 0 {
			return nil, 0, err
		}
		last := all[len(all)-1]
		round = last.Round
		for _, l := range last.Lines {
			add(l.Payer, billing.Line{Code: l.Tax, Name: l.Tax, Amount: l.Amount, Why: l.Why, To: billing.Treasury})
		}
	case feeBill:
		for _, l := range s.fees(c) {
			add(message.Buyer, l)
		}
	case trustBill:
		add(message.Buyer, billing.Line{Code: "down", Name: "首付款（存入托管账户）", Amount: c.DownPayment(), Why: "协议号 " + c.Facts.Agreement, To: billing.InTrust})
	}
	return lines, round, nil
}

func (s *Service) billsClosed(ctx context.Context, tx pgx.Tx, bills []*billing.Bill) error {
	for _, b := range bills {
		if err := s.door.Send(ctx, tx, ferry.Message{Type: message.BillClosed, Case: b.Case.String(), Body: message.BillClosedBody{Bill: b.ID, State: b.State}}); err != nil {
			return err
		}
	}
	return nil
}

// cancelBills ends the open bills of a case, of one kind or of all.
func (s *Service) cancelBills(ctx context.Context, tx pgx.Tx, id uuid.UUID, kind string) error {
	all, err := s.billing.Bills(ctx, tx, id)
	if err != nil {
		return err
	}
	var ended []*billing.Bill
	for _, b := range all {
		if b.State != billing.Open || kind != "" && b.Kind != kind {
			continue
		}
		if _, err := s.billing.CancelBill(ctx, tx, b.ID); err != nil {
			return err
		}
		b.State = billing.Cancelled
		ended = append(ended, b)
	}
	return s.billsClosed(ctx, tx, ended)
}

// settledBills tells whether every payer of a kind has paid.
func (s *Service) settledBills(ctx context.Context, db pg.DB, id uuid.UUID, kind string) (bool, error) {
	bills, err := s.billing.Bills(ctx, db, id)
	if err != nil {
		return false, err
	}
	paid, owes := map[string]bool{}, map[string]bool{}
	for _, b := range bills {
		if b.Kind == kind {
			paid[b.Payer] = paid[b.Payer] || b.State == billing.Paid
			owes[b.Payer] = owes[b.Payer] || b.State == billing.Open || b.State == billing.Expired
		}
	}
	for payer := range owes {
		if owes[payer] && !paid[payer] { // an expired bill is settled by the payment of its renewal
			return false, nil
		}
	}
	return true, nil
}

// endWait ends a wait for something that has happened already; it is called while the wait opens.
func (s *Service) endWait(ctx context.Context, tx pgx.Tx, o Order) error {
	if err := s.closeOrder(ctx, tx, o.ID, "done"); err != nil {
		return err
	}
	if err := s.keepTime(ctx, tx, o.Case, o.Attr); err != nil {
		return err
	}
	return s.engine.Complete(ctx, tx, o.ID, map[string]any{})
}

// paid takes a payment that the hall reports, sends back what does not settle its bill, and lets the case go on.
func (s *Service) paid(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, p message.Payment) error {
	c, err := s.lock(ctx, tx, p.App)
	if err != nil {
		return err
	}
	r, err := s.billing.Paid(ctx, tx, p)
	if errors.Is(err, billing.ErrNoBill) || errors.Is(err, billing.ErrReference) {
		return ferry.Park(err)
	}
	if err != nil || r.Again {
		return err
	}
	if r.Refund != nil {
		if err := s.refund(ctx, tx, c, *r.Refund); err != nil {
			return err
		}
		return s.publish(ctx, tx, c.ID)
	}
	if err := s.receipt(ctx, tx, c, r.Bill, p); err != nil {
		return err
	}
	if err := s.billsClosed(ctx, tx, []*billing.Bill{r.Bill}); err != nil {
		return err
	}
	twice, err := s.renewed(ctx, tx, r.Bill)
	if err != nil {
		return err
	}
	if c.over() || twice { // the case ended while the word of the payment was on its way; or both a bill and its renewal were paid
		return s.refundBill(ctx, tx, c, r.Bill, twice)
	}
	if r.Bill.Kind == trustBill {
		return s.deposited(ctx, tx, c, trust.Deposit{Case: c.ID, Kind: trust.DownPayment, Amount: p.Amount, Reference: trust.Told(p.Channel, p.Reference), At: p.PaidAt})
	}
	// What is paid in part must go back as well if the case ends early.
	if err := s.engine.Set(ctx, tx, c.ID, map[string]any{r.Bill.Kind + "Paid": true}); err != nil {
		return fmt.Errorf("casework: note payment of %s: %w", c.No, err)
	}
	all, err := s.settledBills(ctx, tx, c.ID, r.Bill.Kind)
	if err != nil {
		return err
	}
	if !all {
		return s.publish(ctx, tx, c.ID)
	}
	o, found, err := s.openWait(ctx, tx, c.ID, "bill", r.Bill.Kind)
	if err != nil {
		return err
	}
	if !found {
		return s.publish(ctx, tx, c.ID)
	}
	return s.settle(ctx, tx, c, o, Result{}, staff.Person{})
}

// Deposit is money that arrived in trust by the bank's own way.
type Deposit struct {
	Case      land.CaseNumber
	Agreement string
	Voucher   string
	Amount    land.Fen
	Loan      bool
	Payer     string
	Account   string
	At        time.Time
}

// Deposited enters a deposit once by its voucher. Error: ErrNoCase when case and agreement do not belong together.
func (s *Service) Deposited(ctx context.Context, tx pgx.Tx, d Deposit) error {
	c, err := s.lockByNo(ctx, tx, d.Case)
	if err != nil {
		return err
	}
	if c.Facts.Agreement != d.Agreement {
		return ErrNoCase
	}
	kind := trust.DownPayment
	if d.Loan {
		kind = trust.Loan
	}
	return s.deposited(ctx, tx, c, trust.Deposit{Case: c.ID, Kind: kind, Lender: d.Payer, Amount: d.Amount, Account: d.Account, Reference: trust.Told("bank", d.Voucher), At: d.At})
}

// deposited books money in trust and ends the wait for it when all of its kind is there.
func (s *Service) deposited(ctx context.Context, tx pgx.Tx, c *Case, d trust.Deposit) error {
	r, err := s.trust.Deposit(ctx, tx, d)
	if err != nil || r.Again {
		return err
	}
	words := "首付款"
	if d.Kind == trust.Loan {
		words = "贷款"
	}
	if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: TrustDeposit, Ref: d.Reference, At: d.At}); err != nil {
		return err
	}
	if r.AllHere && !r.MustReturn {
		if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: TrustFull, At: d.At}); err != nil {
			return err
		}
	}
	if err := s.told(ctx, tx, c, "trust-deposit", words+" "+d.Amount.String()+" 元已存入托管账户", map[string]any{"amt": d.Amount.String()}); err != nil {
		return err
	}
	if c.State == Running { // whatever came must go back if the case ends early
		if err := s.engine.Set(ctx, tx, c.ID, map[string]any{"depositPaid": true}); err != nil {
			return fmt.Errorf("casework: note deposit of %s: %w", c.No, err)
		}
	}
	switch {
	case r.MustReturn:
		// The deal is off. Where its undoing is still under way, that gives it back as well.
		if c.over() && c.State != Running {
			if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: TrustLate, Ref: d.Reference}); err != nil {
				return err
			}
		}
		return s.publish(ctx, tx, c.ID)
	case d.Kind == trust.Loan && r.AllHere:
		return s.fact(ctx, tx, c, "trust.loan")
	case d.Kind == trust.DownPayment && r.DownHere:
		if err := s.cancelBills(ctx, tx, c.ID, trustBill); err != nil {
			return err
		}
		return s.fact(ctx, tx, c, "trust.deposit")
	}
	return s.publish(ctx, tx, c.ID)
}

// arrived tells what is in trust already.
func (s *Service) arrived(ctx context.Context, tx pgx.Tx, c *Case) (down, all bool, err error) {
	st, err := s.trust.Statement(ctx, tx, c.ID)
	if err != nil || st == nil {
		return false, false, err
	}
	var in, first land.Fen
	for _, m := range st.Moves {
		in += m.In
		if m.Kind == trust.DownPayment {
			first += m.In
		}
	}
	return first >= c.DownPayment(), in >= st.Expected, nil
}

// fact ends the wait for a message where one is open; otherwise the ledger remembers it, and the wait ends when it opens.
func (s *Service) fact(ctx context.Context, tx pgx.Tx, c *Case, name string) error {
	o, found, err := s.openWait(ctx, tx, c.ID, "message", name)
	if err != nil {
		return err
	}
	if !found {
		return s.publish(ctx, tx, c.ID)
	}
	return s.settle(ctx, tx, c, o, Result{}, staff.Person{})
}

// PayOut makes the instruction to pay what is due now; nil when nothing is left. The same comes back while the bank works on it.
func (s *Service) PayOut(ctx context.Context, c *Case) (i *trust.Instruction, err error) {
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		i, err = s.trust.Pay(ctx, tx, c.ID, trust.WhenEntered)
		return err
	})
	return i, err
}

// GiveBack makes the instruction to refund what is in trust; nil when nothing is.
func (s *Service) GiveBack(ctx context.Context, c *Case, reason string) (i *trust.Instruction, err error) {
	err = pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		i, err = s.trust.Refund(ctx, tx, c.ID, reason)
		if errors.Is(err, trust.ErrNoAgreement) {
			i, err = nil, nil
		}
		return err
	})
	return i, err
}

// endAgreement cancels the trust agreement of a case that ended early, so that money which comes later is known to be for
// nothing. What is held is the bank's to give back first.
func (s *Service) endAgreement(ctx context.Context, tx pgx.Tx, c *Case) error {
	st, err := s.trust.Statement(ctx, tx, c.ID)
	if err != nil || st == nil || st.Frozen {
		return err
	}
	if st.Held > 0 { // came when the flow had passed the giving back
		return s.Spread(ctx, tx, Tidings{Case: c.ID, What: TrustLate, Ref: "ended"})
	}
	_, err = s.trust.Refund(ctx, tx, c.ID, c.Facts.WhyClosed)
	return err
}

// TrustMoved is the result of the bank's answer to an instruction. A payment that the bank could not make goes to a person.
func (s *Service) TrustMoved(instruction string, results []trust.Result, at time.Time, public string) Result {
	return Result{Public: public, Effect: func(ctx context.Context, tx pgx.Tx, c *Case) error {
		settled, err := s.trust.Done(ctx, tx, instruction, results, at)
		if err != nil {
			return err
		}
		if len(settled.Failed) > 0 {
			return ErrFailedPayment
		}
		if settled.Kind == trust.Refund && settled.Held > 0 { // more came while the bank gave back the rest
			if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: TrustLate, Ref: instruction}); err != nil {
				return err
			}
		}
		t := Tidings{Case: c.ID, What: TrustPaid, Ref: instruction, At: at}
		if settled.State == trust.Closed || settled.State == trust.Cancelled {
			t.What = TrustClosed
		}
		return s.Spread(ctx, tx, t)
	}}
}

// ErrFailedPayment says that the bank could not make a payment of an instruction.
var ErrFailedPayment = errors.New("casework: the bank could not make a payment")

// refundDays is how many working days a refund may take.
const refundDays = 5

// refund orders one payment back; the hall tells the channel.
func (s *Service) refund(ctx context.Context, tx pgx.Tx, c *Case, r message.Refund) error {
	by := s.catalog.Calendar().AddWorkingDays(s.clock.Now(), refundDays)
	if err := s.told(ctx, tx, c, "refunded", "已发起退款 "+r.Amount.String()+" 元："+r.Reason, map[string]any{"amt": r.Amount.String(), "date": day(by)}); err != nil {
		return err
	}
	return s.door.Send(ctx, tx, ferry.Message{Type: message.RefundOrdered, Case: c.ID.String(), Body: r})
}

// refundBills sends back the taxes and fees of a case that ends before the entry. What went into trust goes back from the
// trust account.
func (s *Service) refundBills(ctx context.Context, tx pgx.Tx, c *Case, why string) error {
	back, err := s.billing.Refund(ctx, tx, c.ID, why, trustBill)
	if err != nil {
		return err
	}
	for _, r := range back {
		if err := s.refund(ctx, tx, c, r); err != nil {
			return err
		}
	}
	return nil
}

// renewed cancels what else a payer could pay for the same: the renewal of a bill that was paid in time though word of it
// came late. It reports whether the other was paid before.
func (s *Service) renewed(ctx context.Context, tx pgx.Tx, paid *billing.Bill) (twice bool, err error) {
	all, err := s.billing.Bills(ctx, tx, paid.Case)
	if err != nil {
		return false, err
	}
	var ended []*billing.Bill
	for _, b := range all {
		switch {
		case b.ID == paid.ID || b.Kind != paid.Kind || b.Payer != paid.Payer:
		case b.State == billing.Paid:
			return true, nil
		case b.State == billing.Open:
			if _, err := s.billing.CancelBill(ctx, tx, b.ID); err != nil {
				return false, err
			}
			b.State = billing.Cancelled
			ended = append(ended, b)
		}
	}
	return false, s.billsClosed(ctx, tx, ended)
}

// refundBill sends one payment back by the way it came.
func (s *Service) refundBill(ctx context.Context, tx pgx.Tx, c *Case, b *billing.Bill, twice bool) error {
	reason := "办件已终止"
	if twice {
		reason = "重复支付"
	}
	r, err := s.billing.RefundBill(ctx, tx, b.ID, reason)
	if err != nil {
		return err
	}
	if r != nil {
		if err := s.refund(ctx, tx, c, *r); err != nil {
			return err
		}
	}
	return s.publish(ctx, tx, c.ID)
}

func (s *Service) refundDone(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, r message.RefundResult) error {
	err := s.billing.RefundDone(ctx, tx, r)
	if errors.Is(err, billing.ErrNoRefund) || errors.Is(err, billing.ErrReference) {
		return ferry.Park(err)
	}
	return err
}

// TaxPaid sums up the payment of the taxes of a case, for the notice to the tax office.
type TaxPaid struct {
	Amount  land.Fen
	Channel string
	At      time.Time
	Payer   string
	Number  string
}

// TaxPayment reads it; an Amount of zero says that there was nothing to pay.
func (s *Service) TaxPayment(ctx context.Context, db pg.DB, c *Case) (out TaxPaid, err error) {
	bills, err := s.billing.Bills(ctx, db, c.ID)
	if err != nil {
		return out, err
	}
	for _, b := range bills {
		if b.Kind != taxBill || b.State != billing.Paid {
			continue
		}
		p, err := s.billing.Accepted(ctx, db, b.ID)
		if err != nil {
			return out, err
		}
		out.Amount += b.Total
		out.Channel, out.At, out.Number = p.Channel, p.PaidAt, p.Order.String()
		if party, ok := c.App.Party(b.Payer); ok {
			out.Payer = party.Name
		}
	}
	return out, nil
}

// TaxArrived keeps the numbers of the receipts that the tax office issued. Error: ErrNoCase when case and assessment do not
// belong together.
func (s *Service) TaxArrived(ctx context.Context, tx pgx.Tx, no land.CaseNumber, taxNo string, receipts []string) error {
	c, err := s.lockByNo(ctx, tx, no)
	if err != nil {
		return err
	}
	if c.Facts.TaxNo != taxNo {
		return ErrNoCase
	}
	if len(c.Facts.TaxReceipts) == len(receipts) {
		return nil // told before
	}
	c.Facts.TaxReceipts = receipts
	if err := s.SaveFacts(ctx, tx, c); err != nil {
		return err
	}
	if err := s.note(ctx, tx, c.ID, Event{Text: "税款已入库，电子税票已开具", Public: true}); err != nil {
		return err
	}
	return s.publish(ctx, tx, c.ID)
}
