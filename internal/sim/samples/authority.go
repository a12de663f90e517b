package samples

import (
	"slices"
	"strings"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
	"yichuang/internal/sim/court"
	"yichuang/internal/sim/town"
)

func (w *writer) bigdata() []Sample {
	ask := body{"caseNo": caseNo, "person": w.buyer(), "purpose": "核验申请人", "consentNo": "SQ-{{run}}"}
	about := body{"caseNo": caseNo, "purpose": "核验申请"}
	bank := w.c.Banks[0]
	return []Sample{
		{Operation: spec.BigdataIdentityVerify, Body: ask},
		{Operation: spec.BigdataHouseholdQuery, Body: ask},
		{Operation: spec.BigdataMarriageQuery, Body: ask},
		{Operation: spec.BigdataDeathQuery, Body: ask},
		{Operation: spec.BigdataBirthQuery, Body: about.with(body{"child": w.buyer(), "consentNo": "SQ-{{run}}"})},
		{Operation: spec.BigdataLicenseQuery, Body: about.with(body{"kind": spec.LicenceKindFinancial, "creditCode": bank.Credit, "name": bank.Name})},
		{Operation: spec.BigdataNotaryQuery, Body: about.with(body{"certificateNo": "(2026)苏泰202证民内字第0001号", "principal": w.seller()})},
		{Operation: spec.BigdataJudgmentQuery, Body: about.with(body{"person": w.seller()})},
		{Operation: spec.BigdataAssetQuery, Body: about.with(body{"approvalNo": "泰国资发〔2026〕1号", "creditCode": w.c.Companies[0].Code})},
		{Operation: spec.BigdataLandQuery, Body: about.with(body{"parcelCode": w.unit.Parcel})},
		{Operation: spec.BigdataPlaceQuery, Body: about.with(body{"address": w.unit.Address, "district": w.unit.District})},
		{Operation: spec.BigdataBatchResult, Body: w.page()},
	}
}

// page is a page of results of which one row has something and one has nothing.
func (w *writer) page() body {
	holding := body{"unitCode": w.unit.Code, "certificateNo": w.contract.Cert, "district": w.unit.District, "address": w.unit.Address, "area": w.unit.Area.String(), "use": w.unit.Use,
		"coOwnership": spec.CoOwnershipSole, "share": "1/1", "registeredAt": "{{now}}"}
	return body{"batchNo": "CX-{{run}}", "reference": "AH-{{run}}", "page": 1, "pages": 1, "asOf": "{{now}}",
		"rows": []body{{"seq": 1, "found": true, "holdings": []body{holding}}, {"seq": 2, "found": false}}}
}

func (w *writer) court() []Sample {
	code := strings.TrimPrefix(w.e.Name, "court/")
	status := body{"controlNo": "CK-{{run}}", "action": spec.ControlActionSeize, "state": spec.ControlStateEntered, "unitCode": w.unit.Code, "number": "（2026）苏12执1号之一", "enteredAt": "{{now}}",
		"from": "{{today}}", "until": "{{today}}"}
	out := []Sample{
		{Operation: spec.CourtBatchResult, Body: w.page().with(body{"courtCode": code})},
		{Operation: spec.CourtControlReport, Body: body{"courtCode": code, "reportedAt": "{{now}}", "results": []body{status}}},
	}
	if i := slices.IndexFunc(w.c.Seizures, func(s democity.Seizure) bool { return s.Court == w.e.Title }); i >= 0 {
		paper := body{"courtCode": code, "controlNo": w.c.Seizures[i].Notice, "digest": sm.SM3Hex(court.Paper(w.c.Seizures[i].Notice, court.Assistance))}
		out = append(out, Sample{Operation: spec.CourtDocumentFetch, Body: paper},
			Sample{Operation: spec.CourtDocumentFetch, Body: paper.with(body{"controlNo": "CK-{{run}}"}), Refusal: spec.CodeNotFound})
	}
	return out
}

// controls seizes a home that no other sample is about, and has the court lift it.
func (w *writer) controls() []Sample {
	free := w.free()
	t := w.title(func(t *democity.Title) bool {
		return t.Unit != w.contract.Unit && free != nil && t.Unit != free.Unit && len(town.Restrictions(w.c, t.Unit)) == 0
	})
	if t == nil {
		return nil
	}
	seize := body{"workId": spec.WorkID{}, "controlNo": "CK-{{run}}-1", "action": spec.CourtActionSeize, "unitCode": t.Unit, "court": "泰州市中级人民法院", "target": persons(t.Holders)[0],
		"orderNo": "（2026）苏12执{{run}}号", "noticeNo": "（2026）苏12执{{run}}号之一", "servedAt": "{{now}}", "months": 36}
	return []Sample{
		{Operation: spec.RegistryControlPush, Body: seize},
		{Operation: spec.RegistryControlPush, Body: seize.with(body{"controlNo": "CK-{{run}}-2", "action": spec.CourtActionRelease, "noticeNo": "（2026）苏12执{{run}}号之二",
			"seizureNo": "{{registry.control.result#/restriction/number}}", "months": 0})},
		{Operation: spec.RegistryControlPush, Body: seize.with(body{"controlNo": "CK-{{run}}-3", "unitCode": w.elsewhere()}), Refusal: spec.CodeNotFound},
	}
}
