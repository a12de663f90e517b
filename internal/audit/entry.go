package audit

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/kit/sm"
)

// Kind is what sort of act is recorded.
type Kind string

// The kinds of acts.
const (
	KindSignIn    Kind = "sign-in"   // and sign-out, lock, second factor
	KindQuery     Kind = "query"     // personal or register data was looked at
	KindChange    Kind = "change"    // data was made or changed
	KindDecision  Kind = "decision"  // a person or a rule decided on a case
	KindExport    Kind = "export"    // data left as a file
	KindPrint     Kind = "print"     // data left as paper
	KindConfig    Kind = "config"    // the system was set differently
	KindInterface Kind = "interface" // another system was called or called us
)

// kindLabels are the kinds as people search for them.
var kindLabels = map[Kind]string{
	KindSignIn: "登录", KindQuery: "查询", KindChange: "变更", KindDecision: "审批",
	KindExport: "导出", KindPrint: "打印", KindConfig: "配置", KindInterface: "接口",
}

// Label is the kind in Chinese.
func (k Kind) Label() string { return kindLabels[k] }

// Outcome is how an act ended.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Refused Outcome = "refused" // by a rule or for lack of a right
	Failed  Outcome = "failed"  // by a fault
)

var outcomeLabels = map[Outcome]string{OK: "成功", Refused: "拒绝", Failed: "失败"}

// Label is the outcome in Chinese.
func (o Outcome) Label() string { return outcomeLabels[o] }

// Entry is one act, as the one who did it reports it.
type Entry struct {
	Actor     string // account id, or the name of a service or system
	ActorName string // name of a person; stored encrypted
	Kind      Kind
	Action    string // what was done, as an auditor reads it: 审核通过
	Object    string // what it was done to: a unit code, a document number of ours, a setting; no personal data
	Case      string // case number, where there is one
	Source    string // address or system that the act came from
	Outcome   Outcome
	Detail    map[string]any // the rest: reason, fields changed; no personal data
}

// ErrEntry says that an entry lacks what every record must have. It's a mistake of the program.
var ErrEntry = errors.New("audit entry lacks actor, action, or a known kind and outcome")

func (e Entry) valid() bool {
	return e.Actor != "" && e.Action != "" && kindLabels[e.Kind] != "" && outcomeLabels[e.Outcome] != ""
}

// Record is an entry as it was written.
type Record struct {
	ID uuid.UUID
	At time.Time
	Entry

	pos    int64
	detail []byte // the exact text of Detail that the digest is over
	index  []byte // blind index of ActorName
}

// newRecord fixes everything that the digest is over.
func newRecord(e Entry, at time.Time, keys *sm.Keyring) (Record, error) {
	if !e.valid() {
		return Record{}, ErrEntry
	}
	if e.Detail == nil {
		e.Detail = map[string]any{}
	}
	detail, err := json.Marshal(e.Detail) // sorts the keys
	if err != nil {
		return Record{}, fmt.Errorf("audit detail: %w", err)
	}
	return Record{
		ID:     uuid.Must(uuid.NewV7()),
		At:     at.Truncate(time.Microsecond), // what the database keeps
		Entry:  e,
		detail: detail,
		index:  nameIndex(keys, e.ActorName),
	}, nil
}

func nameIndex(keys *sm.Keyring, name string) []byte {
	return keys.Index("audit actor", strings.TrimSpace(name))
}

// hash is the digest of everything in the record; each part is preceded by its length, so that no two records look alike. The name
// counts by its blind index: its encrypted form changes when keys are rotated.
func (r Record) hash() []byte {
	h := sm.NewSM3()
	part(h, r.ID[:])
	part(h, binary.BigEndian.AppendUint64(nil, uint64(r.At.UnixMicro())))
	for _, s := range []string{string(r.Kind), r.Action, string(r.Outcome), r.Actor, r.Object, r.Case, r.Source} {
		part(h, []byte(s))
	}
	part(h, r.index)
	part(h, r.detail)
	return h.Sum(nil)
}

func part(h hash.Hash, b []byte) {
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
	h.Write(b)
}

// words is the text that the search looks through.
func (r Record) words() string {
	words := []string{r.Kind.Label(), r.Outcome.Label(), r.Action, r.Object, r.Case, r.Source, r.Actor}
	keys := make([]string, 0, len(r.Detail))
	for k := range r.Detail {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		words = append(words, k, fmt.Sprint(r.Detail[k]))
	}
	return strings.ToLower(strings.Join(words, " "))
}
