package book

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	interfaces "yichuang/docs/interface"
	"yichuang/internal/exchange/spec"
)

// section is a chapter of the README under one heading of the second level.
type section struct {
	Title  string
	Blocks []Block
}

// Change is a version of the specification with what changed in it.
type Change struct {
	Version    string
	Date       string // 2026-11-24
	Blocks     []Block
	Operations []spec.Operation // that it names
}

// Vectors are the published examples of signatures.
type Vectors struct {
	Note       string   `json:"note"`
	PrivateKey string   `json:"privateKey"`
	PublicKey  string   `json:"publicKey"`
	Secret     string   `json:"secret"`
	Messages   []Vector `json:"messages"`
}

// Vector is one signed message.
type Vector struct {
	Note      string            `json:"note"`
	Headers   map[string]string `json:"headers"`
	Body      string            `json:"body"`
	Canonical string            `json:"canonical"`
}

// dialectTexts are the chapters on ways of carrying messages other than the unified one, where there are any.
var dialectTexts = []string{"bizxml/README.md", "filedrop.md"}

func (b *Book) readTexts() error {
	readme, err := fs.ReadFile(interfaces.FS, "README.md")
	if err != nil {
		return err
	}
	b.sections = sectionsOf(parseMarkdown(string(readme)))
	changes, err := fs.ReadFile(interfaces.FS, "CHANGES.md")
	if err != nil {
		return err
	}
	if b.Changes, err = changesOf(parseMarkdown(string(changes))); err != nil {
		return err
	}
	for _, name := range dialectTexts {
		raw, err := fs.ReadFile(interfaces.FS, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		b.dialects = append(b.dialects, parseMarkdown(string(raw)))
	}
	raw, err := fs.ReadFile(interfaces.FS, "vectors.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &b.vectors); err != nil {
		return fmt.Errorf("vectors.json: %w", err)
	}
	return nil
}

// sectionsOf cuts at headings of the second level. What stands before the first belongs to a section without a title.
func sectionsOf(blocks []Block) []section {
	all := []section{{}}
	for _, block := range blocks {
		if h, ok := block.(Heading); ok && h.Level == 2 {
			all = append(all, section{Title: h.Text})
			continue
		}
		last := &all[len(all)-1]
		last.Blocks = append(last.Blocks, block)
	}
	return all
}

var (
	changeTitle   = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)*)（([0-9]{4}-[0-9]{2}-[0-9]{2})）$`)
	operationName = regexp.MustCompile(`\b[a-z]+(?:\.[a-z]+)+\b`)
)

func changesOf(blocks []Block) ([]Change, error) {
	var out []Change
	for _, s := range sectionsOf(blocks)[1:] {
		m := changeTitle.FindStringSubmatch(s.Title)
		if m == nil {
			return nil, fmt.Errorf("CHANGES.md: %q is no version with its date", s.Title)
		}
		c := Change{Version: m[1], Date: m[2], Blocks: s.Blocks}
		for _, name := range operationName.FindAllString(plain(s.Blocks), -1) {
			if info, ok := spec.Lookup(spec.Operation(name)); ok {
				c.Operations = append(c.Operations, info.Operation)
			}
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("CHANGES.md has no version")
	}
	return out, nil
}

// plain is the words of blocks, a line each.
func plain(blocks []Block) string {
	var out strings.Builder
	for _, block := range blocks {
		switch b := block.(type) {
		case Para:
			fmt.Fprintln(&out, b.Text)
		case List:
			for _, item := range b.Items {
				fmt.Fprintln(&out, item)
			}
		case Table:
			for _, row := range b.Rows {
				for _, cell := range row.Cells {
					fmt.Fprintln(&out, cell)
				}
			}
		}
	}
	return out.String()
}

// tables yields the tables of the README.
func (b *Book) tables(yield func(Table) bool) {
	for _, s := range b.sections {
		for _, block := range s.Blocks {
			if t, ok := block.(Table); ok && !yield(t) {
				return
			}
		}
	}
}

var yamlName = regexp.MustCompile(`[a-z]+\.yaml`)

// filesOfReadme are the files in the order of the README's table.
func (b *Book) filesOfReadme() []string {
	var out []string
	for t := range b.tables {
		for _, row := range t.Rows {
			out = append(out, yamlName.FindAllString(row.Cells[0].String(), -1)...)
		}
	}
	return out
}

// about is what the README's table says of a file; where a row is about several, each has its own part.
func (b *Book) about(file string) string {
	for t := range b.tables {
		for _, row := range t.Rows {
			names := yamlName.FindAllString(row.Cells[0].String(), -1)
			for i, name := range names {
				if name != file {
					continue
				}
				words := row.Cells[1].String()
				if parts := strings.Split(words, "；"); len(parts) == len(names) {
					return parts[i]
				}
				return words
			}
		}
	}
	return ""
}

// readErrors reads the table of common.yaml and the README's advice.
func (b *Book) readErrors(r *reader) {
	words := text(at(r.roots["common.yaml"], "components", "responses", "Problem", "description"))
	for _, block := range parseMarkdown(words) {
		t, ok := block.(Table)
		if !ok {
			continue
		}
		for _, row := range t.Rows {
			if len(row.Cells) == 4 {
				e := ErrorCode{Status: row.Cells[0].String(), Code: row.Cells[1].String(), Meaning: row.Cells[2].String(), Again: row.Cells[3].String()}
				e.Advice = b.advice(e.Code)
				b.Errors = append(b.Errors, e)
			}
		}
	}
}

// adviceHead is the head of the README's table on what to do about an error.
const adviceHead = "怎么办"

func (b *Book) advice(code string) string {
	for t := range b.tables {
		if len(t.Head) != 2 || t.Head[1] != adviceHead {
			continue
		}
		for _, row := range t.Rows {
			for _, span := range row.Cells[0] {
				if span.Code && span.Text == code {
					return row.Cells[1].String()
				}
			}
		}
	}
	return ""
}

// orderOfSale is the order of operations in the README's section on a sale.
func (b *Book) orderOfSale() map[spec.Operation]int {
	order := map[spec.Operation]int{}
	for _, s := range b.sections {
		if !strings.Contains(s.Title, "一笔买卖") {
			continue
		}
		for _, name := range operationName.FindAllString(plain(s.Blocks), -1) {
			if info, ok := spec.Lookup(spec.Operation(name)); ok && order[info.Operation] == 0 {
				order[info.Operation] = len(order) + 1
			}
		}
	}
	return order
}
