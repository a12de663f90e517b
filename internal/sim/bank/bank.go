// Package bank simulates those who hold and lend money: the trust banks, the provident fund and the guarantee company.
//
// A trust account is opened for an agreement, takes the buyer's down payment (an operator or the bank's page brings it) and the
// lenders' money (by itself, once a loan is approved), and pays out or back when the platform says so. Lenders evaluate
// loans. An account never goes below zero, and each voucher and instruction counts once.
package bank

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/wire"
)

// How long the banks' people need.
const (
	openTakes     = 30 * time.Minute
	evaluateTakes = 4 * time.Hour
	loanTakes     = 30 * time.Minute // from the later of approval and account to the money
	payTakes      = 15 * time.Minute
)

// Banks are all banks and lenders of the city.
type Banks struct {
	hub      *wire.Hub
	systems  map[string]*wire.System                         // by name
	accounts *board.Table[Account]                           // by number
	loans    *board.Table[Loan]                              // by work
	notices  *board.Table[spec.BankApplicationNotifyRequest] // of applications, by message
}

// New puts banks, fund and guarantee company on the hub.
func New(h *wire.Hub, c *democity.City) (*Banks, error) {
	b := &Banks{hub: h, systems: map[string]*wire.System{}}
	var err error
	if b.accounts, err = board.OpenTable[Account](h.Board(), "bank-accounts"); err != nil {
		return nil, err
	}
	if b.loans, err = board.OpenTable[Loan](h.Board(), "bank-loans"); err != nil {
		return nil, err
	}
	if b.notices, err = board.OpenTable[spec.BankApplicationNotifyRequest](h.Board(), "bank-notices"); err != nil {
		return nil, err
	}
	for _, bank := range c.Banks {
		s, err := b.add(wire.About{Name: "bank/" + bank.Code, Title: bank.Name, App: "taizhou-bank-" + bank.Code, Counterpart: "bank", Zone: wire.Office})
		if err != nil {
			return nil, err
		}
		b.serveBank(s)
	}
	for _, firm := range c.Companies {
		code := map[string]string{"fund": democity.FundCode, "guarantee": democity.GuaranteeCode}[firm.Kind]
		if code == "" {
			continue
		}
		s, err := b.add(wire.About{Name: "fund/" + code, Title: firm.Name, App: "taizhou-fund-" + code, Counterpart: "fund", Zone: wire.Office})
		if err != nil {
			return nil, err
		}
		b.serveFund(s)
	}
	h.Board().Courier.Handle(loanKind, board.Route{Deliver: b.loanArrives, Retry: []time.Duration{time.Minute}, Forever: true})
	return b, nil
}

func (b *Banks) add(about wire.About) (*wire.System, error) {
	s, err := b.hub.New(about)
	if err == nil {
		b.systems[s.Name] = s
	}
	return s, err
}

// Account is a trust account of one agreement.
type Account struct {
	Number       string                    `json:"number"`
	Bank         string                    `json:"bank"` // name of the system
	Agreement    string                    `json:"agreement"`
	Case         string                    `json:"case"`
	DownPayment  int64                     `json:"downPayment"` // expected
	Loan         int64                     `json:"loan"`        // expected
	Buyers       []spec.Person             `json:"buyers"`
	Balance      int64                     `json:"balance"`
	Entries      []Entry                   `json:"entries,omitempty"`
	Instructions map[string][]spec.Payment `json:"instructions,omitempty"` // results by instruction number
	Frozen       bool                      `json:"frozen,omitempty"`       // by a court
	Closed       bool                      `json:"closed,omitempty"`
}

// Entry is a movement of an account; money that leaves is negative.
type Entry struct {
	Voucher string           `json:"voucher"`
	Kind    spec.DepositKind `json:"kind,omitempty"` // of what came in
	Amount  int64            `json:"amount"`
	Party   string           `json:"party"`
	At      time.Time        `json:"at"`
}

// Received sums what came in of a kind.
func (a Account) Received(kind spec.DepositKind) int64 {
	var sum int64
	for _, e := range a.Entries {
		if e.Kind == kind {
			sum += e.Amount
		}
	}
	return sum
}

// Expected is what is still to come of a kind.
func (a Account) Expected(kind spec.DepositKind) int64 {
	want := a.DownPayment
	if kind == spec.DepositKindLoan {
		want = a.Loan
	}
	return max(want-a.Received(kind), 0)
}

// Accounts lists the trust accounts; bank "" means of all banks.
func (b *Banks) Accounts(bank string) []Account {
	out := []Account{}
	for _, a := range b.accounts.List() {
		if bank == "" || a.Bank == bank {
			out = append(out, a)
		}
	}
	return out
}

// Notices lists what the banks were told of their applications for mortgages.
func (b *Banks) Notices() []spec.BankApplicationNotifyRequest { return b.notices.List() }

// numbered makes an account number that follows from the work, so that a work done twice opens one account.
func numbered(w wire.Work) string {
	digits := strings.Map(func(r rune) rune {
		if r >= 'a' {
			return r - 'a' + '0'
		}
		return r
	}, strings.ReplaceAll(w.ID.String(), "-", ""))
	return "6231" + digits[len(digits)-15:]
}

func (b *Banks) open(s *wire.System) func(context.Context, wire.Work, spec.BankTrustOpenRequest) (spec.BankTrustOpenedRequest, error) {
	return func(_ context.Context, w wire.Work, in spec.BankTrustOpenRequest) (spec.BankTrustOpenedRequest, error) {
		review, err := s.Review(w, "柜员钱")
		out := spec.BankTrustOpenedRequest{WorkID: w.ID, CaseNo: in.CaseNo, AgreementNo: in.AgreementNo, Review: review}
		if err != nil || !wire.Passed(review) {
			return out, err
		}
		if in.DownPayment+in.Loan != in.Total {
			out.Review.Outcome, out.Review.Opinion = spec.OutcomeRefuse, "首付款与贷款之和不等于托管总额"
			return out, nil
		}
		a, _, err := b.accounts.Add(numbered(w), Account{Number: numbered(w), Bank: s.Name, Agreement: in.AgreementNo, Case: in.CaseNo,
			DownPayment: in.DownPayment, Loan: in.Loan, Buyers: in.Buyers})
		if err != nil {
			return out, err
		}
		out.Account, out.Bank, out.OpenedAt = a.Number, s.Title+"存量房资金托管专户", review.ReviewedAt
		return out, b.arrange(in.CaseNo)
	}
}

// receive books what comes in, once per voucher, and tells the platform.
func (b *Banks) receive(number string, kind spec.DepositKind, amount int64, payer, voucher string) error {
	fresh := false
	a, err := b.accounts.Update(number, func(a *Account) error {
		for _, e := range a.Entries {
			if e.Voucher == voucher {
				return nil
			}
		}
		if a.Closed {
			return ErrClosed
		}
		fresh = true
		a.Balance += amount
		a.Entries = append(a.Entries, Entry{Voucher: voucher, Kind: kind, Amount: amount, Party: payer, At: b.hub.Board().Now()})
		return nil
	})
	if err != nil || !fresh {
		return err
	}
	s := b.systems[a.Bank]
	return s.Tell(wire.Office, spec.BankTrustDeposit, a.Case, 0, spec.BankTrustDepositRequest{
		CaseNo: a.Case, AgreementNo: a.Agreement, Account: a.Number, Kind: kind, Amount: amount, Payer: payer, PayerAccount: payersAccount(payer), VoucherNo: voucher,
		ArrivedAt: s.Now(), Balance: a.Balance,
	})
}

// payersAccount is the account that a payer's money comes from, always the same for the same payer.
func payersAccount(payer string) string {
	sum := sha256.Sum256([]byte("account of " + payer))
	return fmt.Sprintf("6217%015d", binary.BigEndian.Uint64(sum[:])%1_000_000_000_000_000)
}

// Deposit brings money to the account of an agreement; amount 0 means all that is still expected of the kind, payer "" the buyers.
func (b *Banks) Deposit(agreement string, kind spec.DepositKind, amount int64, payer string) (Account, error) {
	a, ok := b.accounts.Find(func(a Account) bool { return a.Agreement == agreement && !a.Closed })
	if !ok {
		return a, ErrNoAccount
	}
	if amount == 0 {
		amount = a.Expected(kind)
	}
	if amount <= 0 {
		return a, ErrNothing
	}
	if payer == "" {
		var names []string
		for _, p := range a.Buyers {
			names = append(names, p.Name)
		}
		payer = strings.Join(names, "、")
	}
	if err := b.receive(a.Number, kind, amount, payer, b.systems[a.Bank].Serial("PZ")); err != nil {
		return a, err
	}
	a, _ = b.accounts.Get(a.Number)
	return a, nil
}

// Settle books the down payment of a case that a payment channel collected. The platform knows of it by the channel, so nobody is
// told.
func (b *Banks) Settle(caseNo string, amount int64, voucher string) error {
	a, ok := b.accounts.Find(func(a Account) bool { return a.Case == caseNo && !a.Closed })
	if !ok {
		return ErrNoAccount
	}
	_, err := b.accounts.Update(a.Number, func(a *Account) error {
		a.Balance += amount
		a.Entries = append(a.Entries, Entry{Voucher: voucher, Kind: spec.DepositKindDownPayment, Amount: amount, Party: "支付渠道", At: b.hub.Board().Now()})
		return nil
	})
	return err
}

// Freeze lets a court freeze or release an account.
func (b *Banks) Freeze(agreement string, frozen bool) (Account, error) {
	a, ok := b.accounts.Find(func(a Account) bool { return a.Agreement == agreement })
	if !ok {
		return a, ErrNoAccount
	}
	return b.accounts.Update(a.Number, func(a *Account) error { a.Frozen = frozen; return nil })
}

// What an operator may get wrong.
var (
	ErrNoAccount = fmt.Errorf("no trust account of this agreement is open")
	ErrNothing   = fmt.Errorf("nothing more is expected, name an amount")
	ErrClosed    = fmt.Errorf("the account is closed")
)
