package papers

import (
	"strings"

	"yichuang/internal/ferry/message"
)

// Message is the paper as the hall is told of it, when it is issued and when its state changes. The file travels as the blob
// of its digest; full names serve the hall's check by number and name, and are kept there only as an index.
func (i Issued) Message() message.Document {
	return message.Document{Code: string(i.Code), App: i.Case, Kind: string(i.Kind), Title: i.Title, Number: i.Number, Issuer: i.Issuer, Holder: strings.Join(i.Names(), "、"),
		Parties: i.Refs(), Digest: i.Digest, Size: i.Size, IssuedAt: i.IssuedAt, State: string(i.State), Reason: i.Reason}
}
