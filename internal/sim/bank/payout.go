package bank

import (
	"context"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/wire"
)

func (b *Banks) serveBank(s *wire.System) {
	wire.Async(s, spec.BankTrustOpen, wire.After[spec.BankTrustOpenRequest](openTakes), nil, b.open(s))
	wire.Async(s, spec.BankTrustPayout, wire.After[spec.BankTrustPayoutRequest](payTakes),
		func(in spec.BankTrustPayoutRequest) error {
			return b.mayPay(s, in.Account, in.InstructionNo, in.Payments)
		},
		func(_ context.Context, w wire.Work, in spec.BankTrustPayoutRequest) (spec.BankTrustPaidRequest, error) {
			paid, a, err := b.pay(s, w, in.Account, in.InstructionNo, in.Payments, false)
			return spec.BankTrustPaidRequest{WorkID: w.ID, CaseNo: in.CaseNo, AgreementNo: in.AgreementNo, InstructionNo: in.InstructionNo,
				Payments: paid, PaidAt: s.Now(), Balance: a.Balance}, err
		})
	wire.Async(s, spec.BankTrustRefund, wire.After[spec.BankTrustRefundRequest](payTakes),
		func(in spec.BankTrustRefundRequest) error {
			return b.mayPay(s, in.Account, in.InstructionNo, in.Payments)
		},
		func(_ context.Context, w wire.Work, in spec.BankTrustRefundRequest) (spec.BankTrustRefundedRequest, error) {
			paid, a, err := b.pay(s, w, in.Account, in.InstructionNo, in.Payments, in.Close)
			return spec.BankTrustRefundedRequest{WorkID: w.ID, CaseNo: in.CaseNo, AgreementNo: in.AgreementNo, InstructionNo: in.InstructionNo,
				Payments: paid, RefundedAt: s.Now(), Balance: a.Balance, Closed: a.Closed}, err
		})
	wire.Async(s, spec.BankLoanEvaluate, wire.After[spec.BankLoanEvaluateRequest](evaluateTakes), nil,
		func(_ context.Context, w wire.Work, in spec.BankLoanEvaluateRequest) (spec.BankLoanResultRequest, error) {
			return b.evaluate(s, w, in)
		})
	wire.Handle(s, spec.BankTrustStatement, b.statement(s))
	wire.Handle(s, spec.BankApplicationNotify, func(_ context.Context, c wire.Call, in spec.BankApplicationNotifyRequest) (spec.Ack, error) {
		_, _, err := b.notices.Add(c.MessageID, in)
		return spec.Ack{Received: err == nil, Receipt: c.MessageID[:min(len(c.MessageID), 64)]}, err
	})
	wire.Handle(s, spec.BankCertificatePush, func(_ context.Context, c wire.Call, _ spec.BankCertificatePushRequest) (spec.Ack, error) {
		return spec.Ack{Received: true, Receipt: c.MessageID[:min(len(c.MessageID), 64)]}, nil
	})
}

// mayPay refuses at once what cannot be paid. An instruction that was carried out already passes, to be answered as before.
func (b *Banks) mayPay(s *wire.System, account, instruction string, payments []spec.Money) error {
	a, ok := b.accounts.Get(account)
	if !ok || a.Bank != s.Name {
		return spec.NewFault("account-unknown", "账户不存在")
	}
	if _, done := a.Instructions[instruction]; done {
		return nil
	}
	var sum int64
	for _, p := range payments {
		sum += p.Amount
	}
	switch {
	case a.Frozen:
		return spec.NewFault("frozen", "账户被冻结")
	case sum > a.Balance:
		return spec.NewFault("no-balance", "余额不足")
	}
	return nil
}

// pay carries an instruction out, payment by payment; the balance may have changed since it came in.
func (b *Banks) pay(s *wire.System, w wire.Work, account, instruction string, payments []spec.Money, finish bool) ([]spec.Payment, Account, error) {
	fail := ""
	if w.Decision != nil && w.Decision.Outcome == "fail" {
		if fail = w.Decision.Reason; fail == "" {
			fail = "收款账户户名与账号不符"
		}
	}
	a, err := b.accounts.Update(account, func(a *Account) error {
		if _, done := a.Instructions[instruction]; done {
			return nil
		}
		if a.Instructions == nil {
			a.Instructions = map[string][]spec.Payment{}
		}
		for _, p := range payments {
			a.Instructions[instruction] = append(a.Instructions[instruction], a.payOne(s, p, fail))
		}
		a.Closed = finish && a.Balance == 0
		return nil
	})
	return a.Instructions[instruction], a, err
}

func (a *Account) payOne(s *wire.System, p spec.Money, fail string) spec.Payment {
	out := spec.Payment{Payee: p.Payee, Account: p.Account, Amount: p.Amount}
	switch {
	case fail != "":
		out.Reason = fail
	case a.Frozen:
		out.Reason = "账户被冻结"
	case p.Amount > a.Balance:
		out.Reason = "余额不足"
	default:
		out.Paid, out.VoucherNo = true, s.Serial("HZ")
		a.Balance -= p.Amount
		a.Entries = append(a.Entries, Entry{Voucher: out.VoucherNo, Amount: -p.Amount, Party: p.Payee, At: s.Now()})
	}
	return out
}
