// Command gen makes the Go side of the interface specification out of docs/interface.
//
// In: the OpenAPI files. Out, in the folder of -o: types.gen.go, one Go type per schema, by
// oapi-codegen from a bundle of all files; and operations.gen.go, the table of operations.
// It is run by go generate in exchange/spec; a test there tells when its output is stale.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	interfaces "yichuang/docs/interface"
)

func main() {
	out := flag.String("o", ".", "folder to write to")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	docs, err := read(interfaces.FS)
	if err != nil {
		return err
	}
	if err := writeTypes(docs, out); err != nil {
		return err
	}
	return writeOperations(docs, out)
}

// document is the part of an OpenAPI file that the generator looks at.
type document struct {
	Counterpart string `yaml:"x-counterpart"`
	Paths       map[string]struct {
		Post operation `yaml:"post"`
	} `yaml:"paths"`
	Components struct {
		Schemas yaml.Node `yaml:"schemas"`
	} `yaml:"components"`
}

type operation struct {
	Name      string `yaml:"x-operation"`
	Direction string `yaml:"x-direction"`
	Summary   string `yaml:"summary"`
	Async     bool   `yaml:"x-async"`
	Result    string `yaml:"x-result"`
	ReadOnly  bool   `yaml:"x-read-only"`
	Limits    struct {
		TimeoutSeconds int   `yaml:"timeoutSeconds"`
		Attempts       int   `yaml:"attempts"`
		RequestBytes   int64 `yaml:"requestBytes"`
		ResponseBytes  int64 `yaml:"responseBytes"`
	} `yaml:"x-limits"`
	RequestBody content            `yaml:"requestBody"`
	Responses   map[string]content `yaml:"responses"`
}

type content struct {
	Content map[string]struct {
		Schema struct {
			Ref string `yaml:"$ref"`
		} `yaml:"schema"`
	} `yaml:"content"`
}

// schema names the component that a JSON content refers to.
func (c content) schema() string { return path.Base(c.Content["application/json"].Schema.Ref) }

func read(fsys fs.FS) ([]document, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	docs := make([]document, len(names))
	for i, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		if err := yaml.Unmarshal(data, &docs[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return docs, nil
}

// writeTypes bundles the schemas of all files into one document without paths, so that the result
// is one set of types, each named once, and runs oapi-codegen on it.
func writeTypes(docs []document, out string) error {
	schemas := &yaml.Node{Kind: yaml.MappingNode}
	seen := map[string]string{}
	for i := range docs {
		node := &docs[i].Components.Schemas
		for j := 0; j+1 < len(node.Content); j += 2 {
			name := node.Content[j].Value
			if other, twice := seen[name]; twice {
				return fmt.Errorf("schema %s is both in %s and in %s", name, other, docs[i].Counterpart)
			}
			seen[name] = docs[i].Counterpart
			flatten(node.Content[j+1])
			schemas.Content = append(schemas.Content, node.Content[j], node.Content[j+1])
		}
	}
	bundle, err := yaml.Marshal(map[string]any{
		"openapi":    "3.1.0",
		"info":       map[string]string{"title": "unified interface", "version": "1.0.0"},
		"paths":      map[string]any{},
		"components": map[string]any{"schemas": schemas},
	})
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "spec-gen")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "bundle.yaml")
	if err := os.WriteFile(file, bundle, 0o600); err != nil {
		return err
	}
	cmd := exec.Command("go", "tool", "oapi-codegen", "-config", "oapi-codegen.yaml", "-o", filepath.Join(out, "types.gen.go"), file)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// flatten makes references local to the bundle and drops what shapes no Go type: examples, and the
// "one of these sets of fields" conditions, which validation enforces.
func flatten(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		kept := n.Content[:0]
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			switch {
			case key.Value == "anyOf" || key.Value == "example":
				continue
			case key.Value == "$ref":
				value.Value = "#/components/schemas/" + path.Base(value.Value)
			}
			kept = append(kept, key, value)
		}
		n.Content = kept
	}
	for _, c := range n.Content {
		flatten(c)
	}
}

func writeOperations(docs []document, out string) error {
	type row struct {
		operation
		path, counterpart, request, response string
	}
	var rows []row
	for _, d := range docs {
		for p, item := range d.Paths {
			r := row{operation: item.Post, path: p, counterpart: d.Counterpart, request: item.Post.RequestBody.schema()}
			for status, response := range item.Post.Responses {
				if strings.HasPrefix(status, "2") {
					r.response = response.schema()
				}
			}
			rows = append(rows, r)
		}
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Name < rows[j].Name })
	var b bytes.Buffer
	b.WriteString("// Code generated by exchange/spec/gen from docs/interface. DO NOT EDIT.\n\npackage spec\n\nimport \"time\"\n\n")
	b.WriteString("// The operations of the interface.\nconst (\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "\t%s Operation = %q // %s\n", goName(r.Name), r.Name, r.Summary)
	}
	b.WriteString(")\n\n// operations is the table behind Lookup and Operations, in order of name.\nvar operations = []Info{\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "\t{Operation: %s, Path: %q, Counterpart: %q, Direction: %s, Title: %q,\n", goName(r.Name), r.path, r.counterpart, direction(r.Direction), r.Summary)
		fmt.Fprintf(&b, "\t\tAsync: %t, Result: %q, ReadOnly: %t, Request: %q, Response: %q,\n", r.Async, r.Result, r.ReadOnly, r.request, r.response)
		fmt.Fprintf(&b, "\t\tTimeout: %d * time.Second, Attempts: %d, MaxRequest: %d, MaxResponse: %d},\n",
			r.Limits.TimeoutSeconds, r.Limits.Attempts, r.Limits.RequestBytes, r.Limits.ResponseBytes)
	}
	b.WriteString("}\n")
	src, err := format.Source(b.Bytes())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "operations.gen.go"), src, 0o644)
}

// goName turns registry.unit.query into RegistryUnitQuery, the name its types begin with.
func goName(operation string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(operation, ".") {
		r, n := utf8.DecodeRuneInString(part)
		b.WriteString(strings.ToUpper(string(r)) + part[n:])
	}
	return b.String()
}

func direction(s string) string {
	if s == "to-platform" {
		return "ToPlatform"
	}
	return "ToCounterpart"
}
