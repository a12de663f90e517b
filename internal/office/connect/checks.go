package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"yichuang/internal/exchange"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/ferry/message"
	"yichuang/internal/land"
	"yichuang/internal/office/casework"
	"yichuang/internal/office/register"
)

const purpose = "不动产登记联办"

// consentNo names the consent under which a person's data are asked for: the application and the party.
func consentNo(c *casework.Case, party string) string {
	return fmt.Sprintf("%s-%s", c.No, party)
}

// verdict collects checks and gives the worst as the outcome.
type verdict struct{ checks []casework.Check }

func (v *verdict) add(code, name, result, form, source, origin string) {
	v.checks = append(v.checks, casework.Check{Code: code, Name: name, Result: result, Form: form, Source: source, Origin: origin})
}

func (v *verdict) outcome() string {
	worst := "pass"
	for _, c := range v.checks {
		if c.Result == "fail" {
			return "fail"
		}
		if c.Result == "warn" {
			worst = "warn"
		}
	}
	return worst
}

// result saves the checks with the outcome; reason is kept for a refusal.
func (r *Room) result(v *verdict, more func(ctx context.Context, tx pgx.Tx, c *casework.Case) error) casework.Result {
	var failed []string
	for _, c := range v.checks {
		if c.Result == "fail" {
			failed = append(failed, c.Name+"："+c.Source)
		}
	}
	return casework.Result{Data: map[string]any{"outcome": v.outcome()}, Against: strings.Join(failed, "；"), Effect: func(ctx context.Context, tx pgx.Tx, c *casework.Case) error {
		if more != nil {
			if err := more(ctx, tx, c); err != nil {
				return err
			}
			if err := r.Cases.SaveFacts(ctx, tx, c); err != nil {
				return err
			}
		}
		return r.Cases.SaveChecks(ctx, tx, c.ID, v.checks)
	}}
}

// verifyIdentity asks the police about every natural person of the case.
func (r *Room) verifyIdentity(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	v := &verdict{}
	for _, p := range c.App.Parties {
		if p.Document.Kind.Organisation() {
			continue
		}
		in := spec.BigdataIdentityVerifyRequest{CaseNo: string(c.No), ConsentNo: consentNo(c, p.Ref), Person: personOf(p.Name, p.Document), Purpose: purpose}
		var out spec.BigdataIdentityVerifyResponse
		if err := r.Out.Call(ctx, "bigdata.identity.verify", r.route(c, o), o.ID.String()+"/"+p.Ref, in, &out); err != nil {
			return casework.Result{}, err
		}
		result, words := "pass", "一致"
		switch out.Result {
		case spec.IdentityResultMismatch, spec.IdentityResultNotFound:
			result, words = "fail", "姓名与证件号码不一致"
		case spec.IdentityResultDeceased:
			result, words = "fail", "人口信息为已注销"
		}
		v.add("identity."+p.Ref, roleName(p.Role)+"身份", result, land.MaskName(p.Name), words, "公安")
	}
	return r.result(v, nil), nil
}

func roleName(role message.Role) string {
	return map[message.Role]string{message.Seller: "卖方", message.Buyer: "买方", message.Mortgagor: "抵押人", message.Mortgagee: "抵押权人"}[role]
}

// partyOfOrder says which of several counterparts of a kind an order is for: a bank by its code, a utility by its kind.
func partyOfOrder(o casework.Order) string {
	var e struct {
		Kind string `json:"kind"`
	}
	if o.Operation == "utility.transfer" && json.Unmarshal(o.Element, &e) == nil {
		return e.Kind
	}
	return o.Org
}

func (r *Room) route(c *casework.Case, o casework.Order) exchange.Route {
	return exchange.Route{District: c.District, Item: c.Item, Case: string(c.No), Party: partyOfOrder(o)}
}

var marriageWords = map[string]string{"single": "未婚", "married": "已婚", "divorced": "离婚", "widowed": "丧偶", "unknown": "未查到"}

// verifyMarriage compares what the parties said with civil affairs. A difference is shown to the reviewers, not refused:
// registers of marriages made elsewhere are incomplete.
func (r *Room) verifyMarriage(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	v := &verdict{}
	for _, p := range c.App.Parties {
		if p.Document.Kind.Organisation() {
			continue
		}
		in := spec.BigdataMarriageQueryRequest{CaseNo: string(c.No), ConsentNo: consentNo(c, p.Ref), Person: personOf(p.Name, p.Document), Purpose: purpose}
		var out spec.BigdataMarriageQueryResponse
		if err := r.Out.Call(ctx, "bigdata.marriage.query", r.route(c, o), o.ID.String()+"/"+p.Ref, in, &out); err != nil {
			return casework.Result{}, err
		}
		theirs := marriageState(out.State)
		result := "pass"
		if theirs != p.Marriage {
			result = "warn"
		}
		v.add("marriage."+p.Ref, roleName(p.Role)+"婚姻", result, marriageWords[p.Marriage], marriageWords[theirs], "民政")
	}
	return r.result(v, nil), nil
}

// checkTitle looks at the book again: is the title still theirs who dispose of it, does anything stand against that.
func (r *Room) checkTitle(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	in := spec.RegistryUnitStatusRequest{UnitCode: string(c.Unit), CertificateNo: string(c.App.Home.Certificate)}
	var out spec.RegistryUnitStatusResponse
	v := &verdict{}
	err := r.call(ctx, "registry.unit.status", c, o, in, &out)
	if errors.Is(err, exchange.ErrDesk) { // our own book is the book here
		if err := r.ownBook(ctx, c, v); err != nil {
			return casework.Result{}, err
		}
		return r.result(v, nil), nil
	}
	if err != nil {
		return casework.Result{}, err
	}
	result, words := "pass", "无查封、异议、预告"
	if len(out.Restrictions) > 0 {
		var found []string
		for _, x := range out.Restrictions {
			found = append(found, restrictionWords[x.Kind])
		}
		words = strings.Join(found, "、")
		result = "warn"
	}
	wish, stands := "可以买卖", !out.Transferable
	if !c.App.Transfers() {
		wish, stands = "可以抵押", seizedIn(out.Restrictions)
	}
	if stands {
		result = "fail"
	}
	v.add("title.restrictions", "查封异议", result, wish, words, "登记簿")
	if err := r.ownBook(ctx, c, v); err != nil {
		return casework.Result{}, err
	}
	return r.result(v, func(_ context.Context, _ pgx.Tx, c *casework.Case) error {
		c.Facts.BookVersion = out.Version
		return nil
	}), nil
}

// seizedIn tells whether a home may not be mortgaged for what a court ordered (Civil Code 399); an earlier mortgage is no obstacle.
func seizedIn(list []spec.Restriction) bool {
	return slices.ContainsFunc(list, func(x spec.Restriction) bool {
		switch x.Kind {
		case spec.RestrictionKindSeizure, spec.RestrictionKindQueuedSeizure, spec.RestrictionKindPreSeizure, spec.RestrictionKindQueuedPreSeizure:
			return true
		}
		return false
	})
}

// ownBook adds what our register knows beside the registry: a reservation by another case, a co-owner who is missing.
func (r *Room) ownBook(ctx context.Context, c *casework.Case, v *verdict) error {
	obstacles, err := r.Register.CheckDisposal(ctx, r.Pool, c.Unit, register.Disposal{Case: c.ID, Transfer: c.App.Transfers(), Applicants: owners(c)})
	if err != nil {
		return fmt.Errorf("connect: check disposal: %w", err)
	}
	for _, x := range obstacles {
		result := "warn"
		if x.Blocks {
			result = "fail"
		}
		v.add("book."+string(x.Code), "登记簿", result, "", x.Text, "共享登记簿")
	}
	return nil
}

var restrictionWords = map[spec.RestrictionKind]string{
	spec.RestrictionKindSeizure: "查封", spec.RestrictionKindQueuedSeizure: "轮候查封", spec.RestrictionKindPreSeizure: "预查封",
	spec.RestrictionKindQueuedPreSeizure: "轮候预查封", spec.RestrictionKindObjection: "异议", spec.RestrictionKindAdvanceNotice: "预告",
	spec.RestrictionKindMortgage: "抵押", spec.RestrictionKindResidence: "居住权", spec.RestrictionKindOther: "其他限制",
}

// countHouses counts the homes of both families in the registers of the county: the buyers' for the deed tax, the sellers' for the
// income tax, which the only home of a family does not bear. What the form says and the register does not is shown.
func (r *Room) countHouses(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	buyers, err := r.homesOf(ctx, c, o, message.Buyer)
	if err != nil {
		return casework.Result{}, err
	}
	sellers, err := r.homesOf(ctx, c, o, message.Seller)
	if err != nil {
		return casework.Result{}, err
	}
	v := &verdict{}
	result := "pass"
	if buyers != c.App.Tax.BuyerHomes {
		result = "warn"
	}
	v.add("houses", "买方家庭住房", result, fmt.Sprintf("%d 套", c.App.Tax.BuyerHomes), fmt.Sprintf("%d 套", buyers), "登记簿")
	if c.App.Tax.SellerOnlyHome {
		result = "pass"
		if sellers > 1 {
			result = "warn"
		}
		v.add("houses.seller", "卖方家庭住房", result, "唯一一套", fmt.Sprintf("%d 套", sellers), "登记簿")
	}
	return r.result(v, func(_ context.Context, _ pgx.Tx, c *casework.Case) error {
		c.Facts.BuyerHomes, c.Facts.SellerHomes = buyers, sellers
		return nil
	}), nil
}

// homesOf counts the homes of the parties of a role and their spouses; where the registry has no interface, in our own book.
func (r *Room) homesOf(ctx context.Context, c *casework.Case, o casework.Order, role message.Role) (int, error) {
	var family []spec.Person
	for _, p := range c.App.PartiesOf(role) {
		family = append(family, personOf(p.Name, p.Document))
		if p.Spouse != nil {
			family = append(family, personOf(p.Spouse.Name, p.Spouse.Document))
		}
	}
	in := spec.RegistryHousesCountRequest{Persons: family, Purpose: purpose, Scope: spec.CountScopeCounty}
	var out spec.RegistryHousesCountResponse
	err := r.Out.Call(ctx, "registry.houses.count", r.route(c, o), o.ID.String()+"/"+string(role), in, &out)
	if errors.Is(err, exchange.ErrDesk) {
		return r.countOwn(ctx, family, c.District)
	}
	return out.Total, err
}

// checkContract compares an imported contract with the housing system again; a contract of our own has nothing to compare.
func (r *Room) checkContract(ctx context.Context, c *casework.Case, o casework.Order) (casework.Result, error) {
	v := &verdict{}
	if c.App.Contract.Number == "" {
		v.add("contract", "网签合同", "pass", "自行成交", "待备案", "住建")
		return r.result(v, nil), nil
	}
	var out spec.HousingContractQueryResponse
	if err := r.call(ctx, "housing.contract.query", c, o, spec.HousingContractQueryRequest{ContractNo: c.App.Contract.Number}, &out); err != nil {
		return casework.Result{}, err
	}
	form := c.App.Contract.Number
	switch {
	case !out.Found:
		v.add("contract", "网签合同", "fail", form, "没有这份合同", "住建")
	case out.Contract.State == spec.ContractStateRevoked:
		v.add("contract", "网签合同", "fail", form, "合同已撤销", "住建")
	default:
		v.add("contract", "网签合同", "pass", form, "有效", "住建")
		compare(v, "contract.price", "成交价", c.App.Contract.Price.String(), land.Fen(out.Contract.Price).String())
		compare(v, "contract.area", "建筑面积", c.App.Home.Area.String(), out.Contract.Area)
	}
	return r.result(v, nil), nil
}

func compare(v *verdict, code, name, form, source string) {
	result := "pass"
	if form != source {
		result = "warn"
	}
	v.add(code, name, result, form, source, "网签合同")
}
