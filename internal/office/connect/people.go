package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
)

// someone is a natural person of a case, and as what.
type someone struct {
	ref  string // of the party, or of its representative
	as   string
	name string
	doc  land.Document
}

// people lists the natural persons of a case: parties, and those who act for them.
func people(c *casework.Case) []someone {
	var out []someone
	for _, p := range c.App.Parties {
		if !p.Document.Kind.Organisation() {
			out = append(out, someone{p.Ref, roleName(p.Role), p.Name, p.Document})
		}
		if a := representative(p); a != nil {
			out = append(out, someone{p.Ref + ".agent", roleName(p.Role) + "代理人", a.Name, a.Document})
		}
	}
	return out
}

// death is what the register of deaths has of a person.
type death struct {
	someone
	certificate string
	on          string
}

func (d death) words() string {
	return fmt.Sprintf("%s %s 有死亡医学证明（%s），死亡日期 %s", d.as, land.MaskName(d.name), d.certificate, d.on)
}

// deaths asks about everybody at once. Key tells the askings of a case apart.
func (r *Room) deaths(ctx context.Context, c *casework.Case, key string) ([]death, error) {
	var mu sync.Mutex
	var found []death
	g, ctx := errgroup.WithContext(ctx)
	for _, p := range people(c) {
		g.Go(func() error {
			var out spec.BigdataDeathQueryResponse
			err := r.Out.Call(ctx, spec.BigdataDeathQuery, routeOf(c), key+"/"+p.ref, spec.BigdataDeathQueryRequest{CaseNo: string(c.No), ConsentNo: consentNo(c, p.ref),
				Person: personOf(p.name, p.doc), Purpose: purpose}, &out)
			if err != nil || !out.Found {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			found = append(found, death{p, out.CertificateNo, out.DiedOn})
			return nil
		})
	}
	err := g.Wait()
	slices.SortFunc(found, func(a, b death) int { return strings.Compare(a.ref, b.ref) })
	return found, err
}

func routeOf(c *casework.Case) exchange.Route {
	return exchange.Route{District: c.District, Item: c.Item, Case: string(c.No)}
}

// checkPeople asks, once a case is accepted, what nothing has to wait for: whether a party has died, whether the address is a
// place name that is in use, what the register of organisations has of a seller that is one. The answers stand beside the other
// checks; a death stops the case before its entry.
func (r *Room) checkPeople(ctx context.Context, c *casework.Case, t casework.Tidings) error {
	var dead []death
	var place, firms []casework.Check
	g, inner := errgroup.WithContext(ctx)
	g.Go(func() (err error) { dead, err = r.deaths(inner, c, t.Key()); return err })
	g.Go(func() (err error) { place, err = r.checkPlace(inner, c, t.Key()); return err })
	g.Go(func() (err error) { firms, err = r.checkFirms(inner, c, t.Key()); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	v := &verdict{checks: append(append(deathChecks(c, dead), place...), firms...)}
	for _, p := range c.App.Parties {
		if p.Agent != nil {
			v.add("notary."+p.Ref, roleName(p.Role)+"委托", "warn", "由 "+land.MaskName(p.Agent.Name)+" 代理", "请按公证书编号查询公证书", "公证机构")
		}
	}
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		if err := r.Cases.SaveChecks(ctx, tx, c.ID, v.checks); err != nil {
			return err
		}
		return r.reportDeaths(ctx, tx, c, dead)
	})
}

func deathChecks(c *casework.Case, dead []death) []casework.Check {
	v := &verdict{}
	for _, p := range people(c) {
		result, words := "pass", "没有死亡登记"
		if i := slices.IndexFunc(dead, func(d death) bool { return d.ref == p.ref }); i >= 0 {
			result, words = "fail", "死亡日期 "+dead[i].on
		}
		v.add("death."+p.ref, p.as+"死亡登记", result, land.MaskName(p.name), words, "卫生健康")
	}
	return v.checks
}

// reportDeaths stops a case by one incident a person; told twice, it is stopped once.
func (r *Room) reportDeaths(ctx context.Context, tx pgx.Tx, c *casework.Case, dead []death) error {
	for _, d := range dead {
		if slices.ContainsFunc(c.Facts.Incidents, func(i casework.Incident) bool { return strings.Contains(i.Text, d.certificate) }) {
			continue
		}
		if err := r.Cases.Incident(ctx, tx, c.No, casework.Incident{Kind: "death", Text: d.words(), By: "卫生健康（大数据平台）", Source: "bigdata"}); err != nil {
			return err
		}
	}
	return nil
}

// checkPlace compares the address of the unit with the place names of civil affairs. It never stops a case: the book says where a home
// is.
func (r *Room) checkPlace(ctx context.Context, c *casework.Case, key string) ([]casework.Check, error) {
	var out spec.BigdataPlaceQueryResponse
	if err := r.Out.Call(ctx, spec.BigdataPlaceQuery, routeOf(c), key+"/place", spec.BigdataPlaceQueryRequest{CaseNo: string(c.No), Address: c.App.Home.Address,
		District: c.District, Purpose: purpose}, &out); err != nil {
		return nil, err
	}
	v := &verdict{}
	result, words := "pass", "标准地名"
	switch {
	case !out.Found:
		result, words = "warn", "没有这个地名"
	case out.State != spec.PlaceStateCurrent:
		result, words = "warn", placeWords[out.State]+"："+out.Standard
	}
	v.add("place", "坐落地名", result, c.App.Home.Address, words, "民政")
	return v.checks, nil
}

var placeWords = map[spec.PlaceState]string{spec.PlaceStateCurrent: "在用", spec.PlaceStateRenamed: "已更名", spec.PlaceStateAbolished: "已废止"}

// checkFirms looks up the parties that are organisations: companies at market regulation, and what is none of them at the
// office of institution codes (编办).
func (r *Room) checkFirms(ctx context.Context, c *casework.Case, key string) ([]casework.Check, error) {
	v := &verdict{}
	for _, p := range c.App.Parties {
		if !p.Document.Kind.Organisation() {
			continue
		}
		found, name, err := r.licenceOf(ctx, c, p, key)
		if err != nil {
			return nil, err
		}
		result := "pass"
		if !found {
			result = "fail"
		}
		if name == "" {
			name = "没有这个单位，或名称不一致"
		}
		v.add("licence."+p.Ref, roleName(p.Role)+"单位", result, p.Name, name, "市场监管、编办")
	}
	return v.checks, nil
}

func (r *Room) licenceOf(ctx context.Context, c *casework.Case, p message.Party, key string) (found bool, state string, err error) {
	for _, kind := range []spec.LicenceKind{spec.LicenceKindBusiness, spec.LicenceKindInstitution, spec.LicenceKindAuthority, spec.LicenceKindGroup} {
		var out spec.BigdataLicenseQueryResponse
		err := r.Out.Call(ctx, spec.BigdataLicenseQuery, routeOf(c), key+"/"+p.Ref+"/"+string(kind), spec.BigdataLicenseQueryRequest{CaseNo: string(c.No), Kind: kind,
			CreditCode: p.Document.Number, Name: p.Name, Purpose: purpose}, &out)
		if err != nil {
			return false, "", err
		}
		if out.Found {
			return out.State == spec.LicenceStateActive, licenceWords[kind] + licenceStates[out.State], nil
		}
	}
	return false, "", nil
}

var licenceWords = map[spec.LicenceKind]string{spec.LicenceKindBusiness: "营业执照", spec.LicenceKindInstitution: "事业单位法人证书", spec.LicenceKindAuthority: "机关代码证",
	spec.LicenceKindGroup: "社会团体登记证书", spec.LicenceKindFinancial: "金融许可证", spec.LicenceKindAgency: "经纪机构备案证明"}

var licenceStates = map[spec.LicenceState]string{spec.LicenceStateActive: "有效", spec.LicenceStateSuspended: "暂停", spec.LicenceStateRevoked: "吊销", spec.LicenceStateCancelled: "注销"}

// alive asks once more, right before the book is changed, whether a party has died since: what is entered for the dead cannot be
// undone. A death that the second reviewer has judged already (研判能否续办) does not stop the case again.
func (r *Room) alive(next casework.Act) casework.Act {
	return func(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
		dead, err := r.deaths(ctx, c, o.ID.String()+"/death")
		if err != nil && !errors.Is(err, exchange.ErrDesk) {
			return casework.Result{}, err
		}
		if judged(c) >= len(dead) {
			return next(ctx, c, o)
		}
		var words []string
		for _, d := range dead {
			words = append(words, d.words())
		}
		why := "登簿前核对：" + strings.Join(words, "；")
		return casework.Result{Data: map[string]any{"outcome": "suspended"}, Against: why, Opinion: why, Public: "登簿前发现影响这件申请的新情况，正在核实", Effect: func(ctx context.Context, tx pgx.Tx, c *casework.Case) error {
			return r.Cases.SaveChecks(ctx, tx, c.ID, deathChecks(c, dead))
		}}, nil
	}
}

// judged counts the deaths that were reported and, since the entry waits for that, judged.
func judged(c *casework.Case) int {
	n := 0
	for _, i := range c.Facts.Incidents {
		if i.Kind == "death" {
			n++
		}
	}
	return n
}
