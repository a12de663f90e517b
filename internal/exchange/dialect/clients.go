package dialect

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Clients are the HTTP clients for messages. Redirects are not followed, proxies of the environment and compression are not used: what an
// endpoint's setting says is where a message goes, and what is counted is what arrives.
type Clients struct {
	base *tls.Config // our certificate and whom we believe; nil: the machine's authorities

	mu sync.Mutex
	by map[string]*http.Client // by the certificate that the other side must show; "" for any that is believed
}

// NewClients makes clients that show and believe what base says.
func NewClients(base *tls.Config) *Clients {
	return &Clients{base: base, by: map[string]*http.Client{}}
}

// To gives the client for a line. Lines to one certificate share its connections.
func (c *Clients) To(line Line) *http.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	client := c.by[line.Certificate]
	if client == nil {
		client = newClient(pinned(c.base, line.Certificate))
		c.by[line.Certificate] = client
	}
	return client
}

// errOtherCertificate says that a server showed a certificate that is believed, but not the one that was agreed.
var errOtherCertificate = errors.New("the server's certificate is not the one that was agreed")

// pinned is base that takes one certificate only. One that was agreed need not come from an authority.
func pinned(base *tls.Config, fingerprint string) *tls.Config {
	if fingerprint == "" {
		return base
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if base != nil {
		cfg = base.Clone()
	}
	cfg.InsecureSkipVerify = true // in favour of the stricter check below
	cfg.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 || Fingerprint(s.PeerCertificates[0]) != fingerprint {
			return errOtherCertificate
		}
		return nil
	}
	return cfg
}

// Fingerprint names a certificate: SHA-256 of its DER, in small hexadecimal digits.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

func newClient(cfg *tls.Config) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig:        cfg,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			MaxIdleConnsPerHost:    64,
			MaxConnsPerHost:        256,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 16 << 10,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
	}
}
