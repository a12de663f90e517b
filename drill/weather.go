package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// weather lets the storm go over the city, blow after blow, and returns at its end with everything up.
func (d *drill) weather(ctx context.Context, storm []blow) {
	began := d.clock.Now()
	var under sync.WaitGroup
	defer under.Wait()
	for _, b := range storm {
		d.pause(ctx, b.At-d.clock.Now().Sub(began))
		if ctx.Err() != nil {
			return
		}
		switch b.Kind {
		case killProgram: // nothing else happens before it is up
			d.killsProgram(ctx)
		case killDatabase:
			d.killsDatabase(ctx)
		case cutFerry:
			under.Go(func() { d.cutsFerry(ctx, b) })
		case misbehave:
			under.Go(func() { d.spoils(ctx, b) })
		case seize:
			under.Go(func() { d.seizes(ctx) })
		}
	}
	d.pause(ctx, d.storm-d.clock.Now().Sub(began))
}

// backWithin is how long a killed part may take until it answers again.
const backWithin = 90 * time.Second

// killsProgram ends the program as a power cut would, and starts it again until it stands.
func (d *drill) killsProgram(ctx context.Context) {
	up := d.down()
	defer up()
	began := d.clock.Now()
	d.city.Kill()
	for ctx.Err() == nil {
		err := d.city.Up(ctx)
		if err == nil {
			break
		}
		if d.clock.Now().Sub(began) > backWithin {
			d.violates("the program does not come back after kill -9: %v", err)
			return
		}
		d.pause(ctx, 300*time.Millisecond)
	}
	d.count(func(c *counts) { c.KilledProgram++ })
	d.say("%s; back after %.1f s", killProgram, d.clock.Now().Sub(began).Seconds())
}

// killsDatabase ends the postmaster; the program is to start it again by itself.
func (d *drill) killsDatabase(ctx context.Context) {
	up := d.down()
	defer up()
	began := d.clock.Now()
	if err := killPostmaster(d.city.Data); err != nil {
		d.say("%s failed: %v", killDatabase, err)
		return
	}
	for d.pause(ctx, 200*time.Millisecond); ctx.Err() == nil && !d.ready(); d.pause(ctx, 200*time.Millisecond) {
		d.revives(ctx)
		if d.clock.Now().Sub(began) > backWithin {
			d.violates("the database does not come back after kill -9: /readyz fails for %v", backWithin)
			return
		}
	}
	d.count(func(c *counts) { c.KilledDatabase++ })
	d.say("%s; back after %.1f s", killDatabase, d.clock.Now().Sub(began).Seconds())
}

// revives starts the program again when it has ended by itself, which it must not.
func (d *drill) revives(ctx context.Context) {
	why := d.city.Ended()
	if why == "" {
		return
	}
	d.violates("the program ended by itself: %s", why)
	d.say("the program ended by itself, and is started again: %s", why)
	if err := d.city.Up(ctx); err != nil {
		d.say("it does not start: %v", err)
	}
}

// killPostmaster kills the PostgreSQL of a city's folder, whose first process notes its number there.
func killPostmaster(data string) error {
	raw, err := os.ReadFile(filepath.Join(data, "postgres", "cluster", "postmaster.pid"))
	if err != nil {
		return err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid <= 1 {
		return fmt.Errorf("postmaster.pid begins with %q", line)
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// ready asks the operations listener.
func (d *drill) ready() bool {
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Get(d.city.Ops + "/readyz")
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// violates notes what went wrong in the storm itself.
func (d *drill) violates(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = append(d.failed, fmt.Sprintf(format, args...))
}

// cutsFerry holds the lock that a process has to have to pump a zone's messages, and pumps none.
func (d *drill) cutsFerry(ctx context.Context, b blow) {
	free, err := d.books.holdFerry(ctx, b.Zone)
	if err != nil {
		d.say("%s of the %s failed: %v", cutFerry, b.Zone, err)
		return
	}
	d.count(func(c *counts) { c.FerryCuts++ })
	d.say("%s: messages of the %s wait for %v", cutFerry, b.Zone, b.Lasts)
	d.pause(ctx, b.Lasts)
	free()
}

// spoils lets a system misbehave for a while.
func (d *drill) spoils(ctx context.Context, b blow) {
	if err := d.city.Control(http.MethodPut, "/control/faults", b.Fault, nil); err != nil {
		return // down; the next fault comes soon
	}
	d.count(func(c *counts) { c.Faults++ })
	d.say("%s %s for %v", b.Fault.System, b.Fault.words(), b.Lasts)
	d.pause(ctx, b.Lasts)
	_ = d.city.Control(http.MethodDelete, "/control/faults?system="+b.Fault.System+"&operation=*", nil, nil) // or it goes at the end of the storm
}

// seizes lets a court seize a home that is being sold.
func (d *drill) seizes(ctx context.Context) {
	for tries := 0; tries < 60 && ctx.Err() == nil; tries++ {
		d.mu.Lock()
		units := d.units
		d.mu.Unlock()
		if len(units) > 0 {
			unit := units[len(units)/2]
			err := d.city.Control(http.MethodPost, "/control/seizure", map[string]any{"unit": unit}, nil)
			if err == nil {
				d.count(func(c *counts) { c.Seizures++ })
				d.say("a court seizes %s", unit)
				return
			}
		}
		d.pause(ctx, 500*time.Millisecond)
	}
}
