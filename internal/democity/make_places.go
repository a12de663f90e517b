package democity

import (
	"fmt"

	"yichuang/internal/land"
)

// perFloor is how many homes an entrance has on each floor.
const perFloor = 2

// places builds halls, parcels, buildings and units, district by district.
func (b *builder) places() {
	b.spoken, b.houses = map[land.UnitCode]bool{}, map[string]int{}
	for _, q := range quarters {
		b.hall(q)
		d := newDice(b.Seed, "places/"+q.code)
		for left, estate := q.units, 0; left > 0; estate++ {
			left -= b.estate(d, q, estate, left)
		}
	}
}

func (b *builder) hall(q quarter) {
	h := Hall{ID: q.code + "-1", District: q.code, Name: q.short + "不动产登记大厅", Address: q.hall, Phone: q.phone + "0100", Slot: 12}
	for n, name := range []string{"综合受理一", "综合受理二", "综合受理三", "银行抵押", "统一出件"} {
		h.Windows = append(h.Windows, Window{Number: n + 1, Name: name})
	}
	b.Halls = append(b.Halls, h)
}

// estate builds one housing estate of at most room units and says how many it has.
func (b *builder) estate(d dice, q quarter, n, room int) int {
	// A district's units are spread over its estates; whatever is left over goes into the last one.
	want := min(room, q.units/len(q.estates)+1)
	name := q.estates[n%len(q.estates)]
	zone := fmt.Sprintf("%03d%03d", 1+n/3, 1+n%3)
	built := on(d.between(2001, 2023), d.between(1, 12), d.between(1, 28))
	if room == want { // the newest one, where the developer still has homes
		built = on(2023, d.between(1, 12), d.between(1, 28))
	}
	p := Parcel{
		Code:     fmt.Sprintf("%s%sGB%05d", q.code, zone, 11+n),
		District: q.code, Zone: zone, Number: 11 + n, Name: name,
		Address: fmt.Sprintf("%s%s%d号", q.place, q.streets[n%len(q.streets)], d.between(1, 160)*2),
		Area:    land.Area(d.between(18_000, 62_000) * 100),
		Use:     "城镇住宅用地", Nature: "出让",
		From: built.months(-30).date(), To: built.months(-30).years(70).plus(-1).date(),
	}
	b.Parcels = append(b.Parcels, p)
	done := 0
	for number := 1; done < want; number++ {
		done += b.building(d, p, number, built.months(number), want-done)
	}
	return done
}

// building puts one building with at most room units on a parcel.
func (b *builder) building(d dice, p Parcel, number int, built day, room int) int {
	floors, entrances := d.between(6, 11), d.between(1, 3)
	made := Building{
		Code: fmt.Sprintf("%sF%04d", p.Code, number), Parcel: p.Code, District: p.District, Number: number,
		Name: fmt.Sprintf("%s%d幢", p.Name, number), Address: fmt.Sprintf("%s%s%d幢", p.Address, p.Name, number),
		Floors: floors, Entrances: entrances, Built: built.date(),
		Structure: structureOf(floors), Developer: string(b.firm("developer", p.District, 0).Code),
	}
	columns := make([]plan2D, entrances*perFloor)
	for i := range columns {
		columns[i] = drawPlan(d)
	}
	first := len(b.Units)
	for floor := 1; floor <= floors; floor++ {
		for column, shape := range columns {
			if len(b.Units)-first == room {
				break
			}
			b.unit(d, p, made, floor, column, shape)
			made.Area += b.Units[len(b.Units)-1].Area
		}
	}
	b.Buildings = append(b.Buildings, made)
	return len(b.Units) - first
}

func structureOf(floors int) land.Structure {
	if floors > 7 {
		return land.StructureConcrete
	}
	return land.StructureMixed
}

// plan2D is the floor plan that the homes above each other share.
type plan2D struct {
	layout string
	area   land.Area
	shared int // percent of the area
}

func drawPlan(d dice) plan2D {
	kinds := []struct {
		layout string
		lo, hi int // m²
	}{{"一室一厅一厨一卫", 46, 62}, {"二室一厅一厨一卫", 68, 89}, {"二室二厅一厨一卫", 80, 98},
		{"三室二厅一厨一卫", 95, 126}, {"三室二厅一厨二卫", 110, 142}, {"四室二厅一厨二卫", 135, 176}}
	k := kinds[d.skewed(len(kinds)*2)%len(kinds)]
	return plan2D{layout: k.layout, area: land.Area(d.between(k.lo*100, k.hi*100)), shared: d.between(9, 22)}
}

// surveyed counts the homes of a zone: house codes are numbered within it.
func (b *builder) surveyed(zone string) int {
	b.houses[zone]++
	return b.houses[zone]
}

func (b *builder) unit(d dice, p Parcel, in Building, floor, column int, shape plan2D) {
	entrance := column/perFloor + 1
	room := fmt.Sprintf("%d%02d", floor, column+1)
	address := fmt.Sprintf("%s%s室", in.Address, room)
	if in.Entrances > 1 {
		address = fmt.Sprintf("%s%d单元%s室", in.Address, entrance, room)
	}
	shared := shape.area * land.Area(shape.shared) / 100
	u := Unit{
		Code:  makeUnit(p.District, p.Zone, p.Number, in.Number, floor*100+column+1),
		House: makeHouse(p.District, p.Zone, b.surveyed(p.District+p.Zone)), District: p.District, Parcel: p.Code, Building: in.Code,
		Address: address, Entrance: entrance, Floor: floor, Floors: in.Floors, Room: room, Layout: shape.layout,
		Area: shape.area, Inner: shape.area - shared, Shared: shared,
		Use: land.UseFlat, Structure: in.Structure, Nature: "市场化商品房", Built: in.Built,
	}
	if floor == 1 && in.Number == 1 && column == 0 {
		u.Use, u.Layout = land.UseCommerce, "" // the shop at the gate
	}
	b.Units = append(b.Units, u)
}
