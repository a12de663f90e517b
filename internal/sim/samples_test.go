package sim_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"yichuang/internal/sim/simtest"
	"yichuang/internal/sim/wire"
)

// Every system has samples of its own operations only, and the same ones in the same city.
func TestSamples(t *testing.T) {
	w := build(t)
	var directory struct {
		Systems []wire.Endpoint `json:"systems"`
	}
	simtest.Get(t, w.url("/control/peer"), &directory)
	type file struct {
		PeerApp string          `json:"peerApp"`
		PeerKey string          `json:"peerKey"`
		Samples json.RawMessage `json:"samples"`
	}
	ask := func(system string) (int, file) {
		var f file
		status := simtest.Do(t, http.MethodPost, w.url("/control/samples"), map[string]string{"system": system, "kit": "http://127.0.0.1:9100"}, &f)
		return status, f
	}
	for _, e := range directory.Systems {
		status, f := ask(e.Name)
		_, again := ask(e.Name)
		var samples []struct {
			Operation string `json:"operation"`
		}
		if err := json.Unmarshal(f.Samples, &samples); err != nil || status != http.StatusOK || f.PeerApp != e.App || f.PeerKey != e.PublicKey || string(f.Samples) != string(again.Samples) {
			t.Errorf("%s: %d, %v", e.Name, status, err)
		}
		for _, s := range samples {
			if !serves(e, s.Operation) {
				t.Errorf("%s has a sample of %s", e.Name, s.Operation)
			}
		}
	}
	if status, _ := ask("moon"); status != http.StatusBadRequest {
		t.Errorf("samples of no system: %d", status)
	}
}

func serves(e wire.Endpoint, operation string) bool {
	for _, op := range e.Operations {
		if string(op) == operation {
			return true
		}
	}
	return false
}
