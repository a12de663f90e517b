package catalog_test

import (
	"testing"

	catalogdata "yichuang/catalog"
	"yichuang/internal/catalog"
)

// load gives the catalog that the project ships.
func load(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load(catalogdata.FS)
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
