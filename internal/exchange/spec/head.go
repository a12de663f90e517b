package spec

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/kit/sm"
)

// The headers of every message.
const (
	HeaderApp       = "X-App-Id"
	HeaderTime      = "X-Timestamp"
	HeaderNonce     = "X-Nonce"
	HeaderMessage   = "X-Message-Id"
	HeaderRelatesTo = "X-Relates-To"
	HeaderDigest    = "X-Digest"
	HeaderSignature = "X-Signature"
)

// MaxSkew is how far a timestamp may be from the receiver's clock, either way.
const MaxSkew = 300 * time.Second

// Head is the signed head of a message, request or answer.
type Head struct {
	App       string    // who sends
	Time      time.Time // when, to the second
	Nonce     string    // of this sending; an answer repeats that of its request
	MessageID string    // of the message, the same however often it is sent
	RelatesTo string    // the work that a result belongs to; not signed, must equal the body's workId
	Digest    string    // SM3 of the body

	// Lying is how long the message may have lain on its way, beside MaxSkew: zero where it is carried at once. Neither this
	// nor the next travels: the dialect that reads the head sets them.
	Lying time.Duration
	// Again says that it was taken in before and is taken in once more because it may not have been answered.
	Again bool

	scheme    string
	signature []byte
}

// The forms of common.yaml. They are checked for each message, hence by hand rather than by regular expressions.

func appForm(s string) bool {
	return size(s, 3, 64) && s[0] != '.' && s[0] != '-' && only(s, func(c byte) bool { return digit(c) || lower(c) || c == '.' || c == '-' })
}

func timeForm(s string) bool { return size(s, 10, 10) && only(s, digit) }

func nonceForm(s string) bool {
	return size(s, 16, 64) && only(s, func(c byte) bool { return letterOrDigit(c) || c == '_' || c == '-' })
}

func digestForm(s string) bool {
	return size(s, 64, 64) && only(s, func(c byte) bool { return digit(c) || c >= 'a' && c <= 'f' })
}

func signatureForm(s string) bool {
	scheme, encoded, _ := strings.Cut(s, ":")
	return (scheme == SchemeSM2 || scheme == SchemeHMAC) && size(encoded, 40, 400) &&
		only(encoded, func(c byte) bool { return letterOrDigit(c) || c == '+' || c == '/' || c == '=' })
}

// ValidMessageID tells whether s may stand in X-Message-Id.
func ValidMessageID(s string) bool {
	return size(s, 8, 100) && only(s, func(c byte) bool { return letterOrDigit(c) || c == '_' || c == '.' || c == ':' || c == '-' })
}

func size(s string, min, max int) bool { return len(s) >= min && len(s) <= max }

func only(s string, in func(byte) bool) bool {
	for i := range len(s) {
		if !in(s[i]) {
			return false
		}
	}
	return true
}

func digit(c byte) bool         { return c >= '0' && c <= '9' }
func lower(c byte) bool         { return c >= 'a' && c <= 'z' }
func letterOrDigit(c byte) bool { return digit(c) || lower(c) || c >= 'A' && c <= 'Z' }

// ReadHead reads the head from headers. A fault has CodeHeader and names the header.
func ReadHead(h http.Header) (Head, error) {
	for _, form := range []struct {
		name     string
		ok       func(string) bool
		optional bool
	}{
		{HeaderApp, appForm, false}, {HeaderTime, timeForm, false}, {HeaderNonce, nonceForm, false}, {HeaderMessage, ValidMessageID, false},
		{HeaderRelatesTo, ValidMessageID, true}, {HeaderDigest, digestForm, false}, {HeaderSignature, signatureForm, false},
	} {
		values := h.Values(form.name)
		switch {
		case len(values) == 0 && form.optional:
		case len(values) != 1:
			return Head{}, NewFault(CodeHeader, fmt.Sprintf("%s 应当恰好出现一次", form.name))
		case !form.ok(values[0]):
			return Head{}, NewFault(CodeHeader, form.name+" 格式不对")
		}
	}
	seconds, err := strconv.ParseInt(h.Get(HeaderTime), 10, 64)
	if err != nil {
		return Head{}, NewFault(CodeHeader, HeaderTime+" 格式不对")
	}
	scheme, encoded, _ := strings.Cut(h.Get(HeaderSignature), ":")
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Head{}, NewFault(CodeHeader, HeaderSignature+" 不是 Base64")
	}
	return Head{
		App: h.Get(HeaderApp), Time: time.Unix(seconds, 0), Nonce: h.Get(HeaderNonce), MessageID: h.Get(HeaderMessage),
		RelatesTo: h.Get(HeaderRelatesTo), Digest: h.Get(HeaderDigest), scheme: scheme, signature: signature,
	}, nil
}

// Write puts the head into headers.
func (m Head) Write(h http.Header) {
	h.Set(HeaderApp, m.App)
	h.Set(HeaderTime, strconv.FormatInt(m.Time.Unix(), 10))
	h.Set(HeaderNonce, m.Nonce)
	h.Set(HeaderMessage, m.MessageID)
	if m.RelatesTo != "" {
		h.Set(HeaderRelatesTo, m.RelatesTo)
	}
	h.Set(HeaderDigest, m.Digest)
	h.Set(HeaderSignature, m.scheme+":"+base64.StdEncoding.EncodeToString(m.signature))
}

// Canonical is the text that is signed: first is the HTTP method of a request or the status of an
// answer. Lines end with LF, the last one excepted.
func (m Head) Canonical(first, path string) []byte {
	return []byte(strings.Join([]string{first, path, m.App, strconv.FormatInt(m.Time.Unix(), 10), m.Nonce, m.MessageID, m.Digest}, "\n"))
}

// Sign completes the head with a signature over Canonical.
func (m *Head) Sign(key Key, first, path string) error {
	sig, err := key.Sign(m.Canonical(first, path))
	if err != nil {
		return fmt.Errorf("sign message %s: %w", m.MessageID, err)
	}
	m.scheme, m.signature = key.Scheme(), sig
	return nil
}

// Check tells whether the head is fresh at now and signed by v's owner, with first and path as in Canonical. The error is a *Fault.
func (m Head) Check(v Verifier, first, path string, now time.Time) error {
	if d := now.Sub(m.Time); d > MaxSkew+m.Lying || d < -MaxSkew {
		if m.Lying > 0 {
			return NewFault(CodeLate, fmt.Sprintf("时间应在接收方时钟之前 %d 小时至之后 %d 秒之间", int(m.Lying.Hours()), int(MaxSkew.Seconds())))
		}
		return NewFault(CodeLate, "")
	}
	if m.scheme != v.Scheme() {
		return NewFault(CodeBadSignature, "应使用 "+v.Scheme()+" 签名")
	}
	if err := v.Verify(m.Canonical(first, path), m.signature); err != nil {
		if errors.Is(err, sm.ErrSignature) {
			return NewFault(CodeBadSignature, "")
		}
		return fmt.Errorf("verify message %s: %w", m.MessageID, err)
	}
	return nil
}

// FreshUntil is the time up to which the message passes Check, and its nonce must be remembered.
func (m Head) FreshUntil() time.Time { return m.Time.Add(MaxSkew + m.Lying) }

// CheckBody tells whether body is the one that was signed; the error is a *Fault.
func (m Head) CheckBody(body []byte) error {
	if sm.SM3Hex(body) != m.Digest {
		return NewFault(CodeAltered, "")
	}
	return nil
}

// NewNonce is 128 random bits.
func NewNonce() string { return rand.Text() }
