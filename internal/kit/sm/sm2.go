package sm

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// ErrSignature says that a signature does not belong to this message and key.
var ErrSignature = errors.New("SM2 signature does not verify")

// Signer signs with an SM2 private key, with the default identity of GB/T 35276 ("1234567812345678").
type Signer struct{ key *sm2.PrivateKey }

// PublicKey verifies what the Signer of the same pair signed.
type PublicKey struct{ key *ecdsa.PublicKey }

// NewSigner makes a new key pair.
func NewSigner() (*Signer, error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make SM2 key: %w", err)
	}
	return &Signer{key}, nil
}

// Sign returns the SM2 signature (ASN.1) of msg.
func (s *Signer) Sign(msg []byte) ([]byte, error) {
	sig, err := s.key.SignWithSM2(rand.Reader, nil, msg)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return sig, nil
}

// Public is the key that verifies what s signs.
func (s *Signer) Public() *PublicKey { return &PublicKey{&s.key.PublicKey} }

// Verify returns ErrSignature unless sig is a signature of msg by the owner of the key.
func (p *PublicKey) Verify(msg, sig []byte) error {
	if !sm2.VerifyASN1WithSM2(p.key, nil, msg, sig) {
		return ErrSignature
	}
	return nil
}

// Equal tells whether two keys are the same.
func (p *PublicKey) Equal(o *PublicKey) bool { return o != nil && p.key.Equal(o.key) }

const (
	pemPrivate = "PRIVATE KEY"
	pemPublic  = "PUBLIC KEY"
)

// PEM is the private key as PKCS #8. Keep it out of logs and command lines.
func (s *Signer) PEM() []byte {
	der, err := smx509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		panic(err) // an SM2 key always marshals
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: der})
}

// PEM is the public key as SubjectPublicKeyInfo.
func (p *PublicKey) PEM() []byte {
	der, err := smx509.MarshalPKIXPublicKey(p.key)
	if err != nil {
		panic(err) // an SM2 key always marshals
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: der})
}

// ParseSigner reads what (*Signer).PEM wrote.
func ParseSigner(text []byte) (*Signer, error) {
	der, err := pemBytes(text, pemPrivate)
	if err != nil {
		return nil, err
	}
	key, err := smx509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("parse private key: %w", err)
	}
	priv, ok := key.(*sm2.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("parse private key: %T is not an SM2 key", key)
	}
	return &Signer{priv}, nil
}

// ParsePublicKey reads what (*PublicKey).PEM wrote.
func ParsePublicKey(text []byte) (*PublicKey, error) {
	der, err := pemBytes(text, pemPublic)
	if err != nil {
		return nil, err
	}
	key, err := smx509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("parse public key: %w", err)
	}
	if !sm2.IsSM2PublicKey(key) {
		return nil, fmt.Errorf("parse public key: %T is not an SM2 key", key)
	}
	return &PublicKey{key.(*ecdsa.PublicKey)}, nil
}

func pemBytes(text []byte, kind string) ([]byte, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("no PEM block %q", kind)
	}
	return block.Bytes, nil
}
