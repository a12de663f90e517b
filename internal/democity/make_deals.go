package democity

import (
	"fmt"
	"slices"

	"yichuang/internal/land"
)

// dealsPerDistrict is how many signed contracts wait at each housing bureau.
const dealsPerDistrict = 20

// plan is a sale that will be signed: it is made before the titles, because it wants certain dates and holders.
type plan struct {
	unit       int
	seller     int // family
	buyer      int // family
	sellerForm int // of builder.names
	buyerForm  int
	signed     day
	held       day // from when the seller counts as holder; zero: whatever the title says
	entryLag   int // days from the deed-tax receipt to the entry
	area       land.Area
	price      land.Fen // 0: by the market
	loan       string   // none | commercial | fund | mixed
	note       string
}

// taxCase is a row of the table by which taxes are checked: price, area, the buyer's homes before, how long the seller held it.
type taxCase struct {
	price               land.Fen
	area                land.Area
	buyerHomes          int
	years, months, days int
	sellerHomes         int
	loan                string
	note                string
}

var taxCases = []taxCase{
	{120_000_000, 95_00, 0, 6, 0, 0, 1, "mixed", "税费例一：95 平方米，买方首套，卖方满六年且唯一"},
	{150_000_000, 150_00, 1, 3, 0, 0, 2, "commercial", "税费例二：150 平方米，买方二套，卖方满三年"},
	{103_000_000, 88_00, 0, 1, 0, 0, 2, "commercial", "税费例三：88 平方米，买方首套，卖方持有一年"},
	{200_000_000, 160_00, 0, 5, 0, 1, 2, "commercial", "税费例四：160 平方米，买方首套，卖方满五年零一天，不唯一"},
	{88_888_888, 140_00, 2, 2, 0, 0, 1, "none", "税费例五：140 平方米，买方三套，卖方刚满两年且唯一"},
}

// choose picks the homes of a district that will be sold, with their sellers and buyers, and marks them in owners.
func (b *builder) choose(d dice, q quarter, owners map[int]*estateOf) {
	all := b.familiesIn(q.code)
	spare := all[len(all)-sparePerDistrict:]
	used := map[int]bool{}
	for n := range dealsPerDistrict {
		p := plan{signed: b.today.plus(-1 - d.IntN(18)), sellerForm: []int{10, 50, 85, 60, 31}[n%5], buyerForm: []int{50, 0, 90, 60}[n%4]}
		p.loan = []string{"mixed", "commercial", "commercial", "none", "fund"}[n%5]
		p.buyer = spare[n]
		homes := 0
		if q.code == quarters[0].code && n < len(taxCases) {
			p.fit(taxCases[n])
			homes = taxCases[n].sellerHomes
			if want := taxCases[n].buyerHomes; want > 0 {
				p.buyer = b.familyWith(all, want, used)
			}
		}
		used[p.buyer] = true
		unit, ok := b.sellable(owners, homes, used)
		if !ok {
			continue // a city of this seed has too few homes for sale
		}
		p.unit = unit
		p.seller = owners[p.unit].family
		used[p.seller] = true
		b.spoken[b.Units[p.unit].Code] = true
		b.plans = append(b.plans, p)
		owners[p.unit].sale = &p
	}
}

// fit turns the plan into a row of the tax table.
func (p *plan) fit(c taxCase) {
	p.price, p.area, p.loan, p.note = c.price, c.area, c.loan, c.note
	p.held = day{p.signed.AddDate(-c.years, -c.months, -c.days)}
	p.entryLag = 2
}

// familyWith finds a family with so many homes that is in no deal yet.
func (b *builder) familyWith(families []int, homes int, used map[int]bool) int {
	i := slices.IndexFunc(families, func(f int) bool { return b.families[f].homes == homes && !used[f] })
	return families[max(i, 0)]
}

// sellable finds the first home of a couple that nothing is planned for; homes is how many the couple must own, 0 for any.
func (b *builder) sellable(owners map[int]*estateOf, homes int, used map[int]bool) (int, bool) {
	for i := range b.Units {
		to, ok := owners[i]
		if !ok || to.family < 0 || to.minor || to.sale != nil || used[to.family] || b.Units[i].Use != land.UseFlat || homes == 0 && i%3 != 0 {
			continue
		}
		f := b.families[to.family]
		if len(f.adults) == 2 && (homes == 0 || f.homes == homes) && dayOf(b.Units[i].Built).Before(b.today.years(-7).Time) && b.grownUp(to).Before(b.today.years(-7).Time) {
			return i, true
		}
	}
	return 0, false
}

// deals writes the contracts of the plans.
func (b *builder) deals() {
	d := newDice(b.Seed, "deals")
	for n, p := range b.plans {
		u := &b.Units[p.unit]
		t := &b.Titles[b.payers[u.Code]]
		k := Contract{
			Number: fmt.Sprintf("%s-%05d", p.signed.Format("0601"), 801+n), District: u.District, Unit: u.Code, Cert: t.Cert(),
			Sellers: t.Holders, SellersCoOwn: t.CoOwn, Price: p.price, SignedOn: p.signed.date(), PayBy: p.signed.plus(45).date(), HandOver: p.signed.plus(60).date(),
			Bank: b.Banks[n%len(b.Banks)].Code, Note: p.note,
		}
		if k.Price == 0 {
			k.Price = b.price(u, b.today) / 100_000_00 * 100_000_00
		}
		k.Buyers, k.CoOwn = b.names(b.families[p.buyer].adults, p.buyerForm)
		if n%5 != 4 {
			agency := b.firm("agency", u.District, n%2)
			k.Agency, k.AgencyCode = agency.Name, agency.Code
		}
		k.Loan = loanOf(p.loan, k.Price, k.Bank)
		k.Down = k.Price
		for _, part := range k.Loan {
			k.Down -= part.Amount
		}
		k.Payout = Account{Holder: k.Sellers[0].Name, Bank: b.Banks[(n+1)%len(b.Banks)].Code, Number: cardNumber(d)}
		if k.Note == "" {
			k.Note = noteOf(p.loan, k)
		}
		b.Contracts = append(b.Contracts, k)
		b.settle(p.buyer, b.rented(p.buyer, n))
	}
}

// rented gives a buyer without a home an address to live at until then.
func (b *builder) rented(family, n int) string {
	if at := b.Households[family].Address; at != "" {
		return at
	}
	q := quarterOf(b.families[family].district)
	return fmt.Sprintf("%s%s%d号%d室", q.place, q.streets[n%len(q.streets)], 200+n, 101+n%6*100)
}

// loanOf splits about six tenths of the price among the lenders, in whole ten thousands.
func loanOf(kind string, price land.Fen, bank string) []LoanPart {
	const wan = 10_000_00
	total := price * 6 / 10 / wan * wan
	switch kind {
	case "commercial":
		return []LoanPart{{Kind: "commercial", Lender: bank, Amount: total, Months: 240}}
	case "fund":
		return []LoanPart{{Kind: "fund", Lender: FundCode, Amount: min(total, 60*wan), Months: 240}}
	case "mixed":
		fund := min(total/2/wan*wan, 50*wan)
		return []LoanPart{
			{Kind: "commercial", Lender: bank, Amount: total - fund, Months: 240},
			{Kind: "fund", Lender: FundCode, Amount: fund, Months: 240},
		}
	}
	return nil
}

func noteOf(loan string, k Contract) string {
	how := map[string]string{"none": "全款", "commercial": "商业贷款", "fund": "公积金贷款", "mixed": "组合贷款"}[loan]
	return "卖方" + k.SellersCoOwn.Label() + "，" + how
}

// cardNumber makes a bank account number of 19 digits with a Luhn check digit, of a prefix that no bank issues.
func cardNumber(d dice) string {
	body := fmt.Sprintf("620000%012d", d.Int64N(1_000_000_000_000))
	sum := 0
	for i := range body {
		n := int(body[len(body)-1-i] - '0')
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return fmt.Sprintf("%s%d", body, (10-sum%10)%10)
}
