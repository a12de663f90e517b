package spec

import (
	"sync"
	"time"
)

// Nonces remembers in memory the nonces of messages that are still fresh: enough for a called side that is one process. The zero
// value is ready, and safe for concurrent use.
type Nonces struct {
	mu    sync.Mutex
	until map[string]time.Time // when the message of a nonce stops being fresh
	swept time.Time
}

// Use returns a fault of CodeReplayed when the sender has used the nonce before. Now is the receiver's clock, by which the head was
// found fresh. A message that is taken in again may have used its own.
func (n *Nonces) Use(head Head, now time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.until == nil {
		n.until = map[string]time.Time{}
	}
	n.sweep(now)
	key := head.App + "\n" + head.Nonce
	if until, used := n.until[key]; used && !now.After(until) && !head.Again {
		return NewFault(CodeReplayed, "")
	}
	n.until[key] = head.FreshUntil()
	return nil
}

// sweep forgets, once a MaxSkew, what could not pass the check of time any more.
func (n *Nonces) sweep(now time.Time) {
	if now.Sub(n.swept) < MaxSkew {
		return
	}
	for key, until := range n.until {
		if now.After(until) {
			delete(n.until, key)
		}
	}
	n.swept = now
}
