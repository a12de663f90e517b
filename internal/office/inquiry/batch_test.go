package inquiry_test

import (
	"errors"
	"fmt"
	"testing"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/office/inquiry"
)

// rows asks about the people of the city in their order.
func (a *authority) rows(n int) []spec.InquiryRow {
	out := make([]spec.InquiryRow, n)
	for i := range out {
		who := spec.Person{Name: "查无此人", DocumentKind: spec.DocumentKindOther, DocumentNumber: fmt.Sprintf("N%06d", i)}
		if i < len(a.City.People) {
			p := &a.City.People[i]
			who = spec.Person{Name: p.Name, DocumentKind: spec.DocumentKindIDCard, DocumentNumber: string(p.ID)}
		}
		out[i] = spec.InquiryRow{Seq: i + 1, Person: who}
	}
	return out
}

// A court's batch comes back in pages; each person has what the city says, and afterwards no name of it is kept.
func TestBatchOfACourt(t *testing.T) {
	a := open(t)
	rows := a.rows(2300)
	rows[7].Person.Name = "另一人"
	var receipt spec.BatchReceipt
	if code := a.ask("hailing", spec.CourtBatchSubmit, spec.CourtBatchSubmitRequest{BatchNo: "CX-0001", CourtCode: "hailing", Inquiry: why, Rows: rows}, &receipt); code != "" || receipt.Rows != 2300 || receipt.Pages != 3 {
		t.Fatalf("%s %+v", code, receipt)
	}
	id := job[inquiry.BatchArgs](a).Batch
	if err := a.room.Answer(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	got := map[int]spec.InquiryAnswer{}
	for _, c := range a.out.of(spec.CourtBatchResult) {
		in := c.in.(spec.CourtBatchResultRequest)
		if c.route.Party != "hailing" || in.CourtCode != "hailing" || in.BatchNo != "CX-0001" || in.Pages != 3 || in.Reference != why.Reference || len(in.Rows) > 1000 {
			t.Errorf("page: %+v %s %d rows", c.route, in.BatchNo, len(in.Rows))
		}
		for _, r := range in.Rows {
			got[r.Seq] = r
		}
	}
	if len(got) != 2300 {
		t.Fatalf("%d rows came back", len(got))
	}
	for i, row := range rows {
		want := 0
		for j := range a.City.Titles {
			x := &a.City.Titles[j]
			for _, h := range x.Holders {
				if x.Present() && h.Name == row.Person.Name && h.Document.Number == row.Person.DocumentNumber {
					want++
				}
			}
		}
		if r := got[row.Seq]; len(r.Holdings) != want || r.Found != (want > 0) {
			t.Fatalf("row %d: %d holdings, want %d", i, len(r.Holdings), want)
		}
		if i == 300 {
			break // the rest is found the same way, and looking it up here takes long
		}
	}
	if n := a.count(`SELECT count(*) FROM inquiry_pages WHERE rows IS NOT NULL OR sent_at IS NULL`); n != 0 {
		t.Errorf("%d pages are kept", n)
	}
	if n := a.count(`SELECT count(*) FROM inquiry_persons WHERE found IS NULL`); n != 0 {
		t.Errorf("of %d persons it is not known what was told", n)
	}
	if n := a.count(`SELECT count(*) FROM inquiry_batches WHERE done_at IS NOT NULL`); n != 1 {
		t.Errorf("%d batches done", n)
	}
	if n := a.count(`SELECT count(*) FROM audit_record WHERE object = 'CX-0001'`); n != 4 {
		t.Errorf("%d records, want that it came and three pages", n)
	}
	if err := a.room.Answer(t.Context(), id); err != nil || len(a.out.of(spec.CourtBatchResult)) != 3 {
		t.Errorf("answered again: %v, %d pages", err, len(a.out.of(spec.CourtBatchResult)))
	}
}

// A court that does not answer gets the rest later, as the same messages.
func TestBatchOfASilentAuthority(t *testing.T) {
	a := open(t)
	var receipt spec.BatchReceipt
	if code := a.ask("police", spec.BigdataBatchSubmit, spec.BigdataBatchSubmitRequest{BatchNo: "CX-0002", Department: spec.InquiryDepartmentPolice, Inquiry: why, Rows: a.rows(2100)}, &receipt); code != "" {
		t.Fatal(code)
	}
	id := job[inquiry.BatchArgs](a).Batch
	down := errors.New("down")
	tried := map[string]int{}
	a.out.answer = func(c told, _ any) error {
		if tried[c.key]++; c.in.(spec.BigdataBatchResultRequest).Page > 1 && tried[c.key] == 1 {
			return down
		}
		return nil
	}
	if err := a.room.Answer(t.Context(), id); !errors.Is(err, down) {
		t.Errorf("while it is down: %v", err)
	}
	if err := a.room.Answer(t.Context(), id); err != nil {
		t.Error(err)
	}
	if len(a.out.calls) != 3 || len(tried) != 3 {
		t.Errorf("%d pages came by %d messages", len(a.out.calls), len(tried))
	}
	if n := a.count(`SELECT count(*) FROM inquiry_batches WHERE done_at IS NULL`); n != 0 {
		t.Error("the batch is not done")
	}

	a.out.answer = func(told, any) error { return &exchange.Refusal{Code: "not-found", Message: "没有这个批次"} }
	if code := a.ask("police", spec.BigdataBatchSubmit, spec.BigdataBatchSubmitRequest{BatchNo: "CX-0003", Department: spec.InquiryDepartmentPolice, Inquiry: why, Rows: a.rows(1)}, &receipt); code != "" {
		t.Fatal(code)
	}
	if err := a.room.Answer(t.Context(), job[inquiry.BatchArgs](a).Batch); err != nil {
		t.Errorf("a page that is not wanted: %v", err)
	}
}

// Ten thousand rows are the most; numbers are taken once, by batch and by row.
func TestBatchesThatAreRefused(t *testing.T) {
	a := open(t)
	twice := a.rows(3)
	twice[2].Seq = 1
	nameless := a.rows(2)
	nameless[1].Person.Name = ""
	submit := func(from, court, no string, rows []spec.InquiryRow) string {
		return a.ask(from, spec.CourtBatchSubmit, spec.CourtBatchSubmitRequest{BatchNo: no, CourtCode: court, Inquiry: why, Rows: rows}, new(spec.BatchReceipt))
	}
	for i, tt := range []struct {
		from, court, no string
		rows            []spec.InquiryRow
		want            string
	}{
		{"hailing", "hailing", "CX-0001", a.rows(10_001), "schema"},
		{"hailing", "hailing", "CX-0001", nil, "schema"},
		{"hailing", "hailing", "CX-0001", nameless, "schema"},
		{"hailing", "hailing", "CX-0001", twice, "seq-repeated"},
		{"hailing", "zhongji", "CX-0001", a.rows(1), "not-found"},
		{"bank", "hailing", "CX-0001", a.rows(1), "not-granted"},
		{"hailing", "hailing", "CX-0001", a.rows(1), ""},
		{"hailing", "hailing", "CX-0001", a.rows(1), "batch-exists"},
		{"zhongji", "zhongji", "CX-0001", a.rows(1), ""}, // another court has numbers of its own
	} {
		if got := submit(tt.from, tt.court, tt.no, tt.rows); got != tt.want {
			t.Errorf("%d: %q, want %q", i, got, tt.want)
		}
	}
	if n := a.count(`SELECT count(*) FROM inquiry_batches`); n != 2 {
		t.Errorf("%d batches", n)
	}
}
