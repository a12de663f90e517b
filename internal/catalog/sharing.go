package catalog

import "slices"

// Share says which materials of a case a department gets to see, and what it needs them for.
type Share struct {
	Department string   `yaml:"department"`
	Materials  []string `yaml:"materials"` // codes, or "all"
	Why        string   `yaml:"why"`
}

// everything is the word for all materials.
const everything = "all"

// MaySee tells whether a department sees a kind of material. One that the catalog does not name sees none.
func (c *Catalog) MaySee(department, material string) bool {
	s, ok := c.sharing[department]
	return ok && (slices.Contains(s.Materials, everything) || slices.Contains(s.Materials, material))
}

func checkSharing(p *problems, list []Share, materials map[string]Material) map[string]Share {
	out := map[string]Share{}
	for i, s := range list {
		at := path{"sharing", i}
		if _, twice := out[s.Department]; twice || s.Department == "" {
			p.add(append(at, "department"), "department %q needs to be there once", s.Department)
		}
		if s.Why == "" {
			p.add(at, "say in why what %s needs the materials for", s.Department)
		}
		for j, code := range s.Materials {
			if _, ok := materials[code]; !ok && code != everything {
				p.add(append(at, "materials", j), "there is no material %q", code)
			}
		}
		out[s.Department] = s
	}
	return out
}
