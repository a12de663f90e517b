package casework_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/trust"
)

var allTidings = []string{casework.Filed, casework.TrustSigned, casework.TrustDeposit, casework.TrustFull, casework.TrustPaid, casework.TrustClosed, casework.TrustLate,
	casework.Surveyed, casework.TaxAgreed, casework.AcceptedByUs, casework.ParcelOnWay, casework.ContractReady, casework.EndedEarly, casework.Mortgaged}

// listen has all tidings told to nobody.
func (s *sale) listen() {
	for _, what := range allTidings {
		s.Cases.OnTidings(what, func(context.Context, *casework.Case, casework.Tidings) error { return nil })
	}
}

func (s *sale) spread() []string {
	var out []string
	for _, t := range s.Spread {
		if t.Case == s.id {
			out = append(out, t.What)
		}
	}
	return out
}

// What others are told of a sale with a loan, in the order in which it becomes true.
func TestTidingsOfASale(t *testing.T) {
	s, app := newSale(t, "commercial")
	s.listen()
	s.Submit(app)
	s.Work()
	s.payAll()
	s.accept()
	s.reviewed()
	s.lend()
	want := []string{casework.TaxAgreed, casework.TrustDeposit, casework.AcceptedByUs, casework.Mortgaged, casework.TrustDeposit, casework.TrustFull, casework.TrustClosed}
	got := slices.DeleteFunc(s.spread(), func(what string) bool { return what == casework.Filed || what == casework.TrustSigned })
	if !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	keys := map[string]bool{}
	for _, x := range s.Spread {
		keys[x.Key()] = true
	}
	if len(keys) != len(s.Spread) {
		t.Errorf("%d tidings have %d keys", len(s.Spread), len(keys))
	}
}

// A case that ends before its entry is taken back from the registry; a contract of their own is printed where the district does so.
func TestTidingsOfAnEnd(t *testing.T) {
	s, app := newSale(t, "none")
	s.listen()
	app.Contract.Number, app.Home.District = "", "321204"
	s.Submit(app)
	s.Work()
	s.withdraw()
	s.Work()
	if got := s.spread(); !slices.Contains(got, casework.ContractReady) || got[len(got)-1] != casework.EndedEarly || s.Spread[len(s.Spread)-1].Ref != casework.Withdrawn {
		t.Errorf("told %v", got)
	}
}

// Money that the bank reports after the case has ended goes back by itself, once.
func TestMoneyAfterTheEnd(t *testing.T) {
	s := prepared(t, "none")
	s.listen()
	s.withdraw()
	s.wantEnd(casework.Withdrawn)
	for range 2 {
		s.Do(func(ctx context.Context, tx pgx.Tx) error {
			c := s.now()
			return s.Cases.Deposited(ctx, tx, casework.Deposit{Case: c.No, Agreement: c.Facts.Agreement, Voucher: "V1", Amount: 500_00, Payer: "王明", At: s.Clock.Now()})
		})
	}
	late := slices.DeleteFunc(slices.Clone(s.Spread), func(x casework.Tidings) bool { return x.What != casework.TrustLate })
	if len(late) != 1 {
		t.Fatalf("told %v", s.spread())
	}
	i, err := s.Cases.GiveBack(t.Context(), s.now(), "终止")
	if err != nil || i == nil || i.Total() != 500_00 {
		t.Fatalf("instruction %+v, %v", i, err)
	}
	back := s.Cases.TrustMoved(i.Number, []trust.Result{{Paid: true, Reference: "R1"}}, s.Clock.Now(), "托管资金 500.00 元已退回")
	s.Do(func(ctx context.Context, tx pgx.Tx) error { return s.Cases.Apply(ctx, tx, s.id, back) })
	if st := s.statement(); st.Held != 0 || !s.past("已退回") {
		t.Errorf("still held: %s", st.Held)
	}
}

// A silent system is asked again, one without an interface is not, and what a system refuses is written into the file.
func TestTidingsAndTheirAnswers(t *testing.T) {
	s := prepared(t, "none")
	for _, tt := range []struct {
		answer error
		again  bool
		noted  bool
	}{
		{answer: nil},
		{answer: exchange.ErrDesk},
		{answer: exchange.ErrUnavailable, again: true},
		{answer: &exchange.Refusal{Code: spec.CodeNotFound, Message: "没有这份合同"}, noted: true},
	} {
		s.Cases.OnTidings(casework.Filed, func(context.Context, *casework.Case, casework.Tidings) error { return tt.answer })
		before, err := s.Cases.Events(t.Context(), s.Pool, s.id)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Cases.Tell(t.Context(), casework.Tidings{Case: s.id, What: casework.Filed})
		if tt.again != errors.Is(err, exchange.ErrUnavailable) || !tt.again && err != nil {
			t.Errorf("answered %v: %v", tt.answer, err)
		}
		after, err := s.Cases.Events(t.Context(), s.Pool, s.id)
		if err != nil || (len(after) > len(before)) != tt.noted {
			t.Errorf("answered %v: %d lines were added, %v", tt.answer, len(after)-len(before), err)
		}
		if last := after[len(after)-1]; tt.noted && last.Public {
			t.Errorf("the parties read %q", last.Text)
		}
	}
}

// Money that comes while the case is being undone, but after the flow has asked whether there is any, goes back when the case has ended.
func TestMoneyWhileTheDealIsUndone(t *testing.T) {
	s := prepared(t, "none")
	s.listen()
	s.Cases.On("housing.trust.cancel", func(ctx context.Context, c *casework.Case, _ casework.Order) (casework.Result, error) {
		s.Do(func(ctx context.Context, tx pgx.Tx) error {
			return s.Cases.Deposited(ctx, tx, casework.Deposit{Case: c.No, Agreement: c.Facts.Agreement, Voucher: "V1", Amount: 500_00, Payer: "王明", At: s.Clock.Now()})
		})
		return casework.Result{}, nil
	})
	s.withdraw()
	if st := s.statement(); s.now().State != casework.Withdrawn || st.Held != 500_00 {
		t.Fatalf("%s, held %s", s.now().State, st.Held)
	}
	if got := s.spread(); !slices.Contains(got, casework.TrustLate) {
		t.Fatalf("nobody gives it back: told %v", got)
	}
	i, err := s.Cases.GiveBack(t.Context(), s.now(), "终止")
	if err != nil || i == nil || i.Total() != 500_00 {
		t.Fatalf("instruction %+v, %v", i, err)
	}
	back := s.Cases.TrustMoved(i.Number, []trust.Result{{Paid: true, Reference: "R1"}}, s.Clock.Now(), "托管资金 500.00 元已退回")
	s.Do(func(ctx context.Context, tx pgx.Tx) error { return s.Cases.Apply(ctx, tx, s.id, back) })
	s.wantEnd(casework.Withdrawn)
}
