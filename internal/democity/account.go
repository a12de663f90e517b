package democity

import "yichuang/internal/land"

// Departments that work in the office zone or see part of it, by the names that flows use.
const (
	DeptWindow   = "window"   // 综合受理窗口
	DeptRegistry = "registry" // 不动产登记中心
	DeptHousing  = "housing"  // 住建部门
	DeptTax      = "tax"      // 税务部门
	DeptBank     = "bank"     // 银行
	DeptFund     = "fund"     // 公积金中心 and the guarantee company, which evaluate the fund's loans
	DeptPlatform = "platform" // the city's platform itself
)

// Roles of staff, by the names that flows use.
const (
	RoleClerk         = "window"          // accepts and hands over at a window
	RoleDispatcher    = "dispatcher"      // asks after what is silent, reassigns
	RoleFirst         = "first-reviewer"  // 初审
	RoleSecond        = "second-reviewer" // 复审
	RoleRegistrar     = "registrar"       // enters in the book (核定、登簿)
	RoleSurveyor      = "surveyor"        // 权籍调查
	RoleArchivist     = "archivist"       // 归档
	RoleContractClerk = "contract-clerk"  // housing: 合同备案
	RoleTaxClerk      = "tax-clerk"       // 核税
	RoleBankClerk     = "bank-clerk"      // trust accounts and loans
	RoleFundClerk     = "fund-clerk"      // provident fund loans
	RoleLeader        = "leader"          // gets what is overdue
	RoleAdmin         = "admin"           // system administrator
	RoleSecurity      = "security"        // security administrator
	RoleAuditor       = "auditor"         // audit administrator
	RoleKiosk         = "kiosk"           // no person: ticket machine and board of a hall
)

// Staff is an account of the office.
type Staff struct {
	Login      string
	Name       string
	ID         land.IDNumber
	Phone      string
	Password   string
	District   string // empty: the whole city
	Department string
	Org        string // bank code or company, for who is not of a department
	Roles      []string
	Hall       string
	WindowNo   int    // of a clerk
	Superior   string // login that overdue work goes to; empty at the top
}

// Citizen is an account at the provincial identity provider, real-name checked.
type Citizen struct {
	Login    string // the phone number
	Password string
	Person   land.IDNumber
	Name     string
}
