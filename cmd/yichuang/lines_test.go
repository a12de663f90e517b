package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yichuang/internal/audit"
	"yichuang/internal/exchange"
	"yichuang/internal/hall"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/pg/pgtest"
	"yichuang/internal/kit/sm"
)

// Lines from a file are made, changed by name, and refused with the place of the first that is wrong.
func TestLinesFromAFile(t *testing.T) {
	pool := pgtest.New(t)
	if err := hall.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	k, clk := sm.NewTestKeyring(t), clock.System()
	x, err := exchange.New(exchange.Options{Pool: pool, Keyring: k, Clock: clk, Audit: audit.New(pool, k, clk)})
	if err != nil {
		t.Fatal(err)
	}
	mine, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	peer, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	set := func(lines ...lineSetting) error {
		path := filepath.Join(t.TempDir(), "lines.json")
		data, err := json.Marshal(lines)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := readLines(path)
		if err != nil {
			return err
		}
		return setLines(t.Context(), x, read, mine, "installation")
	}
	sms := lineSetting{Name: "短信通道", Counterpart: "channel", Party: "sms", Address: "https://sms.example", App: "taizhou-hall", PeerApp: "sms-gateway", PeerKey: string(peer.Public().PEM())}
	ems := lineSetting{Name: "邮政", Counterpart: "delivery", Address: "https://ems.example", App: "taizhou-hall", PeerApp: "ems", Secret: "0123456789abcdef"}
	if err := set(sms, ems); err != nil {
		t.Fatal(err)
	}
	sms.Address, sms.Off = "https://sms2.example", true
	if err := set(sms); err != nil {
		t.Fatal(err)
	}
	all, err := x.Endpoints(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%d lines, %v", len(all), err)
	}
	for _, e := range all {
		switch {
		case e.Name == sms.Name && (e.BaseURL != "https://sms2.example" || e.Enabled || e.OwnKey != string(mine.Public().PEM())):
			t.Errorf("the first line is %+v", e)
		case e.Name == ems.Name && (e.Scheme != "HMAC-SM3" || !e.Enabled):
			t.Errorf("the second line is %+v", e)
		}
	}
	for want, wrong := range map[string]lineSetting{
		"peerKey": {Name: "坏", Counterpart: "channel", Address: "https://x.example", App: "taizhou-hall", PeerApp: "xx1", PeerKey: "no key"},
		"either":  {Name: "坏", Counterpart: "channel", Address: "https://x.example", App: "taizhou-hall", PeerApp: "xx1", PeerKey: "a", Secret: "b"},
		"坏":       {Name: "坏", Counterpart: "moon", Address: "https://x.example", App: "taizhou-hall", PeerApp: "xx1", Secret: "0123456789abcdef"},
	} {
		if err := set(ems, wrong); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if _, err := readLines(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there was read")
	}
}
