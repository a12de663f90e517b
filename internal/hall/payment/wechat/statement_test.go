package wechat

import (
	"errors"
	"strings"
	"testing"

	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
)

// bill is a trade bill with the columns that are read, and one that is not.
const bill = "\ufeff交易时间,商户号,微信订单号,商户订单号,交易状态,货币种类,微信退款单号,商户退款单号,退款状态,商品名称,订单金额,申请退款金额\r\n" +
	"`2026-11-24 10:15:00,`1900012345,`4200001,`A1,`SUCCESS,`CNY,`0,`0,`,`税费,\"一窗\",`12800.50,`0.00\r\n" +
	"`2026-11-24 11:15:00,`1900012345,`4200001,`A1,`REFUND,`CNY,`5030001,`R1,`PROCESSING,`税费,`0.00,`0.50\r\n" +
	"总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n" +
	"`2,`12800.50,`0.50,`0.00,`0.00000,`12800.50,`0.50\r\n"

func TestBill(t *testing.T) {
	c := &Channel{c: Config{MchID: "1900012345"}}
	lines, err := c.read(bill)
	if err != nil || len(lines) != 2 {
		t.Fatalf("%+v, %v", lines, err)
	}
	if l := lines[0]; l.Refund || l.Order != "A1" || l.Reference != "4200001" || l.Amount != 1_280_050 {
		t.Errorf("%+v", l)
	}
	if l := lines[1]; !l.Refund || l.Order != "A1" || l.Number != "R1" || l.Reference != "5030001" || l.Amount != 50 {
		t.Errorf("%+v", l)
	}
	for name, change := range map[string][2]string{
		"another merchant":         {"`1900012345,`4200001,`A1,`SUCCESS", "`1900099999,`4200001,`A1,`SUCCESS"},
		"another amount":           {"税费,\"一窗\",`12800.50", "税费,\"一窗\",`12800.51"},
		"another count":            {"`2,`12800.50", "`3,`12800.50"},
		"another refund":           {"`税费,`0.00,`0.50", "`税费,`0.00,`0.49"},
		"another currency":         {"SUCCESS,`CNY", "SUCCESS,`USD"},
		"a state of no meaning":    {"`SUCCESS,`CNY", "`REVOKED,`CNY"},
		"a refund that failed":     {"PROCESSING", "FAIL"},
		"a time that is none":      {"10:15:00", "25:15:00"},
		"a cell more":              {"`税费,\"", "`税,`费,\""},
		"no backtick":              {"`2026-11-24 11", "2026-11-24 11"},
		"no column of the state":   {"交易状态", "状态"},
		"no sum":                   {"订单总金额,申请", "总额,申请"},
		"a column twice":           {"商品名称", "商户号"},
		"an amount in words":       {"`12800.50,`0.00\r\n", "`壹万,`0.00\r\n"},
		"an amount without a sign": {"`2,`12800.50,`0.50,`0.00,`0.00000,`12800.50", "`2,`12800.50,`0.50,`0.00,`0.00000,`"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(bill, change[0], change[1], 1)
			if text == bill {
				t.Fatal("nothing changed")
			}
			if _, err := c.read(text); !errors.Is(err, statement.ErrBad) || (name == "another merchant") != errors.Is(err, payment.ErrForged) {
				t.Errorf("%v", err)
			}
		})
	}
	for n := range bill { // cut off anywhere, it is not taken, but for its last line break
		if _, err := c.read(bill[:n]); err == nil && n < len(bill)-2 {
			t.Fatalf("taken when cut off after %d octets", n)
		}
	}
}
