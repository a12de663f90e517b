package democity

import (
	"cmp"
	"slices"

	"yichuang/internal/land"
)

// bookOpened is when the unified book began here: no certificate is older.
var bookOpened = on(2016, 3, 1)

// FirstRegistration is the Reason of a developer's title.
const FirstRegistration = "首次登记"

// Kinds of owners that are not a family's adults.
const (
	unsoldPerDistrict  = 6 // kept by the developer, half with an advance notice
	companyPerDistrict = 3
	minorsPerDistrict  = 2
	crowd              = 40 // holders of one shop in 兴化, 按份
)

// estateOf says who gets a unit: exactly one of the fields is set.
type estateOf struct {
	family  int // index in families, or -1
	minor   bool
	company *Company
	crowd   []int // people
	sale    *plan // the unit will be sold: the plan wants certain dates and holders
}

// titles gives every unit its owner and its past.
func (b *builder) titles() {
	b.payers = make(map[land.UnitCode]int, len(b.Units))
	for _, q := range quarters {
		d := newDice(b.Seed, "titles/"+q.code)
		owners := b.distribute(d, q)
		b.choose(d, q, owners)
		for i := range b.Units {
			if to, ok := owners[i]; ok {
				b.chain(d, &b.Units[i], to)
			}
		}
	}
}

// distribute assigns the units of a district: special ones first, then one to each owning family, then second homes.
func (b *builder) distribute(d dice, q quarter) map[int]*estateOf {
	units := b.unitsIn(q.code)
	families := b.familiesIn(q.code)
	families = families[:len(families)-sparePerDistrict]
	out := make(map[int]*estateOf, len(units))
	take := func() int {
		i := units[len(units)-1]
		units = units[:len(units)-1]
		b.spoken[b.Units[i].Code] = true
		return i
	}
	for range unsoldPerDistrict {
		out[take()] = &estateOf{family: -1, company: b.firm("developer", q.code, 0)}
	}
	for n := range companyPerDistrict {
		out[take()] = &estateOf{family: -1, company: b.firm("owner", q.code, n)}
	}
	if q.code == "321281" {
		out[take()] = &estateOf{family: -1, crowd: b.adultsOf(families[40 : 40+crowd])}
		for _, f := range families[40 : 40+crowd] {
			b.families[f].homes++
		}
	}
	given := 0
	for _, f := range families {
		if given < minorsPerDistrict && b.hasMinor(f) {
			out[take()] = &estateOf{family: f, minor: true}
			b.families[f].homes++
			given++
		}
	}
	d.Shuffle(len(families), func(i, j int) { families[i], families[j] = families[j], families[i] })
	for n, i := range units {
		f := 0
		if n < len(families) {
			f = families[n]
		} else {
			f = families[d.IntN(len(families)/3)] // second and third homes are with the same third of families
		}
		b.families[f].homes++
		out[i] = &estateOf{family: f}
	}
	return out
}

func (b *builder) unitsIn(district string) []int {
	var out []int
	for i := range b.Units {
		if b.Units[i].District == district {
			out = append(out, i)
		}
	}
	return out
}

func (b *builder) familiesIn(district string) []int { return slices.Clone(b.living[district]) }

func (b *builder) adultsOf(families []int) []int {
	var out []int
	for _, f := range families {
		out = append(out, b.families[f].adults[0])
	}
	return out
}

func (b *builder) hasMinor(f int) bool {
	return slices.ContainsFunc(b.families[f].children, b.isMinor)
}

func (b *builder) isMinor(person int) bool {
	return dayOf(b.People[person].Birth).years(18).After(b.today.Time)
}

// chain writes the titles of a unit from the first that the book knows to the present one.
func (b *builder) chain(d dice, u *Unit, to *estateOf) {
	if to.company != nil && to.company.Kind == "developer" {
		b.unsold(u, to.company)
		return
	}
	built := dayOf(u.Built)
	earliest := built.plus(180)
	if bookOpened.After(earliest.Time) {
		earliest = bookOpened
	}
	if adult := b.grownUp(to); adult.After(earliest.Time) {
		earliest = adult
	}
	since := d.dayBetween(earliest.plus(30), b.today.plus(-40))
	taxed := since.plus(-d.IntN(12))
	if to.sale != nil && to.sale.held.Year() > 1 {
		since, taxed = to.sale.held.plus(to.sale.entryLag), to.sale.held
		u.Area = cmp.Or(to.sale.area, u.Area)
		u.Inner = u.Area - u.Shared
	}
	var past []Title
	if built.After(bookOpened.Time) && built.plus(90).Before(since.plus(-60).Time) {
		past = append(past, firstTitle(u, b.firm("developer", u.District, 0), built.plus(90)))
		earliest = built.plus(120)
	}
	reason := "商品房买卖"
	if earliest.plus(700).Before(since.Time) && d.chance(45) {
		reason = "存量房买卖"
		first := d.dayBetween(earliest.plus(10), since.plus(-400))
		past = append(past, Title{Unit: u.Code, Kind: land.RightHouse, CoOwn: land.CoOwnSole, Reason: "商品房买卖", On: first.date(), DeedTax: first.plus(-3).date(),
			Holders: []Holder{b.holder(b.stranger(d, u.District), land.Whole())}, Price: b.price(u, first)})
	}
	now := Title{Unit: u.Code, Kind: land.RightHouse, Reason: reason, On: since.date(), DeedTax: taxed.date(), Price: b.price(u, since)}
	now.Holders, now.CoOwn = b.holders(d, to)
	past = append(past, now)
	for n := range past[:len(past)-1] {
		past[n].Ended = past[n+1].On
	}
	b.Titles = append(b.Titles, past...)
	b.payers[u.Code] = len(b.Titles) - 1
	b.moveIn(u, to)
}

// grownUp is the day on which the youngest adult of the family could buy a home.
func (b *builder) grownUp(to *estateOf) day {
	if to.family < 0 || to.minor {
		return day{}
	}
	var birth land.Date
	for _, i := range b.families[to.family].adults {
		birth = max(birth, b.People[i].Birth)
	}
	return dayOf(birth).years(21)
}

// unsold leaves a unit with the developer who built it.
func (b *builder) unsold(u *Unit, dev *Company) {
	b.payers[u.Code] = len(b.Titles)
	b.Titles = append(b.Titles, firstTitle(u, dev, dayOf(u.Built).plus(90)))
}

// firstTitle is the developer's after completion. No certificate is made of it.
func firstTitle(u *Unit, dev *Company, on day) Title {
	return Title{Unit: u.Code, Kind: land.RightHouse, CoOwn: land.CoOwnSole, Reason: FirstRegistration, On: on.date(),
		Holders: []Holder{{Name: dev.Name, Document: dev.Document(), Share: land.Whole(), Phone: dev.Phone}}}
}

// holders says in whose names the unit is.
func (b *builder) holders(d dice, to *estateOf) ([]Holder, land.CoOwn) {
	whole := land.Whole()
	switch {
	case to.company != nil:
		c := to.company
		return []Holder{{Name: c.Name, Document: c.Document(), Share: whole, Phone: c.Phone}}, land.CoOwnSole
	case to.crowd != nil:
		var all []Holder
		for _, i := range to.crowd {
			all = append(all, b.holder(i, land.Share{Num: 1, Den: int64(len(to.crowd))}))
		}
		return all, land.CoOwnShares
	case to.minor:
		f := b.families[to.family]
		child := f.children[slices.IndexFunc(f.children, b.isMinor)]
		h := b.holder(child, whole)
		h.Phone = b.People[f.adults[0]].Phone
		return []Holder{h}, land.CoOwnSole
	}
	form := d.IntN(100)
	if to.sale != nil {
		form = to.sale.sellerForm
	}
	return b.names(b.families[to.family].adults, form)
}

// names puts a family's adults into a title. form below 40: one name; below 80: both in common; else by shares.
func (b *builder) names(adults []int, form int) ([]Holder, land.CoOwn) {
	whole := land.Whole()
	switch {
	case len(adults) == 1 || form < 40:
		return []Holder{b.holder(adults[form%len(adults)], whole)}, land.CoOwnSole
	case form < 80:
		return []Holder{b.holder(adults[0], whole), b.holder(adults[1], whole)}, land.CoOwnJoint
	}
	shares := [][2]land.Share{
		{{Num: 1, Den: 2}, {Num: 1, Den: 2}}, {{Num: 1, Den: 3}, {Num: 2, Den: 3}}, {{Num: 3, Den: 5}, {Num: 2, Den: 5}},
	}[form%3]
	return []Holder{b.holder(adults[0], shares[0]), b.holder(adults[1], shares[1])}, land.CoOwnShares
}

func (b *builder) holder(person int, share land.Share) Holder {
	p := &b.People[person]
	return Holder{Name: p.Name, Document: p.Document(), Share: share, Phone: p.Phone}
}

// stranger draws a grown-up of the district.
func (b *builder) stranger(d dice, district string) int {
	return b.families[pick(d, b.living[district])].adults[0]
}

// price is what the unit cost on a day: so much a square metre in the district, less in earlier years.
func (b *builder) price(u *Unit, on day) land.Fen {
	perMetre := map[string]int64{"321202": 11_200, "321203": 8_900, "321204": 8_100, "321281": 7_600, "321282": 9_700, "321283": 9_200}[u.District]
	percent := int64(100 - 2*min(b.today.Year()-on.Year(), 12))
	yuan := int64(u.Area) * perMetre * percent / 100 / 100
	return land.Fen(yuan / 1000 * 1000 * 100)
}

// moveIn makes the family's first home its address in the household book.
func (b *builder) moveIn(u *Unit, to *estateOf) {
	if to.family < 0 || to.minor || b.Households[to.family].Address != "" || u.Use != land.UseFlat {
		return
	}
	b.settle(to.family, u.Address)
}

func (b *builder) settle(family int, address string) {
	b.Households[family].Address = address
	f := b.families[family]
	for _, i := range append(append([]int{}, f.adults...), f.children...) {
		b.People[i].Address = address
	}
}
