package sim_test

import (
	"net/http"
	"testing"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/simtest"
)

// home asks the registry for the page of a unit.
func (w *world) home(unit land.UnitCode) spec.RegistryUnitQueryResponse {
	w.t.Helper()
	var out spec.RegistryUnitQueryResponse
	w.ask("registry/"+unit.District(), spec.RegistryUnitQuery, spec.RegistryUnitQueryRequest{UnitCode: string(unit), Purpose: "核对"}, &out)
	return out
}

func (w *world) post(path string, body any, want int) {
	w.t.Helper()
	if status := simtest.Do(w.t, http.MethodPost, w.url(path), body, nil); status != want {
		w.t.Fatalf("%s: %d, want %d", path, status, want)
	}
}

// entered pushes an entry and returns what comes of it.
func (w *world) entered(in spec.RegistryEntryPushRequest) spec.RegistryEntryResultRequest {
	w.t.Helper()
	in.WorkID = work()
	w.office.Entrust("registry/"+land.UnitCode(in.UnitCode).District(), spec.RegistryEntryPush, in)
	w.pass(time.Hour)
	return last[spec.RegistryEntryResultRequest](w, w.office, spec.RegistryEntryResult)
}

// TestBookRefuses: whatever stands against a transfer in the book is found at the entry, and nothing is written.
func TestBookRefuses(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(w *world, k *democity.Contract, in *spec.RegistryEntryPushRequest)
		outcome spec.EntryOutcome
		reason  spec.EntryReason
	}{
		{"a seizure in the last minute", func(w *world, k *democity.Contract, _ *spec.RegistryEntryPushRequest) {
			w.post("/control/seizure", map[string]any{"unit": k.Unit}, http.StatusOK)
		}, spec.EntryOutcomeRefused, spec.EntryReasonSeized},
		{"an objection", func(w *world, k *democity.Contract, in *spec.RegistryEntryPushRequest) {
			w.post("/control/objection", map[string]any{"unit": k.Unit, "applicant": "吴某", "reason": "出资"}, http.StatusOK)
			in.ExpectedVersion = ""
		}, spec.EntryOutcomeSuspended, spec.EntryReasonObjected},
		{"a changed version", func(_ *world, _ *democity.Contract, in *spec.RegistryEntryPushRequest) {
			in.ExpectedVersion = "v99"
		}, spec.EntryOutcomeSuspended, spec.EntryReasonTitleChanged},
		{"no tax number", func(_ *world, _ *democity.Contract, in *spec.RegistryEntryPushRequest) {
			in.TaxNo = ""
		}, spec.EntryOutcomeSuspended, spec.EntryReasonTaxUnpaid},
		{"another obligor", func(_ *world, k *democity.Contract, in *spec.RegistryEntryPushRequest) {
			in.Entries[0].Obligors = persons(k.Buyers)
		}, spec.EntryOutcomeSuspended, spec.EntryReasonTitleChanged},
		{"an unknown kind of entry, after a good one", func(_ *world, _ *democity.Contract, in *spec.RegistryEntryPushRequest) {
			in.Entries[1].RightKind, in.Entries[1].RegistrationType = spec.RightKindEasement, spec.RegistrationTypeFirst
		}, spec.EntryOutcomeRefused, spec.EntryReasonOther},
		{"an operator's wish", func(w *world, k *democity.Contract, _ *spec.RegistryEntryPushRequest) {
			w.post("/control/decisions", map[string]any{"system": "registry", "operation": "registry.entry.push", "outcome": "suspend",
				"detail": map[string]string{"reasonCode": "disputed"}}, http.StatusOK)
		}, spec.EntryOutcomeSuspended, spec.EntryReasonDisputed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := build(t)
			k := w.contract("321204")
			in := w.entry(k, "SK1", "")
			tt.prepare(w, k, &in)
			before := w.home(k.Unit)
			if got := w.entered(in); got.Outcome != tt.outcome || got.ReasonCode != tt.reason || got.Reason == "" {
				t.Fatalf("entry %+v", got)
			}
			after := w.home(k.Unit)
			if after.Version != before.Version || after.Rights[0].CertificateNo != string(k.Cert) || len(after.Restrictions) != len(before.Restrictions) {
				t.Fatalf("the book changed from %+v to %+v", before, after)
			}
		})
	}
}

// TestCertificatesGoOn: numbers follow the city's own without a gap, also after a refused entry and a restart.
func TestCertificatesGoOn(t *testing.T) {
	w := build(t)
	last := map[bool]int{}
	note := func(c land.CertNumber) {
		if c != "" && c.Year() == 2026 && c.Issuing() == "泰州市姜堰区" {
			last[c.IsProof()] = max(last[c.IsProof()], c.Serial())
		}
	}
	for _, x := range w.built.Titles {
		for _, h := range x.Holders {
			note(h.Cert)
		}
	}
	for _, x := range w.built.Mortgages {
		note(x.Proof)
	}
	for _, x := range w.built.Objections {
		note(x.Proof)
	}
	for _, x := range w.built.Advances {
		note(x.Proof)
	}
	sold := 0
	for i := range w.built.Contracts {
		k := &w.built.Contracts[i]
		if k.District != "321204" || sold == 3 {
			continue
		}
		in := w.entry(k, "", "") // no tax number: refused
		w.entered(in)
		in.TaxNo = "SK1"
		got := w.entered(in)
		if got.Outcome != spec.EntryOutcomeEntered {
			t.Fatalf("entry %+v", got)
		}
		for _, r := range got.Rights {
			for j, h := range r.Holders {
				c, err := land.ParseCertNumber(h.CertificateNo)
				if err != nil {
					t.Fatal(err)
				}
				if j == 0 || r.CoOwnership == spec.CoOwnershipByShares {
					last[false]++
				}
				if c.Serial() != last[false] {
					t.Fatalf("certificate %s, want serial %d", c, last[false])
				}
			}
		}
		if c, err := land.ParseCertNumber(got.MortgageCertificateNo); err != nil || c.Serial() != last[true]+1 {
			t.Fatalf("proof %s, want serial %d: %v", c, last[true]+1, err)
		}
		last[true]++
		sold++
		w.start()
		w.meet()
	}
	if sold != 3 {
		t.Fatalf("%d homes sold", sold)
	}
}

// TestSeizuresQueue: the second waits, takes effect when the first is released, and both are told.
func TestSeizuresQueue(t *testing.T) {
	w := build(t)
	k := w.contract("321281")
	for _, order := range []string{"（2026）苏1281执1号", "（2026）苏1281执2号"} {
		w.post("/control/seizure", map[string]any{"unit": k.Unit, "order": order, "months": 12}, http.StatusOK)
	}
	w.post("/control/seizure/release", map[string]any{"unit": k.Unit, "order": "none"}, http.StatusNotFound)
	w.post("/control/seizure/release", map[string]any{"unit": k.Unit, "order": "（2026）苏1281执1号"}, http.StatusOK)
	w.post("/control/seizure", map[string]any{"unit": "321283000000GB00000F00000000"}, http.StatusNotFound)
	w.pass(time.Minute)
	var actions []spec.RestrictionAction
	for _, m := range w.office.Told(spec.RegistryRestrictionNotify) {
		var n spec.RegistryRestrictionNotifyRequest
		m.Decode(t, &n)
		actions = append(actions, n.Action)
	}
	want := []spec.RestrictionAction{spec.RestrictionActionRegistered, spec.RestrictionActionRegistered, spec.RestrictionActionReleased, spec.RestrictionActionActivated}
	if len(actions) != len(want) {
		t.Fatalf("told %v", actions)
	}
	for i := range want {
		if actions[i] != want[i] {
			t.Fatalf("told %v, want %v", actions, want)
		}
	}
	left := w.home(k.Unit).Restrictions
	s := left[len(left)-1]
	if s.Kind != spec.RestrictionKindSeizure || s.DocumentNo != "（2026）苏1281执2号" || s.From != "2026-11-24" || s.Until != "2027-11-23" {
		t.Fatalf("the second seizure is %+v", s)
	}
	var status spec.RegistryUnitStatusResponse
	w.ask("registry/321281", spec.RegistryUnitStatus, spec.RegistryUnitStatusRequest{UnitCode: string(k.Unit), Version: "v0"}, &status)
	if status.Transferable || !status.Changed {
		t.Fatalf("status %+v", status)
	}
}

func TestOneCaseAtATime(t *testing.T) {
	w := build(t)
	k := w.contract("321282")
	ask := spec.RegistryApplicationPushRequest{CaseNo: caseNo, ItemCode: "sale", ItemName: "存量房买卖", UnitCode: string(k.Unit), CertificateNo: string(k.Cert),
		CoOwnership: spec.CoOwnershipSole, Price: int64(k.Price), AcceptedAt: w.clock.Now(),
		Registrations: []spec.RegistrationRequest{{Seq: 1, RegistrationType: spec.RegistrationTypeTransfer, RightKind: spec.RightKindLandUseHouse, Reason: "存量房买卖"}},
		Parties:       []spec.Party{{Role: spec.PartyRoleBuyer, Name: k.Buyers[0].Name, DocumentKind: spec.DocumentKindIDCard, DocumentNumber: k.Buyers[0].Document.Number}}}
	var first, again spec.RegistryApplicationPushResponse
	wrong := ask
	wrong.CertificateNo = "苏(2019)靖江市不动产权第0000001号"
	if got := code(t, w.office.Ask("registry/321282", spec.RegistryApplicationPush, wrong, &again)); got != "title-changed" {
		t.Fatalf("a wrong certificate: %s", got)
	}
	w.ask("registry/321282", spec.RegistryApplicationPush, ask, &first)
	w.ask("registry/321282", spec.RegistryApplicationPush, ask, &again)
	if first.RegistryCaseNo != again.RegistryCaseNo {
		t.Fatalf("case numbers %s and %s", first.RegistryCaseNo, again.RegistryCaseNo)
	}
	other := ask
	other.CaseNo = "TZ-261124-00413-4"
	if got := code(t, w.office.Ask("registry/321282", spec.RegistryApplicationPush, other, &again)); got != "case-open" {
		t.Fatalf("a second case: %s", got)
	}
	var taken spec.RegistryEntryCancelResponse
	w.ask("registry/321282", spec.RegistryEntryCancel, spec.RegistryEntryCancelRequest{CaseNo: caseNo, ReasonCode: spec.CancelReasonWithdrawn, Reason: "当事人撤回"}, &taken)
	if !taken.Cancelled {
		t.Fatal("not taken back")
	}
	in := w.entry(k, "SK1", "")
	if got := w.entered(in); got.Outcome != spec.EntryOutcomeRefused {
		t.Fatalf("an entry of a case that was taken back: %+v", got)
	}
	w.ask("registry/321282", spec.RegistryApplicationPush, other, &again)
}

func TestHousesAreCounted(t *testing.T) {
	w := build(t)
	k := w.contract("321202")
	count := func(people []spec.Person) int {
		t.Helper()
		var out spec.RegistryHousesCountResponse
		w.ask("registry/321202", spec.RegistryHousesCount, spec.RegistryHousesCountRequest{Persons: people, Scope: spec.CountScopeCounty, Purpose: "核税"}, &out)
		return out.Total
	}
	buyers, sellers := persons(k.Buyers), persons(k.Sellers)
	beforeB, beforeS := count(buyers), count(sellers)
	if got := w.entered(w.entry(k, "SK1", "")); got.Outcome != spec.EntryOutcomeEntered {
		t.Fatalf("entry %+v", got)
	}
	if b, s := count(buyers), count(sellers); b != beforeB+1 || s != beforeS-1 {
		t.Fatalf("buyers %d → %d, sellers %d → %d", beforeB, b, beforeS, s)
	}
	misnamed := buyers
	misnamed[0].Name = "别人"
	if n := count(misnamed[:1]); n != 0 {
		t.Fatalf("homes of a wrong name: %d", n)
	}
}
