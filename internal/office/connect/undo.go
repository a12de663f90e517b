package connect

import (
	"context"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/office/casework"
)

// undo looks at an answer that comes when nobody waits for it any more. A call may be on its way while its case is withdrawn;
// what the other system has done then stands until it is told otherwise.
func (r *Room) undo(ctx context.Context, tx pgx.Tx, o casework.Order, in any) error {
	c, err := r.Cases.ByID(ctx, tx, o.Case)
	if err != nil {
		return err
	}
	t, must := undoing(c, in)
	if !must {
		return nil
	}
	t.At = r.Clock.Now()
	return r.Cases.Spread(ctx, tx, t)
}

// undoing says what has to be taken back: a contract that housing filed for a deal that is off, unless it is the filing that the case
// knows, which its flow takes back.
func undoing(c *casework.Case, in any) (t casework.Tidings, must bool) {
	filed, ok := in.(spec.HousingContractResultRequest)
	off := c.State != casework.Running && c.State != casework.Done || c.Facts.WhyClosed != ""
	if !ok || !off || filed.Review.Outcome != spec.OutcomePass || filed.FilingNo == c.Facts.FilingNo {
		return t, false
	}
	return casework.Tidings{Case: c.ID, What: casework.FiledLate, Ref: filed.FilingNo}, true
}

// revokeLate takes such a filing back.
func (r *Room) revokeLate(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	var out spec.HousingContractRevokeResponse
	return r.tell(ctx, spec.HousingContractRevoke, c, t.Key(), spec.HousingContractRevokeRequest{CaseNo: string(c.No), ContractNo: contractNo(c),
		FilingNo: t.Ref, Reason: reason(c)}, &out)
}
