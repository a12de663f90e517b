package exchangeadmin

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

// counterparts are the kinds of systems in Chinese, in the order of the tender's tables.
func counterparts() []ui.Choice {
	return []ui.Choice{
		{Value: "registry", Text: "不动产登记"}, {Value: "housing", Text: "住建"}, {Value: "tax", Text: "税务"}, {Value: "bigdata", Text: "大数据平台"},
		{Value: "portal", Text: "政务服务网"}, {Value: "bank", Text: "银行"}, {Value: "fund", Text: "公积金与担保"}, {Value: "court", Text: "法院"}, {Value: "utility", Text: "水电气广"},
		{Value: "delivery", Text: "邮政 EMS"}, {Value: "channel", Text: "消息与人脸核验"}, {Value: "queue", Text: "大厅取号机"},
	}
}

func wordOf(choices []ui.Choice, value string) string {
	for _, c := range choices {
		if c.Value == value {
			return c.Text
		}
	}
	return value
}

func dialectChoices(names []string) []ui.Choice {
	known := []ui.Choice{
		{Value: "unified", Text: "按统一接口规范", Hint: "对方系统按规范收发报文"},
		{Value: "bizxml", Text: "XML 报文", Hint: "业务报文经 HTTP 收发，材料放在 SFTP 文件夹"},
		{Value: "bizxml-soap", Text: "XML 报文，经 SOAP", Hint: "SOAP 1.1，材料放在 SFTP 文件夹"},
		{Value: "filedrop", Text: "文件交换", Hint: "请求与应答都是文件，放在 SFTP 或本机文件夹"},
		{Value: "desk", Text: "由人办理", Hint: "对方没有系统，工作人员在本平台办理"},
	}
	list := slices.DeleteFunc(known, func(c ui.Choice) bool { return !slices.Contains(names, c.Value) })
	for _, name := range names {
		if wordOf(known, name) == name {
			list = append(list, ui.Choice{Value: name, Text: name})
		}
	}
	return list
}

// gradeChoices are the grades of data, the lowest first.
func gradeChoices() []ui.Choice {
	return []ui.Choice{
		{Value: "1", Text: "1 级：可以公开的"}, {Value: "2", Text: "2 级：办件与房屋情况，不涉及个人"},
		{Value: "3", Text: "3 级：姓名、地址、电话、意见"}, {Value: "4", Text: "4 级：证件号、账号、材料内容"},
	}
}

func districtChoices() []ui.Choice {
	list := []ui.Choice{}
	for _, d := range districts() {
		list = append(list, ui.Choice{Value: d.Code, Text: d.Name})
	}
	return list
}

func districtWord(code string) string {
	if code == "" {
		return "全市"
	}
	if d, ok := land.FindDistrict(code); ok {
		return d.Name
	}
	return code
}

func schemeChoices() []ui.Choice {
	return []ui.Choice{{Value: spec.SchemeSM2, Text: "SM2 密钥对", Hint: "双方各持私钥，交换公钥"}, {Value: spec.SchemeHMAC, Text: "共享密钥（HMAC-SM3）", Hint: "对方不支持 SM2 时使用"}}
}

// stateOf is how an endpoint is: tone and words.
func stateOf(e exchange.Endpoint) (tone, words string) {
	switch {
	case e.Dialect == "desk":
		return "", "由人办理"
	case !e.Enabled:
		return "amber", "已停用"
	case !e.OpenSince.IsZero():
		return "red", "已熔断，" + clockTime(e.OpenSince) + " 起"
	}
	return "green", "正常"
}

func outcomeChoices() []ui.Choice {
	return []ui.Choice{
		{Value: "trouble", Text: "所有异常"}, {Value: string(exchange.OK), Text: "成功"}, {Value: string(exchange.Duplicate), Text: "重复报文"}, {Value: string(exchange.Refused), Text: "业务不予办理"},
		{Value: string(exchange.RejectedCall), Text: "拒收"}, {Value: string(exchange.Failed), Text: "无应答或故障"}, {Value: string(exchange.Unbelievable), Text: "应答不可信"},
	}
}

func outcomeTone(o exchange.Outcome) string {
	switch o {
	case exchange.OK:
		return "green"
	case exchange.Duplicate:
		return ""
	case exchange.Refused:
		return "amber"
	}
	return "red"
}

func operationChoices() []ui.Choice {
	var list []ui.Choice
	for _, info := range spec.Operations() {
		list = append(list, ui.Choice{Value: string(info.Operation), Text: info.Title})
	}
	return list
}

func operationWord(op spec.Operation) string {
	if info, ok := spec.Lookup(op); ok {
		return info.Title
	}
	return "未知操作"
}

// codeWords says a code of the interface, or a reason of ours, in Chinese.
func codeWords(code string) string {
	words := map[string]string{
		"unreachable": "网络不通", "timed-out": "对方没有在时限内答完", "busy": "对方忙或在维护", exchange.ReasonSwitchedOff: "接入点已停用",
		exchange.ReasonCircuitOpen: "熔断中，稍后自动试探", exchange.ReasonQuiet: "对方静默时段，过后自动补上", exchange.ReasonLimited: "超过本接入点的频率或并发上限",
	}
	if w := words[code]; w != "" {
		return w
	}
	if f := spec.NewFault(spec.Code(code), ""); f.Status != 422 {
		return f.Title
	}
	return code
}

func directionWord(d string) string {
	if d == exchange.In {
		return "收"
	}
	return "发"
}

func clockTime(t time.Time) string { return t.In(clock.Shanghai()).Format("01-02 15:04:05") }

func took(d time.Duration) string {
	if d < 10*time.Second {
		return strconv.FormatInt(d.Milliseconds(), 10) + " 毫秒"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " 秒"
}

func share(t exchange.Tally) string {
	if t.Calls == 0 {
		return "没有调用"
	}
	return fmt.Sprintf("%d 次，异常 %d 次（%.1f%%）", t.Calls, t.Trouble, 100*float64(t.Trouble)/float64(t.Calls))
}
