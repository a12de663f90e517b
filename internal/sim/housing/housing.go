// Package housing simulates the housing bureaus of the districts that have a system: contracts signed online that wait to be imported, the
// filing of contracts, the check of a survey, and the supervision of money in trust.
//
// Contracts come from the invented city and from what the platform files; trust agreements and what happens to them come from
// the platform alone.
package housing

import (
	"context"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// filingTakes is how long a filing needs.
const filingTakes = time.Hour

// contract is a contract as the bureau keeps it.
type contract struct {
	Contract spec.SaleContract `json:"contract"`
	FilingNo string            `json:"filingNo,omitempty"`
	Done     bool              `json:"done"` // the transfer was registered
	Works    []string          `json:"works,omitempty"`
}

// Bureaus are the housing bureaus of all districts that have a system.
type Bureaus struct {
	city      *democity.City
	contracts *board.Table[contract] // by district and number; a contract of the city is stored once something happens to it
	trusts    *board.Table[Trust]    // by agreement number
}

// New puts a bureau of each district but the desk one on the hub.
func New(h *wire.Hub, c *democity.City) (*Bureaus, error) {
	b := &Bureaus{city: c}
	var err error
	if b.contracts, err = board.OpenTable[contract](h.Board(), "housing-contracts"); err != nil {
		return nil, err
	}
	if b.trusts, err = board.OpenTable[Trust](h.Board(), "housing-trusts"); err != nil {
		return nil, err
	}
	for _, d := range c.Districts {
		if d.Code == democity.DeskDistrict {
			continue
		}
		s, err := h.New(wire.About{Name: "housing/" + d.Code, Title: town.Housing(d.Code), App: "taizhou-housing-" + d.Code,
			Counterpart: "housing", District: d.Code, Zone: wire.Office, Dialect: town.Dialect("housing", d.Code)})
		if err != nil {
			return nil, err
		}
		(&bureau{s, b, d.Code}).serve()
	}
	return b, nil
}

// bureau is one district's at work.
type bureau struct {
	*wire.System
	all      *Bureaus
	district string
}

func (b *bureau) serve() {
	wire.Handle(b.System, spec.HousingContractQuery, b.query)
	wire.Handle(b.System, spec.HousingBuildingQuery, b.building)
	wire.Handle(b.System, spec.HousingContractRevoke, b.revoke)
	wire.Handle(b.System, spec.HousingSurveyVerify, b.verifySurvey)
	wire.Handle(b.System, spec.HousingRegistrationComplete, b.complete)
	wire.Async(b.System, spec.HousingContractPush, wire.After[spec.HousingContractPushRequest](filingTakes), b.receive, b.file)
	b.serveTrust()
}

// find returns a contract by its number: what is stored, or else the invented city's.
func (b *bureau) find(number string) (contract, bool) {
	if c, ok := b.all.contracts.Get(b.district + " " + number); ok {
		return c, true
	}
	k, ok := b.all.city.Contract(number)
	if !ok || k.District != b.district {
		return contract{}, false
	}
	return contract{Contract: b.signed(k)}, true
}

// signed writes a contract of the city as the interface has it.
func (b *bureau) signed(k *democity.Contract) spec.SaleContract {
	u, _ := b.all.city.Unit(k.Unit) // contracts are of units
	out := spec.SaleContract{
		ContractNo: k.Number, Kind: spec.ContractKindExisting, State: spec.ContractStateSigned, SignedOn: string(k.SignedOn),
		UnitCode: string(k.Unit), HouseCode: string(u.House), Address: u.Address, Area: u.Area.String(), Use: spec.HouseUse(u.Use),
		CertificateNo: string(k.Cert), Price: int64(k.Price), DownPayment: int64(k.Down), Trusteed: true, HandoverOn: string(k.HandOver),
		Sellers: parties(spec.PartyRoleSeller, k.Sellers), Buyers: parties(spec.PartyRoleBuyer, k.Buyers), Terms: k.Note,
	}
	for _, part := range k.Loan {
		out.Loan += int64(part.Amount)
		out.LoanKinds = append(out.LoanKinds, spec.LoanKind(part.Kind))
	}
	if k.Agency != "" {
		out.Agency = spec.Agency{Name: k.Agency, CreditCode: string(k.AgencyCode)}
		if firm, ok := b.all.city.Company(k.AgencyCode); ok {
			out.Agency.LicenceNo = firm.Licence
		}
	}
	return out
}

func parties(role spec.PartyRole, holders []democity.Holder) []spec.Party {
	var out []spec.Party
	for _, h := range holders {
		out = append(out, spec.Party{Role: role, Name: h.Name, DocumentKind: spec.DocumentKind(h.Document.Kind),
			DocumentNumber: h.Document.Number, Share: town.Share(h.Share), Phone: h.Phone})
	}
	return out
}

// query returns a contract by number; a party that is named beside it must be one of the contract's.
func (b *bureau) query(_ context.Context, _ wire.Call, in spec.HousingContractQueryRequest) (spec.HousingContractQueryResponse, error) {
	c, ok := b.find(in.ContractNo)
	if !ok || !concerns(c.Contract, in.PartyName, in.DocumentNumber) {
		return spec.HousingContractQueryResponse{}, nil
	}
	return spec.HousingContractQueryResponse{Found: true, Contract: c.Contract}, nil
}

func concerns(c spec.SaleContract, name, document string) bool {
	if name == "" && document == "" {
		return true
	}
	for _, side := range [][]spec.Party{c.Sellers, c.Buyers} {
		for _, p := range side {
			if (name == "" || p.Name == name) && (document == "" || p.DocumentNumber == document) {
				return true
			}
		}
	}
	return false
}

// receive notes a contract that is to be filed, so that what else is asked meanwhile finds it.
func (b *bureau) receive(in spec.HousingContractPushRequest) error {
	if _, known := b.find(in.Contract.ContractNo); known {
		return nil
	}
	c := contract{Contract: in.Contract}
	c.Contract.State = spec.ContractStateSigned
	return b.all.contracts.Put(b.district+" "+in.Contract.ContractNo, c)
}

// file takes a contract on record. It must be about a home of the district, and be the contract of that number if there is one.
func (b *bureau) file(_ context.Context, w wire.Work, in spec.HousingContractPushRequest) (spec.HousingContractResultRequest, error) {
	review, err := b.Review(w, "何备")
	if err != nil {
		return spec.HousingContractResultRequest{}, err
	}
	out := spec.HousingContractResultRequest{WorkID: w.ID, CaseNo: in.CaseNo, ContractNo: in.Contract.ContractNo, Review: review}
	if !wire.Passed(review) {
		return out, nil
	}
	if text := b.wrong(in); text != "" {
		out.Review.Outcome, out.Review.Opinion = spec.OutcomeRefuse, text
		return out, nil
	}
	stands, _ := b.find(in.Contract.ContractNo)
	if stands.FilingNo == "" || in.Action == spec.ContractActionChange {
		stands.FilingNo = "BA" + b.district + w.ID.String()[24:]
	}
	stands.Contract = in.Contract
	stands.Contract.State = spec.ContractStateFiled
	if in.Action == spec.ContractActionChange {
		stands.Contract.State = spec.ContractStateChanged
	}
	stands.Works = append(stands.Works, w.ID.String())
	if err := b.all.contracts.Put(b.district+" "+in.Contract.ContractNo, stands); err != nil {
		return out, err
	}
	out.FilingNo, out.FiledAt = stands.FilingNo, review.ReviewedAt
	return out, nil
}

// wrong says why a contract cannot be filed; empty means that it can.
func (b *bureau) wrong(in spec.HousingContractPushRequest) string {
	u, ok := b.all.city.Unit(land.UnitCode(in.Contract.UnitCode))
	if !ok || u.District != b.district {
		return "合同所涉房屋不在本辖区"
	}
	if in.Contract.Area != u.Area.String() {
		return "合同面积与楼盘表不一致，楼盘表为 " + u.Area.String() + " 平方米"
	}
	stands, ok := b.find(in.Contract.ContractNo)
	switch {
	case ok && stands.Contract.State == spec.ContractStateRevoked:
		return "合同已撤销，请重新签订"
	case ok && stands.Contract.UnitCode != in.Contract.UnitCode:
		return "合同编号与房屋不符"
	case stands.Done:
		return "合同所涉房屋已办理转移登记"
	}
	return ""
}

// revoke takes a filing back, unless the book was changed by it.
func (b *bureau) revoke(_ context.Context, c wire.Call, in spec.HousingContractRevokeRequest) (spec.HousingContractRevokeResponse, error) {
	stands, ok := b.find(in.ContractNo)
	if !ok {
		return spec.HousingContractRevokeResponse{}, spec.NewFault(spec.CodeNotFound, "没有这份合同")
	}
	if stands.Done {
		return spec.HousingContractRevokeResponse{}, spec.NewFault("already-registered", "已办理转移登记，不能撤销")
	}
	stands.Contract.State = spec.ContractStateRevoked
	if err := b.all.contracts.Put(b.district+" "+in.ContractNo, stands); err != nil {
		return spec.HousingContractRevokeResponse{}, err
	}
	return spec.HousingContractRevokeResponse{Revoked: true, RevokedAt: c.At}, nil
}

// verifySurvey compares the registry's survey with the bureau's own table of units (楼盘表).
func (b *bureau) verifySurvey(_ context.Context, _ wire.Call, in spec.HousingSurveyVerifyRequest) (spec.HousingSurveyVerifyResponse, error) {
	u, ok := b.all.city.Unit(land.UnitCode(in.Unit.UnitCode))
	if !ok || u.District != b.district {
		return spec.HousingSurveyVerifyResponse{}, spec.NewFault(spec.CodeNotFound, "楼盘表中没有这套房屋")
	}
	ours := town.Unit(b.all.city, u)
	var out spec.HousingSurveyVerifyResponse
	for _, f := range []struct{ name, theirs, ours string }{
		{"area", in.Unit.Area, ours.Area}, {"address", in.Unit.Address, ours.Address}, {"use", string(in.Unit.Use), string(ours.Use)},
	} {
		if f.theirs != f.ours {
			out.Differences = append(out.Differences, spec.Difference{Field: f.name, Platform: f.theirs, Counterpart: f.ours})
		}
	}
	out.Consistent = len(out.Differences) == 0
	return out, nil
}

// complete notes that the book was changed by a contract.
func (b *bureau) complete(_ context.Context, c wire.Call, in spec.HousingRegistrationCompleteRequest) (spec.Ack, error) {
	stands, ok := b.find(in.ContractNo)
	if !ok {
		return spec.Ack{}, spec.NewFault(spec.CodeNotFound, "没有这份合同")
	}
	stands.Done = true
	return ack(c), b.all.contracts.Put(b.district+" "+in.ContractNo, stands)
}

func ack(c wire.Call) spec.Ack {
	return spec.Ack{Received: true, Receipt: c.MessageID[:min(len(c.MessageID), 64)]}
}

// building returns the table of the building that a unit stands in (楼盘表), with the state of each unit as the city began.
func (b *bureau) building(_ context.Context, _ wire.Call, in spec.HousingBuildingQueryRequest) (spec.HousingBuildingQueryResponse, error) {
	name := in.BuildingNo
	if u, ok := b.all.city.Unit(land.UnitCode(in.UnitCode)); ok && u.District == b.district {
		name = u.Building
	}
	var out spec.HousingBuildingQueryResponse
	for i := range b.all.city.Units {
		u := &b.all.city.Units[i]
		if u.Building != name || u.District != b.district {
			continue
		}
		out.Found, out.BuildingNo, out.Floors = true, u.Building, u.Floors
		out.Units = append(out.Units, spec.BuildingUnit{Unit: town.Unit(b.all.city, u), State: b.stateOf(u.Code)})
	}
	for _, x := range b.all.city.Buildings {
		if x.Code == name {
			out.Project, out.Address = x.Name, x.Address
		}
	}
	return out, nil
}

func (b *bureau) stateOf(code land.UnitCode) spec.BuildingUnitState {
	for _, r := range town.Restrictions(b.all.city, code) {
		if r.Kind != spec.RestrictionKindMortgage {
			return spec.BuildingUnitStateRestricted
		}
	}
	if _, ok := b.all.city.Title(code); !ok {
		return spec.BuildingUnitStateUnsold
	}
	if len(town.Restrictions(b.all.city, code)) > 0 {
		return spec.BuildingUnitStateMortgaged
	}
	return spec.BuildingUnitStateRegistered
}
