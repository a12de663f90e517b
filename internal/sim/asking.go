package sim

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/wire"
)

// question has a system ask the office something of its own accord: police, courts and banks do.
type question struct {
	System    string          `json:"system"`
	Operation spec.Operation  `json:"operation"`
	Body      json.RawMessage `json:"body"`
}

func (s *Simcity) ask(ctx context.Context, q question) (any, error) {
	systems := s.hub.Systems()
	i := slices.IndexFunc(systems, func(d *wire.System) bool { return d.Name == q.System })
	if i < 0 {
		return nil, invalid(errNoSystem)
	}
	var out json.RawMessage
	if err := systems[i].Ask(ctx, wire.Office, q.Operation, q.Body, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// batchOrder has a court ("court/hailing") or the police ("bigdata") ask about so many persons at once.
type batchOrder struct {
	System string `json:"system"`
	Size   int    `json:"size"`
}

func (s *Simcity) batch(ctx context.Context, in batchOrder) (any, error) {
	if in.System == s.bigdata.Name {
		return s.bigdata.Batch(ctx, in.Size)
	}
	return s.courts.Batch(ctx, strings.TrimPrefix(in.System, "court/"), in.Size)
}

func (s *Simcity) batches(w http.ResponseWriter, r *http.Request) {
	if system := r.FormValue("system"); system != s.bigdata.Name {
		list, err := s.courts.Batches(strings.TrimPrefix(system, "court/"))
		answer(w, list, err)
		return
	}
	answer(w, s.bigdata.Batches(), nil)
}
