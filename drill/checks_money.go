package main

import (
	"fmt"
	"strings"
)

// movementsBalance: each booking has two sides at least, and their sum is nothing.
func movementsBalance(s *state) []string {
	var out []string
	for _, m := range s.Movements {
		if m.Postings < 2 || m.Sum != 0 {
			out = append(out, fmt.Sprintf("movement %d of agreement %s has %d postings that sum to %d fen, not 0", m.No, m.Agreement, m.Postings, m.Sum))
		}
	}
	return out
}

// heldIsInLessOut: what came in is what went out and what is held, to the fen, and the kept balances of the other accounts say so too.
func heldIsInLessOut(s *state) []string {
	var out []string
	for _, a := range s.Agreements {
		if a.In-a.Out != a.Held || a.Others != a.Held {
			out = append(out, fmt.Sprintf("agreement %s: in %d − out %d = %d fen, held %d, by the other accounts %d", a.Number, a.In, a.Out, a.In-a.Out, a.Held, a.Others))
		}
	}
	return out
}

// bankAgrees: the bank has the same movements as our ledger, and the same balance. Money of a down payment that a channel gave back by itself
// never was in our ledger; the bank keeps the channel's deposit, so it is taken off.
func bankAgrees(s *state) []string {
	var out []string
	back := map[string]int64{} // by the channel's reference
	for _, p := range s.Payments {
		if p.Kind == "trust" && p.Outcome != "accepted" && p.RefundDone {
			back[p.Reference] += p.Refunded
		}
	}
	vaults := map[string]vault{}
	for _, v := range s.Vaults {
		vaults[v.Agreement] = v
	}
	ours := map[string]map[string]int64{}
	for _, m := range s.Movements {
		if ours[m.Agreement] == nil {
			ours[m.Agreement] = map[string]int64{}
		}
		ours[m.Agreement][voucher(m.Reference)] += m.Held
	}
	for _, a := range s.Agreements {
		v, ok := vaults[a.Number]
		if !ok {
			if a.Held != 0 || len(ours[a.Number]) > 0 {
				out = append(out, fmt.Sprintf("agreement %s: we hold %d fen, and the bank has no account of it", a.Number, a.Held))
			}
			continue
		}
		balance := v.Balance
		theirs := map[string]int64{}
		for _, e := range v.Entries {
			if back[e.Voucher] == e.Amount && e.Amount > 0 {
				balance -= e.Amount
				continue
			}
			theirs[e.Voucher] += e.Amount
		}
		if balance != a.Held {
			out = append(out, fmt.Sprintf("agreement %s: we hold %d fen, the bank %d", a.Number, a.Held, balance))
		}
		out = append(out, differences("agreement "+a.Number, ours[a.Number], theirs)...)
	}
	return out
}

// voucher is the bank's or the channel's number in a reference of the ledger, which says before it from whom it has it.
func voucher(reference string) string {
	if _, number, ok := strings.Cut(reference, ":"); ok {
		return number
	}
	return reference
}

// differences between what we and they have booked, by voucher.
func differences(of string, ours, theirs map[string]int64) []string {
	var out []string
	for v, n := range ours {
		if theirs[v] != n {
			out = append(out, fmt.Sprintf("%s: voucher %s is %d fen with us, %d with them", of, v, n, theirs[v]))
		}
	}
	for v, n := range theirs {
		if _, ok := ours[v]; !ok {
			out = append(out, fmt.Sprintf("%s: voucher %s of %d fen is theirs alone", of, v, n))
		}
	}
	return out
}

// nothingLeftBehind: a case that is over holds no money of anybody.
func nothingLeftBehind(s *state) []string {
	var out []string
	for _, a := range s.Agreements {
		if a.CaseState != "running" && a.Held != 0 && a.State != "refunding" && a.State != "paying" {
			out = append(out, fmt.Sprintf("case %s is %s, and agreement %s (%s) still holds %d fen", a.CaseNo, a.CaseState, a.Number, a.State, a.Held))
		}
	}
	return out
}

// billsPaidOnce: a bill is paid, or was and is given back, by one payment of its whole amount; others have none.
func billsPaidOnce(s *state) []string {
	var out []string
	paid := map[string][]payment{}
	for _, p := range s.Payments {
		if p.Outcome == "accepted" {
			paid[p.Bill] = append(paid[p.Bill], p)
		}
	}
	for _, b := range s.Bills {
		got := paid[b.ID]
		settled := b.State == "paid" || b.State == "refunded"
		switch {
		case settled && len(got) != 1, !settled && len(got) > 0:
			out = append(out, fmt.Sprintf("bill %s (%s of case %s) is %s and has %d accepted payments", b.ID, b.Kind, b.CaseNo, b.State, len(got)))
		case settled && got[0].Amount != b.Total:
			out = append(out, fmt.Sprintf("bill %s (%s of case %s) of %d fen was settled by %d", b.ID, b.Kind, b.CaseNo, b.Total, got[0].Amount))
		}
	}
	return out
}

// refundsDone: what was not accepted went back whole, and so did what was paid for a bill that is refunded.
func refundsDone(s *state) []string {
	var out []string
	bills := map[string]bill{}
	for _, b := range s.Bills {
		bills[b.ID] = b
	}
	for _, p := range s.Payments {
		must := p.Outcome != "accepted" || bills[p.Bill].State == "refunded"
		switch {
		case must && p.Refunded != p.Amount:
			out = append(out, fmt.Sprintf("payment %s %s of %d fen (%s) has to go back, and %d are on the way back", p.Channel, p.Reference, p.Amount, p.Outcome, p.Refunded))
		case p.Refunded > 0 && !p.RefundDone:
			out = append(out, fmt.Sprintf("refund of payment %s %s (%d fen) was ordered and is not done", p.Channel, p.Reference, p.Refunded))
		}
	}
	return out
}

// channelsAgree: each payment at a channel is one in the hall and one in the office, with its amount and what went back, and the
// other way round.
func channelsAgree(s *state) []string {
	var out []string
	hall := map[string]int64{}
	for _, t := range s.Told {
		hall[t.Channel+" "+t.Reference] = t.Amount
	}
	office := map[string]payment{}
	for _, p := range s.Payments {
		office[p.Channel+" "+p.Reference] = p
	}
	for _, c := range s.Collected {
		key := c.Channel + " " + c.Reference
		p, booked := office[key]
		_, heard := hall[key]
		switch {
		case !heard || !booked:
			out = append(out, fmt.Sprintf("payment %s of %d fen is with the channel; hall heard of it: %t, office booked it: %t", key, c.Amount, heard, booked))
		case hall[key] != c.Amount || p.Amount != c.Amount:
			out = append(out, fmt.Sprintf("payment %s is %d fen with the channel, %d in the hall, %d in the office", key, c.Amount, hall[key], p.Amount))
		case p.RefundDone && p.Refunded != c.Refunded || !p.RefundDone && c.Refunded > p.Refunded:
			out = append(out, fmt.Sprintf("payment %s: the channel gave back %d fen, the office %d", key, c.Refunded, p.Refunded))
		}
		delete(hall, key)
		delete(office, key)
	}
	for key, n := range hall {
		out = append(out, fmt.Sprintf("payment %s of %d fen in the hall is unknown to the channel", key, n))
	}
	for key, p := range office {
		out = append(out, fmt.Sprintf("payment %s of %d fen in the office is unknown to the channel", key, p.Amount))
	}
	return out
}
