package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
)

// transferUtility hands one of the four accounts over.
func (r *Room) transferUtility(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	var e struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(o.Element, &e); err != nil {
		return casework.Result{}, fmt.Errorf("connect: utility of order %s: %w", o.ID, err)
	}
	i := slices.IndexFunc(c.App.Utilities, func(u message.Utility) bool { return u.Kind == e.Kind })
	if i < 0 {
		return casework.Result{}, fmt.Errorf("connect: order %s asks for an account of kind %q that the application does not name", o.ID, e.Kind)
	}
	buyers := c.App.PartiesOf(message.Buyer)
	seller := c.App.PartiesOf(message.Seller)[0]
	result, err := r.push(ctx, "utility.transfer", c, o, spec.UtilityTransferRequest{WorkID: workID(o), CaseNo: string(c.No), Kind: spec.UtilityKind(e.Kind),
		AccountNo: c.App.Utilities[i].Account, UnitCode: string(c.Unit), Address: c.Address, From: personOf(seller.Name, seller.Document), To: persons(buyers),
		Phone: buyers[0].Phone, TitleCertificateNo: string(c.Facts.Title)})
	var refusal *exchange.Refusal
	if errors.As(err, &refusal) {
		return handedOver(spec.UtilityKind(e.Kind), refusal.Message), nil
	}
	return result, err
}

var utilityNames = map[spec.UtilityKind]string{
	spec.UtilityKindWater: "自来水", spec.UtilityKindPower: "电力", spec.UtilityKindGas: "燃气", spec.UtilityKindTv: "数字电视",
}

func (r *Room) utilityTransferred(in spec.UtilityTransferResultRequest) casework.Result {
	if in.Review.Outcome == spec.OutcomePass {
		return handedOver(in.Kind, "")
	}
	return handedOver(in.Kind, in.Review.Opinion)
}

// handedOver is the end of one account: whatever the provider says, the registration stands; a refusal is told to the parties.
func handedOver(kind spec.UtilityKind, refusal string) casework.Result {
	if refusal == "" {
		return casework.Result{Public: utilityNames[kind] + "已过户"}
	}
	return casework.Result{Opinion: refusal, Public: utilityNames[kind] + "没有过户成功：" + refusal + "。请带新证书到营业厅办理"}
}

// reportCase reports case and certificates to the provincial portal.
func (r *Room) reportCase(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	applicant, ok := c.App.Party(c.App.Applicant)
	if !ok {
		return casework.Result{}, fmt.Errorf("connect: case %s has no applicant", c.No)
	}
	var ack spec.Ack
	in := spec.PortalCaseReportRequest{CaseNo: string(c.No), ItemCode: c.Item, ItemName: c.ItemName, District: c.District,
		Applicant: personOf(applicant.Name, applicant.Document), SubmittedAt: c.StageAt[0], AcceptedAt: optionalTime(c.AcceptedAt),
		CompletedAt: c.Facts.EnteredAt, State: spec.CaseStateCompleted, Node: "登簿"}
	if c.PromisedBy != nil {
		in.PromisedBy = string(land.DateOf(*c.PromisedBy))
	}
	if err := r.call(ctx, "portal.case.report", c, o, in, &ack); err != nil {
		return casework.Result{}, err
	}
	return casework.Result{}, r.reportCertificates(ctx, c, o)
}

func (r *Room) reportCertificates(ctx context.Context, c *casework.Case, o casework.Order) error {
	certificates, err := r.Cases.Certificates(ctx, r.Pool, c)
	if err != nil {
		return err
	}
	for _, cert := range certificates {
		kind := spec.CertificateKindTitle
		holders := persons(c.App.PartiesOf(message.Buyer))
		if land.CertNumber(cert.Number).IsProof() {
			kind = spec.CertificateKindProof
			holders = []spec.Person{mortgageTerms(c).Mortgagee}
		}
		var ack spec.Ack
		in := spec.PortalCertificateReportRequest{CaseNo: string(c.No), CertificateNo: cert.Number, Kind: kind, Holders: holders,
			IssuedAt: cert.IssuedAt, Issuer: cert.Issuer, UnitCode: string(c.Unit),
			Attachment: spec.Attachment{MaterialCode: "M-CERT", Name: cert.Title, Digest: cert.Digest, Mime: "application/pdf", Size: int(cert.Size), Pages: 1}}
		if err := r.Out.Call(ctx, "portal.certificate.report", r.route(c, o), o.ID.String()+"/"+cert.Number, in, &ack); err != nil {
			return err
		}
	}
	return nil
}
