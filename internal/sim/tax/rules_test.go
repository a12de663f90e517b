package tax

import (
	"testing"

	"pgregory.net/rapid"

	"yichuang/internal/exchange/spec"
)

func family(role spec.PartyRole, homes int, share string) spec.TaxFamily {
	return spec.TaxFamily{Role: role, Homes: homes, Share: share, Marriage: spec.MarriageUnknown,
		Person: spec.Person{Name: "王建国", DocumentKind: spec.DocumentKindIDCard, DocumentNumber: "32120219700512301X"}}
}

func sums(lines []spec.TaxLine) (vat, surcharges, deed, income, total int64) {
	for _, l := range lines {
		total += l.Amount
		switch l.Kind {
		case spec.TaxKindVat:
			vat += l.Amount
		case spec.TaxKindDeed:
			deed += l.Amount
		case spec.TaxKindIncome:
			income += l.Amount
		default:
			surcharges += l.Amount
		}
	}
	return vat, surcharges, deed, income, total
}

// TestTable is the table of domain rules: amounts in fen.
func TestTable(t *testing.T) {
	tests := []struct {
		name                                   string
		price                                  int64
		area                                   string
		buyerHomes                             int
		acquired                               string
		sellerHomes                            int
		vat, surcharges, deed, income, inTotal int64
	}{
		{"first home, six years, only one", 120_000_000, "95.00", 0, "2020-11-24", 1, 0, 0, 1_200_000, 0, 1_200_000},
		{"second home, 150 m², three years", 150_000_000, "150.00", 1, "2023-11-24", 2, 0, 0, 3_000_000, 1_500_000, 4_500_000},
		{"first home, one year", 103_000_000, "88.00", 0, "2025-11-24", 2, 3_000_000, 180_000, 1_000_000, 1_000_000, 5_180_000},
		{"first home, 160 m², five years and a day", 200_000_000, "160.00", 0, "2021-11-23", 2, 0, 0, 3_000_000, 2_000_000, 5_000_000},
		{"third home, exactly 140 m², exactly two years", 88_888_888, "140.00", 2, "2024-11-24", 1, 0, 0, 2_666_667, 888_889, 3_555_556},
		{"140.01 m² is large", 100_000_000, "140.01", 0, "2020-11-24", 1, 0, 0, 1_500_000, 0, 1_500_000},
		{"a day short of two years", 103_000_000, "88.00", 0, "2024-11-25", 2, 3_000_000, 180_000, 1_000_000, 1_000_000, 5_180_000},
		{"a day short of five years", 100_000_000, "88.00", 0, "2021-11-25", 1, 0, 0, 1_000_000, 1_000_000, 2_000_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := spec.TaxAssessmentPushRequest{Price: tt.price, SignedOn: "2026-11-24", AcquiredOn: tt.acquired, Unit: spec.Unit{Area: tt.area},
				Families: []spec.TaxFamily{family(spec.PartyRoleSeller, tt.sellerHomes, "1/1"), family(spec.PartyRoleBuyer, tt.buyerHomes, "1/1")}}
			vat, surcharges, deed, income, total := sums(rules{}.lines(in, tt.price))
			if vat != tt.vat || surcharges != tt.surcharges || deed != tt.deed || income != tt.income || total != tt.inTotal {
				t.Fatalf("vat %d, surcharges %d, deed %d, income %d, total %d", vat, surcharges, deed, income, total)
			}
		})
	}
}

func TestOldRates(t *testing.T) {
	in := spec.TaxAssessmentPushRequest{Price: 105_000_000, SignedOn: "2025-12-31", AcquiredOn: "2025-01-01", Unit: spec.Unit{Area: "88.00"},
		Families: []spec.TaxFamily{family(spec.PartyRoleSeller, 2, ""), family(spec.PartyRoleBuyer, 0, "")}}
	if vat, _, _, _, _ := sums(rules{}.lines(in, in.Price)); vat != 5_000_000 {
		t.Fatalf("VAT of 2025 is %d", vat)
	}
}

func TestProvenCost(t *testing.T) {
	in := spec.TaxAssessmentPushRequest{Price: 100_000_000, AcquiredPrice: 98_000_000, SignedOn: "2026-11-24", AcquiredOn: "2023-11-24", Unit: spec.Unit{Area: "88.00"},
		Families: []spec.TaxFamily{family(spec.PartyRoleSeller, 2, "1/1"), family(spec.PartyRoleBuyer, 0, "1/1")}}
	if _, _, _, income, _ := sums(rules{}.lines(in, in.Price)); income != 1_000_000 {
		t.Fatalf("income tax without proof %d", income)
	}
	if _, _, _, income, _ := sums(rules{provenCost: true}.lines(in, in.Price)); income != 400_000 {
		t.Fatalf("income tax on the gain %d", income)
	}
}

// TestPortionsAddUp: whatever the shares, nothing is lost or taxed twice.
func TestPortionsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(1, 99_999_999_999).Draw(t, "total")
		n := rapid.IntRange(1, 40).Draw(t, "holders")
		var parties []spec.TaxFamily
		for range n {
			parties = append(parties, family(spec.PartyRoleBuyer, 0, rapid.SampledFrom([]string{"", "1/1"}).Draw(t, "share")))
		}
		var sum int64
		for _, p := range portions(total, parties) {
			if p < 0 {
				t.Fatalf("portion %d", p)
			}
			sum += p
		}
		if sum != total {
			t.Fatalf("portions of %d add up to %d", total, sum)
		}
	})
}
