package land

import (
	"fmt"
	"strings"
)

// UnitCode is the code of a real estate unit, 28 characters (GB/T 37346): district, cadastral zone and sub-zone, parcel feature
// and number, then the fixture: feature, building and unit number, or W00000000 for bare land.
type UnitCode string

// The faults of a unit code. It has no check character: whether the unit exists only the register knows.
type (
	// ErrUnitLength says how many characters were given instead of 28.
	ErrUnitLength struct{ N int }
	// ErrUnitDistrict says that the first six characters are no district of the city.
	ErrUnitDistrict struct{ Code string }
	// ErrUnitPart says which part, in words of the standard, is not formed as it must be.
	ErrUnitPart struct{ Part, Text string }
)

func (e ErrUnitLength) Error() string { return fmt.Sprintf("unit code has %d characters, not 28", e.N) }
func (e ErrUnitDistrict) Error() string {
	return fmt.Sprintf("unit code has unknown district %q", e.Code)
}
func (e ErrUnitPart) Error() string { return fmt.Sprintf("unit code: %s cannot be %q", e.Part, e.Text) }

// Sentence names the sentence that tells the person so.
func (e ErrUnitLength) Sentence() (string, map[string]any) {
	return "err.unit.length", map[string]any{"n": e.N}
}

// Sentence names the sentence that tells the person so.
func (e ErrUnitDistrict) Sentence() (string, map[string]any) {
	return "err.unit.district", map[string]any{"code": e.Code}
}

// Sentence names the sentence that tells the person so.
func (e ErrUnitPart) Sentence() (string, map[string]any) {
	return "err.unit.part", map[string]any{"part": e.Part, "text": e.Text}
}

// Letters of the standard: who owns the land; what the parcel is; what stands on it.
const (
	parcelOwners   = "GJZ"
	parcelKinds    = "ABSXCDEFHGWYLN"
	fixtureKinds   = "FLQW"
	bareLand       = "W00000000"
	wholeOfFixture = "F99990001" // all buildings of a parcel
)

// ParseUnitCode reads a unit code; blanks, hyphens, small and full-width letters are accepted.
// Errors: [ErrUnitLength], [ErrUnitDistrict], [ErrUnitPart].
func ParseUnitCode(s string) (UnitCode, error) {
	text := strings.ToUpper(undash(compact(s)))
	if n := len([]rune(text)); n != 28 || len(text) != 28 {
		return "", ErrUnitLength{N: n}
	}
	if _, ok := FindDistrict(text[:6]); !ok {
		return "", ErrUnitDistrict{Code: text[:6]}
	}
	part := func(name string, from, to int) error { return ErrUnitPart{Part: name, Text: text[from:to]} }
	switch {
	case !allDigits(text[6:12]):
		return "", part("地籍区和地籍子区", 6, 12)
	case !strings.Contains(parcelOwners, text[12:13]) || !strings.Contains(parcelKinds, text[13:14]):
		return "", part("宗地特征码", 12, 14)
	case !allDigits(text[14:19]):
		return "", part("宗地顺序号", 14, 19)
	case !strings.Contains(fixtureKinds, text[19:20]):
		return "", part("定着物特征码", 19, 20)
	case !allDigits(text[20:]) || text[19] == 'W' && text[19:] != bareLand:
		return "", part("定着物单元号", 19, 28)
	}
	return UnitCode(text), nil
}

// MakeUnitCode builds the code of a unit in a building: district six digits, zone six (cadastral zone and sub-zone), feature two
// letters as "GB". Building 0 means bare land. Errors as [ParseUnitCode] and [ErrSerial].
func MakeUnitCode(district, zone, feature string, parcel, building, unit int) (UnitCode, error) {
	for _, serial := range []struct {
		of     string
		n, max int
	}{{"parcel", parcel, 99999}, {"building", building, 9999}, {"unit", unit, 9999}} {
		if serial.n < 0 || serial.n > serial.max {
			return "", ErrSerial{Of: serial.of, N: serial.n, Max: serial.max}
		}
	}
	fixture := bareLand
	if building > 0 {
		fixture = fmt.Sprintf("F%04d%04d", building, unit)
	}
	return ParseUnitCode(fmt.Sprintf("%s%s%s%05d%s", district, zone, feature, parcel, fixture))
}

// District returns the code of the district, six digits.
func (u UnitCode) District() string { return u.cut(6) }

// Zone returns cadastral zone and sub-zone, six digits.
func (u UnitCode) Zone() string { return strings.TrimPrefix(u.cut(12), u.cut(6)) }

// Parcel returns the code of the parcel, the first 19 characters.
func (u UnitCode) Parcel() string { return u.cut(19) }

// Building returns the code of the building, the first 24 characters; "" for land and for all buildings of a parcel together.
func (u UnitCode) Building() string {
	if len(u) != 28 || u[19] != 'F' || u[19:] == wholeOfFixture {
		return ""
	}
	return u.cut(24)
}

// Grouped writes the code in groups of 6, 6, 7 and 9 characters, as papers do.
func (u UnitCode) Grouped() string {
	if len(u) != 28 {
		return string(u)
	}
	return string(u[:6] + " " + u[6:12] + " " + u[12:19] + " " + u[19:])
}

func (u UnitCode) cut(n int) string {
	if len(u) < n {
		return ""
	}
	return string(u[:n])
}
