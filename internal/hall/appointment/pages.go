package appointment

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"yichuang/internal/kit/web"
	"yichuang/internal/land"
)

// place is a hall as lists show it.
type place struct {
	Hall
	Week []Day
}

// next is the first day with a free place.
func (p place) next() (Day, bool) {
	i := slices.IndexFunc(p.Week, func(d Day) bool { return d.Left() > 0 })
	if i < 0 {
		return Day{}, false
	}
	return p.Week[i], true
}

// from carries what a booking is for through the pages: the case that needs the visit, or the booking that is to be changed.
type from struct {
	App  uuid.UUID
	Old  uuid.UUID
	Case land.CaseNumber

	party string
	bring []string
	early bool
}

func (f from) query() string {
	q := url.Values{}
	if f.App != uuid.Nil {
		q.Set("app", f.App.String())
	}
	if f.Old != uuid.Nil {
		q.Set("change", f.Old.String())
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// purpose reads app and change, and checks that both are the person's own.
func (r *Room) purpose(req *http.Request) (f from, err error) {
	ctx, who := req.Context(), web.Who(req.Context()).ID
	if f.App, err = id(req.FormValue("app")); err != nil {
		return f, web.NotFound()
	}
	if f.Old, err = id(req.FormValue("change")); err != nil {
		return f, web.NotFound()
	}
	if f.Old != uuid.Nil {
		b, err := r.byID(ctx, r.Pool, f.Old, who, "")
		if errors.Is(err, errNone) || err == nil && b.State != "booked" {
			return f, web.NotFound()
		}
		if err != nil {
			return f, err
		}
		f.App = b.App
	}
	if f.App == uuid.Nil {
		return f, nil
	}
	return f, r.caseOf(ctx, &f, who)
}

func (r *Room) caseOf(ctx context.Context, f *from, who uuid.UUID) (err error) {
	if f.party, err = r.Parties.PartyOf(ctx, r.Pool, f.App, who); err != nil {
		r.Log.DebugContext(ctx, "no party of the application", "app", f.App, "error", err)
		return web.NotFound()
	}
	if r.Visits == nil {
		return nil
	}
	v, err := r.Visits.Visit(ctx, r.Pool, f.App)
	if err != nil {
		return err
	}
	f.Case, f.bring, f.early = v.Case, v.Bring, !v.Ready
	return nil
}

func id(s string) (uuid.UUID, error) {
	if s == "" {
		return uuid.Nil, nil
	}
	return uuid.Parse(s)
}

// places reads all halls with how free they are; of one district where a code is given.
func (r *Room) places(ctx context.Context, district string) ([]place, error) {
	var out []place
	for _, h := range r.Halls {
		if district != "" && h.District != district {
			continue
		}
		week, err := r.week(ctx, r.Pool, h)
		if err != nil {
			return nil, err
		}
		out = append(out, place{h, week})
	}
	return out, nil
}

func (r *Room) showHalls(w http.ResponseWriter, req *http.Request) error {
	district := req.URL.Query().Get("district")
	list, err := r.places(req.Context(), district)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, hallsPage(list, r.districts(), district))
}

// districts that have a hall.
func (r *Room) districts() []land.District {
	var out []land.District
	for _, d := range land.Districts() {
		if slices.ContainsFunc(r.Halls, func(h Hall) bool { return h.District == d.Code }) {
			out = append(out, d)
		}
	}
	return out
}

func (r *Room) showHall(w http.ResponseWriter, req *http.Request) error {
	h, ok := r.hall(req.PathValue("hall"))
	if !ok {
		return web.NotFound()
	}
	week, err := r.week(req.Context(), r.Pool, h)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, hallPage(place{h, week}))
}

func (r *Room) chooseHall(w http.ResponseWriter, req *http.Request) error {
	f, err := r.purpose(req)
	if err != nil {
		return err
	}
	list, err := r.places(req.Context(), "")
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, choosePage(list, f, r.early(f)))
}

// early is the sentence for who comes before the office has asked for the visit; "" otherwise.
func (r *Room) early(f from) string {
	if !f.early {
		return ""
	}
	return r.Catalog.Message("err.slot.early", nil)
}

// firstDay leads to the first day with a free place.
func (r *Room) firstDay(w http.ResponseWriter, req *http.Request) error {
	h, ok := r.hall(req.PathValue("hall"))
	if !ok {
		return web.NotFound()
	}
	f, err := r.purpose(req)
	if err != nil {
		return err
	}
	week, err := r.week(req.Context(), r.Pool, h)
	if err != nil {
		return err
	}
	day := week[0]
	if d, ok := (place{h, week}).next(); ok {
		day = d
	}
	http.Redirect(w, req, "/book/"+h.Code+"/"+string(day.Date)+f.query(), http.StatusSeeOther)
	return nil
}

// dayView is the page on which a half hour is chosen.
type dayView struct {
	place
	from
	Day   Day
	Early string
	Alt   []alternative // offered after a half hour was gone
}

func (r *Room) day(req *http.Request) (v dayView, err error) {
	h, ok := r.hall(req.PathValue("hall"))
	if !ok {
		return v, web.NotFound()
	}
	v.Hall = h
	if v.from, err = r.purpose(req); err != nil {
		return v, err
	}
	v.Early = r.early(v.from)
	if v.Week, err = r.week(req.Context(), r.Pool, h); err != nil {
		return v, err
	}
	i := slices.IndexFunc(v.Week, func(d Day) bool { return string(d.Date) == req.PathValue("day") })
	if i < 0 { // a day off, the past, too far ahead, or no day at all
		return v, web.NotFound()
	}
	v.Day = v.Week[i]
	return v, nil
}

func (r *Room) showDay(w http.ResponseWriter, req *http.Request) error {
	v, err := r.day(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, dayPage(v, web.NewForm(req)))
}

func (r *Room) book(w http.ResponseWriter, req *http.Request) error {
	form, err := web.ParseForm(req)
	if err != nil {
		return err
	}
	v, err := r.day(req)
	if err != nil {
		return err
	}
	slot := form.Value("slot")
	switch {
	case v.Early != "":
		form.Fail("slot", v.Early)
	case slot == "":
		form.Fail("slot", "请选择到大厅的时间")
	}
	if !form.OK() {
		return web.Again(w, req, form, dayPage(v, form))
	}
	b, err := r.reserve(req.Context(), wish{Account: web.Who(req.Context()).ID, App: v.App, Party: v.party, Hall: v.Hall, Day: v.Day.Date, Slot: slot, Bring: v.bring, Old: v.Old})
	switch {
	case err == nil:
		web.Flash(req.Context(), "green", r.Catalog.Message("ok.booked", map[string]any{"date": dayWord(b.Day), "slot": slotWord(b.Slot), "hall": v.Name, "code": b.Code}))
		return web.Redirect(w, req, "/bookings/"+b.ID.String())
	case errors.Is(err, errFull), errors.Is(err, errOver):
		if v.Week, err = r.week(req.Context(), r.Pool, v.Hall); err != nil {
			return err
		}
		v.Day = v.Week[slices.IndexFunc(v.Week, func(d Day) bool { return d.Date == v.Day.Date })]
		v.Alt = alternatives(v.Week, v.Day.Date, slot)
		form.Fail("slot", r.gone(v.Alt))
	case errors.Is(err, errTwice):
		form.Fail("slot", "您在这个时段已经有预约，请换一个时段")
	case errors.Is(err, errMany):
		form.Fail("slot", "您已有 "+strconv.Itoa(maxOpen)+" 个预约，请先取消一个再约")
	case errors.Is(err, errNone):
		return web.NotFound()
	default:
		return err
	}
	return web.Again(w, req, form, dayPage(v, form))
}

func (r *Room) gone(alt []alternative) string {
	if len(alt) == 0 {
		return "这个时段刚被约满，这个大厅近期都满了。请换一个大厅"
	}
	var words []string
	for _, a := range alt {
		words = append(words, a.words())
	}
	return r.Catalog.Message("err.slot.gone", map[string]any{"alt": strings.Join(words, "、")})
}

func (r *Room) showMine(w http.ResponseWriter, req *http.Request) error {
	list, err := r.Mine(req.Context(), r.Pool, web.Who(req.Context()).ID)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, minePage(list, r.nameOf, r.Catalog.Message("empty.bookings", nil)))
}

func (r *Room) nameOf(code string) string {
	h, _ := r.hall(code)
	return h.Name
}

// bookingView is one booking as its page shows it.
type bookingView struct {
	*Booking
	At    Hall
	Bring []string
	Live  bool // can be changed and cancelled
}

func (r *Room) one(req *http.Request) (v bookingView, err error) {
	id, err := uuid.Parse(req.PathValue("id"))
	if err != nil {
		return v, web.NotFound()
	}
	ctx := req.Context()
	if v.Booking, err = r.byID(ctx, r.Pool, id, web.Who(ctx).ID, ""); errors.Is(err, errNone) {
		return v, web.NotFound()
	}
	if err != nil {
		return v, err
	}
	v.At, _ = r.hall(v.Hall)
	v.Live = v.State == "booked" && r.Clock.Now().Before(v.From())
	v.Bring = always()
	if v.App != uuid.Nil && r.Visits != nil {
		visit, err := r.Visits.Visit(ctx, r.Pool, v.App)
		if err != nil {
			return v, err
		}
		v.Bring = append(v.Bring, visit.Bring...)
	}
	return v, nil
}

func (r *Room) showBooking(w http.ResponseWriter, req *http.Request) error {
	v, err := r.one(req)
	if err != nil {
		return err
	}
	return web.Render(w, req, http.StatusOK, bookingPage(v))
}

func (r *Room) confirmCancel(w http.ResponseWriter, req *http.Request) error {
	v, err := r.one(req)
	if err != nil {
		return err
	}
	if !v.Live {
		http.Redirect(w, req, "/bookings/"+v.ID.String(), http.StatusSeeOther)
		return nil
	}
	return web.Render(w, req, http.StatusOK, cancelPage(v))
}

func (r *Room) cancel(w http.ResponseWriter, req *http.Request) error {
	id, err := uuid.Parse(req.PathValue("id"))
	if err != nil {
		return web.NotFound()
	}
	err = r.give(req.Context(), id, web.Who(req.Context()).ID)
	if errors.Is(err, errNone) {
		return web.NotFound()
	}
	if err != nil {
		return err
	}
	web.Flash(req.Context(), "green", r.Catalog.Message("ok.booking.cancelled", nil))
	return web.Redirect(w, req, "/bookings")
}

// mapLink leads to a public map: the place where it is known, else a search for the address.
func mapLink(h Hall) string {
	q := url.Values{}
	if h.Lat == 0 && h.Lon == 0 {
		q.Set("keyword", h.Address)
		return "https://uri.amap.com/search?" + q.Encode()
	}
	q.Set("position", strconv.FormatFloat(h.Lon, 'f', 6, 64)+","+strconv.FormatFloat(h.Lat, 'f', 6, 64))
	q.Set("name", h.Name)
	return "https://uri.amap.com/marker?" + q.Encode()
}
