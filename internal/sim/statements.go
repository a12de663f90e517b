package sim

import (
	"errors"
	"net/http"

	"yichuang/internal/land"
	"yichuang/internal/sim/pay"
)

var errNoChannel = errors.New("no such payment channel")

// twisting names the statement that an operator acts on.
type twisting struct {
	Channel string `json:"channel"`
	pay.Twist
}

// closing ends a day at a channel before its time; no channel means all.
type closing struct {
	Channel string    `json:"channel"`
	Day     land.Date `json:"day"`
}

// statement is a day of a channel's book as its merchants get it.
type statement struct {
	Channel string      `json:"channel"`
	Day     land.Date   `json:"day"`
	Lines   []pay.Entry `json:"lines"`
	Twists  []pay.Twist `json:"twists"`
}

func (s *Simcity) statements(mux *http.ServeMux) {
	mux.HandleFunc("GET /control/statement", func(w http.ResponseWriter, r *http.Request) {
		out, err := s.statement(r.FormValue("channel"), land.Date(r.FormValue("day")))
		answer(w, out, err)
	})
	mux.HandleFunc("POST /control/statement", do(func(in twisting) (any, error) {
		d, err := s.deskOf(in.Channel)
		if err != nil {
			return nil, err
		}
		return d.Falsify(in.Twist)
	}))
	mux.HandleFunc("DELETE /control/statement", func(w http.ResponseWriter, r *http.Request) {
		d, err := s.deskOf(r.FormValue("channel"))
		if err == nil {
			err = d.Ledger.Restore(land.Date(r.FormValue("day")))
		}
		answer(w, struct{}{}, err)
	})
	mux.HandleFunc("POST /control/statement/close", do(func(in closing) (any, error) { return in, s.closeDay(in) }))
}

func (s *Simcity) deskOf(channel string) (*pay.Desk, error) {
	for _, g := range s.channels {
		if g.Name() == channel {
			return g.Desk(), nil
		}
	}
	return nil, errNoChannel
}

func (s *Simcity) statement(channel string, day land.Date) (any, error) {
	d, err := s.deskOf(channel)
	if err != nil {
		return nil, err
	}
	lines, err := d.Ledger.Statement(day)
	if errors.Is(err, pay.ErrEmpty) {
		lines, err = []pay.Entry{}, nil
	}
	return statement{channel, day, lines, d.Ledger.Twists(day)}, err
}

func (s *Simcity) closeDay(in closing) error {
	if in.Channel != "" {
		d, err := s.deskOf(in.Channel)
		if err != nil {
			return err
		}
		return d.Ledger.CloseDay(in.Day)
	}
	for _, g := range s.channels {
		if err := g.Desk().Ledger.CloseDay(in.Day); err != nil {
			return err
		}
	}
	return nil
}

// twisted lists what is falsified, for the overview.
func (s *Simcity) twisted() table {
	t := table{"被改动的对账单", []string{"渠道", "日期", "商户单号", "改动", "金额（元）"}, nil}
	words := map[string]string{"drop": "漏记", "amount": "改金额", "add": "多记"}
	for _, g := range s.channels {
		for _, x := range g.Desk().Ledger.Twists("") {
			t.Rows = append(t.Rows, []string{g.Title(), string(x.Day), x.Number, words[x.Do], x.Amount.String()})
		}
	}
	return t
}
