package law_test

import (
	"testing"

	"yichuang/internal/catalog/law"
)

func TestString(t *testing.T) {
	for want, l := range map[string]law.Law{
		"《中华人民共和国民法典》第 406 条":    {Name: "中华人民共和国民法典", Article: "406"},
		"《不动产登记暂行条例》第 17 条第 3 款": {Name: "不动产登记暂行条例", Article: "17 第 3 款"},
		"《不动产登记规程》":              {Name: "不动产登记规程"},
		"":                       {},
	} {
		if got := l.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, bad := range map[string]bool{"中华人民共和国民法典": false, "": true, "《中华人民共和国民法典》": true} {
		if err := (law.Law{Name: name}).Check(); (err != nil) != bad {
			t.Errorf("%q: %v", name, err)
		}
	}
}
