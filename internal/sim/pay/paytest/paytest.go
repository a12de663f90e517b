// Package paytest holds what the tests of the payment channels share: keys that are made once, and the way to a gateway.
package paytest

import (
	"net/http"
	"net/url"
	"os"
	"sync"
	"testing"

	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

// made keeps the keys of one test run: making them takes longer than most tests. The folder is the system's to clean up.
var made = sync.OnceValues(func() (*pay.Vault, error) {
	dir, err := os.MkdirTemp("", "paytest")
	if err != nil {
		return nil, err
	}
	b, err := board.New(board.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	return pay.OpenVault(b)
})

// Vault is the same for all tests of a package.
func Vault(t testing.TB) *pay.Vault {
	t.Helper()
	v, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// To is a transport that sends whatever an SDK addresses to the real channel to a gateway at this address, prefix included.
type To string

// RoundTrip sends r there.
func (to To) RoundTrip(r *http.Request) (*http.Response, error) {
	gateway, err := url.Parse(string(to))
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.URL.Path, r.Host = gateway.Scheme, gateway.Host, gateway.Path+r.URL.Path, gateway.Host
	return http.DefaultTransport.RoundTrip(r)
}
