package application

import (
	"net/url"
	"strconv"

	"yichuang/internal/ferry/message"
	"yichuang/internal/kit/web/ui"
	"yichuang/internal/land"
)

func itoa(n int) string { return strconv.Itoa(n) }

func deliverySection() section {
	return section{
		page: deliveryPage,
		fill: func(v *view) url.Values {
			d := v.Form.Delivery
			values := url.Values{"delivery.mode": {d.Mode}, "delivery.name": {d.Name}, "delivery.phone": {d.Phone}, "delivery.address": {d.Address}, "delivery.hall": {d.Hall}}
			if buyers := v.buyers(); d.Name == "" && len(buyers) > 0 {
				values.Set("delivery.name", buyers[0].Name)
				values.Set("delivery.phone", buyers[0].Phone)
			}
			return values
		},
		take: func(v *view) { v.takeDelivery() },
		line: func(v *view) string {
			d := v.Form.Delivery
			switch d.Mode {
			case "ems":
				return "邮寄给 " + land.MaskName(d.Name) + "，" + d.Address
			case "pickup":
				return "到" + v.hallName(d.Hall) + "领"
			}
			return ""
		},
		rows: func(v *view) []ui.Row {
			d := v.Form.Delivery
			rows := []ui.Row{{Label: v.name("delivery", "delivery.mode"), Value: ui.Str(v.said("delivery", "delivery.mode", d.Mode))}}
			if d.Mode == "ems" {
				return append(rows, ui.Row{Label: v.name("delivery", "delivery.name"), Value: ui.Str(land.MaskName(d.Name) + "，" + land.MaskPhone(d.Phone))},
					ui.Row{Label: v.name("delivery", "delivery.address"), Value: ui.Str(d.Address)})
			}
			return append(rows, ui.Row{Label: v.name("delivery", "delivery.hall"), Value: ui.Str(v.hallName(d.Hall))})
		},
	}
}

func (v *view) hallName(id string) string {
	for _, h := range v.room.Halls {
		if h.ID == id {
			return h.Name
		}
	}
	return id
}

func (v *view) hallChoices() []ui.Choice {
	var out []ui.Choice
	for _, h := range v.room.Halls {
		out = append(out, ui.Choice{Value: h.ID, Text: h.Name + "（" + h.Address + "）"})
	}
	return out
}

// takeDelivery reads how the certificates come. Only what belongs to the chosen way is read.
func (v *view) takeDelivery() {
	d := message.Delivery{Mode: v.choice("delivery.mode", "delivery.mode", false)}
	switch d.Mode {
	case "ems":
		d.Name = v.personName("delivery.name", "delivery.name", land.DocLicence) // a company may be the buyer
		d.Phone = v.phone("delivery.phone", "delivery.phone")
		d.Address = v.text("delivery.address", "delivery.address", 100, false)
		if n := len([]rune(d.Address)); d.Address != "" && n < 8 {
			v.Input.Fail("delivery.address", "收件地址请写到门牌号，像这样：江苏省泰州市海陵区青年南路 88 号 3 幢 502 室")
		}
	case "pickup":
		id := v.Input.Value("delivery.hall")
		for _, h := range v.room.Halls {
			if h.ID == id {
				d.Hall = h.ID
			}
		}
		if d.Hall == "" {
			v.fail("delivery.hall", "err.choose", map[string]any{"label": v.label("delivery.hall")})
		}
	}
	v.Form.Delivery = d
}
