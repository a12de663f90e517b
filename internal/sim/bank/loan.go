package bank

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/wire"
)

// Loan is an approved loan on its way to a trust account.
type Loan struct {
	Work      uuid.UUID `json:"work"`
	Lender    string    `json:"lender"` // name of the system
	Case      string    `json:"case"`
	Amount    int64     `json:"amount"`
	Scheduled bool      `json:"scheduled"`
}

func (b *Banks) serveFund(s *wire.System) {
	wire.Async(s, spec.FundLoanEvaluate, wire.After[spec.FundLoanEvaluateRequest](evaluateTakes), nil,
		func(_ context.Context, w wire.Work, in spec.FundLoanEvaluateRequest) (spec.FundLoanResultRequest, error) {
			out, err := b.evaluate(s, w, spec.BankLoanEvaluateRequest(in))
			return spec.FundLoanResultRequest(out), err
		})
}

const (
	fund      = "fund/" + democity.FundCode
	guarantor = "fund/" + democity.GuaranteeCode
)

// terms is what a decision "approve" may say.
type terms struct {
	Amount int64 `json:"amount"`
	Years  int   `json:"years"`
}

// evaluate approves a loan of at most eight tenths of the price, and writes the contracts.
func (b *Banks) evaluate(s *wire.System, w wire.Work, in spec.BankLoanEvaluateRequest) (spec.BankLoanResultRequest, error) {
	review, err := s.Review(w, "信贷员孙")
	out := spec.BankLoanResultRequest{WorkID: w.ID, CaseNo: in.CaseNo, Review: review}
	if err != nil || !wire.Passed(review) {
		return out, err
	}
	if in.Amount > in.Price*8/10 {
		out.Review.Outcome, out.Review.Opinion = spec.OutcomeRefuse, "贷款金额超过成交价的八成"
		return out, nil
	}
	t := terms{in.Amount, in.Years}
	if w.Decision != nil && w.Decision.Outcome == "approve" && len(w.Decision.Detail) > 0 {
		if err := json.Unmarshal(w.Decision.Detail, &t); err != nil {
			return out, fmt.Errorf("decision %s: %w", w.Decision.ID, err)
		}
	}
	now, tail := s.Now(), w.ID.String()[24:]
	out.Amount, out.Years, out.Rate = min(t.Amount, in.Amount), t.Years, "0.031"
	if in.LoanKind != spec.LoanKindCommercial {
		out.Rate = "0.026"
	}
	out.ContractNo, out.MortgageContractNo = "JK"+now.Format("2006")+tail, "DY"+now.Format("2006")+tail
	out.From, out.Until = now.Format(time.DateOnly), now.AddDate(t.Years, 0, 0).Format(time.DateOnly)
	if in.LoanKind == spec.LoanKindGuarantee {
		return out, nil // a vouching alone: nobody lends by it
	}
	lender := s.Name
	if lender == guarantor {
		lender = fund // the guarantee company evaluates, the fund lends
	}
	if _, _, err := b.loans.Add(w.ID.String(), Loan{Work: w.ID, Lender: lender, Case: in.CaseNo, Amount: out.Amount}); err != nil {
		return out, err
	}
	return out, b.arrange(in.CaseNo)
}

const loanKind = "bank-loan"

// arrange sends the approved loans of a case on their way once the trust account is open.
func (b *Banks) arrange(caseNo string) error {
	if _, open := b.account(caseNo); !open {
		return nil
	}
	for _, l := range b.loans.List() {
		if l.Case != caseNo || l.Scheduled {
			continue
		}
		if err := b.hub.Board().Courier.Post(loanKind, "", loanTakes, l.Work); err != nil {
			return err
		}
		if _, err := b.loans.Update(l.Work.String(), func(l *Loan) error { l.Scheduled = true; return nil }); err != nil {
			return err
		}
	}
	return nil
}

func (b *Banks) account(caseNo string) (Account, bool) {
	return b.accounts.Find(func(a Account) bool { return a.Case == caseNo && !a.Closed })
}

// loanArrives pays a loan into the trust account of its case, unless that was closed meanwhile.
func (b *Banks) loanArrives(_ context.Context, payload json.RawMessage) error {
	var id uuid.UUID
	if err := json.Unmarshal(payload, &id); err != nil {
		return fmt.Errorf("%w: %w", board.ErrRejected, err)
	}
	l, ok := b.loans.Get(id.String())
	if !ok {
		return fmt.Errorf("%w: no loan %s", board.ErrRejected, id)
	}
	a, open := b.account(l.Case)
	if !open {
		return fmt.Errorf("%w: the account of case %s is closed", board.ErrRejected, l.Case)
	}
	err := b.receive(a.Number, spec.DepositKindLoan, l.Amount, b.systems[l.Lender].Title, "FK"+id.String()[24:])
	if errors.Is(err, ErrClosed) {
		return fmt.Errorf("%w: %w", board.ErrRejected, err)
	}
	return err
}

// Loans lists the approved loans.
func (b *Banks) Loans() []Loan { return b.loans.List() }
