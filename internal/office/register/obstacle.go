package register

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"yichuang/internal/land"
)

// Code names an obstacle; it is stable, programs depend on it.
type Code string

// The obstacles to a disposal.
const (
	CodeNoTitle      Code = "no-title"
	CodeTitleChanged Code = "title-changed"
	CodeSeized       Code = "seized"
	CodeObjected     Code = "objected"
	CodeNoticed      Code = "advance-notice"
	CodeRestricted   Code = "transfer-restricted"
	CodeMortgaged    Code = "mortgaged"
	CodeReserved     Code = "reserved"
	CodeNotHolder    Code = "not-holder"
	CodeCoOwner      Code = "co-owner-missing"
)

func (c Code) err() error {
	return map[Code]error{
		CodeNoTitle: ErrNoTitle, CodeTitleChanged: ErrTitleChanged, CodeSeized: ErrSeized, CodeObjected: ErrObjected, CodeNoticed: ErrNoticed,
		CodeRestricted: ErrRestricted, CodeMortgaged: ErrMortgaged, CodeReserved: ErrReserved, CodeNotHolder: ErrNotHolder, CodeCoOwner: ErrCoOwner,
	}[c]
}

// Obstacle is something in the book that stands against a disposal, or has to be known with it.
type Obstacle struct {
	Code   Code
	Blocks bool   // false: to be shown, does not stop
	Text   string // sentence for the applicant
	Law    string
	Ref    uuid.UUID // the restriction; zero for others
	Until  time.Time // when it ends by itself; zero when it does not
}

// Disposal is what somebody wants to do with a unit, as far as the book has to know.
type Disposal struct {
	Case       uuid.UUID       // whose own reservation does not count; may be zero
	Basis      uuid.UUID       // the title that it was reviewed on; zero: whatever is current
	Applicants []land.Document // who applies on the owners' side; nil: not asked yet
	Transfer   bool            // false: only a mortgage
	Discharges []uuid.UUID     // mortgages that end in the same entry
	// Discharged says that every running mortgage will be ended or taken over (带押过户).
	Discharged bool
	Fulfils    []uuid.UUID // advance notices that turn into what is entered

	ObjectionAcknowledged bool // the written warning of Rules 84 is signed
	MortgageesConsent     bool // those whose mortgage restricts transfer
	NoticeConsent         bool // the holders of advance notices
}

// Obstacles says what stands against a disposal of the unit. It is pure: the page, the wish and the time decide.
// The blocking ones come first.
func Obstacles(p *Page, d Disposal, now time.Time) []Obstacle {
	var out []Obstacle
	out = append(out, titleObstacles(p, d)...)
	out = append(out, seizureObstacles(p, now)...)
	out = append(out, objectionObstacles(p, d, now)...)
	out = append(out, advanceObstacles(p, d)...)
	out = append(out, mortgageObstacles(p, d)...)
	out = append(out, reservationObstacles(p, d, now)...)
	slices.SortStableFunc(out, func(a, b Obstacle) int {
		switch {
		case a.Blocks == b.Blocks:
			return 0
		case a.Blocks:
			return -1
		}
		return 1
	})
	return out
}

// Blocking keeps the obstacles that stop.
func Blocking(all []Obstacle) []Obstacle {
	return slices.DeleteFunc(slices.Clone(all), func(o Obstacle) bool { return !o.Blocks })
}

func titleObstacles(p *Page, d Disposal) []Obstacle {
	switch {
	case p.Title == nil:
		return []Obstacle{{Code: CodeNoTitle, Blocks: true, Text: "这套房还没有办理所有权登记，不能买卖或抵押", Law: "民法典第二百零九条"}}
	case d.Basis != uuid.Nil && d.Basis != p.Title.ID:
		return []Obstacle{{Code: CodeTitleChanged, Blocks: true, Text: "这套房的登记在审核之后有变化，需要重新核对", Law: "不动产登记暂行条例第十八条"}}
	case d.Applicants == nil:
		return nil
	}
	return ownerObstacles(p.Title, d.Applicants)
}

// ownerObstacles: a sole owner acts alone, common owners all together, owners by shares with two thirds (Civil Code 301).
func ownerObstacles(t *Title, applicants []land.Document) []Obstacle {
	var missing int
	var acting []land.Share
	for _, h := range t.Holders {
		if slices.ContainsFunc(applicants, func(a land.Document) bool { return a.Number == h.Document.Number }) {
			acting = append(acting, h.Share)
		} else {
			missing++
		}
	}
	if len(acting) == 0 {
		return []Obstacle{{Code: CodeNotHolder, Blocks: true, Text: "申请人不是这套房登记的权利人", Law: "不动产登记暂行条例第十四条"}}
	}
	if missing == 0 {
		return nil
	}
	o := Obstacle{Code: CodeCoOwner, Blocks: true, Text: "这套房是共同共有，需要全部共有人一起申请", Law: "民法典第三百零一条"}
	if t.CoOwn == land.CoOwnShares {
		sum, err := land.SumShares(acting...)
		o.Blocks = err != nil || !sum.AtLeast(2, 3)
		o.Text = "这套房是按份共有，需要占三分之二以上份额的共有人一起申请"
		if !o.Blocks {
			o.Text = "还有共有人没有参加申请，已由占三分之二以上份额的共有人同意"
		}
	}
	return []Obstacle{o}
}

// seizureObstacles: the one in force blocks until its last day is over; one that waits blocks as well, because it takes force in
// the moment the other ends.
func seizureObstacles(p *Page, now time.Time) []Obstacle {
	for _, s := range p.Seizures {
		waits := s.State == SeizureQueued
		if !waits && (s.State != SeizureActive || s.To < land.DateOf(now)) {
			continue
		}
		o := Obstacle{Code: CodeSeized, Blocks: true, Ref: s.ID, Law: "不动产登记暂行条例实施细则第九十三条",
			Text: "这套房现在被依法查封，不能买卖。查封解除后可以再申请；有疑问请联系查封法院或到登记大厅咨询"}
		if !waits {
			o.Until = s.To.AddDays(1).Time()
		}
		return []Obstacle{o}
	}
	return nil
}

func objectionObstacles(p *Page, d Disposal, now time.Time) []Obstacle {
	var out []Obstacle
	for _, o := range p.Objections {
		if o.State != "active" || o.Suit == "" && o.LapsesOn < land.DateOf(now) {
			continue
		}
		ob := Obstacle{Code: CodeObjected, Blocks: !d.ObjectionAcknowledged, Ref: o.ID, Law: "不动产登记暂行条例实施细则第八十四条",
			Text: "有人对这套房的登记提出了异议。了解风险并书面承诺后才能继续办理"}
		if o.Suit == "" {
			ob.Until = o.LapsesOn.AddDays(1).Time()
		}
		out = append(out, ob)
	}
	return out
}

func advanceObstacles(p *Page, d Disposal) []Obstacle {
	var out []Obstacle
	for _, a := range p.Advances {
		if a.State != "active" || slices.Contains(d.Fulfils, a.ID) {
			continue
		}
		out = append(out, Obstacle{Code: CodeNoticed, Blocks: !d.NoticeConsent, Ref: a.ID, Law: "民法典第二百二十一条",
			Text: "这套房有预告登记，未经预告登记的权利人同意不能处分"})
	}
	return out
}

// mortgageObstacles: a mortgaged home may be sold and the mortgage follows it; where transfer was restricted the mortgagee must
// agree (Civil Code 406). Further mortgages are always possible: they rank behind.
func mortgageObstacles(p *Page, d Disposal) []Obstacle {
	if !d.Transfer || d.Discharged {
		return nil
	}
	var out []Obstacle
	for _, m := range p.Running() {
		if slices.Contains(d.Discharges, m.ID) {
			continue
		}
		o := Obstacle{Code: CodeMortgaged, Ref: m.ID, Law: "民法典第四百零六条", Text: "这套房还有抵押。可以选择“带押过户”，或先由银行办理注销抵押"}
		if m.Restricted {
			o.Code, o.Blocks = CodeRestricted, !d.MortgageesConsent
			o.Text = "这套房的抵押合同约定不得转让。需要抵押权人同意，或先由银行办理注销抵押"
		}
		out = append(out, o)
	}
	return out
}

func reservationObstacles(p *Page, d Disposal, now time.Time) []Obstacle {
	r := p.Reservation
	if r == nil || r.Case == d.Case || !now.Before(r.Until) {
		return nil
	}
	return []Obstacle{{Code: CodeReserved, Blocks: true, Until: r.Until, Text: "这套房正在办理另一件申请，办结或终止后才能再申请"}}
}
