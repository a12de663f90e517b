package connect

import (
	"context"
	"errors"
	"fmt"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
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
	title := c.Facts.Title
	if title == "" { // the home stays with its owners, and so does their certificate
		title = c.App.Home.Certificate
	}
	in := spec.BankCertificatePushRequest{CaseNo: string(c.No), UnitCode: string(c.Unit), TitleCertificateNo: string(title),
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

// tellLender tells the bank that applied what has become of its application.
func (r *Room) tellLender(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	var lender, no string
	if err := r.Pool.QueryRow(ctx, `SELECT lender, no FROM lender_applications WHERE case_id = $1`, c.ID).Scan(&lender, &no); err != nil {
		return fmt.Errorf("connect: application of %s: %w", c.No, err)
	}
	event := spec.BankApplicationEvent(t.Detail["event"])
	in := spec.BankApplicationNotifyRequest{ApplicationNo: no, CaseNo: string(c.No), Event: event, At: t.At.In(clock.Shanghai())}
	switch event {
	case spec.BankApplicationEventCorrectionAsked:
		asked, err := r.Cases.Corrections(ctx, r.Pool, c.ID)
		if err != nil {
			return err
		}
		if len(asked) == 0 {
			return fmt.Errorf("connect: nothing is asked of %s", c.No)
		}
		last := asked[len(asked)-1]
		in.Reason, in.Until = last.Opinion, string(land.DateOf(last.Until))
		for _, q := range last.Requests {
			in.Requests = append(in.Requests, spec.MaterialRequest{MaterialCode: q.Code, Reason: q.Reason})
		}
	case spec.BankApplicationEventRefused, spec.BankApplicationEventLapsed, spec.BankApplicationEventWithdrawn:
		in.Reason = reason(c)
	case spec.BankApplicationEventSuspended:
		in.Reason = c.Facts.Against
	case spec.BankApplicationEventEntered:
		in.MortgageCertificateNo, in.Fee = string(c.Facts.Mortgage), int64(r.Cases.LenderFee(c))
	}
	var ack spec.Ack
	return r.Out.Call(ctx, spec.BankApplicationNotify, exchange.Route{District: c.District, Item: c.Item, Case: string(c.No), Party: lender}, t.Key(), in, &ack)
}
