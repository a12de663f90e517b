package democity

import (
	"strconv"

	"yichuang/internal/land"
)

// The makers of codes below cannot fail on what the city feeds them, fixed districts, real days and small serials: the
// test of the package parses every code that it finds in a city.

func makeIdentity(region string, birth land.Date, seq int) land.IDNumber {
	id, _ := land.MakeIDNumber(region, birth, seq)
	return id
}

func makeHouse(region, zone string, serial int) land.HouseCode {
	code, _ := land.MakeHouseCode(region, zone, surveyAgency, serial)
	return code
}

// surveyAgency is the code of the surveying agency in house codes.
const surveyAgency = "TZ01"

func makeUnit(district, zone string, parcel, building, unit int) land.UnitCode {
	code, _ := land.MakeUnitCode(district, zone, "GB", parcel, building, unit)
	return code
}

func makeCert(year int, issuing string, proof bool, serial int) land.CertNumber {
	number, _ := land.MakeCertNumber(year, issuing, proof, serial)
	return number
}

// credit makes the next credit code of a class ("91" enterprise, "12" public institution) and region. The serials lie in a
// range that is not handed out.
func (b *builder) credit(class, region string) land.CreditCode {
	b.firms++
	code, _ := land.MakeCreditCode(class, region, 99_000_000+b.firms)
	return code
}

func pad(n, width int) string {
	s := strconv.Itoa(n)
	for len(s) < width {
		s = "0" + s
	}
	return s
}
