package wire

import (
	"context"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/folder"
)

// FileDrop is the dialect of those that are reached by files only.
const FileDrop = "filedrop"

const (
	lookEvery = 100 * time.Millisecond // into its folder, by a system
	atOnce    = 64                     // requests that a system has in work
	patience  = time.Minute            // with which a request is handled, a fault's delay included
)

// openBox gives a system its side of the folder, which lies on this machine's disk.
func (s *System) openBox(folders *folder.Pool) {
	at := folder.Address{URL: (&url.URL{Scheme: "file", Path: filepath.ToSlash(s.Dir())}).String()}
	s.box = filedrop.New(filedrop.Options{Out: filedrop.From, In: filedrop.To, Source: "folder", Clock: s.hub.board.Clock, Workers: atOnce,
		Open: func() (folder.Folder, error) { return folders.Open(at) }})
}

// WatchFolders lets the systems that are reached by files look for them, until ctx ends.
func (h *Hub) WatchFolders(ctx context.Context) {
	var all sync.WaitGroup
	for _, s := range h.Systems() {
		if s.box != nil {
			all.Go(func() { s.watchFolder(ctx) })
		}
	}
	all.Wait()
}

func (s *System) watchFolder(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	defer s.box.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.box.Take(ctx, func(ctx context.Context, l spec.Letter) {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			s.receive(ctx, l)
		})
		if err != nil && ctx.Err() == nil {
			s.hub.board.Log.WarnContext(ctx, "folder", "system", s.Name, "err", err)
		}
	}
}

// carryFile leaves a message for the platform in the folder and waits for the answer.
func (s *System) carryFile(ctx context.Context, o outgoing) (status int, answer []byte, err error) {
	r, err := s.box.Send(ctx, filedrop.Message{Info: o.info, MessageID: o.MessageID, RelatesTo: o.RelatesTo, Body: o.Body, Self: o.self, Peer: o.verifier})
	return r.Status, r.Body, err
}
