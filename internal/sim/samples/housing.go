package samples

import "yichuang/internal/exchange/spec"

func (w *writer) housing() []Sample {
	k := w.contract
	agreement := body{"agreementNo": "TG-{{run}}", "contractNo": k.Number, "unitCode": k.Unit, "sellers": persons(k.Sellers), "buyers": persons(k.Buyers), "total": int64(k.Price),
		"downPayment": int64(k.Down), "loan": int64(k.Price - k.Down), "bank": "托管银行", "account": "6231000000000001", "condition": "转移登记完成"}
	about := body{"caseNo": caseNo, "agreementNo": "TG-{{run}}"}
	revoke := body{"caseNo": caseNo, "contractNo": k.Number, "reason": "双方协商解除"}
	payee := []spec.Money{{Payee: k.Payout.Holder, Account: k.Payout.Number, Amount: int64(k.Price)}}
	return []Sample{
		{Operation: spec.HousingContractQuery, Body: body{"contractNo": k.Number}},
		{Operation: spec.HousingBuildingQuery, Body: body{"district": k.District, "unitCode": k.Unit}},
		{Operation: spec.HousingSurveyVerify, Body: body{"caseNo": caseNo, "surveyNo": "DC-{{run}}", "unit": "{{housing.building.query#/units/0/unit}}"}},
		{Operation: spec.HousingContractPush, Body: body{"workId": spec.WorkID{}, "caseNo": caseNo, "action": spec.ContractActionCreate, "contract": "{{housing.contract.query#/contract}}"}},
		{Operation: spec.HousingTrustApply, Body: body{"caseNo": caseNo, "agreement": agreement.with(body{"contractNo": missing}), "appliedAt": "{{now}}"}, Refusal: "contract-unknown"},
		{Operation: spec.HousingTrustApply, Body: body{"caseNo": caseNo, "agreement": agreement, "appliedAt": "{{now}}"}},
		{Operation: spec.HousingTrustAgreement, Body: body{"caseNo": caseNo, "agreement": agreement, "trustNo": "{{housing.trust.apply#/trustNo}}", "signedAt": "{{now}}"}},
		{Operation: spec.HousingTrustDeposit, Body: about.with(body{"amount": int64(k.Down), "voucherNo": "PZ-{{run}}", "arrivedAt": "{{now}}"})},
		{Operation: spec.HousingTrustArrived, Body: about.with(body{"total": int64(k.Price), "arrivedAt": "{{now}}"})},
		{Operation: spec.HousingPayoutNotice, Body: about.with(body{"payouts": payee, "voucherNo": "HZ-{{run}}", "paidAt": "{{now}}"})},
		{Operation: spec.HousingTrustClose, Body: about.with(body{"refunds": payee, "closedAt": "{{now}}"})},
		{Operation: spec.HousingTrustCancel, Body: about.with(body{"reason": "双方协商解除"})},
		{Operation: spec.HousingContractRevoke, Body: revoke.with(body{"contractNo": "{{housing.contract.result#/contractNo}}"})},
		{Operation: spec.HousingRegistrationComplete, Body: body{"caseNo": caseNo, "contractNo": k.Number, "unitCode": k.Unit, "titleCertificateNo": k.Cert, "enteredAt": "{{now}}"}},
		{Operation: spec.HousingContractRevoke, Body: revoke, Refusal: "already-registered"},
	}
}
