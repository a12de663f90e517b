package conform

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/exchange/spec"
)

// Client carries an envelope to the counterpart and brings its answer, whatever that says. An error means that there is none.
type Client interface {
	Send(ctx context.Context, e Envelope) (Answer, error)
}

// Envelope is a request ready to go. A rule may spoil it after it was signed.
type Envelope struct {
	Path   string // of the operation, with the query if there is one
	Header http.Header
	Body   []byte
	head   spec.Head // as it was signed: what the answer must repeat
	limits spec.Info
}

// Answer is what came back. Nothing in it has been verified.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // at most one byte more than the operation allows
	Took   time.Duration
}

// OK tells whether the request was done.
func (a Answer) OK() bool { return a.Status == http.StatusOK || a.Status == http.StatusAccepted }

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

// verify tells whether the answer belongs to the envelope and is signed by its author.
func (a Answer) verify(e Envelope, by spec.Verifier, now time.Time) error {
	resp := &http.Response{StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body))}
	_, err := spec.ReadAnswer(resp, e.Path, e.head, by, int64(len(a.Body)), now)
	return err
}

// letter says how an envelope is to be made. The zero value of a field means: as the specification wants it.
type letter struct {
	path      string // signed and sent to
	messageID string
	as        *spec.Identity
	age       time.Duration // of the timestamp
}

// seal signs a request of the operation.
func (k *kit) seal(info spec.Info, body []byte, l letter) (Envelope, error) {
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
	head, err := spec.SignRequest(*l.as, r, l.messageID, "", body, k.Clock.Now().Add(-l.age))
	if err != nil {
		return Envelope{}, err
	}
	info.Timeout = k.timeout(info)
	return Envelope{Path: l.path, Header: r.Header, Body: body, head: head, limits: info}, nil
}

func newMessageID(op spec.Operation) string {
	return string(op) + ":" + uuid.Must(uuid.NewV7()).String()
}

// with returns a copy with one header set, or taken away where the value is empty.
func (e Envelope) with(name, value string) Envelope {
	e.Header = e.Header.Clone()
	if value == "" {
		e.Header.Del(name)
	} else {
		e.Header.Set(name, value)
	}
	return e
}
