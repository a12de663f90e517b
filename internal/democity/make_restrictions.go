package democity

import (
	"fmt"
	"time"

	"yichuang/internal/land"
)

// restrictions lays mortgages, seizures, objections and advance notices on units that no sale is planned for.
func (b *builder) restrictions() {
	for _, q := range quarters {
		d := newDice(b.Seed, "restrictions/"+q.code)
		free := b.freeUnits(d, q.code)
		next := func() *Title {
			u := free[0]
			free = free[1:]
			b.spoken[u.Code] = true
			return &b.Titles[b.payers[u.Code]]
		}
		for n := range q.units * 6 / 100 {
			b.mortgage(d, next(), n)
		}
		for n := range (q.units + 50) / 100 {
			b.seize(d, q, next(), n)
		}
		b.object(d, q, next())
		b.advance(d, q, next())
		b.presold(d, q)
	}
}

// freeUnits lists homes owned by grown-ups for 60 days or more with nothing planned, in a shuffled order.
func (b *builder) freeUnits(d dice, district string) []*Unit {
	var out []*Unit
	for i := range b.Units {
		u := &b.Units[i]
		if u.District != district || b.spoken[u.Code] {
			continue
		}
		if t := b.Titles[b.payers[u.Code]]; dayOf(t.On).Before(b.today.plus(-60).Time) {
			out = append(out, u)
		}
	}
	d.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func (b *builder) mortgage(d dice, t *Title, n int) {
	from := d.dayBetween(dayOf(t.On), dayOf(t.On).plus(45))
	bank := b.Banks[n%len(b.Banks)]
	m := Mortgage{
		Unit: t.Unit, Bank: bank.Code, Debtor: t.Holders[0].Name, Kind: land.MortgageOrdinary, Claim: t.Price * 6 / 10 / 1_000_00 * 1_000_00,
		From: from.date(), To: from.years(20).plus(-1).date(), On: from.plus(3).date(), Restricted: n%4 == 3,
		Mortgagee: Holder{Name: bank.Name, Document: land.Document{Kind: land.DocLicence, Number: string(bank.Credit)}, Share: land.Whole()},
	}
	if n%9 == 8 {
		m.Kind = land.MortgageMaximum
	}
	b.Mortgages = append(b.Mortgages, m)
	if n%15 == 14 { // a second one ranks behind
		second := b.Banks[(n+1)%len(b.Banks)]
		m.Bank, m.Claim, m.Kind, m.Restricted = second.Code, m.Claim/4, land.MortgageOrdinary, false
		m.Mortgagee.Name, m.Mortgagee.Document.Number = second.Name, string(second.Credit)
		m.From, m.On = from.plus(6).date(), from.plus(8).date()
		b.Mortgages = append(b.Mortgages, m)
	}
}

// seize puts a court's order on a unit; every third unit has one or two more that wait their turn.
func (b *builder) seize(d dice, q quarter, t *Title, n int) {
	if n%2 == 1 {
		b.mortgage(d, t, n)
	}
	served := b.workingHour(d, d.dayBetween(b.today.plus(-50), b.today.plus(-20)))
	months := 36
	if n == 1 { // the first of each district ends within days
		served, months = b.workingHour(d, b.today.months(-12).plus(d.between(2, 6))), 12
		if min := dayOf(t.On).plus(1); served.Before(min.Time) {
			served = b.workingHour(d, min)
		}
	}
	court := []string{"泰州市" + q.short + "区人民法院", "南京市鼓楼区人民法院", "泰州市中级人民法院"}
	if q.code >= "321281" {
		court[0] = q.short + "市人民法院"
	} else if q.code == "321203" {
		court[0] = "泰州医药高新技术产业开发区人民法院"
	}
	for queue := range 1 + n%3*(1-n%2) {
		at := served.plus(queue * 3)
		s := Seizure{
			Unit: t.Unit, Court: court[(n+queue)%3], Target: t.Holders[0].Name, Queue: queue, Months: months, Served: at.inShanghai(),
			Order:  fmt.Sprintf("（%d）苏12%02d执%d号", at.Year(), n+queue+1, d.between(100, 4999)),
			Notice: fmt.Sprintf("（%d）苏12%02d执%d号之一", at.Year(), n+queue+1, d.between(100, 4999)),
		}
		if queue == 0 {
			s.From, s.To = at.date(), at.months(months).plus(-1).date()
		}
		b.Seizures = append(b.Seizures, s)
	}
}

func (b *builder) workingHour(d dice, on day) day { return on.at(d.between(9, 16), d.IntN(60)) }

// inShanghai reads the wall time of the day as Shanghai's, where no clock has been turned since 1991.
func (d day) inShanghai() time.Time {
	return time.Date(d.Year(), d.Month(), d.Day(), d.Hour(), d.Minute(), 0, 0, time.FixedZone("CST", 8*60*60))
}

func (b *builder) object(d dice, q quarter, t *Title) {
	on := b.today.plus(-d.between(1, 9))
	b.Objections = append(b.Objections, Objection{
		Unit: t.Unit, Applicant: b.holder(b.stranger(d, q.code), land.Whole()), On: on.date(), Until: on.plus(15).date(),
		Reason: "主张该房屋系共同出资购买，登记权利人与实际不符",
	})
}

func (b *builder) advance(d dice, q quarter, t *Title) {
	b.Advances = append(b.Advances, Advance{
		Unit: t.Unit, Kind: land.AdvanceSale, Holder: b.holder(b.lastSpare(q.code, 1), land.Whole()), Price: t.Price * 11 / 10,
		On: b.today.plus(-d.between(5, 40)).date(),
	})
}

// presold lays the purchasers' notices on half of what the developer still has, and a bank's on one of them.
func (b *builder) presold(d dice, q quarter) {
	n := 0
	for i := range b.Titles {
		t := &b.Titles[i]
		if t.Unit.District() != q.code || !t.Present() || t.Reason != FirstRegistration || n == unsoldPerDistrict/2 {
			continue
		}
		n++
		on := d.dayBetween(dayOf(t.On).plus(-80), dayOf(t.On).plus(-2))
		a := Advance{Unit: t.Unit, Kind: land.AdvancePresale, Holder: b.holder(b.lastSpare(q.code, n+1), land.Whole()), Price: 95_0000_00, On: on.date()}
		b.Advances = append(b.Advances, a)
		if n == 1 {
			bank := b.Banks[0]
			a.Kind, a.Price = land.AdvancePresaleMortgage, 55_0000_00
			a.Holder = Holder{Name: bank.Name, Document: land.Document{Kind: land.DocLicence, Number: string(bank.Credit)}, Share: land.Whole()}
			b.Advances = append(b.Advances, a)
		}
	}
}

// lastSpare is the n-th family from the end of those without a home; the sales take them from the front.
func (b *builder) lastSpare(district string, n int) int {
	all := b.familiesIn(district)
	return b.families[all[len(all)-n]].adults[0]
}
