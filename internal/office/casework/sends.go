package casework

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry/message"
	"yichuang/internal/flow"
	"yichuang/internal/office/staff"
)

// send does what a send task of the flow says, at once and in the transaction of the step.
func (s *Service) send(ctx context.Context, tx pgx.Tx, c *Case, w flow.Work) error {
	switch w.Attr["notice"] {
	case "notification-sheet":
		if err := s.issueSheet(ctx, tx, c); err != nil {
			return err
		}
		return s.told(ctx, tx, c, "sheet-issued", "已发一次性告知单", nil)
	case "joint-acceptance":
		return s.accepted(ctx, tx, c)
	case "certificates":
		return s.told(ctx, tx, c, "certified", "电子证书已送达", map[string]any{"delivery": deliveryWords[c.App.Delivery.Mode]})
	case "refusal":
		reason := c.Facts.Against
		if reason == "" {
			reason = "经审核，不符合登记条件"
		}
		if err := s.why(ctx, tx, c, reason); err != nil {
			return err
		}
		if err := s.issueRefusal(ctx, tx, c, reason); err != nil {
			return err
		}
		return s.told(ctx, tx, c, "refused", "不予办理："+reason, map[string]any{"kind": refusedKind(c)})
	case "lapse":
		reason, err := s.overdue(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if err := s.why(ctx, tx, c, reason); err != nil {
			return err
		}
		return s.told(ctx, tx, c, "lapsed", reason+"，办理终止", nil)
	case "withdrawal":
		return s.told(ctx, tx, c, "withdrawn", "撤回已生效", nil)
	}
	if w.Attr["purpose"] == "refund" {
		if err := s.cancelBills(ctx, tx, c.ID, ""); err != nil {
			return err
		}
		return s.refundBills(ctx, tx, c, "办件终止")
	}
	return fmt.Errorf("casework: send task %s says nothing that can be sent", w.Node)
}

// overdue says what was not done in time: the wait that the flow has just given up.
func (s *Service) overdue(ctx context.Context, tx pgx.Tx, id uuid.UUID) (string, error) {
	var attr map[string]string
	err := tx.QueryRow(ctx, `SELECT attr FROM work_orders WHERE case_id = $1 AND state = 'cancelled' AND due_at <= $2 AND kind <> 'system'
		AND attr->>'form' IS DISTINCT FROM 'silent' ORDER BY closed_at DESC, due_at DESC LIMIT 1`, id, s.clock.Now()).Scan(&attr)
	if errors.Is(err, pgx.ErrNoRows) {
		return "逾期没有办理", nil
	}
	if err != nil {
		return "", fmt.Errorf("casework: what is overdue: %w", err)
	}
	switch {
	case attr["bill"] != "":
		return "逾期没有缴" + billNames[attr["bill"]], nil
	case attr["message"] == "correction.submitted":
		return "逾期没有补正", nil
	case attr["message"] == "tax.confirmed":
		return "逾期没有确认税款", nil
	case attr["message"] == "trust.deposit":
		return "首付款逾期没有存入托管账户", nil
	}
	return "逾期没有到窗口核对原件", nil
}

var deliveryWords = map[string]string{"ems": "，纸质证书寄出后另行通知", "pickup": "，请到约定的大厅领取纸质证书"}

func refusedKind(c *Case) string {
	if c.AcceptedAt != nil {
		return "登记"
	}
	return "受理"
}

// told notes an event for the parties and sends its notices.
func (s *Service) told(ctx context.Context, tx pgx.Tx, c *Case, event, text string, args map[string]any) error {
	if err := s.note(ctx, tx, c.ID, Event{Text: text, Public: true}); err != nil {
		return err
	}
	return s.announce(ctx, tx, c, event, args, "")
}

// accepted formally accepts the application: statutory time runs from here.
func (s *Service) accepted(ctx context.Context, tx pgx.Tx, c *Case) error {
	now := s.clock.Now()
	promised := s.catalog.Calendar().AddWorkingDays(now, s.days(c))
	if c.AcceptedAt == nil {
		if _, err := tx.Exec(ctx, `UPDATE cases SET accepted_at = $2::timestamptz, promised_by = $3,
			paused_at = CASE WHEN paused_at IS NOT NULL THEN $2::timestamptz END WHERE id = $1`, c.ID, now, promised); err != nil {
			return fmt.Errorf("casework: accept: %w", err)
		}
		c.AcceptedAt, c.PromisedBy = &now, &promised
	}
	clerk, hall := s.acceptedBy(ctx, tx, c.ID)
	if c.App.Channel == message.Lender {
		clerk, hall = "贷款机构申请", "贷款机构申请"
	}
	if err := s.issueAcceptance(ctx, tx, c, clerk, hall); err != nil {
		return err
	}
	if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: AcceptedByUs, At: now}); err != nil {
		return err
	}
	if err := s.Spread(ctx, tx, Tidings{Case: c.ID, What: PeopleToCheck, At: now}); err != nil {
		return err
	}
	return s.told(ctx, tx, c, "accepted", "已正式受理", map[string]any{"date": day(promised)})
}

func (s *Service) days(c *Case) int {
	if item, ok := s.catalog.Item(c.Item); ok {
		return item.Days
	}
	return 0
}

// acceptedBy finds the clerk who compared the originals; nobody where none had to.
func (s *Service) acceptedBy(ctx context.Context, tx pgx.Tx, id uuid.UUID) (clerk, hall string) {
	var by *uuid.UUID
	if err := tx.QueryRow(ctx, `SELECT closed_by_id FROM work_orders WHERE case_id = $1 AND form = 'accept' AND state = 'done'
		ORDER BY closed_at DESC LIMIT 1`, id).Scan(&by); err != nil || by == nil {
		return "网上大厅", "网上大厅"
	}
	p, err := s.staff.ByID(ctx, tx, *by)
	if err != nil {
		return "综合窗口", ""
	}
	return p.Name, p.Hall
}

// ownActs are the operations that no other system does.
func (s *Service) ownActs() {
	s.On("certificate.make", func(context.Context, *Case, Order) (Result, error) {
		return Result{Public: "电子证书已生成", Effect: s.makeCertificates}, nil
	})
	s.On("archive.file", func(context.Context, *Case, Order) (Result, error) { return Result{Opinion: "已归档"}, nil })
	s.On("delivery.ems", s.orderParcel)
}

// deskAccept ends the comparison of originals at the counter.
func (s *Service) deskAccept(_ context.Context, _ pgx.Tx, _ *Case, _ Order, _ staff.Person, d Decision) (Result, error) {
	if d.Outcome == "pass" && d.Values["compared"] != "yes" {
		return Result{}, FieldErrors{"compared": "请逐项核对原件，再受理"}
	}
	return Result{Data: map[string]any{"outcome": d.Outcome}, Opinion: d.Opinion, Requests: d.Requests}, nil
}
