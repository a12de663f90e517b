package spec_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
)

var now = time.Date(2026, 11, 24, 10, 15, 0, 0, clock.Shanghai())

const path = "/v1/registry/unit/status"

func signer(t testing.TB) *sm.Signer {
	t.Helper()
	s, err := sm.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// request is a signed request on its way, as the receiver gets it.
func request(t testing.TB, id spec.Identity, url string, body []byte) (*http.Request, spec.Head) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	head, err := spec.SignRequest(id, r, "message-0001", "", body, now)
	if err != nil {
		t.Fatal(err)
	}
	return r, head
}

func receive(r *http.Request, v spec.Verifier, at time.Time) ([]byte, error) {
	head, err := spec.CheckRequest(r, func(string) (spec.Verifier, error) { return v, nil }, at)
	if err != nil {
		return nil, err
	}
	return spec.ReadBody(head, r.Body, 1<<20)
}

// The canonical form is a contract with every vendor: this text may not change.
func TestCanonicalForm(t *testing.T) {
	body := []byte(`{"unitCode":"321202001003GB00012F00030504"}`)
	_, head := request(t, spec.Identity{App: "taizhou-yichuang", Key: spec.Secret("0123456789abcdef")}, "http://registry.invalid"+path, body)
	head.Nonce = "Zk3vQx8Lr2Nf7Ty1"
	want := strings.Join([]string{"POST", path, "taizhou-yichuang", "1795486500", "Zk3vQx8Lr2Nf7Ty1", "message-0001", sm.SM3Hex(body)}, "\n")
	if got := string(head.Canonical("POST", path)); got != want {
		t.Errorf("canonical form\n%s\nwant\n%s", got, want)
	}
}

func TestSignedRequestIsAccepted(t *testing.T) {
	key := signer(t)
	secret := spec.Secret("0123456789abcdef0123456789abcdef")
	for name, tt := range map[string]struct {
		key      spec.Key
		verifier spec.Verifier
		url      string
	}{
		"SM2":            {spec.SM2Key(key), spec.SM2Verifier(key.Public()), "http://registry.invalid" + path},
		"second key":     {spec.SM2Key(key), spec.SM2Verifier(signer(t).Public(), key.Public()), "http://registry.invalid" + path},
		"HMAC-SM3":       {secret, secret, "http://registry.invalid" + path},
		"below a prefix": {spec.SM2Key(key), spec.SM2Verifier(key.Public()), "http://gateway.invalid/hailing/registry" + path},
	} {
		for _, at := range []time.Time{now, now.Add(300 * time.Second), now.Add(-300 * time.Second)} {
			r, _ := request(t, spec.Identity{App: "taizhou-yichuang", Key: tt.key}, tt.url, []byte(`{}`))
			if body, err := receive(r, tt.verifier, at); err != nil || string(body) != `{}` {
				t.Errorf("%s at %v: %s, %v", name, at, body, err)
			}
		}
	}
}

// Whatever single thing is changed on the way, the message is refused.
func TestAnyChangeIsRefused(t *testing.T) {
	key := signer(t)
	rapid.Check(t, func(rt *rapid.T) {
		body := []byte(rapid.StringMatching(`\{"echo":"[a-z]{1,20}"\}`).Draw(rt, "body"))
		r, _ := request(t, spec.Identity{App: "taizhou-yichuang", Key: spec.SM2Key(key)}, "http://registry.invalid"+path, body)
		what := rapid.SampledFrom([]string{spec.HeaderApp, spec.HeaderTime, spec.HeaderNonce, spec.HeaderMessage, spec.HeaderDigest, spec.HeaderSignature, "path", "body"}).Draw(rt, "what")
		switch what {
		case "path":
			r.URL.Path = "/v1/registry/unit/query"
		case "body":
			changed := spoil(rt, string(body))
			r.Body = io.NopCloser(strings.NewReader(changed))
		default:
			r.Header.Set(what, spoil(rt, r.Header.Get(what)))
		}
		var fault *spec.Fault
		if _, err := receive(r, spec.SM2Verifier(key.Public()), now); !errors.As(err, &fault) {
			rt.Errorf("%s changed, and accepted: %v", what, err)
		}
	})
}

// spoil changes one character to another.
func spoil(t *rapid.T, s string) string {
	i := rapid.IntRange(0, len(s)-1).Draw(t, "at")
	to := rapid.SampledFrom([]byte("0123456789abcdefXYZ:=+")).Filter(func(b byte) bool { return b != s[i] }).Draw(t, "to")
	return s[:i] + string(to) + s[i+1:]
}

func TestAnswerBelongsToItsRequest(t *testing.T) {
	key := signer(t)
	us := spec.Identity{App: "registry-321202", Key: spec.SM2Key(key)}
	_, head := request(t, us, "http://registry.invalid"+path, []byte("{}"))
	_, other := request(t, us, "http://registry.invalid"+path, []byte("{}"))
	w := httptest.NewRecorder()
	if err := spec.Answer(w, us, path, head, 200, []byte(`{"ok":true}`), now); err != nil {
		t.Fatal(err)
	}
	read := func(head spec.Head, path string) error {
		resp := w.Result()
		resp.Body = io.NopCloser(bytes.NewReader(w.Body.Bytes()))
		_, err := spec.ReadAnswer(resp, path, head, spec.SM2Verifier(key.Public()), 100, now)
		return err
	}
	if err := read(head, path); err != nil {
		t.Errorf("its own: %v", err)
	}
	if read(other, path) == nil {
		t.Error("taken for the answer to another sending")
	}
	if read(head, "/v1/registry/unit/query") == nil {
		t.Error("taken for the answer of another operation")
	}
}

// A status is signed too: a refusal does not become a success on the way.
func TestStatusIsSigned(t *testing.T) {
	key := signer(t)
	us := spec.Identity{App: "registry-321202", Key: spec.SM2Key(key)}
	_, head := request(t, us, "http://registry.invalid"+path, []byte("{}"))
	w := httptest.NewRecorder()
	if err := spec.Refuse(w, us, path, head, spec.NewFault("seized", "已被查封"), "trace", now); err != nil {
		t.Fatal(err)
	}
	resp := w.Result()
	if resp.StatusCode != 422 || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("status %d, %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	resp.StatusCode = 200
	if _, err := spec.ReadAnswer(resp, path, head, spec.SM2Verifier(key.Public()), 1000, now); err == nil {
		t.Error("a refusal was read as a success")
	}
}

func TestStrangersAnswerIsUnsigned(t *testing.T) {
	w := httptest.NewRecorder()
	if err := spec.Refuse(w, spec.Identity{}, path, spec.Head{}, spec.NewFault(spec.CodeUnknownApp, ""), "trace", now); err != nil {
		t.Fatal(err)
	}
	if w.Code != 401 || w.Header().Get(spec.HeaderSignature) != "" || !strings.Contains(w.Body.String(), `"code":"unknown-app"`) {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestNonces(t *testing.T) {
	var n spec.Nonces
	head := func(app string) spec.Head { return spec.Head{App: app, Nonce: "nonce", Time: now} }
	lain := head("c")
	lain.Lying = time.Hour
	if err := errors.Join(n.Use(head("a"), now), n.Use(head("b"), now), n.Use(lain, now)); err != nil {
		t.Error(err)
	}
	again := head("a")
	again.Again = true
	for _, tt := range []struct {
		name string
		head spec.Head
		at   time.Duration
		want bool // refused
	}{
		{"used twice", head("a"), 300 * time.Second, true},
		{"taken in again", again, 300 * time.Second, false},
		{"when it can't be fresh any more", head("a"), 301 * time.Second, false},
		{"one that may lie, used twice", lain, time.Hour + 300*time.Second, true},
		{"one that may lie, at last", lain, time.Hour + 301*time.Second, false},
	} {
		var fault *spec.Fault
		if err := n.Use(tt.head, now.Add(tt.at)); (errors.As(err, &fault) && fault.Code == spec.CodeReplayed) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	id := spec.Identity{App: "taizhou-yichuang", Key: spec.SM2Key(signer(b))}
	body := bytes.Repeat([]byte("x"), 2048)
	r := httptest.NewRequest(http.MethodPost, path, nil)
	for b.Loop() {
		if _, err := spec.SignRequest(id, r, "message-0001", "", body, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	key := signer(b)
	body := bytes.Repeat([]byte("x"), 2048)
	r, _ := request(b, spec.Identity{App: "taizhou-yichuang", Key: spec.SM2Key(key)}, path, body)
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader(body))
		if _, err := receive(r, spec.SM2Verifier(key.Public()), now); err != nil {
			b.Fatal(err)
		}
	}
}
