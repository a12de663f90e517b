package main

import (
	"math/rand/v2"
	"strconv"

	"yichuang/e2e/play"
	"yichuang/internal/democity"
	"yichuang/internal/land"
)

// deal is a sale with what its people are like.
type deal struct {
	play.Deal
	temper   string
	patience int // how many rounds a case takes until people of that temper act
}

// Tempers of people.
const (
	steady    = "steady"
	withdraws = "withdraws"  // takes the application back at some time
	paysTwice = "pays twice" // by two channels
	late      = "pays late"  // lets a bill expire first
)

// deals are the sales that wait at the housing bureaus, in an order and with tempers of the seed. A bureau without a system has no contract
// that could be imported.
func (d *drill) deals(rng *rand.Rand) []deal {
	tempers := []string{steady, steady, steady, withdraws, paysTwice, late}
	var out []deal
	for i := range d.people.Contracts {
		k := &d.people.Contracts[i]
		if k.District == democity.DeskDistrict {
			continue
		}
		if parties := d.parties(k); parties != nil {
			out = append(out, deal{Deal: play.Deal{Home: homeOf(k), Parties: parties, Loan: len(k.Loan) > 0, DownPayment: yuan(k.Down)}})
		}
	}
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	for i := range out {
		out[i].temper, out[i].patience = tempers[(i+1)%len(tempers)], rng.IntN(6)
	}
	return out
}

func homeOf(k *democity.Contract) play.Home {
	return play.Home{Certificate: string(k.Cert), Owner: k.Sellers[0].Name, Idno: k.Sellers[0].Document.Number, Unit: string(k.Unit), District: k.District, Contract: k.Number}
}

func yuan(f land.Fen) string { return strconv.FormatInt(int64(f)/100, 10) }

// parties are the accounts of all who must sign; none when somebody has no account, such as a child.
func (d *drill) parties(k *democity.Contract) []play.Account {
	var out []play.Account
	add := func(role string, id land.IDNumber) bool {
		a, ok := d.people.Citizen(id)
		if !ok {
			return false
		}
		account := play.Account{Role: role, Login: a.Login, Password: a.Password, Name: a.Name, Idno: string(id)}
		if p, ok := d.people.Person(id); ok && p.Spouse != "" {
			if s, ok := d.people.Person(p.Spouse); ok {
				account.SpouseName, account.SpouseIdno = s.Name, string(s.ID)
			}
		}
		out = append(out, account)
		return true
	}
	holders := map[land.IDNumber]bool{}
	for _, h := range k.Sellers {
		holders[land.IDNumber(h.Document.Number)] = true
	}
	for _, h := range k.Sellers {
		id := land.IDNumber(h.Document.Number)
		if !add("seller", id) {
			return nil
		}
		p, ok := d.people.Person(id)
		if ok && p.Spouse != "" && !holders[p.Spouse] && !add("spouse", p.Spouse) {
			return nil
		}
	}
	for _, h := range k.Buyers {
		if !add("buyer", land.IDNumber(h.Document.Number)) {
			return nil
		}
	}
	return out
}
