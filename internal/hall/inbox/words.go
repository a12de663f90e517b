package inbox

import (
	"regexp"
	"strings"
)

// What an SMS says around its message: who sends it at the start, and at the end an address with the word that leads to it.
var (
	signature = regexp.MustCompile(`^【[^】]*】`)
	address   = regexp.MustCompile(`([^。，；]{0,5})https?://\S+$`)
)

// words are those of a notice as the inbox shows it: its reader has signed in here, and a button below leads on.
func words(text string) string {
	text = signature.ReplaceAllString(text, "")
	text = strings.TrimRight(address.ReplaceAllString(text, ""), " ，")
	if text != "" && !strings.HasSuffix(text, "。") {
		text += "。"
	}
	return text
}

// leads names where a link goes.
func leads(link string) string {
	path, _, _ := strings.Cut(strings.TrimPrefix(link, "/"), "?")
	part := strings.Split(path, "/")
	switch {
	case part[0] == "confirm":
		return "去看并确认"
	case part[0] == "bookings":
		return "看我的预约"
	case part[0] == "book":
		return "去预约"
	case part[0] == "case" && len(part) == 3:
		return map[string]string{"fix": "去补交材料", "tax": "去看税额", "pay": "去缴费"}[part[2]]
	case part[0] == "case":
		return "看办理进度"
	}
	return "去看看"
}
