package ferry

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/sm"
)

// maxBundle bounds a bundle of messages, in bytes; a file is bounded by the store that took it.
const maxBundle = 4 << 20

// crate is what travels: sealed content and the sender's signature over everything else.
type crate struct {
	Stream string `json:"stream"` // the sending zone
	Kind   string `json:"kind"`   // messages | blob | ack
	Sealed []byte `json:"sealed"`
	Sig    []byte `json:"sig"`
}

// parcel is one message inside a crate.
type parcel struct {
	Seq   int64           `json:"seq"`
	ID    uuid.UUID       `json:"id"`
	Type  message.Type    `json:"type"`
	Case  string          `json:"case"`
	Body  json.RawMessage `json:"body"`
	Blobs []string        `json:"blobs"`
	At    time.Time       `json:"at"`

	again bool // was acknowledged before
}

// blobCargo is one file inside a crate.
type blobCargo struct {
	Digest string `json:"digest"`
	Data   []byte `json:"data"`
}

// ack tells the sender how far its stream has been stored without a gap. Rewound says that new messages came under numbers that
// are taken, so that nothing was stored; Have are then those of the bundle that are stored already.
type ack struct {
	UpTo    int64       `json:"upTo"`
	Rewound bool        `json:"rewound,omitempty"`
	Have    []uuid.UUID `json:"have,omitempty"`
}

// Refusals of a crate. None says anything about what is inside.
var (
	ErrUnsigned = errors.New("ferry: crate is not signed by the other zone")
	ErrSealed   = errors.New("ferry: crate cannot be opened")
	ErrTooLarge = errors.New("ferry: crate is larger than allowed")
	ErrStream   = errors.New("ferry: crate is of another stream or kind")
)

// signed is the text under the signature: stream and kind bind the sealed bytes to their purpose.
func (c *crate) signed() []byte {
	head := fmt.Sprintf("%s\n%s\n", c.Stream, c.Kind)
	return append([]byte(head), c.Sealed...)
}

func pack(stream, kind string, content any, keys *sm.Keyring, signer *sm.Signer) ([]byte, error) {
	plain, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("ferry: encode crate: %w", err)
	}
	c := crate{Stream: stream, Kind: kind, Sealed: keys.Seal(plain, []byte(stream+"/"+kind))}
	if c.Sig, err = signer.Sign(c.signed()); err != nil {
		return nil, fmt.Errorf("ferry: sign crate: %w", err)
	}
	return json.Marshal(c)
}

// unpack verifies and opens raw, which must come from stream and be of kind.
func unpack(raw []byte, stream, kind string, into any, keys *sm.Keyring, from *sm.PublicKey) error {
	var c crate
	if err := json.Unmarshal(raw, &c); err != nil {
		return ErrSealed
	}
	if c.Stream != stream || c.Kind != kind {
		return ErrStream
	}
	if err := from.Verify(c.signed(), c.Sig); err != nil {
		return ErrUnsigned
	}
	plain, err := keys.Open(c.Sealed, []byte(stream+"/"+kind))
	if err != nil {
		return ErrSealed
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return ErrSealed
	}
	return nil
}
