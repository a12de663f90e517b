package conform_test

import (
	"encoding/json"
	"strings"
	"testing"

	"yichuang/internal/conform"
)

func TestReadCredentials(t *testing.T) {
	key := signer(t)
	good := map[string]any{"app": "we", "privateKey": string(key.PEM()), "peerApp": "they", "peerKey": string(key.Public().PEM())}
	for _, tt := range []struct {
		name   string
		change map[string]any
		want   string // part of the error; empty: none
	}{
		{"keys", nil, ""},
		{"a secret", map[string]any{"privateKey": "", "peerKey": "", "secret": "0123456789abcdef"}, ""},
		{"both", map[string]any{"secret": "0123456789abcdef"}, "either"},
		{"nobody", map[string]any{"app": ""}, "app"},
		{"no key", map[string]any{"privateKey": "x"}, "privateKey"},
		{"no key of theirs", map[string]any{"peerKey": "x"}, "peerKey"},
		{"a field too many", map[string]any{"guess": 1}, "guess"},
		{"an operation of ours", map[string]any{"operations": []string{"platform.material.fetch"}}, "platform.material.fetch"},
		{"a sample of a result", map[string]any{"samples": []any{map[string]any{"operation": "tax.assessment.result", "body": map[string]any{}}}}, "sample 1"},
		{"a sample of nothing", map[string]any{"samples": []any{map[string]any{"operation": "tax.none", "body": map[string]any{}}}}, "sample 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := map[string]any{}
			for _, part := range []map[string]any{good, tt.change} {
				for name, value := range part {
					file[name] = value
				}
			}
			raw, err := json.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = conform.ReadCredentials(strings.NewReader(string(raw)))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}
