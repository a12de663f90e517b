package simtest

import (
	"context"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/folder"
	"yichuang/internal/sim/wire"
)

// watch opens the platform's side of a system's folder, and takes in what comes there until the test ends.
func (p *Platform) watch(e wire.Endpoint) {
	if p.boxes[e.Name] != nil {
		return
	}
	var folders folder.Pool
	at := folder.Address{URL: e.Folder.URL, Password: e.Folder.Password, HostKey: e.Folder.HostKey}
	box := filedrop.New(filedrop.Options{Out: filedrop.To, In: filedrop.From, Clock: p.clock, Open: func() (folder.Folder, error) { return folders.Open(at) }})
	p.boxes[e.Name] = box
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := box.Take(ctx, func(_ context.Context, l spec.Letter) { p.take(l) }); err != nil && ctx.Err() == nil {
				p.t.Error(err)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	p.t.Cleanup(func() { stop(); <-done })
}

func (p *Platform) writeFile(e wire.Endpoint, info spec.Info, messageID string, raw []byte) *Letter {
	return &Letter{System: e, Info: info, file: filedrop.Message{Info: info, MessageID: messageID, Body: raw,
		Self: spec.Identity{App: p.app, Key: spec.SM2Key(p.signer)}, Peer: verifierOf(p.t, e)}}
}

// sendFile leaves the file and waits for the answer for as long as the operation may take.
func (p *Platform) sendFile(l *Letter) (int, []byte, error) {
	p.t.Helper()
	p.mu.Lock()
	box := p.boxes[l.System.Name]
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(p.t.Context(), l.Info.Timeout)
	defer cancel()
	r, err := box.Send(ctx, l.file)
	switch {
	case err != nil:
		return 0, nil, err
	case r.Fault != nil:
		return r.Status, nil, r.Fault
	}
	return r.Status, r.Body, p.document.Check(l.Info.Operation, spec.Response, r.Body)
}
