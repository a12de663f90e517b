package democity

import (
	"reflect"
	"slices"
	"strconv"
	"testing"
	"unicode"

	"yichuang/internal/land"
)

const today = land.Date("2026-11-24")

// cities are of several seeds and days: what holds must hold for any.
func cities(t *testing.T, check func(t *testing.T, c *City)) {
	t.Helper()
	for _, of := range []struct {
		seed uint64
		day  land.Date
	}{{1, today}, {2, today}, {20261124, today}, {7, "2027-02-28"}, {9, "2028-02-29"}} {
		t.Run(strconv.FormatUint(of.seed, 10), func(t *testing.T) { check(t, Build(of.seed, of.day)) })
	}
}

func TestSameSeedSameCity(t *testing.T) {
	if !reflect.DeepEqual(Build(1, today), Build(1, today)) {
		t.Error("two builds of one seed differ")
	}
	if Build(1, today).People[0].ID == Build(2, today).People[0].ID {
		t.Error("two seeds give the same people")
	}
}

func TestSize(t *testing.T) {
	cities(t, func(t *testing.T, c *City) {
		if len(c.Districts) != 6 || len(c.Halls) != 6 || len(c.Units) != 2000 || len(c.Contracts) < 60 {
			t.Errorf("%d districts, %d halls, %d units, %d contracts", len(c.Districts), len(c.Halls), len(c.Units), len(c.Contracts))
		}
		seized := map[land.UnitCode]bool{}
		queued := 0
		for _, s := range c.Seizures {
			seized[s.Unit] = true
			if s.Queue > 0 {
				queued++
			}
		}
		if m := len(c.Mortgages); m < 110 || m > 150 {
			t.Errorf("%d mortgages, want about 6 %%", m)
		}
		if len(seized) < 18 || len(seized) > 24 || queued == 0 {
			t.Errorf("%d units seized, %d seizures queued", len(seized), queued)
		}
		if len(c.Objections) != 6 || len(c.Advances) < 12 {
			t.Errorf("%d objections, %d advance notices", len(c.Objections), len(c.Advances))
		}
	})
}

func TestEveryCodeIsValid(t *testing.T) {
	cities(t, func(t *testing.T, c *City) {
		seen := map[string]bool{}
		once := func(kind, code string) {
			if seen[kind+code] {
				t.Errorf("%s %s is there twice", kind, code)
			}
			seen[kind+code] = true
		}
		for _, u := range c.Units {
			if _, err := land.ParseUnitCode(string(u.Code)); err != nil {
				t.Errorf("unit %s: %v", u.Code, err)
			}
			if _, err := land.ParseHouseCode(string(u.House)); err != nil {
				t.Errorf("house %s: %v", u.House, err)
			}
			if u.Code.Building() != u.Building || u.Code.Parcel() != u.Parcel || u.Inner+u.Shared != u.Area || u.Inner <= 0 {
				t.Errorf("unit %s does not fit its building or area", u.Code)
			}
			once("unit", string(u.Code))
			once("house", string(u.House))
			once("address", u.Address)
		}
		for _, p := range c.People {
			id, err := land.ParseIDNumber(string(p.ID), c.Today)
			if err != nil || id.Birthday() != p.Birth || id.Female() != p.Female {
				t.Errorf("identity number %s of %s: %v", p.ID, p.Birth, err)
			}
			if name, err := land.ParseName(p.Name); err != nil || name != p.Name {
				t.Errorf("name %s: %v", p.Name, err)
			}
			if p.Phone != "" {
				if _, err := land.ParsePhone(p.Phone); err != nil {
					t.Errorf("phone %s: %v", p.Phone, err)
				}
				once("phone", p.Phone)
			}
			once("person", string(p.ID))
		}
		for _, k := range c.Companies {
			if _, err := land.ParseCreditCode(string(k.Code)); err != nil {
				t.Errorf("company %s: %v", k.Code, err)
			}
			once("company", string(k.Code))
		}
	})
}

func TestStrangeNamesLiveHere(t *testing.T) {
	cities(t, func(t *testing.T, c *City) {
		for _, s := range strangeNames {
			if !slices.ContainsFunc(c.People, func(p Person) bool { return p.Name == s.name && p.Female == s.female }) {
				t.Errorf("nobody is called %s", s.name)
			}
		}
	})
}

func TestTitles(t *testing.T) {
	cities(t, func(t *testing.T, c *City) {
		present := map[land.UnitCode]int{}
		for i := range c.Titles {
			tt := &c.Titles[i]
			if tt.Present() {
				present[tt.Unit]++
			}
			if tt.On > c.Today || tt.DeedTax > tt.On || tt.Ended != "" && tt.Ended < tt.On {
				t.Errorf("title of %s: taxed %s, entered %s, ended %s", tt.Unit, tt.DeedTax, tt.On, tt.Ended)
			}
			checkShares(t, tt.Unit, tt.CoOwn, tt.Holders)
		}
		for _, u := range c.Units {
			if present[u.Code] != 1 {
				t.Errorf("unit %s has %d present titles", u.Code, present[u.Code])
			}
		}
	})
}

func checkShares(t *testing.T, unit land.UnitCode, way land.CoOwn, holders []Holder) {
	t.Helper()
	var shares []land.Share
	for _, h := range holders {
		shares = append(shares, h.Share)
	}
	switch way {
	case land.CoOwnSole:
		if len(holders) != 1 || !holders[0].Share.IsWhole() {
			t.Errorf("%s: sole owner among %d with %s", unit, len(holders), holders[0].Share)
		}
	case land.CoOwnJoint:
		if len(holders) < 2 {
			t.Errorf("%s: a single holder in common", unit)
		}
	case land.CoOwnShares:
		if err := land.CheckShares(shares...); err != nil {
			t.Errorf("%s: %v", unit, err)
		}
	default:
		t.Errorf("%s: way of co-ownership %q", unit, way)
	}
}

func TestCertificatesHaveNoGaps(t *testing.T) {
	cities(t, func(t *testing.T, c *City) {
		type series struct {
			year    int
			issuing string
			proof   bool
		}
		got := map[series]map[int]bool{}
		note := func(n land.CertNumber, proof bool) {
			parsed, err := land.ParseCertNumber(string(n))
			if err != nil || parsed != n || n.IsProof() != proof {
				t.Errorf("certificate %q: %v", n, err)
				return
			}
			k := series{n.Year(), n.Issuing(), proof}
			if got[k] == nil {
				got[k] = map[int]bool{}
			}
			got[k][n.Serial()] = true
		}
		for _, tt := range c.Titles {
			for _, h := range tt.Holders {
				if tt.Reason != FirstRegistration {
					note(h.Cert, false)
				}
			}
		}
		for _, m := range c.Mortgages {
			note(m.Proof, true)
		}
		for _, o := range c.Objections {
			note(o.Proof, true)
		}
		for _, a := range c.Advances {
			note(a.Proof, true)
		}
		for k, serials := range got {
			for n := 1; n <= len(serials); n++ {
				if !serials[n] {
					t.Errorf("%+v: number %d of %d is missing", k, n, len(serials))
				}
			}
		}
	})
}

func TestContractsCanBeSold(t *testing.T) {
	cities(t, func(t *testing.T, c *City) {
		burdened := map[land.UnitCode]bool{}
		for _, m := range c.Mortgages {
			burdened[m.Unit] = true
		}
		for _, s := range c.Seizures {
			burdened[s.Unit] = true
		}
		for _, o := range c.Objections {
			burdened[o.Unit] = true
		}
		for _, a := range c.Advances {
			burdened[a.Unit] = true
		}
		perDistrict := map[string]int{}
		parties := map[string]string{}
		for _, k := range c.Contracts {
			perDistrict[k.District]++
			tt, _ := c.Title(k.Unit)
			if burdened[k.Unit] || !reflect.DeepEqual(tt.Holders, k.Sellers) || tt.Cert() != k.Cert {
				t.Errorf("contract %s: unit burdened or not the sellers'", k.Number)
			}
			paid := k.Down
			for _, l := range k.Loan {
				paid += l.Amount
			}
			if paid != k.Price || k.Down <= 0 {
				t.Errorf("contract %s: %s down and loans make %s, not %s", k.Number, k.Down, paid, k.Price)
			}
			if k.SignedOn > c.Today || k.SignedOn <= tt.On {
				t.Errorf("contract %s signed on %s", k.Number, k.SignedOn)
			}
			checkShares(t, k.Unit, k.CoOwn, k.Buyers)
			for _, h := range append(slices.Clone(k.Sellers), k.Buyers...) {
				id := land.IDNumber(h.Document.Number)
				if other, twice := parties[h.Document.Number]; twice {
					t.Errorf("%s is in contracts %s and %s", h.Name, other, k.Number)
				}
				parties[h.Document.Number] = k.Number
				if _, ok := c.Citizen(id); !ok || id.AgeOn(c.Today) < 18 {
					t.Errorf("contract %s: %s has no account or is a minor", k.Number, h.Name)
				}
			}
		}
		for _, d := range c.Districts {
			if perDistrict[d.Code] < 10 {
				t.Errorf("district %s has %d contracts", d.Code, perDistrict[d.Code])
			}
		}
	})
}

// The first contracts are the rows of the table that taxes are checked by.
func TestTaxCases(t *testing.T) {
	cities(t, func(t *testing.T, c *City) {
		for i, want := range taxCases {
			k := c.Contracts[i]
			u, _ := c.Unit(k.Unit)
			tt, _ := c.Title(k.Unit)
			from := min(tt.On, tt.DeedTax)
			held := dayOf(k.SignedOn).AddDate(-want.years, -want.months, -want.days).Format("2006-01-02")
			if k.Price != want.price || u.Area != want.area || string(from) != held {
				t.Errorf("row %d: %s yuan, %s m², held since %s, want %s", i+1, k.Price, u.Area, from, held)
			}
			if n := len(c.UnitsOf("", c.family(t, k.Sellers)...)); n != want.sellerHomes {
				t.Errorf("row %d: the seller's family has %d homes, want %d", i+1, n, want.sellerHomes)
			}
			if n := len(c.UnitsOf("", c.family(t, k.Buyers)...)); n != want.buyerHomes {
				t.Errorf("row %d: the buyer's family has %d homes, want %d", i+1, n, want.buyerHomes)
			}
		}
	})
}

// family lists the members of the holders' household.
func (c *City) family(t *testing.T, holders []Holder) []land.IDNumber {
	t.Helper()
	p, ok := c.Person(land.IDNumber(holders[0].Document.Number))
	if !ok {
		t.Fatalf("no person %s", holders[0].Name)
	}
	h, _ := c.Household(p.Household)
	var ids []land.IDNumber
	for _, m := range h.Members {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestExamplesShowEveryState(t *testing.T) {
	cities(t, func(t *testing.T, c *City) {
		states := map[string]bool{}
		for _, e := range c.Examples() {
			states[e.State] = true
			if e.Certificate == "" || e.Owner == "" || e.IDNo == "" {
				t.Errorf("example %+v cannot be queried", e)
			}
			if k, ok := c.Contract(e.Contract); e.Contract != "" && (!ok || k.Unit != e.Unit) {
				t.Errorf("example %+v has another unit's contract", e)
			}
		}
		for _, s := range []string{StateFree, StateMortgaged, StateSeized, StateObjected, StateCoOwned, StateMinor, StateDesk} {
			if !states[s] {
				t.Errorf("no example that is %s", s)
			}
		}
	})
}

func TestAccounts(t *testing.T) {
	cities(t, func(t *testing.T, c *City) {
		logins := map[string]bool{}
		for _, l := range c.Logins() {
			if logins[l.Login] {
				t.Errorf("login %s is there twice", l.Login)
			}
			logins[l.Login] = true
			if !strong(l.Password) {
				t.Errorf("password of %s is too weak", l.Login)
			}
		}
		for _, s := range c.Staff {
			if s.Superior != "" && !slices.ContainsFunc(c.Staff, func(o Staff) bool { return o.Login == s.Superior }) {
				t.Errorf("%s reports to nobody: %s", s.Login, s.Superior)
			}
		}
		for _, d := range c.Districts {
			for _, role := range []string{RoleClerk, RoleFirst, RoleSecond, RoleRegistrar, RoleSurveyor, RoleContractClerk, RoleTaxClerk, RoleLeader} {
				if !slices.ContainsFunc(c.Staff, func(s Staff) bool { return s.District == d.Code && slices.Contains(s.Roles, role) }) {
					t.Errorf("district %s has no %s", d.Code, role)
				}
			}
		}
	})
}

// strong says whether a password is of ten characters and three kinds (S-01).
func strong(p string) bool {
	var upper, lower, digit, other int
	for _, r := range p {
		switch {
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return len(p) >= 10 && upper+lower+digit+other >= 3
}

func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		Build(1, today)
	}
}
