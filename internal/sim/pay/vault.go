package pay

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"time"

	"yichuang/internal/sim/board"
)

// Pair is an RSA key with its certificate.
type Pair struct {
	Key  *rsa.PrivateKey
	Cert *x509.Certificate
}

// Vault makes the channels' and merchants' keys on the first start and keeps them in the state folder.
type Vault struct{ board *board.Board }

// OpenVault opens the folder of keys.
func OpenVault(b *board.Board) (*Vault, error) {
	if err := os.MkdirAll(b.Path("keys"), 0o700); err != nil {
		return nil, fmt.Errorf("folder of keys: %w", err)
	}
	return &Vault{board: b}, nil
}

// Pair returns the pair of a name, made when missing: signed by issuer, or by itself where that is nil.
func (v *Vault) Pair(name string, subject pkix.Name, issuer *Pair) (*Pair, error) {
	return v.load(name, subject, issuer, issuer == nil)
}

// Authority is like Pair, for one that issues others itself.
func (v *Vault) Authority(name string, subject pkix.Name, issuer *Pair) (*Pair, error) {
	return v.load(name, subject, issuer, true)
}

func (v *Vault) load(name string, subject pkix.Name, issuer *Pair, ca bool) (*Pair, error) {
	path := v.board.Path("keys/" + name + ".pem")
	raw, err := os.ReadFile(path)
	if err == nil {
		return parsePair(raw)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	p, err := v.makePair(subject, issuer, ca)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	return p, os.WriteFile(path, []byte(p.KeyPEM()+p.CertPEM()), 0o600)
}

func (v *Vault) makePair(subject pkix.Name, issuer *Pair, ca bool) (*Pair, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	serial := make([]byte, 20)
	_, _ = rand.Read(serial)          // never fails
	serial[0] = serial[0]&0x3f | 0x40 // positive, and always twenty octets: WeChat's serials have forty digits
	tmpl := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(serial),
		Subject:               subject,
		NotBefore:             v.board.Now().Add(-time.Hour),
		NotAfter:              v.board.Now().AddDate(5, 0, 0),
		SignatureAlgorithm:    x509.SHA256WithRSA,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  ca,
	}
	if ca {
		tmpl.KeyUsage |= x509.KeyUsageCertSign
	}
	parent := issuer
	if parent == nil {
		parent = &Pair{Key: key, Cert: tmpl}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent.Cert, &key.PublicKey, parent.Key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Pair{Key: key, Cert: cert}, err
}

func parsePair(raw []byte) (*Pair, error) {
	keyBlock, rest := pem.Decode(raw)
	certBlock, _ := pem.Decode(rest)
	if keyBlock == nil || certBlock == nil {
		return nil, errors.New("file of a key holds no key and certificate")
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, fmt.Errorf("stored key: %w", err)
	}
	rsaKey, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("stored key is not RSA")
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return nil, fmt.Errorf("stored certificate: %w", err)
	}
	return &Pair{Key: rsaKey, Cert: cert}, nil
}

// Secret returns the random secret of a name, 32 characters, made when missing.
func (v *Vault) Secret(name string) (string, error) {
	path := v.board.Path("keys/" + name + ".secret")
	raw, err := os.ReadFile(path)
	if err == nil {
		return string(raw), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	s := (rand.Text() + rand.Text())[:32]
	return s, os.WriteFile(path, []byte(s), 0o600)
}

// KeyPEM is the private key as PKCS #8.
func (p *Pair) KeyPEM() string {
	der, _ := x509.MarshalPKCS8PrivateKey(p.Key) // an RSA key always can
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// PublicPEM is the public key as PKIX.
func (p *Pair) PublicPEM() string {
	der, _ := x509.MarshalPKIXPublicKey(&p.Key.PublicKey) // an RSA key always can
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// CertPEM is the certificate.
func (p *Pair) CertPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Cert.Raw}))
}

// Sign is SHA256withRSA over text, in base64, as all three channels sign.
func (p *Pair) Sign(text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, p.Key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sig), nil
}

// Verify checks what Sign made.
func (p *Pair) Verify(text, signature string) error {
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	sum := sha256.Sum256([]byte(text))
	return rsa.VerifyPKCS1v15(&p.Key.PublicKey, crypto.SHA256, sum[:], sig)
}
