package application

import (
	"yichuang/internal/catalog"
	"yichuang/internal/deal"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
)

// Materials that a section of the form stands for: no one is asked to upload what the form itself brings.
const (
	titleMaterial    = "M-06" // the home was found in the book
	contractMaterial = "M-05" // the contract was imported, or is written by us from the form
	spouseMaterial   = "M-10" // a spouse who is no owner consents
)

// Signer is who confirms for a party: the party, its agent, or the guardian of a minor; or a spouse whose consent is needed.
type Signer struct {
	Ref      string
	Role     string // seller | buyer | spouse
	Name     string
	Document land.Document
	Phone    string
	For      string // name of the party that is acted for; "" for oneself
}

// everybody lists all who may come to act in an application, spouses of sellers included.
func everybody(form *message.Application) []Signer {
	var out []Signer
	for _, p := range form.Parties {
		s := Signer{Ref: p.Ref, Role: string(p.Role), Name: p.Name, Document: p.Document, Phone: p.Phone}
		for _, act := range []*message.Agent{p.Guardian, p.Agent} {
			if act != nil {
				s.Name, s.Document, s.Phone, s.For = act.Name, act.Document, act.Phone, p.Name
			}
		}
		out = append(out, s)
	}
	for _, p := range form.PartiesOf(message.Seller) {
		if p.Spouse != nil && !owns(form, p.Spouse.Document) {
			out = append(out, Signer{Ref: p.Ref + ".spouse", Role: "spouse", Name: p.Spouse.Name, Document: p.Spouse.Document, For: p.Name})
		}
	}
	return out
}

func owns(form *message.Application, doc land.Document) bool {
	for _, o := range form.Home.Owners {
		if o.Document.Number == doc.Number {
			return true
		}
	}
	return false
}

// signers lists who has to confirm: all parties, and spouses where the catalog asks for their consent.
func (rm *Room) signers(a *App) []Signer {
	item, ok := rm.Catalog().Item(a.Item)
	spouses := ok && needs(item.RequiredMaterials(deal.Facts(item, &a.Form, rm.today(), a.Shared.Missing)), spouseMaterial)
	var out []Signer
	for _, s := range everybody(&a.Form) {
		if s.Role != "spouse" || spouses {
			out = append(out, s)
		}
	}
	return out
}

func needs(list []catalog.Required, code string) bool {
	for _, r := range list {
		if r.Code == code {
			return true
		}
	}
	return false
}

// applicantOf finds the party that a person is or acts for; "" where they are not in the deal.
func applicantOf(form *message.Application, name string, doc land.Document) string {
	for _, s := range everybody(form) {
		if s.Role != "spouse" && s.Name == name && s.Document == doc {
			return s.Ref
		}
	}
	return ""
}
