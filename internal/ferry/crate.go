package ferry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/sm"
)

// The kinds of crates.
const (
	kindMessages = "messages" // []parcel
	kindPart     = "part"     // partHead, line feed, bytes of the file
	kindAck      = "ack"      // ack
	kindReport   = "report"   // Report
)

// magic is the first line of each crate, so that a person who finds one knows what it is.
const magic = "yichuang-ferry/2\n"

// maxHead bounds the second line of a crate, in bytes.
const maxHead = 4 << 10

// crate is what travels: three parts, of which the first two are lines. The magic; the head as JSON; and then, to the end, the
// sealed content.
type crate struct {
	Stream string `json:"stream"` // the sending zone
	Kind   string `json:"kind"`
	Size   int    `json:"size"` // bytes of the sealed content
	Sig    []byte `json:"sig"`
	sealed []byte
}

// parcel is one message inside a crate. A void one is what is left of a message that was discarded at the sender: its number.
type parcel struct {
	Seq   int64           `json:"seq"`
	Prev  int64           `json:"prev,omitempty"`
	Lane  Lane            `json:"lane"`
	ID    uuid.UUID       `json:"id"`
	Type  message.Type    `json:"type,omitempty"`
	Case  string          `json:"case,omitempty"`
	Body  json.RawMessage `json:"body,omitempty"`
	Blobs []string        `json:"blobs,omitempty"`
	At    time.Time       `json:"at"`
	Void  bool            `json:"void,omitempty"`
}

// Refusals of a crate. None says anything about what is inside.
var (
	ErrUnsigned = errors.New("ferry: crate is not signed by the other zone")
	ErrSealed   = errors.New("ferry: crate cannot be opened")
	ErrTooLarge = errors.New("ferry: crate is larger than allowed")
	ErrStream   = errors.New("ferry: crate is of another stream or kind")
)

// refused tells a crate that will never be taken from a receiver that could not take it now.
func refused(err error) bool {
	var unknown ErrUnknownType
	return errors.Is(err, ErrUnsigned) || errors.Is(err, ErrSealed) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrStream) || errors.As(err, &unknown)
}

// signed is the text under the signature: stream and kind bind the sealed bytes to their purpose.
func (c *crate) signed() []byte {
	return append(fmt.Appendf(nil, "%s\n%s\n", c.Stream, c.Kind), c.sealed...)
}

func (c *crate) place() []byte { return []byte(c.Stream + "/" + c.Kind) }

// pack seals and signs plain.
func (d *Door) pack(kind string, plain []byte) ([]byte, error) {
	c := crate{Stream: d.o.Zone, Kind: kind}
	c.sealed = d.o.Shared.Seal(plain, c.place())
	c.Size = len(c.sealed)
	var err error
	if c.Sig, err = d.o.Signer.Sign(c.signed()); err != nil {
		return nil, fmt.Errorf("ferry: sign crate: %w", err)
	}
	head, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("ferry: encode crate: %w", err)
	}
	return bytes.Join([][]byte{append([]byte(magic), head...), c.sealed}, []byte("\n")), nil
}

func (d *Door) packJSON(kind string, content any) ([]byte, error) {
	plain, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("ferry: encode %s: %w", kind, err)
	}
	return d.pack(kind, plain)
}

// unpack checks that raw is whole and comes from the other zone, and opens it.
func (d *Door) unpack(raw []byte) (kind string, plain []byte, err error) {
	if len(raw) > maxCrate {
		return "", nil, ErrTooLarge
	}
	rest, ok := bytes.CutPrefix(raw, []byte(magic))
	end := bytes.IndexByte(rest[:min(len(rest), maxHead)], '\n')
	if !ok || end < 0 {
		return "", nil, ErrSealed
	}
	var c crate
	if err := json.Unmarshal(rest[:end], &c); err != nil {
		return "", nil, ErrSealed
	}
	if c.sealed = rest[end+1:]; len(c.sealed) != c.Size {
		return "", nil, ErrSealed
	}
	if c.Stream != d.o.Peer {
		return "", nil, ErrStream
	}
	if err := d.trust.verify(c.signed(), c.Sig); err != nil {
		return "", nil, err
	}
	plain, err = d.o.Shared.Open(c.sealed, c.place())
	if errors.Is(err, sm.ErrSealed) {
		return "", nil, ErrSealed
	}
	if err != nil { // a key that has not been copied here yet: it may be in a minute
		return "", nil, fmt.Errorf("ferry: open crate: %w", err)
	}
	return c.Kind, plain, nil
}

func decode(plain []byte, into any) error {
	if err := json.Unmarshal(plain, into); err != nil {
		return ErrSealed
	}
	return nil
}
