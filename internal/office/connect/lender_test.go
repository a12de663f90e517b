package connect_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/connect"
	"yichuang/internal/office/officetest"
)

// lending is an office whose tidings go through the room, while its orders are done by good departments.
func lending(t *testing.T) (*officetest.Office, *departments) {
	t.Helper()
	t.Parallel()
	o := officetest.New(t)
	x, err := exchange.New(exchange.Options{Pool: o.Pool, Keyring: o.Keys(), Clock: o.Clock, Log: slog.New(slog.DiscardHandler), Audit: o.Audit})
	if err != nil {
		t.Fatal(err)
	}
	d := &departments{asked: map[spec.Operation]int{}, answer: map[spec.Operation]any{}}
	connect.New(connect.Parts{Pool: o.Pool, Keys: o.Keys(), Clock: o.Clock, Log: slog.New(slog.DiscardHandler), Catalog: o.Catalog, Cases: o.Cases, Register: o.Register, Trust: o.Trust,
		Door: o.Door, Out: d, In: exchange.NewServer(x), Blobs: o.Blobs, Jobs: o})
	officetest.GoodDepartments(o.Cases, o.Clock, o.Cases.On)
	return o, d
}

// tell has the tidings of a kind told, as the queue would, and says how many there were.
func tell(t *testing.T, o *officetest.Office, what string) int {
	t.Helper()
	n := 0
	for _, x := range o.Spread {
		if x.What != what {
			continue
		}
		n++
		if err := o.Cases.Tell(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestLenderGetsTheProof: once the certificate of a mortgage is made, the bank that lends has its number and digest.

func TestLenderGetsTheProof(t *testing.T) {
	o, d := lending(t)
	var pushed []spec.BankCertificatePushRequest
	d.answer[spec.BankCertificatePush] = func(in any) any {
		pushed = append(pushed, in.(spec.BankCertificatePushRequest))
		return spec.Ack{Received: true}
	}
	i := slices.IndexFunc(o.City.Contracts, func(k democity.Contract) bool {
		return k.District != democity.DeskDistrict && len(k.Loan) == 1 && k.Loan[0].Kind == "commercial"
	})
	c := o.Submit(o.Application(i))
	o.Work()
	sent := officetest.Sent[message.Assessment](o, message.AssessmentReady)
	tax := sent[len(sent)-1]
	for _, ref := range []string{"s1", "b1"} {
		o.FromHall(message.TaxConfirmed, c.ID, message.TaxDecision{App: c.ID, Assessment: tax.Number, Round: tax.Round, By: ref})
	}
	for _, kind := range []string{"tax", "fee", "trust"} {
		o.Pay(c.ID, kind)
	}
	o.Decide(o.Person("window"), o.Need(c.ID, "accept"), casework.Decision{Outcome: "pass", Values: map[string]string{"compared": "yes"}})
	review(o, c.ID)
	if n := tell(t, o, casework.Mortgaged); n != 1 || len(pushed) != 1 {
		t.Fatalf("told %d times, pushed %d", n, len(pushed))
	}
	c = o.Case(c.ID)
	p := pushed[0]
	if p.MortgageCertificateNo != string(c.Facts.Mortgage) || p.TitleCertificateNo != string(c.Facts.Title) || p.LoanContractNo != "JK-commercial" || len(p.Attachments) != 1 {
		t.Fatalf("pushed %+v", p)
	}
	if file, err := o.Blobs.Get(t.Context(), p.Attachments[0].Digest); err != nil || !strings.HasPrefix(string(file), "%PDF") {
		t.Errorf("the digest names no file: %v", err)
	}
}
