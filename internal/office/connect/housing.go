package connect

import (
	"context"
	"errors"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/office/casework"
)

// fileContract pushes the contract for filing (合同备案), whoever made the deal.
func (r *Room) fileContract(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	return r.push(ctx, "housing.contract.push", c, o, spec.HousingContractPushRequest{WorkID: workID(o), CaseNo: string(c.No),
		Action: spec.ContractActionCreate, Contract: contractOf(c), Attachments: r.attachments(c, "housing")})
}

// contractFiled takes the housing department's verdict.
func (r *Room) contractFiled(in spec.HousingContractResultRequest) casework.Result {
	if in.Review.Outcome != spec.OutcomePass {
		return reviewed(in.Review)
	}
	out := r.Cases.ContractFiled(in.FilingNo, in.ContractNo)
	out.Opinion = in.Review.Opinion
	return out
}

func (r *Room) revokeContract(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	var out spec.HousingContractRevokeResponse
	err := r.call(ctx, "housing.contract.revoke", c, o, spec.HousingContractRevokeRequest{CaseNo: string(c.No), ContractNo: contractNo(c),
		FilingNo: c.Facts.FilingNo, Reason: reason(c)}, &out)
	return casework.Result{}, err
}

func (r *Room) cancelTrust(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	if c.Facts.Agreement == "" {
		return casework.Result{}, nil
	}
	var out spec.HousingTrustCancelResponse
	err := r.call(ctx, "housing.trust.cancel", c, o, spec.HousingTrustCancelRequest{CaseNo: string(c.No), AgreementNo: c.Facts.Agreement,
		Reason: reason(c)}, &out)
	return casework.Result{}, err
}

// tellHousing closes the loop: the housing department learns that its contract ended in an entry. Where it works in our pages
// it sees the entry there, and nobody needs an order to say so.
func (r *Room) tellHousing(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	var out spec.Ack
	err := r.call(ctx, "housing.registration.complete", c, o, spec.HousingRegistrationCompleteRequest{CaseNo: string(c.No),
		ContractNo: contractNo(c), FilingNo: c.Facts.FilingNo, UnitCode: string(c.Unit), TitleCertificateNo: string(c.Facts.Title),
		MortgageCertificateNo: string(c.Facts.Mortgage), EnteredAt: c.Facts.EnteredAt}, &out)
	if errors.Is(err, exchange.ErrDesk) {
		err = nil
	}
	return casework.Result{}, err
}

// reason is why a case ends early, in words for other departments.
func reason(c *casework.Case) string {
	if c.Facts.WhyClosed != "" {
		return c.Facts.WhyClosed
	}
	return "办件终止"
}
