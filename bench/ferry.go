package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/blob"
	"yichuang/internal/kit/pg"
	"yichuang/internal/kit/sm"
)

// crossing is a way to join two doors; the returned function ends what it started.
type crossing func(b *bench, doors [2]*ferry.Door) (end func(), err error)

func byLoop(_ *bench, doors [2]*ferry.Door) (func(), error) {
	doors[0].Connect(ferry.Loop{To: doors[1]})
	doors[1].Connect(ferry.Loop{To: doors[0]})
	return func() {}, nil
}

func byHTTPS(_ *bench, doors [2]*ferry.Door) (func(), error) {
	var servers [2]*http.Server
	for i, d := range doors {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		servers[i] = &http.Server{Handler: d.Handler(), ReadHeaderTimeout: time.Minute}
		go func() { _ = servers[i].Serve(l) }() // ends with Close
		doors[1-i].Connect(ferry.HTTPS{URL: "http://" + l.Addr().String(), Client: &http.Client{Timeout: time.Minute}})
	}
	return func() { _, _ = servers[0].Close(), servers[1].Close() }, nil
}

func byDir(b *bench, doors [2]*ferry.Door) (func(), error) {
	root, err := os.MkdirTemp(b.dir, "gap-")
	if err != nil {
		return nil, err
	}
	for i, d := range doors {
		t, err := ferry.NewDir(ferry.DirOptions{Root: root, Zone: ferryZones[i], Peer: ferryZones[1-i], Clock: b.clock, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return nil, err
		}
		d.Connect(t)
	}
	return func() {}, nil
}

var ferryZones = [2]string{"office", "hall"}

// crossed is a pair of doors at work.
type crossed struct {
	b     *bench
	doors [2]*ferry.Door
	end   func()       // of what joins them
	stop  func() error // both doors, and end

	mu   sync.Mutex
	want map[uuid.UUID]time.Time // sent and not applied
	took []time.Duration
	all  chan struct{}
}

// cross makes two doors and joins them.
func (b *bench) cross(ctx context.Context, name string, by crossing) (*crossed, error) {
	doors, err := b.doors(ctx, name)
	if err != nil {
		return nil, err
	}
	c := &crossed{b: b, doors: doors, want: map[uuid.UUID]time.Time{}}
	ferry.Handle(doors[1], message.NoticeSent, func(_ context.Context, _ pgx.Tx, in ferry.Inbound, _ message.Notice) error {
		c.arrived(in.ID)
		return nil
	})
	c.end, err = by(b, doors)
	return c, err
}

// run lets both doors work until stop is called.
func (c *crossed) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	for _, d := range c.doors {
		g.Go(func() error { return d.Run(ctx) })
	}
	c.stop = func() error {
		cancel()
		c.end()
		return g.Wait()
	}
}

func (c *crossed) arrived(id uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent, ok := c.want[id]
	if !ok {
		return // a batch that was tried twice
	}
	delete(c.want, id)
	if c.took = append(c.took, c.b.clock.Now().Sub(sent)); len(c.took) == cap(c.took) {
		close(c.all)
	}
}

// ferryCases is to how many cases the messages belong.
const ferryCases = 200

// await makes room for n messages that will be sent.
func (c *crossed) await(n int) { c.took, c.all = make([]time.Duration, 0, n), make(chan struct{}) }

// send sends the i-th message in a transaction of its own.
func (c *crossed) send(ctx context.Context, i int) error {
	app, id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i%ferryCases)), uuid.Must(uuid.NewV7())
	c.mu.Lock()
	c.want[id] = c.b.clock.Now()
	c.mu.Unlock()
	return pg.InTx(ctx, c.doors[0].Pool(), func(tx pgx.Tx) error {
		return c.doors[0].Send(ctx, tx, ferry.Message{ID: id, Type: message.NoticeSent, Case: app.String(), Body: message.Notice{ID: id, App: app,
			Party: "b1", Kind: "sms.accepted", Args: map[string]string{"no": "TZ-261124-00412-6", "date": "11 月 27 日"}, SMS: true}})
	})
}

// wait waits for the last message.
func (c *crossed) wait(ctx context.Context) error {
	select {
	case <-c.all:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// measureFerry carries notices from one zone to the other: sealed, signed, stored, applied, acknowledged. First as many as have gathered
// while the ferry stood still, for the rate; then a steady stream, for the latency.
func measureFerry(name string, by crossing, fast, quick *float64) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		c, err := b.cross(ctx, name, by)
		if err != nil {
			return err
		}
		err = c.drain(ctx, name, fast)
		if err == nil {
			err = c.stream(ctx, name, quick)
		}
		if c.stop != nil {
			err = errors.Join(err, c.stop())
		}
		return err
	}
}

// drain measures the rate.
func (c *crossed) drain(ctx context.Context, name string, goal *float64) error {
	const n, some = 4000, 8
	c.await(n)
	if _, err := c.b.atOnce(ctx, n, some, c.send); err != nil {
		return err
	}
	begin := c.b.clock.Now()
	c.run(ctx)
	if err := c.wait(ctx); err != nil {
		return err
	}
	return c.b.report(line{Name: "ferry." + name, Value: rate(n, c.b.clock.Now().Sub(begin)), Unit: "1/s", Better: higher, Goal: goal,
		Of: fmt.Sprintf("messages of %d cases that were waiting, until the last is applied", ferryCases), N: n})
}

// stream measures the latency.
func (c *crossed) stream(ctx context.Context, name string, goal *float64) error {
	const n, pace = 2000, 5 * time.Millisecond
	c.await(n)
	if err := c.b.paced(ctx, n, pace, c.send); err != nil {
		return err
	}
	if err := c.wait(ctx); err != nil {
		return err
	}
	slices.Sort(c.took)
	return c.b.report(line{Name: "ferry." + name + ".p99", Value: ms(c.took[n*99/100]), Unit: "ms", Better: lower, Goal: goal,
		Of: fmt.Sprintf("from the begin of the sender's transaction to the effect, at %d messages a second; the median is %.1f ms", time.Second/pace, ms(c.took[n/2])), N: n})
}

// paced starts one after each pause, however long they take.
func (b *bench) paced(ctx context.Context, n int, pause time.Duration, do func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for i := range n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return g.Wait()
		}
		g.Go(func() error { return do(ctx, i) })
	}
	return g.Wait()
}

// doors are the two ends of a ferry on databases of their own.
func (b *bench) doors(ctx context.Context, name string) (doors [2]*ferry.Door, err error) {
	var shared *sm.Keyring
	var signers [2]*sm.Signer
	for i := range signers {
		if signers[i], err = sm.NewSigner(); err != nil {
			return doors, err
		}
	}
	for i, zone := range ferryZones {
		pool, err := b.database(ctx, "ferry_"+name+"_"+zone)
		if err != nil {
			return doors, err
		}
		if err := pg.Migrate(ctx, pool, ferry.Migrations(), "ferry_version"); err != nil {
			return doors, err
		}
		path := filepath.Join(b.dir, "ferry-"+name+"-"+zone)
		keys, err := sm.LoadOrCreateKeyring(path + ".keys")
		if err != nil {
			return doors, err
		}
		if shared == nil {
			shared = keys
		}
		blobs, err := blob.Open(ctx, path+".files", keys)
		if err != nil {
			return doors, err
		}
		doors[i] = ferry.New(ferry.Options{Zone: zone, Peer: ferryZones[1-i], Pool: pool, Clock: b.clock, Keys: keys, Shared: shared, Signer: signers[i],
			PeerKey: signers[1-i].Public(), Blobs: blobs, Log: slog.New(slog.DiscardHandler)})
	}
	return doors, nil
}
