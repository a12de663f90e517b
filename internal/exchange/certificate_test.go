package exchange_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/dialect"
	"yichuang/internal/exchange/spec"
)

// certificate makes one that no authority vouches for.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Unix(0, 0)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: from.AddDate(100, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, dialect.Fingerprint(parsed)
}

// A counterpart is called only where it shows the certificate that was agreed, or one that is believed.
func TestCallToAnAgreedCertificate(t *testing.T) {
	b, c, e := connect(t, nil)
	secure := httptest.NewTLSServer(c.Config.Handler)
	defer secure.Close()
	_, other := certificate(t)
	for _, tt := range []struct {
		agreed string
		ok     bool
	}{{"", false}, {other, false}, {dialect.Fingerprint(secure.Certificate()), true}} {
		e.BaseURL, e.Certificate, e.Limits.Attempts = secure.URL, tt.agreed, 1
		var err error
		if e, err = b.SetEndpoint(t.Context(), admin, e, nil, "证书"); err != nil {
			t.Fatal(err)
		}
		_, err = b.askStatus(t.Context())
		var away *exchange.Unavailable
		if tt.ok != (err == nil) || !tt.ok && (!errors.As(err, &away) || away.Reason != string(dialect.Unreachable)) {
			t.Errorf("agreed %.8s: %v", tt.agreed, err)
		}
	}
	if n, _ := c.sent(); n != 1 {
		t.Errorf("%d messages came through", n)
	}
}

// A message counts only over a connection on which its sender showed the agreed certificate.
func TestMessageOverAnAgreedCertificate(t *testing.T) {
	mine, agreed := certificate(t)
	other, _ := certificate(t)
	d := newDesk(t, func(e *exchange.Endpoint) { e.Certificate = agreed })
	secure := httptest.NewUnstartedServer(d.server)
	secure.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	secure.StartTLS()
	defer secure.Close()
	for name, tt := range map[string]struct {
		show []tls.Certificate
		want int
	}{"none": {nil, http.StatusForbidden}, "another": {[]tls.Certificate{other}, http.StatusForbidden}, "the agreed one": {[]tls.Certificate{mine}, http.StatusOK}} {
		m := d.result(t, "message-"+name[:3]+"-0001")
		url := secure.URL + m.Request.URL.Path
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(m.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = m.Request.Header
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: tt.show}}}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	if code, _ := d.result(t, "message-plain-1").code(t); code != spec.CodeNotGranted {
		t.Errorf("over a plain connection: %s", code)
	}
}
