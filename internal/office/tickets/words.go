package tickets

// key is a button of the machine for who types a code by hand.
type key struct{ Text, Types string }

func keys() []key {
	var out []key
	for _, k := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "X", "0"} {
		out = append(out, key{k, k})
	}
	return append(out, key{"退格", ""})
}

// idle is after how many seconds the machine goes back to its first page: only where somebody has used it.
func idle(v kioskView) string {
	if v.Form.OK() {
		return ""
	}
	return "45"
}

func usualSeat(v *StripView) string {
	if v.Usual == 0 {
		return ""
	}
	return itoa(v.Usual)
}
