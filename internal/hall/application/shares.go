package application

import (
	"slices"

	"yichuang/internal/catalog"
	"yichuang/internal/deal"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

// askShares asks the departments what they hold about the parties, once for each set of persons; nil where there is nothing new to ask
// or no consent.
func (rm *Room) askShares(a *App) *question {
	persons := naturalPersons(&a.Form)
	about := aboutPersons(persons)
	if len(persons) == 0 || len(a.Form.Consents) == 0 || !a.HomeOK || a.Shared.For == about || a.Asked[askShare].For == about {
		return nil
	}
	head := rm.note(a, askShare, about)
	return &question{askShare, message.ShareQuery, head, message.ShareQueryBody{Ask: head, District: a.Form.Home.District, Persons: persons,
		Codes: rm.sharedCodes(a), Unit: a.Form.Home.UnitCode}}
}

func naturalPersons(form *message.Application) []message.Person {
	var out []message.Person
	for _, p := range form.Parties {
		if !p.Document.Kind.Organisation() && p.Document.Number != "" {
			out = append(out, message.Person{Ref: p.Ref, Name: p.Name, Document: p.Document})
		}
	}
	return out
}

// aboutPersons names a set of persons, so that an answer about others is noticed.
func aboutPersons(list []message.Person) string {
	var parts []string
	for _, p := range list {
		parts = append(parts, p.Ref, p.Name, string(p.Document.Kind), p.Document.Number)
	}
	return digest(parts...)
}

// sharedCodes are the materials of the application that departments share.
func (rm *Room) sharedCodes(a *App) []string {
	item, ok := rm.Catalog().Item(a.Item)
	if !ok {
		return nil
	}
	var out []string
	for _, m := range item.RequiredMaterials(deal.Facts(item, &a.Form, rm.today(), nil)) {
		if m.Fetched && m.Step == catalog.StepSubmit && m.Provider != "bank" && m.Code != titleMaterial && m.Code != contractMaterial {
			out = append(out, m.Code)
		}
	}
	return out
}

// sharesAnswered takes in what departments said: materials, marriages, and how many homes the buyers have. What a person stated
// against it stays theirs.
func (rm *Room) sharesAnswered(a *App, about string, reply message.ShareReply) {
	if about != aboutPersons(naturalPersons(&a.Form)) {
		return // the parties have changed; they are asked about anew
	}
	now := rm.Clock.Now()
	a.Shared = Shared{For: about, At: now, Missing: reply.Missing, Silent: reply.Error != ""}
	if a.Shared.Silent {
		return
	}
	a.Form.Materials = reply.Materials
	for i := range a.Form.Parties {
		p := &a.Form.Parties[i]
		state := reply.Marriage[p.Ref]
		if marriageWords[state] == "" || p.Marriage != "" && a.source(p.Ref+".marriage") == "" {
			continue
		}
		p.Marriage, p.Spouse = state, nil
		if spouse, ok := reply.Spouses[p.Ref]; ok && state == "married" {
			p.Spouse = &message.Owner{Name: spouse.Name, Document: spouse.Document, Share: land.Share{}}
		}
		a.cameFrom(p.Ref+".marriage", "民政", now)
	}
	asked := slices.ContainsFunc(a.Form.Parties, func(p message.Party) bool { return p.Role == message.Buyer })
	if asked && (a.Form.Tax.BuyerHomes == 0 || a.source("tax.buyerHomes") != "") {
		a.Form.Tax.BuyerHomes = reply.Homes
		a.cameFrom("tax.buyerHomes", "不动产登记簿", now)
	}
}
