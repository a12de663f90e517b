package bigdata

import (
	"context"
	"fmt"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/wire"
)

// place knows the address of every unit. A decision "renamed" or "abolished" makes the next answer so.
func (p *Platform) place(_ context.Context, c wire.Call, in spec.BigdataPlaceQueryRequest) (spec.BigdataPlaceQueryResponse, error) {
	var out spec.BigdataPlaceQueryResponse
	u, ok := p.addresses[in.Address]
	if !ok || u.District != in.District {
		return out, nil
	}
	out = spec.BigdataPlaceQueryResponse{Found: true, State: spec.PlaceStateCurrent, Standard: in.Address, PlaceCode: u.District + fmt.Sprintf("%06d", number(u.Parcel))}
	d, ok := p.Board().Faults.Take(p.Name, string(c.Operation), in.CaseNo)
	if !ok {
		return out, nil
	}
	out.State = spec.PlaceState(d.Outcome)
	if out.State == spec.PlaceStateRenamed {
		out.Former, out.Standard = []string{in.Address}, in.Address+"（新编）"
	}
	return out, nil
}

// land tells what natural resources have of a parcel. The older estates were built on allocated land.
func (p *Platform) land(_ context.Context, _ wire.Call, in spec.BigdataLandQueryRequest) (spec.BigdataLandQueryResponse, error) {
	for i := range p.city.Parcels {
		g := &p.city.Parcels[i]
		if g.Code != in.ParcelCode {
			continue
		}
		year, n := string(g.From)[:4], number(g.Code)
		out := spec.BigdataLandQueryResponse{Found: true, Address: g.Address, Area: g.Area.String(), LandUse: g.Use, Supply: spec.SupplyWayGrant, SuppliedOn: string(g.From), Until: string(g.To),
			ContractNo: fmt.Sprintf("%s%sCR%04d", g.District, year, n%10_000), ApprovalNo: fmt.Sprintf("泰政地〔%s〕%d号", year, n%200+1),
			PlanningNo: fmt.Sprintf("建字第%s%s%05d号", g.District, year, n%100_000), SurveyNo: fmt.Sprintf("CH%s%s%06d", g.District, year, n), SurveyedOn: string(g.From.AddDays(900)),
			AcceptanceNo: fmt.Sprintf("%sJS%s%04d", g.District, year, n%10_000)}
		if g.Nature == "划拨" {
			out.Supply = spec.SupplyWayAllocation
		}
		return out, nil
	}
	return spec.BigdataLandQueryResponse{}, nil
}

// transfer is a transfer of state assets: what the city's investment company gave to a company that owns homes.
type transfer struct {
	approval string
	on       land.Date
	to       *democity.Company
	assets   []spec.Asset
}

// transfersOf writes the approvals: one for each company that owns homes.
func transfersOf(c *democity.City) []transfer {
	var out []transfer
	for i := range c.Companies {
		firm := &c.Companies[i]
		t := transfer{approval: fmt.Sprintf("泰国资发〔%s〕%d号", string(c.Today)[:4], i+1), on: c.Today.AddDays(-200), to: firm}
		for j := range c.Titles {
			if k := &c.Titles[j]; k.Present() && len(k.Holders) == 1 && k.Holders[0].Document.Number == string(firm.Code) && firm.Kind == "owner" {
				if u, ok := c.Unit(k.Unit); ok {
					t.assets = append(t.assets, spec.Asset{UnitCode: string(u.Code), Address: u.Address, CertificateNo: string(k.Cert()), Value: int64(k.Price)})
				}
			}
		}
		if len(t.assets) > 0 {
			t.assets = t.assets[:min(len(t.assets), 500)]
			out = append(out, t)
		}
	}
	return out
}

func (p *Platform) asset(_ context.Context, _ wire.Call, in spec.BigdataAssetQueryRequest) (spec.BigdataAssetQueryResponse, error) {
	for _, t := range p.transfers {
		if t.approval == in.ApprovalNo && string(t.to.Code) == in.CreditCode {
			return spec.BigdataAssetQueryResponse{Found: true, Authority: "泰州市人民政府国有资产监督管理委员会", ApprovedOn: string(t.on), Way: spec.AssetWayAllocate,
				From: "泰州市城市建设投资集团有限公司", To: t.to.Name, Assets: t.assets}, nil
		}
	}
	return spec.BigdataAssetQueryResponse{}, nil
}

// byAddress finds the units by their addresses.
func byAddress(c *democity.City) map[string]*democity.Unit {
	out := make(map[string]*democity.Unit, len(c.Units))
	for i := range c.Units {
		out[c.Units[i].Address] = &c.Units[i]
	}
	return out
}
