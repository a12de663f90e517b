package office_test

import "yichuang/internal/office/staff"

// Who may do what in the office, said a second time and by hand, so that a slip in a route or in the table of roles shows.

const (
	anybody  = "anybody"   // also without an account
	signedIn = "signed in" // any account
)

// routes is every address of the office with the right that it asks for.
var routes = map[string]string{
	"GET /{$}": anybody, "GET /login": anybody, "POST /login": anybody,
	"POST /logout": signedIn, "GET /password": signedIn, "POST /password": signedIn, "GET /w/keys": signedIn, "POST /w/keys": signedIn,

	"GET /w": "work", "GET /w/queue/{view}": "work", "POST /w/next": "decide",
	"GET /w/case/{no}": "case", "GET /w/case/{no}/flow": "case", "GET /w/case/{no}/related": "case", "GET /w/case/{no}/msgs": "case",
	"GET /w/case/{no}/file/{digest}": "case", "GET /w/case/{no}/paper/{code}": "case",
	"GET /w/case/{no}/ask": "search", "POST /w/case/{no}/ask": "search",
	"GET /w/case/{no}/incident": "report", "POST /w/case/{no}/incident": "report",
	"GET /w/order/{id}": "decide", "POST /w/order/{id}": "decide", "POST /w/order/{id}/claim": "decide", "POST /w/order/{id}/release": "decide",
	"POST /w/order/{id}/takeover": "decide",
	"GET /w/accept":               "accept", "GET /w/accept/{no}/done": "accept", "GET /w/issue": "issue", "GET /w/book/{unit}": "book", "GET /w/search": "search", "POST /w/search": "search",
	"GET /w/reconcile": "balance", "POST /w/reconcile/day": "balance", "GET /w/reconcile/run/{id}": "balance", "POST /w/reconcile/run/{id}/again": "balance",
	"GET /w/reconcile/difference/{id}": "balance", "POST /w/reconcile/difference/{id}": "balance",
	"GET /w/lead": "lead", "GET /w/lead/order/{id}": "lead", "POST /w/lead/order/{id}": "lead",

	"GET /w/counter": "accept", "POST /w/counter": "accept", "POST /w/counter/call": "accept", "GET /w/counter/ticket": "accept", "POST /w/counter/ticket": "accept",
	"GET /kiosk": "machine", "GET /kiosk/{hall}": "machine", "POST /kiosk/{hall}": "machine", "GET /kiosk/{hall}/{id}": "machine",
	"GET /board/{hall}": "machine", "GET /board/{hall}/events": "machine",

	"GET /admin": "operate", "GET /admin/ferry": "operate", "GET /admin/ferry/{id}/discard": "operate", "POST /admin/ferry/{id}/discard": "operate",
	"POST /admin/ferry/{id}/retry": "operate",
	"GET /admin/endpoints":         "operate", "GET /admin/endpoints/new": "operate", "POST /admin/endpoints/new": "operate", "GET /admin/endpoints/{id}": "operate",
	"POST /admin/endpoints/{id}": "operate", "POST /admin/endpoints/{id}/test": "operate",
	"GET /admin/calls": "operate", "GET /admin/calls/{id}": "operate",
	"GET /admin/interface": "operate", "GET /admin/interface/{operation}": "operate", "GET /admin/interface/codes": "operate", "GET /admin/interface/changes": "operate",
	"GET /admin/interface/openapi/{file}": "operate", "GET /admin/interface/guide/{counterpart}": "operate",
	"GET /admin/outbox": "operate", "GET /admin/outbox/confirm": "operate", "POST /admin/outbox/{do}": "operate",
	"GET /admin/alarms": "alarms", "GET /admin/alarms/{id}": "alarms", "POST /admin/alarms/{id}": "alarms",
	"GET /admin/alarms/rules/{kind}": "operate", "POST /admin/alarms/rules/{kind}": "operate",
}

// holders is who has each right.
var holders = map[string][]string{
	"work":      {staff.Clerk, staff.Dispatcher, staff.First, staff.Second, staff.Registrar, staff.Surveyor, staff.Archivist, staff.ContractClerk, staff.TaxClerk, staff.BankClerk, staff.FundClerk, staff.Leader},
	"case":      {staff.Clerk, staff.Dispatcher, staff.First, staff.Second, staff.Registrar, staff.Surveyor, staff.Archivist, staff.ContractClerk, staff.TaxClerk, staff.BankClerk, staff.FundClerk, staff.Leader},
	"decide":    {staff.Clerk, staff.Dispatcher, staff.First, staff.Second, staff.Registrar, staff.Surveyor, staff.Archivist, staff.ContractClerk, staff.TaxClerk, staff.BankClerk, staff.FundClerk},
	"report":    {staff.Clerk, staff.First, staff.Second, staff.Registrar},
	"accept":    {staff.Clerk},
	"issue":     {staff.Clerk},
	"book":      {staff.Clerk, staff.First, staff.Second, staff.Registrar, staff.Surveyor, staff.Archivist, staff.Leader},
	"search":    {staff.Clerk, staff.First, staff.Second, staff.Registrar, staff.Archivist, staff.Leader},
	"lead":      {staff.Dispatcher, staff.Leader},
	"operate":   {staff.Admin},
	"alarms":    {staff.Admin, staff.Leader},
	"balance":   {staff.BankClerk, staff.Leader},
	"secure":    {staff.Security},
	"supervise": {staff.Auditor},
	"machine":   {staff.Kiosk},
}
