package officetest

import (
	"time"

	"github.com/google/uuid"

	"yichuang/internal/democity"
	"yichuang/internal/ferry/message"
)

// Application is a ready application for the n-th contract of the city.
func (o *Office) Application(n int) message.Application { return ApplicationOf(o.City, n, Now) }

// ApplicationOf is a ready application for the n-th contract of a city, with its materials as of a time.
func ApplicationOf(city *democity.City, n int, at time.Time) message.Application {
	k := city.Contracts[n]
	u, _ := city.Unit(k.Unit)
	app := message.Application{ID: uuid.Must(uuid.NewV7()), Item: "existing-home-sale-mortgage", ItemVersion: 1, Channel: message.Online, Applicant: "s1",
		Home:     message.Home{UnitCode: k.Unit, Certificate: k.Cert, District: k.District, Address: u.Address, Area: u.Area, Use: u.Use.Label(), CoOwn: k.SellersCoOwn, HeldSince: "2015-03-01"},
		Contract: message.Contract{Number: k.Number, Imported: true, Price: k.Price, SignedOn: k.SignedOn, PayBy: k.PayBy, HandOver: k.HandOver},
		Tax:      message.TaxSituation{HeldSince: "2015-03-01", SellerOnlyHome: true},
		Trust:    message.Trust{Bank: k.Bank, BankName: "托管银行", DownPayment: k.Down, SellerName: k.Payout.Holder, SellerBank: k.Payout.Bank, SellerAccount: k.Payout.Number, Release: "entered"},
		Loan:     message.Loan{Kind: "none"},
		Delivery: message.Delivery{Mode: "pickup"}}
	party := func(role message.Role, prefix string, list []democity.Holder) {
		for i, h := range list {
			app.Parties = append(app.Parties, message.Party{Ref: prefix + string(rune('1'+i)), Role: role, Name: h.Name, Document: h.Document, Phone: h.Phone, Marriage: "single", Share: h.Share})
		}
	}
	party(message.Seller, "s", k.Sellers)
	party(message.Buyer, "b", k.Buyers)
	for _, l := range k.Loan {
		part := message.LoanPart{Kind: l.Kind, Lender: l.Lender, LenderName: "贷款机构", LenderDoc: "91321200MA1MABCD0X", Amount: l.Amount, Months: l.Months}
		if b, ok := city.Bank(l.Lender); ok {
			part.LenderName, part.LenderDoc = b.Name, string(b.Credit)
		}
		app.Loan.Parts = append(app.Loan.Parts, part)
		app.Loan.Kind = l.Kind
	}
	if len(app.Loan.Parts) > 1 {
		app.Loan.Kind = "mixed"
	}
	app.Materials = []message.Material{{Code: "M-02", Party: "s1", Source: "upload", At: at}}
	return app
}
