package sim_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/simtest"
	"yichuang/internal/sim/wire"
)

func ping(text string) spec.SystemPingRequest { return spec.SystemPingRequest{Echo: text} }

// code is the code of a refusal, or "ok".
func code(t *testing.T, err error) spec.Code {
	t.Helper()
	if err == nil {
		return "ok"
	}
	var fault *spec.Fault
	if !errors.As(err, &fault) {
		t.Fatal(err)
	}
	return fault.Code
}

// TestRefusesWhatIsNotSigned spoils a request in every way that matters.
func TestRefusesWhatIsNotSigned(t *testing.T) {
	w := build(t)
	stranger := simtest.New(t, "office", w.clock)
	w.meetOf(stranger)
	tests := []struct {
		name  string
		spoil func(l *simtest.Letter)
		want  spec.Code
	}{
		{"good", func(*simtest.Letter) {}, "ok"},
		{"another body", func(l *simtest.Letter) {
			text := `{"echo":"changed"}`
			l.Request.Body, l.Request.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		}, spec.CodeAltered},
		{"another time", func(l *simtest.Letter) { l.Request.Header.Set("X-Timestamp", "1795400000") }, spec.CodeLate},
		{"another signature", func(l *simtest.Letter) {
			l.Request.Header.Set("X-Signature", stranger.Write("tax", spec.SystemPing, "", ping("x")).Request.Header.Get("X-Signature"))
		}, spec.CodeBadSignature},
		{"an unknown application", func(l *simtest.Letter) { l.Request.Header.Set("X-App-Id", "nobody") }, spec.CodeUnknownApp},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := w.office.Write("tax", spec.SystemPing, "", ping("hello"))
			tt.spoil(l)
			if _, _, err := w.office.Send(l); code(t, err) != tt.want {
				t.Fatalf("%v, want %s", err, tt.want)
			}
		})
	}
	// Without a nonce the answer cannot be matched with the request either: only its status tells.
	l := w.office.Write("tax", spec.SystemPing, "", ping("hello"))
	l.Request.Header.Del("X-Nonce")
	resp, err := http.DefaultClient.Do(l.Request)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Fatalf("a request without a nonce: %s", resp.Status)
	}
}

func (w *world) meetOf(p *simtest.Platform) {
	w.t.Helper()
	var directory struct {
		Systems []wire.Endpoint `json:"systems"`
	}
	simtest.Get(w.t, w.url("/control/peer"), &directory)
	p.Meet(directory.Systems)
}

func TestReplayAndRepeat(t *testing.T) {
	w := build(t)
	ask := spec.SmsSendRequest{MessageNo: "m-1", Phone: "19900001234", Template: "code", Args: []spec.TemplateArg{{Name: "code", Value: "123456"}}, Text: "验证码 123456"}
	send := func(messageID string, body spec.SmsSendRequest) error {
		_, _, err := w.hall.Send(w.hall.Write("sms", spec.SmsSend, messageID, body))
		return err
	}
	if err := errors.Join(send("message-1", ask), send("message-1", ask)); err != nil {
		t.Fatalf("the same message twice: %v", err)
	}
	var kept []struct{ Text string }
	if simtest.Get(t, w.url("/control/messages?phone=19900001234"), &kept); len(kept) != 1 || kept[0].Text != ask.Text {
		t.Fatalf("messages %+v", kept)
	}
	ask.Text = "别的内容"
	if got := code(t, send("message-1", ask)); got != spec.CodeMessageReused {
		t.Errorf("the same number for another content: %s", got)
	}
	l := w.hall.Write("sms", spec.SystemPing, "", ping("x"))
	copied := *l
	copied.Request = l.Request.Clone(t.Context())
	body, err := io.ReadAll(l.Request.Body)
	if err != nil {
		t.Fatal(err)
	}
	l.Request.Body, copied.Request.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	if _, _, err := w.hall.Send(l); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.hall.Send(&copied); code(t, err) != spec.CodeReplayed {
		t.Errorf("a replay: %v", err)
	}
	if got := code(t, w.office.Ask("tax", spec.TaxReceiptQuery, map[string]any{"taxNo": "x", "guess": 1}, nil)); got != spec.CodeSchema {
		t.Errorf("an unknown field: %s", got)
	}
}

func (w *world) fault(f board.Fault) {
	w.t.Helper()
	if status := simtest.Do(w.t, http.MethodPut, w.url("/control/faults"), f, nil); status != http.StatusOK {
		w.t.Fatalf("setting %+v: %d", f, status)
	}
}

func (w *world) survey(district string) {
	w.t.Helper()
	k := w.contract(district)
	u, _ := w.built.Unit(k.Unit)
	w.office.Entrust("registry/"+district, spec.RegistrySurveyPush, spec.RegistrySurveyPushRequest{WorkID: work(), CaseNo: caseNo, UnitCode: string(k.Unit),
		Address: u.Address, Area: u.Area.String(), Applicants: persons(k.Buyers)})
}

func TestFaultsOfRequests(t *testing.T) {
	w := build(t)
	w.fault(board.Fault{System: "tax", Operation: "*", Defects: []board.Defect{board.Fails}, Times: 1})
	var pong spec.SystemPingResponse
	if got := code(t, w.office.Ask("tax", spec.SystemPing, ping("a"), &pong)); got != spec.CodeUnavailable {
		t.Errorf("an erring system answers %s", got)
	}
	w.ask("tax", spec.SystemPing, ping("b"), &pong)
	if pong.Echo != "b" {
		t.Errorf("once the fault is used up: %+v", pong)
	}
	w.fault(board.Fault{System: "registry", Operation: "*", Defects: []board.Defect{board.WrongSignature}}) // a whole family
	if got := code(t, w.office.Ask("registry/321281", spec.SystemPing, ping("c"), &pong)); got != spec.CodeBadSignature {
		t.Errorf("an answer by a stranger: %s", got)
	}
	w.fault(board.Fault{System: "bigdata", Operation: "*", Defects: []board.Defect{board.Silent}})
	impatient := &http.Client{Timeout: 50 * time.Millisecond}
	if resp, err := impatient.Do(w.office.Write("bigdata", spec.SystemPing, "", ping("d")).Request); err == nil {
		t.Errorf("a silent system answered %s", resp.Status)
	}
	if status := simtest.Do(t, http.MethodPut, w.url("/control/faults"), board.Fault{System: "tax", Operation: "*", Share: 2}, nil); status != http.StatusBadRequest {
		t.Errorf("an impossible fault: %d", status)
	}
}

func TestFaultsOfResults(t *testing.T) {
	const op = spec.RegistrySurveyResult
	tests := []struct {
		name  string
		fault board.Fault
		soon  int // results after the usual time
		later int // and once the fault is cleared
	}{
		{"none", board.Fault{System: "portal", Operation: "*"}, 1, 1},
		{"silent", board.Fault{System: "registry/321202", Operation: string(op), Defects: []board.Defect{board.Silent}}, 0, 1},
		{"duplicate", board.Fault{System: "registry/321202", Operation: string(op), Defects: []board.Defect{board.Duplicate}}, 2, 2},
		{"reorder", board.Fault{System: "registry/321202", Operation: string(op), Defects: []board.Defect{board.Reorder}}, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := build(t)
			w.fault(tt.fault)
			w.survey("321202")
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
}

// TestForgedResultIsTriedAgain: the platform refuses a stranger's signature, the department sends again.
func TestForgedResultIsTriedAgain(t *testing.T) {
	w := build(t)
	w.fault(board.Fault{System: "registry/321202", Operation: string(spec.RegistrySurveyResult), Defects: []board.Defect{board.WrongSignature}, Times: 1})
	w.survey("321202")
	for range 200 {
		w.clock.Advance(time.Second)
		w.city.Tick(t.Context())
	}
	if bad := w.office.Rejected(); len(bad) != 1 || !strings.Contains(bad[0], string(spec.CodeBadSignature)) {
		t.Fatalf("rejected %v", bad)
	}
	if n := len(w.office.Told(spec.RegistrySurveyResult)); n != 1 {
		t.Fatalf("told %d times", n)
	}
}

// TestPlatformDown: results wait until the platform is back, over a restart of the city.
func TestPlatformDown(t *testing.T) {
	w := build(t)
	w.office.Down(true)
	w.survey("321202")
	w.pass(4 * time.Hour)
	w.start()
	w.office.Down(false)
	w.pass(time.Hour)
	told := w.office.Told(spec.RegistrySurveyResult)
	if len(told) != 1 || told[0].RelatesTo == "" {
		t.Fatalf("told %+v", told)
	}
	var r spec.RegistrySurveyResultRequest
	told[0].Decode(t, &r)
	if r.WorkID.String() != told[0].RelatesTo || r.SurveyNo == "" || r.Unit.UnitCode != string(w.contract("321202").Unit) {
		t.Fatalf("result %+v relates to %s", r, told[0].RelatesTo)
	}
}

func TestDecisions(t *testing.T) {
	w := build(t)
	decide := func(body map[string]any) {
		t.Helper()
		if status := simtest.Do(t, http.MethodPost, w.url("/control/decisions"), body, nil); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	decide(map[string]any{"system": "registry", "operation": "registry.survey.push", "case": caseNo, "outcome": "correct", "reason": "图纸不清",
		"detail": map[string]any{"materials": []map[string]string{{"materialCode": "M-07", "reason": "第 3 页缺失"}}}})
	decide(map[string]any{"system": "registry/321202", "operation": "registry.survey.push", "outcome": "refuse", "reason": "界址有争议"})
	for _, want := range []struct {
		outcome spec.Outcome
		opinion string
		asked   int
	}{{spec.OutcomeCorrect, "图纸不清", 1}, {spec.OutcomeRefuse, "界址有争议", 0}, {spec.OutcomePass, "审核通过", 0}} {
		w.survey("321202")
		w.pass(3 * time.Hour)
		r := last[spec.RegistrySurveyResultRequest](w, w.office, spec.RegistrySurveyResult).Review
		if r.Outcome != want.outcome || r.Opinion != want.opinion || len(r.Requests) != want.asked {
			t.Fatalf("review %+v, want %+v", r, want)
		}
	}
}
