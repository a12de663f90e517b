package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"yichuang/e2e/play"
)

const (
	screenTime = 10 * time.Second
	screenGoal = 3000 // ms: what the tender allows an operation at a screen
)

// citySpeed is how much faster than life the departments of a measured city are: as in make run.
const citySpeed = 360

// measureScreens has people at their browsers open the pages that they open all day, in a running city with a case on its way.
func measureScreens(ctx context.Context, b *bench) error {
	if _, err := os.Stat(program); err != nil {
		b.note("screens are not measured: %s is not built (make build)", program)
		return nil
	}
	c, err := play.Found(ctx, program, "yichuang-bench-city-", citySpeed)
	if err != nil {
		return err
	}
	defer c.Close(false)
	people, err := atTheirDesks(c)
	if err != nil {
		return err
	}
	took, slowest, err := turnPages(ctx, b, people)
	if err != nil {
		return err
	}
	slices.Sort(took)
	at := func(percent int) float64 {
		return round(float64(took[len(took)*percent/100].Microseconds()) / 1000)
	}
	of := fmt.Sprintf("pages of hall and office, opened by %d people at a time without a pause, whole answer; slowest: %s", len(people), slowest)
	for _, x := range []struct {
		name    string
		percent int
	}{{"screen.p50", 50}, {"screen.p99", 99}} {
		if err := b.report(line{Name: x.name, Value: at(x.percent), Unit: "ms", Better: lower, Goal: goal(screenGoal), Of: of, N: len(took)}); err != nil {
			return err
		}
	}
	return nil
}

// desk is a person with the pages that belong to them.
type desk struct {
	*play.Person
	pages []string
}

// atTheirDesks signs people in. The first seller of the city has begun an application, so that there is something to see.
func atTheirDesks(c *play.City) ([]desk, error) {
	home := c.Examples[0]
	owner, ok := c.AccountOf(home.Idno)
	if !ok {
		return nil, fmt.Errorf("no account for the owner of %s", home.Certificate)
	}
	sale := &play.Sale{City: c, Deal: play.Deal{Home: home, Parties: []play.Account{owner}, Loan: true, DownPayment: "400000"}, Eventually: eventually}
	for _, step := range []func() error{sale.SignsIn, sale.Starts, sale.FindsHome, sale.ImportsContract} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	form := "/app/" + sale.App
	out := []desk{{sale.Seller, prefixed(c.Hall, "/me", form, form+"/home", form+"/contract", form+"/parties", form+"/tax", "/inbox", "/book")}}
	visitor := &play.Person{Browser: play.NewBrowser()}
	out = append(out, desk{visitor, prefixed(c.Hall, "/", "/verify", "/apply/existing-home-sale-mortgage")})
	for role, pages := range map[string][]string{
		"window":         {"/w", "/w/queue/pool", "/w/accept", "/w/issue", "/w/search"},
		"first-reviewer": {"/w", "/w/queue/pool", "/w/queue/mine", "/w/book/" + home.Unit},
		"leader":         {"/w/lead", "/w/queue/overdue"},
		"admin":          {"/admin", "/admin/endpoints", "/admin/calls", "/admin/ferry"},
	} {
		i := slices.IndexFunc(c.Accounts, func(a play.Account) bool { return strings.HasSuffix(a.Role, "/"+role) })
		if i < 0 {
			return nil, fmt.Errorf("the city has no account of role %s", role)
		}
		p, err := c.StaffIn(c.Accounts[i])
		if err != nil {
			return nil, err
		}
		out = append(out, desk{p, prefixed(c.Office, pages...)})
	}
	return out, nil
}

func prefixed(site string, pages ...string) []string {
	out := make([]string, len(pages))
	for i, p := range pages {
		out[i] = site + p
	}
	return out
}

// eventually tries for half a minute.
func eventually(do func() error) (err error) {
	for range 150 {
		if err = do(); err == nil {
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return err
}

// turnPages has each open their pages in turn, and gives how long each took. Who is told to slow down waits; anything else but a
// page is an error.
func turnPages(ctx context.Context, b *bench, people []desk) (took []time.Duration, slowest string, err error) {
	ctx, cancel := context.WithTimeout(ctx, screenTime)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	var worst time.Duration
	var failed []error
	for _, p := range people {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				page := p.pages[n%len(p.pages)]
				from := b.clock.Now()
				err := p.Open(page)
				d := b.clock.Now().Sub(from)
				var status *play.StatusError
				if errors.As(err, &status) && status.Status == 429 {
					_ = sleep(ctx, time.Second) // ends with ctx
					continue
				}
				mu.Lock()
				if err != nil {
					failed = append(failed, fmt.Errorf("%s: %w", page, err))
				} else if took = append(took, d); d > worst {
					worst, slowest = d, p.Page.URL.Path
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	if len(took) == 0 {
		failed = append(failed, errors.New("no page was opened"))
	}
	return took, slowest, errors.Join(failed...)
}
