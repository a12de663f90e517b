package catalog

import (
	"io/fs"
	"maps"
	"slices"

	"yichuang/internal/land"
)

// Item is something that the city offers (事项).
type Item struct {
	Code           string           `yaml:"code"`
	Extends        string           `yaml:"extends"` // item whose lists this one completes
	Version        int              `yaml:"version"`
	Name           string           `yaml:"name"`      // legal name
	PlainName      string           `yaml:"plainName"` // what people call it
	Summary        string           `yaml:"summary"`
	Online         bool             `yaml:"online"` // can be done without paper
	Lender         bool             `yaml:"lender"` // lenders apply for it, each from a system of its own
	Visits         int              `yaml:"visits"` // how often someone has to come, at most
	Days           int              `yaml:"days"`   // promised, in working days from acceptance
	LegalDays      int              `yaml:"legalDays"`
	RegTypes       []land.RegType   `yaml:"regTypes"`       // registrations in the order of their entry
	Districts      []string         `yaml:"districts"`      // codes; empty: all
	PrintsContract []string         `yaml:"printsContract"` // districts whose registry prints a contract that was not signed online
	Who            []string         `yaml:"who"`            // who may apply, in words
	Bring          []string         `yaml:"bring"`          // what to have at hand
	Mistakes       []string         `yaml:"mistakes"`       // what often goes wrong
	Laws           []Law            `yaml:"laws"`
	Facts          map[string]any   `yaml:"facts"` // facts that hold for every deal of the item
	Questions      []Question       `yaml:"questions"`
	Pages          []string         `yaml:"sections"` // codes of the form's sections in their order
	Rules          []Rule           `yaml:"materials"`
	Fees           []string         `yaml:"fees"`   // groups of the fee table
	Limits         map[string]Limit `yaml:"limits"` // by step: nodes of the flow, and waits around it
	Notices        []Notice         `yaml:"notices"`
	Flow           string           `yaml:"flow"` // process: flows/<flow>.bpmn

	Sections  []Section      `yaml:"-"`
	Materials []MaterialRule `yaml:"-"`
}

// Question is asked by the guide, so that it can show the materials and fees of the asker's own deal.
type Question struct {
	Code    string   `yaml:"code"`
	Text    string   `yaml:"text"`
	Why     string   `yaml:"why"`
	Options []Option `yaml:"options"`
}

// Notice says who is told of an event, with which sentence, on which ways.
type Notice struct {
	Event    string   `yaml:"event"`
	Message  string   `yaml:"message"`
	To       []string `yaml:"to"`       // applicant, parties, seller, buyer, mortgagor, mortgagee, others (those who have not confirmed), superior
	Channels []string `yaml:"channels"` // inbox, sms
}

// SMS reports whether the notice goes by text message.
func (n Notice) SMS() bool { return slices.Contains(n.Channels, "sms") }

// RequiredMaterials returns the materials that a deal needs, in the order of the catalog, each with its reason and law, and
// whether it is fetched or has to be brought.
func (i *Item) RequiredMaterials(f Facts) []Required {
	var out []Required
	for _, m := range i.Materials {
		if r, needed := m.required(f); needed {
			out = append(out, r)
		}
	}
	return out
}

// Material finds the rule for a material.
func (i *Item) Material(code string) (MaterialRule, bool) {
	for _, m := range i.Materials {
		if m.Code == code {
			return m, true
		}
	}
	return MaterialRule{}, false
}

// Section finds a section of the form.
func (i *Item) Section(code string) (Section, bool) {
	for _, s := range i.Sections {
		if s.Code == code {
			return s, true
		}
	}
	return Section{}, false
}

// NoticesOf returns who is told what of an event.
func (i *Item) NoticesOf(event string) []Notice {
	var out []Notice
	for _, n := range i.Notices {
		if n.Event == event {
			out = append(out, n)
		}
	}
	return out
}

// OfferedIn reports whether a district offers the item.
func (i *Item) OfferedIn(district string) bool {
	if len(i.Districts) == 0 {
		_, known := land.FindDistrict(district)
		return known
	}
	return slices.Contains(i.Districts, district)
}

// StartFacts returns the facts of a deal of which nothing more is known than its item and day.
func (i *Item) StartFacts(day land.Date) Facts {
	f, _ := Facts{AppliedOn: string(day), Certificates: 1}.With(i.Facts) // checked when loaded
	return f
}

// events are what notices may be sent of.
var events = []string{"confirm-asked", "confirm-refused", "submitted", "correction-asked", "correction-received", "sheet-issued", "tax-assessed",
	"bill-issued", "bill-paid", "bill-expired", "booked", "accepted", "entered", "certified", "trust-deposit", "trust-paid", "parcel-posted", "parcel-returned",
	"refused", "withdrawn", "lapsed", "due-soon", "loan-reduced", "refunded", "suspended", "resumed", "overdue", "closed"}

// check looks at one item by itself; what it takes from another is checked there.
func (i *Item) check(p *problems, c *Catalog, groups map[string]bool, fsys fs.FS) {
	if i.Code == "" || i.Name == "" || i.PlainName == "" || i.Version < 1 || i.Days < 0 || i.LegalDays < i.Days {
		p.add(nil, "an item needs code, names, a version, and promised days within the legal ones")
	}
	for k, t := range i.RegTypes {
		if !t.Valid() {
			p.add(path{"regTypes", k}, "there is no registration type %d", t)
		}
	}
	for k, d := range i.Districts {
		if _, ok := land.FindDistrict(d); !ok {
			p.add(path{"districts", k}, "there is no district %q", d)
		}
	}
	for k, l := range i.Laws {
		checkLaw(p, path{"laws", k}, l)
	}
	if _, err := (Facts{}).With(i.Facts); err != nil {
		p.add(path{"facts"}, "%v", err)
	}
	i.checkQuestions(p)
	for k, code := range i.Pages {
		if _, ok := c.sections[code]; !ok {
			p.add(path{"sections", k}, "there is no section %q", code)
		}
	}
	i.Materials = compileRules(p, i.Rules, c.materials)
	for k, g := range i.Fees {
		if !groups[g] {
			p.add(path{"fees", k}, "there is no group of fees %q", g)
		}
	}
	for _, step := range slices.Sorted(maps.Keys(i.Limits)) {
		i.Limits[step].check(p, path{"limits", step})
	}
	for k, n := range i.Notices {
		n.check(p, path{"notices", k}, c)
	}
	if i.Flow != "" {
		if _, err := fs.Stat(fsys, "flows/"+i.Flow+".bpmn"); err != nil {
			p.add(path{"flow"}, "there is no flow %q", i.Flow)
		}
	}
}

func (i *Item) checkQuestions(p *problems) {
	codes := map[string]bool{}
	for k, q := range i.Questions {
		at := path{"questions", k}
		if codes[q.Code] || q.Code == "" || q.Text == "" || len(q.Options) < 2 {
			p.add(at, "question %q needs a code of its own, a text and two options or more", q.Code)
		}
		codes[q.Code] = true
		for o, option := range q.Options {
			if _, err := (Facts{}).With(option.Set); err != nil {
				p.add(append(at, "options", o, "set"), "%v", err)
			}
		}
	}
}

func (n Notice) check(p *problems, at path, c *Catalog) {
	oneOf(p, append(at, "event"), n.Event, events...)
	if !c.HasMessage(n.Message) {
		p.add(append(at, "message"), "there is no sentence %q", n.Message)
	}
	for k, to := range n.To {
		oneOf(p, append(at, "to", k), to, "applicant", "parties", "seller", "buyer", "mortgagor", "mortgagee", "others", "superior")
	}
	for k, ch := range n.Channels {
		oneOf(p, append(at, "channels", k), ch, "inbox", "sms")
	}
	if len(n.To) == 0 || len(n.Channels) == 0 {
		p.add(at, "the notice of %s goes to no one, or on no way", n.Event)
	}
}

func (l Limit) check(p *problems, at path) {
	if l.Count <= 0 {
		p.add(at, "a limit counts at least 1")
	}
	oneOf(p, append(at, "unit"), string(l.Unit), string(WorkingDays), string(WorkingHours), string(CalendarDays))
	if l.Remind < 0 || l.Remind >= 100 || !slices.IsSorted(l.Escalate) || len(l.Escalate) > 0 && l.Escalate[0] < 100 {
		p.add(at, "a reminder comes before 100 percent, superiors are told from 100 percent on, in order")
	}
	if l.Holder == "" || l.Basis == "" {
		p.add(at, "a limit needs its holder and its basis")
	}
}

// extend completes the item by what the one that it extends has and it does not name itself. Lists are joined: rules by
// material, questions by code, notices by event, limits by step; the item's own stand for those of the same name.
func (i *Item) extend(base *Item) {
	i.Materials = join(base.Materials, i.Materials, func(m MaterialRule) string { return m.Code })
	i.Questions = join(base.Questions, i.Questions, func(q Question) string { return q.Code })
	i.Notices = join(base.Notices, i.Notices, func(n Notice) string { return n.Event + "/" + n.Message })
	limits := maps.Clone(base.Limits)
	if limits == nil {
		limits = map[string]Limit{}
	}
	maps.Copy(limits, i.Limits)
	i.Limits = limits
	facts := maps.Clone(base.Facts)
	if facts == nil {
		facts = map[string]any{}
	}
	maps.Copy(facts, i.Facts)
	i.Facts = facts
	i.Pages = orElse(i.Pages, base.Pages)
	i.Fees = orElse(i.Fees, base.Fees)
	i.Who = orElse(i.Who, base.Who)
	i.PrintsContract = orElse(i.PrintsContract, base.PrintsContract)
	i.Bring = orElse(i.Bring, base.Bring)
	i.Mistakes = orElse(i.Mistakes, base.Mistakes)
	i.Laws = orElse(i.Laws, base.Laws)
	if i.Flow == "" {
		i.Flow = base.Flow
	}
}

func orElse[T any](own, other []T) []T {
	if len(own) > 0 {
		return own
	}
	return other
}

func join[T any](base, own []T, key func(T) string) []T {
	out := slices.Clone(base)
	for _, v := range own {
		if at := slices.IndexFunc(out, func(b T) bool { return key(b) == key(v) }); at >= 0 {
			out[at] = v
		} else {
			out = append(out, v)
		}
	}
	return out
}
