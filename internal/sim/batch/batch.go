// Package batch keeps what a simulated authority asked the platform in batches, and the pages of the results that came back.
//
// In come the persons to ask about and, later, the platform's pages; out go the rows of a request and how far each batch is.
package batch

import (
	"fmt"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/town"
)

// Most is how many rows a batch may have.
const Most = 10_000

// Batch is one batch and what is known of it.
type Batch struct {
	No      string       `json:"no"`
	Rows    int          `json:"rows"`
	Pages   int          `json:"pages"` // that the platform promised
	AskedAt time.Time    `json:"askedAt"`
	Came    map[int]Page `json:"came,omitempty"` // pages that came, by number
}

// Page sums up a page of results.
type Page struct {
	Rows     int       `json:"rows"`
	Found    int       `json:"found"`    // persons who have something
	Holdings int       `json:"holdings"` // what they have together
	At       time.Time `json:"at"`
}

// Done tells whether all pages have come.
func (b Batch) Done() bool { return b.Pages > 0 && len(b.Came) == b.Pages }

// Sum adds the pages up.
func (b Batch) Sum() (sum Page) {
	for _, p := range b.Came {
		sum.Rows, sum.Found, sum.Holdings = sum.Rows+p.Rows, sum.Found+p.Found, sum.Holdings+p.Holdings
		if p.At.After(sum.At) {
			sum.At = p.At
		}
	}
	return sum
}

// Book keeps the batches of one system.
type Book struct {
	board   *board.Board
	batches *board.Table[Batch] // by number
}

// Open loads the batches of an earlier run.
func Open(b *board.Board, name string) (*Book, error) {
	t, err := board.OpenTable[Batch](b, name)
	if err != nil {
		return nil, err
	}
	return &Book{b, t}, nil
}

// List gives the batches, the oldest first.
func (b *Book) List() []Batch { return b.batches.List() }

// Begin notes that a batch was asked for. The first page may have come before.
func (b *Book) Begin(receipt spec.BatchReceipt) error {
	return b.change(receipt.BatchNo, func(x *Batch) { x.Rows, x.Pages = receipt.Rows, receipt.Pages })
}

// Take keeps a page of results; a page that comes again changes nothing.
func (b *Book) Take(no string, page, pages int, rows []spec.InquiryAnswer) error {
	p := Page{Rows: len(rows), At: b.board.Now()}
	for _, r := range rows {
		if r.Found {
			p.Found++
		}
		p.Holdings += len(r.Holdings)
	}
	return b.change(no, func(x *Batch) {
		came := map[int]Page{page: p}
		for n, old := range x.Came {
			came[n] = old
		}
		x.Came, x.Pages = came, pages
	})
}

func (b *Book) change(no string, f func(*Batch)) error {
	if _, _, err := b.batches.Add(no, Batch{No: no, AskedAt: b.board.Now()}); err != nil {
		return err
	}
	_, err := b.batches.Update(no, func(x *Batch) error { f(x); return nil })
	return err
}

// Rows asks about the first persons of the city; where there are more rows than persons, about people whom nobody knows.
func Rows(c *democity.City, n int) []spec.InquiryRow {
	out := make([]spec.InquiryRow, 0, n)
	for i := range n {
		who := spec.Person{Name: "查无此人", DocumentKind: spec.DocumentKindOther, DocumentNumber: fmt.Sprintf("N%08d", i)}
		if i < len(c.People) {
			who = town.Citizen(&c.People[i])
		}
		out = append(out, spec.InquiryRow{Seq: i + 1, Person: who})
	}
	return out
}
