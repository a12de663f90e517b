// Package catalog is what the city offers, as data: items with their forms, materials, fees, limits and notices, the sentences
// that people read, the calendar of working days, the rules of tax, the code lists.
//
// In: the YAML files of the folder catalog/ at the root of the project, or an edited version of them. Out: a [Catalog] that is
// valid through and through, or [*Invalid] with everything wrong at once. It is immutable: a change is another Catalog, and a
// running case keeps the version that it began with. Conditions are compiled when loaded: none can fail later.
package catalog

import (
	"io/fs"
	"maps"
	stdpath "path"
	"slices"
	"strings"

	"yichuang/internal/catalog/tax"
)

// Catalog is one valid version of the data. It is safe for concurrent use; callers must not change what it returns.
type Catalog struct {
	items     map[string]*Item
	sections  map[string]Section
	materials map[string]Material
	order     []string // codes of materials as listed
	sharing   map[string]Share
	fees      []FeeRule
	messages  map[string]string
	codes     map[string]CodeList
	calendar  *Calendar
	tax       *tax.Rules
}

// Load reads and checks a catalog. Error: [*Invalid].
func Load(fsys fs.FS) (*Catalog, error) {
	l := &loader{fsys: fsys}
	c := &Catalog{items: map[string]*Item{}, messages: map[string]string{}}

	var calendar calendarFile
	p := l.read("calendar.yaml", &calendar)
	c.calendar = calendar.calendar(p)

	p = l.read("messages.zh.yaml", &c.messages)
	checkMessages(p, c.messages)

	c.codes = l.codes()

	var materials struct {
		Materials []Material `yaml:"materials"`
	}
	p = l.read("materials.yaml", &materials)
	c.materials = checkMaterials(p, materials.Materials)
	for _, m := range materials.Materials {
		c.order = append(c.order, m.Code)
	}

	var sharing struct {
		Sharing []Share `yaml:"sharing"`
	}
	p = l.read("sharing.yaml", &sharing)
	c.sharing = checkSharing(p, sharing.Sharing, c.materials)

	var forms struct {
		Sections []Section `yaml:"sections"`
	}
	p = l.read("forms.yaml", &forms)
	c.sections = checkSections(p, forms.Sections, c.codes)

	var fees struct {
		Fees []FeeRule `yaml:"fees"`
	}
	p = l.read("fees.yaml", &fees)
	groups := checkFees(p, fees.Fees)
	c.fees = fees.Fees

	var rules tax.Rules
	p = l.read("tax.yaml", &rules)
	for _, bad := range rules.Compile() {
		p.add(bad.Path, "%v", bad.Err)
	}
	c.tax = &rules

	l.items(c, groups)
	if err := l.invalid(); err != nil {
		return nil, err
	}
	return c, nil
}

func (l *loader) codes() map[string]CodeList {
	out := map[string]CodeList{}
	for _, name := range l.glob("codes/*.yaml") {
		var list CodeList
		p := l.read(name, &list)
		if list.Name != strings.TrimSuffix(stdpath.Base(name), ".yaml") {
			p.add(path{"name"}, "the list is named %q, unlike its file", list.Name)
		}
		list.check(p)
		out[list.Name] = list
	}
	return out
}

func (l *loader) items(c *Catalog, groups map[string]bool) {
	places := map[string]*problems{}
	for _, name := range l.glob("items/*.yaml") {
		item := new(Item)
		p := l.read(name, item)
		if item.Code != strings.TrimSuffix(stdpath.Base(name), ".yaml") {
			p.add(path{"code"}, "the item is coded %q, unlike its file", item.Code)
		}
		item.check(p, c, groups, l.fsys)
		c.items[item.Code], places[item.Code] = item, p
	}
	for _, code := range slices.Sorted(maps.Keys(c.items)) {
		item := c.items[code]
		if item.Extends != "" {
			base, ok := c.items[item.Extends]
			if !ok || base.Extends != "" {
				places[code].add(path{"extends"}, "there is no item %q that could be extended", item.Extends)
				continue
			}
			item.extend(base)
		}
		for _, page := range item.Pages {
			item.Sections = append(item.Sections, c.sections[page])
		}
		if len(item.Pages) == 0 && !item.Lender || item.Flow == "" || len(item.RegTypes) == 0 || len(item.Who) == 0 {
			places[code].add(nil, "an item needs sections unless lenders apply for it, a flow, registration types and who may apply")
		}
	}
}

func (l *loader) glob(pattern string) []string {
	names, err := fs.Glob(l.fsys, pattern)
	if err != nil || len(names) == 0 {
		l.list = append(l.list, Problem{File: pattern, Text: "there is no such file"})
	}
	return names
}

// Item returns the item with a code.
func (c *Catalog) Item(code string) (*Item, bool) {
	i, ok := c.items[code]
	return i, ok
}

// Items lists the items by code.
func (c *Catalog) Items() []*Item {
	var out []*Item
	for _, code := range slices.Sorted(maps.Keys(c.items)) {
		out = append(out, c.items[code])
	}
	return out
}

// Material returns the material with a code.
func (c *Catalog) Material(code string) (Material, bool) {
	m, ok := c.materials[code]
	return m, ok
}

// Materials lists all materials in the order of the data.
func (c *Catalog) Materials() []Material {
	var out []Material
	for _, code := range c.order {
		out = append(out, c.materials[code])
	}
	return out
}

// Codes returns the code list with a name.
func (c *Catalog) Codes(name string) (CodeList, bool) {
	l, ok := c.codes[name]
	return l, ok
}

// Calendar returns the calendar of working days.
func (c *Catalog) Calendar() *Calendar { return c.calendar }

// Tax returns the rules of tax for estimates.
func (c *Catalog) Tax() *tax.Rules { return c.tax }
