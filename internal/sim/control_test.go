package sim_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/native"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/pay/paytest"
	"yichuang/internal/sim/simtest"
)

func pemOf(t *testing.T, text string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatalf("no PEM in %.30q", text)
	}
	return block.Bytes
}

// TestPayByCode orders with nothing but what keys.json gives, and pays by the code that a payer would scan.
func TestPayByCode(t *testing.T) {
	w := build(t)
	w.clock.Set(time.Now()) // the SDK stamps with the machine's clock
	var keys map[string]map[string]string
	simtest.Get(t, w.url("/keys.json"), &keys)
	k := keys["wechat"]
	private, err := x509.ParsePKCS8PrivateKey(pemOf(t, k["merchantPrivateKey"]))
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.ParsePKIXPublicKey(pemOf(t, k["publicKey"]))
	if err != nil {
		t.Fatal(err)
	}
	client, err := core.NewClient(t.Context(),
		option.WithWechatPayPublicKeyAuthCipher(k["mchid"], k["merchantSerial"], private.(*rsa.PrivateKey), k["publicKeyId"], public.(*rsa.PublicKey)),
		option.WithHTTPClient(&http.Client{Transport: paytest.To(k["gateway"])}))
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told++ }))
	t.Cleanup(shop.Close)
	svc := native.NativeApiService{Client: client}
	resp, _, err := svc.Prepay(t.Context(), native.PrepayRequest{Appid: core.String(k["appid"]), Mchid: core.String(k["mchid"]), Description: core.String("税费"),
		OutTradeNo: core.String("BILL0001"), NotifyUrl: core.String(shop.URL + "/n"), Amount: &native.Amount{Total: core.Int64(100)}})
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"code": *resp.CodeUrl, "notice": map[string]any{"times": 2}}
	w.post("/control/pay", body, http.StatusOK)
	w.post("/control/pay", body, http.StatusConflict) // paid already
	w.post("/control/pay", map[string]any{"channel": "alipay", "order": "BILL0001"}, http.StatusNotFound)
	w.city.Tick(t.Context())
	if told != 2 {
		t.Fatalf("the shop was told %d times", told)
	}
	w.post("/control/pay/notice", map[string]any{"order": "BILL0001"}, http.StatusOK)
	w.city.Tick(t.Context())
	if told != 3 {
		t.Fatalf("the shop was told %d times in all", told)
	}
	var orders []struct{ Channel, Number, State, Cashier string }
	simtest.Get(t, w.url("/control/pay?order=BILL0001"), &orders)
	if len(orders) != 1 || orders[0].State != "paid" || orders[0].Channel != "wechat" {
		t.Fatalf("orders %+v", orders)
	}
}

// picture begins as a JPEG does.
var picture = []byte{0xff, 0xd8, 0xff, 0xe0, 0, 16}

func TestFaces(t *testing.T) {
	w := build(t)
	p := persons(w.contract("321202").Buyers)[0]
	check := func(who spec.Person, image []byte) (spec.FaceCheckResponse, error) {
		var out spec.FaceCheckResponse
		err := w.hall.Ask("face", spec.FaceCheck, spec.FaceCheckRequest{Person: who, CheckNo: "C1", Scene: "sign", Image: image}, &out)
		return out, err
	}
	if _, err := check(p, []byte("GIF89a")); code(t, err) != "bad-image" {
		t.Errorf("a picture of another kind: %v", err)
	}
	w.post("/control/face", map[string]any{"document": p.DocumentNumber, "next": 2, "reason": "notLive"}, http.StatusOK)
	w.post("/control/face", map[string]any{"next": 1, "reason": "ugly"}, http.StatusBadRequest)
	for i, want := range []spec.FaceReason{spec.FaceReasonNotLive, spec.FaceReasonNotLive, ""} {
		got, err := check(p, picture)
		if err != nil || got.Reason != want || got.Passed != (want == "") {
			t.Errorf("check %d: %+v, %v", i+1, got, err)
		}
	}
	p.Name = "别人"
	if got, err := check(p, picture); err != nil || got.Passed || got.Reason != spec.FaceReasonNoPhoto {
		t.Errorf("a person who does not exist: %+v, %v", got, err)
	}
}

func TestParcelGoesItsWay(t *testing.T) {
	w := build(t)
	order := spec.EmsOrderCreateRequest{CaseNo: caseNo, OrderNo: "YJ1", Goods: "不动产权证书",
		Sender:   spec.MailContact{Name: "登记中心", Phone: "0523-86881234", Address: "泰州市海陵区青年北路1号"},
		Receiver: spec.MailContact{Name: "王建国", Phone: "19900001234", Address: "泰州市海陵区青年北路12号"}}
	var made, again spec.EmsOrderCreateResponse
	for _, out := range []*spec.EmsOrderCreateResponse{&made, &again} {
		if err := w.hall.Ask("ems", spec.EmsOrderCreate, order, out); err != nil {
			t.Fatal(err)
		}
	}
	if made.WaybillNo != again.WaybillNo {
		t.Fatalf("waybills %s and %s", made.WaybillNo, again.WaybillNo)
	}
	w.pass(10 * time.Hour)
	w.start() // killed on the way
	w.meet()
	w.pass(30 * time.Hour)
	var states []spec.TrackState
	for _, m := range w.hall.Told(spec.EmsTrackNotify) {
		var n spec.EmsTrackNotifyRequest
		m.Decode(t, &n)
		states = append(states, n.Event.State)
	}
	if len(states) != 4 || states[0] != spec.TrackStateCollected || states[3] != spec.TrackStateSigned {
		t.Fatalf("told of %v", states)
	}
	var way spec.EmsTrackQueryResponse
	if err := w.hall.Ask("ems", spec.EmsTrackQuery, spec.EmsTrackQueryRequest{WaybillNo: made.WaybillNo}, &way); err != nil || way.State != spec.TrackStateSigned || len(way.Events) != 5 {
		t.Fatalf("way %+v, %v", way, err)
	}
}

func TestUtilities(t *testing.T) {
	w := build(t)
	k := w.contract("321202")
	u, _ := w.built.Unit(k.Unit)
	for _, kind := range []spec.UtilityKind{spec.UtilityKindWater, spec.UtilityKindPower, spec.UtilityKindGas, spec.UtilityKindTv} {
		system := "utility/" + string(kind)
		var found spec.UtilityAccountsQueryResponse
		w.ask(system, spec.UtilityAccountsQuery, spec.UtilityAccountsQueryRequest{Kind: kind, UnitCode: string(k.Unit), Address: u.Address}, &found)
		no := found.Accounts[0].AccountNo
		move := spec.UtilityTransferRequest{WorkID: work(), CaseNo: caseNo, Kind: kind, AccountNo: no, UnitCode: string(k.Unit), Address: u.Address,
			From: persons(k.Sellers)[0], To: persons(k.Buyers), Phone: "19900001234", TitleCertificateNo: string(k.Cert)}
		w.post("/control/arrears", map[string]any{"kind": kind, "account": no, "arrears": 1200}, http.StatusOK)
		var none spec.Receipt
		if got := code(t, w.office.Ask(system, spec.UtilityTransfer, move, &none)); got != "arrears" {
			t.Fatalf("%s with arrears: %s", kind, got)
		}
		w.post("/control/arrears", map[string]any{"kind": kind, "account": no, "arrears": 0}, http.StatusOK)
		w.office.Entrust(system, spec.UtilityTransfer, move)
		w.pass(2 * time.Hour)
		w.ask(system, spec.UtilityAccountsQuery, spec.UtilityAccountsQueryRequest{Kind: kind, UnitCode: string(k.Unit), Address: u.Address}, &found)
		if found.Accounts[0].Holder != k.Buyers[0].Name {
			t.Fatalf("%s is still %s's", kind, found.Accounts[0].Holder)
		}
	}
	if n := len(w.office.Told(spec.UtilityTransferResult)); n != 4 {
		t.Fatalf("%d results", n)
	}
}

// TestTrustGoesBack: a frozen account pays nothing; released, it gives the money back once and is closed.
func TestTrustGoesBack(t *testing.T) {
	w := build(t)
	k := w.contract("321202")
	bank := "bank/" + k.Bank
	w.office.Entrust(bank, spec.BankTrustOpen, w.openRequest(k, "XY2"))
	w.pass(time.Hour)
	account := last[spec.BankTrustOpenedRequest](w, w.office, spec.BankTrustOpened).Account
	w.post("/control/deposit", map[string]any{"agreement": "XY2", "kind": "downPayment", "payer": k.Buyers[0].Name}, http.StatusOK)
	w.pass(time.Minute)
	from := last[spec.BankTrustDepositRequest](w, w.office, spec.BankTrustDeposit).PayerAccount
	back := spec.BankTrustRefundRequest{WorkID: work(), CaseNo: caseNo, AgreementNo: "XY2", Account: account, InstructionNo: "TH1", Reason: "撤回", Close: true,
		Payments: []spec.Money{{Payee: k.Buyers[0].Name, Account: from, Amount: int64(k.Down)}}}
	w.post("/control/freeze", map[string]any{"agreement": "XY2", "frozen": true}, http.StatusOK)
	var none spec.Receipt
	if got := code(t, w.office.Ask(bank, spec.BankTrustRefund, back, &none)); got != "frozen" {
		t.Fatalf("a refund from a frozen account: %s", got)
	}
	w.post("/control/freeze", map[string]any{"agreement": "XY2", "frozen": false}, http.StatusOK)
	w.post("/control/decisions", map[string]any{"system": bank, "operation": "bank.trust.refund", "outcome": "fail", "reason": "账号有误"}, http.StatusOK)
	for i, want := range []bool{false, true, true} {
		w.office.Entrust(bank, spec.BankTrustRefund, back)
		w.pass(time.Hour)
		r := last[spec.BankTrustRefundedRequest](w, w.office, spec.BankTrustRefunded)
		if r.Payments[0].Paid != want || r.Closed != want || (r.Balance == 0) != want {
			t.Fatalf("refund %d: %+v", i+1, r)
		}
		if i == 0 { // what failed is ordered again under a new number; the third time it is the same order again
			back.InstructionNo = "TH2"
		}
		back.WorkID = work()
	}
	w.post("/control/deposit", map[string]any{"agreement": "XY2", "kind": "downPayment", "amount": 100}, http.StatusNotFound)
}

// TestAskedAnew: a work that comes again in the same words is done once, in other words anew.
func TestAskedAnew(t *testing.T) {
	w := build(t)
	k := w.contract("321202")
	u, _ := w.built.Unit(k.Unit)
	ask := spec.RegistrySurveyPushRequest{WorkID: work(), CaseNo: caseNo, UnitCode: string(k.Unit), Address: u.Address, Area: "1.00", Applicants: persons(k.Buyers)}
	for _, want := range []struct {
		area    string
		results int
		outcome spec.Outcome
	}{{"1.00", 1, spec.OutcomeRefuse}, {"1.00", 1, spec.OutcomeRefuse}, {u.Area.String(), 2, spec.OutcomePass}} {
		ask.Area = want.area
		w.office.Entrust("registry/321202", spec.RegistrySurveyPush, ask)
		w.pass(4 * time.Hour)
		told := w.office.Told(spec.RegistrySurveyResult)
		if got := last[spec.RegistrySurveyResultRequest](w, w.office, spec.RegistrySurveyResult); len(told) != want.results || got.Review.Outcome != want.outcome {
			t.Fatalf("area %s: told %d times, review %+v", want.area, len(told), got.Review)
		}
	}
}

func TestBigData(t *testing.T) {
	w := build(t)
	k := w.contract("321202")
	p := persons(k.Buyers)[0]
	ask := func(who spec.Person) spec.IdentityResult {
		var out spec.BigdataIdentityVerifyResponse
		w.ask("bigdata", spec.BigdataIdentityVerify, spec.BigdataIdentityVerifyRequest{Person: who, Purpose: "登记", ConsentNo: "SQ1"}, &out)
		return out.Result
	}
	other := p
	other.Name = "别人"
	nobody := p
	nobody.DocumentNumber = "320102199001011234"
	for who, want := range map[spec.Person]spec.IdentityResult{p: spec.IdentityResultMatch, other: spec.IdentityResultMismatch, nobody: spec.IdentityResultNotFound} {
		if got := ask(who); got != want {
			t.Errorf("%s: %s, want %s", who.Name, got, want)
		}
	}
	for _, m := range w.built.Marriages {
		if m.Ended != "" {
			continue
		}
		he, _ := w.built.Person(m.Husband)
		var out spec.BigdataMarriageQueryResponse
		w.ask("bigdata", spec.BigdataMarriageQuery, spec.BigdataMarriageQueryRequest{Purpose: "登记", ConsentNo: "SQ1",
			Person: spec.Person{Name: he.Name, DocumentKind: spec.DocumentKindIDCard, DocumentNumber: string(he.ID)}}, &out)
		if onFile := out.State == spec.MarriageStateMarried && out.Spouse.DocumentNumber == string(m.Wife) && out.CertificateNo == m.Number; onFile != m.OnFile {
			t.Fatalf("marriage %+v is answered %+v", m, out)
		}
	}
}

func TestPortalIgnoresLateStates(t *testing.T) {
	w := build(t)
	report := spec.PortalCaseReportRequest{CaseNo: caseNo, ItemCode: "sale", ItemName: "存量房买卖", District: "321202", Applicant: persons(w.contract("321202").Buyers)[0],
		Node: "登簿", SubmittedAt: w.clock.Now()}
	var ack spec.Ack
	for _, s := range []spec.CaseState{spec.CaseStateSubmitted, spec.CaseStateCompleted, spec.CaseStateAccepted} {
		report.State = s
		w.ask("portal", spec.PortalCaseReport, report, &ack)
	}
	var got struct {
		Cases []struct {
			Report spec.PortalCaseReportRequest
			States []spec.CaseState
		}
	}
	simtest.Get(t, w.url("/control/reports"), &got)
	if len(got.Cases) != 1 || got.Cases[0].Report.State != spec.CaseStateCompleted || len(got.Cases[0].States) != 2 {
		t.Fatalf("reports %+v", got)
	}
}

// TestPages opens every page and uses the forms, as an operator's browser does.
func TestPages(t *testing.T) {
	w := build(t)
	k := w.contract("321202")
	w.office.Entrust("bank/"+k.Bank, spec.BankTrustOpen, w.openRequest(k, "XY1"))
	w.pass(time.Hour)
	var directory struct {
		Systems []struct{ Name, Title string } `json:"systems"`
	}
	simtest.Get(t, w.url("/control/peer"), &directory)
	pages := map[string]string{"/": "往来方式", "/board": "设置故障", "/wechat/": "扫一扫", "/alipay/": "扫一扫", "/unionpay/": "订单"}
	for _, s := range directory.Systems {
		pages["/"+s.Name+"/"] = s.Title
	}
	for path, want := range pages {
		if got := w.page(path, nil); !strings.Contains(got, want) {
			t.Errorf("%s does not say %s", path, want)
		}
	}
	forms := []struct {
		path string
		form url.Values
		want string
	}{
		{"/board/fault", url.Values{"system": {"tax"}, "curve": {"logNormal"}, "ms": {"300"}, "highMs": {"2000"}, "minutes": {"90"}}, "延迟中位数 300 毫秒，百分之一超过 2000 毫秒"},
		{"/board/fault", url.Values{"system": {"registry"}, "operation": {"registry.survey.result"}, "defect": {"corrupt", "duplicate"}, "share": {"20"}, "times": {"3"}}, "重复（占 20%）"},
		{"/board/fault", url.Values{"system": {""}, "defect": {"silent"}}, "没有办成"},
		{"/board/fault", url.Values{"system": {"tax"}}, "没有选择延迟或故障"},
		{"/board/fault", url.Values{"system": {"tax"}, "ms": {"many"}}, "不是数字"},
		{"/board/clear", url.Values{"system": {"registry"}, "operation": {"registry.survey.result"}}, "已解除 registry"},
		{"/board/clear", url.Values{}, "已解除全部"},
		{"/board/scenario", url.Values{"name": {"tax-down-morning"}}, "进行中"},
		{"/board/scenario", url.Values{"name": {"tax-down-morning"}, "stop": {"1"}}, "已停止场景"},
		{"/board/scenario", url.Values{"name": {"earthquake"}}, "没有这个场景"},
		{"/board/traffic", url.Values{"on": {"yes"}, "level": {"2"}, "hour": {"9"}}, "第 1 天 09:00"},
		{"/board/traffic", url.Values{"on": {"yes"}, "level": {"900"}}, "没有办成"},
		{"/board/traffic", url.Values{"on": {"no"}}, "车流已停止"},
		{"/tax/do/decide", url.Values{"operation": {"tax.assessment.push"}, "outcome": {"assess"}, "percent": {"90"}}, "已预定结论"},
		{"/tax/do/decide", url.Values{"operation": {"tax.assessment.push"}, "outcome": {"assess"}, "percent": {"most"}}, "数字格式不对"},
		{"/registry/321202/do/seizure", url.Values{"unit": {string(k.Unit)}, "order": {"（2026）苏12执1号"}}, "已登记查封"},
		{"/registry/321202/do/seizure", url.Values{"unit": {"12"}}, "没有办成"},
		{"/registry/321202/do/release", url.Values{"unit": {string(k.Unit)}, "order": {"（2026）苏12执1号"}}, "已解除查封"},
		{"/registry/321202/do/release", url.Values{"unit": {string(k.Unit)}, "order": {"（2026）苏12执1号"}}, "没有这项查封"},
		{"/registry/321202/do/objection", url.Values{"unit": {string(k.Unit)}, "applicant": {"王某"}}, "已登记异议"},
		{"/bank/" + k.Bank + "/do/freeze", url.Values{"agreement": {"XY1"}, "frozen": {"yes"}}, "已冻结"},
		{"/bank/" + k.Bank + "/do/freeze", url.Values{"agreement": {"XY1"}, "frozen": {"no"}}, "已解冻"},
		{"/bank/" + k.Bank + "/do/ask", url.Values{"operation": {"bank.case.query"}, "body": {"{"}}, "不是 JSON"},
		{"/bigdata/do/death", url.Values{"document": {string(w.built.People[0].ID)}}, "已出具死亡证明"},
		{"/bigdata/do/death", url.Values{"document": {"1"}}, "没有这个人"},
		{"/utility/water/do/arrears", url.Values{"account": {"none"}, "arrears": {"10"}}, "没有这条记录"},
		{"/face/do/fail", url.Values{"next": {"1"}, "reason": {"notSame"}}, "已设置"},
		{"/bank/" + k.Bank + "/do/deposit", url.Values{"agreement": {"XY1"}, "kind": {"downPayment"}, "amount": {"1万"}}, "10,000.00"},
		{"/bank/" + k.Bank + "/do/deposit", url.Values{"agreement": {"none"}, "kind": {"downPayment"}}, "没有办成"},
	}
	for _, f := range forms {
		if got := w.page(f.path, f.form); !strings.Contains(got, f.want) {
			t.Errorf("%s %v does not say %s", f.path, f.form, f.want)
		}
	}
}

// page gets a page, or posts a form and follows to the page behind it.
func (w *world) page(path string, form url.Values) string {
	w.t.Helper()
	resp, err := http.Get(w.url(path))
	if form != nil {
		resp, err = http.PostForm(w.url(path), form)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s", path, resp.Status)
	}
	return string(body)
}

// TestControlIsForOperators: not from elsewhere, not from another site's page.
func TestControlIsForOperators(t *testing.T) {
	w := build(t)
	far := httptest.NewRequest(http.MethodGet, "/keys.json", nil)
	far.RemoteAddr = "192.0.2.7:4711"
	foreign := httptest.NewRequest(http.MethodPost, "/control/seizure", strings.NewReader(`{}`))
	foreign.RemoteAddr = "127.0.0.1:4711"
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	for name, r := range map[string]*http.Request{"from elsewhere": far, "from another site": foreign} {
		rec := httptest.NewRecorder()
		w.city.Handler().ServeHTTP(rec, r)
		if rec.Code != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
}
