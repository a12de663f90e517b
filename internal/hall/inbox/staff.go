package inbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
)

// staffKinds are the sentences that people of the office may get: they have no account here, and read no party's data.
var staffKinds = map[string]bool{"sms.alarm": true, "sms.overdue": true, "sms.remind": true}

// toStaff sends an SMS to somebody who works in the office, whose network doesn't reach the gateway.
func (r *Room) toStaff(ctx context.Context, tx pgx.Tx, _ ferry.Inbound, m message.StaffNotice) error {
	if !staffKinds[m.Kind] {
		return ferry.Park(fmt.Errorf("inbox: %q is no notice to staff", m.Kind))
	}
	args := make(map[string]any, len(m.Args))
	for k, v := range m.Args {
		args[k] = v
	}
	return r.Tell(ctx, tx, Letter{ID: m.ID, Phone: m.Phone, Kind: m.Kind, Args: args})
}
