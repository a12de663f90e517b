package main

import "fmt"

// appliedOnce: what one zone sent the other has, each message once and none that was not sent.
func appliedOnce(s *state) []string {
	var out []string
	for _, p := range s.Post {
		sent := map[string]letter{}
		for _, l := range p.Out {
			sent[l.ID] = l
		}
		seen := map[string]int{}
		for _, l := range p.In {
			seen[l.ID]++
			if o, ok := sent[l.ID]; !ok || o.Seq != l.Seq {
				out = append(out, fmt.Sprintf("message %s (%s, no. %d) was applied, and the %s did not send it as such", l.ID, l.Type, l.Seq, p.From))
			}
		}
		for _, l := range p.Out {
			if seen[l.ID] != 1 {
				out = append(out, fmt.Sprintf("message %s (%s, no. %d) of the %s arrived %d times, not once", l.ID, l.Type, l.Seq, p.From, seen[l.ID]))
			}
		}
	}
	return out
}

// appliedInOrder: of one case, no message was applied before an earlier one.
func appliedInOrder(s *state) []string {
	var out []string
	for _, p := range s.Post {
		for _, l := range p.In {
			if l.Overtaken {
				out = append(out, fmt.Sprintf("message no. %d of the %s (%s, case %s) was applied after a later one of its case", l.Seq, p.From, l.Type, l.Case))
			}
		}
	}
	return out
}

// nothingParked: no message waits, and none was parked: nothing in the storm makes a message that cannot be applied.
func nothingParked(s *state) []string {
	var out []string
	for _, p := range s.Post {
		for _, l := range p.In {
			if l.State != "applied" {
				out = append(out, fmt.Sprintf("message no. %d of the %s (%s, case %s) is %s: %s", l.Seq, p.From, l.Type, l.Case, l.State, orNone(l.Reason)))
			}
		}
	}
	return out
}
