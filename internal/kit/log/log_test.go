package log_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"yichuang/internal/kit/log"
)

func TestTraceReachesTheLine(t *testing.T) {
	var out bytes.Buffer
	ctx := log.WithTrace(context.Background(), "abc-123")
	log.New(&out, "json").With("case", "TZ-1").InfoContext(ctx, "accepted")

	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("not a JSON line: %v: %s", err, out.String())
	}
	if line["trace"] != "abc-123" || line["case"] != "TZ-1" || line["msg"] != "accepted" {
		t.Errorf("line = %v", line)
	}
}

func TestPersonalDataIsBlanked(t *testing.T) {
	var out bytes.Buffer
	log.New(&out, "text").Info("signed in", "idno", "321283199001011234", "Phone", "13800000000",
		slog.Group("party", "name", "王小明"), "case", "TZ-1")
	for _, secret := range []string{"321283199001011234", "13800000000", "王小明"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the log holds %q: %s", secret, out.String())
		}
	}
	if !strings.Contains(out.String(), "TZ-1") {
		t.Errorf("the case is gone: %s", out.String())
	}
}

func TestForeignTraceIsReplaced(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		kept     bool
	}{
		{"ours", "0123456789abcdef", true},
		{"empty", "", false},
		{"forged line", "x\nlevel=ERROR", false},
		{"markup", "<script>", false},
		{"too long", strings.Repeat("a", 65), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := log.Trace(log.WithTrace(context.Background(), tt.in))
			if (got == tt.in) != tt.kept {
				t.Errorf("trace of %q = %q", tt.in, got)
			}
			if got == "" {
				t.Error("no trace id at all")
			}
		})
	}
	if got := log.Trace(context.Background()); got != "" {
		t.Errorf("a context without a trace has %q", got)
	}
}
