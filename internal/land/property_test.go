package land_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"yichuang/internal/land"
)

var days = rapid.Custom(func(t *rapid.T) land.Date {
	return land.Date("1900-01-01").AddDays(rapid.IntRange(0, 46_000).Draw(t, "day"))
})

// spoil replaces one character of s by another of the alphabet.
func spoil(t *rapid.T, s, alphabet string) string {
	at := rapid.IntRange(0, len(s)-1).Draw(t, "at")
	other := rapid.SampledFrom([]byte(strings.ReplaceAll(alphabet, s[at:at+1], ""))).Draw(t, "other")
	return s[:at] + string(other) + s[at+1:]
}

func must[T any](t *rapid.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestIDNumberFindsEveryWrongDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		birth := days.Draw(t, "birth")
		id, err := land.MakeIDNumber("321202", birth, rapid.IntRange(0, 999).Draw(t, "seq"))
		must(t, id, err)
		back, err := land.ParseIDNumber(strings.ToLower(string(id)), "2026-11-24")
		if must(t, back, err) != id || id.Birthday() != birth {
			t.Fatal(id, back)
		}
		if bad, err := land.ParseIDNumber(spoil(t, string(id), "0123456789"), "2026-11-24"); err == nil {
			t.Fatal("accepted", bad)
		}
	})
}

func TestCreditCodeFindsEveryWrongCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code, err := land.MakeCreditCode("91", "321202", rapid.IntRange(0, 99_999_999).Draw(t, "serial"))
		must(t, code, err)
		back, err := land.ParseCreditCode(string(code))
		if must(t, back, err) != code {
			t.Fatal(code, back)
		}
		if bad, err := land.ParseCreditCode(spoil(t, string(code), "0123456789ABCDEFGHJKLMNPQRTUWXY")); err == nil {
			t.Fatal("accepted", bad)
		}
	})
}

func TestHouseCodeFindsEveryWrongCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		agency := rapid.StringMatching(`[0-9A-Z]{4}`).Draw(t, "agency")
		code, err := land.MakeHouseCode("321283", "001003", agency, rapid.IntRange(0, 9_999_999).Draw(t, "serial"))
		must(t, code, err)
		plain := strings.ReplaceAll(string(code), "-", "")
		back, err := land.ParseHouseCode(plain)
		if must(t, back, err) != code {
			t.Fatal(code, back)
		}
		if bad, err := land.ParseHouseCode(spoil(t, plain, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")); err == nil {
			t.Fatal("accepted", bad)
		}
	})
}

func TestCaseNumberFindsWrongAndSwappedDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		no, err := land.MakeCaseNumber("TZ", days.Filter(func(d land.Date) bool { return d > "2000" }).Draw(t, "day"), rapid.IntRange(0, 99_999).Draw(t, "serial"))
		must(t, no, err)
		digits := strings.ReplaceAll(string(no), "-", "")[2:]
		back, err := land.ParseCaseNumber("tz" + digits)
		if must(t, back, err) != no {
			t.Fatal(no, back)
		}
		if bad, err := land.ParseCaseNumber("TZ" + spoil(t, digits, "0123456789")); err == nil {
			t.Fatal("accepted", bad)
		}
		at := rapid.IntRange(0, len(digits)-2).Draw(t, "swap")
		swapped := digits[:at] + digits[at+1:at+2] + digits[at:at+1] + digits[at+2:]
		if bad, err := land.ParseCaseNumber("TZ" + swapped); err == nil && swapped != digits {
			t.Fatal("accepted", bad)
		}
	})
}

func TestUnitAndCertificateRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		district := rapid.SampledFrom(land.Districts()).Draw(t, "district")
		unit, err := land.MakeUnitCode(district.Code, "001003", "GB", rapid.IntRange(0, 99999).Draw(t, "parcel"),
			rapid.IntRange(0, 9999).Draw(t, "building"), rapid.IntRange(0, 9999).Draw(t, "unit"))
		must(t, unit, err)
		if back, err := land.ParseUnitCode(unit.Grouped()); must(t, back, err) != unit {
			t.Fatal(unit, back)
		}
		cert, err := land.MakeCertNumber(rapid.IntRange(2015, 2099).Draw(t, "year"), district.Issuing, rapid.Bool().Draw(t, "proof"), rapid.IntRange(1, 9_999_999).Draw(t, "serial"))
		must(t, cert, err)
		if back, err := land.ParseCertNumber(cert.Printed()); must(t, back, err) != cert {
			t.Fatal(cert, back)
		}
	})
}

func TestMoneyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := land.Fen(rapid.Int64Range(0, int64(land.MaxFen)).Draw(t, "fen"))
		for _, text := range []string{f.String(), f.Plain(), f.Wan() + "万"} {
			if back, err := land.ParseYuan(text); must(t, back, err) != f {
				t.Fatal(text, back)
			}
		}
		if back := readCapital(f.Capital()); back != f {
			t.Fatal(f.Capital(), back)
		}
	})
}

// readCapital reads capital numerals below 10^12 yuan the way a person does, to check that they mean the amount.
func readCapital(s string) land.Fen {
	units := map[rune]int64{'拾': 10, '佰': 100, '仟': 1000}
	var total, group, digit int64
	for _, r := range s {
		if i := strings.IndexRune("零壹贰叁肆伍陆柒捌玖", r); i >= 0 {
			digit = int64(i / len("零"))
			continue
		}
		switch r {
		case '拾', '佰', '仟':
			group += digit * units[r]
		case '万':
			total, group = total+(group+digit)*10_000, 0
		case '亿':
			total, group = (total+group+digit)*100_000_000, 0
		case '元':
			total, group = (total+group+digit)*100, 0
		case '角':
			total += digit * 10
		case '分':
			total += digit
		}
		digit = 0
	}
	return land.Fen(total)
}

func TestSharesAddExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var shares []land.Share
		exact := new(big.Rat)
		for range rapid.IntRange(1, 40).Draw(t, "holders") {
			den := rapid.Int64Range(1, 10_000).Draw(t, "den")
			share, err := land.ParseShare(land.Share{Num: rapid.Int64Range(1, den).Draw(t, "num"), Den: den}.String())
			shares = append(shares, must(t, share, err))
			exact.Add(exact, big.NewRat(share.Num, share.Den))
		}
		sum, err := land.SumShares(shares...)
		switch {
		case errors.Is(err, land.ErrShareTooFine{}):
			if exact.Num().IsInt64() && exact.Denom().IsInt64() {
				t.Fatal("refused a sum that fits", exact)
			}
		case big.NewRat(sum.Num, sum.Den).Cmp(exact) != 0:
			t.Fatal(sum, exact)
		}
		if whole := land.CheckShares(shares...) == nil; whole != (exact.Cmp(big.NewRat(1, 1)) == 0) {
			t.Fatal(exact, "whole:", whole)
		}
	})
}

func TestParsersNeverPanicAndAreStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9０-９A-Z,，.·/%万元号 \-]{0,30}`)).Draw(t, "s")
		if id, err := land.ParseIDNumber(s, "2026-11-24"); err == nil {
			if again, err := land.ParseIDNumber(string(id), "2026-11-24"); err != nil || again != id {
				t.Fatal(id, again, err)
			}
		}
		if name, err := land.ParseName(s); err == nil {
			if again, err := land.ParseName(name); err != nil || again != name {
				t.Fatal(name, again, err)
			}
		}
		if fen, err := land.ParseYuan(s); err == nil && (fen < 0 || fen > land.MaxFen) {
			t.Fatal(fen)
		}
		if d, err := land.ParseDate(s); err == nil && !d.Valid() {
			t.Fatal(d)
		}
		if share, err := land.ParseShare(s); err == nil && (share.IsZero() || land.Whole().Less(share)) {
			t.Fatal(share)
		}
		if doc, err := land.ParseDocument(land.DocOther, s, "2026-11-24"); err == nil && doc.Number == "" {
			t.Fatal(doc)
		}
		for _, check := range []func(string) error{
			func(s string) error { _, err := land.ParseCreditCode(s); return err },
			func(s string) error { _, err := land.ParseUnitCode(s); return err },
			func(s string) error { _, err := land.ParseHouseCode(s); return err },
			func(s string) error { _, err := land.ParseCertNumber(s); return err },
			func(s string) error { _, err := land.ParseCaseNumber(s); return err },
			func(s string) error { _, err := land.ParsePhone(s); return err },
			func(s string) error { _, err := land.ParseArea(s); return err },
		} {
			var fault land.Fault
			if err := check(s); err != nil && !errors.As(err, &fault) {
				t.Fatal(err)
			}
		}
	})
}
