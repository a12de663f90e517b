package spec_test

import (
	"io/fs"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	interfaces "yichuang/docs/interface"
	"yichuang/internal/exchange/spec"
)

// load reads one document with its references to common.yaml.
func load(t testing.TB, name string) *openapi3.T {
	t.Helper()
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, u *url.URL) ([]byte, error) {
		return fs.ReadFile(interfaces.FS, strings.TrimPrefix(u.Path, "./"))
	}
	doc, err := loader.LoadFromURI(&url.URL{Path: name})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return doc
}

// Every document is valid OpenAPI 3.1, and every example is valid against its own schema.
func TestDocumentsAreValid(t *testing.T) {
	names, err := fs.Glob(interfaces.FS, "*.yaml")
	if err != nil || len(names) < 12 {
		t.Fatalf("documents: %v, %v", names, err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			doc := load(t, name)
			if err := doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater(), openapi3.EnableExamplesValidation()); err != nil {
				t.Error(err)
			}
		})
	}
}

var _ = spec.Operations
