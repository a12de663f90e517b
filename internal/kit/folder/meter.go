package folder

import (
	"io"
	"sync"
)

// meter counts what a server sends, so that an answer without an end is noticed.
type meter struct {
	r io.Reader

	mu     sync.Mutex
	total  int64
	limits map[*limit]struct{}
}

type limit struct {
	at    int64
	reach func()
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total += int64(n)
	for l := range m.limits {
		if m.total > l.at {
			l.reach()
		}
	}
	return n, err
}

// limit calls reach once more than n further bytes have come. The function it returns takes the limit away.
func (m *meter) limit(n int64, reach func()) (lift func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := &limit{m.total + n, reach}
	if m.limits == nil {
		m.limits = map[*limit]struct{}{}
	}
	m.limits[l] = struct{}{}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.limits, l)
	}
}
