package democity

import "yichuang/internal/land"

// City is all there is. Slices are in a fixed order; treat everything as read-only, it is shared.
type City struct {
	Seed  uint64
	Today land.Date

	Districts []land.District
	Halls     []Hall
	Parcels   []Parcel
	Buildings []Building
	Units     []Unit

	People     []Person
	Households []Household
	Marriages  []Marriage
	Companies  []Company

	Titles     []Title // of a unit, the oldest first
	Mortgages  []Mortgage
	Seizures   []Seizure
	Objections []Objection
	Advances   []Advance

	Utilities []Utility
	Contracts []Contract
	Banks     []Bank

	Staff    []Staff
	Citizens []Citizen

	units      map[land.UnitCode]int
	people     map[land.IDNumber]int
	companies  map[land.CreditCode]int
	households map[string]int
	titles     map[land.UnitCode]int // the present one
	contracts  map[string]int
	banks      map[string]int
	citizens   map[land.IDNumber]int
	marriages  map[land.IDNumber]int
}

// Build makes the city of a seed as it stands on a day. Six districts, 2,000 units, some 4,500 people.
func Build(seed uint64, today land.Date) *City {
	b := &builder{City: &City{Seed: seed, Today: today, Districts: land.Districts()}, today: dayOf(today)}
	b.makeRoom()
	b.organisations()
	b.places()
	b.households()
	b.titles()
	b.restrictions()
	b.numberCertificates()
	b.deals()
	b.utilities()
	b.accounts()
	b.index()
	return b.City
}

// makeRoom allocates the long lists at their size once; growing them took a fifth of the time.
func (b *builder) makeRoom() {
	b.Units = make([]Unit, 0, 2_000)
	b.People = make([]Person, 0, 4_600)
	b.Households = make([]Household, 0, 2_000)
	b.Titles = make([]Title, 0, 4_000)
	b.Utilities = make([]Utility, 0, 8_000)
	b.Citizens = make([]Citizen, 0, 4_100)
	b.families = make([]family, 0, 2_000)
}

// builder holds what is needed only while the city is being built.
type builder struct {
	*City
	today    day
	families []family
	living   map[string][]int // families by district
	phones   int
	firms    int
	houses   map[string]int // by zone
	idUsed   map[register]int
	plans    []plan
	spoken   map[land.UnitCode]bool // units promised to a part of the story: a sale, a seizure …
	payers   map[land.UnitCode]int  // index in Titles of the present title
}

func (c *City) index() {
	c.units = indexBy(c.Units, func(u *Unit) land.UnitCode { return u.Code })
	c.people = indexBy(c.People, func(p *Person) land.IDNumber { return p.ID })
	c.companies = indexBy(c.Companies, func(p *Company) land.CreditCode { return p.Code })
	c.households = indexBy(c.Households, func(h *Household) string { return h.Number })
	c.contracts = indexBy(c.Contracts, func(k *Contract) string { return k.Number })
	c.banks = indexBy(c.Banks, func(b *Bank) string { return b.Code })
	c.citizens = indexBy(c.Citizens, func(a *Citizen) land.IDNumber { return a.Person })
	c.marriages = make(map[land.IDNumber]int, 2*len(c.Marriages))
	for i, m := range c.Marriages {
		c.marriages[m.Husband], c.marriages[m.Wife] = i, i
	}
	c.titles = make(map[land.UnitCode]int, len(c.Units))
	for i := range c.Titles {
		if c.Titles[i].Present() {
			c.titles[c.Titles[i].Unit] = i
		}
	}
}

func indexBy[K comparable, T any](all []T, key func(*T) K) map[K]int {
	m := make(map[K]int, len(all))
	for i := range all {
		m[key(&all[i])] = i
	}
	return m
}

func find[K comparable, T any](all []T, by map[K]int, key K) (*T, bool) {
	i, ok := by[key]
	if !ok {
		return nil, false
	}
	return &all[i], true
}

// Unit finds a unit by its code.
func (c *City) Unit(code land.UnitCode) (*Unit, bool) { return find(c.Units, c.units, code) }

// Person finds a person by identity number.
func (c *City) Person(id land.IDNumber) (*Person, bool) { return find(c.People, c.people, id) }

// Company finds a company by credit code.
func (c *City) Company(code land.CreditCode) (*Company, bool) {
	return find(c.Companies, c.companies, code)
}

// Household finds a household book by its number.
func (c *City) Household(number string) (*Household, bool) {
	return find(c.Households, c.households, number)
}

// Contract finds a sale contract by its number.
func (c *City) Contract(number string) (*Contract, bool) {
	return find(c.Contracts, c.contracts, number)
}

// Bank finds a bank by its code.
func (c *City) Bank(code string) (*Bank, bool) { return find(c.Banks, c.banks, code) }

// Title finds the present title of a unit.
func (c *City) Title(code land.UnitCode) (*Title, bool) { return find(c.Titles, c.titles, code) }

// Citizen finds the account of a person at the identity provider.
func (c *City) Citizen(id land.IDNumber) (*Citizen, bool) { return find(c.Citizens, c.citizens, id) }

// MarriageOf finds the marriage that a person lives in, or lived in last.
func (c *City) MarriageOf(id land.IDNumber) (*Marriage, bool) {
	return find(c.Marriages, c.marriages, id)
}

// UnitsOf lists the units that any of the persons holds today, in one district or, with "", in all.
func (c *City) UnitsOf(district string, ids ...land.IDNumber) []land.UnitCode {
	var out []land.UnitCode
	for i := range c.Titles {
		if t := &c.Titles[i]; t.Present() && (district == "" || t.Unit.District() == district) && heldBy(t, ids) {
			out = append(out, t.Unit)
		}
	}
	return out
}

func heldBy(t *Title, ids []land.IDNumber) bool {
	for _, h := range t.Holders {
		for _, id := range ids {
			if h.Document.Number == string(id) {
				return true
			}
		}
	}
	return false
}
