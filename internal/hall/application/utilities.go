package application

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

var utilityNames = map[string]string{"water": "自来水", "power": "电", "gas": "燃气", "tv": "有线电视"}

func utilitiesSection() section {
	return section{
		needs: []string{"home"},
		asks:  []string{askUtilities},
		page:  utilitiesPage,
		ready: func(*view) templ.Component { return nil },
		fill: func(v *view) url.Values {
			values := url.Values{}
			for _, u := range v.Form.Utilities {
				values.Set(u.Kind+".action", u.Action)
			}
			return values
		},
		take: func(v *view) {
			for i := range v.Form.Utilities {
				u := &v.Form.Utilities[i]
				if u.Silent || u.Account == "" {
					continue
				}
				u.Action = v.choice("utility.action", u.Kind+".action", false)
			}
		},
		line: func(v *view) string { return v.utilityLine() },
		rows: func(v *view) []ui.Row {
			var rows []ui.Row
			for _, u := range v.Form.Utilities {
				rows = append(rows, ui.Row{Label: utilityNames[u.Kind], Value: ui.Str(v.utilityWords(u))})
			}
			if len(rows) == 0 {
				rows = append(rows, ui.Row{Label: "户号", Value: ui.Str("还没有查到，办理时再查")})
			}
			return rows
		},
	}
}

// askUtilities asks for the accounts of the home; nil while it is being asked.
func (rm *Room) askUtilities(a *App) *question {
	item, ok := rm.Catalog().Item(a.Item)
	if !ok || a.waits(askUtilities) {
		return nil
	}
	if _, has := item.Section("utilities"); !has {
		return nil
	}
	h := a.Form.Home
	head := rm.note(a, askUtilities, string(h.UnitCode))
	return &question{askUtilities, message.UtilityQuery, head, message.UtilityQueryBody{Ask: head, District: h.District, Unit: h.UnitCode, Address: h.Address}}
}

// utilitiesAnswered takes the accounts in. What the person decided about an account stays.
func (rm *Room) utilitiesAnswered(a *App, reply message.UtilityReply) {
	if reply.Error != "" {
		a.fail(askUtilities, "silent")
		return
	}
	decided := map[string]string{}
	for _, u := range a.Form.Utilities {
		decided[u.Kind+u.Account] = u.Action
	}
	a.Form.Utilities = nil
	for _, u := range reply.Utilities {
		if old := decided[u.Kind+u.Account]; old != "" && u.Account != "" {
			u.Action = old
		}
		a.Form.Utilities = append(a.Form.Utilities, u)
	}
}

// utilityLine sums the accounts up: 4 户号，没有欠费.
func (v *view) utilityLine() string {
	n, silent := 0, 0
	var owed land.Fen
	for _, u := range v.Form.Utilities {
		switch {
		case u.Silent:
			silent++
		case u.Account != "":
			n++
		}
		owed += u.Arrears
	}
	if len(v.Form.Utilities) == 0 {
		return ""
	}
	words := []string{itoa(n) + " 个户号"}
	if owed > 0 {
		words = append(words, "欠费 "+owed.String()+" 元")
	} else {
		words = append(words, "没有欠费")
	}
	if silent > 0 {
		words = append(words, itoa(silent)+" 家还没有回应")
	}
	return strings.Join(words, "，")
}

// utilityWords is one account in words.
func (v *view) utilityWords(u message.Utility) string {
	switch {
	case u.Silent:
		return u.Provider + "暂时没有回应，办理时再查"
	case u.Account == "":
		return "没有查到户号，买方另开"
	}
	words := "户号 " + u.Account + "，" + v.said("utilities", "utility.action", u.Action)
	if u.Arrears > 0 {
		words += "，欠费 " + u.Arrears.String() + " 元"
	}
	return words
}

// silentProviders lists who did not answer.
func (v *view) silentProviders() []string {
	var out []string
	for _, u := range v.Form.Utilities {
		if u.Silent {
			out = append(out, u.Provider)
		}
	}
	return out
}
