package register

import (
	"fmt"

	"github.com/google/uuid"

	"yichuang/internal/land"
)

// Kinds of blind indexes. They are part of what is stored: never change them.
const (
	indexDocument = "register.document"
	indexName     = "register.name"
	indexMatch    = "register.match"
)

// sealedParty is a row of register.party.
type sealedParty struct {
	id                  uuid.UUID
	district, kind      string
	name, document      []byte
	docIndex, nameIndex []byte
}

func (r *Register) sealParty(district string, p Party) sealedParty {
	id := uuid.Must(uuid.NewV7())
	return sealedParty{
		id: id, district: district, kind: string(p.Document.Kind),
		name: r.keys.SealString(p.Name, placeOf("party.name", id)), document: r.keys.SealString(p.Document.Number, placeOf("party.document", id)),
		docIndex: r.docIndex(p.Document.Number), nameIndex: r.keys.Index(indexName, p.Name),
	}
}

func (r *Register) docIndex(number string) []byte { return r.keys.Index(indexDocument, number) }

// matchIndex is what the exact query looks for: the three together, so that no part of it can be tried alone.
func (r *Register) matchIndex(cert land.CertNumber, name, number string) []byte {
	return r.keys.Index(indexMatch, fmt.Sprintf("%s\x00%s\x00%s", cert, name, number))
}

// placeOf binds a sealed value to its column and row.
func placeOf(column string, id uuid.UUID) string { return "register." + column + "/" + id.String() }

func (r *Register) seal(s, column string, id uuid.UUID) []byte {
	if s == "" {
		return nil
	}
	return r.keys.SealString(s, placeOf(column, id))
}

func (r *Register) open(sealed []byte, column string, id uuid.UUID) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	s, err := r.keys.OpenString(sealed, placeOf(column, id))
	if err != nil {
		return "", fmt.Errorf("open %s: %w", column, err)
	}
	return s, nil
}

// openParty reads a party's sealed columns.
func (r *Register) openParty(id uuid.UUID, kind string, name, document []byte) (p Party, err error) {
	p = Party{ID: id, Document: land.Document{Kind: land.DocKind(kind)}}
	if p.Name, err = r.open(name, "party.name", id); err != nil {
		return p, err
	}
	p.Document.Number, err = r.open(document, "party.document", id)
	return p, err
}
