package hall_test

// Who may do what in the hall. Beyond this, whose row it is decides: an application is its owner's and its parties'.

const (
	anybody  = "anybody"   // also without an account
	signedIn = "signed in" // any citizen, for what is their own
	program  = "program"   // a payment channel, which the handler knows by its signature
)

// routes is every address of the hall with who may ask for it.
var routes = map[string]string{
	"GET /{$}": anybody, "GET /items": anybody, "GET /items/{code}": anybody, "GET /items/{code}/materials": anybody, "GET /a11y": anybody, "GET /help": anybody,
	"GET /privacy": anybody, "GET /halls": anybody, "GET /halls/{hall}": anybody,
	"GET /login": anybody, "GET /login/start": anybody, "GET /login/callback": anybody, "GET /logout": anybody, "POST /logout": anybody,
	"GET /verify": anybody, "POST /verify/code": anybody, "POST /verify/number": anybody, "POST /verify/file": anybody, "GET /v/{code}": anybody,
	"GET /u/{token}": anybody, "POST /u/{token}": anybody, // who has the token brings a file, and sees nothing

	"GET /me": signedIn, "GET /inbox": signedIn, "POST /inbox": signedIn, "GET /inbox/{id}": signedIn, "GET /face/{purpose}": signedIn, "POST /face/{purpose}": signedIn,
	"GET /book": signedIn, "GET /book/{hall}": signedIn, "GET /book/{hall}/{day}": signedIn, "POST /book/{hall}/{day}": signedIn,
	"GET /bookings": signedIn, "GET /bookings/{id}": signedIn, "GET /bookings/{id}/cancel": signedIn, "POST /bookings/{id}/cancel": signedIn,

	"GET /apply/{item}": signedIn, "POST /apply/{item}": signedIn,
	"GET /app/{id}": signedIn, "GET /app/{id}/print": signedIn, "GET /app/{id}/abandon": signedIn, "POST /app/{id}/abandon": signedIn,
	"GET /app/{id}/home": signedIn, "POST /app/{id}/home": signedIn, "GET /app/{id}/home/confirm": signedIn, "POST /app/{id}/home/confirm": signedIn, "POST /app/{id}/home/other": signedIn,
	"GET /app/{id}/contract": signedIn, "POST /app/{id}/contract": signedIn, "POST /app/{id}/contract/import": signedIn, "POST /app/{id}/contract/drop": signedIn,
	"GET /app/{id}/parties": signedIn, "POST /app/{id}/parties": signedIn, "POST /app/{id}/parties/sum": signedIn, "GET /app/{id}/parties/{ref}": signedIn,
	"POST /app/{id}/parties/{ref}": signedIn, "POST /app/{id}/parties/{ref}/remove": signedIn,
	"GET /app/{id}/tax": signedIn, "POST /app/{id}/tax": signedIn, "POST /app/{id}/tax/estimate": signedIn, "GET /app/{id}/trust": signedIn, "POST /app/{id}/trust": signedIn,
	"GET /app/{id}/loan": signedIn, "POST /app/{id}/loan": signedIn, "POST /app/{id}/loan/parts": signedIn,
	"GET /app/{id}/utilities": signedIn, "POST /app/{id}/utilities": signedIn, "POST /app/{id}/utilities/again": signedIn,
	"GET /app/{id}/delivery": signedIn, "POST /app/{id}/delivery": signedIn,
	"GET /app/{id}/materials": signedIn, "POST /app/{id}/materials": signedIn, "POST /app/{id}/materials/again": signedIn,
	"POST /app/{id}/m/{slot}": signedIn, "GET /app/{id}/m/{slot}/phone": signedIn, "GET /f/{file}": signedIn, "GET /f/{file}/t": signedIn,
	"GET /app/{id}/wait/{kind}": signedIn, "GET /app/{id}/check": signedIn, "POST /app/{id}/check": signedIn, "GET /app/{id}/sent": signedIn, "POST /app/{id}/sent/remind": signedIn,
	"GET /app/{id}/reopen": signedIn, "POST /app/{id}/reopen": signedIn,
	"GET /confirm/{id}": signedIn, "POST /confirm/{id}": signedIn, "GET /confirm/{id}/refuse": signedIn, "POST /confirm/{id}/refuse": signedIn,
	"GET /confirm/{id}/contract": signedIn, "GET /confirm/{id}/trust": signedIn,

	"GET /case/{no}": signedIn, "GET /case/{no}/events": signedIn, "GET /case/{no}/fix": signedIn, "POST /case/{no}/fix": signedIn, "POST /case/{no}/fix/{code}": signedIn,
	"GET /case/{no}/tax": signedIn, "POST /case/{no}/tax": signedIn, "GET /case/{no}/trust": signedIn, "GET /case/{no}/docs": signedIn, "GET /case/{no}/docs/{code}": signedIn,
	"GET /case/{no}/withdraw": signedIn, "POST /case/{no}/withdraw": signedIn, "GET /case/{no}/pay": signedIn,
	"GET /pay/{bill}": signedIn, "POST /pay/{bill}": signedIn, "GET /pay/{bill}/go/{order}": signedIn, "GET /pay/{bill}/wait": signedIn, "GET /pay/{bill}/live": signedIn,
	"POST /pay/{bill}/ask":   signedIn,
	"POST /notify/{channel}": program, "POST /notify/back/{bill}": program,
}
