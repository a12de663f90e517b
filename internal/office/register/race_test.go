package register_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// together runs n acts at once and gives their errors in order.
func together(n int, act func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = act(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func TestTwoCasesRaceForOneUnit(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	const cases = 8
	ids := make([]uuid.UUID, cases)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7())
	}
	won := 0
	for i, err := range together(cases, func(i int) error {
		return b.tx(func(tx pgx.Tx) error { return b.Reserve(t.Context(), tx, k.Unit, ids[i], today.Add(time.Hour)) })
	}) {
		switch {
		case err == nil:
			won++
			if p := b.page(k.Unit); p.Reservation.Case != ids[i] {
				t.Errorf("case %d thinks that it won, %s has the unit", i, p.Reservation.Case)
			}
		case !errors.Is(err, register.ErrReserved):
			t.Errorf("case %d: %v", i, err)
		}
	}
	if won != 1 {
		t.Errorf("%d cases won", won)
	}
}

// The same home is sold to several at once, without a reservation: the book lets one through.
func TestSoldTwiceAtOnce(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	const buyers = 6
	entries := make([]register.Entry, buyers)
	for i := range entries {
		entries[i] = b.sale(k)
	}
	entered := 0
	for i, err := range together(buyers, func(i int) error { _, err := b.enter(entries[i]); return err }) {
		switch {
		case err == nil:
			entered++
		case !errors.Is(err, register.ErrTitleChanged):
			t.Errorf("buyer %d: %v", i, err)
		}
	}
	if p := b.page(k.Unit); entered != 1 || len(p.Running()) != 1 {
		t.Errorf("%d entered, %d mortgages", entered, len(p.Running()))
	}
}

// Sales of many homes of two districts that share one series of numbers, some of which fail at the end: no number is missing,
// none is there twice.
func TestNumbersHaveNoGapsUnderLoad(t *testing.T) {
	b := newBook(t)
	var sales []register.Entry
	for _, k := range b.city.Contracts {
		if k.District == "321202" || k.District == "321203" {
			sales = append(sales, b.sale(k))
		}
	}
	failed := errors.New("the case failed after the entry")
	for i, err := range together(len(sales), func(i int) error {
		return b.tx(func(tx pgx.Tx) error {
			if _, err := b.Enter(t.Context(), tx, sales[i]); err != nil {
				return err
			}
			if i%3 == 0 {
				return failed
			}
			return nil
		})
	}) {
		if err != nil && !errors.Is(err, failed) {
			t.Errorf("sale %d: %v", i, err)
		}
	}
	rows, err := b.pool.Query(t.Context(), `SELECT c.issuing, c.proof, count(*), max(c.serial), max(k.last) FROM register.certificate c
		JOIN register.certificate_counter k USING (issuing, year, proof) WHERE c.year = 2026 GROUP BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var issuing string
		var proof bool
		var n, highest, counter int
		if err := rows.Scan(&issuing, &proof, &n, &highest, &counter); err != nil {
			t.Fatal(err)
		}
		if n != highest || n != counter {
			t.Errorf("%s, proof %v: %d numbers, the highest %d, the counter %d", issuing, proof, n, highest, counter)
		}
	}
}

// A court and a registrar at the same moment: whoever comes second sees the other. Either the entry is refused, or the order
// finds what was entered in its minute.
func TestSeizureAndEntryAtOnce(t *testing.T) {
	b := newBook(t)
	for n := range 6 {
		k := b.withLoan(n)
		e := b.sale(k)
		var s *register.Seized
		errs := together(2, func(i int) (err error) {
			if i == 0 {
				_, err = b.enter(e)
				return err
			}
			o := b.order(k.Unit, hailing, "N")
			s, err = b.seize(o)
			return err
		})
		p := b.page(k.Unit)
		sold := p.Title.Certificate() != k.Cert
		switch {
		case errs[1] != nil:
			t.Errorf("the court was refused: %v", errs[1])
		case errs[0] == nil && (!sold || len(s.Late) != 2):
			t.Errorf("entered, but the order found %d rights of its minute", len(s.Late))
		case errs[0] != nil && (!errors.Is(errs[0], register.ErrSeized) || sold || len(s.Late) != 0):
			t.Errorf("refused with %v; sold %v, late %v", errs[0], sold, s.Late)
		}
		if p.Seizure() == nil || p.Seizure().ID != s.ID {
			t.Error("the seizure is not in force")
		}
	}
}

func TestSameOrderServedTwiceAtOnce(t *testing.T) {
	b := newBook(t)
	unit := b.withLoan(0).Unit
	o := b.order(unit, hailing, "N1")
	for i, err := range together(4, func(int) error { _, err := b.seize(o); return err }) {
		if err != nil {
			t.Errorf("order %d: %v", i, err)
		}
	}
	if n := len(b.page(unit).Seizures); n != 1 {
		t.Errorf("%d seizures", n)
	}
}

// Parties that appear in several entries at once are one row.
func TestSameBankInManyEntriesAtOnce(t *testing.T) {
	b := newBook(t)
	var entries []register.Entry
	for n := range 8 {
		k := b.withLoan(n)
		m := b.loan(k)
		m.Mortgagee = register.Party{Name: "新来的银行", Document: land.Document{Kind: land.DocLicence, Number: "913212029900009999"}}
		entries = append(entries, register.Entry{Unit: k.Unit, Approved: true, By: "李建华", Mortgages: []register.NewMortgage{m}})
	}
	for i, err := range together(len(entries), func(i int) error { _, err := b.enter(entries[i]); return err }) {
		if err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
}
