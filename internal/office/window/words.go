package window

import (
	"strings"
	"time"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/register"
	"yichuang/internal/office/staff"
	"yichuang/internal/office/trust"
)

// Words of the pages: codes and states as staff read them.

func stateWords(c *casework.Case) string {
	switch c.State {
	case casework.Done:
		return "已办结"
	case casework.Refused:
		return "不予登记"
	case casework.Withdrawn:
		return "已撤回"
	case casework.Lapsed:
		return "已失效"
	}
	if c.PausedAt != nil {
		return "等当事人补正"
	}
	return casework.Nodes[min(c.Stage, len(casework.Nodes)-1)]
}

func stateTone(state string) string {
	switch state {
	case casework.Done:
		return "none"
	case casework.Running:
		return "blue"
	}
	return "red"
}

func contractWords(c *casework.Case) string {
	number := c.App.Contract.Number
	if number == "" {
		number = "自行成交"
	}
	if c.Facts.FilingNo != "" {
		number += "，备案号 " + c.Facts.FilingNo
	}
	return number
}

func marriageWord(m string) string {
	return map[string]string{"single": "未婚", "married": "已婚", "divorced": "离异", "widowed": "丧偶"}[m]
}

func deliveryWord(d message.Delivery) string {
	if d.Mode == "ems" {
		return "EMS 到 " + d.Address
	}
	return "窗口领取"
}

func utilityWord(kind string) string {
	return map[string]string{"water": "自来水", "power": "电力", "gas": "燃气", "tv": "数字电视"}[kind]
}

func actionWord(a string) string {
	return map[string]string{"transfer": "过户", "keep": "不变", "new": "新开户"}[a]
}

func holders(p *register.Page) string {
	var names []string
	for _, h := range p.Title.Holders {
		names = append(names, h.Name+" "+h.Document.Masked()+"，"+h.Share.Among(len(p.Title.Holders)))
	}
	return strings.Join(names, "；")
}

func taxState(s string) string {
	return map[string]string{"proposed": "等双方确认", "confirmed": "双方已确认", "disputed": "有异议", "replaced": "已重新核定"}[s]
}

func billWord(kind string) string {
	return map[string]string{"tax": "税款", "fee": "登记费", "trust": "首付款"}[kind]
}

func billState(s string) string {
	return map[string]string{"open": "待付", "paid": "已付", "expired": "已过期", "cancelled": "已撤销", "refunded": "已退款"}[s]
}

// evidence is the material that shows what a check compares; empty where none does.
func evidence(v *file, check casework.Check) string {
	kind, party, _ := strings.Cut(check.Code, ".")
	code := map[string]string{"contract": "M-05", "identity": "M-02", "marriage": "M-04"}[kind]
	who := ""
	if p, ok := v.Case.App.Party(party); ok {
		who = land.MaskName(p.Name)
	}
	for _, m := range v.Materials {
		if m.Code == code && len(m.Files) > 0 && (who == "" || m.Who == who) {
			return m.Files[0].Digest
		}
	}
	return ""
}

// parts of two texts that should be the same: what they share in front and behind, and what differs between.
type parts struct{ before, form, source, after string }

func differ(form, source string) parts {
	a, b := []rune(form), []rune(source)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return parts{string(a[:head]), string(a[head : len(a)-tail]), string(b[head : len(b)-tail]), string(a[len(a)-tail:])}
}

func failed(list []casework.Check) (bad, good []casework.Check) {
	for _, c := range list {
		if c.Result == "pass" {
			good = append(good, c)
		} else {
			bad = append(bad, c)
		}
	}
	return bad, good
}

// messagesOf counts what goes between the case and other systems.
func messagesOf(v *file) (n int) {
	for _, o := range v.Orders {
		if o.Operation != "" {
			n++
		}
	}
	return n
}

func payerWord(c *casework.Case, ref string) string {
	if p, ok := c.App.Party(ref); ok {
		return roleWord(p.Role) + " " + land.MaskName(p.Name)
	}
	return ref
}

func moveWords(m trust.Move) string { return trust.Words(m) }

func moveAmount(m trust.Move) string {
	if m.Out > 0 {
		return "−" + m.Out.String()
	}
	return m.In.String()
}

func correctionState(s string) string {
	return map[string]string{"open": "等当事人补交", "received": "已收到", "lapsed": "逾期", "ended": "不再需要"}[s]
}

func departmentWord(d string) string {
	if w := staff.DepartmentNames[d]; w != "" {
		return w
	}
	return map[string]string{"bigdata": "大数据平台", "utility": "水电气视", "portal": "省平台", "ems": "邮政 EMS", "hall": "网上大厅"}[d]
}

func outcomeWord(o casework.Order) string {
	switch {
	case o.State == "cancelled":
		return "已取消"
	case o.State == "open":
		return "等待中"
	}
	if w := outcomeWords[o.Outcome]; w != "" {
		return w
	}
	return "完成"
}

var outcomeWords = map[string]string{"pass": "通过", "warn": "有差异", "fail": "不通过", "correct": "要求补正", "refuse": "不予通过", "back": "退回", "entered": "已登簿",
	"seized": "登记簿不允许", "suspended": "暂缓", "retry": "重试", "review": "重新审核", "clear": "可以继续", "confirmed": "已确认"}

func sentWords(o casework.Order) string {
	if o.SentAt != nil {
		return clockTime(*o.SentAt)
	}
	if o.State == "done" && o.ClosedAt != nil {
		return clockTime(*o.ClosedAt)
	}
	if o.Attempts > 0 {
		return "试了 " + itoa(o.Attempts) + " 次"
	}
	return ""
}

func holderWords(o casework.Order) string {
	switch {
	case o.AssigneeName != "":
		return o.AssigneeName
	case o.Kind == casework.Wait:
		return "当事人"
	case o.Kind == casework.System:
		return departmentWord(o.Department) + "系统"
	}
	return departmentWord(o.Department) + "，待领"
}

// doneBy is who ended a step, or has it.
func doneBy(o casework.Order) string {
	if o.ClosedBy != "" {
		return o.ClosedBy
	}
	return holderWords(o)
}

// took is how long a step lasted, or has lasted.
func took(o casework.Order, now time.Time) string {
	if o.ClosedAt != nil {
		now = *o.ClosedAt
	}
	if d := now.Sub(o.OpenedAt); d < time.Minute {
		return itoa(max(int(d.Seconds()), 0)) + " 秒"
	} else {
		return span(d)
	}
}

func troubleWords(o casework.Order) string {
	if o.Said != "" {
		return o.Trouble + "：" + o.Said
	}
	if o.Trouble != "" {
		return o.Trouble
	}
	if o.Kind == casework.System && o.State == "open" && o.SentAt != nil {
		return "已送出，等对方办理"
	}
	return ""
}

func sourceWords(m material) string {
	switch m.Source {
	case "shared":
		return "无需提交 · 来自" + m.From + "，" + clockTime(m.At) + " " + m.Summary
	case "system":
		return "系统生成"
	}
	return "上传 " + clockTime(m.At)
}

func caseTabs(v *file, base string) []ui.Tab {
	bad := 0
	for _, c := range v.Checks {
		if c.Result != "pass" {
			bad++
		}
	}
	var out []ui.Tab
	for i, t := range tabs {
		tab := ui.Tab{Text: t.words, Href: base + "?tab=" + t.key, Count: -1, On: t.key == v.Tab, Key: itoa(i + 1)}
		if t.key == "checks" && bad > 0 {
			tab.Count, tab.Alarm = bad, true
		}
		out = append(out, tab)
	}
	return out
}

func pickName(v *file) string {
	for _, m := range v.Materials {
		for _, f := range m.Files {
			if f.Digest == v.Pick {
				return m.Name
			}
		}
	}
	return "材料"
}

func pickPages(v *file) int {
	for _, m := range v.Materials {
		for _, f := range m.Files {
			if f.Digest == v.Pick {
				return max(f.Pages, 1)
			}
		}
	}
	return 1
}

// pickHref leads to a page of a material, turned and sized as it is now.
func pickHref(v *file, base, digest string, page int) string {
	return lookHref(v, base, digest, page, look{})
}

// look is how the scan is shown: turned by quarters, and whether enlarged.
type look struct {
	turn int
	big  bool
}

func (l look) turned() look { return look{(l.turn + 1) % 4, l.big} }

func (l look) sized() look { return look{l.turn, !l.big} }

func (l look) class() string {
	c := "scanpic"
	if l.turn > 0 {
		c += " scanpic--r" + itoa(l.turn)
	}
	if l.big {
		c += " scanpic--big"
	}
	return c
}

func lookHref(v *file, base, digest string, page int, l look) string {
	q := base + "?tab=" + v.Tab + "&m=" + digest + "&p=" + itoa(page)
	if l.turn > 0 {
		q += "&turn=" + itoa(l.turn)
	}
	if l.big {
		q += "&big=1"
	}
	return q + "#scan"
}

func scanSrc(v *file) string {
	return "/w/case/" + string(v.Case.No) + "/file/" + v.Pick + "?p=" + itoa(v.PickNo)
}
