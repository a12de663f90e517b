// Package deal reads an application for the catalog: which facts its conditions may ask, which fees follow, and what the
// tax estimate needs to know. Both zones use it, so that the citizen's list of materials and the office's are the same.
package deal

import (
	"yichuang/internal/catalog"
	"yichuang/internal/catalog/tax"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

// Facts of an application on a day. Missing names the shared materials whose source does not have them.
func Facts(item *catalog.Item, app *message.Application, today land.Date, missing []string) catalog.Facts {
	f := item.StartFacts(today)
	f.Channel = string(app.Channel)
	f.DateOfContract = string(app.Contract.SignedOn)
	f.PriceFen = int64(app.Contract.Price)
	f.AreaHundredths = int64(app.Home.Area)
	f.UseHome = isHome(app.Home.Use)
	f.UseTrust = app.Trust.Bank != "" || app.Trust.DownPayment > 0 || f.UseTrust
	f.HasLoan = len(app.Loan.Parts) > 0 || app.Loan.Kind == "" && f.HasLoan
	if app.Loan.Kind != "" {
		f.LoanKind = app.Loan.Kind
	}
	f.ProofsAsked = f.HasLoan && app.Loan.Proofs
	f.BuyerHomes = app.Tax.BuyerHomes
	f.TaxRelief = app.Tax.Relief
	f.CoOwned = len(app.Home.Owners) > 1
	f.CoOwnedByShares = app.Home.CoOwn == land.CoOwnShares
	f.SharedMissing = missing
	for _, x := range app.Home.Obstacles {
		f.Mortgaged = f.Mortgaged || x.Code == "mortgaged"
		f.TransferRestricted = f.TransferRestricted || x.Code == "transfer-restricted"
		f.Objection = f.Objection || x.Code == "objected"
	}
	people(&f, app, today)
	return f
}

// people sets the facts about the parties.
func people(f *catalog.Facts, app *message.Application, today land.Date) {
	sellers, buyers := app.PartiesOf(message.Seller), app.PartiesOf(message.Buyer)
	if len(sellers) > 0 {
		f.Sellers, f.SellerPerson = len(sellers), false
	}
	if len(buyers) > 0 {
		f.Buyers, f.BuyerPerson = len(buyers), false
	}
	for _, p := range sellers {
		f.SellerMarried = f.SellerMarried || p.Marriage == "married"
		f.SellerMinor = f.SellerMinor || minor(p, today)
		f.SellerAgent = f.SellerAgent || p.Agent != nil
		f.SellerCompany = f.SellerCompany || p.Document.Kind.Organisation()
		f.SellerPerson = f.SellerPerson || !p.Document.Kind.Organisation()
		f.ForeignParty = f.ForeignParty || foreign(p)
		f.SpouseNotOwner = f.SpouseNotOwner || p.Marriage == "married" && !spouseOwns(app, p)
	}
	for _, p := range buyers {
		f.BuyerMarried = f.BuyerMarried || p.Marriage == "married"
		f.BuyerMinor = f.BuyerMinor || minor(p, today)
		f.BuyerAgent = f.BuyerAgent || p.Agent != nil
		f.BuyerCompany = f.BuyerCompany || p.Document.Kind.Organisation()
		f.BuyerPerson = f.BuyerPerson || !p.Document.Kind.Organisation()
		f.ForeignParty = f.ForeignParty || foreign(p)
	}
	f.CoOwnersMissing = len(sellers) > 0 && ownersMissing(app, sellers)
}

func minor(p message.Party, today land.Date) bool {
	return p.Document.Kind == land.DocIDCard && land.IDNumber(p.Document.Number).Minor(today)
}

func foreign(p message.Party) bool {
	return !p.Document.Kind.Organisation() && p.Document.Kind != land.DocIDCard && p.Document.Kind != land.DocHousehold
}

// spouseOwns tells whether the spouse of a seller is an owner too; a spouse who is not known is taken for no owner.
func spouseOwns(app *message.Application, p message.Party) bool {
	for _, o := range app.Home.Owners {
		if p.Spouse != nil && o.Document.Number == p.Spouse.Document.Number {
			return true
		}
	}
	return false
}

// ownersMissing tells whether somebody who owns the home does not sell.
func ownersMissing(app *message.Application, sellers []message.Party) bool {
	for _, o := range app.Home.Owners {
		found := false
		for _, s := range sellers {
			found = found || s.Document.Number == o.Document.Number
		}
		if !found {
			return true
		}
	}
	return false
}

func isHome(label string) bool {
	for _, u := range land.HouseUses() {
		if u.Label() == label {
			return u.Home()
		}
	}
	return false
}

// TaxInput is the application as the estimate reads it; a deal that is not declared yet is declared today.
func TaxInput(app *message.Application, today land.Date) tax.Input {
	in := tax.Input{Deal: "sale", Price: app.Contract.Price, Area: app.Home.Area, Home: isHome(app.Home.Use), Place: "city",
		ContractOn: app.Contract.SignedOn, DeclaredOn: today, HeldSince: tax.HeldSince(app.Tax.HeldSince, app.Home.HeldSince),
		BuyerHomes: app.Tax.BuyerHomes, SellerOnlyHome: app.Tax.SellerOnlyHome, CostKnown: app.Tax.CostKnown, Cost: app.Tax.Cost}
	for _, p := range app.Parties {
		if p.Document.Kind.Organisation() {
			in.SellerCompany = in.SellerCompany || p.Role == message.Seller
			in.BuyerCompany = in.BuyerCompany || p.Role == message.Buyer
		}
	}
	return in
}
