package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

// Kinds of a subject.
const (
	Trust    = "trust"    // a bank that holds trust accounts
	Channel  = "channel"  // a payment channel
	Register = "register" // the registry of a district that has a system
)

// Subject is whom we compare with.
type Subject struct{ Kind, Code, Name string }

// ErrNotYet says that the other side has not told the whole day yet.
var ErrNotYet = errors.New("reconcile: the other side's statement is not here yet")

// books are both sides of a day.
type books struct{ ours, theirs []Line }

// span is a day of Beijing.
func span(day land.Date) (from, to time.Time) {
	from = day.Time()
	return from, from.AddDate(0, 0, 1)
}

// read reads both sides. Errors: ErrNotYet, exchange.ErrUnavailable.
func (r *Room) read(ctx context.Context, s Subject, day land.Date) (books, error) {
	switch s.Kind {
	case Trust:
		return r.trust(ctx, s, day)
	case Channel:
		return r.channel(ctx, s, day)
	}
	return r.register(ctx, s, day)
}

func (r *Room) trust(ctx context.Context, s Subject, day land.Date) (b books, err error) {
	from, to := span(day)
	ours, err := r.Trust.Booked(ctx, r.Pool, s.Code, from, to)
	if err != nil {
		return b, err
	}
	for _, m := range ours {
		b.ours = append(b.ours, Line{Key: m.Agreement + " / " + m.Voucher, Says: moneyWords(m.Amount), Amount: m.Amount, Case: m.CaseNo})
	}
	ask := spec.BankTrustStatementRequest{Date: string(day)}
	for range maxPages {
		var page spec.BankTrustStatementResponse
		if err := r.Out.Call(ctx, spec.BankTrustStatement, exchange.Route{Party: s.Code}, "", ask, &page); err != nil {
			return b, err
		}
		for _, m := range page.Movements {
			amount := land.Fen(m.Amount)
			if m.Direction == spec.MoneyDirectionOut {
				amount = -amount
			}
			b.theirs = append(b.theirs, Line{Key: m.AgreementNo + " / " + m.VoucherNo, Says: moneyWords(amount), Amount: amount})
		}
		if page.Next == "" {
			return b, nil
		}
		ask.After = page.Next
	}
	return b, errEndless
}

// maxPages ends a list that its owner never ends: 500 lines a page make two million.
const maxPages = 4000

var errEndless = errors.New("reconcile: the other side's list has no end")

func (r *Room) register(ctx context.Context, s Subject, day land.Date) (b books, err error) {
	from, to := span(day)
	units, err := r.Register.Changed(ctx, r.Pool, s.Code, from, to)
	if err != nil {
		return b, err
	}
	var listed []spec.EnteredUnit
	ask := spec.RegistryDayQueryRequest{Date: string(day)}
	for range maxPages {
		var page spec.RegistryDayQueryResponse
		if err := r.Out.Call(ctx, spec.RegistryDayQuery, exchange.Route{District: s.Code}, "", ask, &page); err != nil {
			return b, err
		}
		listed = append(listed, page.Units...)
		if ask.After = page.Next; page.Next == "" {
			break
		}
	}
	if ask.After != "" {
		return b, errEndless
	}
	for _, u := range listed {
		units = append(units, land.UnitCode(u.UnitCode))
	}
	standing, err := r.Register.Standing(ctx, r.Pool, units)
	if err != nil {
		return b, err
	}
	later := func(unit land.UnitCode) bool { return !standing[unit].At.Before(to) } // changed since: compared with that day
	for unit, s := range standing {
		if !later(unit) {
			b.ours = append(b.ours, Line{Key: string(unit), Says: pageWords(s.Numbers), Case: s.CaseNo})
		}
	}
	for _, u := range listed {
		if unit := land.UnitCode(u.UnitCode); !later(unit) {
			b.theirs = append(b.theirs, Line{Key: u.UnitCode, Says: pageWords(append(u.CertificateNos, u.RestrictionNos...))})
		}
	}
	return b, nil
}

func (r *Room) channel(ctx context.Context, s Subject, day land.Date) (b books, err error) {
	rows, err := r.Pool.Query(ctx, `SELECT parts, lines FROM reconcile.statement WHERE channel = $1 AND day = $2`, s.Code, day)
	if err != nil {
		return b, fmt.Errorf("reconcile: statement: %w", err)
	}
	var have, parts int
	var lines []message.StatementLine
	if _, err = pgx.ForEachRow(rows, []any{&parts, &lines}, func() error {
		have++
		for _, l := range lines {
			amount := l.Amount
			if l.Refund {
				amount = -amount
			}
			b.theirs = append(b.theirs, Line{Key: l.Reference, Says: moneyWords(amount), Amount: amount})
		}
		lines = nil
		return nil
	}); err != nil {
		return b, fmt.Errorf("reconcile: statement: %w", err)
	}
	if have == 0 || have < parts {
		return b, ErrNotYet
	}
	from, to := span(day)
	ours, err := r.Billing.Booked(ctx, r.Pool, s.Code, from, to)
	if err != nil {
		return b, err
	}
	for _, m := range ours {
		amount := m.Amount
		if m.Refund {
			amount = -amount
		}
		b.ours = append(b.ours, Line{Key: m.Reference, Says: moneyWords(amount), Amount: amount, Case: m.CaseNo})
	}
	return b, nil
}

// moneyWords says an amount to people: 收 100.00 元, 付 100.00 元.
func moneyWords(amount land.Fen) string {
	if amount < 0 {
		return "付 " + (-amount).String() + " 元"
	}
	return "收 " + amount.String() + " 元"
}

// pageWords says what stands on a page; brackets of numbers are those of our own book, since registries differ in them.
func pageWords(numbers []string) string {
	if len(numbers) == 0 {
		return "没有权利和限制"
	}
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = n
		if c, err := land.ParseCertNumber(n); err == nil {
			words[i] = string(c)
		}
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), "、")
}
