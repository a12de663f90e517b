package board

import "slices"

// Defect is a way in which a message of a system is wrong.
type Defect string

// The defects.
const (
	Fails          Defect = "error"
	Silent         Defect = "silent"
	Duplicate      Defect = "duplicate"
	Reorder        Defect = "reorder"
	WrongSignature Defect = "wrongSignature"
	Corrupt        Defect = "corrupt"
	BadSchema      Defect = "schema"
	Stale          Defect = "stale"
	OtherCase      Defect = "otherCase"
	WrongAmount    Defect = "amount"
	Crash          Defect = "crash"
	Drip           Defect = "drip"
	Huge           Defect = "huge"
)

// Moment is when a fault may happen to a message; moments add up.
type Moment int

// The moments.
const (
	Answering Moment = 1 << iota // a request of the platform is answered
	Queuing                      // a late answer or notice is put in the queue
	Sending                      // it leaves
)

// DefectInfo says what a defect is.
type DefectInfo struct {
	Defect Defect
	Title  string // Chinese, a word or two
	Says   string // Chinese, one sentence: what happens
	at     Moment
}

// Defects lists all defects with what they do.
func Defects() []DefectInfo {
	return []DefectInfo{
		{Fails, "出错", "请求被以 503 拒绝，与系统内部故障一样。", Answering},
		{Silent, "不应答", "请求一直没有应答；结果和通知压住不发，故障解除后再发。", Answering | Sending},
		{Duplicate, "重复", "结果和通知发两遍，第二遍是另一份报文。", Queuing},
		{Reorder, "乱序", "结果和通知推迟十分钟（模拟时间），让后面的先到。", Queuing},
		{WrongSignature, "签名错误", "应答、结果和通知用别人的密钥签名。", Answering | Sending},
		{Corrupt, "内容损坏", "签名以后报文体被改动了一个字节。", Answering | Sending},
		{BadSchema, "不合规范", "签名有效，但报文体多出一个规范里没有的字段。", Answering | Sending},
		{Stale, "陈旧", "应答和结果写着一年前的时间，好像是上一轮的旧结论。", Answering | Sending},
		{OtherCase, "串件", "签名有效的结果写着本系统另一个办件的编号。", Answering | Sending},
		{WrongAmount, "金额不可能", "金额被放大一千倍，与明细、余额或委托对不上。", Answering | Sending},
		{Crash, "中途断开", "报文只发出一半，连接就断了。", Answering | Sending},
		{Drip, "滴漏", "报文每秒只来几个字节，总也收不完。", Answering | Sending},
		{Huge, "超大报文", "报文之后还有 1 GB 的空白。", Answering | Sending},
	}
}

// Info finds what is known of a defect.
func (d Defect) Info() (DefectInfo, bool) {
	all := Defects()
	i := slices.IndexFunc(all, func(x DefectInfo) bool { return x.Defect == d })
	if i < 0 {
		return DefectInfo{}, false
	}
	return all[i], true
}
