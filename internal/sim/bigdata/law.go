package bigdata

import (
	"context"
	"fmt"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// Act is a notarial certificate: the first seller of a contract lets somebody act in the sale.
type Act struct {
	Number    string           `json:"number"`
	Principal spec.Person      `json:"principal"`
	Agent     spec.Person      `json:"agent"`
	Unit      land.UnitCode    `json:"unit"`
	IssuedOn  land.Date        `json:"issuedOn"`
	Until     land.Date        `json:"until"`
	State     spec.NotaryState `json:"state"`
}

// actsOf writes the notaries' books: one act for each contract of a natural person; of every seven one was revoked and one has run out.
func actsOf(c *democity.City) []Act {
	var out []Act
	for i := range c.Contracts {
		k := &c.Contracts[i]
		seller, ok := c.Person(land.IDNumber(k.Sellers[0].Document.Number))
		if !ok {
			continue
		}
		agent := agentFor(c, seller, i)
		if agent == nil {
			continue
		}
		a := Act{Number: fmt.Sprintf("(%s)苏泰%s证民内字第%04d号", string(c.Today)[:4], k.District[3:], i+1), Principal: town.Citizen(seller), Agent: town.Citizen(agent),
			Unit: k.Unit, IssuedOn: c.Today.AddDays(-20), Until: c.Today.AddDays(345), State: spec.NotaryStateValid}
		switch i % 7 {
		case 3:
			a.State = spec.NotaryStateRevoked
		case 5:
			a.IssuedOn, a.Until, a.State = c.Today.AddDays(-400), c.Today.AddDays(-35), spec.NotaryStateExpired
		}
		out = append(out, a)
	}
	return out
}

// agentFor picks an adult of another household.
func agentFor(c *democity.City, principal *democity.Person, n int) *democity.Person {
	for step := range len(c.People) {
		p := &c.People[(n*37+step)%len(c.People)]
		if p.Phone != "" && p.Marriage != democity.Deceased && p.Household != principal.Household {
			return p
		}
	}
	return nil
}

// Acts lists the notaries' certificates.
func (p *Platform) Acts() []Act { return p.acts }

func (p *Platform) notary(_ context.Context, _ wire.Call, in spec.BigdataNotaryQueryRequest) (spec.BigdataNotaryQueryResponse, error) {
	for _, a := range p.acts {
		if a.Number == in.CertificateNo && a.Principal == in.Principal {
			return spec.BigdataNotaryQueryResponse{Found: true, Kind: spec.NotaryKindAuthorisation, State: a.State, Office: "江苏省泰州市公证处", IssuedOn: string(a.IssuedOn),
				ValidUntil: string(a.Until), Agents: []spec.Person{a.Agent}, UnitCode: string(a.Unit), Scope: "代为办理出售该房屋的签约、登记和收款"}, nil
		}
	}
	return spec.BigdataNotaryQueryResponse{}, nil
}

// judgments are those that led to the seizures of the city: the holders of the seized units lost their suits.
func (p *Platform) judgments(_ context.Context, _ wire.Call, in spec.BigdataJudgmentQueryRequest) (spec.BigdataJudgmentQueryResponse, error) {
	var out spec.BigdataJudgmentQueryResponse
	for i := len(p.city.Seizures) - 1; i >= 0; i-- {
		s := &p.city.Seizures[i]
		if in.CaseRef != "" && s.Order != in.CaseRef || !p.holds(s.Unit, in.Person) {
			continue
		}
		decided := land.DateOf(s.Served).AddDays(-60)
		out.Judgments = append(out.Judgments, spec.Judgment{CaseRef: s.Order, Court: s.Court, Kind: spec.JudgmentKindRuling, Cause: "借款合同纠纷", DecidedOn: string(decided), Effective: true,
			EffectiveOn: string(decided.AddDays(15)), ProofNo: s.Order + "证", Units: []string{string(s.Unit)}, Result: "被告未履行生效判决，查封其名下房屋"})
	}
	return out, nil
}

func (p *Platform) holds(unit land.UnitCode, who spec.Person) bool {
	t, ok := p.city.Title(unit)
	if !ok {
		return false
	}
	for _, h := range t.Holders {
		if h.Name == who.Name && h.Document.Number == who.DocumentNumber {
			return true
		}
	}
	return false
}
