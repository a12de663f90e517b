package catalog_test

import (
	"bytes"
	"io/fs"
	"sync"
	"testing"

	catalogdata "yichuang/catalog"
	"yichuang/internal/catalog"
)

var shipped = sync.OnceValues(func() (*catalog.Catalog, error) { return catalog.Load(catalogdata.FS) })

// load gives the catalog that the project ships.
func load(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestShippedCatalogIsValid(t *testing.T) {
	for _, code := range []string{"existing-home-sale", "existing-home-sale-mortgage"} {
		if item, ok := load(t).Item(code); !ok || len(item.Sections) == 0 || len(item.Materials) == 0 {
			t.Errorf("%s is not offered: %+v", code, item)
		}
	}
}

// A limit is looked up by the node of the flow that it limits; the others are waits around the flow, which the zones know.
func TestLimitsNameStepsOfTheFlow(t *testing.T) {
	waits := map[string]bool{"confirm": true, "reservation": true, "draft": true, "correction": true, "bill": true, "refund": true, "survey-visit": true, "case": true}
	for _, item := range load(t).Items() {
		flow, err := fs.ReadFile(catalogdata.FS, "flows/"+item.Flow+".bpmn")
		if err != nil {
			t.Fatal(err)
		}
		for step := range item.Limits {
			if !waits[step] && !bytes.Contains(flow, []byte(` id="`+step+`"`)) {
				t.Errorf("%s: limit of %s, which is no node of %s", item.Code, step, item.Flow)
			}
		}
	}
}
