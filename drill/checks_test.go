package main

import (
	"strings"
	"testing"
)

// whole is a city in which one case is done and one waits, and nothing is lost.
func whole() *state {
	return &state{
		Sent:  []string{"a1", "a2"},
		Apps:  []app{{"a1", "submitted"}, {"a2", "submitted"}, {"a3", "draft"}},
		Views: []view{{"a1", "TZ-1", "done", 9}, {"a2", "TZ-2", "running", 4}},
		Cases: []kase{
			{ID: "a1", No: "TZ-1", State: "done", Unit: "u1", Seq: 9, Opened: 1},
			{ID: "a2", No: "TZ-2", State: "running", Unit: "u2", Seq: 4, Opened: 1},
		},
		Orders: []order{
			{ID: "o1", CaseNo: "TZ-2", Node: "review", Name: "初审", Kind: "person", Department: "registry"},
			{ID: "o2", CaseNo: "TZ-2", Node: "open", Name: "开立账户", Kind: "system", Operation: "bank.trust.open", Sent: true, Outside: deciding},
			{ID: "o3", CaseNo: "TZ-2", Node: "tax", Name: "确认税款", Kind: "wait", Message: "tax.confirmed"},
		},
		Post: []post{{From: "hall",
			Out: []letter{{Seq: 1, ID: "m1", Type: "application.submitted", Case: "a1", State: "sent"}},
			In:  []letter{{Seq: 1, ID: "m1", Type: "application.submitted", Case: "a1", State: "applied"}}}},
		Reservations: []reservation{{"u2", "TZ-2", "running"}},
		Agreements:   []agreement{{Number: "TG-1", CaseNo: "TZ-1", CaseState: "done", State: "closed", Held: 0, In: 100, Out: 100, Others: 0}},
		Movements: []movement{
			{No: 1, Agreement: "TG-1", Reference: "wechat:w1", Postings: 2, Held: 100},
			{No: 2, Agreement: "TG-1", Reference: "HZ1", Postings: 2, Held: -100},
		},
		Vaults: []vault{{Agreement: "TG-1", Balance: 100, Entries: []entry{{"w1", 100}, {"w2", 100}, {"HZ1", -100}}}},
		Bills:  []bill{{ID: "b1", CaseNo: "TZ-1", Kind: "trust", State: "paid", Total: 100}, {ID: "b2", CaseNo: "TZ-2", Kind: "fee", State: "open", Total: 7}},
		Payments: []payment{
			{Bill: "b1", Kind: "trust", Channel: "wechat", Reference: "w1", Outcome: "accepted", Amount: 100},
			{Bill: "b1", Kind: "trust", Channel: "alipay", Reference: "w2", Outcome: "duplicate", Amount: 100, Refunded: 100, RefundDone: true},
		},
		Told:      []told{{"wechat", "w1", 100}, {"alipay", "w2", 100}},
		Collected: []collected{{"wechat", "w1", 100, 0}, {"alipay", "w2", 100, 100}},
		Pages:     []page{{Unit: "u1", CaseNo: "TZ-1", Ours: entries{Holders: []string{"李*"}}, Theirs: entries{Holders: []string{"李*"}}}},
		Papers:    []paper{{Code: "c1", Number: "n1", State: "valid", Digest: "d", HallState: "valid", HallDigest: "d", Shown: "真实有效"}},
		Filings:   []filing{{"TZ-1", "done", "BA1", false}, {"TZ-2", "running", "BA2", false}, {"TZ-0", "refused", "BA0", true}},
		Chains:    []chain{{Zone: "hall", Links: 3}, {Zone: "office", Links: 5}},
	}
}

func TestWholeCityHasNoViolation(t *testing.T) {
	for _, c := range checks() {
		if found := c.find(whole()); len(found) > 0 {
			t.Errorf("%s finds %q in a whole city", c.name, found)
		}
	}
}

// TestEachCheckCanFail does one kind of damage after the other. Each must be found by the check that is for it.
func TestEachCheckCanFail(t *testing.T) {
	damages := []struct {
		check, says string
		do          func(*state)
	}{
		{"page.failed", "answered 500", func(s *state) { s.Failed = []string{"paying: /pay answered 500"} }},
		{"rest", "jobs", func(s *state) { s.Restless = []string{"office: 3 jobs"} }},
		{"application.once", "has no case", func(s *state) { s.Sent = append(s.Sent, "a9") }},
		{"application.once", "has no case in the office", func(s *state) { s.Apps = append(s.Apps, app{"a9", "submitted"}) }},
		{"application.once", "opened by 2", func(s *state) { s.Cases[0].Opened = 2 }},
		{"application.once", "is confirming in the hall", func(s *state) { s.Apps[0].State = "confirming" }},
		{"case.reason", "nothing is open", func(s *state) { s.Orders = nil }},
		{"case.reason", "is nobody's", func(s *state) { s.Orders[0].Department = "" }},
		{"case.reason", "no system does", func(s *state) { s.Orders[1].Operation = "" }},
		{"case.reason", "not said for whom", func(s *state) { s.Orders[2].Message = "" }},
		{"case.reason", "3 orders are open in it", func(s *state) { s.Cases[1].State = "withdrawn" }},
		{"order.job", "no job will send it", func(s *state) { s.Orders[1].Sent = false }},
		{"order.job", "has answered it", func(s *state) { s.Orders[1].Outside = decided }},
		{"order.job", "knows nothing", func(s *state) { s.Orders[1].Outside = unknown }},
		{"job.lost", "discarded", func(s *state) {
			s.Jobs = []job{{"office", "7", "casework.do", "discarded", "too often"}}
		}},
		{"job.lost", "running", func(s *state) { s.Jobs = []job{{"hall", "8", "inbox.sms", "running", ""}} }},
		{"ferry.once", "arrived 2 times", func(s *state) { s.Post[0].In = append(s.Post[0].In, s.Post[0].In[0]) }},
		{"ferry.once", "arrived 0 times", func(s *state) { s.Post[0].In = nil }},
		{"ferry.once", "did not send it", func(s *state) { s.Post[0].Out = nil }},
		{"ferry.order", "after a later one", func(s *state) { s.Post[0].In[0].Overtaken = true }},
		{"ferry.open", "parked: no such case", func(s *state) { s.Post[0].In[0].State, s.Post[0].In[0].Reason = "parked", "no such case" }},
		{"hall.view", "does not know", func(s *state) { s.Views = s.Views[1:] }},
		{"hall.view", "as running", func(s *state) { s.Views[0].State = "running" }},
		{"hall.view", "snapshot 3", func(s *state) { s.Views[1].Seq = 3 }},
		{"hall.view", "office does not have", func(s *state) { s.Views = append(s.Views, view{"a9", "TZ-9", "running", 1}) }},
		{"unit.reserved", "which is withdrawn", func(s *state) { s.Reservations[0].CaseState = "withdrawn" }},
		{"trust.movement", "sum to 1 fen", func(s *state) { s.Movements[0].Sum = 1 }},
		{"trust.movement", "1 postings", func(s *state) { s.Movements[1].Postings = 1 }},
		{"trust.held", "held 1", func(s *state) { s.Agreements[0].Held = 1 }},
		{"trust.held", "other accounts 5", func(s *state) { s.Agreements[0].Others = 5 }},
		{"trust.bank", "the bank 1", func(s *state) { s.Vaults[0].Balance++ }},
		{"trust.bank", "theirs alone", func(s *state) { s.Movements = s.Movements[:1] }},
		{"trust.bank", "100 fen with us, 0 with them", func(s *state) { s.Vaults[0].Entries = s.Vaults[0].Entries[1:] }},
		{"trust.bank", "no account of it", func(s *state) { s.Vaults = nil }},
		{"trust.ended", "still holds 40", func(s *state) { s.Agreements[0].Held = 40 }},
		{"bill.payment", "has 0 accepted", func(s *state) { s.Payments = s.Payments[1:] }},
		{"bill.payment", "is open and has 1", func(s *state) { s.Bills[0].State = "open" }},
		{"bill.payment", "was settled by 100", func(s *state) { s.Bills[0].Total = 99 }},
		{"bill.refund", "has to go back", func(s *state) { s.Payments[1].Refunded = 0 }},
		{"bill.refund", "has to go back", func(s *state) { s.Bills[0].State = "refunded" }},
		{"bill.refund", "is not done", func(s *state) { s.Payments[1].RefundDone = false }},
		{"payment.channel", "office booked it: false", func(s *state) { s.Payments = s.Payments[1:] }},
		{"payment.channel", "hall heard of it: false", func(s *state) { s.Told = s.Told[1:] }},
		{"payment.channel", "100 fen with the channel, 100 in the hall, 101", func(s *state) { s.Payments[0].Amount = 101 }},
		{"payment.channel", "gave back 0", func(s *state) { s.Collected[1].Refunded = 0 }},
		{"payment.channel", "in the hall is unknown", func(s *state) { s.Collected = s.Collected[1:] }},
		{"register.agree", "holders are 李*", func(s *state) { s.Pages[0].Theirs.Holders = []string{"王*"} }},
		{"register.agree", "mortgages are none", func(s *state) { s.Pages[0].Theirs.Mortgages = []string{"证明1"} }},
		{"register.agree", "seizures are 裁1", func(s *state) { s.Pages[0].Ours.Seizures = []string{"裁1"} }},
		{"paper.verify", "nothing in the hall", func(s *state) { s.Papers[0].HallState = "" }},
		{"paper.verify", "same file: false", func(s *state) { s.Papers[0].HallDigest = "e" }},
		{"paper.verify", "its page says 查不到", func(s *state) { s.Papers[0].Shown = "查不到这份文书" }},
		{"housing.filed", "still has its contract filed as BA2", func(s *state) { s.Filings[1].CaseState = "withdrawn" }},
		{"housing.filed", "filed as BA0", func(s *state) { s.Filings[2].Revoked = false }},
		{"audit.chain", "link 3 is missing", func(s *state) { s.Chains[0].Broken = "link 3 is missing" }},
		{"audit.chain", "2 records", func(s *state) { s.Chains[1].Pending = 2 }},
		{"audit.chain", "empty", func(s *state) { s.Chains[1].Links = 0 }},
	}
	tried := map[string]bool{}
	for _, d := range damages {
		tried[d.check] = true
		s := whole()
		d.do(s)
		for _, c := range checks() {
			if c.name != d.check {
				continue
			}
			if found := strings.Join(c.find(s), "\n"); !strings.Contains(found, d.says) {
				t.Errorf("%s does not say %q: %q", d.check, d.says, found)
			}
		}
	}
	for _, c := range checks() {
		if !tried[c.name] {
			t.Errorf("%s is never shown any damage", c.name)
		}
	}
}
