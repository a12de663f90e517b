package sim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/simtest"
)

// xmlRegistries are the registries that speak XML, plain and in SOAP.
var xmlRegistries = []string{"321204", "321281"}

// A system that speaks XML refuses what is not signed, not of its grammar, or comes again, like any other.
func TestXMLSystemRefuses(t *testing.T) {
	for _, district := range xmlRegistries {
		t.Run(district, func(t *testing.T) {
			w := build(t)
			stranger := simtest.New(t, "office", w.clock)
			w.meetOf(stranger)
			system := "registry/" + district
			change := func(from, to string) func(*simtest.Letter) {
				return func(l *simtest.Letter) {
					body, err := io.ReadAll(l.Request.Body)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Contains(body, []byte(from)) {
						t.Fatalf("no %s in %s", from, body)
					}
					body = bytes.ReplaceAll(body, []byte(from), []byte(to))
					l.Request.Body, l.Request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
				}
			}
			for _, tt := range []struct {
				name  string
				spoil func(*simtest.Letter)
				want  spec.Code
			}{
				{"good", func(*simtest.Letter) {}, "ok"},
				{"another body", change("hello", "changed"), spec.CodeAltered},
				{"late", func(*simtest.Letter) { w.clock.Advance(6 * time.Minute) }, spec.CodeLate},
				{"another's signature", func(l *simtest.Letter) {
					l.Request.Body = stranger.Write(system, spec.SystemPing, "", ping("hello")).Request.Body
				}, spec.CodeBadSignature},
				{"another type code", change("PT002", "PT001"), spec.CodeBadSignature},
			} {
				t.Run(tt.name, func(t *testing.T) {
					l := w.office.Write(system, spec.SystemPing, "", ping("hello"))
					tt.spoil(l)
					l.Request.ContentLength = -1
					_, _, err := w.office.Send(l)
					if got := code(t, err); got != tt.want {
						t.Errorf("%v, want %s", err, tt.want)
					}
				})
			}
			// An answer to what cannot be read at all is not signed for the asker: its code is for people.
			l := w.office.Write(system, spec.SystemPing, "", ping("hello"))
			body, err := io.ReadAll(l.Request.Body)
			if err != nil {
				t.Fatal(err)
			}
			const entity = "!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>"
			text := strings.Replace(string(body), "<Head>", "<"+entity+"<Head>", 1)
			text = strings.Replace(text, "&lt;Head&gt;", strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace("<"+entity+"<Head>"), 1)
			resp, err := http.Post(l.Request.URL.String(), l.Request.Header.Get("Content-Type"), strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode < 400 || !strings.Contains(string(answer), "不允许 DTD") {
				t.Errorf("entities: %d %s %v", resp.StatusCode, answer, err)
			}
			l = w.office.Write(system, spec.SystemPing, "", ping("x"))
			if body, err = io.ReadAll(l.Request.Body); err != nil {
				t.Fatal(err)
			}
			for _, want := range []spec.Code{"ok", spec.CodeReplayed} {
				l.Request.Body, l.Request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
				if _, _, err := w.office.Send(l); code(t, err) != want {
					t.Errorf("%v, want %s", err, want)
				}
			}
		})
	}
}

// A push is taken in only when the files that it names lie in the folder, as they are named.
func TestXMLSystemLooksForFiles(t *testing.T) {
	for _, district := range xmlRegistries {
		t.Run(district, func(t *testing.T) {
			w := build(t)
			system, k := "registry/"+district, w.contract(district)
			ask := spec.RegistrySurveyPushRequest{WorkID: work(), CaseNo: caseNo, UnitCode: string(k.Unit), Address: "泰州市", Area: "1.00", Applicants: persons(k.Buyers)}
			push := func(files ...spec.Attachment) error {
				ask.Attachments = files
				_, _, err := w.office.Send(w.office.Write(system, spec.RegistrySurveyPush, "", ask))
				return err
			}
			missing := spec.Attachment{MaterialCode: "M-05", Name: "合同", Mime: "application/pdf", Size: 9, Digest: strings.Repeat("ab", 32)}
			there := w.office.Put(system, caseNo, "合同正文")
			fault := push(there, missing)
			if code(t, fault) != spec.CodeSchema || !strings.Contains(fault.Error(), "/Data/Files/File[2]") {
				t.Errorf("a missing file: %v", fault)
			}
			if err := push(there); err != nil {
				t.Errorf("a file that is there: %v", err)
			}
			if err := os.WriteFile(filepath.Join(w.dir, "files", "registry-"+district, caseNo, there.Digest), []byte("别的正文！！"), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := code(t, push(there)); got != spec.CodeAltered {
				t.Errorf("another content: %s", got)
			}
			if works := w.works(system); works != 1 {
				t.Errorf("%d works taken", works)
			}
		})
	}
}

// works counts what a system was entrusted with.
func (w *world) works(system string) int {
	w.t.Helper()
	var list []json.RawMessage
	simtest.Get(w.t, w.url("/control/works?system="+system), &list)
	return len(list)
}

// The fault board does to XML what it does to JSON.
func TestFaultsInXML(t *testing.T) {
	const op = spec.RegistrySurveyResult
	for _, district := range xmlRegistries {
		system := "registry/" + district
		for _, tt := range []struct {
			name        string
			fault       board.Fault
			soon, later int
		}{
			{"silent", board.Fault{System: system, Operation: string(op), Defects: []board.Defect{board.Silent}}, 0, 1},
			{"duplicate", board.Fault{System: system, Operation: string(op), Defects: []board.Defect{board.Duplicate}}, 2, 2},
			{"reorder", board.Fault{System: system, Operation: string(op), Defects: []board.Defect{board.Reorder}}, 0, 1},
		} {
			t.Run(district+" "+tt.name, func(t *testing.T) {
				w := build(t)
				w.fault(tt.fault)
				w.survey(district)
				w.pass(2*time.Hour + time.Minute)
				if n := len(w.office.Told(op)); n != tt.soon {
					t.Fatalf("told %d times, want %d", n, tt.soon)
				}
				if status := simtest.Do(t, http.MethodDelete, w.url("/control/faults"), nil, nil); status != http.StatusOK {
					t.Fatal(status)
				}
				w.pass(6 * time.Hour)
				if n := len(w.office.Told(op)); n != tt.later {
					t.Fatalf("told %d times in the end, want %d", n, tt.later)
				}
			})
		}
		t.Run(district+" requests", func(t *testing.T) {
			w := build(t)
			w.fault(board.Fault{System: system, Operation: "*", Defects: []board.Defect{board.Fails}, Times: 1})
			var pong spec.SystemPingResponse
			if got := code(t, w.office.Ask(system, spec.SystemPing, ping("a"), &pong)); got != spec.CodeUnavailable {
				t.Errorf("an erring system answers %s", got)
			}
			w.fault(board.Fault{System: system, Operation: "*", Defects: []board.Defect{board.WrongSignature}, Times: 1})
			if got := code(t, w.office.Ask(system, spec.SystemPing, ping("c"), &pong)); got != spec.CodeBadSignature {
				t.Errorf("an answer by a stranger: %s", got)
			}
		})
		t.Run(district+" forged result", func(t *testing.T) {
			w := build(t)
			w.fault(board.Fault{System: system, Operation: string(op), Defects: []board.Defect{board.WrongSignature}, Times: 1})
			w.survey(district)
			for range 200 {
				w.clock.Advance(time.Second)
				w.city.Tick(t.Context())
			}
			if bad := w.office.Rejected(); len(bad) != 1 || !strings.Contains(bad[0], string(spec.CodeBadSignature)) {
				t.Fatalf("rejected %v", bad)
			}
			if n := len(w.office.Told(op)); n != 1 {
				t.Fatalf("told %d times", n)
			}
		})
	}
}

// A system shows the description of its SOAP port, and has no other.
func TestXMLSystemsPorts(t *testing.T) {
	w := build(t)
	for path, want := range map[string]int{"/registry/321281/soap?wsdl": 200, "/registry/321204/soap?wsdl": 404, "/registry/321281/v1/system/ping": 404} {
		resp, err := http.Get(w.url(path))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != want || want == 200 && !strings.Contains(string(text), w.url("/registry/321281/soap")) {
			t.Errorf("%s: %d %v", path, resp.StatusCode, err)
		}
	}
}
