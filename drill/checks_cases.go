package main

import (
	"fmt"
	"slices"
)

// submittedOnce: an application that its people were told is sent has one case, and one that was not sent has none.
func submittedOnce(s *state) []string {
	var out []string
	cases := map[string]kase{}
	for _, c := range s.Cases {
		cases[c.ID] = c
		if c.Opened != 1 {
			out = append(out, fmt.Sprintf("case %s was opened by %d messages, not 1", c.No, c.Opened))
		}
	}
	states := map[string]string{}
	for _, a := range s.Apps {
		states[a.ID] = a.State
		_, has := cases[a.ID]
		switch {
		case a.State == "submitted" && !has:
			out = append(out, fmt.Sprintf("application %s is submitted in the hall and has no case in the office", a.ID))
		case (a.State == "draft" || a.State == "confirming") && has:
			out = append(out, fmt.Sprintf("application %s is %s in the hall and has case %s in the office", a.ID, a.State, cases[a.ID].No))
		}
	}
	for _, id := range s.Sent {
		if _, has := cases[id]; !has {
			out = append(out, fmt.Sprintf("application %s, whose people were told that it is sent (%s in the hall), has no case", id, orNone(states[id])))
		}
	}
	return out
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// waitsForReason: a case is over, or has an open order, and each of its open orders says who holds it up.
func waitsForReason(s *state) []string {
	var out []string
	open := map[string]int{}
	for _, o := range s.Orders {
		open[o.CaseNo]++
		switch {
		case o.Kind == "person" && o.Department == "":
			out = append(out, fmt.Sprintf("case %s waits for %s (%s), which is nobody's", o.CaseNo, o.Name, o.Node))
		case o.Kind == "system" && o.Operation == "":
			out = append(out, fmt.Sprintf("case %s waits for %s (%s), which no system does", o.CaseNo, o.Name, o.Node))
		case o.Kind == "wait" && o.Message == "" && o.Bill == "" && o.Department == "":
			out = append(out, fmt.Sprintf("case %s waits for %s (%s), and it is not said for whom", o.CaseNo, o.Name, o.Node))
		}
	}
	for _, c := range s.Cases {
		switch {
		case c.State == "running" && open[c.No] == 0:
			out = append(out, fmt.Sprintf("case %s is running and nothing is open in it", c.No))
		case c.State != "running" && open[c.No] > 0:
			out = append(out, fmt.Sprintf("case %s is %s and %d orders are open in it", c.No, c.State, open[c.No]))
		}
	}
	return out
}

// ordersHaveJobs: a system's order is going to be tried, or is with the system and not answered yet.
func ordersHaveJobs(s *state) []string {
	var out []string
	for _, o := range s.Orders {
		switch {
		case o.Kind != "system" || o.Job:
		case !o.Sent:
			out = append(out, fmt.Sprintf("order %s of case %s (%s) was not sent and no job will send it", o.Operation, o.CaseNo, o.ID))
		case o.Outside == decided:
			out = append(out, fmt.Sprintf("order %s of case %s (%s) is open, though the other system has answered it", o.Operation, o.CaseNo, o.ID))
		case o.Outside == unknown:
			out = append(out, fmt.Sprintf("order %s of case %s (%s) counts as sent, and the other system knows nothing of it", o.Operation, o.CaseNo, o.ID))
		}
	}
	return out
}

// jobsAlive: no job was given up, and none is in the hands of a process that is gone.
func jobsAlive(s *state) []string {
	var out []string
	for _, j := range s.Jobs {
		if slices.Contains([]string{"discarded", "running"}, j.State) {
			out = append(out, fmt.Sprintf("job %s %s of the %s is %s: %s", j.Kind, j.ID, j.Zone, j.State, j.Error))
		}
	}
	return out
}

// viewsAgree: the hall shows each case as the office has it.
func viewsAgree(s *state) []string {
	var out []string
	views := map[string]view{}
	for _, v := range s.Views {
		views[v.App] = v
	}
	for _, c := range s.Cases {
		v, ok := views[c.ID]
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("the hall does not know case %s", c.No))
		case v.State != c.State || v.No != c.No:
			out = append(out, fmt.Sprintf("the hall shows case %s as %s, the office has %s as %s", v.No, v.State, c.No, c.State))
		case v.Seq != c.Seq:
			out = append(out, fmt.Sprintf("the hall shows snapshot %d of case %s, the office has published %d", v.Seq, c.No, c.Seq))
		}
		delete(views, c.ID)
	}
	for _, v := range views {
		out = append(out, fmt.Sprintf("the hall shows case %s, which the office does not have", v.No))
	}
	return out
}

// reservationsLive: no unit is kept for a case that is over.
func reservationsLive(s *state) []string {
	var out []string
	for _, r := range s.Reservations {
		if r.CaseState != "running" {
			out = append(out, fmt.Sprintf("unit %s is reserved for case %s, which is %s", r.Unit, r.Case, orNone(r.CaseState)))
		}
	}
	return out
}
