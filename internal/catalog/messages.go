package catalog

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"yichuang/internal/land"
)

// Message returns a sentence of messages.zh.yaml with its slots filled. An unknown id gives the id itself, and a slot without a
// value stays as written, so that neither can be overlooked on a page.
func (c *Catalog) Message(id string, slots map[string]any) string {
	text, ok := c.messages[id]
	if !ok {
		return id
	}
	return slotPattern.ReplaceAllStringFunc(text, func(slot string) string {
		if v, ok := slots[slot[1:len(slot)-1]]; ok {
			return fmt.Sprint(v)
		}
		return slot
	})
}

// Sentence returns the sentence for a mistake that the vocabulary found in something typed; false if err is none.
func (c *Catalog) Sentence(err error) (string, bool) {
	var fault land.Fault
	if !errors.As(err, &fault) {
		return "", false
	}
	id, slots := fault.Sentence()
	return c.Message(id, slots), true
}

// HasMessage reports whether there is such a sentence.
func (c *Catalog) HasMessage(id string) bool {
	_, ok := c.messages[id]
	return ok
}

// MessageIDs lists the ids of all sentences in order.
func (c *Catalog) MessageIDs() []string { return slices.Sorted(maps.Keys(c.messages)) }

// Slots lists the names of a sentence's slots in the order of the text.
func (c *Catalog) Slots(id string) []string {
	var out []string
	for _, m := range slotPattern.FindAllString(c.messages[id], -1) {
		out = append(out, m[1:len(m)-1])
	}
	return out
}

// Slots turns text slots, as notices carry them, into slots of [Catalog.Message].
func Slots(texts map[string]string) map[string]any {
	out := make(map[string]any, len(texts))
	for k, v := range texts {
		out[k] = v
	}
	return out
}

var slotPattern = regexp.MustCompile(`\{[a-z][a-zA-Z]*\}`)

func checkMessages(p *problems, texts map[string]string) {
	for _, id := range slices.Sorted(maps.Keys(texts)) {
		rest := slotPattern.ReplaceAllString(texts[id], "")
		switch {
		case strings.TrimSpace(texts[id]) == "":
			p.add(path{id}, "sentence %s is empty", id)
		case strings.ContainsAny(rest, "{}"):
			p.add(path{id}, "sentence %s has a slot that is none: slots are {words} of letters", id)
		case !strings.Contains(id, "."):
			p.add(path{id}, "sentence %s has no group before a dot", id)
		}
	}
}
