// Package web is how a zone of the platform speaks HTTP with people: routes that are denied unless
// granted, sessions, forms that survive errors and double clicks, pages and failures.
//
// In: what a zone gives in Options (database, keys, who may do what, how an error page looks) and
// one Handler for each screen or action. Out: an http.Handler with every protection on, and the list
// of all routes with the right that each one needs. Package web/ui draws the pages, package
// web/style holds the colours and the sheet.
//
// The rules that hold for every page: a form is a POST that answers 303, or 422 with the same page; what a
// user typed comes back to them after an error, after an expired session and after a second click; no page
// needs script; a failure is drawn in one place.
package web
