package connect_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"yichuang/internal/democity"
	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/connect"
	"yichuang/internal/office/officetest"
)

// departments answers what is asked through the big-data platform; whatever else is sent is taken.
type departments struct {
	mu     sync.Mutex
	asked  map[spec.Operation]int
	answer map[spec.Operation]any // what out becomes
	fail   error
}

func (d *departments) Call(_ context.Context, op spec.Operation, _ exchange.Route, _ string, in, out any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked[op]++
	if d.fail != nil {
		return d.fail
	}
	switch f := d.answer[op].(type) {
	case nil:
	case func(any) any:
		reflect.ValueOf(out).Elem().Set(reflect.ValueOf(f(in)))
	default:
		reflect.ValueOf(out).Elem().Set(reflect.ValueOf(f))
	}
	return nil
}

func (d *departments) of(op spec.Operation) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked[op]
}

// accepted is a case that was just accepted in an office whose entries go through the room, with a home that one person sells.
func accepted(t *testing.T, change func(*message.Application)) (*officetest.Office, *connect.Room, *departments, *casework.Case) {
	t.Helper()
	t.Parallel()
	o := officetest.New(t)
	x, err := exchange.New(exchange.Options{Pool: o.Pool, Keyring: o.Keys(), Clock: o.Clock, Log: slog.New(slog.DiscardHandler), Audit: o.Audit})
	if err != nil {
		t.Fatal(err)
	}
	d := &departments{asked: map[spec.Operation]int{}, answer: map[spec.Operation]any{
		spec.BigdataPlaceQuery: spec.BigdataPlaceQueryResponse{Found: true, State: spec.PlaceStateCurrent, Standard: "x"}}}
	room := connect.New(connect.Parts{Pool: o.Pool, Keys: o.Keys(), Clock: o.Clock, Log: slog.New(slog.DiscardHandler), Catalog: o.Catalog, Cases: o.Cases, Register: o.Register, Trust: o.Trust,
		Door: o.Door, Out: d, In: exchange.NewServer(x), Blobs: o.Blobs, Jobs: o})
	officetest.GoodDepartments(o.Cases, o.Clock, func(op string, act casework.Act) {
		if op != "registry.entry.push" {
			o.Cases.On(op, act)
		}
	})
	i := slices.IndexFunc(o.City.Contracts, func(k democity.Contract) bool {
		return k.District != democity.DeskDistrict && len(k.Sellers) == 1 && len(k.Buyers) == 1 && len(k.Loan) < 2
	})
	app := o.Application(i)
	app.Loan = message.Loan{Kind: "none"} // paid in full, so that nothing but the parties is in question
	app.Trust.DownPayment = app.Contract.Price
	if change != nil {
		change(&app)
	}
	c := o.Submit(app)
	o.Work()
	sent := officetest.Sent[message.Assessment](o, message.AssessmentReady)
	tax := sent[len(sent)-1]
	for _, ref := range []string{"s1", "b1"} {
		o.FromHall(message.TaxConfirmed, c.ID, message.TaxDecision{App: c.ID, Assessment: tax.Number, Round: tax.Round, By: ref})
	}
	for _, kind := range []string{"tax", "fee", "trust"} {
		o.Pay(c.ID, kind)
	}
	o.Decide(o.Person("window"), o.Need(c.ID, "accept"), casework.Decision{Outcome: "pass", Values: map[string]string{"compared": "yes"}})
	return o, room, d, o.Case(c.ID)
}

// ask tells the departments to check the people of the accepted case, as the queue would.
func ask(t *testing.T, o *officetest.Office) error {
	t.Helper()
	i := slices.IndexFunc(o.Spread, func(s casework.Tidings) bool { return s.What == casework.PeopleToCheck })
	if i < 0 {
		t.Fatalf("the acceptance asks nobody: %v", o.Spread)
	}
	return o.Cases.Tell(t.Context(), o.Spread[i])
}

func checks(t *testing.T, o *officetest.Office, id uuid.UUID) map[string]casework.Check {
	t.Helper()
	list, err := o.Cases.Checks(t.Context(), o.Pool, id)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]casework.Check{}
	for _, c := range list {
		out[c.Code] = c
	}
	return out
}

func review(o *officetest.Office, id uuid.UUID) {
	for _, step := range []struct{ login, node string }{{"first", "first-review"}, {"second", "second-review"}} {
		o.Decide(o.Person(step.login), o.Need(id, step.node), casework.Decision{Outcome: "pass", Opinion: "同意"})
	}
}

// dies makes the register of deaths know one person.
func dies(who string) func(any) any {
	return func(in any) any {
		if in.(spec.BigdataDeathQueryRequest).Person.DocumentNumber != who {
			return spec.BigdataDeathQueryResponse{}
		}
		return spec.BigdataDeathQueryResponse{Found: true, CertificateNo: "SW0001", DiedOn: "2026-11-20"}
	}
}

// Accepted, a case is checked with everybody who knows something, and goes its way when nothing is found.
func TestAcceptedCaseIsChecked(t *testing.T) {
	o, _, d, c := accepted(t, nil)
	if err := ask(t, o); err != nil {
		t.Fatal(err)
	}
	got := checks(t, o, c.ID)
	for _, code := range []string{"death.s1", "death.b1", "place"} {
		if got[code].Result != "pass" || got[code].Origin == "" {
			t.Errorf("%s: %+v", code, got[code])
		}
	}
	if d.of(spec.BigdataDeathQuery) != 2 || d.of(spec.BigdataPlaceQuery) != 1 || d.of(spec.BigdataLicenseQuery) != 0 {
		t.Errorf("asked %v", d.asked)
	}
	review(o, c.ID)
	if d.of(spec.RegistryEntryPush) != 1 || d.of(spec.BigdataDeathQuery) != 4 {
		t.Errorf("before the entry: asked %v", d.asked)
	}
}

// A seller who has died stops the case with that name, once, until the second reviewer has judged it.
func TestDeathStopsAnAcceptedCase(t *testing.T) {
	o, _, d, c := accepted(t, nil)
	seller := c.App.PartiesOf(message.Seller)[0]
	d.answer[spec.BigdataDeathQuery] = dies(seller.Document.Number)
	for range 2 { // told again after a crash
		if err := ask(t, o); err != nil {
			t.Fatal(err)
		}
	}
	o.Work()
	c = o.Case(c.ID)
	if len(c.Facts.Incidents) != 1 || c.Facts.Against != "当事人死亡" || strings.Contains(c.Facts.Incidents[0].Text, seller.Name) {
		t.Errorf("against the case: %q, %+v", c.Facts.Against, c.Facts.Incidents)
	}
	if got := checks(t, o, c.ID)["death.s1"]; got.Result != "fail" || !strings.Contains(got.Source, "2026-11-20") {
		t.Errorf("check: %+v", got)
	}
	review(o, c.ID)
	if d.of(spec.RegistryEntryPush) != 0 {
		t.Error("it was sent to be entered")
	}
	o.Decide(o.Person("second"), o.Need(c.ID, "incident-decide"), casework.Decision{Outcome: "clear", Opinion: "登记有误，本人到场"})
	if d.of(spec.RegistryEntryPush) != 1 {
		t.Errorf("after it was judged: open %v", o.Open(c.ID))
	}
}

// Somebody who dies between acceptance and entry is found at the last moment: nothing is sent to be entered.
func TestDeathBeforeTheEntry(t *testing.T) {
	o, _, d, c := accepted(t, nil)
	if err := ask(t, o); err != nil {
		t.Fatal(err)
	}
	d.answer[spec.BigdataDeathQuery] = dies(c.App.PartiesOf(message.Buyer)[0].Document.Number)
	review(o, c.ID)
	c = o.Case(c.ID)
	o.Need(c.ID, "entry-suspended")
	if d.of(spec.RegistryEntryPush) != 0 || !strings.Contains(c.Facts.Against, "死亡") {
		t.Errorf("against the case: %q, asked %v", c.Facts.Against, d.asked)
	}
}

// While nobody answers, nothing is entered, and the check comes again.
func TestSilenceBeforeTheEntry(t *testing.T) {
	o, _, d, c := accepted(t, nil)
	d.fail = exchange.ErrUnavailable
	if err := ask(t, o); !errors.Is(err, exchange.ErrUnavailable) {
		t.Errorf("the check is lost: %v", err)
	}
	review(o, c.ID)
	if d.of(spec.RegistryEntryPush) != 0 || o.Case(c.ID).Facts.Against != "" {
		t.Errorf("asked %v", d.asked)
	}
	d.fail = nil
	o.Retry()
	if d.of(spec.RegistryEntryPush) != 1 {
		t.Errorf("when they answer again: open %v", o.Open(c.ID))
	}
}

// What an agent may do is in the notary's certificate: another agent, another home, one that was revoked do not pass.
func TestAgentsAuthority(t *testing.T) {
	agent := message.Agent{Name: "代办人", Document: land.Document{Kind: land.DocIDCard, Number: "320102197001010018"}}
	o, room, d, c := accepted(t, func(app *message.Application) { app.Parties[0].Agent = &agent })
	if err := ask(t, o); err != nil {
		t.Fatal(err)
	}
	if got := checks(t, o, c.ID)["notary.s1"]; got.Result != "warn" {
		t.Errorf("before it was asked for: %+v", got)
	}
	act := spec.BigdataNotaryQueryResponse{Found: true, Kind: spec.NotaryKindAuthorisation, State: spec.NotaryStateValid, UnitCode: string(c.Unit),
		Agents: []spec.Person{{Name: agent.Name, DocumentKind: spec.DocumentKindIDCard, DocumentNumber: agent.Document.Number}}}
	revoked, another, elsewhere := act, act, act
	revoked.State = spec.NotaryStateRevoked
	another.Agents = []spec.Person{{Name: "别人", DocumentKind: spec.DocumentKindIDCard, DocumentNumber: agent.Document.Number}}
	elsewhere.UnitCode = "321202001003GB00012F00030504"
	for name, tt := range map[string]struct {
		act  spec.BigdataNotaryQueryResponse
		want string
	}{"good": {act, "pass"}, "revoked": {revoked, "fail"}, "another agent": {another, "fail"}, "another home": {elsewhere, "fail"}} {
		d.answer[spec.BigdataNotaryQuery] = tt.act
		a, err := room.Ask(t.Context(), connect.Question{What: connect.AskNotary, Purpose: "核对代理", Number: "(2026)公证1号"}, c)
		if err != nil || a.From != "公证机构" || a.At.IsZero() || len(a.Facts) == 0 {
			t.Errorf("%s: %+v %v", name, a, err)
		}
		if got := checks(t, o, c.ID)["notary.s1"]; got.Result != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	d.answer[spec.BigdataNotaryQuery] = nil
	if a, err := room.Ask(t.Context(), connect.Question{What: connect.AskNotary, Purpose: "核对代理", Number: "(2026)公证2号"}, c); err != nil || a.None == "" {
		t.Errorf("none: %+v %v", a, err)
	}
}

// Every question of the page has an asker, and none shows a name or number of a party in the clear.
func TestQuestionsOfTheStaff(t *testing.T) {
	_, room, d, c := accepted(t, nil)
	seller := c.App.PartiesOf(message.Seller)[0]
	who := spec.Person{Name: seller.Name, DocumentKind: spec.DocumentKindIDCard, DocumentNumber: seller.Document.Number}
	d.answer[spec.BigdataHouseholdQuery] = spec.BigdataHouseholdQueryResponse{Found: true, HouseholdNo: "H1", Members: []spec.Member{{Person: who, Relation: spec.RelationSelf, Birthday: "1970-01-01"}}}
	d.answer[spec.BigdataJudgmentQuery] = spec.BigdataJudgmentQueryResponse{Judgments: []spec.Judgment{{CaseRef: "(2026)1号", Court: "法院", DecidedOn: "2026-01-01", Units: []string{string(c.Unit)}}}}
	d.answer[spec.BigdataLandQuery] = spec.BigdataLandQueryResponse{Found: true, ContractNo: "CR1", Supply: spec.SupplyWayGrant}
	d.answer[spec.BigdataDeathQuery] = dies(seller.Document.Number)
	for what, rows := range map[connect.Inquiry]int{connect.AskHousehold: 2, connect.AskDeaths: 2, connect.AskBirth: 0, connect.AskNotary: 0, connect.AskJudgments: 1, connect.AskAssets: 0,
		connect.AskLand: 0, connect.AskPlace: 0, connect.AskLicence: 0} {
		a, err := room.Ask(t.Context(), connect.Question{What: what, Purpose: "核对", Number: "文书-0001"}, c)
		if err != nil || len(a.Rows) != rows || rows == 0 && len(a.Facts) == 0 && a.None == "" {
			t.Errorf("%s: %+v %v", what, a, err)
		}
		text := strings.Join(slices.Concat(a.Rows...), " ")
		if strings.Contains(text, seller.Name) || strings.Contains(text, seller.Document.Number) {
			t.Errorf("%s shows %s", what, text)
		}
	}
	if _, err := room.Ask(t.Context(), connect.Question{What: "moon"}, c); err == nil {
		t.Error("the moon answers")
	}
}
