package exchange

import (
	"context"
	"sync"
	"time"

	"yichuang/internal/exchange/dialect"
)

// fetchEvery is how often it is looked for messages that counterparts left to be fetched.
const fetchEvery = 500 * time.Millisecond

// Fetch takes in the messages of those counterparts that do not call but leave their messages to be fetched, until ctx ends. Each
// system is looked after by itself, so that a slow one keeps nobody waiting.
func (s *Server) Fetch(ctx context.Context) {
	f := fetcher{server: s, busy: map[string]bool{}, said: map[string]string{}}
	defer f.all.Wait()
	tick := time.NewTicker(fetchEvery)
	defer tick.Stop()
	for {
		f.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

type fetcher struct {
	server *Server
	all    sync.WaitGroup

	mu   sync.Mutex
	busy map[string]bool   // by application: one system may serve several districts from one folder
	said map[string]string // its last trouble, so that the log has it once
}

func (f *fetcher) round(ctx context.Context) {
	stations, err := f.server.x.known.stations(ctx)
	if err != nil {
		if ctx.Err() == nil {
			f.server.x.log.ErrorContext(ctx, "fetch messages", "err", err)
		}
		return
	}
	for _, st := range stations {
		if from, ok := st.dialect.(dialect.Fetcher); ok && st.Enabled && f.enter(st.PeerApp) {
			f.all.Go(func() {
				defer f.leave(st.PeerApp)
				f.note(ctx, st, from.Fetch(ctx, st.line, f.server.Take))
			})
		}
	}
}

func (f *fetcher) enter(app string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy[app] {
		return false
	}
	f.busy[app] = true
	return true
}

func (f *fetcher) leave(app string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.busy, app)
}

// note writes trouble into the log when it begins, changes or ends.
func (f *fetcher) note(ctx context.Context, st *station, err error) {
	if ctx.Err() != nil {
		return
	}
	now := ""
	if err != nil {
		now = brief(err)
	}
	f.mu.Lock()
	before := f.said[st.PeerApp]
	f.said[st.PeerApp] = now
	f.mu.Unlock()
	switch {
	case now == before:
	case err != nil:
		f.server.x.log.WarnContext(ctx, "messages cannot be fetched", "endpoint", st.Name, "err", err)
	default:
		f.server.x.log.InfoContext(ctx, "messages can be fetched again", "endpoint", st.Name)
	}
}
