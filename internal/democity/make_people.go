package democity

import (
	"fmt"

	"yichuang/internal/land"
)

// sparePerDistrict is how many families without a home each district has: the buyers.
const sparePerDistrict = 30

// family is a household with the indexes of its people in City.People.
type family struct {
	district string
	adults   []int // the head first, then the spouse
	children []int
	homes    int
}

// households peoples the city: for ten homes nine families that own, and the spare ones that look for a home.
func (b *builder) households() {
	b.idUsed, b.living = map[register]int{}, map[string][]int{}
	strange := strangeNames
	for _, q := range quarters {
		d := newDice(b.Seed, "people/"+q.code)
		for n := range q.units*9/10 + sparePerDistrict {
			f := b.family(d, q)
			// The strange names come at even distances, in families without children, who would bear them too.
			if len(strange) > 0 && n >= 20 && len(b.families)/100 >= len(strangeNames)-len(strange) && len(f.children) == 0 {
				if b.rename(f, strange[0]) {
					strange = strange[1:]
				}
			}
			b.living[q.code] = append(b.living[q.code], len(b.families))
			b.families = append(b.families, f)
			b.book(f)
		}
	}
}

// rename gives the name to the adult of its sex and reports whether there is one.
func (b *builder) rename(f family, s strangeName) bool {
	for _, i := range f.adults {
		if b.People[i].Female == s.female {
			b.People[i].Name = s.name
			return true
		}
	}
	return false
}

// family draws one household: seven in ten are couples, half of them with children.
func (b *builder) family(d dice, q quarter) family {
	f := family{district: q.code}
	age := d.between(25, 74)
	state := Married
	switch roll := d.IntN(100); {
	case roll < 16 && age < 45:
		state = Single
	case roll < 22:
		state = Divorced
	case roll < 28 && age > 50:
		state = Widowed
	}
	headIsWoman := state != Married && d.chance(50)
	f.adults = append(f.adults, b.person(d, q, surname(d), headIsWoman, age, state))
	if state == Single {
		return f
	}
	other := b.person(d, q, surname(d), !headIsWoman, max(age+d.between(-4, 3), 23), Married)
	b.marry(d, q, f.adults[0], other, state)
	if state == Married {
		f.adults = append(f.adults, other)
	}
	if state == Married && d.chance(55) || state == Divorced && d.chance(30) {
		for range d.between(1, 2) {
			if childAge := age - d.between(24, 33); childAge >= 0 && childAge < 24 {
				head := b.People[f.adults[0]]
				child := b.person(d, q, familyName(head.Name), d.chance(50), childAge, Single)
				f.children = append(f.children, child)
			}
		}
	}
	return f
}

// person adds one person of an age and returns the index.
func (b *builder) person(d dice, q quarter, surname string, female bool, age int, state string) int {
	birth := b.today.years(-age).plus(-d.IntN(364) - 1)
	region := q.code
	if d.chance(9) { // moved here from elsewhere
		region = pick(d, []string{"320106", "320583", "320402", "340104", "410105", "320981", "321084"})
	}
	p := Person{
		ID: b.identity(region, birth, female), Name: surname + given(d, female), Female: female, Birth: birth.date(),
		District: q.code, Marriage: state,
	}
	if age >= 14 {
		p.Phone = b.phone()
	}
	b.People = append(b.People, p)
	return len(b.People) - 1
}

// register is where identity numbers are handed out in sequence.
type register struct {
	region string
	birth  land.Date
	female bool
}

// identity takes the next free number of a region, birthday and sex; the last digit of the sequence is odd for men.
func (b *builder) identity(region string, birth day, female bool) land.IDNumber {
	key := register{region, birth.date(), female}
	seq := 900 + 2*b.idUsed[key]
	if !female {
		seq++
	}
	b.idUsed[key]++
	return makeIdentity(region, key.birth, seq)
}

// phone hands out the numbers of one block in a shuffled order, each once.
func (b *builder) phone() string {
	b.phones++
	return fmt.Sprintf("1990523%04d", b.phones*7919%10_000)
}

func surname(d dice) string { return surnames[d.skewed(len(surnames))] }

// familyName is the surname of a full name, of two characters for the compound ones.
func familyName(name string) string {
	for _, s := range surnames[len(surnames)-8:] {
		if len(name) > len(s) && name[:len(s)] == s {
			return s
		}
	}
	for _, r := range name {
		return string(r)
	}
	return name
}

func given(d dice, female bool) string {
	one, first, last := givenMen, firstMen, lastMen
	if female {
		one, first, last = givenWom, firstWom, lastWom
	}
	if d.chance(22) {
		return pick(d, one)
	}
	return pick(d, first) + pick(d, last)
}

// marry records the marriage of two people, ended where the head is divorced or widowed. One pair in twenty of the
// older ones has a certificate that civil affairs never digitised.
func (b *builder) marry(d dice, q quarter, head, other int, state string) {
	h, o := &b.People[head], &b.People[other]
	younger := dayOf(max(h.Birth, o.Birth))
	wed := d.dayBetween(younger.years(22), younger.years(27))
	if wed.After(b.today.plus(-90).Time) {
		wed = b.today.plus(-90)
	}
	m := Marriage{
		Number:   fmt.Sprintf("J%s-%d-%06d", q.code, wed.Year(), len(b.Marriages)+1),
		District: q.code, Husband: h.ID, Wife: o.ID, On: wed.date(), OnFile: wed.Year() > 1995 || !d.chance(25),
	}
	if h.Female {
		m.Husband, m.Wife = o.ID, h.ID
	}
	switch state {
	case Married:
		h.Spouse, o.Spouse = o.ID, h.ID
	case Divorced:
		end := d.dayBetween(wed.plus(30), b.today.plus(-30))
		m.Ended = end.date()
		m.Divorce = fmt.Sprintf("L%s-%d-%06d", q.code, end.Year(), len(b.Marriages)+1)
		o.Marriage, o.Household = Divorced, "" // lives elsewhere
	case Widowed:
		m.Ended = d.dayBetween(wed.plus(30), b.today.plus(-30)).date()
		o.Marriage = Deceased
	}
	b.Marriages = append(b.Marriages, m)
}

// book writes the household's page. Its address is set when the family's home is known.
func (b *builder) book(f family) {
	h := Household{Number: fmt.Sprintf("%s%06d", f.district, 100_001+len(b.Households)), District: f.district}
	for n, i := range append(append([]int{}, f.adults...), f.children...) {
		p := &b.People[i]
		p.Household = h.Number
		h.Members = append(h.Members, Member{ID: p.ID, Relation: relation(n, len(f.adults), p.Female)})
	}
	b.Households = append(b.Households, h)
}

func relation(n, adults int, female bool) string {
	switch {
	case n == 0:
		return "户主"
	case n < adults && female:
		return "妻"
	case n < adults:
		return "夫"
	case female:
		return "女"
	}
	return "子"
}
