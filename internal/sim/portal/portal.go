// Package portal simulates the provincial government services portal (政务一张网): it takes the city's reports on cases,
// certificates and parcels, and lists them.
package portal

import (
	"context"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/wire"
)

// Portal is the provincial portal.
type Portal struct {
	*wire.System
	cases        *board.Table[Case]
	certificates *board.Table[spec.PortalCertificateReportRequest]
	parcels      *board.Table[spec.PortalLogisticsReportRequest]
}

// Case is the latest that is known of a case, with the states that were reported.
type Case struct {
	Report spec.PortalCaseReportRequest `json:"report"`
	States []spec.CaseState             `json:"states"`
	At     time.Time                    `json:"at"`
}

// Reports is all that the portal received.
type Reports struct {
	Cases        []Case                                `json:"cases"`
	Certificates []spec.PortalCertificateReportRequest `json:"certificates"`
	Parcels      []spec.PortalLogisticsReportRequest   `json:"parcels"`
}

// New puts the portal on the hub.
func New(h *wire.Hub) (*Portal, error) {
	s, err := h.New(wire.About{Name: "portal", Title: "江苏政务服务网", App: "jiangsu-portal", Counterpart: "portal", Zone: wire.Office})
	if err != nil {
		return nil, err
	}
	p := &Portal{System: s}
	if p.cases, err = board.OpenTable[Case](h.Board(), "portal-cases"); err != nil {
		return nil, err
	}
	if p.certificates, err = board.OpenTable[spec.PortalCertificateReportRequest](h.Board(), "portal-certificates"); err != nil {
		return nil, err
	}
	if p.parcels, err = board.OpenTable[spec.PortalLogisticsReportRequest](h.Board(), "portal-parcels"); err != nil {
		return nil, err
	}
	wire.Handle(s, spec.PortalCaseReport, p.reportCase)
	wire.Handle(s, spec.PortalCertificateReport, func(_ context.Context, c wire.Call, in spec.PortalCertificateReportRequest) (spec.Ack, error) {
		return ack(c), p.certificates.Put(in.CertificateNo, in)
	})
	wire.Handle(s, spec.PortalLogisticsReport, func(_ context.Context, c wire.Call, in spec.PortalLogisticsReportRequest) (spec.Ack, error) {
		return ack(c), p.parcels.Put(in.WaybillNo+" "+string(in.State), in)
	})
	return p, nil
}

// rank orders the states of a case: a report of an earlier state that comes late is ignored.
func rank(s spec.CaseState) int {
	switch s {
	case spec.CaseStateSubmitted:
		return 0
	case spec.CaseStateAccepted:
		return 1
	case spec.CaseStateProcessing, spec.CaseStateSuspended:
		return 2
	}
	return 3
}

func (p *Portal) reportCase(_ context.Context, c wire.Call, in spec.PortalCaseReportRequest) (spec.Ack, error) {
	before, known := p.cases.Get(in.CaseNo)
	if known && rank(in.State) < rank(before.Report.State) {
		return ack(c), nil
	}
	return ack(c), p.cases.Put(in.CaseNo, Case{Report: in, States: append(append([]spec.CaseState{}, before.States...), in.State), At: c.At})
}

func ack(c wire.Call) spec.Ack {
	return spec.Ack{Received: true, Receipt: c.MessageID[:min(len(c.MessageID), 64)]}
}

// Reports lists all that was received.
func (p *Portal) Reports() Reports {
	return Reports{p.cases.List(), p.certificates.List(), p.parcels.List()}
}
