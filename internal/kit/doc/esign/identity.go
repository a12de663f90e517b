// Package esign puts an electronic signature into a PDF of package doc: a detached PKCS #7 over the whole file, by SM2 and SM3
// (GM/T 0010), as an invisible signature field that viewers list.
//
// In come the file and an Identity (the office's key and its certificate); out comes the same file with one revision more. A
// changed byte, or a certificate of another key, fails Check.
package esign

import (
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"yichuang/internal/kit/sm"
)

// Identity is a key with the certificate that says whose it is.
type Identity struct {
	key  *sm2.PrivateKey
	cert *smx509.Certificate
}

// ErrOtherKey says that a certificate belongs to another key.
var ErrOtherKey = errors.New("the certificate does not belong to the signing key")

const (
	pemCertificate = "CERTIFICATE"
	validYears     = 10 // of a certificate that we make ourselves
)

// LoadOrCreate reads the certificate of a key from a file in PEM, or makes a self-signed one for the organisation and keeps
// it there. A city replaces the file by the certificate that its authority for electronic seals has issued for the key.
// Error: ErrOtherKey.
func LoadOrCreate(path string, signer *sm.Signer, organisation string, now time.Time) (*Identity, error) {
	id, err := New(signer, organisation, now)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return id, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: id.cert.Raw}), 0o644)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate of the seal: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemCertificate {
		return nil, fmt.Errorf("certificate of the seal: %s holds none", path)
	}
	cert, err := smx509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("certificate of the seal: %w", err)
	}
	if !id.key.PublicKey.Equal(cert.PublicKey) {
		return nil, ErrOtherKey
	}
	id.cert = cert
	return id, nil
}

// New makes an identity with a self-signed certificate.
func New(signer *sm.Signer, organisation string, now time.Time) (*Identity, error) {
	block, _ := pem.Decode(signer.PEM())
	key, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	priv, ok := key.(*sm2.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing key: %T is not one of SM2", key)
	}
	digest := sm.SM3(signer.Public().PEM())
	t := &smx509.Certificate{
		SerialNumber: new(big.Int).SetBytes(digest[:16]),
		Subject:      pkix.Name{Country: []string{"CN"}, Organization: []string{organisation}, CommonName: organisation + "电子印章"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.AddDate(validYears, 0, 0),
		KeyUsage: smx509.KeyUsageDigitalSignature | smx509.KeyUsageContentCommitment,
	}
	der, err := smx509.CreateCertificate(rand.Reader, t, t, priv.Public(), priv)
	if err != nil {
		return nil, fmt.Errorf("certificate of the seal: %w", err)
	}
	cert, err := smx509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificate of the seal: %w", err)
	}
	return &Identity{key: priv, cert: cert}, nil
}

// Owner is whose identity it is, as the certificate says.
func (i *Identity) Owner() string { return i.cert.Subject.CommonName }
