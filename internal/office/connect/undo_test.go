package connect

import (
	"testing"

	"github.com/google/uuid"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/office/casework"
)

// TestFilingAfterTheEndIsTakenBack: only what housing filed for a deal that is off, and what the flow does not know of.
func TestFilingAfterTheEndIsTakenBack(t *testing.T) {
	filed := spec.HousingContractResultRequest{FilingNo: "BA1", Review: spec.Review{Outcome: spec.OutcomePass}}
	sentBack := spec.HousingContractResultRequest{Review: spec.Review{Outcome: spec.OutcomeRefuse}}
	for _, tt := range []struct {
		name  string
		state string
		facts casework.Facts
		in    any
		must  bool
	}{
		{"withdrawn", casework.Withdrawn, casework.Facts{}, filed, true},
		{"on its way out", casework.Running, casework.Facts{WhyClosed: "withdrawn"}, filed, true},
		{"asked anew while it runs", casework.Running, casework.Facts{}, filed, false},
		{"told twice of a sale that is done", casework.Done, casework.Facts{FilingNo: "BA1"}, filed, false},
		{"known to the flow", casework.Withdrawn, casework.Facts{FilingNo: "BA1"}, filed, false},
		{"not filed", casework.Withdrawn, casework.Facts{}, sentBack, false},
		{"another answer", casework.Withdrawn, casework.Facts{}, spec.RegistrySurveyResultRequest{}, false},
	} {
		c := &casework.Case{ID: uuid.Must(uuid.NewV7()), State: tt.state, Facts: tt.facts}
		got, must := undoing(c, tt.in)
		if must != tt.must || must && (got.What != casework.FiledLate || got.Ref != "BA1" || got.Case != c.ID) {
			t.Errorf("%s: %+v, %t", tt.name, got, must)
		}
	}
}
