package filedrop

import (
	"encoding/hex"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
)

// Kind says whether a file asks or answers.
type Kind string

// The kinds of files.
const (
	Request Kind = "request"
	Answer  Kind = "answer"
)

// Name is what the name of a file says: 20261125T113315123_registry.unit.query_request_0193….txt
type Name struct {
	Time      time.Time // of the request, to the millisecond
	Operation spec.Operation
	Kind      Kind
	MessageID string
}

const (
	stampForm = "20060102T150405.000" // written without the dot; in Beijing time
	suffix    = ".txt"
)

// String writes the name. A colon in a message id becomes "~": not every file system takes it.
func (n Name) String() string {
	stamp := strings.Replace(n.Time.In(clock.Shanghai()).Format(stampForm), ".", "", 1)
	return stamp + "_" + string(n.Operation) + "_" + string(n.Kind) + "_" + strings.ReplaceAll(n.MessageID, ":", "~") + suffix
}

// Answer is the name of the answer to a request.
func (n Name) Answer() Name {
	n.Kind = Answer
	return n
}

// ParseName reads a name; ok says that it is one.
func ParseName(s string) (n Name, ok bool) {
	body, ok := strings.CutSuffix(s, suffix)
	parts := strings.SplitN(body, "_", 4)
	if !ok || len(parts) != 4 || len(parts[0]) != len("20060102T150405000") {
		return Name{}, false
	}
	at, err := time.ParseInLocation(stampForm, parts[0][:15]+"."+parts[0][15:], clock.Shanghai())
	n = Name{Time: at, Operation: spec.Operation(parts[1]), Kind: Kind(parts[2]), MessageID: strings.ReplaceAll(parts[3], "~", ":")}
	return n, err == nil && (n.Kind == Request || n.Kind == Answer) && operationForm(parts[1]) && spec.ValidMessageID(n.MessageID) && n.String() == s
}

func operationForm(s string) bool {
	return s != "" && len(s) <= 80 && strings.IndexFunc(s, func(r rune) bool {
		return r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

// nonce is that of a request: it follows from the request's name and content, so that an answer that comes late is known to be one
// to this message, even after a restart.
func (n Name) nonce(app, digest string) string {
	sum := sm.SM3([]byte(app + "\n" + n.String() + "\n" + digest))
	return hex.EncodeToString(sum[:16])
}
