package reconcile

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/office/staff"
)

// tell texts the leaders whom the run concerns.
func (r *Room) tell(ctx context.Context, tx pgx.Tx, run Run, fresh int) error {
	people, err := r.Staff.Holding(ctx, tx, staff.Leader)
	if err != nil {
		return err
	}
	for _, p := range people {
		if !concerns(p, run.Subject) {
			continue
		}
		if err := p.Text(ctx, tx, r.Door, "sms.alarm", map[string]string{"line": run.Name, "what": fmt.Sprintf("%s对账有 %d 处不一致", run.Day, fresh)}); err != nil {
			return err
		}
	}
	return nil
}

// concerns tells whose business a run is: of the platform's leaders all; a registry's leaders those of its book; a bank's people
// those of its own accounts; the leaders of the window and of the tax office the channels.
func concerns(p staff.Person, s Subject) bool {
	lead := p.Has(staff.Leader)
	switch {
	case lead && p.Department == "platform":
		return true
	case s.Kind == Register:
		return lead && p.Department == "registry" && (p.District == "" || p.District == s.Code)
	case s.Kind == Trust:
		return p.Department == "bank" && p.Org == s.Code
	}
	return lead && (p.Department == "window" || p.Department == "tax")
}
