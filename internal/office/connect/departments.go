package connect

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/pg"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
)

// What staff ask the departments behind the big-data platform: always about parties of the case, by name and number.

func (r *Room) askHousehold(ctx context.Context, c *casework.Case, q Question) (a Answer, err error) {
	a.None = "没有查到户籍。"
	a.Head = []string{"查询对象", "户号", "成员", "关系", "出生日期"}
	for _, p := range people(c) {
		var out spec.BigdataHouseholdQueryResponse
		if err := r.inquire(ctx, spec.BigdataHouseholdQuery, c, spec.BigdataHouseholdQueryRequest{CaseNo: string(c.No), ConsentNo: consentNo(c, p.ref),
			Person: personOf(p.name, p.doc), Purpose: q.Purpose}, &out); err != nil {
			return a, err
		}
		for _, m := range out.Members {
			a.Rows = append(a.Rows, []string{land.MaskName(p.name), out.HouseholdNo, land.MaskName(m.Person.Name), relationWords[m.Relation], m.Birthday})
		}
	}
	return a, nil
}

var relationWords = map[spec.Relation]string{spec.RelationSelf: "本人", spec.RelationSpouse: "配偶", spec.RelationChild: "子女", spec.RelationParent: "父母",
	spec.RelationGrandparent: "祖父母或外祖父母", spec.RelationSibling: "兄弟姐妹", spec.RelationOther: "其他"}

// askDeaths stops the case where somebody has died, as the check after the acceptance does.
func (r *Room) askDeaths(ctx context.Context, c *casework.Case, _ Question) (a Answer, err error) {
	dead, err := r.deaths(ctx, c, uuid.NewString())
	if err != nil {
		return a, err
	}
	a.Head = []string{"当事人", "死亡登记", "医学证明编号"}
	for _, p := range people(c) {
		row := []string{p.as + " " + land.MaskName(p.name), "没有", ""}
		if i := slices.IndexFunc(dead, func(d death) bool { return d.ref == p.ref }); i >= 0 {
			row[1], row[2] = "死亡日期 "+dead[i].on, dead[i].certificate
		}
		a.Rows = append(a.Rows, row)
	}
	return a, pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		if err := r.Cases.SaveChecks(ctx, tx, c.ID, deathChecks(c, dead)); err != nil {
			return err
		}
		return r.reportDeaths(ctx, tx, c, dead)
	})
}

func (r *Room) askBirth(ctx context.Context, c *casework.Case, q Question) (a Answer, err error) {
	a.None = "没有未成年的当事人，或没有查到出生医学证明。"
	a.Head = []string{"子女", "出生医学证明编号", "出生日期", "母亲", "父亲"}
	for _, p := range c.App.Parties {
		if p.Guardian == nil {
			continue
		}
		var out spec.BigdataBirthQueryResponse
		if err := r.inquire(ctx, spec.BigdataBirthQuery, c, spec.BigdataBirthQueryRequest{CaseNo: string(c.No), ConsentNo: consentNo(c, p.Ref), Child: personOf(p.Name, p.Document),
			Purpose: q.Purpose}, &out); err != nil {
			return a, err
		}
		if out.Found {
			a.Rows = append(a.Rows, []string{land.MaskName(p.Name), out.CertificateNo, out.BornOn, masked(out.Mother), masked(out.Father)})
		}
	}
	return a, nil
}

func masked(p spec.Person) string {
	if p.Name == "" {
		return ""
	}
	return land.MaskName(p.Name)
}

// askNotary looks a notarial certificate up by its number and each party that an agent acts for, or else each seller. What it
// says of an agent's authority stands among the checks of the case.
func (r *Room) askNotary(ctx context.Context, c *casework.Case, q Question) (a Answer, err error) {
	a.None = "没有这份公证书，或不是本件当事人的。"
	asked := slices.DeleteFunc(slices.Clone(c.App.Parties), func(p message.Party) bool { return p.Agent == nil })
	if len(asked) == 0 {
		asked = c.App.PartiesOf(message.Seller)
	}
	for _, p := range asked {
		var out spec.BigdataNotaryQueryResponse
		if err := r.inquire(ctx, spec.BigdataNotaryQuery, c, spec.BigdataNotaryQueryRequest{CaseNo: string(c.No), CertificateNo: q.Number, Principal: personOf(p.Name, p.Document),
			Purpose: q.Purpose}, &out); err != nil {
			return a, err
		}
		if !out.Found {
			continue
		}
		var agents []string
		for _, x := range out.Agents {
			agents = append(agents, land.MaskName(x.Name))
		}
		for _, f := range [][2]string{{"公证书编号", q.Number}, {"公证机构", out.Office}, {"状态", notaryStates[out.State]}, {"出证日期", out.IssuedOn}, {"委托至", out.ValidUntil},
			{"当事人", land.MaskName(p.Name)}, {"受托人", strings.Join(agents, "、")}, {"不动产单元", out.UnitCode}, {"事项", out.Scope}} {
			a.fact(f[0], f[1])
		}
		a.None = ""
		return a, r.noteAuthority(ctx, c, p, q.Number, out)
	}
	return a, nil
}

var notaryStates = map[spec.NotaryState]string{spec.NotaryStateValid: "有效", spec.NotaryStateRevoked: "已撤销", spec.NotaryStateExpired: "已过期"}

// noteAuthority notes whether a certificate lets the agent of a party act in this sale.
func (r *Room) noteAuthority(ctx context.Context, c *casework.Case, p message.Party, number string, out spec.BigdataNotaryQueryResponse) error {
	if p.Agent == nil {
		return nil
	}
	v := &verdict{}
	result, words := "pass", "公证书 "+number+" 有效"
	switch {
	case out.Kind != spec.NotaryKindAuthorisation || out.State != spec.NotaryStateValid:
		result, words = "fail", "公证书 "+number+notaryStates[out.State]+"，或不是委托公证"
	case !slices.ContainsFunc(out.Agents, func(x spec.Person) bool { return x.Name == p.Agent.Name && x.DocumentNumber == p.Agent.Document.Number }):
		result, words = "fail", "受托人不是这个代理人"
	case out.UnitCode != "" && out.UnitCode != string(c.Unit):
		result, words = "fail", "委托的是另一套房"
	}
	v.add("notary."+p.Ref, roleName(p.Role)+"委托", result, "由 "+land.MaskName(p.Agent.Name)+" 代理", words, "公证机构")
	return pg.InTx(ctx, r.Pool, func(tx pgx.Tx) error { return r.Cases.SaveChecks(ctx, tx, c.ID, v.checks) })
}

func (r *Room) askJudgments(ctx context.Context, c *casework.Case, q Question) (a Answer, err error) {
	a.None = "没有卖方涉及不动产的裁判文书。"
	a.Head = []string{"案号", "法院", "案由", "裁判日期", "生效", "涉及本单元", "结果"}
	for _, p := range c.App.PartiesOf(message.Seller) {
		var out spec.BigdataJudgmentQueryResponse
		if err := r.inquire(ctx, spec.BigdataJudgmentQuery, c, spec.BigdataJudgmentQueryRequest{CaseNo: string(c.No), Person: personOf(p.Name, p.Document), Purpose: q.Purpose}, &out); err != nil {
			return a, err
		}
		for _, j := range out.Judgments {
			effective := "未生效"
			if j.Effective {
				effective = j.EffectiveOn + " " + j.ProofNo
			}
			here := map[bool]string{true: "是", false: "否"}[slices.Contains(j.Units, string(c.Unit))]
			a.Rows = append(a.Rows, []string{j.CaseRef, j.Court, j.Cause, j.DecidedOn, effective, here, j.Result})
		}
	}
	return a, nil
}

func (r *Room) askAssets(ctx context.Context, c *casework.Case, q Question) (a Answer, err error) {
	a.None = "没有这个批准文号，或与卖方无关。"
	for _, p := range c.App.PartiesOf(message.Seller) {
		if !p.Document.Kind.Organisation() {
			continue
		}
		var out spec.BigdataAssetQueryResponse
		if err := r.inquire(ctx, spec.BigdataAssetQuery, c, spec.BigdataAssetQueryRequest{CaseNo: string(c.No), ApprovalNo: q.Number, CreditCode: p.Document.Number, Purpose: q.Purpose}, &out); err != nil {
			return a, err
		}
		if !out.Found {
			continue
		}
		for _, f := range [][2]string{{"批准文号", q.Number}, {"批准机关", out.Authority}, {"批准日期", out.ApprovedOn}, {"方式", assetWays[out.Way]}, {"划出单位", out.From}, {"划入单位", out.To}} {
			a.fact(f[0], f[1])
		}
		a.Head = []string{"不动产单元", "证书号", "坐落", "账面价值（元）"}
		for _, x := range out.Assets {
			a.Rows = append(a.Rows, []string{x.UnitCode, x.CertificateNo, x.Address, land.Fen(x.Value).String()})
		}
		return a, nil
	}
	return a, nil
}

var assetWays = map[spec.AssetWay]string{spec.AssetWayAllocate: "无偿划转", spec.AssetWayInvest: "作价出资", spec.AssetWayTransfer: "协议转让"}

func (r *Room) askLand(ctx context.Context, c *casework.Case, q Question) (a Answer, err error) {
	var out spec.BigdataLandQueryResponse
	if err := r.inquire(ctx, spec.BigdataLandQuery, c, spec.BigdataLandQueryRequest{CaseNo: string(c.No), ParcelCode: string(c.Unit)[:19], Purpose: q.Purpose}, &out); err != nil {
		return a, err
	}
	if !out.Found {
		a.None = "没有这宗地的资料。"
		return a, nil
	}
	for _, f := range [][2]string{{"坐落", out.Address}, {"宗地面积（㎡）", out.Area}, {"用途", out.LandUse}, {"供应方式", supplyWays[out.Supply]}, {"合同或决定书", out.ContractNo}, {"供应日期", out.SuppliedOn},
		{"使用权至", out.Until}, {"用地批准书", out.ApprovalNo}, {"规划许可证", out.PlanningNo}, {"测绘成果", out.SurveyNo}, {"测绘日期", out.SurveyedOn}, {"竣工验收备案", out.AcceptanceNo},
		{"闲置土地", map[bool]string{true: "已认定闲置", false: "没有认定"}[out.Idle]}} {
		a.fact(f[0], f[1])
	}
	return a, nil
}

var supplyWays = map[spec.SupplyWay]string{spec.SupplyWayGrant: "出让", spec.SupplyWayAllocation: "划拨", spec.SupplyWayLease: "租赁", spec.SupplyWayInvestment: "作价出资"}

func (r *Room) askPlace(ctx context.Context, c *casework.Case, q Question) (a Answer, err error) {
	var out spec.BigdataPlaceQueryResponse
	if err := r.inquire(ctx, spec.BigdataPlaceQuery, c, spec.BigdataPlaceQueryRequest{CaseNo: string(c.No), Address: c.App.Home.Address, District: c.District, Purpose: q.Purpose}, &out); err != nil {
		return a, err
	}
	if !out.Found {
		a.None = "没有这个地名。"
		return a, nil
	}
	a.fact("坐落", c.App.Home.Address)
	a.fact("状态", placeWords[out.State])
	a.fact("标准地名", out.Standard)
	a.fact("地名代码", out.PlaceCode)
	a.fact("曾用地名", strings.Join(out.Former, "、"))
	return a, nil
}

func (r *Room) askLicence(ctx context.Context, c *casework.Case, _ Question) (a Answer, err error) {
	a.None = "当事人中没有单位。"
	a.Head = []string{"单位", "统一社会信用代码", "登记情况"}
	for _, p := range c.App.Parties {
		if !p.Document.Kind.Organisation() {
			continue
		}
		_, state, err := r.licenceOf(ctx, c, p, uuid.NewString())
		if err != nil {
			return a, err
		}
		if state == "" {
			state = "没有这个单位，或名称不一致"
		}
		a.Rows = append(a.Rows, []string{p.Name, p.Document.Number, state})
	}
	return a, nil
}
