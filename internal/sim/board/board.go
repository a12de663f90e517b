// Package board is the switchboard that every simulated system of simcity hangs on.
//
// In come the settings of one simcity (folder, address, speed); out go the four things that all systems share:
// tables that survive a kill -9, a courier that carries notices and late answers to the platform until they are
// accepted, the faults and decisions that an operator sets, and the frame of a page. A system keeps its own
// rules and its own wire format in its own folder; nothing here knows any of them.
package board

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"yichuang/internal/kit/clock"
)

// Options are the settings of one simcity.
type Options struct {
	Dir   string       // folder of all state, made when missing
	Base  string       // address of the listener, "http://127.0.0.1:9000", without a slash at the end
	Speed float64      // how much faster than life the outside world works; 0 means 1
	Seed  uint64       // makes the random faults repeatable
	Clock clock.Clock  // nil means the machine's
	Log   *slog.Logger // nil means silence
	HTTP  *http.Client // carries notices; nil means a client with a limit of ten seconds
}

// Board is what the systems of one simcity share.
type Board struct {
	Base    string
	Clock   clock.Clock
	Log     *slog.Logger
	HTTP    *http.Client
	Faults  *Faults
	Courier *Courier

	dir   string
	speed float64
}

// New opens the folder and loads what an earlier run left there.
func New(o Options) (*Board, error) {
	b := &Board{Base: o.Base, Clock: o.Clock, Log: o.Log, HTTP: o.HTTP, dir: o.Dir, speed: o.Speed}
	if b.Clock == nil {
		b.Clock = clock.System()
	}
	if b.Log == nil {
		b.Log = slog.New(slog.DiscardHandler)
	}
	if b.HTTP == nil {
		b.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	if b.speed <= 0 {
		b.speed = 1
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of simcity: %w", err)
	}
	var err error
	if b.Faults, err = openFaults(b, o.Seed); err != nil {
		return nil, err
	}
	if b.Courier, err = openCourier(b); err != nil {
		return nil, err
	}
	return b, nil
}

// Run carries messages until ctx ends.
func (b *Board) Run(ctx context.Context) { b.Courier.run(ctx) }

// Path is a file of the state folder.
func (b *Board) Path(name string) string { return filepath.Join(b.dir, name) }

// Shorten turns a span of the simulated world's time into one of ours.
func (b *Board) Shorten(d time.Duration) time.Duration {
	return time.Duration(float64(d) / b.speed)
}

// Lengthen turns a span of our time into one of the simulated world's.
func (b *Board) Lengthen(d time.Duration) time.Duration {
	return time.Duration(float64(d) * b.speed)
}

// Now is the wall-clock time. Only spans are sped up, never dates: what a simulated system signs and stamps must look
// current to the platform, which runs on the same machine's clock.
func (b *Board) Now() time.Time { return b.Clock.Now() }

// Digits makes a number of n random digits, as transaction and waybill numbers end with.
func Digits(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails
	for i, b := range raw {
		raw[i] = '0' + b%10
	}
	return string(raw)
}
