package housing

import (
	"context"
	"errors"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/wire"
)

// Trust is money in trust as the bureau supervises it (资金监管).
type Trust struct {
	TrustNo   string              `json:"trustNo"`
	District  string              `json:"district"`
	Case      string              `json:"case"`
	Agreement spec.TrustAgreement `json:"agreement"`
	State     string              `json:"state"` // applied | signed | deposited | arrived | paid | cancelling | closed
	At        time.Time           `json:"at"`    // of the latest change
}

func (b *bureau) serveTrust() {
	wire.Handle(b.System, spec.HousingTrustApply, b.applyTrust)
	wire.Handle(b.System, spec.HousingTrustAgreement, func(_ context.Context, c wire.Call, in spec.HousingTrustAgreementRequest) (spec.Ack, error) {
		return b.moveTrust(c, in.Agreement.AgreementNo, "signed", func(t *Trust) { t.Agreement = in.Agreement })
	})
	wire.Handle(b.System, spec.HousingTrustDeposit, func(_ context.Context, c wire.Call, in spec.HousingTrustDepositRequest) (spec.Ack, error) {
		return b.moveTrust(c, in.AgreementNo, "deposited", nil)
	})
	wire.Handle(b.System, spec.HousingTrustArrived, func(_ context.Context, c wire.Call, in spec.HousingTrustArrivedRequest) (spec.Ack, error) {
		return b.moveTrust(c, in.AgreementNo, "arrived", nil)
	})
	wire.Handle(b.System, spec.HousingPayoutNotice, func(_ context.Context, c wire.Call, in spec.HousingPayoutNoticeRequest) (spec.Ack, error) {
		return b.moveTrust(c, in.AgreementNo, "paid", nil)
	})
	wire.Handle(b.System, spec.HousingTrustClose, func(_ context.Context, c wire.Call, in spec.HousingTrustCloseRequest) (spec.Ack, error) {
		return b.moveTrust(c, in.AgreementNo, "closed", nil)
	})
	wire.Handle(b.System, spec.HousingTrustCancel, func(_ context.Context, c wire.Call, in spec.HousingTrustCancelRequest) (spec.HousingTrustCancelResponse, error) {
		_, err := b.moveTrust(c, in.AgreementNo, "cancelling", nil)
		return spec.HousingTrustCancelResponse{Cancelled: err == nil}, err
	})
}

// applyTrust numbers an agreement. Money is held only for a contract that the bureau knows.
func (b *bureau) applyTrust(_ context.Context, c wire.Call, in spec.HousingTrustApplyRequest) (spec.HousingTrustApplyResponse, error) {
	if _, ok := b.find(in.Agreement.ContractNo); !ok {
		return spec.HousingTrustApplyResponse{}, spec.NewFault("contract-unknown", "没有这份合同，请先办理合同备案")
	}
	t, _, err := b.all.trusts.Add(in.Agreement.AgreementNo, Trust{TrustNo: b.Serial("TG"), District: b.district, Case: in.CaseNo,
		Agreement: in.Agreement, State: "applied", At: c.At})
	return spec.HousingTrustApplyResponse{TrustNo: t.TrustNo}, err
}

func (b *bureau) moveTrust(c wire.Call, agreement, state string, more func(*Trust)) (spec.Ack, error) {
	_, err := b.all.trusts.Update(agreement, func(t *Trust) error {
		if t.District != b.district {
			return board.ErrNone
		}
		t.State, t.At = state, c.At
		if more != nil {
			more(t)
		}
		return nil
	})
	if errors.Is(err, board.ErrNone) {
		return spec.Ack{}, spec.NewFault(spec.CodeNotFound, "没有这份资金托管协议")
	}
	return ack(c), err
}

// Trusts lists all money under supervision.
func (b *Bureaus) Trusts() []Trust { return b.trusts.List() }
