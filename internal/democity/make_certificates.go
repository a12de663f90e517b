package democity

import (
	"slices"
	"strings"

	"yichuang/internal/land"
)

// numbered is a place that a certificate number is written to.
type numbered struct {
	on       land.Date
	district string
	proof    bool
	to       []*land.CertNumber // all get the same number
}

// numberCertificates hands out the numbers in the order of entry, per year and registry, without gaps.
func (b *builder) numberCertificates() {
	all := b.toNumber()
	slices.SortStableFunc(all, func(x, y numbered) int { return strings.Compare(string(x.on), string(y.on)) })
	issuing := map[string]string{}
	for _, d := range b.Districts {
		issuing[d.Code] = d.Issuing
	}
	type book struct {
		year    int
		issuing string
		proof   bool
	}
	last := map[book]int{}
	for _, n := range all {
		k := book{dayOf(n.on).Year(), issuing[n.district], n.proof}
		last[k]++
		number := makeCert(k.year, k.issuing, k.proof, last[k])
		for _, to := range n.to {
			*to = number
		}
	}
}

// toNumber lists all entries that carry a number. Holders by shares have a certificate each; others one in common; a
// developer's first registration has none.
func (b *builder) toNumber() []numbered {
	all := make([]numbered, 0, 5_000)
	add := func(on land.Date, unit land.UnitCode, proof bool, to ...*land.CertNumber) {
		all = append(all, numbered{on: on, district: unit.District(), proof: proof, to: to})
	}
	for i := range b.Titles {
		t := &b.Titles[i]
		if t.Reason == FirstRegistration {
			continue
		}
		var common []*land.CertNumber
		for j := range t.Holders {
			if t.CoOwn == land.CoOwnShares {
				add(t.On, t.Unit, false, &t.Holders[j].Cert)
				continue
			}
			common = append(common, &t.Holders[j].Cert)
		}
		if common != nil {
			add(t.On, t.Unit, false, common...)
		}
	}
	for i := range b.Mortgages {
		add(b.Mortgages[i].On, b.Mortgages[i].Unit, true, &b.Mortgages[i].Proof)
	}
	for i := range b.Objections {
		add(b.Objections[i].On, b.Objections[i].Unit, true, &b.Objections[i].Proof)
	}
	for i := range b.Advances {
		add(b.Advances[i].On, b.Advances[i].Unit, true, &b.Advances[i].Proof)
	}
	return all
}
