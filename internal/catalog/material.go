package catalog

import (
	"regexp"
	"slices"

	"yichuang/internal/catalog/law"
	"yichuang/internal/catalog/when"
)

// Source says where a material comes from.
type Source string

// The sources of materials.
const (
	Shared   Source = "shared"   // fetched from a department that holds it; asked for only if that one does not
	Upload   Source = "upload"   // scanned or photographed by its provider
	System   Source = "system"   // written by us from the application, for signing
	Original Source = "original" // the paper itself, shown or given up at a counter
)

// Step is when a material has to be there.
type Step string

// The steps at which materials are due.
const (
	StepSubmit   Step = "submit"   // when the application is sent
	StepEvaluate Step = "evaluate" // when the lender evaluates
	StepAccept   Step = "accept"   // when the application is formally accepted
	StepEntry    Step = "entry"    // before the entry in the book
)

// Material is a piece of evidence that items may ask for.
type Material struct {
	Code     string `yaml:"code"` // M-01
	Name     string `yaml:"name"`
	Source   Source `yaml:"source"`
	From     string `yaml:"from"`     // system or department that holds or makes it, in words
	Provider string `yaml:"provider"` // applicant | seller | buyer | bank | system: who has to bring it where no one shares it
	Of       string `yaml:"of"`       // case | party | seller | buyer | agent: one for the case, or one for each of these
	Original bool   `yaml:"original"` // the paper is compared at a counter if it was uploaded
	Pages    int    `yaml:"pages"`    // at most
	Days     int    `yaml:"days"`     // valid for; 0: without end
	Archived bool   `yaml:"archived"`
	How      string `yaml:"how"` // how to prepare it, for whoever has to
}

// Rule says when an item needs a material, and why.
type Rule struct {
	Material string `yaml:"material"`
	When     string `yaml:"when"`
	Step     Step   `yaml:"step"`
	Reason   string `yaml:"reason"`  // because …, for a citizen
	Missing  string `yaml:"missing"` // why a shared material is asked for all the same, when its source does not have it
	Law      Law    `yaml:"law"`
}

// MaterialRule is a material that an item may need, with its condition compiled.
type MaterialRule struct {
	Material
	Step    Step
	When    When
	Reason  string
	Missing string
	Law     Law
}

// Required is a material that a deal needs.
type Required struct {
	MaterialRule
	Source  Source // where it comes from in this deal: [Upload] if the sharing source does not have it
	Reason  string // why, in this deal
	Fetched bool   // 无需提交: comes from sharing
}

// ByParty reports whether the parties themselves have to bring it with their application.
func (r Required) ByParty() bool {
	return r.Source == Upload && r.Step == StepSubmit && r.Provider != "bank"
}

// required decides about one rule.
func (m MaterialRule) required(f Facts) (Required, bool) {
	if !m.When.Holds(f) {
		return Required{}, false
	}
	r := Required{MaterialRule: m, Source: m.Material.Source, Reason: m.Reason}
	switch {
	case r.Source != Shared:
	case slices.Contains(f.SharedMissing, m.Code):
		r.Source = Upload
		if m.Missing != "" {
			r.Reason = m.Missing
		}
	default:
		r.Fetched = true
	}
	return r, true
}

var materialCode = regexp.MustCompile(`^M-\d\d$`)

func checkMaterials(p *problems, list []Material) map[string]Material {
	known := map[string]Material{}
	for i, m := range list {
		at := path{"materials", i}
		if !materialCode.MatchString(m.Code) {
			p.add(append(at, "code"), "%q is no material code as M-01", m.Code)
		}
		if _, twice := known[m.Code]; twice {
			p.add(append(at, "code"), "material %s stands twice", m.Code)
		}
		known[m.Code] = m
		if m.Name == "" || m.From == "" || m.How == "" {
			p.add(at, "material %s needs name, from and how", m.Code)
		}
		oneOf(p, append(at, "source"), string(m.Source), string(Shared), string(Upload), string(System), string(Original))
		oneOf(p, append(at, "provider"), m.Provider, "applicant", "seller", "buyer", "bank", "system")
		oneOf(p, append(at, "of"), m.Of, "case", "party", "seller", "buyer", "agent")
	}
	return known
}

// compileRules checks an item's rules against the known materials and compiles their conditions.
func compileRules(p *problems, rules []Rule, known map[string]Material) []MaterialRule {
	var out []MaterialRule
	for i, r := range rules {
		at := path{"materials", i}
		m, ok := known[r.Material]
		if !ok {
			p.add(append(at, "material"), "there is no material %q", r.Material)
		}
		cond, err := when.Compile[Facts](r.When)
		if err != nil {
			p.add(append(at, "when"), "%v", err)
		}
		oneOf(p, append(at, "step"), string(r.Step), string(StepSubmit), string(StepEvaluate), string(StepAccept), string(StepEntry))
		if r.Reason == "" {
			p.add(at, "the reason for %s is missing", r.Material)
		}
		if m.Source == Shared && r.Missing == "" {
			p.add(at, "%s is shared: say in missing why it is asked when the source does not have it", r.Material)
		}
		checkLaw(p, append(at, "law"), r.Law)
		out = append(out, MaterialRule{Material: m, Step: r.Step, When: cond, Reason: r.Reason, Missing: r.Missing, Law: r.Law})
	}
	return out
}

// Law is the ground of a rule, as it is cited to people.
type Law = law.Law

func checkLaw(p *problems, at path, l Law) {
	if err := l.Check(); err != nil {
		p.add(at, "%v", err)
	}
}

// oneOf adds a problem unless value is one of the words.
func oneOf(p *problems, at path, value string, words ...string) {
	if !slices.Contains(words, value) {
		p.add(at, "%q is none of %v", value, words)
	}
}
