package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Class groups routes that cost or reveal about the same, for the rate limits.
type Class string

const (
	ClassPage   Class = "page"    // an ordinary page or form
	ClassSearch Class = "search"  // an exact query: guessing must not pay
	ClassSignIn Class = "sign-in" // proofs of identity and codes
	ClassUpload Class = "upload"  // files
	ClassAPI    Class = "api"     // programs
	ClassLive   Class = "live"    // long-lived streams
	classSource Class = "source"  // all that comes from one address
)

// Limit is a token bucket: Burst at once, then one more each Every.
type Limit struct {
	Every time.Duration
	Burst int
}

// DefaultLimits are per account, or per source for strangers. The source as a whole has one of its own,
// wide enough for an office or a hall behind a single address.
func DefaultLimits() map[Class]Limit {
	return map[Class]Limit{
		ClassPage:   {100 * time.Millisecond, 100},
		ClassSearch: {12 * time.Second, 10},
		ClassSignIn: {6 * time.Second, 20},
		ClassUpload: {time.Second, 30},
		ClassAPI:    {20 * time.Millisecond, 200},
		ClassLive:   {2 * time.Second, 30},
		classSource: {10 * time.Millisecond, 600},
	}
}

// limiter holds the buckets of this process. A zone on several processes allows as many times more, which
// the limits leave room for.
type limiter struct {
	mu      sync.Mutex
	limits  map[Class]Limit
	buckets map[bucketKey]*bucket
}

type bucketKey struct {
	class Class
	who   string
}

type bucket struct {
	*rate.Limiter
	used time.Time
}

const maxBuckets = 100_000

func newLimiter(over map[Class]Limit) *limiter {
	l := &limiter{limits: DefaultLimits(), buckets: map[bucketKey]*bucket{}}
	for c, v := range over {
		l.limits[c] = v
	}
	return l
}

// allow takes one token and returns 0, or says how long to wait for it.
func (l *limiter) allow(c Class, who string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := bucketKey{c, who}
	b := l.buckets[k]
	if b == nil {
		if len(l.buckets) >= maxBuckets {
			l.sweep(now)
		}
		lim := l.limits[c]
		b = &bucket{Limiter: rate.NewLimiter(rate.Every(lim.Every), lim.Burst)}
		l.buckets[k] = b
	}
	b.used = now
	res := b.ReserveN(now, 1)
	if !res.OK() {
		return time.Minute
	}
	if wait := res.DelayFrom(now); wait > 0 {
		res.CancelAt(now)
		return wait
	}
	return 0
}

// sweep forgets buckets that have long been full again; under a flood from many addresses, all of them.
func (l *limiter) sweep(now time.Time) {
	for k, b := range l.buckets {
		if now.Sub(b.used) > 10*time.Minute {
			delete(l.buckets, k)
		}
	}
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
}

// sourceOf is the caller's address: the connection's, or what a trusted proxy says it saw.
func (rt *Router) sourceOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && rt.trusted(host); i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		host = addr.String()
	}
	return host
}

func (rt *Router) trusted(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range rt.opt.Proxies {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}
