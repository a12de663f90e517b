package catalog_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	catalogdata "yichuang/catalog"
	"yichuang/internal/land"
)

// samples are the longest usual values of the slots that text messages have.
var samples = map[string]any{
	"less": "1,280,000.00",
	"what": "确认税额或提出异议",
	"no":   "TZ-261124-00412-6", "date": "11 月 26 日", "url": "yc.taizhou.gov.cn/a7K2", "code": "482913", "purpose": "签署合同", "n": 2, "amt": "12,800.00",
	"slot": "09:30 至 10:00", "hall": "海陵登记大厅", "list": "身份证、不动产权证书", "delivery": "，纸质证书已寄出", "label": "EV123456789CN", "kind": "转移登记",
	"step": "初审", "h": 3, "who": "张*", "line": "海陵区不动产登记系统",
}

// Rules of ux.md section 4: what no sentence may hold.
var copyRules = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"half-width punctuation beside a Han character", regexp.MustCompile(`\p{Han}[,:;?!()]|[,;?!()]\p{Han}`)},
	{"half-width quotes around Han", regexp.MustCompile(`["']\p{Han}|\p{Han}["']`)},
	{"no space between Han and letters or digits", regexp.MustCompile(`\p{Han}[A-Za-z0-9]|[A-Za-z0-9]\p{Han}`)},
	{"space beside full-width punctuation", regexp.MustCompile(`[，。；：？！、（）“”] | [，。；：？！、）”]`)},
	{"words that say nothing", regexp.MustCompile(`确定|点击|系统错误|温馨提示|敬请|知悉您|亲，|非法|管理员联系|联系管理员|提交成功|OK|[!！]`)},
	{"words of the machine room", regexp.MustCompile(`环节|节点|工单|推送失败|接口|后台|数据库`)},
	{"a full stop at the end of a line on its own", regexp.MustCompile(`。$`)},
}

func lint(t *testing.T, place, text string) {
	t.Helper()
	text = lawTitle.ReplaceAllString(text, "某法") // names of norms are as they are
	for _, r := range copyRules {
		if at := r.pattern.FindString(text); at != "" {
			t.Errorf("%s: %s: %q in %q", place, r.name, at, text)
		}
	}
}

var slot = regexp.MustCompile(`\{\w+\}`)

var lawTitle = regexp.MustCompile(`《[^》]*》|（[^（）]*〔\d+〕[^（）]*）|（[^（）]*公告[^（）]*）|TD/T [\d-]+|GB/T [\d-]+`)

func TestMessagesAreWellWritten(t *testing.T) {
	c := load(t)
	for _, id := range c.MessageIDs() {
		text := c.Message(id, nil)
		if id == "ok.sent.next" || strings.HasPrefix(id, "sms.") {
			text = strings.TrimSuffix(text, "。{url}")
		}
		lint(t, id, strings.TrimSuffix(text, "。"))
		for _, sentence := range regexp.MustCompile(`[。；]`).Split(text, -1) {
			words := strings.TrimPrefix(slot.ReplaceAllString(sentence, ""), "【泰州不动产】")
			if n := utf8.RuneCountInString(words); n > 45 {
				t.Errorf("%s: a sentence of %d characters: %q", id, n, sentence)
			}
		}
	}
}

func TestTextMessages(t *testing.T) {
	c := load(t)
	for _, id := range c.MessageIDs() {
		if !strings.HasPrefix(id, "sms.") {
			continue
		}
		for _, slot := range c.Slots(id) {
			if _, ok := samples[slot]; !ok {
				t.Errorf("%s: slot {%s} has no sample to measure it by", id, slot)
			}
		}
		text := c.Message(id, samples)
		switch n := utf8.RuneCountInString(text); {
		case n > 134:
			t.Errorf("%s takes more than two parts: %d characters: %s", id, n, text)
		case n > 70:
			t.Logf("%s takes two parts: %d characters", id, n)
		}
		if !strings.HasPrefix(text, "【泰州不动产】") && !strings.HasPrefix(text, "【一窗】") {
			t.Errorf("%s does not begin with who writes: %s", id, text)
		}
		if strings.Count(text, "yc.taizhou.gov.cn") > 1 {
			t.Errorf("%s holds more than one link", id)
		}
		for _, personal := range []string{"{name}", "{address}", "{idno}"} {
			if strings.Contains(c.Message(id, nil), personal) {
				t.Errorf("%s tells %s to whoever reads the phone", id, personal)
			}
		}
	}
}

// Every word of the data that people read follows the same rules.
func TestDataIsWellWritten(t *testing.T) {
	read := map[string]bool{"name": true, "plainName": true, "summary": true, "text": true, "why": true, "label": true, "hint": true, "title": true, "intro": true,
		"reason": true, "missing": true, "how": true, "from": true, "holder": true, "basis": true, "who": true, "bring": true, "mistakes": true, "group": true}
	for _, pattern := range []string{"*.yaml", "items/*.yaml"} {
		names, err := fs.Glob(catalogdata.FS, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if name == "messages.zh.yaml" {
				continue
			}
			data, err := fs.ReadFile(catalogdata.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			var doc yaml.Node
			if err := yaml.Unmarshal(data, &doc); err != nil {
				t.Fatal(err)
			}
			walk(&doc, "", func(key string, n *yaml.Node) {
				if read[key] {
					lint(t, name+":"+strconv.Itoa(n.Line), n.Value)
				}
			})
		}
	}
}

// walk calls visit with each scalar and the key that it, or the list around it, stands under.
func walk(n *yaml.Node, key string, visit func(string, *yaml.Node)) {
	switch n.Kind {
	case yaml.ScalarNode:
		visit(key, n)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			under := n.Content[i].Value
			if key == "law" || key == "laws" {
				under = key // titles of norms are as they are
			}
			walk(n.Content[i+1], under, visit)
		}
	case yaml.SequenceNode, yaml.DocumentNode:
		for _, c := range n.Content {
			walk(c, key, visit)
		}
	}
}

// Every fault of the vocabulary has its sentence, and fills all of its slots.
func TestFaultsHaveSentences(t *testing.T) {
	c := load(t)
	faults := []land.Fault{
		land.ErrUnknownCode{List: "证件种类", Code: "5O"}, land.ErrDateFormat{}, land.ErrDateNone{Text: "2026-02-30"}, land.ErrIDLength{N: 17}, land.ErrIDChars{R: 'O'},
		land.ErrIDRegion{Code: "990105"}, land.ErrIDDate{Date: "2026-11-25"}, land.ErrIDCheck{}, land.ErrSerial{}, land.ErrCreditLength{N: 17}, land.ErrCreditChars{R: 'I'},
		land.ErrCreditCheck{}, land.ErrDocNumber{Kind: land.DocPassport}, land.ErrNameLength{N: 1}, land.ErrNameChar{R: '2'}, land.ErrPhoneLength{N: 10}, land.ErrPhoneFormat{},
		land.ErrUnitLength{N: 27}, land.ErrUnitDistrict{Code: "110101"}, land.ErrUnitPart{Part: "宗地特征码", Text: "GZ"}, land.ErrHouseFormat{}, land.ErrHouseCheck{},
		land.ErrCertFormat{}, land.ErrCaseFormat{}, land.ErrCaseCheck{}, land.ErrMoneyFormat{}, land.ErrMoneyTooFine{}, land.ErrMoneyTooBig{}, land.ErrAreaFormat{},
		land.ErrAreaTooFine{}, land.ErrAreaTooBig{}, land.ErrShareFormat{}, land.ErrShareRange{}, land.ErrShareSum{Sum: land.Share{Num: 2, Den: 3}, Rest: land.Share{Num: 1, Den: 3}},
		land.ErrShareOver{Sum: land.Share{Num: 4, Den: 3}, Over: land.Share{Num: 1, Den: 3}}, land.ErrShareTooFine{},
	}
	tested := map[string]bool{}
	for _, f := range faults {
		id, _ := f.Sentence()
		tested[id] = true
		text, ok := c.Sentence(f)
		if !ok || !c.HasMessage(id) || strings.Contains(text, "{") {
			t.Errorf("%T has no whole sentence: %s → %q", f, id, text)
		}
	}
	for _, id := range sentenceIDs(t) {
		if !tested[id] {
			t.Errorf("sentence %s of the vocabulary is not in this test", id)
		}
	}
	if text, ok := c.Sentence(fs.ErrNotExist); ok {
		t.Error("an error of ours is no fault of the user's:", text)
	}
}

// sentenceIDs reads the ids out of the source of package land, so that a new fault cannot be forgotten.
func sentenceIDs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../land/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && strings.HasPrefix(lit.Value, `"err.`) {
				ids = append(ids, strings.Trim(lit.Value, `"`))
			}
			return true
		})
	}
	if len(ids) < 30 {
		t.Fatal("the faults were not found:", ids)
	}
	return ids
}

func TestMessage(t *testing.T) {
	c := load(t)
	for _, row := range []struct {
		id    string
		slots map[string]any
		want  string
	}{
		{"err.idno.length", map[string]any{"n": 17}, "身份证号码应为 18 位，您填了 17 位"},
		{"err.idno.length", nil, "身份证号码应为 18 位，您填了 {n} 位"},
		{"no.such", nil, "no.such"},
		{"err.share.sum", map[string]any{"sum": "{rest}", "rest": "1/3"}, "各人份额加起来是 {rest}，还差 1/3"}, // what a user typed is no slot
	} {
		if got := c.Message(row.id, row.slots); got != row.want {
			t.Errorf("%s: %s, want %s", row.id, got, row.want)
		}
	}
}

// The ids that the screens' specification names.
func TestSpecifiedMessagesExist(t *testing.T) {
	c := load(t)
	for id, slots := range map[string]string{
		"err.summary": "n", "err.required": "label", "err.choose": "label", "err.idno.length": "n", "err.idno.check": "", "err.idno.age": "name", "err.name.chars": "c",
		"err.share.sum": "sum rest", "err.money.unit": "v", "err.date.format": "", "err.file.big": "size", "err.file.kind": "seen want", "err.file.blur": "", "err.home.none": "min",
		"err.home.seized": "", "err.home.mortgaged": "", "err.conflict": "who time", "err.timeout": "", "err.dept.silent": "dept min", "err.rate": "s", "err.face.fail": "n",
		"err.pay.expired": "", "err.pay.double": "amt date", "err.slot.gone": "alt", "err.500": "trace", "ok.saved": "time", "ok.sent": "no", "ok.sent.next": "name date n",
		"mat.shared": "source time", "mat.missing": "material reason", "mat.law": "law n", "task.wait": "", "tax.estimate": "", "consent.fetch": "dept data", "withdraw.warn": "amt n",
		"elder.on": "", "empty.cases": "", "staff.locked": "who time", "staff.seized": "court", "staff.undo": "", "sms.code": "code purpose", "sms.confirm": "no date url",
		"sms.accepted": "no date url", "sms.fix": "no n date url", "sms.bill": "no amt date url", "sms.paid": "amt no", "sms.book": "date slot hall code list url",
		"sms.cert": "no delivery url", "sms.refuse": "no kind url", "sms.overdue": "no step h who",
	} {
		if got := strings.Join(c.Slots(id), " "); !c.HasMessage(id) || got != slots {
			t.Errorf("%s has slots %q, want %q", id, got, slots)
		}
	}
}
