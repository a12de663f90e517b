package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"yichuang/internal/democity"
	"yichuang/internal/exchange/spec"
	"yichuang/internal/land"
	"yichuang/internal/sim/board"
	"yichuang/internal/sim/court"
	"yichuang/internal/sim/registry"
	"yichuang/internal/sim/rush"
	"yichuang/internal/sim/town"
	"yichuang/internal/sim/wire"
)

// daily is what the outside world asks of the platform on an ordinary day.
var daily = []rush.Kind{
	{Name: "police", Daily: 160, Share: rush.Office()},
	{Name: "civilAffairs", Daily: 90, Share: rush.Office()},
	{Name: "courtQuery", Daily: 120, Share: rush.Office()},
	{Name: "bankRestriction", Daily: 140, Share: rush.Phones()},
	{Name: "bankCases", Daily: 180, Share: rush.Phones()},
	{Name: "courtBatch", Daily: 6, Share: rush.Office()},
	{Name: "policeBatch", Daily: 3, Share: rush.Office()},
	{Name: "seizure", Daily: 8, Share: rush.Office()},
	{Name: "restriction", Daily: 10, Share: rush.Office()},
	{Name: "ping", Daily: 96, Share: rush.Steady()},
}

const (
	mostLevel = 200              // times an ordinary day
	underWay  = 32               // questions at a time; who comes while all are taken is missed
	grace     = 10 * time.Second // of the machine's time, after which an arrival that could not be looked at is missed
)

// trafficSetting is what an operator set.
type trafficSetting struct {
	On    bool      `json:"on"`
	Level float64   `json:"level"` // of an ordinary day
	Hour  *int      `json:"hour"`  // at which the day begins; nil: it goes on, or begins at 8
	Seed  *uint64   `json:"seed"`  // nil: that of the city
	Since time.Time `json:"since"`
	Start int       `json:"start"` // hour that Since was
}

// trafficCounts says what became of the arrivals.
type trafficCounts struct {
	Done    int `json:"done"`    // answered
	Refused int `json:"refused"` // by the platform, with a code
	Failed  int `json:"failed"`  // no valid answer
	Missed  int `json:"missed"`  // too many were under way, or it was too late
}

// generator plays days of the city.
type generator struct {
	board    *board.Board
	seed     uint64 // of the city
	settings *board.Table[trafficSetting]
	do       func(context.Context, rush.Arrival) error
	places   chan struct{}
	woken    chan struct{}

	mu     sync.Mutex
	counts map[string]trafficCounts
	queue  []rush.Arrival // what is left of an hour
	hour   int            // the first hour that is not drawn
}

func newGenerator(b *board.Board, seed uint64, do func(context.Context, rush.Arrival) error) (*generator, error) {
	settings, err := board.OpenTable[trafficSetting](b, "traffic")
	if err != nil {
		return nil, err
	}
	g := &generator{board: b, seed: seed, settings: settings, do: do, places: make(chan struct{}, underWay), woken: make(chan struct{}, 1), counts: map[string]trafficCounts{}}
	if s := g.setting(); s.On { // what came while nobody was here is not made up for
		g.restart(s)
	}
	return g, nil
}

func (g *generator) setting() trafficSetting {
	s, ok := g.settings.Get("traffic")
	if !ok {
		s.Level = 1
	}
	return s
}

// clock is the simulated time since the first midnight.
func (g *generator) clock(s trafficSetting) time.Duration {
	real := g.board.Now().Sub(s.Since)
	return time.Duration(s.Start)*time.Hour + g.board.Lengthen(real)
}

// set changes level and time; what is under way ends as it began.
func (g *generator) set(in trafficSetting) error {
	switch {
	case in.Level < 0 || in.Level > mostLevel:
		return errLevel
	case in.Hour != nil && (*in.Hour < 0 || *in.Hour > 23):
		return errHour
	}
	old := g.setting()
	if in.Since, in.Start = old.Since, old.Start; in.Hour != nil || !old.On {
		in.Since, in.Start = g.board.Now(), 8
		if in.Hour != nil {
			in.Start = *in.Hour
		}
	}
	if in.Level == 0 {
		in.Level = old.Level
	}
	if in.Seed == nil {
		in.Seed = old.Seed
	}
	in.Hour = nil
	if err := g.settings.Put("traffic", in); err != nil {
		return err
	}
	g.mu.Lock()
	g.restart(in)
	if in.On && !old.On {
		g.counts = map[string]trafficCounts{}
	}
	g.mu.Unlock()
	select {
	case g.woken <- struct{}{}:
	default:
	}
	return nil
}

// restart draws the present hour anew, without what has passed of it.
func (g *generator) restart(s trafficSetting) {
	now := g.clock(s)
	g.hour = int(now / time.Hour)
	g.queue = nil
	if s.On {
		g.draw(s)
	}
	for len(g.queue) > 0 && g.queue[0].At < now {
		g.queue = g.queue[1:]
	}
}

func (g *generator) draw(s trafficSetting) {
	seed := g.seed
	if s.Seed != nil {
		seed = *s.Seed
	}
	g.queue = rush.Hour(daily, seed, g.hour, s.Level)
	g.hour++
}

// due takes the arrivals whose time has come, and says how long it is until the next. At most an hour's arrivals are kept; those of hours
// that passed unseen are counted as missed one hour after the other.
func (g *generator) due() (now []rush.Arrival, wait time.Duration) {
	s := g.setting()
	if !s.On {
		return nil, time.Hour
	}
	at := g.clock(s)
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(now) <= underWay {
		if len(g.queue) == 0 {
			if next := time.Duration(g.hour) * time.Hour; next > at {
				return now, g.board.Shorten(next - at)
			}
			g.draw(s)
			continue
		}
		a := g.queue[0]
		if a.At > at {
			return now, g.board.Shorten(a.At - at)
		}
		g.queue = g.queue[1:]
		if g.board.Shorten(at-a.At) > grace {
			g.count(a.Kind, func(c *trafficCounts) { c.Missed++ })
			continue
		}
		now = append(now, a)
	}
	return now, 0
}

// count changes the counts of a kind; the caller holds the lock.
func (g *generator) count(kind string, change func(*trafficCounts)) {
	c := g.counts[kind]
	change(&c)
	g.counts[kind] = c
}

// run plays until ctx ends, and then waits for what is under way.
func (g *generator) run(ctx context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	for {
		wait := g.step(ctx, &under)
		timer := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-g.woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// step starts what is due.
func (g *generator) step(ctx context.Context, under *sync.WaitGroup) (wait time.Duration) {
	now, wait := g.due()
	for _, a := range now {
		select {
		case g.places <- struct{}{}:
		default: // an open model: it comes, finds no place, and goes
			g.mu.Lock()
			g.count(a.Kind, func(c *trafficCounts) { c.Missed++ })
			g.mu.Unlock()
			continue
		}
		under.Go(func() {
			defer func() { <-g.places }()
			err := g.do(ctx, a)
			g.mu.Lock()
			defer g.mu.Unlock()
			var fault *spec.Fault
			g.count(a.Kind, func(c *trafficCounts) {
				switch {
				case err == nil:
					c.Done++
				case errors.As(err, &fault) && fault.Code != spec.CodeUnavailable:
					c.Refused++
				default:
					c.Failed++
				}
			})
		})
	}
	return wait
}

// trafficState is what is set and what became of it.
type trafficState struct {
	On      bool                     `json:"on"`
	Level   float64                  `json:"level"`
	Day     int                      `json:"day"`     // since the start, from 0
	Clock   string                   `json:"clock"`   // simulated time of day
	PerHour float64                  `json:"perHour"` // expected arrivals of the present simulated hour
	Counts  map[string]trafficCounts `json:"counts"`
	Sum     trafficCounts            `json:"sum"`
}

func (g *generator) state() trafficState {
	s := g.setting()
	out := trafficState{On: s.On, Level: s.Level, Counts: map[string]trafficCounts{}}
	g.mu.Lock()
	for kind, c := range g.counts {
		out.Counts[kind] = c
		out.Sum = trafficCounts{out.Sum.Done + c.Done, out.Sum.Refused + c.Refused, out.Sum.Failed + c.Failed, out.Sum.Missed + c.Missed}
	}
	g.mu.Unlock()
	if !s.On {
		return out
	}
	at := g.clock(s)
	hour := int(at / time.Hour)
	out.Day, out.Clock = hour/24, fmt.Sprintf("%02d:%02d", hour%24, int(at/time.Minute)%60)
	for _, k := range daily {
		out.PerHour += k.Expected(hour%24, s.Level)
	}
	return out
}

// What an operator may get wrong.
var (
	errLevel = errors.New("level is not within 0 and 200")
	errHour  = errors.New("hour is not within 0 and 23")
)

// arrive does what somebody came for.
func (s *Simcity) arrive(ctx context.Context, a rush.Arrival) error {
	rng := rand.New(rand.NewPCG(a.Seed, 0))
	someone := town.Citizen(&s.city.People[rng.IntN(len(s.city.People))])
	courts := s.systemsOf("court")
	judge := courts[rng.IntN(len(courts))]
	code := strings.TrimPrefix(judge.Name, "court/")
	lenders := s.systemsOf("bank")
	bank := lenders[rng.IntN(len(lenders))]
	var answer any
	switch a.Kind {
	case "police", "civilAffairs":
		return s.bigdata.Ask(ctx, wire.Office, spec.BigdataTitleQuery, s.inquiry(spec.InquiryDepartment(a.Kind), someone), &answer)
	case "courtQuery":
		return judge.Ask(ctx, wire.Office, spec.CourtTitleQuery, spec.CourtTitleQueryRequest{CourtCode: code, Person: someone, Inquiry: spec.Inquiry{Authority: judge.Title, Officer: "孙法官",
			LegalBasis: "民事诉讼法第二百五十三条", Purpose: "执行案件财产查询", Reference: judge.Serial("ZX")}}, &answer)
	case "bankRestriction":
		title := s.somebodysTitle(rng)
		return bank.Ask(ctx, wire.Office, spec.BankRestrictionQuery, spec.BankRestrictionQueryRequest{BankCode: strings.TrimPrefix(bank.Name, "bank/"), CertificateNo: string(title.Cert()),
			Owner: town.Person(title.Holders[0].Name, title.Holders[0].Document), Purpose: "贷款审批"}, &answer)
	case "bankCases":
		return bank.Ask(ctx, wire.Office, spec.BankCaseQuery, spec.BankCaseQueryRequest{BankCode: strings.TrimPrefix(bank.Name, "bank/")}, &answer)
	case "courtBatch":
		_, err := s.courts.Batch(ctx, code, 50+rng.IntN(450))
		return err
	case "policeBatch":
		_, err := s.bigdata.Batch(ctx, 50+rng.IntN(450))
		return err
	case "seizure":
		_, err := s.courts.Submit(ctx, court.Order{Court: code, Action: spec.ControlActionSeize, Unit: s.somebodysTitle(rng).Unit})
		return err
	case "restriction":
		return s.restrict(s.somebodysTitle(rng).Unit)
	}
	some := s.hub.Systems()[rng.IntN(len(s.hub.Systems()))]
	return some.Ask(ctx, some.Zone, spec.SystemPing, spec.SystemPingRequest{Echo: strconv.FormatUint(a.Seed, 36)}, &answer)
}

func (s *Simcity) inquiry(d spec.InquiryDepartment, who spec.Person) spec.BigdataTitleQueryRequest {
	in := spec.Inquiry{Authority: "泰州市公安局", Officer: "赵警官", LegalBasis: "公安部 自然资源部关于建立信息共享机制的意见", Purpose: "户口登记核查", Reference: s.bigdata.Serial("GA")}
	if d == spec.InquiryDepartmentCivilAffairs {
		in = spec.Inquiry{Authority: "泰州市民政局", Officer: "周科员", LegalBasis: "社会救助暂行办法第五十八条", Purpose: "救助家庭经济状况核对", Reference: s.bigdata.Serial("MZ")}
	}
	return spec.BigdataTitleQueryRequest{Department: d, Person: who, Inquiry: in}
}

// restrict enters an objection on a unit of a registry with a system; units of the others are people's business.
func (s *Simcity) restrict(unit land.UnitCode) error {
	_, err := s.registries.Object(unit, "利害关系人", "对登记的权利归属有异议")
	if errors.Is(err, registry.ErrNoUnit) {
		return nil
	}
	return err
}

// somebodysTitle draws a title that is not being sold, so that no sale is spoilt by chance.
func (s *Simcity) somebodysTitle(rng *rand.Rand) *democity.Title {
	for {
		t := &s.city.Titles[rng.IntN(len(s.city.Titles))]
		if t.Present() && t.Cert() != "" && !s.onSale[t.Unit] {
			return t
		}
	}
}

func (s *Simcity) systemsOf(counterpart string) []*wire.System {
	var out []*wire.System
	for _, d := range s.hub.Systems() {
		if d.Counterpart == counterpart && (counterpart != "bank" || strings.HasPrefix(d.Name, "bank/")) {
			out = append(out, d)
		}
	}
	return out
}

// trafficView is the state in words for the page.
type trafficView struct {
	On                            bool
	Level, Clock, Rate            string
	Done, Refused, Failed, Missed int
}

func (s *Simcity) trafficView() trafficView {
	t := s.generator.state()
	clock := fmt.Sprintf("第 %d 天 %s", t.Day+1, t.Clock)
	return trafficView{On: t.On, Level: strconv.FormatFloat(t.Level, 'f', -1, 64), Clock: clock, Rate: strconv.FormatFloat(t.PerHour, 'f', 0, 64),
		Done: t.Sum.Done, Refused: t.Sum.Refused, Failed: t.Sum.Failed, Missed: t.Sum.Missed}
}

func (s *Simcity) setTraffic(w http.ResponseWriter, r *http.Request) {
	a := amounts{r: r}
	in := trafficSetting{On: r.PostFormValue("on") == "yes", Level: a.float("level", "强度")}
	if r.PostFormValue("hour") != "" {
		hour := int(a.float("hour", "时间"))
		in.Hour = &hour
	}
	if a.err == nil {
		a.err = s.generator.set(in)
	}
	good := "车流已停止"
	if in.On {
		good = "车流已开始"
	}
	said(w, r, boardAt, good, a.err)
}
