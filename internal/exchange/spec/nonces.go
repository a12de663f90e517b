package spec

import (
	"sync"
	"time"
)

// Nonces remembers the nonces of the last 2 × MaxSkew in memory: enough for a called side that is one process. The zero value
// is ready, and safe for concurrent use.
type Nonces struct {
	mu    sync.Mutex
	seen  map[string]time.Time
	swept time.Time
}

// Use returns a fault of CodeReplayed when app has used the nonce before. Now is the receiver's clock, by which
// the head was found fresh.
func (n *Nonces) Use(app, nonce string, now time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.seen == nil {
		n.seen = map[string]time.Time{}
	}
	n.sweep(now)
	key := app + "\n" + nonce
	if at, used := n.seen[key]; used && now.Sub(at) <= 2*MaxSkew {
		return NewFault(CodeReplayed, "")
	}
	n.seen[key] = now
	return nil
}

// sweep forgets, once a MaxSkew, what could not pass the check of time any more.
func (n *Nonces) sweep(now time.Time) {
	if now.Sub(n.swept) < MaxSkew {
		return
	}
	for key, at := range n.seen {
		if now.Sub(at) > 2*MaxSkew {
			delete(n.seen, key)
		}
	}
	n.swept = now
}
