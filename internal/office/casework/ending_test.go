package casework_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/office/billing"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/officetest"
	"yichuang/internal/office/papers"
	"yichuang/internal/office/trust"
)

// paper is the paper of a kind that the case has; it fails when there is not exactly one.
func (s *sale) paper(kind papers.Kind) papers.Issued {
	s.t.Helper()
	all, err := s.Papers.ByCase(s.t.Context(), s.Pool, s.id)
	if err != nil {
		s.t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(p papers.Issued) bool { return p.Kind != kind })
	if len(all) != 1 {
		s.t.Fatalf("%d papers of kind %s", len(all), kind)
	}
	return all[0]
}

// Until the entry the applicants may withdraw (Interim Regulations 15): everything is cancelled, told and given back.
func TestWithdrawnBeforeAcceptance(t *testing.T) {
	s := prepared(t, "commercial")
	revoked, trustCancelled := s.calls("housing.contract.revoke"), s.calls("housing.trust.cancel")
	s.confirmTax()
	s.Pay(s.id, "tax")
	s.Pay(s.id, "trust")
	fee, accept := s.bill("fee"), s.Need(s.id, "accept")
	s.withdraw()
	s.wantEnd(casework.Withdrawn)
	s.wantRefunded("tax") // the down payment goes back from trust
	if st := s.statement(); len(st.Moves) != 2 || st.Moves[0].In != st.Moves[1].Out {
		t.Errorf("moves in trust: %+v", st.Moves)
	}
	if *revoked != 1 || *trustCancelled != 1 {
		t.Errorf("housing was told to revoke %d times, to cancel the trust %d times", *revoked, *trustCancelled)
	}
	if o, err := s.Cases.Order(t.Context(), s.Pool, accept.ID); err != nil || o.State != "cancelled" {
		t.Errorf("the order at the counter is %s, %v", o.State, err)
	}
	closed := officetest.Sent[message.BillClosedBody](s.Office, message.BillClosed)
	if !slices.Contains(closed, message.BillClosedBody{Bill: fee.ID, State: billing.Cancelled}) {
		t.Errorf("the hall was not told that the fee bill is off: %+v", closed)
	}
	var kinds []string
	for _, d := range officetest.Sent[message.Document](s.Office, message.DocumentState) {
		kinds = append(kinds, d.Kind+" "+d.State)
	}
	if slices.Sort(kinds); !slices.Equal(kinds, []string{"contract cancelled", "trust cancelled"}) {
		t.Errorf("papers that the hall was told of: %v", kinds)
	}
	if got := s.told("sms.withdrawn"); !slices.Contains(got, "s1") || !slices.Contains(got, "b1") {
		t.Errorf("told of the withdrawal: %v", got)
	}
}

// Withdrawn while departments work: what they hold is theirs no longer, and what was not begun is not undone.
func TestWithdrawnDuringPreparation(t *testing.T) {
	s, app := newSale(t, "commercial")
	s.Cases.On("housing.contract.push", officetest.Answer(casework.Result{Pending: true}))
	revoked := s.calls("housing.contract.revoke")
	s.Submit(app)
	s.Work()
	filing := s.Need(s.id, "filing-push")
	s.withdraw()
	s.wantEnd(casework.Withdrawn)
	if *revoked != 0 {
		t.Error("a contract that was never filed was revoked")
	}
	if err := s.settle(filing.ID, says("pass")); err == nil {
		t.Error("the answer to a cancelled order was taken")
	}
	s.wantEnd(casework.Withdrawn)
}

func TestWithdrawnTwice(t *testing.T) {
	s := prepared(t, "none")
	s.confirmTax()
	s.Pay(s.id, "tax")
	s.withdraw()
	s.FromHall(message.ApplicationWithdrawn, s.id, message.Withdrawn{App: s.id, Reason: "再说一次", By: "s1,b1"})
	s.wantEnd(casework.Withdrawn)
	s.wantRefunded("tax")
	if why := s.now().Facts.WhyClosed; why != "不想卖了" {
		t.Errorf("reason is %q", why)
	}
}

// What the parties paid in part goes back as well, though the flow never saw the whole.
func TestPartOfTheMoneyGoesBack(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("tax.assessment.push", func(context.Context, *casework.Case, casework.Order) (casework.Result, error) {
		return s.Cases.Assessed(casework.AssessedTax{Number: "T1", Total: 300_00, Lines: []message.TaxLine{
			{Tax: "契税", Payer: message.Buyer, Amount: 200_00}, {Tax: "个人所得税", Payer: message.Seller, Amount: 100_00}}}), nil
	})
	s.Submit(app)
	s.Work()
	s.confirmTax()
	bills := s.bills("tax", billing.Open)
	if len(bills) != 2 {
		t.Fatalf("%d tax bills for two payers", len(bills))
	}
	s.notify(s.payment(bills[0].Message()))
	c := s.now()
	half := casework.Deposit{Case: c.No, Agreement: c.Facts.Agreement, Voucher: "V1", Amount: app.Trust.DownPayment / 2, At: s.Clock.Now()}
	s.Do(func(ctx context.Context, tx pgx.Tx) error { return s.Cases.Deposited(ctx, tx, half) })
	s.Need(s.id, "deposit")
	s.withdraw()
	s.wantEnd(casework.Withdrawn)
	s.wantRefunded("tax")
	if st := s.statement(); st.Moves[len(st.Moves)-1].Out != half.Amount {
		t.Errorf("moves in trust: %+v", st.Moves)
	}
}

// Refused by any one in pre-processing: the others are cancelled, the notice says why, money and unit are given back.
func TestRefusedByADepartment(t *testing.T) {
	s, app := newSale(t, "commercial")
	s.Cases.On("registry.survey.push", officetest.Answer(casework.Result{Pending: true}))
	s.Cases.On("bank.loan.evaluate", officetest.Answer(casework.Result{
		Data: map[string]any{"outcome": "refuse"}, Against: "买方信用不符合贷款条件", Opinion: "买方信用不符合贷款条件"}))
	s.Submit(app)
	s.Work()
	s.wantEnd(casework.Refused)
	if p := s.paper(papers.RejectionKind); p.Title != "不予受理告知书" {
		t.Errorf("paper %q", p.Title)
	}
	if why := s.now().Facts.WhyClosed; why != "买方信用不符合贷款条件" {
		t.Errorf("reason %q", why)
	}
	if len(s.told("sms.refuse")) == 0 || !s.past("买方信用不符合贷款条件") {
		t.Error("the parties were not told why")
	}
	orders, err := s.Cases.Orders(t.Context(), s.Pool, s.id)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range orders {
		if o.Node == "survey-push" && o.State != "cancelled" {
			t.Errorf("the survey is %s", o.State)
		}
	}
}

// Refused before anything was checked well: a failed check is a refusal with its reason.
func TestRefusedByACheck(t *testing.T) {
	s, app := newSale(t, "none")
	s.Cases.On("bigdata.identity.verify", officetest.Answer(casework.Result{Data: map[string]any{"outcome": "fail"}, Against: "卖方身份：姓名与证件号码不一致"}))
	s.Submit(app)
	s.Work()
	s.wantEnd(casework.Refused)
	if why := s.now().Facts.WhyClosed; why != "卖方身份：姓名与证件号码不一致" {
		t.Errorf("reason %q", why)
	}
	s.paper(papers.RejectionKind)
}

func TestRefusedAtReview(t *testing.T) {
	s := inReview(t, "commercial")
	s.decide("first", "first-review", casework.Decision{Outcome: "refuse", Opinion: "存在尚未解决的权属争议"})
	s.wantEnd(casework.Refused)
	s.wantRefunded("tax", "fee")
	if p := s.paper(papers.RefusalKind); p.Title != "不予登记告知书" {
		t.Errorf("paper %q", p.Title)
	}
	if why := s.now().Facts.WhyClosed; why != "存在尚未解决的权属争议" {
		t.Errorf("reason %q", why)
	}
	if st := s.statement(); st.State != trust.Cancelled {
		t.Errorf("trust account is %s", st.State)
	}
}

// A refusal needs its reason, a correction its materials, and only what the flow offers can be chosen.
func TestDecisionsThatSayTooLittle(t *testing.T) {
	s := inReview(t, "none")
	o, first := s.Need(s.id, "first-review"), s.Person("first")
	if _, err := s.Cases.Claim(t.Context(), first, o.ID); err != nil {
		t.Fatal(err)
	}
	for _, d := range []casework.Decision{{Outcome: "refuse", Opinion: " "}, {Outcome: "back"}, {Outcome: "correct"}, {Outcome: "entered"}, {Outcome: ""}} {
		if err := s.Cases.Decide(t.Context(), first, o.ID, d); err == nil {
			t.Errorf("%+v was taken", d)
		}
	}
	s.Need(s.id, "first-review")
}

// Each wait of the parties has its limit; what was paid until then goes back (domain: life of a case).
func TestLimitsOfTheParties(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		upTo  func(s *sale)
		after time.Duration
		why   string
		paid  []string
	}{
		{"tax is not confirmed", func(s *sale) { s.Pay(s.id, "fee"); s.Pay(s.id, "trust") }, 11 * day, "逾期没有确认税款", []string{"fee"}},
		{"tax is not paid", func(s *sale) { s.confirmTax(); s.Pay(s.id, "fee"); s.Pay(s.id, "trust") }, 11 * day, "逾期没有缴税款", []string{"fee"}},
		{"the fee is not paid", func(s *sale) { s.confirmTax(); s.Pay(s.id, "tax"); s.Pay(s.id, "trust") }, 11 * day, "逾期没有缴登记费", []string{"tax"}},
		{"the down payment does not come", func(s *sale) { s.confirmTax(); s.Pay(s.id, "tax"); s.Pay(s.id, "fee") }, 11 * day, "首付款逾期没有存入托管账户", []string{"tax", "fee"}},
		{"nobody comes to the counter", (*sale).payAll, 31 * day, "逾期没有到窗口核对原件", []string{"tax", "fee"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := prepared(t, "none")
			tt.upTo(s)
			s.Later(tt.after - 2*day)
			if c := s.now(); c.State != casework.Running || c.Facts.WhyClosed != "" {
				t.Fatalf("two days before its time the case is %s: %s", c.State, c.Facts.WhyClosed)
			}
			s.Later(2 * day)
			s.wantEnd(casework.Lapsed)
			s.wantRefunded(tt.paid...)
			if why := s.now().Facts.WhyClosed; why != tt.why {
				t.Errorf("reason %q, want %q", why, tt.why)
			}
		})
	}
}

// The application may come twice by the ferry: one case, one number.
func TestSubmittedTwice(t *testing.T) {
	s := prepared(t, "none")
	c := s.now()
	s.FromHall(message.ApplicationSubmitted, s.id, message.Submitted{Application: c.App, At: s.Clock.Now()})
	if again := s.now(); again.No != c.No || again.Version != c.Version {
		t.Errorf("case %s became %s", c.No, again.No)
	}
	opened := sentOf[message.CaseOpenedBody](s, message.CaseOpened, func(b message.CaseOpenedBody) uuid.UUID { return b.App })
	if len(opened) != 1 {
		t.Errorf("the hall was told %d times that the case is open", len(opened))
	}
}
