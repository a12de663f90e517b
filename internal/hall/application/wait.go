package application

// wait is a page that waits for an answer of the office.
type wait struct {
	Kind, Title, Words string
	Back               string // this page
	Cancel             string // action that stops waiting
	CancelWords        string
}
