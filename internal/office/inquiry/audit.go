package inquiry

import (
	"context"
	"encoding/hex"
	"strings"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// indexPerson is the kind of the blind index of a person who was asked about. It is part of what is stored: never change it.
const indexPerson = "inquiry.person"

// Who is the blind index of a person: whoever has name and number finds by it who asked.
func (r *Room) Who(p register.Party) []byte {
	return r.Keys.Index(indexPerson, p.Document.Number+"\x00"+p.Name)
}

// basis is why something was asked, for the audit record: the askers' own words, with the persons taken out that they are about.
func basis(in spec.Inquiry, rows ...spec.Person) map[string]any {
	out := map[string]any{"authority": in.Authority, "legalBasis": in.LegalBasis, "purpose": in.Purpose, "reference": in.Reference}
	for name, text := range out {
		out[name] = without(text.(string), rows)
	}
	return out
}

// without masks persons in a text.
func without(text string, persons []spec.Person) string {
	for _, p := range persons {
		if strings.Contains(text, p.Name) {
			text = strings.ReplaceAll(text, p.Name, land.MaskName(p.Name))
		}
		if strings.Contains(text, p.DocumentNumber) {
			text = strings.ReplaceAll(text, p.DocumentNumber, land.MaskNumber(p.DocumentNumber))
		}
	}
	return text
}

// note records that a question was answered: who asked, why, about whom by blind index, and whether something was found.
func (r *Room) note(ctx context.Context, db pg.DB, from exchange.Caller, action string, in spec.Inquiry, who register.Party, found int) error {
	detail := basis(in, spec.Person{Name: who.Name, DocumentNumber: who.Document.Number})
	detail["found"] = found
	return r.Audit.Record(ctx, db, audit.Entry{Actor: from.App, ActorName: in.Officer, Kind: audit.KindQuery, Action: action, Object: hex.EncodeToString(r.Who(who)),
		Source: from.App, Outcome: audit.OK, Detail: detail})
}

// noteCases records that a bank looked at cases of its own.
func (r *Room) noteCases(ctx context.Context, db pg.DB, from exchange.Caller, action string, no land.CaseNumber, found int) error {
	return r.Audit.Record(ctx, db, audit.Entry{Actor: from.App, Kind: audit.KindQuery, Action: action, Case: string(no), Source: from.App, Outcome: audit.OK, Detail: map[string]any{"found": found}})
}
