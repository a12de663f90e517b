package wire

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
)

// inFiles is what a blow comes to where messages are files: a file is there or it is not, and only what is signed can be in it.
func inFiles(b board.Blow) board.Blow {
	for _, d := range b.Defects {
		switch d {
		case board.Corrupt:
			b.Defects = append(slices.Clone(b.Defects), board.WrongSignature)
		case board.Crash, board.Drip:
			b.Defects = append(slices.Clone(b.Defects), board.Silent)
		}
	}
	return b
}

// falsify makes the body that is signed in place of a true one, where a blow has the content wrong; false where it has not, or
// where the body has nothing that could be wrong in that way. About is the request that an answer belongs to.
func (s *System) falsify(b board.Blow, about, body []byte) (out []byte, ok bool) {
	if b.Has(board.BadSchema) && len(body) > 1 {
		extra := []byte(`{"notOfTheInterface":true`)
		if body[1] != '}' {
			extra = append(extra, ',')
		}
		return append(extra, body[1:]...), true
	}
	switch {
	case b.Has(board.Stale):
		return altered(body, aged)
	case b.Has(board.OtherCase):
		return altered(body, s.misplaced(caseOf(about)))
	case b.Has(board.WrongAmount):
		for _, sum := range sums {
			if out, ok := altered(body, multiplied(sum)); ok {
				return out, true
			}
		}
	}
	return nil, false
}

// altered changes the fields of a body that alter has another value for.
func altered(body []byte, alter func(key string, v any) (any, bool)) ([]byte, bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, false
	}
	v, changed := walk("", v, alter)
	if !changed {
		return nil, false
	}
	out, err := spec.Encode(v)
	return out, err == nil
}

func walk(key string, v any, alter func(string, any) (any, bool)) (any, bool) {
	changed := false
	switch x := v.(type) {
	case map[string]any:
		for k, field := range x {
			next, did := walk(k, field, alter)
			x[k], changed = next, changed || did
		}
		return x, changed
	case []any:
		for i, row := range x {
			next, did := walk(key, row, alter)
			x[i], changed = next, changed || did
		}
		return x, changed
	}
	return alter(key, v)
}

// aged makes times a year older.
func aged(_ string, v any) (any, bool) {
	text, _ := v.(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return v, false
	}
	return at.AddDate(-1, 0, 0).Format("2006-01-02T15:04:05.000Z07:00"), true
}

// sums are the fields that other amounts of their message, or the platform's own, must agree with; one of them is made wrong.
var sums = []string{"total", "amount"}

func multiplied(sum string) func(string, any) (any, bool) {
	return func(key string, v any) (any, bool) {
		n, _ := v.(json.Number)
		fen, err := n.Int64()
		if err != nil || fen == 0 || key != sum {
			return v, false
		}
		return fen * 1000, true
	}
}

// misplaced names another case than that of a message: one that the system knows, or that of a day on which there was none.
func (s *System) misplaced(own string) func(string, any) (any, bool) {
	return func(key string, v any) (any, bool) {
		if key != "caseNo" {
			return v, false
		}
		for _, w := range slices.Backward(s.hub.Works(s.Name)) {
			if w.Case != "" && w.Case != own {
				return w.Case, true
			}
		}
		no, err := land.MakeCaseNumber("TZ", "2020-01-01", 1)
		return string(no), err == nil
	}
}

// padded is a body with more white space than may be read.
func padded(body []byte, most int64) []byte {
	return append(slices.Clone(body), bytes.Repeat([]byte(" "), int(most)+1)...)
}
