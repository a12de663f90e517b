package inquiry_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"yichuang/internal/audit"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// Police and courts are told what a person has whose name and number both fit; nothing tells them which of the two was wrong.
func TestExactTitleQueries(t *testing.T) {
	a := open(t)
	home, owner := a.title("321202", 0)
	wrongName, wrongNumber := owner, owner
	wrongName.Name, wrongNumber.DocumentNumber = "另一人", "320102197001010018"
	small := owner
	small.DocumentNumber = strings.ToLower(owner.DocumentNumber)
	for _, tt := range []struct {
		name  string
		who   spec.Person
		found bool
	}{{"the owner", owner, true}, {"number in small letters", small, true}, {"wrong name", wrongName, false}, {"wrong number", wrongNumber, false}} {
		var police spec.BigdataTitleQueryResponse
		if code := a.ask("police", spec.BigdataTitleQuery, spec.BigdataTitleQueryRequest{Department: spec.InquiryDepartmentPolice, Inquiry: why, Person: tt.who}, &police); code != "" {
			t.Fatalf("%s: %s", tt.name, code)
		}
		var court spec.CourtTitleQueryResponse
		if code := a.ask("hailing", spec.CourtTitleQuery, spec.CourtTitleQueryRequest{CourtCode: "hailing", Inquiry: why, Person: tt.who}, &court); code != "" {
			t.Fatalf("%s: %s", tt.name, code)
		}
		if police.Found != tt.found || court.Found != tt.found || !reflect.DeepEqual(police.Holdings, court.Holdings) {
			t.Errorf("%s: police %+v, court %+v", tt.name, police, court)
		}
		if tt.found && (police.Holdings[0].UnitCode != string(home.Unit) || police.Holdings[0].Share != "1/1" || police.Holdings[0].CertificateNo != string(home.Cert())) {
			t.Errorf("%s has %+v", tt.name, police.Holdings)
		}
	}
	var out spec.CourtTitleQueryResponse
	if code := a.ask("xinghua", spec.CourtTitleQuery, spec.CourtTitleQueryRequest{CourtCode: "xinghua", Inquiry: why, Person: owner}, &out); code != "" || out.Found {
		t.Errorf("a court of another district: %s %+v", code, out)
	}
}

// Who asked about whom, and why, is in the record, and no name or number with it, even where the askers wrote them into their reasons.
func TestTitleQueriesAreRecorded(t *testing.T) {
	a := open(t)
	_, owner := a.title("321202", 0)
	in := why
	in.Purpose = "核查" + owner.Name + "（" + owner.DocumentNumber + "）名下财产"
	if code := a.ask("police", spec.BigdataTitleQuery, spec.BigdataTitleQueryRequest{Department: spec.InquiryDepartmentCivilAffairs, Inquiry: in, Person: owner}, new(spec.BigdataTitleQueryResponse)); code != "" {
		t.Fatal(code)
	}
	who := hex.EncodeToString(a.room.Who(register.Party{Name: owner.Name, Document: land.Document{Number: owner.DocumentNumber}}))
	page, err := a.Audit.Search(t.Context(), audit.Query{Object: who})
	if err != nil || len(page.Records) != 1 {
		t.Fatalf("%d records of the person: %v", len(page.Records), err)
	}
	r := page.Records[0]
	if r.Actor != "app-police" || r.ActorName != in.Officer || r.Detail["reference"] != in.Reference || r.Detail["legalBasis"] != in.LegalBasis || !strings.HasPrefix(r.Action, "民政") {
		t.Errorf("record: %+v", r)
	}
	if text := fmt.Sprintf("%+v", r.Detail); strings.Contains(text, owner.Name) || strings.Contains(text, owner.DocumentNumber) {
		t.Errorf("the record names the person: %s", text)
	}
}

// What does not belong here is refused by the code that says so.
func TestHostileQueries(t *testing.T) {
	a := open(t)
	_, owner := a.title("321202", 0)
	query := spec.CourtTitleQueryRequest{CourtCode: "hailing", Inquiry: why, Person: owner}
	body, err := spec.Encode(query)
	if err != nil {
		t.Fatal(err)
	}
	foreign := query
	foreign.CourtCode = "zhongji"
	unknown := query
	unknown.CourtCode = "moon"
	nameless := query
	nameless.Person.DocumentNumber = ""
	baseless := query
	baseless.Inquiry.LegalBasis = ""
	var out spec.CourtTitleQueryResponse
	for name, tt := range map[string]struct{ got, want string }{
		"another court's code": {a.ask("hailing", spec.CourtTitleQuery, foreign, &out), "not-found"},
		"no court's code":      {a.ask("hailing", spec.CourtTitleQuery, unknown, &out), "not-found"},
		"a bank":               {a.ask("bank", spec.CourtTitleQuery, query, &out), "not-granted"},
		"no number":            {a.ask("hailing", spec.CourtTitleQuery, nameless, &out), "schema"},
		"no legal basis":       {a.ask("hailing", spec.CourtTitleQuery, baseless, &out), "schema"},
		"unknown field":        {a.send("hailing", spec.CourtTitleQuery, "message-0001", "", bytes.Replace(body, []byte("{"), []byte(`{"all":true,`), 1), &out), "schema"},
		"relates to something": {a.send("hailing", spec.CourtTitleQuery, "message-0002", "message-0001", body, &out), "header"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
		}
	}
	if out.Found {
		t.Errorf("told %+v", out)
	}
	info, _ := spec.Lookup(spec.CourtTitleQuery)
	var first, again *http.Request
	for _, r := range []**http.Request{&first, &again} {
		if *r, err = http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+info.Path, bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := spec.SignRequest(a.keys["hailing"], first, "message-0003", "", body, a.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	again.Header = first.Header.Clone()
	if code := a.do(first, &out); code != "" {
		t.Errorf("the query itself: %s", code)
	}
	if code := a.do(again, &out); code != "replayed" {
		t.Errorf("replayed: %q", code)
	}
}
