package connect

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
)

func refused(code spec.Code, message string) error {
	return &exchange.Refusal{Code: code, Message: message}
}

// ignorable says that the order was closed by an earlier answer or with its case: the counterpart is thanked, nothing changes.
func ignorable(err error) bool {
	return errors.Is(err, casework.ErrNotOpen)
}

// result registers an operation that answers one of our orders. The answer must name an order of that very operation.
func result[In any](r *Room, op spec.Operation, work func(In) uuid.UUID, f func(In) (casework.Result, error)) {
	orElse(r, op, work, f, func(context.Context, pgx.Tx, exchange.Caller, In) (spec.Ack, error) {
		return spec.Ack{}, refused(spec.CodeNotFound, "没有这项委托")
	})
}

// orElse is result for an operation that may also answer what was no order.
func orElse[In any](r *Room, op spec.Operation, work func(In) uuid.UUID, f func(In) (casework.Result, error),
	other func(context.Context, pgx.Tx, exchange.Caller, In) (spec.Ack, error)) {
	exchange.Receive(r.In, op, func(ctx context.Context, tx pgx.Tx, from exchange.Caller, in In) (spec.Ack, error) {
		o, err := r.Cases.Order(ctx, tx, work(in))
		if errors.Is(err, casework.ErrNoOrder) {
			return other(ctx, tx, from, in)
		}
		if err == nil && (!answers(op, o) || !from.Serves(o.District) || !from.Is(partyOfOrder(o))) {
			return spec.Ack{}, refused(spec.CodeNotFound, "没有这项委托")
		}
		if err == nil {
			err = r.belongs(ctx, tx, o, in)
		}
		if err != nil {
			return spec.Ack{}, err
		}
		res, err := f(in)
		if err != nil {
			return spec.Ack{}, err
		}
		err = r.Cases.Settle(ctx, tx, o.ID, res)
		if errors.Is(err, casework.ErrNotOpen) {
			err = r.undo(ctx, tx, o, in)
		}
		err = settled(err)
		if errors.Is(err, casework.ErrGrant) {
			return spec.Ack{}, refused("impossible-amount", "批准金额应大于 0，不高于申请金额")
		}
		if err != nil {
			return spec.Ack{}, err
		}
		return spec.Ack{Received: true}, nil
	})
}

// answers tells whether op is the result operation of what the order asked. A dispute is answered like an assessment.
func answers(op spec.Operation, o casework.Order) bool {
	asked, ok := spec.Lookup(spec.Operation(o.Operation))
	return ok && asked.Result == op
}

func plain[In any](f func(In) casework.Result) func(In) (casework.Result, error) {
	return func(in In) (casework.Result, error) { return f(in), nil }
}

func (r *Room) inbound() {
	result(r, "housing.contract.result", func(in spec.HousingContractResultRequest) uuid.UUID { return in.WorkID }, plain(r.contractFiled))
	result(r, "registry.survey.result", func(in spec.RegistrySurveyResultRequest) uuid.UUID { return in.WorkID }, plain(r.surveyed))
	result(r, "registry.entry.result", func(in spec.RegistryEntryResultRequest) uuid.UUID { return in.WorkID }, plain(r.entered))
	result(r, "tax.assessment.result", func(in spec.TaxAssessmentResultRequest) uuid.UUID { return in.WorkID }, r.assessed)
	result(r, "bank.trust.opened", func(in spec.BankTrustOpenedRequest) uuid.UUID { return in.WorkID }, plain(r.trustOpened))
	result(r, "bank.trust.paid", func(in spec.BankTrustPaidRequest) uuid.UUID { return in.WorkID }, r.paidOut)
	orElse(r, "bank.trust.refunded", func(in spec.BankTrustRefundedRequest) uuid.UUID { return in.WorkID }, r.refunded, r.refundedLate)
	result(r, "bank.loan.result", func(in spec.BankLoanResultRequest) uuid.UUID { return in.WorkID },
		func(in spec.BankLoanResultRequest) (casework.Result, error) {
			return r.loanEvaluated("commercial", in), nil
		})
	result(r, "fund.loan.result", func(in spec.FundLoanResultRequest) uuid.UUID { return in.WorkID },
		func(in spec.FundLoanResultRequest) (casework.Result, error) {
			return r.loanEvaluated("fund", spec.BankLoanResultRequest(in)), nil
		})
	result(r, "utility.transfer.result", func(in spec.UtilityTransferResultRequest) uuid.UUID { return in.WorkID }, plain(r.utilityTransferred))
	exchange.Receive(r.In, "bank.trust.deposit", r.deposited)
	exchange.Receive(r.In, spec.RegistryContractResult, r.contractSigned)
	exchange.Receive(r.In, "registry.restriction.notify", r.restricted)
	exchange.Receive(r.In, "registry.process.notify", r.processed)
	exchange.Receive(r.In, "tax.arrival.notify", r.taxArrived)
	exchange.Receive(r.In, spec.PlatformMaterialFetch, r.material)
	exchange.Receive(r.In, spec.BankMaterialPush, r.takeFile)
	exchange.Receive(r.In, spec.BankApplicationSubmit, r.apply)
	exchange.Receive(r.In, spec.BankApplicationCorrect, r.correct)
	exchange.Receive(r.In, spec.BankApplicationWithdraw, r.withdraw)
}

// known reads the case that a notice names. One that the sender does not serve is refused as one that is not there.
func (r *Room) known(ctx context.Context, tx pgx.Tx, from exchange.Caller, no string) (*casework.Case, error) {
	c, err := r.Cases.ByNo(ctx, tx, land.CaseNumber(no), staff.Scope{})
	if errors.Is(err, casework.ErrNoCase) || (err == nil && !from.Serves(c.District)) {
		return nil, refused(spec.CodeNotFound, "没有这个办件")
	}
	return c, err
}

// deposited takes money that arrived in trust by the bank's own way: the loan, or a down payment by transfer. One voucher
// counts once.
func (r *Room) deposited(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.BankTrustDepositRequest) (spec.Ack, error) {
	c, err := r.known(ctx, tx, from, in.CaseNo)
	if err != nil {
		return spec.Ack{}, err
	}
	if !from.Is(c.App.Trust.Bank) {
		return spec.Ack{}, refused(spec.CodeNotFound, "没有这个办件")
	}
	err = r.Cases.Deposited(ctx, tx, casework.Deposit{Case: land.CaseNumber(in.CaseNo), Agreement: in.AgreementNo, Voucher: in.VoucherNo,
		Amount: land.Fen(in.Amount), Loan: in.Kind == spec.DepositKindLoan, Payer: in.Payer, Account: in.PayerAccount, At: in.ArrivedAt})
	if errors.Is(err, casework.ErrNoCase) {
		return spec.Ack{}, refused(spec.CodeNotFound, "没有这个办件或协议")
	}
	return spec.Ack{Received: err == nil}, err
}

// restricted takes a restriction that was registered on a unit: our book follows, and a running case stops before the entry.
func (r *Room) restricted(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.RegistryRestrictionNotifyRequest) (spec.Ack, error) {
	if !from.Serves(land.UnitCode(in.UnitCode).District()) {
		return spec.Ack{}, refused(spec.CodeNotFound, "没有这个不动产单元")
	}
	if err := r.follow(ctx, tx, in); err != nil {
		if errors.Is(err, register.ErrNoUnit) {
			return spec.Ack{}, refused(spec.CodeNotFound, "没有这个不动产单元")
		}
		return spec.Ack{}, err
	}
	released := in.Action == spec.RestrictionActionReleased || in.Action == spec.RestrictionActionLapsed
	err := r.Cases.UnitRestricted(ctx, tx, land.UnitCode(in.UnitCode), string(in.Restriction.Kind), restrictionWords[in.Restriction.Kind], in.Version, released)
	return spec.Ack{Received: err == nil}, err
}

// processed notes the four notices of a registry (受理、核定、登簿、缮证) in the history of the case.
func (r *Room) processed(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.RegistryProcessNotifyRequest) (spec.Ack, error) {
	if _, err := r.known(ctx, tx, from, in.CaseNo); err != nil {
		return spec.Ack{}, err
	}
	err := r.Cases.Note(ctx, tx, land.CaseNumber(in.CaseNo), "登记系统已"+stageWords[in.Stage])
	return spec.Ack{Received: err == nil}, err
}

// taxArrived takes the news that the tax is in the treasury, with the numbers of the receipts.
func (r *Room) taxArrived(ctx context.Context, tx pgx.Tx, from exchange.Caller, in spec.TaxArrivalNotifyRequest) (spec.Ack, error) {
	if _, err := r.known(ctx, tx, from, in.CaseNo); err != nil {
		return spec.Ack{}, err
	}
	var numbers []string
	for _, t := range in.Receipts {
		numbers = append(numbers, t.ReceiptNo)
	}
	err := r.Cases.TaxArrived(ctx, tx, land.CaseNumber(in.CaseNo), in.TaxNo, numbers)
	if errors.Is(err, casework.ErrNoCase) {
		return spec.Ack{}, refused(spec.CodeNotFound, "没有这个办件或核税编号")
	}
	return spec.Ack{Received: err == nil}, err
}
