package connect

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
)

// skew is how far the clocks of departments may be behind ours.
const skew = 10 * time.Minute

// belongs refuses a result that names its order and yet is not about it: of another case, or decided before it was asked for, as the
// answer of an earlier round is.
func (r *Room) belongs(ctx context.Context, tx pgx.Tx, o casework.Order, in any) error {
	c, err := r.Cases.ByID(ctx, tx, o.Case)
	if err != nil {
		return err
	}
	return fits(c.No, o.OpenedAt, in)
}

// fits compares a result with its case and with the time at which it was asked for.
func fits(no land.CaseNumber, asked time.Time, in any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("result %T: %w", in, err)
	}
	var said struct {
		CaseNo string `json:"caseNo"`
		Review struct {
			ReviewedAt time.Time `json:"reviewedAt"`
		} `json:"review"`
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return fmt.Errorf("result %T: %w", in, err)
	}
	switch at := said.Review.ReviewedAt; {
	case said.CaseNo != string(no):
		return refused(spec.CodeNotFound, "没有这项委托：办件编号不符")
	case !at.IsZero() && at.Before(asked.Add(-skew)):
		return refused(spec.CodeWrongState, "审核时间早于委托时间，是以前的结果")
	}
	return nil
}
