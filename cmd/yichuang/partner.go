package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// partnerTLS reads what we show to counterparts and whose certificates we believe. Nil: nothing is set.
func partnerTLS(cert, key, authorities string) (*tls.Config, error) {
	if cert == "" && authorities == "" {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("certificate for counterparts: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	if authorities != "" {
		pem, err := os.ReadFile(authorities)
		if err != nil {
			return nil, fmt.Errorf("authorities of counterparts: %w", err)
		}
		if cfg.RootCAs, err = x509.SystemCertPool(); err != nil {
			cfg.RootCAs = x509.NewCertPool() // a machine without any: only those of the file
		}
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("authorities of counterparts: %s holds no certificate in PEM", authorities)
		}
	}
	return cfg, nil
}

// listenerTLS is the other end of it, nil where we have no certificate: the listener stays plain. A client is asked for its
// certificate; which one an application must show is its endpoint's setting, so that one that comes from no authority can be agreed, too.
func listenerTLS(cfg *tls.Config) *tls.Config {
	if cfg == nil || len(cfg.Certificates) == 0 {
		return nil
	}
	own := cfg.Clone()
	own.ClientAuth = tls.RequestClientCert
	return own
}
