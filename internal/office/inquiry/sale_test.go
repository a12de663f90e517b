package inquiry_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
)

// sell submits a sale with a commercial loan of the bank jsb, which holds the money, too, and brings it to the reviews.
func (a *authority) sell(atDesk bool) *casework.Case {
	a.t.Helper()
	i := slices.IndexFunc(a.City.Contracts, func(k democity.Contract) bool {
		return len(k.Loan) == 1 && k.Loan[0].Kind == "commercial" && (k.District == democity.DeskDistrict) == atDesk
	})
	app := a.Application(i)
	app.Trust.Bank, app.Loan.Parts[0].Lender = "jsb", "jsb"
	c := a.Submit(app)
	a.Work()
	sent := officetest.Sent[message.Assessment](a.Office, message.AssessmentReady)
	if len(sent) == 0 {
		a.t.Fatal("no assessment")
	}
	tax := sent[len(sent)-1]
	for _, ref := range []string{"s1", "b1"} {
		a.FromHall(message.TaxConfirmed, c.ID, message.TaxDecision{App: c.ID, Assessment: tax.Number, Round: tax.Round, By: ref})
	}
	for _, kind := range []string{"tax", "fee", "trust"} {
		a.Pay(c.ID, kind)
	}
	a.Decide(a.Person("window"), a.Need(c.ID, "accept"), casework.Decision{Outcome: "pass", Values: map[string]string{"compared": "yes"}})
	return a.Case(c.ID)
}

// reviewed passes both reviews.
func (a *authority) reviewed(id uuid.UUID) {
	a.t.Helper()
	for _, step := range []struct{ login, node string }{{"first", "first-review"}, {"second", "second-review"}} {
		a.Decide(a.Person(step.login), a.Need(id, step.node), casework.Decision{Outcome: "pass", Opinion: "同意"})
	}
}

// A court that seizes the home of a sale between acceptance and entry stops it, and one that lifts the seizure lets it go on.
func TestControlStopsASale(t *testing.T) {
	a := open(t)
	c := a.sell(true)
	seller := c.App.PartiesOf(message.Seller)[0]
	target := spec.Person{Name: seller.Name, DocumentKind: spec.DocumentKind(seller.Document.Kind), DocumentNumber: seller.Document.Number}
	in := a.order("hailing", "CK-0001", c.Unit, target)
	if status, code := a.submit("hailing", in); code != "" || status.State != spec.ControlStateEntered {
		t.Fatalf("%s %+v", code, status)
	}
	a.Work()
	if c = a.Case(c.ID); c.Facts.Against != "房屋被查封" {
		t.Errorf("against the case: %q", c.Facts.Against)
	}
	events, err := a.Cases.Events(t.Context(), a.Pool, c.ID)
	if err != nil || !slices.ContainsFunc(events, func(e casework.Event) bool {
		return e.Public && e.Text == "登记簿上新登记了查封，办理暂停"
	}) {
		t.Errorf("the parties do not read of it: %v", err)
	}
	stopped := a.Open(c.ID)
	lift := a.order("hailing", "CK-0002", c.Unit, target)
	lift.Action, lift.SeizureNo, lift.Months = spec.ControlActionRelease, in.NoticeNo, 0
	if status, code := a.submit("hailing", lift); code != "" || status.State != spec.ControlStateReleased {
		t.Fatalf("%s %+v", code, status)
	}
	a.Work()
	if _, waits := stopped["entry-push"]; waits {
		t.Error("it was being entered while it was seized")
	}
	a.reviewed(c.ID)
	if c = a.Case(c.ID); c.State != casework.Running && c.State != casework.Done {
		t.Errorf("after the seizure was lifted the case is %s: %s", c.State, c.Facts.WhyClosed)
	}
}

// A bank sees the cases that it lends to, and of nobody else's anything.
func TestBankSeesItsOwn(t *testing.T) {
	a := open(t)
	c := a.sell(false)
	buyer, seller := c.App.PartiesOf(message.Buyer)[0], c.App.PartiesOf(message.Seller)[0]
	asPerson := func(p message.Party) spec.Person {
		return spec.Person{Name: p.Name, DocumentKind: spec.DocumentKind(p.Document.Kind), DocumentNumber: p.Document.Number}
	}
	cases := func(from, bank string, in spec.BankCaseQueryRequest) ([]spec.BankCase, string) {
		in.BankCode = bank
		var out spec.BankCaseQueryResponse
		code := a.ask(from, spec.BankCaseQuery, in, &out)
		return out.Cases, code
	}
	own, code := cases("bank", "jsb", spec.BankCaseQueryRequest{})
	if code != "" || len(own) != 1 {
		t.Fatalf("%s, %d cases", code, len(own))
	}
	x := own[0]
	if x.CaseNo != string(c.No) || x.State != spec.BankCaseStateRunning || x.Stage != spec.BankCaseStageReview || x.Borrowers[0] != asPerson(buyer) || x.Loan != int64(c.App.Loan.Parts[0].Amount) ||
		x.LoanContractNo == "" || x.AcceptedAt.IsZero() || !slices.ContainsFunc(x.Steps, func(s spec.BankCaseStep) bool { return s.Operation == "bank.loan.evaluate" && s.Outcome == "pass" }) {
		t.Errorf("its own: %+v", x)
	}
	for _, in := range []spec.BankCaseQueryRequest{{CaseNo: string(c.No), State: spec.BankCaseStateDone}, {After: string(c.No)}} {
		if list, code := cases("bank", "jsb", in); code != "" || len(list) != 0 {
			t.Errorf("%+v: %s, %d cases", in, code, len(list))
		}
	}
	if list, code := cases("other-bank", "other", spec.BankCaseQueryRequest{CaseNo: string(c.No)}); code != "" || len(list) != 0 {
		t.Errorf("another bank: %s, %+v", code, list)
	}
	if _, code := cases("other-bank", "jsb", spec.BankCaseQueryRequest{}); code != "not-found" {
		t.Errorf("another bank under this one's code: %q", code)
	}

	title := func(from, bank string, in spec.BankTitleQueryRequest) (bool, string) {
		in.BankCode, in.Purpose = bank, "贷款调查"
		var out spec.BankTitleQueryResponse
		code := a.ask(from, spec.BankTitleQuery, in, &out)
		return out.Found, code
	}
	valid := spec.BankAuthorisation{Number: "SQ-0001", SignedOn: "2026-11-01", Until: "2026-12-01", Digest: sm.SM3Hex([]byte("x"))}
	expired, early := valid, valid
	expired.Until, early.SignedOn = "2026-11-23", "2026-11-25"
	contract, other := c.Facts.Loans[0].Contract, asPerson(seller)
	other.Name = "另一人"
	for _, tt := range []struct {
		name, from, bank string
		in               spec.BankTitleQueryRequest
		found            bool
		code             string
	}{
		{"by the loan's contract", "bank", "jsb", spec.BankTitleQueryRequest{Owner: asPerson(seller), ContractNo: contract}, true, ""},
		{"by the sale's contract", "bank", "jsb", spec.BankTitleQueryRequest{Owner: asPerson(seller), ContractNo: c.App.Contract.Number}, true, ""},
		{"by another contract", "bank", "jsb", spec.BankTitleQueryRequest{Owner: asPerson(seller), ContractNo: "JK-9999"}, false, ""},
		{"another person", "bank", "jsb", spec.BankTitleQueryRequest{Owner: other, ContractNo: contract}, false, ""},
		{"by another bank's contract", "other-bank", "other", spec.BankTitleQueryRequest{Owner: asPerson(seller), ContractNo: contract}, false, ""},
		{"authorised", "other-bank", "other", spec.BankTitleQueryRequest{Owner: asPerson(seller), Authorisation: valid}, true, ""},
		{"authorised until yesterday", "other-bank", "other", spec.BankTitleQueryRequest{Owner: asPerson(seller), Authorisation: expired}, false, "authorisation-expired"},
		{"authorised from tomorrow", "other-bank", "other", spec.BankTitleQueryRequest{Owner: asPerson(seller), Authorisation: early}, false, "authorisation-expired"},
		{"for no reason", "bank", "jsb", spec.BankTitleQueryRequest{Owner: asPerson(seller)}, false, "basis-missing"},
		{"under another code", "bank", "other", spec.BankTitleQueryRequest{Owner: asPerson(seller), ContractNo: contract}, false, "not-found"},
	} {
		if found, code := title(tt.from, tt.bank, tt.in); found != tt.found || code != tt.code {
			t.Errorf("%s: %v %q", tt.name, found, code)
		}
	}
}

// What stands against a home is told to who has its certificate number and its owner's name and number.
func TestBankAsksForRestrictions(t *testing.T) {
	a := open(t)
	m := a.City.Mortgages[slices.IndexFunc(a.City.Mortgages, func(m democity.Mortgage) bool { _, ok := a.City.Title(m.Unit); return ok })]
	home, _ := a.City.Title(m.Unit)
	owner := person(home.Holders[0])
	stranger := owner
	stranger.Name = "另一人"
	ask := func(number land.CertNumber, who spec.Person) (out spec.BankRestrictionQueryResponse) {
		if code := a.ask("bank", spec.BankRestrictionQuery, spec.BankRestrictionQueryRequest{BankCode: "jsb", CertificateNo: string(number), Owner: who, Purpose: "贷款调查"}, &out); code != "" {
			t.Fatal(code)
		}
		return out
	}
	out := ask(home.Holders[0].Cert, owner)
	if !out.Found || out.UnitCode != string(home.Unit) || !slices.ContainsFunc(out.Restrictions, func(r spec.Restriction) bool {
		return r.Kind == spec.RestrictionKindMortgage && r.Number == string(m.Proof)
	}) {
		t.Errorf("%+v", out)
	}
	for name, out := range map[string]spec.BankRestrictionQueryResponse{"another owner": ask(home.Holders[0].Cert, stranger), "another certificate": ask(m.Proof, owner), "no certificate": ask("没有这个证号", owner)} {
		if out.Found || out.UnitCode != "" || len(out.Restrictions) > 0 {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

// After the entry the lender gets the certificate of its mortgage as a file, and of the owner's only the number.
func TestBankGetsItsCertificates(t *testing.T) {
	a := open(t)
	c := a.sell(false)
	ask := func(from, bank string) (out spec.BankCertificateQueryResponse, code string) {
		code = a.ask(from, spec.BankCertificateQuery, spec.BankCertificateQueryRequest{BankCode: bank, CaseNo: string(c.No)}, &out)
		return out, code
	}
	if out, code := ask("bank", "jsb"); code != "" || len(out.Certificates) != 0 {
		t.Errorf("before the entry: %s %+v", code, out)
	}
	a.reviewed(c.ID)
	c = a.Case(c.ID)
	out, code := ask("bank", "jsb")
	if code != "" || len(out.Certificates) != 2 {
		t.Fatalf("%s, %d certificates, entered %v", code, len(out.Certificates), c.Facts.Title)
	}
	for _, x := range out.Certificates {
		proof := x.Kind == spec.BankCertificateKindProof
		if proof != (x.Number == string(c.Facts.Mortgage)) || proof != (len(x.Content) > 0) || proof && sm.SM3Hex(x.Content) != x.Digest {
			t.Errorf("certificate %s of kind %s with %d bytes", x.Number, x.Kind, len(x.Content))
		}
	}
	if _, code := ask("other-bank", "other"); code != "not-found" {
		t.Errorf("another bank: %q", code)
	}
}
