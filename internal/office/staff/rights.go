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
	Issue     web.Right = "issue"     // hand certificates over
	Search    web.Right = "search"    // exact query with a reason
	Lead      web.Right = "lead"      // see and move the work of one's people
	Operate   web.Right = "operate"   // health, endpoints, calls, ferry
	Supervise web.Right = "supervise" // audit record
	Secure    web.Right = "secure"    // accounts and rights
)

// Roles, as the accounts carry them.
const (
	Clerk     = "clerk"
	First     = "first"
	Second    = "second"
	Registrar = "registrar"
	Surveyor  = "surveyor"
	Reviewer  = "reviewer"
	Officer   = "officer"
	Leader    = "leader"
	Admin     = "admin"
	Security  = "security"
	Auditor   = "auditor"
)

var reviewing = []web.Right{Work, ReadCase, Decide}

// Granted lists the rights of each role. System, security and audit administrators are three people, and none of them
// reads business data (GB/T 22239-2019 8.1.5).
var Granted = map[string][]web.Right{
	Clerk:     {Work, ReadCase, Decide, Accept, Issue, Search, ReadBook},
	First:     {Work, ReadCase, Decide, ReadBook, Search},
	Second:    {Work, ReadCase, Decide, ReadBook, Search},
	Registrar: {Work, ReadCase, Decide, ReadBook, EnterBook, Search},
	Surveyor:  reviewing,
	Reviewer:  reviewing,
	Officer:   reviewing,
	Leader:    {Work, ReadCase, Lead, Search, ReadBook},
	Admin:     {Operate},
	Security:  {Secure},
	Auditor:   {Supervise},
}

// RoleNames in Chinese, for headers and lists.
var RoleNames = map[string]string{
	Clerk: "综合窗口", First: "初审", Second: "复审", Registrar: "登簿", Surveyor: "权籍调查", Reviewer: "审核",
	Officer: "经办", Leader: "科室负责人", Admin: "系统管理员", Security: "安全管理员", Auditor: "审计管理员",
}

// DepartmentNames in Chinese.
var DepartmentNames = map[string]string{
	"window": "综合受理窗口", "registry": "不动产登记中心", "housing": "住建部门", "tax": "税务部门", "bank": "银行",
	"guarantee": "担保公司", "fund": "公积金中心", "platform": "一窗平台",
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
