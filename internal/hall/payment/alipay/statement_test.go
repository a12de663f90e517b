package alipay

import (
	"errors"
	"strings"
	"testing"

	"yichuang/internal/hall/payment"
	"yichuang/internal/hall/payment/statement"
)

// bill is a file of lines with the columns that are read, and one that is not.
const bill = "#支付宝业务明细查询\r\n#账号：[20881021462251350156]\r\n#起始日期：[2026年11月24日 00:00:00]   终止日期：[2026年11月25日 00:00:00]\r\n#---业务明细列表---\r\n" +
	"支付宝交易号,商户订单号,业务类型,商品名称,完成时间,订单金额（元）,退款批次号/请求号\r\n" +
	"T1\t,A1\t,交易,\"税费,\"\"一窗\"\"\",2026-11-24 10:15:00,12800.50,\r\n" +
	"T1\t,A1\t,退款,\"税费,\"\"一窗\"\"\",2026-11-24 11:15:00,-0.50,R1\r\n" +
	"#---业务明细列表结束---\r\n#交易合计：1笔，商家实收共12800.50元，商家优惠共0.00元\r\n#退款合计：1笔，商家实收退款共-0.50元，商家优惠退款共0.00元\r\n"

func TestBill(t *testing.T) {
	c := &Channel{c: Config{SellerID: "2088102146225135"}}
	lines, err := c.read(bill, "2026-11-24")
	if err != nil || len(lines) != 2 {
		t.Fatalf("%+v, %v", lines, err)
	}
	if l := lines[0]; l.Refund || l.Order != "A1" || l.Reference != "T1" || l.Amount != 1_280_050 {
		t.Errorf("%+v", l)
	}
	if l := lines[1]; !l.Refund || l.Order != "A1" || l.Number != "R1" || l.Reference != "T1-R1" || l.Amount != 50 {
		t.Errorf("%+v", l)
	}
	for name, change := range map[string][2]string{
		"another account":       {"20881021462251350156", "20889999999999990156"},
		"no account":            {"#账号", "#户名"},
		"another day":           {"2026年11月24日", "2026年11月23日"},
		"another amount":        {"10:15:00,12800.50", "10:15:00,12800.51"},
		"another refund":        {"-0.50,R1", "-0.49,R1"},
		"another count":         {"1笔，商家实收共", "2笔，商家实收共"},
		"another business":      {"A1\t,退款", "A1\t,转账"},
		"a time that is none":   {"11:15:00", "11:75:00"},
		"a cell more":           {"-0.50,R1", "-0.50,R1,"},
		"an open quote":         {"\"税费,\"\"一窗\"\"\"", "\"税费"},
		"no sum":                {"#交易合计", "#合计"},
		"no sum of refunds":     {"#退款合计", "#合计"},
		"no column of business": {"业务类型", "类型"},
		"a column twice":        {"商品名称", "商户订单号"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(bill, change[0], change[1], 1)
			if text == bill {
				t.Fatal("nothing changed")
			}
			if _, err := c.read(text, "2026-11-24"); !errors.Is(err, statement.ErrBad) || strings.Contains(name, "account") != errors.Is(err, payment.ErrForged) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestAddress lets nobody lead us away for the file.
func TestAddress(t *testing.T) {
	for _, tt := range []struct{ origin, named, want string }{
		{"https://*.alipay.com", "http://dwbillcenter.alipay.com/downloadBillFile.resource?x=1", "https://dwbillcenter.alipay.com/downloadBillFile.resource?x=1"},
		{"https://*.alipay.com", "http://alipay.com.example/x", ""},
		{"https://*.alipay.com", "http://127.0.0.1/x", ""},
		{"http://127.0.0.1:9000", "http://127.0.0.1:9000/alipay/x", "http://127.0.0.1:9000/alipay/x"},
		{"http://127.0.0.1:9000", "http://127.0.0.1:5432/", ""},
		{"http://127.0.0.1:9000", "file:///etc/passwd", ""},
		{"http://127.0.0.1:9000", "::", ""},
	} {
		got, err := (&Channel{origin: tt.origin}).address(tt.named)
		if (err == nil) != (tt.want != "") || err == nil && got != tt.want {
			t.Errorf("%s from %s: %q, %v", tt.named, tt.origin, got, err)
		}
	}
}
