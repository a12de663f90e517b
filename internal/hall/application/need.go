package application

import (
	"slices"
	"time"

	"yichuang/internal/catalog"
	"yichuang/internal/deal"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

// The ways in which a needed material comes.
const (
	wayShared = "shared" // 无需提交
	wayUpload = "upload"
	wayOurs   = "system" // written by us from the form, signed with the confirmation
	wayCheck  = "check"  // no answer yet: looked up while the case is handled
	wayShow   = "show"   // the paper itself, at the counter
	wayOther  = "other"  // brought later by a lender or department
)

// Need is a material that the deal needs, for the case or for one party.
type Need struct {
	catalog.Required
	Party   string // ref; "" for the case
	Whose   string // masked name of the party
	Way     string
	Given   string // who shared it
	At      time.Time
	Summary string
	Files   []Stored
	Missing bool // is to be uploaded and is not
}

// Slot is where files of the need are kept: M-04-s1.
func (n Need) Slot() string {
	if n.Party == "" {
		return n.Code
	}
	return n.Code + "-" + n.Party
}

// Title is the material's name, with whose it is.
func (n Need) Title() string {
	if n.Whose == "" {
		return n.Name
	}
	return n.Whose + "的" + n.Name
}

// MaxFiles is how many files a material may have: one for each of its pages.
func (n Need) MaxFiles() int { return max(1, n.Pages) }

// need lists what the deal needs, in the order of the catalog.
func (v *view) need() []Need {
	facts := v.facts()
	var out []Need
	for _, r := range v.Item.RequiredMaterials(facts) {
		for _, ref := range v.holders(r) {
			out = append(out, v.needOf(r, ref))
		}
	}
	return out
}

// holders are the parties that a material is needed of; one empty ref for a material of the case.
func (v *view) holders(r catalog.Required) []string {
	if r.Of == "case" {
		return []string{""}
	}
	var out []string
	for _, p := range v.Form.Parties {
		fits := r.Of == "party" || r.Of == string(p.Role) || r.Of == "agent" && p.Agent != nil
		if fits && r.When.Holds(v.factsOf(p)) {
			out = append(out, p.Ref)
		}
	}
	return out
}

// factsOf are the facts of a deal in which this party stands on both sides: a condition about "seller or buyer" holds there exactly
// when it holds because of this party.
func (v *view) factsOf(p message.Party) catalog.Facts {
	alone := v.Form
	other := p
	other.Role = message.Seller
	if p.Role == message.Seller {
		other.Role = message.Buyer
	}
	alone.Parties = []message.Party{p, other}
	return deal.Facts(v.Item, &alone, v.today(), v.Shared.Missing)
}

func (v *view) needOf(r catalog.Required, ref string) Need {
	n := Need{Required: r, Party: ref}
	if p, ok := v.Form.Party(ref); ok {
		n.Whose = land.MaskName(p.Name)
	}
	for _, f := range v.Files {
		if f.Slot == n.Slot() {
			n.Files = append(n.Files, f)
		}
	}
	n.Way = v.way(&n)
	n.Missing = n.Way == wayUpload && len(n.Files) == 0
	if n.Way != wayUpload {
		n.Reason = r.MaterialRule.Reason // it is missing of another party
	}
	return n
}

// way decides how a material comes.
func (v *view) way(n *Need) string {
	switch {
	case n.Step != catalog.StepSubmit || n.Provider == "bank":
		return wayOther
	case n.Code == titleMaterial && v.Form.Home.UnitCode != "":
		n.Given, n.At, n.Summary = v.From["home"].Who, v.From["home"].At, v.Form.Home.Certificate.Printed()
		return wayShared
	case n.Code == contractMaterial && v.Form.Contract.Imported:
		n.Given, n.At, n.Summary = v.From["contract"].Who, v.From["contract"].At, "网签合同 "+v.Form.Contract.Number
		return wayShared
	case n.Code == contractMaterial, n.Material.Source == catalog.System:
		return wayOurs
	case n.Material.Source == catalog.Original:
		return wayShow
	case n.Material.Source == catalog.Upload:
		return wayUpload
	}
	for _, m := range v.Form.Materials {
		if m.Source == wayShared && m.Code == n.Code && (m.Party == n.Party || m.Party == "") {
			n.Given, n.At, n.Summary = m.From, m.At, m.Summary
			return wayShared
		}
	}
	if slices.Contains(v.Shared.Missing, n.Code) {
		return wayUpload
	}
	return wayCheck
}

// evidence is what goes to the office as materials of the application.
func (v *view) evidence() []message.Material {
	var out []message.Material
	for _, n := range v.need() {
		m := message.Material{Code: n.Code, Party: n.Party, Source: n.Way, From: n.Given, At: n.At, Summary: n.Summary}
		switch n.Way {
		case wayShared:
		case wayOurs:
			m.From, m.At = n.Material.From, v.Now
		case wayUpload:
			m.From, m.At = n.Whose, v.Now
			for _, f := range n.Files {
				m.Files, m.At = append(m.Files, f.File), f.At
			}
			if len(m.Files) == 0 {
				continue
			}
		default:
			continue
		}
		out = append(out, m)
	}
	return out
}

// findNeed finds the need of a slot.
func (v *view) findNeed(slot string) (Need, bool) {
	for _, n := range v.need() {
		if n.Slot() == slot && n.Way == wayUpload {
			return n, true
		}
	}
	return Need{}, false
}

func (s Stored) href() string { return "/f/" + s.ID.String() }

// note is a file in a line: 1.2 MB · SM3 9f2c…
func (s Stored) note() string { return sizeText(s.Size) + " · SM3 " + s.Digest[:8] + "…" }
