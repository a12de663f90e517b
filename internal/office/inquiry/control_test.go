package inquiry_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office/inquiry"
)

// order is a complete order to seize a unit.
func (a *authority) order(court, no string, unit land.UnitCode, target spec.Person) spec.CourtControlSubmitRequest {
	paper := func(kind spec.ControlDocumentKind, name string) spec.ControlDocument {
		content := pdf(no + name)
		return spec.ControlDocument{Kind: kind, Name: name, Digest: sm.SM3Hex(content), Mime: "application/pdf", Size: len(content)}
	}
	return spec.CourtControlSubmitRequest{ControlNo: no, CourtCode: court, Action: spec.ControlActionSeize, UnitCode: string(unit), Target: target, OrderNo: no + "裁", NoticeNo: no + "协",
		ServedAt: a.Clock.Now(), Months: 36, Judges: []spec.Judge{{Name: "孙法官", CardNo: "ZX-0001"}, {Name: "周法官", CardNo: "ZX-0002"}},
		Documents: []spec.ControlDocument{paper(spec.ControlDocumentKindRuling, "执行裁定书"), paper(spec.ControlDocumentKindAssistance, "协助执行通知书")}}
}

func pdf(text string) []byte { return []byte("%PDF-1.4\n% " + text + "\n%%EOF\n") }

func (a *authority) submit(from string, in spec.CourtControlSubmitRequest) (spec.ControlStatus, string) {
	var out spec.CourtControlSubmitResponse
	code := a.ask(from, spec.CourtControlSubmit, in, &out)
	return out.Status, code
}

// Where the book is ours a court's order is in it when the court has its answer: in force, in the queue, renewed, lifted.
func TestControlsInOurOwnBook(t *testing.T) {
	a := open(t)
	home, owner := a.title(democity.DeskDistrict, 0)
	first := a.order("hailing", "CK-0001", home.Unit, owner)
	first.Months = 12
	status, code := a.submit("hailing", first)
	if code != "" || status.State != spec.ControlStateEntered || status.From != "2026-11-24" || status.Until != "2027-11-23" || status.Number != first.NoticeNo {
		t.Fatalf("seized: %s %+v", code, status)
	}
	if again, code := a.submit("hailing", first); code != "" || again.State != spec.ControlStateEntered || again.Until != status.Until {
		t.Errorf("told twice: %s %+v", code, again)
	}
	a.Clock.Advance(time.Hour)
	second := a.order("xinghua", "CK-0002", home.Unit, owner)
	if status, code := a.submit("xinghua", second); code != "" || status.State != spec.ControlStateQueued || status.QueueOrder != 1 || status.Until != "" {
		t.Errorf("in the queue: %s %+v", code, status)
	}
	renew := a.order("hailing", "CK-0003", home.Unit, owner)
	renew.Action, renew.SeizureNo, renew.Months = spec.ControlActionRenew, first.NoticeNo, 12
	if status, code := a.submit("hailing", renew); code != "" || status.State != spec.ControlStateRenewed || status.Until != "2028-11-23" || status.Number != first.NoticeNo {
		t.Errorf("renewed: %s %+v", code, status)
	}
	lift := a.order("zhongji", "CK-0004", home.Unit, owner)
	lift.Action, lift.SeizureNo, lift.Months = spec.ControlActionRelease, first.NoticeNo, 0
	if _, code := a.submit("zhongji", lift); code != "no-seizure" {
		t.Errorf("lifted by a court that did not order it: %q", code)
	}
	lift.Superior = true
	if status, code := a.submit("zhongji", lift); code != "" || status.State != spec.ControlStateReleased {
		t.Errorf("lifted from above: %s %+v", code, status)
	}
	var asked spec.CourtControlQueryResponse
	if code := a.ask("xinghua", spec.CourtControlQuery, spec.CourtControlQueryRequest{CourtCode: "xinghua", ControlNo: "CK-0002"}, &asked); code != "" || asked.Status.State != spec.ControlStateQueued {
		t.Errorf("before the report: %s %+v", code, asked)
	}
	if code := a.ask("xinghua", spec.CourtControlQuery, spec.CourtControlQueryRequest{CourtCode: "xinghua", ControlNo: "CK-0001"}, &asked); code != "not-found" {
		t.Errorf("another court's order: %q", code)
	}
	// The one that waited is in force now, by itself; its court is told, once.
	for range 2 {
		if err := a.room.Report(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	reports := a.out.of(spec.CourtControlReport)
	if len(reports) != 1 || reports[0].route.Party != "xinghua" {
		t.Fatalf("%d reports", len(reports))
	}
	results := reports[0].in.(spec.CourtControlReportRequest).Results
	if len(results) != 1 || results[0].State != spec.ControlStateEntered || results[0].From != "2026-11-24" || results[0].ControlNo != "CK-0002" {
		t.Errorf("reported: %+v", results)
	}
}

// What cannot be is refused by its code, and nothing of it is kept.
func TestControlsThatAreRefused(t *testing.T) {
	a := open(t)
	home, owner := a.title(democity.DeskDistrict, 0)
	abroad, other := a.title("321202", 0)
	_, neighbour := a.title(democity.DeskDistrict, 1)
	change := func(f func(*spec.CourtControlSubmitRequest)) spec.CourtControlSubmitRequest {
		in := a.order("hailing", "CK-0001", home.Unit, owner)
		f(&in)
		return in
	}
	renew := func(in *spec.CourtControlSubmitRequest) {
		in.Action, in.SeizureNo = spec.ControlActionRenew, "没有的通知"
	}
	for _, tt := range []struct {
		name, from, want string
		in               spec.CourtControlSubmitRequest
	}{
		{"another owner", "hailing", "not-holder", change(func(in *spec.CourtControlSubmitRequest) { in.Target = neighbour })},
		{"right name, wrong number", "hailing", "not-holder", change(func(in *spec.CourtControlSubmitRequest) { in.Target.DocumentNumber = neighbour.DocumentNumber })},
		{"no such unit", "hailing", "not-found", change(func(in *spec.CourtControlSubmitRequest) { in.UnitCode = "321283999999GB99999F99999999" })},
		{"another court's code", "zhongji", "not-found", change(func(*spec.CourtControlSubmitRequest) {})},
		{"a unit that the court does not serve", "xinghua", "not-found", a.order("xinghua", "CK-0001", abroad.Unit, other)},
		{"four years", "hailing", "term-wrong", change(func(in *spec.CourtControlSubmitRequest) { in.Months = 48 })},
		{"no term", "hailing", "term-wrong", change(func(in *spec.CourtControlSubmitRequest) { in.Months = 0 })},
		{"served tomorrow", "hailing", "served-later", change(func(in *spec.CourtControlSubmitRequest) { in.ServedAt = in.ServedAt.Add(24 * time.Hour) })},
		{"one judge", "hailing", "schema", change(func(in *spec.CourtControlSubmitRequest) { in.Judges = in.Judges[:1] })},
		{"no ruling", "hailing", "documents-missing", change(func(in *spec.CourtControlSubmitRequest) { in.Documents = in.Documents[1:] })},
		{"no notice", "hailing", "documents-missing", change(func(in *spec.CourtControlSubmitRequest) { in.Documents = in.Documents[:1] })},
		{"no seizure to renew", "hailing", "no-seizure", change(renew)},
		{"a bank", "bank", "not-granted", change(func(*spec.CourtControlSubmitRequest) {})},
		{"no court above", "hailing", "no-seizure", change(func(in *spec.CourtControlSubmitRequest) {
			renew(in)
			in.Action, in.Months, in.Superior = spec.ControlActionRelease, 0, true
		})},
	} {
		if _, code := a.submit(tt.from, tt.in); code != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, code, tt.want)
		}
	}
	if n := a.count(`SELECT count(*) FROM court_controls`); n != 0 {
		t.Errorf("%d orders are kept", n)
	}
	if _, code := a.submit("hailing", a.order("hailing", "CK-0001", home.Unit, owner)); code != "" {
		t.Fatal(code)
	}
	if _, code := a.submit("hailing", change(func(in *spec.CourtControlSubmitRequest) { in.Months = 12 })); code != "control-exists" {
		t.Errorf("the number again with another term: %q", code)
	}
}

// Elsewhere an order goes to the registry of the district, whose word is the court's answer.
func TestControlsArePassedOn(t *testing.T) {
	a := open(t)
	home, owner := a.title("321202", 0)
	in := a.order("hailing", "CK-0001", home.Unit, owner)
	status, code := a.submit("hailing", in)
	if code != "" || status.State != spec.ControlStatePassed {
		t.Fatalf("%s %+v", code, status)
	}
	id := job[inquiry.PassArgs](a).Control
	if err := a.room.Pass(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	passed := a.out.of(spec.RegistryControlPush)
	if len(passed) != 1 || passed[0].route.District != "321202" {
		t.Fatalf("passed %+v", passed)
	}
	push := passed[0].in.(spec.RegistryControlPushRequest)
	if push.WorkID != id || push.Court != "泰州市海陵区人民法院" || push.Target != owner || push.NoticeNo != in.NoticeNo || push.Months != 36 {
		t.Errorf("passed %+v", push)
	}
	if err := a.room.Report(t.Context()); err != nil || len(a.out.of(spec.CourtControlReport)) != 0 {
		t.Errorf("reported before the registry's word: %v", err)
	}
	result := spec.RegistryControlResultRequest{WorkID: id, ControlNo: "CK-0001", Outcome: spec.ControlOutcomeQueued, At: a.Clock.Now(),
		Restriction: spec.Restriction{Kind: spec.RestrictionKindQueuedSeizure, Number: in.NoticeNo, Holder: push.Court, RegisteredAt: a.Clock.Now(), QueueOrder: 2}}
	tell := func(from string, in spec.RegistryControlResultRequest) string {
		body, err := spec.Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		return a.send(from, spec.RegistryControlResult, in.WorkID.String()+from+in.ControlNo+string(in.Outcome), in.WorkID.String(), body, new(spec.Ack))
	}
	wrong := result
	wrong.ControlNo = "CK-9999"
	if got := []string{tell("elsewhere", result), tell("registry", wrong), tell("registry", result)}; !slices.Equal(got, []string{"not-found", "not-found", ""}) {
		t.Errorf("another registry, another number, the right one: %q", got)
	}
	again := result
	again.Outcome = spec.ControlOutcomeEntered
	if code := tell("registry", again); code != "wrong-state" {
		t.Errorf("a second word: %q", code)
	}
	down := errors.New("down")
	a.out.answer = func(told, any) error { return down }
	if err := a.room.Report(t.Context()); !errors.Is(err, down) {
		t.Errorf("a court that is down: %v", err)
	}
	a.out.answer = nil
	if err := a.room.Report(t.Context()); err != nil {
		t.Fatal(err)
	}
	reports := a.out.of(spec.CourtControlReport)
	if len(reports) != 1 {
		t.Fatalf("%d reports", len(reports))
	}
	if r := reports[0].in.(spec.CourtControlReportRequest).Results; len(r) != 1 || r[0].State != spec.ControlStateQueued || r[0].QueueOrder != 2 {
		t.Errorf("reported %+v", r)
	}

	// A registry that will not have it: the court reads why.
	if _, code := a.submit("hailing", a.order("hailing", "CK-0002", home.Unit, owner)); code != "" {
		t.Fatal(code)
	}
	a.out.answer = func(c told, _ any) error {
		if c.op == spec.RegistryControlPush {
			return &exchange.Refusal{Code: "not-found", Message: "本辖区没有这个不动产单元"}
		}
		return nil
	}
	if err := a.room.Pass(t.Context(), job[inquiry.PassArgs](a).Control); err != nil {
		t.Fatal(err)
	}
	var asked spec.CourtControlQueryResponse
	if code := a.ask("hailing", spec.CourtControlQuery, spec.CourtControlQueryRequest{CourtCode: "hailing", ControlNo: "CK-0002"}, &asked); code != "" ||
		asked.Status.State != spec.ControlStateRefused || asked.Status.Reason != "本辖区没有这个不动产单元" {
		t.Errorf("refused: %s %+v", code, asked)
	}
}

// Many orders of a court go into one report.
func TestReportsAreBatches(t *testing.T) {
	a := open(t)
	for i, no := range []string{"CK-0001", "CK-0002", "CK-0003"} {
		home, owner := a.title("321202", i)
		if _, code := a.submit("hailing", a.order("hailing", no, home.Unit, owner)); code != "" {
			t.Fatal(code)
		}
		id := job[inquiry.PassArgs](a).Control
		body, err := spec.Encode(spec.RegistryControlResultRequest{WorkID: id, ControlNo: no, Outcome: spec.ControlOutcomeRefused, Reason: "查无此人", At: a.Clock.Now()})
		if err != nil {
			t.Fatal(err)
		}
		if code := a.send("registry", spec.RegistryControlResult, "message-"+no, id.String(), body, new(spec.Ack)); code != "" {
			t.Fatal(code)
		}
	}
	if err := a.room.Report(t.Context()); err != nil {
		t.Fatal(err)
	}
	reports := a.out.of(spec.CourtControlReport)
	if len(reports) != 1 || len(reports[0].in.(spec.CourtControlReportRequest).Results) != 3 {
		t.Errorf("%d reports", len(reports))
	}
}

// The papers of an order are fetched and kept; one that is not what the court named is not.
func TestPapersOfAnOrder(t *testing.T) {
	a := open(t)
	home, owner := a.title(democity.DeskDistrict, 0)
	in := a.order("hailing", "CK-0001", home.Unit, owner)
	if _, code := a.submit("hailing", in); code != "" {
		t.Fatal(code)
	}
	id := job[inquiry.CollectArgs](a).Control
	forge := true
	a.out.answer = func(c told, out any) error {
		asked := c.in.(spec.CourtDocumentFetchRequest)
		i := slices.IndexFunc(in.Documents, func(d spec.ControlDocument) bool { return d.Digest == asked.Digest })
		content := pdf(in.ControlNo + in.Documents[i].Name)
		if forge && i == 1 {
			content = append(content, 0x20)
		}
		*out.(*spec.CourtDocumentFetchResponse) = spec.CourtDocumentFetchResponse{Digest: asked.Digest, Mime: "application/pdf", Size: len(content), Content: content}
		return nil
	}
	if err := a.room.Collect(t.Context(), id); !errors.Is(err, inquiry.ErrPaper) {
		t.Errorf("a forged paper: %v", err)
	}
	if n := a.count(`SELECT count(*) FROM court_papers WHERE fetched_at IS NOT NULL`); n != 1 {
		t.Errorf("%d papers kept", n)
	}
	forge = false
	if err := a.room.Collect(t.Context(), id); err != nil {
		t.Error(err)
	}
	for _, d := range in.Documents {
		if content, err := a.Blobs.Get(t.Context(), d.Digest); err != nil || !strings.Contains(string(content), in.ControlNo) {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}
