package main

import "fmt"

// check looks for one kind of damage. Each line that it returns is a violation, and says which thing it is about.
type check struct {
	name string
	find func(*state) []string
}

// checks are all that the drill checks, in the order in which they are told.
func checks() []check {
	return []check{
		{"page.failed", func(s *state) []string { return s.Failed }},
		{"rest", func(s *state) []string { return s.Restless }},
		{"application.once", submittedOnce},
		{"case.reason", waitsForReason},
		{"order.job", ordersHaveJobs},
		{"job.lost", jobsAlive},
		{"ferry.once", appliedOnce},
		{"ferry.order", appliedInOrder},
		{"ferry.open", nothingParked},
		{"hall.view", viewsAgree},
		{"unit.reserved", reservationsLive},
		{"trust.movement", movementsBalance},
		{"trust.held", heldIsInLessOut},
		{"trust.bank", bankAgrees},
		{"trust.ended", nothingLeftBehind},
		{"bill.payment", billsPaidOnce},
		{"bill.refund", refundsDone},
		{"payment.channel", channelsAgree},
		{"register.agree", registersAgree},
		{"housing.filed", filingsTakenBack},
		{"paper.verify", papersVerify},
		{"audit.chain", chainsWhole},
	}
}

// judge runs the checks over what was found.
func (d *drill) judge(s *state, restless []string) *verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.Sent, s.Failed, s.Restless = d.sent, d.failed, restless
	v := &verdict{Seed: d.seed, Counts: d.counts}
	for _, c := range checks() {
		v.Checks++
		v.add(c.name, c.find(s))
	}
	for _, o := range s.Orders {
		d.say("case %s waits for %s (%s), with %s %s", o.CaseNo, o.Name, o.Node, o.Department, o.Role)
	}
	for _, c := range s.Cases {
		switch c.State {
		case "running":
			v.Counts.Waiting++
		case "done":
			v.Counts.Done++
		default:
			v.Counts.EndedEarly++
		}
	}
	for _, p := range s.Post {
		v.Counts.Letters += len(p.In)
	}
	v.Counts.Movements, v.Counts.Papers = len(s.Movements), len(s.Papers)
	v.Counts.Storm, v.Counts.Seconds = d.storm.Seconds(), d.clock.Now().Sub(d.began).Round(1e8).Seconds()
	return v
}

// mostLines of one check are told: where one thing breaks, hundreds may follow from it.
const mostLines = 10

// add takes what a check found.
func (v *verdict) add(name string, lines []string) {
	v.Violations += len(lines)
	for i, line := range lines {
		if i == mostLines {
			v.found = append(v.found, fmt.Sprintf("VIOLATION %s: … and %d more", name, len(lines)-mostLines))
			return
		}
		v.found = append(v.found, fmt.Sprintf("VIOLATION %s: %s", name, line))
	}
}
