// Package play goes through the city as its people do: over HTTP, with the pages and forms that they see, and without a script in the
// browser.
//
// A City is one that runs already, or one of its own on free ports, which may be killed and started again. A Browser keeps
// cookies and sends forms as a page shows them. A Sale is a home that changes hands: its methods are the steps of its people,
// and each can be taken again after a failure.
package play
