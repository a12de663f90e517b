package sim

import (
	"errors"
	"slices"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
	"yichuang/internal/sim/samples"
	"yichuang/internal/sim/wire"
)

// introduction asks for the credentials of a conformance check of one system; Kit is where the check receives results.
type introduction struct {
	System string `json:"system"`
	Kit    string `json:"kit"`
}

// credentials are the file that a conformance check takes.
type credentials struct {
	App        string           `json:"app"`
	PrivateKey string           `json:"privateKey"`
	PeerApp    string           `json:"peerApp"`
	PeerKey    string           `json:"peerKey"`
	Dialect    string           `json:"dialect"`
	Folder     *wire.Folder     `json:"folder,omitempty"`
	Operations []spec.Operation `json:"operations"`
	Samples    []samples.Sample `json:"samples"`
}

// kitApp is the application id of a check.
const kitApp = "yichuang-conform"

var errNoSystem = errors.New("no such system")

// introduce registers a check in the place of the zone that calls the system, with a new key, and hands out its credentials.
func (s *Simcity) introduce(in introduction) (any, error) {
	systems := s.hub.Systems()
	i := slices.IndexFunc(systems, func(d *wire.System) bool { return d.Name == in.System })
	if i < 0 {
		return nil, invalid(errNoSystem)
	}
	e := systems[i].Endpoint()
	signer, err := sm.NewSigner()
	if err != nil {
		return nil, err
	}
	out := credentials{App: kitApp, PrivateKey: string(signer.PEM()), PeerApp: e.App, PeerKey: e.PublicKey, Dialect: e.Dialect, Folder: e.Folder, Operations: e.Operations}
	if out.Samples, err = samples.For(s.city, e); err != nil {
		return nil, invalid(err)
	}
	return out, invalid(s.hub.SetPeer(wire.Peer{Zone: e.Zone, App: kitApp, URL: in.Kit, PublicKey: string(signer.Public().PEM())}))
}
