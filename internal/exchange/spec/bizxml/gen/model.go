package main

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// model is the part of the specification that its XML side follows from.
type model struct {
	operations []operation // by name
	schemas    map[string]*schema
}

type operation struct {
	name, title, counterpart string
	toPlatform               bool
	request, response        string
	code                     string
}

// schema is a component, or a part of one that has no name.
type schema struct {
	Name        string
	Ref         string        `yaml:"$ref"`
	Type        string        `yaml:"type"`
	Format      string        `yaml:"format"`
	Pattern     string        `yaml:"pattern"`
	Description string        `yaml:"description"`
	National    string        `yaml:"x-national-field"`
	Enum        []string      `yaml:"enum"`
	EnumWords   []string      `yaml:"x-enum-descriptions"`
	MinLength   *int          `yaml:"minLength"`
	MaxLength   *int          `yaml:"maxLength"`
	Minimum     *int64        `yaml:"minimum"`
	Maximum     *int64        `yaml:"maximum"`
	MinItems    int           `yaml:"minItems"`
	MaxItems    *int          `yaml:"maxItems"`
	Required    []string      `yaml:"required"`
	Items       *schema       `yaml:"items"`
	AnyOf       []anyRequired `yaml:"anyOf"`
	Properties  yaml.Node     `yaml:"properties"` // a node, for its order

	fields []*field
}

type anyRequired struct {
	Required []string `yaml:"required"`
}

// field is a property of an object.
type field struct {
	json, xml string
	schema    *schema // of one value: the items of a list
	list      bool
	required  bool
	minItems  int
	maxItems  *int
	describe  string
}

type document struct {
	Counterpart string `yaml:"x-counterpart"`
	Paths       map[string]struct {
		Post struct {
			Name        string             `yaml:"x-operation"`
			Direction   string             `yaml:"x-direction"`
			Summary     string             `yaml:"summary"`
			RequestBody content            `yaml:"requestBody"`
			Responses   map[string]content `yaml:"responses"`
		} `yaml:"post"`
	} `yaml:"paths"`
	Components struct {
		Schemas map[string]*schema `yaml:"schemas"`
	} `yaml:"components"`
}

type content struct {
	Content map[string]struct {
		Schema schema `yaml:"schema"`
	} `yaml:"content"`
}

func (c content) schema() string { return path.Base(c.Content["application/json"].Schema.Ref) }

func read(fsys fs.FS) (*model, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	m := &model{schemas: map[string]*schema{}}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		var d document
		if err := yaml.Unmarshal(data, &d); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m.add(d)
	}
	slices.SortFunc(m.operations, func(a, b operation) int { return strings.Compare(a.name, b.name) })
	for name, s := range m.schemas {
		if err := m.complete(s); err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
	}
	return m, nil
}

func (m *model) add(d document) {
	for _, item := range d.Paths {
		o := operation{name: item.Post.Name, title: item.Post.Summary, counterpart: d.Counterpart, toPlatform: item.Post.Direction == "to-platform",
			request: item.Post.RequestBody.schema()}
		for status, response := range item.Post.Responses {
			if strings.HasPrefix(status, "2") {
				o.response = response.schema()
			}
		}
		m.operations = append(m.operations, o)
	}
	for name, s := range d.Components.Schemas {
		s.Name = name
		m.schemas[name] = s
	}
}

// complete reads the fields of an object in their order and gives each its element's name: the national one where no other field of the object has
// the same, else the JSON one.
func (m *model) complete(s *schema) error {
	nodes := s.Properties.Content
	national := map[string]int{}
	for i := 0; i+1 < len(nodes); i += 2 {
		p := &schema{}
		if err := nodes[i+1].Decode(p); err != nil {
			return err
		}
		f, err := m.field(nodes[i].Value, p)
		if err != nil {
			return fmt.Errorf("%s: %w", nodes[i].Value, err)
		}
		f.required = slices.Contains(s.Required, f.json)
		national[f.xml]++
		s.fields = append(s.fields, f)
	}
	names := map[string]bool{}
	for _, f := range s.fields {
		if f.xml == "" || national[f.xml] > 1 {
			f.xml = f.json
		}
		if names[f.xml] {
			return fmt.Errorf("two elements are called %s", f.xml)
		}
		names[f.xml] = true
	}
	return nil
}

func (m *model) field(name string, p *schema) (*field, error) {
	f := &field{json: name, xml: p.National, describe: p.Description}
	value, err := m.resolve(p)
	if err != nil {
		return nil, err
	}
	if f.xml == "" {
		f.xml = value.National
	}
	if value.Type == "array" {
		f.list, f.minItems, f.maxItems = true, value.MinItems, value.MaxItems
		if value, err = m.resolve(value.Items); err != nil {
			return nil, err
		}
	}
	if value.Type == "array" || value.Type == "object" && value.Name == "" {
		return nil, fmt.Errorf("a list of lists, or an object without a name of its own")
	}
	f.schema = value
	return f, nil
}

func (m *model) resolve(s *schema) (*schema, error) {
	if s == nil || s.Ref == "" {
		return s, nil
	}
	named := m.schemas[path.Base(s.Ref)]
	if named == nil {
		return nil, fmt.Errorf("no schema %s", s.Ref)
	}
	return m.resolve(named)
}

// reach lists the named schemas that a body consists of, the parts before the whole.
func (m *model) reach(name string, found []*schema) []*schema {
	s := m.schemas[name]
	if slices.Contains(found, s) {
		return found
	}
	for _, f := range s.fields {
		if f.schema.Name != "" {
			found = m.reach(f.schema.Name, found)
		}
	}
	return append(found, s)
}
