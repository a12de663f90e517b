package samples

import (
	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/town"
)

func (w *writer) tax() []Sample {
	k := w.contract
	title, ok := w.c.Title(k.Unit)
	if !ok {
		return nil
	}
	family := func(p spec.Person, role spec.PartyRole, homes int) body {
		return body{"person": p, "role": role, "marriage": spec.MarriageUnknown, "homes": homes}
	}
	var families []body
	for _, p := range persons(k.Sellers) {
		families = append(families, family(p, spec.PartyRoleSeller, 1))
	}
	for _, p := range persons(k.Buyers) {
		families = append(families, family(p, spec.PartyRoleBuyer, 0))
	}
	const taxNo, total = "{{tax.assessment.result#/taxNo}}", "{{tax.assessment.result#/total}}"
	pay := body{"caseNo": caseNo, "taxNo": taxNo, "paymentNo": "PAY-{{run}}", "channel": spec.PayChannelWechat, "amount": total, "paidAt": "{{now}}", "payer": w.buyer().Name}
	slip := body{"caseNo": caseNo, "taxNo": taxNo}
	return []Sample{
		{Operation: spec.TaxAssessmentPush, Body: body{"workId": spec.WorkID{}, "caseNo": caseNo, "itemCode": "sale", "unit": town.Unit(w.c, w.unit), "contractNo": k.Number, "signedOn": k.SignedOn,
			"price": int64(k.Price), "acquiredOn": title.On, "certificateNo": k.Cert, "families": families}},
		{Operation: spec.TaxDisputePush, Body: body{"workId": spec.WorkID{}, "caseNo": caseNo, "taxNo": taxNo, "round": 1, "applicant": w.seller(), "reason": "该住房为家庭唯一住房"}},
		{Operation: spec.TaxSlipIssue, Body: slip},
		{Operation: spec.TaxSlipIssue, Body: slip.with(body{"taxNo": missing}), Refusal: "tax-unknown"},
		{Operation: spec.TaxPaymentNotify, Body: pay.with(body{"paymentNo": "PAY-{{run}}-2", "amount": 1}), Refusal: "wrong-amount"},
		{Operation: spec.TaxPaymentNotify, Body: pay.with(body{"paymentNo": "PAY-{{run}}-3", "taxNo": missing}), Refusal: "tax-unknown"},
		{Operation: spec.TaxPaymentNotify, Body: pay},
		{Operation: spec.TaxReceiptQuery, Body: body{"taxNo": taxNo}},
		{Operation: spec.TaxSlipIssue, Body: slip, Refusal: "already-paid"},
	}
}

// proof is a file that the check hands out to who fetches it.
var proof = spec.Attachment{MaterialCode: "M-21", Name: "不动产登记证明", Mime: "application/pdf", Size: 125, Digest: "9e49c921f800006c4c160e37bed48ae4dc370bed87c2e3ccca48e96ec1bac5ab"}

// loan asks for a quarter of the price.
func (w *writer) loan(kind spec.LoanKind) body {
	k := w.contract
	return body{"workId": spec.WorkID{}, "caseNo": caseNo, "loanKind": kind, "borrowers": persons(k.Buyers), "unit": town.Unit(w.c, w.unit), "contractNo": k.Number,
		"price": int64(k.Price), "amount": int64(k.Price) / 4, "years": 20}
}

func (w *writer) fund() []Sample {
	return []Sample{{Operation: spec.FundLoanEvaluate, Body: w.loan(spec.LoanKindFund)}}
}

// bank opens a trust account and lends to it, so that there is money to pay out and back.
func (w *writer) bank() []Sample {
	k := w.contract
	const account = "{{bank.trust.deposit#/account}}"
	money := func(fen int64) []spec.Money {
		return []spec.Money{{Payee: k.Payout.Holder, Account: k.Payout.Number, Amount: fen}}
	}
	about := body{"workId": spec.WorkID{}, "caseNo": caseNo, "agreementNo": "TG-{{run}}", "account": account, "payments": money(100)}
	payout := about.with(body{"titleCertificateNo": k.Cert})
	refund := about.with(body{"reason": "双方协商解除", "close": false})
	next := func(of body, no string, changes body) body {
		return of.with(body{"instructionNo": "ZL-{{run}}-" + no}).with(changes)
	}
	return []Sample{
		{Operation: spec.BankTrustOpen, Body: body{"workId": spec.WorkID{}, "caseNo": caseNo, "agreementNo": "TG-{{run}}", "unitCode": k.Unit, "contractNo": k.Number, "sellers": persons(k.Sellers),
			"buyers": persons(k.Buyers), "total": int64(k.Price), "downPayment": int64(k.Down), "loan": int64(k.Price - k.Down), "payees": money(int64(k.Price)), "condition": "转移登记完成"}},
		{Operation: spec.BankLoanEvaluate, Body: w.loan(spec.LoanKindCommercial)},
		{Operation: spec.BankTrustPayout, Body: next(payout, "1", nil)},
		{Operation: spec.BankTrustPayout, Body: next(payout, "2", body{"payments": money(99999999999999)}), Refusal: "no-balance"},
		{Operation: spec.BankTrustPayout, Body: next(payout, "3", body{"account": "0000000000000000"}), Refusal: "account-unknown"},
		{Operation: spec.BankTrustRefund, Body: next(refund, "4", nil)},
		{Operation: spec.BankTrustRefund, Body: next(refund, "5", body{"payments": money(99999999999999)}), Refusal: "no-balance"},
		{Operation: spec.BankTrustRefund, Body: next(refund, "6", body{"account": "0000000000000000"}), Refusal: "account-unknown"},
		{Operation: spec.BankTrustStatement, Body: body{"date": "{{today}}"}},
		{Operation: spec.BankApplicationNotify, Body: body{"applicationNo": "DYSQ-{{run}}", "caseNo": caseNo, "event": "accepted", "at": "{{now}}"}},
		{Operation: spec.BankCertificatePush, Body: body{"caseNo": caseNo, "unitCode": k.Unit, "titleCertificateNo": k.Cert, "mortgageCertificateNo": k.Cert, "loanContractNo": "JK-{{run}}", "enteredAt": "{{now}}",
			"attachments": []spec.Attachment{proof}}},
	}
}
