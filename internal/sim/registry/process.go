package registry

import (
	"context"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/wire"
)

// signingTakes is how long the parties of a printed contract take to come and sign it.
const signingTakes = 3 * time.Hour

// reached is the last stage that a case has gone through.
type reached struct {
	Stage spec.ProcessStage `json:"stage"`
	At    time.Time         `json:"at"`
	Unit  land.UnitCode     `json:"unit"`
}

// reach notes a stage when the notice of it leaves.
func (b *books) reach(n spec.RegistryProcessNotifyRequest) error {
	return b.stages.Put(n.CaseNo, reached{n.Stage, n.At, land.UnitCode(n.UnitCode)})
}

// process tells how far a case is.
func (o *office) process(_ context.Context, _ wire.Call, in spec.RegistryProcessQueryRequest) (spec.RegistryProcessQueryResponse, error) {
	r, ok := o.books.stages.Get(in.CaseNo)
	if !ok || r.Unit.District() != o.district {
		return spec.RegistryProcessQueryResponse{}, nil
	}
	return spec.RegistryProcessQueryResponse{Found: true, RegistryCaseNo: o.caseNumber(in.CaseNo), Stage: r.Stage, At: r.At}, nil
}

// sign has the parties of a contract that was printed at the counter sign it.
func (o *office) sign(_ context.Context, w wire.Work, in spec.RegistryContractPushRequest) (spec.RegistryContractResultRequest, error) {
	review, err := o.Review(w, "吴签")
	if err != nil {
		return spec.RegistryContractResultRequest{}, err
	}
	out := spec.RegistryContractResultRequest{WorkID: w.ID, CaseNo: in.CaseNo, ContractNo: in.Contract.ContractNo, Review: review}
	if wire.Passed(review) {
		out.SignedAt = review.ReviewedAt
	}
	return out, nil
}
