package bank

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/wire"
)

// statementPage is how many movements an answer lists at most.
const statementPage = 500

// statement lists what moved in a bank's trust accounts on a day, in the order in which it was booked.
func (b *Banks) statement(s *wire.System) func(context.Context, wire.Call, spec.BankTrustStatementRequest) (spec.BankTrustStatementResponse, error) {
	return func(_ context.Context, _ wire.Call, in spec.BankTrustStatementRequest) (spec.BankTrustStatementResponse, error) {
		out := spec.BankTrustStatementResponse{Date: in.Date, Movements: []spec.TrustMovement{}}
		skip := 0
		if in.After != "" {
			var err error
			if skip, err = strconv.Atoi(in.After); err != nil || skip < 0 {
				return out, spec.NewFault(spec.CodeSchema, "after 不是上一页给出的")
			}
		}
		all := []spec.TrustMovement{}
		for _, a := range b.Accounts(s.Name) {
			for _, e := range a.Entries {
				if string(land.DateOf(e.At)) == in.Date {
					all = append(all, movement(a, e))
				}
			}
		}
		slices.SortStableFunc(all, func(x, y spec.TrustMovement) int {
			return cmp.Or(x.BookedAt.Compare(y.BookedAt), cmp.Compare(x.VoucherNo, y.VoucherNo))
		})
		all = all[min(skip, len(all)):]
		if len(all) > statementPage {
			all, out.Next = all[:statementPage], strconv.Itoa(skip+statementPage)
		}
		out.Movements = append(out.Movements, all...)
		return out, nil
	}
}

func movement(a Account, e Entry) spec.TrustMovement {
	m := spec.TrustMovement{AgreementNo: a.Agreement, VoucherNo: e.Voucher, Direction: spec.MoneyDirectionIn, Amount: e.Amount, BookedAt: e.At}
	if e.Amount < 0 {
		m.Direction, m.Amount = spec.MoneyDirectionOut, -e.Amount
	}
	return m
}
