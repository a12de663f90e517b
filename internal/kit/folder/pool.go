package folder

import (
	"errors"
	"sync"
	"time"

	"yichuang/internal/kit/clock"
)

// unusedFor is how long a pool keeps a folder that nobody has asked for.
const unusedFor = 15 * time.Minute

// Pool keeps folders by address, so that a call pays no handshake. The zero value is ready; it is safe for concurrent use.
type Pool struct {
	mu      sync.Mutex
	folders map[Address]*pooled
}

type pooled struct {
	Folder
	used time.Time
}

// Open gives the folder of an address, without a look whether it can be reached. It is the pool's to close.
func (p *Pool) Open(a Address) (Folder, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := clock.System().Now()
	for other, f := range p.folders {
		if other != a && now.Sub(f.used) > unusedFor {
			delete(p.folders, other)
			_ = f.Close() // it may be broken; it goes either way
		}
	}
	if f, ok := p.folders[a]; ok {
		f.used = now
		return f.Folder, nil
	}
	f, err := open(a)
	if err != nil {
		return nil, err
	}
	if p.folders == nil {
		p.folders = map[Address]*pooled{}
	}
	p.folders[a] = &pooled{f, now}
	return f, nil
}

// Close closes all folders.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, f := range p.folders {
		errs = append(errs, f.Close())
	}
	clear(p.folders)
	return errors.Join(errs...)
}
