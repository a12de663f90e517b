package spec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"gopkg.in/yaml.v3"

	interfaces "yichuang/docs/interface"
	"yichuang/internal/exchange/spec"
)

// load reads one document with its references to common.yaml.
func load(t testing.TB, name string) *openapi3.T {
	t.Helper()
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, u *url.URL) ([]byte, error) {
		return fs.ReadFile(interfaces.FS, strings.TrimPrefix(u.Path, "./"))
	}
	doc, err := loader.LoadFromURI(&url.URL{Path: name})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return doc
}

func documents(t testing.TB) []string {
	t.Helper()
	names, err := fs.Glob(interfaces.FS, "*.yaml")
	if err != nil || len(names) < 12 {
		t.Fatalf("documents: %v, %v", names, err)
	}
	return names
}

// Every document is valid OpenAPI 3.1, and every example is valid against its own schema.
func TestDocumentsAreValid(t *testing.T) {
	for _, name := range documents(t) {
		t.Run(name, func(t *testing.T) {
			doc := load(t, name)
			if err := doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater(), openapi3.EnableExamplesValidation()); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check uses a validator of these keywords; another keyword in a schema would go unchecked.
func TestSchemasUseOnlyCheckedKeywords(t *testing.T) {
	known := []string{
		"type", "description", "properties", "required", "additionalProperties", "items", "enum", "pattern", "format", "minLength", "maxLength",
		"minimum", "maximum", "minItems", "maxItems", "anyOf", "example", "$ref",
	}
	for _, name := range documents(t) {
		var doc struct {
			Components struct {
				Schemas map[string]any `yaml:"schemas"`
			} `yaml:"components"`
		}
		data, err := fs.ReadFile(interfaces.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		for schema, body := range doc.Components.Schemas {
			walkKeywords(body.(map[string]any), func(keyword string) {
				if !slices.Contains(known, keyword) && !strings.HasPrefix(keyword, "x-") {
					t.Errorf("%s, %s: keyword %s is not checked", name, schema, keyword)
				}
			})
		}
	}
}

func walkKeywords(schema map[string]any, visit func(string)) {
	for keyword, value := range schema {
		visit(keyword)
		switch keyword {
		case "properties":
			for _, property := range value.(map[string]any) {
				walkKeywords(property.(map[string]any), visit)
			}
		case "items":
			walkKeywords(value.(map[string]any), visit)
		case "anyOf":
			for _, choice := range value.([]any) {
				walkKeywords(choice.(map[string]any), visit)
			}
		}
	}
}

// What vendors rely on in every operation and object.
func TestDocumentsKeepTheRules(t *testing.T) {
	operationID := regexp.MustCompile(`^[a-z]+([A-Z][a-z]+)*$`)
	for _, name := range documents(t) {
		doc := load(t, name)
		for path, item := range doc.Paths.Map() {
			op := item.Post
			operation, _ := op.Extensions["x-operation"].(string)
			if path != "/v1/"+strings.ReplaceAll(operation, ".", "/") || !operationID.MatchString(op.OperationID) || !strings.EqualFold(op.OperationID, strings.ReplaceAll(operation, ".", "")) {
				t.Errorf("%s: %s is %s, %s", name, path, operation, op.OperationID)
			}
			var headers []string
			for _, p := range op.Parameters {
				headers = append(headers, p.Value.Name)
			}
			if len(headers) != 7 || !strings.Contains(op.Description, "时限") || op.Responses.Default() == nil {
				t.Errorf("%s: %s lacks headers, time limit or problems: %v", name, path, headers)
			}
		}
		for schema, ref := range doc.Components.Schemas {
			checkObject(t, name+" "+schema, ref.Value)
		}
	}
}

// checkObject demands that an object takes no unknown fields, that texts and lists are bounded, and that fields are described.
func checkObject(t *testing.T, where string, s *openapi3.Schema) {
	if s.Type.Is("object") && (s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has) {
		t.Errorf("%s takes unknown fields", where)
	}
	for field, ref := range s.Properties {
		v := ref.Value
		if v.Description == "" {
			t.Errorf("%s.%s is not described", where, field)
		}
		if v.Type.Is("string") && v.MaxLength == nil && v.Pattern == "" && len(v.Enum) == 0 {
			t.Errorf("%s.%s has no bound", where, field)
		}
		if v.Type.Is("array") && v.MaxItems == nil {
			t.Errorf("%s.%s has no bound", where, field)
		}
	}
}

// The generated table, the constants and the types are those of the documents.
func TestOperationsAreThoseOfTheDocuments(t *testing.T) {
	seen := map[spec.Operation]bool{}
	for _, name := range documents(t) {
		doc := load(t, name)
		for path, item := range doc.Paths.Map() {
			info, ok := spec.ByPath(path)
			if !ok {
				t.Errorf("%s: %s is not in the table; run go generate", name, path)
				continue
			}
			seen[info.Operation] = true
			x := item.Post.Extensions
			if string(info.Operation) != x["x-operation"] || info.Direction.String() != x["x-direction"] || info.Counterpart != doc.Extensions["x-counterpart"] || info.Title != item.Post.Summary {
				t.Errorf("%s: %s differs from the table: %+v", name, path, info)
			}
			if result, ok := spec.Lookup(info.Result); info.Async && (!ok || result.Direction == info.Direction) {
				t.Errorf("%s: the result %s of %s does not come back", name, info.Result, info.Operation)
			}
			if again, ok := spec.Lookup(info.Operation); !ok || again != info {
				t.Errorf("look-up of %s gives %+v", info.Operation, again)
			}
		}
	}
	if len(seen) != len(spec.Operations()) {
		t.Errorf("%d operations in the documents, %d in the table", len(seen), len(spec.Operations()))
	}
	if _, ok := spec.Lookup("registry.unit"); ok {
		t.Error("found an operation that there is not")
	}
}

// Generated files are up to date: generating them from the documents anew changes nothing.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the generator")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "run", "./gen", "-o", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, file := range []string{"types.gen.go", "operations.gen.go"} {
		want, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s is stale: run go generate ./internal/exchange/spec", file)
		}
	}
}

func document(t testing.TB) *spec.Document {
	t.Helper()
	d, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// examples gives the example of each body of each operation.
func examples(t testing.TB, visit func(info spec.Info, side spec.Side, body []byte)) {
	t.Helper()
	for _, name := range documents(t) {
		doc := load(t, name)
		for path, item := range doc.Paths.Map() {
			info, _ := spec.ByPath(path)
			status := "200"
			if info.Async {
				status = "202"
			}
			for side, media := range map[spec.Side]*openapi3.MediaType{
				spec.Request:  item.Post.RequestBody.Value.Content["application/json"],
				spec.Response: item.Post.Responses.Value(status).Value.Content["application/json"],
			} {
				body, err := json.Marshal(media.Schema.Value.Example)
				if err != nil {
					t.Fatal(err)
				}
				visit(info, side, body)
			}
		}
	}
}

// Every example passes Check, survives its Go type, and loses no field on the way.
func TestExamplesFitTheirTypes(t *testing.T) {
	d := document(t)
	n := 0
	examples(t, func(info spec.Info, side spec.Side, body []byte) {
		n++
		if err := d.Check(info.Operation, side, body); err != nil {
			t.Errorf("%s: %v", info.Operation, err)
		}
		name := info.Request
		if side == spec.Response {
			name = info.Response
		}
		v, ok := typeNamed(name)
		if !ok {
			return // only those that other tests name are listed
		}
		if err := d.Read(info.Operation, side, body, v); err != nil {
			t.Errorf("%s into %s: %v", info.Operation, name, err)
			return
		}
		again, err := spec.Encode(reflect.ValueOf(v).Elem().Interface())
		if err != nil || !sameJSON(again, body) {
			t.Errorf("%s: %s became %s (%v)", info.Operation, body, again, err)
		}
	})
	if n != 2*len(spec.Operations()) {
		t.Errorf("%d examples of %d operations", n, len(spec.Operations()))
	}
}

func typeNamed(name string) (any, bool) {
	for _, v := range []any{
		new(spec.RegistryUnitQueryRequest), new(spec.RegistryUnitQueryResponse), new(spec.RegistryUnitStatusResponse), new(spec.RegistryHousesCountResponse),
		new(spec.RegistryEntryPushRequest), new(spec.RegistryEntryResultRequest), new(spec.RegistryApplicationPushRequest), new(spec.HousingContractPushRequest),
		new(spec.TaxAssessmentPushRequest), new(spec.TaxAssessmentResultRequest), new(spec.BankTrustOpenRequest), new(spec.BankLoanResultRequest),
		new(spec.UtilityTransferRequest), new(spec.EmsOrderCreateRequest), new(spec.SmsSendRequest), new(spec.FaceCheckRequest), new(spec.PlatformMaterialFetchResponse), new(spec.QueueTicketTakeRequest), new(spec.QueueTicketTakeResponse),
		new(spec.Ack), new(spec.Receipt),
	} {
		if reflect.TypeOf(v).Elem().Name() == name {
			return v, true
		}
	}
	return nil, false
}

// sameJSON compares as values; a field that is false or 0 and one that is not there are the same.
func sameJSON(a, b []byte) bool {
	var x, y map[string]any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	return reflect.DeepEqual(withoutZeros(x), withoutZeros(y))
}

func withoutZeros(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			if field == false || field == 0.0 {
				delete(v, name)
				continue
			}
			v[name] = withoutZeros(field)
		}
	case []any:
		for i := range v {
			v[i] = withoutZeros(v[i])
		}
	}
	return v
}

func TestWrongBodies(t *testing.T) {
	d := document(t)
	for _, tt := range []struct{ body, want string }{
		{`{"purpose":"p","unitCode":"x"}`, "/unitCode 格式不对"},
		{`{"purpose":"p"}`, "/ 缺少必填的一组字段"},
		{`{"purpose":"p","certificateNo":"苏(2026)…","ownerName":"王"}`, "/ 缺少必填的一组字段"},
		{`{"unitCode":"321202001003GB00012F00030504"}`, "/purpose 缺少必填字段"},
		{`{"unitCode":"321202001003GB00012F00030504","purpose":""}`, "/purpose 不能为空"},
		{`{"unitCode":"321202001003GB00012F00030504","purpose":7}`, "/purpose 类型应为 string"},
		{`{"unitCode":"321202001003GB00012F00030504","purpose":null}`, "/purpose"},
		{`{"unitCode":"321202001003GB00012F00030504","purpose":"` + strings.Repeat("字", 201) + `"}`, "/purpose 超过 200 个字符"},
		{`{"unitCode":"321202001003GB00012F00030504","purpose":"p","admin":true}`, "规范中没有这个字段"},
		{`{"unitCode":"321202001003GB00012F00030504","purpose":"p"} {}`, "JSON 之后还有内容"},
		{`{"purpose":"p","purpose":"q"}`, "重复"},
		{strings.Repeat("[", 20) + strings.Repeat("]", 20), "嵌套过深"},
		{`{"a":` + strings.Repeat("[", 1_000_000), "嵌套过深"},
		{`[]`, "应为 JSON 对象"},
		{``, "不是合法的 JSON"},
		{`{"purpose":}`, "不是合法的 JSON"},
		{"{\"purpose\":\"\xff\"}", "不是 UTF-8 编码"},
	} {
		err := d.Check(spec.RegistryUnitQuery, spec.Request, []byte(tt.body))
		var fault *spec.Fault
		if !errors.As(err, &fault) || fault.Code != spec.CodeSchema || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.80s: %v, want %s", tt.body, err, tt.want)
		}
	}
	if err := d.Check("registry.forge", spec.Request, []byte(`{}`)); err == nil {
		t.Error("checked an operation that there is not")
	}
}

// A number that only looks whole is refused rather than rounded.
func TestWholeNumbers(t *testing.T) {
	d := document(t)
	body := []byte(`{"matched":false,"asOf":"2026-11-24T10:15:00+08:00"}`)
	var out spec.RegistryUnitQueryResponse
	if err := d.Read(spec.RegistryUnitQuery, spec.Response, body, &out); err != nil {
		t.Fatal(err)
	}
	for _, amount := range []string{"1e3", "1000.0", "1000.5", "-1", "99999999999999999999"} {
		body := []byte(`{"caseNo":"TZ-261124-00412-6","taxNo":"T","amount":` + amount + `,"arrivedAt":"2026-11-24T10:15:00+08:00","receipts":[{"receiptNo":"1","kind":"deed","payer":"王","amount":1,"issuedAt":"2026-11-24T10:15:00+08:00"}]}`)
		var in spec.TaxArrivalNotifyRequest
		var fault *spec.Fault
		if err := d.Read(spec.TaxArrivalNotify, spec.Request, body, &in); !errors.As(err, &fault) || fault.Code != spec.CodeSchema {
			t.Errorf("%s: read as %d, %v", amount, in.Amount, err)
		}
	}
}

// No name, number, phone, address or account of any example is left in what a log shows.
func TestMaskHidesPersons(t *testing.T) {
	d := document(t)
	examples(t, func(info spec.Info, side spec.Side, body []byte) {
		masked := string(d.Mask(info.Operation, side, body))
		if !json.Valid([]byte(masked)) {
			t.Fatalf("%s: %s", info.Operation, masked)
		}
		for _, secret := range []string{"王建国", "陈晓燕", "李明", "32120219700512301X", "321203199208160027", "13800001234", "13900005678", "青年北路", "6230580000123456", "0300123456", "JVBERi0xLjcK"} {
			if strings.Contains(masked, secret) {
				t.Errorf("%s shows %s: %s", info.Operation, secret, masked)
			}
		}
	})
	if got := d.Mask(spec.RegistryUnitQuery, spec.Request, []byte("王建国")); got != nil {
		t.Errorf("of a body that is none: %s", got)
	}
	if got := d.Mask(spec.RegistryUnitQuery, spec.Request, []byte(`{"note":"王建国","purpose":["王建国"]}`)); strings.Contains(string(got), "王建国") {
		t.Errorf("of a body that does not fit: %s", got)
	}
}

func TestEncodeWritesListsThatAreRequired(t *testing.T) {
	body, err := spec.Encode(spec.RegistryHousesCountResponse{Persons: []spec.HousesOfPerson{{Person: spec.Person{Name: "王建国"}}}, AsOf: time.Unix(0, 0).UTC()})
	if err != nil || strings.Contains(string(body), "null") {
		t.Errorf("%s, %v", body, err)
	}
	body, err = spec.Encode(spec.RegistryUnitStatusResponse{})
	if err != nil || !strings.Contains(string(body), `"restrictions":[]`) {
		t.Errorf("%s, %v", body, err)
	}
	shared := []spec.HousesOfPerson{{}}
	in := struct {
		A []spec.HousesOfPerson `json:"a"`
		B uuid.UUID             `json:"b"`
	}{shared, uuid.Nil}
	if _, err := spec.Encode(in); err != nil || shared[0].Homes != nil {
		t.Errorf("the caller's value was changed: %+v, %v", shared, err)
	}
}

// TestNothingGoesBack: a trust account that was closed after the sale gave nothing back, and is told as such.
func TestNothingGoesBack(t *testing.T) {
	closed := spec.HousingTrustCloseRequest{CaseNo: "TZ-261124-00412-6", AgreementNo: "TG2026-00123", ClosedAt: time.Unix(0, 0).UTC()}
	body, err := spec.Encode(closed)
	if err != nil {
		t.Fatal(err)
	}
	if err := document(t).Check(spec.HousingTrustClose, spec.Request, body); err != nil {
		t.Errorf("%s: %v", body, err)
	}
}

func FuzzCheck(f *testing.F) {
	d := document(f)
	f.Add([]byte(`{"unitCode":"321202001003GB00012F00030504","purpose":"p"}`))
	f.Add([]byte(`{"purpose":[[[{}]]]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		err := d.Check(spec.RegistryUnitQuery, spec.Request, body)
		if err == nil && !json.Valid(body) {
			t.Errorf("accepted %q", body)
		}
		if masked := d.Mask(spec.RegistryUnitQuery, spec.Request, body); masked != nil && !json.Valid(masked) {
			t.Errorf("masked %q as %q", body, masked)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	d := document(b)
	examples(b, func(info spec.Info, side spec.Side, body []byte) {
		if info.Operation != spec.TaxAssessmentPush || side != spec.Request {
			return
		}
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if err := d.Check(info.Operation, side, body); err != nil {
				b.Fatal(err)
			}
		}
	})
}
