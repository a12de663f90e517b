package exchange_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
)

// What is above the endpoint's grade does not leave: a field that may be missing is left out, here a free text of grade 3.
func TestCallLeavesOutWhatIsAboveTheGrade(t *testing.T) {
	b, c, _ := connect(t, func(e *exchange.Endpoint) { e.Grade = spec.GradeInternal })
	var got []byte
	c.answer = func(w http.ResponseWriter, r *http.Request, head spec.Head, body []byte) {
		got = body
		c.reply(w, r, head, spec.RegistryUnitQueryResponse{Matched: false, AsOf: b.clock.Now()})
	}
	in := spec.RegistryUnitQueryRequest{UnitCode: "321202001001GB00011F00010503", OwnerName: "欧阳建国", DocumentNumber: "32120219700512301X", Purpose: "核验"}
	err := b.client.Call(t.Context(), spec.RegistryUnitQuery, exchange.Route{District: hailing}, "q", in, nil)
	var rejected *exchange.Rejected
	switch {
	case errors.As(err, &rejected): // the purpose is a text that must be there
		t.Fatalf("rejected: %+v", rejected.Fault)
	case err != nil:
		t.Fatal(err)
	}
	for _, secret := range []string{"欧阳建国", "32120219700512301X"} {
		if strings.Contains(string(got), secret) {
			t.Errorf("sent %s: %s", secret, got)
		}
	}
	if !strings.Contains(string(got), "321202001001GB00011F00010503") {
		t.Errorf("sent %s", got)
	}
}

// A message that is nothing without what is above the grade is not sent at all, and the log says which field it was.
func TestCallIsHeldBackWholeWhereItMust(t *testing.T) {
	b, c, _ := connect(t, func(e *exchange.Endpoint) { e.Counterpart, e.District, e.Grade = "utility", "", spec.GradePersonal })
	in := spec.UtilityArrearsQueryRequest{Kind: "water", AccountNo: "W-10021234"}
	err := b.client.Call(t.Context(), spec.UtilityArrearsQuery, exchange.Route{}, "q", in, nil)
	var rejected *exchange.Rejected
	if !errors.As(err, &rejected) || rejected.Fault.Code != spec.CodeNotGranted || len(rejected.Fault.Fields) == 0 || rejected.Fault.Fields[0].Pointer != "/accountNo" {
		t.Fatalf("%v", err)
	}
	if n, _ := c.sent(); n != 0 {
		t.Errorf("sent %d times", n)
	}
}

// In its quiet hours a system is not called; after them it is.
func TestQuietHoursOfAnEndpoint(t *testing.T) {
	b, c, e := connect(t, func(e *exchange.Endpoint) { e.Quiet = exchange.Quiet{From: 10 * 60, To: 11 * 60} }) // the clock stands at 10:15
	_, err := b.askStatus(t.Context())
	var away *exchange.Unavailable
	if !errors.As(err, &away) || away.Reason != exchange.ReasonQuiet {
		t.Fatalf("%v", err)
	}
	e.Quiet.To = 10*60 + 15
	if _, err := b.SetEndpoint(t.Context(), admin, e, nil, "缩短"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.askStatus(t.Context()); err != nil {
		t.Error(err)
	}
	if n, _ := c.sent(); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

// An answer is held back likewise, and what its handler did is undone with it.
func TestAnswersKeepToTheGrade(t *testing.T) {
	d := newDesk(t, func(e *exchange.Endpoint) { e.Grade = spec.GradePersonal })
	m := d.write(t, spec.PlatformMaterialFetch, "message-1", spec.PlatformMaterialFetchRequest{CaseNo: caseNo, Digest: strings.Repeat("0", 64)})
	if code, body := m.code(t); code != spec.CodeNotGranted {
		t.Errorf("%s %v", code, body)
	}
}
