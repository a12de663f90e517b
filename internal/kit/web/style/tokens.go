// Package style holds the colours of the platform and the one style sheet made with them.
//
// Browsers down to IE9 know no custom properties, so the names of the tokens are put into the sheet when the
// program starts. In: the sheet with $names. Out: the sheet with values, without comments. A test keeps colours
// out of the sheet itself, and what old browsers cannot read inside @supports.
package style

// Token is a colour with a name. Ratio is its contrast on the ground it is used on (WCAG 2.x), for the record.
type Token struct {
	Name, Value, Use string
}

// Tokens are all colours there are.
func Tokens() []Token {
	return []Token{
		{"white", "#fff", "panels; text on brand"},
		{"ink", "#17212e", "text; 16.2 on white"},
		{"ink2", "#48566a", "secondary text, labels of facts, done; 7.5 on white"},
		{"ink3", "#5f6c80", "placeholders, timestamps; 5.3 on white; last chart series"},
		{"edge", "#6f7c8f", "borders of inputs and secondary buttons; 4.2 on white"},
		{"line", "#d5dce5", "decorative rules, never the sole boundary of a control"},
		{"line2", "#e3e8ee", "rules inside tables"},
		{"paper", "#f4f6f9", "page background"},
		{"hover", "#f4f8fd", "hovered row"},
		{"brand", "#0a4c9c", "header, primary button, links; 8.3 on white"},
		{"brandDark", "#07356d", "hover, foot of buttons; 12.1 on white"},
		{"brandTint", "#e9f1fb", "selected row, information"},
		{"seal", "#b3202a", "the mark of the platform only"},
		{"red", "#b42318", "error, overdue; 6.6 on white"},
		{"redTint", "#fdeceb", "ground of red text"},
		{"redText", "#8f1a12", "7.9 on redTint"},
		{"amber", "#8a5400", "due soon, waiting for you; 6.3 on white"},
		{"amberTint", "#fff2d4", "ground of amber text"},
		{"amberText", "#7a4a00", "6.7 on amberTint"},
		{"green", "#0b6b45", "passed, done; 6.6 on white"},
		{"greenTint", "#e4f4ec", "ground of green text"},
		{"greenText", "#085a39", "7.3 on greenTint"},
		{"purple", "#523380", "came back, special state; 8.3 on purpleTint"},
		{"purpleTint", "#f0eaf8", "ground of purple text"},
		{"grey", "#414d5e", "neutral tag; 7.3 on greyTint"},
		{"greyTint", "#e9edf2", "ground of neutral tags"},
		{"focus", "#ffd33d", "focus outline beside ink; search button; board numbers"},
		{"visited", "#5b3a8c", "visited content links; 8.7 on white"},
		{"chart2", "#0b7a6e", "second chart series"},
		{"chart3", "#a85a06", "third chart series"},
		{"chart4", "#7d4fa8", "fourth chart series"},
		{"chart5", "#a8325f", "fifth chart series"},
		{"board", "#071a33", "ground of hall screens; 17.4 under white"},
		{"black", "#000", "ground in high contrast"},
		{"hiYellow", "#ff0", "links in high contrast; 19.6 on black"},
		{"shade", "rgba(7,53,109,.14)", "shadow of a hovered card, the only shadow"},
	}
}
