package spec_test

import (
	"encoding/json"
	"flag"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
)

var update = flag.Bool("update", false, "write docs/interface/vectors.json anew")

const docs = "../../../docs/interface/"

// vector is one signed message of docs/interface/vectors.json, by which a vendor checks an implementation.
type vector struct {
	Note      string            `json:"note"`
	First     string            `json:"first"` // HTTP method of a request, status of an answer
	Path      string            `json:"path"`
	Headers   map[string]string `json:"headers"`
	Body      string            `json:"body"`
	Canonical string            `json:"canonical"`
}

type vectors struct {
	Note       string   `json:"note"`
	PrivateKey string   `json:"privateKey"`
	PublicKey  string   `json:"publicKey"`
	Secret     string   `json:"secret"`
	Messages   []vector `json:"messages"`
}

func headersOf(h http.Header) map[string]string {
	all := map[string]string{}
	for _, name := range []string{spec.HeaderApp, spec.HeaderTime, spec.HeaderNonce, spec.HeaderMessage, spec.HeaderDigest, spec.HeaderSignature} {
		all[name] = h.Get(name)
	}
	return all
}

func makeVectors(t *testing.T) vectors {
	key := signer(t)
	v := vectors{
		Note:       "检验签名实现用。密钥只用于此，任何系统不得采用。SM2 签名每次不同，请验签；HMAC-SM3 的值每次相同。",
		PrivateKey: string(key.PEM()), PublicKey: string(key.Public().PEM()), Secret: "0123456789abcdef0123456789abcdef",
	}
	const ask, answer = `{"unitCode":"321202001003GB00012F00030504"}`, `{"unitCode":"321202001003GB00012F00030504","transferable":true,"changed":false,"restrictions":[],"openCase":false,"version":"v17","asOf":"2026-11-24T10:15:00+08:00"}`
	for _, k := range []spec.Key{spec.SM2Key(key), spec.Secret(v.Secret)} {
		us, them := spec.Identity{App: "taizhou-yichuang", Key: k}, spec.Identity{App: "taizhou-registry-321202", Key: k}
		r := httptest.NewRequest(http.MethodPost, path, nil)
		head, err := spec.SignRequest(us, r, "registry.unit.status:0193a5c2-7d10-7a4e-9c31-5b1f0e6d2a77", "", []byte(ask), now)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		if err := spec.Answer(w, them, path, head, 200, []byte(answer), now); err != nil {
			t.Fatal(err)
		}
		answered, err := spec.ReadHead(w.Header())
		if err != nil {
			t.Fatal(err)
		}
		v.Messages = append(v.Messages,
			vector{"请求，" + k.Scheme(), "POST", path, headersOf(r.Header), ask, string(head.Canonical("POST", path))},
			vector{"应答，" + k.Scheme(), "200", path, headersOf(w.Header()), answer, string(answered.Canonical("200", path))})
	}
	return v
}

// The published examples of signatures are true.
func TestVectors(t *testing.T) {
	file := filepath.Join(docs, "vectors.json")
	if *update {
		raw, err := json.MarshalIndent(makeVectors(t), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(raw, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	public, err := sm.ParsePublicKey([]byte(v.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	if private, err := sm.ParseSigner([]byte(v.PrivateKey)); err != nil || !private.Public().Equal(public) {
		t.Errorf("the keys are no pair: %v", err)
	}
	if len(v.Messages) != 4 {
		t.Errorf("%d messages", len(v.Messages))
	}
	for _, m := range v.Messages {
		if err := checkVector(m, public, spec.Secret(v.Secret)); err != nil {
			t.Errorf("%s: %v", m.Note, err)
		}
		m.Body = strings.Replace(m.Body, "F0003", "F0004", 1)
		if checkVector(m, public, spec.Secret(v.Secret)) == nil {
			t.Errorf("%s: another body passes", m.Note)
		}
	}
}

func checkVector(m vector, public *sm.PublicKey, secret spec.Secret) error {
	header := http.Header{"Content-Type": {"application/json"}}
	for name, value := range m.Headers {
		header.Set(name, value)
	}
	head, err := spec.ReadHead(header)
	if err != nil {
		return err
	}
	if got := string(head.Canonical(m.First, m.Path)); got != m.Canonical {
		return spec.NewFault(spec.CodeBadSignature, "canonical form is "+got)
	}
	var v spec.Verifier = spec.SM2Verifier(public)
	if strings.HasPrefix(m.Headers[spec.HeaderSignature], spec.SchemeHMAC) {
		v = secret
	}
	if m.First != "POST" {
		w := httptest.NewRecorder()
		w.WriteString(m.Body)
		resp := w.Result()
		resp.Header = header
		_, err := spec.ReadAnswer(resp, m.Path, head, v, 1<<20, now)
		return err
	}
	r := httptest.NewRequest(http.MethodPost, m.Path, strings.NewReader(m.Body))
	r.Header = header
	_, err = receive(r, v, now)
	return err
}

// The table of coverage names every operation, and no other; the tests it names exist.
func TestCoverage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(docs, "coverage.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, name := range regexp.MustCompile(`\b[a-z]+(\.[a-z]+)+\b`).FindAllString(string(text), -1) {
		named[name] = true
	}
	delete(named, "trace.md")
	for _, info := range spec.Operations() {
		if !named[string(info.Operation)] {
			t.Errorf("%s is not in the table", info.Operation)
		}
		delete(named, string(info.Operation))
	}
	for name := range named {
		t.Errorf("%s is no operation", name)
	}
	tests := testNames(t, "../..")
	for _, name := range regexp.MustCompile(`\bTest[A-Za-z]+\b`).FindAllString(string(text), -1) {
		if !tests[name] {
			t.Errorf("%s is no test", name)
		}
	}
}

func testNames(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test[A-Za-z]+)\(`)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range declared.FindAllStringSubmatch(string(text), -1) {
			names[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
