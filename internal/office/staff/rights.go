package staff

import "yichuang/internal/kit/web"

// Rights of the office. A route names one of them; the table below says which role has it. This is the one place.
const (
	Work      web.Right = "work"      // own queue, claim, release
	ReadCase  web.Right = "case"      // open a case in one's district and department
	Decide    web.Right = "decide"    // decide a work order
	Accept    web.Right = "accept"    // accept at the counter
	ReadBook  web.Right = "book"      // open the register page of a unit
	EnterBook web.Right = "enter"     // enter in the book (登簿)
	Report    web.Right = "report"    // report what puts a case in doubt
	Issue     web.Right = "issue"     // hand certificates over
	Search    web.Right = "search"    // exact query with a reason
	Lead      web.Right = "lead"      // see and move the work of one's people
	Operate   web.Right = "operate"   // health, endpoints, calls, ferry
	Alarms    web.Right = "alarms"    // see and take on what is wrong with the lines
	Balance   web.Right = "balance"   // the daily reconciliation
	Supervise web.Right = "supervise" // audit record
	Secure    web.Right = "secure"    // accounts and rights
	Machine   web.Right = "machine"   // give tickets and show the board of its hall
)

// Roles, as accounts carry them and flows name them.
const (
	Clerk         = "window"
	Dispatcher    = "dispatcher"
	First         = "first-reviewer"
	Second        = "second-reviewer"
	Registrar     = "registrar"
	Surveyor      = "surveyor"
	Archivist     = "archivist"
	ContractClerk = "contract-clerk"
	TaxClerk      = "tax-clerk"
	BankClerk     = "bank-clerk"
	FundClerk     = "fund-clerk"
	Leader        = "leader"
	Admin         = "admin"
	Security      = "security"
	Auditor       = "auditor"
	Kiosk         = "kiosk" // no person: the ticket machine and the board of a hall
)

// Granted lists the rights of each role. System, security and audit administrators are three people, and none of them
// reads business data (GB/T 22239-2019 8.1.5).
var Granted = map[string][]web.Right{
	Clerk:         {Work, ReadCase, Decide, Report, Accept, Issue, Search, ReadBook},
	Dispatcher:    {Work, ReadCase, Decide, Lead},
	First:         {Work, ReadCase, Decide, Report, ReadBook, Search},
	Second:        {Work, ReadCase, Decide, Report, ReadBook, Search},
	Registrar:     {Work, ReadCase, Decide, Report, ReadBook, EnterBook, Search},
	Surveyor:      {Work, ReadCase, Decide, ReadBook},
	Archivist:     {Work, ReadCase, Decide, ReadBook, Search},
	ContractClerk: {Work, ReadCase, Decide},
	TaxClerk:      {Work, ReadCase, Decide},
	BankClerk:     {Work, ReadCase, Decide, Balance},
	FundClerk:     {Work, ReadCase, Decide},
	Leader:        {Work, ReadCase, Lead, Search, ReadBook, Alarms, Balance},
	Admin:         {Operate, Alarms},
	Security:      {Secure},
	Auditor:       {Supervise},
	Kiosk:         {Machine},
}

// RoleNames in Chinese, for headers and lists.
var RoleNames = map[string]string{
	Clerk: "综合窗口", Dispatcher: "调度", First: "初审", Second: "复审", Registrar: "登簿", Surveyor: "权籍调查", Archivist: "档案",
	ContractClerk: "合同备案", TaxClerk: "核税", BankClerk: "银行经办", FundClerk: "公积金经办", Leader: "负责人", Admin: "系统管理员",
	Security: "安全管理员", Auditor: "审计管理员", Kiosk: "取号机",
}

// DepartmentNames in Chinese.
var DepartmentNames = map[string]string{
	"window": "综合受理窗口", "registry": "不动产登记中心", "housing": "住建部门", "tax": "税务部门", "bank": "银行",
	"fund": "公积金中心", "platform": "一窗平台",
}

// RightsOf unites the rights of several roles.
func RightsOf(roles []string) map[web.Right]bool {
	out := map[web.Right]bool{}
	for _, r := range roles {
		for _, right := range Granted[r] {
			out[right] = true
		}
	}
	return out
}
