package register_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/democity"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

// withLoan is a contract that a bank finances.
func (b *book) withLoan(n int) democity.Contract {
	for _, k := range b.city.Contracts {
		if len(k.Loan) > 0 {
			if n == 0 {
				return k
			}
			n--
		}
	}
	b.t.Fatal("no contract with a loan")
	return democity.Contract{}
}

func TestSaleWithMortgageIsEntered(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	before := b.page(k.Unit)
	e := b.sale(k)
	done, err := b.enter(e)
	if err != nil {
		t.Fatal(err)
	}
	p := b.page(k.Unit)
	if p.Title.ID != done.Title || p.Title.Price != k.Price || p.Title.CoOwn != k.CoOwn || !p.Title.EnteredAt.Equal(today) || p.Title.Since() != "2026-11-23" {
		t.Errorf("title %+v", p.Title)
	}
	for i, h := range p.Title.Holders {
		want := k.Buyers[i]
		if h.Name != want.Name || h.Document != want.Document || h.Share != want.Share || h.Certificate != done.Certificates[i] || h.Phone != want.Phone {
			t.Errorf("holder %+v, want %+v", h, want)
		}
		if found, err := b.Find(t.Context(), b.pool, h.Certificate, h.Name, h.Document.Number); err != nil || found.Unit.Code != k.Unit {
			t.Errorf("the new owner finds nothing: %v", err)
		}
	}
	old := before.Title
	if _, err := b.Find(t.Context(), b.pool, old.Certificate(), old.Holders[0].Name, old.Holders[0].Document.Number); !errors.Is(err, register.ErrNoMatch) {
		t.Errorf("the old certificate still finds the home: %v", err)
	}
	if last := p.Past[len(p.Past)-1]; last.ID != old.ID || last.State != land.StateHistorical || !last.EndedAt.Equal(today) {
		t.Errorf("past title %+v", last)
	}
	if m := p.Running(); len(m) != 1 || m[0].ID != done.Mortgages[0].ID || m[0].Rank != 1 || m[0].Claim != k.Loan[0].Amount || m[0].Debtor != k.Buyers[0].Name {
		t.Errorf("mortgages %+v", m)
	}
	acts := []string{p.History[len(p.History)-2].Act, p.History[len(p.History)-1].Act}
	if !slices.Equal(acts, []string{"transfer", "mortgage"}) || p.Unit.Version != before.Unit.Version+2 {
		t.Errorf("history ends with %v at version %d", acts, p.Unit.Version)
	}
	for number, state := range map[land.CertNumber]string{old.Certificate(): register.CertSuperseded, done.Certificates[0]: register.CertValid, done.Mortgages[0].Proof: register.CertValid} {
		if c, err := b.Certificate(t.Context(), b.pool, number); err != nil || c.State != state || c.Unit != k.Unit {
			t.Errorf("certificate %s: %+v, %v", number, c, err)
		}
	}
	if done.Certificates[0].IsProof() || !done.Mortgages[0].Proof.IsProof() || done.Certificates[0].Year() != 2026 {
		t.Errorf("numbers %v, %v", done.Certificates, done.Mortgages)
	}
}

func TestEntryIsRefused(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	share := func(num, den int64) land.Share { return land.Share{Num: num, Den: den} }
	for _, c := range []struct {
		name   string
		change func(e *register.Entry)
		want   error
	}{
		{"not approved (R-011)", func(e *register.Entry) { e.Approved = false }, register.ErrUnapproved},
		{"tax not paid (Deed Tax Law 11)", func(e *register.Entry) { e.TaxPaid = false }, register.ErrUnpaid},
		{"not confirmed by housing (R-011)", func(e *register.Entry) { e.Confirmed = false }, register.ErrUnconfirmed},
		{"nothing to enter", func(e *register.Entry) { e.Transfer, e.Mortgages = nil, nil }, register.ErrEmpty},
		{"reviewed on another title", func(e *register.Entry) { e.Basis = uuid.Must(uuid.NewV7()) }, register.ErrTitleChanged},
		{"sold by a stranger", func(e *register.Entry) { e.Applicants = []land.Document{li} }, register.ErrNotHolder},
		{"no such unit", func(e *register.Entry) { e.Unit = "321202001001GB99999F00010101" }, register.ErrNoUnit},
		{"no buyer", func(e *register.Entry) { e.Transfer.To = nil }, register.ErrShares},
		{"thirds that make two thirds", func(e *register.Entry) {
			e.Transfer.CoOwn = land.CoOwnShares
			e.Transfer.To = []register.Taker{{Name: "王明", Document: wang, Share: share(1, 3)}, {Name: "陈静", Document: chen, Share: share(1, 3)}}
		}, register.ErrShares},
		{"halves that make one and a half", func(e *register.Entry) {
			e.Transfer.CoOwn = land.CoOwnShares
			e.Transfer.To = []register.Taker{{Name: "王明", Document: wang, Share: share(1, 1)}, {Name: "陈静", Document: chen, Share: share(1, 2)}}
		}, register.ErrShares},
		{"two sole owners", func(e *register.Entry) {
			e.Transfer.CoOwn = land.CoOwnSole
			e.Transfer.To = []register.Taker{{Name: "王明", Document: wang, Share: share(1, 1)}, {Name: "陈静", Document: chen, Share: share(1, 1)}}
		}, register.ErrShares},
		{"a mortgage without a claim", func(e *register.Entry) { e.Mortgages[0].Claim = 0 }, register.ErrMortgage},
		{"a mortgage that ends before it begins", func(e *register.Entry) { e.Mortgages[0].To = "2026-11-30" }, register.ErrMortgage},
		{"discharge of what is not there", func(e *register.Entry) { e.Discharges = []uuid.UUID{uuid.Must(uuid.NewV7())} }, register.ErrNoMortgage},
		{"fulfilment of what is not there", func(e *register.Entry) { e.Fulfils = []uuid.UUID{uuid.Must(uuid.NewV7())} }, register.ErrNoAdvance},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := b.sale(k)
			c.change(&e)
			if done, err := b.enter(e); !errors.Is(err, c.want) || done != nil {
				t.Errorf("entered %+v, error %v, want %v", done, err, c.want)
			}
		})
	}
	if p := b.page(k.Unit); p.Unit.Version != 0 || p.Title.Certificate() != k.Cert {
		t.Errorf("a refused entry changed the book: %+v", p.Title)
	}
}

func TestExampleStatesAgainstTheBook(t *testing.T) {
	b := newBook(t)
	for state, want := range map[string]error{
		democity.StateSeized: register.ErrSeized, democity.StateObjected: register.ErrObjected, democity.StateMortgaged: nil, democity.StateFree: nil,
	} {
		e := b.example(state)
		p := b.page(e.Unit)
		entry := register.Entry{Unit: e.Unit, Basis: p.Title.ID, Approved: true, TaxPaid: true, Confirmed: true, By: "李建华",
			Transfer: &register.Transfer{Reason: "存量房买卖", CoOwn: land.CoOwnSole, To: []register.Taker{{Name: "王明", Document: wang, Share: land.Whole()}}}}
		if _, err := b.enter(entry); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", state, err, want)
		}
		entry.ObjectionAcknowledged = true
		if _, err := b.enter(entry); state == democity.StateObjected && err != nil {
			t.Errorf("acknowledged objection: %v", err)
		}
	}
}

// Sale with the old mortgage running, mode A: old mortgage discharged, transfer, new mortgage, in one entry.
func TestDischargeTransferAndMortgageTogether(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(1)
	e := b.sale(k)
	first := register.Entry{Unit: k.Unit, Approved: true, By: "李建华", Mortgages: []register.NewMortgage{b.loan(k), b.loan(k)}}
	first.Mortgages[1].Restricted = true
	done, err := b.enter(first)
	if err != nil {
		t.Fatal(err)
	}
	if p := b.page(k.Unit); len(p.Running()) != 2 || p.Running()[1].Rank != 2 {
		t.Fatalf("mortgages %+v", p.Running())
	}
	if _, err := b.enter(e); !errors.Is(err, register.ErrRestricted) {
		t.Fatalf("sold in spite of the ban: %v", err)
	}
	e.Discharges = []uuid.UUID{done.Mortgages[1].ID}
	if _, err := b.enter(e); err != nil {
		t.Fatal(err)
	}
	running := b.page(k.Unit).Running()
	if len(running) != 2 || running[0].ID != done.Mortgages[0].ID || running[0].Rank != 1 || running[1].Rank != 2 {
		t.Errorf("mortgages after the sale %+v", running)
	}
	if c, _ := b.Certificate(t.Context(), b.pool, done.Mortgages[1].Proof); c.State != register.CertCancelled {
		t.Errorf("proof of the discharged mortgage is %s", c.State)
	}
}

func TestAdvanceNoticeTurnsIntoTitle(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	e := b.sale(k)
	var a *register.Advance
	err := b.tx(func(tx pgx.Tx) (err error) {
		a, err = b.Announce(t.Context(), tx, register.NewAdvance{Unit: k.Unit, Kind: land.AdvanceSale, Holder: register.Party{Name: k.Buyers[0].Name, Document: k.Buyers[0].Document},
			Price: k.Price, By: "李建华"}, e.CaseID, false)
		return err
	})
	if err != nil || !a.Certificate.IsProof() {
		t.Fatalf("advance notice %+v, %v", a, err)
	}
	if _, err := b.enter(e); !errors.Is(err, register.ErrNoticed) {
		t.Fatalf("sold in spite of the notice: %v", err)
	}
	if n, err := b.HousesCount(t.Context(), b.pool, []land.Document{k.Buyers[0].Document}, ""); err != nil || n != 1 {
		t.Errorf("a purchase noted in advance counts as %d homes (%v)", n, err)
	}
	e.Fulfils = []uuid.UUID{a.ID}
	if _, err := b.enter(e); err != nil {
		t.Fatal(err)
	}
	if got := b.page(k.Unit).Advances[0].State; got != "fulfilled" {
		t.Errorf("the notice is %s", got)
	}
	if n, _ := b.HousesCount(t.Context(), b.pool, []land.Document{k.Buyers[0].Document}, ""); n != 1 {
		t.Errorf("notice and title count as %d homes", n)
	}
}

func TestReservationOfAUnit(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	mine, other := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	until := today.Add(240 * time.Hour)
	reserve := func(c uuid.UUID) error {
		return b.tx(func(tx pgx.Tx) error { return b.Reserve(t.Context(), tx, k.Unit, c, until) })
	}
	release := func(c uuid.UUID) error {
		return b.tx(func(tx pgx.Tx) error { return b.Release(t.Context(), tx, k.Unit, c) })
	}
	for _, step := range []struct {
		what string
		do   func() error
		want error
	}{
		{"first", func() error { return reserve(mine) }, nil},
		{"again", func() error { return reserve(mine) }, nil},
		{"another", func() error { return reserve(other) }, register.ErrReserved},
		{"another's release", func() error { return release(other) }, nil},
		{"another, still", func() error { return reserve(other) }, register.ErrReserved},
		{"entry of another", func() error { e := b.sale(k); e.CaseID = other; _, err := b.enter(e); return err }, register.ErrReserved},
		{"release", func() error { return release(mine) }, nil},
		{"another, now", func() error { return reserve(other) }, nil},
		{"run out", func() error { b.clk.Set(until); return reserve(mine) }, nil},
		{"entry ends it", func() error { e := b.sale(k); e.CaseID = mine; _, err := b.enter(e); return err }, nil},
	} {
		if err := step.do(); !errors.Is(err, step.want) {
			t.Fatalf("%s: %v, want %v", step.what, err, step.want)
		}
	}
	if p := b.page(k.Unit); p.Reservation != nil {
		t.Errorf("still reserved: %+v", p.Reservation)
	}
}

// The database itself refuses what the code forgot to.
func TestConstraints(t *testing.T) {
	b := newBook(t)
	seized := b.example(democity.StateSeized)
	free := b.example(democity.StateFree)
	entry := func(tx pgx.Tx, unit land.UnitCode) uuid.UUID {
		id := uuid.Must(uuid.NewV7())
		if _, err := tx.Exec(t.Context(), `INSERT INTO register.entry (id, district, unit, act, reg_type, at, by_whom) VALUES ($1, left($2::text, 6), $2, 'transfer', 200, $3, 'x')`,
			id, string(unit), today); err != nil {
			t.Fatal(err)
		}
		return id
	}
	title := func(tx pgx.Tx, unit land.UnitCode, way string) (uuid.UUID, error) {
		id := uuid.Must(uuid.NewV7())
		_, err := tx.Exec(t.Context(), `INSERT INTO register.title (id, district, unit, kind, reg_type, reason, co_own, entered, entered_at, state)
			VALUES ($1, left($2::text, 6), $2, 'house', 200, 'x', $3, $4, $5, '1')`, id, string(unit), way, entry(tx, unit), today)
		return id, err
	}
	for _, c := range []struct {
		name string
		do   func(tx pgx.Tx) error
		want func(error) bool
	}{
		{"a right in a seized unit", func(tx pgx.Tx) error { _, err := title(tx, seized.Unit, "0"); return err },
			func(err error) bool { return pg.IsCheck(err, "unit_not_seized") }},
		{"two current titles", func(tx pgx.Tx) error { _, err := title(tx, free.Unit, "0"); return err },
			func(err error) bool { return pg.IsUnique(err, "title_one_current") }},
		{"a title without holders", func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE register.title SET state = '2', ended = $2, ended_at = $3 WHERE unit = $1 AND state = '1'`, free.Unit, entry(tx, free.Unit), today); err != nil {
				return err
			}
			_, err := title(tx, free.Unit, "0")
			return err
		}, func(err error) bool { return pg.IsCheck(err, "title_shares") }},
		{"shares of two thirds", func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE register.title SET state = '2', ended = $2, ended_at = $3 WHERE unit = $1 AND state = '1'`, free.Unit, entry(tx, free.Unit), today); err != nil {
				return err
			}
			id, err := title(tx, free.Unit, "2")
			if err != nil {
				return err
			}
			_, err = tx.Exec(t.Context(), `INSERT INTO register.holder (id, district, title, seq, party, share_num, share_den)
				SELECT gen_random_uuid(), '321202', $1, n, (SELECT id FROM register.party ORDER BY id OFFSET n LIMIT 1), 1, 3 FROM generate_series(1, 2) n`, id)
			return err
		}, func(err error) bool { return pg.IsCheck(err, "title_shares") }},
		{"a gap in the numbers", func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `INSERT INTO register.certificate (number, district, unit, year, issuing, proof, serial, issued_at)
				VALUES ('苏(2026)泰州市不动产权第0777777号', '321202', $1, 2026, '泰州市', false, 777777, now())`, free.Unit)
			return err
		}, func(err error) bool { return pg.IsForeignKey(err, "certificate_no_gap") }},
		{"history deleted", func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `DELETE FROM register.holder`)
			return err
		}, func(err error) bool { return pg.IsCheck(err, "append_only") }},
		{"history changed", func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE register.title SET price = 1 WHERE state = '2'`)
			return err
		}, func(err error) bool { return pg.IsCheck(err, "history_kept") }},
		{"a seizure of four years", func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE register.seizure SET months = 48`)
			return err
		}, func(err error) bool { return pg.IsCheck(err, "") }},
	} {
		if err := b.tx(c.do); !c.want(err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
