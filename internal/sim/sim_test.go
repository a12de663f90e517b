package sim_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
	"yichuang/internal/sim"
	"yichuang/internal/sim/simtest"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

const founded = land.Date("2026-11-24")

// world is a simcity on a clock that the test turns, with both zones of a platform beside it.
type world struct {
	t      *testing.T
	dir    string
	clock  *clock.Fake
	server *httptest.Server
	city   *sim.Simcity
	built  *democity.City // the same city, for the test to choose from
	office *simtest.Platform
	hall   *simtest.Platform
	leave  func() // lets the city look into no folder any more
}

func build(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), clock: clock.NewFake(time.Date(2026, 11, 24, 9, 30, 0, 0, clock.Shanghai())),
		built: invented()}
	lendKeys(t, w.dir)
	w.office, w.hall = simtest.New(t, wire.Office, w.clock), simtest.New(t, wire.Hall, w.clock)
	w.start()
	for _, p := range []*simtest.Platform{w.office, w.hall} {
		if status := simtest.Do(t, http.MethodPost, w.url("/control/peer"), p.Peer(), nil); status != http.StatusOK {
			t.Fatalf("registering a zone: %d", status)
		}
	}
	w.meet()
	return w
}

// invented is the city that all tests choose from.
var invented = sync.OnceValue(func() *democity.City { return democity.Build(7, founded) })

// keyed is a folder in which the payment channels' RSA keys were made once: making them takes longer than most tests.
var keyed = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "simcity-keys")
	if err != nil {
		return "", err
	}
	_, err = sim.Open(sim.Options{Dir: dir, Base: "http://127.0.0.1:1", Seed: 7, Today: founded})
	return dir, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := keyed(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

func lendKeys(t *testing.T, dir string) {
	t.Helper()
	from, err := keyed()
	if err == nil {
		err = errors.Join(os.CopyFS(filepath.Join(dir, "keys"), os.DirFS(filepath.Join(from, "keys"))), os.Link(filepath.Join(from, "idp-key.pem"), filepath.Join(dir, "idp-key.pem")))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// start opens the city on its folder; a second call is a restart after a kill: nothing of the first was closed.
func (w *world) start() {
	w.t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	w.t.Cleanup(srv.Close)
	city, err := sim.Open(sim.Options{Dir: w.dir, Base: "http://" + srv.Listener.Addr().String(), Seed: 7, Today: founded, Speed: 60, Clock: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	if w.leave != nil {
		w.leave()
	}
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { city.WatchFolders(ctx) })
	w.leave = sync.OnceFunc(func() { stop(); watching.Wait() })
	w.t.Cleanup(w.leave)
	srv.Config.Handler = city.Handler()
	srv.Start()
	w.server, w.city = srv, city
}

func (w *world) meet() {
	w.t.Helper()
	var directory struct {
		Systems []wire.Endpoint `json:"systems"`
	}
	simtest.Get(w.t, w.url("/control/peer"), &directory)
	w.office.Meet(directory.Systems)
	w.hall.Meet(directory.Systems)
}

func (w *world) url(path string) string { return w.server.URL + path }

// pass lets simulated time go by, and everything that is due happen.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	for range 20 { // in steps, because what is due may make more due
		w.clock.Advance(d / 60 / 20)
		w.city.Tick(w.t.Context())
	}
	if bad := w.office.Rejected(); len(bad) > 0 {
		w.t.Fatalf("the platform found a message bad: %v", bad)
	}
}

// last returns the body of the latest message of an operation.
func last[T any](w *world, p *simtest.Platform, op spec.Operation) T {
	w.t.Helper()
	told := p.Told(op)
	if len(told) == 0 {
		w.t.Fatalf("the platform was not told %s", op)
	}
	var v T
	told[len(told)-1].Decode(w.t, &v)
	return v
}

// contract picks a contract of the city that waits to be imported, of a district.
func (w *world) contract(district string) *democity.Contract {
	w.t.Helper()
	for i := range w.built.Contracts {
		if k := &w.built.Contracts[i]; k.District == district && len(k.Loan) > 0 {
			return k
		}
	}
	w.t.Fatalf("no contract in %s", district)
	return nil
}

func persons(holders []democity.Holder) []spec.Person {
	var out []spec.Person
	for _, h := range holders {
		out = append(out, spec.Person{Name: h.Name, DocumentKind: spec.DocumentKind(h.Document.Kind), DocumentNumber: h.Document.Number})
	}
	return out
}

const caseNo = "TZ-261124-00412-6"

func work() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// TestSale walks a sale with a loan through all departments, with a kill in the middle, in districts whose systems speak in different ways.
func TestSale(t *testing.T) {
	for _, district := range []string{"321202", "321203", "321204", "321281", "321282"} {
		t.Run(district, func(t *testing.T) { sale(t, district) })
	}
}

func sale(t *testing.T, district string) {
	w := build(t)
	k := w.contract(district)

	var home spec.RegistryUnitQueryResponse
	w.ask("registry/"+district, spec.RegistryUnitQuery, spec.RegistryUnitQueryRequest{CertificateNo: string(k.Cert), OwnerName: k.Sellers[0].Name,
		DocumentNumber: k.Sellers[0].Document.Number, Purpose: "买卖"}, &home)
	if !home.Matched || home.Unit.UnitCode != string(k.Unit) || len(home.Rights) != 1 {
		t.Fatalf("the exact query found %+v", home)
	}
	var signed spec.HousingContractQueryResponse
	w.ask("housing/"+district, spec.HousingContractQuery, spec.HousingContractQueryRequest{ContractNo: k.Number}, &signed)
	if !signed.Found || signed.Contract.Price != int64(k.Price) {
		t.Fatalf("the contract query found %+v", signed)
	}

	w.office.Entrust("housing/"+district, spec.HousingContractPush, spec.HousingContractPushRequest{WorkID: work(), CaseNo: caseNo,
		Action: spec.ContractActionCreate, Contract: signed.Contract})
	w.office.Entrust("registry/"+district, spec.RegistrySurveyPush, spec.RegistrySurveyPushRequest{WorkID: work(), CaseNo: caseNo, UnitCode: string(k.Unit),
		Address: home.Unit.Address, Area: home.Unit.Area, Applicants: persons(k.Buyers)})
	w.office.Entrust("tax", spec.TaxAssessmentPush, w.taxRequest(k, home))
	agreement := "TGXY20261124000412"
	w.office.Entrust("bank/"+k.Bank, spec.BankTrustOpen, w.openRequest(k, agreement))
	for _, part := range k.Loan {
		ask := spec.BankLoanEvaluateRequest{WorkID: work(), CaseNo: caseNo, LoanKind: spec.LoanKindCommercial, Borrowers: persons(k.Buyers), Unit: home.Unit,
			ContractNo: k.Number, Price: int64(k.Price), Amount: int64(part.Amount), Years: 20}
		if part.Kind == "fund" {
			ask.LoanKind = spec.LoanKindFund
			w.office.Entrust("fund/"+part.Lender, spec.FundLoanEvaluate, spec.FundLoanEvaluateRequest(ask))
			continue
		}
		w.office.Entrust("bank/"+part.Lender, spec.BankLoanEvaluate, ask)
	}

	w.pass(30 * time.Minute)
	w.start() // killed and started again on another port
	w.meet()
	w.pass(6 * time.Hour)

	filed := last[spec.HousingContractResultRequest](w, w.office, spec.HousingContractResult)
	survey := last[spec.RegistrySurveyResultRequest](w, w.office, spec.RegistrySurveyResult)
	assessed := last[spec.TaxAssessmentResultRequest](w, w.office, spec.TaxAssessmentResult)
	opened := last[spec.BankTrustOpenedRequest](w, w.office, spec.BankTrustOpened)
	if filed.FilingNo == "" || survey.SurveyNo == "" || assessed.TaxNo == "" || opened.Account == "" {
		t.Fatalf("results: %+v %+v %+v %+v", filed, survey, assessed, opened)
	}
	w.checkLoans(k)
	w.payDown(k, agreement)
	w.payTax(assessed)
	entered := w.enter(k, assessed.TaxNo, home)
	w.payOut(k, agreement, opened.Account, entered)
}

func (w *world) ask(system string, op spec.Operation, body, out any) {
	w.t.Helper()
	if err := w.office.Ask(system, op, body, out); err != nil {
		w.t.Fatalf("%s to %s: %v", op, system, err)
	}
}

func (w *world) taxRequest(k *democity.Contract, home spec.RegistryUnitQueryResponse) spec.TaxAssessmentPushRequest {
	in := spec.TaxAssessmentPushRequest{WorkID: work(), CaseNo: caseNo, ItemCode: "sale", Unit: home.Unit, ContractNo: k.Number, SignedOn: string(k.SignedOn),
		Price: int64(k.Price), AcquiredOn: home.Rights[0].AcquiredOn, CertificateNo: string(k.Cert)}
	for _, side := range []struct {
		role    spec.PartyRole
		holders []democity.Holder
		homes   int
	}{{spec.PartyRoleSeller, k.Sellers, 1}, {spec.PartyRoleBuyer, k.Buyers, 0}} {
		for _, p := range persons(side.holders) {
			in.Families = append(in.Families, spec.TaxFamily{Person: p, Role: side.role, Marriage: spec.MarriageUnknown, Homes: side.homes})
		}
	}
	return in
}

func (w *world) openRequest(k *democity.Contract, agreement string) spec.BankTrustOpenRequest {
	return spec.BankTrustOpenRequest{WorkID: work(), CaseNo: caseNo, AgreementNo: agreement, UnitCode: string(k.Unit), ContractNo: k.Number,
		Sellers: persons(k.Sellers), Buyers: persons(k.Buyers), Total: int64(k.Price), DownPayment: int64(k.Down), Loan: int64(k.Price - k.Down),
		Payees:    []spec.Money{{Payee: k.Payout.Holder, Account: k.Payout.Number, Amount: int64(k.Price)}},
		Condition: "转移登记和抵押登记完成"}
}

// checkLoans: each lender approved, and its money came to the trust account by itself.
func (w *world) checkLoans(k *democity.Contract) {
	w.t.Helper()
	results := len(w.office.Told(spec.BankLoanResult)) + len(w.office.Told(spec.FundLoanResult))
	if results != len(k.Loan) {
		w.t.Fatalf("%d loan results for %d lenders", results, len(k.Loan))
	}
	var sum int64
	for _, m := range w.office.Told(spec.BankTrustDeposit) {
		var d spec.BankTrustDepositRequest
		m.Decode(w.t, &d)
		if d.Kind != spec.DepositKindLoan {
			w.t.Fatalf("unasked deposit %+v", d)
		}
		sum += d.Amount
	}
	if sum != int64(k.Price-k.Down) {
		w.t.Fatalf("loans of %d arrived, want %d", sum, k.Price-k.Down)
	}
}

func (w *world) payDown(k *democity.Contract, agreement string) {
	w.t.Helper()
	body := map[string]any{"agreement": agreement, "kind": "downPayment"}
	if status := simtest.Do(w.t, http.MethodPost, w.url("/control/deposit"), body, nil); status != http.StatusOK {
		w.t.Fatalf("down payment: %d", status)
	}
	if status := simtest.Do(w.t, http.MethodPost, w.url("/control/deposit"), body, nil); status != http.StatusConflict {
		w.t.Fatalf("a second down payment: %d", status)
	}
	w.pass(time.Minute)
	d := last[spec.BankTrustDepositRequest](w, w.office, spec.BankTrustDeposit)
	if d.Kind != spec.DepositKindDownPayment || d.Balance != int64(k.Price) {
		w.t.Fatalf("deposit %+v, want a balance of %d", d, k.Price)
	}
}

func (w *world) payTax(a spec.TaxAssessmentResultRequest) {
	w.t.Helper()
	pay := spec.TaxPaymentNotifyRequest{CaseNo: caseNo, TaxNo: a.TaxNo, PaymentNo: "PAY1", Channel: spec.PayChannelWechat, Amount: a.Total - 1,
		PaidAt: w.clock.Now(), Payer: "王建国"}
	var got spec.TaxPaymentNotifyResponse
	if fault, ok := w.office.Ask("tax", spec.TaxPaymentNotify, pay, &got).(*spec.Fault); !ok || fault.Code != "wrong-amount" {
		w.t.Fatalf("a wrong amount: %v", fault)
	}
	pay.Amount = a.Total
	w.ask("tax", spec.TaxPaymentNotify, pay, &got)
	first := got.ReceiptNo
	w.ask("tax", spec.TaxPaymentNotify, pay, &got) // told again by another message
	if got.ReceiptNo != first || len(got.Receipts) == 0 {
		w.t.Fatalf("receipts %+v", got)
	}
	w.pass(time.Hour)
	if n := len(w.office.Told(spec.TaxArrivalNotify)); n != 1 {
		w.t.Fatalf("told of the arrival %d times", n)
	}
}

func holders(k *democity.Contract) []spec.Holder {
	var out []spec.Holder
	for i, p := range persons(k.Buyers) {
		out = append(out, spec.Holder{Name: p.Name, DocumentKind: p.DocumentKind, DocumentNumber: p.DocumentNumber, Share: town.Share(k.Buyers[i].Share)})
	}
	return out
}

func (w *world) entry(k *democity.Contract, taxNo, version string) spec.RegistryEntryPushRequest {
	bank, _ := w.built.Bank(k.Bank)
	lender := spec.Person{Name: bank.Name, DocumentKind: spec.DocumentKindBusinessLicence, DocumentNumber: string(bank.Credit)}
	now := w.clock.Now()
	return spec.RegistryEntryPushRequest{
		WorkID: work(), CaseNo: caseNo, UnitCode: string(k.Unit), ExpectedVersion: version, TaxNo: taxNo, AcceptedAt: now,
		Reviews: []spec.ReviewRecord{{Stage: spec.ReviewStageFirst, Reviewer: "张审", At: now, Opinion: "同意"}, {Stage: spec.ReviewStageSecond, Reviewer: "李核", At: now, Opinion: "同意"}},
		Entries: []spec.EntryOrder{
			{Seq: 1, RegistrationType: spec.RegistrationTypeTransfer, RightKind: spec.RightKindLandUseHouse, Reason: "存量房买卖", Holders: holders(k),
				Obligors: persons(k.Sellers), CoOwnership: spec.CoOwnership(k.CoOwn), Price: int64(k.Price)},
			{Seq: 2, RegistrationType: spec.RegistrationTypeFirst, RightKind: spec.RightKindMortgage, Reason: "借款合同", CoOwnership: spec.CoOwnershipSole,
				Holders: []spec.Holder{{Name: lender.Name, DocumentKind: lender.DocumentKind, DocumentNumber: lender.DocumentNumber, Share: "1/1"}},
				Mortgage: spec.MortgageTerms{Way: spec.MortgageWayGeneral, Mortgagee: lender, Debtors: persons(k.Buyers), Claim: int64(k.Price - k.Down),
					From: "2026-11-24", Until: "2046-11-24", LoanContractNo: "JK1", MortgageContractNo: "DY1", LoanKind: spec.LoanKindCommercial}},
		},
	}
}

// enter pushes the application and the entries, and finds the new owners in the book.
func (w *world) enter(k *democity.Contract, taxNo string, home spec.RegistryUnitQueryResponse) spec.RegistryEntryResultRequest {
	w.t.Helper()
	system := "registry/" + k.District
	var opened spec.RegistryApplicationPushResponse
	w.ask(system, spec.RegistryApplicationPush, spec.RegistryApplicationPushRequest{CaseNo: caseNo, ItemCode: "sale", ItemName: "存量房买卖", UnitCode: string(k.Unit),
		CertificateNo: string(k.Cert), ExpectedVersion: home.Version, CoOwnership: spec.CoOwnership(k.CoOwn), Price: int64(k.Price), AcceptedAt: w.clock.Now(),
		Registrations: []spec.RegistrationRequest{{Seq: 1, RegistrationType: spec.RegistrationTypeTransfer, RightKind: spec.RightKindLandUseHouse, Reason: "存量房买卖"}},
		Parties:       []spec.Party{{Role: spec.PartyRoleBuyer, Name: k.Buyers[0].Name, DocumentKind: spec.DocumentKindIDCard, DocumentNumber: k.Buyers[0].Document.Number}},
	}, &opened)
	w.office.Entrust(system, spec.RegistryEntryPush, w.entry(k, taxNo, home.Version))
	w.pass(2 * time.Hour)
	e := last[spec.RegistryEntryResultRequest](w, w.office, spec.RegistryEntryResult)
	if e.Outcome != spec.EntryOutcomeEntered || e.TitleCertificateNo == "" || e.MortgageCertificateNo == "" || e.RegistryCaseNo != opened.RegistryCaseNo {
		w.t.Fatalf("entry %+v", e)
	}
	var after spec.RegistryUnitQueryResponse
	w.ask(system, spec.RegistryUnitQuery, spec.RegistryUnitQueryRequest{CertificateNo: e.TitleCertificateNo, OwnerName: k.Buyers[0].Name,
		DocumentNumber: k.Buyers[0].Document.Number, Purpose: "核对"}, &after)
	if !after.Matched || after.Version != e.Version || len(after.Restrictions) == 0 {
		w.t.Fatalf("the book shows %+v", after)
	}
	w.ask(system, spec.RegistryUnitQuery, spec.RegistryUnitQueryRequest{CertificateNo: string(k.Cert), OwnerName: k.Sellers[0].Name,
		DocumentNumber: k.Sellers[0].Document.Number, Purpose: "核对"}, &after)
	if after.Matched {
		w.t.Fatal("the old certificate still finds the home")
	}
	stages := map[spec.ProcessStage]int{}
	for _, m := range w.office.Told(spec.RegistryProcessNotify) {
		var n spec.RegistryProcessNotifyRequest
		m.Decode(w.t, &n)
		stages[n.Stage]++
	}
	for _, s := range []spec.ProcessStage{spec.ProcessStageAccepted, spec.ProcessStageApproved, spec.ProcessStageEntered, spec.ProcessStageCertified} {
		if stages[s] != 1 {
			w.t.Fatalf("told of stages %v", stages)
		}
	}
	return e
}

func (w *world) payOut(k *democity.Contract, agreement, account string, e spec.RegistryEntryResultRequest) {
	w.t.Helper()
	pay := spec.BankTrustPayoutRequest{WorkID: work(), CaseNo: caseNo, AgreementNo: agreement, Account: account, InstructionNo: "ZL1",
		TitleCertificateNo: e.TitleCertificateNo, Payments: []spec.Money{{Payee: k.Payout.Holder, Account: k.Payout.Number, Amount: int64(k.Price)}}}
	w.office.Entrust("bank/"+k.Bank, spec.BankTrustPayout, pay)
	w.pass(time.Hour)
	paid := last[spec.BankTrustPaidRequest](w, w.office, spec.BankTrustPaid)
	if len(paid.Payments) != 1 || !paid.Payments[0].Paid || paid.Balance != 0 {
		w.t.Fatalf("payout %+v", paid)
	}
	pay.WorkID, pay.InstructionNo = work(), "ZL2"
	var none spec.Receipt
	if fault, ok := w.office.Ask("bank/"+k.Bank, spec.BankTrustPayout, pay, &none).(*spec.Fault); !ok || fault.Code != "no-balance" {
		w.t.Fatalf("a payout without money: %v", fault)
	}
}
