package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"yichuang/e2e/play"
	"yichuang/internal/democity"
	"yichuang/internal/kit/clock"
	"yichuang/internal/land"
)

// drill is one run.
type drill struct {
	settings
	clock    clock.Clock
	began    time.Time
	progress io.Writer
	city     *play.City
	people   *democity.City // who lives there
	books    *books         // both databases
	desks    desks

	mu      sync.Mutex
	counts  counts
	outages []outage
	failed  []string // pages that answered 500 while nothing was being killed
	sent    []string // applications whose people were told that they are sent
	units   []string // of running cases, for the court
	calm    bool
}

// counts of a drill, for its JSON line.
type counts struct {
	Seconds        float64 `json:"seconds"`
	Storm          float64 `json:"stormSeconds"`
	Started        int     `json:"started"`
	Submitted      int     `json:"submitted"`
	Done           int     `json:"done"`
	EndedEarly     int     `json:"endedEarly"`
	Waiting        int     `json:"waiting"`
	Retries        int     `json:"retries"` // steps of people that failed and were taken again
	KilledProgram  int     `json:"killedProgram"`
	KilledDatabase int     `json:"killedDatabase"`
	FerryCuts      int     `json:"ferryCuts"`
	Faults         int     `json:"faults"`
	Seizures       int     `json:"seizures"`
	Withdrawn      int     `json:"withdrawn"`
	PaidTwice      int     `json:"paidTwice"`
	Expired        int     `json:"expiredBills"`
	Letters        int     `json:"ferryMessages"`
	Movements      int     `json:"movements"`
	Papers         int     `json:"papers"`
}

// count changes the counts.
func (d *drill) count(f func(*counts)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.counts)
}

// say tells on stderr what happens, with the time since the start.
func (d *drill) say(format string, args ...any) {
	at := d.clock.Now().Sub(d.began).Round(time.Second)
	fmt.Fprintf(d.progress, "%3d:%02d  %s\n", int(at.Minutes()), int(at.Seconds())%60, fmt.Sprintf(format, args...))
}

// meet learns who lives in the city and opens its databases.
func (d *drill) meet(ctx context.Context) error {
	var built struct {
		Seed  uint64    `json:"seed"`
		Today land.Date `json:"today"`
	}
	if err := d.city.Control(http.MethodGet, "/control/city", nil, &built); err != nil {
		return err
	}
	d.people = democity.Build(built.Seed, built.Today)
	d.desks = desks{city: d.city, staff: d.people.Staff, at: map[string]*desk{}}
	var err error
	d.books, err = openBooks(ctx, d.city.Data, d.clock)
	return err
}

// live lets people sell homes while the storm goes over the city; it returns when the storm is over and everybody has
// finished, or given up.
func (d *drill) live(ctx context.Context) {
	rng := rand.New(rand.NewPCG(d.seed, 2))
	deals := d.deals(rng)
	next := make(chan deal)
	var walks sync.WaitGroup
	for range d.settings.people {
		walks.Go(func() {
			for k := range next {
				d.walk(ctx, k)
			}
		})
	}
	end := d.clock.Now().Add(d.storm)
	d.say("storm of %v begins, seed %d, %d homes for sale, %d sales at a time", d.storm, d.seed, len(deals), d.settings.people)
	walks.Go(func() {
		defer close(next)
		for _, k := range deals {
			select {
			case next <- k:
			case <-ctx.Done():
				return
			case <-time.After(end.Sub(d.clock.Now())):
				return
			}
		}
	})
	d.weather(ctx, plan(d.seed, d.storm))
	d.clear(ctx)
	walks.Wait()
}

// clear ends the storm: what is down is up again, and nothing misbehaves any more.
func (d *drill) clear(ctx context.Context) {
	d.say("storm is over")
	for ctx.Err() == nil && d.city.Control(http.MethodDelete, "/control/faults", nil, nil) != nil {
		d.revives(ctx)
		d.pause(ctx, time.Second)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calm = true
}

// isCalm tells whether the storm is over.
func (d *drill) isCalm() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calm
}

// pause waits, or less when ctx ends.
func (d *drill) pause(ctx context.Context, span time.Duration) {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// outage is a span in which the city, or a part of it, was down by our doing. It ends when all answers again; open ones have no end.
type outage struct{ from, until time.Time }

// down notes that something is being killed; the returned function notes that it is up again.
func (d *drill) down() (up func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := len(d.outages)
	d.outages = append(d.outages, outage{from: d.clock.Now()})
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.outages[i].until = d.clock.Now().Add(settling)
	}
}

// settling is how long after a kill connections may still be found broken.
const settling = 3 * time.Second

// excused tells whether something was down at any time of a span.
func excused(outages []outage, from, until time.Time) bool {
	for _, o := range outages {
		if !o.from.After(until) && (o.until.IsZero() || !o.until.Before(from)) {
			return true
		}
	}
	return false
}

// failure looks at why a step that began at a time failed: a page that answers 500 while nothing is down is a violation.
func (d *drill) failure(step string, from time.Time, err error) {
	var s *play.StatusError
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts.Retries++
	if errors.As(err, &s) && s.Status == http.StatusInternalServerError && !excused(d.outages, from, d.clock.Now()) {
		d.failed = append(d.failed, fmt.Sprintf("%s: %s answered 500 at %s: %s", step, s.Path, d.clock.Now().Format(time.TimeOnly), s.Says))
	}
}
