package land_test

import (
	"errors"
	"testing"

	"yichuang/internal/land"
)

const today land.Date = "2026-11-24"

// same fails unless got and err are what a table row wants; a wanted error ends the comparison.
func same[T comparable](t *testing.T, in string, got T, err error, want T, wantErr error) {
	t.Helper()
	if !errors.Is(err, wantErr) {
		t.Errorf("%q: error %v, want %v", in, err, wantErr)
	} else if wantErr == nil && got != want {
		t.Errorf("%q: got %v, want %v", in, got, want)
	}
	if fault := land.Fault(nil); err != nil && !errors.As(err, &fault) {
		t.Errorf("%q: error %v names no sentence to show", in, err)
	}
}

func TestParseIDNumber(t *testing.T) {
	for _, c := range []struct {
		in   string
		want land.IDNumber
		err  error
	}{
		{"11010519491231002X", "11010519491231002X", nil}, // the standard's own example
		{"11010519491231002x", "11010519491231002X", nil},
		{"110105187511230022", "", land.ErrIDDate{Date: "1875-11-23"}}, // over 150 years old
		{"１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X", nil},
		{"110105\u3000194912\u00a031002X", "11010519491231002X", nil},
		{"1101051949123100", "", land.ErrIDLength{N: 16}},
		{"32120219900307351", "", land.ErrIDLength{N: 17}},
		{"", "", land.ErrIDLength{N: 0}},
		{"110105194912310021", "", land.ErrIDCheck{}},
		{"11010519490230002X", "", land.ErrIDDate{Date: "1949-02-30"}},
		{"11010520261125002X", "", land.ErrIDDate{Date: "2026-11-25"}},
		{"99010519491231002X", "", land.ErrIDRegion{Code: "990105"}},
		{"X1010519491231002X", "", land.ErrIDChars{R: 'X'}},
		{"11010519491231OO2X", "", land.ErrIDChars{R: 'O'}},
		{"身份证", "", land.ErrIDChars{R: '身'}},
	} {
		got, err := land.ParseIDNumber(c.in, today)
		same(t, c.in, got, err, c.want, c.err)
	}
}

func TestIDNumberTells(t *testing.T) {
	id := land.IDNumber("11010519491231002X")
	if id.Birthday() != "1949-12-31" || !id.Female() || id.Masked() != "110***********002X" {
		t.Error(id.Birthday(), id.Female(), id.Masked())
	}
	leap, err := land.MakeIDNumber("321202", "2008-02-29", 11)
	if err != nil || leap.Female() {
		t.Fatal(leap, err)
	}
	for day, minor := range map[land.Date]bool{"2026-02-28": true, "2026-03-01": false} {
		if leap.Minor(day) != minor {
			t.Errorf("born 2008-02-29, on %s minor = %v", day, leap.Minor(day))
		}
	}
	if land.IDNumber("").Minor("2026-03-01") {
		t.Error("nobody in particular is a minor")
	}
}

func TestParseCreditCode(t *testing.T) {
	for _, c := range []struct {
		in   string
		want land.CreditCode
		err  error
	}{
		{"91350100M000100Y43", "91350100M000100Y43", nil}, // the standard's own example
		{"91350100m000100y43", "91350100M000100Y43", nil},
		{"９１３５０１００Ｍ０００１００Ｙ４３", "91350100M000100Y43", nil},
		{"91350100M000100Y44", "", land.ErrCreditCheck{}},
		{"91350100M000100Y4", "", land.ErrCreditLength{N: 17}},
		{"91350100I000100Y43", "", land.ErrCreditChars{R: 'I'}},
	} {
		got, err := land.ParseCreditCode(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
}

func TestParseDocument(t *testing.T) {
	for _, c := range []struct {
		kind land.DocKind
		in   string
		want string
		err  error
	}{
		{land.DocIDCard, "11010519491231002x", "11010519491231002X", nil},
		{land.DocIDCard, "1", "", land.ErrIDLength{N: 1}},
		{land.DocLicence, "91350100M000100Y43", "91350100M000100Y43", nil},
		{land.DocPassport, "e 12345678", "E12345678", nil},
		{land.DocHKMOTW, "Ｈ1234567(8)", "H1234567(8)", nil},
		{land.DocPassport, "E12", "", land.ErrDocNumber{Kind: land.DocPassport, Number: "E12"}},
		{land.DocMilitary, "军字第2001988号", "军字第2001988号", nil},
		{land.DocOrgCode, "D2143569-X", "D2143569X", nil}, // the standard's own example
		{land.DocOrgCode, "D21435691", "", land.ErrDocNumber{Kind: land.DocOrgCode, Number: "D21435691"}},
		{"5O", "1", "", land.ErrUnknownCode{List: "证件种类", Code: "5O"}},
	} {
		got, err := land.ParseDocument(c.kind, c.in, today)
		same(t, c.in, got.Number, err, c.want, c.err)
	}
}

func TestParseName(t *testing.T) {
	for _, c := range []struct {
		in, want string
		err      error
	}{
		{"王晓明", "王晓明", nil},
		{"　李华　", "李华", nil},
		{"䶮㙓", "䶮㙓", nil},
		{"𠮷田𫍯", "𠮷田𫍯", nil}, // extension B and C
		{"〇一", "〇一", nil},
		{"阿依古丽·买买提", "阿依古丽·买买提", nil},
		{"阿依古丽•买买提", "阿依古丽·买买提", nil},
		{"阿依古丽．买买提", "阿依古丽·买买提", nil},
		{"Ａｎｎａ  Müller-Lüdenscheidt", "Anna Müller-Lüdenscheidt", nil},
		{"王", "", land.ErrNameLength{N: 1}},
		{"", "", land.ErrNameLength{N: 0}},
		{"·买买提", "", land.ErrNameChar{R: '·'}},
		{"王2明", "", land.ErrNameChar{R: '2'}},
		{"王 明", "", land.ErrNameChar{R: ' '}},
		{"王\ue000明", "", land.ErrNameChar{R: '\ue000'}},
		{"<b>王明</b>", "", land.ErrNameChar{R: '<'}},
	} {
		got, err := land.ParseName(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
	if got, err := land.ParseOrgName("泰州市一窗置业有限公司(筹)"); got != "泰州市一窗置业有限公司（筹）" || err != nil {
		t.Error(got, err)
	}
}

func TestParsePhone(t *testing.T) {
	for _, c := range []struct {
		in, want string
		err      error
	}{
		{"13812345678", "13812345678", nil},
		{"+86 138-1234-5678", "13812345678", nil},
		{"１３８１２３４５６７８", "13812345678", nil},
		{"1381234567", "", land.ErrPhoneLength{N: 10}},
		{"12012345678", "", land.ErrPhoneFormat{}},
		{"1381234567x", "", land.ErrPhoneFormat{}},
	} {
		got, err := land.ParsePhone(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{"王晓明": "王*明", "李华": "李*", "王": "*", "": "", "欧阳娜娜": "欧**娜", "阿依古丽·买买提": "阿***·**提"} {
		if got := land.MaskName(in); got != want {
			t.Errorf("%s → %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"13812345678": "138****5678", "11010519491231002X": "110***********002X", "E12345678": "*******78", "": "", "12": "**"} {
		if got := land.MaskNumber(in); got != want {
			t.Errorf("%s → %s, want %s", in, got, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	for _, c := range []struct {
		in   string
		want land.Date
		err  error
	}{
		{"2026-11-24", "2026-11-24", nil}, {"20261124", "2026-11-24", nil}, {"2026/1/4", "2026-01-04", nil},
		{"2026.1.4", "2026-01-04", nil}, {"2026年11月24日", "2026-11-24", nil}, {"２０２６－１１－２４", "2026-11-24", nil},
		{"2026 年 1 月 4 日", "2026-01-04", nil}, {"2024-02-29", "2024-02-29", nil},
		{"2026-02-29", "", land.ErrDateNone{Text: "2026-02-29"}}, {"20261301", "", land.ErrDateNone{Text: "2026-13-01"}},
		{"", "", land.ErrDateFormat{}}, {"11-24", "", land.ErrDateFormat{Text: "11-24"}}, {"明天", "", land.ErrDateFormat{Text: "明天"}},
		{"2026-1-2-3", "", land.ErrDateFormat{Text: "2026-1-2-3"}},
	} {
		got, err := land.ParseDate(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
}

func TestDateArithmetic(t *testing.T) {
	d := land.Date("2024-02-29")
	for _, c := range []struct{ got, want land.Date }{
		{d.AddDays(1), "2024-03-01"}, {d.AddYears(1), "2025-02-28"}, {d.AddYears(4), "2028-02-29"}, {d.AddDays(-60), "2023-12-31"},
		{land.DateOf(d.Time()), d}, {land.MakeDate(2026, 13, 1), "2027-01-01"}, {land.Date("").AddDays(1), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	if n := d.DaysTo("2024-03-02"); n != 2 {
		t.Error(n)
	}
	if s := land.Date("2026-01-04").Chinese(); s != "2026 年 1 月 4 日" {
		t.Error(s)
	}
}

func TestParseYuan(t *testing.T) {
	for _, c := range []struct {
		in   string
		want land.Fen
		err  error
	}{
		{"128万", 128_000_000, nil}, {"1,280,000.00", 128_000_000, nil}, {"１２８万元", 128_000_000, nil}, {"￥1280000", 128_000_000, nil},
		{"128.5万", 128_500_000, nil}, {"1.5亿", 15_000_000_000, nil}, {"128,0000", 128_000_000, nil}, {"0", 0, nil}, {"0.5", 50, nil}, {"12.340", 1234, nil},
		{"12.345678万元", 12_345_678, nil},
		{"9,999,999,999.99", land.MaxFen, nil},
		{"10,000,000,000", 0, land.ErrMoneyTooBig{Text: "10,000,000,000"}},
		{"99999999999999999999999", 0, land.ErrMoneyTooBig{Text: "99999999999999999999999"}},
		{"0.001", 0, land.ErrMoneyTooFine{Text: "0.001"}},
		{"-5", 0, land.ErrMoneyFormat{Text: "-5"}}, {"", 0, land.ErrMoneyFormat{}}, {"12,80", 0, land.ErrMoneyFormat{Text: "12,80"}},
		{"1.", 0, land.ErrMoneyFormat{Text: "1."}}, {"1.2.3", 0, land.ErrMoneyFormat{Text: "1.2.3"}}, {"一百", 0, land.ErrMoneyFormat{Text: "一百"}},
		{"1亿万", 0, land.ErrMoneyFormat{Text: "1亿万"}}, {"1e5", 0, land.ErrMoneyFormat{Text: "1e5"}},
	} {
		got, err := land.ParseYuan(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
}

func TestFenWrites(t *testing.T) {
	for _, c := range []struct {
		fen                       land.Fen
		text, plain, wan, capital string
	}{
		{128_000_000, "1,280,000.00", "1280000.00", "128", "壹佰贰拾捌万元整"},
		{0, "0.00", "0.00", "0", "零元整"},
		{5, "0.05", "0.05", "0.000005", "伍分"},
		{50, "0.50", "0.50", "0.00005", "伍角"},
		{53, "0.53", "0.53", "0.000053", "伍角叁分"},
		{105, "1.05", "1.05", "0.000105", "壹元零伍分"},
		{-1234, "-12.34", "-12.34", "-0.001234", "负壹拾贰元叁角肆分"},
		{140950, "1,409.50", "1409.50", "0.14095", "壹仟肆佰零玖元伍角"},                // the rule's examples from here
		{600714, "6,007.14", "6007.14", "0.600714", "陆仟零柒元壹角肆分"},               //
		{168032, "1,680.32", "1680.32", "0.168032", "壹仟陆佰捌拾元叁角贰分"},             //
		{10700053, "107,000.53", "107000.53", "10.700053", "壹拾万柒仟元伍角叁分"},       //
		{1640902, "16,409.02", "16409.02", "1.640902", "壹万陆仟肆佰零玖元零贰分"},         //
		{32504, "325.04", "325.04", "0.032504", "叁佰贰拾伍元零肆分"},                   // to here
		{10_005_000_000, "100,050,000.00", "100050000.00", "10005", "壹亿零伍万元整"}, // a gap across 万
		{10_000_100_000, "100,001,000.00", "100001000.00", "10000.1", "壹亿零壹仟元整"},
		{1_001_000, "10,010.00", "10010.00", "1.001", "壹万零壹拾元整"},
		{land.MaxFen, "9,999,999,999.99", "9999999999.99", "999999.999999", "玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"},
		{-9223372036854775808, "-92,233,720,368,547,758.08", "-92233720368547758.08", "-9223372036854.775808",
			"负玖亿贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零捌分"},
	} {
		if got := c.fen.String(); got != c.text {
			t.Errorf("String %s, want %s", got, c.text)
		}
		if got := c.fen.Plain(); got != c.plain {
			t.Errorf("Plain %s, want %s", got, c.plain)
		}
		if got := c.fen.Wan(); got != c.wan {
			t.Errorf("Wan %s, want %s", got, c.wan)
		}
		if got := c.fen.Capital(); got != c.capital {
			t.Errorf("%s: %s, want %s", c.text, got, c.capital)
		}
	}
}

func TestParseArea(t *testing.T) {
	for _, c := range []struct {
		in   string
		want land.Area
		err  error
	}{
		{"89.46", 8946, nil}, {"８９．４６平方米", 8946, nil}, {"140㎡", 14000, nil}, {"1,234.5 m2", 123450, nil},
		{"89.461", 0, land.ErrAreaTooFine{Text: "89.461"}}, {"", 0, land.ErrAreaFormat{}}, {"约90", 0, land.ErrAreaFormat{Text: "约90"}},
		{"10000000", 0, land.ErrAreaTooBig{Text: "10000000"}},
	} {
		got, err := land.ParseArea(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
	if s := land.Area(8946).String(); s != "89.46" {
		t.Error(s)
	}
}

func TestParseShare(t *testing.T) {
	for _, c := range []struct {
		in   string
		want land.Share
		err  error
	}{
		{"1/3", land.Share{Num: 1, Den: 3}, nil}, {"２／６", land.Share{Num: 1, Den: 3}, nil}, {"50%", land.Share{Num: 1, Den: 2}, nil},
		{"33.33％", land.Share{Num: 3333, Den: 10000}, nil}, {"0.25", land.Share{Num: 1, Den: 4}, nil}, {"全部", land.Whole(), nil},
		{"3分之1", land.Share{Num: 1, Den: 3}, nil}, {"100%", land.Whole(), nil}, {"1", land.Whole(), nil},
		{"0/3", land.Share{}, land.ErrShareRange{Text: "0/3"}}, {"4/3", land.Share{}, land.ErrShareRange{Text: "4/3"}},
		{"1/0", land.Share{}, land.ErrShareRange{Text: "1/0"}}, {"0/0", land.Share{}, land.ErrShareRange{Text: "0/0"}},
		{"101%", land.Share{}, land.ErrShareRange{Text: "101%"}}, {"1/1000001", land.Share{}, land.ErrShareRange{Text: "1/1000001"}},
		{"一半", land.Share{}, land.ErrShareFormat{Text: "一半"}}, {"1/3/5", land.Share{}, land.ErrShareFormat{Text: "1/3/5"}}, {"", land.Share{}, land.ErrShareFormat{}},
	} {
		got, err := land.ParseShare(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
}

func TestCheckShares(t *testing.T) {
	third, sixth := land.Share{Num: 1, Den: 3}, land.Share{Num: 1, Den: 6}
	for _, c := range []struct {
		shares []land.Share
		err    error
	}{
		{[]land.Share{third, third, third}, nil},
		{[]land.Share{land.Whole()}, nil},
		{[]land.Share{third, third}, land.ErrShareSum{Sum: land.Share{Num: 2, Den: 3}, Rest: third}},
		{[]land.Share{third, third, third, sixth}, land.ErrShareOver{Sum: land.Share{Num: 7, Den: 6}, Over: sixth}},
		{nil, land.ErrShareSum{Rest: land.Whole()}},
	} {
		if err := land.CheckShares(c.shares...); !errors.Is(err, c.err) && !(c.shares == nil && err != nil) {
			t.Errorf("%v: %v, want %v", c.shares, err, c.err)
		}
	}
	var primes []land.Share
	for _, p := range []int64{999983, 999979, 999961, 999959, 999953, 999931} {
		primes = append(primes, land.Share{Num: 1, Den: p})
	}
	if _, err := land.SumShares(primes...); !errors.Is(err, land.ErrShareTooFine{}) {
		t.Error("a sum beyond 64 bits must be refused, not wrapped:", err)
	}
}

func TestParseUnitCode(t *testing.T) {
	const code = "321202001003GB00012F00030504"
	for _, c := range []struct {
		in   string
		want land.UnitCode
		err  error
	}{
		{code, code, nil},
		{"321202 001003 gb00012 f00030504", code, nil},
		{"３２１２０２００１００３ＧＢ０００１２Ｆ０００３０５０４", code, nil},
		{"321202001003GB00012W00000000", "321202001003GB00012W00000000", nil},
		{"321202001003GB00012F99990001", "321202001003GB00012F99990001", nil},
		{"321202001003GB00012W00000001", "", land.ErrUnitPart{Part: "定着物单元号", Text: "W00000001"}},
		{"321202001003GZ00012F00030504", "", land.ErrUnitPart{Part: "宗地特征码", Text: "GZ"}},
		{"32120200100XGB00012F00030504", "", land.ErrUnitPart{Part: "地籍区和地籍子区", Text: "00100X"}},
		{"321202001003GB00012X00030504", "", land.ErrUnitPart{Part: "定着物特征码", Text: "X"}},
		{"321202001003GB0001AF00030504", "", land.ErrUnitPart{Part: "宗地顺序号", Text: "0001A"}},
		{"110101001003GB00012F00030504", "", land.ErrUnitDistrict{Code: "110101"}},
		{"321202001003GB00012F0003050", "", land.ErrUnitLength{N: 27}},
	} {
		got, err := land.ParseUnitCode(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
	u := land.UnitCode(code)
	if u.Grouped() != "321202 001003 GB00012 F00030504" || u.District() != "321202" || u.Zone() != "001003" || u.Parcel() != "321202001003GB00012" || u.Building() != "321202001003GB00012F0003" {
		t.Error(u.Grouped(), u.District(), u.Zone(), u.Parcel(), u.Building())
	}
	if land.UnitCode("321202001003GB00012F99990001").Building() != "" {
		t.Error("all buildings together are not one building")
	}
}

func TestParseHouseCode(t *testing.T) {
	code, err := land.MakeHouseCode("321202", "001003", "00A1", 1234)
	if err != nil || len(code) != 25 || code.Region() != "321202" {
		t.Fatal(code, err)
	}
	for _, c := range []struct {
		in   string
		want land.HouseCode
		err  error
	}{
		{string(code), code, nil},
		{" 321202 001003 00a1 0001234 " + string(code[24:]), code, nil},
		{string(code[:24]), "", land.ErrHouseFormat{}},
		{"321202001003" + "00A10001235" + string(code[23:]), "", land.ErrHouseCheck{}},
	} {
		got, err := land.ParseHouseCode(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
}

func TestParseCertNumber(t *testing.T) {
	const title, proof = "苏(2026)泰州市不动产权第0001234号", "苏(2026)兴化市不动产证明第0000007号"
	for _, c := range []struct {
		in   string
		want land.CertNumber
		err  error
	}{
		{title, title, nil}, {"苏（2026）泰州市不动产权第0001234号", title, nil}, {"苏（２０２６） 泰州市 不动产权第 ０００１２３４ 号", title, nil},
		{"苏【2026】泰州市不动产权证第1234号", title, nil}, {"苏〔2026〕泰州市不动产权0001234", title, nil}, {proof, proof, nil},
		{"苏(2026)泰州市不动产权第0000000号", "", land.ErrCertFormat{Text: "苏(2026)泰州市不动产权第0000000号"}},
		{"苏(2026)泰州市不动产权第12345678号", "", land.ErrCertFormat{Text: "苏(2026)泰州市不动产权第12345678号"}},
		{"泰房权证海陵字第1234号", "", land.ErrCertFormat{Text: "泰房权证海陵字第1234号"}}, {"", "", land.ErrCertFormat{}},
	} {
		got, err := land.ParseCertNumber(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
	c := land.CertNumber(title)
	if c.IsProof() || !land.CertNumber(proof).IsProof() || c.Year() != 2026 || c.Issuing() != "泰州市" || c.Serial() != 1234 || c.Printed() != "苏（2026）泰州市不动产权第0001234号" {
		t.Error(c.IsProof(), c.Year(), c.Issuing(), c.Serial(), c.Printed())
	}
	if _, err := land.MakeCertNumber(2026, "泰州市", false, 10_000_000); !errors.As(err, &land.ErrSerial{}) {
		t.Error("the ten-millionth certificate of a year must be refused:", err)
	}
}

func TestParseCaseNumber(t *testing.T) {
	const no = "TZ-261124-00412-6"
	for _, c := range []struct {
		in   string
		want land.CaseNumber
		err  error
	}{
		{no, no, nil}, {"tz261124004126", no, nil}, {"ＴＺ－２６１１２４－００４１２－６", no, nil}, {" TZ 261124 00412 6 ", no, nil},
		{"TZ-261124-00412-7", "", land.ErrCaseCheck{}}, {"TZ-261124-04012-6", "", land.ErrCaseCheck{}},
		{"TZ-261324-00412-6", "", land.ErrCaseFormat{}}, {"TZ-261124-412-6", "", land.ErrCaseFormat{}}, {"", "", land.ErrCaseFormat{}},
	} {
		got, err := land.ParseCaseNumber(c.in)
		same(t, c.in, got, err, c.want, c.err)
	}
	if got, err := land.MakeCaseNumber("TZ", today, 412); got != no || err != nil {
		t.Error(got, err)
	}
}

func TestDistricts(t *testing.T) {
	list := land.Districts()
	if len(list) != 6 {
		t.Fatal(len(list))
	}
	list[0].Name = "changed"
	if d, ok := land.FindDistrict("321202"); !ok || d.Name != "海陵区" || d.Issuing != "泰州市" {
		t.Error(d, ok)
	}
	if _, ok := land.FindDistrict("321200"); ok {
		t.Error("the city itself is no district")
	}
	for _, d := range list {
		if _, err := land.MakeCertNumber(2026, d.Issuing, false, 1); err != nil {
			t.Error(err)
		}
	}
}

func TestLists(t *testing.T) {
	if got := len(land.RightKinds()); got != 22 {
		t.Error(got)
	}
	for _, k := range land.RightKinds() {
		back, err := land.ParseRightKind(k.Label())
		if err != nil || back != k {
			t.Error(k, back, err)
		}
	}
	if r, err := land.ParseRegType("200"); r != land.RegTransfer || err != nil || r.Label() != "转移登记" {
		t.Error(r, err)
	}
	if _, err := land.ParseRegType("2"); !errors.Is(err, land.ErrUnknownCode{List: "登记类型", Code: "2"}) {
		t.Error(err)
	}
	if u := land.HouseUse("112"); !u.Home() || !u.Valid() || u.Label() != "高档公寓" || land.UseOffice.Home() {
		t.Error(u)
	}
	if !land.RightMortgage.Proof() || land.RightHouse.Proof() {
		t.Error("a mortgagee gets a proof, an owner a title")
	}
	if land.SeizureQueued.Restriction() != land.RestrictQueuedSeizure || !land.SeizureQueued.Waits() || land.SeizureActive.Waits() {
		t.Error("a queued seizure waits")
	}
}
