package flow

import (
	"errors"
	"os"
	"testing"
)

const saleFile = "../../catalog/flows/existing-home-sale.bpmn"

// sale is the definition that ships.
func sale(t testing.TB) *Definition {
	t.Helper()
	f, err := os.Open(saleFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := Parse(f)
	var wrong *ParseError
	if errors.As(err, &wrong) {
		for _, p := range wrong.Problems {
			t.Errorf("line %d %s: %s", p.Line, p.Element, p.Message)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSaleParses(t *testing.T) { sale(t) }
