package casework_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"yichuang/internal/office/casework"
	"yichuang/internal/office/papers"
)

func (s *sale) report(in casework.Incident) error {
	return s.Cases.Report(s.t.Context(), s.Person("window"), s.id, in)
}

var death = casework.Incident{Kind: "death", Text: "卖方家属到窗口出示死亡证明"}

// A death that is reported during the reviews holds the entry up until it is judged; the parties do not read the report.
func TestIncidentHoldsTheEntry(t *testing.T) {
	s := inReview(t, "none")
	if err := s.report(death); err != nil {
		t.Fatal(err)
	}
	s.reviewed()
	if got := s.open(); !slices.Equal(got, []string{"incident-decide"}) {
		t.Fatalf("open %v", got)
	}
	if s.past("死亡") || !s.past("正在研判") {
		t.Errorf("the parties read %+v", s.progress().Past)
	}
	s.decide("second", "incident-decide", casework.Decision{Outcome: "clear", Opinion: "继承人已到场确认"})
	if c := s.now(); c.Facts.Title == "" {
		t.Errorf("not entered: %v", s.open())
	}
	if err := s.report(death); !errors.Is(err, casework.ErrTooLate) {
		t.Errorf("reported after the entry: %v", err)
	}
}

// A rescinded contract ends the case with that reason; money goes back.
func TestIncidentEndsTheCase(t *testing.T) {
	s := inReview(t, "none")
	if err := s.report(casework.Incident{Kind: "rescission", Text: "双方到窗口提交解除协议"}); err != nil {
		t.Fatal(err)
	}
	s.decide("second", "incident-decide", casework.Decision{Outcome: "refuse", Opinion: "买卖合同已解除"})
	s.wantEnd(casework.Refused)
	s.wantRefunded("tax", "fee")
	s.paper(papers.RefusalKind)
	if why := s.now().Facts.WhyClosed; why != "买卖合同已解除" {
		t.Errorf("reason %q", why)
	}
}

func TestIncidentWhatIsMissing(t *testing.T) {
	s := inReview(t, "none")
	for field, in := range map[string]casework.Incident{
		"kind": {Kind: "earthquake", Text: "x"}, "text": {Kind: "death", Text: " \t"},
	} {
		var fields casework.FieldErrors
		if err := s.report(in); !errors.As(err, &fields) || fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := s.report(casework.Incident{Kind: "death", Text: strings.Repeat("𠮷", 301)}); err == nil {
		t.Error("a report of 301 characters was taken")
	}
	if got := s.open(); !slices.Equal(got, []string{"first-review"}) {
		t.Errorf("open %v", got)
	}
}

// Two reports, one judged: the entry still waits for the other.
func TestTwoIncidents(t *testing.T) {
	s := inReview(t, "none")
	for range 2 {
		if err := s.report(death); err != nil {
			t.Fatal(err)
		}
	}
	s.reviewed()
	s.decide("second", "incident-decide", casework.Decision{Outcome: "clear"})
	if c := s.now(); c.Facts.Title != "" {
		t.Fatal("entered while a report was not judged")
	}
	s.decide("second", "incident-decide", casework.Decision{Outcome: "clear"})
	if c := s.now(); c.Facts.Title == "" {
		t.Errorf("not entered: %v", s.open())
	}
}
