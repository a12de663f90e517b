package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"yichuang/e2e/play"
)

// walk is a sale on its way through the storm.
type walk struct {
	*drill
	ctx  context.Context
	deal deal
	sale *play.Sale

	rounds int
	booked bool
	tired  map[string]int // how often deciding an order failed in calm weather
	acted  bool           // the temper had its way
}

// patience is how long people go on after the storm, and stubborn how long they try at one step in calm weather.
const (
	patience = 2 * time.Minute
	stubborn = 40 * time.Second
)

// errGivenUp ends a walk whose step does not succeed.
var errGivenUp = errors.New("given up")

// walk drives a sale until its case is over or nothing is left for its people to do.
func (d *drill) walk(ctx context.Context, k deal) {
	w := &walk{drill: d, ctx: ctx, deal: k, tired: map[string]int{}}
	w.sale = &play.Sale{City: d.city, Deal: k.Deal, Eventually: func(f func() error) error { return f() }} // try does the waiting
	d.count(func(c *counts) { c.Started++ })
	if err := w.applies(); err != nil {
		d.say("sale of %s: %v", k.Home.Contract, err)
		return
	}
	d.mu.Lock()
	d.sent = append(d.sent, w.sale.App)
	d.counts.Submitted++
	if k.Home.District != desk321283 {
		d.units = append(d.units, k.Home.Unit)
	}
	d.mu.Unlock()
	w.follows()
}

// desk321283 is the district whose registry has no system that a court could go to.
const desk321283 = "321283"

// applies goes from the first page to the last confirmation.
func (w *walk) applies() error {
	s := w.sale
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"signing in", s.SignsIn},
		{"starting", s.Starts},
		{"finding the home", s.FindsHome},
		{"importing the contract", s.ImportsContract},
		{"filling the form", s.FillsForm},
		{"sending", w.sends},
		{"confirming", s.EverybodyConfirms},
		{"getting the number", s.GetsNumber},
	} {
		if err := w.try(step.name, step.do); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// sends asks for confirmation, unless that has been done in a try whose answer got lost.
func (w *walk) sends() error {
	_, err := w.sale.SendsForConfirmation()
	if err == nil {
		return nil
	}
	path := "/app/" + w.sale.App + "/sent"
	if w.sale.Seller.Open(w.city.Hall+path) == nil && w.sale.Seller.Page.URL.Path == path {
		return nil
	}
	return err
}

// try takes a step again until it succeeds; in calm weather it is given up after a while.
func (w *walk) try(name string, step func() error) error {
	var since time.Time
	for {
		began := w.clock.Now()
		err := step()
		if err == nil {
			return nil
		}
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		w.failure(name, began, err)
		if w.isCalm() {
			if since.IsZero() {
				since = began
			}
			if w.clock.Now().Sub(since) > stubborn {
				return fmt.Errorf("%w: %w", errGivenUp, err)
			}
		}
		w.pause(w.ctx, 500*time.Millisecond)
	}
}

// follows does what the case wants of its people, until it is over.
func (w *walk) follows() {
	var calmSince time.Time
	for ; w.ctx.Err() == nil; w.rounds++ {
		if w.isCalm() {
			if calmSince.IsZero() {
				calmSince = w.clock.Now()
			}
			if w.clock.Now().Sub(calmSince) > patience {
				return
			}
		}
		state, orders, err := w.books.openOrders(w.ctx, w.sale.App)
		if err == nil && state != "running" {
			return
		}
		if err == nil {
			w.round(orders)
		}
		w.pause(w.ctx, 700*time.Millisecond)
	}
}

// round does one thing for each open order that people can finish.
func (w *walk) round(orders []open) {
	if w.deal.temper == withdraws && !w.acted && w.rounds > 3*w.deal.patience {
		w.acted = true
		if w.once("withdrawing", w.sale.Withdraws) {
			w.count(func(c *counts) { c.Withdrawn++ })
		}
		return
	}
	for _, o := range orders {
		switch {
		case o.Form == "accept":
			if !w.booked {
				w.booked = w.once("booking", w.sale.Books)
			}
			w.decides(o)
		case o.Kind == "person":
			w.decides(o)
		case o.Message == "tax.confirmed":
			for _, p := range w.sale.Principals() {
				w.once("confirming the tax", func() error { return w.confirmsTax(p) })
			}
		case o.Message == "correction.submitted":
			w.once("correcting", w.sale.Corrects)
		case o.Bill != "" || o.Message == "trust.deposit":
			w.pays()
		}
	}
}

// once takes a step that the next round would take again.
func (w *walk) once(name string, step func() error) bool {
	began := w.clock.Now()
	err := step()
	if err != nil && w.ctx.Err() == nil {
		w.failure(name, began, err)
	}
	return err == nil
}

// decides lets staff decide an order. One that cannot be decided in calm weather stays with its holder.
func (w *walk) decides(o open) {
	if w.tired[o.ID] > 8 {
		return
	}
	if !w.once("deciding "+o.Node, func() error { return w.desks.decide(o, w.sale.CaseNo) }) && w.isCalm() {
		w.tired[o.ID]++
	}
}

// confirmsTax agrees once; a party who has agreed sees no form any more.
func (w *walk) confirmsTax(p *play.Person) error {
	if err := p.Open(w.city.Hall + "/case/" + w.sale.App + "/tax"); err != nil {
		return err
	}
	if _, err := p.Form("number"); err != nil {
		return nil
	}
	return w.sale.ConfirmsTax(p)
}

// pays pays what is to be paid, as the temper wants it.
func (w *walk) pays() {
	buyer := w.sale.Buyers()[0]
	for _, kind := range []string{"税款", "登记费", "首付款"} {
		bill, err := w.sale.Bill(buyer, kind)
		if err != nil {
			continue
		}
		switch {
		case w.deal.temper == late && !w.acted:
			w.acted = w.once("letting a bill expire", func() error { return w.books.expire(w.ctx, w.sale.App) })
			if w.acted {
				w.count(func(c *counts) { c.Expired++ })
			}
		case w.deal.temper == paysTwice && !w.acted:
			w.acted = w.once("paying twice", func() error { return w.paysTwice(buyer, bill) })
			if w.acted {
				w.count(func(c *counts) { c.PaidTwice++ })
			}
		default:
			w.once("paying", func() error { return w.paysOnce(buyer, bill) })
		}
	}
}

func (w *walk) paysOnce(p *play.Person, bill string) error {
	code, err := w.sale.Orders(p, bill, "wechat")
	if err != nil {
		return err
	}
	return w.scans("wechat", code, map[string]any{"times": 1 + w.rounds%2})
}

// paysTwice holds two orders of one bill before paying both.
func (w *walk) paysTwice(p *play.Person, bill string) error {
	if err := p.Open(w.city.Hall + bill); err != nil {
		return err
	}
	if err := p.Submit("channel", play.Fields("channel", "alipay")); err != nil {
		return err
	}
	cashier := p.Page.URL.String()
	if err := w.paysOnce(p, bill); err != nil {
		return err
	}
	return w.scans("alipay", cashier, nil)
}

// scans pays at a channel. That the order is paid already, by a try whose answer got lost, is fine.
func (w *walk) scans(channel, code string, notice map[string]any) error {
	err := w.city.Control(http.MethodPost, "/control/pay", map[string]any{"channel": channel, "code": code, "notice": notice}, nil)
	var s *play.StatusError
	if errors.As(err, &s) && s.Status == http.StatusConflict {
		return nil
	}
	return err
}
