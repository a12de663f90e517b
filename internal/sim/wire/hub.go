// Package wire is the departments' half of the published interface: what every simulated system outside the
// platform has in common.
//
// In come signed requests of the platform, out go signed answers and, later, signed results. A system (a
// folder beside this one) registers a function per operation and never sees a signature, a nonce, a retry or a fault:
// those are here, by the helpers of exchange/spec, which both sides share.
package wire

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/folder"
	"yichuang/internal/kit/sm"
	"yichuang/internal/sim/board"
)

// The platform's two networks.
const (
	Office = "office"
	Hall   = "hall"
)

// Peer is one zone of the platform as the outside knows it.
type Peer struct {
	Zone      string `json:"zone"`      // Office or Hall
	App       string `json:"app"`       // X-App-Id of its messages
	URL       string `json:"url"`       // of its partner listener; /v1/… follows
	PublicKey string `json:"publicKey"` // SM2, PEM
}

// Bad reports a peer that cannot be.
func (p Peer) Bad() error {
	if p.Zone != Office && p.Zone != Hall {
		return errors.New(`zone is neither "office" nor "hall"`)
	}
	if p.App == "" {
		return errors.New("app is empty")
	}
	if u, err := url.Parse(p.URL); err != nil || u.Host == "" {
		return errors.New("url is no address")
	}
	if _, err := sm.ParsePublicKey([]byte(p.PublicKey)); err != nil {
		return fmt.Errorf("publicKey: %w", err)
	}
	return nil
}

// Hub is all systems of one simcity on the published interface.
type Hub struct {
	board    *board.Board
	document *spec.Document
	peers    *board.Table[Peer] // by zone
	works    *board.Table[Work]
	files    *fileServer
	folders  folder.Pool // of the systems that are reached by files
	nonces   spec.Nonces
	stranger *sm.Signer // nobody's key: signs what is to be forged

	mu       sync.Mutex
	systems  map[string]*System
	order    []*System
	deciders map[string]func(context.Context, Work) (any, error) // by system and operation
	traffic  []Message
	stats    map[string]Stats // by system
}

// Open loads the interface and the peers of an earlier run. Files is the address of the file server, host and port; empty: there
// is none, and the platform is shown the systems' folders themselves.
func Open(b *board.Board, files string) (*Hub, error) {
	h := &Hub{board: b, systems: map[string]*System{}, deciders: map[string]func(context.Context, Work) (any, error){}, stats: map[string]Stats{}}
	var err error
	if h.document, err = spec.Load(); err != nil {
		return nil, err
	}
	if h.peers, err = board.OpenTable[Peer](b, "peers"); err != nil {
		return nil, err
	}
	if h.works, err = board.OpenTable[Work](b, "works"); err != nil {
		return nil, err
	}
	if h.files, err = openFiles(b, files); err != nil {
		return nil, err
	}
	if h.stranger, err = sm.NewSigner(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.Path("sm2"), 0o700); err != nil {
		return nil, fmt.Errorf("folder of keys: %w", err)
	}
	b.Courier.Handle(workKind, board.Route{Deliver: h.work, Retry: retries, Forever: true})
	b.Courier.Handle(sendKind, board.Route{Deliver: h.deliver, Retry: retries, Forever: true})
	return h, nil
}

// retries is how long a department waits before it sends a result again.
var retries = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute}

// Board is what the systems keep their state on.
func (h *Hub) Board() *board.Board { return h.board }

// SetPeer registers a zone of the platform, in place of what it was.
func (h *Hub) SetPeer(p Peer) error {
	if err := p.Bad(); err != nil {
		return err
	}
	p.URL = strings.TrimSuffix(p.URL, "/")
	return h.peers.Put(p.Zone, p)
}

// Peers lists the platform's zones that are known.
func (h *Hub) Peers() []Peer { return h.peers.List() }

// PeerOf is the application id of a zone, empty while it is unknown.
func (h *Hub) PeerOf(zone string) string {
	p, _ := h.peers.Get(zone)
	return p.App
}

// peer finds the zone that signs as app; where both do, the one that a system belongs to.
func (h *Hub) peer(app, zone string) (Peer, bool) {
	if p, ok := h.peers.Get(zone); ok && p.App == app {
		return p, true
	}
	return h.peers.Find(func(p Peer) bool { return p.App == app })
}

// Systems lists the systems in the order they were made.
func (h *Hub) Systems() []*System {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.order)
}

func (h *Hub) system(name string) (*System, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.systems[name]
	return s, ok
}

// verifier finds the keys of an application for spec.CheckRequest.
func (h *Hub) verifier(app string) (spec.Verifier, error) {
	var keys []*sm.PublicKey
	for _, p := range h.peers.List() {
		if p.App != app {
			continue
		}
		key, err := sm.ParsePublicKey([]byte(p.PublicKey))
		if err != nil {
			return nil, fmt.Errorf("key of %s: %w", app, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, spec.NewFault(spec.CodeUnknownApp, "")
	}
	return spec.SM2Verifier(keys...), nil
}

// Message is a line of the traffic that the pages show.
type Message struct {
	At        time.Time      `json:"at"`
	System    string         `json:"system"`
	Operation spec.Operation `json:"operation"`
	Case      string         `json:"case,omitempty"`
	Out       bool           `json:"out"` // from the system to the platform
	Outcome   string         `json:"outcome"`
}

// shown is how many lines of traffic are kept.
const shown = 400

func (h *Hub) note(m Message) {
	m.At = h.board.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	st := h.stats[m.System]
	st.Last = m.At
	switch {
	case m.Outcome != "ok":
		st.Failed++
	case m.Out:
		st.Out++
	default:
		st.In++
	}
	h.stats[m.System] = st
	if len(h.traffic) == shown {
		h.traffic = slices.Delete(h.traffic, 0, shown/4)
	}
	h.traffic = append(h.traffic, m)
}

// Stats counts the messages of a system since the process began.
type Stats struct {
	In     int       `json:"in"`     // requests of the platform that were done
	Out    int       `json:"out"`    // messages that the platform took
	Failed int       `json:"failed"` // refused or lost, in either direction
	Last   time.Time `json:"last,omitzero"`
}

// Stats gives the counts by system.
func (h *Hub) Stats() map[string]Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.stats)
}

// Traffic returns the latest messages, the newest last; name "" means of all systems.
func (h *Hub) Traffic(name string) []Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []Message{}
	for _, m := range h.traffic {
		if name == "" || m.System == name {
			out = append(out, m)
		}
	}
	return out
}
