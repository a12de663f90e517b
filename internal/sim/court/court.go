// Package court simulates the systems by which courts seize homes and ask who owns what (执行查控).
//
// A judge's order goes to the platform, signed, with the digests of its papers, which the platform fetches here. What becomes of it comes
// back at once or later, in reports; so do the pages of batches of questions.
package court

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/sm"
	"yichuang/internal/land"
	"yichuang/internal/sim/batch"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// What an operator may get wrong.
var (
	ErrNoCourt  = errors.New("no such court")
	ErrNoTarget = errors.New("nobody owns the unit: name a target")
)

// codes and names of the courts, the one above the others first; the platform has the same list.
var names = []struct{ code, name string }{
	{"zhongji", "泰州市中级人民法院"}, {"hailing", "泰州市海陵区人民法院"}, {"gaoxin", "泰州医药高新技术产业开发区人民法院"}, {"jiangyan", "泰州市姜堰区人民法院"},
	{"xinghua", "兴化市人民法院"}, {"jingjiang", "靖江市人民法院"}, {"taixing", "泰兴市人民法院"},
}

// Courts are the courts of the city.
type Courts struct {
	board    *board.Board
	city     *democity.City
	systems  map[string]*wire.System // by code
	controls *board.Table[Control]   // by court and number
	batches  map[string]*batch.Book  // by code
}

// Control is an order of a court and what is known of it.
type Control struct {
	Court  string                         `json:"court"` // code
	Order  spec.CourtControlSubmitRequest `json:"order"`
	Status spec.ControlStatus             `json:"status"`
	Told   time.Time                      `json:"told"`             // when the platform last said something
	Papers map[string]string              `json:"papers,omitempty"` // titles by digest
}

// New puts the courts on the hub.
func New(h *wire.Hub, c *democity.City) (*Courts, error) {
	out := &Courts{board: h.Board(), city: c, systems: map[string]*wire.System{}, batches: map[string]*batch.Book{}}
	var err error
	if out.controls, err = board.OpenTable[Control](h.Board(), "court-controls"); err != nil {
		return nil, err
	}
	for _, n := range names {
		s, err := h.New(wire.About{Name: "court/" + n.code, Title: n.name, App: "taizhou-court-" + n.code, Counterpart: "court", Zone: wire.Office})
		if err != nil {
			return nil, err
		}
		if out.batches[n.code], err = batch.Open(h.Board(), "court-batches-"+n.code); err != nil {
			return nil, err
		}
		out.systems[n.code] = s
		out.serve(n.code, s)
	}
	return out, nil
}

func (c *Courts) serve(code string, s *wire.System) {
	wire.Handle(s, spec.CourtControlReport, func(_ context.Context, w wire.Call, in spec.CourtControlReportRequest) (spec.Ack, error) {
		for _, status := range in.Results {
			if err := c.learn(code, status, w.At); err != nil {
				return spec.Ack{}, err
			}
		}
		return spec.Ack{Received: true}, nil
	})
	wire.Handle(s, spec.CourtBatchResult, func(_ context.Context, _ wire.Call, in spec.CourtBatchResultRequest) (spec.Ack, error) {
		return spec.Ack{Received: true}, c.batches[code].Take(in.BatchNo, in.Page, in.Pages, in.Rows)
	})
	wire.Handle(s, spec.CourtDocumentFetch, func(_ context.Context, _ wire.Call, in spec.CourtDocumentFetchRequest) (spec.CourtDocumentFetchResponse, error) {
		return c.document(code, in)
	})
}

// learn keeps the latest that the platform says of an order; of one that this court never gave it is only taken note.
func (c *Courts) learn(code string, status spec.ControlStatus, at time.Time) error {
	_, err := c.controls.Update(key(code, status.ControlNo), func(x *Control) error {
		x.Status, x.Told = status, at
		return nil
	})
	if errors.Is(err, board.ErrNone) {
		return nil
	}
	return err
}

func key(code, no string) string { return code + " " + no }

// document gives out a paper of an order.
func (c *Courts) document(code string, in spec.CourtDocumentFetchRequest) (spec.CourtDocumentFetchResponse, error) {
	x, _ := c.controls.Get(key(code, in.ControlNo))
	title, known := x.Papers[in.Digest]
	if !known {
		title, known = Assistance, c.ordered(code, in.ControlNo) && in.Digest == sm.SM3Hex(Paper(in.ControlNo, Assistance))
	}
	if !known {
		return spec.CourtDocumentFetchResponse{}, spec.NewFault(spec.CodeNotFound, "没有这份文书")
	}
	content := Paper(in.ControlNo, title)
	return spec.CourtDocumentFetchResponse{Digest: in.Digest, Mime: "application/pdf", Size: len(content), Content: content}, nil
}

// ordered tells whether a court seized something by a notice before the city was built: of that paper it has a copy, too.
func (c *Courts) ordered(code, notice string) bool {
	return slices.ContainsFunc(c.city.Seizures, func(s democity.Seizure) bool { return s.Notice == notice && s.Court == c.systems[code].Title })
}

// Order is what an operator has a court do; what is left out is filled in.
type Order struct {
	Court   string             `json:"court"` // code
	Action  spec.ControlAction `json:"action"`
	Unit    land.UnitCode      `json:"unit"`
	Target  *spec.Person       `json:"target"`
	Order   string             `json:"order"`   // number of the ruling
	Notice  string             `json:"notice"`  // number of the notice
	Seizure string             `json:"seizure"` // notice of the seizure that is renewed or lifted; empty: the last one of this court on the unit
	Months  int                `json:"months"`
}

// Submit has a court send an order to the platform, and says what the platform answered.
func (c *Courts) Submit(ctx context.Context, o Order) (Control, error) {
	s, ok := c.systems[o.Court]
	if !ok {
		return Control{}, ErrNoCourt
	}
	x, err := c.write(s, o)
	if err != nil {
		return x, err
	}
	// Kept before it is sent: the platform may come for the papers at once.
	if err := c.controls.Put(key(x.Court, x.Order.ControlNo), x); err != nil {
		return x, err
	}
	var out spec.CourtControlSubmitResponse
	if err := s.Ask(ctx, wire.Office, spec.CourtControlSubmit, x.Order, &out); err != nil {
		return x, errors.Join(err, c.controls.Delete(key(x.Court, x.Order.ControlNo)))
	}
	if err := c.learn(x.Court, out.Status, s.Now()); err != nil {
		return x, err
	}
	x, _ = c.controls.Get(key(x.Court, x.Order.ControlNo))
	return x, nil
}

// write draws up an order with its papers.
func (c *Courts) write(s *wire.System, o Order) (Control, error) {
	now := s.Now()
	x := Control{Court: o.Court, Papers: map[string]string{}}
	no := s.Serial("CK")
	if o.Action == "" {
		o.Action = spec.ControlActionSeize
	}
	if o.Order == "" {
		o.Order = fmt.Sprintf("（%d）苏12执%d号", now.Year(), 6000+c.controls.Len())
	}
	if o.Notice == "" {
		o.Notice = fmt.Sprintf("%s之%d", o.Order, 1+c.controls.Len())
	}
	if o.Months == 0 && o.Action != spec.ControlActionRelease {
		o.Months = 36
	}
	if o.Action != spec.ControlActionSeize && o.Seizure == "" {
		o.Seizure = c.lastNotice(o.Court, o.Unit)
	}
	if o.Target == nil {
		t, ok := c.city.Title(o.Unit)
		if !ok {
			return x, ErrNoTarget
		}
		who := town.Person(t.Holders[0].Name, t.Holders[0].Document)
		o.Target = &who
	}
	x.Order = spec.CourtControlSubmitRequest{ControlNo: no, CourtCode: o.Court, Action: o.Action, UnitCode: string(o.Unit), Target: *o.Target, OrderNo: o.Order, NoticeNo: o.Notice,
		SeizureNo: o.Seizure, ServedAt: now, Months: o.Months, Judges: []spec.Judge{{Name: "孙法官", CardNo: "苏执12-0101"}, {Name: "周法官", CardNo: "苏执12-0102"}}}
	for _, d := range []struct {
		kind  spec.ControlDocumentKind
		title string
	}{{spec.ControlDocumentKindRuling, "执行裁定书"}, {spec.ControlDocumentKindAssistance, Assistance}} {
		content := Paper(no, d.title)
		digest := sm.SM3Hex(content)
		x.Papers[digest] = d.title
		x.Order.Documents = append(x.Order.Documents, spec.ControlDocument{Kind: d.kind, Name: d.title, Digest: digest, Mime: "application/pdf", Size: len(content)})
	}
	return x, nil
}

// lastNotice is that of the last seizure that a court had entered on a unit.
func (c *Courts) lastNotice(code string, unit land.UnitCode) string {
	for _, x := range slices.Backward(c.controls.List()) {
		if x.Court == code && x.Order.UnitCode == string(unit) && x.Order.Action == spec.ControlActionSeize {
			return x.Order.NoticeNo
		}
	}
	return ""
}

// Controls lists the orders of a court, or with "" of all.
func (c *Courts) Controls(code string) []Control {
	return slices.DeleteFunc(c.controls.List(), func(x Control) bool { return code != "" && x.Court != code })
}

// Batch has a court ask about n persons.
func (c *Courts) Batch(ctx context.Context, code string, n int) (spec.BatchReceipt, error) {
	s, ok := c.systems[code]
	if !ok {
		return spec.BatchReceipt{}, ErrNoCourt
	}
	in := spec.CourtBatchSubmitRequest{BatchNo: s.Serial("CX"), CourtCode: code, Rows: batch.Rows(c.city, min(max(n, 1), batch.Most)),
		Inquiry: spec.Inquiry{Authority: s.Title, Officer: "孙法官", LegalBasis: "民事诉讼法第二百五十三条", Purpose: "执行案件财产查询", Reference: s.Serial("ZX")}}
	var out spec.BatchReceipt
	if err := s.Ask(ctx, wire.Office, spec.CourtBatchSubmit, in, &out); err != nil {
		return out, err
	}
	return out, c.batches[code].Begin(out)
}

// Batches lists what a court asked in batches.
func (c *Courts) Batches(code string) ([]batch.Batch, error) {
	b, ok := c.batches[code]
	if !ok {
		return nil, ErrNoCourt
	}
	return b.List(), nil
}
