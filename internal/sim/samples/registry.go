package samples

import (
	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/town"
)

func (w *writer) registry() []Sample {
	k := w.contract
	out := []Sample{
		{Operation: spec.RegistryUnitQuery, Body: body{"unitCode": k.Unit, "purpose": "存量房买卖"}},
		{Operation: spec.RegistryUnitStatus, Body: body{"unitCode": k.Unit}},
		{Operation: spec.RegistryHousesCount, Body: body{"persons": persons(k.Sellers), "scope": spec.CountScopeCounty, "purpose": "核税"}},
		{Operation: spec.RegistryArchiveQuery, Body: body{"unitCode": k.Unit, "applicant": w.seller(), "purpose": "核对历史权利"}},
		{Operation: spec.RegistrySurveyPush, Body: body{"workId": spec.WorkID{}, "caseNo": caseNo, "unitCode": k.Unit, "address": w.unit.Address, "area": w.unit.Area.String(),
			"fieldVisit": false, "applicants": persons(k.Buyers)}},
		{Operation: spec.RegistryContractPush, Body: body{"workId": spec.WorkID{}, "caseNo": caseNo, "contract": w.sale()}},
		{Operation: spec.RegistryEntryPush, Body: w.entry()},
	}
	return append(append(out, w.applications()...), w.controls()...)
}

// applications push, follow and take back a case about another home.
func (w *writer) applications() []Sample {
	free := w.free()
	if free == nil {
		return nil
	}
	k := w.contract
	push := body{"caseNo": other, "itemCode": "sale", "itemName": "存量房买卖", "unitCode": free.Unit, "certificateNo": free.Cert(), "coOwnership": spec.CoOwnershipSole,
		"price": int64(k.Price), "acceptedAt": "{{now}}",
		"registrations": []spec.RegistrationRequest{{Seq: 1, RegistrationType: spec.RegistrationTypeTransfer, RightKind: spec.RightKindLandUseHouse, Reason: "买卖"}},
		"parties":       []spec.Party{{Role: spec.PartyRoleBuyer, Name: w.buyer().Name, DocumentKind: w.buyer().DocumentKind, DocumentNumber: w.buyer().DocumentNumber}}}
	third := push.with(body{"caseNo": "TZ-{{run}}-3"})
	out := []Sample{
		{Operation: spec.RegistryApplicationPush, Body: third.with(body{"certificateNo": "苏(1999)泰州市不动产权第9999999号"}), Refusal: "title-changed"},
		{Operation: spec.RegistryApplicationPush, Body: third.with(body{"unitCode": w.elsewhere()}), Refusal: "unit-unknown"},
		{Operation: spec.RegistryApplicationPush, Body: push},
		{Operation: spec.RegistryApplicationPush, Body: third, Refusal: "case-open"},
		{Operation: spec.RegistryProcessQuery, Body: body{"caseNo": other}},
		{Operation: spec.RegistryDayQuery, Body: body{"date": "{{today}}"}},
		{Operation: spec.RegistryEntryCancel, Body: body{"caseNo": other, "reasonCode": "withdrawn", "reason": "申请人撤回"}},
	}
	if t := w.seized(); t != nil {
		out = append(out, Sample{Operation: spec.RegistryApplicationPush, Body: third.with(body{"unitCode": t.Unit, "certificateNo": t.Cert()}), Refusal: "restricted"})
	}
	return out
}

// entry changes the owner by the contract.
func (w *writer) entry() body {
	k := w.contract
	var holders []spec.Holder
	for i, p := range persons(k.Buyers) {
		holders = append(holders, spec.Holder{Name: p.Name, DocumentKind: p.DocumentKind, DocumentNumber: p.DocumentNumber, Share: town.Share(k.Buyers[i].Share)})
	}
	review := func(stage spec.ReviewStage, who string) body {
		return body{"stage": stage, "reviewer": who, "at": "{{now}}", "opinion": "同意"}
	}
	return body{"workId": spec.WorkID{}, "caseNo": caseNo, "unitCode": k.Unit, "expectedVersion": "{{registry.unit.query#/version}}", "taxNo": "SK{{run}}", "acceptedAt": "{{now}}",
		"reviews": []body{review(spec.ReviewStageFirst, "张审"), review(spec.ReviewStageSecond, "李核")},
		"entries": []body{{"seq": 1, "registrationType": spec.RegistrationTypeTransfer, "rightKind": spec.RightKindLandUseHouse, "reason": "存量房买卖", "holders": holders,
			"obligors": persons(k.Sellers), "coOwnership": spec.CoOwnership(k.CoOwn), "price": int64(k.Price)}}}
}

// sale is the contract as the interface has it.
func (w *writer) sale() body {
	k := w.contract
	return body{"contractNo": k.Number, "kind": spec.ContractKindExisting, "state": spec.ContractStateSigned, "signedOn": k.SignedOn, "unitCode": k.Unit, "address": w.unit.Address,
		"area": w.unit.Area.String(), "use": w.unit.Use, "certificateNo": k.Cert, "price": int64(k.Price), "downPayment": int64(k.Down), "loan": int64(k.Price - k.Down), "trusteed": true,
		"sellers": parties(spec.PartyRoleSeller, persons(k.Sellers)), "buyers": parties(spec.PartyRoleBuyer, persons(k.Buyers))}
}

func parties(role spec.PartyRole, of []spec.Person) []body {
	var out []body
	for _, p := range of {
		out = append(out, body{"role": role, "name": p.Name, "documentKind": p.DocumentKind, "documentNumber": p.DocumentNumber})
	}
	return out
}
