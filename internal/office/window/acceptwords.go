package window

import (
	"strings"

	"yichuang/internal/office/billing"
	"yichuang/internal/office/casework"
)

// Words and states of the six blocks of the counter's page.

// checksOf are the checks whose code begins with one of the words.
func checksOf(v *file, prefixes ...string) []casework.Check {
	var out []casework.Check
	for _, c := range v.Checks {
		for _, p := range prefixes {
			if c.Code == p || strings.HasPrefix(c.Code, p+".") {
				out = append(out, c)
			}
		}
	}
	return out
}

func checkGap(v *file, prefixes ...string) bool {
	bad, _ := failed(checksOf(v, prefixes...))
	return len(bad) > 0
}

func checkState(v *file, prefixes ...string) string {
	if bad, _ := failed(checksOf(v, prefixes...)); len(bad) > 0 {
		return itoa(len(bad)) + " 处不一致"
	}
	return "✓ 齐"
}

// checkedAt says who answered a check and when; empty where it was not asked.
func checkedAt(v *file, code string) string {
	for _, c := range checksOf(v, code) {
		return c.Origin + " " + clockTime(c.At)
	}
	return ""
}

// identitySource says how a party was identified: by the police's answer, and by face where the party showed it.
func identitySource(v *file, ref string) string {
	words := checkedAt(v, "identity."+ref)
	for _, x := range v.Case.App.Confirmed {
		if x.Party == ref && x.Face {
			words = strings.TrimPrefix(words+"，已刷脸", "，")
		}
	}
	return words
}

func restrictionWords(v *file) string {
	for _, c := range checksOf(v, "title.restrictions") {
		return c.Source
	}
	return "没有查到限制"
}

func latestTax(v *file) *casework.AssessedTax {
	if len(v.Taxes) == 0 {
		return nil
	}
	return &v.Taxes[len(v.Taxes)-1]
}

func billsPaid(v *file, kinds ...string) bool {
	n := 0
	for _, b := range v.Bills {
		for _, k := range kinds {
			if b.Kind != k {
				continue
			}
			if b.State == billing.Open {
				return false
			}
			n++
		}
	}
	return n > 0
}

func taxSettled(v *file) bool {
	t := latestTax(v)
	return t != nil && (t.Total == 0 || billsPaid(v, "tax"))
}

func taxBlock(v *file) string {
	if taxSettled(v) {
		return "✓ 已缴"
	}
	return "没有缴清"
}

func moneySettled(v *file) bool { return billsPaid(v, "fee", "trust") }

func moneyBlock(v *file) string {
	if moneySettled(v) {
		return "✓ 到账"
	}
	return "没有付清"
}

func originalsWords(v *orderView) string {
	if !v.Mine {
		return itoa(len(v.Originals)) + " 项"
	}
	return itoa(len(v.Originals)) + " 项要核对"
}

func acceptVerb(outcome string) string {
	switch outcome {
	case "correct":
		return "一次性告知"
	case "refuse":
		return "不予受理"
	}
	return verbs[outcome]
}

func acceptKey(outcome string) string {
	if outcome == "correct" {
		return "F8"
	}
	return keysOf[outcome]
}

// refreshUntil asks a browser without script to look again until something is there.
func refreshUntil(there bool) int {
	if there {
		return 0
	}
	return 5
}
