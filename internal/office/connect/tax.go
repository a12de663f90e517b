package connect

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
)

// assess asks for the assessment, or in a dispute for a new one; both are answered by tax.assessment.result.
func (r *Room) assess(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	if o.Attr["purpose"] == "reassess" {
		return r.dispute(ctx, c, o)
	}
	app := c.App
	return r.push(ctx, "tax.assessment.push", c, o, spec.TaxAssessmentPushRequest{WorkID: workID(o), CaseNo: string(c.No), ItemCode: c.Item,
		ContractNo: contractNo(c), CertificateNo: string(app.Home.Certificate), Price: int64(app.Contract.Price), SignedOn: string(app.Contract.SignedOn),
		AcquiredOn: string(app.Tax.HeldSince), AcquiredPrice: int64(app.Tax.Cost), Unit: unitOf(app.Home), Families: families(c)})
}

func families(c *casework.Case) []spec.TaxFamily {
	var out []spec.TaxFamily
	for _, p := range c.App.Parties {
		f := spec.TaxFamily{Person: personOf(p.Name, p.Document), Marriage: marriageOf(p.Marriage), Share: p.Share.String(),
			Role: spec.PartyRoleBuyer, Homes: c.Facts.BuyerHomes}
		if p.Role == message.Seller {
			f.Role, f.Homes = spec.PartyRoleSeller, c.Facts.SellerHomes
		}
		if p.Spouse != nil {
			f.Spouse = personOf(p.Spouse.Name, p.Spouse.Document)
		}
		out = append(out, f)
	}
	return out
}

func (r *Room) dispute(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	d := c.Facts.Dispute
	if d == nil {
		return casework.Result{}, fmt.Errorf("connect: case %s has no dispute", c.No)
	}
	by, ok := c.App.Party(d.By)
	if !ok {
		return casework.Result{}, fmt.Errorf("connect: case %s has no party %s", c.No, d.By)
	}
	return r.push(ctx, "tax.dispute.push", c, o, spec.TaxDisputePushRequest{WorkID: workID(o), CaseNo: string(c.No), TaxNo: d.Number,
		Round: d.Round, Reason: d.Reason, Applicant: personOf(by.Name, by.Document), Attachments: r.attachments(c, "tax", "M-26")})
}

var taxNames = map[spec.TaxKind]string{
	spec.TaxKindDeed: "契税", spec.TaxKindVat: "增值税", spec.TaxKindUrban: "城市维护建设税", spec.TaxKindEducation: "教育费附加",
	spec.TaxKindLocalEducation: "地方教育附加", spec.TaxKindIncome: "个人所得税", spec.TaxKindStamp: "印花税", spec.TaxKindLandVat: "土地增值税",
}

// assessed takes the assessment. A total that is not the sum of its lines is no assessment: it changes nothing.
func (r *Room) assessed(in spec.TaxAssessmentResultRequest) (casework.Result, error) {
	if in.Review.Outcome != spec.OutcomePass {
		return reviewed(in.Review), nil
	}
	var lines []message.TaxLine
	var sum int64
	for _, l := range in.Lines {
		payer := message.Buyer
		if l.PayerRole == spec.PartyRoleSeller {
			payer = message.Seller
		}
		sum += l.Amount
		lines = append(lines, message.TaxLine{Tax: taxNames[l.Kind], Payer: payer, Base: land.Fen(l.Base), Rate: l.Rate, Amount: land.Fen(l.Amount), Why: l.Basis})
	}
	if sum != in.Total {
		return casework.Result{}, refused("impossible-amount", "合计与明细之和不一致")
	}
	until, _ := land.ParseDate(in.ValidUntil)
	return r.Cases.Assessed(casework.AssessedTax{Number: in.TaxNo, Lines: lines, Total: land.Fen(in.Total), Until: endOf(until)}), nil
}

// endOf is the last moment of a day, Beijing time; ten days from now where the day is not given.
func endOf(d land.Date) time.Time {
	if d == "" {
		return time.Time{}
	}
	return d.Time().Add(24*time.Hour - time.Second)
}

// tellTax reports the arrival of the money and the end of the deal, and keeps the numbers of the receipts.
func (r *Room) tellTax(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	paid, err := r.Cases.TaxPayment(ctx, r.Pool, c)
	if err != nil {
		return casework.Result{}, err
	}
	if paid.Amount == 0 {
		return casework.Result{}, nil
	}
	var out spec.TaxPaymentNotifyResponse
	if err := r.call(ctx, "tax.payment.notify", c, o, spec.TaxPaymentNotifyRequest{CaseNo: string(c.No), TaxNo: c.Facts.TaxNo, Amount: int64(paid.Amount),
		Channel: spec.PayChannel(paid.Channel), PaidAt: paid.At, Payer: paid.Payer, PaymentNo: paid.Number}, &out); err != nil {
		return casework.Result{}, err
	}
	return casework.Result{Public: "税务部门已开具电子税票", Effect: r.effect(func(_ context.Context, _ pgx.Tx, c *casework.Case) error {
		c.Facts.TaxReceipts = nil
		for _, t := range out.Receipts {
			c.Facts.TaxReceipts = append(c.Facts.TaxReceipts, t.ReceiptNo)
		}
		return nil
	})}, nil
}
