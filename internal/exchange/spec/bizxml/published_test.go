package bizxml

import (
	"bytes"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
)

var update = flag.Bool("update", false, "write the published messages anew")

// made are the messages that docs/interface/bizxml shows, made with the shared secret of docs/interface/vectors.json and a fixed nonce.
func made(t *testing.T) map[string][]byte {
	t.Helper()
	info := lookup(t, spec.RegistryUnitStatus)
	element, err := data(grammar(info.Operation, spec.Request), example(t, info.Operation, spec.Request), nil)
	if err != nil {
		t.Fatal(err)
	}
	head := Head{Info: info, Area: "321204", Head: spec.Head{App: us.App, Time: now.Truncate(time.Second), Nonce: "Zk3vQx8Lr2Nf7Ty1", MessageID: "registry.unit.status:0193a5c2-7d10-7a4e-9c31-5b1f0e6d2a77", Digest: sm.SM3Hex(element)}}
	if err := head.Sign(secret, firstLine, info.Path); err != nil {
		t.Fatal(err)
	}
	request, err := head.message(element, "")
	if err != nil {
		t.Fatal(err)
	}
	answered, err := success(them, head, 200, example(t, info.Operation, spec.Response), now)
	if err != nil {
		t.Fatal(err)
	}
	fault := spec.NewFault(spec.CodeSchema, "")
	fault.Fields = []spec.FieldProblem{{Pointer: "/unitCode", Detail: "格式不对"}}
	refused, err := refusal(them, head, fault, "281357fbd9318e86", now)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := wrap("exchange", request)
	if err != nil {
		t.Fatal(err)
	}
	failed, err := wrapFault(fault, refused)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"request.xml": request, "answer.xml": answered, "refusal.xml": refused, "soap-request.xml": wrapped, "soap-fault.xml": failed}
}

// The published messages are what we write, and their signatures are good.
func TestPublishedMessages(t *testing.T) {
	for name, message := range made(t) {
		if *update {
			if err := os.WriteFile(docs+name, message, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := os.ReadFile(docs + name); err != nil || !bytes.Equal(kept, message) {
			t.Errorf("%s is stale (%v); run go test ./internal/exchange/spec/bizxml -run TestPublishedMessages -update", name, err)
		}
	}
	keys := func(string) (spec.Verifier, error) { return secret, nil }
	for name, form := range map[string]Form{"request.xml": Plain, "soap-request.xml": SOAP} {
		message, err := os.ReadFile(docs + name)
		if err != nil {
			t.Fatal(err)
		}
		take := func(text string) error {
			r := httptest.NewRequest(http.MethodPost, form.Path(), strings.NewReader(text))
			r.Header.Set("Content-Type", form.media())
			l := NewLetter(form, httptest.NewRecorder(), r)
			info, _, err := l.Open(keys, now)
			if err != nil {
				return err
			}
			_, err = l.Body(info.MaxRequest, now)
			return err
		}
		if err := take(string(message)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if take(strings.Replace(string(message), "F0003", "F0004", 1)) == nil {
			t.Errorf("%s: another body passes", name)
		}
	}
	for name, form := range map[string]Form{"answer.xml": Plain, "refusal.xml": Plain, "soap-fault.xml": SOAP} {
		message, err := os.ReadFile(docs + name)
		if err != nil {
			t.Fatal(err)
		}
		request := Head{Info: lookup(t, spec.RegistryUnitStatus), Head: spec.Head{Nonce: "Zk3vQx8Lr2Nf7Ty1", MessageID: "registry.unit.status:0193a5c2-7d10-7a4e-9c31-5b1f0e6d2a77"}}
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", form.media())
		if _, err := w.Write(message); err != nil {
			t.Fatal(err)
		}
		got, err := form.ReadAnswer(w.Result(), request, secret, 1<<20, now)
		if err != nil || (got.Fault != nil) != (name != "answer.xml") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
