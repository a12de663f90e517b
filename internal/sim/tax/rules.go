package tax

import (
	"math/big"
	"strconv"
	"strings"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
)

// rules assess the sale of an existing home between natural persons.
type rules struct {
	provenCost bool // the seller has shown what the home cost: income tax may be on the gain
}

// Days from which rules hold, by the day of the contract.
const (
	deedSince2024 = "2024-12-01" // 公告2024年第16号: deed tax by 140 m²
	vatSince2026  = "2026-01-01" // VAT law: 3 % where it was 5 %
)

// lines are all taxes, each payer's apart, exempt ones with amount 0 and the reason.
func (r rules) lines(in spec.TaxAssessmentPushRequest, price int64) []spec.TaxLine {
	var sellers, buyers []spec.TaxFamily
	for _, f := range in.Families {
		switch f.Role {
		case spec.PartyRoleSeller:
			sellers = append(sellers, f)
		case spec.PartyRoleBuyer:
			buyers = append(buyers, f)
		}
	}
	vatRate := "0.03"
	if in.SignedOn < vatSince2026 {
		vatRate = "0.05"
	}
	held := heldYears(in.AcquiredOn, in.SignedOn)
	base, taxed := price, held < 2
	if taxed {
		base = divide(price, "1", "1."+strings.TrimPrefix(vatRate, "0."))
	}
	var out []spec.TaxLine
	for i, part := range portions(base, sellers) {
		out = append(out, vat(sellers[i], part, vatRate, taxed)...)
		gain := part - divide(in.AcquiredPrice, shareOf(sellers, i), "1")
		out = append(out, r.income(sellers[i], part, gain, in.AcquiredPrice > 0, held))
	}
	for i, part := range portions(base, buyers) {
		out = append(out, deed(buyers[i], part, in.Unit.Area, in.SignedOn))
	}
	return out
}

// heldYears counts whole years from the acquisition to the contract: on the day itself the year is full.
func heldYears(from, to string) int {
	a, b := land.Date(from), land.Date(to)
	n := b.Year() - a.Year()
	if n > 0 && string(a.AddYears(n)) > to {
		n--
	}
	return n
}

// portions divides an amount by the parties' shares; parties without shares (common ownership) take equal parts, rounded
// down; the last takes what that leaves.
func portions(total int64, parties []spec.TaxFamily) []int64 {
	out := make([]int64, len(parties))
	rest := total
	for i := range parties {
		share, _ := new(big.Rat).SetString(shareOf(parties, i)) // of the interface's pattern
		part := new(big.Int).Mul(share.Num(), big.NewInt(total))
		out[i] = part.Quo(part, share.Denom()).Int64()
		if i == len(parties)-1 {
			out[i] = rest
		}
		rest -= out[i]
	}
	return out
}

// shareOf is a party's share as a fraction. Several who are written down with the whole each own in common.
func shareOf(parties []spec.TaxFamily, i int) string {
	if s := parties[i].Share; s != "" && (s != "1/1" || len(parties) == 1) {
		return s
	}
	return "1/" + strconv.Itoa(len(parties))
}

// divide is amount × times ÷ by, to the fen, half up.
func divide(amount int64, times, by string) int64 {
	x, _ := new(big.Rat).SetString(times) // numbers of ours, or of the interface's pattern
	y, _ := new(big.Rat).SetString(by)
	v := new(big.Rat).SetInt64(amount)
	v.Mul(v, x).Quo(v, y)
	n := new(big.Int).Add(new(big.Int).Lsh(v.Num(), 1), v.Denom())
	return n.Quo(n, new(big.Int).Lsh(v.Denom(), 1)).Int64()
}

// vat is the value added tax of a seller with its surcharges (halved for small-scale taxpayers until 2027-12-31).
func vat(f spec.TaxFamily, base int64, rate string, taxed bool) []spec.TaxLine {
	line := spec.TaxLine{Kind: spec.TaxKindVat, Payer: f.Person, PayerRole: spec.PartyRoleSeller, Base: base, Rate: rate}
	if !taxed {
		line.Relief = divide(base, rate, "1")
		line.Basis = "个人将购买 2 年以上（含 2 年）的住房对外销售，免征增值税"
		return []spec.TaxLine{line}
	}
	line.Amount, line.Basis = divide(base, rate, "1"), "个人将购买不足 2 年的住房对外销售，按征收率全额缴纳增值税"
	out := []spec.TaxLine{line}
	for _, s := range []struct {
		kind       spec.TaxKind
		full, half string
	}{{spec.TaxKindUrban, "0.07", "0.035"}, {spec.TaxKindEducation, "0.03", "0.015"}, {spec.TaxKindLocalEducation, "0.02", "0.01"}} {
		out = append(out, spec.TaxLine{Kind: s.kind, Payer: f.Person, PayerRole: spec.PartyRoleSeller, Base: line.Amount, Rate: s.half,
			Amount: divide(line.Amount, s.half, "1"), Relief: divide(line.Amount, s.full, "1") - divide(line.Amount, s.half, "1"),
			Basis: "以增值税税额为计税依据，小规模纳税人减半征收"})
	}
	return out
}

// income is the individual income tax of a seller.
func (r rules) income(f spec.TaxFamily, base, gain int64, costKnown bool, held int) spec.TaxLine {
	line := spec.TaxLine{Kind: spec.TaxKindIncome, Payer: f.Person, PayerRole: spec.PartyRoleSeller, Base: base, Rate: "0.01"}
	if held >= 5 && f.Homes == 1 {
		line.Relief, line.Basis = divide(base, "0.01", "1"), "自用 5 年以上且是家庭唯一生活用房，免征个人所得税"
		return line
	}
	line.Amount, line.Basis = divide(base, "0.01", "1"), "未提供完整准确的房屋原值凭证，按 1% 核定征收"
	if r.provenCost && costKnown && divide(max(gain, 0), "0.2", "1") < line.Amount {
		line.Base, line.Rate, line.Amount = max(gain, 0), "0.2", divide(max(gain, 0), "0.2", "1")
		line.Basis = "已提供房屋原值凭证，按转让所得的 20% 征收"
	}
	return line
}

// boundary of small homes: 140.00 m² itself is small.
const boundary land.Area = 140_00

// deed is the deed tax of a buyer, by the homes that the family has already.
func deed(f spec.TaxFamily, base int64, area, signed string) spec.TaxLine {
	line := spec.TaxLine{Kind: spec.TaxKindDeed, Payer: f.Person, PayerRole: spec.PartyRoleBuyer, Base: base}
	m2, err := land.ParseArea(area)
	small := err == nil && m2 <= boundary
	if signed < deedSince2024 {
		small = err == nil && m2 <= 90_00
	}
	switch {
	case f.Homes == 0 && small:
		line.Rate, line.Basis = "0.01", "家庭唯一住房，面积在限额以内，减按 1% 征收契税"
	case f.Homes == 0:
		line.Rate, line.Basis = "0.015", "家庭唯一住房，面积超过限额，减按 1.5% 征收契税"
	case f.Homes == 1 && small:
		line.Rate, line.Basis = "0.01", "家庭第二套住房，面积在限额以内，减按 1% 征收契税"
	case f.Homes == 1:
		line.Rate, line.Basis = "0.02", "家庭第二套住房，面积超过限额，减按 2% 征收契税"
	default:
		line.Rate, line.Basis = "0.03", "江苏省契税适用税率 3%"
	}
	line.Amount = divide(base, line.Rate, "1")
	line.Relief = divide(base, "0.03", "1") - line.Amount
	return line
}
