package main

import (
	"fmt"
	"slices"
	"strings"
)

// registersAgree: of each unit that was sold or seized, our register and the district's say the same.
func registersAgree(s *state) []string {
	var out []string
	for _, p := range s.Pages {
		for _, part := range []struct {
			what         string
			ours, theirs []string
		}{
			{"holders", p.Ours.Holders, p.Theirs.Holders},
			{"mortgages", p.Ours.Mortgages, p.Theirs.Mortgages},
			{"seizures", p.Ours.Seizures, p.Theirs.Seizures},
		} {
			if !slices.Equal(part.ours, part.theirs) {
				out = append(out, fmt.Sprintf("unit %s (case %s): %s are %s with us, %s at the registry", p.Unit, p.CaseNo, part.what, list(part.ours), list(part.theirs)))
			}
		}
	}
	return out
}

func list(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// filingsTakenBack: no contract stays filed at the housing bureau for a case that ended before its entry: it would keep the home
// from being sold to anybody else.
func filingsTakenBack(s *state) []string {
	var out []string
	for _, f := range s.Filings {
		if f.CaseState != "running" && f.CaseState != "done" && !f.Revoked {
			out = append(out, fmt.Sprintf("case %s is %s, and housing still has its contract filed as %s", f.CaseNo, f.CaseState, f.Number))
		}
	}
	return out
}

// papersVerify: each issued paper is known to the hall with its digest and state, and its page says what it is.
func papersVerify(s *state) []string {
	says := map[string]string{"valid": "真实有效", "superseded": "已被替换", "cancelled": "已注销"}
	var out []string
	for _, p := range s.Papers {
		switch {
		case p.HallState != p.State || p.HallDigest != p.Digest:
			out = append(out, fmt.Sprintf("paper %s (%s) is %s in the office and %s in the hall; same file: %t", p.Code, p.Number, p.State, orNone(p.HallState), p.HallDigest == p.Digest))
		case p.Shown != says[p.State]:
			out = append(out, fmt.Sprintf("paper %s (%s) is %s, and its page says %s", p.Code, p.Number, p.State, orNone(p.Shown)))
		}
	}
	return out
}

// chainsWhole: the audit records of both zones are whole, and all of it is on the chain.
func chainsWhole(s *state) []string {
	var out []string
	for _, c := range s.Chains {
		switch {
		case c.Broken != "":
			out = append(out, fmt.Sprintf("audit chain of the %s: %s", c.Zone, c.Broken))
		case c.Pending > 0:
			out = append(out, fmt.Sprintf("audit chain of the %s: %d records are not on it yet", c.Zone, c.Pending))
		case c.Links == 0:
			out = append(out, fmt.Sprintf("audit chain of the %s is empty", c.Zone))
		}
	}
	return out
}
