package book

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
)

// Signed is the example request of an operation as it would travel, signed with the published test keys.
type Signed struct {
	Path      string
	Headers   [][2]string // without the signature
	Body      string
	Canonical string
	SM2       string // X-Signature with the published key pair; another one each time
	HMAC      string // X-Signature with the published secret; always the same
}

// Sign signs the example request of an operation.
func (b *Book) Sign(op *Operation) (Signed, error) {
	key, err := sm.ParseSigner([]byte(b.vectors.PrivateKey))
	if err != nil {
		return Signed{}, fmt.Errorf("sign the example of %s: %w", op.Operation, err)
	}
	first := b.vectors.Messages[0].Headers
	seconds, err := strconv.ParseInt(first[spec.HeaderTime], 10, 64)
	if err != nil {
		return Signed{}, fmt.Errorf("sign the example of %s: %w", op.Operation, err)
	}
	app := first[spec.HeaderApp]
	if op.Direction == spec.ToPlatform {
		app = "taizhou-" + op.Counterpart + "-321202"
	}
	head := spec.Head{App: app, Time: time.Unix(seconds, 0), Nonce: first[spec.HeaderNonce], MessageID: string(op.Operation) + ":0193a5c2-7d10-7a4e-9c31-5b1f0e6d2a77",
		Digest: sm.SM3Hex(op.Request.Example)}
	s := Signed{Path: op.Path, Body: string(op.Request.Example), Canonical: string(head.Canonical(http.MethodPost, op.Path)), Headers: [][2]string{
		{spec.HeaderApp, head.App}, {spec.HeaderTime, first[spec.HeaderTime]}, {spec.HeaderNonce, head.Nonce}, {spec.HeaderMessage, head.MessageID}, {spec.HeaderDigest, head.Digest}}}
	if s.SM2, err = signature(spec.SM2Key(key), s.Canonical); err != nil {
		return s, err
	}
	s.HMAC, err = signature(spec.Secret(b.vectors.Secret), s.Canonical)
	return s, err
}

func signature(key spec.Key, canonical string) (string, error) {
	sig, err := key.Sign([]byte(canonical))
	if err != nil {
		return "", fmt.Errorf("sign an example: %w", err)
	}
	return key.Scheme() + ":" + base64.StdEncoding.EncodeToString(sig), nil
}

// Keys are the published test keys: a pair of SM2, and a secret.
func (b *Book) Keys() (private, public, secret string) {
	return b.vectors.PrivateKey, b.vectors.PublicKey, b.vectors.Secret
}
