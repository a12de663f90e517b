package connect

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/office/casework"
)

// deskOnly is a district whose departments have no system.
type deskOnly struct{}

func (deskOnly) Call(_ context.Context, op spec.Operation, _ exchange.Route, _ string, _, _ any) error {
	return fmt.Errorf("call %s: %w", op, exchange.ErrDesk)
}

// TestHousingWithoutASystem: what must be done is people's work, what need only be told is not told, what is asked has an answer.
func TestHousingWithoutASystem(t *testing.T) {
	r := &Room{Parts{Out: deskOnly{}}}
	c := &casework.Case{Facts: casework.Facts{FilingNo: "BA1", Agreement: "XY1"}}
	for name, tt := range map[string]struct {
		act    casework.Act
		people bool
	}{
		"revoke the contract": {r.revokeContract, true}, "cancel the trust": {r.cancelTrust, true}, "tell of the entry": {r.tellHousing, false},
	} {
		if _, err := tt.act(t.Context(), c, casework.Order{}); errors.Is(err, exchange.ErrDesk) != tt.people || !tt.people && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, tell := range map[string]casework.Teller{"application for trust": r.tellTrustApplied, "agreement": r.tellTrustSigned, "survey": r.verifySurvey} {
		if err := tell(t.Context(), c, casework.Tidings{}); !errors.Is(err, exchange.ErrDesk) { // which ends the telling
			t.Errorf("%s: %v", name, err)
		}
	}
	if out, err := r.contract(t.Context(), message.ContractQueryBody{}); err != nil || out.Error != "none" {
		t.Errorf("contract signed online: %+v %v", out, err)
	}
}
