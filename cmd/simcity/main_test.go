package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// start runs a simcity until the test ends, and returns its address and how to stop it.
func start(t *testing.T, s settings) (string, func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, s, writer)
		writer.Close()
	}()
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		cancel()
		t.Fatalf("not ready: %v, %v", err, <-done)
	}
	var ready struct {
		Ready bool
		URL   string
	}
	if err := json.Unmarshal([]byte(line), &ready); err != nil || !ready.Ready {
		t.Fatalf("ready line %q: %v", line, err)
	}
	return ready.URL, func() error { cancel(); return <-done }
}

func fetch(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestStartStopStart: the second start keeps the city, whatever seed and day it is given.
func TestStartStopStart(t *testing.T) {
	dir := t.TempDir()
	url, stop := start(t, settings{Data: dir, Seed: 3, Today: "2026-11-24", Speed: 60, LogFormat: "text"})
	if got := fetch(t, url+"/healthz"); got != "ok\n" {
		t.Fatalf("health %q", got)
	}
	first := fetch(t, url+"/control/city")
	if !strings.Contains(first, `"seed":3`) || !strings.Contains(first, `"today":"2026-11-24"`) {
		t.Fatalf("city %s", first)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	url, stop = start(t, settings{Data: dir, Seed: 4, Speed: 60, LogFormat: "text"})
	if got := fetch(t, url+"/control/city"); !strings.Contains(got, `"seed":3`) || !strings.Contains(got, `"today":"2026-11-24"`) {
		t.Fatalf("city after a restart %s", got)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestSaysWhatToDo(t *testing.T) {
	url, stop := start(t, settings{Data: t.TempDir(), Seed: 3, LogFormat: "text"})
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	var port int
	if _, after, ok := strings.Cut(strings.TrimPrefix(url, "http://"), ":"); !ok || json.Unmarshal([]byte(after), &port) != nil {
		t.Fatalf("address %s", url)
	}
	tests := []struct {
		name string
		s    settings
		want string
	}{
		{"port in use", settings{Port: port, Data: t.TempDir()}, "--port"},
		{"no such day", settings{Data: t.TempDir(), Today: "2026-02-30"}, "--today"},
		{"a file in place of the folder", settings{Data: "/dev/null", Seed: 3}, "folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := run(t.Context(), tt.s, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v", err)
			}
		})
	}
}
