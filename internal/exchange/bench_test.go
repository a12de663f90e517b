package exchange_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
)

// BenchmarkCall measures calls a second through one endpoint, signed, verified both ways, validated and logged, 32 at a time,
// beside BenchmarkBareHTTP: the same bodies over a plain client and server.
func BenchmarkCall(b *testing.B) {
	x, _, _ := connect(b, nil)
	var n atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			in := spec.RegistryUnitStatusRequest{UnitCode: unitCode}
			key := fmt.Sprintf("key-%d", n.Add(1))
			if err := x.client.Call(b.Context(), spec.RegistryUnitStatus, exchange.Route{District: hailing}, key, in, nil); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkReceive measures messages a second into the server: verified, deduplicated, handled in a transaction, logged.
func BenchmarkReceive(b *testing.B) {
	d := newDesk(b, nil)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var n atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			m := d.result(b, fmt.Sprintf("message-%d", n.Add(1)))
			m.Body = io.NopCloser(bytes.NewReader(m.body))
			resp, err := client.Do(m.Request)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				b.Errorf("status %d", resp.StatusCode)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkBareHTTP is what the two above are compared with.
func BenchmarkBareHTTP(b *testing.B) {
	answer := mustJSON(b, statusOf(fixedClock().Now()))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(answer)
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	body := mustJSON(b, spec.RegistryUnitStatusRequest{UnitCode: unitCode})
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			resp, err := client.Post(server.URL, "application/json", bytes.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
