package exchangeadmin

import (
	"fmt"
	"strconv"
	"time"

	"yichuang/internal/exchange"
)

// kindWord names what a rule watches.
func kindWord(k exchange.RuleKind) string {
	return map[exchange.RuleKind]string{
		exchange.ErrorShare: "失败偏多", exchange.Latency: "响应偏慢", exchange.Silence: "没有应答", exchange.QueueAge: "积压", exchange.CircuitOpen: "熔断",
	}[k]
}

// aboveWord says the limit of a rule with its unit.
func aboveWord(r exchange.Rule) string {
	n := strconv.FormatFloat(r.Above, 'f', -1, 64)
	switch r.Kind {
	case exchange.ErrorShare:
		return fmt.Sprintf("%d 分钟内至少 %d 次调用，失败超过 %s%%", int(r.Window.Minutes()), r.MinCalls, n)
	case exchange.Latency:
		return fmt.Sprintf("%d 分钟内至少 %d 次调用，95%% 的用时超过时限的 %s%%", int(r.Window.Minutes()), r.MinCalls, n)
	case exchange.Silence:
		return "有事在等，工作时间 " + n + " 分钟没有一次应答"
	case exchange.QueueAge:
		return "最早的一件等了超过 " + n + " 分钟"
	case exchange.CircuitOpen:
		if r.Above == 0 {
			return "一熔断就报"
		}
		return "熔断超过 " + n + " 分钟"
	}
	return n
}

// aboveUnit is the unit of a rule's limit.
func aboveUnit(k exchange.RuleKind) string {
	if k == exchange.ErrorShare || k == exchange.Latency {
		return "%"
	}
	return "分钟"
}

// aboveLabel names a rule's limit on its form.
func aboveLabel(k exchange.RuleKind) string {
	return map[exchange.RuleKind]string{
		exchange.ErrorShare: "失败占比超过", exchange.Latency: "95% 的用时超过时限的", exchange.Silence: "没有应答超过", exchange.QueueAge: "最早的一件等了超过", exchange.CircuitOpen: "熔断超过",
	}[k]
}

func quietWords(r exchange.Rule) string {
	if r.Quiet.From == r.Quiet.To {
		return "全天通知"
	}
	return quietWord(r.Quiet, r.Quiet.From) + " 至 " + quietWord(r.Quiet, r.Quiet.To) + " 不发短信"
}

// lasting is how long an alarm has stood, or stood.
func lasting(a exchange.Alarm, now time.Time) string {
	if !a.Active() {
		now = a.Until
	}
	d := now.Sub(a.Since)
	switch {
	case d < time.Minute:
		return "不到 1 分钟"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " 分钟"
	case d < day:
		return fmt.Sprintf("%d 小时 %d 分", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d 天 %d 小时", int(d/day), int(d.Hours())%24)
}
