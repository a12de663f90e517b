package connect

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/trust"
)

// openTrust asks the trust bank for the account of this deal. The agreement carries our number, so that asking twice
// opens one account.
func (r *Room) openTrust(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	app := c.App
	return r.push(ctx, "bank.trust.open", c, o, spec.BankTrustOpenRequest{WorkID: workID(o), CaseNo: string(c.No), AgreementNo: c.Facts.Agreement,
		ContractNo: contractNo(c), UnitCode: string(c.Unit), Buyers: persons(app.PartiesOf(message.Buyer)), Sellers: persons(app.PartiesOf(message.Seller)),
		DownPayment: int64(app.Trust.DownPayment), Loan: int64(app.Loan.Total()), Total: int64(app.Trust.DownPayment + app.Loan.Total()),
		Condition: condition(app.Trust), Payees: []spec.Money{{Payee: app.Trust.SellerName, Bank: app.Trust.SellerBank,
			Account: app.Trust.SellerAccount, Amount: int64(app.Trust.DownPayment + app.Loan.Total())}}})
}

func condition(t message.Trust) string {
	if t.Release == "handed-over" {
		return "转移登记和抵押登记均已登簿，且房屋已交付"
	}
	return "转移登记和抵押登记均已登簿"
}

func (r *Room) trustOpened(in spec.BankTrustOpenedRequest) casework.Result {
	out := reviewed(in.Review)
	if in.Review.Outcome == spec.OutcomePass {
		out = r.Cases.TrustOpened(in.Account)
	}
	return out
}

// evaluateLoan asks the lender of one part: the bank for the commercial, the fund or its guarantor for the other.
func (r *Room) evaluateLoan(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	part, err := c.LoanOf(o)
	if err != nil {
		return casework.Result{}, err
	}
	in := spec.BankLoanEvaluateRequest{WorkID: workID(o), CaseNo: string(c.No), ContractNo: contractNo(c), LoanKind: spec.LoanKind(part.Kind),
		Amount: int64(part.Amount), Years: (part.Months + 11) / 12, Price: int64(c.App.Contract.Price), Unit: unitOf(c.App.Home),
		Borrowers: persons(c.App.PartiesOf(message.Buyer)), Attachments: r.attachments(c, o.Department)}
	if o.Operation == "fund.loan.evaluate" {
		return r.push(ctx, "fund.loan.evaluate", c, o, spec.FundLoanEvaluateRequest(in))
	}
	return r.push(ctx, "bank.loan.evaluate", c, o, in)
}

// loanEvaluated takes the decision of the lender of a kind.
func (r *Room) loanEvaluated(kind string, in spec.BankLoanResultRequest) casework.Result {
	if in.Review.Outcome != spec.OutcomePass {
		return reviewed(in.Review)
	}
	return r.Cases.LoanGranted(casework.LoanFact{Kind: kind, Amount: land.Fen(in.Amount), Contract: in.ContractNo,
		MortgageContract: in.MortgageContractNo, From: land.Date(in.From), Until: land.Date(in.Until)})
}

// payOut instructs the bank after the entry, in the order of the agreement; a repeated instruction keeps its number.
func (r *Room) payOut(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	i, err := r.Cases.PayOut(ctx, c)
	if err != nil || i == nil {
		return casework.Result{}, err
	}
	return r.push(ctx, "bank.trust.payout", c, o, spec.BankTrustPayoutRequest{WorkID: workID(o), CaseNo: string(c.No), AgreementNo: i.Agreement,
		Account: i.Account, InstructionNo: i.Number, TitleCertificateNo: string(c.Facts.Title), MortgageCertificateNo: string(c.Facts.Mortgage),
		Payments: payments(i)})
}

// refundTrust sends what is held back to who paid it, and closes the account.
func (r *Room) refundTrust(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	i, err := r.Cases.GiveBack(ctx, c, reason(c))
	if err != nil || i == nil {
		return casework.Result{}, err
	}
	return r.push(ctx, "bank.trust.refund", c, o, refundOf(workID(o), c, i))
}

func refundOf(work uuid.UUID, c *casework.Case, i *trust.Instruction) spec.BankTrustRefundRequest {
	return spec.BankTrustRefundRequest{WorkID: work, CaseNo: string(c.No), AgreementNo: i.Agreement, Account: i.Account, InstructionNo: i.Number,
		Close: true, Reason: i.Reason, Payments: payments(i)}
}

// lateRefund is the work under which money goes back that came in when no order was open any more.
func lateRefund(c *casework.Case, instruction string) uuid.UUID {
	return uuid.NewSHA1(c.ID, []byte("late refund "+instruction))
}

// giveBackLate sends back what came into trust after the deal was off.
func (r *Room) giveBackLate(ctx context.Context, c *casework.Case, _ casework.Tidings) error {
	i, err := r.Cases.GiveBack(ctx, c, reason(c))
	if err != nil || i == nil {
		return err
	}
	var receipt spec.Receipt
	return r.Out.Call(ctx, spec.BankTrustRefund, exchange.Route{District: c.District, Item: c.Item, Case: string(c.No), Party: c.App.Trust.Bank},
		i.Number, refundOf(lateRefund(c, i.Number), c, i), &receipt)
}

// refundedLate takes the bank's word of such a refund; another one is not known here.
func (r *Room) refundedLate(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankTrustRefundedRequest) (spec.Ack, error) {
	c, err := r.known(ctx, tx, from, in.CaseNo)
	if err == nil && (!from.Is(c.App.Trust.Bank) || in.WorkID != lateRefund(c, in.InstructionNo)) {
		err = refused(spec.CodeNotFound, "没有这项委托")
	}
	if err != nil {
		return spec.Ack{}, err
	}
	res, err := r.refunded(in)
	if err != nil {
		return spec.Ack{}, err
	}
	return spec.Ack{Received: true}, r.Cases.Apply(ctx, tx, c.ID, res)
}

// payments lists what the bank is to pay. A refund goes back by the way it came, which the bank knows: where the payer's
// account was never told, the trust account stands in its place.
func payments(i *trust.Instruction) []spec.Money {
	var out []spec.Money
	for _, p := range i.Payments {
		account := p.Account
		if account == "" {
			account = i.Account
		}
		out = append(out, spec.Money{Payee: p.Name, Bank: p.Bank, Account: account, Amount: int64(p.Amount)})
	}
	return out
}

func results(list []spec.Payment) (out []trust.Result, sum land.Fen) {
	for _, p := range list {
		out = append(out, trust.Result{Paid: p.Paid, Reference: p.VoucherNo, Reason: p.Reason})
		sum += land.Fen(p.Amount)
	}
	return out, sum
}

func (r *Room) paidOut(in spec.BankTrustPaidRequest) (casework.Result, error) {
	list, sum := results(in.Payments)
	return r.Cases.TrustMoved(in.InstructionNo, list, in.PaidAt, "托管资金 "+sum.String()+" 元已划转给卖方"), nil
}

func (r *Room) refunded(in spec.BankTrustRefundedRequest) (casework.Result, error) {
	list, sum := results(in.Payments)
	return r.Cases.TrustMoved(in.InstructionNo, list, in.RefundedAt, "托管资金 "+sum.String()+" 元已退回"), nil
}
