package unionpay

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"yichuang/internal/hall/payment"
	"yichuang/internal/kit/clock"
)

// sealer signs what we say and checks what UnionPay says.
type sealer struct {
	key           *rsa.PrivateKey
	roots, middle *x509.CertPool
	signer        string
	clock         clock.Clock
}

func newSealer(c Config, clk clock.Clock) (*sealer, error) {
	block, _ := pem.Decode([]byte(c.MerchantPrivateKey))
	if block == nil {
		return nil, errors.New("unionpay: merchant's key is not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("unionpay: merchant's key: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("unionpay: merchant's key is not RSA")
	}
	s := &sealer{key: key, roots: x509.NewCertPool(), middle: x509.NewCertPool(), signer: c.SignerName, clock: clk}
	if !s.roots.AppendCertsFromPEM([]byte(c.RootCert)) || !s.middle.AppendCertsFromPEM([]byte(c.MiddleCert)) {
		return nil, errors.New("unionpay: root or middle certificate is not PEM")
	}
	return s, nil
}

// digest is what is signed: the fields that have a value, but not the signature, sorted, joined by &, hashed and written in hex;
// and of that text again the hash that RSA signs.
func digest(f url.Values) []byte {
	var pairs []string
	for k := range f {
		if v := f.Get(k); k != "signature" && v != "" {
			pairs = append(pairs, k+"="+v)
		}
	}
	slices.Sort(pairs)
	first := sha256.Sum256([]byte(strings.Join(pairs, "&")))
	second := sha256.Sum256([]byte(hex.EncodeToString(first[:])))
	return second[:]
}

func (s *sealer) sign(f url.Values) error {
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, digest(f))
	if err != nil {
		return fmt.Errorf("unionpay: sign: %w", err)
	}
	f.Set("signature", base64.StdEncoding.EncodeToString(sig))
	return nil
}

// verify checks that the certificate sent along is UnionPay's own, and the signature with it. Error: payment.ErrForged.
func (s *sealer) verify(f url.Values) error {
	cert, err := s.certificate(f.Get("signPubKeyCert"))
	if err != nil {
		return fmt.Errorf("%w: certificate: %w", payment.ErrForged, err)
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	sig, err := base64.StdEncoding.DecodeString(f.Get("signature"))
	if !ok || err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, digest(f), sig) != nil {
		return fmt.Errorf("%w: signature", payment.ErrForged)
	}
	return nil
}

func (s *sealer) certificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("none")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: s.roots, Intermediates: s.middle, CurrentTime: s.clock.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return nil, err
	}
	if parts := strings.Split(cert.Subject.CommonName, "@"); len(parts) < 3 || parts[2] != s.signer {
		return nil, errors.New("of somebody else")
	}
	return cert, nil
}
