package register_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/democity"
	"yichuang/internal/land"
	"yichuang/internal/office/register"
)

func (b *book) mirror(rep register.Report) (changed bool, err error) {
	err = b.tx(func(tx pgx.Tx) error {
		changed, err = b.Mirror(b.t.Context(), tx, rep)
		return err
	})
	return changed, err
}

// reported is what the registry of a district sends after it entered a sale: titles and proofs under its own numbers.
func (b *book) reported(k democity.Contract, serial int) register.Report {
	cert, err := land.MakeCertNumber(2026, "泰州市", false, serial)
	if err != nil {
		b.t.Fatal(err)
	}
	proof, err := land.MakeCertNumber(2026, "泰州市", true, serial)
	if err != nil {
		b.t.Fatal(err)
	}
	loan := b.loan(k)
	rep := register.Report{
		Unit: k.Unit, Number: "321202261124000001", At: b.clk.Now(), By: "海陵登记系统", Case: "TZ-261124-00412-6",
		Title: &register.Title{RegType: land.RegTransfer, Reason: "存量房买卖", CoOwn: land.CoOwnSole, Price: k.Price,
			Holders: []register.Holder{{Party: register.Party{Name: k.Buyers[0].Name, Document: k.Buyers[0].Document}, Share: land.Whole(), Certificate: cert}}},
		Mortgages: []register.Mortgage{{Kind: loan.Kind, Mortgagee: loan.Mortgagee, Debtor: loan.Debtor, Claim: loan.Claim, From: loan.From, To: loan.To, Certificate: proof}},
	}
	return rep
}

func TestMirrorFollowsTheRegistry(t *testing.T) {
	b := newBook(t)
	k := b.withLoan(0)
	rep := b.reported(k, 8_000)
	if changed, err := b.mirror(rep); err != nil || !changed {
		t.Fatalf("first report: %v, %v", changed, err)
	}
	p := b.page(k.Unit)
	if p.Title.Certificate() != rep.Title.Certificate() || p.Title.Price != k.Price || p.Title.Kind != land.RightHouse || len(p.Running()) != 1 || p.Running()[0].Certificate != rep.Mortgages[0].Certificate {
		t.Errorf("title %+v, mortgages %+v", p.Title, p.Running())
	}
	if _, err := b.Find(t.Context(), b.pool, rep.Title.Certificate(), k.Buyers[0].Name, k.Buyers[0].Document.Number); err != nil {
		t.Errorf("the new owner finds nothing: %v", err)
	}
	if changed, err := b.mirror(rep); err != nil || changed {
		t.Errorf("the same report again: %v, %v", changed, err)
	}
	old := rep
	old.At = rep.At.Add(-time.Minute)
	if _, err := b.mirror(old); !errors.Is(err, register.ErrStale) {
		t.Errorf("a report that was overtaken: %v", err)
	}
	// What it does not speak of stays; an empty list says that there is nothing.
	b.clk.Advance(time.Hour)
	if changed, err := b.mirror(register.Report{Unit: k.Unit, At: b.clk.Now(), By: "海陵登记系统"}); err != nil || changed {
		t.Errorf("an empty report: %v, %v", changed, err)
	}
	if changed, err := b.mirror(register.Report{Unit: k.Unit, At: b.clk.Now(), By: "海陵登记系统", Mortgages: []register.Mortgage{}}); err != nil || !changed || len(b.page(k.Unit).Running()) != 0 {
		t.Errorf("the loan was paid back: %v, %v", changed, err)
	}
	// Our own numbers go on after the registry's.
	other := b.withLoan(1)
	done, err := b.enter(b.sale(other))
	if err != nil || done.Certificates[0].Serial() != 8_001 {
		t.Errorf("next number %v, %v", done, err)
	}
}

func TestMirrorOfSeizures(t *testing.T) {
	b := newBook(t)
	unit := b.withLoan(0).Unit
	seizure := func(court, notice, state string) register.Seizure {
		s := register.Seizure{Court: court, OrderNo: notice, NoticeNo: notice, Target: "李华", Served: today.Truncate(time.Minute), Months: 12, State: state}
		if state == register.SeizureActive {
			s.From, s.To = "2026-11-24", "2027-11-23"
		}
		return s
	}
	for _, step := range []struct {
		name   string
		all    []register.Seizure
		active string
		live   int
		change bool
	}{
		{"one in force, one waits", []register.Seizure{seizure(hailing, "N1", register.SeizureActive), seizure(gulou, "N2", register.SeizureQueued)}, "N1", 2, true},
		{"the same", []register.Seizure{seizure(hailing, "N1", register.SeizureActive), seizure(gulou, "N2", register.SeizureQueued)}, "N1", 2, false},
		{"the first is gone, the second in force", []register.Seizure{seizure(gulou, "N2", register.SeizureActive)}, "N2", 1, true},
		{"they change places with a third", []register.Seizure{seizure(middle, "N3", register.SeizureActive), seizure(gulou, "N2", register.SeizureQueued)}, "N3", 2, true},
		{"lifted by name", []register.Seizure{seizure(middle, "N3", register.SeizureLifted), seizure(gulou, "N2", register.SeizureActive)}, "N2", 1, true},
		{"none", []register.Seizure{}, "", 0, true},
	} {
		b.clk.Advance(time.Minute)
		changed, err := b.mirror(register.Report{Unit: unit, At: b.clk.Now(), By: "海陵登记系统", Seizures: step.all})
		if err != nil || changed != step.change {
			t.Fatalf("%s: changed %v, %v", step.name, changed, err)
		}
		p := b.page(unit)
		live, active := 0, ""
		for _, s := range p.Seizures {
			if s.Live() {
				live++
			}
			if s.State == register.SeizureActive {
				active = s.NoticeNo
			}
		}
		if live != step.live || active != step.active {
			t.Errorf("%s: %d live, %q in force", step.name, live, active)
		}
	}
}

func TestMirrorOfNotices(t *testing.T) {
	b := newBook(t)
	unit := b.withLoan(0).Unit
	one := register.Report{Unit: unit, At: today, By: "海陵登记系统",
		Objections: []register.Objection{{Applicant: register.Party{Name: "周平", Document: li}, Reason: "出资", Certificate: "苏(2026)泰州市不动产证明第0090001号", State: "active"}},
		Advances:   []register.Advance{{Kind: land.AdvanceSale, Holder: register.Party{Name: "王明", Document: wang}, Certificate: "苏(2026)泰州市不动产证明第0090002号", State: "active"}}}
	if changed, err := b.mirror(one); err != nil || !changed {
		t.Fatalf("%v, %v", changed, err)
	}
	obstacles, err := b.CheckDisposal(t.Context(), b.pool, unit, register.Disposal{Transfer: true})
	if err != nil || len(obstacles) != 2 {
		t.Errorf("obstacles %+v, %v", obstacles, err)
	}
	one.At, one.Objections, one.Advances = today.Add(time.Minute), []register.Objection{}, []register.Advance{}
	if changed, err := b.mirror(one); err != nil || !changed {
		t.Fatalf("%v, %v", changed, err)
	}
	if obstacles, _ = b.CheckDisposal(t.Context(), b.pool, unit, register.Disposal{Transfer: true}); len(obstacles) != 0 {
		t.Errorf("obstacles that ended %+v", obstacles)
	}
}

func TestMirrorRefusesWhatCannotBe(t *testing.T) {
	b := newBook(t)
	k, other := b.withLoan(0), b.withLoan(1)
	for name, change := range map[string]func(*register.Report){
		"a number that is none":         func(r *register.Report) { r.Title.Holders[0].Certificate = "第八号" },
		"another home's certificate":    func(r *register.Report) { r.Title.Holders[0].Certificate = other.Cert },
		"shares that are not the whole": func(r *register.Report) { r.Title.Holders[0].Share = land.Share{Num: 1, Den: 2} },
		"a title without holders":       func(r *register.Report) { r.Title.Holders = nil },
		"no such unit":                  func(r *register.Report) { r.Unit = "321202001001GB99999F00010101" },
	} {
		rep := b.reported(k, 8_000)
		change(&rep)
		if _, err := b.mirror(rep); err == nil {
			t.Errorf("%s was mirrored", name)
		}
	}
	if p := b.page(k.Unit); p.Title.Certificate() != k.Cert {
		t.Errorf("a refused report changed the book: %+v", p.Title)
	}
}
