package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/ferry"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/trust"
)

// publish sends the hall a fresh snapshot of the case: all that its parties may know, in their words.
func (s *Service) publish(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	c, err := s.ByID(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := s.reach(ctx, tx, c); err != nil { // the last order of a stage may have ended after the next one's had opened
		return err
	}
	orders, err := s.Orders(ctx, tx, id)
	if err != nil {
		return err
	}
	events, err := s.Events(ctx, tx, id)
	if err != nil {
		return err
	}
	var seq int64
	if err := tx.QueryRow(ctx, `UPDATE cases SET progress_seq = progress_seq + 1 WHERE id = $1 RETURNING progress_seq`, id).Scan(&seq); err != nil {
		return fmt.Errorf("casework: number progress: %w", err)
	}
	p := Snapshot(c, orders, events)
	p.Seq = seq
	if p.Trust, err = s.trustView(ctx, tx, c); err != nil {
		return err
	}
	return s.toHall(ctx, tx, c, ferry.Message{Type: message.CaseProgress, Body: p})
}

// Snapshot draws the progress of a case from its rows. It is pure: the same rows give the same snapshot.
func Snapshot(c *Case, orders []Order, events []Event) message.Progress {
	p := message.Progress{App: c.ID, Case: c.No, State: c.State, Stage: c.Stage, CanWithdraw: !c.over()}
	if c.PromisedBy != nil {
		p.PromisedBy = land.DateOf(*c.PromisedBy)
	}
	for i, name := range Nodes {
		n := message.Node{Name: name}
		if i < len(c.StageAt) {
			n.At = c.StageAt[i]
		}
		p.Nodes = append(p.Nodes, n)
	}
	if c.State == Done {
		p.Stage = len(Nodes)
	}
	for _, o := range orders {
		if o.Operation == "registry.entry.push" && (o.Outcome == "entered" || o.State == "open" && o.Kind == System) {
			p.CanWithdraw = false
		}
		if o.State == "open" {
			p.Now = append(p.Now, waiting(c, o))
			if o.Form == "accept" {
				p.NeedsVisit = true
			}
		}
	}
	for _, e := range events {
		if e.Public {
			p.Past = append(p.Past, message.Happened{At: e.At, Text: e.Text})
		}
	}
	return p
}

// waiting says what an open order waits for, who holds it and until when.
func waiting(c *Case, o Order) message.Waiting {
	w := message.Waiting{What: o.Attr["public"], Holder: holders[o.Department], Since: o.OpenedAt}
	if w.What == "" {
		w.What = o.Name
	}
	if o.DueAt != nil {
		w.Until = *o.DueAt
	}
	if o.Trouble != "" && o.Kind == System {
		w.What = w.Holder + "暂时没有回应，我们会自动再试，有结果会通知您"
	}
	switch {
	case o.Attr["message"] == "correction.submitted":
		w.Action, w.Holder, w.Mine = "fix", "您", c.App.Applicant
	case o.Attr["message"] == "tax.confirmed":
		w.Action, w.Holder = "tax", "买卖双方"
	case o.Attr["message"] == "bill.paid", o.Attr["message"] == "trust.deposit":
		w.Action, w.Holder = "pay", "您"
	case o.Form == "accept":
		w.Action, w.Holder = "book", "您和综合窗口"
	}
	return w
}

// holders names departments to citizens.
var holders = map[string]string{
	"window": "综合窗口", "registry": "不动产登记中心", "housing": "住建部门", "tax": "税务部门", "bank": "银行", "fund": "公积金中心",
	"guarantee": "担保公司", "bigdata": "大数据平台", "utility": "水电气视单位", "portal": "省政务服务平台", "ems": "邮政 EMS", "hall": "网上大厅",
}

// trustView shows the money in trust; nil before an account is open.
func (s *Service) trustView(ctx context.Context, tx pgx.Tx, c *Case) (*message.TrustView, error) {
	st, err := s.trust.Statement(ctx, tx, c.ID)
	if err != nil || st == nil {
		return nil, err
	}
	v := &message.TrustView{Agreement: st.Agreement, Account: land.MaskNumber(st.Account), Held: st.Held}
	for _, m := range st.Moves {
		v.Moves = append(v.Moves, message.TrustMove{At: m.At, Text: trust.Words(m), In: m.In, Out: m.Out})
	}
	return v, nil
}

// day is how a day is written in notices.
func day(t time.Time) string { return t.In(beijing).Format("1 月 2 日") }
