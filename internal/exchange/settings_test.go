package exchange_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
)

func TestEndpointSettingsAreChecked(t *testing.T) {
	b := newBench(t)
	for _, tt := range []struct {
		field string
		spoil func(*exchange.Endpoint)
	}{
		{"name", func(e *exchange.Endpoint) { e.Name = " " }},
		{"counterpart", func(e *exchange.Endpoint) { e.Counterpart = "police" }},
		{"counterpart", func(e *exchange.Endpoint) { e.Counterpart = "platform" }},
		{"district", func(e *exchange.Endpoint) { e.District = "海陵" }},
		{"dialect", func(e *exchange.Endpoint) { e.Dialect = "carrier-pigeon" }},
		{"baseURL", func(e *exchange.Endpoint) { e.BaseURL = "" }},
		{"baseURL", func(e *exchange.Endpoint) { e.BaseURL = "file:///etc/passwd" }},
		{"baseURL", func(e *exchange.Endpoint) { e.BaseURL = "http://user:secret@registry.invalid" }},
		{"baseURL", func(e *exchange.Endpoint) { e.BaseURL = "http://registry.invalid/?x=1" }},
		{"app", func(e *exchange.Endpoint) { e.App = "一窗" }},
		{"peerApp", func(e *exchange.Endpoint) { e.PeerApp = "x" }},
		{"attempts", func(e *exchange.Endpoint) { e.Limits.Attempts = 21 }},
		{"timeout", func(e *exchange.Endpoint) { e.Limits.Timeout = -time.Second }},
		{"rate", func(e *exchange.Endpoint) { e.Limits.Rate = -1 }},
		{"burst", func(e *exchange.Endpoint) { e.Limits.Burst = 0 }},
		{"concurrency", func(e *exchange.Endpoint) { e.Limits.Concurrency = 0 }},
		{"breakerDelay", func(e *exchange.Endpoint) { e.Limits.BreakerDelay = 2 * time.Hour }},
		{"grade", func(e *exchange.Endpoint) { e.Grade = 0 }},
		{"grade", func(e *exchange.Endpoint) { e.Grade = 5 }},
		{"quietFrom", func(e *exchange.Endpoint) { e.Quiet.To = 24 * 60 }},
		{"folder", func(e *exchange.Endpoint) { e.Folder = "/etc" }},
		{"folder", func(e *exchange.Endpoint) { e.Folder = "sftp://user:secret@host/x" }},
		{"folderKey", func(e *exchange.Endpoint) { e.Folder = "sftp://user@host/x" }},
		{"keys", nil},
	} {
		e := exchange.Endpoint{
			Name: "海陵区不动产登记系统", Counterpart: "registry", District: hailing, Dialect: "unified", BaseURL: "https://registry.invalid/api",
			App: "taizhou-yichuang", PeerApp: "registry-321202", Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true,
		}
		keys := &exchange.Keys{Signer: newSigner(t), Peer: newSigner(t).Public()}
		if tt.spoil == nil {
			keys = nil
		} else {
			tt.spoil(&e)
		}
		_, err := b.SetEndpoint(t.Context(), admin, e, keys, "")
		var setting *exchange.ErrSetting
		if !errors.As(err, &setting) || setting.Field != tt.field {
			t.Errorf("%s: %v", tt.field, err)
		}
	}
	if all, err := b.Endpoints(t.Context()); err != nil || len(all) != 0 || len(b.entries) != 0 {
		t.Errorf("saved %v, %d entries, %v", all, len(b.entries), err)
	}
}

func TestEndpointChangesAreAudited(t *testing.T) {
	b, _, e := connect(t, nil)
	e.Limits.Rate = 20
	changed, err := b.SetEndpoint(t.Context(), admin, e, nil, "限流")
	if err != nil {
		t.Fatal(err)
	}
	last := b.entries[len(b.entries)-1]
	want := map[string]any{"接入点": e.ID.String(), "原因": "限流", "频率": "0 → 20"}
	if last.Actor != admin.ID || last.ActorName != admin.Name || last.Source != admin.Source || last.Action != "修改接入点" || last.Object != e.Name || !reflect.DeepEqual(last.Detail, want) {
		t.Errorf("entry %+v", last)
	}
	if changed.Version != e.Version+1 || changed.OwnKey != e.OwnKey || changed.PeerKey != e.PeerKey || changed.UpdatedBy != admin.ID {
		t.Errorf("saved %+v", changed)
	}
	if _, err := b.SetEndpoint(t.Context(), admin, e, nil, ""); !errors.Is(err, exchange.ErrStale) {
		t.Errorf("stale: %v", err)
	}
	changed.Limits.Rate = 30
	if _, err := b.SetEndpoint(t.Context(), admin, changed, nil, "refuse the record"); err == nil {
		t.Error("changed without a record")
	}
	if now, err := b.Endpoint(t.Context(), e.ID); err != nil || now.Limits.Rate != 20 {
		t.Errorf("rate %v, %v", now.Limits.Rate, err)
	}
	changed.ID = [16]byte{1}
	if _, err := b.SetEndpoint(t.Context(), admin, changed, nil, ""); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
}

func TestOneRouteHasOneEndpoint(t *testing.T) {
	b, c, e := connect(t, nil)
	e.ID, e.Version, e.PeerApp = [16]byte{}, 0, "registry-other"
	_, err := b.SetEndpoint(t.Context(), admin, e, &exchange.Keys{Signer: newSigner(t), Peer: c.signer.Public()}, "")
	var setting *exchange.ErrSetting
	if !errors.As(err, &setting) || setting.Field != "district" {
		t.Errorf("error %v", err)
	}
}

// A system with several endpoints has one key: a new one is at once the key of all.
func TestKeysOfOneSystem(t *testing.T) {
	b, c, first := connect(t, nil)
	second := first
	second.ID, second.Version, second.District = [16]byte{}, 0, "321203"
	var setting *exchange.ErrSetting
	if _, err := b.SetEndpoint(t.Context(), admin, second, nil, ""); !errors.As(err, &setting) || setting.Field != "keys" {
		t.Errorf("joined without keys: %v", err)
	}
	keys := &exchange.Keys{Signer: newSigner(t), Peer: newSigner(t).Public()}
	saved, err := b.SetEndpoint(t.Context(), admin, second, keys, "换钥")
	if err != nil {
		t.Fatal(err)
	}
	now, err := b.Endpoint(t.Context(), first.ID)
	if err != nil || now.PeerKey != saved.PeerKey || now.OwnKey != saved.OwnKey || now.PeerKey == string(c.signer.Public().PEM()) {
		t.Errorf("the first has %s, the second %s (%v)", now.PeerKey, saved.PeerKey, err)
	}
	tax := second
	tax.Counterpart = "tax"
	if _, err := b.SetEndpoint(t.Context(), admin, tax, keys, ""); !errors.As(err, &setting) || setting.Field != "peerApp" {
		t.Errorf("an application of two kinds: %v", err)
	}
}

func TestPrivateKeysAreSealed(t *testing.T) {
	b, _, e := connect(t, nil)
	var signer []byte
	if err := b.pool.QueryRow(t.Context(), `SELECT signer FROM exchange_endpoints WHERE id = $1`, e.ID).Scan(&signer); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(signer), "PRIVATE KEY") {
		t.Error("the private key lies in the table as it is")
	}
	if strings.Contains(fmt.Sprintf("%+v %+v", e, b.entries), "PRIVATE KEY") {
		t.Error("the private key is given out")
	}
	if len(b.entries) != 1 || b.entries[0].Detail["密钥"] != "已更换" || b.entries[0].Action != "新增接入点" {
		t.Errorf("entries %+v", b.entries)
	}
}

// A change made by one process is seen by another without a restart.
func TestChangeReachesOtherProcesses(t *testing.T) {
	b, c, e := connect(t, nil)
	other := exchange.NewClient(b.another(t))
	ask := func(client *exchange.Client) error {
		return client.Call(t.Context(), spec.RegistryUnitStatus, exchange.Route{District: hailing}, "k", spec.RegistryUnitStatusRequest{UnitCode: unitCode}, nil)
	}
	if err := errors.Join(ask(b.client), ask(other)); err != nil {
		t.Fatal(err)
	}
	e.Enabled = false
	if _, err := b.SetEndpoint(t.Context(), admin, e, nil, "停用"); err != nil {
		t.Fatal(err)
	}
	if err := ask(b.client); !errors.Is(err, exchange.ErrUnavailable) {
		t.Errorf("here, at once: %v", err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for ask(other) == nil {
		if time.Now().After(deadline) {
			t.Fatal("the other process never saw it")
		}
		time.Sleep(50 * time.Millisecond)
	}
	if n, _ := c.sent(); n < 2 {
		t.Errorf("sent %d times", n)
	}
}

func TestCallLogIsPagedAndFiltered(t *testing.T) {
	b, c, e := connect(t, nil)
	for i := range 7 {
		b.clock.Advance(20 * 24 * time.Hour) // through several months, so several partitions
		route := exchange.Route{District: hailing, Case: caseNo}
		if i%2 == 1 {
			route.Case = "TZ-261124-00413-4"
		}
		in := spec.RegistryUnitStatusRequest{UnitCode: unitCode}
		if err := b.client.Call(t.Context(), spec.RegistryUnitStatus, route, fmt.Sprintf("key-%d", i), in, nil); err != nil {
			t.Fatal(err)
		}
	}
	var (
		seen []string
		f    = exchange.Filter{Limit: 3}
	)
	for pages := 1; ; pages++ {
		calls, next, err := b.Calls(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range calls {
			seen = append(seen, call.MessageID[len("registry.unit.status:key-"):])
		}
		if next == "" {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
		f.After = next
	}
	if got := strings.Join(seen, " "); got != "6 5 4 3 2 1 0" {
		t.Errorf("order %s", got)
	}
	for name, tt := range map[string]struct {
		f    exchange.Filter
		want int
	}{
		"case":      {exchange.Filter{Case: caseNo}, 4},
		"endpoint":  {exchange.Filter{Endpoint: e.ID}, 7},
		"other":     {exchange.Filter{Endpoint: [16]byte{9}}, 0},
		"operation": {exchange.Filter{Operation: spec.RegistryUnitQuery}, 0},
		"direction": {exchange.Filter{Direction: exchange.In}, 0},
		"outcome":   {exchange.Filter{Outcome: exchange.OK, Counterpart: "registry"}, 7},
		"trouble":   {exchange.Filter{Trouble: true}, 0},
		"message":   {exchange.Filter{MessageID: "registry.unit.status:key-3"}, 1},
		"time":      {exchange.Filter{From: b.clock.Now().Add(-41 * 24 * time.Hour), To: b.clock.Now()}, 2},
		"quoted":    {exchange.Filter{Case: `' OR '1'='1`}, 0},
	} {
		calls, _, err := b.Calls(t.Context(), tt.f)
		if err != nil || len(calls) != tt.want {
			t.Errorf("%s: %d lines, want %d (%v)", name, len(calls), tt.want, err)
		}
	}
	for _, cursor := range []exchange.Cursor{"x", "!!", "MjAyNg"} {
		if _, _, err := b.Calls(t.Context(), exchange.Filter{After: cursor}); !errors.Is(err, exchange.ErrCursor) {
			t.Errorf("cursor %s: %v", cursor, err)
		}
	}
	all := b.calls(t)
	if one, err := b.Call(t.Context(), all[2].ID); err != nil || one.MessageID != all[2].MessageID {
		t.Errorf("one line: %+v, %v", one, err)
	}
	if _, err := b.Call(t.Context(), e.ID); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("no line: %v", err)
	}
	c.Close()
}

// Calls that end together are written together, and none is lost or doubled.
func TestCallLogUnderLoad(t *testing.T) {
	b, _, _ := connect(t, nil)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			for j := range 5 {
				in := spec.RegistryUnitStatusRequest{UnitCode: unitCode}
				if err := b.client.Call(t.Context(), spec.RegistryUnitStatus, exchange.Route{District: hailing}, fmt.Sprintf("key-%d-%d", i, j), in, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, call := range b.calls(t) {
		seen[call.MessageID] = true
	}
	if len(seen) != 120 || len(b.calls(t)) != 120 {
		t.Errorf("%d messages in %d lines", len(seen), len(b.calls(t)))
	}
}

// An answer that can't be logged is not given out.
func TestNoCallWithoutALine(t *testing.T) {
	b, _, _ := connect(t, nil)
	if _, err := b.pool.Exec(t.Context(), `ALTER TABLE exchange_calls ADD CONSTRAINT full_disk CHECK (app <> 'registry-321202')`); err != nil {
		t.Fatal(err)
	}
	if _, err := b.askStatus(t.Context()); err == nil {
		t.Error("answered without a line in the log")
	}
	d := newDesk(t, nil)
	if _, err := d.pool.Exec(t.Context(), `ALTER TABLE exchange_calls ADD CONSTRAINT full_disk CHECK (app <> 'registry-321202')`); err != nil {
		t.Fatal(err)
	}
	if code, status := d.result(t, "message-1").code(t); code != spec.CodeUnavailable || status != 503 {
		t.Errorf("%d %s", status, code)
	}
}

func TestMeasures(t *testing.T) {
	b, c, _ := connect(t, nil)
	registry := prometheus.NewRegistry()
	x, err := exchange.New(exchange.Options{Pool: b.pool, Keyring: b.keyring, Clock: b.clock, Document: document(t), Registry: registry, Audit: b})
	if err != nil {
		t.Fatal(err)
	}
	in := spec.RegistryUnitStatusRequest{UnitCode: unitCode}
	if err := exchange.NewClient(x).Call(t.Context(), spec.RegistryUnitStatus, exchange.Route{District: hailing}, "k", in, nil); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, family := range families {
		if family.GetName() == "exchange_call_seconds" {
			found = family.GetMetric()[0].GetHistogram().GetSampleCount() == 1
		}
	}
	if !found {
		t.Errorf("measures %v", families)
	}
	if _, err := exchange.New(exchange.Options{Pool: b.pool, Keyring: b.keyring, Clock: b.clock, Document: document(t), Registry: registry, Audit: b}); err == nil {
		t.Error("measured twice in one registry")
	}
	c.Close()
}

func TestOptionsAreNeeded(t *testing.T) {
	if _, err := exchange.New(exchange.Options{}); err == nil {
		t.Error("made without anything to stand on")
	}
}
