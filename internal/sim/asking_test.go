package sim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"yichuang/internal/exchange/spec"
)

// The operator has a court, the police and a bank ask the platform: signed by the one that is named, in the words of the interface.
func TestSystemsAskThePlatform(t *testing.T) {
	w := build(t)
	k := w.contract("321202")
	type order = map[string]any
	// The platform of the test gives every message the same thanks, which is no answer to these: that is told, too.
	w.post("/control/batch", order{"system": "court/hailing", "size": 300}, http.StatusConflict)
	w.post("/control/batch", order{"system": "bigdata", "size": 20_000}, http.StatusConflict)
	w.post("/control/batch", order{"system": "moon", "size": 3}, http.StatusNotFound)
	w.post("/control/ask", order{"system": "bank/" + w.built.Banks[0].Code, "operation": spec.BankTitleQuery,
		"body": order{"bankCode": w.built.Banks[0].Code, "owner": persons(k.Sellers)[0], "contractNo": k.Number, "purpose": "贷款调查"}}, http.StatusConflict)
	w.post("/control/ask", order{"system": "moon", "operation": spec.BankTitleQuery, "body": order{}}, http.StatusBadRequest)
	w.post("/control/ask", order{"system": "bigdata", "operation": spec.BigdataTitleQuery, "body": order{"all": true}}, http.StatusConflict)

	court := last[spec.CourtBatchSubmitRequest](w, w.office, spec.CourtBatchSubmit)
	if len(court.Rows) != 300 || court.CourtCode != "hailing" || court.Inquiry.Authority != "泰州市海陵区人民法院" {
		t.Errorf("the court asks about %d: %+v", len(court.Rows), court.Inquiry)
	}
	police := last[spec.BigdataBatchSubmitRequest](w, w.office, spec.BigdataBatchSubmit)
	if len(police.Rows) != 10_000 || police.Rows[9_999].Seq != 10_000 {
		t.Errorf("the police ask about %d", len(police.Rows))
	}
	if bank := last[spec.BankTitleQueryRequest](w, w.office, spec.BankTitleQuery); bank.ContractNo != k.Number {
		t.Errorf("the bank asks %+v", bank)
	}
	if n := len(w.office.Told(spec.BigdataTitleQuery)); n != 0 {
		t.Errorf("%d messages that break the interface went out", n)
	}
}

// Pages of results add up, in any order and when one comes twice.
func TestPagesOfResultsAddUp(t *testing.T) {
	w := build(t)
	page := func(n int) {
		in := spec.CourtBatchResultRequest{CourtCode: "hailing", BatchNo: "CX-0001", Reference: "AH-0001", Page: n, Pages: 2, AsOf: w.clock.Now(),
			Rows: []spec.InquiryAnswer{{Seq: n, Found: true, Holdings: nil}, {Seq: n + 10}}}
		var ack spec.Ack
		w.ask("court/hailing", spec.CourtBatchResult, in, &ack)
	}
	for _, n := range []int{2, 1, 2} {
		page(n)
	}
	if shown := w.page("/court/hailing/", nil); !strings.Contains(shown, "2／2") || !strings.Contains(shown, "CX-0001") {
		t.Errorf("the page of the court: %s", shown)
	}
	for _, form := range []struct {
		path string
		form url.Values
	}{{"/court/hailing/do/control", url.Values{"unit": {"12"}}}, {"/court/hailing/do/batch", url.Values{"size": {"many"}}}, {"/bigdata/do/batch", url.Values{"size": {""}}}} {
		if got := w.page(form.path, form.form); !strings.Contains(got, "没有办成") {
			t.Errorf("%s %v is done", form.path, form.form)
		}
	}
}
