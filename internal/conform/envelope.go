package conform

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/bizxml"
)

// Carrier is a dialect at work: it writes bodies, carries an envelope to the counterpart and brings its answer, whatever that
// says. It knows no rules.
type Carrier interface {
	bodies
	// Dialect is the carrier's name.
	Dialect() Dialect
	// Send brings the answer. An error means that there is none.
	Send(ctx context.Context, e Envelope) (Answer, error)
	// media tells whether a media type is that of an answer, or of an error, and what it should be; "" where there are none.
	media(got string, refusal bool) (want string, ok bool)
	// called is what the dialect calls a header.
	called(header string) string
	// lying is how long a message may have lain on its way.
	lying() time.Duration
}

// bodies is how bodies are written, well and badly. What is signed are the bytes that come out.
type bodies interface {
	write(info spec.Info, body []byte) ([]byte, error)  // from the JSON of the interface
	unknown(written []byte) []byte                      // with a field that no schema has
	unknownInside(written []byte) (_ []byte, ok bool)   // likewise, in an object below the top
	doubled(written []byte) (_ []byte, ok bool)         // with a field twice
	replaced(written []byte) (_ []byte, ok bool)        // with a value of another kind
	padded(written []byte, size int64) []byte           // with white space, up to a size in bytes
	broken() []byte                                     // what cannot be read at all
	sizes(info spec.Info) (mostThatMay, overMuch int64) // of a request, in bytes of what is written
}

// Envelope is a request ready to go. A rule may spoil it after it was signed.
type Envelope struct {
	Path   string // of the operation
	Header http.Header
	Body   []byte
	Media  string // in place of the dialect's own
	Query  string // behind the address
	Prolog string // before the XML
	Name   string // message id in the name of a file, in place of the head's
	head   spec.Head
	limits spec.Info
	files  []bizxml.File // that must lie in the folder before it goes
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // JSON, at most one byte more than the operation allows
	Took   time.Duration
	Proof  error // why it is not verifiably the counterpart's answer to the envelope
	Form   error // why its body could not be read; what fits no schema but can be read is none

	code    spec.Code // that the dialect's own head gives
	tooLong bool
	outside int    // status of HTTP, where the dialect has one of its own
	fault   string // faultcode of SOAP
	text    string // code beside it
}

// OK tells whether the request was done.
func (a Answer) OK() bool { return a.Status == http.StatusOK || a.Status == http.StatusAccepted }

// unread tells whether the body could not be read because nobody knows whose it is.
func (a Answer) unread() bool { return a.Proof != nil && a.Body == nil }

// Media is the media type without parameters.
func (a Answer) Media() string {
	media, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// String is the answer in a word, for the column of what came: never a body, which may hold personal data.
func (a Answer) String() string {
	code := a.Code()
	switch {
	case a.OK():
		return fmt.Sprintf("%d，已办理", a.Status)
	case code == "":
		return fmt.Sprintf("%d，没有错误代码", a.Status)
	}
	return fmt.Sprintf("%d %s", a.Status, code)
}

// letter says how an envelope is to be made. The zero value of a field means: as the specification wants it.
type letter struct {
	path      string // signed and sent to
	messageID string
	as        *spec.Identity
	age       time.Duration // of the timestamp
}

// seal writes a body from JSON and signs it.
func (k *kit) seal(info spec.Info, body []byte, l letter) (Envelope, error) {
	written, err := k.Carrier.write(info, body)
	if err != nil {
		return Envelope{}, err
	}
	e, err := k.sign(info, written, l)
	if err == nil && k.Carrier.Dialect().xml() {
		e.files, err = bizxml.Attachments(info.Operation, body)
	}
	return e, err
}

// sign makes the envelope of a body that was written, well or badly.
func (k *kit) sign(info spec.Info, written []byte, l letter) (Envelope, error) {
	if l.path == "" {
		l.path = info.Path
	}
	if l.messageID == "" {
		l.messageID = newMessageID(info.Operation)
	}
	if l.as == nil {
		l.as = &k.self
	}
	r, err := http.NewRequest(http.MethodPost, "http://counterpart"+l.path, nil)
	if err != nil {
		return Envelope{}, err
	}
	head, err := spec.SignRequest(*l.as, r, l.messageID, "", written, k.Clock.Now().Add(-l.age))
	if err != nil {
		return Envelope{}, err
	}
	r.Header.Del("Content-Type") // the carrier's
	info.Timeout = k.timeout(info)
	return Envelope{Path: l.path, Header: r.Header, Body: written, head: head, limits: info}, nil
}

func newMessageID(op spec.Operation) string {
	return string(op) + ":" + uuid.Must(uuid.NewV7()).String()
}

// with is the envelope with another header; an empty value leaves it out.
func (e Envelope) with(name, value string) Envelope {
	e.Header = e.Header.Clone()
	e.Header.Del(name)
	if value != "" {
		e.Header.Set(name, value)
	}
	return e
}
