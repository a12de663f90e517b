package land_test

import (
	"testing"

	"yichuang/internal/land"
)

func TestPercent(t *testing.T) {
	for rate, want := range map[string]string{"0.03": "3%", "0.015": "1.5%", "0.00005": "0.005%", "0": "0%", "1": "100%", "1%": "1%", "免征": "免征", "": "", "1/3": "1/3"} {
		if got := land.Percent(rate); got != want {
			t.Errorf("%q is written %q, want %q", rate, got, want)
		}
	}
}

func TestShareAmongHolders(t *testing.T) {
	for _, x := range []struct {
		share land.Share
		n     int
		want  string
	}{{land.Share{Num: 1, Den: 1}, 1, "全部"}, {land.Share{Num: 1, Den: 1}, 2, "共同共有"}, {land.Share{Num: 1, Den: 3}, 2, "1/3"}, {land.Share{}, 2, "—"}} {
		if got := x.share.Among(x.n); got != x.want {
			t.Errorf("%v of %d holders is %q, want %q", x.share, x.n, got, x.want)
		}
	}
}
