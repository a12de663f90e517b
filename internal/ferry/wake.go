package ferry

import (
	"context"
	"time"
)

// poll is the longest time that something waits that nobody in this process has heard of. It is also the pause after a failure.
const poll = time.Second

// bell wakes a loop of this process. What rings it has often not been committed yet, so the loop looks again and again, with
// pauses that double from a millisecond to poll. Other processes find the work within poll.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// turn calls do until ctx ends: at once while there is more, soon after the bell, at least once a poll.
func (b bell) turn(ctx context.Context, do func(context.Context) (more bool, err error), onErr func(error)) {
	const first = time.Millisecond
	for pause := first; ctx.Err() == nil; {
		more, err := do(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			onErr(err)
			wait(ctx, poll)
			pause = first
		case more:
			pause = first
		case b.rung(ctx, pause):
			wait(ctx, first) // a few others may come along
			pause = first
		default:
			pause = min(2*pause, poll)
		}
	}
}

// rung waits for the bell, at most for pause.
func (b bell) rung(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-b:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

func wait(ctx context.Context, pause time.Duration) {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
