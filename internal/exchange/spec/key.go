package spec

import (
	"crypto/hmac"

	"yichuang/internal/kit/sm"
)

// The signature schemes of X-Signature.
const (
	SchemeSM2  = "SM2"      // GB/T 32918, ASN.1, default identity
	SchemeHMAC = "HMAC-SM3" // where the two sides share a secret
)

// Key signs what one side sends.
type Key interface {
	Scheme() string
	Sign(msg []byte) ([]byte, error)
}

// Verifier checks what the other side signed.
type Verifier interface {
	Scheme() string
	Verify(msg, sig []byte) error
}

// SM2Key signs with an SM2 private key.
func SM2Key(s *sm.Signer) Key { return sm2Key{s} }

type sm2Key struct{ *sm.Signer }

func (sm2Key) Scheme() string { return SchemeSM2 }

// SM2Verifier accepts a signature by any of the given public keys: while a counterpart changes its key, both are good.
func SM2Verifier(keys ...*sm.PublicKey) Verifier { return sm2Verifier(keys) }

type sm2Verifier []*sm.PublicKey

func (sm2Verifier) Scheme() string { return SchemeSM2 }

func (v sm2Verifier) Verify(msg, sig []byte) error {
	for _, key := range v {
		if key.Verify(msg, sig) == nil {
			return nil
		}
	}
	return sm.ErrSignature
}

// Secret signs and verifies with a secret that both sides hold (HMAC-SM3).
type Secret []byte

// Scheme is SchemeHMAC.
func (Secret) Scheme() string { return SchemeHMAC }

// Sign returns the HMAC-SM3 of msg.
func (s Secret) Sign(msg []byte) ([]byte, error) {
	mac := hmac.New(sm.NewSM3, s)
	mac.Write(msg)
	return mac.Sum(nil), nil
}

// Verify returns sm.ErrSignature unless sig is the HMAC-SM3 of msg. It takes the same time whatever differs.
func (s Secret) Verify(msg, sig []byte) error {
	want, err := s.Sign(msg)
	if err != nil || !hmac.Equal(want, sig) {
		return sm.ErrSignature
	}
	return nil
}
