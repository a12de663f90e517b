package window

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web"
	"yichuang/internal/office/casework"
)

func TestWhatDiffersIsMarked(t *testing.T) {
	for _, x := range []struct {
		form, source string
		want         parts
	}{
		{"89.46", "89.64", parts{"89.", "46", "64", ""}},
		{"陈玥", "陈月", parts{"陈", "玥", "月", ""}},
		{"1,280,000.00", "1,250,000.00", parts{"1,2", "8", "5", "0,000.00"}},
		{"同样", "同样", parts{"同样", "", "", ""}},
		{"", "有", parts{"", "", "有", ""}},
		{"aa", "a", parts{"a", "a", "", ""}},
	} {
		if got := differ(x.form, x.source); got != x.want {
			t.Errorf("%q and %q differ in %+v, want %+v", x.form, x.source, got, x.want)
		}
	}
}

func TestEveryOriginalIsTicked(t *testing.T) {
	v := &file{Case: &casework.Case{App: message.Application{Parties: []message.Party{{Ref: "s1", Role: message.Seller, Name: "李建华"},
		{Ref: "b1", Role: message.Buyer, Name: "王小明", Guardian: &message.Agent{Name: "王晓明"}}}}},
		Materials: []material{{Code: "M-05", Name: "存量房买卖合同", Source: "upload", Files: []message.File{{Digest: strings.Repeat("ab", 32)}}},
			{Code: "M-02", Name: "身份证明", Source: "shared"}}}
	list := originals(v)
	if len(list) != 3 || !strings.Contains(list[1].Text, "王小明的监护人") || list[2].Digest == "" {
		t.Fatalf("%+v", list)
	}
	form := func(ticks ...string) *web.Form {
		f := web.NewForm(httptest.NewRequest("GET", "/", nil))
		f.Set("compared", ticks...)
		return f
	}
	if missing, ok := compared(form("id-s1", list[2].Key), list); ok || missing != list[1].Text {
		t.Errorf("without the second tick: %v, %q", ok, missing)
	}
	if _, ok := compared(form(list[0].Key, list[1].Key, list[2].Key), list); !ok {
		t.Error("all ticks are not enough")
	}
	if _, ok := compared(form(allAlike), list); !ok {
		t.Error("the tick for all is not enough")
	}
	if _, ok := compared(form(), nil); ok {
		t.Error("nothing to compare counts as compared")
	}
}

func TestGroundsFollowTheLaw(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, clock.Shanghai())
	before, after := grounds(&casework.Case{}), grounds(&casework.Case{AcceptedAt: &now})
	if len(before) == 0 || len(after) != 4 || before[0] == after[0] {
		t.Errorf("before acceptance %q, after it %q", before, after)
	}
	for picked, want := range map[string]string{"1": after[0], "4": after[3], "5": "其他情形", "0": "其他情形", "x": "其他情形"} {
		if got := groundWords(after, picked); got != want {
			t.Errorf("%q is %q, want %q", picked, got, want)
		}
	}
}

func TestMidnightIsTheEndOfTheDayBefore(t *testing.T) {
	for at, want := range map[string]string{"2026-12-26 00:00": "12-25 24:00", "2026-12-25 17:30": "12-25 17:30", "2027-01-01 00:00": "12-31 24:00"} {
		due, err := time.ParseInLocation("2006-01-02 15:04", at, clock.Shanghai())
		if err != nil {
			t.Fatal(err)
		}
		if got := deadline(due); got != want {
			t.Errorf("%s is written %q, want %q", at, got, want)
		}
	}
}

func TestNoOpinionIsSuggestedWhereChecksFailed(t *testing.T) {
	v := &orderView{file: &file{Order: &casework.Order{}, Checks: []casework.Check{{Result: "pass"}, {Result: "pass"}}}, Do: "pass"}
	if got := suggested(v); !strings.Contains(got, "2 项核验一致") {
		t.Errorf("suggested %q", got)
	}
	v.Checks[1].Result = "warn"
	if got := suggested(v); got != "" {
		t.Errorf("suggested %q though a check did not pass", got)
	}
}

func TestEveryKeyIsListedOnce(t *testing.T) {
	for _, g := range keySheet() {
		seen := map[string]bool{}
		for _, k := range g.Keys {
			if k[0] == "" || k[1] == "" || seen[k[0]] {
				t.Errorf("%s: %q", g.Title, k)
			}
			seen[k[0]] = true
		}
	}
}
