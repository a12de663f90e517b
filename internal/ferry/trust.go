package ferry

import (
	"log/slog"
	"sync"
	"time"

	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
)

// lookAgain is the shortest time between two looks at the other zone's keys: strangers must not make us read files all the time.
const lookAgain = time.Second

// trust holds the other zone's public keys, the current one and for a while the one before. When a signature fits none of
// them, the source is asked again: the keys may have changed meanwhile.
type trust struct {
	source func() ([]*sm.PublicKey, error) // nil: the keys never change
	clock  clock.Clock
	log    *slog.Logger

	mu     sync.Mutex
	keys   []*sm.PublicKey
	looked time.Time
}

func (t *trust) verify(text, sig []byte) error {
	for _, k := range t.current() {
		if k.Verify(text, sig) == nil {
			return nil
		}
	}
	for _, k := range t.fresh() {
		if k.Verify(text, sig) == nil {
			return nil
		}
	}
	return ErrUnsigned
}

func (t *trust) current() []*sm.PublicKey {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.keys
}

// fresh reads the keys again and returns them, or none if that was done a moment ago.
func (t *trust) fresh() []*sm.PublicKey {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	if t.source == nil || now.Sub(t.looked) < lookAgain && now.After(t.looked) {
		return nil
	}
	t.looked = now
	keys, err := t.source()
	if err != nil {
		t.log.Warn("ferry: keys of the other zone cannot be read again", "error", err)
		return nil
	}
	t.keys = keys
	return keys
}
