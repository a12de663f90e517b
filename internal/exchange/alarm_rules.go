package exchange

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/audit"
	"yichuang/internal/kit/pg"
)

const ruleColumns = `kind, enabled, raise_above, min_calls, window_s, quiet_from, quiet_to, sms, version, updated_at, updated_by`

// Rules lists the alarm rules in the order of RuleKinds.
func (x *Exchange) Rules(ctx context.Context) ([]Rule, error) { return rules(ctx, x.pool) }

func rules(ctx context.Context, db pg.DB) ([]Rule, error) {
	rows, err := db.Query(ctx, `SELECT `+ruleColumns+` FROM exchange_alarm_rules`)
	if err != nil {
		return nil, fmt.Errorf("alarm rules: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanRule)
	if err != nil {
		return nil, fmt.Errorf("alarm rules: %w", err)
	}
	slices.SortFunc(all, func(a, b Rule) int { return slices.Index(RuleKinds(), a.Kind) - slices.Index(RuleKinds(), b.Kind) })
	return all, nil
}

func scanRule(row pgx.CollectableRow) (Rule, error) {
	var (
		r       Rule
		seconds int64
		updated *time.Time
	)
	err := row.Scan(&r.Kind, &r.Enabled, &r.Above, &r.MinCalls, &seconds, &r.Quiet.From, &r.Quiet.To, &r.SMS, &r.Version, &updated, &r.UpdatedBy)
	r.Window = time.Duration(seconds) * time.Second
	if updated != nil {
		r.UpdatedAt = *updated
	}
	return r, err
}

// SetRule changes a rule; its Version must be the present one, else ErrStale. The change is audited in the same transaction and
// counts from the next evaluation. Errors: *ErrSetting, ErrNotFound for an unknown kind.
func (x *Exchange) SetRule(ctx context.Context, by Actor, r Rule, reason string) error {
	if err := r.check(); err != nil {
		return err
	}
	return pg.InTx(ctx, x.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+ruleColumns+` FROM exchange_alarm_rules WHERE kind = $1 FOR UPDATE`, r.Kind)
		if err != nil {
			return fmt.Errorf("lock alarm rule: %w", err)
		}
		before, err := pgx.CollectExactlyOneRow(rows, scanRule)
		if err != nil {
			return fmt.Errorf("lock alarm rule: %w", err)
		}
		if before.Version != r.Version {
			return ErrStale
		}
		if _, err := tx.Exec(ctx, `UPDATE exchange_alarm_rules SET enabled = $2, raise_above = $3, min_calls = $4, window_s = $5, quiet_from = $6, quiet_to = $7, sms = $8,
			version = version + 1, updated_at = $9, updated_by = $10 WHERE kind = $1`,
			r.Kind, r.Enabled, r.Above, r.MinCalls, int(r.Window.Seconds()), r.Quiet.From, r.Quiet.To, r.SMS, x.clock.Now(), by.Name); err != nil {
			return fmt.Errorf("save alarm rule: %w", err)
		}
		return x.audit.Record(ctx, tx, ruleChange(by, reason, before, r))
	})
}

// check tells whether the rule can work.
func (r Rule) check() error {
	if !slices.Contains(RuleKinds(), r.Kind) {
		return ErrNotFound
	}
	top := 10080.0 // a week of minutes
	if r.Kind.needsCalls() {
		top = 1000
	}
	switch {
	case r.Above < 0 || r.Above > top || r.Kind != CircuitOpen && r.Above == 0:
		return &ErrSetting{"above", fmt.Sprintf("应大于 0，不超过 %g", top)}
	case r.Kind == ErrorShare && r.Above >= 100:
		return &ErrSetting{"above", "失败占比应小于 100"}
	case r.Kind.needsCalls() && (r.MinCalls < 1 || r.MinCalls > 100000):
		return &ErrSetting{"calls", "应在 1 与 100000 次之间"}
	case r.Window < time.Minute || r.Window > 24*time.Hour || r.Window%time.Minute != 0:
		return &ErrSetting{"window", "应为 1 至 1440 的整数分钟"}
	case !r.Quiet.valid():
		return &ErrSetting{"quiet", "免打扰时段应形如 22:00 至 07:00"}
	}
	return nil
}

// ruleChange is the audit entry of a changed rule: each field with its old and new value.
func ruleChange(by Actor, reason string, before, after Rule) audit.Entry {
	e := audit.Entry{Actor: by.ID, ActorName: by.Name, Kind: audit.KindConfig, Action: "修改告警规则", Object: string(after.Kind), Source: by.Source, Outcome: audit.OK,
		Detail: map[string]any{"原因": reason}}
	old, now := before.fields(), after.fields()
	for i, f := range now {
		if f.value != old[i].value {
			e.Detail[f.label] = fmt.Sprintf("%s → %s", old[i].value, f.value)
		}
	}
	return e
}

func (r Rule) fields() []field {
	yes := map[bool]string{true: "是", false: "否"}
	return []field{
		{"启用", yes[r.Enabled]}, {"上限", fmt.Sprint(r.Above)}, {"最少次数", fmt.Sprint(r.MinCalls)}, {"时间窗", span(r.Window)},
		{"免打扰", r.Quiet.String()}, {"短信", yes[r.SMS]},
	}
}
