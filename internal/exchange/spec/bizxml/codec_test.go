package bizxml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
)

const docs = "../../../../docs/interface/bizxml/"

var (
	now    = time.Date(2026, 11, 24, 10, 15, 0, 0, clock.Shanghai())
	secret = spec.Secret("0123456789abcdef0123456789abcdef")
	us     = spec.Identity{App: "taizhou-yichuang", Key: secret}
	them   = spec.Identity{App: "taizhou-registry-321204", Key: secret}
)

var document = sync.OnceValues(spec.Load)

func example(t testing.TB, op spec.Operation, side spec.Side) []byte {
	t.Helper()
	d, err := document()
	if err != nil {
		t.Fatal(err)
	}
	body, err := d.Example(op, side)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func lookup(t testing.TB, op spec.Operation) spec.Info {
	t.Helper()
	info, ok := spec.Lookup(op)
	if !ok {
		t.Fatalf("no operation %s", op)
	}
	return info
}

// read takes a message apart as its receiver does.
func read(message []byte, side spec.Side) (Head, Content, error) {
	in, err := Plain.open(bytes.NewReader(message), 64<<20)
	if err != nil {
		return Head{}, Content{}, err
	}
	head, err := in.head()
	if err != nil {
		return head, Content{}, in.meter.tell(err, 64<<20)
	}
	c, err := in.rest(head, grammar(head.Info.Operation, side), 64<<20)
	return head, c, err
}

func same(t testing.TB, got, want []byte) {
	t.Helper()
	a, errA := parse(got)
	b, errB := parse(want)
	if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
		t.Fatalf("%v %v\n%s\nwant\n%s", errA, errB, got, want)
	}
}

// write makes the message of one side of an operation.
func write(t testing.TB, op spec.Operation, side spec.Side, body []byte) []byte {
	t.Helper()
	var message []byte
	var err error
	if side == spec.Request {
		_, message, err = Request(Outgoing{Info: lookup(t, op), Self: us, Area: "321204", MessageID: "message-0001", Body: body}, now)
	} else {
		message, err = success(them, Head{Info: lookup(t, op), Area: "321204", Head: spec.Head{Nonce: spec.NewNonce(), MessageID: "message-0001"}}, 200, body, now)
	}
	if err != nil {
		t.Fatalf("%s: %v", op, err)
	}
	return message
}

// Every example of the interface is the same after the way through XML.
func TestExamplesComeBack(t *testing.T) {
	for _, info := range spec.Operations() {
		for _, side := range []spec.Side{spec.Request, spec.Response} {
			body := example(t, info.Operation, side)
			head, c, err := read(write(t, info.Operation, side, body), side)
			if err != nil || head.Info.Operation != info.Operation {
				t.Fatalf("%s: %+v, %v", info.Operation, err, head)
			}
			same(t, c.Body, body)
		}
	}
}

// bodyOf draws a body that the grammar allows, with texts that are hard for XML.
func bodyOf(t *rapid.T, o *object) map[string]any {
	value := map[string]any{}
	for _, f := range o.fields {
		if !f.needed && !rapid.Bool().Draw(t, "there") {
			continue
		}
		if !f.list {
			value[f.json] = valueOf(t, f)
			continue
		}
		least := 1 // an optional list without items is not there
		if f.needed {
			least = 0
		}
		items := []any{}
		for range rapid.IntRange(least, 3).Draw(t, "items") {
			items = append(items, valueOf(t, f))
		}
		value[f.json] = items
	}
	return value
}

func valueOf(t *rapid.T, f field) any {
	switch f.kind {
	case nested:
		return bodyOf(t, f.of)
	case integer:
		return json.Number(fmt.Sprint(rapid.Int64Range(-99999999999999, 99999999999999).Draw(t, "integer")))
	case boolean:
		return rapid.Bool().Draw(t, "boolean")
	case bytes64:
		return rapid.StringMatching(`([A-Za-z0-9+/]{4}){0,8}`).Draw(t, "bytes")
	case instant:
		return "2026-11-24T10:15:00+08:00"
	}
	return rapid.StringOfN(rapid.SampledFrom([]rune("a王𠮷<>&'\"\r\n\t ]-!\u0085\u2028é")), 0, 12, -1).Draw(t, "text")
}

// Whatever body the grammar allows comes back as it was, plain and in SOAP.
func TestAnyBodyComesBack(t *testing.T) {
	operations := spec.Operations()
	rapid.Check(t, func(t *rapid.T) {
		info := rapid.SampledFrom(operations).Draw(t, "operation")
		body, err := json.Marshal(bodyOf(t, grammar(info.Operation, spec.Request)))
		if err != nil {
			t.Fatal(err)
		}
		_, message, err := Request(Outgoing{Info: info, Self: us, MessageID: "message-0001", Body: body}, now)
		if err != nil {
			t.Fatal(err)
		}
		_, c, err := read(message, spec.Request)
		if err != nil {
			t.Fatalf("%v\n%s", err, message)
		}
		wrapped, err := wrap("exchange", message)
		if err != nil {
			t.Fatal(err)
		}
		in, err := SOAP.open(bytes.NewReader(wrapped), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		head, err := in.head()
		if err != nil {
			t.Fatal(err)
		}
		inSOAP, err := in.rest(head, grammar(info.Operation, spec.Request), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range [][]byte{c.Body, inSOAP.Body} {
			a, errA := parse(got)
			b, errB := parse(body)
			if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
				t.Fatalf("%s\nwant\n%s", got, body)
			}
		}
	})
}

// What XML cannot hold, and what the grammar does not know, is not written.
func TestUnwritableBodies(t *testing.T) {
	for name, body := range map[string]string{
		"a control character": `{"echo":"a\u0001b"}`,
		"no character":        `{"echo":"a\uffffb"}`,
		"an unknown field":    `{"echo":"a","guess":1}`,
		"another type":        `{"echo":1}`,
		"no object":           `[]`,
		"two objects":         `{"echo":"a"}{}`,
	} {
		if _, _, err := Request(Outgoing{Info: lookup(t, spec.SystemPing), Self: us, MessageID: "message-0001", Body: []byte(body)}, now); err == nil {
			t.Errorf("%s is written", name)
		}
	}
}

// Every example is valid by the generated schema of each counterpart that it concerns, and a message with one element too many is not.
func TestExamplesAreValidBySchema(t *testing.T) {
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("xmllint is missing; run make setup-tests, or on Debian and Ubuntu apt-get install libxml2-utils")
	}
	dir := t.TempDir()
	files := map[string][]string{}
	counterparts := []string{}
	save := func(counterpart, name string, message []byte) string {
		path := filepath.Join(dir, counterpart+"-"+name+".xml")
		if err := os.WriteFile(path, message, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, info := range spec.Operations() {
		if info.Counterpart != "platform" && !slices.Contains(counterparts, info.Counterpart) {
			counterparts = append(counterparts, info.Counterpart)
		}
	}
	for _, info := range spec.Operations() {
		of := []string{info.Counterpart}
		if info.Counterpart == "platform" {
			of = counterparts
		}
		head, request, err := Request(Outgoing{Info: info, Self: us, Area: "321204", MessageID: "message-0001", RelatesTo: "0193a5c2-7d10-7a4e-9c31-5b1f0e6d2a77",
			Body: example(t, info.Operation, spec.Request), Files: []File{{Digest: strings.Repeat("a", 64), Size: 9, Path: "TZ-261124-00412-6/" + strings.Repeat("a", 64)}}}, now)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := success(them, head, 200, example(t, info.Operation, spec.Response), now)
		if err != nil {
			t.Fatal(err)
		}
		fault := spec.NewFault(spec.CodeTooMany, "请稍后再来")
		fault.RetryAfter, fault.Fields = 3*time.Second, []spec.FieldProblem{{Pointer: "/workId", Detail: "格式不对"}}
		refused, err := refusal(them, head, fault, "0af7651916cd43dd", now)
		if err != nil {
			t.Fatal(err)
		}
		stranger, err := refusal(spec.Identity{}, Head{}, spec.NewFault(spec.CodeUnknownApp, ""), "0af7651916cd43dd", now)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range of {
			files[c] = append(files[c], save(c, string(info.Operation), request), save(c, string(info.Operation)+".answer", answer),
				save(c, string(info.Operation)+".refusal", refused), save(c, "stranger", stranger))
		}
	}
	for c, list := range files {
		schema := docs + c + ".xsd"
		if out, err := exec.Command(lint, append([]string{"--nonet", "--noout", "--schema", schema}, list...)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%.2000s", c, err, out)
		}
		message, err := os.ReadFile(list[0])
		if err != nil {
			t.Fatal(err)
		}
		bad := save(c, "bad", bytes.Replace(message, []byte("</Head>"), []byte("<Guess>1</Guess></Head>"), 1))
		if exec.Command(lint, "--nonet", "--noout", "--schema", schema, bad).Run() == nil {
			t.Errorf("%s: an unknown element is valid", c)
		}
	}
}

// The generated files follow from docs/interface as it is.
func TestGeneratedFilesAreFresh(t *testing.T) {
	out, made := t.TempDir(), t.TempDir()
	given, err := os.ReadFile(docs + "codes.csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(made, "codes.csv"), given, 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.Command("go", "run", "./gen", "-o", out, "-docs", made).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	compare := func(fresh, kept string) {
		t.Helper()
		a, errA := os.ReadFile(fresh)
		b, errB := os.ReadFile(kept)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s is stale (%v, %v); run go generate ./internal/exchange/...", kept, errA, errB)
		}
	}
	compare(filepath.Join(out, "grammar.gen.go"), "grammar.gen.go")
	entries, err := os.ReadDir(made)
	if err != nil || len(entries) < 10 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, e := range entries {
		compare(filepath.Join(made, e.Name()), docs+e.Name())
	}
}

// A code belongs to one operation, for ever.
func TestCodes(t *testing.T) {
	seen := map[string]spec.Operation{}
	for _, info := range spec.Operations() {
		code := CodeOf(info.Operation)
		if other, twice := seen[code]; code == "" || twice {
			t.Errorf("%s has the code %q, like %s", info.Operation, code, other)
		}
		seen[code] = info.Operation
		if got, ok := byCode(code); !ok || got.Operation != info.Operation {
			t.Errorf("%s finds %s", code, got.Operation)
		}
	}
	if CodeOf(spec.RegistryUnitStatus) != "DJ017" || len(Codes()) != len(seen) {
		t.Errorf("%s, %d codes", CodeOf(spec.RegistryUnitStatus), len(Codes()))
	}
}

// The attachments are found by what they are, whatever the operation.
func TestAttachments(t *testing.T) {
	for _, info := range spec.Operations() {
		body := example(t, info.Operation, spec.Request)
		files, err := Attachments(info.Operation, body)
		if err != nil {
			t.Fatal(err)
		}
		names := bytes.Contains(body, []byte(`"materialCode"`)) && bytes.Contains(body, []byte(`"mime"`)) && bytes.Contains(body, []byte(`"size"`))
		if names != (len(files) > 0) {
			t.Errorf("%s has %d files: %s", info.Operation, len(files), body)
		}
		for _, f := range files {
			if !pathForm.MatchString(f.Path) || f.Size < 1 {
				t.Errorf("%s: %+v", info.Operation, f)
			}
		}
	}
}

// A field that is wrong is named by its element.
func TestPlaces(t *testing.T) {
	for pointer, want := range map[string]string{
		"/unitCode": "/Data/RegistryUnitQueryRequest/BDCDYH",
		"/guess/3":  "/Data/RegistryUnitQueryRequest/guess[4]",
		"/":         "/Data/RegistryUnitQueryRequest",
	} {
		if got := places(spec.RegistryUnitQuery, []spec.FieldProblem{{Pointer: pointer}})[0].Pointer; got != want {
			t.Errorf("%s is at %s, want %s", pointer, got, want)
		}
	}
	if got := place(&bodyRegistryHousesCountRequest, "/persons/0/name"); got != "/Data/RegistryHousesCountRequest/QLR[1]/QLRMC" {
		t.Error(got)
	}
}
