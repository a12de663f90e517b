package site

import (
	"fmt"

	"yichuang/internal/catalog"
)

// minutes says a waiting time: 25 分钟, 1 小时 10 分.
func minutes(n int) string {
	switch {
	case n < 60:
		return fmt.Sprintf("%d 分钟", n)
	case n%60 == 0:
		return fmt.Sprintf("%d 小时", n/60)
	}
	return fmt.Sprintf("%d 小时 %d 分", n/60, n%60)
}

// load is the class of the bar that shows a waiting time beside its number.
func load(n int) string {
	switch {
	case n < 15:
		return "w25"
	case n < 30:
		return "w45"
	case n < 60:
		return "w60"
	}
	return "w90"
}

// payer says who pays a fee.
func payer(code string) string {
	switch code {
	case "buyer":
		return "买方"
	case "seller":
		return "卖方"
	case "mortgagee":
		return "抵押权人（银行）"
	}
	return "申请人"
}

// provider says who brings a material.
func provider(code string) string {
	switch code {
	case "buyer":
		return "买方准备"
	case "seller":
		return "卖方准备"
	case "bank":
		return "银行提供"
	case "system":
		return "我们生成"
	}
	return "申请人准备"
}

// visits says how often somebody has to come.
func visits(i *catalog.Item) string {
	if i.Visits == 0 {
		return "不用跑，全程网上办"
	}
	return fmt.Sprintf("最多 %d 次", i.Visits)
}

// answerText is the chosen option in words.
func answerText(q catalog.Question, value string) string {
	for _, o := range q.Options {
		if o.Value == value {
			return o.Label
		}
	}
	return ""
}
