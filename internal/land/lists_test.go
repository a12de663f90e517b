package land_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"yichuang/internal/land"
)

type code interface {
	comparable
	Label() string
}

// list checks a code list: every code is valid, has words of its own, and is read back from code and words; anything else is refused.
func list[K code](t *testing.T, codes []K, parse func(string) (K, error), valid func(K) bool, stranger K) {
	t.Helper()
	labels := map[string]bool{}
	for _, k := range codes {
		if labels[k.Label()] || k.Label() == "" || !valid(k) {
			t.Errorf("%T %v has no words of its own: %q", k, k, k.Label())
		}
		labels[k.Label()] = true
		for _, text := range []string{fmt.Sprint(k), " " + k.Label() + "　"} {
			if back, err := parse(text); err != nil || back != k {
				t.Errorf("%T %q is read as %v, %v", k, text, back, err)
			}
		}
	}
	if _, err := parse(fmt.Sprint(stranger)); !errors.As(err, &land.ErrUnknownCode{}) || valid(stranger) || stranger.Label() != "" {
		t.Errorf("%T has a stranger: %v, %v", stranger, stranger, err)
	}
}

func TestEveryList(t *testing.T) {
	list(t, land.RightKinds(), land.ParseRightKind, land.RightKind.Valid, "23")
	list(t, land.RightStates(), land.ParseRightState, land.RightState.Valid, "4")
	list(t, land.CoOwns(), land.ParseCoOwn, land.CoOwn.Valid, "4")
	list(t, land.RegTypes(), land.ParseRegType, land.RegType.Valid, 0)
	list(t, land.RestrictionKinds(), land.ParseRestrictionKind, land.RestrictionKind.Valid, "")
	list(t, land.SeizureKinds(), land.ParseSeizureKind, land.SeizureKind.Valid, "5")
	list(t, land.MortgageKinds(), land.ParseMortgageKind, land.MortgageKind.Valid, "0")
	list(t, land.AdvanceKinds(), land.ParseAdvanceKind, land.AdvanceKind.Valid, "5")
	list(t, land.HouseUses(), land.ParseHouseUse, land.HouseUse.Valid, "14")
	list(t, land.HouseTypes(), land.ParseHouseType, land.HouseType.Valid, "7")
	list(t, land.Structures(), land.ParseStructure, land.Structure.Valid, "7")
	list(t, land.DocKinds(), land.ParseDocKind, func(k land.DocKind) bool { return k.Label() != "" }, "8")
	if !land.DocLicence.Organisation() || land.DocIDCard.Organisation() {
		t.Error("a licence is an organisation's, an identity card a person's")
	}
	for _, k := range land.SeizureKinds() {
		if k.Restriction().Label() != k.Label() {
			t.Errorf("seizure %s is restriction %s", k.Label(), k.Restriction().Label())
		}
	}
}

// What is logged says what was wrong, and never the whole of a person's number.
func TestFaultsForTheLog(t *testing.T) {
	const idno = "110105194912310021"
	for _, parse := range []func(string) error{
		func(s string) error { _, err := land.ParseIDNumber(s, today); return err },
		func(s string) error { _, err := land.ParseDocument(land.DocPassport, s+"---", today); return err },
		func(s string) error { _, err := land.ParsePhone(s); return err },
		func(s string) error { _, err := land.ParseCreditCode(s); return err },
		func(s string) error { _, err := land.ParseName(s); return err },
		func(s string) error { _, err := land.ParseHouseCode(s); return err },
		func(s string) error { _, err := land.ParseCaseNumber(s); return err },
		func(s string) error { _, err := land.ParseUnitCode(s); return err },
	} {
		err := parse(idno)
		if err == nil || err.Error() == "" || strings.Contains(err.Error(), idno) {
			t.Errorf("%T: %v", err, err)
		}
	}
}

func TestMakersRefuse(t *testing.T) {
	for name, err := range map[string]error{
		"region":   second(land.MakeIDNumber("99", today, 1)),
		"birthday": second(land.MakeIDNumber("321202", "2026-02-30", 1)),
		"sequence": second(land.MakeIDNumber("321202", today, 1000)),
		"org":      second(land.MakeCreditCode("91", "321202", 100_000_000)),
		"class":    second(land.MakeCreditCode("9", "321202", 1)),
		"letter":   second(land.MakeCreditCode("9I", "321202", 1)),
		"house":    second(land.MakeHouseCode("321202", "001003", "00A1", 10_000_000)),
		"agency":   second(land.MakeHouseCode("321202", "001003", "a", 1)),
		"parcel":   second(land.MakeUnitCode("321202", "001003", "GB", 100_000, 1, 1)),
		"feature":  second(land.MakeUnitCode("321202", "001003", "XX", 1, 1, 1)),
		"issuing":  second(land.MakeCertNumber(2026, "Taizhou", false, 1)),
		"serial":   second(land.MakeCertNumber(2026, "泰州市", false, 0)),
		"case":     second(land.MakeCaseNumber("TZ", today, 100_000)),
		"prefix":   second(land.MakeCaseNumber("T", today, 1)),
		"small":    second(land.MakeCaseNumber("t1", today, 1)),
	} {
		if err == nil {
			t.Errorf("%s: nothing is refused", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }
