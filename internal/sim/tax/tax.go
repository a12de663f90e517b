// Package tax simulates the tax bureau: it assesses the taxes on the sale of a home by the rules in force, hears disputes,
// takes payments and issues receipts.
//
// The rules stand here a second time, apart from the platform's own estimate: two who calculate by themselves and
// agree are worth more than one who copies.
package tax

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/wire"
)

// How long the bureau's people need.
const (
	assessTakes  = time.Hour
	disputeTakes = 2 * time.Hour
	arrivalTakes = 15 * time.Minute // from a payment to the treasury's word
	validDays    = 14
)

// Assessment is a tax number with everything behind it.
type Assessment struct {
	TaxNo      string                        `json:"taxNo"`
	Case       string                        `json:"case"`
	App        string                        `json:"app"`
	Request    spec.TaxAssessmentPushRequest `json:"request"`
	Lines      []spec.TaxLine                `json:"lines"`
	Total      int64                         `json:"total"`
	ValidUntil string                        `json:"validUntil"`
	State      string                        `json:"state"` // open | disputed | paid
	PaymentNo  string                        `json:"paymentNo,omitempty"`
	PaidAt     time.Time                     `json:"paidAt,omitzero"`
	Receipts   []spec.TaxReceipt             `json:"receipts,omitempty"`
}

// Bureau is the tax bureau.
type Bureau struct {
	*wire.System
	assessments *board.Table[Assessment]
}

// New puts the bureau on the hub.
func New(h *wire.Hub) (*Bureau, error) {
	s, err := h.New(wire.About{Name: "tax", Title: "国家税务总局泰州市税务局", App: "taizhou-tax", Counterpart: "tax", Zone: wire.Office})
	if err != nil {
		return nil, err
	}
	b := &Bureau{System: s}
	if b.assessments, err = board.OpenTable[Assessment](h.Board(), "tax-assessments"); err != nil {
		return nil, err
	}
	wire.Async(s, spec.TaxAssessmentPush, wire.After[spec.TaxAssessmentPushRequest](assessTakes), nil, b.assess)
	wire.Async(s, spec.TaxDisputePush, wire.After[spec.TaxDisputePushRequest](disputeTakes), b.mayDispute, b.dispute)
	wire.Handle(s, spec.TaxPaymentNotify, b.paid)
	wire.Handle(s, spec.TaxReceiptQuery, b.receipt)
	wire.Handle(s, spec.TaxSlipIssue, b.slip)
	b.handleArrivals()
	return b, nil
}

// Assessments lists all tax numbers.
func (b *Bureau) Assessments() []Assessment { return b.assessments.List() }

func (b *Bureau) assess(_ context.Context, w wire.Work, in spec.TaxAssessmentPushRequest) (spec.TaxAssessmentResultRequest, error) {
	review, err := b.Review(w, "税核")
	if err != nil {
		return spec.TaxAssessmentResultRequest{}, err
	}
	out := spec.TaxAssessmentResultRequest{WorkID: w.ID, CaseNo: in.CaseNo, Review: review}
	if !wire.Passed(review) {
		return out, nil
	}
	return b.issue(w, in, rules{}, out)
}

// told is what a decision "assess" may say.
type told struct {
	AssessedPrice int64 `json:"assessedPrice"`
	Percent       int64 `json:"percent"`
}

// issue calculates and numbers an assessment. The number follows from the work, so that a work done twice gives one.
func (b *Bureau) issue(w wire.Work, in spec.TaxAssessmentPushRequest, r rules, out spec.TaxAssessmentResultRequest) (spec.TaxAssessmentResultRequest, error) {
	t := told{Percent: 100}
	if w.Decision != nil && w.Decision.Outcome == "assess" && len(w.Decision.Detail) > 0 {
		if err := json.Unmarshal(w.Decision.Detail, &t); err != nil {
			return out, fmt.Errorf("decision %s: %w", w.Decision.ID, err)
		}
	}
	out.AssessedPrice = max(in.Price, t.AssessedPrice)
	out.Lines = r.lines(in, out.AssessedPrice)
	for i := range out.Lines {
		out.Lines[i].Amount = out.Lines[i].Amount * t.Percent / 100
		out.Total += out.Lines[i].Amount
	}
	now := b.Now()
	out.TaxNo = "SK" + w.Asked.Format("20060102") + w.ID.String()[24:]
	out.ValidUntil = now.AddDate(0, 0, validDays).Format(time.DateOnly)
	return out, b.assessments.Put(out.TaxNo, Assessment{TaxNo: out.TaxNo, Case: in.CaseNo, App: w.App, Request: in, Lines: out.Lines, Total: out.Total,
		ValidUntil: out.ValidUntil, State: "open"})
}

func (b *Bureau) mayDispute(in spec.TaxDisputePushRequest) error {
	a, ok := b.assessments.Get(in.TaxNo)
	switch {
	case !ok || a.Case != in.CaseNo:
		return spec.NewFault(spec.CodeNotFound, "没有这个核税编号")
	case a.State != "open":
		return spec.NewFault(spec.CodeWrongState, "该核税编号已缴纳或已作废")
	}
	return nil
}

// dispute assesses anew and voids the number in dispute. With evidence of what the seller paid, income tax is on the gain
// where that is less; else the result is the same, with the reason given.
func (b *Bureau) dispute(_ context.Context, w wire.Work, in spec.TaxDisputePushRequest) (spec.TaxAssessmentResultRequest, error) {
	review, err := b.Review(w, "税复")
	if err != nil {
		return spec.TaxAssessmentResultRequest{}, err
	}
	out := spec.TaxAssessmentResultRequest{WorkID: w.ID, CaseNo: in.CaseNo, Review: review}
	if !wire.Passed(review) {
		return out, nil
	}
	a, err := b.assessments.Update(in.TaxNo, func(a *Assessment) error { a.State = "disputed"; return nil })
	if err != nil {
		return out, err
	}
	out, err = b.issue(w, a.Request, rules{provenCost: len(in.Attachments) > 0}, out)
	if out.Total == a.Total {
		out.Review.Opinion = "经复核，原核税结果无误"
	} else {
		out.Review.Opinion = "经复核，予以调整"
	}
	return out, err
}

// paid books a payment and issues a receipt for each line that costs something.
func (b *Bureau) paid(_ context.Context, c wire.Call, in spec.TaxPaymentNotifyRequest) (spec.TaxPaymentNotifyResponse, error) {
	var fault *spec.Fault
	fresh := false
	a, err := b.assessments.Update(in.TaxNo, func(a *Assessment) error {
		switch {
		case a.State == "paid" && a.PaymentNo == in.PaymentNo:
			return nil
		case a.Case != in.CaseNo || a.State != "open":
			fault = spec.NewFault("tax-unknown", "核税编号不存在、已作废或已缴纳")
		case in.Amount != a.Total:
			fault = spec.NewFault("wrong-amount", "金额与核税合计不符")
		case c.At.Format(time.DateOnly) > a.ValidUntil:
			fault = spec.NewFault("expired", "已过缴税有效期，请重新核税")
		}
		if fault != nil {
			return fault
		}
		fresh = true
		a.State, a.PaymentNo, a.PaidAt, a.Receipts = "paid", in.PaymentNo, in.PaidAt, receiptsOf(*a, c.At)
		return nil
	})
	switch {
	case fault != nil:
		return spec.TaxPaymentNotifyResponse{}, fault
	case err == board.ErrNone:
		return spec.TaxPaymentNotifyResponse{}, spec.NewFault("tax-unknown", "没有这个核税编号")
	case err != nil:
		return spec.TaxPaymentNotifyResponse{}, err
	}
	if fresh {
		err = b.Board().Courier.Post(arrivalKind, "", arrivalTakes, in.TaxNo)
	}
	return spec.TaxPaymentNotifyResponse{ReceiptNo: "RK" + in.TaxNo[2:], Receipts: a.Receipts}, err
}

// receiptsOf makes a receipt per line and payer; a sale that is free of all tax gets one over zero, as the registry wants to see one.
func receiptsOf(a Assessment, at time.Time) []spec.TaxReceipt {
	var out []spec.TaxReceipt
	for i, l := range a.Lines {
		if l.Amount > 0 || len(a.Lines) == i+1 && len(out) == 0 {
			out = append(out, spec.TaxReceipt{ReceiptNo: fmt.Sprintf("3320%s%02d", a.TaxNo[2:], i+1), Kind: l.Kind, Payer: l.Payer.Name, Amount: l.Amount, IssuedAt: at})
		}
	}
	return out
}

const arrivalKind = "tax-arrival"

// handleArrivals lets the treasury's word about a payment out when it has come.
func (b *Bureau) handleArrivals() {
	b.Board().Courier.Handle(arrivalKind, board.Route{Retry: []time.Duration{time.Minute}, Forever: true, Deliver: func(_ context.Context, payload json.RawMessage) error {
		var no string
		if err := json.Unmarshal(payload, &no); err != nil {
			return fmt.Errorf("%w: %w", board.ErrRejected, err)
		}
		a, ok := b.assessments.Get(no)
		if !ok {
			return fmt.Errorf("%w: no assessment %s", board.ErrRejected, no)
		}
		return b.Tell(wire.Office, spec.TaxArrivalNotify, a.Case, 0, spec.TaxArrivalNotifyRequest{
			CaseNo: a.Case, TaxNo: no, Amount: a.Total, ArrivedAt: b.Now(), Receipts: a.Receipts})
	}})
}

func (b *Bureau) receipt(_ context.Context, _ wire.Call, in spec.TaxReceiptQueryRequest) (spec.TaxReceiptQueryResponse, error) {
	a, ok := b.assessments.Find(func(a Assessment) bool {
		return a.TaxNo == in.TaxNo || slices.ContainsFunc(a.Receipts, func(r spec.TaxReceipt) bool { return r.ReceiptNo == in.ReceiptNo })
	})
	if !ok {
		return spec.TaxReceiptQueryResponse{}, nil
	}
	return spec.TaxReceiptQueryResponse{Paid: a.State == "paid", Receipts: a.Receipts}, nil
}

func (b *Bureau) slip(_ context.Context, _ wire.Call, in spec.TaxSlipIssueRequest) (spec.TaxSlipIssueResponse, error) {
	a, ok := b.assessments.Get(in.TaxNo)
	switch {
	case !ok || a.Case != in.CaseNo || a.State == "disputed":
		return spec.TaxSlipIssueResponse{}, spec.NewFault("tax-unknown", "核税编号不存在或已作废")
	case a.State == "paid":
		return spec.TaxSlipIssueResponse{}, spec.NewFault("already-paid", "已缴纳")
	}
	return spec.TaxSlipIssueResponse{SlipNo: "JKS" + in.TaxNo[2:], Amount: a.Total, Treasury: "国家金库泰州市中心支库", PayBy: a.ValidUntil}, nil
}
