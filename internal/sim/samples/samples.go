// Package samples writes, for each simulated system, requests that it can act on and requests that it has to refuse: what the vendor of a
// real system puts into the credentials of a conformance check (docs/interface/README.md, section 八).
//
// All comes from the invented city, so that the same seed gives the same samples. Values that are known only during a check are
// references, {{run}} or {{operation#/pointer}}. An operation without a sample here does with the published example.
package samples

import (
	"fmt"
	"slices"
	"strings"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// Sample is a request; Refusal is the code that it has to be refused with, empty if it has to be done.
type Sample struct {
	Operation spec.Operation `json:"operation"`
	Body      body           `json:"body"`
	Refusal   spec.Code      `json:"refusal,omitempty"`
}

// body is a request with references in it, which the types of the interface could not hold.
type body map[string]any

// with is the body with some fields set otherwise.
func (b body) with(changes body) body {
	out := body{}
	for name, value := range b {
		out[name] = value
	}
	for name, value := range changes {
		out[name] = value
	}
	return out
}

// ErrNone says that a city has nothing to make the samples of a system from.
type ErrNone struct{ System string }

func (e ErrNone) Error() string { return fmt.Sprintf("the city has no samples for %s", e.System) }

// For writes the samples of a system, in the order in which they make sense.
func For(c *democity.City, e wire.Endpoint) ([]Sample, error) {
	w := writer{c: c, e: e}
	if e.District == "" {
		w.pick("")
	} else {
		w.pick(e.District)
	}
	if w.contract == nil {
		return nil, ErrNone{e.Name}
	}
	make, ok := map[string]func() []Sample{
		"registry": w.registry, "housing": w.housing, "tax": w.tax, "bank": w.bank, "fund": w.fund,
		"bigdata": w.bigdata, "court": w.court, "utility": w.utility, "delivery": w.delivery, "channel": w.channel,
	}[e.Counterpart]
	if !ok {
		return []Sample{}, nil
	}
	return slices.DeleteFunc(make(), func(s Sample) bool { return !slices.Contains(e.Operations, s.Operation) }), nil
}

// writer has what the samples of one system are about.
type writer struct {
	c        *democity.City
	e        wire.Endpoint
	contract *democity.Contract // signed, not filed yet
	unit     *democity.Unit     // that the contract is about
}

// pick chooses a contract on a home that nothing stands against; "" is any district.
func (w *writer) pick(district string) {
	for i := range w.c.Contracts {
		k := &w.c.Contracts[i]
		if district != "" && k.District != district || len(k.Loan) == 0 || len(town.Restrictions(w.c, k.Unit)) > 0 {
			continue
		}
		w.contract = k
		w.unit, _ = w.c.Unit(k.Unit) // contracts are of units
		return
	}
}

// Numbers of this run.
const (
	caseNo  = "TZ-{{run}}-1"
	other   = "TZ-{{run}}-2"
	missing = "CONFORM-NONE-{{run}}"
)

func persons(holders []democity.Holder) []spec.Person {
	var out []spec.Person
	for _, h := range holders {
		out = append(out, town.Person(h.Name, h.Document))
	}
	return out
}

func (w *writer) buyer() spec.Person { return persons(w.contract.Buyers)[0] }

func (w *writer) seller() spec.Person { return persons(w.contract.Sellers)[0] }

// free finds another home of the district with a title and nothing against it.
func (w *writer) free() *democity.Title {
	return w.title(func(t *democity.Title) bool {
		return t.Unit != w.contract.Unit && len(town.Restrictions(w.c, t.Unit)) == 0
	})
}

// seized finds a home of the district that a court has seized.
func (w *writer) seized() *democity.Title {
	return w.title(func(t *democity.Title) bool {
		return slices.ContainsFunc(w.c.Seizures, func(s democity.Seizure) bool { return s.Unit == t.Unit && s.Queue == 0 })
	})
}

func (w *writer) title(fits func(*democity.Title) bool) *democity.Title {
	for i := range w.c.Titles {
		t := &w.c.Titles[i]
		if t.Present() && t.Cert() != "" && t.Unit.District() == w.unit.District && fits(t) {
			return t
		}
	}
	return nil
}

// elsewhere is a unit of another district.
func (w *writer) elsewhere() land.UnitCode {
	for i := range w.c.Units {
		if w.c.Units[i].District != w.unit.District {
			return w.c.Units[i].Code
		}
	}
	return w.unit.Code
}

func (w *writer) utility() []Sample {
	kind := spec.UtilityKind(strings.TrimPrefix(w.e.Name, "utility/"))
	paid, owing := w.accounts(string(kind))
	if paid == nil {
		return nil
	}
	u, _ := w.c.Unit(paid.Unit) // accounts are of units
	move := body{"workId": spec.WorkID{}, "caseNo": caseNo, "kind": kind, "accountNo": paid.Number, "unitCode": paid.Unit, "address": u.Address,
		"from": w.seller(), "to": []spec.Person{w.buyer()}, "titleCertificateNo": w.contract.Cert, "phone": "19900001234"}
	out := []Sample{
		{Operation: spec.UtilityAccountsQuery, Body: body{"kind": kind, "unitCode": paid.Unit, "address": u.Address}},
		{Operation: spec.UtilityArrearsQuery, Body: body{"kind": kind, "accountNo": paid.Number}},
		{Operation: spec.UtilityTransfer, Body: move},
		{Operation: spec.UtilityTransfer, Body: move.with(body{"accountNo": "000000000000"}), Refusal: "account-unknown"},
	}
	if owing != nil {
		out = append(out, Sample{Operation: spec.UtilityTransfer, Body: move.with(body{"accountNo": owing.Number, "unitCode": owing.Unit}), Refusal: "arrears"})
	}
	return out
}

// accounts finds one that is paid up and one that is not.
func (w *writer) accounts(kind string) (paid, owing *democity.Utility) {
	for i := range w.c.Utilities {
		a := &w.c.Utilities[i]
		switch {
		case a.Kind != kind:
		case a.Arrears > 0 && owing == nil:
			owing = a
		case a.Arrears == 0 && paid == nil:
			paid = a
		}
	}
	return paid, owing
}

func (w *writer) delivery() []Sample {
	contact := func(name, address string) spec.MailContact {
		return spec.MailContact{Name: name, Phone: "19900001234", Address: address}
	}
	order := body{"orderNo": "EMS-{{run}}", "caseNo": caseNo, "goods": "不动产权证书", "sender": contact("泰州市不动产登记中心", "泰州市海陵区"), "receiver": contact(w.buyer().Name, w.unit.Address)}
	return []Sample{
		{Operation: spec.EmsOrderCreate, Body: order},
		{Operation: spec.EmsTrackQuery, Body: body{"waybillNo": "{{ems.order.create#/waybillNo}}"}},
		{Operation: spec.EmsOrderCreate, Body: order.with(body{"orderNo": "EMS-{{run}}-2", "receiver": contact(w.buyer().Name, "香港特别行政区中环")}), Refusal: "out-of-area"},
	}
}

// photo is the beginning of a JPEG, which is what the simulated face check looks at.
var photo = []byte{0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 'J', 'F', 'I', 'F', 0x00}

func (w *writer) channel() []Sample {
	check := body{"checkNo": "FC-{{run}}", "person": w.buyer(), "image": photo, "scene": "sign"}
	return []Sample{
		{Operation: spec.SmsSend, Body: body{"messageNo": "SMS-{{run}}", "phone": "19900001234", "template": "code", "args": []spec.TemplateArg{{Name: "code", Value: "123456"}}, "text": "验证码 123456"}},
		{Operation: spec.FaceCheck, Body: check},
		{Operation: spec.FaceCheck, Body: check.with(body{"checkNo": "FC-{{run}}-2", "image": []byte("no picture")}), Refusal: "bad-image"},
	}
}
