package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/wire"
)

// controlTakes is how long the registry needs to enter what a court ordered through the platform.
const controlTakes = 10 * time.Minute

func (o *office) servesUnit(in spec.RegistryControlPushRequest) error {
	if _, ok := o.mine(in.UnitCode); !ok {
		return spec.NewFault(spec.CodeNotFound, "本辖区没有这个不动产单元")
	}
	return nil
}

// control enters what a court ordered. Decided twice, it is entered once: the notice's number is in the book already.
func (o *office) control(_ context.Context, w wire.Work, in spec.RegistryControlPushRequest) (spec.RegistryControlResultRequest, error) {
	out := spec.RegistryControlResultRequest{WorkID: w.ID, ControlNo: in.ControlNo, At: o.Now(), Outcome: spec.ControlOutcomeRefused}
	var told []change
	p, err := o.books.change(land.UnitCode(in.UnitCode), func(p *page) error {
		told = nil
		switch in.Action {
		case spec.CourtActionSeize:
			told = p.seize(in, o.Now(), &out)
		case spec.CourtActionRenew:
			told = p.renew(in, &out)
		default:
			told = p.release(in, o.Now(), &out)
		}
		if len(told) > 0 {
			p.Version++
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	for _, c := range told {
		if err := tell(o.System, p, c.action, c.what); err != nil {
			return out, err
		}
	}
	return out, nil
}

// change is one line of the book that the platform is told of.
type change struct {
	action spec.RestrictionAction
	what   spec.Restriction
}

func (p *page) seize(in spec.RegistryControlPushRequest, now time.Time, out *spec.RegistryControlResultRequest) []change {
	if i := p.byNotice(in.NoticeNo); i >= 0 {
		out.Restriction, out.Outcome = p.Restrictions[i], entered(p.Restrictions[i])
		return nil
	}
	if !p.heldBy(in.Target) {
		out.Reason = "被执行人不是这个单元的权利人"
		return nil
	}
	made := spec.Restriction{Kind: spec.RestrictionKindSeizure, Number: in.NoticeNo, Holder: in.Court, RegisteredAt: in.ServedAt, QueueOrder: p.seizures(),
		DocumentNo: in.OrderNo, Note: fmt.Sprintf("查封期限%d个月", in.Months)}
	if made.QueueOrder == 0 {
		made.From, made.Until = term(now, in.Months)
	} else {
		made.Kind = spec.RestrictionKindQueuedSeizure
	}
	p.Restrictions = append(p.Restrictions, made)
	out.Restriction, out.Outcome = made, entered(made)
	return []change{{spec.RestrictionActionRegistered, made}}
}

func (p *page) renew(in spec.RegistryControlPushRequest, out *spec.RegistryControlResultRequest) []change {
	i := p.byNotice(in.SeizureNo)
	if i < 0 || p.Restrictions[i].Holder != in.Court || p.Restrictions[i].Kind != spec.RestrictionKindSeizure {
		out.Reason = "没有本院作出的、已生效的这项查封"
		return nil
	}
	x := &p.Restrictions[i]
	out.Outcome = spec.ControlOutcomeRenewed
	mark := "续行（" + in.NoticeNo + "）"
	if strings.Contains(x.Note, mark) {
		out.Restriction = *x
		return nil
	}
	x.Until = string(land.DateOf(land.Date(x.Until).Time().AddDate(0, in.Months, 0)))
	x.Note += "，" + mark
	out.Restriction = *x
	return []change{{spec.RestrictionActionRenewed, *x}}
}

// release ends a seizure of the court, or of a court below it; the next in the queue takes effect.
func (p *page) release(in spec.RegistryControlPushRequest, now time.Time, out *spec.RegistryControlResultRequest) []change {
	out.Outcome = spec.ControlOutcomeReleased
	if slices.Contains(p.Lifted, in.NoticeNo) {
		return nil
	}
	i := p.byNotice(in.SeizureNo)
	if i < 0 || p.Restrictions[i].Holder != in.Court && !strings.Contains(in.Court, "中级") {
		out.Outcome, out.Reason = spec.ControlOutcomeRefused, "没有本院作出的这项查封"
		return nil
	}
	ended := p.Restrictions[i]
	p.Restrictions = slices.Delete(p.Restrictions, i, i+1)
	p.Lifted = append(p.Lifted, in.NoticeNo)
	out.Restriction = ended
	told := []change{{spec.RestrictionActionReleased, ended}}
	if woken := p.wake(ended.QueueOrder, now); woken != nil {
		told = append(told, change{spec.RestrictionActionActivated, *woken})
	}
	return told
}

func entered(x spec.Restriction) spec.ControlOutcome {
	if x.Kind == spec.RestrictionKindQueuedSeizure {
		return spec.ControlOutcomeQueued
	}
	return spec.ControlOutcomeEntered
}

func (p *page) byNotice(number string) int {
	return slices.IndexFunc(p.Restrictions, func(x spec.Restriction) bool {
		return x.Number == number && (x.Kind == spec.RestrictionKindSeizure || x.Kind == spec.RestrictionKindQueuedSeizure)
	})
}

func (p *page) heldBy(who spec.Person) bool {
	for _, r := range p.Rights {
		if slices.ContainsFunc(r.Holders, func(h spec.Holder) bool { return h.Name == who.Name && h.DocumentNumber == who.DocumentNumber }) {
			return true
		}
	}
	return false
}
