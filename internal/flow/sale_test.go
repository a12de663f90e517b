package flow

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

const saleFolder = "../../catalog/flows/"

// sale is the definition that ships.
func sale(t testing.TB) *Definition {
	t.Helper()
	f, err := os.Open(saleFolder + "existing-home-sale.bpmn")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := Parse(f)
	var wrong *ParseError
	if errors.As(err, &wrong) {
		for _, p := range wrong.Problems {
			t.Errorf("line %d %s: %s", p.Line, p.Element, p.Message)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// seller's facts: a combined loan of two parts, all utilities, certificate by post.
func saleFacts() map[string]any {
	return map[string]any{
		"caseNo": "TZ-261124-00412-6", "district": "321202", "channel": "hall", "loanKind": "combined",
		"loanParts":    []map[string]any{{"kind": "commercial", "bank": "b1", "amount": 50_000_000}, {"kind": "fund", "bank": "f1", "amount": 30_000_000}},
		"utilities":    []map[string]any{{"kind": "water"}, {"kind": "power"}, {"kind": "gas"}, {"kind": "tv"}},
		"deliveryMode": "ems", "useTrust": true, "feeDue": 8000,
	}
}

func with(facts map[string]any, name string, value any) map[string]any {
	m := maps.Clone(facts)
	m[name] = value
	return m
}

// Stages of a sale that goes well. Each expects the works that the one before has opened.

func checksPass(r *driver) {
	r.t.Helper()
	for _, n := range []string{"check-identity", "check-marriage", "check-title", "check-houses", "check-contract"} {
		r.finish(n, "pass")
	}
}

func prepare(r *driver) {
	r.t.Helper()
	checksPass(r)
	r.wantOpen("filing-push", "survey-push", "assessment-push", "trust-open", "loan-bank", "loan-fund")
	r.finish("filing-push", "pass")
	r.finish("survey-push", "pass")
	r.finish("assessment-push", "pass", "taxDue", 1_280_000)
	r.finish("trust-open", "pass")
	r.finish("loan-fund", "pass")
	r.finish("loan-bank", "pass")
	r.wantOpen("tax-confirm", "pay-fee", "deposit", "accept")
}

func payAndAccept(r *driver) {
	r.t.Helper()
	prepare(r)
	r.do(MessageEvent("tax.confirmed", nil))
	r.finish("pay-fee", "")
	r.do(MessageEvent("trust.deposit", nil))
	r.finish("pay-tax", "")
	r.finish("accept", "pass")
	r.wantOpen("first-review")
}

func review(r *driver) {
	r.t.Helper()
	payAndAccept(r)
	r.finish("first-review", "pass")
	r.finish("second-review", "pass")
	r.wantOpen("entry-push")
}

func TestSaleGoesWell(t *testing.T) {
	r := drive(t, sale(t), saleFacts())
	review(r)
	r.finish("entry-push", "entered")
	r.wantOpen("certificate-make", "loan-arrival", "housing-tell", "tax-tell", "utility", "utility", "utility", "utility", "delivery-ems", "portal")
	if err := r.try(MessageEvent("application.withdrawn", nil)); !errors.Is(err, ErrNoCatch) {
		t.Errorf("withdrawal after the entry gave %v", err)
	}
	for _, n := range []string{"certificate-make", "loan-arrival", "payout", "housing-tell", "tax-tell", "utility", "utility", "utility", "utility", "delivery-ems", "portal"} {
		r.finish(n, "")
	}
	r.wantOpen("archive")
	r.finish("archive", "")
	r.wantEnd("done")
	if want := []string{"sheet", "accept-notice", "certificate-send"}; !slices.Equal(r.sent, want) {
		t.Errorf("sent %v, want %v", r.sent, want)
	}
	if len(r.canceled) != 2 { // the two waits that messages ended
		t.Errorf("cancelled %v", r.canceled)
	}
}

func TestSaleInCashAllElectronicWithoutTrust(t *testing.T) {
	r := drive(t, sale(t), map[string]any{"allElectronic": true, "deliveryMode": "none"})
	checksPass(r)
	r.wantOpen("filing-push", "survey-push", "assessment-push")
	for _, n := range []string{"filing-push", "survey-push", "assessment-push"} {
		r.finish(n, "pass")
	}
	r.wantOpen("tax-confirm")
	r.finish("tax-confirm", "") // nothing to pay
	r.finish("first-review", "pass")
	r.finish("second-review", "pass")
	r.finish("entry-push", "entered")
	r.wantOpen("certificate-make", "housing-tell", "tax-tell", "portal")
}

func TestSaleOutcomes(t *testing.T) {
	d := sale(t)
	type c struct {
		name string
		run  func(*driver)
		open []string // works that must be open then
		end  string   // or the end, after undoing what was done
		undo []string
		sent string
		by   string // refusedBy
	}
	correct := func(stage func(*driver), ask, wait string, again ...string) c {
		return c{name: "correction for " + ask, run: func(r *driver) {
			stage(r)
			r.finish(ask, "correct")
			r.workAt(wait)
			r.finish(wait, "")
		}, open: again}
	}
	refuse := func(stage func(*driver), node, outcome, by string, undo ...string) c {
		return c{name: node + " refuses", run: func(r *driver) { stage(r); r.finish(node, outcome) }, end: "refused", undo: undo, sent: "refuse-notice", by: by}
	}
	lapse := func(stage func(*driver), ask, timer string, undo ...string) c {
		return c{name: timer + " runs out", run: func(r *driver) {
			stage(r)
			if ask != "" {
				r.finish(ask, "correct")
			}
			r.fire(timer)
		}, end: "lapsed", undo: undo, sent: "lapse-notice"}
	}
	ready := []string{"filing-push", "survey-push", "assessment-push", "trust-open", "loan-bank", "loan-fund"}
	waits := []string{"tax-confirm", "pay-fee", "deposit", "accept"}
	held := []string{"contract-revoke", "trust-refund", "trust-cancel"}
	cases := []c{
		{name: "a check fails", run: func(r *driver) {
			for _, n := range []string{"check-identity", "check-marriage", "check-houses", "check-contract"} {
				r.finish(n, "pass")
			}
			r.finish("check-title", "fail")
		}, end: "refused", sent: "refuse-notice"},
		{name: "a check leaves doubts", run: func(r *driver) {
			for _, n := range []string{"check-identity", "check-marriage", "check-houses", "check-contract"} {
				r.finish(n, "pass")
			}
			r.finish("check-title", "warn")
		}, open: ready},
		{name: "checks are slow", run: func(r *driver) { r.fire("checks-slow"); checksPass(r) }, open: ready},
		{name: "a department is silent", run: func(r *driver) { checksPass(r); r.fire("filing-slow"); r.fire("loan-slow") },
			open: append([]string{"filing-silent", "loan-silent"}, ready...)},
		{name: "the silent department answers", run: func(r *driver) {
			checksPass(r)
			r.fire("filing-slow")
			r.finish("filing-push", "correct")
		}, open: []string{"filing-correction", "survey-push", "assessment-push", "trust-open", "loan-bank", "loan-fund"}},

		correct(checksPass, "filing-push", "filing-correction", ready...),
		correct(checksPass, "survey-push", "survey-correction", ready...),
		correct(checksPass, "assessment-push", "assessment-correction", ready...),
		correct(checksPass, "trust-open", "trust-correction", ready...),
		correct(checksPass, "loan-bank", "loan-correction", ready...),
		correct(checksPass, "loan-fund", "loan-correction", ready...),
		correct(prepare, "accept", "accept-correction", waits...),
		correct(payAndAccept, "first-review", "review-correction", "first-review"),
		{name: "corrected twice", run: func(r *driver) {
			checksPass(r)
			for range 2 {
				r.finish("filing-push", "correct")
				r.finish("filing-correction", "")
			}
		}, open: ready},

		refuse(checksPass, "filing-push", "refuse", "housing"),
		refuse(checksPass, "survey-push", "refuse", "registry"),
		refuse(checksPass, "assessment-push", "refuse", "tax"),
		refuse(checksPass, "trust-open", "refuse", "bank"),
		refuse(checksPass, "loan-bank", "refuse", "bank"),
		refuse(checksPass, "loan-fund", "refuse", "fund"),
		refuse(prepare, "accept", "refuse", "window", "contract-revoke", "trust-cancel"),
		refuse(payAndAccept, "first-review", "refuse", "registry", held...),
		refuse(func(r *driver) { payAndAccept(r); r.finish("first-review", "pass") }, "second-review", "refuse", "registry", held...),
		refuse(review, "entry-push", "seized", "registry", held...),
		refuse(func(r *driver) { review(r); r.finish("entry-push", "suspended") }, "entry-suspended", "refuse", "registry", held...),
		refuse(func(r *driver) { prepare(r); disputeThrice(r) }, "tax-counter", "refuse", "tax", "contract-revoke", "trust-cancel"),

		lapse(checksPass, "filing-push", "filing-overdue"),
		lapse(checksPass, "survey-push", "survey-overdue"),
		lapse(checksPass, "assessment-push", "assessment-overdue"),
		lapse(checksPass, "trust-open", "trust-overdue"),
		lapse(checksPass, "loan-bank", "loan-overdue"),
		lapse(prepare, "accept", "accept-overdue", "contract-revoke", "trust-cancel"),
		lapse(prepare, "", "accept-late", "contract-revoke", "trust-cancel"),
		lapse(prepare, "", "tax-unanswered", "contract-revoke", "trust-cancel"),
		lapse(prepare, "", "pay-fee-late", "contract-revoke", "trust-cancel"),
		lapse(prepare, "", "deposit-late", "contract-revoke", "trust-cancel"),
		lapse(func(r *driver) { prepare(r); r.finish("deposit", ""); r.finish("tax-confirm", "") }, "", "pay-tax-late", held...),
		lapse(payAndAccept, "first-review", "review-overdue", held...),

		{name: "tax disputed once", run: func(r *driver) { prepare(r); r.do(MessageEvent("tax.disputed", nil)); r.finish("tax-reassess", "") }, open: waits},
		{name: "tax disputed three times", run: func(r *driver) { prepare(r); disputeThrice(r) }, open: []string{"tax-counter", "pay-fee", "deposit", "accept"}},
		{name: "tax settled at the counter", run: func(r *driver) { prepare(r); disputeThrice(r); r.finish("tax-counter", "confirmed") },
			open: []string{"pay-tax", "pay-fee", "deposit", "accept"}},

		{name: "sent back to the window", run: func(r *driver) { payAndAccept(r); r.finish("first-review", "back") }, open: []string{"first-recheck"}},
		{name: "checked again", run: func(r *driver) { payAndAccept(r); r.finish("first-review", "back"); r.finish("first-recheck", "") },
			open: []string{"first-review"}},
		{name: "second sends back to first", run: func(r *driver) { payAndAccept(r); r.finish("first-review", "pass"); r.finish("second-review", "back") },
			open: []string{"first-review"}},
		{name: "second asks for a correction", run: func(r *driver) {
			payAndAccept(r)
			r.finish("first-review", "pass")
			r.finish("second-review", "correct")
			r.finish("review-correction", "")
		}, open: []string{"first-review"}},
		{name: "entry tried again", run: func(r *driver) { review(r); r.finish("entry-push", "suspended"); r.finish("entry-suspended", "retry") },
			open: []string{"entry-push"}},
		{name: "suspended entry reviewed again", run: func(r *driver) { review(r); r.finish("entry-push", "suspended"); r.finish("entry-suspended", "review") },
			open: []string{"first-review"}},

		{name: "withdrawn before anything is done", run: func(r *driver) { r.do(MessageEvent("application.withdrawn", nil)) }, end: "withdrawn", sent: "withdraw-notice"},
		{name: "withdrawn after paying", run: func(r *driver) { payAndAccept(r); r.do(MessageEvent("application.withdrawn", nil)) },
			end: "withdrawn", undo: held, sent: "withdraw-notice"},

		{name: "restricted while reviewed", run: func(r *driver) {
			payAndAccept(r)
			r.do(MessageEvent("unit.restricted", map[string]any{"restrictionKind": "seizure"}))
			r.finish("first-review", "pass")
			r.finish("second-review", "pass")
		}, open: []string{"restriction-decide"}},
		{name: "released", run: func(r *driver) {
			payAndAccept(r)
			r.do(MessageEvent("unit.restricted", nil))
			r.finish("first-review", "pass")
			r.finish("second-review", "pass")
			r.do(MessageEvent("unit.released", nil))
		}, open: []string{"entry-push"}},
		{name: "two restrictions, both released", run: func(r *driver) {
			payAndAccept(r)
			r.do(MessageEvent("unit.restricted", nil))
			r.do(MessageEvent("unit.restricted", nil))
			r.do(MessageEvent("unit.released", nil))
			r.finish("first-review", "pass")
			r.finish("second-review", "pass")
		}, open: []string{"entry-push"}},
		{name: "two restrictions, one cleared", run: func(r *driver) {
			payAndAccept(r)
			r.do(MessageEvent("unit.restricted", nil))
			r.do(MessageEvent("unit.restricted", nil))
			r.finish("first-review", "pass")
			r.finish("second-review", "pass")
			r.finish("restriction-decide", "clear")
		}, open: []string{"restriction-decide"}},
		refuse(func(r *driver) { review(r); r.do(MessageEvent("unit.restricted", nil)) }, "restriction-decide", "refuse", "registry", held...),
		{name: "not released in time", run: func(r *driver) {
			payAndAccept(r)
			r.do(MessageEvent("unit.restricted", nil))
			r.fire("restriction-late")
		},
			end: "refused", undo: held, sent: "refuse-notice", by: "registry"},

		{name: "a party died, the case goes on", run: func(r *driver) {
			payAndAccept(r)
			r.do(MessageEvent("case.incident", nil))
			r.finish("incident-decide", "clear")
		},
			open: []string{"first-review"}},
		{name: "the entry waits until a death is judged", run: func(r *driver) {
			payAndAccept(r)
			r.do(MessageEvent("case.incident", nil))
			r.finish("first-review", "pass")
			r.finish("second-review", "pass")
		}, open: []string{"incident-decide"}},
		{name: "the entry goes on after it", run: func(r *driver) {
			payAndAccept(r)
			r.do(MessageEvent("case.incident", nil))
			r.finish("first-review", "pass")
			r.finish("second-review", "pass")
			r.finish("incident-decide", "clear")
		}, open: []string{"entry-push"}},
		refuse(func(r *driver) { payAndAccept(r); r.do(MessageEvent("case.incident", nil)) }, "incident-decide", "refuse", "registry", held...),

		{name: "the rest is slow after the entry", run: func(r *driver) { review(r); r.finish("entry-push", "entered"); r.fire("aftercare-slow") },
			open: []string{"aftercare-late", "certificate-make", "loan-arrival", "housing-tell", "tax-tell", "utility", "utility", "utility", "utility", "delivery-ems", "portal"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := drive(t, d, saleFacts())
			c.run(r)
			if c.end == "" {
				r.wantOpen(c.open...)
				return
			}
			undone := unwind(r)
			want := slices.Clone(c.undo)
			slices.Sort(want)
			if !slices.Equal(undone, want) {
				t.Errorf("undone %v, want %v", undone, want)
			}
			r.wantEnd(c.end)
			if !slices.Contains(r.sent, c.sent) || r.state.Data()["refusedBy"] != c.by {
				t.Errorf("sent %v, refused by %v", r.sent, r.state.Data()["refusedBy"])
			}
			paid := slices.Contains(r.sent, "sheet") && (r.state.Data()["taxPaid"] == true || r.state.Data()["feePaid"] == true)
			if paid != slices.Contains(r.sent, "bills-refund") {
				t.Errorf("bills refunded: %v, paid: %v", !paid, paid)
			}
		})
	}
}

func disputeThrice(r *driver) {
	r.t.Helper()
	for range 2 {
		r.do(MessageEvent("tax.disputed", nil))
		r.finish("tax-reassess", "", "taxDue", 900_000)
	}
	r.do(MessageEvent("tax.disputed", nil))
}

// unwind finishes whatever takes back, and lists it.
func unwind(r *driver) []string {
	r.t.Helper()
	var undone []string
	for len(r.state.Works) > 0 {
		n := r.state.Works[0].Node
		undone = append(undone, n)
		r.finish(n, "")
	}
	slices.Sort(undone)
	return undone
}

func TestSalePickUp(t *testing.T) {
	r := drive(t, sale(t), with(saleFacts(), "deliveryMode", "pickup"))
	review(r)
	r.finish("entry-push", "entered")
	r.workAt("pickup")
}

// The description beside the flow must name everything that a host has to know.
func TestSaleReadmeIsComplete(t *testing.T) {
	raw, err := os.ReadFile(saleFolder + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	want := func(kind, name string) {
		t.Helper()
		if name != "" && !strings.Contains(text, name) {
			t.Errorf("README does not name %s %s", kind, name)
		}
	}
	d := sale(t)
	for _, data := range d.Root.Data {
		want("data", data.Name)
	}
	for _, n := range d.Nodes() {
		if n.Kind.task() && n.Kind != KindRule {
			id := n.ID
			if strings.HasSuffix(id, "-silent") || strings.HasSuffix(id, "-correction") {
				id = strings.TrimSuffix(strings.TrimSuffix(id, "-silent"), "-correction")
			}
			want("work", id)
			want("form", n.Attr["form"])
			want("notice", n.Attr["notice"])
			want("operation", n.Attr["operation"])
			want("role", n.Attr["role"])
			want("department", n.Attr["department"])
			want("outcomes", strings.Join(n.Outcomes, " "))
			if n.Attr["stage"] == "" {
				t.Errorf("%s has no stage", n.ID)
			}
			if n.Kind != KindSend && n.Attr["limit"] == "" {
				t.Errorf("%s has no limit", n.ID)
			}
		}
		if n.Trigger.Kind == TriggerMessage {
			want("message", fmt.Sprintf("`%s`", n.Trigger.Name))
		}
		if n.Kind == KindEnd && n.parent == d.Root && n.Name != "" {
			want("end", "`"+n.ID+"`")
		}
	}
}
