package verify

import "yichuang/internal/kit/web/ui"

func crumbs(title string) []ui.Link {
	if title == "核验证书和文书" {
		return []ui.Link{{Text: "首页", Href: "/"}, {Text: title}}
	}
	return []ui.Link{{Text: "首页", Href: "/"}, {Text: "核验证书和文书", Href: "/verify"}, {Text: title}}
}

// rows are the facts by which a paper in the hand is compared.
func rows(v result) []ui.Row {
	out := []ui.Row{
		{Label: "文书", Value: ui.Str(v.Title)},
		{Label: "编号", Value: ui.Num(v.Number)},
		{Label: "权利人", Value: ui.Str(v.Holders)},
		{Label: "签发日期", Value: ui.Num(v.issuedOn())},
	}
	if v.Issuer != "" {
		out = append(out, ui.Row{Label: "签发机构", Value: ui.Str(v.Issuer)})
	}
	return append(out, ui.Row{Label: "核验码", Value: ui.Num(v.Code.Grouped())})
}
