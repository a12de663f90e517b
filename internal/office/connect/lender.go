package connect

import (
	"context"
	"errors"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
)

// commercial is the kind of loan that a bank gives; the fund's has its own counterpart.
const commercial = "commercial"

// pushCertificate gives every bank that lends in a case the number and the digest of the certificate of its mortgage; the
// file is had by bank.certificate.query. A bank without an interface sees it on our pages.
func (r *Room) pushCertificate(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	certificates, err := r.Cases.Certificates(ctx, r.Pool, c)
	if err != nil {
		return err
	}
	in := spec.BankCertificatePushRequest{CaseNo: string(c.No), UnitCode: string(c.Unit), TitleCertificateNo: string(c.Facts.Title),
		MortgageCertificateNo: string(c.Facts.Mortgage), EnteredAt: c.Facts.EnteredAt, Attachments: []spec.Attachment{}}
	for _, x := range certificates {
		if land.CertNumber(x.Number).IsProof() {
			in.Attachments = append(in.Attachments, spec.Attachment{MaterialCode: "M-CERT", Name: x.Title, Digest: x.Digest, Mime: "application/pdf", Size: int(x.Size), Pages: 1})
		}
	}
	for _, p := range c.App.Loan.Parts {
		if p.Kind != commercial {
			continue
		}
		in.LoanContractNo = c.Facts.LoanContract(p.Kind)
		var ack spec.Ack
		route := exchange.Route{District: c.District, Item: c.Item, Case: string(c.No), Party: p.Lender}
		if err := r.Out.Call(ctx, spec.BankCertificatePush, route, t.Key()+"/"+p.Lender, in, &ack); err != nil && !errors.Is(err, exchange.ErrDesk) {
			return err
		}
	}
	return nil
}
