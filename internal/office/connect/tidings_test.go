package connect

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"yichuang/internal/office/casework"
)

// TestUnfiledContractIsNobodysBusiness: what waits for housing to file a contract is told later, and never once the case is over.
func TestUnfiledContractIsNobodysBusiness(t *testing.T) {
	down := errors.New("down")
	for _, tt := range []struct {
		state       string
		answer, err error
	}{
		{casework.Running, nil, nil},
		{casework.Running, fmt.Errorf("%w of TZ-1 yet", errUnfiled), errUnfiled},
		{casework.Withdrawn, fmt.Errorf("%w of TZ-1 yet", errUnfiled), nil},
		{casework.Refused, fmt.Errorf("%w of TZ-1 yet", errUnfiled), nil},
		{casework.Withdrawn, down, down},
	} {
		tell := unlessUnfiled(func(context.Context, *casework.Case, casework.Tidings) error { return tt.answer })
		if err := tell(t.Context(), &casework.Case{State: tt.state}, casework.Tidings{}); !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
			t.Errorf("%s, %v: %v, want %v", tt.state, tt.answer, err, tt.err)
		}
	}
}
