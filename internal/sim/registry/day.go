package registry

import (
	"context"
	"slices"
	"strings"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/wire"
)

// dayPage is how many units an answer lists at most.
const dayPage = 500

// day lists the units whose page was last changed by an entry of the asked day, for the evening's comparison of books.
func (o *office) day(_ context.Context, _ wire.Call, in spec.RegistryDayQueryRequest) (spec.RegistryDayQueryResponse, error) {
	out := spec.RegistryDayQueryResponse{Date: in.Date, Units: []spec.EnteredUnit{}}
	pages := o.books.pages.List()
	slices.SortFunc(pages, func(x, y page) int { return strings.Compare(string(x.Unit), string(y.Unit)) })
	for _, p := range pages {
		if p.Unit.District() != o.district || p.EnteredAt.IsZero() || string(land.DateOf(p.EnteredAt)) != in.Date || strings.Compare(string(p.Unit), in.After) <= 0 {
			continue
		}
		if len(out.Units) == dayPage {
			out.Next = out.Units[dayPage-1].UnitCode
			break
		}
		u := spec.EnteredUnit{UnitCode: string(p.Unit), Version: p.version(), RegisteredAt: p.EnteredAt}
		for _, r := range p.Rights {
			for _, h := range r.Holders {
				u.CertificateNos = append(u.CertificateNos, h.CertificateNo)
			}
		}
		for _, r := range p.Restrictions {
			u.RestrictionNos = append(u.RestrictionNos, r.Number)
		}
		out.Units = append(out.Units, u)
	}
	return out, nil
}
