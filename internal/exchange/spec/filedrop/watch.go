package filedrop

import (
	"context"
	"time"

	"yichuang/internal/exchange/spec"
)

// about is what an answer is about.
type about struct {
	operation spec.Operation
	message   string
}

// wait is one who waits for an answer.
type wait struct {
	name  Name
	since time.Time
	found chan Name // an answer that may be meant
	next  *wait     // another who waits for the same message
}

// await begins to wait for the answer to a request; give ends it. All who wait in a process share one look at the folder.
func (b *Box) await(request Name) *wait {
	w := &wait{name: request, since: b.machine.Now(), found: make(chan Name, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := about{request.Operation, request.MessageID}
	w.next = b.waiting[key]
	b.waiting[key] = w
	if !b.watching {
		b.watching = true
		b.trouble = nil
		go b.watch()
	}
	return w
}

func (b *Box) give(w *wait) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := about{w.name.Operation, w.name.MessageID}
	for at, other := (*wait)(nil), b.waiting[key]; other != nil; at, other = other, other.next {
		switch {
		case other != w:
			continue
		case at != nil:
			at.next = w.next
		case w.next != nil:
			b.waiting[key] = w.next
		default:
			delete(b.waiting, key)
		}
		return
	}
}

func (b *Box) lastTrouble() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.trouble
}

// lookLimit is how long one look may take.
const lookLimit = 20 * time.Second

// watch looks for answers while somebody waits for one.
func (b *Box) watch() {
	for {
		time.Sleep(b.pause())
		ctx, cancel := context.WithTimeout(context.Background(), lookLimit)
		err := b.look(ctx)
		cancel()
		b.mu.Lock()
		b.trouble = err
		if len(b.waiting) == 0 {
			b.watching = false
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
	}
}

// pause is how long to wait before the next look: the longer the last comer has waited, the less a moment matters.
func (b *Box) pause() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.machine.Now()
	pause := b.o.Limits.PollMax
	for _, w := range b.waiting {
		pause = min(pause, max(b.o.Limits.PollMin, now.Sub(w.since)/4))
	}
	return pause
}

// look lists the folder once and tells those who wait what came for them. Where there is more than can be listed, each looks for the
// answer to its own sending.
func (b *Box) look(ctx context.Context) error {
	f, err := b.open(ctx)
	if err != nil {
		return b.lost(err)
	}
	l, err := f.List(ctx, b.o.In, b.o.Limits.List)
	if err != nil {
		return b.lost(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range l.Entries {
		n, ok := ParseName(e.Name)
		if !ok || n.Kind != Answer {
			continue
		}
		for w := b.waiting[about{n.Operation, n.MessageID}]; w != nil; w = w.next {
			w.tell(n)
		}
	}
	if l.More {
		for _, w := range b.waiting {
			for ; w != nil; w = w.next {
				w.tell(w.name.Answer())
			}
		}
	}
	return nil
}

// tell never waits: who has not read yet what it was told last is told again at the next look.
func (w *wait) tell(n Name) {
	select {
	case w.found <- n:
	default:
	}
}
