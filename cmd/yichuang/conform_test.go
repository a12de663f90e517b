package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yichuang/internal/kit/sm"
)

// A counterpart that knows nothing is told so: the command fails, and the report is there all the same.
func TestConformFailsAndReports(t *testing.T) {
	nothing := httptest.NewServer(http.NotFoundHandler())
	defer nothing.Close()
	key, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]string{"app": "taizhou-test", "privateKey": string(key.PEM()), "peerApp": "theirs", "peerKey": string(key.Public().PEM())})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := conformCmd{Role: "delivery", Target: nothing.URL, Credentials: filepath.Join(dir, "credentials.json"), Listen: "127.0.0.1:0", Wait: time.Second, Report: filepath.Join(dir, "report.html")}
	if err := os.WriteFile(c.Credentials, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Run(t.Context()); !errors.Is(err, errNotConform) {
		t.Fatalf("the command ends with %v", err)
	}
	report, err := os.ReadFile(c.Report)
	if err != nil || !strings.Contains(string(report), "下单寄递证书") {
		t.Errorf("report: %v, %d bytes", err, len(report))
	}
	if err := os.WriteFile(c.Credentials, []byte(`{"app":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "peerApp") {
		t.Errorf("bad credentials: %v", err)
	}
}
