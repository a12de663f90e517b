package connect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/connect"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/register"
)

// bank is a bank's own system, jsb, before an office that it applies to; other is another bank's.
type bank struct {
	*officetest.Office
	t    *testing.T
	out  *departments
	url  string
	keys map[string]spec.Identity
	told []spec.BankApplicationNotifyRequest
}

func banking(t *testing.T) *bank {
	t.Helper()
	t.Parallel()
	o := officetest.New(t)
	log := slog.New(slog.DiscardHandler)
	x, err := exchange.New(exchange.Options{Pool: o.Pool, Keyring: o.Keys(), Clock: o.Clock, Log: log, Audit: o.Audit})
	if err != nil {
		t.Fatal(err)
	}
	b := &bank{Office: o, t: t, keys: map[string]spec.Identity{}, out: &departments{asked: map[spec.Operation]int{}, answer: map[spec.Operation]any{
		spec.RegistryUnitStatus: spec.RegistryUnitStatusResponse{Transferable: true, Version: "v1"}}}}
	b.out.answer[spec.BankApplicationNotify] = func(in any) any {
		b.told = append(b.told, in.(spec.BankApplicationNotifyRequest))
		return spec.Ack{Received: true}
	}
	for _, code := range []string{"jsb", "other"} {
		ours, theirs := b.signer(), b.signer()
		e := exchange.Endpoint{Name: code, Counterpart: "bank", Party: code, Dialect: "unified", BaseURL: "http://" + code + ".invalid",
			App: "taizhou-yichuang", PeerApp: "app-" + code, Grade: spec.GradeSensitive, Limits: exchange.DefaultLimits(), Enabled: true}
		if _, err := x.SetEndpoint(t.Context(), exchange.Actor{ID: "admin", Name: "管理员"}, e, &exchange.Keys{Signer: ours, Peer: theirs.Public()}, "试用"); err != nil {
			t.Fatal(err)
		}
		b.keys[code] = spec.Identity{App: e.PeerApp, Key: spec.SM2Key(theirs)}
	}
	srv := exchange.NewServer(x)
	connect.New(connect.Parts{Pool: o.Pool, Keys: o.Keys(), Clock: o.Clock, Log: log, Catalog: o.Catalog, Cases: o.Cases, Register: o.Register, Trust: o.Trust,
		Door: o.Door, Out: b.out, In: srv, Blobs: o.Blobs, Jobs: o})
	officetest.GoodDepartments(o.Cases, o.Clock, func(op string, act casework.Act) {
		if op != "registry.unit.status" { // the room looks into our book
			o.Cases.On(op, act)
		}
	})
	server := httptest.NewServer(srv)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *bank) signer() *sm.Signer {
	s, err := sm.NewSigner()
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// send sends a signed message and reads the answer into out; code is that of the refusal.
func (b *bank) send(from string, op spec.Operation, in, out any) (code string) {
	b.t.Helper()
	body, err := spec.Encode(in)
	if err != nil {
		b.t.Fatal(err)
	}
	info, _ := spec.Lookup(op)
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+info.Path, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := spec.SignRequest(b.keys[from], req, uuid.NewString(), "", body, b.Clock.Now()); err != nil {
		b.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	var problem spec.Problem
	if res.StatusCode/100 != 2 {
		out = &problem
	}
	if err := json.Unmarshal(raw, out); err != nil {
		b.t.Fatalf("%d %s: %v", res.StatusCode, raw, err)
	}
	return problem.Code
}

// scan sends a file and gives its digest.
func (b *bank) scan(text string) string {
	b.t.Helper()
	content := scanned(text)
	var out spec.BankMaterialPushResponse
	if code := b.send("jsb", spec.BankMaterialPush, spec.BankMaterialPushRequest{BankCode: "jsb", Name: text + ".pdf", Digest: sm.SM3Hex(content), Content: content}, &out); code != "" {
		b.t.Fatalf("file: %s", code)
	}
	return out.Digest
}

// scanned is a PDF of one page.
func scanned(text string) []byte {
	out := []byte("%PDF-1.4\n")
	var at []int
	for i, o := range []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"} {
		at = append(at, len(out))
		out = fmt.Appendf(out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := len(out)
	out = append(out, "xref\n0 4\n0000000000 65535 f \n"...)
	for _, n := range at {
		out = fmt.Appendf(out, "%010d 00000 n \n", n)
	}
	return fmt.Appendf(out, "trailer\n<< /Size 4 /Root 1 0 R >>\n%% %s\nstartxref\n%d\n%%%%EOF\n", text, table)
}

// home is one that a single person owns and nothing stands against, in the desk district or elsewhere.
func (b *bank) home(atDesk bool) *democity.Title {
	b.t.Helper()
	for i := range b.City.Titles {
		x := &b.City.Titles[i]
		if !x.Present() || len(x.Holders) != 1 || x.Holders[0].Document.Kind != land.DocIDCard || (x.Unit.District() == democity.DeskDistrict) != atDesk {
			continue
		}
		if u, ok := b.City.Unit(x.Unit); !ok || !u.Use.Home() {
			continue
		}
		page, err := b.Register.Unit(b.t.Context(), b.Pool, x.Unit)
		if err != nil {
			b.t.Fatal(err)
		}
		if len(page.Running()) == 0 && len(page.Seizures) == 0 && len(page.Objections) == 0 && len(page.Advances) == 0 {
			return x
		}
	}
	b.t.Fatal("the city has no such home")
	return nil
}

// application of the bank on a home, with all its scans sent.
func (b *bank) application(no string, t *democity.Title) spec.BankApplicationSubmitRequest {
	owner := spec.Person{Name: t.Holders[0].Name, DocumentKind: spec.DocumentKind(t.Holders[0].Document.Kind), DocumentNumber: t.Holders[0].Document.Number}
	in := spec.BankApplicationSubmitRequest{BankCode: "jsb", ApplicationNo: no, ItemCode: "mortgage-first", UnitCode: string(t.Unit), CertificateNo: string(t.Cert()),
		Owners: []spec.BankMortgagor{{Person: owner, Phone: "13800138000"}},
		Terms: spec.BankMortgageTerms{Mortgagee: spec.Person{Name: "江苏银行股份有限公司泰州分行", DocumentKind: spec.DocumentKindBusinessLicence, DocumentNumber: string(b.City.Banks[0].Credit)},
			Debtors: []spec.Person{owner}, Claim: 60_000_000, From: "2026-11-24", Until: "2046-11-23", LoanContractNo: "JK-1", MortgageContractNo: "DY-1"}}
	for _, code := range []string{"M-31", "M-32", "M-39"} {
		in.Materials = append(in.Materials, spec.BankMaterial{MaterialCode: code, Digests: []string{b.scan(no + code)}})
	}
	return in
}

// apply submits and gives the case after the automatic checks.
func (b *bank) apply(in spec.BankApplicationSubmitRequest) *casework.Case {
	b.t.Helper()
	var out spec.BankApplicationSubmitResponse
	if code := b.send("jsb", spec.BankApplicationSubmit, in, &out); code != "" {
		b.t.Fatalf("refused: %s", code)
	}
	b.Work()
	var id uuid.UUID
	if err := b.Pool.QueryRow(b.t.Context(), `SELECT id FROM cases WHERE no = $1`, out.CaseNo).Scan(&id); err != nil {
		b.t.Fatal(err)
	}
	return b.Case(id)
}

// events that the bank has been told of, in their order.
func (b *bank) events() []spec.BankApplicationEvent {
	b.t.Helper()
	b.told = nil
	tell(b.t, b.Office, casework.LenderTold)
	var out []spec.BankApplicationEvent
	for _, x := range b.told {
		out = append(out, x.Event)
	}
	return out
}

func (b *bank) seize(unit land.UnitCode, target string) {
	b.Do(func(ctx context.Context, tx pgx.Tx) error {
		if _, err := b.Register.Seize(ctx, tx, register.Order{Unit: unit, Court: "泰州市中级人民法院", OrderNo: "（2026）苏12执1号", NoticeNo: "N-1", Target: target,
			Served: b.Clock.Now(), Months: 36}); err != nil {
			return err
		}
		return b.Cases.UnitRestricted(ctx, tx, unit, "seizure", "查封", "", false)
	})
}

// TestBankAppliesForAMortgage: from the application to the entry, by a registry with a system and by people in our own book; the bank is
// told each step and gets the proof, the owner hears of it by text message, and the title stays.
func TestBankAppliesForAMortgage(t *testing.T) {
	for name, atDesk := range map[string]bool{"system": false, "desk": true} {
		t.Run(name, func(t *testing.T) {
			b := banking(t)
			if atDesk {
				b.Cases.On("registry.entry.push", func(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
					return casework.Result{}, exchange.ErrDesk
				})
			}
			home := b.home(atDesk)
			c := b.apply(b.application("A-1", home))
			if again := b.apply(b.application("A-1", home)); again.ID != c.ID {
				t.Errorf("the same application made %s and %s", c.No, again.No)
			}
			b.Decide(b.Person("first"), b.Need(c.ID, "first-review"), casework.Decision{Outcome: "correct", Opinion: "合同缺页", Requests: []casework.Request{{Code: "M-32", Reason: "缺第 3 页"}}})
			digest := b.scan("抵押合同全本")
			fix := spec.BankApplicationCorrectRequest{BankCode: "jsb", CaseNo: string(c.No), Materials: []spec.BankMaterial{{MaterialCode: "M-32", Digests: []string{digest}}}}
			var ack spec.Ack
			if code := b.send("jsb", spec.BankApplicationCorrect, fix, &ack); code != "" || !ack.Received {
				t.Fatalf("correction: %s", code)
			}
			if code := b.send("jsb", spec.BankApplicationCorrect, fix, &ack); code != "not-asked" {
				t.Errorf("a second correction: %q", code)
			}
			review(b.Office, c.ID)
			if atDesk {
				b.Decide(b.Person("registrar"), b.Need(c.ID, "entry-push"), casework.Decision{Outcome: "entered"})
			}
			c = b.Case(c.ID)
			if c.State != casework.Done || c.Facts.Title != "" || c.Facts.Mortgage == "" {
				t.Fatalf("case %s, title %q, mortgage %q", c.State, c.Facts.Title, c.Facts.Mortgage)
			}
			page, err := b.Register.Unit(t.Context(), b.Pool, home.Unit)
			if err != nil {
				t.Fatal(err)
			}
			m := page.Running()
			if len(m) != 1 || m[0].Certificate != c.Facts.Mortgage || m[0].Claim != 60_000_000 || m[0].Mortgagee.Name != "江苏银行股份有限公司泰州分行" || page.Title.Holders[0].Certificate != home.Cert() {
				t.Errorf("the book has %+v of %s", m, page.Title.Holders[0].Certificate)
			}
			want := []spec.BankApplicationEvent{spec.BankApplicationEventAccepted, spec.BankApplicationEventCorrectionAsked, spec.BankApplicationEventEntered}
			if got := b.events(); !slices.Equal(got, want) {
				t.Fatalf("told %v, want %v", got, want)
			}
			if last := b.told[2]; last.Fee != 8000 || last.MortgageCertificateNo != string(c.Facts.Mortgage) || last.ApplicationNo != "A-1" {
				t.Errorf("told of the entry: %+v", last)
			}
			if tell(t, b.Office, casework.Mortgaged) != 1 || b.out.of(spec.BankCertificatePush) != 1 {
				t.Error("the bank did not get the proof")
			}
			notices := officetest.Sent[message.Notice](b.Office, message.NoticeSent)
			if len(notices) != 2 || notices[0].Phone != "13800138000" || notices[1].Kind != "sms.mortgage.entered" {
				t.Errorf("the owner was told %+v", notices)
			}
			if n := len(officetest.Sent[message.Progress](b.Office, message.CaseProgress)); n != 0 {
				t.Errorf("the hall got %d snapshots of a case that nobody can see there", n)
			}
			files := c.App.Materials[slices.IndexFunc(c.App.Materials, func(x message.Material) bool { return x.Code == "M-32" })].Files
			if len(files) != 1 || files[0].Digest != digest {
				t.Errorf("the correction is not in the file: %+v", files)
			}
		})
	}
}

// TestBankApplicationsThatAreRefused: at the door, with a code of its own each.
func TestBankApplicationsThatAreRefused(t *testing.T) {
	b := banking(t)
	home := b.home(false)
	good := b.application("A-1", home)
	first := b.apply(good)
	for name, tt := range map[string]struct {
		from, code string
		change     func(*spec.BankApplicationSubmitRequest)
	}{
		"other content under the same number": {"jsb", "application-exists", func(x *spec.BankApplicationSubmitRequest) { x.Terms.Claim++ }},
		"the code of another bank":            {"other", "not-found", func(*spec.BankApplicationSubmitRequest) {}},
		"files of another bank":               {"other", "material-missing", func(x *spec.BankApplicationSubmitRequest) { x.BankCode = "other" }},
		"owner's name wrong": {"jsb", "not-found", func(x *spec.BankApplicationSubmitRequest) {
			x.ApplicationNo = "A-2"
			x.Owners = []spec.BankMortgagor{{Person: spec.Person{Name: "王二小", DocumentKind: "1", DocumentNumber: x.Owners[0].Person.DocumentNumber}, Phone: "13800138000"}}
		}},
		"one owner too many": {"jsb", "not-found", func(x *spec.BankApplicationSubmitRequest) {
			x.ApplicationNo, x.Owners = "A-2", append(slices.Clone(x.Owners), x.Owners[0])
		}},
		"another unit": {"jsb", "not-found", func(x *spec.BankApplicationSubmitRequest) {
			x.ApplicationNo, x.UnitCode = "A-2", string(b.home(true).Unit)
		}},
		"an item of the hall": {"jsb", "item-unknown", func(x *spec.BankApplicationSubmitRequest) { x.ApplicationNo, x.ItemCode = "A-2", "existing-home-sale" }},
		"unknown material": {"jsb", "material-unknown", func(x *spec.BankApplicationSubmitRequest) {
			x.ApplicationNo, x.Materials[0].MaterialCode = "A-2", "M-05"
		}},
		"file never sent": {"jsb", "material-missing", func(x *spec.BankApplicationSubmitRequest) {
			x.ApplicationNo, x.Materials[0].Digests = "A-2", []string{sm.SM3Hex([]byte("x"))}
		}},
		"no authorisation":     {"jsb", "materials-incomplete", func(x *spec.BankApplicationSubmitRequest) { x.ApplicationNo, x.Materials = "A-2", x.Materials[:2] }},
		"ends before it began": {"jsb", "term-wrong", func(x *spec.BankApplicationSubmitRequest) { x.ApplicationNo, x.Terms.Until = "A-2", "2026-11-23" }},
	} {
		in := good
		in.Materials = slices.Clone(good.Materials)
		tt.change(&in)
		if code := b.send(tt.from, spec.BankApplicationSubmit, in, new(spec.BankApplicationSubmitResponse)); code != tt.code {
			t.Errorf("%s: %q, want %q", name, code, tt.code)
		}
	}
	pdf := scanned("x")
	for name, tt := range map[string]struct {
		in   spec.BankMaterialPushRequest
		code string
	}{
		"wrong digest": {spec.BankMaterialPushRequest{BankCode: "jsb", Name: "x.pdf", Digest: sm.SM3Hex(nil), Content: pdf}, "digest-mismatch"},
		"no document":  {spec.BankMaterialPushRequest{BankCode: "jsb", Name: "x.pdf", Digest: sm.SM3Hex([]byte("MZ")), Content: []byte("MZ")}, "file-invalid"},
		"oversize":     {spec.BankMaterialPushRequest{BankCode: "jsb", Name: "x.pdf", Digest: sm.SM3Hex(nil), Content: bytes.Repeat([]byte("x"), 32<<20+3)}, "schema"},
		"not its code": {spec.BankMaterialPushRequest{BankCode: "other", Name: "x.pdf", Digest: sm.SM3Hex(pdf), Content: pdf}, "not-found"},
	} {
		if code := b.send("jsb", spec.BankMaterialPush, tt.in, new(spec.BankMaterialPushResponse)); code != tt.code {
			t.Errorf("file, %s: %q, want %q", name, code, tt.code)
		}
	}
	for name, no := range map[string]string{"its own code": "other", "the code of the bank that applied": "jsb"} {
		if code := b.send("other", spec.BankApplicationWithdraw, spec.BankApplicationWithdrawRequest{BankCode: no, CaseNo: string(first.No), Reason: "不办了"}, new(spec.Ack)); code != "not-found" {
			t.Errorf("another bank withdraws under %s: %q", name, code)
		}
	}
	var ack spec.Ack
	if code := b.send("jsb", spec.BankApplicationWithdraw, spec.BankApplicationWithdrawRequest{BankCode: "jsb", CaseNo: string(first.No), Reason: "不办了"}, &ack); code != "" || b.Case(first.ID).State != casework.Withdrawn {
		t.Errorf("withdrawal: %q, case %s", code, b.Case(first.ID).State)
	}
	if code := b.send("jsb", spec.BankApplicationWithdraw, spec.BankApplicationWithdrawRequest{BankCode: "jsb", CaseNo: string(first.No), Reason: "不办了"}, &ack); code != "too-late" {
		t.Errorf("withdrawn twice: %q", code)
	}
}

// TestWhatStandsAgainstAMortgage: a seizure or another case refuses it by the automatic check; a seizure before the entry stops it.
func TestWhatStandsAgainstAMortgage(t *testing.T) {
	b := banking(t)
	home := b.home(false)
	first := b.apply(b.application("A-1", home))
	second := b.apply(b.application("A-2", home))
	if second.State != casework.Refused || !strings.Contains(second.Facts.WhyClosed, "另一件申请") {
		t.Errorf("a second case on the home: %s, %q", second.State, second.Facts.WhyClosed)
	}
	review(b.Office, first.ID)
	if b.Case(first.ID).State != casework.Done {
		t.Fatalf("first case: %s", b.Case(first.ID).State)
	}
	third := b.apply(b.application("A-3", home)) // a further mortgage ranks behind
	b.Decide(b.Person("first"), b.Need(third.ID, "first-review"), casework.Decision{Outcome: "pass", Opinion: "同意"})
	b.seize(home.Unit, home.Holders[0].Name)
	b.Decide(b.Person("second"), b.Need(third.ID, "second-review"), casework.Decision{Outcome: "pass", Opinion: "同意"})
	if _, entering := b.Open(third.ID)["entry-push"]; entering || !b.Case(third.ID).Facts.EnteredAt.IsZero() {
		t.Error("a mortgage of a seized home is entered")
	}
	b.Decide(b.Person("second"), b.Need(third.ID, "restriction-decide"), casework.Decision{Outcome: "refuse", Opinion: "房屋已被查封"})
	if c := b.Case(third.ID); c.State != casework.Refused {
		t.Errorf("after the seizure: %s", c.State)
	}
	if fourth := b.apply(b.application("A-4", home)); fourth.State != casework.Refused {
		t.Errorf("a seized home: %s", fourth.State)
	}
	got := b.events()
	for _, want := range []spec.BankApplicationEvent{spec.BankApplicationEventSuspended, spec.BankApplicationEventRefused, spec.BankApplicationEventEntered} {
		if !slices.Contains(got, want) {
			t.Errorf("the bank was told %v, not %s", got, want)
		}
	}
}
