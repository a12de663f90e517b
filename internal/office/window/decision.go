package window

import (
	"context"
	"strconv"

	"yichuang/internal/kit/web"
	"yichuang/internal/office/casework"
)

// suggested is the opinion with which a decision begins: what is usual, to be changed where it does not fit.
func suggested(v *orderView) string {
	if v.Order.Form == "accept" || v.Order.Form == "pickup" {
		return ""
	}
	bad, good := failed(v.Checks)
	switch v.Do {
	case "pass":
		if len(bad) > 0 {
			return ""
		}
		return "材料齐全，符合法定形式，" + strconv.Itoa(len(good)) + " 项核验一致，同意"
	case "entered":
		return "审核意见齐全，税费已缴清，准予登簿"
	}
	return ""
}

// grounds are the cases in which the law has an application refused: before acceptance by article 17 of the Interim Regulations
// on Real Estate Registration, after it by article 22. The paper names the article.
func grounds(c *casework.Case) []string {
	if c.AcceptedAt == nil {
		return []string{"申请登记的不动产不属于本机构登记范围", "申请材料不齐全或者不符合法定形式，且不能当场补正", "申请人不具备申请资格"}
	}
	return []string{"违反法律、行政法规规定", "存在尚未解决的权属争议", "申请登记的不动产权利超过规定期限", "法律、行政法规规定不予登记的其他情形"}
}

func groundWords(list []string, picked string) string {
	n, err := strconv.Atoi(picked)
	if err != nil || n < 1 || n > len(list) {
		return "其他情形"
	}
	return list[n-1]
}

// compare takes the ticks of the counter: all originals, or the first that is missing is named.
func (v *orderView) compare(f *web.Form, d *casework.Decision) {
	if d.Outcome != "pass" {
		return
	}
	missing, ok := compared(f, v.Originals)
	if ok {
		d.Values["compared"] = allAlike
		return
	}
	f.Fail("compared", "还没有核对："+missing)
}

// place is where an order stands among those that a person has in hand.
type place struct {
	At, Of     int
	Prev, Next string
}

// placed is how many orders in hand are looked through.
const placed = 100

func (r *Room) place(ctx context.Context, v *file) (p place, err error) {
	if v.Order.Assignee == nil || *v.Order.Assignee != v.Me.ID || v.Order.State != "open" {
		return p, nil
	}
	rows, err := r.Cases.Queue(ctx, r.Pool, v.Me, casework.Filter{View: casework.Mine, Limit: placed})
	if err != nil {
		return p, err
	}
	for i, x := range rows {
		if x.Order != v.Order.ID {
			continue
		}
		p.At, p.Of = i+1, len(rows)
		if i > 0 {
			p.Prev = "/w/order/" + rows[i-1].Order.String()
		}
		if i+1 < len(rows) {
			p.Next = "/w/order/" + rows[i+1].Order.String()
		}
	}
	return p, nil
}
